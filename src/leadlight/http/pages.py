"""Everything outside of /api/: health, metrics, the OpenAPI document and the page that shows it, and what is added."""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from functools import cache
from time import perf_counter
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from leadlight.clock import Clock
from leadlight.errors import LeadlightError, StoreUnavailable
from leadlight.http.access_log import AccessLog, Noted
from leadlight.http.errors import (
    RETRY_AFTER_SECONDS,
    STATUS,
    InternalError,
    MethodNotAllowed,
    RouteNotFound,
    error_body,
)
from leadlight.http.metrics import CONTENT_TYPE, Metrics
from leadlight.http.reference_page import render_reference
from leadlight.http.request_id import request_id

logger = logging.getLogger("leadlight.http")

_SECURITY_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
]


def pages(
    *,
    document: Callable[[], Mapping[str, Any]],
    metrics: Metrics,
    access_log: AccessLog,
    clock: Clock,
    beat: Callable[[], Awaitable[None]],
    lifespan: Callable[[Starlette], AbstractAsyncContextManager[None]],
    routes: Sequence[BaseRoute] = (),
) -> ASGIApp:
    """The application around the API. `document` makes the OpenAPI document, when somebody asks for it.

    `beat` writes to the store, or raises StoreUnavailable.

    `routes`: further ones. By `request.state.operation` they say as what they are logged and counted.
    """

    async def live(request: Request) -> Response:
        return _json({"status": "ok"})

    async def ready(request: Request) -> Response:
        try:
            await beat()
        except StoreUnavailable:
            return _json({"status": "unavailable", "store": "does not take writes"}, 503)
        return _json({"status": "ok", "store": "ok"})

    async def show_metrics(request: Request) -> Response:
        access_log.flush()
        return Response(await metrics.render(), headers={"content-type": CONTENT_TYPE.decode()})

    described = cache(document)
    encoded = cache(lambda: msgspec.json.encode(described()))

    async def openapi(request: Request) -> Response:
        return Response(encoded(), media_type="application/json")

    reference = cache(lambda: render_reference(described()))

    async def docs(request: Request) -> Response:
        page = reference()
        policy = f"default-src 'none'; style-src 'sha256-{page.style_hash}'; frame-ancestors 'none'; base-uri 'none'"
        return Response(page.html, media_type="text/html", headers={"content-security-policy": policy})

    application = Starlette(
        routes=[
            Route("/docs", docs),
            Route("/openapi.json", openapi),
            Route("/health/live", live),
            Route("/health/ready", ready),
            Route("/metrics", show_metrics),
            *routes,
        ],
        exception_handlers={HTTPException: _refuse, Exception: _fail},
        lifespan=lifespan,
    )
    return _Surroundings(application, access_log, clock)


class _Surroundings:
    """What every answer gets: a request id, the security headers, a line in the log, a place in the counts."""

    def __init__(self, application: ASGIApp, access_log: AccessLog, clock: Clock) -> None:
        self._application = application
        self._access_log = access_log
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        began_at, started, status = self._clock(), perf_counter(), 500
        id_ = request_id(dict(scope["headers"]).get(b"x-request-id"))
        scope["state"]["request_id"] = id_.decode()

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *_SECURITY_HEADERS, (b"x-request-id", id_)]
            await send(message)

        try:
            await self._application(scope, receive, send_with_headers)
        except Exception:  # Starlette has answered with _fail by now, and raises it again for the log
            logger.exception("a page failed", extra={"request_id": id_.decode()})
        seconds = perf_counter() - started
        operation = scope["state"].get("operation", "page")
        self._access_log.note(Noted(began_at, id_, scope["method"], operation, status, seconds, None))


async def _refuse(request: Request, exception: Exception) -> Response:
    assert isinstance(exception, HTTPException)  # noqa: S101  (registered for this type alone)
    if exception.status_code != 405:
        return _error_response(RouteNotFound(), request.state.request_id)
    allowed = ", ".join(sorted((exception.headers or {})["Allow"].split(", ")))
    response = _error_response(MethodNotAllowed(request.method, allowed), request.state.request_id)
    response.headers["Allow"] = allowed
    return response


async def _fail(request: Request, exception: Exception) -> Response:
    return _error_response(InternalError(), request.state.request_id)


def _error_response(error: LeadlightError, id_: str) -> Response:
    return Response(error_body(error, id_), STATUS[error.code], media_type="application/json")


def _json(value: object, status: int = 200) -> Response:
    headers = {"cache-control": "no-store"} | ({"retry-after": str(RETRY_AFTER_SECONDS)} if status == 503 else {})
    return Response(msgspec.json.encode(value), status, headers, media_type="application/json")
