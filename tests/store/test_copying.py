"""A copy into another engine, and back: every row as it was; what breaks off goes on; what differs is told."""

import asyncio
import shutil
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import apsw
import asyncpg
import pytest
import requests
from typer.testing import CliRunner

from leadlight.cli.main import app
from leadlight.principal import Scope
from leadlight.store import opening
from leadlight.store.copying import Copied
from leadlight.store.database import StoreRefusal, Table
from leadlight.store.opening import open_database
from leadlight.webhooks.service import WebhookPatch
from leadlight.workspaces.service import KeySpec
from tests.cli.conftest import Cli
from tests.conftest import START, Client, MovableClock, Server
from tests.e2e.processes import wait_until
from tests.postgres_server import PostgresServer
from tests.store.leads_in import bring_leads_in
from tests.store.people_in import let_people_in
from tests.webhooks.tenant import Sends, Tenant, bad, good

T = TypeVar("T")
Content = dict[str, list[dict[str, Any]]]
Step = tuple[str, int, int]

pytestmark = pytest.mark.engine("postgres")

MANY = 5_400
"""Leads of one workspace: more than a page of a copy holds."""

ODD = (
    '{"hundred":1e2,"one":1.0,"zero":-0,"small":0.10E-7,"big":123456789012345678901234567890,'
    '"text":"\\u00e9é😀","nothing":null,"nested":{"b":[1,2.50,[]],"a":{}}}'
)
NOT_COPIED = {"schema_migrations", "heartbeats", "unfinished_copies"}
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
BROKE_OFF = "a copy into this store broke off: run the same `leadlight db copy` again, which goes on"


# Stores, read past Leadlight


def in_file(file: Path, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    connection = apsw.Connection(str(file))
    try:
        return [tuple(row) for row in connection.execute(sql, *parameters)]
    finally:
        connection.close()


def content_of_file(file: Path) -> Content:
    tables = in_file(file, "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'")
    found: Content = {}
    for [table] in tables:
        if table not in NOT_COPIED and not table.startswith("sqlite_"):
            columns = [row[1] for row in in_file(file, f"PRAGMA table_info({table})")]
            rows = in_file(file, f"SELECT * FROM {table}")
            found[table] = _sorted([dict(zip(columns, row, strict=True)) for row in rows])
    return found


def on_server(url: str, work: Callable[[asyncpg.Connection], Coroutine[Any, Any, T]]) -> T:
    async def session() -> T:
        connection = await asyncpg.connect(url)
        try:
            return await work(connection)
        finally:
            await connection.close()

    return asyncio.run(session())


def rows_on_server(url: str, sql: str) -> list[tuple[Any, ...]]:
    async def fetch(connection: asyncpg.Connection) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in await connection.fetch(sql)]

    return on_server(url, fetch)


def content_on_server(url: str) -> Content:
    async def fetch(connection: asyncpg.Connection) -> Content:
        names = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return {
            table: _sorted([dict(row) for row in await connection.fetch(f"SELECT * FROM {table}")])
            for [table] in names
            if table not in NOT_COPIED
        }

    return on_server(url, fetch)


def _sorted(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same order, whatever order the columns are in."""
    return sorted(({name: row[name] for name in sorted(row)} for row in rows), key=repr)


def url_of(file: Path) -> str:
    return f"sqlite:///{file}"


def copy(source: str, target: str, advance: Callable[[str, int, int], None] = lambda *_: None) -> list[Copied]:
    return asyncio.run(opening.copy(source, target, advance))


# A store with everything in it


class Source:
    """A store in a file whose server has ended, and what its clients remember of it."""

    def __init__(self, data: Path) -> None:
        self.clock = MovableClock()
        server = Server({"data": data}, self.clock, background=False)  # what is delivered, is delivered by hand
        self.file = data / "leadlight.db"
        self.url = url_of(self.file)
        self.ours = ours = server.workspace("Ours")
        self.many = server.workspace("Many")
        server.workspace("Nobody's")
        api, admin = server.client(ours), server.client(ours, Scope.ADMIN)
        self.key, self.admin_key = api.key, admin.key
        self.keys = self._make_keys(server, ours, admin)
        self._make_leads(api)
        page = api.get("/api/v1/events?limit=3").json()["data"]
        self.events_read, self.cursor = page["events"], page["pagination"]["nextCursor"]
        self.many_key = server.client(self.many).key
        server.do(_deliver(Tenant(server.services, ours)))
        self.webhooks = admin.get("/api/v1/webhooks").json()["data"]["webhooks"]
        self.deliveries = [deliveries_of(admin, webhook) for webhook in self.webhooks]
        bring_leads_in(server, server.client(server.workspace("In and out"), Scope.ADMIN))
        let_people_in(server, ours)
        server.stop()
        fill(self.file, self.many, MANY)
        in_file(self.file, "UPDATE imports SET runner = 'one that is gone' WHERE status = 'queued'")
        self.content = content_of_file(self.file)

    def _make_keys(self, server: Server, workspace_id: str, admin: Client) -> dict[str, str]:
        def issue(name: str, **spec: Any) -> Any:
            return server.do(
                server.services.workspaces.create_key(workspace_id, KeySpec(name, (Scope.LEADS_READ,), **spec))
            )

        ending, limited, revoked, rotated, ended = (
            issue("ending", expires_at=START + 3_600_000),
            issue("limited", rate_limit=7),
            issue("revoked"),
            issue("rotated"),
            issue("ended", expires_at=START + 1),
        )
        admin.delete(f"/api/v1/keys/{revoked.key.id}")
        new = admin.post(f"/api/v1/keys/{rotated.key.id}/rotate", {"graceSeconds": 60}).json()["data"]
        return {
            "ending": ending.secret,
            "limited": limited.secret,
            "revoked": revoked.secret,
            "rotated": rotated.secret,
            "new": new["key"],
            "ended": ended.secret,
        }

    def _make_leads(self, api: Client) -> None:
        odd = f'{{"name":"Odd","email":"odd@example.com","metadata":{ODD}}}'
        self.odd = api.request(
            "POST", "/api/v1/leads", data=odd.encode(), headers={"Content-Type": "application/json"}
        ).json()["data"]
        api.create('Żółw Ĳsbrand 😀 O\'Neil \\ % _ "x"', "zolw@example.com", phone="+44 20 7946 0018", source="mówca")
        self.kept = post_once(api, "kept").json()["data"]["id"]
        self.erased = post_once(api, "erased").json()["data"]["id"]
        api.patch(f"/api/v1/leads/{self.kept}", {"status": "follow_up", "metadata": {"a": None, "b": 1}})
        api.delete(f"/api/v1/leads/{self.erased}")


async def _deliver(tenant: Tenant) -> None:
    """An endpoint that is being sent the past, one that is disabled, one that is deleted."""
    ours, webhooks = Sends(tenant), tenant.services.webhooks
    busy, gone, deleted = [await tenant.webhook(url="http://93.184.215.14/") for _ in range(3)]
    await webhooks.update_webhook(tenant.id, busy.id, WebhookPatch(description="Billing"))
    await webhooks.rotate_secret(tenant.id, busy.id)
    await webhooks.delete_webhook(tenant.id, deleted.id)
    await webhooks.send_test(tenant.id, gone.id)
    await ours.take(bad((await ours.take())[0], 410, answer="żółw"))
    await webhooks.send_test(tenant.id, busy.id)
    await ours.take(good((await ours.take())[0]))
    for _ in range(2):
        await webhooks.replay(tenant.id, busy.id, since=START, until=START + 1, types=())
    first, second, *_ = await ours.take()
    await ours.take(good(first, "thanks"), bad(second, None))


def deliveries_of(api: Client, webhook: dict[str, Any]) -> list[dict[str, Any]]:
    """Each with its attempts."""
    listed = api.get(f"/api/v1/webhooks/{webhook['id']}/deliveries").json()["data"]["deliveries"]
    return [api.get(f"/api/v1/deliveries/{delivery['id']}").json()["data"] for delivery in listed]


def post_once(api: Client, name: str) -> requests.Response:
    body = {"name": name, "email": f"{name}@example.com"}
    return api.post("/api/v1/leads", body, headers={"Idempotency-Key": name})


def fill(file: Path, workspace_id: str, leads: int) -> None:
    """Many leads at once, as if they had been created one by one."""
    numbers = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {leads})"
    connection = apsw.Connection(str(file))
    connection.execute("BEGIN")
    connection.execute(
        f"INSERT INTO leads {numbers} SELECT :ws, printf('lead_%026d', i), i, 'Name ' || i, 'name ' || i, "
        "'n' || i || '@example.com', 'n' || i || '@example.com', NULL, NULL, CASE i % 3 WHEN 0 THEN 'web' END, "
        "CASE i % 2 WHEN 0 THEN 'new' ELSE 'lost' END, printf('{\"n\":%d.0}', i), :now + i, :now + i, 1, "
        "NULL, '', NULL, NULL, 0, NULL FROM n",
        {"ws": workspace_id, "now": START},
    )
    connection.execute(
        "INSERT INTO events SELECT workspace_id, number, 'evt_' || substr(id, 6), 'lead.created', id, 'api_key', "
        "'key_1', '{}', created_at, NULL, 0 FROM leads WHERE workspace_id = ?",
        (workspace_id,),
    )
    connection.execute(
        "INSERT INTO lead_counts SELECT workspace_id, status, coalesce(source, ''), count(*) FROM leads "
        "WHERE workspace_id = ? GROUP BY 1, 2, 3",
        (workspace_id,),
    )
    connection.execute(
        "INSERT INTO lead_days SELECT workspace_id, 'source', created_at / 86400000, coalesce(source, ''), count(*), "
        "0, 0, 0, sum(status = 'lost'), 0 FROM leads WHERE workspace_id = ? GROUP BY 3, 4",
        (workspace_id,),
    )
    connection.execute("UPDATE feeds SET last_event = ? WHERE workspace_id = ?", (leads, workspace_id))
    connection.execute("COMMIT")
    connection.close()


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Source:
    return Source(tmp_path_factory.mktemp("copying") / "source")


@dataclass(frozen=True)
class Copy:
    """A copy as it was when it had just been made. `told`: the steps on the way."""

    data: Path
    url: str
    copied: list[Copied]
    told: list[Step]
    content: Content

    @property
    def store(self) -> dict[str, Any]:
        """The settings that say where it is."""
        return {"data": self.data, "database_url": self.url}


@pytest.fixture(scope="module")
def copies(source: Source, postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Copy]:
    """The source copied to a server, and from there to a file."""
    data = tmp_path_factory.mktemp("copying") / "back"
    server, file = postgres.create_database(), data / "leadlight.db"
    there: list[Step] = []
    back: list[Step] = []
    copied = copy(source.url, server, lambda *step: there.append(step))
    on_the_server = Copy(data, server, copied, there, content_on_server(server))
    copied = copy(server, url_of(file), lambda *step: back.append(step))
    return {"server": on_the_server, "file": Copy(data, url_of(file), copied, back, content_of_file(file))}


@pytest.fixture(scope="module", params=["server", "file"])
def made(request: pytest.FixtureRequest, copies: dict[str, Copy]) -> Copy:
    return copies[request.param]


@pytest.fixture(scope="module")
def served(made: Copy) -> Iterator[Server]:
    """A server on a copy."""
    server = Server(made.store, MovableClock(), background=False)
    yield server
    server.stop()


def client(server: Server, key: str) -> Client:
    return Client(server.url, key, "", "")


# Every row as it was


def test_a_copy_is_the_same_row_by_row(source: Source, made: Copy) -> None:
    assert {table: len(rows) for table, rows in made.content.items()} == {
        "workspaces": 4,
        "api_keys": 10,
        "leads": 3 + 7 + MANY,
        "lead_counts": 10,
        "events": 6 + 13 + 4 + MANY,
        "idempotency_keys": 2,
        "feeds": 4,
        "webhooks": 3,
        "deliveries": 8,
        "delivery_attempts": 4,
        "replays": 1,
        "match_keys": 1,
        "lead_identities": 2,
        "merged_leads": 1,
        "operations": 3,
        "operation_leads": 5,
        "imports": 4,
        "import_pieces": 2,
        "import_errors": 1,
        "form_directory": 1,
        "forms": 2,
        "submissions": 3,
        "users": 2,
        "memberships": 2,
        "sessions": 1,
        "one_time_links": 3,
        "reminders": 1,
        "lead_days": 8,
        "contact_times": 2,
        "notes": 2,
        "saved_views": 1,
    }
    for table, rows in source.content.items():
        assert made.content[table] == rows, table


def test_each_column_of_the_source_holds_something(source: Source) -> None:
    """A column that is empty everywhere would be the same everywhere."""
    values = {
        f"{table}.{name}": {row[name] for row in rows} for table, rows in source.content.items() for name in rows[0]
    }

    assert [name for name, found in values.items() if found == {None}] == []
    assert {name for name, found in values.items() if None in found} == {
        "api_keys.rate_limit",
        "api_keys.expires_at",
        "api_keys.last_used_at",
        "api_keys.revoked_at",
        "api_keys.replaced_by",
        "leads.phone",
        "leads.phone_key",
        "leads.source",
        "leads.mailbox",
        "leads.follow_up_at",
        "leads.follow_up_note",
        "leads.contacted_at",
        "idempotency_keys.fingerprint",
        "idempotency_keys.result",
        "events.lead",
        *(
            f"webhooks.{name}"
            for name in ("description", "previous_secret", "previous_secret_until", "disabled_reason")
        ),
        *(f"webhooks.{name}" for name in ("deleted_at", "due_at", "sender", "failing_since")),
        *(f"webhooks.{name}" for name in ("last_success_at", "last_failure_at")),
        *(f"deliveries.{name}" for name in ("position", "lead_id", "due_at", "finished_at")),
        *(f"delivery_attempts.{name}" for name in ("status", "failure")),
        *(f"operations.{name}" for name in ("subject_id", "undone_at", "undone_by")),
        *(f"operation_leads.{name}" for name in ("before", "outcome")),
        *(f"imports.{name}" for name in ("error", "format", "mapping", "operation_id", "runner", "sample", "total")),
        *(f"imports.{name}" for name in ("started_at", "finished_at")),
        *(f"submissions.{name}" for name in ("external_id", "lead_id", "reason")),
        "forms.deleted_at",
        "notes.edited_by",
        "memberships.left_at",
        *(f"one_time_links.{name}" for name in ("workspace_id", "user_id", "email", "email_key", "role")),
    }


def test_both_ways_tell_the_same_rows_and_checksums(copies: dict[str, Copy], source: Source) -> None:
    there, back = copies["server"].copied, copies["file"].copied

    assert {part.table: part.rows for part in there} == {table: len(rows) for table, rows in source.content.items()}
    assert sorted(there, key=lambda part: part.table) == sorted(back, key=lambda part: part.table)
    assert len({part.checksum for part in there}) == len(source.content)


def test_progress_is_told_of_each_table_and_of_the_proof(source: Source, made: Copy) -> None:
    assert [step for step in made.told if step[0] in ("leads", "verify leads")] == [
        ("leads", 0, MANY + 10),
        ("leads", 5_000, MANY + 10),
        ("leads", MANY + 10, MANY + 10),
        ("verify leads", 5_000, MANY + 10),
        ("verify leads", MANY + 10, MANY + 10),
    ]
    steps = list(dict.fromkeys(step for step, _, _ in made.told))
    tables = len(source.content)
    assert set(steps[:tables]) == set(source.content)
    assert steps[tables:] == [f"verify {table}" for table in steps[:tables]]


def test_a_finished_copy_is_a_store_as_any_other(made: Copy) -> None:
    cli = Cli(made.data, made.url)

    assert [workspace["name"] for workspace in cli.json("workspaces", "list")] == [
        "Ours",
        "Many",
        "Nobody's",
        "In and out",
    ]
    assert cli.run("db", "status").exit_code == 0


# What the clients see


def test_a_key_from_before_looks_leads_up(source: Source, served: Server) -> None:
    response = client(served, source.key).get(f"/api/v1/leads/{source.odd['id']}")

    assert response.status_code == 200
    assert response.json()["data"] == source.odd
    assert f'"metadata":{ODD}' in response.text


@pytest.mark.parametrize(
    ("name", "status"),
    [("ending", 200), ("limited", 200), ("rotated", 200), ("new", 200), ("revoked", 401), ("ended", 401)],
)
def test_keys_are_worth_what_they_were(source: Source, served: Server, name: str, status: int) -> None:
    served.clock.now = START + 1_000

    assert client(served, source.keys[name]).get("/api/v1/leads").status_code == status


@pytest.mark.parametrize(("name", "seconds"), [("ending", 3_600), ("rotated", 60)])
def test_keys_end_when_they_were_to_end(source: Source, served: Server, name: str, seconds: int) -> None:
    served.clock.now = START + 1_000 * seconds

    assert client(served, source.keys[name]).get("/api/v1/leads").status_code == 401


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("search=name 4321", ["Name 4321"]),
        ("search=n4321@ex", ["Name 4321"]),
        ("search=name 539&limit=2&sort=-name", ["Name 5399", "Name 5398"]),
        ("email=N17@example.com", ["Name 17"]),
        ("metadata.n=17.0", ["Name 17"]),
        ("status=lost&source=web&sort=createdAt&limit=2", ["Name 3", "Name 9"]),
    ],
)
def test_many_leads_are_searched_and_listed(source: Source, served: Server, query: str, names: list[str]) -> None:
    page = client(served, source.many_key).get(f"/api/v1/leads?{query}").json()["data"]

    assert [lead["name"] for lead in page["leads"]] == names


@pytest.mark.parametrize(
    ("query", "total"),
    [("", MANY), ("status=new", MANY // 2), ("source=web&status=lost", MANY // 6), ("search=name", MANY)],
)
def test_totals_are_what_they_were(source: Source, served: Server, query: str, total: int) -> None:
    page = client(served, source.many_key).get(f"/api/v1/leads?limit=1&{query}").json()["data"]

    assert page["pagination"]["total"] == total


@pytest.mark.parametrize(
    "query", ["search=żółw ĳ", "metadata.hundred=1e2", "metadata.zero=-0", "phone=%2B442079460018", "source=mówca"]
)
def test_odd_leads_are_found(source: Source, served: Server, query: str) -> None:
    page = client(served, source.key).get(f"/api/v1/leads?{query}").json()["data"]

    assert page["pagination"]["total"] == 1


def test_what_was_deleted_stays_deleted(source: Source, served: Server) -> None:
    assert client(served, source.key).get(f"/api/v1/leads/{source.erased}").status_code == 404


def test_a_request_from_before_the_copy_is_not_done_twice(source: Source, served: Server) -> None:
    api = client(served, source.key)

    again = post_once(api, "kept")
    erased = post_once(api, "erased")

    assert again.json()["data"]["id"] == source.kept
    assert erased.status_code == 409


def test_a_reader_of_the_feed_goes_on_without_gap_or_repetition(source: Source, served: Server) -> None:
    api = client(served, source.key)
    new = api.create("Later", "later@example.com")

    behind = api.get(f"/api/v1/events?after={source.cursor}").json()["data"]["events"]
    api.delete(f"/api/v1/leads/{new['id']}")

    ours = [row for row in source.content["events"] if row["workspace_id"] == source.ours]
    told = [event["id"] for event in [*source.events_read, *behind]]
    assert told[:-1] == [row["id"] for row in sorted(ours, key=lambda row: row["position"])]
    assert behind[-1]["leadId"] == new["id"]


def test_webhooks_and_what_became_of_deliveries_are_as_they_were(source: Source, served: Server) -> None:
    admin = client(served, source.admin_key)

    assert admin.get("/api/v1/webhooks").json()["data"]["webhooks"] == source.webhooks
    assert [deliveries_of(admin, webhook) for webhook in source.webhooks] == source.deliveries
    assert [len(deliveries) for deliveries in source.deliveries] == [7, 1]


def test_a_copy_is_in_order(served: Server) -> None:
    assert served.do(served.services.leads.check()) == []


def test_the_text_index_of_a_file_is_complete(copies: dict[str, Copy]) -> None:
    assert Cli(copies["file"].data).json("doctor") == {"ok": True, "findings": []}


# All tables


def test_every_table_of_the_schema_is_copied(made: Copy) -> None:
    tables = asyncio.run(_tables(made))

    assert {table.name for table in tables} == {*made.content, *NOT_COPIED}
    assert [table.name for table in tables if not table.key] == []
    for table in tables:
        if table.name in made.content:
            assert set(table.columns) == set(made.content[table.name][0]), table.name


def test_both_engines_have_the_same_tables(copies: dict[str, Copy]) -> None:
    on_the_server, in_the_file = (set(asyncio.run(_tables(copy))) for copy in copies.values())

    assert on_the_server == in_the_file


async def _tables(copy: Copy) -> list[Table]:
    database = await open_database(copy.data, copy.url)
    try:
        return await database.tables()
    finally:
        await database.close()


# A copy that breaks off


class BrokenOff(Exception):
    """Raised in the midst of a copy."""


def break_off(source: str, target: str) -> None:
    """Copies the first page of leads, then ends."""

    def advance(step: str, done: int, _: int) -> None:
        if (step, done) == ("leads", 5_000):
            raise BrokenOff

    with pytest.raises(BrokenOff):
        copy(source, target, advance)


def go_on(source: str, target: str) -> list[Step]:
    """What is told of the leads when a copy is begun again."""
    told: list[Step] = []
    copy(source, target, lambda *step: told.append(step))
    return [step for step in told if step[0] == "leads"]


@pytest.fixture
def start() -> Iterator[Callable[[str, str], subprocess.Popen[bytes]]]:
    """Starts `leadlight db copy` processes; none outlives its test."""
    processes: list[subprocess.Popen[bytes]] = []

    def start(source: str, target: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "leadlight", "db", "copy", "--from", source, "--to", target]
        processes.append(subprocess.Popen(command, stdout=subprocess.DEVNULL))
        return processes[-1]

    yield start
    for process in processes:
        process.kill()
        process.wait()


def test_a_copy_to_a_server_that_was_killed_goes_on(
    source: Source, postgres: PostgresServer, tmp_path: Path, start: Callable[[str, str], subprocess.Popen[bytes]]
) -> None:
    url = postgres.create_database("leadlight_template")
    loaded = "SELECT id, ctid::text, xmin::text FROM leads"

    async def kill_it_in_the_second_page(connection: asyncpg.Connection) -> None:
        await connection.execute("BEGIN")  # a row that is not committed holds up who brings the same
        await connection.execute(
            "INSERT INTO leads SELECT $1, $2, 0, '', '', '', '', NULL, NULL, NULL, 'new', '{}', 0, 0, 1",
            source.many,
            f"lead_{5_200:026d}",
        )
        process = start(source.url, url)
        await asyncio.to_thread(wait_until, lambda: rows_on_server(url, WAITING) == [(1,)])
        process.kill()
        process.wait()
        await connection.execute("ROLLBACK")

    on_server(url, kill_it_in_the_second_page)
    first_page = rows_on_server(url, loaded)
    refusal = Cli(tmp_path, url).refusal("workspaces", "list")

    assert go_on(source.url, url) == [("leads", 5_000, MANY + 10), ("leads", MANY + 10, MANY + 10)]
    assert (len(first_page), refusal) == (5_000, BROKE_OFF)
    assert set(first_page) <= set(rows_on_server(url, loaded))  # where they were, written when they were
    assert content_on_server(url) == source.content
    assert Cli(tmp_path, url).run("workspaces", "list").exit_code == 0


def test_a_copy_to_a_file_that_was_killed_goes_on(
    source: Source, migrated_folder: Path, tmp_path: Path, start: Callable[[str, str], subprocess.Popen[bytes]]
) -> None:
    shutil.copytree(migrated_folder, tmp_path / "target")
    file = tmp_path / "target" / "leadlight.db"
    endless = "SELECT count(*) FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n)"
    in_file(file, f"CREATE TRIGGER mud BEFORE INSERT ON leads WHEN new.id = 'lead_{5_200:026d}' BEGIN {endless}; END")

    process = start(source.url, url_of(file))
    wait_until(lambda: in_file(file, "SELECT count(*) FROM leads") == [(5_000,)] and _is_being_written_to(file))
    process.kill()
    process.wait()
    in_file(file, "DROP TRIGGER mud")
    first_page = in_file(file, "SELECT rowid, id FROM leads")
    refusal = Cli(file.parent).refusal("workspaces", "list")

    assert go_on(source.url, url_of(file)) == [("leads", 5_000, MANY + 10), ("leads", MANY + 10, MANY + 10)]
    assert (len(first_page), refusal) == (5_000, BROKE_OFF)
    assert set(first_page) <= set(in_file(file, "SELECT rowid, id FROM leads"))
    assert content_of_file(file) == source.content
    assert Cli(file.parent).json("doctor") == {"ok": True, "findings": []}


def _is_being_written_to(file: Path) -> bool:
    with suppress(apsw.BusyError):
        in_file(file, "BEGIN IMMEDIATE; ROLLBACK")
        return False
    return True


@pytest.fixture(params=["server", "file"])
def half(request: pytest.FixtureRequest, source: Source, postgres: PostgresServer, tmp_path: Path) -> str:
    """The URL of a place into which half of the source was copied."""
    url = postgres.create_database() if request.param == "server" else url_of(tmp_path / "half.db")
    break_off(source.url, url)
    return url


def test_nothing_works_on_half_a_copy(half: str, tmp_path: Path) -> None:
    cli = Cli(tmp_path, half)

    for command in (["keys", "list"], ["workspaces", "create", "Acme"], ["doctor"]):
        assert cli.refusal(*command) == BROKE_OFF
    with pytest.raises(StoreRefusal, match="broke off"):
        copy(half, url_of(tmp_path / "third.db"))


def test_no_server_starts_on_half_a_copy(source: Source, tmp_path: Path) -> None:
    url = url_of(tmp_path / "half.db")
    break_off(source.url, url)

    command = [sys.executable, "-m", "leadlight", "serve", "--port", "0", "--database-url", url]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", f"leadlight: {BROKE_OFF}\n")


def test_what_changed_behind_a_copy_is_told_at_its_end(source: Source, half: str, tmp_path: Path) -> None:
    changed = tmp_path / "changed.db"
    shutil.copy(source.file, changed)
    in_file(changed, "UPDATE leads SET metadata = '{\"n\":1}' WHERE number = 1")  # it was 1.0

    ended = CliRunner().invoke(app, ["db", "copy", "--from", url_of(changed), "--to", half])

    assert (ended.exit_code, ended.stdout) == (1, "")
    assert ended.stderr == (
        f"leadlight: after the copy, leads has {MANY + 10} rows where the source has {MANY + 10}, or other content: "
        "was the source written to meanwhile? Stop its server, and copy into a new empty store\n"
    )
    assert Cli(tmp_path, half).refusal("keys", "list") == BROKE_OFF


def test_a_row_that_came_in_behind_a_copy_is_told_at_its_end(source: Source, tmp_path: Path) -> None:
    changed, half = tmp_path / "changed.db", url_of(tmp_path / "half.db")
    break_off(source.url, half)
    shutil.copy(source.file, changed)
    in_file(changed, "INSERT INTO workspaces VALUES ('ws_0', 9, 'Before all', 0, 'create', 'email')")

    with pytest.raises(StoreRefusal, match="workspaces has 4 rows where the source has 5, or other content"):
        copy(url_of(changed), half)


# Size


def _peak_mib(source: Path, target: str) -> float:
    """The most memory that a process held which copied."""
    script = (
        "import resource, sys\n"
        "from leadlight.cli.main import app\n"
        "app(['db', 'copy', '--from', sys.argv[1], '--to', sys.argv[2]], standalone_mode=False)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)\n"
    )
    command = [sys.executable, "-c", script, url_of(source), target]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert ended.returncode == 0, ended.stderr
    return int(ended.stderr) / 1024


@pytest.mark.slow
def test_a_copy_of_ten_times_the_leads_takes_no_more_memory(postgres: PostgresServer, tmp_path: Path) -> None:
    peaks = []
    for leads in (20_000, 200_000):
        server = Server({"data": tmp_path / str(leads)}, MovableClock())
        workspace_id = server.workspace()
        server.stop()
        file = tmp_path / str(leads) / "leadlight.db"
        in_file(file, "DROP TRIGGER lead_text_insert")  # quicker to fill; the other engine has its own index
        fill(file, workspace_id, leads)
        peaks.append(_peak_mib(file, postgres.create_database()))

    assert peaks[1] < peaks[0] + 40, peaks
