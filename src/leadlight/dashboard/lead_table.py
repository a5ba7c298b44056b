"""The table of leads: what its address asks for, and what stands in it; all that one chose lives in the address."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

import msgspec
from msgspec import UNSET, UnsetType

from leadlight.dashboard.form import Form
from leadlight.dashboard.rendering import label
from leadlight.errors import Invalid, NotFound
from leadlight.http.pagination import encode_cursor
from leadlight.http.query import Parameter, QueryDecoder, Rule, text
from leadlight.ids import LEAD
from leadlight.leads.lead import Lead
from leadlight.leads.list_schemas import FILTER_PARAMETERS, LIST_PARAMETERS, FilterQuery
from leadlight.leads.listing import LeadPage, LeadSort, Place, place_of

ROWS = 50
COLUMNS = {
    "email": "Email",
    "phone": "Phone",
    "status": "Status",
    "source": "Source",
    "createdAt": "Created",
    "updatedAt": "Changed",
    "followUpAt": "Follow-up",
}
"""Beside the name, which is always there; keys of the metadata can be columns, too."""
USUAL_COLUMNS = ("email", "status", "source", "createdAt")
_METADATA = "metadata."
_MOST_COLUMNS = 12
_LONGEST_CELL = 200
_OF_ONE_VISIT = ("cursor", "before", "done")
_SORTABLE = {"name", "email", "createdAt", "updatedAt", "followUpAt"}
_LATEST_FIRST = {"createdAt", "updatedAt"}
_VIEW = "view"
_TURNED = {sort: LeadSort(sort[1:] if sort.startswith("-") else f"-{sort}") for sort in LeadSort}
_FILTER_WORDS = {
    "email": "Email",
    "phone": "Phone",
    "createdAfter": "Created after",
    "createdBefore": "Created before",
    "updatedAfter": "Changed after",
    "updatedBefore": "Changed before",
    "followUpAfter": "Follow-up after",
    "followUpBefore": "Follow-up before",
}
_LISTED = {parameter.name: parameter for parameter in LIST_PARAMETERS}


class TableQuery(FilterQuery, frozen=True):
    """What an address asks for. `cursor` and `before`: where the page begins, or ends. `view`: what was opened."""

    sort: LeadSort = LeadSort.NEWEST
    cursor: Place | str | UnsetType = UNSET
    before: Place | str | UnsetType = UNSET
    columns: tuple[str, ...] = USUAL_COLUMNS
    done: str = ""
    view: str = ""

    @property
    def place(self) -> Place | None:
        """Where the page begins or ends; None in another order than the address has now."""
        place = self.before if self.goes_back else self.cursor
        return place if isinstance(place, Place) and place.sort is self.walked else None

    @property
    def goes_back(self) -> bool:
        return isinstance(self.before, Place)

    @property
    def walked(self) -> LeadSort:
        """The order in which leads are walked: against the shown one where the page is the one before."""
        return _TURNED[self.sort] if self.goes_back else self.sort

    @property
    def is_counted_soon(self) -> bool:
        """Whether a count is quick, however many leads there are."""
        times = (self.created_after, self.created_before, self.updated_after, self.updated_before)
        return not self.metadata and times == (None,) * 4


def _columns(value: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(value.split(","))) if value else ()
    for name in names:
        if name not in COLUMNS and not (name.startswith(_METADATA) and len(name) > len(_METADATA)):
            raise Invalid("invalid_choice", f"must name columns by comma: {', '.join(COLUMNS)}, or metadata.<key>")
    if len(names) > _MOST_COLUMNS:
        raise Invalid("too_many", f"at most {_MOST_COLUMNS} columns can be shown")
    return names


TABLE_PARAMETERS = (
    *FILTER_PARAMETERS,
    _LISTED["sort"],
    _LISTED["cursor"],
    Parameter("before", _LISTED["cursor"].rule, "Where the page ends."),
    Parameter("columns", Rule(_columns, {"type": "string"}), "Which columns are shown."),
    Parameter("done", text(100), "The operation that was just done."),
    Parameter(_VIEW, text(100), "The saved view that was opened."),
)
decode_query = QueryDecoder(TableQuery, TABLE_PARAMETERS).decode


def state_in(query_string: str) -> str:
    """What a saved view keeps of an address. Raises InvalidInput for one that the table does not have."""
    state = urlencode([pair for pair in _pairs(query_string) if pair[0] != _VIEW])
    decode_query(state.encode())
    return state


class Chip(NamedTuple):
    """A filter that holds, and the address without it."""

    name: str
    value: str
    without: str


class Column(NamedTuple):
    """`sort`: the address that sorts by it, or turns the order round; `direction`: as ARIA says it."""

    name: str
    title: str
    sort: str | None
    direction: str | None


class Cell(NamedTuple):
    """`kind`: how it is shown: as text, a status, a time, or a day (None for none)."""

    kind: str
    value: Any


class TableRow(NamedTuple):
    lead: Lead
    address: str
    cells: list[Cell]


class LeadTable:
    """The page of a table; addresses in it begin with the table's own path."""

    def __init__(self, path: str, query_string: bytes, query: TableQuery, page: LeadPage) -> None:
        self._path = path
        self._pairs = _pairs(query_string.decode("ascii", "replace"))
        self.query = query
        self.total = page.total
        leads = page.leads[::-1] if query.goes_back else page.leads
        behind, ahead = (
            (query.goes_back, page.has_next) if query.goes_back else (page.has_next, query.place is not None)
        )
        self.next = self._with("cursor", _cursor(leads[-1], query.sort)) if leads and behind else None
        self.previous = self._with("before", _cursor(leads[0], _TURNED[query.sort])) if leads and ahead else None
        self.here = self._address(self._pairs)
        self.rows = [TableRow(lead, self._of(lead), [_cell(lead, name) for name in query.columns]) for lead in leads]

    @property
    def chips(self) -> list[Chip]:
        """A chip for each value that is asked for."""
        chips = []
        for name, given in self._pairs:
            if name in ("status", "source"):
                values = given.split(",")
                title, word = label(name), label if name == "status" else str
                for value in values:
                    rest = ",".join(other for other in values if other != value)
                    chips.append(Chip(title, word(value), self._with(name, rest)))
            elif name in _FILTER_WORDS:
                chips.append(Chip(_FILTER_WORDS[name], given, self._with(name, "")))
            elif name.startswith(_METADATA):
                chips.append(Chip(name.removeprefix(_METADATA), given, self._with(name, "")))
        return chips

    @property
    def columns(self) -> list[Column]:
        """The name's first, then those that are shown."""
        return [self._column("name", "Name"), *(self._column(name, _title(name)) for name in self.query.columns)]

    @property
    def state(self) -> str:
        """What a saved view would keep."""
        return urlencode(self.without(_VIEW))

    def is_as(self, state: str) -> bool:
        """Whether the table shows what a saved view does."""
        return sorted(self.without(_VIEW)) == sorted(_pairs(state))

    def value(self, name: str) -> str:
        """Of a parameter of the address."""
        return dict(self._pairs).get(name, "")

    def without(self, *names: str) -> list[tuple[str, str]]:
        return [(name, value) for name, value in self._pairs if name not in names]

    def _column(self, name: str, title: str) -> Column:
        if name not in _SORTABLE:
            return Column(name, title, None, None)
        up, down = LeadSort(name), LeadSort(f"-{name}")
        chosen = {up: ("ascending", down), down: ("descending", up)}.get(self.query.sort)
        direction, other = chosen or (None, down if name in _LATEST_FIRST else up)
        return Column(name, title, self._with("sort", other.value), direction)

    def _of(self, lead: Lead) -> str:
        return f"{self._path}/{lead.id}?{urlencode({'in': urlencode(self._pairs)})}"

    def _with(self, name: str, value: str) -> str:
        """The address with another value of a parameter, or without it where that is empty."""
        pairs = [pair for pair in self._pairs if pair[0] != name]
        return self._address([*pairs, (name, value)] if value else pairs)

    def _address(self, pairs: Sequence[tuple[str, str]]) -> str:
        return f"{self._path}?{urlencode(pairs)}" if pairs else self._path


def _pairs(query_string: str) -> list[tuple[str, str]]:
    pairs = parse_qsl(query_string, keep_blank_values=True)
    return [(name, value) for name, value in pairs if name not in _OF_ONE_VISIT]


def chosen_in(form: Form) -> tuple[str, ...]:
    """The leads that were chosen. Raises NotFound for what can be none."""
    ids = tuple(dict.fromkeys(form.all("id")))
    if not all(LEAD.accepts(id_) for id_ in ids):
        raise NotFound("There is no such lead in this workspace")
    return ids


def turned(sort: LeadSort) -> LeadSort:
    return _TURNED[sort]


def values_of(metadata: msgspec.Raw) -> dict[str, msgspec.Raw]:
    """The JSON at each key of the top level, as it is stored."""
    return msgspec.json.decode(metadata, type=dict[str, msgspec.Raw])


def readable(value: msgspec.Raw) -> str:
    """A value of the metadata as people read it: text without its quotes, all else as JSON."""
    text = bytes(value)
    return str(msgspec.json.decode(text)) if text.startswith(b'"') else text.decode()


def _cursor(lead: Lead, sort: LeadSort) -> str:
    return encode_cursor(place_of(lead, sort))


def _title(name: str) -> str:
    return COLUMNS.get(name) or name.removeprefix(_METADATA)


def _cell(lead: Lead, name: str) -> Cell:
    match name:
        case "createdAt":
            return Cell("time", lead.created_at)
        case "updatedAt":
            return Cell("time", lead.updated_at)
        case "followUpAt":
            return Cell("day", lead.follow_up_at)
        case "status":
            return Cell("status", lead.status.value)
        case "email" | "phone" | "source":
            return Cell("text", getattr(lead, name) or "")
    values = values_of(lead.metadata)
    key = name.removeprefix(_METADATA)
    return Cell("text", readable(values[key])[:_LONGEST_CELL] if key in values else "")
