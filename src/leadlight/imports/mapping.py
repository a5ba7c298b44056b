"""Which column of a file becomes which field of a lead: as the client says, as a preset says, or by its header."""

from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum

import msgspec

from leadlight.errors import Invalid, InvalidInput, Problem
from leadlight.imports.presets import get_preset
from leadlight.imports.synonyms import HEADERS, NAMES_OF_EITHER_KIND, simplify

PREFIX = "metadata."
_MOST_COLUMNS_TOLD = 20
_LONGEST_COLUMN_TOLD = 60


class TargetKind(StrEnum):
    """A field of a lead that a column can fill."""

    NAME = "name"
    FIRST_NAME = "firstName"
    LAST_NAME = "lastName"
    EMAIL = "email"
    PHONE = "phone"
    SOURCE = "source"
    STATUS = "status"
    CREATED_AT = "createdAt"
    FOLLOW_UP_AT = "followUpAt"
    FOLLOW_UP_NOTE = "followUpNote"
    ID = "id"
    METADATA = "metadata"
    IGNORED = ""


class Target(msgspec.Struct, frozen=True):
    """How a column's value is used; `key` of the metadata.

    In writing `name`, `metadata.<key>` … or nothing at all for a column that is ignored. `metadata` alone takes the
    keys of a JSON object; a value that is none is kept under the key `metadata`.
    """

    kind: TargetKind
    key: str | None = None

    @classmethod
    def of(cls, text: str) -> "Target":
        """Raises Invalid."""
        if text.startswith(PREFIX):
            return cls(TargetKind.METADATA, text.removeprefix(PREFIX))
        try:
            return cls(TargetKind(text))
        except ValueError:
            raise Invalid("invalid_choice", f"is mapped to {text!r}, which is none of {_TARGETS}") from None


_TARGETS = ", ".join(kind for kind in TargetKind if kind) + ', metadata.<key> or "" to leave the column out'

ERROR_COLUMNS = ("_row", "_line", "_error")
"""What the file of an import's errors has beside the columns of the imported one."""

_FIRST_EXPORTED = ("id", "name", "email", "phone", "source", "status", "createdAt")
_EXPORTED = {
    **{name: name for name in (*_FIRST_EXPORTED, "followUpAt", "followUpNote")},
    "updatedAt": "",
    "workspaceId": "",
}
_OURS_IN_ANY_CASE = frozenset({"id", "name", "email", "createdAt", "workspaceId"})
_OURS_TOGETHER = frozenset({*_FIRST_EXPORTED, "updatedAt"})


def is_own_export(columns: Sequence[str]) -> bool:
    """Whether a file has the columns of our own export, whatever was added to it.

    Many a table of users has id, name, email, createdAt and updatedAt, so these alone do not tell.
    """
    found = set(columns)
    return found >= _OURS_IN_ANY_CASE or found >= _OURS_TOGETHER


def parse_mapping(given: Mapping[str, str]) -> dict[str, str]:
    """The mapping as it is. Raises InvalidInput with each column whose target is unknown or taken twice."""
    problems = []
    columns: dict[str, str] = {}
    for column, text in given.items():
        try:
            target = Target.of(text)
            if target.kind and columns.setdefault(text, column) != column:
                raise Invalid("duplicate", f"is mapped to {text}, and so is {_told([columns[text]])}; map one of them")
        except Invalid as invalid:
            problems.append(invalid.of(f"mapping.{column}"))
    if problems:
        raise InvalidInput(problems)
    return dict(given)


def detect(
    columns: Sequence[str],
    given: Mapping[str, str] | None,
    preset: str | None,
    *,
    defaults: Collection[str] = (),
) -> dict[str, str]:
    """The target of every column: as given, else as the preset or our own export has it, else by its header.

    What none of them knows is kept as `metadata.<header>`; so is a second column for a field that has one.
    `defaults`: fields that are filled where a row leaves them out. Raises InvalidInput when the mapping names a column
    that is not there, or when leads would have no email or no name.
    """
    found = _detected(columns, given, preset)
    found.check({*defaults})
    return found.targets()


def propose(columns: Sequence[str], preset: str | None) -> dict[str, str]:
    """The same for those who are still to say what is missing."""
    return _detected(columns, None, preset).targets()


def missing(targets: Collection[str], defaults: Collection[str]) -> list[str]:
    """What leads would not have: `email`, `name`."""
    filled = {*targets, *defaults}
    names = filled.isdisjoint({"name", "firstName", "lastName"})
    return [*(["email"] if "email" not in filled else []), *(["name"] if names else [])]


def _detected(columns: Sequence[str], given: Mapping[str, str] | None, preset: str | None) -> "_Detection":
    found = _Detection(columns, parse_mapping(given or {}))
    for column in ERROR_COLUMNS:
        found.take(column, "")
    if is_own_export(columns):
        for column, target in _EXPORTED.items():
            found.take(column, target)
    if preset is not None:
        found.take_all_simplified(get_preset(preset).columns)
    found.take("metadata", "metadata")
    found.take_synonyms()
    found.keep_the_rest()
    return found


class _Detection:
    """The targets that were found so far."""

    def __init__(self, columns: Sequence[str], given: Mapping[str, str]) -> None:
        self._columns = columns
        self._found = dict(given)
        self._taken = set(given.values()) - {""}
        there = set(columns)
        unknown = [column for column in given if column not in there]
        if unknown:
            raise InvalidInput(_not_there(unknown, columns))
        self._free = {column: None for column in columns if column not in given}

    def take(self, column: str, target: str) -> None:
        """Gives a column its target, where the column is there and both are free."""
        if column in self._free and target not in self._taken:
            del self._free[column]
            self._found[column] = target
            self._taken |= {target} - {""}

    def take_all_simplified(self, targets: Mapping[str, str]) -> None:
        by_name: dict[str, str] = {}
        for column in self._free:
            by_name.setdefault(simplify(column), column)
        for header, target in targets.items():
            found = by_name.get(simplify(header))
            if found is not None:
                self.take(found, target)

    def take_synonyms(self) -> None:
        either = []
        for column in list(self._free):
            name = simplify(column)
            if column.startswith(PREFIX):
                self.take(column, column)
            elif name in NAMES_OF_EITHER_KIND:
                either.append(column)
            elif name in HEADERS:
                self.take(column, HEADERS[name])
        for column in either:
            self.take(column, self._kind_of_name())

    def _kind_of_name(self) -> str:
        first, last = "firstName" in self._taken, "lastName" in self._taken
        if first is last:
            return "name"
        return "lastName" if first else "firstName"

    def keep_the_rest(self) -> None:
        for column in list(self._free):
            target = f"{PREFIX}{column}" if column.strip() else ""
            while target in self._taken:
                target = f"{PREFIX}{target}"
            self.take(column, target)

    def check(self, defaults: set[str]) -> None:
        problems = [Problem("mapping", self._missing(field), "required") for field in missing(self._taken, defaults)]
        if problems:
            raise InvalidInput(problems)

    def targets(self) -> dict[str, str]:
        """In the order of the columns."""
        return {column: self._found[column] for column in self._columns}

    def _missing(self, target: str) -> str:
        what = {"email": "an email", "name": "a name"}[target]
        example = next(iter(self._columns), "column")
        return (
            f"no column is known to hold {what}, which every lead needs; say which one does, as in "
            f'{{{_quoted(example)}: "{target}"}}; the file has {_told(self._columns)}'
        )


def _not_there(unknown: Sequence[str], columns: Sequence[str]) -> list[Problem]:
    by_name = {simplify(column): column for column in columns}
    problems = []
    for column in unknown:
        alike = by_name.get(simplify(column))
        hint = f"; it has {_told(columns)}" if alike is None else f", but {_quoted(alike)}"
        problems.append(Problem(f"mapping.{column}", f"the file has no such column{hint}", "unknown_column"))
    return problems


def _told(columns: Sequence[str]) -> str:
    told = ", ".join(_quoted(column) for column in columns[:_MOST_COLUMNS_TOLD])
    more = len(columns) - _MOST_COLUMNS_TOLD
    return f"{told} and {more} more" if more > 0 else told


def _quoted(column: str) -> str:
    return f'"{column if len(column) <= _LONGEST_COLUMN_TOLD else column[: _LONGEST_COLUMN_TOLD - 1] + "…"}"'
