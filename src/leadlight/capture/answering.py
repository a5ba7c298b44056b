"""One request without a key, and how it is answered: people get pages, programs the envelope, other websites CORS."""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote

import msgspec
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response

from leadlight.capture.form import ANY_ORIGIN, Form
from leadlight.capture.parsing import MediaType, media_type
from leadlight.capture.thanks import Page, problem_page, refusal_page
from leadlight.errors import Forbidden, InvalidInput, LeadlightError, RateLimitExceeded, StoreUnavailable
from leadlight.http.errors import RETRY_AFTER_SECONDS, STATUS, error_body
from leadlight.http.requests import is_of, read_whole
from leadlight.http.unread import closes_unread, discard_body

_READABLE = "Idempotency-Replayed, Retry-After, X-Request-Id"
_SENDABLE = "Content-Type, Idempotency-Key, X-Request-Id"
_PREFLIGHT_SECONDS = "600"
_MAX_ORIGIN = 200
_OF_URLS = ":/%#?=@[]!$&'()*+,;~"  # all else is escaped: a header has no room for every letter


class Exchange:
    """`as_page`: a person looks at the answer. `headers`: of the answer, whatever it will be."""

    def __init__(self, request: Request, *, as_page: bool = False) -> None:
        self.request = request
        self.headers = {"cache-control": "no-store"}
        self._as_page = as_page
        self._has_read = False
        request.state.operation = "capture"

    async def answer(self, work: Callable[["Exchange"], Awaitable[Response]]) -> Response:
        """What some work answers, or why it does not."""
        try:
            return await work(self)
        except LeadlightError as error:
            scope, headers = self.request.scope, dict(self.request.scope["headers"])
            if not self._has_read and closes_unread(scope, headers):
                await discard_body(self.request.receive)
            return self._refuse(error)

    async def body(self, limit: int) -> bytes:
        """Raises PayloadTooLarge, BadRequest."""
        body = await read_whole(self.request, limit)
        self._has_read = True
        return body

    def allow_origin(self, form: Form) -> None:
        """Lets the page that asks read the answer. Raises Forbidden for a website that is not one of the form's.

        Programs say no origin, and neither does what is no page; a page of ours may send any form.
        """
        self.headers["vary"] = "Origin, Accept"
        origin = self.request.headers.get("origin")
        if origin is None or is_of(origin, self.request.headers.get("host", "")):
            return
        if not form.settings.allows(origin):
            message = "This website may not send this form; its owner can name it in the form's allowedOrigins"
            raise Forbidden(message, origin=origin[:_MAX_ORIGIN])
        allowed = ANY_ORIGIN if ANY_ORIGIN in form.settings.allowed_origins else origin
        self.headers |= {"access-control-allow-origin": allowed, "access-control-expose-headers": _READABLE}

    def preflight(self) -> Response:
        """Answers what a browser asks before it lets a page of another origin post."""
        return Response(
            status_code=204,
            headers={
                **self.headers,
                "allow": "OPTIONS, POST",
                "access-control-allow-methods": "POST",
                "access-control-allow-headers": _SENDABLE,
                "access-control-max-age": _PREFLIGHT_SECONDS,
            },
        )

    def data(self, data: Any) -> Response:
        """A success, in the envelope (contract §1)."""
        body = msgspec.json.encode({"success": True, "data": data})
        return Response(body, headers=self.headers, media_type="application/json")

    def thanks(self, data: Any, next_url: str) -> Response:
        """The same, or for a person the way to the page that says thanks."""
        if not self._as_page:
            return self.data(data)
        return Response(status_code=303, headers={**self.headers, "location": quote(next_url, safe=_OF_URLS)})

    def page(self, page: Page, status: int = 200) -> Response:
        headers = {**self.headers, "content-security-policy": page.policy}
        return Response(page.html, status, headers, media_type="text/html")

    def _refuse(self, error: LeadlightError) -> Response:
        status = STATUS[error.code]
        if isinstance(error, RateLimitExceeded):
            self.headers["retry-after"] = str(error.retry_after)
        elif isinstance(error, StoreUnavailable):
            self.headers["retry-after"] = str(RETRY_AFTER_SECONDS)
        if not self._as_page:
            body = error_body(error, self.request.state.request_id)
            return Response(body, status, self.headers, media_type="application/json")
        problems = error.problems if isinstance(error, InvalidInput) else ()
        return self.page(problem_page(problems) if problems else refusal_page(error.message), status)


def wants_page(headers: Headers) -> bool:
    """Whether a person looks at the answer: a browser went there, and no script of a page asked."""
    mode = headers.get("sec-fetch-mode")
    if mode is not None and mode != "navigate":
        return False
    accepted = headers.get("accept", "").lower()
    if "text/html" in accepted:
        return True
    is_form = media_type(headers.get("content-type", "")) in (MediaType.URLENCODED, MediaType.MULTIPART)
    return is_form and "application/json" not in accepted
