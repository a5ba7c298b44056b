"""One lead on a page: its fields, its history, and two people at it."""

import pytest

from tests.conftest import Client
from tests.dashboard.person import Person, inputs

HOSTILE = "<script>alert(1)</script> \"'><img src=x onerror=alert(2)> {{ 7*7 }} \u202egnp.exe " + "x" * 150


def test_an_edit_is_in_the_history_with_the_name_of_who_made_it(api: Client, member: Person) -> None:
    lead = api.create(metadata={"company": "Parkside"})
    path = f"{member.home}/leads/{lead['id']}"

    saved = member.send(path, {**inputs(member.get(path).text), "status": "qualified", "meta.company": "Acme"})

    assert (saved.status_code, saved.headers["location"]) == (303, path)
    stored = api.get(f"/api/v1/leads/{lead['id']}").json()["data"]
    assert (stored["status"], stored["metadata"], stored["name"]) == ("qualified", {"company": "Acme"}, "Ada Park")
    page = member.get(path).text
    assert '<strong dir="auto">The member</strong> changed' in page
    assert '<del dir="auto">Parkside</del> <ins dir="auto">Acme</ins>' in page
    assert '<strong dir="auto">test (key)</strong> created this lead' in page
    [_, event, _] = api.get(f"/api/v1/leads/{lead['id']}/events").json()["data"]["events"]
    assert event["actor"]["type"] == "user"


def test_the_second_of_two_is_shown_what_the_first_made_of_it(api: Client, member: Person) -> None:
    lead = api.create()
    path = f"{member.home}/leads/{lead['id']}"
    form = inputs(member.get(path).text)
    api.patch(f"/api/v1/leads/{lead['id']}", {"name": "Ada King", "source": "ads"})

    answer = member.send(path, {**form, "name": "Ada Lovelace", "phone": "1234"})

    assert answer.status_code == 409
    again = inputs(answer.text)
    assert "Ada King" in answer.text
    assert (again["name"], again["phone"]) == ("Ada Lovelace", "1234")  # nothing is lost
    assert api.get(f"/api/v1/leads/{lead['id']}").json()["data"]["name"] == "Ada King"

    assert member.send(path, again).status_code == 303
    stored = api.get(f"/api/v1/leads/{lead['id']}").json()["data"]
    assert (stored["name"], stored["phone"], stored["source"]) == ("Ada Lovelace", "1234", "ads")


def test_what_is_wrong_stands_beside_its_field_and_nothing_is_stored(api: Client, member: Person) -> None:
    lead = api.create()
    path = f"{member.home}/leads/{lead['id']}"

    answer = member.send(path, {**inputs(member.get(path).text), "name": "Kept", "email": "wrong"})

    assert answer.status_code == 400
    assert 'id="email-problem"' in answer.text
    assert inputs(answer.text)["name"] == "Kept"
    assert api.get(f"/api/v1/leads/{lead['id']}").json()["data"]["name"] == "Ada Park"


def test_json_of_the_metadata_is_edited_as_a_whole(api: Client, member: Person) -> None:
    lead = api.create(metadata={"a": {"b": 1}, "c": 2})
    path = f"{member.home}/leads/{lead['id']}"
    form = inputs(member.get(path).text)

    saved = member.send(f"{path}/json", {**form, "json": '{"a": {"d": 3}}'})
    late = member.send(f"{path}/json", {**form, "json": "{}"})

    assert (saved.status_code, late.status_code) == (303, 409)
    assert api.get(f"/api/v1/leads/{lead['id']}").json()["data"]["metadata"] == {"a": {"d": 3}}


def test_a_new_lead_is_typed_in(api: Client, member: Person) -> None:
    fields = {"name": "Bea Lee", "email": "bea@example.com", "status": "new", "newKey": "score", "newValue": "7"}

    created = member.send(f"{member.home}/leads", fields)

    stored = api.get(f"/api/v1/leads/{created.headers['location'].rpartition('/')[2]}").json()["data"]
    assert (stored["name"], stored["metadata"]) == ("Bea Lee", {"score": 7})


def test_a_new_lead_that_can_not_be_keeps_what_was_typed(member: Person) -> None:
    answer = member.send(f"{member.home}/leads", {"name": "Bea Lee", "email": "wrong", "phone": "1" * 60})

    assert answer.status_code == 400
    assert inputs(answer.text)["name"] == "Bea Lee"
    assert ('id="email-problem"' in answer.text, 'id="phone-problem"' in answer.text) == (True, True)


def test_a_lead_is_deleted_for_good(api: Client, member: Person) -> None:
    lead = api.create()

    member.send(f"{member.home}/leads/{lead['id']}/delete")

    assert api.get(f"/api/v1/leads/{lead['id']}").status_code == 404


def test_next_and_previous_go_through_the_table_that_one_came_from(api: Client, member: Person) -> None:
    for name in ("Ada", "Bea", "Cay"):
        api.create(name, f"{name}@example.com", status="lost")
    bea = api.get("/api/v1/leads?search=bea").json()["data"]["leads"][0]["id"]

    page = member.get(f"{member.home}/leads/{bea}?in=status%3Dlost%26sort%3Dname").text
    forward = page.partition(' rel="next"')[0].rpartition('href="')[2].rstrip('"')

    assert (' rel="prev"' in page, ' rel="next"' in page) == (True, True)
    assert "<title>Cay" in member.get(forward.replace("&amp;", "&")).text


def test_the_id_of_a_merged_lead_leads_to_the_one_that_is_left(api: Client, member: Person) -> None:
    left, gone = api.create(), api.create(email="other@example.com")
    api.post(f"/api/v1/leads/{left['id']}/merge", {"duplicateId": gone["id"]})

    answer = member.get(f"{member.home}/leads/{gone['id']}")

    assert answer.headers["location"] == f"{member.home}/leads/{left['id']}"


@pytest.mark.parametrize("value", [HOSTILE, {"deep": HOSTILE}, [HOSTILE]])
def test_the_text_of_a_lead_runs_nowhere(api: Client, member: Person, value: object) -> None:
    metadata = {HOSTILE[:80]: value, "long": "x" * 5000}
    lead = api.create(HOSTILE, source=HOSTILE[:90], metadata=metadata, followUpAt="2026-01-15", followUpNote=HOSTILE)
    api.post(f"/api/v1/leads/{lead['id']}/notes", {"text": HOSTILE + "x" * 5000})
    other = api.create(HOSTILE + "y", source=HOSTILE[1:90], metadata=metadata)
    merge = f"{member.home}/leads/{lead['id']}/merge/{other['id']}"
    query = {"columns": f"source,metadata.{HOSTILE[:20]},metadata.long", "search": HOSTILE[:30], "metadata.<b>": "<i>"}

    pages = [
        member.get(f"{member.home}/leads").text,
        member.get(f"{member.home}/leads", params=query).text,
        member.get(f"{member.home}/leads/{lead['id']}?in=%22%3E%3Cscript%3E").text,
        member.get(f"{member.home}/today").text,
        member.send(f"{member.home}/leads/{lead['id']}/notes", {"text": HOSTILE * 60}).text,
        member.get(merge).text,
        member.send(merge, {f"prefer.{HOSTILE}": HOSTILE, "seen.<b>": "<i>"}).text,
        member.get(f"{member.home}/duplicates").text,
        member.get(f"{member.home}/duplicates?cursor=%3Cscript%3Ealert").text,
        member.send(f"{member.home}/leads", {"name": HOSTILE, "email": HOSTILE}).text,
        member.post("/sign-in", {"email": HOSTILE, "password": "x", "next": HOSTILE}).text,
    ]

    for page in pages:
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "<b>" not in page
        assert "49 " not in page
