"""The pages of deliveries: what was sent, what became of it and what that means, and sending it again."""

import json
import re
from collections.abc import Callable
from html import unescape
from threading import Event

import pytest

from leadlight.clock import SECOND
from leadlight.dashboard.delivery_pages import FAILURES, try_of
from leadlight.webhooks.delivery import Attempt, Delivery, DeliveryStatus
from leadlight.webhooks.failure import Failure
from leadlight.webhooks.job import Job
from leadlight.webhooks.message import headers_sent
from leadlight.webhooks.webhook import Webhook
from tests.conftest import START, Client, MovableClock, Server
from tests.dashboard.endpoint import Endpoint
from tests.e2e.processes import wait_until
from tests.webhooks.endpoints import NOW
from tests.webhooks.receiver import Reaction, Receiver, Request, answer, in_turn


@pytest.fixture
def server(start_server: Callable[..., Server]) -> Server:
    """May send to this machine."""
    return start_server(webhook_allow_private=True)


def pre(page: str, label: str) -> str:
    """What stands in a part of a page for code."""
    [text] = re.findall(rf'<pre[^>]* aria-label="{label}"[^>]*>(.*?)</pre>', page, re.DOTALL)
    return unescape(text)


def sent_headers(page: str) -> dict[str, str]:
    [text] = re.findall(r'<pre class="code">POST (.*?)</pre>', page, re.DOTALL)
    return dict(line.split(": ", 1) for line in unescape(text).strip().split("\n")[1:])


def test_a_delivery_shows_the_request_as_it_was_sent(endpoint: Endpoint, api: Client, receiver: Receiver) -> None:
    lead = api.create(metadata={"company": "Parkside & Söhne"})
    [request] = receiver.wait_for(1)

    page = endpoint.wait_for(endpoint.deliveries()[0], "It has arrived.")

    assert pre(page, "Body as it is sent") == request.body.decode()
    assert json.loads(pre(page, "Body")) == json.loads(request.body)
    assert '\n    "name": "Ada Park"' in pre(page, "Body")
    came = {name: value for name, value in request.headers.items() if name != "host"}
    assert {name.lower(): value for name, value in sent_headers(page).items()} == came
    assert f"POST {receiver.url}" in page
    assert f'href="{endpoint.owner.home}/leads/{lead["id"]}"' in page


def test_each_attempt_is_told_with_what_it_means(endpoint: Endpoint, receiver: Receiver, clock: MovableClock) -> None:
    receiver.react = in_turn(answer(401, b"Bad <signature>"), answer(204))
    address = endpoint.test()
    failed = endpoint.wait_for(address, "Refused: answered 401")
    assert "Look whether it has this webhook" in failed
    assert "Bad &lt;signature&gt;" in failed
    clock.advance(seconds=2)

    retried = endpoint.owner.send(f"{address}/retry")

    page = endpoint.wait_for(retried.headers["location"], "It has arrived.")
    assert re.findall(r"<strong>(.*?)</strong>", page) == ["Answered 204", "Refused: answered 401"]
    assert re.findall(r"Attempt (\d), <time datetime=\"([^\"]*)\"", page) == [
        ("2", "2026-01-15T10:30:02.000Z"),
        ("1", "2026-01-15T10:30:00.000Z"),
    ]
    assert sent_headers(page)["webhook-timestamp"] == str(NOW + 2)


def test_an_attempt_by_a_secret_that_is_not_kept_shows_no_signature(endpoint: Endpoint, clock: MovableClock) -> None:
    address = endpoint.test()
    endpoint.wait_for(address, "It has arrived.")
    clock.advance(seconds=1)

    endpoint.owner.send(f"{endpoint.address}/rotate")

    page = endpoint.owner.get(address).text
    assert "By which secret it was signed is not known any more." in page
    assert [name for name in sent_headers(page) if "signature" in name.lower()] == []


def test_an_attempt_that_nobody_knows_the_time_of_shows_no_signature() -> None:
    webhook = Webhook(
        workspace_id="ws_1",
        id="wh_1",
        url="https://example.com/",
        events=("*",),
        description=None,
        secret="whsec_AAAA",
        created_at=START,
        updated_at=START,
        position=0,
    )
    delivery = Delivery(
        "ws_1", "dlv_1", "wh_1", "evt_1", "webhook.test", None, None, DeliveryStatus.PENDING, 1, 0, START, START
    )
    job = Job(webhook, delivery, None)

    sent, broken_off = (
        headers_sent(job, b"{}", Attempt("dlv_1", 1, START, 0, None, failure, ""))
        for failure in (Failure.TIMEOUT, Failure.INTERRUPTED)
    )

    assert set(sent) - set(broken_off) == {"webhook-timestamp", "webhook-signature", "X-Webhook-Signature"}
    assert broken_off["webhook-id"] == "evt_1"


def test_deliveries_are_filtered_and_paged_by_the_address(endpoint: Endpoint, api: Client) -> None:
    api.post("/api/v1/leads/batch", {"leads": [{"name": "A", "email": f"{n}@example.com"} for n in range(30)]})
    wait_until(lambda: len(endpoint.deliveries("?limit=100&status=succeeded")) == 30, seconds=10)

    first = endpoint.page("?status=succeeded")
    [older] = re.findall(r'href="[^"?]*(\?[^"]*)" rel="next"', first)
    found = [endpoint.deliveries("?status=succeeded"), endpoint.deliveries(unescape(older))]

    assert [len(page) for page in found] == [25, 5]
    assert len({*found[0], *found[1]}) == 30
    assert 'href="' + endpoint.address + '?status=succeeded" aria-current="true"' in first
    assert endpoint.deliveries("?status=failed") == []
    assert "No delivery is like that." in endpoint.page("?status=failed")
    assert [endpoint.owner.get(endpoint.address + bad).status_code for bad in ("?status=eaten", "?after=x")] == [
        400,
        400,
    ]


def test_of_a_deleted_lead_nothing_is_shown_or_sent_again(endpoint: Endpoint, api: Client, receiver: Receiver) -> None:
    receiver.react = lambda _: answer(500, b"We know Ada Park")
    lead = api.create()
    receiver.wait_for(1)
    [address] = endpoint.deliveries()
    endpoint.wait_for(address, "Refused: answered 500")

    api.delete(f"/api/v1/leads/{lead['id']}")

    page = endpoint.wait_for(address, "with it what there was to send")
    assert ["Ada" in page, "/retry" in page, "<pre" in page, f"/leads/{lead['id']}" in page] == [False] * 4
    refused = endpoint.owner.send(f"{address}/retry")
    assert (refused.status_code, "nothing left to send" in refused.text) == (409, True)


def test_a_page_looks_again_while_something_is_under_way(endpoint: Endpoint, receiver: Receiver) -> None:
    receiver.react = lambda _: answer(500)
    address = endpoint.test()
    waiting = endpoint.wait_for(address, "Refused: answered 500")
    released = Event()

    def answer_when_released(_: Request) -> Reaction:
        released.wait(20)
        return answer()

    receiver.react = answer_when_released
    endpoint.owner.send(f"{address}/retry")
    sending = endpoint.wait_for(address, "It is being sent at this moment.")
    released.set()
    done = endpoint.wait_for(address, "It has arrived.")

    assert ["data-moving" in page for page in (waiting, sending, done)] == [True, True, False]
    assert "data-moving" not in endpoint.page()


@pytest.mark.parametrize("failure", Failure)
def test_every_failure_is_explained(failure: Failure) -> None:
    status = {Failure.HTTP_STATUS: 418, Failure.REDIRECT: 301}.get(failure)

    shown = try_of(Attempt("dlv_1", 1, START, 3 * SECOND, status, failure, ""))

    assert shown.result.startswith(FAILURES[failure][0])
    assert shown.meaning.endswith(".")


@pytest.mark.parametrize(
    ("status", "meaning"),
    [(404, "There is nothing at this path."), (502, "Something went wrong"), (418, "It took the")],
)
def test_a_status_is_explained(status: int, meaning: str) -> None:
    assert try_of(Attempt("dlv_1", 1, START, 1, status, "http_status", "")).meaning.startswith(meaning)
