"""The settings page of people: who belongs to the workspace, in which role, and the links that let them in."""

from typing import Any, NamedTuple, cast

from starlette.responses import Response

from leadlight.clock import DAY
from leadlight.dashboard.form import Form
from leadlight.dashboard.rendering import to
from leadlight.dashboard.visit import Visit
from leadlight.errors import Conflict, InvalidInput, NotFound, Problem
from leadlight.http.query import choice
from leadlight.ids import USER
from leadlight.leads.lead import email_rule
from leadlight.people.link import LIFETIMES, LinkKind, OneTimeLink
from leadlight.people.role import Role
from leadlight.people.service import PeopleService
from leadlight.people.user import Member

_DONE = {"role": "The role was changed, and holds at once.", "removed": "The member was removed, and is shut out."}
_role_rule = choice(Role).parse
_INVITATION = "invite"


class FreshLink(NamedTuple):
    """A link that is shown this once. `days`: how long it works."""

    kind: LinkKind
    email: str
    url: str
    days: int


class PeoplePages:
    def __init__(self, people: PeopleService) -> None:
        self._people = people

    async def show(self, visit: Visit) -> Response:
        return await self._page(visit, done=_DONE.get(visit.request.query_params.get("done", "")))

    async def invite(self, visit: Visit) -> Response:
        form = await visit.form()
        try:
            role = form.take("role", _role_rule)
            email = form.demand("email", email_rule)
            link = await self._people.invite(visit.workspace_id, email, cast("Role", role))
        except InvalidInput as error:
            form.note(*error.problems)
            return await self._page(visit, 400, form=form, at=_INVITATION)
        except Conflict as error:
            form.note(Problem("email", error.message, "conflict"))
            return await self._page(visit, 409, form=form, at=_INVITATION)
        return await self._page(visit, link=_fresh(visit, link, LinkKind.INVITATION, email))

    async def set_role(self, visit: Visit) -> Response:
        form = await visit.form()
        user_id = _user_id(visit)
        try:
            role = form.demand("role", _role_rule)
            await self._people.set_role(visit.workspace_id, user_id, role)
        except InvalidInput:
            return await self._page(visit, 400, form=form, at=user_id)
        except Conflict as error:
            form.note(Problem("role", error.message, "conflict"))
            return await self._page(visit, 409, form=form, at=user_id)
        if user_id == visit.session.user.id and role is not Role.OWNER:
            return to(f"{visit.home}/leads")
        return to(f"{visit.home}/settings/people?done=role")

    async def remove(self, visit: Visit) -> Response:
        form = await visit.form()
        user_id = _user_id(visit)
        try:
            await self._people.remove_member(visit.workspace_id, user_id)
        except Conflict as error:
            form.note(Problem("remove", error.message, "conflict"))
            return await self._page(visit, 409, form=form, at=user_id)
        return to("/" if user_id == visit.session.user.id else f"{visit.home}/settings/people?done=removed")

    async def reset(self, visit: Visit) -> Response:
        form = await visit.form()
        member = await self._member(visit, _user_id(visit))
        try:
            link = await self._people.reset_member(visit.workspace_id, member.user.id)
        except Conflict as error:
            form.note(Problem("reset", error.message, "conflict"))
            return await self._page(visit, 409, form=form, at=member.user.id)
        return await self._page(visit, link=_fresh(visit, link, LinkKind.RESET, member.user.email))

    async def _member(self, visit: Visit, user_id: str) -> Member:
        for member in await self._people.list_members(visit.workspace_id):
            if member.user.id == user_id:
                return member
        raise _no_such_member()

    async def _page(
        self, visit: Visit, status: int = 200, *, form: Form | None = None, at: str = "", **values: Any
    ) -> Response:
        """`form`: one that can't be done yet; `at`: where it stands, at a member or the invitation."""
        blank = Form.filled(role=Role.MEMBER)
        return visit.page(
            "settings_people.html",
            status,
            members=await self._people.list_members(visit.workspace_id),
            roles=list(Role),
            invitation=form if form and at == _INVITATION else blank,
            refused=form if form and at != _INVITATION else Form(),
            at=at,
            **{"done": None, "link": None, **values},
        )


def _fresh(visit: Visit, link: OneTimeLink, kind: LinkKind, email: str) -> FreshLink:
    return FreshLink(kind, email, f"{visit.base_url}/welcome/{link.token}", LIFETIMES[kind] // DAY)


def _user_id(visit: Visit) -> str:
    user_id = visit.path("user_id")
    if not USER.accepts(user_id):
        raise _no_such_member()
    return user_id


def _no_such_member() -> NotFound:
    return NotFound("There is no such member in this workspace")
