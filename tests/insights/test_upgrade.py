"""A store that was written before there were insights: the migration counts its leads, with their past by events."""

import re
from typing import Any

import apsw
import pytest

from leadlight.store.migrate import load_migrations
from tests.conftest import Client, MovableClock, Server
from tests.postgres_server import PostgresServer

UNDO = """
DROP TABLE lead_days;
DROP TABLE contact_times;
ALTER TABLE leads DROP COLUMN reached;
ALTER TABLE leads DROP COLUMN contacted_at;
"""
PATHS = ("funnel", "leads-over-time", "first-contact", "sources", "campaigns")
CAMPAIGNS: tuple[Any, ...] = ("spring", " [a] ", 7, -1.5, 10**30, None, ["x"], {"a": 1}, True, "ä" * 300, "")


@pytest.fixture
def written(api: Client, clock: MovableClock) -> Client:
    """Leads of every past, and of every campaign."""
    for number, campaign in enumerate(CAMPAIGNS):
        api.create(f"Lead {number}", metadata={"a": {"utm_campaign": "inner"}, "utm_campaign": campaign})
    one, other, third = (api.create(email=f"{name}@example.com", source=None)["id"] for name in "abc")
    for status in ("contacted", "converted", "lost", "new", "follow_up"):
        clock.advance(seconds=4_000)
        api.patch(f"/api/v1/leads/{one}", {"status": status})
    api.patch(f"/api/v1/leads/{other}", {"status": "qualified"})
    api.post(f"/api/v1/leads/{third}/merge", {"duplicateId": other, "prefer": {"status": other}})
    clock.advance(seconds=10**6)
    api.create(status="converted")
    return api


def test_an_upgrade_counts_what_is_there(written: Client, server: Server, request: pytest.FixtureRequest) -> None:
    before = told(written)
    assert before["funnel"]["stages"][2]["leads"] == 3

    upgrade(server, request)

    assert told(written) == before
    assert server.do(server.services.leads.check()) == []


def test_what_an_upgrade_counted_goes_on(written: Client, server: Server, request: pytest.FixtureRequest) -> None:
    upgrade(server, request)

    for lead in written.get("/api/v1/leads?limit=100").json()["data"]["leads"]:
        written.patch(f"/api/v1/leads/{lead['id']}", {"status": "qualified", "metadata": {"utm_campaign": "late"}})
    assert server.do(server.services.leads.check()) == []
    ids = [lead["id"] for lead in written.get("/api/v1/leads?limit=100").json()["data"]["leads"]]
    for lead_id in ids:
        written.delete(f"/api/v1/leads/{lead_id}")

    assert told(written)["campaigns"]["campaigns"] == []
    assert server.do(server.services.leads.check()) == []


def told(api: Client) -> dict[str, Any]:
    return {path: api.get(f"/api/v1/insights/{path}?from=2026-01-01").json()["data"] for path in PATHS}


def upgrade(server: Server, request: pytest.FixtureRequest) -> None:
    """Makes the store as it was, and brings it up to date."""
    engine = "postgres" if server.settings.database_url else "sqlite"
    [migration] = [each for each in load_migrations(engine) if each.name == "insights"]
    if engine == "sqlite":
        connection = apsw.Connection(str(server.data / "leadlight.db"))
        connection.execute(UNDO)
        connection.execute(migration.sql)
        connection.close()
    else:
        postgres: PostgresServer = request.getfixturevalue("postgres")
        database = server.settings.database_url.rpartition("/")[2].partition("?")[0]
        for statement in re.split(r";\s", f"{UNDO}{migration.sql}")[:-1]:
            postgres.run(statement, database)
