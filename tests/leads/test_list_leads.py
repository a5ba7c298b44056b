"""GET /api/v1/leads: pages by number and by cursor, every filter and order, exact totals, one workspace."""

import http.client
from typing import Any

import pytest
import requests

from leadlight.leads.change import LeadDraft
from leadlight.principal import Actor, Principal, Scope
from tests.conftest import Client, MovableClock, Server, all_of, problems_of


def names(response: requests.Response) -> list[str]:
    assert response.status_code == 200, response.text
    return [lead["name"] for lead in response.json()["data"]["leads"]]


def found(api: Client, **parameters: str) -> list[str]:
    """The names in a list, oldest first; its total has to agree."""
    response = api.get("/api/v1/leads", params={"sort": "createdAt", **parameters})
    assert response.json()["data"]["pagination"]["total"] == len(names(response))
    return names(response)


def fill(server: Server, api: Client, count: int) -> None:
    """Stores "Lead 0000" and so on, at once."""
    caller = Principal(Actor.of(api.key_id), api.workspace_id, frozenset(Scope), 0, None)
    drafts = [LeadDraft(f"Lead {number:04}", f"{number}@example.com") for number in range(count)]

    async def create_all() -> None:
        await all_of(server.services.leads.create_lead(caller, draft) for draft in drafts)

    server.do(create_all())


def pagination(response: requests.Response) -> dict[str, Any]:
    return dict(response.json()["data"]["pagination"])


# Pages by number


def test_answers_leads_and_pagination(api: Client) -> None:
    lead = api.create(phone="1", metadata={"company": "Parkside"})
    del lead["workspaceId"]

    response = api.get("/api/v1/leads")

    assert response.json() == {
        "success": True,
        "data": {
            "leads": [lead],
            "pagination": {
                "page": 1,
                "limit": 10,
                "total": 1,
                "totalPages": 1,
                "hasNext": False,
                "hasPrev": False,
                "nextCursor": None,
            },
        },
    }


def test_an_empty_workspace_has_an_empty_list(api: Client) -> None:
    response = api.get("/api/v1/leads")

    assert response.json()["data"]["leads"] == []
    assert (pagination(response)["total"], pagination(response)["totalPages"]) == (0, 0)


def test_the_newest_come_first(api: Client, clock: MovableClock) -> None:
    api.create("first")
    clock.advance(seconds=1)
    api.create("second")
    api.create("third")

    assert names(api.get("/api/v1/leads")) == ["third", "second", "first"]


def test_pages_have_ten_leads_unless_said_otherwise(api: Client) -> None:
    for _ in range(11):
        api.create()

    first, second = api.get("/api/v1/leads"), api.get("/api/v1/leads?page=2")

    assert (len(names(first)), len(names(second))) == (10, 1)
    assert (pagination(first)["hasNext"], pagination(first)["hasPrev"]) == (True, False)
    assert (pagination(second)["hasNext"], pagination(second)["hasPrev"]) == (False, True)
    assert (pagination(second)["page"], pagination(second)["total"], pagination(second)["totalPages"]) == (2, 11, 2)


def test_a_last_page_that_is_full_has_no_next(api: Client) -> None:
    for name in "abcd":
        api.create(name)

    response = api.get("/api/v1/leads?page=2&limit=2")

    assert names(response) == ["b", "a"]
    assert (pagination(response)["hasNext"], pagination(response)["totalPages"]) == (False, 2)


@pytest.mark.parametrize("page", ["3", "1000000000"])
def test_a_page_beyond_the_end_is_empty_and_the_total_still_right(api: Client, page: str) -> None:
    api.create()

    response = api.get(f"/api/v1/leads?limit=1&page={page}")

    assert names(response) == []
    assert pagination(response) == {
        "page": int(page),
        "limit": 1,
        "total": 1,
        "totalPages": 1,
        "hasNext": False,
        "hasPrev": True,
        "nextCursor": None,
    }


def test_the_total_can_be_left_out(api: Client) -> None:
    api.create()

    response = api.get("/api/v1/leads?total=false")

    assert pagination(response) == {"page": 1, "limit": 10, "hasNext": False, "hasPrev": False, "nextCursor": None}


def test_a_page_by_number_hands_out_a_cursor_to_go_on_with(api: Client) -> None:
    for name in "abc":
        api.create(name)

    first = api.get("/api/v1/leads?limit=2")
    rest = api.get("/api/v1/leads", params={"cursor": pagination(first)["nextCursor"]})

    assert names(first) + names(rest) == ["c", "b", "a"]


# Pages by cursor


def test_cursors_lead_through_all_leads_once(api: Client) -> None:
    for name in "abcde":
        api.create(name)

    first = api.get("/api/v1/leads?cursor=&limit=2")
    second = api.get("/api/v1/leads", params={"cursor": pagination(first)["nextCursor"], "limit": 2})
    third = api.get("/api/v1/leads", params={"cursor": pagination(second)["nextCursor"], "limit": 2})

    assert [names(first), names(second), names(third)] == [["e", "d"], ["c", "b"], ["a"]]
    assert pagination(second)["hasNext"] is True
    assert pagination(third) == {"limit": 2, "hasNext": False, "nextCursor": None}


def test_a_cursor_is_not_moved_by_leads_that_come_and_go(api: Client) -> None:
    leads = {name: api.create(name)["id"] for name in "abcde"}
    first = api.get("/api/v1/leads?cursor=&limit=2")
    api.create("new")
    api.delete(f"/api/v1/leads/{leads['e']}")
    api.delete(f"/api/v1/leads/{leads['d']}")
    api.delete(f"/api/v1/leads/{leads['b']}")

    rest = api.get("/api/v1/leads", params={"cursor": pagination(first)["nextCursor"]})

    assert names(first) == ["e", "d"]
    assert names(rest) == ["c", "a"]


def test_a_cursor_counts_only_when_asked(api: Client) -> None:
    for _ in range(3):
        api.create()

    first = api.get("/api/v1/leads?cursor=&limit=1&total=true")
    second = api.get("/api/v1/leads", params={"cursor": pagination(first)["nextCursor"], "total": "true"})

    assert (pagination(first)["total"], pagination(second)["total"]) == (3, 3)


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("createdAt", "b a c d B"),
        ("-createdAt", "B d c a b"),
        ("updatedAt", "a c d B b"),
        ("-updatedAt", "b B d c a"),
        ("name", "a b B c d"),
        ("-name", "d c B b a"),
        ("email", "d a c b B"),
        ("-email", "B b c a d"),
    ],
)
@pytest.mark.parametrize("filters", [{}, {"search": "example"}, {"search": "x"}, {"status": "new"}])
def test_sorts_by_every_order_with_ties_by_age(
    api: Client, clock: MovableClock, sort: str, order: str, filters: dict[str, str]
) -> None:
    oldest = api.create("b", "m@example.com")
    api.create("a", "B@example.com")
    clock.advance(seconds=1)
    api.create("c", "b@example.com")
    api.create("d", "a@example.com")
    api.create("B", "M@example.com")
    clock.advance(seconds=1)
    api.patch(f"/api/v1/leads/{oldest['id']}", {"phone": "1"})

    whole = api.get("/api/v1/leads", params={"sort": sort, **filters})
    first = api.get("/api/v1/leads", params={"sort": sort, "cursor": "", "limit": "2", **filters})
    rest = api.get("/api/v1/leads", params={"cursor": pagination(first)["nextCursor"], **filters})

    assert " ".join(names(whole)) == order
    assert " ".join(names(first) + names(rest)) == order


def test_a_cursor_holds_its_place_among_equal_values(api: Client) -> None:
    ids = [api.create("same", "same@example.com")["id"] for _ in range(4)]

    first = api.get("/api/v1/leads?cursor=&limit=3&sort=name").json()["data"]
    rest = api.get("/api/v1/leads", params={"cursor": first["pagination"]["nextCursor"]}).json()["data"]

    assert [lead["id"] for lead in first["leads"] + rest["leads"]] == ids


@pytest.mark.parametrize(
    ("parameters", "problems"),
    [
        ("cursor=nonsense", {"cursor": "invalid_cursor"}),
        ("cursor=%C3%A9", {"cursor": "invalid_cursor"}),
        ("cursor=WyItY3JlYXRlZEF0IiwxLCJ4Il0", {"cursor": "invalid_cursor"}),  # ["-createdAt",1,"x"]
        ("cursor=WyJuYW1lIiwxLCJsZWFkXzEiXQ", {"cursor": "invalid_cursor"}),  # ["name",1,"lead_1"]
        ("cursor=WyJjcmVhdGVkQXQiLCJhIiwibGVhZF8xIl0", {"cursor": "invalid_cursor"}),  # ["createdAt","a","lead_1"]
        ("cursor=WyJjcmVhdGVkQXQiLDFlMzAsImxlYWRfMSJd", {"cursor": "invalid_cursor"}),  # ["createdAt",1e30,"lead_1"]
        ("cursor=WyJuYW1lIiwiXHVkODAwIiwibGVhZF8xIl0", {"cursor": "invalid_cursor"}),  # ["name","\ud800","lead_1"]
        ("cursor=&page=1", {"page": "conflict"}),
        ("cursor=WyJuYW1lIiwiYSIsImxlYWRfMSJd&sort=email", {"sort": "conflict"}),  # ["name","a","lead_1"]
    ],
)
def test_refuses_a_cursor_that_is_none_of_ours(api: Client, parameters: str, problems: dict[str, str]) -> None:
    assert problems_of(api.get(f"/api/v1/leads?{parameters}")) == problems


def test_another_workspaces_cursor_shows_nothing_of_it(api: Client, stranger: Client) -> None:
    stranger.create("theirs")
    stranger.create("theirs")
    api.create("ours")
    cursor = pagination(stranger.get("/api/v1/leads?cursor=&limit=1&sort=name"))["nextCursor"]

    response = api.get("/api/v1/leads", params={"cursor": cursor, "total": "true"})

    assert names(response) == []
    assert pagination(response)["total"] == 1


# Filters


def test_filters_by_status(api: Client) -> None:
    for status in ("new", "contacted", "lost"):
        api.create(status, status=status)

    assert found(api, status="contacted") == ["contacted"]
    assert found(api, status="new, lost,new") == ["new", "lost"]
    assert found(api, status="converted") == []


def test_filters_by_source(api: Client) -> None:
    for source in ("website", "Website", "fair 2026", None):
        api.create(str(source), source=source)

    assert found(api, source="website") == ["website"]
    assert found(api, source="website,fair 2026") == ["website", "fair 2026"]
    assert found(api, source="api") == []


def test_totals_follow_every_change(api: Client) -> None:
    lead = api.create(source="website")
    api.create(source="website")
    api.patch(f"/api/v1/leads/{lead['id']}", {"status": "lost", "source": None})

    assert found(api, status="new") == ["Ada Park"]
    assert found(api, status="lost") == ["Ada Park"]
    assert found(api, source="website") == ["Ada Park"]
    api.delete(f"/api/v1/leads/{lead['id']}")
    assert found(api) == ["Ada Park"]
    assert found(api, status="lost") == []


def test_filters_by_email_whatever_its_case(api: Client) -> None:
    api.create("one", "Ada@Example.com")
    api.create("two", "ada@example.com")
    api.create("three", "xada@example.com")

    assert found(api, email="ADA@example.COM") == ["one", "two"]


def test_filters_by_phone_in_whatever_form_it_was_typed(api: Client) -> None:
    api.create("one", phone="+1-555-123-4567")
    api.create("two", phone="+1 (555) 123 4567")
    api.create("three", phone="555 123 4567")

    assert found(api, phone="+15551234567") == ["one", "two"]
    assert found(api, phone="555 123 4567") == ["three"]
    assert found(api, phone="5551234567") == []


def test_filters_by_times_without_their_bounds(api: Client, clock: MovableClock) -> None:
    lead = api.create("10:30")
    clock.advance(seconds=60)
    api.create("10:31")
    clock.advance(seconds=60)
    api.create("10:32")
    api.patch(f"/api/v1/leads/{lead['id']}", {"phone": "1"})

    assert found(api, createdAfter="2026-01-15T10:30:00.000Z") == ["10:31", "10:32"]
    assert found(api, createdBefore="2026-01-15T10:32:00Z") == ["10:30", "10:31"]
    assert found(api, createdAfter="2026-01-15T12:30:00+02:00", createdBefore="2026-01-15T10:32") == ["10:31"]
    assert found(api, updatedAfter="2026-01-15T10:31:00.000Z") == ["10:30", "10:32"]
    assert found(api, updatedBefore="2026-01-15T10:31:00.001Z") == ["10:31"]
    assert found(api, createdAfter="2026-01-15") == ["10:30", "10:31", "10:32"]
    assert found(api, createdBefore="2026-01-15") == []


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("company", "Parkside", ["one"]),
        ("company", "parkside", []),
        ("score", "42", ["one"]),
        ("score", "-1", ["two"]),
        ("vip", "true", ["one"]),
        ("vip", "false", ["two"]),
        ("vip", "1", []),
        ("größe", "groß", ["one"]),
        ("a.b", "dot", ["one"]),
        ("$", "100%", ["one"]),
        ("nested", "x", []),
        ("missing", "", []),
        ("empty", "", ["two"]),
    ],
)
def test_filters_by_a_value_in_the_metadata(api: Client, key: str, value: str, expected: list[str]) -> None:
    one = {"company": "Parkside", "score": 42, "vip": True, "nested": {"a": "x"}}
    api.create("one", metadata={**one, "größe": "groß", "a.b": "dot", "$": "100%"})
    api.create("two", metadata={"score": -1, "vip": False, "empty": ""})
    api.create("three")

    assert found(api, **{f"metadata.{key}": value}) == expected


@pytest.mark.parametrize("digits", ["12345678901234567890", "1.10", "0.1"])
def test_filters_by_a_number_in_the_metadata_as_it_was_sent(api: Client, digits: str) -> None:
    body = f'{{"name":"one","email":"a@example.com","metadata":{{"n":{digits}}}}}'
    api.post("/api/v1/leads", data=body, headers={"Content-Type": "application/json"})

    assert found(api, **{"metadata.n": digits}) == ["one"]


def test_every_filter_that_is_given_has_to_hold(api: Client) -> None:
    api.create("Ada", status="lost", source="website", metadata={"vip": True, "score": 1})
    api.create("Ada", status="lost", source="website", metadata={"vip": True, "score": 2})
    api.create("Ada", status="lost", source="fair", metadata={"vip": True, "score": 1})
    api.create("Bob", "bob@example.com", status="lost", source="website", metadata={"vip": True, "score": 1})
    filters = {"status": "lost", "source": "website", "metadata.vip": "true", "metadata.score": "1"}

    assert found(api, **filters, search="ada") == ["Ada"]
    assert found(api, **filters, search="b") == ["Bob"]
    assert found(api, **filters) == ["Ada", "Bob"]


# Search


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("park", ["Ada PARK"]),
        ("ADA P", ["Ada PARK"]),
        ("PA", ["Ada PARK"]),
        ("4@", ['100%_\\ "sure"']),
        ("zoë", ["ZOË Ångström"]),
        ("Å", ["ZOË Ångström"]),
        ("STRASSE", ["Jürgen Straße"]),
        ("aße", ["Jürgen Straße"]),
        ("ß", ["Jürgen Straße"]),
        ("%", ['100%_\\ "sure"']),
        ("0%_", ['100%_\\ "sure"']),
        ("_", ['100%_\\ "sure"']),
        ("\\", ['100%_\\ "sure"']),
        ("_\\ ", ['100%_\\ "sure"']),
        ('"', ['100%_\\ "sure"']),
        ('"sure"', ['100%_\\ "sure"']),
        ("李小龍", ["李小龍"]),
        ("李", ["李小龍"]),
        ("مرحبا", ["مرحبا 😀😀😀"]),
        ("😀", ["مرحبا 😀😀😀"]),
        ("😀😀😀", ["مرحبا 😀😀😀"]),
        ("zoe@", ["ZOË Ångström"]),
        ("@EXAMPLE.org", ["李小龍"]),
        ("a*", []),
        ("par*", []),
        ("ada OR zoe", []),
        ("'; DROP TABLE leads; --", []),
        ("parkk", []),
    ],
)
def test_search_finds_a_piece_of_a_name_or_email_whatever_its_case(api: Client, text: str, expected: list[str]) -> None:
    api.create("Ada PARK", "q1@x.com")
    api.create("ZOË Ångström", "zoe@x.com")
    api.create("Jürgen Straße", "q3@x.com")
    api.create('100%_\\ "sure"', "a4@x.com")
    api.create("李小龍", "q5@example.org")
    api.create("مرحبا 😀😀😀", "q6@x.com")

    assert found(api, search=text) == expected


def test_search_finds_what_a_lead_is_called_now(api: Client) -> None:
    lead = api.create("Before")
    api.patch(f"/api/v1/leads/{lead['id']}", {"name": "After", "email": "after@example.com"})

    assert found(api, search="after") == ["After"]
    assert found(api, search="before") == []
    assert found(api, search="ada@") == []


def test_search_looks_at_neither_phone_nor_metadata(api: Client) -> None:
    api.create(phone="needle", source="needle", metadata={"company": "needle"})

    assert found(api, search="needle") == []


def test_search_goes_with_a_filter(api: Client) -> None:
    api.create("Ada new")
    api.create("Ada lost", status="lost")
    api.create("Bob lost", "bob@x.com", status="lost", source="fair")

    assert found(api, search="ada", status="lost") == ["Ada lost"]
    assert found(api, search="ad", status="lost") == ["Ada lost"]
    assert found(api, search="ada", source="fair") == []
    assert found(api, search="lost", status="lost", source="fair") == ["Bob lost"]


def test_a_search_that_finds_thousands_pages_like_any_other(server: Server, api: Client) -> None:
    fill(server, api, 2_100)
    parameters = {"search": "lead 0", "sort": "-name", "limit": "2"}

    first = api.get("/api/v1/leads", params=parameters)
    second = api.get("/api/v1/leads", params={**parameters, "page": "2"})
    behind = api.get("/api/v1/leads", params={**parameters, "cursor": pagination(first)["nextCursor"]})
    last = api.get("/api/v1/leads", params={**parameters, "status": "new", "page": "500"})

    assert names(first) == ["Lead 0999", "Lead 0998"]
    assert names(second) == names(behind) == ["Lead 0997", "Lead 0996"]
    assert names(last) == ["Lead 0001", "Lead 0000"]
    assert (pagination(first)["total"], pagination(last)["total"]) == (1_000, 1_000)


def test_an_empty_search_is_none(api: Client) -> None:
    api.create()

    assert found(api, search="") == ["Ada Park"]


# Fields


def test_fields_selects(api: Client) -> None:
    lead = api.create()

    response = api.get("/api/v1/leads?fields=id,phone,createdAt")

    assert response.json()["data"]["leads"] == [
        {"id": lead["id"], "phone": None, "createdAt": "2026-01-15T10:30:00.000Z"}
    ]


def test_the_workspace_is_no_field_of_a_list(api: Client) -> None:
    assert problems_of(api.get("/api/v1/leads?fields=id,workspaceId")) == {"fields": "invalid_choice"}


# Parameters that won't do


@pytest.mark.parametrize(
    ("query", "problems"),
    [
        ("page=0", {"page": "out_of_range"}),
        ("page=-1", {"page": "out_of_range"}),
        ("page=1.5", {"page": "out_of_range"}),
        ("page=", {"page": "out_of_range"}),
        ("page=1000000001", {"page": "out_of_range"}),
        ("page=%D9%A1", {"page": "out_of_range"}),  # an Arabic digit one
        ("limit=0", {"limit": "out_of_range"}),
        ("limit=101", {"limit": "out_of_range"}),
        ("limit=ten", {"limit": "out_of_range"}),
        ("limit=--5", {"limit": "out_of_range"}),
        ("status=", {"status": "invalid_choice"}),
        ("status=new,sold", {"status": "invalid_choice"}),
        ("source=a,,b", {"source": "blank"}),
        ("sort=age", {"sort": "invalid_choice"}),
        ("sort=--name", {"sort": "invalid_choice"}),
        ("fields=", {"fields": "invalid_choice"}),
        ("total=yes", {"total": "invalid_choice"}),
        ("createdAfter=yesterday", {"createdAfter": "invalid_time"}),
        ("updatedBefore=2026-02-30", {"updatedBefore": "invalid_time"}),
        ("email=", {"email": "blank"}),
        ("metadata.=1", {"metadata.": "invalid_key"}),
        ("metadata=1", {"metadata": "unknown_parameter"}),
        ("Status=new", {"Status": "unknown_parameter"}),
        ("status=new&status=lost", {"status": "duplicate"}),
        ("metadata.a=1&metadata.a=2", {"metadata.a": "duplicate"}),
        ("search=%00", {"search": "invalid_character"}),
        (
            "page=0&limit=0&status=sold&sort=age&nope=1&createdAfter=x",
            {
                "page": "out_of_range",
                "limit": "out_of_range",
                "status": "invalid_choice",
                "sort": "invalid_choice",
                "nope": "unknown_parameter",
                "createdAfter": "invalid_time",
            },
        ),
    ],
)
def test_names_every_bad_parameter(api: Client, query: str, problems: dict[str, str]) -> None:
    assert problems_of(api.get(f"/api/v1/leads?{query}")) == problems


def test_refuses_more_filters_than_a_store_can_take(api: Client) -> None:
    response = api.get("/api/v1/leads?" + "&".join(f"metadata.a{number}=1" for number in range(1_200)))

    assert (response.status_code, response.json()["code"]) == (400, "VALIDATION_ERROR")


@pytest.mark.parametrize("query", ["search=%FF", "search=%ED%A0%80", "%FF=1"])
def test_refuses_what_is_not_utf_8(server: Server, api: Client, query: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    connection.request("GET", f"/api/v1/leads?{query}", headers={"Authorization": f"Bearer {api.key}"})
    answer = connection.getresponse()

    assert answer.status == 400
    assert b'"invalid_encoding"' in answer.read()
    connection.close()


# Whose leads


def test_shows_and_counts_one_workspaces_leads_only(api: Client, stranger: Client) -> None:
    api.create("Ada ours", "ada@example.com", source="x", metadata={"a": 1})
    stranger.create("Ada theirs", "ada@example.com", source="x", metadata={"a": 1})

    assert found(api) == ["Ada ours"]
    assert found(api, search="ada") == ["Ada ours"]
    assert found(api, search="a") == ["Ada ours"]
    assert found(api, search="theirs") == []
    assert found(api, status="new", source="x") == ["Ada ours"]
    assert found(api, email="ada@example.com") == ["Ada ours"]
    assert found(api, **{"metadata.a": "1"}) == ["Ada ours"]


def test_needs_the_right_to_read(server: Server, api: Client) -> None:
    api.create()
    writer = server.client(api.workspace_id, Scope.LEADS_WRITE)

    response = writer.get("/api/v1/leads")

    assert (response.status_code, response.json()["details"]) == (403, {"required": "leads:read"})


def test_refuses_the_anonymous(server: Server, api: Client) -> None:
    api.create()

    response = requests.get(f"{server.url}/api/v1/leads", timeout=5)

    assert (response.status_code, response.json()["code"]) == (401, "MISSING_AUTH_HEADER")


def test_is_not_to_be_stored_by_caches(api: Client) -> None:
    assert api.get("/api/v1/leads").headers["Cache-Control"] == "no-store"
