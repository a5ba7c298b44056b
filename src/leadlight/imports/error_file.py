"""The file of an import's bad rows: each as it was, behind its number, its line and what is wrong."""

import csv
import io
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator, Sequence

from leadlight.imports.cells import to_cell
from leadlight.imports.job import RowError
from leadlight.imports.mapping import ERROR_COLUMNS

_BOM = b"\xef\xbb\xbf"
_AT_ONCE = 20


async def error_file(columns: Sequence[str], found: AsyncIterator[list[RowError]]) -> AsyncGenerator[bytes, None]:
    """CSV in UTF-8, piece by piece. `columns`: of the file that was imported."""
    yield _BOM + _lines([[*ERROR_COLUMNS, *columns]])
    async for errors in found:
        for few in _few(errors):
            yield _lines([[str(error.number), str(error.line), error.reason, *error.cells] for error in few])


def _few(errors: list[RowError]) -> Iterator[list[RowError]]:
    """What is written between two turns of the loop."""
    return (errors[start : start + _AT_ONCE] for start in range(0, len(errors), _AT_ONCE))


def _lines(rows: Iterable[list[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([to_cell(cell) for cell in row] for row in rows)
    return text.getvalue().encode()
