"""`leadlight backup` and `leadlight doctor`: the copy is the store, and what is wrong is found."""

import shutil
from pathlib import Path
from typing import Any

import apsw
import pytest

from tests.cli.conftest import Cli
from tests.conftest import Client, MovableClock, Server

pytestmark = pytest.mark.engine("sqlite")

TABLES = ("workspaces", "api_keys", "leads", "lead_counts", "events", "idempotency_keys", "schema_migrations")


def content(file: Path) -> dict[str, list[Any]]:
    connection = apsw.Connection(str(file))
    found = {table: connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in TABLES}
    connection.close()
    return found


def execute(cli: Cli, sql: str) -> None:
    """Does to a store what no Leadlight would."""
    connection = apsw.Connection(str(cli.data / "leadlight.db"))
    connection.execute(sql)
    connection.close()


@pytest.fixture
def store(server: Server, api: Client) -> Cli:
    """A store with two leads, whose server has ended."""
    api.post("/api/v1/leads", {"name": "Ada", "email": "ada@example.com"}, headers={"Idempotency-Key": "k"})
    lead = api.create("Bob", "bob@example.com", source="website", metadata={"n": 1})
    api.patch(f"/api/v1/leads/{lead['id']}", {"status": "lost"})
    server.stop()
    return Cli(server.data)


# Backup


def test_a_backup_holds_all_that_the_store_holds(store: Cli, tmp_path: Path) -> None:
    result = store.run("backup", str(tmp_path / "copy.db"))

    assert result.exit_code == 0
    assert result.stdout.startswith(f"Wrote {tmp_path}/copy.db (")
    assert content(tmp_path / "copy.db") == content(store.data / "leadlight.db")
    assert len(content(tmp_path / "copy.db")["leads"]) == 2


def test_a_backup_is_one_file_that_nobody_else_may_read(store: Cli, tmp_path: Path) -> None:
    (tmp_path / "backups").mkdir()

    store.run("backup", str(tmp_path / "backups" / "copy.db"))

    assert [file.name for file in (tmp_path / "backups").iterdir()] == ["copy.db"]
    assert (tmp_path / "backups" / "copy.db").stat().st_mode & 0o777 == 0o600


def test_a_restored_backup_serves_as_before(store: Cli, tmp_path: Path, clock: MovableClock) -> None:
    store.run("backup", str(tmp_path / "copy.db"))
    (tmp_path / "restored").mkdir()
    shutil.copy(tmp_path / "copy.db", tmp_path / "restored" / "leadlight.db")

    diagnosis = Cli(tmp_path / "restored").json("doctor")
    restored = Server({"data": tmp_path / "restored"}, clock)
    client = restored.client(Cli(restored.data).json("workspaces", "list")[0]["id"])
    page = client.get("/api/v1/leads?search=bob").json()["data"]
    restored.stop()

    assert diagnosis == {"ok": True, "findings": []}
    assert [lead["name"] for lead in page["leads"]] == ["Bob"]
    assert page["pagination"]["total"] == 1


def test_a_backup_can_be_made_while_the_server_runs(server: Server, api: Client, tmp_path: Path) -> None:
    lead = api.create()

    report = Cli(server.data).json("backup", str(tmp_path / "copy.db"))
    api.create("Later")

    assert report == {"file": str(tmp_path / "copy.db"), "bytes": (tmp_path / "copy.db").stat().st_size}
    assert [row[1] for row in content(tmp_path / "copy.db")["leads"]] == [lead["id"]]


def test_a_backup_does_not_replace_a_file(store: Cli, tmp_path: Path) -> None:
    (tmp_path / "copy.db").write_text("precious")

    assert store.refusal("backup", str(tmp_path / "copy.db")) == f"{tmp_path}/copy.db is there already; name a new file"
    assert (tmp_path / "copy.db").read_text() == "precious"


def test_a_backup_needs_a_folder(store: Cli, tmp_path: Path) -> None:
    assert store.refusal("backup", str(tmp_path / "no" / "copy.db")) == f"there is no folder {tmp_path}/no"


def test_an_unfinished_backup_of_another_is_not_taken_over(store: Cli, tmp_path: Path) -> None:
    (tmp_path / "copy.db.partial").write_text("under way")

    assert "File exists" in store.refusal("backup", str(tmp_path / "copy.db"))
    assert (tmp_path / "copy.db.partial").read_text() == "under way"


def test_a_backup_of_nothing_makes_nothing(cli: Cli, tmp_path: Path) -> None:
    assert cli.refusal("backup", str(tmp_path / "copy.db")).startswith(f"there is no store in {cli.data}")
    assert list(tmp_path.iterdir()) == []


# Doctor


def test_a_store_in_order_is_said_to_be(store: Cli) -> None:
    result = store.run("doctor")

    assert (result.exit_code, result.stdout) == (0, "✓ The store is in order.\n")
    assert store.json("doctor") == {"ok": True, "findings": []}


def test_a_store_in_use_can_be_examined(server: Server, api: Client) -> None:
    api.create()

    assert Cli(server.data).json("doctor") == {"ok": True, "findings": []}
    assert api.create()["name"] == "Ada Park"


@pytest.mark.parametrize(
    ("damage", "finding"),
    [
        ("UPDATE lead_counts SET leads = leads + 1 WHERE status = 'lost'", "1 totals that are not what a count finds"),
        ("DELETE FROM lead_counts", "2 totals that are not what a count finds"),
        ("DELETE FROM events WHERE type = 'lead.created'", "2 leads without their lead.created event"),
        ("DELETE FROM leads WHERE name = 'Ada'", "1 totals that are not what a count finds"),
        ("UPDATE feeds SET last_event = 1", "1 feeds that are ahead of their counter"),
        (
            "UPDATE events SET type = 'lead.deleted' WHERE type = 'lead.updated'",
            "1 deleted leads of which data is left",
        ),
        ("UPDATE leads SET workspace_id = 'ws_gone' WHERE name = 'Ada'", "1 leads without a workspace"),
        ("INSERT INTO lead_text (lead_text) VALUES ('delete-all')", "the text index does not match the leads"),
        (
            "INSERT INTO api_keys (id, workspace_id, name, hash, scopes, created_at) VALUES ('k', 'w', '', '', '', 0)",
            "a row of api_keys refers to no row of workspaces",
        ),
    ],
)
def test_what_is_wrong_is_found(store: Cli, damage: str, finding: str) -> None:
    execute(store, damage)

    result = store.run("doctor")

    assert result.exit_code == 1
    assert f"✗ {finding}" in result.stdout
    assert "in order" not in result.stdout


def test_what_is_wrong_is_told_to_programs_too(store: Cli) -> None:
    execute(store, "DELETE FROM events WHERE type = 'lead.created'")

    result = store.run("doctor", "--json")

    assert result.exit_code == 1
    assert result.stdout == (
        '{"ok":false,"findings":["2 leads without their lead.created event: '
        'restore the last backup, and tell us how it came to this"]}\n'
    )


def test_a_file_that_others_could_read_is_named_with_its_cure(store: Cli) -> None:
    file = store.data / "leadlight.db"
    file.chmod(0o640)

    result = store.run("doctor")

    assert result.exit_code == 1
    assert f"✗ {file} can be read by other users of this machine: chmod 600 {file}" in result.stdout


def test_a_damaged_page_is_found(store: Cli) -> None:
    with (store.data / "leadlight.db").open("r+b") as file:
        file.seek(4096 * 3)
        file.write(b"\xff" * 4096)

    result = store.run("doctor")

    assert result.exit_code == 1
    assert "in order" not in result.stdout
    assert isinstance(result.exception, SystemExit)


def test_a_file_that_is_no_store_is_told_in_a_sentence(cli: Cli) -> None:
    cli.data.mkdir()
    (cli.data / "leadlight.db").write_bytes(b"This is not a database, and never was. " * 100)

    assert cli.refusal("doctor").startswith(f"the store in {cli.data} can't be opened: ")


def test_no_store_is_told_in_a_sentence(cli: Cli) -> None:
    assert cli.refusal("doctor") == (
        f"there is no store in {cli.data}; `leadlight serve` makes one, and --data names another folder"
    )
    assert not cli.data.exists()
