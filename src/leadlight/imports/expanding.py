"""The bytes of a file, expanded where it is gzipped: always from its beginning, and never more than is allowed."""

import zlib
from collections.abc import Iterator
from gzip import BadGzipFile, GzipFile
from io import SEEK_END
from tempfile import TemporaryFile
from typing import BinaryIO
from weakref import finalize

from leadlight.imports.reading import Limits, UnreadableFile

_GZIP = b"\x1f\x8b"
_CHUNK = 256 << 10


class Source:
    """A file, and how far it has been read: `bytes_read` of the `size` that it was sent with."""

    def __init__(self, file: BinaryIO, limits: Limits) -> None:
        self._file = file
        self._limits = limits
        self.size = file.seek(0, SEEK_END)
        self.bytes_read = 0
        file.seek(0)
        self._is_gzipped = file.read(len(_GZIP)) == _GZIP

    def head(self, length: int) -> bytes:
        """How the file begins, behind its compression. Raises UnreadableFile when even that can't be expanded."""
        beginning = next(self.chunks(length), b"")
        self.bytes_read = 0
        return beginning

    def chunks(self, size: int = _CHUNK) -> Iterator[bytes]:
        """All of it, in pieces that are cut at the same places every time.

        Raises UnreadableFile when it is damaged, expands to too much, or is another file than it was.
        """
        self._file.seek(0)
        self.bytes_read = 0
        return self._expanded(size) if self._is_gzipped else self._plain(size)

    def whole(self) -> BinaryIO:
        """A file to seek in: the very file, or what it expands to, on disk for as long as this object is in use."""
        if not self._is_gzipped:
            return self._file
        expanded = TemporaryFile()  # noqa: SIM115  (closed in the next line)
        finalize(self, expanded.close)
        for chunk in self.chunks():
            expanded.write(chunk)
        return expanded

    def _plain(self, size: int) -> Iterator[bytes]:
        while chunk := _read(self._file, size):
            self.bytes_read += len(chunk)
            yield chunk
        if self.bytes_read != self.size:
            raise UnreadableFile("changed", "The file was changed while it was being read: send it again.")

    def _expanded(self, size: int) -> Iterator[bytes]:
        read = 0
        with GzipFile(fileobj=self._file, mode="rb") as expanded:
            while True:
                try:
                    chunk = _read(expanded, size)
                except (BadGzipFile, EOFError, zlib.error):
                    raise UnreadableFile(
                        "damaged", "The gzip file is damaged or cut off: compress it anew, or send it uncompressed."
                    ) from None
                self.bytes_read = self._file.tell()
                if not chunk:
                    return
                read += len(chunk)
                if read > self._limits.expanded_bytes:
                    raise expands_too_far(self._limits)
                yield chunk


def expands_too_far(limits: Limits) -> UnreadableFile:
    return UnreadableFile(
        "expands_too_far",
        f"The file expands to more than {limits.expanded_bytes >> 20:,} MiB: split it into smaller ones.",
    )


def _read(file: BinaryIO | GzipFile, size: int) -> bytes:
    """As much as asked for, unless the file ends before."""
    data = file.read(size)
    while 0 < len(data) < size and (more := file.read(size - len(data))):
        data += more
    return data
