"""Files on their way: uploads read from the disk as they are sent, downloads written to it as they come."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import msgspec

from leadlight.client.errors import InvalidArgument

_UNKNOWN_TYPE = "application/octet-stream"  # the server looks for itself


class Upload(msgspec.Struct, frozen=True):
    """The parts of a form, and a file behind them: a path, or what is open for reading bytes."""

    fields: Mapping[str, str]
    file: Path | BinaryIO
    name: str

    @property
    def can_be_read_again(self) -> bool:
        return isinstance(self.file, Path) or _is_seekable(self.file)

    @contextmanager
    def opened(self) -> Iterator[dict[str, Any]]:
        """The form as httpx takes it."""
        with self.file.open("rb") if isinstance(self.file, Path) else nullcontext(self.file) as file:
            readable = _Sized(file) if _is_seekable(file) else _Unsized(file)
            yield {"data": dict(self.fields), "files": {"file": (self.name, readable, _UNKNOWN_TYPE)}}


class _Sized:
    """A file that has to stay as long as it was said to be. Raises InvalidArgument when it does not."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._size = file.seek(0, os.SEEK_END)
        self.seek(0)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self._position = self._file.seek(offset, whence)
        return self._position

    def tell(self) -> int:
        return self._position

    def read(self, size: int) -> bytes:
        piece = self._file.read(size)
        self._position += len(piece)
        if self._position > self._size or (not piece and self._position < self._size):
            raise InvalidArgument("the file changed while it was sent; send it again when it is whole")
        return piece


class _Unsized:
    """A stream that can't say how long it is. Of a pipe, httpx would believe that it is empty."""

    def __init__(self, stream: BinaryIO) -> None:
        self.read = stream.read


def _is_seekable(stream: BinaryIO) -> bool:
    try:
        return stream.seekable()
    except AttributeError:
        return False


class Sink(Protocol):
    """Where a download goes."""

    @property
    def is_fresh(self) -> bool:
        """Whether the download can begin, or begin once more."""
        ...

    @contextmanager
    def opened(self) -> Iterator[Callable[[bytes], object]]:
        """Gives what takes the pieces."""
        ...


class FileSink:
    """A file that is there when it is whole, and not before."""

    is_fresh = True

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextmanager
    def opened(self) -> Iterator[Callable[[bytes], object]]:
        part = self._path.with_name(f"{self._path.name}.part")
        try:
            with part.open("wb") as file:
                yield file.write
            part.replace(self._path)
        finally:
            part.unlink(missing_ok=True)


class StreamSink:
    """What is open for writing bytes: what is written there can't be taken back."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.is_fresh = True

    @contextmanager
    def opened(self) -> Iterator[Callable[[bytes], object]]:
        yield self._write

    def _write(self, piece: bytes) -> None:
        self.is_fresh = False
        self._stream.write(piece)


def sink_of(target: str | Path | BinaryIO) -> Sink:
    return FileSink(Path(target)) if isinstance(target, str | Path) else StreamSink(target)


def upload_of(file: str | Path | BinaryIO, fields: Mapping[str, str], *, name: str | None) -> Upload:
    """Raises InvalidArgument for a path where no file is."""
    if isinstance(file, str | Path):
        path = Path(file)
        if not path.is_file():
            raise InvalidArgument(f"there is no file {path}")
        return Upload(fields, path, name or path.name)
    given = getattr(file, "name", None)
    return Upload(fields, file, name or (Path(given).name if isinstance(given, str) else "upload"))
