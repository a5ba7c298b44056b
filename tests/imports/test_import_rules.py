"""What an import does with its rows: mapping, defaults, and leads that are there already."""

import json
from typing import Any

import pytest

from tests.conftest import Client, problems_of
from tests.imports.uploads import bring_in, counts, errors, get, leads, send

AGAIN = {
    "email": "Ada Again,ADA@example.com,,\n",
    "phone": "Ada Again,other@example.com,+44 20 7946 0018,\n",
    "metadata.key": "Ada Again,other@example.com,,k-7\n",
}
HEADER = "name,email,phone,key\n"
PHONE = "+44 20 7946 0018"


def ada(api: Client) -> dict[str, Any]:
    return api.create("Ada Park", "ada@example.com", phone="+442079460018", metadata={"key": "k-7", "old": 1})


@pytest.mark.parametrize("match_on", AGAIN)
@pytest.mark.parametrize(
    ("on_duplicate", "expected", "names"),
    [
        ("create", (2, 0, 0, 0), ["Ada Park", "Ada Again", "Ben"]),
        ("update", (1, 1, 0, 0), ["Ada Again", "Ben"]),
        ("skip", (1, 0, 1, 0), ["Ada Park", "Ben"]),
        ("reject", (1, 0, 0, 1), ["Ada Park", "Ben"]),
    ],
)
def test_a_lead_that_is_there_is_met_as_the_rule_says(
    api: Client, on_duplicate: str, match_on: str, expected: tuple[int, int, int, int], names: list[str]
) -> None:
    ada(api)
    content = HEADER + AGAIN[match_on] + "Ben,ben@example.com,,k-8\n"

    job = bring_in(api, content, onDuplicate=on_duplicate, matchOn=match_on)

    assert (job["onDuplicate"], job["matchOn"], counts(job)) == (on_duplicate, match_on, expected)
    assert sorted(name for [name] in leads(api, "name")) == sorted(names)


def test_an_update_changes_what_its_row_says_and_nothing_else(api: Client) -> None:
    ada(api)
    [before] = leads(api)

    bring_in(api, "email,company\nada@example.com,Parkside\n", onDuplicate="update", defaults='{"name": "Nobody"}')

    [after] = leads(api)
    assert {**after, "metadata": None} == {**before, "metadata": None}
    assert after["metadata"] == {"key": "k-7", "old": 1, "company": "Parkside"}


def test_a_rejected_row_names_the_lead_that_is_there(api: Client) -> None:
    lead = ada(api)

    job = bring_in(api, "name,email\nAda,ada@example.com\n", onDuplicate="reject")

    assert errors(api, job["id"])[1][2] == f"A lead with this email exists already: {lead['id']}"


def test_the_workspaces_own_rule_holds_where_nothing_else_is_said(api: Client, admin: Client) -> None:
    admin.patch("/api/v1/workspace", {"onDuplicate": "skip", "matchOn": "phone"})
    api.create("Ada", "ada@example.com", phone="+442079460018")

    job = bring_in(api, "name,email,phone\nBen,ben@example.com,+44 20 79460018\n")

    assert (job["onDuplicate"], job["matchOn"], counts(job)) == ("skip", "phone", (0, 0, 1, 0))


def test_rows_of_one_file_meet_each_other(api: Client) -> None:
    content = "name,email\nAda,a@example.com\nAda Park,A@example.com\nBen,b@example.com\nAda P.,a@example.com\n"

    job = bring_in(api, content, onDuplicate="update")

    assert counts(job) == (2, 2, 0, 0)
    assert sorted(leads(api, "name")) == [("Ada P.",), ("Ben",)]


def test_a_row_that_names_a_leads_id_changes_that_lead_whatever_the_rule(api: Client, stranger: Client) -> None:
    ours, theirs = api.create(), stranger.create("Theirs", "theirs@example.com")
    content = f"id,name,email\n{ours['id']},Ada Again,new@example.com\n{theirs['id']},Cleo,cleo@example.com\n"

    job = bring_in(api, content, onDuplicate="create", mapping='{"id": "id"}')

    assert counts(job) == (1, 1, 0, 0)
    found = {lead["id"]: (lead["name"], lead["email"]) for lead in leads(api)}
    assert found.pop(ours["id"]) == ("Ada Again", "new@example.com")
    assert list(found.values()) == [("Cleo", "cleo@example.com")]
    assert theirs["id"] not in found
    assert leads(stranger, "name", "email") == [("Theirs", "theirs@example.com")]


@pytest.mark.parametrize("match_on", AGAIN)
def test_who_comes_to_be_somebody_else_is_met_no_more_and_those_behind_it_are(api: Client, match_on: str) -> None:
    """Two are alike; then the first of them changes, and somebody new comes, twice."""
    alike = [
        api.create(name, f"{name}@example.com", phone=phone, metadata={"key": key})
        for name, phone, key in (("one", "+442079460018", "k-7"), ("two", "+442079460018", "k-7"))
    ]
    rows = [f"{alike[0]['id']},Else,else@example.com,+442079460019,k-9", *[f",Two,two@example.com,{PHONE},k-7"] * 2]
    rows += [",New,one@example.com,+442079460020,k-8"] * 2

    content = "\n".join(["id,name,email,phone,key", *rows, ""])
    job = bring_in(api, content, mapping='{"id": "id"}', onDuplicate="update", matchOn=match_on)

    assert counts(job) == (1, 4, 0, 0)
    assert sorted(leads(api, "name", "email")) == [
        ("Else", "else@example.com"),
        ("New", "one@example.com"),
        ("Two", "two@example.com"),
    ]


def test_a_row_that_changes_nothing_is_told_as_updated_and_leaves_no_trace(api: Client) -> None:
    ada(api)
    before = leads(api)

    job = bring_in(api, "name,email\nAda Park,ada@example.com\n", onDuplicate="update")

    assert counts(job) == (0, 1, 0, 0)
    assert leads(api) == before
    events = api.get("/api/v1/events").json()["data"]["events"]
    assert [event["type"] for event in events] == ["lead.created"]


def test_columns_go_where_the_mapping_says(api: Client) -> None:
    mapping = {"Wer": "name", "Kontakt": "email", "Geheim": "", "Firma": "metadata.company"}
    content = "Wer,Kontakt,Geheim,Firma,Rest\nAda,ada@example.com,x,Parkside,y\n"

    job = bring_in(api, content, mapping=json.dumps(mapping))

    assert job["mapping"] == {**mapping, "Rest": "metadata.Rest"}
    assert leads(api, "name", "metadata") == [("Ada", {"company": "Parkside", "Rest": "y"})]


def test_a_preset_knows_the_columns_of_its_program(api: Client) -> None:
    content = "Record ID,First Name,Last Name,Email,Lead Status\n7,Ada,Park,ada@example.com,CONNECTED\n"

    job = bring_in(api, content, mapping="hubspot")

    assert counts(job) == (1, 0, 0, 0)
    [lead] = leads(api)
    assert (lead["name"], lead["email"], lead["status"]) == ("Ada Park", "ada@example.com", "contacted")


def test_a_mapping_of_columns_that_are_not_there_fails_before_the_first_row(api: Client) -> None:
    job = bring_in(api, "name,email\nAda,ada@example.com\n", mapping='{"Nome": "name"}')

    assert (job["status"], counts(job), job["operationId"]) == ("failed", (0, 0, 0, 0), None)
    assert job["error"] == 'mapping.Nome: the file has no such column; it has "name", "email"'


def test_a_file_without_addresses_fails_and_says_what_to_do(api: Client) -> None:
    job = bring_in(api, "name,company\nAda,Parkside\n")

    assert job["status"] == "failed"
    assert "no column is known to hold an email, which every lead needs; say which one does" in job["error"]


def test_defaults_fill_what_rows_leave_out(api: Client) -> None:
    defaults = '{"source": "fair", "status": "qualified", "metadata": {"list": "A", "score": 1.50}}'
    content = "name,email,status,score\nAda,ada@example.com,,\nBen,ben@example.com,lost,7\n"

    bring_in(api, content, defaults=defaults)

    assert leads(api, "source", "status", "metadata") == [
        ("fair", "qualified", {"list": "A", "score": 1.5}),
        ("fair", "lost", {"list": "A", "score": "7"}),
    ]
    assert b'"score":1.50' in api.get("/api/v1/leads").content


def test_when_a_lead_was_created_comes_from_the_file(api: Client) -> None:
    content = "name,email,created_at\nAda,ada@example.com,2024-03-31\nBen,ben@example.com,tomorrow\n"

    job = bring_in(api, content)

    assert counts(job) == (1, 0, 0, 1)
    assert leads(api, "createdAt", "updatedAt") == [("2024-03-31T00:00:00.000Z", "2026-01-15T10:30:00.000Z")]


OPTIONS = {
    "mapping": ["[]", "{", "salesfroce", '{"a": 1}', '{"a": "nome"}', '{"a": "name", "b": "name"}'],
    "onDuplicate": ["merge", "Update"],
    "matchOn": ["name", "metadata.", 'metadata."x"'],
    "defaults": ["[]", '{"email": "a@example.com"}', '{"status": "hot"}', '{"a": 1}', '{"metadata": {"a": "\\u0000"}}'],
    "dryRun": ["yes", "1"],
    "webhooks": ["TRUE"],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in OPTIONS.items() for value in values])
def test_an_option_that_can_not_be_is_named_and_nothing_is_kept(api: Client, name: str, value: str) -> None:
    response = send(api, **{name: value})

    assert {field.split(".")[0] for field in problems_of(response)} == {name}
    assert api.get("/api/v1/imports").json()["data"]["imports"] == []


def test_every_problem_of_the_options_is_told_at_once(api: Client) -> None:
    response = send(
        api,
        mapping='{"a": "nome", "a": "name"}',
        onDuplicate="merge",
        matchOn="name",
        defaults='{"status": "hot", "x": 1}',
        dryRun="perhaps",
        colour="blue",
    )

    assert problems_of(response) == {
        "mapping.a": "duplicate",
        "onDuplicate": "invalid_choice",
        "matchOn": "invalid_value",
        "defaults.status": "invalid_choice",
        "defaults.x": "unknown_field",
        "dryRun": "invalid_type",
        "colour": "unknown_field",
    }


def test_options_that_are_empty_are_as_if_they_were_not_there(api: Client) -> None:
    job = bring_in(api, mapping="", onDuplicate="", matchOn="", defaults="", dryRun="", webhooks="")

    assert (job["onDuplicate"], job["matchOn"], job["dryRun"], counts(job)) == ("create", "email", False, (2, 0, 0, 0))


@pytest.mark.slow
def test_too_many_keys_to_match_on_end_the_import_with_a_sentence(api: Client) -> None:
    for number in range(10):
        bring_in(
            api,
            f"name,email,k\nAda,a{number}@example.com,{number}\n",
            onDuplicate="update",
            matchOn=f"metadata.k{number}",
        )

    job = bring_in(api, "name,email,k\nAda,a@example.com,1\n", onDuplicate="update", matchOn="metadata.k10")

    assert (job["status"], get(api, job["id"])["error"][:51]) == (
        "failed",
        "matchOn: a workspace matches on at most 10 keys: me",
    )
