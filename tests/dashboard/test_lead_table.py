"""The table of leads: what its address asks for lives in chips and links, and pages lead through all there is."""

import re
from html import unescape

import msgspec
import pytest

from leadlight.dashboard.lead_table import Chip, LeadTable, decode_query
from leadlight.leads.lead import Lead, LeadStatus
from leadlight.leads.listing import LeadPage
from tests.conftest import Client
from tests.dashboard.person import Person

LEAD = Lead(
    "lead_1",
    "ws_1",
    "Ada Park",
    "ada@example.com",
    None,
    "website",
    LeadStatus.FOLLOW_UP,
    msgspec.Raw(b'{"company":"Parkside","score":1.50,"tags":["a"]}'),
    1_768_473_000_000,
    1_768_473_000_000,
    1,
)


def table(query: str = "", *leads: Lead) -> LeadTable:
    return LeadTable("/t", query.encode(), decode_query(query.encode()), LeadPage(list(leads), False, len(leads), None))


@pytest.mark.parametrize(
    ("query", "chips"),
    [
        ("", []),
        ("search=ada&sort=name", []),
        ("status=follow_up", [Chip("Status", "Follow-up", "/t")]),
        (
            "status=new,lost&sort=name",
            [Chip("Status", "New", "/t?sort=name&status=lost"), Chip("Status", "Lost", "/t?sort=name&status=new")],
        ),
        ("source=a%26b", [Chip("Source", "a&b", "/t")]),
        ("createdAfter=2026-01-01&done=op_1", [Chip("Created after", "2026-01-01", "/t")]),
        ("metadata.company=Parkside&search=a", [Chip("company", "Parkside", "/t?search=a")]),
    ],
)
def test_each_filter_is_a_chip_with_the_address_without_it(query: str, chips: list[Chip]) -> None:
    assert table(query).chips == chips


def test_columns_are_chosen_in_the_address() -> None:
    shown = table("columns=phone,metadata.company,metadata.score,metadata.none,status", LEAD)

    assert [column.title for column in shown.columns] == ["Name", "Phone", "company", "score", "none", "Status"]
    assert [cell.value for cell in shown.rows[0].cells] == ["", "Parkside", "1.50", "", "follow_up"]


def test_a_column_sorts_and_then_turns_round() -> None:
    def name_column(query: str) -> tuple[str | None, str | None]:
        column = table(query).columns[0]
        return column.sort, column.direction

    assert name_column("") == ("/t?sort=name", None)
    assert name_column("sort=name") == ("/t?sort=-name", "ascending")
    assert name_column("sort=-name") == ("/t?sort=name", "descending")


def links(page: str, relation: str) -> list[str]:
    return [unescape(link) for link in re.findall(rf'href="([^"]*)" rel="{relation}"', page)]


def names(page: str) -> list[str]:
    return re.findall(r'<th scope="row"><a [^>]*>([^<]*)</a>', page)


@pytest.mark.parametrize("query", ["", "?sort=name", "?search=lead&sort=-email"])
def test_pages_lead_through_all_leads_and_back(api: Client, viewer: Person, query: str) -> None:
    rows = [{"name": f"Lead {number:03}", "email": f"{number % 7}-{number}@example.com"} for number in range(120)]
    api.post("/api/v1/leads/batch", {"leads": rows})

    pages = [viewer.get(f"{viewer.home}/leads{query}").text]
    while forward := links(pages[-1], "next"):
        pages.append(viewer.get(forward[0]).text)
    back = viewer.get(links(pages[-1], "prev")[0]).text

    assert [len(names(page)) for page in pages] == [50, 50, 20]
    assert sorted(name for page in pages for name in names(page)) == [row["name"] for row in rows]
    assert names(back) == names(pages[1])
    assert names(viewer.get(links(back, "prev")[0]).text) == names(pages[0])
    assert not links(pages[0], "prev")


def test_filters_are_those_of_the_api(api: Client, viewer: Person) -> None:
    api.create("Ada", status="lost", metadata={"company": "Parkside"})
    api.create("Bea", "bea@example.com", metadata={"company": "Parkside"})
    api.create("Cay", "cay@example.com", status="lost")

    page = viewer.get(f"{viewer.home}/leads?status=lost&metadata.company=Parkside").text

    assert names(page) == ["Ada"]


@pytest.mark.parametrize(
    ("query", "field"),
    [("status=gone", "status"), ("columns=nothing", "columns"), ("cursor=x", "cursor"), ("a=b", "a")],
)
def test_an_address_that_can_not_be_says_what_is_wrong(viewer: Person, query: str, field: str) -> None:
    answer = viewer.get(f"{viewer.home}/leads?{query}")

    assert answer.status_code == 400
    assert f"<code>{field}</code>" in answer.text


def test_an_empty_workspace_says_how_leads_come_in(owner: Person) -> None:
    assert "No leads yet" in owner.get(f"{owner.home}/leads").text


def test_many_are_changed_at_once_and_taken_back(api: Client, member: Person) -> None:
    ids = [api.create(email=f"{number}@example.com")["id"] for number in range(3)]
    back = f"{member.home}/leads?status=new"

    changed = member.send(f"{member.home}/leads/many", {"id": ids[:2], "action": "lost", "back": back})

    assert [api.get(f"/api/v1/leads/{id_}").json()["data"]["status"] for id_ in ids] == ["lost", "lost", "new"]
    page = member.get(changed.headers["location"]).text
    assert "2 leads changed." in page

    [undo] = re.findall(r'action="([^"]*/undo)"', page)
    undone = member.send(undo, {"back": back})

    assert [api.get(f"/api/v1/leads/{id_}").json()["data"]["status"] for id_ in ids] == ["new", "new", "new"]
    assert "Taken back: 2 restored." in member.get(undone.headers["location"]).text


def test_many_are_deleted_at_once_and_brought_back(api: Client, member: Person) -> None:
    ids = [api.create(email=f"{number}@example.com")["id"] for number in range(2)]

    deleted = member.send(f"{member.home}/leads/many", {"id": ids, "action": "delete"})
    page = member.get(deleted.headers["location"]).text

    assert ("2 leads deleted." in page, names(page)) == (True, [])

    member.send(re.findall(r'action="([^"]*/undo)"', page)[0])

    assert len(names(member.get(f"{member.home}/leads").text)) == 2


def test_the_way_back_holds_any_letter_and_no_further_header(api: Client, member: Person) -> None:
    lead = api.create()
    back = f"{member.home}/leads?search=Ł\r\nSet-Cookie: a=b"

    answer = member.send(f"{member.home}/leads/many", {"id": lead["id"], "action": "lost", "back": back})

    assert (answer.status_code, "Set-Cookie" in answer.headers) == (303, False)
    assert answer.headers["location"].startswith(f"{member.home}/leads?search=%C5%81%0ASet-Cookie:%20a=b&done=op_")


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "/w/ws_other/leads"])
def test_what_is_done_leads_back_to_the_table_and_nowhere_else(api: Client, member: Person, back: str) -> None:
    lead = api.create()

    answer = member.send(f"{member.home}/leads/many", {"id": lead["id"], "action": "lost", "back": back})

    assert answer.headers["location"].startswith(f"{member.home}/leads?done=op_")
