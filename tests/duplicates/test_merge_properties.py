"""Whatever is merged and taken back, in whatever order: no lead is lost, and an undo at once brings back what was."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.conftest import MovableClock, Server

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | TEXT | st.floats(-1e9, 1e9),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.sampled_from("abc"), inside, max_size=3),
    max_leaves=6,
)
LEADS = st.fixed_dictionaries(
    {"name": st.sampled_from(["Ada", "Ben Cole"]), "email": st.sampled_from(["ada@x.org", "ADA@x.org", "b@y.org"])},
    optional={
        "phone": st.sampled_from(["+44 20 7946 0958", "+442079460958", "12"]) | st.none(),
        "source": st.sampled_from(["fair", "web"]) | st.none(),
        "status": st.sampled_from(["new", "lost", "follow_up"]),
        "followUpAt": st.sampled_from(["2026-02-02T00:00:00.000Z", "2001-01-01T00:00:00.000Z"]),
        "followUpNote": st.sampled_from(["Call", "Write"]),
        "metadata": st.dictionaries(st.sampled_from(["a", "b", "c", "external_id"]), VALUES, max_size=4),
    },
)
NUMBERS = st.integers(0, 5)
FIELDS = st.sets(
    st.sampled_from(["name", "email", "phone", "source", "status", "followUpAt", "metadata.a", "metadata.external_id"])
)


class People:
    """The leads of a workspace of its own, as a client sees them."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.api = server.client(server.workspace())
        self.ids: list[str] = []

    def create(self, lead: dict[str, Any]) -> str:
        self.ids.append(self.api.create(**lead)["id"])
        return self.ids[-1]

    def merge(self, survivor: str, duplicate: str, fields: set[str]) -> str:
        """Prefers the duplicate's values of some fields; answers the operation's id."""
        path = f"/api/v1/leads/{survivor}/merge"
        known = {f"metadata.{key}" for id_ in (survivor, duplicate) for key in self.lead(id_)["metadata"]}
        prefer = {name: duplicate for name in fields if name in known or not name.startswith("metadata.")}
        response = self.api.post(path, {"duplicateId": duplicate, "prefer": prefer})
        assert response.status_code == 200, response.text
        return str(response.json()["data"]["operationId"])

    def undo(self, operation_id: str) -> dict[str, Any]:
        response = self.api.post(f"/api/v1/operations/{operation_id}/undo")
        assert response.status_code == 200, response.text
        return dict(response.json()["data"])

    def lead(self, lead_id: str) -> dict[str, Any]:
        """But for when it was changed."""
        lead = self.api.get(f"/api/v1/leads/{lead_id}").json()["data"]
        return {name: value for name, value in lead.items() if name != "updatedAt"}

    def leads(self) -> list[dict[str, Any]]:
        return [self.lead(lead_id) for lead_id in self.ids]

    def feed(self) -> list[dict[str, Any]]:
        return list(self.api.get("/api/v1/events?limit=1000").json()["data"]["events"])

    def faults(self) -> list[str]:
        return self.server.do(self.server.services.leads.check())


@pytest.fixture(scope="module")
def shared_server(new_store: Callable[[], dict[str, Any]]) -> Iterator[Server]:
    server = Server(new_store(), MovableClock(), background=False)
    yield server
    server.stop()


def test_a_merge_that_is_taken_back_changes_nothing(shared_server: Server) -> None:
    @settings(max_examples=40, deadline=None, database=None)
    @given(st.lists(LEADS, min_size=2, max_size=4), FIELDS)
    def holds(leads: list[dict[str, Any]], fields: set[str]) -> None:
        people = People(shared_server)
        for lead in leads:
            people.create(lead)
        before, told = people.leads(), people.feed()

        operations = [people.merge(one, other, fields) for other, one in zip(people.ids, people.ids[1:], strict=False)]
        undone = [people.undo(operation_id) for operation_id in reversed(operations)]

        assert people.leads() == before
        assert people.feed()[: len(told)] == told
        assert [each["skipped"] for each in undone] == [0] * len(operations)
        assert people.faults() == []

    holds()


class Merging(RuleBasedStateMachine):
    """Creates, changes, merges, and takes merges back, in any order. `gone`: where each merged lead has to lead to."""

    server: Server

    def __init__(self) -> None:
        super().__init__()
        self.people = People(self.server)
        self.gone: dict[str, str] = {}
        self.merges: dict[str, str] = {}
        self.told: list[dict[str, Any]] = []

    @rule(lead=LEADS)
    def create(self, lead: dict[str, Any]) -> None:
        self.people.create(lead)

    @precondition(lambda self: self.people.ids)
    @rule(n=NUMBERS, lead=LEADS)
    def change(self, n: int, lead: dict[str, Any]) -> None:
        lead_id = self.people.ids[-1 - n % len(self.people.ids)]
        changed = self.people.api.patch(f"/api/v1/leads/{lead_id}", lead).json()["data"]
        assert changed["id"] == self._end(lead_id)

    @precondition(lambda self: len(self.people.ids) > 1)
    @rule(n=NUMBERS, m=NUMBERS, fields=FIELDS)
    def merge(self, n: int, m: int, fields: set[str]) -> None:
        one, other = (self.people.ids[-1 - number % len(self.people.ids)] for number in (n, m))
        if one != other and other not in self.gone and one not in self.gone:
            self.merges[self.people.merge(one, other, fields)] = other
            self.gone[other] = one
        elif one != other:
            answer = self.people.api.post(f"/api/v1/leads/{one}/merge", {"duplicateId": other, "dryRun": True})
            expected = 409 if other in self.gone or self._end(one) == other else 200
            assert answer.status_code == expected, answer.text

    @precondition(lambda self: self.merges)
    @rule(n=NUMBERS)
    def undo(self, n: int) -> None:
        operation_id = list(self.merges)[-1 - n % len(self.merges)]
        undone = self.people.undo(operation_id)
        assert (undone["status"], undone["restored"] + undone["skipped"]) == ("undone", 2)
        del self.gone[self.merges.pop(operation_id)]

    @invariant()
    def every_id_leads_to_a_lead(self) -> None:
        for lead_id in self.people.ids:
            lead = self.people.lead(lead_id)
            assert (lead["id"], lead.get("mergedInto", lead_id)) == (self._end(lead_id), self._end(lead_id))
        total = self.people.api.get("/api/v1/leads").json()["data"]["pagination"]["total"]
        assert total == len(self.people.ids) - len(self.gone)

    @invariant()
    def what_was_told_stays_told(self) -> None:
        feed = self.people.feed()
        assert feed[: len(self.told)] == self.told
        self.told = feed

    @invariant()
    def the_doctor_finds_nothing(self) -> None:
        assert self.people.faults() == []

    def _end(self, lead_id: str) -> str:
        while lead_id in self.gone:
            lead_id = self.gone[lead_id]
        return lead_id


def test_no_order_of_merges_and_undos_loses_a_lead(shared_server: Server) -> None:
    Merging.server = shared_server
    Merging.TestCase.settings = settings(max_examples=12, stateful_step_count=20, deadline=None, database=None)
    Merging.TestCase().runTest()


@pytest.mark.slow
def test_no_order_of_merges_and_undos_loses_a_lead_in_long_runs(shared_server: Server) -> None:
    Merging.server = shared_server
    Merging.TestCase.settings = settings(max_examples=10, stateful_step_count=40, deadline=None, database=None)
    Merging.TestCase().runTest()
