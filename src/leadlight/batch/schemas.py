"""Batches on the wire."""

import re
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import UNSET, Meta, UnsetType

from leadlight.batch.service import MOST_CHANGED, MOST_CREATED, ChangedBatch, CreatedBatch, Which
from leadlight.duplicate_rule import OnDuplicate, match_on_rule
from leadlight.errors import Invalid, InvalidInput, Problem
from leadlight.http.body import BodyDecoder, FieldRule, time_rule
from leadlight.ids import LEAD
from leadlight.leads import lead as rules
from leadlight.leads.change import LeadPatch
from leadlight.leads.filter import LeadFilter
from leadlight.leads.intake import Outcome
from leadlight.leads.lead import LeadStatus
from leadlight.leads.list_schemas import MAX_METADATA_FILTERS
from leadlight.leads.schemas import LeadCreate, LeadId, LeadUpdate
from leadlight.workspaces.schemas import MatchOn

BODY_BYTES = 8 << 20

_KEY = re.compile(r'[^"\\]{1,255}', re.DOTALL)
_MOST_SOURCES = 100
_DATE_TIME = {"format": "date-time"}


def leads_rule(leads: list[msgspec.Raw]) -> list[msgspec.Raw]:
    if not 1 <= len(leads) <= MOST_CREATED:
        raise Invalid("out_of_range", f"must hold 1 to {MOST_CREATED} leads; send more in several requests, or import")
    return leads


def ids_rule(ids: list[str]) -> tuple[str, ...]:
    if not 1 <= len(ids) <= MOST_CHANGED:
        raise Invalid("out_of_range", f"must hold 1 to {MOST_CHANGED} ids")
    strange = next((lead_id for lead_id in ids if not LEAD.accepts(lead_id)), None)
    if strange is not None:
        raise Invalid("invalid_id", f"{strange[:70]!r} is no id of a lead: these begin with {LEAD.prefix}")
    return tuple(dict.fromkeys(ids))


class BatchCreate(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """Leads to be stored. With `atomic`, all of them or none."""

    leads: Annotated[
        list[msgspec.Raw],
        Meta(
            description="Each as in createLead.",
            extra_json_schema={
                "minItems": 1,
                "maxItems": MOST_CREATED,
                "items": {"type": "object", "required": ["name", "email"]},
            },
        ),
    ]
    on_duplicate: OnDuplicate | None = None
    match_on: MatchOn | None = None
    atomic: bool = False

    apart: ClassVar[str] = "leads"
    rules: ClassVar[dict[str, FieldRule]] = {
        "leads": leads_rule,
        "match_on": lambda text: None if text is None else match_on_rule(text),
    }


decode_lead = BodyDecoder(LeadCreate).decode


class FilterInput(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """Which leads: every part that is given has to hold, as in the list's parameters."""

    status: list[LeadStatus] = []
    source: list[str] = []
    search: str = ""
    email: str | UnsetType = UNSET
    phone: str | UnsetType = UNSET
    created_after: Annotated[str | None, Meta(extra_json_schema=_DATE_TIME)] = None
    created_before: Annotated[str | None, Meta(extra_json_schema=_DATE_TIME)] = None
    updated_after: Annotated[str | None, Meta(extra_json_schema=_DATE_TIME)] = None
    updated_before: Annotated[str | None, Meta(extra_json_schema=_DATE_TIME)] = None
    follow_up_after: Annotated[str | None, Meta(extra_json_schema=_DATE_TIME)] = None
    follow_up_before: Annotated[str | None, Meta(extra_json_schema=_DATE_TIME)] = None
    metadata: dict[str, str] = {}


def filter_rule(given: FilterInput | None) -> LeadFilter | None:
    if given is None:
        return None
    if len(given.metadata) > MAX_METADATA_FILTERS:
        raise Invalid("too_many", f"at most {MAX_METADATA_FILTERS} keys of metadata can be asked for at once")
    if not all(_KEY.fullmatch(key) for key in given.metadata):
        raise Invalid("invalid_key", "a key of metadata must have 1 to 255 characters, without quotes and backslashes")
    if len(given.source) > _MOST_SOURCES:
        raise Invalid("too_many", f"at most {_MOST_SOURCES} sources can be asked for at once")
    if not all(1 <= len(source) <= rules.MAX_SOURCE for source in given.source):
        raise Invalid("too_long", f"a source has 1 to {rules.MAX_SOURCE} characters")
    if len(given.search) > rules.MAX_NAME:
        raise Invalid("too_long", f"its search must not be longer than {rules.MAX_NAME} characters")
    return LeadFilter(
        tuple(dict.fromkeys(given.status)),
        tuple(given.source),
        given.search,
        given.email,
        given.phone,
        time_rule(given.created_after),
        time_rule(given.created_before),
        time_rule(given.updated_after),
        time_rule(given.updated_before),
        time_rule(given.follow_up_after),
        time_rule(given.follow_up_before),
        given.metadata,
    )


_decode_update = BodyDecoder(LeadUpdate).decode


def set_rule(given: msgspec.Raw) -> LeadUpdate:
    if not bytes(given).startswith(b"{"):
        raise Invalid("invalid_type", "must be a JSON object")
    update: LeadUpdate = _decode_update(bytes(given))
    if update.patch() == LeadPatch():
        raise Invalid("blank", "must name what is to change")
    return update


class _Chosen(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True, kw_only=True):
    ids: Annotated[
        list[LeadId] | None,
        Meta(description="The leads, by id.", extra_json_schema={"minItems": 1, "maxItems": MOST_CHANGED}),
    ] = None
    filter: Annotated[FilterInput | None, Meta(description="Or what holds for them; `{}` stands for all.")] = None
    dry_run: Annotated[bool, Meta(description="Only count.")] = False

    rules: ClassVar[dict[str, FieldRule]] = {
        "ids": lambda ids: None if ids is None else ids_rule(ids),
        "filter": filter_rule,
    }

    def __post_init__(self) -> None:
        if (self.ids is None) is (self.filter is None):
            raise InvalidInput([Problem("ids", "send either ids or filter", "required")])

    def which(self) -> Which:
        return Which(self.ids, self.filter)  # type: ignore[arg-type]  # their rules made them so


class BatchUpdate(_Chosen, frozen=True):
    """Some leads, and what is to change of each."""

    set: Annotated[
        msgspec.Raw,
        Meta(description="As in updateLead: only what is sent changes.", extra_json_schema={"type": "object"}),
    ]

    rules: ClassVar[dict[str, FieldRule]] = {**_Chosen.rules, "set": set_rule}

    def patch(self) -> LeadPatch:
        return self.set.patch()  # type: ignore[attr-defined,no-any-return]  # its rule made it a LeadUpdate


class BatchDelete(_Chosen, frozen=True):
    """Some leads that are to go."""

    confirm: Annotated[int | None, Meta(description="How many leads they are, as a dry run says it.")] = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.confirm is None and not self.dry_run:
            message = "is required: the number of leads that are to go, as a dry run says it"
            raise InvalidInput([Problem("confirm", message, "required")])


class BatchError(msgspec.Struct, frozen=True):
    code: Annotated[str, Meta(examples=["VALIDATION_ERROR"])]
    message: str
    details: dict[str, Any]


class BatchResult(msgspec.Struct, frozen=True):
    """What became of one lead; `id` is null for an error, `error` for all others."""

    index: int
    status: Outcome
    id: LeadId | None
    error: BatchError | None


class BatchCounts(msgspec.Struct, frozen=True):
    created: int
    updated: int
    skipped: int
    error: int


class CreatedView(msgspec.Struct, frozen=True):
    results: Annotated[list[BatchResult], Meta(description="In the order in which the leads were sent.")]
    counts: BatchCounts

    @classmethod
    def of(cls, batch: CreatedBatch) -> "CreatedView":
        results = [
            BatchResult(index, row.outcome, row.id, None if row.error is None else BatchError(*row.error))
            for index, row in enumerate(batch.rows)
        ]
        outcomes = [row.outcome for row in batch.rows]
        return cls(results, BatchCounts(**{kind.value: outcomes.count(kind) for kind in Outcome}))


class UpdatedView(msgspec.Struct, frozen=True, rename="camel"):
    """`updated` of the leads that were found changed, or would change."""

    matched: int
    updated: int
    unchanged: int
    missing: Annotated[list[LeadId], Meta(description="Ids that stand for no lead.")]
    operation_id: Annotated[str | None, Meta(description="To take it back; null where nothing changed.")]

    @classmethod
    def of(cls, batch: ChangedBatch) -> "UpdatedView":
        unchanged = batch.matched - batch.changed
        return cls(batch.matched, batch.changed, unchanged, batch.missing, batch.operation_id)


class DeletedBatchView(msgspec.Struct, frozen=True, rename="camel"):
    matched: int
    deleted: int
    missing: Annotated[list[LeadId], Meta(description="Ids that stand for no lead.")]
    operation_id: Annotated[str | None, Meta(description="To take it back; null where nothing was deleted.")]

    @classmethod
    def of(cls, batch: ChangedBatch, *, dry_run: bool) -> "DeletedBatchView":
        return cls(batch.matched, 0 if dry_run else batch.changed, batch.missing, batch.operation_id)
