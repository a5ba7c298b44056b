"""Files that are not what they say, or nothing that can be read: each has its answer."""

import gzip
from collections.abc import Callable, Iterator
from io import BytesIO
from itertools import islice
from random import Random

import pytest

from leadlight.imports.rows import Limits, UnreadableFile, open_rows
from tests.imports.files import altered, gzipped, read, refused, workbook

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"\n \r\n\n", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"\xff\xfe", "empty"),
        (b"name,email", "no_rows"),
        (b"name,email\n\n,\n", "no_rows"),
        (b'"name,email\nAda,a@example.com\n', "broken_header"),
        (b'"na"me,email\nAda,a@example.com\n', "broken_header"),
        (b"na\0me,email\nAda,a@example.com\n", "not_text"),
        (b"name,\xc3\xa9,\xff\n" + b"\xc3\xa9,,\n" * 5, "not_text"),
        (b"x" * 2_000_000, "broken_header"),
        (b"x" * 2_000_000 + b"\na,b\n1,2\n", "broken_header"),
        (b"Leads of 2026\n" + b"Ada,a@example.com\n" * 5, "no_header"),
        (b"Leads of 2026;x\n" + b"Ada;a@example.com;5\n" * 5, "no_header"),
        (b",".join([b"a"] * 1001) + b"\n1\n", "too_many_columns"),
        (b",".join([b"a"] * 10_000) + b"\n1\n", "too_many_columns"),
        (b"a," * 400_000 + b"\n1\n", "too_many_columns"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "wrong_format"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "wrong_format"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "wrong_format"),
        (b"GIF89a", "wrong_format"),
        (b"{\\rtf1\\ansi}", "wrong_format"),
        (b"7z\xbc\xaf\x27\x1c", "wrong_format"),
        (b"<!DOCTYPE html>\n<html><body>Sign in</body></html>", "wrong_format"),
        (b"\n  <HTML lang='en'>", "wrong_format"),
        (b'<?xml version="1.0"?><Workbook/>', "wrong_format"),
        ("<html>\n".encode("utf-16"), "wrong_format"),
        (Random(1).randbytes(5000), "wrong_format"),
        (b"\x7fELF\x02\x01\x01" + bytes(range(32)) * 100, "wrong_format"),
        (gzipped(gzipped("a,b\n1,2\n")), "wrong_format"),
        (gzipped(b""), "empty"),
        (gzipped("a,b\n"), "no_rows"),
        (gzipped(b"%PDF-1.7"), "wrong_format"),
        (OLE + b"\0" * 5000, "wrong_format"),
        (OLE + b"\0" * 300_000 + "EncryptedPackage".encode("utf-16-le"), "encrypted"),
        (b"PK\x03\x04 and no more", "damaged"),
        (b"PK\x05\x06" + b"\0" * 18, "wrong_format"),
        (altered(workbook([1]), {"xl/workbook.bin": b""}), "wrong_format"),
        (altered(workbook([1]), {"word/document.xml": b""}), "wrong_format"),
    ],
)
def test_says_what_is_wrong_with_a_file(data: bytes, code: str) -> None:
    assert refused(data) == code


def test_a_zip_archive_of_a_table_is_no_workbook() -> None:
    assert refused(altered(b"PK\x05\x06" + b"\0" * 18, {"leads.csv": b"a,b\n1,2\n"})) == "wrong_format"


@pytest.mark.parametrize(
    "spoil",
    [lambda data: data[:-20], lambda data: data[:-8] + b"\0" * 8, lambda data: data + b"x", lambda data: data[:8]],
    ids=["cut off", "wrong check", "more behind it", "only its beginning"],
)
def test_a_damaged_gzip_file_is_told_of_when_its_end_is_reached(spoil: Callable[[bytes], bytes]) -> None:
    assert refused(spoil(gzipped("a,b\n" + "1,2\n" * 10_000))) == "damaged"


def test_the_rows_before_the_damage_are_read() -> None:
    rows = iter(open_rows(BytesIO(gzipped("a,b\n" + "1,\u00e9\n" * 200_000)[:-20]), "leads.csv.gz", Limits()))

    assert len(list(islice(rows, 100_000))) == 100_000
    with pytest.raises(UnreadableFile, match="damaged or cut off"):
        list(rows)


def bomb(chunks: Iterator[bytes]) -> bytes:
    file = BytesIO()
    with gzip.GzipFile(fileobj=file, mode="wb", compresslevel=9) as compressed:
        for chunk in chunks:
            compressed.write(chunk)
    return file.getvalue()


@pytest.mark.parametrize("chunk", [b"\0" * (1 << 20), b"x" * (1 << 20), b"\n" * (1 << 20)])
def test_a_file_that_expands_without_end_is_refused(chunk: bytes) -> None:
    data = bomb(chunk for _ in range(20))

    assert len(data) < 50_000
    assert refused(data, expanded_bytes=16 << 20) in {"expands_too_far", "wrong_format", "broken_header"}


def test_a_bomb_behind_good_rows_is_refused_where_it_goes_too_far() -> None:
    data = gzipped("a,b\n" + "1,2\n" * 10) + bomb(b"1,2\n" * (1 << 16) for _ in range(4))

    assert refused(data, expanded_bytes=(1 << 20) - 1) == "expands_too_far"
    assert len(read(data, expanded_bytes=2 << 20)) == 10 + 4 * (1 << 16)


def test_a_file_that_is_changed_while_it_is_read_is_told_of() -> None:
    file = BytesIO(b"a,b\n" + b"1,2\n" * 1_000_000)
    rows = iter(open_rows(file, "leads.csv", Limits()))
    next(rows)

    at = file.tell()
    file.truncate(2_000_000)
    file.seek(at)

    with pytest.raises(UnreadableFile, match="changed while"):
        list(rows)
