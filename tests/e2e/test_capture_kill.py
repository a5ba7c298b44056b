"""kill -9 while forms come in: what was thanked for is a lead, what was stored and not answered becomes one."""

import asyncio
import http.client
import itertools
import json
import os
import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from leadlight.app import Services
from leadlight.clock import MINUTE, system_clock
from leadlight.store.opening import open_database
from tests.capture.payloads import google_ads
from tests.e2e.processes import ServerProcess, ask, leadlight

ROUNDS = {"sqlite": 12, "postgres": 6}
SENDERS = 32
SECONDS = (0.3, 0.8)
KEY = "key-of-google"


@dataclass
class Sender:
    """A visitor who sends form after form, or a platform that sends again what was not answered."""

    name: str
    is_platform: bool
    thanked: dict[str, str] = field(default_factory=dict)
    sent: set[str] = field(default_factory=set)
    refused: set[int] = field(default_factory=set)

    def run(self, connection: http.client.HTTPConnection, form_id: str) -> None:
        """Until the server goes away. `thanked`: the submissions' ids by email."""
        try:
            for number in itertools.count(len(self.thanked)):
                self._send(connection, form_id, f"{self.name}-{number}@example.com")
        except (OSError, http.client.HTTPException):
            connection.close()

    def _send(self, connection: http.client.HTTPConnection, form_id: str, email: str) -> None:
        self.sent.add(email)
        if self.is_platform:
            answers = [{"column_id": "FULL_NAME", "string_value": "Ada"}, {"column_id": "EMAIL", "string_value": email}]
            body = google_ads(google_key=KEY, lead_id=email, user_column_data=answers)
            status, answer = ask(connection, "POST", f"/capture/{form_id}/google-ads", body)
        else:
            status, answer = ask(connection, "POST", f"/capture/{form_id}", {"name": "Ada", "email": email})
        if status == 200:
            data = answer["data"]
            self.thanked[email] = data["submissionIds"][0] if self.is_platform else data["submissionId"]
        else:
            self.refused.add(status)


@pytest.mark.slow
def test_a_kill_loses_nothing_that_was_thanked_for(
    serve: Callable[..., ServerProcess], tmp_path: Path, engine: str
) -> None:
    options = ("--rate-limit", "0", "--log-level", "error", "--no-background")
    server = serve(*options)
    key = str(server.key)
    form_id = create_form(server, key)
    senders = [Sender(f"sender-{number}", is_platform=number % 2 == 0) for number in range(SENDERS)]

    for round_ in range(ROUNDS[engine]):
        send_until_killed(server, form_id, senders, round_)
        server = serve(*options)
    left = sum(each["status"] == "received" for each in submissions(server, key, form_id))
    asyncio.run(take_up(tmp_path / "data", os.environ.get("LEADLIGHT_DATABASE_URL", "")))

    stored = {each["id"]: each for each in submissions(server, key, form_id)}
    leads = {lead["id"]: lead["email"] for lead in all_leads(server, key)}
    thanked = {email: id_ for sender in senders for email, id_ in sender.thanked.items()}
    sent = {email for sender in senders for email in sender.sent}
    assert {status for sender in senders for status in sender.refused} == set()
    assert len(thanked) > ROUNDS[engine] * SENDERS
    assert {each["status"] for each in stored.values()} == {"stored"}
    assert {email: leads.get(stored[id_]["leadId"]) for email, id_ in thanked.items()} == {e: e for e in thanked}
    assert sorted(each["leadId"] for each in stored.values()) == sorted(leads)
    assert set(leads.values()) <= sent
    platforms = [email for email in leads.values() if email in {e for s in senders if s.is_platform for e in s.sent}]
    assert len(platforms) == len(set(platforms))  # sent again, and yet one lead each
    assert left  # by the kills; all of them are leads now
    assert server.stop() == 0
    assert leadlight("doctor", data=tmp_path / "data").returncode == 0


def test_the_log_holds_nothing_of_what_was_sent(serve: Callable[..., ServerProcess]) -> None:
    server = serve()
    form_id = create_form(server, str(server.key))
    connection = server.connect()
    sent: list[tuple[str, Any]] = [
        (f"/capture/{form_id}?utm_source=secret-campaign", {"name": "Zebedee", "email": "zebedee@example.com"}),
        (f"/capture/{form_id}", {"name": "Zebedee", "email": "zebedee"}),
        (f"/capture/{form_id}/google-ads", google_ads(google_key="a-zebedee-guess")),
        (f"/capture/{form_id}/meta?hub.verify_token=zebedee-token", {}),
    ]

    statuses = [ask(connection, "POST", path, body)[0] for path, body in sent]
    connection.close()
    server.stop()

    lines = [json.loads(line) for line in server.log.read_text().splitlines()]
    assert statuses == [200, 400, 403, 403]
    assert [line["status"] for line in lines if line.get("operation") == "capture"] == statuses
    log = server.log.read_text().lower()
    assert [word for word in ("zebedee", "secret-campaign", KEY, form_id) if word in log] == []


def create_form(server: ServerProcess, key: str) -> str:
    body = {"name": "Contact", "rateLimitPerMinute": 0, "googleAdsKey": KEY}
    connection = server.connect()
    status, answer = ask(connection, "POST", "/api/v1/forms", body, key)
    connection.close()
    assert status == 201
    return str(answer["data"]["id"])


def send_until_killed(server: ServerProcess, form_id: str, senders: list[Sender], round_: int) -> None:
    threads = [threading.Thread(target=sender.run, args=(server.connect(), form_id)) for sender in senders]
    for thread in threads:
        thread.start()
    threading.Event().wait(random.Random(round_).uniform(*SECONDS))
    server.kill()
    for thread in threads:
        thread.join()


async def take_up(data: Path, url: str) -> None:
    """As the background work does, a minute later."""
    database = await open_database(data, url)
    await Services(database, lambda: system_clock() + 2 * MINUTE).receiving.take_up()
    await database.close()


def submissions(server: ServerProcess, key: str, form_id: str) -> list[dict[str, Any]]:
    return list(_pages(server, key, f"/api/v1/forms/{form_id}/submissions?limit=100", "submissions", "after"))


def all_leads(server: ServerProcess, key: str) -> list[dict[str, Any]]:
    return list(_pages(server, key, "/api/v1/leads?limit=100&fields=id,email&sort=-createdAt", "leads", "cursor"))


def _pages(server: ServerProcess, key: str, path: str, name: str, cursor: str) -> Iterator[dict[str, Any]]:
    connection = server.connect()
    behind: str | None = ""
    while behind is not None:
        _, answer = ask(connection, "GET", f"{path}&{cursor}={behind}" if behind else path, key=key)
        yield from answer["data"][name]
        behind = answer["data"]["pagination"]["nextCursor"]
    connection.close()
