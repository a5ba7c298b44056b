"""A call from its first try to its end, as steps that somebody else takes: nothing here sends or sleeps.

An exchange is a generator. It yields the next step, is sent what came of it, and returns the result. The drivers take
the steps, one of them in turn and one on an event loop.
"""

from collections.abc import Callable, Generator
from http import HTTPStatus
from typing import Any, TypeVar

import msgspec

from leadlight.client.calls import Answer, Call
from leadlight.client.errors import LeadlightError, Unreachable
from leadlight.client.retrying import Retrying

T = TypeVar("T")

_NOT_DONE = {HTTPStatus.TOO_MANY_REQUESTS}
_FOR_A_MOMENT = {HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT}


class Send(msgspec.Struct, frozen=True):
    """One try. It comes to an Answer, or to a Lost."""

    call: Call[Any]


class Pause(msgspec.Struct, frozen=True):
    seconds: float


class Lost(msgspec.Struct, frozen=True):
    """No answer, and why. `maybe_done`: the request was under way. `hopeless`: it will not be better next time."""

    reason: str
    maybe_done: bool = True
    hopeless: bool = False


Exchange = Generator[Send | Pause, Any, T]
Talk = Generator[Call[Any] | Pause, Any, T]
"""Several calls: each comes to what it answers, or its error is raised where it was yielded."""


class Terms(msgspec.Struct, frozen=True):
    """What exchanges go by. `clock` in seconds, from any start; `random`: from 0 to 1."""

    retrying: Retrying
    clock: Callable[[], float]
    random: Callable[[], float]
    new_key: Callable[[], str]


def exchange(work: Call[T] | Talk[T], terms: Terms) -> Exchange[T]:
    """All steps of a call, or of several."""
    if isinstance(work, Call):
        return (yield from _call(work, terms))
    step = next(work)
    while True:
        try:
            if isinstance(step, Pause):
                yield step
                step = next(work)
                continue
            try:
                found = yield from _call(step, terms)
            except LeadlightError as error:
                step = work.throw(error)
            else:
                step = work.send(found)
        except StopIteration as end:
            result: T = end.value
            return result


def _call(call: Call[T], terms: Terms) -> Exchange[T]:
    """Tries until there is an answer to return, an error to raise, or no more patience."""
    call = call.keyed(terms.new_key)
    began_at = terms.clock()
    tries = 0
    while True:
        outcome: Answer | Lost = yield Send(call)
        tries += 1
        if isinstance(outcome, Answer) and outcome.is_good:
            return call.read(outcome)
        pause = None
        if _may_repeat(call, outcome):
            retry_after = outcome.retry_after if isinstance(outcome, Answer) else None
            elapsed = terms.clock() - began_at
            pause = terms.retrying.pause(tries, elapsed_seconds=elapsed, random=terms.random, retry_after=retry_after)
        if pause is None:
            raise _error(call, outcome)
        yield Pause(pause)


def _error(call: Call[Any], outcome: Answer | Lost) -> LeadlightError:
    if isinstance(outcome, Answer):
        return outcome.error()
    return Unreachable(outcome.reason, outcome.maybe_done and call.method != "GET")


def _may_repeat(call: Call[Any], outcome: Answer | Lost) -> bool:
    """Whether another try may end better, and does no harm."""
    if call.sink is not None and not call.sink.is_fresh:
        return False
    if isinstance(outcome, Lost):
        return not outcome.hopeless and (call.repeatable or not outcome.maybe_done)
    if call.upload is not None and not call.upload.can_be_read_again:
        return False
    return outcome.status in _NOT_DONE or (call.repeatable and outcome.status in _FOR_A_MOMENT)
