"""Migrations: which are applied, in what order, to what store, and what becomes of a store that is too new."""

import asyncio
import subprocess
import sys
from pathlib import Path

import apsw
import pytest

from leadlight.store.migrate import Migration, SchemaTooNew, load_migrations, pending
from leadlight.store.opening import open_database, schema_state
from tests.conftest import Client, Server

pytestmark = pytest.mark.engine("sqlite")

CHAIN = [Migration(1, "initial", ""), Migration(2, "text_index", ""), Migration(3, "later", "")]


@pytest.mark.parametrize(("applied", "expected"), [(0, [1, 2, 3]), (1, [2, 3]), (3, [])])
def test_applies_what_is_missing_in_order(applied: int, expected: list[int]) -> None:
    assert [migration.number for migration in pending(CHAIN, applied)] == expected


def test_refuses_a_store_that_is_ahead() -> None:
    with pytest.raises(SchemaTooNew, match="schema 4, and this version of Leadlight knows schemas up to 3"):
        pending(CHAIN, 4)


def test_an_engines_chain_has_the_common_files_and_its_own() -> None:
    assert [(migration.number, migration.name) for migration in load_migrations("sqlite")][:2] == [
        (1, "initial"),
        (2, "text_index"),
    ]
    assert [migration.name for migration in load_migrations("another")] == [
        "initial",
        "feeds",
        "webhooks",
        "leads_in_and_out",
        "people",
        "follow_ups",
        "notes",
        "saved_views",
        "import_samples",
    ]


async def test_a_new_store_has_them_all(tmp_path: Path) -> None:
    assert (await schema_state(tmp_path)).applied == 0

    await (await open_database(tmp_path)).close()

    state = await schema_state(tmp_path)
    assert state.applied == state.newest
    applied = _rows(tmp_path, "SELECT number, name FROM schema_migrations ORDER BY number")
    assert applied == [(migration.number, migration.name) for migration in load_migrations("sqlite")]


async def test_opening_again_applies_nothing(tmp_path: Path) -> None:
    await (await open_database(tmp_path)).close()
    before = _rows(tmp_path, "SELECT number, applied_at FROM schema_migrations")

    await (await open_database(tmp_path)).close()

    assert _rows(tmp_path, "SELECT number, applied_at FROM schema_migrations") == before


async def test_a_newer_store_is_refused_and_not_touched(tmp_path: Path) -> None:
    await (await open_database(tmp_path)).close()
    _make_newer(tmp_path)
    before = _contents(tmp_path)

    with pytest.raises(SchemaTooNew):
        await open_database(tmp_path)

    assert _contents(tmp_path) == before


async def test_the_command_says_so_in_a_sentence(tmp_path: Path) -> None:
    await (await open_database(tmp_path)).close()
    _make_newer(tmp_path)

    started = await asyncio.to_thread(_run, tmp_path, "serve", "--port", "0")

    assert (started.returncode, started.stdout) == (1, "")
    assert "This store has schema 99" in started.stderr
    assert "nothing was changed" in started.stderr
    assert "Traceback" not in started.stderr


async def test_a_file_that_is_no_store_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "leadlight.db").write_bytes(b"this is a letter to my aunt\n" * 500)
    before = _contents(tmp_path)

    started = await asyncio.to_thread(_run, tmp_path, "serve", "--port", "0")

    assert (started.returncode, started.stdout) == (1, "")
    assert started.stderr.startswith("leadlight: the store in ")
    assert "Traceback" not in started.stderr
    assert _contents(tmp_path)["leadlight.db"] == before["leadlight.db"]


async def test_two_that_open_a_new_store_at_once_both_can(tmp_path: Path) -> None:
    runs = [asyncio.to_thread(_run, tmp_path, "workspaces", "create", f"Number {number}") for number in range(3)]

    ended = await asyncio.gather(*runs)

    assert [(run.returncode, run.stderr) for run in ended] == [(0, "")] * 3
    assert _rows(tmp_path, "SELECT name FROM workspaces ORDER BY name") == [("Number 0",), ("Number 1",), ("Number 2",)]


def test_the_schema_of_a_running_server_is_not_migrated_away(server: Server, api: Client) -> None:
    lead = api.create()

    async def open_and_close() -> None:
        await (await open_database(server.data)).close()

    asyncio.run(open_and_close())

    assert api.get(f"/api/v1/leads/{lead['id']}").status_code == 200
    assert api.create()["name"] == "Ada Park"


def _make_newer(folder: Path) -> None:
    connection = apsw.Connection(str(folder / "leadlight.db"))
    connection.execute("INSERT INTO schema_migrations VALUES (99, 'from the future', 0)")
    connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    connection.close()


def _rows(folder: Path, sql: str) -> list[tuple[object, ...]]:
    connection = apsw.Connection(str(folder / "leadlight.db"))
    rows = [tuple(row) for row in connection.execute(sql)]
    connection.close()
    return rows


def _contents(folder: Path) -> dict[str, bytes]:
    """The store's files, but for the shared memory and a log without content, which a look at it makes."""
    files = [file for file in folder.iterdir() if not file.name.endswith("-shm")]
    return {file.name: content for file in files if (content := file.read_bytes())}


def _run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "leadlight", *arguments, "--data", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
