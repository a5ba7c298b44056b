"""From the values of a row to the lead that they tell of, with every problem of the row named at once."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

import msgspec
from msgspec import UNSET, Raw, UnsetType

from leadlight.clock import Clock, system_clock
from leadlight.errors import Invalid, InvalidInput, Problem
from leadlight.ids import LEAD
from leadlight.imports.cells import from_cell
from leadlight.imports.defaults import Defaults
from leadlight.imports.entries import MetadataColumn, add_entry, encode_entries
from leadlight.imports.mapping import ERROR_COLUMNS, PREFIX, Target, TargetKind
from leadlight.imports.moments import moment_of
from leadlight.imports.presets import get_preset
from leadlight.imports.synonyms import STATUSES, simplify
from leadlight.imports.values import text_of
from leadlight.leads.change import LeadDraft, LeadPatch
from leadlight.leads.lead import (
    LeadStatus,
    email_rule,
    follow_up_note_rule,
    name_rule,
    phone_rule,
    source_rule,
)

_NAMES = (TargetKind.NAME, TargetKind.FIRST_NAME, TargetKind.LAST_NAME)
_FOUND_LATER = (
    *_NAMES,
    TargetKind.EMAIL,
    TargetKind.PHONE,
    TargetKind.SOURCE,
    TargetKind.STATUS,
    TargetKind.CREATED_AT,
    TargetKind.FOLLOW_UP_AT,
    TargetKind.FOLLOW_UP_NOTE,
)
_EMAIL_INSIDE = re.compile(r"mailto:([^?<>\s]+)|[^@<>]*<([^<>\s]+)>", re.IGNORECASE)
_LONGEST_TOLD = 40


class Drafted(msgspec.Struct, frozen=True):
    """What a row tells: a lead, and its id and its creation (milliseconds since 1970) where the row names them.

    `patch`: what the row itself says, without the defaults, for a lead that exists already.
    """

    draft: LeadDraft
    lead_id: str | None
    created_at: int | None
    patch: LeadPatch


class Drafter:
    """Makes leads of the rows of one file."""

    def __init__(
        self,
        mapping: Mapping[str, str],
        *,
        defaults: Mapping[str, object] | None,
        preset: str | None,
        import_source: str = "import",
        own_export: bool = False,
        in_cells: bool = True,
        clock: Clock = system_clock,
    ) -> None:
        """`mapping`: the target of every column, as `detect` has it. `own_export`: the file is one of ours, and
        with `in_cells` its texts stand in cells, as in CSV and XLSX. Raises InvalidInput for defaults that can't be.
        """
        self._clock = clock
        self.own_export = own_export
        self._unescapes = own_export and in_cells
        self._defaults = Defaults.of(defaults or {})
        self._default_metadata = self._defaults.metadata
        self._columns: dict[TargetKind, str] = {}
        self._metadata: list[MetadataColumn] = []
        for column, text in mapping.items():
            target = Target.of(text)
            if target.kind is TargetKind.METADATA:
                self._metadata.append(MetadataColumn(column, target.key, self._unescapes and column == text))
            elif target.kind:
                self._columns[target.kind] = column
        # A lead of ours whose source is empty has none; a lead from elsewhere came by the import.
        has_source = own_export and TargetKind.SOURCE in self._columns
        self._source = self._defaults.source or (None if has_source else import_source)
        for kind in _FOUND_LATER:  # a line of JSON may name what the first lines did not
            if kind not in mapping:
                self._columns.setdefault(kind, kind.value)
        self._expected = frozenset({*mapping, *self._columns.values(), *ERROR_COLUMNS})
        self._statuses = dict(STATUSES)
        self._told_statuses = ", ".join(LeadStatus)
        if preset is not None:
            theirs = get_preset(preset).statuses
            self._statuses |= {simplify(name): status for name, status in theirs.items()}
            self._told_statuses += f" and those of {preset}: {', '.join(theirs)}"

    def draft(self, values: Mapping[str, object]) -> Drafted:
        """The lead of a row; a column that is not there is like an empty one. Raises InvalidInput."""
        problems: list[Problem] = []
        name = self._name(values, problems)
        if name is None and self._defaults.name is None:
            problems.append(self._missing(*_NAMES))
        email = self._read(TargetKind.EMAIL, _email, values, problems)
        if email is None:
            problems.append(self._missing(TargetKind.EMAIL))
        phone = self._read(TargetKind.PHONE, phone_rule, values, problems)
        source = self._read(TargetKind.SOURCE, source_rule, values, problems)
        status = self._read(TargetKind.STATUS, self._status, values, problems)
        lead_id = self._read(TargetKind.ID, _lead_id, values, problems)
        created_at = self._moment(TargetKind.CREATED_AT, values, problems, now=self._clock())
        due = self._moment(TargetKind.FOLLOW_UP_AT, values, problems, now=None)
        note = self._read(TargetKind.FOLLOW_UP_NOTE, follow_up_note_rule, values, problems)
        follow_up = (UNSET if due is None else due, note or UNSET)
        said, metadata = self._read_metadata(values, problems)
        if problems:
            raise InvalidInput(problems)
        draft = LeadDraft(
            name or self._defaults.name or "",
            email,
            phone or self._defaults.phone or UNSET,
            source or self._source,
            status or self._defaults.status or UNSET,
            metadata,
            *follow_up,
        )
        patch = LeadPatch(name or UNSET, email, phone or UNSET, source or UNSET, status or UNSET, said, *follow_up)
        return Drafted(draft, lead_id, created_at, patch)

    def _read(
        self, kind: TargetKind, rule: Callable[[str], Any], values: Mapping[str, object], problems: list[Problem]
    ) -> Any:
        """The value of a field; None where the row has none, an empty text where it has a bad one."""
        column = self._columns.get(kind)
        value = None if column is None else values.get(column)
        if value is None:
            return None
        try:
            text = text_of(from_cell(value) if self._unescapes and isinstance(value, str) else value)
            return None if text is None else rule(text)
        except Invalid as invalid:
            problems.append(invalid.of(self._field(kind)))
            return ""

    def _name(self, values: Mapping[str, object], problems: list[Problem]) -> str | None:
        """Like `_read`, of the whole name or of what it is put together from."""
        name: str | None = self._read(TargetKind.NAME, name_rule, values, problems)
        if name is not None:
            return name
        parts = [self._read(kind, str, values, problems) for kind in (TargetKind.FIRST_NAME, TargetKind.LAST_NAME)]
        said = [part for part in parts if part is not None]
        if not said:
            return None
        try:
            return name_rule(" ".join(said)) if all(said) else ""
        except Invalid as invalid:
            problems.append(invalid.of(self._field(*_NAMES)))
            return ""

    def _status(self, text: str) -> LeadStatus:
        status = self._statuses.get(simplify(text))
        if status is None:
            message = f'is "{_shortened(text)}", which is no status that is known; known are {self._told_statuses}'
            raise Invalid("unknown_status", message)
        return status

    def _moment(
        self, kind: TargetKind, values: Mapping[str, object], problems: list[Problem], *, now: int | None
    ) -> int | None:
        column = self._columns.get(kind)
        value = None if column is None else values.get(column)
        if value is None or value == "":
            return None
        try:
            written = value if isinstance(value, date) else text_of(value)
            return None if written is None else moment_of(written, now=now)
        except Invalid as invalid:
            problems.append(invalid.of(self._field(kind)))
            return None

    def _read_metadata(
        self, values: Mapping[str, object], problems: list[Problem]
    ) -> tuple[Raw | UnsetType, Raw | UnsetType]:
        """What the row says, and the same with the defaults."""
        entries: dict[str, object] = {}
        columns: Iterable[MetadataColumn] = self._metadata
        if not values.keys() <= self._expected:
            columns = [*self._metadata, *self._unexpected(values)]
        for column in columns:
            value = values.get(column.column)
            if value is None or value == "":
                continue
            try:
                add_entry(entries, column, value)
            except Invalid as invalid:
                problems.append(invalid.of(_labelled(column.column, f"{PREFIX}{column.key or ''}")))
        try:
            said = encode_entries(entries)
            return said, encode_entries({**self._default_metadata, **entries}) if self._default_metadata else said
        except Invalid as invalid:
            problems.append(invalid.of("metadata"))
            return UNSET, UNSET

    def _unexpected(self, values: Mapping[str, object]) -> Iterable[MetadataColumn]:
        """What only this line of JSON has is kept like any other column that is not known."""
        keys = {column.key for column in self._metadata}
        for column in values:
            if column not in self._expected:
                key = None if column == TargetKind.METADATA else column.removeprefix(PREFIX)
                key = column if key in keys else key
                keys.add(key)
                yield MetadataColumn(column, key, is_escaped=False)

    def _missing(self, *kinds: TargetKind) -> Problem:
        return Problem(self._field(*kinds), "is empty, and every lead needs one", "required")

    def _field(self, *kinds: TargetKind) -> str:
        """How a problem names a field: by the columns that it is read from, and its own name."""
        columns = [self._columns[kind] for kind in kinds if kind in self._columns]
        named = [column for column in columns if column not in _FOUND_LATER] or [kinds[0].value]
        return _labelled(" + ".join(named), kinds[0])


def _email(text: str) -> str:
    """An address, also out of a link or from behind a name, when there is just one."""
    if text.endswith(">") or ":" in text:
        inside = _EMAIL_INSIDE.fullmatch(text)
        if inside is not None:
            text = inside[1] or inside[2]
    return email_rule(text)


def _lead_id(text: str) -> str:
    if not LEAD.accepts(text):
        raise Invalid("invalid_id", f"must be the id of a lead, {LEAD.prefix} and letters and digits")
    return text


def _labelled(column: str, target: str) -> str:
    return column if column == target else f"{column} ({target})"


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_TOLD else text[: _LONGEST_TOLD - 1] + "…"
