"""Use cases of forms: made, looked at, changed and deleted by those who own them, and found by those who post."""

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from leadlight.capture import queries
from leadlight.capture.bots import new_signing_key
from leadlight.capture.form import MAX_FORMS, Form, FormSecrets, FormSettings, conflicts
from leadlight.clock import SECOND, Clock
from leadlight.errors import Conflict, InvalidInput, NotFound
from leadlight.events.service import EventService
from leadlight.ids import FORM, NewId
from leadlight.store.database import Database, Transaction

_FRESH_MILLISECONDS = 2 * SECOND
_MAX_CACHED = 10_000

_replace = msgspec.structs.replace


class FormPatch(msgspec.Struct, frozen=True):
    """What is said of a form: of its settings and secrets, by their attributes' names, what is said of them."""

    name: str | UnsetType = UNSET
    settings: dict[str, Any] = {}
    secrets: dict[str, str | None] = {}


class FormService:
    def __init__(self, database: Database, events: EventService, clock: Clock, new_id: NewId) -> None:
        self._database = database
        self._events = events
        self._clock = clock
        self._new_id = new_id
        self._cache: dict[str, tuple[Form | None, int]] = {}

    # For their owners

    async def create_form(self, workspace_id: str, name: str, said: FormPatch) -> Form:
        """Raises InvalidInput for settings that do not go together, Conflict when there are too many forms."""
        settings = _checked(FormSettings(**said.settings))
        secrets = FormSecrets(signing_key=new_signing_key(), **said.secrets)
        return await self._database.write(self._create, workspace_id, name, settings, secrets)

    async def get_form(self, workspace_id: str, form_id: str) -> Form:
        """Raises NotFound."""
        return found(await self._database.read(queries.find_form, workspace_id, form_id), form_id)

    async def list_forms(self, workspace_id: str, *, after: str, limit: int) -> list[Form]:
        """A page by age, behind an id."""

        async def page(tx: Transaction) -> list[Form]:
            return await queries.list_forms(tx, workspace_id, after=after, limit=limit)

        return await self._database.scan(page)

    async def update_form(self, workspace_id: str, form_id: str, patch: FormPatch) -> Form:
        """Changes what the patch names. Raises NotFound, InvalidInput."""
        form = await self._database.write(self._update, workspace_id, form_id, patch)
        self._cache.pop(form_id, None)
        return form

    async def delete_form(self, workspace_id: str, form_id: str) -> int:
        """Ends a form; its submissions are removed in the background. Answers when. Raises NotFound."""
        deleted_at = await self._database.write(self._delete, workspace_id, form_id)
        self._cache.pop(form_id, None)
        return deleted_at

    # For those who post

    async def find_form(self, form_id: str) -> Form:
        """A form of any workspace, as it was a moment ago: a flood costs no look-ups. Raises NotFound."""
        now = self._clock()
        form, known_at = self._cache.get(form_id, (None, -_FRESH_MILLISECONDS))
        if not 0 <= now - known_at < _FRESH_MILLISECONDS:
            form = await self._database.read(self._find, form_id)
            if len(self._cache) >= _MAX_CACHED:
                self._cache.clear()
            self._cache[form_id] = (form, now)
        return found(form, form_id)

    # Units of work

    async def _create(
        self, tx: Transaction, workspace_id: str, name: str, settings: FormSettings, secrets: FormSecrets
    ) -> Form:
        await self._events.hold(tx, workspace_id)
        if await queries.count_forms(tx, workspace_id) >= MAX_FORMS:
            raise Conflict(f"A workspace has at most {MAX_FORMS} forms; delete one first")
        now = self._clock()
        form = Form(
            workspace_id=workspace_id,
            id=self._new_id(FORM),
            name=name,
            settings=settings,
            secrets=secrets,
            created_at=now,
            updated_at=now,
        )
        await queries.insert_form(tx, form)
        return form

    async def _update(self, tx: Transaction, workspace_id: str, form_id: str, patch: FormPatch) -> Form:
        form = found(await queries.lock_form(tx, workspace_id, form_id), form_id)
        changed = _replace(
            form,
            name=patch.name or form.name,
            settings=_checked(_replace(form.settings, **patch.settings)),
            secrets=_replace(form.secrets, **patch.secrets),
        )
        if changed == form:
            return form
        changed = _replace(changed, updated_at=self._clock())
        await queries.update_form(tx, changed)
        return changed

    async def _delete(self, tx: Transaction, workspace_id: str, form_id: str) -> int:
        await self._events.hold(tx, workspace_id)  # what is being made a lead is one by now, or never will be
        found(await queries.lock_form(tx, workspace_id, form_id), form_id)
        now = self._clock()
        await queries.mark_form_deleted(tx, workspace_id, form_id, now)
        return now

    async def _find(self, tx: Transaction, form_id: str) -> Form | None:
        owner = await queries.find_owner(tx, form_id)
        return None if owner is None else await queries.find_form(tx, owner, form_id)


def found(form: Form | None, form_id: str) -> Form:
    """Raises NotFound."""
    if form is None:
        raise NotFound("There is no form with this ID", formId=form_id)
    return form


def _checked(settings: FormSettings) -> FormSettings:
    problems = conflicts(settings)
    if problems:
        raise InvalidInput(problems)
    return settings
