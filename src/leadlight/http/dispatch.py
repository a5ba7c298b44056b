"""The ASGI callable that serves the table of Operations: the one place where bytes become values.

A request goes through: route, authentication, scope, rate limit, id format, query and body,
handler, envelope (contract §1). Nothing here awaits a lock or a thread; a look-up is one pass, and
one round trip to Valkey where processes share their rate limits.
"""

import logging
import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from time import perf_counter
from typing import Any

import msgspec

from leadlight.clock import Clock
from leadlight.errors import (
    InsufficientScope,
    InvalidId,
    LeadlightError,
    RateLimitExceeded,
    StoreUnavailable,
    Unauthenticated,
)
from leadlight.http.access_log import Noted
from leadlight.http.arguments import decode_all, is_known
from leadlight.http.auth import Authenticator
from leadlight.http.download import Download, send_download
from leadlight.http.errors import (
    RETRY_AFTER_SECONDS,
    STATUS,
    BadRequest,
    InternalError,
    MethodNotAllowed,
    PayloadTooLarge,
    UnsupportedMediaType,
    error_body,
)
from leadlight.http.operation import Operation, Reply, Stream
from leadlight.http.protocol import write_whole
from leadlight.http.ratelimit import Usage, Windows
from leadlight.http.request_id import request_id
from leadlight.http.routing import Routes
from leadlight.http.sse import MEDIA_TYPE
from leadlight.http.streaming import OpenStreams, Pieces
from leadlight.http.unread import closes_unread, discard_body
from leadlight.http.upload import Upload
from leadlight.principal import Principal

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

logger = logging.getLogger("leadlight.http")

_JSON = re.compile(rb"application/(?:[\w.+\-]+\+)?json\s*(?:;\s*charset\s*=\s*\"?utf-?8\"?\s*)?;?\s*", re.IGNORECASE)
_COMMON: Headers = [
    (b"content-type", b"application/json"),
    (b"x-content-type-options", b"nosniff"),
]
_STREAMING: Headers = [
    (b"content-type", MEDIA_TYPE.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # asks proxies to pass on each piece as it comes
]
_NOTHING: dict[str, Any] = {}


class _Exchange(msgspec.Struct):
    """What is known of a request so far; an error's answer needs it too."""

    request_id: bytes
    began_at: int
    operation: str = "unmatched"
    caller: Principal | None = None
    usage: Usage | None = None
    body_ended: bool = False


class _Answer(msgspec.Struct):
    status: int
    body: bytes
    headers: Headers
    pieces: Pieces | None = None


class Dispatch:
    def __init__(
        self,
        operations: Iterable[Operation],
        *,
        authenticator: Authenticator,
        windows: Windows,
        failures: Windows,
        note: Callable[[Noted], None],
        clock: Clock,
        rate_limit: int,
        failure_limit: int,
        max_body_bytes: int,
        max_upload_bytes: int,
        streams: OpenStreams,
        elsewhere: Application,
        end_elsewhere: Callable[[], None] = lambda: None,
    ) -> None:
        """`end_elsewhere`: ends the answers of `elsewhere` that would go on."""
        self._routes = Routes(operations)
        self._authenticator = authenticator
        self._windows = windows
        self._failures = failures
        self._note = note
        self._clock = clock
        self._rate_limit = rate_limit
        self._failure_limit = failure_limit
        self._max_body_bytes = max_body_bytes
        self._max_upload_bytes = max_upload_bytes
        self._streams = streams
        self._elsewhere = elsewhere
        self._end_elsewhere = end_elsewhere
        self._encode = msgspec.json.Encoder().encode

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves what is under `/api/`, and leaves everything else to the pages around it."""
        if scope["type"] != "http" or not scope["path"].startswith("/api/"):
            await self._elsewhere(scope, receive, send)
            return
        started = perf_counter()
        headers: dict[bytes, bytes] = dict(scope["headers"])
        exchange = _Exchange(request_id(headers.get(b"x-request-id")), self._clock())
        try:
            answer = await self._serve(exchange, scope, headers, receive)
        except LeadlightError as error:
            if not exchange.body_ended and closes_unread(scope, headers):
                await discard_body(receive)
            answer = self._refuse(exchange, error)
        except Exception as error:
            text = exchange.request_id.decode()
            logger.exception("%s failed", exchange.operation, extra={"request_id": text})
            answer = self._refuse(exchange, InternalError().with_traceback(error.__traceback__))
        answer.headers.append((b"x-request-id", exchange.request_id))
        if exchange.usage is not None:
            answer.headers.extend(_usage_headers(exchange.usage))
        if answer.pieces is not None and scope["method"] != "HEAD":
            seconds = perf_counter() - started  # until it begins: how long it goes on says nothing of the server
            began_at, id_, caller = exchange.began_at, exchange.request_id, exchange.caller
            self._note(Noted(began_at, id_, "GET", exchange.operation, answer.status, seconds, caller))
            authorization, pieces = headers[b"authorization"], answer.pieces
            if answer.headers[0] != _STREAMING[0]:
                head = {"type": "http.response.start", "status": answer.status, "headers": answer.headers}
                await send_download(head, pieces, receive, send)
                return
            await self._stream(exchange, answer, pieces, authorization=authorization, receive=receive, send=send)
            return
        if answer.pieces is not None:
            await answer.pieces.aclose()
        if not write_whole(send, answer.status, answer.headers, answer.body):
            await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
            await send({"type": "http.response.body", "body": answer.body})
        self._note(
            Noted(
                exchange.began_at,
                exchange.request_id,
                scope["method"],
                exchange.operation,
                answer.status,
                perf_counter() - started,
                exchange.caller,
            )
        )

    def end_streams(self) -> None:
        """Ends the answers that would go on; their clients come back, and find another server."""
        self._streams.end()
        self._end_elsewhere()

    async def _serve(self, exchange: _Exchange, scope: Scope, headers: dict[bytes, bytes], receive: Receive) -> _Answer:
        method, path = scope["method"], scope["path"]
        if method == "OPTIONS":
            return _Answer(204, b"", [(b"allow", self._routes.allowed(path).encode())])
        operation, path_id = self._routes.match(method, path)
        exchange.operation = operation.id

        now = exchange.began_at
        authorization = headers.get(b"authorization")
        caller = self._authenticator.cached(authorization, now)
        if caller is None:
            caller = await self._authenticate(scope, authorization)
        exchange.caller = caller
        await self._admit(exchange, caller, operation, now // 1000)
        arguments: list[Any] = [caller]
        if operation.path_id is not None:
            if not operation.path_id.accepts(path_id):
                raise InvalidId(operation.path_id, path_id)
            arguments.append(path_id)
        query_string = scope["query_string"]
        named = _NOTHING
        if operation.body_decoder is not None or operation.reads_headers:
            body = await self._body(exchange, operation, headers, receive)
            given, named = decode_all(operation, headers, path_id=path_id, query_string=query_string, body=body)
            arguments += given
        elif query_string or operation.query is not None:
            query = operation.query_decoder.decode(query_string)
            arguments += [query] if operation.query is not None else []
        if operation.uploads is not None:
            arguments.append(await self._begin_upload(exchange, headers, receive, operation))
        return self._answer(operation, await operation.handler(*arguments, **named), headers)

    async def _authenticate(self, scope: Scope, header: bytes | None) -> Principal:
        try:
            return await self._authenticator.look_up(header)
        except Unauthenticated:
            if self._failure_limit:
                now = self._clock() // 1000
                address = scope["client"][0] if scope.get("client") else "unknown"
                usage = await self._failures.hit(address, self._failure_limit, now)
                if not usage.allowed:
                    raise _exceeded(usage, now) from None
            raise

    async def _admit(self, exchange: _Exchange, caller: Principal, operation: Operation, now: int) -> None:
        """Scope first, then the window: a request that is refused does not count."""
        limit = self._rate_limit if caller.rate_limit is None else caller.rate_limit
        if operation.scope is not None and not caller.may(operation.scope):
            if limit:
                exchange.usage = await self._windows.look(caller.actor.id, limit, now)
            raise InsufficientScope(operation.scope.value)
        if limit:
            usage = exchange.usage = await self._windows.hit(caller.actor.id, limit, now)
            if not usage.allowed:
                raise _exceeded(usage, now)

    async def _body(
        self, exchange: _Exchange, operation: Operation, headers: dict[bytes, bytes], receive: Receive
    ) -> bytes:
        """The JSON that an operation gets, or nothing if it wants none."""
        if operation.body_decoder is None:
            return b""
        body = await self._read_body(exchange, headers, receive, max(self._max_body_bytes, operation.body_bytes))
        if not body and operation.body_optional:
            return b"{}"
        if _JSON.fullmatch(media_type := headers.get(b"content-type", b"application/json")) is None:
            raise UnsupportedMediaType(media_type.decode("latin-1"))
        return body

    async def _read_body(self, exchange: _Exchange, headers: dict[bytes, bytes], receive: Receive, limit: int) -> bytes:
        announced = headers.get(b"content-length", b"")
        if announced.isdigit() and int(announced[:19]) > limit:
            raise PayloadTooLarge(limit)
        body = b""
        while not exchange.body_ended:
            message = await receive()
            exchange.body_ended = not message.get("more_body", False)
            if message["type"] == "http.disconnect":
                raise BadRequest("The body broke off before its end")
            body += message.get("body", b"")
            if len(body) > limit:
                raise PayloadTooLarge(limit)
        return body

    async def _begin_upload(
        self, exchange: _Exchange, headers: dict[bytes, bytes], receive: Receive, operation: Operation
    ) -> Upload:
        async def noted() -> MutableMapping[str, Any]:
            message = await receive()
            exchange.body_ended = not message.get("more_body", False)
            return message

        upload = Upload(
            noted,
            headers.get(b"content-type", b""),
            names=operation.uploads or (),
            limit=self._max_upload_bytes,
            announced=headers.get(b"content-length", b""),
        )
        await upload.begin()
        return upload

    def _answer(self, operation: Operation, value: Any, request: dict[bytes, bytes]) -> _Answer:
        if type(value) is Stream:
            return _Answer(operation.status, b"", _STREAMING.copy(), value.pieces)
        if type(value) is Download:
            return _Answer(operation.status, b"", value.headers(), value.pieces)
        reply = value if type(value) is Reply else Reply(value)
        headers = _COMMON.copy()
        status = operation.status
        if reply.existing and operation.existing_status is not None:
            status = operation.existing_status
        if reply.etag is not None:
            headers.append((b"etag", reply.etag.encode()))
            headers.append((b"cache-control", b"private, no-cache"))
            if operation.method == "GET" and is_known(reply.etag, request):
                return _Answer(304, b"", headers[1:])
        else:
            headers.append((b"cache-control", b"no-store"))
        if reply.location is not None:
            headers.append((b"location", reply.location.encode()))
        if reply.replayed:
            headers.append((b"idempotency-replayed", b"true"))
        start = b'{"success":true,'
        if operation.message is not None:
            start += b'"message":' + self._encode(operation.message) + b","
        body = start + b'"data":' + self._encode(reply.data) + b"}"
        headers.append((b"content-length", b"%d" % len(body)))
        return _Answer(status, body, headers)

    async def _stream(
        self,
        exchange: _Exchange,
        answer: _Answer,
        pieces: Pieces,
        *,
        authorization: bytes,
        receive: Receive,
        send: Send,
    ) -> None:
        head = {"type": "http.response.start", "status": answer.status, "headers": answer.headers}
        try:
            await self._streams.serve(head, pieces, authorization=authorization, receive=receive, send=send)
        except Exception:  # its answer has begun: all that can be done is to end it, and its client comes back
            logger.exception("%s failed", exchange.operation, extra={"request_id": exchange.request_id.decode()})

    def _refuse(self, exchange: _Exchange, error: LeadlightError) -> _Answer:
        body = error_body(error, exchange.request_id.decode())
        headers = [*_COMMON, (b"cache-control", b"no-store"), (b"content-length", b"%d" % len(body))]
        match error:
            case Unauthenticated():
                headers.append((b"www-authenticate", b"Bearer"))
            case MethodNotAllowed():
                headers.append((b"allow", error.allowed.encode()))
            case RateLimitExceeded():
                headers.append((b"retry-after", b"%d" % error.retry_after))
            case StoreUnavailable():
                headers.append((b"retry-after", b"%d" % RETRY_AFTER_SECONDS))
        return _Answer(STATUS[error.code], body, headers)


def _exceeded(usage: Usage, now: int) -> RateLimitExceeded:
    return RateLimitExceeded(usage.limit, usage.reset_at, max(1, usage.reset_at - now))


def _usage_headers(usage: Usage) -> Headers:
    return [
        (b"x-ratelimit-limit", b"%d" % usage.limit),
        (b"x-ratelimit-remaining", b"%d" % usage.remaining),
        (b"x-ratelimit-used", b"%d" % usage.used),
        (b"x-ratelimit-reset", b"%d" % usage.reset_at),
    ]
