"""From a change in the API to a receiver, by the machine's clock: on time, signed each time, in order."""

import hmac
import json
import re
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook as PublicLibrary

from leadlight.clock import system_clock
from leadlight.principal import Scope
from tests.conftest import Client, MovableClock, Server
from tests.e2e.processes import wait_until
from tests.webhooks.endpoints import create_webhook, get_delivery, get_webhook, list_deliveries, wait_for
from tests.webhooks.receiver import (
    Reaction,
    Receiver,
    Request,
    answer,
    break_off,
    close,
    hang,
    in_turn,
    redirect,
)


class RunningClock(MovableClock):
    """The machine's, which can be put forward."""

    def __init__(self) -> None:
        super().__init__(0)

    def __call__(self) -> int:
        return self.now + system_clock()


@pytest.fixture
def clock() -> MovableClock:
    return RunningClock()


@pytest.fixture
def server(start_server: Callable[..., Server]) -> Server:
    """Tries four times, for a second each."""
    return start_server(webhook_allow_private=True, webhook_retry_schedule="0,0.4,0.4,0.4", webhook_timeout_seconds=1)


def event_of(request: Request) -> dict[str, Any]:
    return dict(json.loads(request.body))


def gaps(requests: list[Request]) -> list[float]:
    """Seconds between one and the next."""
    return [later.arrived_at - earlier.arrived_at for earlier, later in pairwise(requests)]


# Signed, each time


def test_each_attempt_is_signed_anew_under_the_same_id(
    api: Client, manager: Client, receiver: Receiver, clock: MovableClock
) -> None:
    receiver.react = in_turn(answer(500), answer(503), answer(200))
    webhook = create_webhook(manager, receiver.url)
    api.create()
    for count in (1, 2, 3):
        receiver.wait_for(count)
        clock.advance(seconds=2)
    wait_for(manager, webhook, "succeeded")

    for request in receiver.requests:
        assert PublicLibrary(webhook["secret"]).verify(request.body, request.headers) == event_of(request)
        expected = hmac.digest(webhook["secret"].encode(), request.body, "sha256").hex()
        assert request.headers["x-webhook-signature"] == f"sha256={expected}"
    assert len({request.headers["webhook-id"] for request in receiver.requests}) == 1
    assert len({request.body for request in receiver.requests}) == 1
    assert len({request.headers["webhook-timestamp"] for request in receiver.requests}) == 3
    assert len({request.headers["webhook-signature"] for request in receiver.requests}) == 3


# On time


def test_it_is_tried_by_the_schedule_and_has_failed_then(api: Client, manager: Client, receiver: Receiver) -> None:
    receiver.react = lambda _: answer(500)
    webhook = create_webhook(manager, receiver.url)
    began = time.monotonic()
    api.create()

    wait_for(manager, webhook, "failed")

    assert receiver.requests[0].arrived_at - began < 3
    assert all(0.4 <= gap < 3 for gap in gaps(receiver.requests))
    assert len(receiver.requests) == 4


def test_a_first_delay_can_be_set(start_server: Callable[..., Server], receiver: Receiver) -> None:
    server = start_server(webhook_allow_private=True, webhook_retry_schedule="0.5,0.2")
    api = server.client(server.workspace(), Scope.ADMIN)
    webhook = create_webhook(api, receiver.url)
    began = time.monotonic()
    api.create()

    [request] = receiver.wait_for(1)
    [delivery] = wait_for(api, webhook, "succeeded")

    assert 0.5 <= request.arrived_at - began < 4
    assert delivery["attemptCount"] == 1


def test_whoever_asks_for_patience_is_left_alone_for_so_long(api: Client, manager: Client, receiver: Receiver) -> None:
    receiver.react = in_turn(answer(429, Retry_After="1"), answer(200))
    webhook = create_webhook(manager, receiver.url)
    api.create()
    receiver.wait_for(1)
    api.create()

    requests = receiver.wait_for(3)

    assert gaps(requests)[0] >= 1
    assert len({event_of(request)["leadId"] for request in requests}) == 2
    wait_for(manager, webhook, "succeeded", "succeeded")


@pytest.mark.parametrize("status", [200, 201, 202, 204, 226, 299])
def test_any_2xx_is_a_success(api: Client, manager: Client, receiver: Receiver, status: int) -> None:
    receiver.react = lambda _: answer(status)
    webhook = create_webhook(manager, receiver.url)
    api.create()

    wait_for(manager, webhook, "succeeded")

    assert get_webhook(manager, webhook)["successCount"] == 1


@pytest.mark.parametrize(
    ("reaction", "failure"),
    [
        (answer(404), "http_status"),
        (answer(304), "redirect"),
        (redirect("/elsewhere", 301), "redirect"),
        (redirect("/elsewhere", 308), "redirect"),
        (hang(), "timeout"),
        (close(), "connection_lost"),
        (break_off(), "connection_lost"),
    ],
)
def test_what_is_no_success_is_tried_again_until_it_is_one(
    api: Client, manager: Client, receiver: Receiver, reaction: Reaction, failure: str
) -> None:
    receiver.react = in_turn(reaction, answer(200))
    webhook = create_webhook(manager, receiver.url)
    api.create()

    [delivery] = wait_for(manager, webhook, "succeeded")

    assert [attempt["failure"] for attempt in get_delivery(manager, delivery)["attempts"]] == [failure, None]
    assert {request.path for request in receiver.requests} == {"/hook"}


# In order


def test_each_leads_events_arrive_in_their_order_while_many_write(
    api: Client, manager: Client, receiver: Receiver
) -> None:
    receiver.react = lambda request: answer(after_seconds=len(request.body) % 7 / 1_000)
    webhook = create_webhook(manager, receiver.url)

    def write(number: int) -> str:
        client = Client(api.url, api.key, api.workspace_id, api.key_id)
        lead_id = str(client.create(f"Lead {number}")["id"])
        for count in range(20):
            client.patch(f"/api/v1/leads/{lead_id}", {"metadata": {"count": count}})
        return lead_id

    with ThreadPoolExecutor(10) as pool:
        leads = list(pool.map(write, range(10)))
    counts: defaultdict[str, list[int | None]] = defaultdict(list)
    for request in receiver.wait_for(210):
        event = event_of(request)
        counts[event["leadId"]].append(event["data"]["metadata"].get("count"))

    assert dict(counts) == {lead_id: [None, *range(20)] for lead_id in leads}
    wait_until(lambda: get_webhook(manager, webhook)["successCount"] == 210)


def test_many_endpoints_of_many_workspaces_get_each_their_own(server: Server, receiver: Receiver) -> None:
    clients = [server.client(server.workspace(f"Tenant {number}"), Scope.ADMIN) for number in range(5)]
    for number, client in enumerate(clients):
        for place in range(4):
            create_webhook(client, f"{receiver.url}/{number}/{place}")

    leads = [[client.create()["id"] for _ in range(3)] for client in clients]
    requests = receiver.wait_for(60)

    arrived = defaultdict(list)
    for request in requests:
        arrived[request.path].append(event_of(request)["leadId"])
    assert {path: sorted(ids) for path, ids in arrived.items()} == {
        f"/hook/{number}/{place}": leads[number] for number in range(5) for place in range(4)
    }


# A lead that is deleted


def test_nothing_of_a_lead_arrives_once_its_deletion_was_answered(
    api: Client, manager: Client, receiver: Receiver
) -> None:
    webhook = create_webhook(manager, receiver.url)
    api.create("Bo Berg")
    wait_for(manager, webhook, "succeeded")
    receiver.react = lambda _: answer(after_seconds=0.3)
    lead_id = api.create("Ada Qxzj")["id"]
    for number in range(5):
        api.patch(f"/api/v1/leads/{lead_id}", {"name": f"Ada Qxzj {number}"})
    receiver.wait_for(2)

    api.delete(f"/api/v1/leads/{lead_id}")
    on_the_wire = len(receiver.requests)
    receiver.wait_for(on_the_wire + 1)
    wait_until(lambda: is_done(manager, webhook))

    later = receiver.requests[on_the_wire:]
    statuses = [delivery["status"] for delivery in list_deliveries(manager, webhook)]
    assert on_the_wire == 2
    assert (statuses.count("succeeded"), set(statuses)) == (3, {"succeeded", "dropped"})
    assert [event_of(request)["type"] for request in later] == ["lead.deleted"]
    assert not any(b"Qxzj" in request.body for request in later)


def test_many_leads_that_come_and_go_leave_nothing_on_the_way(api: Client, manager: Client, receiver: Receiver) -> None:
    webhook = create_webhook(manager, receiver.url)
    deleted_at: dict[str, float] = {}

    def come_and_go(number: int) -> None:
        client = Client(api.url, api.key, api.workspace_id, api.key_id)
        for _ in range(10):
            lead_id = client.create(f"Ada {number}")["id"]
            time.sleep(number / 2_000)
            client.delete(f"/api/v1/leads/{lead_id}")
            deleted_at[lead_id] = time.monotonic()

    threads = [threading.Thread(target=come_and_go, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    receiver.wait_for(80)
    wait_until(lambda: is_done(manager, webhook))
    time.sleep(0.1)

    created = [request for request in receiver.requests if event_of(request)["type"] == "lead.created"]
    late = [request.arrived_at - deleted_at[event_of(request)["leadId"]] for request in created]
    assert max(late) < 0.25  # these were on their way
    assert len(receiver.requests) - len(created) == 80


@pytest.mark.engine("sqlite")
def test_no_file_holds_what_receivers_were_sent_and_answered_of_a_deleted_lead(
    server: Server, api: Client, manager: Client, receiver: Receiver
) -> None:
    receiver.react = lambda request: answer(200 if len(receiver.requests) % 2 else 500, request.body[:1_000])
    webhook = create_webhook(manager, receiver.url)
    leads = [api.create("qxzjqxzjqxzj", metadata={"pad": "zqjx" * number * 50})["id"] for number in range(20)]
    for lead_id in leads:
        api.patch(f"/api/v1/leads/{lead_id}", {"name": "jqzxjqzxjqzx"})
    receiver.wait_for(40)
    assert pieces(server.data)

    for lead_id in leads:
        api.delete(f"/api/v1/leads/{lead_id}")
    wait_until(lambda: is_done(manager, webhook))
    wait_until(lambda: not (server.data / "leadlight.db-wal").stat().st_size)

    assert pieces(server.data) == {}


def is_done(manager: Client, webhook: dict[str, Any]) -> bool:
    return not list_deliveries(manager, webhook, status="pending") + list_deliveries(manager, webhook, status="sending")


def pieces(folder: Path) -> dict[str, int]:
    """How much of letters that nothing else is written in each file holds."""
    files = [file for file in folder.iterdir() if file.is_file()]
    found = {file.name: len(re.findall(rb"[qxzj]{10,}", file.read_bytes())) for file in files}
    return {name: count for name, count in found.items() if count}
