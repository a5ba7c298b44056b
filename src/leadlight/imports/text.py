"""Text files as blocks of lines: which encoding they are in, and where a line ends; flat in memory at any size."""

import codecs
import re
from collections.abc import Iterator
from io import StringIO
from itertools import islice

import msgspec

from leadlight.imports.expanding import Source
from leadlight.imports.reading import Limits

_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
_CHUNK = 256 << 10
_LOOKED_AT = 64 << 20
"""Bytes in which the first letters beyond ASCII are looked for; they tell the encoding."""

_ENOUGH_LINES = 1000
_HEAD = 64 << 10
_LINE_END = re.compile(rb"\r*\n|\r")
_QUOTED = re.compile(rb'"[^"]*"')
_SWAPPED = bytes.maketrans(b"\r\n", b"\n\r")


class Block(msgspec.Struct, frozen=True):
    """`lines`: with their ends. `first`: the number of the first of them, counted from 1.

    `is_clean`: holds nothing but text; otherwise there is a NUL, or bytes of another encoding (as half surrogates).
    `cut`: how the next line begins when it is longer than a row may be; the rest of it is left out.
    """

    lines: list[str]
    first: int
    is_clean: bool = True
    cut: str | None = None


class Text:
    def __init__(self, source: Source, limits: Limits) -> None:
        self._source = source
        self._row_bytes = limits.row_bytes
        self._chunk = min(_CHUNK, limits.row_bytes)  # so that none but the first line of a block can be too long
        self._mark, self.encoding = _find_encoding(source)
        self._ends_in_cr = False  # as on Macs of old
        head = _QUOTED.sub(b"", next(self._chunks(), b""))  # within quotes, each may stand in any file
        first_end = _LINE_END.search(head)
        alone = head.count(b"\r") - head.count(b"\r\n")
        self._ends_in_cr = first_end is not None and first_end[0] == b"\r" and alone > head.count(b"\n")

    @property
    def is_marked(self) -> bool:
        """Whether the file says at its beginning that it is text."""
        return bool(self._mark)

    @property
    def bytes_read(self) -> int:
        return self._source.bytes_read

    def beginning(self) -> str:
        return self._decoded(next(self._chunks(), b"")[:_HEAD])[0]

    def blocks(self, first: int = 1) -> Iterator[Block]:
        """From the line with this number on. Raises UnreadableFile as Source.chunks does."""
        for block in self._blocks():
            before = first - block.first
            if before <= 0:
                yield block
            elif before < len(block.lines) or (block.cut is not None and before == len(block.lines)):
                yield Block(block.lines[before:], first, block.is_clean, block.cut)

    def _blocks(self) -> Iterator[Block]:
        pending, number, cut = b"", 1, False
        for chunk in self._chunks():
            head, end, rest = chunk.partition(b"\n")
            if cut:
                if not end:
                    continue
                yield self._cut(pending, number)
                pending, number, cut = b"", number + 1, False
            elif end and len(pending) + len(head) > self._row_bytes:
                yield self._cut(pending + head, number)
                pending, number = b"", number + 1
            else:
                rest = pending + chunk
            whole = rest.rfind(b"\n") + 1
            if whole:
                block = self._block(rest[:whole], number)
                number += len(block.lines)
                yield block
            pending = rest[whole:]
            if len(pending) > self._row_bytes:
                pending, cut = pending[:_HEAD], True
        if pending:
            yield self._cut(pending, number) if cut else self._block(pending, number)

    def _chunks(self) -> Iterator[bytes]:
        """In an encoding that ASCII is part of, with \\n at the end of lines, and without the mark of the encoding."""
        chunks = self._source.chunks(self._chunk)
        without_mark = _drop(chunks, len(self._mark))
        narrow = without_mark if self.encoding in ("utf-8", "cp1252") else _as_utf8(without_mark, self.encoding)
        return (chunk.translate(_SWAPPED) for chunk in narrow) if self._ends_in_cr else narrow

    def _block(self, data: bytes, number: int) -> Block:
        text, is_clean = self._decoded(data)
        return Block(StringIO(text, newline="\n").readlines(), number, is_clean)

    def _cut(self, data: bytes, number: int) -> Block:
        return Block([], number, cut=self._decoded(data[:_HEAD])[0])

    def _decoded(self, data: bytes) -> tuple[str, bool]:
        encoding = "cp1252" if self.encoding == "cp1252" else "utf-8"
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            return data.decode(encoding, "surrogateescape"), False
        return text, "\0" not in text


def _drop(chunks: Iterator[bytes], length: int) -> Iterator[bytes]:
    for chunk in islice(chunks, 1):
        yield chunk[length:]
    yield from chunks


def _as_utf8(chunks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """Half surrogates go on as three bytes that are no UTF-8: their row is a bad one, and no other."""
    decoder = codecs.getincrementaldecoder(encoding)("surrogatepass")
    for chunk in chunks:
        yield decoder.decode(chunk).encode("utf-8", "surrogatepass")
    if decoder.getstate()[0]:
        yield b"\xff"  # the file ends within a character


def _find_encoding(source: Source) -> tuple[bytes, str]:
    """The mark that the file begins with, if it does, and the encoding."""
    head = source.head(_HEAD)
    for mark, encoding in _MARKS.items():
        if head.startswith(mark):
            return mark, encoding
    for encoding in ("utf-16-le", "utf-16-be"):
        if 2 * head.decode(encoding, "replace").count("\n") > head.count(b"\n"):
            return b"", encoding
    return b"", _utf8_or_older(source)


def _utf8_or_older(source: Source) -> str:
    """UTF-8 as soon as a tenth of the lines that can tell are UTF-8: text of an older encoding hardly ever is.

    The others are bad rows then, which somebody hears of; in the older encoding they would be wrong letters.
    """
    good = bad = looked_at = 0
    pending = b""
    for chunk in source.chunks():
        whole, end, pending = (pending + chunk).rpartition(b"\n")
        lines = [] if chunk.isascii() and whole.isascii() else whole.split(b"\n")
        for line in lines:
            if not line.isascii():
                good, bad = (good + 1, bad) if _is_utf8(line) else (good, bad + 1)
        looked_at += len(chunk)
        if good + bad >= _ENOUGH_LINES or looked_at >= _LOOKED_AT:
            break
        if not end:
            pending = pending[-_CHUNK:]  # of a line without end, enough
    else:
        if not pending.isascii():
            good, bad = (good + 1, bad) if _is_utf8(pending) else (good, bad + 1)
    return "utf-8" if 10 * good >= bad else "cp1252"


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True
