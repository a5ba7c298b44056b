"""Writing an embedded store's log to its file: when, by which connection, and that nobody else waits for the disk."""

import asyncio
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

import apsw
import pytest

from leadlight.store.database import Transaction
from leadlight.store.opening import open_database
from leadlight.store.sqlite_file import connect, connect_to_checkpoint
from leadlight.store.sqlite_session import SqliteSession

pytestmark = pytest.mark.engine("sqlite")

PAGES = 20
PAGE_BYTES = 4096
SYNC = os.fsync if sys.platform == "darwin" else os.fdatasync


class Store:
    """A store in a file, written to in this thread."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.touch()
        self.session = SqliteSession(path, cache_kib=1_000, checkpoint_pages=PAGES)
        self.write("CREATE TABLE texts (text TEXT)")
        self.session.tidy()

    def write(self, sql: str) -> None:
        self.session.begin()
        self.session.transaction.connection.execute(sql)
        self.session.commit()

    def fill(self, pages: int) -> None:
        for _ in range(pages):
            self.write(f"INSERT INTO texts VALUES (hex(randomblob({PAGE_BYTES // 2})))")

    def log_bytes(self) -> int:
        return Path(f"{self.path}-wal").stat().st_size


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "leadlight.db")
    yield store
    store.session.close()


def called_in(work: Callable[[], object]) -> list[object]:
    """What of C was called by Python's code meanwhile."""
    calls: list[object] = []

    def note(_frame: FrameType, event: str, function: object) -> None:
        if event == "c_call":
            calls.append(function)

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return calls


def test_commits_leave_the_file_alone_until_the_log_is_long(store: Store) -> None:
    before = store.path.stat().st_size

    store.fill(3)
    store.session.shorten_log()

    assert store.path.stat().st_size == before

    store.fill(PAGES)
    store.session.shorten_log()

    assert store.path.stat().st_size >= before + PAGES * PAGE_BYTES


def test_the_log_does_not_grow_for_ever(store: Store) -> None:
    lengths = []
    for _ in range(5):
        store.fill(PAGES)
        store.session.shorten_log()
        lengths.append(store.log_bytes())

    assert max(lengths) < 2 * lengths[0]


def test_the_disk_is_waited_for_without_the_interpreters_lock(store: Store) -> None:
    store.fill(PAGES)

    assert SYNC in called_in(store.session.shorten_log)  # apsw's own would keep the lock


def test_a_commit_goes_past_the_python_of_the_scrubbing(store: Store) -> None:
    assert SYNC not in called_in(lambda: store.fill(1))
    assert store.session.transaction.connection.open_vfs == apsw.vfs_names()[0]


def test_the_file_is_synced_also_when_the_lender_of_the_descriptor_was_closed(store: Store) -> None:
    store.session.close()
    lender = connect(store.path, cache_kib=100)
    checkpointing = connect_to_checkpoint(store.path)
    lender.execute("INSERT INTO texts VALUES ('a')")
    lender.close()

    frames, written = checkpointing.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)

    assert frames == written > 0
    checkpointing.close()
    store.session = SqliteSession(store.path, cache_kib=1_000, checkpoint_pages=PAGES)


def test_a_reader_in_the_way_of_the_log_is_no_fault(store: Store) -> None:
    reader = connect(store.path, cache_kib=100)
    reader.execute("BEGIN; SELECT * FROM texts").fetchall()
    store.fill(PAGES)

    store.session.shorten_log()

    assert store.session.tidy() is False
    reader.close()
    assert store.session.tidy() is True
    assert store.log_bytes() == 0


async def test_the_log_is_emptied_once_nobody_writes(tmp_path: Path) -> None:
    async def write(tx: Transaction) -> None:
        await tx.execute("INSERT INTO texts VALUES ('a')")

    async def make(tx: Transaction) -> None:
        await tx.execute("CREATE TABLE texts (text TEXT)")

    one, other = await open_database(tmp_path), await open_database(tmp_path)
    log = tmp_path / "leadlight.db-wal"
    try:
        await one.write(make)
        lengths = []
        for _ in range(15):  # for longer than one of them waits until it tidies
            await other.write(write)
            lengths.append(log.stat().st_size)
            await asyncio.sleep(0.1)

        assert lengths == sorted(lengths)

        async with asyncio.timeout(20):
            while log.stat().st_size:  # noqa: ASYNC110  (a file tells nobody)
                await asyncio.sleep(0.1)
    finally:
        await one.close()
        await other.close()
