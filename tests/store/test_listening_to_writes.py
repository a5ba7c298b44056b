"""Who listens is told what was written, in this process and in others, whatever becomes of those who tell."""

import asyncio
import os
import signal
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from leadlight.server import run as run_on_uvloop
from leadlight.store.database import Database, Row, Transaction
from leadlight.store.listeners import packed
from leadlight.store.neighbours import Neighbours
from leadlight.store.opening import open_database
from tests.e2e.test_pgbouncer import bouncer  # noqa: F401  (a fixture)
from tests.postgres_server import PostgresServer
from tests.postgres_wire import Wire

on_sqlite = pytest.mark.engine("sqlite")
on_postgres = pytest.mark.engine("postgres")

Open = Callable[..., Awaitable[Database]]

WRITE = """
import asyncio, sys
from pathlib import Path
from leadlight.store.opening import open_database

async def touch(tx):
    await tx.execute("UPDATE heartbeats SET checked_at = 2")

async def main(data, url, turn):
    database = await open_database(Path(data), url)
    await database.write(touch, turn=turn)
    await database.close()

asyncio.run(main(*sys.argv[1:]))
"""

LISTEN = """
import asyncio, sys
from pathlib import Path
from leadlight.store.opening import open_database

async def main(data):
    (await open_database(Path(data))).listen(print)
    print("listens", flush=True)
    await asyncio.sleep(60)

asyncio.run(main(*sys.argv[1:]))
"""


class Ears:
    """Keeps what it hears."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self._news = asyncio.Event()

    def __call__(self, turn: str) -> None:
        self.heard.append(turn)
        self._news.set()

    async def until(self, turn: str, times: int = 1) -> None:
        async with asyncio.timeout(10):
            while self.heard.count(turn) < times:
                self._news.clear()
                await self._news.wait()


async def touch(tx: Transaction) -> None:
    await tx.execute("UPDATE heartbeats SET checked_at = 1")


async def touch_and_fail(tx: Transaction) -> None:
    await touch(tx)
    raise ValueError


async def listen(database: Database | Neighbours) -> Ears:
    """Ears that hear others too from now on."""
    ears = Ears()
    database.listen(ears)
    await ears.until("")
    ears.heard.clear()
    return ears


@pytest.fixture
async def open_(store: dict[str, Any]) -> AsyncIterator[Open]:
    opened: list[Database] = []

    async def open_(url: str = "") -> Database:
        opened.append(await open_database(store["data"], url or store.get("database_url", ""), connections=3))
        return opened[-1]

    yield open_
    for database in opened:
        await database.close()


@pytest.fixture
async def database(open_: Open) -> Database:
    return await open_()


@pytest.fixture
async def neighbour(open_: Open) -> Database:
    """On the same store."""
    return await open_()


@pytest.fixture
def pipes(store: dict[str, Any]) -> Path:
    """The folder of them."""
    return Path(store["data"]) / "leadlight.db-listeners"


def pipes_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


# One process


async def test_writes_with_a_turn_are_heard(database: Database) -> None:
    ears = Ears()
    database.listen(ears)

    await database.write(touch, turn="ws_a")

    await ears.until("ws_a")


async def test_writes_without_a_turn_and_those_that_fail_are_not(database: Database) -> None:
    ears = await listen(database)

    await database.write(touch)
    with pytest.raises(ValueError):  # noqa: PT011  (of the unit's own)
        await database.write(touch_and_fail, turn="ws_a")
    await database.write(touch, turn="ws_b")

    await ears.until("ws_b")
    assert ears.heard == ["ws_b"]


async def test_what_is_written_at_once_is_told_together(database: Database) -> None:
    ears = await listen(database)

    await asyncio.gather(*(database.write(touch, turn="ws_a") for _ in range(60)))
    await database.write(touch, turn="ws_b")

    await ears.until("ws_b")
    assert 1 <= ears.heard.count("ws_a") <= 5


async def test_who_stopped_hears_no_more(database: Database) -> None:
    ears, others = await listen(database), Ears()
    stop = database.listen(others)

    stop()
    stop()
    await database.write(touch, turn="ws_a")

    await ears.until("ws_a")
    assert "ws_a" not in others.heard


async def test_a_listener_that_fails_keeps_nothing_from_the_others(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(turn: str) -> None:
        raise ValueError(turn)

    database.listen(fail)
    ears = Ears()
    database.listen(ears)

    await database.write(touch, turn="ws_a")

    await ears.until("ws_a")
    assert set(caplog.messages) == {"a listener failed; the others are told"}


@on_sqlite
async def test_a_write_whose_waiter_went_away_is_heard(database: Database) -> None:
    ears = Ears()
    database.listen(ears)

    writing = asyncio.create_task(database.write(touch, turn="ws_a"))
    await asyncio.sleep(0)
    writing.cancel()

    await ears.until("ws_a")
    assert writing.cancelled()


@on_postgres
async def test_a_write_whose_waiter_left_the_line_is_heard(database: Database) -> None:
    ears = await listen(database)

    first, second = (asyncio.create_task(database.write(touch, turn="ws_a")) for _ in range(2))
    await asyncio.sleep(0)
    second.cancel()
    await first

    await ears.until("ws_a", times=2)


@on_postgres
async def test_a_write_whose_waiter_left_in_the_midst_of_the_commit_is_heard_once_it_is_there(
    database: Database,
) -> None:
    await database.write(make_commits_slow)
    ears = await listen(database)

    writing = asyncio.create_task(database.write(beat, turn="ws_a"))
    while await database.read(commits) != [(1,)]:
        assert not writing.done()
    writing.cancel()

    await ears.until("ws_a", times=2)
    assert await database.read(beats) == [(1,)]


async def make_commits_slow(tx: Transaction) -> None:
    await tx.execute("DELETE FROM heartbeats")
    await tx.execute(
        "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(.4); RETURN NULL; END'"
    )
    await tx.execute(
        "CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON heartbeats DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION wait()"
    )


async def beat(tx: Transaction) -> None:
    await tx.execute("INSERT INTO heartbeats (id, checked_at) VALUES (1, 1)")


async def commits(tx: Transaction) -> list[Row]:
    return await tx.rows(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"
    )


async def beats(tx: Transaction) -> list[Row]:
    return await tx.rows("SELECT count(*) FROM heartbeats")


# Several


async def test_another_process_is_heard_even_if_it_ends_at_once(database: Database, store: dict[str, Any]) -> None:
    ears = await listen(database)

    command = (sys.executable, "-c", WRITE, str(store["data"]), store.get("database_url", ""), "ws_a")
    process = await asyncio.create_subprocess_exec(*command)

    assert await process.wait() == 0
    await ears.until("ws_a")
    assert ears.heard == ["ws_a"]


async def test_each_hears_the_other_and_itself_once(database: Database, neighbour: Database) -> None:
    ears = await listen(database), await listen(neighbour)

    for turn in ("ws_a", "ws_b", "ws_c"):
        await database.write(touch, turn=turn)
        await asyncio.gather(*(ear.until(turn) for ear in ears))
        await neighbour.write(touch, turn=f"{turn}_too")
        await asyncio.gather(*(ear.until(f"{turn}_too") for ear in ears))

    everything = ["ws_a", "ws_a_too", "ws_b", "ws_b_too", "ws_c", "ws_c_too"]
    assert [ear.heard for ear in ears] == [everything, everything]


def test_it_works_on_the_servers_event_loop(store: dict[str, Any]) -> None:
    async def hear() -> list[str]:
        async with asyncio.timeout(20):
            url = store.get("database_url", "")
            one, other = await open_database(store["data"], url), await open_database(store["data"], url)
            ears = await listen(one)
            await other.write(touch, turn="ws_a")
            await ears.until("ws_a")
            for database in (one, other):
                await database.close()
            return ears.heard

    with ThreadPoolExecutor(1) as executor:
        assert executor.submit(run_on_uvloop, hear()).result() == ["ws_a"]


async def test_many_workspaces_are_told_in_several_messages(database: Database, neighbour: Database) -> None:
    ears = await listen(database)
    turns = [f"ws_01h455vb4pex5vsknk084s{number:04}" for number in range(100)]

    await asyncio.gather(*(neighbour.write(touch, turn=turn) for turn in turns))

    for turn in turns:
        await ears.until(turn)


def test_ids_are_packed_into_as_few_messages_as_there_can_be() -> None:
    assert packed(["aa", "bb", "cc"], 6) == ["aa\nbb\n", "cc\n"]
    assert packed(["aa", "bb", "cc"], 5) == ["aa\n", "bb\n", "cc\n"]
    assert packed([], 6) == []


# Named pipes


@on_sqlite
async def test_pipes_are_for_their_owner_alone_and_go_with_who_listens(database: Database, pipes: Path) -> None:
    stop = database.listen(Ears())
    [pipe] = pipes_in(pipes)
    modes = [stat.filemode(path.stat().st_mode) for path in (pipes, pipe)]

    stop()

    assert modes == ["drwx------", "prw-------"]
    assert pipes_in(pipes) == []


@on_sqlite
async def test_a_store_that_closes_leaves_no_pipe(open_: Open, pipes: Path) -> None:
    database = await open_()
    stop = database.listen(Ears())

    await database.close()
    stop()

    assert pipes_in(pipes) == []


@on_sqlite
async def test_who_comes_while_others_come_and_go_is_told(database: Database, open_: Open) -> None:
    for number in range(12):
        ears = await listen(await open_())
        await database.write(touch, turn=f"ws_{number}")
        await ears.until(f"ws_{number}")


@on_sqlite
async def test_the_pipe_of_a_killed_process_is_swept_up(database: Database, store: dict[str, Any], pipes: Path) -> None:
    command = (sys.executable, "-c", LISTEN, str(store["data"]))
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert await process.stdout.readline() == b"listens\n"
    ears = Ears()
    database.listen(ears)
    before = len(pipes_in(pipes))

    process.send_signal(signal.SIGKILL)
    await process.wait()
    await database.write(touch, turn="ws_a")

    await ears.until("ws_a")
    assert (before, len(pipes_in(pipes))) == (2, 1)


@on_sqlite
async def test_a_pipe_that_nobody_empties_holds_up_no_write(
    database: Database, neighbour: Database, pipes: Path
) -> None:
    ears = Ears()
    neighbour.listen(ears)
    full = pipes / "full.pipe"
    os.mkfifo(full)
    end = os.open(full, os.O_RDWR | os.O_NONBLOCK)
    with suppress(BlockingIOError):
        while True:
            os.write(end, b"x" * 512)

    await database.write(touch, turn="ws_a")

    await ears.until("ws_a")
    os.close(end)


@on_sqlite
async def test_who_was_told_more_than_there_was_room_for_hears_that_something_is_missing(store: dict[str, Any]) -> None:
    file = store["data"] / "leadlight.db"
    listening, telling = Neighbours(file), Neighbours(file)
    ears = await listen(listening)

    for number in range(10_000):
        telling.written(f"ws_01h455vb4pex5vsknk084s{number:04}")
    telling.close()

    await ears.until("")
    assert ears.heard == [""]
    listening.close()


@on_sqlite
@pytest.mark.parametrize("nonsense", [b"ws_a", b"\xff\n", b"\n", b"ws_a\n" * 800])
async def test_what_can_not_be_understood_means_that_something_is_missing(
    database: Database, pipes: Path, nonsense: bytes
) -> None:
    ears = await listen(database)

    pipes_in(pipes)[0].write_bytes(nonsense)

    await ears.until("")
    assert ears.heard == [""]


@on_sqlite
async def test_where_there_can_be_no_pipe_this_process_is_heard_alone(
    database: Database, neighbour: Database, pipes: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pipes.touch()  # noqa: ASYNC240
    ears, deaf = Ears(), Ears()
    database.listen(ears)
    stop = database.listen(ears)
    neighbour.listen(deaf)

    await database.write(touch, turn="ws_a")

    await ears.until("ws_a", times=2)
    stop()
    assert deaf.heard == []
    assert [message.partition(":")[0] for message in caplog.messages] == [
        "what other processes write is noticed late, for there can be no pipe"
    ] * 2  # once for each store


@on_sqlite
async def test_pipes_are_in_no_ones_way(database: Database, tmp_path: Path) -> None:
    database.listen(Ears())

    await database.backup(str(tmp_path / "copy.db"), lambda *_: None)

    assert await database.check() == []


# A server


def run_on(postgres: PostgresServer, store: dict[str, Any], sql: str) -> list[Any]:
    with ThreadPoolExecutor(1) as executor:
        return executor.submit(postgres.run, sql, urlsplit(store["database_url"]).path[1:]).result()


END_ALL = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE application_name = 'leadlight' AND datname = current_database()
"""


@on_postgres
async def test_a_connection_that_is_lost_is_opened_again_and_what_was_missed_is_said_so(
    database: Database, neighbour: Database, store: dict[str, Any], postgres: PostgresServer
) -> None:
    ears = await listen(database)
    await neighbour.write(touch, turn="ws_a")
    await ears.until("ws_a")

    run_on(postgres, store, END_ALL)
    await ears.until("")
    await neighbour.write(touch, turn="ws_b")

    await ears.until("ws_b")
    assert ears.heard == ["ws_a", "", "ws_b"]


@on_postgres
async def test_what_could_not_be_told_is_told_later(
    database: Database, neighbour: Database, store: dict[str, Any], postgres: PostgresServer
) -> None:
    ears = await listen(database)
    await neighbour.write(touch)
    name = urlsplit(store["database_url"]).path[1:]

    run_on(postgres, {"database_url": postgres.url()}, f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    await neighbour.write(touch, turn="ws_a")
    await asyncio.sleep(0.2)
    assert ears.heard == []
    run_on(postgres, {"database_url": postgres.url()}, f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")

    await ears.until("ws_a")


@on_postgres
@pytest.mark.slow
async def test_a_server_that_stays_away_is_warned_of_once(
    open_: Open, store: dict[str, Any], postgres: PostgresServer, caplog: pytest.LogCaptureFixture
) -> None:
    wire = Wire(store["database_url"])
    database = await open_(wire.url)
    await listen(database)

    wire.close()
    run_on(postgres, store, END_ALL)
    await asyncio.sleep(12)

    assert [message.partition("(")[0] for message in caplog.messages] == [
        "what other processes write is noticed late: no connection to hear of it stays "
    ]
    async with asyncio.timeout(2):
        await database.close()


@on_postgres
async def test_a_pooler_that_lets_nothing_through_is_warned_of_and_breaks_nothing(
    bouncer: str,  # noqa: F811
    postgres: PostgresServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = {"database_url": postgres.url(urlsplit(bouncer).path[1:])}
    direct = await open_database(Path(), store["database_url"], connections=3)
    pooled = await open_database(Path(), bouncer, connections=3)
    far, near = await listen(direct), await listen(pooled)

    for number in range(30):
        await pooled.write(touch, turn=f"ws_{number}")
        await asyncio.sleep(0.1)
    for number in range(30):
        await near.until(f"ws_{number}")
        await far.until(f"ws_{number}")

    assert [message.partition(":")[0] for message in caplog.messages] == [
        "what other processes write is noticed only every few seconds"
    ]
    for database in (pooled, direct):
        await database.close()
