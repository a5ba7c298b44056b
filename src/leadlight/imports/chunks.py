"""The rows of a file, some hundred at a time: what comes in, where it stands in the file, and what can't come in."""

from collections.abc import Iterator

import msgspec

from leadlight.errors import InvalidInput, LeadlightError
from leadlight.imports.cells import from_cell
from leadlight.imports.drafting import Drafter
from leadlight.imports.job import RowError
from leadlight.imports.mapping import ERROR_COLUMNS
from leadlight.imports.reading import BadRow, FileFormat, Row, Rows, UnreadableFile
from leadlight.leads.intake import Incoming

_ROWS = 1_000
_CHARACTERS = 1 << 20


class Chunk(msgspec.Struct):
    """Some rows that follow one another: `incoming` from `origins`, and `errors`. `last`: the number of the last one.

    `bytes_read`: how far the file has been read.
    """

    incoming: list[Incoming]
    origins: list[Row]
    errors: list[RowError]
    last: int
    bytes_read: int


def chunks(rows: Rows, drafter: Drafter, *, behind: int) -> Iterator[Chunk]:
    """The rows behind a number. Raises UnreadableFile, after all that stands before the damage."""
    rows.skip(behind)
    is_marked = rows.format is not FileFormat.JSONL and set(ERROR_COLUMNS) <= set(rows.columns)
    chunk, size = Chunk([], [], [], behind, 0), 0
    damage: UnreadableFile | None = None
    try:
        for row in rows:
            if row.number <= behind:
                continue
            _add(chunk, row, drafter, is_marked=is_marked)
            chunk.last, chunk.bytes_read = row.number, rows.bytes_read
            size += sum(map(len, row.cells))
            if len(chunk.origins) + len(chunk.errors) >= _ROWS or size >= _CHARACTERS:
                yield chunk
                chunk, size = Chunk([], [], [], row.number, 0), 0
    except UnreadableFile as error:
        damage = error
    if chunk.origins or chunk.errors:
        yield chunk
    if damage is not None:
        raise damage


def sentence(error: Exception | None) -> str:
    """All that is wrong, in one line."""
    if isinstance(error, InvalidInput):
        return "; ".join(f"{problem.field}: {problem.message}" for problem in error.problems)
    if isinstance(error, LeadlightError) and "existingId" in error.details:
        return f"{error.message}: {error.details['existingId']}"
    return str(error)


def _add(chunk: Chunk, row: Row | BadRow, drafter: Drafter, *, is_marked: bool) -> None:
    """`is_marked`: the file is one of errors, in which we marked what a spreadsheet would run."""
    if isinstance(row, BadRow):
        chunk.errors.append(RowError(row.number, row.line, row.cells, row.message))
        return
    values = row.values
    if is_marked:
        values = {name: from_cell(value) if isinstance(value, str) else value for name, value in values.items()}
    try:
        drafted = drafter.draft(values)
    except InvalidInput as error:
        chunk.errors.append(RowError(row.number, row.line, row.cells, sentence(error)))
        return
    chunk.incoming.append(
        Incoming(drafted.draft, drafted.lead_id, drafted.created_at, drafted.patch, exact=drafter.own_export)
    )
    chunk.origins.append(row)
