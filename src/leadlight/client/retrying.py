"""When a call that failed is tried again, and how long to wait before."""

from collections.abc import Callable

import msgspec


class Retrying(msgspec.Struct, frozen=True, kw_only=True):
    """How patient a client is. `max_seconds`: from the first try on; none begins later.

    The pauses double from `first_pause_seconds` to `longest_pause_seconds`, each between half of that and the whole,
    so that those who failed together do not come back together.
    """

    max_tries: int = 5
    max_seconds: float = 60.0
    first_pause_seconds: float = 0.5
    longest_pause_seconds: float = 10.0

    def pause(
        self, tries: int, *, elapsed_seconds: float, random: Callable[[], float], retry_after: float | None = None
    ) -> float | None:
        """Seconds to wait after so many failed tries, or None when it was the last one.

        `random`: gives numbers from 0 to 1. `retry_after`: the seconds that the server asked for; they are kept to,
        or where they last too long there is no other try.
        """
        if tries >= self.max_tries:
            return None
        planned = min(self.first_pause_seconds * 2 ** (tries - 1), self.longest_pause_seconds)
        pause = (retry_after or 0.0) + planned * (0.5 + random() / 2)
        return pause if elapsed_seconds + pause <= self.max_seconds else None


NO_RETRIES = Retrying(max_tries=1)
