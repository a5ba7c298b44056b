"""Floods and bots: bounded by form and address, and kept out of the pipeline."""

import re
from collections.abc import Callable

import pytest
import requests

from leadlight.principal import Scope
from tests.capture.forms import ADA, AS_PAGE, SECRETS, TheForm, code_of
from tests.conftest import Client, MovableClock, Server


def token_of(form: TheForm) -> str:
    found = re.search(r'"_started": "([^"]+)"', form.get("/start.js").text)
    assert found
    return found[1]


# Floods


def test_a_flood_from_one_address_is_refused_until_it_is_over(form: TheForm, clock: MovableClock) -> None:
    form.change(rateLimitPerMinute=3)

    taken = [form.post(json=ADA).status_code for _ in range(3)]
    program, person = form.post(json=ADA), form.post(data=ADA, headers=AS_PAGE)
    clock.advance(seconds=60)
    later = form.post(json=ADA)

    assert taken == [200] * 3
    assert code_of(program) == (429, "RATE_LIMIT_EXCEEDED")
    assert (program.headers["Retry-After"], program.json()["retryAfter"]) == ("60", 60)
    assert (person.status_code, person.headers["Retry-After"]) == (429, "60")
    assert "Rate limit exceeded" in person.text
    assert later.status_code == 200
    assert len(form.submissions()) == 4


def test_sixty_a_minute_if_not_said(form: TheForm) -> None:
    answers = [form.post(json={}).status_code for _ in range(61)]

    assert answers == [400] * 60 + [429]


def test_each_form_counts_for_itself_and_zero_is_no_limit(admin: Client, form: TheForm) -> None:
    form.change(rateLimitPerMinute=1)
    free = TheForm(admin, rateLimitPerMinute=0)
    form.post(json=ADA)

    assert form.post(json=ADA).status_code == 429
    assert [free.post(json={}).status_code for _ in range(100)] == [400] * 100


def test_each_address_counts_for_itself(form: TheForm) -> None:
    form.change(rateLimitPerMinute=1)

    answers = [form.post(json=ADA, headers={"X-Forwarded-For": f"192.0.2.{n}"}).status_code for n in (1, 2, 1)]

    assert answers == [200, 200, 429]


def test_what_is_refused_costs_no_body_and_is_not_kept(form: TheForm) -> None:
    form.change(rateLimitPerMinute=1)
    form.post(json=ADA)

    answers = {form.post(json={**ADA, "n": n}).status_code for n in range(20)}

    assert answers == {429}
    assert len(form.submissions()) == 1


def test_who_guesses_signatures_is_slowed_down_and_who_knows_it_is_not(
    start_server: Callable[..., Server], clock: MovableClock
) -> None:
    server = start_server(auth_failures_per_minute=3)
    form = TheForm(server.client(server.workspace(), Scope.ADMIN), **SECRETS)
    wrong = {"google_key": "a guess"}

    guesses = [code_of(form.post("/google-ads", json=wrong)) for _ in range(4)]
    right = form.post("/google-ads", json={"google_key": SECRETS["googleAdsKey"], "lead_id": "1"})
    clock.advance(seconds=60)

    assert guesses == [(403, "FORBIDDEN")] * 3 + [(429, "RATE_LIMIT_EXCEEDED")]
    assert right.status_code == 200
    assert code_of(form.post("/google-ads", json=wrong)) == (403, "FORBIDDEN")


# Bots


@pytest.mark.parametrize("headers", [{}, AS_PAGE], ids=["program", "page"])
def test_a_bot_gets_the_same_thanks_and_is_no_lead(form: TheForm, headers: dict[str, str]) -> None:
    person = form.post(data=ADA, headers=headers)
    bot = form.post(data={**ADA, "homepage_url": "https://spam.example"}, headers=headers)

    assert (bot.status_code, bot.headers.get("Location")) == (person.status_code, person.headers.get("Location"))
    assert [*(bot.json()["data"] if not headers else ())] == [*(person.json()["data"] if not headers else ())]
    assert len(form.leads()) == 1
    ignored, _ = form.submissions()
    assert (ignored["status"], ignored["reason"]) == (
        "ignored",
        "a bot: it filled in homepage_url, which people don't see",
    )


def test_a_honeypot_that_people_leave_empty_is_no_field_of_the_lead(form: TheForm) -> None:
    form.post(data={**ADA, "homepage_url": ""})

    assert form.lead()["metadata"] == {}


def test_who_needs_no_time_is_a_bot(form: TheForm, clock: MovableClock) -> None:
    token = token_of(form)
    clock.advance(milliseconds=1_999)
    form.post(data={**ADA, "_started": token})
    clock.advance(milliseconds=1)
    form.post(data={**ADA, "_started": token})

    assert form.statuses() == ["ignored", "stored"]
    assert form.lead()["metadata"] == {}


@pytest.mark.parametrize("token", ["1.2", "x", f"1768473000000.{'0' * 64}"])
def test_who_makes_a_time_up_is_a_bot(form: TheForm, token: str) -> None:
    form.post(data={**ADA, "_started": token})

    assert form.submissions()[0]["reason"] == "a bot: it made up _started"


def test_the_time_of_one_form_is_none_of_another(admin: Client, form: TheForm, clock: MovableClock) -> None:
    token = token_of(TheForm(admin))
    clock.advance(seconds=10)

    form.post(data={**ADA, "_started": token})

    assert form.statuses() == ["ignored"]


def test_a_person_can_take_out_what_was_ignored(form: TheForm) -> None:
    form.post(data={**ADA, "homepage_url": "https://ada.example"})
    [ignored] = form.submissions()

    answer = form.reprocess(ignored).json()["data"]

    assert (answer["status"], answer["leadId"]) == ("stored", form.lead()["id"])


# What is told of it all


def test_neither_answers_nor_metrics_hold_a_secret_or_what_was_sent(server: Server, admin: Client) -> None:
    form = TheForm(admin, **SECRETS)
    answers = [
        form.post(json={**ADA, "email": "no"}),
        form.post("/google-ads", json={"google_key": "key-of-goggle"}),
        form.post("/tally", json=ADA, headers={"Tally-Signature": "no"}),
        form.get("/meta?hub.mode=subscribe&hub.challenge=1&hub.verify_token=guess"),
        form.get("/meta", params={"hub.mode": "subscribe", "hub.challenge": "1", "hub.verify_token": "verify-me-meta"}),
        form.get("/start.js"),
    ]
    metrics = requests.get(f"{server.url}/metrics", timeout=5).text
    told = "".join(answer.text for answer in answers) + metrics

    assert [answer.status_code for answer in answers] == [400, 403, 403, 403, 200, 200]
    assert [secret for secret in (*SECRETS.values(), "Ada Park", "guess") if secret in told] == []
    assert 'operation="capture"' in metrics
