"""Takes the remains of deleted rows out of pages on their way into the database file.

`secure_delete` overwrites the rows that are deleted, but when a page is rebalanced, rows that
move to a neighbour leave a copy in its unallocated middle (between the cell pointers and the cell
content, https://www.sqlite.org/fileformat2.html §1.6). If such a row is deleted later, the copy
stays. Nothing reads that space, so it is filled with zeros whenever a page is written.

In WAL mode pages reach the file in checkpoints alone. Every connection that may checkpoint is
opened through this VFS; the others are told not to.
"""

import os
import sys
from contextlib import suppress
from pathlib import Path

import apsw

VFS_NAME = "leadlight-scrubbing"

_HEADER_SIZES = {2: 12, 5: 12, 10: 8, 13: 8}  # by the type of a b-tree page
_FILE_HEADER = 100  # stands before the header of the first page
_MAX_BYTES = 100 << 30
"""Beyond 2^25 pages an overflow page, which starts with a page number, could be taken for a b-tree page."""


_OPEN_FILES = Path("/dev/fd")
_sync = os.fsync if sys.platform == "darwin" else os.fdatasync  # lengths included


def scrub(page: bytes, offset: int) -> bytes:
    """A page to be written at an offset of the file, with its unallocated middle filled with zeros."""
    start = _FILE_HEADER if offset == 0 else 0
    header_size = _HEADER_SIZES.get(page[start])
    if header_size is None:
        return page
    cells = int.from_bytes(page[start + 3 : start + 5], "big")
    first = start + header_size + 2 * cells
    last = int.from_bytes(page[start + 5 : start + 7], "big")
    if not first < last <= len(page):
        return page
    return b"".join((page[:first], bytes(last - first), page[last:]))


def _identity(descriptor: int) -> tuple[int, int] | None:
    """Of an open file: its device and number; None if it is open no more."""
    try:
        file = os.fstat(descriptor)
    except OSError:
        return None
    return file.st_dev, file.st_ino


def _descriptor(path: Path) -> int:
    """Of what this process has open, one that belongs to a file; -1 where that can't be told.

    It is SQLite's, and any of the file's will do to have it written to the disk. One of our own would not: to close it
    would drop the locks that SQLite holds (https://www.sqlite.org/howtocorrupt.html §2.2).
    """
    with suppress(OSError):
        file = path.stat()
        for each in sorted(int(entry.name) for entry in _OPEN_FILES.iterdir()):
            if _identity(each) == (file.st_dev, file.st_ino):
                return each
    return -1


class _ScrubbedFile(apsw.VFSFile):
    def __init__(self, name: apsw.URIFilename | str | None, flags: list[int]) -> None:
        super().__init__("", name, flags)
        self._scrubs = self.xFileSize() < _MAX_BYTES
        self._descriptor = _descriptor(Path(name.filename() if isinstance(name, apsw.URIFilename) else name or ""))
        self._identity = _identity(self._descriptor)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802  (SQLite's own name)
        super().xWrite(scrub(data, offset) if self._scrubs and len(data) >= 512 else data, offset)

    def xSync(self, flags: int) -> None:  # noqa: N802
        """As SQLite does it, but so that other threads go on: apsw keeps Python's lock until the disk is done."""
        if self._identity is None or self._identity != _identity(self._descriptor):  # it was another connection's
            super().xSync(flags)
        else:
            _sync(self._descriptor)


class _ScrubbingVfs(apsw.VFS):
    def __init__(self) -> None:
        super().__init__(VFS_NAME, "")

    def xOpen(self, name: apsw.URIFilename | str | None, flags: list[int]) -> apsw.VFSFile:  # noqa: N802
        if flags[0] & apsw.SQLITE_OPEN_MAIN_DB:
            return _ScrubbedFile(name, flags)
        return super().xOpen(name, flags)


_vfs = _ScrubbingVfs()
"""Registered as long as the module lives."""
