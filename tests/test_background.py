"""Background work: what is old is forgotten, and neither a store that is away nor a bug ends the work."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest

from leadlight.app import Services
from leadlight.background import run_background
from leadlight.clock import DAY
from leadlight.events.event import EventType
from leadlight.leads.change import LeadDraft
from leadlight.principal import Scope
from leadlight.store.database import Database, Transaction
from leadlight.store.idempotency import IdempotencyKey, save_result
from leadlight.store.opening import open_database
from leadlight.workspaces.service import KeySpec
from tests.conftest import MovableClock

ASKED = IdempotencyKey("key", "fingerprint")


class Made(msgspec.Struct):
    id: str


async def test_results_that_are_old_are_forgotten(store: dict[str, Any], clock: MovableClock) -> None:
    database = await open_store(store)
    services = Services(database, clock)
    workspace = await services.workspaces.create_workspace("Acme")
    await database.write(keep_result, workspace.id, clock())
    clock.advance(milliseconds=DAY)
    work = asyncio.create_task(run_background(services, every_seconds=0.01))

    async def forgotten() -> bool:
        return await database.read(count_results, workspace.id) == 0

    await until(forgotten)

    await end(work, database)


async def test_follow_ups_that_are_due_are_told(store: dict[str, Any], clock: MovableClock) -> None:
    database = await open_store(store)
    services = Services(database, clock)
    workspace = await services.workspaces.create_workspace("Acme")
    key = await services.workspaces.create_key(workspace.id, KeySpec("key", (Scope.LEADS_WRITE,)))
    caller = await services.workspaces.find_principal(key.secret)
    assert caller is not None
    await services.leads.create_lead(caller, LeadDraft("Ada", "ada@example.com", follow_up_at=clock() + 1))
    clock.advance(milliseconds=1)
    work = asyncio.create_task(run_background(services, every_seconds=0.01))

    async def told() -> bool:
        page = await services.events.list_feed(workspace.id, after=0, limit=10)
        return [event.type for event in page.events] == [EventType.LEAD_CREATED, EventType.LEAD_FOLLOW_UP_DUE]

    await until(told)

    await end(work, database)


async def test_a_store_that_is_away_is_warned_of(
    store: dict[str, Any], clock: MovableClock, caplog: pytest.LogCaptureFixture
) -> None:
    database = await open_store(store)
    await database.close()
    work = asyncio.create_task(run_background(Services(database, clock), every_seconds=0.01))

    await until(logged_twice(caplog))

    assert {record.message for record in of_housekeeping(caplog)} == {
        "housekeeping is put off: the store takes no writes"
    }
    assert not work.done()
    work.cancel()


async def test_a_failure_is_logged_and_the_work_goes_on(
    store: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    database = await open_store(store)

    def broken_clock() -> int:
        raise ZeroDivisionError

    work = asyncio.create_task(run_background(Services(database, broken_clock), every_seconds=0.01))

    await until(logged_twice(caplog))

    assert {(record.levelno, record.message) for record in of_housekeeping(caplog)} == {
        (logging.ERROR, "housekeeping failed; it is tried again")
    }
    await end(work, database)


async def open_store(store: dict[str, Any]) -> Database:
    return await open_database(store["data"], store.get("database_url", ""))


async def keep_result(tx: Transaction, workspace_id: str, now: int) -> None:
    await save_result(tx, workspace_id, ASKED, "lead_1", Made("lead_1"), now=now)


async def count_results(tx: Transaction, workspace_id: str) -> int:
    sql = "SELECT 1 FROM idempotency_keys WHERE workspace_id = :workspace_id"
    return len(await tx.rows(sql, workspace_id=workspace_id))


def of_housekeeping(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.name == "leadlight"]


def logged_twice(caplog: pytest.LogCaptureFixture) -> Callable[[], Awaitable[bool]]:
    async def holds() -> bool:
        return len(of_housekeeping(caplog)) >= 2

    return holds


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    for _ in range(2_000):
        if await holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come true in time")


async def end(work: asyncio.Task[None], database: Database) -> None:
    work.cancel()
    await asyncio.wait([work])
    await database.close()
