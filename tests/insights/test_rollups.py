"""The roll-ups: after whatever was done to leads, they are what a recount finds, and what was erased has left them."""

from collections import Counter
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadlight.clock import DAY, from_iso
from leadlight.store.database import Row, Transaction
from tests.conftest import Client, MovableClock, Server

STAGES = ("contacted", "qualified", "converted")
STATUSES = ("new", *STAGES, "lost", "follow_up")
SOURCES = st.sampled_from(["web", "fair", None])
CAMPAIGNS = st.sampled_from(["spring", 'a"[b]\N{SNOWMAN}', 7, None, ["no"], " "])
NUMBERS = st.integers(0, 7)


@dataclass
class Past:
    """What a client knows of a lead."""

    lead: dict[str, Any]
    had: set[str] = field(default_factory=set)
    contacted_at: str | None = None

    def see(self, lead: dict[str, Any]) -> None:
        """The lead as it is from here on."""
        if lead["status"] != self.lead["status"] == "new" and self.contacted_at is None:
            self.contacted_at = lead["updatedAt"]
        self.lead = lead
        self.had.add(lead["status"])

    @property
    def campaign(self) -> str:
        value = self.lead["metadata"].get("utm_campaign")
        return str(value).strip() if isinstance(value, str | int) else ""

    @property
    def tally(self) -> tuple[int, ...]:
        stages = [any(stage in self.had for stage in STAGES[index:]) for index in range(len(STAGES))]
        return 1, *map(int, stages), int("lost" in self.had), int("follow_up" in self.had)


class People:
    """A workspace, what is done in it, and how that is remembered."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.api = server.client(server.workspace())
        self.known: dict[str, Past] = {}
        self.done: list[tuple[str, dict[str, Past]]] = []

    def create(self, count: int, source: str | None, campaign: object, status: str) -> None:
        lead = {"name": "Ada", "email": "ada@example.com", "source": source, "status": status}
        lead |= {"metadata": {"utm_campaign": campaign}}
        made = self.api.post("/api/v1/leads/batch", {"leads": [lead] * count}).json()["data"]["results"]
        for each in made:
            stored = self.lead(each["id"])
            self.known[stored["id"]] = Past(stored, {status})

    def change(self, number: int, fields: dict[str, Any]) -> None:
        for lead_id in self.some(number, 1):
            self.known[lead_id].see(self.api.patch(f"/api/v1/leads/{lead_id}", fields).json()["data"])

    def change_many(self, number: int, fields: dict[str, Any]) -> None:
        ids = self.some(number, 6)
        self._do("batch-update", {"ids": ids, "set": fields}, ids)
        for lead_id in ids:
            self.known[lead_id].see(self.lead(lead_id))

    def delete(self, number: int) -> None:
        for lead_id in self.some(number, 1):
            assert self.api.delete(f"/api/v1/leads/{lead_id}").ok
            del self.known[lead_id]

    def delete_many(self, number: int) -> None:
        ids = self.some(number, 6)
        self._do("batch-delete", {"ids": ids, "confirm": len(ids)}, ids)
        for lead_id in ids:
            del self.known[lead_id]

    def merge(self, number: int, fields: set[str]) -> None:
        ids = self.some(number, 2)
        if len(ids) == 2:
            prefer = dict.fromkeys(fields, ids[1])
            self._do(f"{ids[0]}/merge", {"duplicateId": ids[1], "prefer": prefer}, ids)
            self.known[ids[0]].see(self.lead(ids[0]))
            del self.known[ids[1]]

    def undo(self, number: int) -> None:
        if not self.done:
            return
        operation_id, before = self.done.pop(-1 - number % len(self.done))
        undone = self.api.post(f"/api/v1/operations/{operation_id}/undo").json()["data"]
        skipped = {each["id"] for each in undone["skippedLeads"]}
        for lead_id in before.keys() - skipped:
            if self.api.get(f"/api/v1/leads/{lead_id}").ok:
                self.known[lead_id] = before[lead_id]
                assert self.lead(lead_id)["status"] == before[lead_id].lead["status"]

    def some(self, number: int, count: int) -> list[str]:
        """Fewer at the end of the list, and none where there are none."""
        return list(self.known)[number % max(1, len(self.known)) :][:count]

    def lead(self, lead_id: str) -> dict[str, Any]:
        return dict(self.api.get(f"/api/v1/leads/{lead_id}").json()["data"])

    def recount(self) -> tuple[dict[tuple[Any, ...], tuple[int, ...]], dict[tuple[int, int], int]]:
        days: dict[tuple[Any, ...], tuple[int, ...]] = {}
        seconds: Counter[tuple[int, int]] = Counter()
        for past in self.known.values():
            created_at = from_iso(past.lead["createdAt"])
            for kind, value in (("source", past.lead["source"] or ""), ("campaign", past.campaign)):
                if value or kind == "source":
                    key = (kind, created_at // DAY, value)
                    days[key] = tuple(map(sum, zip(days.get(key, (0,) * 6), past.tally, strict=True)))
            if past.contacted_at:
                seconds[created_at // DAY, 1] += 1
                seconds[created_at // DAY, 0] += (from_iso(past.contacted_at) - created_at) // 1000
        return days, dict(seconds)

    def kept(self) -> tuple[dict[tuple[Any, ...], tuple[Any, ...]], dict[tuple[Any, Any], Any]]:
        rows, times = self.server.do(self.server.database.scan(rollups, self.api.workspace_id))
        seconds: Counter[tuple[Any, int]] = Counter()
        for day, leads, waited in times:
            seconds[day, 1] += leads  # type: ignore[assignment,operator]
            seconds[day, 0] += waited  # type: ignore[assignment,operator]
        return {tuple(row[:3]): tuple(row[3:]) for row in rows}, dict(seconds)

    def _do(self, what: str, order: dict[str, Any], ids: list[str]) -> None:
        if not ids:
            return
        response = self.api.post(f"/api/v1/leads/{what}", order)
        assert response.ok, response.text
        operation_id = response.json()["data"]["operationId"]
        if operation_id:
            self.done.append((operation_id, {lead_id: deepcopy(self.known[lead_id]) for lead_id in ids}))


async def rollups(tx: Transaction, workspace_id: str) -> tuple[list[Row], list[Row]]:
    days = await tx.rows(
        "SELECT dimension, day, value, leads, contacted, qualified, converted, lost, follow_up FROM lead_days "
        "WHERE workspace_id = :workspace_id",
        workspace_id=workspace_id,
    )
    times = await tx.rows(
        "SELECT day, leads, seconds FROM contact_times WHERE workspace_id = :workspace_id", workspace_id=workspace_id
    )
    return days, times


FIELDS = st.fixed_dictionaries(
    {}, optional={"status": st.sampled_from(STATUSES), "source": SOURCES, "name": st.sampled_from(["Ada", "Ben"])}
).flatmap(
    lambda fields: (
        st.just(fields) | CAMPAIGNS.map(lambda campaign: {**fields, "metadata": {"utm_campaign": campaign, "a": 1}})
    )
)
STEPS = st.one_of(
    st.tuples(st.just("create"), st.integers(1, 6), SOURCES, CAMPAIGNS, st.sampled_from(STATUSES)),
    st.tuples(st.sampled_from(["change", "change_many"]), NUMBERS, FIELDS.filter(bool)),
    st.tuples(st.sampled_from(["delete", "delete_many", "undo"]), NUMBERS),
    st.tuples(st.just("merge"), NUMBERS, st.sets(st.sampled_from(["status", "source"]))),
)
CREATED = ("create", 5, "web", "spring", "new")


@pytest.fixture(scope="module")
def shared_server(new_store: Callable[[], dict[str, Any]]) -> Iterator[Server]:
    server = Server(new_store(), MovableClock(), background=False)
    yield server
    server.stop()


def test_they_are_what_a_recount_finds_whatever_was_done(shared_server: Server) -> None:
    @settings(max_examples=40, deadline=None, database=None)
    @given(st.lists(STEPS, max_size=9))
    def holds(steps: list[tuple[Any, ...]]) -> None:
        people = People(shared_server)
        for name, *arguments in (CREATED, *steps):
            shared_server.clock.advance(seconds=7_000)
            getattr(people, name)(*arguments)

        assert people.kept() == people.recount()
        assert people.server.do(people.server.services.leads.check()) == []

    holds()


def test_what_is_erased_has_left_them(server: Server, api: Client) -> None:
    doomed = api.create(source="sent by Jane Roe", metadata={"utm_campaign": "for Jane"})
    api.patch(f"/api/v1/leads/{doomed['id']}", {"status": "contacted"})
    api.create("Ben")

    api.delete(f"/api/v1/leads/{doomed['id']}")

    days, times = server.do(server.database.scan(rollups, api.workspace_id))
    assert [row[:4] for row in days] == [("source", 20_468, "api", 1)]
    assert times == []


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ("UPDATE lead_days SET converted = converted + 1 WHERE dimension = 'source'", "1 days by source that are not"),
        ("DELETE FROM lead_days WHERE dimension = 'campaign'", "1 days by campaign that are not"),
        ("UPDATE contact_times SET seconds = seconds + 1", "1 waiting times that are not"),
        ("UPDATE leads SET reached = 0", "1 days by source that are not"),
    ],
)
def test_doctor_finds_one_that_is_wrong(server: Server, api: Client, damage: str, told: str) -> None:
    lead = api.create(metadata={"utm_campaign": "spring"})
    api.patch(f"/api/v1/leads/{lead['id']}", {"status": "contacted"})
    api.patch(f"/api/v1/leads/{lead['id']}", {"status": "lost"})
    assert server.do(server.services.leads.check()) == []

    async def harm(tx: Transaction) -> None:
        await tx.execute(damage)

    server.do(server.database.write(harm))

    faults = server.do(server.services.leads.check())
    assert told in faults[0]
