"""The board: what stands in its columns, what moves a card, and how open pages hear of it."""

import re
from collections.abc import Iterator

import pytest
import requests

from leadlight.people.role import Role
from tests.conftest import Client, Server
from tests.dashboard.person import Person, make_person


def lane(page: str, status: str) -> tuple[str | None, list[str]]:
    """The count and the names in a column."""
    part = page.partition(f'data-lane="{status}"')[2].partition("</section>")[0]
    count = re.search(r'class="count">([^<]*)<', part)
    return count and count[1], re.findall(r'<a href="[^"]*/leads/lead_[^"]*"[^>]*>([^<]*)</a>', part)


def test_a_column_has_the_latest_first_and_counts_all(api: Client, viewer: Person) -> None:
    api.post(
        "/api/v1/leads/batch", {"leads": [{"name": f"Lead {n:02}", "email": f"{n}@example.com"} for n in range(30)]}
    )
    api.create("Ada", status="lost")

    page = viewer.get(f"{viewer.home}/board").text

    count, names = lane(page, "new")
    assert (count, len(names)) == ("30", 25)
    assert lane(page, "lost") == ("1", ["Ada"])
    assert lane(page, "converted") == ("0", [])
    assert f'href="{viewer.home}/leads?status=new&amp;sort=-updatedAt"' in page


def test_the_board_is_searched_and_filtered(api: Client, viewer: Person) -> None:
    api.create("Ada Park", metadata={"company": "Parkside"})
    api.create("Bea Park", "bea@example.com")
    api.create("Cay Lee", "cay@example.com")

    assert lane(viewer.get(f"{viewer.home}/board?search=park").text, "new")[0] == "2"
    assert lane(viewer.get(f"{viewer.home}/board?metadata.company=Parkside").text, "new")[1] == ["Ada Park"]


def test_a_card_is_moved_and_the_history_says_by_whom(api: Client, member: Person) -> None:
    lead = api.create()

    moved = member.send(f"{member.home}/board/{lead['id']}?search=ada", {"status": "qualified"})

    assert (moved.status_code, moved.headers["location"]) == (303, f"{member.home}/board?search=ada")
    assert lane(member.get(moved.headers["location"]).text, "qualified") == ("1", ["Ada Park"])
    event = api.get(f"/api/v1/leads/{lead['id']}/events").json()["data"]["events"][-1]
    assert event["actor"]["type"] == "user"


@pytest.mark.parametrize(("status", "answer"), [("gone", 400), ("", 400)])
def test_a_card_is_moved_to_no_column_that_is_not_there(api: Client, member: Person, status: str, answer: int) -> None:
    lead = api.create()

    assert member.send(f"{member.home}/board/{lead['id']}", {"status": status}).status_code == answer


def test_a_lead_that_is_gone_is_moved_nowhere(member: Person) -> None:
    assert member.send(f"{member.home}/board/lead_1", {"status": "new"}).status_code == 404


class Listening:
    """An open page that hears of changes."""

    def __init__(self, person: Person) -> None:
        self.answer = person.get(f"{person.home}/changes", stream=True)
        self._lines: Iterator[str] = self.answer.iter_lines(chunk_size=1, decode_unicode=True)
        assert next(self._lines) == "retry: 2000"
        assert next(self._lines) == ""

    def next(self) -> str:
        return next(line for line in self._lines if line)

    def has_ended(self) -> bool:
        return [line for line in self._lines if line] == []


def test_open_pages_hear_of_a_change(api: Client, viewer: Person) -> None:
    page = Listening(viewer)
    assert page.answer.headers["content-type"].startswith("text/event-stream")
    assert page.next() == "data: changed"  # it may have missed something

    api.create()

    assert page.next() == "data: changed"


def test_a_page_of_another_workspace_does_not(server: Server, api: Client, stranger: Client) -> None:
    theirs = Listening(make_person(server, stranger.workspace_id, Role.VIEWER))
    ours = Listening(make_person(server, api.workspace_id, Role.VIEWER))
    assert [theirs.next(), ours.next()] == ["data: changed"] * 2

    api.create()
    assert ours.next() == "data: changed"

    theirs.answer.raw.connection.sock.settimeout(1.5)
    with pytest.raises(requests.exceptions.ConnectionError):  # nothing comes
        theirs.next()


def test_a_page_whose_session_has_ended_hears_no_more(api: Client, viewer: Person) -> None:
    page = Listening(viewer)
    page.next()
    viewer.send("/sign-out")

    api.create()

    assert page.has_ended()
