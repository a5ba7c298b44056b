"""Who in this process wants to know what was written; what one turn of the loop brings is told together."""

import asyncio
import logging
from collections.abc import Callable, Iterable

logger = logging.getLogger("leadlight.store")

Heard = Callable[[str], None]
"""Called with a workspace's id, or with "" when something may have been missed."""


class Listeners:
    """All of its methods are called on the event loop that the store belongs to."""

    def __init__(self, tell_others: Callable[[set[str]], None]) -> None:
        """`tell_others`: called with the workspaces that this process wrote to; must neither raise nor wait."""
        self._tell_others = tell_others
        self._heard: dict[object, Heard] = {}
        self._written: set[str] = set()

    def __bool__(self) -> bool:
        return bool(self._heard)

    def add(self, heard: Heard) -> Callable[[], None]:
        """Answers what ends it, which may be called again."""
        key = object()
        self._heard[key] = heard

        def end() -> None:
            self._heard.pop(key, None)

        return end

    def written(self, turn: str) -> None:
        """Notes that units of a workspace were committed here."""
        if not self._written:
            asyncio.get_running_loop().call_soon(self.tell)
        self._written.add(turn)

    def tell(self) -> None:
        """Tells everybody what was noted and not told yet."""
        if not self._written:
            return
        written, self._written = self._written, set()
        self._tell_others(written)
        self.hear(written)

    def hear(self, turns: Iterable[str]) -> None:
        """Tells those in this process."""
        for heard in tuple(self._heard.values()):
            for turn in turns:
                try:
                    heard(turn)
                except Exception:
                    logger.exception("a listener failed; the others are told")


def packed(turns: Iterable[str], size: int) -> list[str]:
    """The ids, each with a line's end behind it, in as few texts of at most `size` bytes as they fit into."""
    texts: list[str] = []
    room = 0
    for turn in turns:
        if len(turn) >= room:
            texts.append("")
            room = size
        texts[-1] += f"{turn}\n"
        room -= len(turn) + 1
    return texts
