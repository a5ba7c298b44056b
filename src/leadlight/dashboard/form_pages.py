"""The settings pages of the forms that leads come in by: made, tried, pasted into websites, changed and deleted."""

from typing import Any, NamedTuple

from markupsafe import Markup
from starlette.responses import Response

from leadlight.capture.form import ANY_ORIGIN, IGNORE, MAX_FORMS, METADATA, TARGETS, FormSettings
from leadlight.capture.form import Form as CaptureForm
from leadlight.capture.inbox import SubmissionService
from leadlight.capture.service import FormService
from leadlight.capture.snippet import form_url, render_preview, render_snippet
from leadlight.dashboard import form_edit
from leadlight.dashboard.form import Form
from leadlight.dashboard.form_platforms import PLATFORMS, Platform, known_platforms, known_secrets
from leadlight.dashboard.rendering import label, render, to
from leadlight.dashboard.visit import Visit
from leadlight.duplicate_rule import OnDuplicate
from leadlight.errors import Conflict, InvalidInput, Problem
from leadlight.ids import FORM
from leadlight.leads.lead import LeadStatus

_DONE = {
    "created": "The form is made. Paste its HTML into your website, or set up a platform.",
    "saved": "Saved. Running servers notice within seconds.",
    "secrets": "Saved. The secrets are not shown again.",
    "deleted": "The form was deleted: nothing more comes in by it.",
}
_TWO_WORDS = {"firstName": "First name", "lastName": "Last name"}
_TARGETS = {
    METADATA.rstrip("."): "Metadata",
    **{target: _TWO_WORDS.get(target, label(target)) for target in TARGETS},
    IGNORE: "Left out",
}
_ON_DUPLICATE = {
    OnDuplicate.CREATE: "Make a second lead beside it",
    OnDuplicate.UPDATE: "Change it to what was sent",
    OnDuplicate.SKIP: "Leave it as it is",
    OnDuplicate.REJECT: "Refuse what was sent",
}
_PREVIEW = "preview"


class FormRow(NamedTuple):
    """A form in the list of them."""

    form: CaptureForm
    platforms: list[Platform]


class FormPages:
    def __init__(self, forms: FormService, submissions: SubmissionService) -> None:
        self._forms = forms
        self._submissions = submissions

    async def all(self, visit: Visit) -> Response:
        forms = await self._forms.list_forms(visit.workspace_id, after="", limit=MAX_FORMS)
        rows = [FormRow(form, known_platforms(form.secrets)) for form in forms]
        return visit.page("settings_forms.html", rows=rows, any_origin=ANY_ORIGIN, done=_done(visit))

    async def new(self, visit: Visit) -> Response:
        return self._page(visit, form_edit.fields_of("", FormSettings()))

    async def create(self, visit: Visit) -> Response:
        form = await visit.form()
        if form[_PREVIEW]:
            return self._page(visit, form)
        try:
            name, said = form_edit.draft_of(form)
            made = await self._forms.create_form(visit.workspace_id, name, said)
        except InvalidInput as error:
            form.note(*error.problems)
            return self._page(visit, form, status=400)
        except Conflict as error:
            form.note(Problem("name", error.message, "conflict"))
            return self._page(visit, form, status=409)
        return to(f"{visit.home}/settings/forms/{made.id}?done=created")

    async def show(self, visit: Visit) -> Response:
        return self._page_of(visit, await self._form(visit), done=_done(visit))

    async def save(self, visit: Visit) -> Response:
        form = await visit.form()
        stored = await self._form(visit)
        if form[_PREVIEW]:
            return self._page(visit, form, stored, was=form["was"])
        edit = form_edit.Edit(form, stored)
        if edit.conflicts:
            return self._page(visit, form, stored, status=409, conflicts=edit.conflicts)
        try:
            await self._forms.update_form(visit.workspace_id, stored.id, edit.patch)
        except InvalidInput as error:
            form.note(*error.problems)
            return self._page(visit, form, stored, status=400, was=form["was"])
        return to(f"{visit.home}/settings/forms/{stored.id}?done=saved")

    async def save_secrets(self, visit: Visit) -> Response:
        form = await visit.form()
        stored = await self._form(visit)
        try:
            await self._forms.update_form(visit.workspace_id, stored.id, form_edit.secrets_of(form))
        except InvalidInput:
            return self._page_of(visit, stored, status=400, refused=form)
        return to(f"{visit.home}/settings/forms/{stored.id}?done=secrets")

    async def delete(self, visit: Visit) -> Response:
        await visit.form()
        stored = await self._form(visit)
        await self._submissions.delete_form(visit.workspace_id, stored.id)
        return to(f"{visit.home}/settings/forms?done=deleted")

    async def _form(self, visit: Visit) -> CaptureForm:
        return await self._forms.get_form(visit.workspace_id, visit.id(FORM))

    def _page_of(self, visit: Visit, stored: CaptureForm, **values: Any) -> Response:
        """A form as it is, with nothing typed."""
        return self._page(visit, form_edit.fields_of(stored.name, stored.settings), stored, **values)

    def _page(
        self,
        visit: Visit,
        form: Form,
        stored: CaptureForm | None = None,
        *,
        status: int = 200,
        was: str | None = None,
        **values: Any,
    ) -> Response:
        """`was`: the state that the page was opened with; that of now, if not said."""
        preview = _preview(form)
        if was is None and stored is not None:
            was = form_edit.state(form_edit.fields_of(stored.name, stored.settings))
        shown = {
            "form": form,
            "rows": form_edit.rows(form),
            "preview": preview,
            "stored": stored,
            "was": was or "",
            "targets": _TARGETS,
            "on_duplicate": _ON_DUPLICATE,
            "statuses": list(LeadStatus),
            "conflicts": (),
            "refused": Form(),
            "done": None,
        }
        return visit.page("settings_form.html", status, **{**shown, **_pasted(visit, stored), **values})


def _pasted(visit: Visit, stored: CaptureForm | None) -> dict[str, Any]:
    """What is to be pasted elsewhere: the form's HTML, and the addresses for platforms."""
    if stored is None:
        return {}
    return {
        "snippet": render_snippet(stored.id, stored.settings, base_url=visit.base_url).rstrip("\n"),
        "url": form_url(stored.id, visit.base_url),
        "platforms": PLATFORMS,
        "known": known_secrets(stored.secrets),
    }


def _preview(form: Form) -> str:
    """The page in which the form is shown as it is typed now, to be put into a frame that can do nothing."""
    try:
        html = render_preview(form_edit.previewed(form))
    except InvalidInput as error:
        return render("form_preview.html", html=None, problems=error.problems)
    return render("form_preview.html", html=Markup(html), problems=())  # noqa: S704  (escaped where it was rendered)


def _done(visit: Visit) -> str | None:
    return _DONE.get(visit.request.query_params.get("done", ""))
