"""The client on an event loop: the same methods, awaited."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from leadlight.client import NO_RETRIES, AsyncLeadlight, NotFound, Unavailable, Unreachable
from tests.client.conftest import KEY, PATIENT
from tests.client.scripted import Naps, Scripted, answer, closed_port, failure, hang_up, success
from tests.client.shapes import IMPORT, LEAD, WORKSPACE
from tests.conftest import Client

BUSY = failure(503, "SERVICE_UNAVAILABLE")


@pytest.fixture
async def client(api: Client) -> AsyncIterator[AsyncLeadlight]:
    async with AsyncLeadlight(api.url, api.key) as client:
        yield client


def patient(url: str, naps: Naps) -> AsyncLeadlight:
    return AsyncLeadlight(url, KEY, retrying=PATIENT, sleep=naps.sleep_async, clock=naps.clock, random=lambda: 1.0)


@pytest.mark.engine("sqlite")
async def test_a_lead_is_made_changed_and_deleted(client: AsyncLeadlight) -> None:
    made = await client.leads.create("Ada Park", "ada@example.com")
    changed = await client.leads.update(made.id, if_match=made.etag, name="Ada")
    deleted = await client.leads.delete(made.id)

    assert (changed.name, deleted.id) == ("Ada", made.id)
    with pytest.raises(NotFound):
        await client.leads.get(made.id)


@pytest.mark.engine("sqlite")
async def test_many_calls_go_on_at_once_and_a_list_is_walked(client: AsyncLeadlight) -> None:
    await asyncio.gather(*(client.leads.create(f"Lead {number}", "a@example.com") for number in range(7)))

    found = [lead.name async for lead in client.leads.list(sort="name", page_size=3)]

    assert found == [f"Lead {number}" for number in range(7)]


async def test_more_calls_than_connections_wait_for_each_other() -> None:
    with Scripted([3, *success(WORKSPACE)]) as server:
        async with AsyncLeadlight(server.url, KEY, timeout_seconds=5, retrying=NO_RETRIES) as client:
            found = await asyncio.gather(*(client.workspace.get() for _ in range(150)))

    assert len(found) == len(server.requests) == 150


async def test_trouble_is_tried_again(naps: Naps) -> None:
    with Scripted(BUSY, hang_up(), success(LEAD, 201)) as server:
        async with patient(server.url, naps) as client:
            made = await client.leads.create("Ada", "ada@example.com")

    assert made.id == "lead_1"
    assert naps.seconds == [1, 2]
    assert len(set(server.keys())) == 1


async def test_trouble_that_lasts_is_told(naps: Naps) -> None:
    with Scripted(BUSY) as server:
        async with patient(server.url, naps) as client:
            with pytest.raises(Unavailable):
                await client.workspace.get()
    async with patient(closed_port(), naps) as client:
        with pytest.raises(Unreachable):
            await client.workspace.get()


async def test_a_download_goes_to_the_disk(naps: Naps, tmp_path: Path) -> None:
    with Scripted(BUSY, answer(200, b"id,name\n")) as server:
        async with patient(server.url, naps) as client:
            size = await client.leads.export(tmp_path / "leads.csv")

    assert size == 8
    assert (tmp_path / "leads.csv").read_bytes() == b"id,name\n"


async def test_an_upload_comes_from_the_disk(naps: Naps, tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_bytes(b"name\nAda\n")
    with Scripted(success(IMPORT, 202)) as server:
        async with patient(server.url, naps) as client:
            found = await client.imports.create(tmp_path / "people.csv", dry_run=True)

    assert found.id == "imp_1"
    assert b"name\nAda\n" in server.requests[0].body


async def test_a_wait_asks_until_the_end(naps: Naps) -> None:
    states = [success({**IMPORT, "status": status}) for status in ("queued", "running", "completed")]
    seen: list[str] = []
    with Scripted(*states) as server:
        async with patient(server.url, naps) as client:
            ended = await client.imports.wait("imp_1", on_progress=lambda found: seen.append(found.status))

    assert ended.status == "completed"
    assert seen == ["queued", "running", "completed"]


async def test_a_call_that_is_given_up_leaves_the_client_usable(naps: Naps) -> None:
    with Scripted([5.0, None], success(WORKSPACE)) as server:
        async with patient(server.url, naps) as client:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(client.workspace.get(), 0.1)
            assert (await client.workspace.get()).name == "Acme"
