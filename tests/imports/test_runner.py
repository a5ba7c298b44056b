"""What a process does about files that wait: two at once, one of a workspace, and none for ever."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from leadlight.app import Services
from leadlight.duplicate_rule import DuplicateRule
from leadlight.errors import StoreUnavailable
from leadlight.imports.job import Import, ImportOptions, ImportStatus
from leadlight.imports.runner import ImportRunner, RunBroken, RunImport
from leadlight.principal import Actor, Principal, Scope
from leadlight.store.opening import open_database
from tests.conftest import MovableClock

PEOPLE = b"name,email\nAda,ada@example.com\n"


class Process:
    """A process with a store."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.log: list[str] = []

    async def workspace(self) -> str:
        return (await self.services.workspaces.create_workspace("W")).id

    async def queue(self, workspace_id: str, content: bytes = PEOPLE) -> Import:
        async def pieces() -> AsyncIterator[bytes]:
            yield content

        caller = Principal(Actor.of("key_1"), workspace_id, frozenset({Scope.ADMIN}), None, None)
        return await self.services.imports.receive(caller, "people.csv", ImportOptions(DuplicateRule()), pieces())

    async def look(self, job: Import) -> Import:
        return await self.services.imports.get_import(job.workspace_id, job.id)

    async def wait(self, job: Import, status: ImportStatus) -> Import:
        async with asyncio.timeout(20):
            while (found := await self.look(job)).status is not status:  # noqa: ASYNC110  (nobody tells it)
                await asyncio.sleep(0.005)
        return found

    @asynccontextmanager
    async def running(self, run: RunImport) -> AsyncIterator[None]:
        services = self.services
        runner = ImportRunner(services.database, run, services.clock, sweep_seconds=0.05)
        task = asyncio.create_task(runner.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait((task,))

    async def work(self, workspace_id: str, import_id: str, runner: str) -> None:
        await self.services.import_run().run(workspace_id, import_id, runner)


@pytest.fixture
async def process(store: dict[str, Any], clock: MovableClock) -> AsyncIterator[Process]:
    database = await open_database(store["data"], store.get("database_url", ""))
    yield Process(Services(database, clock))
    await database.close()


def failing(error: Callable[[], Exception], times: int, then: RunImport) -> RunImport:
    """Fails some times, before it has begun."""
    left = [error() for _ in range(times)]

    async def run(workspace_id: str, import_id: str, runner: str) -> None:
        if left:
            raise left.pop()
        await then(workspace_id, import_id, runner)

    return run


async def test_what_waits_is_worked_through(process: Process) -> None:
    job = await process.queue(await process.workspace())

    async with process.running(process.work):
        ended = await process.wait(job, ImportStatus.COMPLETED)

    assert ended.counts.created == 1


async def test_what_breaks_off_is_tried_again(process: Process) -> None:
    job = await process.queue(await process.workspace())

    async with process.running(failing(lambda: RunBroken("it ended with -9"), 2, process.work)):
        await process.wait(job, ImportStatus.COMPLETED)


async def test_what_breaks_off_in_vain_each_time_is_given_up(process: Process) -> None:
    job = await process.queue(await process.workspace())

    async with process.running(failing(lambda: RunBroken("it ended with -9"), 3, process.work)):
        ended = await process.wait(job, ImportStatus.FAILED)

    assert ended.error == "It broke off 3 times behind row 0; the server's log may say why"
    assert ended.counts.created == 0


async def test_a_store_that_is_away_is_no_reason_to_give_up(process: Process) -> None:
    job = await process.queue(await process.workspace())

    async with process.running(failing(StoreUnavailable, 5, process.work)):
        await process.wait(job, ImportStatus.COMPLETED)


class Held:
    """Imports that go on until they are let go."""

    def __init__(self, work: Callable[[str, str, str], Awaitable[None]]) -> None:
        self.begun: list[str] = []
        self.may_end = asyncio.Event()
        self._work = work

    async def run(self, workspace_id: str, import_id: str, runner: str) -> None:
        self.begun.append(import_id)
        await self.may_end.wait()
        await self._work(workspace_id, import_id, runner)

    async def wait(self, count: int) -> None:
        async with asyncio.timeout(20):
            while len(self.begun) < count:  # noqa: ASYNC110  (nobody tells it)
                await asyncio.sleep(0.005)


async def test_two_workspaces_are_served_at_once_and_a_third_after_them(process: Process) -> None:
    jobs = [await process.queue(await process.workspace()) for _ in range(3)]
    held = Held(process.work)

    async with process.running(held.run):
        await held.wait(2)
        await asyncio.sleep(0.4)
        assert set(held.begun) == {jobs[0].id, jobs[1].id}
        held.may_end.set()
        await process.wait(jobs[2], ImportStatus.COMPLETED)


async def test_the_files_of_one_workspace_come_one_after_another(process: Process) -> None:
    workspace_id = await process.workspace()
    first, second = [await process.queue(workspace_id) for _ in range(2)]
    other = await process.queue(await process.workspace())
    held = Held(process.work)

    async with process.running(held.run):
        await held.wait(2)
        assert set(held.begun) == {first.id, other.id}
        held.may_end.set()
        await process.wait(second, ImportStatus.COMPLETED)

    assert held.begun[2:] == [second.id]


async def test_only_one_of_two_processes_begins(process: Process) -> None:
    jobs = [await process.queue(await process.workspace()) for _ in range(2)]
    held = Held(process.work)

    async with process.running(held.run), process.running(held.run):
        await held.wait(2)
        await asyncio.sleep(0.4)
        held.may_end.set()
        for job in jobs:
            assert (await process.wait(job, ImportStatus.COMPLETED)).counts.created == 1

    assert sorted(held.begun) == [job.id for job in jobs]


async def test_another_process_takes_over_from_one_that_is_silent(process: Process, clock: MovableClock) -> None:
    job = await process.queue(await process.workspace())
    silent = Held(process.work)
    async with process.running(silent.run):
        await silent.wait(1)

        async with process.running(process.work):
            await asyncio.sleep(0.4)
            assert (await process.look(job)).status is ImportStatus.QUEUED
            clock.advance(seconds=5)
            await process.wait(job, ImportStatus.COMPLETED)
            silent.may_end.set()

    assert (await process.look(job)).counts.created == 1


async def test_who_lost_an_import_changes_nothing_of_it(process: Process, clock: MovableClock) -> None:
    workspace_id = await process.workspace()
    job = await process.queue(workspace_id)
    await process.services.database.write(_take, job.id)

    await process.work(workspace_id, job.id, "ours")

    found = await process.look(job)
    assert (found.status, found.runner, found.counts.created) == (ImportStatus.RUNNING, "theirs", 0)
    clock.advance(seconds=21)
    await process.work(workspace_id, job.id, "ours")
    assert (await process.look(job)).status is ImportStatus.COMPLETED


async def test_who_loses_an_import_on_the_way_leaves_its_file_to_the_other(
    process: Process, clock: MovableClock
) -> None:
    rows = "".join(f"Person {number},p{number}@example.com\n" for number in range(6_000))
    workspace_id = await process.workspace()
    job = await process.queue(workspace_id, ("name,email\n" + rows).encode())

    working = asyncio.create_task(process.work(workspace_id, job.id, "ours"))
    while (await process.look(job)).processed == 0:  # noqa: ASYNC110  (nobody tells it)
        await asyncio.sleep(0.005)
    await process.services.database.write(_take, job.id)
    await working

    found = await process.look(job)
    assert (found.status, found.runner, 0 < found.processed < 6_000) == (ImportStatus.RUNNING, "theirs", True)
    clock.advance(seconds=21)
    await process.work(workspace_id, job.id, "third")
    ended = await process.look(job)
    assert (ended.status, ended.counts.created) == (ImportStatus.COMPLETED, 6_000)


async def _take(tx: Any, import_id: str) -> None:
    """As another process does."""
    until = MovableClock()() + 20_000
    sql = "UPDATE imports SET status = 'running', runner = 'theirs', runner_until = :until WHERE id = :id"
    await tx.execute(sql, id=import_id, until=until)
