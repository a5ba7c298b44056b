"""Saved views: names for states of the table, shared by all in a workspace, changed by those who may write."""

import re
from html import unescape

import pytest

from leadlight.people.role import Role
from tests.conftest import Client, Server
from tests.dashboard.person import Person, inputs, make_person

HOSTILE = "<script>alert(1)</script>\"' \u202egnp"
STATE = "status=new%2Clost&search=ada&sort=name&columns=email%2Cmetadata.company"


def save(person: Person, name: str = "Hot", query: str = STATE) -> str:
    """The id of a new view."""
    answer = person.send(f"{person.home}/views", {"name": name, "query": query})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].rpartition("view=")[2]


def views(person: Person, query: str = "") -> dict[str, str]:
    """The addresses of the views that the table offers, by their names."""
    page = person.get(f"{person.home}/leads{query}").text
    part = page.partition('aria-label="Saved views"')[2].partition("</nav>")[0]
    return {unescape(name): unescape(link) for link, name in re.findall(r'href="([^"]*)"[^>]*>([^<]*)</a>', part)}


def test_a_view_is_the_state_of_the_table_for_all_in_the_workspace(api: Client, member: Person, viewer: Person) -> None:
    api.create("Ada", "ada@example.com", metadata={"company": "Parkside"})
    api.create("Ben", "ben@example.com")
    page = member.get(f"{member.home}/leads?{STATE}&before=&done=op_1").text

    member.send(f"{member.home}/views", {"name": " Hot  leads ", "query": inputs(page)["query"]})

    address = views(viewer)["Hot leads"]
    assert address.startswith(f"{viewer.home}/leads?{STATE}&view=view_")
    shown = viewer.get(address).text
    assert ("Ada</a>" in shown, "Ben</a>" in shown, "Parkside" in shown) == (True, False, True)
    assert 'aria-current="page" dir="auto">Hot leads</a>' in shown


def test_views_are_sorted_by_name_and_one_may_be_empty(member: Person) -> None:
    save(member, "b")
    save(member, "A", "")

    assert list(views(member)) == ["A", "b"]
    assert member.get(views(member)["A"]).status_code == 200


def test_a_view_is_renamed_and_what_is_shown_stays(member: Person) -> None:
    view_id = save(member)

    answer = member.send(
        f"{member.home}/views/{view_id}", {"name": "Cold", "action": "rename", "query": "status=converted"}
    )

    assert answer.headers["location"] == f"{member.home}/leads?status=converted&view={view_id}"
    assert views(member) == {"Cold": f"{member.home}/leads?{STATE}&view={view_id}"}


def test_a_view_is_overwritten_with_what_is_shown(member: Person) -> None:
    view_id = save(member)
    changed = f"?{STATE.replace('search=ada&', '')}&view={view_id}"
    assert "Overwrite" not in member.get(views(member)["Hot"]).text
    page = member.get(f"{member.home}/leads{changed}").text
    assert "Overwrite" in page

    member.send(f"{member.home}/views/{view_id}", {"action": "replace", "query": inputs(page)["query"]})

    assert "search" not in views(member)["Hot"]
    assert "Overwrite" not in member.get(views(member)["Hot"]).text


def test_a_view_is_deleted_and_its_state_stays_on_the_screen(member: Person) -> None:
    view_id = save(member)

    answer = member.send(f"{member.home}/views/{view_id}/delete", {"query": "status=new"})

    assert answer.headers["location"] == f"{member.home}/leads?status=new"
    assert views(member) == {}
    assert member.get(f"{member.home}/leads?status=new&view={view_id}").status_code == 200  # an old bookmark


@pytest.mark.parametrize("name", ["Hot", "hot", " HOT "])
def test_a_name_is_taken_once_whatever_its_case(member: Person, name: str) -> None:
    save(member)

    answer = member.send(f"{member.home}/views", {"name": name, "query": STATE})

    assert (answer.status_code, 'id="name-problem">There is a view of this name' in answer.text) == (409, True)
    assert inputs(answer.text)["query"] == STATE
    assert list(views(member)) == ["Hot"]


def test_a_view_may_change_the_case_of_its_own_name_and_take_no_others(member: Person) -> None:
    save(member, "Cold")
    view_id = save(member)
    path, fields = f"{member.home}/views/{view_id}", {"action": "rename", "query": ""}

    answers = [member.send(path, {**fields, "name": name}) for name in ("HOT", "cold")]

    assert [answer.status_code for answer in answers] == [303, 409]
    assert list(views(member)) == ["Cold", "HOT"]


@pytest.mark.parametrize("name", ["", " ", "x" * 61])
def test_a_name_that_can_not_be_is_told_beside_its_field(member: Person, name: str) -> None:
    answer = member.send(f"{member.home}/views", {"name": name, "query": STATE})

    assert (answer.status_code, 'id="name-problem"' in answer.text) == (400, True)
    assert views(member) == {}


@pytest.mark.parametrize("query", ["unknown=1", "status=gone", "search=" + "x" * 4_000])
def test_a_state_that_the_table_can_not_have_is_refused(member: Person, query: str) -> None:
    assert member.send(f"{member.home}/views", {"name": "Bad", "query": query}).status_code == 400
    assert views(member) == {}


def test_there_are_a_hundred_at_most(member: Person) -> None:
    for number in range(100):
        save(member, f"View {number}", "")

    answer = member.send(f"{member.home}/views", {"name": "One more", "query": ""})

    assert (answer.status_code, "100 views already" in answer.text) == (409, True)
    assert len(views(member)) == 100


def test_views_of_another_workspace_are_not_there(server: Server, member: Person, stranger: Client) -> None:
    theirs = make_person(server, stranger.workspace_id, Role.OWNER, "them@example.com")
    view_id = save(theirs, "Theirs")

    answers = [
        member.send(f"{member.home}/views/{view_id}", {"name": "Mine", "query": ""}),
        member.send(f"{member.home}/views/{view_id}", {"action": "replace", "query": ""}),
        member.send(f"{member.home}/views/{view_id}/delete"),
        member.send(f"{member.home}/views/view_%27/delete"),
    ]

    assert {answer.status_code for answer in answers} == {404}
    assert (views(member), list(views(theirs))) == ({}, ["Theirs"])
    assert save(member, "Theirs")  # a name is taken within one's own workspace


def test_a_viewer_opens_views_and_makes_none(member: Person, viewer: Person) -> None:
    save(member)

    page = viewer.get(f"{viewer.home}/leads").text

    assert list(views(viewer)) == ["Hot"]
    assert "/views" not in page


def test_the_name_of_a_view_runs_nowhere(member: Person) -> None:
    view_id = save(member, HOSTILE)

    page = member.get(f"{member.home}/leads?view={view_id}").text
    refused = member.send(f"{member.home}/views", {"name": HOSTILE * 3, "query": f"search={HOSTILE}"}).text

    assert not any("<script>alert" in text for text in (page, refused))
    assert all("&lt;script&gt;alert" in text for text in (page, refused))
