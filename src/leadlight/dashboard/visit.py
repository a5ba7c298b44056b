"""One request of a person's browser: who it is, whether the form is one of ours, and how it is answered."""

import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from leadlight.clock import SECOND
from leadlight.dashboard.form import Form
from leadlight.dashboard.rendering import page
from leadlight.errors import Forbidden, InvalidInput, LeadlightError, LeadNotFound, NotFound, Problem
from leadlight.http.requests import is_of, read_whole
from leadlight.http.unread import closes_unread, discard_body
from leadlight.http.upload import FILE, Upload
from leadlight.ids import LEAD, IdKind
from leadlight.people.service import SESSION_MILLISECONDS, Session
from leadlight.people.user import Membership
from leadlight.principal import Principal, Scope

COOKIE = "leadlight_session"
MAX_FORM_BYTES = 1 << 20
_FIELD_OF_SECRET = "csrf"  # noqa: S105  (its name)


class Visit:
    """`caller` and `membership` are of the workspace in the address.

    `session`: None where nobody has signed in. `is_open`: of a page for everybody, whose forms carry no secret.
    """

    def __init__(self, request: Request, session: Session | None, *, is_open: bool) -> None:
        self.request = request
        self._session = session
        self._is_open = is_open
        self._form: Form | None = None

    @property
    def session(self) -> Session:
        assert self._session is not None  # noqa: S101  (the pages behind the sign-in are not reached without one)
        return self._session

    @property
    def is_signed_in(self) -> bool:
        return self._session is not None

    @property
    def workspace_id(self) -> str:
        return str(self.request.path_params["workspace_id"])

    @property
    def home(self) -> str:
        return f"/w/{self.workspace_id}"

    @property
    def caller(self) -> Principal:
        caller = self.session.principal(self.workspace_id)
        assert caller is not None  # noqa: S101  (as above)
        return caller

    @property
    def membership(self) -> Membership:
        membership = self.session.membership(self.workspace_id)
        assert membership is not None  # noqa: S101  (as above)
        return membership

    @property
    def may_write(self) -> bool:
        return self.caller.may(Scope.LEADS_WRITE)

    @property
    def base_url(self) -> str:
        """Where this server is, as the browser calls it."""
        return f"{self.request.url.scheme}://{self.request.url.netloc}"

    @property
    def token(self) -> str:
        return self.request.cookies.get(COOKIE, "")

    @property
    def query(self) -> bytes:
        return bytes(self.request.scope["query_string"])

    @property
    def address(self) -> str:
        return self.request.client.host if self.request.client else "unknown"

    def path(self, name: str) -> str:
        """A part of the address."""
        return str(self.request.path_params[name])

    def id(self, kind: IdKind, name: str = "") -> str:
        """The id of a kind in the address. Raises NotFound for what can be none.

        `name`: of the part that it is; that of its kind, if not said.
        """
        id_ = self.path(name or f"{kind.name}_id")
        if kind.accepts(id_):
            return id_
        raise LeadNotFound(id_) if kind is LEAD else NotFound(f"There is no such {kind.name} in this workspace")

    async def form(self) -> Form:
        """The form that was sent. Raises Forbidden for one of another website's, PayloadTooLarge, BadRequest."""
        if self._form is None:
            self._demand_same_origin()
            self._form = Form.of(
                self.request.headers.get("content-type", ""), await read_whole(self.request, MAX_FORM_BYTES)
            )
            if not self._is_open:
                self._demand_secret(self._form[_FIELD_OF_SECRET])
        return self._form

    @asynccontextmanager
    async def upload(self, limit: int) -> AsyncIterator[Upload]:
        """The form with a file that was sent, which is read as it comes; its secret has to stand before the file.

        `limit`: of the file, in bytes. Raises Forbidden as `form` does, InvalidInput, BadRequest, PayloadTooLarge.
        """
        headers = self.request.headers
        if not headers.get("content-type", "").startswith("multipart/"):
            await self.form()
            raise InvalidInput([Problem(FILE, "Choose a file", "required")])
        self._demand_same_origin()
        upload = Upload(
            self.request.receive,
            headers["content-type"].encode("latin-1"),
            names=(_FIELD_OF_SECRET,),
            limit=limit,
            announced=headers.get("content-length", "").encode("latin-1"),
        )
        try:
            await upload.begin()
            self._demand_secret(upload.texts.get(_FIELD_OF_SECRET, ""))
            yield upload
        except LeadlightError:
            if not upload.body_ended and closes_unread(self.request.scope, dict(headers.raw)):
                await discard_body(self.request.receive)
            raise

    def _demand_same_origin(self) -> None:
        if not _is_same_origin(self.request):
            raise Forbidden("This form was sent by another website")

    def _demand_secret(self, sent: str) -> None:
        if not hmac.compare_digest(sent.encode("utf-8", "replace"), self.session.csrf.encode()):
            raise Forbidden("This page is an old one: reload it, and try again")

    def page(self, template: str, status: int = 200, **values: Any) -> Response:
        """A page of the workspace in the address, with the navigation around it."""
        return page(
            template,
            status,
            home=self.home,
            session=self.session,
            membership=self.membership,
            may_write=self.may_write,
            is_owner=self.caller.may(Scope.ADMIN),
            here=self.request.url.path,
            **values,
        )

    def let_in(self, response: Response, token: str) -> Response:
        """Gives the browser its session."""
        response.set_cookie(
            COOKIE,
            token,
            max_age=SESSION_MILLISECONDS // SECOND,
            secure=self.request.url.scheme == "https",
            httponly=True,
            samesite="lax",
        )
        return response

    def let_out(self, response: Response) -> Response:
        response.delete_cookie(COOKIE, secure=self.request.url.scheme == "https", httponly=True, samesite="lax")
        return response


def search_of(request: Request) -> str:
    """The address's query with its question mark, or nothing."""
    return f"?{request.url.query}" if request.url.query else ""


def sign_in_path(request: Request) -> str:
    """The way to the sign-in, and from there back to here."""
    if request.method != "GET" or request.url.path == "/":
        return "/sign-in"
    return f"/sign-in?next={quote(request.url.path + search_of(request), safe='')}"


def local_path(text: str) -> str:
    """A path of our own to go to, or the first page: never another website."""
    is_local = text.startswith("/") and not text.startswith("//") and "\\" not in text and text.isprintable()
    return text if is_local else "/"


def _is_same_origin(request: Request) -> bool:
    """By what browsers say and pages can't change; programs that say nothing need the session's secret all the same."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("origin")
    return origin is None or is_of(origin, request.headers.get("host", ""))
