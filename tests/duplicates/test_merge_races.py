"""Two servers on one store that merge, delete and take back at the same moment: one of them wins, nobody is lost."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from tests.conftest import Client, LetStop, MovableClock, Server

Ask = Callable[[Client], requests.Response]

ROUNDS = 12


class Pair:
    """Two servers on one store, and a key that both know."""

    def __init__(self, servers: tuple[Server, Server]) -> None:
        self.servers = servers
        self.api = servers[0].client(servers[0].workspace())

    def at_once(self, requests: Sequence[Ask]) -> list[int]:
        """The statuses of requests that begin together, by turns at the one and the other."""
        together = threading.Barrier(len(requests))

        def ask(number: int) -> int:
            client = Client(self.servers[number % 2].url, self.api.key, self.api.workspace_id, self.api.key_id)
            client.get("/api/v1/workspace")  # so that a connection is there
            together.wait(20)
            return requests[number](client).status_code

        with ThreadPoolExecutor(len(requests)) as executor:
            return list(executor.map(ask, range(len(requests))))

    def read(self, lead_id: str) -> tuple[int, str | None]:
        """The status, and where it leads to."""
        response = self.api.get(f"/api/v1/leads/{lead_id}")
        return response.status_code, response.json().get("data", {}).get("mergedInto")

    def faults(self) -> list[str]:
        return self.servers[0].do(self.servers[0].services.leads.check())


@pytest.fixture
def pair(store: dict[str, Any], clock: MovableClock, let_stop: LetStop) -> Iterator[Pair]:
    servers = (Server(store, clock, background=False), Server(store, clock, background=False))
    yield Pair(servers)
    let_stop(servers)


def merging(survivor: str, duplicate: str) -> Ask:
    return lambda api: api.post(f"/api/v1/leads/{survivor}/merge", {"duplicateId": duplicate})


def deleting(lead_id: str) -> Ask:
    return lambda api: api.delete(f"/api/v1/leads/{lead_id}")


def undoing(operation_id: str) -> Ask:
    return lambda api: api.post(f"/api/v1/operations/{operation_id}/undo")


def test_of_many_merges_of_one_pair_one_is_done(pair: Pair) -> None:
    for _ in range(ROUNDS):
        ada, other = pair.api.create()["id"], pair.api.create()["id"]

        statuses = pair.at_once([merging(ada, other)] * 6)

        assert sorted(statuses) == [200] + [409] * 5
        assert pair.read(other) == (200, ada)
    assert len(pair.api.get("/api/v1/operations").json()["data"]["operations"]) == ROUNDS
    assert pair.faults() == []


def test_of_two_that_are_merged_into_each_other_one_is_left(pair: Pair) -> None:
    for _ in range(ROUNDS):
        ada, other = pair.api.create()["id"], pair.api.create()["id"]

        statuses = pair.at_once([merging(ada, other), merging(other, ada)] * 2)

        assert sorted(statuses) == [200, 409, 409, 409]
        assert sorted([pair.read(ada), pair.read(other)], key=str) in (
            sorted([(200, None), (200, ada)], key=str),
            sorted([(200, None), (200, other)], key=str),
        )
    assert pair.faults() == []


def test_three_that_are_merged_in_a_ring_leave_one(pair: Pair) -> None:
    for _ in range(ROUNDS):
        a, b, c = (pair.api.create()["id"] for _ in range(3))

        statuses = pair.at_once([merging(a, b), merging(b, c), merging(c, a)])

        assert sorted(statuses) == [200, 200, 409]
        assert [pair.read(lead_id)[1] for lead_id in (a, b, c)].count(None) == 1
    assert pair.faults() == []


@pytest.mark.parametrize("which", ["survivor", "duplicate"])
def test_a_lead_that_is_merged_and_deleted_at_once_is_gone_or_merged(pair: Pair, which: str) -> None:
    for _ in range(ROUNDS):
        ada, other = pair.api.create()["id"], pair.api.create()["id"]
        deleted = ada if which == "survivor" else other

        merged, gone = pair.at_once([merging(ada, other), deleting(deleted)])

        expected = {
            ("survivor", 200, 200): ((404, None), (404, None)),
            ("survivor", 404, 200): ((404, None), (200, None)),
            ("duplicate", 200, 409): ((200, None), (200, ada)),
            ("duplicate", 404, 200): ((200, None), (404, None)),
        }
        assert (pair.read(ada), pair.read(other)) == expected[which, merged, gone]
    assert pair.faults() == []


def test_a_change_while_two_are_merged_is_not_lost(pair: Pair) -> None:
    for _ in range(ROUNDS):
        ada, other = pair.api.create()["id"], pair.api.create()["id"]

        def change(api: Client, lead_id: str = other) -> requests.Response:
            return api.patch(f"/api/v1/leads/{lead_id}", {"phone": "+1 555"})

        assert pair.at_once([merging(ada, other), change]) == [200, 200]
        assert pair.api.get(f"/api/v1/leads/{ada}").json()["data"]["phone"] == "+1 555"
    assert pair.faults() == []


def test_a_merge_that_many_take_back_at_once_is_taken_back_once(pair: Pair) -> None:
    for _ in range(ROUNDS):
        ada, other = pair.api.create()["id"], pair.api.create()["id"]
        merged = pair.api.post(f"/api/v1/leads/{ada}/merge", {"duplicateId": other}).json()["data"]

        statuses = pair.at_once([undoing(merged["operationId"])] * 6)

        operation = pair.api.get(f"/api/v1/operations/{merged['operationId']}").json()["data"]
        assert statuses == [200] * 6
        assert (operation["status"], operation["restored"], operation["skipped"]) == ("undone", 2, 0)
        assert (pair.read(ada), pair.read(other)) == ((200, None), (200, None))
    assert pair.faults() == []


def test_a_merge_that_is_taken_back_while_its_lead_is_merged_on_loses_nobody(pair: Pair) -> None:
    for _ in range(ROUNDS):
        a, b, c = (pair.api.create()["id"] for _ in range(3))
        merged = pair.api.post(f"/api/v1/leads/{b}/merge", {"duplicateId": a}).json()["data"]

        assert pair.at_once([undoing(merged["operationId"]), merging(c, b)]) == [200, 200]

        assert [pair.read(lead_id) for lead_id in (a, b, c)] == [(200, None), (200, c), (200, None)]
    assert pair.faults() == []
