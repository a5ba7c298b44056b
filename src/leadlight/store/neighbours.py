"""Other processes on the same file: each that listens has a named pipe, which all that write put workspaces' ids into.

The pipes lie in a folder next to the file. Sockets could not: their paths have room for a hundred bytes only.
"""

import asyncio
import errno
import logging
import os
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from secrets import token_hex

from leadlight.store.listeners import Heard, Listeners, packed

logger = logging.getLogger("leadlight.store")

_MESSAGE_BYTES = 512  # POSIX: a pipe takes as much whole or not at all
_MUCH_BYTES = 3_584  # a pipe of one page, the smallest there is, that had no room for a message holds more
_ALL_BYTES = 1 << 16
_LOOK_SECONDS = 0.01  # not each time: a look costs more than all the rest of telling nobody
_KNOWN_SECONDS = 0.05  # by then, all that write have looked
_COARSE_NANOSECONDS = 2 * 10**9
_SUFFIX = ".pipe"


class Neighbours:
    """Tells them what is written here, and this process's listeners what they write."""

    def __init__(self, file: Path) -> None:
        self._folder = Path(f"{file.resolve()}-listeners")  # one for all, whichever way leads to the file
        self._listeners = Listeners(self._tell_others)
        self._own: _Pipe | None = None
        self._others: list[Path] = []
        self._looked_at = 0.0
        self._changed: int | None = None
        self._known: asyncio.TimerHandle | None = None
        self._has_warned = False
        self.written = self._listeners.written

    def listen(self, heard: Heard) -> Callable[[], None]:
        """As in Database; from when on others are heard, is told by a call with "".

        Where no pipe can be had, this process is heard alone.
        """
        end = self._listeners.add(heard)
        if self._own is None:
            self._open()

        def stop() -> None:
            end()
            if not self._listeners:
                self._shut()

        return stop

    def close(self) -> None:
        """Tells what is not told yet, and takes its pipe away."""
        self._listeners.tell()
        self._shut()

    def _open(self) -> None:
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            self._own = _Pipe(self._folder / f"{token_hex(8)}{_SUFFIX}", self._hear)
        except OSError as error:
            if not self._has_warned:
                logger.warning("what other processes write is noticed late, for there can be no pipe: %s", error)
            self._has_warned = True
        else:
            self._known = asyncio.get_running_loop().call_later(_KNOWN_SECONDS, self._listeners.hear, [""])

    def _shut(self) -> None:
        if self._own is not None:
            self._own.close()
            self._own = None
        if self._known is not None:
            self._known.cancel()

    def _hear(self, data: bytes) -> None:
        """Of much that came at once, some may not have found room."""
        whole = len(data) <= _MUCH_BYTES and data.isascii() and data.endswith(b"\n")
        self._listeners.hear(set(data.decode().splitlines()) if whole else [""])

    def _tell_others(self, turns: set[str]) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._looked_at > _LOOK_SECONDS:
            self._looked_at = now
            self._look()
        if not self._others:
            return
        messages = [text.encode() for text in packed(turns, _MESSAGE_BYTES)]
        for path in self._others:
            _send(path, messages)

    def _look(self) -> None:
        """Sees who listens, if the folder has changed.

        The time of a change is coarse: a folder that changed just now may change again and keep its time.
        """
        try:
            changed = self._folder.stat().st_mtime_ns
            if changed == self._changed:
                return
            own = self._own and self._own.path
            self._others = [path for path in self._folder.iterdir() if path.suffix == _SUFFIX and path != own]
        except OSError:  # there is none, or it is not for us
            self._others = []
            self._changed = None
        else:
            self._changed = changed if abs(time.time_ns() - changed) > _COARSE_NANOSECONDS else None


class _Pipe:
    """A pipe that is read as long as it is there. Raises OSError where there can be none."""

    def __init__(self, path: Path, hear: Callable[[bytes], None]) -> None:
        self.path = path
        self._hear = hear
        self._loop = asyncio.get_running_loop()
        new = path.with_suffix(".new")  # until it is read: those without a reader are leftovers
        with ExitStack() as undo:
            os.mkfifo(new, mode=0o600)
            undo.callback(new.unlink, missing_ok=True)
            self._end = os.open(new, os.O_RDWR | os.O_NONBLOCK)  # with a writer of its own, it never comes to an end
            undo.callback(os.close, self._end)
            new.rename(path)
            undo.pop_all()
        self._loop.add_reader(self._end, self._read)

    def close(self) -> None:
        self._loop.remove_reader(self._end)
        with suppress(OSError):
            self.path.unlink()
        os.close(self._end)

    def _read(self) -> None:
        with suppress(BlockingIOError):
            self._hear(os.read(self._end, _ALL_BYTES))


def _send(path: Path, messages: list[bytes]) -> None:
    """Puts all into a pipe that there is room for; whose reader is gone, is removed."""
    try:
        pipe = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError as error:
        if error.errno == errno.ENXIO:
            with suppress(OSError):
                path.unlink()
        return
    try:
        for message in messages:
            os.write(pipe, message)
    except OSError:  # full: it has enough to read
        pass
    finally:
        os.close(pipe)
