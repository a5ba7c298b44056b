"""Many that send the same people at once, to two servers on one store: each person is one lead."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.conftest import Client, LetStop, MovableClock, Server

PEOPLE = 20
TIMES = 10


@pytest.fixture
def servers(store: dict[str, Any], clock: MovableClock, let_stop: LetStop) -> Iterator[tuple[Server, Server]]:
    both = (Server(store, clock, background=False), Server(store, clock, background=False))
    yield both
    let_stop(both)


def at_once(servers: tuple[Server, Server], api: Client, send: Callable[[Client, int], int]) -> list[int]:
    """200 requests that begin together, half of them at each server; the statuses."""
    together = threading.Barrier(PEOPLE * TIMES)

    def ask(number: int) -> int:
        client = Client(servers[number % 2].url, api.key, api.workspace_id, api.key_id)
        client.get("/api/v1/workspace")  # so that a connection is there
        together.wait(30)
        return send(client, number // 2 % PEOPLE)

    with ThreadPoolExecutor(PEOPLE * TIMES) as executor:
        return list(executor.map(ask, range(PEOPLE * TIMES)))


def person(number: int, **more: Any) -> dict[str, Any]:
    phone, metadata = f"+44 20 7946 00{number:02}", {"external_id": number, **more}
    return {"name": f"n{number}", "email": f"n{number}@example.com", "phone": phone, "metadata": metadata}


@pytest.mark.parametrize("match_on", ["email", "phone", "metadata.external_id"])
def test_200_upserts_of_20_people_make_20_leads(servers: tuple[Server, Server], match_on: str) -> None:
    api = servers[0].client(servers[0].workspace())

    def upsert(client: Client, number: int) -> int:
        path = f"/api/v1/leads?onDuplicate=update&matchOn={match_on}"
        return client.post(path, person(number, **{f"k{threading.get_ident()}": 1})).status_code

    statuses = at_once(servers, api, upsert)

    assert (statuses.count(201), statuses.count(200)) == (PEOPLE, PEOPLE * (TIMES - 1))
    leads = api.get("/api/v1/leads?limit=100").json()["data"]["leads"]
    assert sorted(lead["name"] for lead in leads) == sorted(f"n{number}" for number in range(PEOPLE))
    assert {len(lead["metadata"]) for lead in leads} == {TIMES + 1}  # what each of them sent is there
    assert servers[1].do(servers[1].services.leads.check()) == []


def test_batches_of_the_same_people_make_each_once(servers: tuple[Server, Server]) -> None:
    api = servers[0].client(servers[0].workspace())

    def upsert(client: Client, number: int) -> int:
        leads = [person((number + offset) % PEOPLE) for offset in range(5)]
        return client.post("/api/v1/leads/batch", {"leads": leads, "onDuplicate": "update"}).status_code

    assert set(at_once(servers, api, upsert)) == {200}
    assert api.get("/api/v1/leads").json()["data"]["pagination"]["total"] == PEOPLE


def test_of_all_that_are_to_be_rejected_one_of_each_is_taken(servers: tuple[Server, Server]) -> None:
    api = servers[0].client(servers[0].workspace())

    def send(client: Client, number: int) -> int:
        return client.post("/api/v1/leads?onDuplicate=reject", person(number)).status_code

    statuses = at_once(servers, api, send)

    assert (statuses.count(201), statuses.count(409)) == (PEOPLE, PEOPLE * (TIMES - 1))
