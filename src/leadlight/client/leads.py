"""Leads: one by one, by the page, as a file; by the thousand in `batches`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Unpack

import msgspec

from leadlight.client.arguments import LeadFields, LeadFilter, MoreFields
from leadlight.client.batches import LeadBatches
from leadlight.client.calls import (
    TRANSFER_TIMEOUT_SECONDS,
    Answer,
    Call,
    Page,
    body,
    data,
    headers,
    named,
    page,
    params,
    segment,
)
from leadlight.client.models import (
    Deleted,
    Duplicate,
    Event,
    Lead,
    LeadExport,
    Merged,
)
from leadlight.client.resource import D, Listing, Method
from leadlight.client.transfer import sink_of

_PATH = "/leads"
_decode_lead = data(Lead)
_decode_page = page("leads", Lead)
_decode_events = page("events", Event)
_decode_deleted = data(Deleted)
_decode_merged = data(Merged)
_decode_export = data(LeadExport)


class _Duplicates(msgspec.Struct, frozen=True):
    duplicates: Sequence[Duplicate]


_decode_duplicates = data(_Duplicates)


class Leads(LeadBatches[D]):
    @Method
    def get(self, lead_id: str) -> Call[Lead]:
        """The lead, whole. Raises NotFound."""
        return Call(method="GET", path=_lead(lead_id), decode=_read_lead)

    @Method
    def create(
        self,
        name: str,
        email: str,
        *,
        on_duplicate: str | None = None,
        match_on: str | None = None,
        idempotency_key: str | None = None,
        **fields: Unpack[MoreFields],
    ) -> Call[Lead]:
        """Stores a lead, or does what is to be done with one that is there already; answers with it.

        `on_duplicate`: create, update, skip or reject; `match_on`: email, phone or metadata.<key>; the workspace's
        own, if not said. `idempotency_key`: of yours, where a later call has to be the same one; this call's tries
        have one in any case. Raises ValidationFailed, Conflict (`existing_id`).
        """
        return Call(
            method="POST",
            path=_PATH,
            decode=_read_lead,
            params=params({"on_duplicate": on_duplicate, "match_on": match_on}),
            content=body({"name": name, "email": email, **named(fields)}),
            headers=headers(Idempotency_Key=idempotency_key),
            idempotent=True,
        )

    @Method
    def update(self, lead_id: str, *, if_match: str | None = None, **fields: Unpack[LeadFields]) -> Call[Lead]:
        """Changes what is given, and answers with the lead as it is then; metadata is merged (RFC 7396).

        `if_match`: the lead's `etag`, to change it only if nobody else did. Raises NotFound, ValidationFailed,
        PreconditionFailed; that too where an earlier try did it and its answer was lost.
        """
        return Call(
            method="PATCH",
            path=_lead(lead_id),
            decode=_read_lead,
            content=body(named(fields)),
            headers=headers(If_Match=if_match),
        )

    @Method
    def delete(self, lead_id: str, *, if_match: str | None = None) -> Call[Deleted]:
        """Erases a lead for good.

        Raises NotFound; that too where an earlier try did it and its answer was lost. Raises PreconditionFailed for a
        lead that is no longer as `if_match` says, Conflict (`merged_into`) for an id that was merged into another.
        """
        return Call(method="DELETE", path=_lead(lead_id), decode=_decode_deleted, headers=headers(If_Match=if_match))

    @Listing
    def events(self, lead_id: str, *, types: Sequence[str] | None = None, page_size: int = 100) -> Call[Page[Event]]:
        """All that happened to a lead, oldest first. Raises NotFound."""
        return Call(
            method="GET",
            path=f"{_lead(lead_id)}/events",
            decode=_decode_events,
            params=params({"types": types, "limit": page_size}),
        )

    @Method
    def duplicates(
        self, lead_id: str, *, min_score: int | None = None, limit: int | None = None
    ) -> Call[Sequence[Duplicate]]:
        """The leads that may be the same as this one, the likeliest first. Raises NotFound.

        `min_score`: 0 to 100; 60, if not said. `limit`: 10, if not said.
        """
        return Call(
            method="GET",
            path=f"{_lead(lead_id)}/duplicates",
            decode=lambda answer: _decode_duplicates(answer).duplicates,
            params=params({"min_score": min_score, "limit": limit}),
        )

    @Method
    def merge(
        self,
        lead_id: str,
        duplicate_id: str,
        *,
        prefer: Mapping[str, str] | None = None,
        dry_run: bool = False,
        idempotency_key: str | None = None,
    ) -> Call[Merged]:
        """Makes one of two leads: the first stays, and takes on what it lacks from the other.

        `prefer`: by the name of a field (or metadata.<key>), the id of the lead whose value it gets. `dry_run`: tells
        what would come of it, and changes nothing. Raises NotFound, Conflict, ValidationFailed.
        """
        asked: dict[str, Any] = {"duplicateId": duplicate_id, "dryRun": dry_run}
        if prefer:
            asked["prefer"] = prefer
        return Call(
            method="POST",
            path=f"{_lead(lead_id)}/merge",
            decode=_decode_merged,
            content=body(asked),
            headers=headers(Idempotency_Key=idempotency_key),
            idempotent=True,
        )

    @Method
    def export(
        self,
        target: str | Path | BinaryIO,
        *,
        format: str = "csv",  # noqa: A002  (its name on the wire)
        **filters: Unpack[LeadFilter],
    ) -> Call[int]:
        """Writes leads to a file as they come, and answers with its size in bytes.

        `target`: a path, where the file appears once it is whole; or what is open for writing bytes. `format`: csv,
        jsonl or xlsx. Raises ValidationFailed, OSError.
        """
        return Call(
            method="GET",
            path="/exports/leads",
            decode=lambda answer: answer.written,
            params=params({"format": format, **filters}),
            sink=sink_of(target),
            timeout_seconds=TRANSFER_TIMEOUT_SECONDS,
        )

    @Method
    def export_lead(self, lead_id: str) -> Call[LeadExport]:
        """All that is held on one person: the lead, its history, what was sent of it. Raises NotFound."""
        return Call(
            method="GET",
            path=f"{_lead(lead_id)}/export",
            decode=_decode_export,
            timeout_seconds=TRANSFER_TIMEOUT_SECONDS,
        )

    @Method
    def page(
        self,
        number: int | None = None,
        *,
        cursor: str | None = None,
        limit: int | None = None,
        sort: str | None = None,
        total: bool | None = None,
        **filters: Unpack[LeadFilter],
    ) -> Call[Page[Lead]]:
        """One page of a list: by its number, or by the cursor of the page before it (empty for the first)."""
        asked = {"page": number, "cursor": cursor, "limit": limit, "sort": sort, "total": total}
        return Call(method="GET", path=_PATH, decode=_decode_page, params=params({**asked, **filters}))

    @Listing
    def list(self, *, sort: str | None = None, page_size: int = 100, **filters: Unpack[LeadFilter]) -> Call[Page[Lead]]:
        """All leads that the filters let through, newest first; none is skipped or told twice while leads come in."""
        asked = params({"cursor": "", "limit": page_size, "sort": sort, **filters})
        return Call(method="GET", path=_PATH, decode=_decode_page, params=asked, cursor="cursor")


def _lead(lead_id: str) -> str:
    return f"{_PATH}/{segment(lead_id)}"


def _read_lead(answer: Answer) -> Lead:
    return msgspec.structs.replace(_decode_lead(answer), etag=answer.headers.get("etag"))
