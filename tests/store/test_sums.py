"""Sums: what many units add to one row is written once, and what a unit that fails has added is not."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from leadlight.errors import LeadlightError
from leadlight.store.database import Database, Row, Sums, Table, Transaction
from leadlight.store.sums import PendingSums
from tests.conftest import Server

KEY = ("workspace_id", "day", "bucket")
TIMES = Sums(Table("contact_times", (*KEY, "leads", "seconds"), KEY))
ROW = ("ws_1", 1, 60)


class Refused(LeadlightError):
    code = "CONFLICT"
    summary = "no"


async def add(tx: Transaction, *amounts: int) -> None:
    tx.add(TIMES, ROW, amounts)


async def add_and_fail(tx: Transaction, *amounts: int) -> None:
    tx.add(TIMES, ROW, amounts)
    raise Refused


async def add_many(tx: Transaction, rows: int) -> None:
    for day in range(rows):
        tx.add(TIMES, ("ws_1", day, 0), (1, day))


async def rows(tx: Transaction) -> list[Row]:
    return await tx.rows(
        "SELECT day, bucket, leads, seconds FROM contact_times WHERE workspace_id = :workspace_id ORDER BY day",
        workspace_id="ws_1",
    )


def together(server: Server, *works: Callable[[Database], Coroutine[Any, Any, Any]]) -> list[Any]:
    """Works that are under way at the same time."""

    async def all_of_them() -> list[Any]:
        return await asyncio.gather(*(work(server.database) for work in works), return_exceptions=True)

    return server.do(all_of_them())


def adding(*amounts: int, turn: str | None = "ws_1") -> Callable[[Database], Coroutine[Any, Any, Any]]:
    return lambda database: database.write(add, *amounts, turn=turn)


def failing(*amounts: int) -> Callable[[Database], Coroutine[Any, Any, Any]]:
    return lambda database: database.write(add_and_fail, *amounts, turn="ws_1")


def test_what_many_add_is_the_sum_of_it(server: Server) -> None:
    together(server, *[adding(1, 70)] * 40, *[adding(2, 0)] * 5)

    assert server.do(server.database.scan(rows)) == [(1, 60, 50, 2_800)]


def test_what_a_unit_added_that_fails_is_not_there(server: Server) -> None:
    outcomes = together(server, failing(9, 9), *[adding(1, 70), failing(5, 5)] * 10, failing(7, 7))

    assert [type(outcome) for outcome in outcomes].count(Refused) == 12
    assert server.do(server.database.scan(rows)) == [(1, 60, 10, 700)]


def test_a_row_goes_when_it_counts_nothing_any_more(server: Server) -> None:
    together(server, adding(3, 210))
    together(server, adding(-1, -70), adding(1, 80))
    assert server.do(server.database.scan(rows)) == [(1, 60, 3, 220)]

    together(server, adding(-2, -150))
    assert server.do(server.database.scan(rows)) == [(1, 60, 1, 70)]

    together(server, adding(-1, -70))
    assert server.do(server.database.scan(rows)) == []


def test_a_row_that_is_halved_stays(server: Server) -> None:
    together(server, adding(4, 280))

    together(server, adding(-2, -140))

    assert server.do(server.database.scan(rows)) == [(1, 60, 2, 140)]


def test_what_comes_and_goes_at_once_leaves_nothing(server: Server) -> None:
    together(server, adding(1, 70), adding(-1, -70))

    assert server.do(server.database.scan(rows)) == []


@pytest.mark.parametrize("count", [1, 4, 5, 600])
def test_many_rows_are_written_by_one_unit(server: Server, count: int) -> None:
    server.do(server.database.write(add_many, count))

    assert server.do(server.database.scan(rows)) == [(day, 0, 1, day) for day in range(count)]


def test_no_two_statements_change_the_same_row_and_rows_are_removed_first() -> None:
    pending = PendingSums()
    for amounts in ((1, 5), (-3, -5), (1, 0)):
        pending.add(TIMES, ROW, amounts)
    for day, amounts in enumerate(((2, 3), (0, 4), (0, 0))):
        pending.add(TIMES, ("ws_1", day, 0), amounts)

    named = [
        dict(zip((*KEY, "leads", "seconds"), ("ws_1", *row), strict=True)) for row in ((1, 60, -1, 0), (1, 0, 0, 4))
    ]
    assert list(pending.take()) == [
        (TIMES.forget, [{name: named[0][name] for name in (*KEY, "leads")}]),
        (TIMES.change, named),
        (TIMES.add, [{"workspace_id": "ws_1", "day": 0, "bucket": 0, "leads": 2, "seconds": 3}]),
    ]
    assert list(pending.take()) == []
