"""The pages of leads: the table, what is done to many of them, and one lead."""

from typing import NamedTuple
from urllib.parse import urlencode

import msgspec
from starlette.responses import Response

from leadlight.batch.service import BatchService, ChangedBatch, Which
from leadlight.dashboard import lead_edit
from leadlight.dashboard.form import Form
from leadlight.dashboard.lead_beside import LeadBeside
from leadlight.dashboard.lead_table import (
    COLUMNS,
    ROWS,
    LeadTable,
    TableQuery,
    chosen_in,
    decode_query,
    turned,
    values_of,
)
from leadlight.dashboard.rendering import to
from leadlight.dashboard.visit import Visit, search_of
from leadlight.errors import (
    Conflict,
    InvalidInput,
    LeadlightError,
    PreconditionFailed,
    Problem,
)
from leadlight.exports.writers import ExportFormat
from leadlight.ids import LEAD, OPERATION
from leadlight.leads.change import LeadPatch
from leadlight.leads.lead import Lead, LeadStatus
from leadlight.leads.listing import LeadSort, place_of
from leadlight.leads.service import LeadService
from leadlight.notes.note import Note
from leadlight.operations.operation import Operation, OperationKind, OperationStatus
from leadlight.operations.service import OperationService
from leadlight.views.service import ViewService

_ATTEMPTS = 5


class NoteForm(NamedTuple):
    """A note as it was typed. `at`: the id of the note that it is to replace; empty for a new one."""

    at: str = ""
    form: Form | None = None

    def of(self, note: Note | None) -> Form:
        """The form of a note, or of a new one: as it was typed, or as it is stored."""
        if self.form is not None and self.at == (note.id if note else ""):
            return self.form
        return Form.filled(text=note.text, seen=note.updated_at) if note else Form()


class LeadPages:
    def __init__(
        self,
        leads: LeadService,
        batches: BatchService,
        operations: OperationService,
        beside: LeadBeside,
        views: ViewService,
    ) -> None:
        self._leads = leads
        self._batches = batches
        self._operations = operations
        self._beside = beside
        self._views = views

    # Many

    async def table(self, visit: Visit) -> Response:
        query: TableQuery = decode_query(visit.query)
        page = await self._leads.list_leads(
            visit.caller,
            query,
            sort=query.walked,
            limit=ROWS,
            behind=query.place,
            with_total=query.is_counted_soon,
        )
        table = LeadTable(f"{visit.home}/leads", visit.query, query, page)
        views = await self._views.list_views(visit.workspace_id)
        return visit.page(
            "leads.html",
            table=table,
            statuses=list(LeadStatus),
            all_columns=COLUMNS,
            formats=list(ExportFormat),
            views=views,
            view=next((view for view in views if view.id == query.view), None),
            done=await self._done(visit, query.done),
        )

    async def change_many(self, visit: Visit) -> Response:
        form = await visit.form()
        which = Which(ids=chosen_in(form))
        if not which.ids:
            return _back_to_page(visit, form)
        done = await self._change(visit, which, form)
        return _back_to_page(visit, form, done.operation_id)

    async def undo(self, visit: Visit) -> Response:
        form = await visit.form()
        operation_id = visit.id(OPERATION)
        await self._operations.undo(visit.caller, operation_id)
        return _back_to_page(visit, form, operation_id)

    # One

    async def new(self, visit: Visit) -> Response:
        return visit.page("lead_new.html", form=Form.filled(status=LeadStatus.NEW), statuses=list(LeadStatus))

    async def create(self, visit: Visit) -> Response:
        form = await visit.form()
        try:
            created = await self._leads.create_lead(visit.caller, lead_edit.draft_of(form))
        except InvalidInput as error:
            form.note(*error.problems)
            return visit.page("lead_new.html", 400, form=form, statuses=list(LeadStatus))
        except Conflict as error:
            form.note(Problem("email", error.message, "conflict"))
            return visit.page("lead_new.html", 409, form=form, statuses=list(LeadStatus))
        return to(f"{visit.home}/leads/{created.lead.id}")

    async def show(self, visit: Visit) -> Response:
        lead = await self._lead(visit)
        if lead.id != visit.path("lead_id"):
            return to(f"{visit.home}/leads/{lead.id}")
        return await self._page(visit, lead, lead_edit.form_of(lead))

    async def save(self, visit: Visit) -> Response:
        form = await visit.form()
        for _ in range(_ATTEMPTS):
            lead = await self._lead(visit)
            edit = lead_edit.Edit(form, lead)
            if edit.conflicts:
                return await self._page(visit, lead, form, 409, conflicts=edit.conflicts)
            try:
                await self._leads.update_lead(visit.caller, lead.id, edit.patch, if_match=(lead.etag,))
            except InvalidInput as error:
                form.note(*error.problems)
                return await self._page(visit, lead, form, 400)
            except PreconditionFailed:
                continue
            return to(self._back(visit, lead))
        raise Conflict("Others change this lead all the time: try again")

    async def save_json(self, visit: Visit) -> Response:
        form = await visit.form()
        lead = await self._lead(visit)
        if form["was.json"] != _pretty(lead):
            conflicts = {"json": "Somebody has changed it meanwhile. Copy what you need, and open this page anew."}
            return await self._page(visit, lead, form, 409, conflicts=conflicts)
        try:
            await self._leads.update_lead(
                visit.caller, lead.id, lead_edit.json_patch(lead, form), if_match=(lead.etag,)
            )
        except InvalidInput as error:
            form.note(*error.problems)
            return await self._page(visit, lead, form, 400)
        return to(self._back(visit, lead))

    async def delete(self, visit: Visit) -> Response:
        await visit.form()
        lead = await self._lead(visit)
        await self._leads.delete_lead(visit.caller, lead.id)
        return to(f"{visit.home}/leads")

    async def show_with_note(self, visit: Visit, note: NoteForm, status: int) -> Response:
        """The page of the lead in the address, with a note that can't be stored as it is."""
        lead = await self._lead(visit)
        return await self._page(visit, lead, lead_edit.form_of(lead), status, note=note)

    async def _change(self, visit: Visit, which: Which, form: Form) -> ChangedBatch:
        if form["action"] == "delete":
            found = await self._batches.delete_leads(visit.caller, which, confirm=None, dry_run=True, idempotency=None)
            return await self._batches.delete_leads(
                visit.caller, which, confirm=found.matched, dry_run=False, idempotency=None
            )
        status = form.demand("action", lead_edit.status_rule)
        return await self._batches.update_leads(
            visit.caller, which, LeadPatch(status=status), dry_run=False, idempotency=None
        )

    async def _done(self, visit: Visit, operation_id: str) -> Operation | None:
        """What was just done, to be told and taken back."""
        if not OPERATION.accepts(operation_id):
            return None
        try:
            operation, _ = await self._operations.get_operation(visit.workspace_id, operation_id)
        except LeadlightError:
            return None
        return operation if operation.status is not OperationStatus.EXPIRED else None

    async def _merge_of(self, visit: Visit, lead: Lead) -> Operation | None:
        """The merge into this lead that was just done or taken back."""
        done = await self._done(visit, visit.request.query_params.get("done", ""))
        is_of_lead = done is not None and done.kind is OperationKind.MERGE and done.subject_id == lead.id
        return done if is_of_lead else None

    async def _lead(self, visit: Visit) -> Lead:
        return await self._leads.get_lead(visit.caller, visit.id(LEAD))

    async def _page(
        self,
        visit: Visit,
        lead: Lead,
        form: Form,
        status: int = 200,
        *,
        conflicts: dict[str, str] | None = None,
        note: NoteForm | None = None,
    ) -> Response:
        texts = lead_edit.texts_of(lead)
        return visit.page(
            "lead.html",
            status,
            lead=lead,
            form=form,
            now=texts,
            keys=list(values_of(lead.metadata)),
            json=form["json"] or _pretty(lead),
            was_json=_pretty(lead),
            conflicts=conflicts or {},
            statuses=list(LeadStatus),
            done=await self._merge_of(visit, lead),
            note=note or NoteForm(),
            **await self._beside.of(visit, lead),
            neighbours=await self._neighbours(visit, lead),
            back=visit.request.query_params.get("in"),
            search=visit.request.url.query,
        )

    async def _neighbours(self, visit: Visit, lead: Lead) -> dict[str, str | None]:
        """The leads before and behind this one in the table that it was opened from."""
        found: dict[str, str | None] = {"next": None, "previous": None}
        text = visit.request.query_params.get("in")
        if text is None:
            return found
        try:
            query: TableQuery = decode_query(text.encode())
        except InvalidInput:
            return found
        for name, sort in (("next", query.sort), ("previous", turned(query.sort))):
            neighbour = await self._behind(visit, query, sort, lead)
            if neighbour is not None:
                found[name] = f"{visit.home}/leads/{neighbour.id}?{urlencode({'in': text})}"
        return found

    async def _behind(self, visit: Visit, query: TableQuery, sort: LeadSort, lead: Lead) -> Lead | None:
        page = await self._leads.list_leads(
            visit.caller, query, sort=sort, limit=1, behind=place_of(lead, sort), with_total=False
        )
        return page.leads[0] if page.leads else None

    def _back(self, visit: Visit, lead: Lead) -> str:
        return f"{visit.home}/leads/{lead.id}{search_of(visit.request)}"


def _back_to_page(visit: Visit, form: Form, operation_id: str | None = None) -> Response:
    """To where the form was sent from, or to the table, to tell there what was done."""
    table = f"{visit.home}/leads"
    back = form["back"] if form["back"].startswith(f"{visit.home}/") else table
    if operation_id is not None:
        back += f"{'&' if '?' in back else '?'}{urlencode({'done': operation_id})}"
    return to(back)


def _pretty(lead: Lead) -> str:
    return msgspec.json.format(bytes(lead.metadata).decode(), indent=2)
