"""The embedded store as a file: its modes and settings, other processes on it, snapshots, backups, check-ups."""

import asyncio
import json
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import apsw
import pytest

from leadlight.store.database import Database, Transaction
from leadlight.store.opening import open_database
from leadlight.store.sqlite_file import BUSY_SECONDS, FILE_NAME, connect, migrate
from tests.conftest import Client, Server

pytestmark = pytest.mark.engine("sqlite")


async def make_pairs(tx: Transaction) -> None:
    await tx.execute("CREATE TABLE pairs (number INTEGER PRIMARY KEY, twice INTEGER)")


async def insert_pair(tx: Transaction, number: int) -> None:
    await tx.execute("INSERT INTO pairs VALUES (:number, 2 * :number)", number=number)


async def count_pairs(tx: Transaction) -> int:
    row = await tx.row("SELECT count(*) FROM pairs")
    assert row is not None
    return int(row[0] or 0)


def no_progress(done: int, of: int) -> None:
    """Nobody looks at it."""


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = await open_database(tmp_path / "data")
    await database.write(make_pairs)
    yield database
    await database.close()


def migrate_alone(file: Path) -> object:
    """Brings a file's schema up to date; answers how its changes are kept."""
    connection = connect(file, cache_kib=1_000)
    migrate(connection)
    mode = connection.pragma("journal_mode")
    connection.close()
    return mode


async def test_its_files_are_for_their_owner_alone(database: Database, tmp_path: Path) -> None:
    await database.write(insert_pair, 1)
    await database.scan(count_pairs)

    modes = {file.name: stat.filemode(file.stat().st_mode) for file in (tmp_path / "data").iterdir()}

    assert modes == {
        "leadlight.db": "-rw-------",
        "leadlight.db-wal": "-rw-------",
        "leadlight.db-shm": "-rw-------",
    }
    assert stat.filemode((tmp_path / "data").stat().st_mode) == "drwx------"


@pytest.mark.parametrize(
    ("pragma", "value"),
    [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("secure_delete", 1), ("temp_store", 2)],
)
async def test_every_connection_has_its_settings(database: Database, pragma: str, value: str | int) -> None:
    async def read(tx: Transaction) -> object:
        row = await tx.row(f"PRAGMA {pragma}")
        return row and row[0]

    assert [await way(read) for way in (database.read, database.scan, database.write)] == [value] * 3


async def test_a_scan_runs_on_one_snapshot(database: Database) -> None:
    loop = asyncio.get_running_loop()

    async def write() -> None:
        await database.write(insert_pair, 1)

    async def count_around_a_write(tx: Transaction) -> tuple[int, int]:
        before = await count_pairs(tx)
        asyncio.run_coroutine_threadsafe(write(), loop).result(20)
        return before, await count_pairs(tx)

    assert await database.scan(count_around_a_write) == (0, 0)
    assert await database.scan(count_pairs) == 1


async def test_a_scan_holds_up_neither_reads_nor_writes(database: Database) -> None:
    loop = asyncio.get_running_loop()

    async def write_and_read() -> int:
        await database.write(insert_pair, 1)
        return await database.read(count_pairs)

    async def wait_for_both(tx: Transaction) -> int:
        await count_pairs(tx)
        return asyncio.run_coroutine_threadsafe(write_and_read(), loop).result(20)

    assert await database.scan(wait_for_both) == 1


async def test_what_was_written_is_read_at_once(database: Database) -> None:
    for number in range(50):
        await database.write(insert_pair, number)
        assert await database.read(count_pairs) == number + 1


async def test_a_backup_in_the_midst_of_writing_is_of_one_moment(database: Database, tmp_path: Path) -> None:
    async def insert_both(tx: Transaction, number: int) -> None:
        await insert_pair(tx, number)
        await insert_pair(tx, -number)

    async def keep_writing() -> None:
        for number in range(1, 2_000):
            await database.write(insert_both, number)

    writing = asyncio.create_task(keep_writing())
    await asyncio.sleep(0.05)
    copies = [tmp_path / f"copy-{number}.db" for number in range(5)]
    for copy in copies:
        await database.backup(str(copy), no_progress)
    still_writing = not writing.done()
    writing.cancel()

    assert still_writing
    counts = [_look_into(copy, "SELECT count(*), sum(number) FROM pairs") for copy in copies]
    assert all(count % 2 == 0 and total == 0 for count, total in counts)
    assert counts == sorted(counts)
    assert 0 < counts[0][0] < counts[-1][0]


async def test_a_backup_is_one_file_complete_in_itself(database: Database, tmp_path: Path) -> None:
    await database.write(insert_pair, 1)
    copy = tmp_path / "copies" / "leadlight.db"
    copy.parent.mkdir()

    await database.backup(str(copy), no_progress)

    assert [file.name for file in copy.parent.iterdir()] == ["leadlight.db"]
    assert stat.filemode(copy.stat().st_mode) == "-rw-------"
    restored = await open_database(copy.parent)
    assert await restored.read(count_pairs) == 1
    assert await restored.check() == []
    await restored.close()


async def test_a_backup_replaces_no_file(database: Database, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("do not lose me")

    with pytest.raises(FileExistsError):
        await database.backup(str(precious), no_progress)

    assert precious.read_text() == "do not lose me"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["data", "precious"]  # noqa: ASYNC240


async def test_a_check_finds_a_damaged_page(database: Database, tmp_path: Path) -> None:
    await database.write(insert_pair, 1)
    assert await database.check() == []
    await database.close()
    file = tmp_path / "data" / "leadlight.db"
    content = bytearray(file.read_bytes())
    content[4096 * 2 : 4096 * 3] = b"\xab" * 4096
    file.write_bytes(content)

    damaged = await open_database(tmp_path / "data")
    findings = await damaged.check()
    await damaged.close()

    assert findings


async def test_opening_waits_for_others_who_look_at_an_empty_file(tmp_path: Path) -> None:
    file = tmp_path / FILE_NAME
    other = apsw.Connection(str(file))
    other.execute("BEGIN; SELECT count(*) FROM sqlite_master").fetchall()

    opening = asyncio.create_task(asyncio.to_thread(migrate_alone, file))
    await asyncio.sleep(0.2)
    assert not opening.done()
    other.execute("COMMIT")

    assert await opening == "wal"


@pytest.mark.slow
async def test_a_migration_is_waited_for_however_long_it_takes(tmp_path: Path) -> None:
    file = tmp_path / FILE_NAME
    file.touch()
    migrating = connect(file, cache_kib=1_000)
    migrating.execute("BEGIN IMMEDIATE")

    opening = asyncio.create_task(asyncio.to_thread(migrate_alone, file))
    await asyncio.sleep(BUSY_SECONDS + 2)
    assert not opening.done()
    migrating.execute("ROLLBACK")

    assert await opening == "wal"
    migrating.close()


def test_a_key_made_beside_the_running_server_works_at_once(server: Server, api: Client) -> None:
    made = json.loads(_run(server.data, "keys", "create", "--workspace", api.workspace_id, "--json"))
    client = Client(server.url, made["key"], made["workspaceId"], made["id"])

    assert client.get("/api/v1/workspace").json()["data"]["id"] == api.workspace_id
    assert client.create()["workspaceId"] == api.workspace_id


@pytest.mark.slow
def test_a_workspace_made_beside_the_running_server_is_there(server: Server, admin: Client) -> None:
    workspace = json.loads(_run(server.data, "workspaces", "create", "Beside", "--json"))
    made = json.loads(_run(server.data, "keys", "create", "--workspace", "Beside", "--json"))
    client = Client(server.url, made["key"], made["workspaceId"], made["id"])

    client.create()

    assert client.get("/api/v1/workspace").json()["data"]["id"] == workspace["id"]
    assert admin.get("/api/v1/leads").json()["data"]["pagination"]["total"] == 0


@pytest.mark.slow
def test_commands_and_the_server_write_side_by_side(server: Server, api: Client) -> None:
    command = _command(server.data, "keys", "create", "--workspace", api.workspace_id)
    commands = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for _ in range(4)]
    created = 0
    while any(command.poll() is None for command in commands):
        api.create()
        created += 1

    assert [command.returncode for command in commands] == [0] * 4
    assert api.get("/api/v1/leads").json()["data"]["pagination"]["total"] == created
    assert len(json.loads(_run(server.data, "keys", "list", "--json"))) == 5
    assert _run(server.data, "doctor") == "✓ The store is in order.\n"


def test_a_closing_command_leaves_the_running_servers_files_alone(server: Server, api: Client) -> None:
    lead = api.create()
    _run(server.data, "keys", "list")

    api.create()

    assert api.get(f"/api/v1/leads/{lead['id']}").status_code == 200
    assert _look_into(server.data / "leadlight.db", "SELECT count(*) FROM leads") == (2,)


def _command(data: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "leadlight", *arguments, "--data", str(data)]


def _run(data: Path, *arguments: str) -> str:
    return subprocess.run(_command(data, *arguments), capture_output=True, text=True, timeout=30, check=True).stdout


def _look_into(file: Path, sql: str) -> tuple[int, ...]:
    connection = apsw.Connection(str(file))
    row = connection.execute(sql).fetchone()
    connection.close()
    assert row is not None
    return tuple(int(value or 0) for value in row)
