"""Files to read in tests, and what reading them gives."""

import gzip
from collections.abc import Iterable
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from openpyxl import Workbook

from leadlight.imports.rows import BadRow, Limits, Row, Rows, UnreadableFile, open_rows


def opened(data: bytes | str, name: str = "leads.csv", **limits: int) -> Rows:
    return open_rows(BytesIO(data.encode() if isinstance(data, str) else data), name, Limits(**limits))


def read(data: bytes | str, name: str = "leads.csv", **limits: int) -> list[Row | BadRow]:
    return list(opened(data, name, **limits))


def values(data: bytes | str, name: str = "leads.csv", **limits: int) -> list[dict[str, object]]:
    """Of the good rows."""
    return [row.values for row in read(data, name, **limits) if isinstance(row, Row)]


def told(rows: Iterable[Row | BadRow]) -> list[tuple[Any, ...]]:
    """Number, line, and what is wrong with it or what is in it."""
    return [(row.number, row.line, row.code if isinstance(row, BadRow) else row.cells) for row in rows]


def refused(data: bytes | str, name: str = "leads.csv", **limits: int) -> str:
    """The code of what is wrong with a file as a whole."""
    with pytest.raises(UnreadableFile) as error:
        read(data, name, **limits)
    assert error.value.message.endswith(".")
    return error.value.code


def workbook(*rows: list[object], title: str = "Leads") -> bytes:
    book = Workbook()
    sheet = book.active
    sheet.title = title
    for row in rows:
        sheet.append(row)
    return saved(book)


def saved(book: Workbook) -> bytes:
    file = BytesIO()
    book.save(file)
    return file.getvalue()


def gzipped(data: bytes | str) -> bytes:
    return gzip.compress(data.encode() if isinstance(data, str) else data, 1)


def altered(archive: bytes, parts: dict[str, bytes]) -> bytes:
    """A ZIP archive with other contents for these parts, or with them added."""
    file = BytesIO()
    with ZipFile(BytesIO(archive)) as old, ZipFile(file, "w", ZIP_DEFLATED) as new:
        for name in {**dict.fromkeys(old.namelist()), **parts}:
            new.writestr(name, parts[name] if name in parts else old.read(name))
    return file.getvalue()
