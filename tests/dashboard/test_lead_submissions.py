"""What came in by forms, on the page of the lead that it became."""

import re
from typing import Any

import pytest
import requests

from tests.conftest import Client
from tests.dashboard.person import Person
from tests.dashboard.test_lead_page import HOSTILE


@pytest.fixture
def form_id(admin: Client) -> str:
    sent = {"name": "Contact", "onDuplicate": "update"}
    return str(admin.post("/api/v1/forms", sent).json()["data"]["id"])


def submit(api: Client, form_id: str, **options: Any) -> str:
    """The id of the lead that it became."""
    response = requests.post(f"{api.url}/capture/{form_id}", timeout=5, **options)
    assert response.ok, response.text
    return str(api.get("/api/v1/leads").json()["data"]["leads"][0]["id"])


def test_each_is_shown_with_its_form_and_what_it_said(api: Client, member: Person, form_id: str) -> None:
    submit(api, form_id, json={"name": "Ada Park", "email": "ada@example.com", "seats": 12, "colours": {"a": 1}})
    fields = {"name": "Ada Park", "email": "ada@example.com", "interest": ["demo", "price"], "note": "two\nlines"}
    lead_id = submit(api, form_id, data=fields)

    page = member.get(f"{member.home}/leads/{lead_id}").text

    assert page.count('<strong dir="auto">Contact</strong>') == 2
    assert "Stored" in page
    for name, value in (("seats", "12"), ("colours", "{&#34;a&#34;: 1}"), ("interest", "demo, price")):
        assert f'<dt dir="auto">{name}</dt><dd class="text" dir="auto">{value}</dd>' in page
    assert page.index("interest</dt>") < page.index("seats</dt>")  # the newest first


def test_those_of_a_merged_lead_are_shown_too(api: Client, member: Person, form_id: str) -> None:
    gone = submit(api, form_id, json={"name": "Ada Park", "email": "ada@example.com", "message": "From the merged one"})
    left = api.create("Ada B. Park", "ada.b@example.com")
    api.post(f"/api/v1/leads/{left['id']}/merge", {"duplicateId": gone})

    assert "From the merged one" in member.get(f"{member.home}/leads/{left['id']}").text


def test_a_lead_that_came_otherwise_has_none(api: Client, member: Person, form_id: str) -> None:
    submit(api, form_id, json={"name": "Ada Park", "email": "ada@example.com", "message": "Of another lead"})
    lead = api.create("Ben Cole", "ben@example.com")

    page = member.get(f"{member.home}/leads/{lead['id']}").text

    assert ("Came in by forms" in page, "Of another lead" in page) == (False, False)


def test_what_is_long_is_shown_as_it_begins(api: Client, member: Person, form_id: str) -> None:
    body = '{"name": "Ada Park", "email": "ada@example.com", "metadata": null, "x": "%s the end"}'
    options = {"data": body % ("a" * 40_000), "headers": {"Content-Type": "application/json"}}
    lead_id = submit(api, form_id, **options)

    page = member.get(f"{member.home}/leads/{lead_id}").text

    assert "&#34;Ada Park&#34;" in page.partition("Came in by forms")[2]
    assert ("aaa</pre>" in page, "the end" in page.partition("Came in by forms")[2]) == (True, False)


def test_who_may_read_leads_may_read_what_they_came_of(api: Client, viewer: Person, form_id: str) -> None:
    lead_id = submit(api, form_id, json={"name": "Ada Park", "email": "ada@example.com", "message": "Call me"})

    page = viewer.get(f"{viewer.home}/leads/{lead_id}").text
    [link] = re.findall(r'href="([^"]+/settings/submissions/sub_[^"]+)"', page)

    assert ("Call me" in page, viewer.get(link).status_code) == (True, 200)


def test_what_a_stranger_sent_runs_nowhere(api: Client, member: Person, form_id: str) -> None:
    sent = {"name": "Ada Park", "email": "ada@example.com", HOSTILE[:60]: HOSTILE, "list": [HOSTILE]}
    lead_id = submit(api, form_id, json=sent)

    page = member.get(f"{member.home}/leads/{lead_id}").text

    assert ("<script>alert" in page, "<img src=x" in page, "49 " in page) == (False, False, False)


@pytest.mark.parametrize(("came", "told"), [(10, False), (11, True)])
def test_that_older_ones_are_left_out_is_told(api: Client, member: Person, form_id: str, came: int, told: bool) -> None:
    for number in range(came):
        lead_id = submit(api, form_id, json={"name": "Ada Park", "email": "ada@example.com", "seats": number})

    page = member.get(f"{member.home}/leads/{lead_id}").text

    assert page.count('<strong dir="auto">Contact</strong>') == 10
    assert ("These are the latest 10" in page) == told
