"""What the project demands of itself: which way imports point, where SQL stands, the tenant wall in it, the docs."""

import ast
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

import msgspec
import pytest

import leadlight
from leadlight.app import Services
from leadlight.batch.service import Which
from leadlight.capture.receiving import Posted
from leadlight.capture.service import FormPatch
from leadlight.capture.submission import SubmissionKind
from leadlight.duplicate_rule import DuplicateRule, OnDuplicate
from leadlight.duplicates import sweep
from leadlight.duplicates.service import MergeOrder
from leadlight.events.event import EventType
from leadlight.events.queries import list_events
from leadlight.exports.writers import ExportFormat
from leadlight.http.errors import STATUS
from leadlight.ids import IdFactory
from leadlight.imports.job import ImportOptions
from leadlight.imports.queries import list_waiting
from leadlight.insights.figures import Ranking
from leadlight.leads.candidates import Shared
from leadlight.leads.change import LeadDraft, LeadPatch
from leadlight.leads.filter import LeadFilter
from leadlight.leads.lead import Lead, LeadStatus
from leadlight.leads.listing import LeadSort, Place, list_leads
from leadlight.principal import Principal, Scope
from leadlight.settings import Settings
from leadlight.store.database import Database, Row, Snapshot, Sums, Table, Transaction, Value
from leadlight.store.idempotency import IdempotencyKey
from leadlight.store.migrate import load_migrations
from leadlight.webhooks.delivery import RetrySchedule
from leadlight.webhooks.failure import Failure, Outcome
from leadlight.webhooks.job import Done, Room, Sending
from leadlight.webhooks.service import WebhookDraft, WebhookPatch
from leadlight.webhooks.work import Work
from leadlight.workspaces.service import KeySpec
from tests.conftest import Server
from tests.postgres_server import PostgresServer

Unit = Callable[..., Awaitable[Any]]

_replace = msgspec.structs.replace

SOURCE = Path(leadlight.__file__).parent
MODULES = sorted(SOURCE.rglob("*.py"))
MIGRATIONS = sorted((SOURCE / "store" / "migrations").glob("*.sql"))

FEATURES = [
    "events",
    "webhooks",
    "workspaces",
    "leads",
    "notes",
    "operations",
    "batch",
    "duplicates",
    "insights",
    "imports",
    "exports",
    "capture",
    "people",
    "views",
]
"""Each may import those before it (DESIGN §2)."""

LEVELS = {
    "routes": 5,
    "public": 5,
    "schemas": 4,
    "list_schemas": 4,
    "answering": 4,
    "reference": 4,
    "deliverer": 4,
    "stream": 4,
    "service": 3,
    "reminding": 3,
    "processing": 3,
    "receiving": 3,
    "inbox": 3,
    "message": 3,
    "work": 3,
    "run": 3,
    "runner": 3,
    "claiming": 2,
    "recording": 2,
    "erasing": 2,
    "intake": 2,
    "writing": 2,
    "selecting": 2,
    "undoing": 2,
    "joining": 2,
    "candidates": 2,
    "reminders": 2,
    "sweep": 2,
    "holders": 1,
    "queries": 1,
    "rollups": 1,
    "identities": 1,
    "outbox": 1,
    "listing": 1,
    "filter": 1,
    "check": 1,
}
"""Inside a feature, a module imports those of lower levels; the pure rules, which are all others, are level 0."""

PURE = {"principal", "errors", "ids", "clock", "duplicate_rule", "strict_json", "waiting"}
"""Modules at the top that everybody may import."""

ENGINES = re.compile(r"sqlite|apsw|postgres|asyncpg|psycopg|citus|\bfts5\b|\bwal\b", re.IGNORECASE)

SQL = re.compile(
    r"\b(SELECT\b.+\bFROM|INSERT\s+INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|CREATE\s+(TABLE|INDEX)|ORDER\s+BY|WHERE\s+\w+)\b",
    re.DOTALL,
)
_TABLE = re.compile(r"CREATE TABLE (\w+) \(\n(.*?)\n\)(?: WITHOUT ROWID)?;", re.DOTALL)
TABLES = dict(_TABLE.findall("\n".join(path.read_text() for path in MIGRATIONS)))
"""Their definitions, by their names."""

TENANT_TABLES = [
    name
    for name, definition in TABLES.items()
    if re.search(r"PRIMARY KEY \(workspace_id\b|^ *workspace_id TEXT PRIMARY KEY", definition, re.MULTILINE)
]
_ANY_OF_THEM = rf"(?:{'|'.join(TENANT_TABLES)})\b"
ON_TENANT_TABLES = re.compile(rf"\b(?:SELECT\b.*\b(?:FROM|JOIN)|INTO|UPDATE|DELETE FROM)\s+{_ANY_OF_THEM}", re.DOTALL)
OF_TENANT_TABLES = re.compile(rf"\b(?:FROM|JOIN|INTO|UPDATE)\s+{_ANY_OF_THEM}")

OF_NO_TENANT = {
    "workspaces": "the directory",
    "api_keys": "the directory: a key says whose a request is",
    "form_directory": "the directory: a form says whose a submission is",
    "users": "the directory: one person may belong to many workspaces",
    "memberships": "the directory: a user says where they belong, before a workspace is known",
    "sessions": "the directory: a browser's token says whose a request is",
    "one_time_links": "the directory: a link's token says where it leads",
    "heartbeats": "one row, of the readiness check",
    "unfinished_copies": "one row, of a copy that is under way",
}

OVER_ALL_WORKSPACES = {
    "webhooks/queries.py": "finds out where something is to be sent or removed, in each workspace for itself",
    "operations/queries.py": "finds out which undos go on and whose time is over, in each workspace for itself",
    "imports/queries.py": "finds out which imports wait and what is left of others, in each workspace for itself",
    "capture/queries.py": "finds out by which forms something is left to be done, in each workspace for itself",
    "leads/reminders.py": "finds out whose follow-ups are due, in each workspace for itself",
    "leads/check.py": "doctor's questions belong to the operator, who stands outside of all workspaces",
    "store/idempotency.py": "finds out whose old results are to be forgotten, in each workspace for itself",
}


IMPORTS_TO_SEE_TO = [
    """
SELECT workspace_id, id FROM imports
WHERE status IN ('queued', 'running') AND runner_until <= :now ORDER BY id
""",
    """
SELECT DISTINCT imports.workspace_id, imports.id FROM imports
JOIN import_pieces ON import_pieces.workspace_id = imports.workspace_id AND import_pieces.import_id = imports.id
WHERE imports.status IN ('completed', 'failed', 'cancelled')
        AND (imports.sample IS NULL OR imports.finished_at < :before)
    OR imports.status = 'receiving' AND imports.created_at < :before
""",
    """
SELECT DISTINCT imports.workspace_id, imports.id FROM imports
JOIN import_errors ON import_errors.workspace_id = imports.workspace_id AND import_errors.import_id = imports.id
WHERE imports.finished_at < :before
""",
]
"""The questions of `imports/queries.py` to all workspaces."""

OPERATIONS_TO_SEE_TO = [
    """
SELECT workspace_id, id FROM operations
WHERE status = 'undoing' OR status = 'completed' AND undo_until <= :now ORDER BY workspace_id, id
"""
]
"""The one of `operations/queries.py`."""

FORMS_TO_SEE_TO = [
    """
SELECT workspace_id, id FROM forms WHERE EXISTS (
    SELECT 1 FROM submissions WHERE submissions.workspace_id = forms.workspace_id AND form_id = forms.id
        AND status = 'received' AND submissions.id < :before
)
""",
    """
SELECT workspace_id, id FROM forms WHERE EXISTS (
    SELECT 1 FROM submissions WHERE submissions.workspace_id = forms.workspace_id AND form_id = forms.id
        AND status IN ('failed', 'ignored') AND submissions.id < :before
)
""",
    "SELECT workspace_id, id FROM forms WHERE deleted_at IS NOT NULL",
]
"""The questions of `capture/queries.py`."""

WHERE_FOLLOW_UPS_ARE_DUE = "SELECT DISTINCT workspace_id FROM reminders WHERE due_at <= :now"
"""The one of `leads/reminders.py`."""

WHERE_THERE_IS_SOMETHING_TO_DO = [
    """
SELECT DISTINCT webhooks.workspace_id FROM webhooks JOIN feeds ON feeds.workspace_id = webhooks.workspace_id
WHERE webhooks.active = 1 AND webhooks.is_full = 0 AND webhooks.paused_until <= :now
    AND (webhooks.position < feeds.last_event OR webhooks.due_at <= :now)
    OR webhooks.sender IS NOT NULL AND webhooks.sender_until <= :now AND webhooks.deleted_at IS NULL
""",
    "SELECT DISTINCT workspace_id FROM webhooks",
    "SELECT workspace_id, id FROM webhooks WHERE deleted_at IS NOT NULL",
]
"""The questions of `webhooks/queries.py` to all workspaces: they change nothing, and tell no more than ids."""

PIECES = ["INSERT INTO webhooks (…) VALUES (…)"]
"""Statements there that are put together; they are looked at as they run."""


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(SOURCE).with_suffix("").parts)


def imports(path: Path) -> Iterator[str]:
    """The modules of leadlight that a file imports: `leads.queries`, `errors` …"""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        for name in names:
            inner = name.removeprefix("leadlight.")
            if inner != name and (SOURCE / Path(*inner.split("."))).with_suffix(".py").exists():
                yield inner


def texts(path: Path) -> Iterator[str]:
    """The string literals of a file but its docstrings; the constant pieces of an f-string as one."""
    tree = ast.parse(path.read_text())
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if id(node) not in docstrings | inside:
                yield node.value
        elif isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)


def each(paths: list[Path]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("path", paths, ids=[str(path.relative_to(SOURCE)) for path in paths])


@each(MODULES)
def test_imports_point_one_way(path: Path) -> None:
    area = path.relative_to(SOURCE).parts[0]
    for imported in imports(path):
        target = imported.split(".")[0]
        if area in FEATURES and target in FEATURES:
            assert FEATURES.index(target) <= FEATURES.index(area), f"{imported}: {target} stands above {area}"
        if area in FEATURES:
            assert target in {*FEATURES, "http", "store", *PURE}, f"{imported}: a feature does not reach for that"
        if area in ("http", "store"):
            assert target not in FEATURES, f"{imported}: {area} knows no feature"
            assert target in {area, *PURE} or (area, target) == ("http", "store"), imported
        if path.stem in PURE:
            assert target in PURE, f"{imported}: {path.stem} is for everybody, so it needs nobody"


@each([path for path in MODULES if path.parent.name in FEATURES and path.stem != "__init__"])
def test_layers_point_down_inside_a_feature(path: Path) -> None:
    level = LEVELS.get(path.stem, 0)
    for imported in imports(path):
        area, _, name = imported.partition(".")
        if area == path.parent.name and name:
            assert LEVELS.get(name, 0) <= level, f"{imported} stands above {path.stem}"
        if level == 0:
            assert area not in ("http", "store"), f"{imported}: {path.stem} holds with no computer running"
        if path.stem != "routes":
            assert imported != "http.operation", f"{path.stem} is no place for HTTP"


def test_a_feature_reaches_anothers_data_through_its_service() -> None:
    reached = {
        (module_name(path), imported)
        for path in MODULES
        if path.parent.name in FEATURES
        for imported in imports(path)
        if imported.endswith((".queries", ".listing")) and imported.split(".")[0] != path.parent.name
    }

    assert reached == set()


@each([path for path in MODULES if path.parent.name != "store"])
def test_names_no_engine_outside_the_store(path: Path) -> None:
    assert ENGINES.findall(path.read_text()) == []


@each(
    [
        path
        for path in MODULES
        if path.stem not in ("queries", "outbox", "listing", "filter", "check", "identities", "candidates", "reminders")
        and path.parent.name != "store"
    ]
)
def test_has_no_sql_outside_the_queries(path: Path) -> None:
    assert [text for text in texts(path) if SQL.search(text)] == []


@each([path for path in MODULES if str(path.relative_to(SOURCE)) not in OVER_ALL_WORKSPACES])
def test_every_statement_on_a_tenants_table_names_the_workspace(path: Path) -> None:
    assert [text for text in texts(path) if ON_TENANT_TABLES.search(text) and not _names_workspace(text)] == []


def test_statements_over_all_workspaces_are_few_and_known() -> None:
    found = {
        name: [text for text in texts(SOURCE / name) if ON_TENANT_TABLES.search(text) and not _names_workspace(text)]
        for name in OVER_ALL_WORKSPACES
    }

    assert all(text.split()[0] == "SELECT" for text in found["leads/check.py"])
    assert found["store/idempotency.py"] == [
        "SELECT DISTINCT workspace_id FROM idempotency_keys WHERE created_at <= :oldest"
    ]
    assert found["leads/reminders.py"] == [WHERE_FOLLOW_UPS_ARE_DUE]
    assert found["capture/queries.py"] == FORMS_TO_SEE_TO
    assert found["imports/queries.py"] == IMPORTS_TO_SEE_TO
    assert found["operations/queries.py"] == OPERATIONS_TO_SEE_TO
    assert found["webhooks/queries.py"] == [*PIECES, *WHERE_THERE_IS_SOMETHING_TO_DO]


@each([path for path in MODULES if path.parent.name in {*FEATURES, "store"}])
def test_tenants_tables_are_joined_by_the_workspace(path: Path) -> None:
    for text in texts(path):
        assert text.count("workspace_id") >= len(OF_TENANT_TABLES.findall(text)) or "…" in text, text


class Recorded:
    """A transaction that keeps the statements that run through it."""

    def __init__(self, tx: Transaction, statements: list[str] | None = None) -> None:
        self._tx = tx
        self.statements = [] if statements is None else statements
        self.for_update = tx.for_update
        self.json_text, self.contains_text = tx.json_text, tx.contains_text
        self.finds_pieces_sooner = tx.finds_pieces_sooner

    async def rows(self, sql: str, **parameters: Value) -> list[Row]:
        self.statements.append(sql)
        return await self._tx.rows(sql, **parameters)

    async def row(self, sql: str, **parameters: Value) -> Row | None:
        self.statements.append(sql)
        return await self._tx.row(sql, **parameters)

    async def execute(self, sql: str, **parameters: Value) -> int:
        self.statements.append(sql)
        return await self._tx.execute(sql, **parameters)

    async def later(self, sql: str, **parameters: Value) -> None:
        self.statements.append(sql)
        await self._tx.later(sql, **parameters)

    async def each(self, sql: str, rows: Sequence[dict[str, Value]]) -> None:
        self.statements.append(sql)
        await self._tx.each(sql, rows)

    async def load(self, table: Table, rows: Sequence[Row]) -> None:
        self.statements.append(f"INSERT INTO {table.name} ({', '.join(table.columns)})")
        await self._tx.load(table, rows)

    def add(self, sums: Sums, key: Row, amounts: tuple[int, ...]) -> None:
        self.statements += [sums.add, sums.change, sums.forget]
        self._tx.add(sums, key, amounts)


class RecordedDatabase:
    """A store that keeps the statements of all units of work."""

    def __init__(self, database: Database, statements: list[str] | None = None) -> None:
        self._database = database
        self.statements: list[str] = [] if statements is None else statements

    def read(self, unit: Unit, *args: Any) -> Awaitable[Any]:
        return self._database.read(self._recorded(unit), *args)

    def scan(self, unit: Unit, *args: Any) -> Awaitable[Any]:
        return self._database.scan(self._recorded(unit), *args)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Snapshot]:
        async with self._database.snapshot() as snapshot:
            yield RecordedDatabase(snapshot, self.statements)  # type: ignore[arg-type]  # which can scan, and no more

    def write(self, unit: Unit, *args: Any, **options: Any) -> Awaitable[Any]:
        return self._database.write(self._recorded(unit), *args, **options)

    def _recorded(self, unit: Unit) -> Unit:
        async def run(tx: Transaction, *args: Any) -> Any:
            return await unit(Recorded(tx, self.statements), *args)

        return run


@pytest.fixture
def server(start_server: Callable[..., Server]) -> Server:
    return start_server(background=False)  # which takes no work away from the test, and sends nothing


def test_every_statement_of_the_use_cases_stays_in_its_workspace(server: Server) -> None:
    recorded = RecordedDatabase(server.database)

    server.do(_use_all(Services(recorded)))  # type: ignore[arg-type]

    to_all = {*WHERE_THERE_IS_SOMETHING_TO_DO, *OPERATIONS_TO_SEE_TO, *IMPORTS_TO_SEE_TO, *FORMS_TO_SEE_TO}
    to_all.add(WHERE_FOLLOW_UPS_ARE_DUE)
    in_a_workspace = [sql for sql in recorded.statements if sql not in to_all]
    assert {*WHERE_THERE_IS_SOMETHING_TO_DO, *OPERATIONS_TO_SEE_TO} <= set(recorded.statements)
    seen = {table for sql in in_a_workspace for table in re.findall(rf"\b{_ANY_OF_THEM}", sql)}
    assert seen == set(TENANT_TABLES)
    for sql in in_a_workspace:
        compared = sql.count("workspace_id = :workspace_id") + len(re.findall(r"INTO \w+ \(workspace_id,", sql))
        assert compared >= len(OF_TENANT_TABLES.findall(sql)), sql


async def _use_all(services: Services) -> None:
    workspace = await services.workspaces.create_workspace("Acme")
    issued = await services.workspaces.create_key(workspace.id, KeySpec("key", (Scope.LEADS_WRITE,)))
    caller = await services.workspaces.find_principal(issued.secret)
    assert caller is not None
    draft = LeadDraft("Ada", "ada@example.com")
    made = await services.leads.create_lead(caller, draft, idempotency=IdempotencyKey("key", "digest"))
    await services.leads.create_lead(caller, draft, rule=DuplicateRule(OnDuplicate.UPDATE))
    await services.leads.update_lead(caller, made.lead.id, LeadPatch(status=LeadStatus.LOST, follow_up_at=1))
    await services.reminding.tell()
    await services.leads.get_lead(caller, made.lead.id)
    await services.leads.list_leads(caller, LeadFilter(search="ada"), sort=LeadSort.NAME, limit=10)
    await services.leads.list_events(caller, made.lead.id, after=0, limit=10)
    await services.events.list_feed(workspace.id, after=0, limit=10)
    await services.insights.get_overview(caller, services.insights.span(None, None), ranking=Ranking.RATE)
    await _use_duplicates(services, caller, made.lead)
    await _use_notes(services, caller, made.lead.id)
    await _export(services, caller, made.lead.id)
    await _use_forms(services, workspace.id)
    await _use_imports(services, caller)
    await _use_views(services, caller)
    await _use_webhooks(services, caller, made.lead.id)


async def _use_duplicates(services: Services, caller: Principal, lead: Lead) -> None:
    """Pairs by all that leads can share, a merge and a batch that are taken back, and one whose time is over."""
    for name, email in (("Ada", "ada+x@example.com"), ("Ada", "ada+x@example.com"), ("Ada Park", "ap@example.com")):
        draft = LeadDraft(name, email, phone="+442079460958", metadata=msgspec.Raw(b'{"external_id":1}'))
        rule = DuplicateRule(OnDuplicate.UPDATE, "metadata.external_id") if name != "Ada" else None
        other = (await services.leads.create_lead(caller, draft, rule=rule)).lead
    for shared in Shared:
        await services.duplicates.list_pairs(caller, sweep.Place(shared), min_score=50, limit=10)
    assert await services.duplicates.list_of_lead(caller, lead.id, min_score=50, limit=10)
    order = MergeOrder(lead.id, other.id, {})
    merged = await services.duplicates.merge(caller, order, dry_run=False, idempotency=None)
    assert merged.operation_id is not None
    await services.operation_log.undo(caller, merged.operation_id)
    which = Which((lead.id, other.id))
    patch = LeadPatch(metadata=msgspec.Raw(b'{"external_id":2}'))
    await services.batches.update_leads(caller, which, patch, dry_run=False, idempotency=None)
    deleted = await services.batches.delete_leads(caller, which, confirm=2, dry_run=False, idempotency=None)
    assert deleted.operation_id is not None
    await services.operation_log.undo(caller, deleted.operation_id)
    await services.operation_log.list_operations(caller.workspace_id, kind=None, before="op_~", limit=10)
    await services.operation_log.clean()


async def _use_notes(services: Services, caller: Principal, lead_id: str) -> None:
    notes = services.notes
    added = await notes.add_note(caller, lead_id, "Call her", idempotency=IdempotencyKey("note", "digest"))
    await notes.edit_note(caller, added.note.id, "Call her on Monday")
    await notes.list_notes(caller, lead_id, before="note_~", limit=10)
    await notes.delete_note(caller, added.note.id)


async def _export(services: Services, caller: Principal, lead_id: str) -> None:
    file = await services.exports.export_leads(caller, LeadFilter(search="ada"), ExportFormat.CSV)
    assert len([piece async for piece in file.pieces]) == 1
    held = await services.exports.held_on(caller, lead_id)
    assert len([events async for events in held.events]) == 1


async def _use_imports(services: Services, caller: Principal) -> None:
    """One that is cancelled, one with a bad row, one whose file is kept, and what is left of them all."""

    async def file() -> AsyncIterator[bytes]:
        yield b"name,email\nBen,ben@example.com\nCy,\n"

    imports, owner = services.imports, caller.workspace_id
    options = ImportOptions(DuplicateRule(OnDuplicate.UPDATE, "phone"))
    cancelled = await imports.receive(caller, "leads.csv", options, file())
    await imports.cancel(owner, cancelled.id)
    done = await imports.receive(caller, "leads.csv", options, file())
    await services.database.scan(list_waiting, services.clock())
    await services.import_run().run(owner, done.id, "ours")
    assert [error.number async for errors in imports.errors(owner, done.id) for error in errors] == [2]
    await imports.list_imports(owner, before="imp_~", limit=10)
    await imports.get_import(owner, done.id)
    looked_at = await imports.receive(caller, "leads.csv", _replace(options, dry_run=True, looks_only=True), file())
    await services.import_run().run(owner, looked_at.id, "ours")
    await imports.run_again(caller, looked_at.id, _replace(options, dry_run=True))
    await services.import_run().run(owner, looked_at.id, "ours")
    await imports.first_errors(owner, looked_at.id, 5)
    await imports.clean(kept_days=-1)


async def _use_views(services: Services, caller: Principal) -> None:
    view = await services.views.save_view(caller, "New", "status=new")
    await services.views.update_view(caller, view.id, name="Lost", query="status=lost")
    await services.views.list_views(caller.workspace_id)
    await services.views.delete_view(caller, view.id)


async def _use_forms(services: Services, workspace_id: str) -> None:
    """A lead, one that fails and is tried again, a repeat, and the end of the form."""
    forms, submissions = services.forms, services.submissions
    form = await forms.create_form(workspace_id, "Contact", FormPatch())
    await forms.update_form(workspace_id, form.id, FormPatch(name="Contact us"))
    await forms.list_forms(workspace_id, after="", limit=10)
    bodies = [b'{"name":"Ada","email":"ada@example.com"}', b"{}"]
    posted = [Posted(SubmissionKind.FORM, "application/json", body, body.decode()) for body in bodies]
    await services.receiving.receive(await forms.find_form(form.id), posted)
    [_, failed] = await services.receiving.receive(form, posted)
    await submissions.reprocess(workspace_id, failed.submission.id)
    await submissions.list_submissions(workspace_id, form.id, status=None, before="sub_z", limit=10)
    await services.receiving.take_up()
    await submissions.clean(kept_days=-1)  # all that came before tomorrow
    await submissions.delete_form(workspace_id, form.id)
    await submissions.clean(kept_days=90)


async def _use_webhooks(services: Services, caller: Principal, lead_id: str) -> None:
    """A test that arrives at the second attempt, events whose sending breaks off, and everything else there is."""
    webhooks, database, now, owner = services.webhooks, services.database, services.clock(), caller.workspace_id
    work = Work(services.events, IdFactory(), schedule=RetrySchedule.of([0, 0]), random=lambda: 0.0)
    sending = Sending("ours", Room(2, 2), {})
    made = await webhooks.create_webhook(owner, WebhookDraft("http://93.184.215.14/", ("lead.updated",)))
    await webhooks.update_webhook(owner, made.id, WebhookPatch(description="new"))
    await webhooks.rotate_secret(owner, made.id)
    await webhooks.list_webhooks(owner, after="", limit=10)
    await webhooks.send_test(owner, made.id)
    await services.leads.update_lead(caller, lead_id, LeadPatch(name="Ada Park"))
    await webhooks.replay(owner, made.id, since=0, until=now + 60_000, types=())
    await database.scan(work.workspaces_with_any, now + 60_000)
    await database.read(work.has_any, owner, "ours", now + 60_000)
    done: list[Done] = []
    for outcome in (Outcome(now, 1, 500, Failure.HTTP_STATUS, "no", None), Outcome(now, 1, 200, None, "yes", None)):
        [job] = (await database.write(work.advance, owner, done, sending, now + 60_000)).jobs
        done = [Done(job, outcome)]
    await database.write(work.keep, owner, [made.id], "ours", now)
    [new, again] = (await database.write(work.advance, owner, done, sending, now + 60_000)).jobs
    await database.read(work.still_to_send, owner, [new, again])
    await database.write(work.leave, owner, [], "ours", now + 60_000)
    await webhooks.list_deliveries(owner, made.id, status=None, before="dlv_z", limit=10)
    await webhooks.retry_delivery(owner, again.delivery.id)
    await webhooks.get_delivery(owner, job.delivery.id)
    await webhooks.get_job(owner, again.delivery.id)
    await database.write(work.advance, owner, [], Sending("theirs", Room(9, 9), {}), now + 60_000)
    await services.leads.delete_lead(caller, lead_id)
    await webhooks.clean(kept_days=-1)  # all that ended before tomorrow
    await webhooks.delete_webhook(owner, made.id)
    await webhooks.clean(kept_days=30)


@pytest.mark.parametrize(
    "which",
    [
        LeadFilter(),
        LeadFilter(search="ab"),
        LeadFilter(search="abc"),
        LeadFilter(search="abc", status=(LeadStatus.NEW,), email="a@example.com"),
        LeadFilter(status=(LeadStatus.NEW, LeadStatus.LOST), source=("api",)),
        LeadFilter(email="a@example.com", phone="+1 555", created_after=1, updated_before=9),
        LeadFilter(metadata={"a": "1", "b": "2"}),
    ],
    ids=str,
)
def test_every_list_names_the_workspace_for_each_table(server: Server, which: LeadFilter) -> None:
    async def run(tx: Transaction) -> list[str]:
        recorded = Recorded(tx)
        for sort in (LeadSort.NEWEST, LeadSort.NAME):
            for behind in (None, Place(sort, 1 if sort is LeadSort.NEWEST else "a", "lead_a")):
                page = {"sort": sort, "limit": 10, "offset": 0, "behind": behind, "with_total": True}
                await list_leads(recorded, "ws_a", which, **page)  # type: ignore[arg-type]
        for types in ((), (EventType.LEAD_CREATED,)):
            await list_events(recorded, "ws_a", after=0, limit=10, types=types)
        return recorded.statements

    statements = server.do(server.database.scan(run))

    assert len(statements) > 4
    for sql in statements:
        assert sql.count("workspace_id = :workspace_id") >= len(OF_TENANT_TABLES.findall(sql)), sql


def test_a_tenants_table_starts_its_primary_key_with_the_workspace() -> None:
    assert set(TABLES) == {*TENANT_TABLES, *OF_NO_TENANT}
    schema = "\n".join(path.read_text() for path in MIGRATIONS)
    for table in TENANT_TABLES:
        indexes = re.findall(rf"CREATE (?:UNIQUE )?INDEX (\w+) ON {table}(?:\nUSING \w+)? \((\w+)", schema)
        first = {name: column for name, column in indexes if column != "workspace_id"}
        # To find those with old keys, and those with follow-ups that are due.
        assert first in ({}, {"idempotency_keys_by_age": "created_at"}, {"reminders_by_time": "due_at"}), table


@pytest.mark.engine("postgres")
def test_every_unique_index_of_a_tenants_table_includes_the_workspace(postgres: PostgresServer) -> None:
    """A cluster keeps each workspace on one of its machines, and each machine sees to its own rows alone."""
    database = postgres.create_database("leadlight_template").rpartition("/")[2]
    indexes = postgres.run(
        """
        SELECT indrelid::regclass::text, indexrelid::regclass::text, array_agg(attname::text)
        FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY (indkey)
        WHERE indisunique AND indrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)
        GROUP BY indrelid, indexrelid
        """,
        database,
    )

    assert {table for table, _, _ in indexes} >= set(TENANT_TABLES)
    without = [index for table, index, columns in indexes if table in TENANT_TABLES and "workspace_id" not in columns]
    assert without == []


def test_migrations_are_numbered_without_a_gap() -> None:
    for engine in ("sqlite", "postgres"):
        numbers = [migration.number for migration in load_migrations(engine)]

        assert numbers == list(range(1, len(numbers) + 1)), engine


def test_every_error_code_belongs_to_an_error() -> None:
    declared = [
        code
        for path in MODULES
        for code in re.findall(r'^    code(?:: [^=]+)? = "(\w+)"', path.read_text(), re.MULTILINE)
    ]

    assert set(declared) == set(STATUS)


def test_every_setting_is_explained() -> None:
    assert [field.name for field in fields(Settings) if len(field.metadata.get("help", "")) < 10] == []


@each(MODULES)
def test_a_file_is_short_and_says_what_it_is(path: Path) -> None:
    text = path.read_text()

    assert text.count("\n") <= 400
    assert not re.search(r"\b(TODO|FIXME|XXX|HACK)\b", text)
    assert ast.get_docstring(ast.parse(text)), "a module opens with one sentence"


def _names_workspace(text: str) -> bool:
    """Conditions that are put together elsewhere (the … of an f-string) are looked at as they run, when they run."""
    compared = re.search(r"workspace_id = :workspace_id|INTO \w+ \(workspace_id,|(WHERE|AND) …", text)
    return compared is not None
