"""The list of leads on the wire: its items, its parameters, and the filter that other operations share with it."""

from enum import StrEnum

import msgspec
from msgspec import UNSET, UnsetType

from leadlight.errors import Invalid, InvalidInput, Problem
from leadlight.http.pagination import Pagination, decode_cursor, encode_cursor
from leadlight.http.query import Parameter, Rule, boolean, choice, choices, integer, text, texts, timestamp
from leadlight.ids import LEAD
from leadlight.leads import lead as rules
from leadlight.leads.filter import LeadFilter
from leadlight.leads.lead import Lead, LeadStatus
from leadlight.leads.listing import LeadPage, LeadSort, Place
from leadlight.leads.schemas import (
    Email,
    FollowUpAt,
    FollowUpNote,
    LeadId,
    LeadView,
    Metadata,
    Name,
    Phone,
    Source,
    Time,
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
    follow_up_at: FollowUpAt | UnsetType = UNSET
    follow_up_note: FollowUpNote | UnsetType = UNSET

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
    FOLLOW_UP_AT = "followUpAt"
    FOLLOW_UP_NOTE = "followUpNote"


_ATTRIBUTES = {field.encode_name: field.name for field in msgspec.structs.fields(LeadItem)}


class LeadList(msgspec.Struct, frozen=True):
    leads: list[LeadItem]
    pagination: Pagination


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
    by_time = place.sort.lstrip("-") in (LeadSort.CREATED_AT, LeadSort.UPDATED_AT, LeadSort.FOLLOW_UP)
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
    Parameter("followUpAfter", timestamp(), "Only leads to be followed up later than this."),
    Parameter("followUpBefore", timestamp(), "Only leads to be followed up earlier than this."),
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
    Parameter(
        "sort",
        choice(LeadSort, default=LeadSort.NEWEST),
        "Order; `-` for descending. By `followUpAt`, leads without one are left out.",
    ),
    Parameter("fields", choices(LeadField), "Only these fields, by comma."),
    *FILTER_PARAMETERS,
)
