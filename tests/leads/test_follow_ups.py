"""A lead's follow-up: a time and a note, over the API; who is due, and that this is told once."""

from typing import Any

import pytest

from leadlight.clock import DAY
from leadlight.principal import Scope
from tests.conftest import Client, MovableClock, Server, problems_of

PATH = "/api/v1/leads"
AT = "2026-01-16T09:00:00.000Z"
"""The clock stands at half past ten of the day before."""


def tell(server: Server) -> None:
    server.do(server.services.reminding.tell())


def told(api: Client) -> list[dict[str, Any]]:
    return list(api.get("/api/v1/events?types=lead.follow_up_due").json()["data"]["events"])


def names(api: Client, query: str) -> str:
    return " ".join(lead["name"] for lead in api.get(f"{PATH}?{query}").json()["data"]["leads"])


def test_a_lead_has_a_follow_up(api: Client) -> None:
    lead = api.create(followUpAt="2026-01-16T10:00:00+01:00", followUpNote="  Ask about the offer ")

    assert (lead["followUpAt"], lead["followUpNote"]) == (AT, "Ask about the offer")
    assert api.get(f"{PATH}/{lead['id']}").json()["data"] == lead
    item = api.get(PATH).json()["data"]["leads"][0]
    assert {**item, "workspaceId": api.workspace_id} == lead


def test_a_lead_without_one_looks_as_it_ever_did(api: Client) -> None:
    lead = api.create()

    assert lead.keys() & {"followUpAt", "followUpNote"} == set()
    [event] = api.get(f"{PATH}/{lead['id']}/events").json()["data"]["events"]
    assert event["data"] == lead
    assert event["changes"].keys() == {"name", "email", "source", "status"}


def test_it_is_changed_and_cleared_and_the_history_tells_it(api: Client) -> None:
    lead = api.create()

    follow_up = {"followUpAt": AT, "followUpNote": "Call"}
    changed = api.put(f"{PATH}/{lead['id']}", follow_up).json()["data"]
    cleared = api.patch(f"{PATH}/{lead['id']}", dict.fromkeys(follow_up)).json()["data"]

    assert changed == {**lead, **follow_up}
    assert cleared == lead
    _, first, second = api.get(f"{PATH}/{lead['id']}/events").json()["data"]["events"]
    assert first["changes"] == {"followUpAt": {"from": None, "to": AT}, "followUpNote": {"from": None, "to": "Call"}}
    assert first["data"] == changed
    assert second["changes"] == {"followUpAt": {"from": AT, "to": None}, "followUpNote": {"from": "Call", "to": None}}
    assert second["data"] == cleared


def test_the_same_time_said_otherwise_changes_nothing(api: Client) -> None:
    lead = api.create(followUpAt=AT)

    again = api.patch(f"{PATH}/{lead['id']}", {"followUpAt": "2026-01-16T11:00:00+02:00"}).json()["data"]

    assert again == lead
    assert len(api.get(f"{PATH}/{lead['id']}/events").json()["data"]["events"]) == 1


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("followUpAt", "tomorrow", "invalid_time"),
        ("followUpAt", "1969-12-31", "out_of_range"),
        ("followUpAt", "0001-01-01T00:00:00+14:00", "invalid_time"),
        ("followUpAt", 5, "invalid_type"),
        ("followUpNote", " ", "blank"),
        ("followUpNote", "x" * 1001, "too_long"),
        ("followUpNote", {}, "invalid_type"),
    ],
)
def test_a_bad_one_is_refused_by_name(api: Client, field: str, value: object, code: str) -> None:
    lead = api.create()

    for refused in (
        api.post(PATH, {"name": "Ada", "email": "a@example.com", field: value}),
        api.patch(f"{PATH}/{lead['id']}", {field: value}),
    ):
        assert problems_of(refused) == {field: code}


def test_the_last_moment_of_the_calendar_is_good(api: Client) -> None:
    assert api.create(followUpAt="9999-12-31T23:59:59.999Z")["followUpAt"] == "9999-12-31T23:59:59.999Z"


def test_leads_are_found_and_sorted_by_it(api: Client) -> None:
    for name, day in (("b", "2026-01-17"), ("a", "2026-01-16"), ("c", "2026-01-18")):
        api.create(name, followUpAt=day)
    api.create("none")

    assert names(api, "sort=followUpAt") == "a b c"
    assert names(api, "sort=-followUpAt") == "c b a"
    assert names(api, "followUpBefore=2026-01-18&sort=followUpAt") == "a b"
    assert names(api, "followUpAfter=2026-01-16&sort=name") == "b c"
    first = api.get(f"{PATH}?sort=followUpAt&limit=2&cursor=&total=true").json()["data"]
    assert first["pagination"]["total"] == 3
    assert names(api, f"sort=followUpAt&cursor={first['pagination']['nextCursor']}") == "c"
    assert problems_of(api.get(f"{PATH}?followUpBefore=soon")) == {"followUpBefore": "invalid_time"}


def test_many_are_chosen_by_it_and_get_one(api: Client) -> None:
    due, later = api.create("due", followUpAt="2026-01-16"), api.create("later", followUpAt="2026-02-16")

    which = {"filter": {"followUpBefore": "2026-02-01"}, "set": {"followUpAt": "2026-03-01", "followUpNote": "Again"}}
    done = api.post(f"{PATH}/batch-update", which).json()["data"]

    assert done["updated"] == 1
    moved = api.get(f"{PATH}/{due['id']}").json()["data"]
    assert (moved["followUpAt"], moved["followUpNote"]) == ("2026-03-01T00:00:00.000Z", "Again")
    assert api.get(f"{PATH}/{later['id']}").json()["data"] == later


def test_a_merge_fills_it_in_and_can_prefer_it(api: Client) -> None:
    plain, with_one = api.create(), api.create(followUpAt=AT, followUpNote="Call")
    other = api.create(followUpAt="2026-05-05", followUpNote="Write")

    filled = api.post(f"{PATH}/{plain['id']}/merge", {"duplicateId": with_one["id"]}).json()["data"]["lead"]
    asked = {"duplicateId": other["id"], "prefer": {"followUpAt": other["id"]}}
    preferred = api.post(f"{PATH}/{plain['id']}/merge", asked).json()["data"]["lead"]

    assert (filled["followUpAt"], filled["followUpNote"]) == (AT, "Call")
    assert (preferred["followUpAt"], preferred["followUpNote"]) == ("2026-05-05T00:00:00.000Z", "Call")


# What is due is told


def test_nothing_is_told_before_its_time(server: Server, api: Client) -> None:
    api.create(followUpAt=AT)

    tell(server)

    assert told(api) == []


def test_what_is_due_is_told_once(server: Server, api: Client, clock: MovableClock) -> None:
    lead = api.create(followUpAt=AT, followUpNote="Call")
    clock.advance(seconds=DAY / 1000)

    tell(server)
    tell(server)

    [event] = told(api)
    assert event["leadId"] == lead["id"]
    assert event["data"] == lead
    assert event["changes"] == {}
    assert event["actor"] == {"type": "system", "id": "leadlight"}
    assert event["timestamp"] == "2026-01-16T10:30:00.000Z"
    assert api.get(f"{PATH}/{lead['id']}").json()["data"] == lead


def test_a_new_time_is_told_again(server: Server, api: Client, clock: MovableClock) -> None:
    lead = api.create(followUpAt=AT)
    clock.advance(seconds=DAY / 1000)
    tell(server)

    api.patch(f"{PATH}/{lead['id']}", {"phone": "1"})
    tell(server)
    assert len(told(api)) == 1

    api.patch(f"{PATH}/{lead['id']}", {"followUpAt": "2026-01-16T10:00:00Z"})
    tell(server)
    assert [event["data"]["followUpAt"] for event in told(api)] == [AT, "2026-01-16T10:00:00.000Z"]


def test_what_was_put_off_cleared_deleted_or_merged_away_is_not_told(
    server: Server, api: Client, clock: MovableClock
) -> None:
    put_off, cleared, deleted, many, kept = (api.create(str(number), followUpAt=AT) for number in range(5))
    api.patch(f"{PATH}/{put_off['id']}", {"followUpAt": "2026-03-03"})
    api.patch(f"{PATH}/{cleared['id']}", {"followUpAt": None})
    api.delete(f"{PATH}/{deleted['id']}")
    batch = api.post(f"{PATH}/batch-delete", {"ids": [many["id"]], "confirm": 1}).json()["data"]
    duplicate = api.create("duplicate", followUpAt=AT)
    api.post(f"{PATH}/{kept['id']}/merge", {"duplicateId": duplicate["id"]})
    clock.advance(seconds=DAY / 1000)

    tell(server)
    assert [event["leadId"] for event in told(api)] == [kept["id"]]

    api.post(f"/api/v1/operations/{batch['operationId']}/undo")
    tell(server)
    assert [event["leadId"] for event in told(api)] == [kept["id"], many["id"]]


def test_more_than_go_into_one_transaction_are_told_in_each_workspace(
    server: Server, api: Client, clock: MovableClock
) -> None:
    other = server.client(server.workspace("Other"), Scope.LEADS_READ, Scope.LEADS_WRITE)
    rows = [{"name": str(number), "email": "a@example.com", "followUpAt": AT} for number in range(450)]
    api.post(f"{PATH}/batch", {"leads": rows})
    theirs = other.create(followUpAt=AT)
    clock.advance(seconds=DAY / 1000)

    tell(server)

    found = api.get("/api/v1/events?types=lead.follow_up_due&limit=1000").json()["data"]["events"]
    assert len({event["leadId"] for event in found}) == len(found) == 450
    assert [event["leadId"] for event in told(other)] == [theirs["id"]]
