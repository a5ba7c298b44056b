"""kill -9 in the midst of writing: what was acknowledged is there, whole, and nothing is half there."""

import http.client
import random
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apsw
import pytest

from tests.e2e.load import feed
from tests.e2e.processes import ServerProcess, ask, leadlight

ROUNDS = {"sqlite": 20, "postgres": 8}  # there, what is on disk is the database's doing
WRITERS = 64
SECONDS = (0.4, 1.0)


@dataclass
class Known:
    """What a writer knows of a lead: the count that was acknowledged last, and whether it asked for more."""

    count: int = 0
    deleted: bool = False
    asked: str | None = None

    def allows(self, stored: int | None) -> bool:
        """Whether this may be what is stored: the lead's count, or None for no lead."""
        if self.deleted:
            return stored is None
        allowed: set[int | None] = {self.count}
        if self.asked == "update":
            allowed.add(self.count + 1)
        if self.asked == "delete":
            allowed.add(None)
        return stored in allowed


@dataclass
class Writer:
    """Creates leads, counts up in their metadata, deletes some, until the server goes away."""

    name: str
    seed: int
    leads: dict[str, Known] = field(default_factory=dict)
    asked_to_create: bool = False
    answers: Counter[int] = field(default_factory=Counter)

    def run(self, connection: http.client.HTTPConnection, key: str) -> None:
        choose = random.Random(self.seed)
        mine: list[str] = []
        try:
            while True:
                action = choose.random()
                if action < 0.5 or not mine:
                    mine.append(self._create(connection, key))
                elif action < 0.9:
                    self._update(connection, key, choose.choice(mine))
                else:
                    self._delete(connection, key, mine.pop(choose.randrange(len(mine))))
        except (OSError, http.client.HTTPException):
            connection.close()

    def _create(self, connection: http.client.HTTPConnection, key: str) -> str:
        self.asked_to_create = True
        lead = {"name": self.name, "email": f"{self.name}@example.com", "metadata": {"count": 0}}
        status, answer = ask(connection, "POST", "/api/v1/leads", lead, key)
        self.answers[status] += 1
        self.asked_to_create = False
        lead_id: str = answer["data"]["id"]
        self.leads[lead_id] = Known()
        return lead_id

    def _update(self, connection: http.client.HTTPConnection, key: str, lead_id: str) -> None:
        known = self.leads[lead_id]
        known.asked = "update"
        patch = {"metadata": {"count": known.count + 1}, "source": f"source {known.count % 3}"}
        status, _ = ask(connection, "PATCH", f"/api/v1/leads/{lead_id}", patch, key)
        self.answers[status] += 1
        known.count, known.asked = known.count + 1, None

    def _delete(self, connection: http.client.HTTPConnection, key: str, lead_id: str) -> None:
        known = self.leads[lead_id]
        known.asked = "delete"
        status, _ = ask(connection, "DELETE", f"/api/v1/leads/{lead_id}", key=key)
        self.answers[status] += 1
        known.deleted, known.asked = True, None


@pytest.mark.slow
def test_a_kill_loses_nothing_acknowledged_and_leaves_nothing_half_done(
    serve: Callable[..., ServerProcess], tmp_path: Path, engine: str
) -> None:
    options = ("--rate-limit", "0", "--log-level", "error")
    server = serve(*options)
    key = str(server.key)
    known: dict[str, Known] = {}
    unanswered_creates = 0
    answers: Counter[int] = Counter()

    for round_ in range(ROUNDS[engine]):
        writers = _write_until_killed(server, key, round_)
        server = serve(*options)
        stored = _stored_counts(server, key)
        for writer in writers:
            known |= writer.leads
            unanswered_creates += writer.asked_to_create
            answers += writer.answers
        wrong = {id_: (lead, stored.get(id_)) for id_, lead in known.items() if not lead.allows(stored.get(id_))}
        assert wrong == {}
        assert len(stored.keys() - known.keys()) <= unanswered_creates
        for lead_id, lead in known.items():
            known[lead_id] = _settled(stored.get(lead_id), lead)

    stored, events = _stored_counts(server, key), list(feed(server, key))
    assert server.stop() == 0
    assert set(answers) == {200, 201}
    assert answers[201] > ROUNDS[engine] * WRITERS
    _check_events(stored, events)
    _check_totals(tmp_path / "data")
    checked = leadlight("doctor", data=tmp_path / "data")
    assert (checked.returncode, checked.stdout) == (0, "✓ The store is in order.\n")


def _write_until_killed(server: ServerProcess, key: str, round_: int) -> list[Writer]:
    writers = [Writer(f"writer-{round_}-{number}", round_ * WRITERS + number) for number in range(WRITERS)]
    threads = [threading.Thread(target=writer.run, args=(server.connect(), key)) for writer in writers]
    for thread in threads:
        thread.start()
    threading.Event().wait(random.Random(round_).uniform(*SECONDS))
    server.kill()
    for thread in threads:
        thread.join()
    return writers


def _settled(stored: int | None, lead: Known) -> Known:
    return Known(lead.count, deleted=True) if stored is None else Known(stored)


def _stored_counts(server: ServerProcess, key: str) -> dict[str, int]:
    """The count in each lead's metadata, as the list gives it."""
    cursor: str | None = ""
    counts: dict[str, int] = {}
    connection = server.connect()
    while cursor is not None:
        _, answer = ask(connection, "GET", f"/api/v1/leads?limit=100&fields=id,metadata&cursor={cursor}", key=key)
        counts.update({lead["id"]: lead["metadata"]["count"] for lead in answer["data"]["leads"]})
        cursor = answer["data"]["pagination"].get("nextCursor")
    connection.close()
    return counts


def _check_events(stored: dict[str, int], events: list[dict[str, Any]]) -> None:
    """A lead that is there has one lead.created and one lead.updated for each time it counted; a deleted one
    has its lead.deleted and nothing else; there are no others."""
    types: dict[str, list[str]] = {}
    last: dict[str, int] = {}
    for event in events:
        types.setdefault(event["leadId"], []).append(event["type"])
        last[event["leadId"]] = event["changes"].get("metadata", {}).get("to", {}).get("count", -1)
    assert len({event["id"] for event in events}) == len(events)
    assert {id_: types[id_] for id_ in stored} == {
        id_: ["lead.created", *["lead.updated"] * count] for id_, count in stored.items()
    }
    assert {id_: last[id_] for id_ in stored} == stored
    assert {tuple(types[id_]) for id_ in types.keys() - stored.keys()} == {("lead.deleted",)}


def _check_totals(data: Path) -> None:
    """Looks for itself where the store is a file; on a server it takes the doctor's word."""
    if not data.exists():
        return
    connection = apsw.Connection(str(data / "leadlight.db"))
    counted = connection.execute("SELECT status, source, count(*) FROM leads GROUP BY 1, 2 ORDER BY 1, 2").fetchall()
    kept = connection.execute("SELECT status, source, leads FROM lead_counts WHERE leads ORDER BY 1, 2").fetchall()
    connection.close()
    assert kept == counted
