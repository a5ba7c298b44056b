"""What the table shows, as a file: all that its filters let through, for whoever may read it."""

import csv
import io
import json
import re
from html import unescape

import pytest

from tests.conftest import Client
from tests.dashboard.person import Person


def names(person: Person, query: str = "") -> list[str]:
    """In the file, in its order."""
    answer = person.get(f"{person.home}/exports/leads?{query}")
    assert answer.status_code == 200, answer.text
    return [row["name"] for row in csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))]


def links(person: Person, query: str = "") -> list[str]:
    page = person.get(f"{person.home}/leads{query}").text
    return [unescape(link) for link in re.findall(r'href="([^"]*/exports/leads[^"]*)"', page)]


def test_the_file_holds_what_the_filters_let_through_on_all_pages(api: Client, viewer: Person) -> None:
    rows = [{"name": f"Ada {number:02}", "email": f"{number}@example.com"} for number in range(60)]
    api.post("/api/v1/leads/batch", {"leads": rows})
    api.create("Ben", "ben@example.com", status="lost")

    [link, *_] = links(viewer, "?search=ada&sort=name&columns=email,phone")

    assert names(viewer, link.partition("?")[2]) == [row["name"] for row in rows]
    assert names(viewer, "status=lost") == ["Ben"]


@pytest.mark.parametrize(
    ("format_", "begins", "media_type"),
    [
        ("csv", b"\xef\xbb\xbfid,name", "text/csv; charset=utf-8"),
        ("xlsx", b"PK\x03\x04", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("jsonl", b'{"id":"lead_', "application/jsonl"),
    ],
)
def test_each_format_is_a_file_to_keep(
    api: Client, viewer: Person, format_: str, begins: bytes, media_type: str
) -> None:
    api.create()

    [link] = [link for link in links(viewer) if link.endswith(f"format={format_}")]
    answer = viewer.get(link)

    assert (answer.content[: len(begins)], answer.headers["content-type"]) == (begins, media_type)
    assert answer.headers["content-disposition"].startswith('attachment; filename="leads-2026-01-15.')
    assert answer.headers["cache-control"] == "no-store"


def test_no_cell_is_a_formula(api: Client, viewer: Person) -> None:
    api.create("=HYPERLINK(1)", "ada@example.com")

    assert names(viewer) == ["'=HYPERLINK(1)"]


def test_a_file_ends_at_the_wall(api: Client, viewer: Person, stranger: Client) -> None:
    stranger.create("Theirs", "theirs@example.com")
    api.create("Ours", "ours@example.com")

    assert names(viewer) == ["Ours"]


@pytest.mark.parametrize("query", ["format=pdf", "status=gone", "unknown=1"])
def test_what_can_not_be_asked_for_is_told(viewer: Person, query: str) -> None:
    assert viewer.get(f"{viewer.home}/exports/leads?{query}").status_code == 400


def test_who_only_asks_for_the_head_holds_nothing_up(api: Client, viewer: Person) -> None:
    api.create()

    for _ in range(3):  # more than there may be at once
        head = viewer.session.head(f"{viewer.server.url}{viewer.home}/exports/leads", timeout=20)
        assert head.status_code == 200

    assert names(viewer) == ["Ada Park"]


def test_the_chosen_leads_alone_are_in_a_file(api: Client, member: Person, stranger: Client) -> None:
    leads = [api.create(name) for name in ("Ada", "Ben", "Cay")]
    theirs = stranger.create("Dee")
    ids = [lead["id"] for lead in (leads[2], leads[0], theirs, leads[0])]

    answer = member.send(f"{member.home}/exports/leads", {"format": "jsonl", "id": ids})

    assert answer.headers["content-disposition"].startswith("attachment")
    assert [json.loads(line)["name"] for line in answer.text.splitlines()] == ["Ada", "Cay"]


@pytest.mark.parametrize(
    ("fields", "status"),
    [({"format": "jsonl"}, 400), ({"format": "pdf", "id": "lead_1"}, 400), ({"format": "csv", "id": "nobody"}, 404)],
)
def test_a_choice_that_can_not_be_is_refused(member: Person, fields: dict[str, str], status: int) -> None:
    assert member.send(f"{member.home}/exports/leads", fields).status_code == status
