"""Batches of leads: created by the thousand, changed and deleted by the ten thousand."""

from collections.abc import Mapping, Sequence
from typing import Any

from leadlight.client.arguments import LeadFields, LeadFilter, NewLead
from leadlight.client.calls import Call, body, conditions, data, headers, named
from leadlight.client.models import BatchCreated, BatchDeleted, BatchUpdated
from leadlight.client.resource import D, Method, Resource

_PATH = "/leads"
_decode_created = data(BatchCreated)
_decode_updated = data(BatchUpdated)
_decode_deleted = data(BatchDeleted)


class LeadBatches(Resource[D]):
    """The part of `Leads` that takes many at once."""

    @Method
    def create_many(
        self,
        leads: Sequence[NewLead],
        *,
        on_duplicate: str | None = None,
        match_on: str | None = None,
        atomic: bool = False,
        idempotency_key: str | None = None,
    ) -> Call[BatchCreated]:
        """Stores up to 1000 leads; what became of each stands in the answer, in their order.

        `atomic`: all or nothing. Otherwise see `create`.
        """
        asked = {
            "leads": [named(lead) for lead in leads],
            "on_duplicate": on_duplicate,
            "match_on": match_on,
            "atomic": atomic,
        }
        return Call(
            method="POST",
            path=f"{_PATH}/batch",
            decode=_decode_created,
            content=body(_given(asked)),
            headers=headers(Idempotency_Key=idempotency_key),
            idempotent=True,
        )

    @Method
    def update_many(
        self,
        ids: Sequence[str] | None = None,
        *,
        filter: LeadFilter | None = None,  # noqa: A002  (its name on the wire)
        set: LeadFields,  # noqa: A002  (the same)
        dry_run: bool = False,
        idempotency_key: str | None = None,
    ) -> Call[BatchUpdated]:
        """Changes up to 10,000 leads in the same way: those with these ids, or those that a filter lets through.

        `dry_run`: counts them, and changes nothing. Raises ValidationFailed, Conflict.
        """
        asked = {**_chosen(ids, filter), "set": named(set), "dryRun": dry_run}
        return Call(
            method="POST",
            path=f"{_PATH}/batch-update",
            decode=_decode_updated,
            content=body(asked),
            headers=headers(Idempotency_Key=idempotency_key),
            idempotent=True,
        )

    @Method
    def delete_many(
        self,
        ids: Sequence[str] | None = None,
        *,
        filter: LeadFilter | None = None,  # noqa: A002  (its name on the wire)
        confirm: int | None = None,
        dry_run: bool = False,
        idempotency_key: str | None = None,
    ) -> Call[BatchDeleted]:
        """Deletes up to 10,000 leads; it can be undone.

        `confirm`: how many they are, as a dry run tells. Raises Conflict (`matched`) when they are not as many.
        """
        asked = {**_chosen(ids, filter), **_given({"confirm": confirm, "dry_run": dry_run})}
        return Call(
            method="POST",
            path=f"{_PATH}/batch-delete",
            decode=_decode_deleted,
            content=body(asked),
            headers=headers(Idempotency_Key=idempotency_key),
            idempotent=True,
        )


def _given(asked: Mapping[str, Any]) -> dict[str, Any]:
    """By their names on the wire, without those that are None."""
    return named({name: value for name, value in asked.items() if value is not None})


def _chosen(ids: Sequence[str] | None, which: LeadFilter | None) -> dict[str, Any]:
    """The leads of a batch. That one of both is given, and not both, the server sees to."""
    chosen: dict[str, Any] = {} if ids is None else {"ids": ids}
    return chosen if which is None else {**chosen, "filter": conditions(which)}
