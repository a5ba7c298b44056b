"""Which leads: the filter of a list, and the WHERE clause made of it, out of fixed pieces of text."""

import msgspec
from msgspec import UNSET, UnsetType

from leadlight.leads.lead import LeadStatus, fold, to_e164
from leadlight.store.database import Transaction, Value

_INDEXED_LENGTH = 3
_PIECE_LENGTH = 6
_MOST_PIECES = 5
_LIKE = r"(name_key LIKE :pattern ESCAPE '\' OR email_key LIKE :pattern ESCAPE '\')"
# The same from indexes alone: quick where they are short, for none of their neighbours' pages is read.
_LIKE_BY_INDEX = r"""id IN (
    SELECT id FROM leads WHERE workspace_id = :workspace_id AND name_key > '' AND name_key LIKE :pattern ESCAPE '\'
    UNION
    SELECT id FROM leads WHERE workspace_id = :workspace_id AND email_key > '' AND email_key LIKE :pattern ESCAPE '\'
)"""


class LeadFilter(msgspec.Struct, frozen=True):
    """Which leads; every part that is given has to hold. Times in milliseconds, bounds not included.

    `phone` matches in E.164 form when both numbers have one. `metadata`: the text of the value at
    a top-level key.
    """

    status: tuple[LeadStatus, ...] = ()
    source: tuple[str, ...] = ()
    search: str = ""
    email: str | UnsetType = UNSET
    phone: str | UnsetType = UNSET
    created_after: int | None = None
    created_before: int | None = None
    updated_after: int | None = None
    updated_before: int | None = None
    follow_up_after: int | None = None
    follow_up_before: int | None = None
    metadata: dict[str, str] = {}
    ids: tuple[str, ...] = ()


class Conditions:
    """The WHERE clause but for the text that is searched, and its parameters.

    `matches`: SQL for the numbers of the leads that hold the text, by the text index; `candidates`:
    of those that hold a piece of it, which is quicker to find out. Both are None for texts that the
    index can't find. `pieces`: of the text, and the text itself. `is_bare`: nothing but the
    workspace. `is_counted`: nothing but status and source, whose counts are kept. `is_narrow`: an
    index finds the few leads that match at once.
    """

    def __init__(self, tx: Transaction, workspace_id: str, which: LeadFilter, *, with_follow_up: bool = False) -> None:
        """`with_follow_up`: only leads that have one."""
        self.texts = ["workspace_id = :workspace_id"]
        self.parameters: dict[str, Value] = {"workspace_id": workspace_id}
        self._one_of("status", [status.value for status in which.status])
        self._one_of("source", list(which.source))
        self._one_of("id", list(which.ids))
        self._compare("created_at", ">", which.created_after)
        self._compare("created_at", "<", which.created_before)
        self._compare("updated_at", ">", which.updated_after)
        self._compare("updated_at", "<", which.updated_before)
        self._compare("follow_up_at", ">", which.follow_up_after)
        self._compare("follow_up_at", "<", which.follow_up_before)
        if with_follow_up:
            self.texts.append("follow_up_at IS NOT NULL")
        if which.email is not UNSET:
            self._compare("email_key", "=", fold(which.email))
        if which.phone is not UNSET:
            normal = to_e164(which.phone)
            self._compare("phone_key" if normal else "phone", "=", normal or which.phone)
        for index, (key, value) in enumerate(which.metadata.items()):
            self.parameters[f"key_{index}"] = key
            self.parameters[f"value_{index}"] = value
            self.texts.append(f"{tx.json_text('metadata', f':key_{index}')} = :value_{index}")
        needle = fold(which.search)
        self._search = {"needle": needle, "piece": needle, "pattern": f"%{_escape(needle)}%"}
        self.pieces = [*_pieces(needle), needle] if tx.finds_pieces_sooner else [needle]
        self.has_text = bool(needle)
        self._like = _LIKE
        indexed = len(needle) >= _INDEXED_LENGTH
        self.matches = tx.contains_text("lead_text", "needle") if indexed else None
        self.candidates = tx.contains_text("lead_text", "piece") if indexed else None
        self.is_bare = len(self.texts) == 1
        self.is_counted = not needle and len(self.texts) == 1 + bool(which.status) + bool(which.source)
        self.is_narrow = bool(which.ids) or which.email is not UNSET or which.phone is not UNSET

    def _one_of(self, column: str, values: list[str]) -> None:
        names = [f"{column}_{index}" for index in range(len(values))]
        self.parameters.update(zip(names, values, strict=True))
        if names:
            self.texts.append(f"{column} IN ({', '.join(':' + name for name in names)})")

    def _compare(self, column: str, operator: str, value: Value) -> None:
        if value is not None:
            name = f"bound_{len(self.parameters)}"
            self.parameters[name] = value
            self.texts.append(f"{column} {operator} :{name}")

    @property
    def sql(self) -> str:
        return " AND ".join(self.texts)

    def choose(self, piece: str) -> None:
        """Takes the leads that hold a piece of the text for the candidates."""
        self._search["piece"] = piece

    @property
    def workspace(self) -> dict[str, Value]:
        return {"workspace_id": self.parameters["workspace_id"]}

    def compare_all(self) -> None:
        """Has the text compared with the name and email of every lead in the workspace."""
        self.matches = self.candidates = None
        self._like = _LIKE_BY_INDEX

    def rows(self, *, few: bool) -> tuple[str, dict[str, Value]]:
        """FROM and WHERE of the leads that match, and the parameters; `few`: from the candidates to their leads."""
        if not self.has_text:
            return f"leads WHERE {self.sql}", self.using()
        if self.candidates is None or not few:
            return f"leads WHERE {self.sql} AND {self._like}", self.using("pattern")
        rows = f"({self.candidates}) AS candidates CROSS JOIN leads"
        return f"{rows} WHERE leads.number = candidates.number AND {self.sql} AND {_LIKE}", self.using(
            "piece", "pattern"
        )

    def using(self, *search: str) -> dict[str, Value]:
        """The parameters, with forms of the searched text: `needle`, `piece`, `pattern`."""
        return self.parameters | {name: self._search[name] for name in search}


def _pieces(needle: str) -> list[str]:
    """Stretches of a long text, one behind another; none of a short one."""
    starts = range(0, len(needle) - _PIECE_LENGTH, _PIECE_LENGTH)
    return [needle[start : start + _PIECE_LENGTH] for start in starts][:_MOST_PIECES]


def _escape(text: str) -> str:
    for special in ("\\", "%", "_"):
        text = text.replace(special, "\\" + special)
    return text
