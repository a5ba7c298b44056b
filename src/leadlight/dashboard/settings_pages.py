"""The settings pages of API keys and of the workspace itself. That of its people is in `people_pages`."""

from typing import Any, NamedTuple

from starlette.responses import Response

from leadlight.clock import DAY, Clock, from_iso
from leadlight.dashboard.form import Form
from leadlight.dashboard.match_on import match_on_fields, match_on_of
from leadlight.dashboard.rendering import to
from leadlight.dashboard.visit import Visit
from leadlight.duplicate_rule import OnDuplicate
from leadlight.errors import Conflict, Invalid, InvalidInput
from leadlight.http.query import choice
from leadlight.ids import KEY
from leadlight.principal import Scope
from leadlight.workspaces.key import ApiKey, IssuedKey
from leadlight.workspaces.schemas import name_rule, scopes_rule
from leadlight.workspaces.service import KeySpec, WorkspaceService

_SCOPES = {
    Scope.LEADS_READ: "Read leads, their history and exports",
    Scope.LEADS_WRITE: "Create, change, import and delete leads",
    Scope.WEBHOOKS_MANAGE: "Have all that happens sent to a URL of one's choice",
    Scope.ADMIN: "Everything: the others, keys and the workspace",
}
_ON_DUPLICATE = {
    OnDuplicate.CREATE: "Make a second lead beside the one that is there.",
    OnDuplicate.UPDATE: "Change the lead that is there to what was sent.",
    OnDuplicate.SKIP: "Leave the lead that is there as it is, and answer with it.",
    OnDuplicate.REJECT: "Refuse what was sent, with an error that names the lead that is there.",
}
_MATCH_ON = {
    "email": "The email address, whatever its case.",
    "phone": "The phone number, however it is written.",
    "metadata": "A value in the metadata, such as the id in another system.",
}
_on_duplicate_rule = choice(OnDuplicate).parse
_scope_rule = choice(Scope).parse
_REVOKED = "The key was revoked: it opens nothing any more."


class KeyRow(NamedTuple):
    """`state` holds until or since `at`, where that is known."""

    key: ApiKey
    state: str
    at: int | None
    is_valid: bool


class SettingsPages:
    def __init__(self, workspaces: WorkspaceService, clock: Clock) -> None:
        self._workspaces = workspaces
        self._clock = clock

    # Keys

    async def keys(self, visit: Visit) -> Response:
        return await self._keys_page(visit, done=_REVOKED if "done" in visit.request.query_params else None)

    async def create_key(self, visit: Visit) -> Response:
        form = await visit.form()
        try:
            issued = await self._workspaces.create_key(visit.workspace_id, _spec_of(form))
        except InvalidInput as error:
            form.note(*error.problems)
            return await self._keys_page(visit, 400, form=form)
        return await self._keys_page(visit, issued=issued)

    async def rotate_key(self, visit: Visit) -> Response:
        await visit.form()
        key_id = visit.id(KEY)
        try:
            issued = await self._workspaces.rotate_key(visit.workspace_id, key_id)
        except Conflict as error:
            return await self._keys_page(visit, 409, at=key_id, refusal=error.message)
        return await self._keys_page(visit, issued=issued)

    async def revoke_key(self, visit: Visit) -> Response:
        await visit.form()
        await self._workspaces.revoke_key(visit.workspace_id, visit.id(KEY))
        return to(f"{visit.home}/settings/keys?done=revoked")

    async def _keys_page(
        self,
        visit: Visit,
        status: int = 200,
        *,
        form: Form | None = None,
        issued: IssuedKey | None = None,
        **values: Any,
    ) -> Response:
        """`form`: of a key that can't be made yet; `at` and `refusal`: a key's that can't be rotated."""
        now = self._clock()
        rows = [_row(key, now) for key in reversed(await self._workspaces.list_all_keys(visit.workspace_id))]
        return visit.page(
            "settings_keys.html",
            status,
            rows=sorted(rows, key=lambda row: not row.is_valid),
            form=form or Form([("scopes", Scope.LEADS_READ), ("scopes", Scope.LEADS_WRITE)]),
            scopes=_SCOPES,
            issued=issued,
            base_url=visit.base_url,
            **{"done": None, "at": "", "refusal": "", **values},
        )

    # The workspace

    async def workspace(self, visit: Visit) -> Response:
        workspace = await self._workspaces.get_workspace(visit.workspace_id)
        rule = workspace.duplicates
        form = Form.filled(name=workspace.name, onDuplicate=rule.on_duplicate, **match_on_fields(rule.match_on))
        return self._workspace_page(visit, form)

    async def save_workspace(self, visit: Visit) -> Response:
        form = await visit.form()
        try:
            name, on_duplicate = form.take("name", name_rule), form.take("onDuplicate", _on_duplicate_rule)
            match_on = match_on_of(form)
            form.refuse()
        except InvalidInput:
            return self._workspace_page(visit, form, 400)
        await self._workspaces.update_workspace(
            visit.workspace_id, name=name, on_duplicate=on_duplicate, match_on=match_on
        )
        return to(f"{visit.home}/settings/workspace?done=1")

    def _workspace_page(self, visit: Visit, form: Form, status: int = 200) -> Response:
        done = "Saved." if status == 200 and "done" in visit.request.query_params else None
        return visit.page(
            "settings_workspace.html", status, form=form, on_duplicate=_ON_DUPLICATE, match_on=_MATCH_ON, done=done
        )


def last_day_rule(text: str) -> int | None:
    """The end of a day, UTC, or None where none was chosen."""
    try:
        return from_iso(f"{text.strip()}T00:00:00") + DAY - 1 if text.strip() else None
    except ValueError:
        raise Invalid("invalid_time", "must be a date, such as 2030-12-31") from None


def _spec_of(form: Form) -> KeySpec:
    """Raises InvalidInput."""
    name = form.take("name", name_rule)
    scopes = form.take("scopes", lambda _: scopes_rule([_scope_rule(text) for text in form.all("scopes")]))
    expires_at = form.take("expiresAt", last_day_rule)
    form.refuse()
    assert name is not None  # noqa: S101  (or it was refused)
    assert scopes is not None  # noqa: S101  (as above)
    return KeySpec(name, scopes, expires_at=expires_at)


def _row(key: ApiKey, now: int) -> KeyRow:
    if key.revoked_at is not None:
        return KeyRow(key, "Revoked", key.revoked_at, is_valid=False)
    if not key.is_valid(now):
        return KeyRow(key, "Rotated, ended" if key.replaced_by else "Expired", key.expires_at, is_valid=False)
    if key.replaced_by is not None:
        return KeyRow(key, "Rotated, works until", key.expires_at, is_valid=True)
    return KeyRow(key, "Valid" if key.expires_at is None else "Valid until", key.expires_at, is_valid=True)
