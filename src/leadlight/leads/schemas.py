"""Leads on the wire: what clients send, what they get, and the parameters of the list."""

from enum import StrEnum
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import UNSET, Meta, Raw, UnsetType

from leadlight.clock import to_iso
from leadlight.duplicate_rule import OnDuplicate, match_on_rule
from leadlight.errors import Invalid, InvalidInput, Problem
from leadlight.http.body import FieldRule
from leadlight.http.pagination import Pagination, decode_cursor, encode_cursor
from leadlight.http.query import Parameter, Rule, boolean, choice, choices, integer, text, texts, timestamp
from leadlight.ids import LEAD
from leadlight.leads import lead as rules
from leadlight.leads.change import LeadDraft, LeadPatch
from leadlight.leads.filter import LeadFilter
from leadlight.leads.lead import Lead, LeadStatus
from leadlight.leads.listing import LeadPage, LeadSort, Place
from leadlight.leads.metadata import MAX_BYTES, metadata_rule, patch_rule
from leadlight.leads.service import Deleted


def _text_schema(longest: int, **more: Any) -> dict[str, Any]:
    return {"minLength": 1, "maxLength": longest, "pattern": r"^[^\x00]*\S[^\x00]*$", **more}


LeadId = Annotated[str, Meta(pattern=f"^{LEAD.prefix}[A-Za-z0-9]+$", examples=["lead_01kb2v6e3mf0r8n4t9q5w7x1yz"])]
MergedInto = Annotated[
    str, Meta(description="Only where the id that was asked for is that of a lead that was merged into this one.")
]
Name = Annotated[str, Meta(examples=["Ada Park"], extra_json_schema=_text_schema(rules.MAX_NAME))]
Email = Annotated[
    str,
    Meta(
        description="Kept as typed, matched whatever its case.",
        examples=["ada@example.com"],
        extra_json_schema={"format": "email", "maxLength": rules.MAX_EMAIL},
    ),
]
Phone = Annotated[
    str,
    Meta(
        description="Kept as typed; international numbers are matched in E.164 form too.",
        examples=["+44 20 7946 0958"],
        extra_json_schema=_text_schema(rules.MAX_PHONE),
    ),
]
Source = Annotated[
    str,
    Meta(
        description="Where the lead came from; `api` when nothing is said.",
        examples=["website"],
        extra_json_schema=_text_schema(rules.MAX_SOURCE),
    ),
]
Metadata = Annotated[
    dict[str, Any],
    Meta(
        description=f"Any JSON object: up to {MAX_BYTES} bytes and 32 levels.",
        examples=[{"company": "Parkside", "utm_source": "newsletter", "score": 42}],
    ),
]
MetadataInput = Annotated[
    Raw,
    Meta(
        description=f"Any JSON object: up to {MAX_BYTES} bytes and 32 levels. In an update it is merged (RFC 7396), "
        "and null empties it.",
        examples=[{"company": "Parkside", "utm_source": "newsletter", "score": 42}],
        extra_json_schema={"type": ["object", "null"]},
    ),
]
Time = Annotated[str, Meta(examples=["2026-01-15T10:30:00.000Z"], extra_json_schema={"format": "date-time"})]


class LeadView(msgspec.Struct, frozen=True, rename="camel"):
    """A lead, whole."""

    id: LeadId
    name: Name
    email: Email
    phone: Phone | None
    source: Source | None
    status: LeadStatus
    metadata: Metadata
    created_at: Time
    updated_at: Time
    workspace_id: str
    merged_into: MergedInto | UnsetType = UNSET

    @classmethod
    def of(cls, lead: Lead, asked: str | None = None) -> "LeadView":
        """`asked`: the id that was asked for, which may be that of a lead that was merged into this one."""
        created_at = to_iso(lead.created_at)
        return cls(
            lead.id,
            lead.name,
            lead.email,
            lead.phone,
            lead.source,
            lead.status,
            lead.metadata,  # type: ignore[arg-type]  # JSON text, spliced in as it is stored
            created_at,
            created_at if lead.updated_at == lead.created_at else to_iso(lead.updated_at),
            lead.workspace_id,
            UNSET if asked is None or asked == lead.id else lead.id,
        )


class LeadItem(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """A lead in a list: every field but `workspaceId`, or those that `fields` names."""

    id: LeadId | UnsetType = UNSET
    name: Name | UnsetType = UNSET
    email: Email | UnsetType = UNSET
    phone: Phone | None | UnsetType = UNSET
    source: Source | None | UnsetType = UNSET
    status: LeadStatus | UnsetType = UNSET
    metadata: Metadata | UnsetType = UNSET
    created_at: Time | UnsetType = UNSET
    updated_at: Time | UnsetType = UNSET

    @classmethod
    def of(cls, lead: Lead, fields: frozenset[str]) -> "LeadItem":
        view = LeadView.of(lead)
        return cls(**{name: getattr(view, name) for name in fields})


class LeadField(StrEnum):
    """A field of a list's items, by its name on the wire."""

    ID = "id"
    NAME = "name"
    EMAIL = "email"
    PHONE = "phone"
    SOURCE = "source"
    STATUS = "status"
    METADATA = "metadata"
    CREATED_AT = "createdAt"
    UPDATED_AT = "updatedAt"


_ATTRIBUTES = {field.encode_name: field.name for field in msgspec.structs.fields(LeadItem)}


class LeadList(msgspec.Struct, frozen=True):
    leads: list[LeadItem]
    pagination: Pagination


class LeadCreate(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """A lead to be stored."""

    name: Name
    email: Email
    phone: Phone | None | UnsetType = UNSET
    source: Source | None | UnsetType = UNSET
    status: LeadStatus | UnsetType = UNSET
    metadata: MetadataInput | UnsetType = UNSET

    rules: ClassVar[dict[str, FieldRule]] = {
        "name": rules.name_rule,
        "email": rules.email_rule,
        "phone": rules.phone_rule,
        "source": rules.source_rule,
        "metadata": metadata_rule,
    }

    def draft(self) -> LeadDraft:
        return LeadDraft(self.name, self.email, self.phone, self.source, self.status, self.metadata)


_Ignored = Annotated[str, Meta(description="May be sent back as it was read; it is not changed.")]


class LeadUpdate(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """What is to change: only what is sent does. Metadata is merged (RFC 7396)."""

    name: Name | UnsetType = UNSET
    email: Email | UnsetType = UNSET
    phone: Phone | None | UnsetType = UNSET
    source: Source | None | UnsetType = UNSET
    status: LeadStatus | UnsetType = UNSET
    metadata: MetadataInput | UnsetType = UNSET
    id: _Ignored | UnsetType = UNSET
    created_at: _Ignored | UnsetType = UNSET
    updated_at: _Ignored | UnsetType = UNSET
    workspace_id: _Ignored | UnsetType = UNSET

    rules: ClassVar[dict[str, FieldRule]] = {**LeadCreate.rules, "metadata": patch_rule}

    def patch(self) -> LeadPatch:
        return LeadPatch(self.name, self.email, self.phone, self.source, self.status, self.metadata)


class DeletedView(msgspec.Struct, frozen=True, rename="camel"):
    id: LeadId
    deleted_at: Time

    @classmethod
    def of(cls, deleted: Deleted) -> "DeletedView":
        return cls(deleted.id, to_iso(deleted.deleted_at))


class CreateQuery(msgspec.Struct, frozen=True):
    on_duplicate: OnDuplicate | None = None
    match_on: str | None = None


CREATE_PARAMETERS = (
    Parameter(
        "onDuplicate",
        choice(OnDuplicate),
        "When the same lead exists: make a second one, merge into it, leave it as it is, or answer 409 with its id. "
        "`create`, unless the workspace's own rule says otherwise.",
    ),
    Parameter(
        "matchOn",
        Rule(match_on_rule, {"type": "string", "maxLength": 109}),
        "By what it is the same: `email`, `phone` (in E.164 form), or `metadata.` and a key, "
        "such as `metadata.external_id`. `email`, unless the workspace's own rule says otherwise.",
    ),
)


MAX_METADATA_FILTERS = 20


class FilterQuery(LeadFilter, frozen=True):
    """The filter, as a query gives it."""

    def __post_init__(self) -> None:
        if len(self.metadata) > MAX_METADATA_FILTERS:
            message = f"at most {MAX_METADATA_FILTERS} keys can be asked for at once"
            raise InvalidInput([Problem("metadata", message, "too_many")])


class ListQuery(FilterQuery, frozen=True):
    """The filter, and which page of what it lets through, in what form."""

    page: int | UnsetType = UNSET
    limit: int = 10
    cursor: Place | str | UnsetType = UNSET
    total: bool | UnsetType = UNSET
    sort: LeadSort | UnsetType = UNSET
    fields: tuple[LeadField, ...] = tuple(LeadField)

    def __post_init__(self) -> None:
        """Refuses parameters that are good alone but not together."""
        if self.by_cursor and self.page is not UNSET:
            raise InvalidInput([Problem("page", "does not go with cursor; send one of them", "conflict")])
        super().__post_init__()
        if self.place and self.sort not in (UNSET, self.place.sort):
            message = f"the cursor continues a list sorted by {self.place.sort.value}"
            raise InvalidInput([Problem("sort", message, "conflict")])

    @property
    def by_cursor(self) -> bool:
        return self.cursor is not UNSET

    @property
    def order(self) -> LeadSort:
        return self.place.sort if self.place else self.sort or LeadSort.NEWEST

    @property
    def offset(self) -> int:
        return ((self.page or 1) - 1) * self.limit

    @property
    def with_total(self) -> bool:
        return self.total if isinstance(self.total, bool) else not self.by_cursor

    @property
    def place(self) -> Place | None:
        return self.cursor if isinstance(self.cursor, Place) else None

    def answer(self, page: LeadPage) -> LeadList:
        names = frozenset(_ATTRIBUTES[field] for field in self.fields)
        return LeadList([LeadItem.of(lead, names) for lead in page.leads], self._pagination(page))

    def _pagination(self, page: LeadPage) -> Pagination:
        next_cursor = encode_cursor(page.next_place) if page.next_place else None
        total = UNSET if page.total is None else page.total
        if self.by_cursor:
            return Pagination(self.limit, page.has_next, total=total, next_cursor=next_cursor)
        number = self.page or 1
        return Pagination(
            self.limit,
            page.has_next,
            page=number,
            total=total,
            total_pages=UNSET if total is UNSET else -(-total // self.limit),
            has_prev=number > 1,
            next_cursor=next_cursor,
        )


def _cursor_rule(value: str) -> Place | str:
    """An empty cursor starts at the first page."""
    if not value:
        return ""
    place = decode_cursor(value, Place)
    by_time = place.sort.lstrip("-") in (LeadSort.CREATED_AT, LeadSort.UPDATED_AT)
    fits = 0 <= place.value < 1 << 53 if isinstance(place.value, int) else "\0" not in place.value
    if not LEAD.accepts(place.id) or by_time is not isinstance(place.value, int) or not fits:
        raise Invalid("invalid_cursor", "must be a nextCursor from an earlier answer")
    return place


FILTER_PARAMETERS = (
    Parameter("status", choices(LeadStatus), "Only leads in these states, by comma."),
    Parameter("source", texts(rules.MAX_SOURCE), "Only leads from these sources, by comma."),
    Parameter("search", text(rules.MAX_NAME), "Only leads with this text in their name or email, whatever its case."),
    Parameter("email", text(rules.MAX_EMAIL, min_length=1), "Only leads with this email, whatever its case."),
    Parameter(
        "phone", text(rules.MAX_PHONE, min_length=1), "Only leads with this phone number, in E.164 form or as typed."
    ),
    Parameter("createdAfter", timestamp(), "Only leads created later than this."),
    Parameter("createdBefore", timestamp(), "Only leads created earlier than this."),
    Parameter("updatedAfter", timestamp(), "Only leads changed later than this."),
    Parameter("updatedBefore", timestamp(), "Only leads changed earlier than this."),
    Parameter("metadata.", text(1000), "Only leads whose metadata has this value at this top-level key."),
)
LIST_PARAMETERS = (
    Parameter(
        "page",
        integer(1, 1_000_000_000, default=1),
        "Page number. To read on and on, a cursor is quicker and never skips.",
    ),
    Parameter("limit", integer(1, 100, default=10), "Leads on a page."),
    Parameter(
        "cursor",
        Rule(_cursor_rule, {"type": "string", "maxLength": 2000}),
        "In place of `page`: empty to begin, then each answer's `nextCursor`. Stable while leads are added.",
    ),
    Parameter("total", boolean(), "Whether to count: true unless said otherwise by page, false by cursor."),
    Parameter("sort", choice(LeadSort, default=LeadSort.NEWEST), "Order; `-` for descending."),
    Parameter("fields", choices(LeadField), "Only these fields, by comma."),
    *FILTER_PARAMETERS,
)
