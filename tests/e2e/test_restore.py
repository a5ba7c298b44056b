"""Backup and restore of a database server as the how-to tells it; for a file see tests/cli/test_maintenance.py."""

from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.conftest import Client, MovableClock, Server
from tests.postgres_server import PostgresServer


@pytest.mark.engine("postgres")
def test_a_restored_dump_serves_as_before(
    server: Server, api: Client, postgres: PostgresServer, tmp_path: Path, clock: MovableClock
) -> None:
    lead = api.create(metadata={"n": 1.0})
    gone = api.create("Bob", "bob@example.com")
    api.delete(f"/api/v1/leads/{gone['id']}")
    cursor = api.get("/api/v1/events").json()["data"]["pagination"]["nextCursor"]
    dump = postgres.folder / "leads.dump"

    postgres.tool("pg_dump", "--format=custom", f"--file={dump}", f"--dbname={server.settings.database_url}")
    api.create("Later", "later@example.com")
    url = postgres.create_database("template0")
    postgres.tool("pg_restore", "--exit-on-error", "--no-owner", f"--dbname={url}", str(dump))

    assert Cli(tmp_path, url).json("db", "status") == Cli(tmp_path, server.settings.database_url).json("db", "status")
    restored = Server({"data": tmp_path, "database_url": url}, clock)
    client = Client(restored.url, api.key, api.workspace_id, api.key_id)
    assert client.get(f"/api/v1/leads/{lead['id']}").json()["data"] == lead
    assert client.get("/api/v1/leads?search=ada").json()["data"]["pagination"]["total"] == 1
    assert client.get(f"/api/v1/events?after={cursor}").json()["data"]["events"] == []
    assert client.create("Next")["name"] == "Next"
    restored.stop()
