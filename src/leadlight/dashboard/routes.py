"""The table of pages: each with its address, and what one's role must allow to open it."""

import logging
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from leadlight.batch.service import BatchService
from leadlight.capture.inbox import SubmissionService
from leadlight.capture.service import FormService
from leadlight.clock import Clock
from leadlight.dashboard.assets import serve_asset
from leadlight.dashboard.board_pages import BoardPages
from leadlight.dashboard.delivery_pages import DeliveryPages
from leadlight.dashboard.entry_pages import EntryPages
from leadlight.dashboard.export_pages import ExportPages
from leadlight.dashboard.form_pages import FormPages
from leadlight.dashboard.import_pages import ImportPages
from leadlight.dashboard.insight_pages import InsightPages
from leadlight.dashboard.lead_beside import LeadBeside
from leadlight.dashboard.lead_pages import LeadPages
from leadlight.dashboard.live import Listen, LiveChanges
from leadlight.dashboard.merge_pages import MergePages
from leadlight.dashboard.note_pages import NotePages
from leadlight.dashboard.people_pages import PeoplePages
from leadlight.dashboard.rendering import page, to
from leadlight.dashboard.settings_pages import SettingsPages
from leadlight.dashboard.submission_pages import SubmissionPages
from leadlight.dashboard.today_pages import TodayPages
from leadlight.dashboard.view_pages import ViewPages
from leadlight.dashboard.visit import COOKIE, Visit, sign_in_path
from leadlight.dashboard.webhook_pages import WebhookPages
from leadlight.duplicates.service import DuplicateService
from leadlight.errors import InsufficientScope, InvalidInput, LeadlightError, NotFound
from leadlight.exports.service import ExportService
from leadlight.http.errors import STATUS, InternalError
from leadlight.http.ratelimit import Windows
from leadlight.imports.service import ImportService
from leadlight.insights.service import InsightService
from leadlight.leads.service import LeadService
from leadlight.notes.service import NoteService
from leadlight.operations.service import OperationService
from leadlight.people.role import SCOPES, Role
from leadlight.people.service import PeopleService
from leadlight.principal import Scope
from leadlight.views.service import ViewService
from leadlight.webhooks.service import WebhookService
from leadlight.workspaces.service import WorkspaceService

logger = logging.getLogger("leadlight.dashboard")

Handler = Callable[[Visit], Awaitable[Response]]

_WORKSPACE = "/w/{workspace_id}"
_LEAD = f"{_WORKSPACE}/leads/{{lead_id}}"
_IMPORT = f"{_WORKSPACE}/imports/{{import_id}}"
_VIEW = f"{_WORKSPACE}/views/{{view_id}}"
_PEOPLE = f"{_WORKSPACE}/settings/people"
_KEYS = f"{_WORKSPACE}/settings/keys"
_FORMS = f"{_WORKSPACE}/settings/forms"
_FORM = f"{_FORMS}/{{form_id}}"
_SUBMISSION = f"{_WORKSPACE}/settings/submissions/{{submission_id}}"
_WEBHOOKS = f"{_WORKSPACE}/settings/webhooks"
_WEBHOOK = f"{_WEBHOOKS}/{{webhook_id}}"
_DELIVERY = f"{_WEBHOOK}/deliveries/{{delivery_id}}"
_TITLES = {400: "That can't be", 403: "You may not do that", 404: "There is nothing here", 503: "Please try again"}
_ROLES = {
    False: "Your role in this workspace lets you read, and not change. An owner can give you another one.",
    True: "This is for the owners of the workspace. One of them can make you one, too.",
}


class Page(NamedTuple):
    """`scope`: what one's role in the workspace has to allow; None for pages of no workspace.

    `is_open`: for those who have not signed in, too.
    """

    method: str
    path: str
    handler: Handler
    scope: Scope | None = None
    is_open: bool = False


class Dashboard:
    def __init__(
        self,
        *,
        leads: LeadService,
        batches: BatchService,
        operations: OperationService,
        notes: NoteService,
        duplicates: DuplicateService,
        people: PeopleService,
        workspaces: WorkspaceService,
        forms: FormService,
        submissions: SubmissionService,
        webhooks: WebhookService,
        imports: ImportService,
        exports: ExportService,
        views: ViewService,
        insights: InsightService,
        listen: Listen,
        windows: Windows,
        clock: Clock,
        max_file_bytes: int,
    ) -> None:
        """`listen`: as in Database. `windows`: a minute long, of attempts to sign in.

        `max_file_bytes`: of an import.
        """
        self._people = people
        self._entry = EntryPages(people, windows, clock)
        beside = LeadBeside(
            leads=leads,
            notes=notes,
            duplicates=duplicates,
            submissions=submissions,
            people=people,
            workspaces=workspaces,
            forms=forms,
        )
        self._leads = LeadPages(leads, batches, operations, beside, views)
        self._notes = NotePages(notes, self._leads)
        self._merges = MergePages(duplicates, leads)
        self._imports = ImportPages(imports, operations, people, clock, max_file_bytes=max_file_bytes)
        self._exports = ExportPages(exports)
        self._views = ViewPages(views)
        self._board = BoardPages(leads)
        self._today = TodayPages(leads, clock)
        self._live = LiveChanges(listen, people)
        self._insights = InsightPages(insights)
        self._members = PeoplePages(people)
        self._settings = SettingsPages(workspaces, clock)
        self._forms = FormPages(forms, submissions)
        self._submissions = SubmissionPages(forms, submissions)
        self._webhooks = WebhookPages(webhooks, clock)
        self._deliveries = DeliveryPages(webhooks, clock)

    def pages(self) -> list[Page]:
        entry, leads, board = self._entry, self._leads, self._board
        notes, merges = self._notes, self._merges
        members, settings = self._members, self._settings
        forms, submissions = self._forms, self._submissions
        webhooks, deliveries = self._webhooks, self._deliveries
        imports, views = self._imports, self._views
        read, write, admin = Scope.LEADS_READ, Scope.LEADS_WRITE, Scope.ADMIN
        manage = Scope.WEBHOOKS_MANAGE
        return [
            Page("GET", "/", entry.home),
            Page("GET", "/sign-in", entry.sign_in_page, is_open=True),
            Page("POST", "/sign-in", entry.sign_in, is_open=True),
            Page("POST", "/sign-out", entry.sign_out),
            Page("GET", "/welcome/{token}", entry.welcome_page, is_open=True),
            Page("POST", "/welcome/{token}", entry.welcome, is_open=True),
            Page("GET", f"{_WORKSPACE}/account", entry.account_page, read),
            Page("POST", f"{_WORKSPACE}/account", entry.change_password, read),
            Page("GET", f"{_WORKSPACE}/leads", leads.table, read),
            Page("POST", f"{_WORKSPACE}/leads", leads.create, write),
            Page("GET", f"{_WORKSPACE}/leads/new", leads.new, write),
            Page("POST", f"{_WORKSPACE}/leads/many", leads.change_many, write),
            Page("GET", _LEAD, leads.show, read),
            Page("POST", _LEAD, leads.save, write),
            Page("POST", f"{_LEAD}/json", leads.save_json, write),
            Page("POST", f"{_LEAD}/delete", leads.delete, write),
            Page("GET", f"{_WORKSPACE}/today", self._today.show, read),
            Page("POST", f"{_LEAD}/follow-up", self._today.move, write),
            Page("POST", f"{_LEAD}/notes", notes.add, write),
            Page("POST", f"{_LEAD}/notes/{{note_id}}", notes.edit, write),
            Page("POST", f"{_LEAD}/notes/{{note_id}}/delete", notes.delete, write),
            Page("GET", f"{_LEAD}/merge/{{duplicate_id}}", merges.show, write),
            Page("POST", f"{_LEAD}/merge/{{duplicate_id}}", merges.merge, write),
            Page("GET", f"{_WORKSPACE}/duplicates", merges.pairs, read),
            Page("GET", f"{_WORKSPACE}/board", board.board, read),
            Page("POST", f"{_WORKSPACE}/board/{{lead_id}}", board.move, write),
            Page("GET", f"{_WORKSPACE}/imports", imports.all, read),
            Page("POST", f"{_WORKSPACE}/imports", imports.receive, write),
            Page("GET", f"{_WORKSPACE}/imports/new", imports.new, write),
            Page("GET", _IMPORT, imports.show, read),
            Page("POST", f"{_IMPORT}/run", imports.run, write),
            Page("POST", f"{_IMPORT}/cancel", imports.cancel, write),
            Page("GET", f"{_IMPORT}/errors", imports.errors, read),
            Page("GET", f"{_WORKSPACE}/exports/leads", self._exports.leads, read),
            Page("POST", f"{_WORKSPACE}/exports/leads", self._exports.chosen, read),
            Page("POST", f"{_WORKSPACE}/views", views.create, write),
            Page("POST", _VIEW, views.update, write),
            Page("POST", f"{_VIEW}/delete", views.delete, write),
            Page("GET", f"{_WORKSPACE}/insights", self._insights.show, read),
            Page("GET", f"{_WORKSPACE}/changes", self._live.stream, read),
            Page("POST", f"{_WORKSPACE}/operations/{{operation_id}}/undo", leads.undo, write),
            Page("GET", _PEOPLE, members.show, admin),
            Page("POST", f"{_PEOPLE}/invite", members.invite, admin),
            Page("POST", f"{_PEOPLE}/{{user_id}}/role", members.set_role, admin),
            Page("POST", f"{_PEOPLE}/{{user_id}}/remove", members.remove, admin),
            Page("POST", f"{_PEOPLE}/{{user_id}}/reset", members.reset, admin),
            Page("GET", _KEYS, settings.keys, admin),
            Page("POST", _KEYS, settings.create_key, admin),
            Page("POST", f"{_KEYS}/{{key_id}}/rotate", settings.rotate_key, admin),
            Page("POST", f"{_KEYS}/{{key_id}}/revoke", settings.revoke_key, admin),
            Page("GET", _FORMS, forms.all, admin),
            Page("POST", _FORMS, forms.create, admin),
            Page("GET", f"{_FORMS}/new", forms.new, admin),
            Page("GET", _FORM, forms.show, admin),
            Page("POST", _FORM, forms.save, admin),
            Page("POST", f"{_FORM}/secrets", forms.save_secrets, admin),
            Page("POST", f"{_FORM}/delete", forms.delete, admin),
            Page("GET", f"{_FORM}/submissions", submissions.of_form, read),
            Page("GET", _SUBMISSION, submissions.show, read),
            Page("POST", f"{_SUBMISSION}/reprocess", submissions.reprocess, write),
            Page("GET", _WEBHOOKS, webhooks.show_all, manage),
            Page("POST", _WEBHOOKS, webhooks.create, manage),
            Page("GET", _WEBHOOK, webhooks.show, manage),
            Page("POST", _WEBHOOK, webhooks.save, manage),
            Page("POST", f"{_WEBHOOK}/active", webhooks.switch, manage),
            Page("POST", f"{_WEBHOOK}/rotate", webhooks.rotate, manage),
            Page("POST", f"{_WEBHOOK}/test", webhooks.send_test, manage),
            Page("POST", f"{_WEBHOOK}/replay", webhooks.replay, manage),
            Page("POST", f"{_WEBHOOK}/delete", webhooks.delete, manage),
            Page("GET", _DELIVERY, deliveries.show, manage),
            Page("POST", f"{_DELIVERY}/retry", deliveries.retry, manage),
            Page("GET", f"{_WORKSPACE}/settings/workspace", settings.workspace, admin),
            Page("POST", f"{_WORKSPACE}/settings/workspace", settings.save_workspace, admin),
        ]

    def end_streams(self) -> None:
        """Ends the answers that would go on."""
        self._live.end()

    def routes(self) -> list[BaseRoute]:
        assets: BaseRoute = Route("/assets/{version}/{name}", serve_asset)
        return [assets, *(Route(each.path, self._served(each), methods=[each.method]) for each in self.pages())]

    def _served(self, each: Page) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            request.state.operation = "dashboard"
            try:
                return await self._serve(each, request)
            except LeadlightError as error:
                return _refusal(error)
            except Exception:
                logger.exception("a page failed", extra={"request_id": request.state.request_id})
                return _refusal(InternalError())

        return endpoint

    async def _serve(self, each: Page, request: Request) -> Response:
        token = request.cookies.get(COOKIE, "")
        session = await self._people.find_session(token) if token else None
        visit = Visit(request, session, is_open=each.is_open)
        if not visit.is_signed_in and not each.is_open:
            return to(sign_in_path(request))
        if each.scope is not None:
            caller = visit.session.principal(visit.workspace_id)
            if caller is None:
                raise NotFound("There is no such workspace, or you are not in it")
            if not caller.may(each.scope):
                raise InsufficientScope(each.scope.value)
        return await each.handler(visit)


def _refusal(error: LeadlightError) -> Response:
    status = STATUS[error.code]
    problems = error.problems if isinstance(error, InvalidInput) else ()
    message = error.message
    if isinstance(error, InsufficientScope):
        message = _ROLES[error.details["required"] not in SCOPES[Role.MEMBER]]
    title = _TITLES.get(status, "That did not work")
    return page("message.html", status, title=title, message=message, problems=problems)
