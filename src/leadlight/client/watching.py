"""Asking again and again how something stands that goes on in the server, until it has ended."""

from collections.abc import Callable
from typing import TypeVar

from leadlight.client.calls import Call
from leadlight.client.errors import RateLimited, Unavailable, Unreachable
from leadlight.client.exchange import Pause, Talk

T = TypeVar("T")

_SHORTEST_PAUSE_SECONDS = 0.25
_LONGEST_PAUSE_SECONDS = 10.0  # 360 an hour: a key's window has room for other things


def watch(
    call: Call[T],
    *,
    has_ended: Callable[[T], bool],
    on_progress: Callable[[T], object] | None,
    patience_seconds: float,
) -> Talk[T]:
    """Asks soon at first, and less often the longer it lasts. `on_progress` is told each answer, the last one too.

    A server that is away for a moment is asked again: what it does goes on when it is back. Raises the error when no
    answer came for so long.
    """
    waited = silent = 0.0
    while True:
        pause = min(max(_SHORTEST_PAUSE_SECONDS, waited / 10), _LONGEST_PAUSE_SECONDS)
        try:
            found: T = yield call
        except (Unreachable, Unavailable, RateLimited) as error:
            pause = max(pause, getattr(error, "retry_after", None) or 0.0)
            silent += pause
            if silent > patience_seconds:
                raise
        else:
            silent = 0.0
            if on_progress is not None:
                on_progress(found)
            if has_ended(found):
                return found
        waited += pause
        yield Pause(pause)
