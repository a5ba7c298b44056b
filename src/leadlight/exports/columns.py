"""A lead as a row of cells: its own fields, and a column for each key that metadata has anywhere in the export."""

from collections.abc import Iterable, Sequence

import msgspec

from leadlight.clock import to_iso, to_iso_or_none
from leadlight.errors import InvalidInput, Problem
from leadlight.imports.cells import metadata_cell, to_cell
from leadlight.leads.lead import Lead

# Imports recognise these names, in files that may be years old: none may ever change.
_BEFORE = ("id", "name", "email", "phone", "source", "status")
_AFTER = ("followUpAt", "followUpNote", "createdAt", "updatedAt", "workspaceId")
_PREFIX = "metadata."

MAX_COLUMNS = 16_384
"""What a sheet holds; more columns would be of no use in a CSV file either."""

MAX_CELL = 32_767
"""Characters that a cell of a sheet holds, where those beyond the first 65,536 of Unicode count twice."""

_decode_object = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def header(metadata_keys: Sequence[str]) -> list[str]:
    return [*_BEFORE, *(_PREFIX + key for key in metadata_keys), *_AFTER]


def fields_before(lead: Lead) -> list[str]:
    """The cells in front of the metadata's; empty for null."""
    phone, source = lead.phone or "", lead.source or ""
    return [lead.id, to_cell(lead.name), to_cell(lead.email), to_cell(phone), to_cell(source), lead.status.value]


def fields_after(lead: Lead) -> list[str]:
    """The cells behind the metadata's."""
    follow_up = [to_iso_or_none(lead.follow_up_at) or "", to_cell(lead.follow_up_note or "")]
    return [*follow_up, to_iso(lead.created_at), to_iso(lead.updated_at), lead.workspace_id]


def metadata_values(lead: Lead, metadata_keys: Sequence[str]) -> list[msgspec.Raw | None]:
    """None where the lead has no such key."""
    values = _decode_object(lead.metadata)
    return [values.get(key) for key in metadata_keys]


class MetadataKeys:
    """The keys that metadata has, found in a first pass over all leads of an export, before its first byte is sent."""

    def __init__(self, *, in_sheets: bool) -> None:
        """`in_sheets`: whether the cells have to fit into a spreadsheet's file."""
        self._in_sheets = in_sheets
        self._found: dict[str, None] = {}

    def look_at(self, metadata: Iterable[msgspec.Raw]) -> None:
        """Raises InvalidInput when the format can't hold it, with one that can."""
        for raw in metadata:
            values = _decode_object(raw)
            self._found.update(dict.fromkeys(values))
            if self._in_sheets and len(bytes(raw)) > MAX_CELL:
                self._check_cells(values.values())
        if len(header(self.found)) > MAX_COLUMNS:
            message = f"would need more than {MAX_COLUMNS} columns for the keys of metadata: choose jsonl"
            raise InvalidInput([Problem("format", message, "too_many")])

    @property
    def found(self) -> list[str]:
        """In the order in which they were first seen."""
        return list(self._found)

    def _check_cells(self, values: Iterable[msgspec.Raw]) -> None:
        if not all(fits_in_a_cell(metadata_cell(value)) for value in values):
            message = f"can't hold values of more than {MAX_CELL} characters: choose csv or jsonl"
            raise InvalidInput([Problem("format", message, "too_long")])


def fits_in_a_cell(text: str) -> bool:
    return len(text) <= MAX_CELL // 2 or len(text.encode("utf-16-le", "surrogatepass")) // 2 <= MAX_CELL
