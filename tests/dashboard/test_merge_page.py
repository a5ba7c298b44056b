"""Who a lead may be the same as, two leads side by side, and what becomes of them."""

import re
from typing import Any

import pytest

from tests.conftest import Client
from tests.dashboard.person import Person, inputs

Lead = dict[str, Any]


@pytest.fixture
def both(api: Client) -> tuple[Lead, Lead]:
    """The older one, and the one with a phone."""
    older = api.create("Ada Park", "ada@example.com", source="website", metadata={"company": "Parkside", "seats": 3})
    younger = api.create(
        "Ada B. Park",
        "ADA@example.com",
        source="fair",
        phone="+44 20 7946 0958",
        metadata={"company": "Acme", "hall": "B"},
    )
    return older, younger


def merge_path(person: Person, lead: Lead, duplicate: Lead) -> str:
    return f"{person.home}/leads/{lead['id']}/merge/{duplicate['id']}"


def sent(person: Person, path: str, **fields: str) -> dict[str, str]:
    """The form as it stands on the page, but for what was chosen."""
    page = person.get(path).text
    chosen = dict(re.findall(r'<input type="radio" name="([^"]+)" value="([^"]+)" checked>', page))
    seen = {name: value for name, value in inputs(page).items() if name.startswith("seen.")}
    return {**seen, **chosen, **fields}


def results(page: str) -> list[str]:
    return re.findall(r'data-result="\d+">([^<]*)</td>', page)


def read(api: Client, lead: Lead) -> Lead:
    return dict(api.get(f"/api/v1/leads/{lead['id']}").json()["data"])


def test_a_lead_shows_who_it_may_be_the_same_as_and_why(api: Client, member: Person, both: tuple[Lead, Lead]) -> None:
    api.create("Ben Cole", "ben@example.com")

    page = member.get(f"{member.home}/leads/{both[0]['id']}").text

    assert "100 of 100: same email, similar name" in page
    assert merge_path(member, *both) in page
    assert "Ben Cole" not in page


def test_side_by_side_the_lead_that_stays_has_its_values_and_what_it_lacks(
    member: Person, both: tuple[Lead, Lead]
) -> None:
    page = member.get(merge_path(member, *both)).text

    assert results(page) == [
        "Ada Park", "ada@example.com", "+44 20 7946 0958", "website", "New", "Parkside", "3", "B"
    ]  # fmt: skip
    choices = re.findall(r'name="prefer\.([^"]+)" value="([^"]+)" checked>', page)
    assert choices == [(name, both[0]["id"]) for name in ("name", "email", "source", "metadata.company")]


def test_what_was_chosen_is_shown_before_anything_is_done(api: Client, member: Person, both: tuple[Lead, Lead]) -> None:
    path, before = merge_path(member, *both), [read(api, lead) for lead in both]
    choice = {"prefer.name": both[1]["id"], "prefer.metadata.company": both[1]["id"]}

    shown = member.send(path, {**sent(member, path), **choice, "preview": "1"})

    assert shown.status_code == 200
    assert results(shown.text)[0] == "Ada B. Park"
    assert results(shown.text)[5] == "Acme"
    assert f'name="prefer.name" value="{both[1]["id"]}" checked' in shown.text
    assert [read(api, lead) for lead in both] == before


def test_two_leads_become_one_and_two_again(api: Client, member: Person, both: tuple[Lead, Lead]) -> None:
    path, before = merge_path(member, *both), [read(api, lead) for lead in both]

    merged = member.send(path, {**sent(member, path), "prefer.name": both[1]["id"]})

    there = merged.headers["location"]
    assert (merged.status_code, there.partition("?")[0]) == (303, f"{member.home}/leads/{both[0]['id']}")
    left = read(api, both[1])
    assert (left["id"], left["name"], left["source"], left["phone"]) == (
        both[0]["id"],
        "Ada B. Park",
        "website",
        "+44 20 7946 0958",
    )
    page = member.get(there).text
    assert "Merged: this lead stands for both." in page

    undo = re.findall(r'action="([^"]+/undo)"', page)[0]
    undone = member.send(undo, {"back": inputs(page)["back"]})

    told = member.get(undone.headers["location"]).text
    assert "Taken back: these are two leads again" in told
    after = [read(api, lead) for lead in both]
    assert [{**lead, "updatedAt": ""} for lead in after] == [{**lead, "updatedAt": ""} for lead in before]


def test_follow_ups_are_merged_like_other_fields(api: Client, member: Person) -> None:
    one = api.create(followUpAt="2026-02-02T09:00:00Z", followUpNote="Send the offer")
    other = api.create(followUpAt="2026-03-03T09:00:00Z")
    path = merge_path(member, one, other)

    shown = member.send(path, {**sent(member, path), "prefer.followUpAt": other["id"], "preview": "1"}).text

    assert re.findall(r'scope="row" dir="auto">(Follow-up[^<]*)<', shown) == ["Follow-up on", "Follow-up note"]
    assert re.findall(r'data-result="\d+">(?:<[^>]+>)?([^<]*)<', shown)[-2:] == [
        "2026-03-03 09:00 UTC",
        "Send the offer",
    ]


def test_the_other_one_can_be_kept(api: Client, member: Person, both: tuple[Lead, Lead]) -> None:
    page = member.get(merge_path(member, *both)).text
    path = merge_path(member, both[1], both[0])

    member.send(path, sent(member, path))

    assert f'href="{path}"' in page
    assert (read(api, both[0])["id"], read(api, both[0])["name"]) == (both[1]["id"], "Ada B. Park")


def test_a_lead_that_was_changed_meanwhile_is_looked_at_again(
    api: Client, member: Person, both: tuple[Lead, Lead]
) -> None:
    path = merge_path(member, *both)
    form = sent(member, path)
    api.patch(f"/api/v1/leads/{both[1]['id']}", {"name": "Ada Lovelace"})

    late = member.send(path, form)

    assert (late.status_code, "Somebody has changed one of the two" in late.text) == (409, True)
    assert "Ada Lovelace" in late.text
    assert read(api, both[1])["name"] == "Ada Lovelace"

    assert member.send(path, sent(member, path)).status_code == 303


@pytest.mark.parametrize("choice", [{"prefer.age": "lead_1"}, {"prefer.name": "lead_1"}, {"prefer.metadata.none": ""}])
def test_what_can_not_be_chosen_is_refused(
    api: Client, member: Person, both: tuple[Lead, Lead], choice: dict[str, str]
) -> None:
    path = merge_path(member, *both)
    form = sent(member, path)

    answers = [member.send(path, {**form, **choice, **more}) for more in ({}, {"preview": "1"})]

    assert [(answer.status_code, 'role="alert"' in answer.text) for answer in answers] == [(400, True)] * 2
    assert read(api, both[1])["id"] == both[1]["id"]


def test_what_is_too_large_together_is_told(api: Client, member: Person) -> None:
    one, other = (api.create(metadata={key: "x" * 40_000}) for key in "ab")

    page = member.get(merge_path(member, one, other))

    assert (page.status_code, 'role="alert"' in page.text) == (400, True)


def test_leads_that_were_merged_already_lead_to_where_they_are(
    api: Client, member: Person, both: tuple[Lead, Lead]
) -> None:
    third = api.create()
    api.post(f"/api/v1/leads/{both[0]['id']}/merge", {"duplicateId": both[1]["id"]})

    same = member.get(merge_path(member, *both))
    itself = member.get(merge_path(member, third, third))
    moved = member.get(merge_path(member, third, both[1]))
    late = member.send(merge_path(member, *both), {"preview": "1"})

    home = f"{member.home}/leads"
    assert [answer.headers["location"] for answer in (same, itself, moved, late)] == [
        f"{home}/{both[0]['id']}",
        f"{home}/{third['id']}",
        f"{home}/{third['id']}/merge/{both[0]['id']}",
        f"{home}/{both[0]['id']}",
    ]


def test_all_pairs_of_the_workspace_are_paged(api: Client, viewer: Person, member: Person) -> None:
    for number in range(60):
        api.create(f"Ada {number // 2}", f"{number // 2}@example.com")

    first = member.get(f"{member.home}/duplicates").text
    second = member.get(re.findall(r'href="([^"]+)" rel="next"', first)[0]).text

    assert (first.count('class="sheet pair-of"'), second.count('class="sheet pair-of"')) == (25, 5)
    assert ('rel="next"' in second, "To the first" in second, "To the first" in first) == (False, True, False)
    assert first.count("/merge/") == 25
    assert "/merge/" not in viewer.get(f"{viewer.home}/duplicates").text


def test_where_nothing_is_there_twice_it_says_so(api: Client, member: Person) -> None:
    api.create()

    assert "No lead is there twice" in member.get(f"{member.home}/duplicates").text
    assert member.get(f"{member.home}/duplicates?cursor=x").status_code == 400


def test_a_viewer_sees_who_may_be_the_same_and_merges_nothing(viewer: Person, both: tuple[Lead, Lead]) -> None:
    path = merge_path(viewer, *both)

    page = viewer.get(f"{viewer.home}/leads/{both[0]['id']}").text

    assert ("100 of 100" in page, "/merge/" in page) == (True, False)
    assert (viewer.get(path).status_code, viewer.send(path).status_code) == (403, 403)


def test_a_lead_of_another_workspace_is_not_merged(stranger: Client, member: Person, both: tuple[Lead, Lead]) -> None:
    theirs = stranger.create("Their own", "ada@example.com")

    paths = [merge_path(member, both[0], theirs), merge_path(member, theirs, both[0])]
    answers = [answer for path in paths for answer in (member.get(path), member.send(path))]

    assert [answer.status_code for answer in answers] == [404] * 4
    assert "Their own" not in member.get(f"{member.home}/leads/{both[0]['id']}").text
    assert read(stranger, theirs) == theirs


def test_the_notice_of_a_merge_stands_at_its_lead_alone(api: Client, member: Person, both: tuple[Lead, Lead]) -> None:
    other = api.create("Ben Cole", "ben@example.com")
    body = {"duplicateId": both[1]["id"]}
    done = api.post(f"/api/v1/leads/{both[0]['id']}/merge", body).json()["data"]["operationId"]

    page = member.get(f"{member.home}/leads/{other['id']}?done={done}").text

    assert "stands for both" not in page
    assert "stands for both" in member.get(f"{member.home}/leads/{both[0]['id']}?done={done}").text
