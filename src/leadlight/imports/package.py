"""The ZIP archive that a workbook is: its parts, and never more of them than is allowed."""

import struct
from collections.abc import Iterator
from io import SEEK_SET
from typing import IO, BinaryIO, cast
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo
from zlib import error as DeflateError  # noqa: N812

from leadlight.imports.expanding import expands_too_far
from leadlight.imports.reading import Limits, UnreadableFile, damaged_workbook

_CHUNK = 64 << 10
_SMALL = 16 << 20
_DIRECTORY_BYTES = 1 << 20
_IS_ENCRYPTED = 1

_OTHERS = {
    "xl/workbook.bin": "The file is an .xlsb workbook: save it as .xlsx or CSV.",
    "word/document.xml": "The file is a Word document: save its table as .xlsx or CSV.",
    "content.xml": "The file is an OpenDocument file: save it as .xlsx or CSV.",
    "index/document.iwa": "The file is a Numbers document: export it as .xlsx or CSV.",
}


class Package:
    """`bytes_read`: of the archive, as large a share as has been read of the part that counts."""

    def __init__(self, file: BinaryIO, size: int, limits: Limits) -> None:
        """Raises UnreadableFile when it is no workbook, or is larger inside than is allowed."""
        self._size = size
        self.bytes_read = 0
        try:
            self._archive = ZipFile(cast("IO[bytes]", _Directory(file)))
        except (BadZipFile, NotImplementedError, ValueError, struct.error):
            raise damaged_workbook() from None
        parts = self._archive.infolist()
        self._parts = {part.filename.replace("\\", "/").lower(): part for part in parts}
        _require_workbook(self._parts)
        # The archive is never read beyond what its directory says, so what it says is what has to be bounded.
        if sum(part.file_size for part in parts) > limits.expanded_bytes:
            raise expands_too_far(limits)

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._parts

    def small(self, name: str) -> Iterator[bytes]:
        """A part whose elements are kept in memory. Raises UnreadableFile, as all that reads does."""
        if self._part(name).file_size > _SMALL:
            raise damaged_workbook()
        return self.chunks(name)

    def chunks(self, name: str, *, counts: bool = False) -> Iterator[bytes]:
        """`counts`: it is this part whose reading `bytes_read` tells of."""
        part = self._part(name)
        read = 0
        try:
            with self._archive.open(part) as opened:
                while chunk := opened.read(_CHUNK):
                    read += len(chunk)
                    if counts:
                        self.bytes_read = self._size * read // part.file_size
                    yield chunk
        except (BadZipFile, EOFError, DeflateError, NotImplementedError, ValueError):
            raise damaged_workbook() from None

    def _part(self, name: str) -> ZipInfo:
        part = self._parts.get(name.lower())
        if part is None or part.compress_type not in (ZIP_STORED, ZIP_DEFLATED) or part.flag_bits & _IS_ENCRYPTED:
            raise damaged_workbook()
        return part


class _Directory:
    """The file for ZipFile, which would keep a directory of any size in memory, and seek wherever that points."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.tell, self.seekable = file.tell, file.seekable

    def seek(self, offset: int, whence: int = SEEK_SET) -> int:
        if offset < 0 and whence == SEEK_SET:
            raise BadZipFile
        return self._file.seek(offset, whence)

    def read(self, size: int = -1) -> bytes:
        if size > _DIRECTORY_BYTES:
            raise BadZipFile
        return self._file.read(size)


def _require_workbook(names: dict[str, ZipInfo]) -> None:
    for name, message in _OTHERS.items():
        if name in names:
            raise UnreadableFile("wrong_format", message)
    if "[content_types].xml" not in names:
        raise UnreadableFile(
            "wrong_format",
            "The file is a ZIP archive: take the file out of it and send that one, or compress it with gzip.",
        )
