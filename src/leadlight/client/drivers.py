"""The two that really send: one in turn, one on an event loop. What is sent, and when again, others say."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Generator, Iterator
from typing import Any, TypeVar

import httpx

from leadlight.client.calls import Answer, Call, Page, following
from leadlight.client.exchange import Lost, Send, Talk, Terms, exchange
from leadlight.client.following import Place, Stream, is_stream

T = TypeVar("T")

_PREFIX = "/api/v1"
_CONNECT_SECONDS = 10.0
_NOTHING_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError)


def timeout_of(seconds: float) -> httpx.Timeout:
    """For a server's silence; that many calls of one client wait for each other is not the server's fault."""
    return httpx.Timeout(seconds, connect=min(seconds, _CONNECT_SECONDS), pool=None)


class Driver:
    """What both have in common. `url`: the server's, for errors to name."""

    def __init__(self, url: str, terms: Terms) -> None:
        self.url = url
        self.terms = terms

    def _request(self, call: Call[Any], body: dict[str, Any]) -> dict[str, Any]:
        """The call as httpx takes it."""
        headers = dict(call.headers)
        if call.content is not None:
            headers["Content-Type"] = "application/json"
        request: dict[str, Any] = {"method": call.method, "url": _PREFIX + call.path, "headers": headers, **body}
        if call.params:
            request["params"] = dict(call.params)
        if call.timeout_seconds is not None:
            request["timeout"] = timeout_of(call.timeout_seconds)
        return request

    def _lost(self, error: httpx.HTTPError) -> Lost:
        why = str(error) or type(error).__name__
        if isinstance(error, _NOTHING_SENT):
            return Lost(f"{self.url} can't be reached: {why}", maybe_done=False)
        if isinstance(error, httpx.TimeoutException):
            return Lost(f"{self.url} did not answer in time")
        if isinstance(error, httpx.LocalProtocolError):
            return Lost(f"this can't be sent: {why}", hopeless=True)
        return Lost(f"the connection to {self.url} broke off: {why}")

    def _ended(self) -> Lost:
        return Lost(f"the stream of {self.url} ended")


class SyncDriver(Driver):
    def __init__(self, http: httpx.Client, url: str, terms: Terms, sleep: Callable[[float], object]) -> None:
        super().__init__(url, terms)
        self.http = http
        self._sleep = sleep

    def do(self, work: Call[T] | Talk[T]) -> T:
        steps = exchange(work, self.terms)
        outcome: object = None
        while True:
            try:
                step = steps.send(outcome)
            except StopIteration as end:
                result: T = end.value
                return result
            outcome = self._send(step.call) if isinstance(step, Send) else self._sleep(step.seconds)

    def items(self, call: Call[Page[T]]) -> Iterator[T]:
        """Everything in a list, page after page."""
        rest: Call[Page[T]] | None = call
        while rest is not None:
            page = self.do(rest)
            yield from page.items
            rest = following(rest, page)

    def follow(self, stream: Stream[T]) -> Generator[T, None, None]:
        """Everything that a stream brings, connection after connection."""
        place = Place(stream, self.terms)
        while True:
            try:
                with self.http.stream(**self._request(place.call(), {})) as response:
                    if is_stream(response.status_code, response.headers):
                        for piece in response.iter_raw():
                            yield from place.take(piece)
                        end: Answer | Lost = self._ended()
                    else:
                        end = Answer(response.status_code, dict(response.headers), response.read())
            except httpx.HTTPError as error:
                end = self._lost(error)
            self._sleep(place.pause(end))

    def _send(self, call: Call[Any]) -> Answer | Lost:
        try:
            with call.body() as body, self.http.stream(**self._request(call, body)) as response:
                if call.sink is None or not response.is_success:
                    return Answer(response.status_code, dict(response.headers), response.read())
                written = 0
                with call.sink.opened() as write:
                    for piece in response.iter_bytes():
                        write(piece)
                        written += len(piece)
                return Answer(response.status_code, dict(response.headers), b"", written)
        except httpx.HTTPError as error:
            return self._lost(error)


class AsyncDriver(Driver):
    def __init__(
        self, http: httpx.AsyncClient, url: str, terms: Terms, sleep: Callable[[float], Awaitable[object]]
    ) -> None:
        super().__init__(url, terms)
        self.http = http
        self._sleep = sleep

    async def do(self, work: Call[T] | Talk[T]) -> T:
        steps = exchange(work, self.terms)
        outcome: object = None
        while True:
            try:
                step = steps.send(outcome)
            except StopIteration as end:
                result: T = end.value
                return result
            outcome = await (self._send(step.call) if isinstance(step, Send) else self._sleep(step.seconds))

    async def items(self, call: Call[Page[T]]) -> AsyncIterator[T]:
        """Everything in a list, page after page."""
        rest: Call[Page[T]] | None = call
        while rest is not None:
            page = await self.do(rest)
            for item in page.items:
                yield item
            rest = following(rest, page)

    async def follow(self, stream: Stream[T]) -> AsyncGenerator[T, None]:
        """Everything that a stream brings, connection after connection."""
        place = Place(stream, self.terms)
        while True:
            try:
                async with self.http.stream(**self._request(place.call(), {})) as response:
                    if is_stream(response.status_code, response.headers):
                        async for piece in response.aiter_raw():
                            for event in place.take(piece):
                                yield event
                        end: Answer | Lost = self._ended()
                    else:
                        end = Answer(response.status_code, dict(response.headers), await response.aread())
            except httpx.HTTPError as error:
                end = self._lost(error)
            await self._sleep(place.pause(end))

    async def _send(self, call: Call[Any]) -> Answer | Lost:
        try:
            with call.body() as body:
                async with self.http.stream(**self._request(call, body)) as response:
                    if call.sink is None or not response.is_success:
                        return Answer(response.status_code, dict(response.headers), await response.aread())
                    written = 0
                    with call.sink.opened() as write:
                        async for piece in response.aiter_bytes():
                            write(piece)
                            written += len(piece)
                    return Answer(response.status_code, dict(response.headers), b"", written)
        except httpx.HTTPError as error:
            return self._lost(error)
