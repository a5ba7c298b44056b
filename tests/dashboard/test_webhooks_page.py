"""The settings pages of webhooks: an owner makes them, changes them, and has a part of the past sent again."""

import json
import re
from collections.abc import Callable

import pytest

from leadlight.dashboard.webhook_health import health_of
from leadlight.dashboard.webhook_pages import EVENTS
from leadlight.people.role import Role
from leadlight.webhooks.signing import verify_webhook
from leadlight.webhooks.webhook import SUBSCRIPTIONS, Webhook
from tests.conftest import Client, MovableClock, Server
from tests.dashboard.endpoint import SECRET, Endpoint
from tests.dashboard.person import Person, inputs, make_person
from tests.webhooks.endpoints import NOW
from tests.webhooks.receiver import Receiver, answer

HOSTILE = "<script>alert(1)</script> \"'><img src=x onerror=alert(2)> {{ 7*7 }} \u202egnp.exe "
NOBODY = "http://127.0.0.1:9099/hook"
"""Where nothing listens."""


@pytest.fixture
def server(start_server: Callable[..., Server]) -> Server:
    """May send to this machine."""
    return start_server(webhook_allow_private=True)


# Endpoints


def test_a_webhook_is_sent_what_happens_signed_with_the_secret_that_was_shown(
    endpoint: Endpoint, api: Client, receiver: Receiver
) -> None:
    lead = api.create()

    [request] = receiver.wait_for(1)

    event = verify_webhook(request.body, request.headers, endpoint.secret, now=NOW)
    assert (event["type"], event["leadId"]) == ("lead.created", lead["id"])


def test_a_secret_is_shown_once(endpoint: Endpoint, owner: Person) -> None:
    address = endpoint.test()

    pages = [endpoint.page(), owner.get(endpoint.pages).text, owner.get(address).text]

    assert ["whsec_" in page for page in pages] == [False, False, False]


def test_one_that_is_made_without_being_active_is_sent_nothing(owner: Person, receiver: Receiver) -> None:
    off = Endpoint(owner, receiver.url, active="")

    refused = owner.send(f"{off.address}/test")

    assert "Nothing is sent to it." in off.page()
    assert (refused.status_code, "This webhook is not active" in refused.text) == (409, True)
    assert receiver.requests == []


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"url": ""}, "url"),
        ({"url": "ftp://example.com/"}, "url"),
        ({"url": "https://a:b@example.com/"}, "url"),
        ({"url": "https://example.com/\0"}, "url"),
        ({"events": []}, "events"),
        ({"events": ["lead.*", "lead.eaten"]}, "events"),
        ({"description": "x" * 501}, "description"),
        ({"description": "a\0b"}, "description"),
    ],
)
def test_one_that_can_not_be_says_why_and_keeps_what_was_typed(
    endpoint: Endpoint, owner: Person, fields: dict[str, str], field: str
) -> None:
    typed = {"url": NOBODY, "events": ["lead.created"], "description": "Kept", **fields}

    refused = [owner.send(endpoint.pages, typed), owner.send(endpoint.address, typed)]

    for each in refused:
        assert (each.status_code, f'id="{field}-problem"' in each.text) == (400, True)
        assert inputs(each.text)["url"] == typed["url"]
        assert inputs(each.text)["description"] == typed["description"]
    assert owner.get(endpoint.pages).text.count("data-row") == 1
    assert "Kept" not in endpoint.page()


def test_an_address_of_a_private_network_is_refused(start_server: Callable[..., Server]) -> None:
    server = start_server()
    owner = make_person(server, server.workspace(), Role.OWNER)

    refused = owner.send(f"{owner.home}/settings/webhooks", {"url": "http://127.0.0.1/", "events": "*"})

    assert refused.status_code == 400
    assert "must not lead into a private or local network" in refused.text


def test_a_list_is_paged_and_tells_how_each_is_doing(owner: Person, receiver: Receiver) -> None:
    for number in range(3):
        Endpoint(owner, f"{receiver.url}/{number}", description=f"The {number}th")

    first = owner.get(f"{owner.home}/settings/webhooks?limit=2").text
    [more] = re.findall(r'href="(\?after=wh_\w+)" rel="next"', first)
    second = owner.get(f"{owner.home}/settings/webhooks{more}").text

    assert [re.findall(r"/hook/(\d)", page) for page in (first, second)] == [["0", "1"], ["2"]]
    assert ["The 0th" in first, "The 2th" in second] == [True, True]
    assert first.count('data-status="untried"') == 2
    assert owner.get(f"{owner.home}/settings/webhooks?after=x").status_code == 400


def test_settings_are_changed(endpoint: Endpoint, owner: Person, receiver: Receiver, api: Client) -> None:
    fields = {"url": f"{receiver.url}/new", "events": "lead.deleted", "description": "Two\r\nlines"}

    saved = owner.send(endpoint.address, fields)

    page = endpoint.page("?done=saved")
    assert (saved.status_code, saved.headers["location"]) == (303, f"{endpoint.address}?done=saved")
    assert (inputs(page)["url"], inputs(page)["description"]) == (f"{receiver.url}/new", "Two\nlines")
    assert 'value="lead.deleted" checked' in page
    assert 'value="lead.*" checked' not in page
    lead = api.create()
    api.delete(f"/api/v1/leads/{lead['id']}")
    [request] = receiver.wait_for(1)
    assert (request.path, json.loads(request.body)["type"]) == ("/hook/new", "lead.deleted")


def test_it_is_turned_off_and_on(endpoint: Endpoint, owner: Person, api: Client, receiver: Receiver) -> None:
    off = owner.send(f"{endpoint.address}/active", {"active": ""})
    assert "Nothing is sent to it any more." in owner.get(off.headers["location"]).text
    api.create("Missed")

    owner.send(f"{endpoint.address}/active", {"active": "on"})
    api.create("Seen")

    [request] = receiver.wait_for(1)
    assert json.loads(request.body)["data"]["name"] == "Seen"


def test_a_new_secret_signs_beside_the_old_one(endpoint: Endpoint, owner: Person, receiver: Receiver) -> None:
    rotated = owner.send(f"{endpoint.address}/rotate")
    [secret] = SECRET.findall(rotated.text)
    endpoint.test()

    [request] = receiver.wait_for(1)

    assert secret != endpoint.secret
    for known in (secret, endpoint.secret):
        assert verify_webhook(request.body, request.headers, known, now=NOW)["type"] == "webhook.test"


def test_it_is_deleted(endpoint: Endpoint, owner: Person) -> None:
    deleted = owner.send(f"{endpoint.address}/delete")

    page = owner.get(deleted.headers["location"]).text
    assert ("The webhook was deleted" in page, endpoint.id in page) == (True, False)
    assert owner.get(endpoint.address).status_code == 404


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"active": False}, "off"),
        ({"active": False, "disabled_reason": "It answered 410 Gone."}, "disabled"),
        ({"paused_until": 11, "failing_since": 5}, "paused"),
        ({"failing_since": 5, "last_success_at": 3}, "failing"),
        ({}, "untried"),
        ({"last_failure_at": 3}, "untried"),
        ({"last_success_at": 3, "paused_until": 10}, "healthy"),
    ],
)
def test_how_a_webhook_is_doing(fields: dict[str, object], word: str) -> None:
    known = {"workspace_id": "ws_1", "id": "wh_1", "url": NOBODY, "events": ("*",), "description": None}
    rest = {"secret": "", "created_at": 1, "updated_at": 1, "position": 0}

    assert health_of(Webhook(**known, **rest, **fields), now=10).word == word  # type: ignore[arg-type]


def test_one_that_was_disabled_says_why(endpoint: Endpoint, receiver: Receiver) -> None:
    receiver.react = lambda _: answer(410)
    address = endpoint.test()

    page = endpoint.wait_for(address, "Answered 410".lower())

    assert "It said that it is gone for good" in page
    assert "We stopped sending to it. It answered 410 Gone." in endpoint.page()
    assert f"{address}/retry" not in page


def test_everything_that_can_be_asked_for_is_explained() -> None:
    assert set(EVENTS) == set(SUBSCRIPTIONS)


# The past


def test_a_part_of_the_past_is_sent_again(endpoint: Endpoint, api: Client, receiver: Receiver) -> None:
    lead = api.create()
    api.patch(f"/api/v1/leads/{lead['id']}", {"name": "Ada Lovelace"})
    sent = receiver.wait_for(2)
    receiver.requests.clear()
    endpoint.owner.server.clock.advance(seconds=60)

    fields = {"since": "2026-01-15T10:30", "until": "2026-01-15T10:31", "types": "lead.updated"}
    replayed = endpoint.owner.send(f"{endpoint.address}/replay", fields)

    assert "are sent again, oldest first" in endpoint.owner.get(replayed.headers["location"]).text
    [again] = receiver.wait_for(1)
    assert again.headers["webhook-id"] == sent[1].headers["webhook-id"]


def test_a_time_in_which_nothing_happened_says_so(endpoint: Endpoint) -> None:
    replayed = endpoint.owner.send(f"{endpoint.address}/replay", {"since": "2026-01-01", "until": "2026-01-02"})

    assert "Nothing happened in that time" in endpoint.owner.get(replayed.headers["location"]).text


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"since": ""}, "since"),
        ({"since": "yesterday"}, "since"),
        ({"since": "2026-02-01"}, "since"),
        ({"since": "2026-01-01", "until": "2025-01-01"}, "until"),
        ({"since": "2026-01-01", "until": "then"}, "until"),
        ({"since": "2026-01-01", "types": "lead.eaten"}, "types"),
    ],
)
def test_a_time_that_can_not_be_says_why(endpoint: Endpoint, fields: dict[str, str], field: str) -> None:
    refused = endpoint.owner.send(f"{endpoint.address}/replay", fields)

    assert (refused.status_code, f'id="{field}-problem"' in refused.text) == (400, True)
    assert inputs(refused.text)["since"] == fields["since"]


def test_one_that_is_off_is_sent_nothing_of_the_past(endpoint: Endpoint) -> None:
    endpoint.owner.send(f"{endpoint.address}/active", {"active": ""})

    refused = endpoint.owner.send(f"{endpoint.address}/replay", {"since": "2026-01-01"})

    assert (refused.status_code, "This webhook is not active" in refused.text) == (409, True)
    assert "/replay" not in endpoint.page()


def test_what_was_missed_is_proposed(endpoint: Endpoint, receiver: Receiver, clock: MovableClock) -> None:
    assert inputs(endpoint.page())["since"] == ""
    receiver.react = lambda _: answer(500)
    clock.advance(seconds=90)

    endpoint.wait_for(endpoint.test(), "Refused: answered 500")

    assert inputs(endpoint.page())["since"] == "2026-01-15T10:30"  # when it was made


# Walls


def test_what_belongs_to_others_is_not_there(
    server: Server, endpoint: Endpoint, stranger: Client, receiver: Receiver
) -> None:
    other = make_person(server, stranger.workspace_id, Role.OWNER)
    delivery = endpoint.test().rpartition("/")[2]
    receiver.wait_for(1)
    beside = Endpoint(endpoint.owner, f"{receiver.url}/beside")

    theirs = f"{other.home}/settings/webhooks/{endpoint.id}"
    verbs = ("", "/active", "/rotate", "/test", "/replay", "/delete", f"/deliveries/{delivery}/retry")
    answers = [other.send(theirs + verb, {"since": "2026-01-01", "url": NOBODY, "events": "*"}) for verb in verbs]
    answers += [other.get(theirs), other.get(f"{theirs}/deliveries/{delivery}")]
    answers += [endpoint.owner.get(f"{beside.address}/deliveries/{delivery}")]
    answers += [endpoint.owner.get(f"{endpoint.pages}/{bad}") for bad in ("key_1", "wh_%27", "wh_1")]
    answers += [endpoint.owner.get(f"{endpoint.address}/deliveries/{bad}") for bad in ("dlv_%27", "dlv_1")]

    assert {answer.status_code for answer in answers} == {404}
    assert endpoint.id not in other.get(f"{other.home}/settings/webhooks").text
    assert inputs(endpoint.page())["url"] == receiver.url
    assert len(receiver.requests) == 1


def test_hostile_text_runs_nowhere(owner: Person, api: Client, receiver: Receiver) -> None:
    receiver.react = lambda _: answer(500, HOSTILE.encode() + b"x" * 5_000)
    url = f"{receiver.url}?<script>alert(1)</script>\"'"
    endpoint = Endpoint(owner, url, description=HOSTILE)
    api.create(HOSTILE, metadata={HOSTILE: [HOSTILE], "long": "x" * 5_000})
    receiver.wait_for(1)
    [address] = endpoint.deliveries()
    refused = owner.send(endpoint.pages, {"url": HOSTILE, "events": HOSTILE, "description": HOSTILE * 9})
    replay = owner.send(f"{endpoint.address}/replay", {"since": HOSTILE, "types": HOSTILE})

    pages = [endpoint.made, endpoint.page(), endpoint.wait_for(address, "Refused"), refused.text, replay.text]

    for page in pages:
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "&lt;script&gt;alert" in page
