"""What everybody may post to, for there is no key in a browser: forms of websites, and the webhooks of platforms."""

from collections.abc import Awaitable, Callable
from functools import partial

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from leadlight.capture import google_ads, meta, tally, typeform
from leadlight.capture.answering import Exchange, wants_page
from leadlight.capture.bots import start_token
from leadlight.capture.form import Form, FormSecrets
from leadlight.capture.parsing import media_type
from leadlight.capture.processing import apart_if_large
from leadlight.capture.reading import external_id
from leadlight.capture.receiving import Posted, Receiving
from leadlight.capture.service import FormService
from leadlight.capture.snippet import start_script
from leadlight.capture.submission import MAX_BODY, Context, SubmissionKind
from leadlight.capture.thanks import thank_you_page
from leadlight.clock import SECOND, Clock
from leadlight.errors import Conflict, Forbidden, RateLimitExceeded
from leadlight.http.errors import RouteNotFound, UnsupportedMediaType
from leadlight.http.idempotency import idempotency_key
from leadlight.http.ratelimit import Windows
from leadlight.ids import FORM

_FORM = "/capture/{form_id}"
_MAX_HEADER = 1_000
_MAX_QUERY = 8_000

Work = Callable[[Exchange], Awaitable[Response]]


class PublicRoutes:
    """`windows`: of each form and address, a minute long. `failures`: the server's own, of failed authentications."""

    def __init__(
        self,
        forms: FormService,
        receiving: Receiving,
        clock: Clock,
        *,
        windows: Windows,
        failures: Windows,
        failure_limit: int,
        max_body_bytes: int,
    ) -> None:
        self._forms = forms
        self._receiving = receiving
        self._clock = clock
        self._windows = windows
        self._failures = failures
        self._failure_limit = failure_limit
        self._max_body_bytes = min(max_body_bytes, MAX_BODY)

    def routes(self) -> list[BaseRoute]:
        return [
            Route(_FORM, self._form, methods=["POST", "OPTIONS"]),
            Route(f"{_FORM}/thanks", _answered(self._thanks, as_page=True)),
            Route(f"{_FORM}/start.js", _answered(self._start)),
            Route(f"{_FORM}/google-ads", self._of_platform(SubmissionKind.GOOGLE_ADS), methods=["POST"]),
            Route(f"{_FORM}/meta", self._meta, methods=["GET", "POST"]),
            Route(f"{_FORM}/typeform", self._of_platform(SubmissionKind.TYPEFORM), methods=["POST"]),
            Route(f"{_FORM}/tally", self._of_platform(SubmissionKind.TALLY), methods=["POST"]),
        ]

    # Visitors

    async def _form(self, request: Request) -> Response:
        return await Exchange(request, as_page=wants_page(request.headers)).answer(self._submit)

    async def _submit(self, exchange: Exchange) -> Response:
        request = exchange.request
        form = await self._find(request)
        exchange.allow_origin(form)
        if request.method == "OPTIONS":
            return exchange.preflight()
        await self._admit(form, request)
        content_type = request.headers.get("content-type", "application/json")
        if media_type(content_type) is None:
            raise UnsupportedMediaType(content_type[:_MAX_HEADER], "Send a form of HTML, or JSON")
        key = idempotency_key(_header(request, "idempotency-key"), "submit", b"", b"")
        posted = Posted(
            SubmissionKind.FORM,
            content_type[:_MAX_HEADER],
            await exchange.body(self._max_body_bytes),
            None if key is None else key.key,
            _context(request),
        )
        [received] = await self._receiving.receive(form, [posted])
        if isinstance(received.error, Conflict):
            raise Conflict(received.error.message)  # who is there already is nothing to tell a stranger
        if received.error is not None:
            raise received.error
        if received.is_repeat:
            exchange.headers["idempotency-replayed"] = "true"
        data = {"submissionId": received.submission.id}
        return exchange.thanks(data, form.settings.redirect_url or f"{form.id}/thanks")

    async def _thanks(self, exchange: Exchange) -> Response:
        await self._find(exchange.request)
        return exchange.page(thank_you_page())

    async def _start(self, exchange: Exchange) -> Response:
        """A script with the time of this moment in it, which pages of other websites load."""
        form = await self._find(exchange.request)
        script = start_script(form.id, start_token(form.secrets.signing_key, self._clock()))
        headers = {**exchange.headers, "cross-origin-resource-policy": "cross-origin"}
        return Response(script, headers=headers, media_type="text/javascript")

    # Platforms

    def _of_platform(self, kind: SubmissionKind) -> Callable[[Request], Awaitable[Response]]:
        return _answered(partial(self._deliver, kind))

    async def _meta(self, request: Request) -> Response:
        work = partial(self._deliver, SubmissionKind.META) if request.method == "POST" else self._shake_hands
        return await Exchange(request).answer(work)

    async def _shake_hands(self, exchange: Exchange) -> Response:
        form = await self._find(exchange.request)
        answer = meta.challenge(dict(exchange.request.query_params), form.secrets.meta_verify_token)
        if answer is None:
            await self._note_failure(exchange.request)
            raise Forbidden("hub.verify_token is not the form's metaVerifyToken, or this is no subscription")
        return PlainTextResponse(answer, headers=exchange.headers)

    async def _deliver(self, kind: SubmissionKind, exchange: Exchange) -> Response:
        request = exchange.request
        form = await self._find(request)
        body = await exchange.body(self._max_body_bytes)
        signature = request.headers.get(_SIGNATURES.get(kind, ""))
        deliveries = await apart_if_large(len(body), _verified, kind, body, signature, form.secrets)
        if deliveries is None:
            await self._note_failure(request)
            raise Forbidden("This was not signed with the form's secret, or the form has none for this platform")
        context = Context(query=_context(request).query)
        posted = [Posted(kind, "application/json", *delivery, context) for delivery in deliveries]
        received = await self._receiving.receive(form, posted)
        return exchange.data({"submissionIds": [each.submission.id for each in received]})

    # Both

    async def _find(self, request: Request) -> Form:
        form_id = request.path_params["form_id"]
        if not FORM.accepts(form_id):
            raise RouteNotFound
        return await self._forms.find_form(form_id)

    async def _admit(self, form: Form, request: Request) -> None:
        limit = form.settings.rate_limit_per_minute
        if limit:
            await self._count(self._windows, f"{form.id} {_address(request)}", limit)

    async def _note_failure(self, request: Request) -> None:
        if self._failure_limit:
            await self._count(self._failures, _address(request), self._failure_limit)

    async def _count(self, windows: Windows, name: str, limit: int) -> None:
        now = self._clock() // SECOND
        usage = await windows.hit(name, limit, now)
        if not usage.allowed:
            raise RateLimitExceeded(usage.limit, usage.reset_at, max(1, usage.reset_at - now))


_SIGNATURES = {
    SubmissionKind.META: "x-hub-signature-256",
    SubmissionKind.TYPEFORM: "typeform-signature",
    SubmissionKind.TALLY: "tally-signature",
}


def _verified(
    kind: SubmissionKind, body: bytes, signature: str | None, secrets: FormSecrets
) -> list[tuple[bytes, str | None]] | None:
    """What is to be stored of a platform's delivery, each with the platform's own id; None if it is not from there."""
    is_theirs: dict[SubmissionKind, Callable[[], bool]] = {
        SubmissionKind.GOOGLE_ADS: lambda: google_ads.verify(body, secrets.google_ads_key),
        SubmissionKind.META: lambda: meta.verify(body, signature, secrets.meta_app_secret),
        SubmissionKind.TYPEFORM: lambda: typeform.verify(body, signature, secrets.typeform_secret),
        SubmissionKind.TALLY: lambda: tally.verify(body, signature, secrets.tally_secret),
    }
    if not is_theirs[kind]():
        return None
    deliveries = [body]
    if kind is SubmissionKind.META:
        deliveries = meta.split(body)
    elif kind is SubmissionKind.GOOGLE_ADS:
        deliveries = [google_ads.without_key(body)]
    return [(delivery, external_id(kind, delivery)) for delivery in deliveries]


def _answered(work: Work, *, as_page: bool = False) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        return await Exchange(request, as_page=as_page).answer(work)

    return endpoint


def _context(request: Request) -> Context:
    query = request.scope["query_string"][:_MAX_QUERY].decode("latin-1")
    return Context(query, request.headers.get("referer", "")[:_MAX_QUERY])


def _address(request: Request) -> str:
    return request.client.host if request.client else "unknown"


def _header(request: Request, name: str) -> bytes | None:
    value = request.headers.get(name)
    return None if value is None else value.encode("latin-1")
