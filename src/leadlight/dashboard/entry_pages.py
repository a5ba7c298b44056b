"""How people come in and go: sign-in, one-time links, their account."""

from starlette.responses import Response

from leadlight.clock import SECOND, Clock
from leadlight.dashboard.form import Form
from leadlight.dashboard.rendering import page, to
from leadlight.dashboard.visit import Visit, local_path
from leadlight.errors import Conflict, InvalidInput, NotFound, Problem
from leadlight.http.ratelimit import Windows
from leadlight.people.service import PeopleService

_PER_EMAIL = 10
_PER_ADDRESS = 60
_TOO_OFTEN = "Too many attempts to sign in: wait a minute, and try again"
_WRONG = "That email and password do not belong together"
_GONE = "This link has been used, or is too old: ask whoever sent it for another one"


class EntryPages:
    """`windows`: a minute long; attempts to sign in are counted by email and by address."""

    def __init__(self, people: PeopleService, windows: Windows, clock: Clock) -> None:
        self._people = people
        self._windows = windows
        self._clock = clock

    async def home(self, visit: Visit) -> Response:
        """Whoever is signed in goes on to a workspace."""
        memberships = visit.session.memberships
        if not memberships:
            return page(
                "message.html",
                403,
                title="No workspace",
                problems=(),
                message=f"{visit.session.user.email} is in none.",
            )
        return to(f"/w/{memberships[0].workspace_id}/leads")

    async def sign_in_page(self, visit: Visit) -> Response:
        if visit.is_signed_in:
            return to("/")
        form = Form.filled(next=local_path(visit.request.query_params.get("next", "/")))
        return page("sign_in.html", form=form, message="")

    async def sign_in(self, visit: Visit) -> Response:
        form = await visit.form()
        if not await self._may_try(visit, form["email"]):
            return page("sign_in.html", 429, form=form, message=_TOO_OFTEN)
        token = await self._people.sign_in(form["email"].strip(), form["password"])
        if token is None:
            return page("sign_in.html", 403, form=form, message=_WRONG)
        return visit.let_in(to(local_path(form["next"])), token)

    async def sign_out(self, visit: Visit) -> Response:
        form = await visit.form()
        if form["everywhere"]:
            await self._people.sign_out_everywhere(visit.session.user.id)
        else:
            await self._people.sign_out(visit.token)
        return visit.let_out(to("/sign-in"))

    async def welcome_page(self, visit: Visit) -> Response:
        link = await self._people.find_link(visit.path("token"))
        if link is None:
            return page("message.html", 404, title="This link works no more", problems=(), message=_GONE)
        return page("welcome.html", link=link, form=Form.filled(email=link.email))

    async def welcome(self, visit: Visit) -> Response:
        form = await visit.form()
        link = await self._people.find_link(visit.path("token"))
        if link is None or not await self._may_try(visit, link.email or ""):
            return page("message.html", 404, title="This link works no more", problems=(), message=_GONE)
        try:
            token = await self._people.use_link(
                visit.path("token"),
                email=link.email or form["email"].strip(),
                name=form["name"].strip(),
                password=form["password"],
            )
        except InvalidInput as error:
            form.note(*error.problems)
            return page("welcome.html", 400, link=link, form=form)
        except (NotFound, Conflict):
            return page("message.html", 404, title="This link works no more", problems=(), message=_GONE)
        return visit.let_in(to("/"), token)

    async def account_page(self, visit: Visit) -> Response:
        return visit.page("account.html", form=Form(), done="done" in visit.request.query_params)

    async def change_password(self, visit: Visit) -> Response:
        form = await visit.form()
        if not await self._may_try(visit, visit.session.user.email):
            form.note(Problem("old", _TOO_OFTEN, "too_many"))
            return visit.page("account.html", 429, form=form, done=False)
        try:
            token = await self._people.change_password(visit.session.user.id, form["old"], form["new"])
        except InvalidInput as error:
            form.note(*error.problems)
            return visit.page("account.html", 400, form=form, done=False)
        return visit.let_in(to(f"{visit.home}/account?done=password"), token)

    async def _may_try(self, visit: Visit, email: str) -> bool:
        now = self._clock() // SECOND
        by_email = await self._windows.hit(f"email {email.strip().casefold()[:254]}", _PER_EMAIL, now)
        by_address = await self._windows.hit(f"address {visit.address}", _PER_ADDRESS, now)
        return by_email.allowed and by_address.allowed
