"""The store on a Citus cluster: set up, distributed, served, one workspace on one machine.

Run with LEADLIGHT_TEST_CITUS_URL=postgresql://… of an empty database of a coordinator, in which the extension is (or
may be) created; what is made there is dropped in the end.
"""

import asyncio
import os
import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from leadlight.app import Services
from leadlight.duplicate_rule import DuplicateRule, OnDuplicate
from leadlight.leads.change import LeadDraft, LeadPatch
from leadlight.leads.filter import LeadFilter
from leadlight.leads.lead import LeadStatus
from leadlight.leads.listing import LeadSort
from leadlight.principal import Scope
from leadlight.store import opening
from leadlight.store.database import Database, Row, Transaction, Value
from leadlight.store.idempotency import IdempotencyKey, forget_old_results
from leadlight.workspaces.service import KeySpec
from tests.cli.conftest import Cli
from tests.conftest import Client, MovableClock, Server

URL = os.environ.get("LEADLIGHT_TEST_CITUS_URL", "")

pytestmark = [
    pytest.mark.citus,
    pytest.mark.engine("postgres"),
    pytest.mark.skipif(not URL, reason="LEADLIGHT_TEST_CITUS_URL names no Citus cluster"),
]

OF_TENANTS = {"leads", "lead_counts", "events", "idempotency_keys", "feeds"}
DIRECTORY = {"workspaces", "api_keys", "form_directory", "users", "memberships", "sessions", "one_time_links"}
OF_THE_COORDINATOR = {"schema_migrations", "heartbeats", "unfinished_copies"}
ON_TENANT_TABLES = rf"\b(?:FROM|JOIN|INTO|UPDATE) (?:lead_text|{'|'.join(OF_TENANTS)})\b"
PLACES = """
SELECT logicalrelid::text, partmethod::text, repmodel::text, column_to_column_name(logicalrelid, partkey), colocationid
FROM pg_dist_partition
"""


def run(sql: str) -> list[tuple[Any, ...]]:
    """A statement of an administrator."""

    async def ask() -> list[tuple[Any, ...]]:
        connection = await asyncpg.connect(URL)
        try:
            return [tuple(row) for row in await connection.fetch(sql)]
        finally:
            await connection.close()

    return asyncio.run(ask())


@dataclass(frozen=True)
class Cluster:
    """What the commands said, and the lead that was there before the store was distributed."""

    cli: Cli
    distributed: list[str]
    again: list[str]
    key: str
    lead: dict[str, Any]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    tables = run("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
    assert tables == [], "LEADLIGHT_TEST_CITUS_URL has to name an empty database"
    run("CREATE EXTENSION IF NOT EXISTS citus")
    cli = Cli(tmp_path_factory.mktemp("citus"), URL)
    try:
        cli.json("db", "migrate")
        server = Server({"data": cli.data, "database_url": URL}, MovableClock())
        api = server.client(server.workspace("Before"))
        lead = api.create("Ada", "ada@example.com", source="web", metadata={"n": 1})
        server.stop()
        distributed = cli.json("db", "distribute")["distributed"]
        again = cli.json("db", "distribute")["distributed"]
        yield Cluster(cli, distributed, again, api.key, lead)
    finally:
        names = ", ".join([*OF_TENANTS, *DIRECTORY, *OF_THE_COORDINATOR])
        run(f"DROP TABLE IF EXISTS {names} CASCADE")


@pytest.fixture
def server(cluster: Cluster, clock: MovableClock) -> Iterator[Server]:
    server = Server({"data": cluster.cli.data, "database_url": URL}, clock)
    yield server
    server.stop()


# Where the tables are


def test_distribute_moves_each_table_once(cluster: Cluster) -> None:
    assert set(cluster.distributed) == OF_TENANTS | DIRECTORY
    assert len(cluster.distributed) == len(OF_TENANTS | DIRECTORY)
    assert cluster.again == []


@pytest.mark.usefixtures("cluster")
def test_tables_of_tenants_lie_together_by_their_workspace() -> None:
    places = [row for row in run(PLACES) if row[1] == "h"]

    assert {table for table, *_ in places} == OF_TENANTS
    assert {column for *_, column, _ in places} == {"workspace_id"}
    assert len({together for *_, together in places}) == 1


@pytest.mark.usefixtures("cluster")
def test_the_directory_is_on_every_machine() -> None:
    assert {table for table, method, model, *_ in run(PLACES) if (method, model) == ("n", "t")} == DIRECTORY


def test_no_copy_of_the_data_stays_behind(cluster: Cluster) -> None:
    """What is deleted later would live on in it."""
    sizes = {table: run(f"SELECT pg_relation_size('{table}')")[0][0] for table in cluster.distributed}

    assert sizes == dict.fromkeys(cluster.distributed, 0)


def test_what_was_there_before_is_still_there(cluster: Cluster, server: Server) -> None:
    api = Client(server.url, cluster.key, "", "")

    assert api.get(f"/api/v1/leads/{cluster.lead['id']}").json()["data"] == cluster.lead
    assert api.get("/api/v1/leads").json()["data"]["pagination"]["total"] == 1
    assert [event["type"] for event in api.get("/api/v1/events").json()["data"]["events"]] == ["lead.created"]


def test_the_schema_stays_up_to_date(cluster: Cluster) -> None:
    assert cluster.cli.run("db", "status").exit_code == 0
    assert cluster.cli.run("db", "migrate").stdout.startswith("The schema was up to date")


# What is served


def names(api: Client, query: str) -> list[str]:
    response = api.get(f"/api/v1/leads?{query}")
    assert response.status_code == 200, response.text
    return [lead["name"] for lead in response.json()["data"]["leads"]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("sort=createdAt", ["Ada Park", "Bob Dune", "Cid Vale"]),
        ("sort=-name&limit=1", ["Cid Vale"]),
        ("search=bo", ["Bob Dune"]),
        ("search=dune", ["Bob Dune"]),
        ("search=example&status=lost", ["Cid Vale"]),
        ("status=new&sort=name", ["Ada Park", "Bob Dune"]),
        ("source=web&sort=email", ["Ada Park", "Bob Dune"]),
        ("email=ADA@example.com", ["Ada Park"]),
        ("phone=%2B442079460018", ["Cid Vale"]),
        ("metadata.n=2.0", ["Bob Dune"]),
        ("createdAfter=2026-01-15T10:30:00Z&sort=updatedAt", ["Bob Dune", "Cid Vale"]),
    ],
)
def test_leads_are_listed_searched_and_filtered(
    server: Server, clock: MovableClock, query: str, expected: list[str]
) -> None:
    api, stranger = server.client(server.workspace("Ours")), server.client(server.workspace("Theirs"))
    api.create("Ada Park", "ada@example.com", source="web", metadata={"n": 1})
    stranger.create("Ada Park", "ada@example.com", source="web")
    clock.advance(seconds=1)
    api.create("Bob Dune", "bob@example.com", source="web", metadata={"n": 2.0})
    clock.advance(seconds=1)
    api.create("Cid Vale", "cid@example.com", status="lost", phone="+44 20 7946 0018")

    assert names(api, query) == expected


def test_pages_follow_one_another(api: Client) -> None:
    for number in range(5):
        api.create(f"Name {number}", f"n{number}@example.com")

    first = api.get("/api/v1/leads?sort=name&limit=3").json()["data"]
    second = api.get(f"/api/v1/leads?sort=name&limit=3&cursor={first['pagination']['nextCursor']}").json()["data"]

    assert first["pagination"]["total"] == 5
    assert [lead["name"] for page in (first, second) for lead in page["leads"]] == [f"Name {n}" for n in range(5)]


def test_a_lead_lives_and_ends(api: Client, stranger: Client) -> None:
    path = f"/api/v1/leads/{api.create(source='web')['id']}"

    updated = api.patch(path, {"name": "Ada Vale", "status": "qualified", "metadata": {"n": 1}})
    events = api.get(f"{path}/events").json()["data"]["events"]
    theirs = stranger.get(path)
    deleted = api.delete(path)

    assert (updated.status_code, updated.json()["data"]["status"]) == (200, "qualified")
    assert [event["type"] for event in events] == ["lead.created", "lead.updated", "lead.status_changed"]
    assert (theirs.status_code, deleted.status_code, api.get(path).status_code) == (404, 200, 404)
    assert names(api, "") == []
    feed = api.get("/api/v1/events").json()["data"]["events"]
    assert [event["type"] for event in feed] == ["lead.deleted"]


def test_a_request_sent_twice_is_done_once(api: Client) -> None:
    body = {"name": "Ada", "email": "ada@example.com"}

    sent = [api.post("/api/v1/leads", body, headers={"Idempotency-Key": "k"}).json()["data"]["id"] for _ in range(2)]

    assert sent[0] == sent[1]
    assert api.get("/api/v1/leads").json()["data"]["pagination"]["total"] == 1


def test_duplicates_are_rejected_or_merged(api: Client) -> None:
    lead = api.create("Ada", "ada@example.com")

    rejected = api.post("/api/v1/leads?onDuplicate=reject", {"name": "A", "email": "ada@example.com"})
    merged = api.post("/api/v1/leads?onDuplicate=update", {"name": "Ada Park", "email": "ada@example.com"})

    assert rejected.status_code == 409
    assert (merged.json()["data"]["id"], merged.json()["data"]["name"]) == (lead["id"], "Ada Park")


def test_keys_are_made_rotated_and_revoked(admin: Client) -> None:
    made = admin.post("/api/v1/keys", {"name": "Form"}).json()["data"]
    rotated = admin.post(f"/api/v1/keys/{made['id']}/rotate").json()["data"]
    revoked = admin.delete(f"/api/v1/keys/{rotated['id']}")

    assert revoked.status_code == 200
    assert Client(admin.url, made["key"], "", "").get("/api/v1/leads").status_code == 200
    assert Client(admin.url, rotated["key"], "", "").get("/api/v1/leads").status_code == 401


def test_workspaces_and_keys_are_made_on_the_command_line(cluster: Cluster) -> None:
    workspace = cluster.cli.json("workspaces", "create", "Made")["id"]
    key = cluster.cli.json("keys", "create", "--workspace", workspace)

    assert key["id"] in [listed["id"] for listed in cluster.cli.json("keys", "list", "--workspace", workspace)]


def test_a_server_is_ready_and_measures_itself(api: Client) -> None:
    assert api.get("/health/ready").status_code == 200
    assert api.get("/metrics").status_code == 200


def test_old_results_are_forgotten_in_each_workspace(server: Server, clock: MovableClock) -> None:
    body = {"name": "Ada", "email": "ada@example.com"}
    for name in ("One", "Two"):
        client = server.client(server.workspace(name))
        client.post("/api/v1/leads", body, headers={"Idempotency-Key": "k"})
    clock.advance(seconds=86_401)

    server.do(server.database.write(forget_old_results, clock()))

    assert run("SELECT count(*) FROM idempotency_keys") == [(0,)]


def test_doctor_can_look_at_all_workspaces(server: Server, api: Client) -> None:
    api.create(source="web")

    assert server.do(server.services.leads.check()) == []
    assert isinstance(server.do(server.database.check()), list)


def test_a_cluster_can_be_copied_to_a_file(cluster: Cluster, tmp_path: Path) -> None:
    copied = asyncio.run(opening.copy(URL, f"sqlite:///{tmp_path}/leadlight.db", lambda *_: None))

    assert {part.table for part in copied} == OF_TENANTS | DIRECTORY
    served = Server({"data": tmp_path}, MovableClock())
    answer = Client(served.url, cluster.key, "", "").get(f"/api/v1/leads/{cluster.lead['id']}")
    served.stop()
    assert answer.json()["data"] == cluster.lead


# One workspace, one machine


class Noted:
    """A transaction that keeps the statements that run through it, and their parameters."""

    def __init__(self, tx: Transaction, notes: list[tuple[str, dict[str, Value]]]) -> None:
        self._tx = tx
        self._notes = notes
        self.for_update, self.json_text, self.contains_text = tx.for_update, tx.json_text, tx.contains_text
        self.finds_pieces_sooner = tx.finds_pieces_sooner

    async def rows(self, sql: str, **parameters: Value) -> list[Row]:
        self._notes.append((sql, parameters))
        return await self._tx.rows(sql, **parameters)

    async def row(self, sql: str, **parameters: Value) -> Row | None:
        self._notes.append((sql, parameters))
        return await self._tx.row(sql, **parameters)

    async def execute(self, sql: str, **parameters: Value) -> int:
        self._notes.append((sql, parameters))
        return await self._tx.execute(sql, **parameters)

    async def later(self, sql: str, **parameters: Value) -> None:
        self._notes.append((sql, parameters))
        await self._tx.later(sql, **parameters)


class NotedDatabase:
    """A store that keeps the statements of all units of work."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.notes: list[tuple[str, dict[str, Value]]] = []

    def read(self, unit: Callable[..., Awaitable[Any]], *args: Any) -> Awaitable[Any]:
        return self._database.read(self._noted(unit), *args)

    def scan(self, unit: Callable[..., Awaitable[Any]], *args: Any) -> Awaitable[Any]:
        return self._database.scan(self._noted(unit), *args)

    def write(self, unit: Callable[..., Awaitable[Any]], *args: Any, **options: Any) -> Awaitable[Any]:
        return self._database.write(self._noted(unit), *args, **options)

    def _noted(self, unit: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def run(tx: Transaction, *args: Any) -> Any:
            return await unit(Noted(tx, self.notes), *args)

        return run


async def use_all(services: Services) -> None:
    workspace = await services.workspaces.create_workspace("Acme")
    issued = await services.workspaces.create_key(workspace.id, KeySpec("key", (Scope.LEADS_WRITE,)))
    caller = await services.workspaces.find_principal(issued.secret)
    assert caller is not None
    draft, page = LeadDraft("Ada", "ada@example.com"), {"sort": LeadSort.NEWEST, "limit": 10}
    made = await services.leads.create_lead(caller, draft, idempotency=IdempotencyKey("key", "digest"))
    await services.leads.create_lead(caller, draft, rule=DuplicateRule(OnDuplicate.UPDATE))
    await services.leads.update_lead(caller, made.lead.id, LeadPatch(status=LeadStatus.LOST))
    await services.leads.get_lead(caller, made.lead.id)
    for which in (
        LeadFilter(),
        LeadFilter(search="ad"),
        LeadFilter(search="ada", metadata={"n": "1"}),
        LeadFilter(search="ada", email="ada@example.com"),
        LeadFilter(status=(LeadStatus.LOST,), source=("web",)),
        LeadFilter(phone="+44 20 7946 0018", created_after=1),
    ):
        await services.leads.list_leads(caller, which, **page)  # type: ignore[arg-type]
    await services.leads.list_events(caller, made.lead.id, after=0, limit=10)
    await services.events.list_feed(workspace.id, after=0, limit=10)
    await services.leads.delete_lead(caller, made.lead.id)


def test_every_statement_of_a_workspace_goes_to_one_shard(server: Server) -> None:
    noted = NotedDatabase(server.database)
    server.do(use_all(Services(noted)))  # type: ignore[arg-type]

    async def explain(tx: Transaction, sql: str, parameters: dict[str, Value]) -> str:
        return "\n".join(str(line) for [line] in await tx.rows(f"EXPLAIN (COSTS OFF) {sql}", **parameters))

    of_tenants = {sql: parameters for sql, parameters in noted.notes if re.search(ON_TENANT_TABLES, sql)}
    assert len(of_tenants) > 20
    for sql, parameters in of_tenants.items():
        plan: str = server.do(server.database.read(explain, sql, parameters))  # type: ignore[arg-type]
        assert set(re.findall(r"Task Count: (\d+)", plan)) == {"1"}, f"{sql}\n{plan}"
