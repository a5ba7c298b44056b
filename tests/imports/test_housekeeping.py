"""What is kept of files, and for how long."""

from collections.abc import AsyncIterator, Callable

import pytest

from leadlight.duplicate_rule import DuplicateRule
from leadlight.errors import Conflict
from leadlight.imports.job import Import, ImportOptions
from leadlight.principal import Actor, Principal, Scope
from leadlight.store.database import Transaction
from tests.conftest import MovableClock, Server
from tests.imports.uploads import begin, errors, kept, work_on

DAY = 86_400


@pytest.fixture
def server(start_server: Callable[..., Server]) -> Server:
    """Cleans up when it is told to."""
    return start_server(background=False)


async def receive(server: Server, pieces: AsyncIterator[bytes]) -> Import:
    workspace_id = (await server.services.workspaces.create_workspace("W")).id
    caller = Principal(Actor.of("key_1"), workspace_id, frozenset({Scope.ADMIN}), None, None)
    return await server.services.imports.receive(caller, "f.csv", ImportOptions(DuplicateRule()), pieces)


def clean(server: Server) -> None:
    server.do(server.services.imports.clean(kept_days=30))


def leave_behind(server: Server) -> None:
    """As a server does that is killed while a file arrives."""

    async def work() -> None:
        async def pieces() -> AsyncIterator[bytes]:
            yield b"x" * (3 << 20)

        job = await receive(server, pieces())
        await server.database.write(_receiving, job.id)

    server.do(work())


async def _receiving(tx: Transaction, import_id: str) -> None:
    await tx.execute("UPDATE imports SET status = 'receiving' WHERE id = :id", id=import_id)


def test_a_file_that_never_came_to_its_end_is_removed_after_a_day(server: Server, clock: MovableClock) -> None:
    leave_behind(server)

    clean(server)
    assert len(kept(server, seconds=0)) == 4
    clock.advance(seconds=DAY + 1)
    clean(server)

    assert kept(server, seconds=0) == []


def test_a_file_that_arrives_for_more_than_a_day_is_refused_in_the_end(server: Server, clock: MovableClock) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"x" * (1 << 20)
        clock.advance(seconds=DAY + 1)
        await server.services.imports.clean(kept_days=30)
        yield b"x" * (1 << 20)

    with pytest.raises(Conflict, match="took more than a day"):
        server.do(receive(server, pieces()))
    assert kept(server, seconds=0) == []


def test_a_file_is_kept_as_long_as_its_import_waits(server: Server, clock: MovableClock) -> None:
    api = server.client(server.workspace())
    job = begin(api)

    clock.advance(seconds=40 * DAY)
    clean(server)

    assert kept(server, seconds=0) == [(job["id"], 0)]


def test_bad_rows_are_kept_as_long_as_the_import_can_be_taken_back(server: Server, clock: MovableClock) -> None:
    api = server.client(server.workspace())
    job = begin(api, "name,email\nAda,\n")
    work_on(server, api, job["id"])

    clock.advance(seconds=30 * DAY)
    clean(server)
    assert len(errors(api, job["id"])) == 2
    clock.advance(seconds=1)
    clean(server)

    assert len(errors(api, job["id"])) == 1
