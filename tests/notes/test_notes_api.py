"""Notes over the API: written on a lead, read, changed and deleted."""

import pytest
import requests

from tests.conftest import Client, MovableClock, Server, problems_of


def of(lead: dict[str, object]) -> str:
    return f"/api/v1/leads/{lead['id']}/notes"


def write(api: Client, lead: dict[str, object], text: str = "Call her") -> dict[str, object]:
    response = api.post(of(lead), {"text": text})
    assert response.status_code == 201, response.text
    return dict(response.json()["data"])


def texts(api: Client, lead: dict[str, object], query: str = "") -> list[str]:
    return [note["text"] for note in api.get(of(lead) + query).json()["data"]["notes"]]


def test_a_note_says_who_wrote_it_and_when(api: Client) -> None:
    lead = api.create()

    response = api.post(of(lead), {"text": "  Wants a demo.\n\nCall on <Monday> ☎  "})

    note = response.json()["data"]
    assert note == {
        "id": note["id"],
        "leadId": lead["id"],
        "text": "Wants a demo.\n\nCall on <Monday> ☎",
        "actor": {"type": "api_key", "id": api.key_id},
        "createdAt": "2026-01-15T10:30:00.000Z",
        "updatedAt": "2026-01-15T10:30:00.000Z",
        "editedBy": None,
    }
    assert response.headers["Location"] == f"/api/v1/notes/{note['id']}"
    assert api.get(response.headers["Location"]).json()["data"] == note


def test_a_note_is_no_change_of_its_lead(api: Client, clock: MovableClock) -> None:
    lead = api.create()
    clock.advance(seconds=1)

    write(api, lead)

    assert api.get(f"/api/v1/leads/{lead['id']}").json()["data"] == lead
    assert [event["type"] for event in api.get("/api/v1/events").json()["data"]["events"]] == ["lead.created"]


def test_the_newest_come_first_page_by_page(api: Client) -> None:
    lead, other = api.create(), api.create()
    for number in range(5):
        write(api, lead, f"note {number}")
        write(api, other, "elsewhere")

    first = api.get(f"{of(lead)}?limit=3").json()["data"]
    second = api.get(f"{of(lead)}?limit=3&after={first['pagination']['nextCursor']}").json()["data"]

    assert [note["text"] for note in first["notes"]] == ["note 4", "note 3", "note 2"]
    assert [note["text"] for note in second["notes"]] == ["note 1", "note 0"]
    assert second["pagination"] == {"limit": 3, "hasNext": False, "nextCursor": None}


def test_who_changes_a_note_is_named_and_its_author_stays(api: Client, admin: Client, clock: MovableClock) -> None:
    lead = api.create()
    note = write(api, lead)
    clock.advance(seconds=1)

    changed = admin.put(f"/api/v1/notes/{note['id']}", {"text": "Call him"}).json()["data"]

    assert changed == {
        **note,
        "text": "Call him",
        "updatedAt": "2026-01-15T10:30:01.000Z",
        "editedBy": {"type": "api_key", "id": admin.key_id},
    }
    assert api.get(f"/api/v1/notes/{note['id']}").json()["data"] == changed


def test_a_change_that_changes_nothing_leaves_it_as_it_was(api: Client, admin: Client, clock: MovableClock) -> None:
    note = write(api, api.create())
    clock.advance(seconds=1)

    assert admin.put(f"/api/v1/notes/{note['id']}", {"text": "Call her "}).json()["data"] == note


def test_a_note_is_deleted_for_good(api: Client, clock: MovableClock) -> None:
    lead = api.create()
    note, path = (made := write(api, lead)), f"/api/v1/notes/{made['id']}"
    clock.advance(seconds=1)

    response = api.delete(path)

    assert response.json() == {
        "success": True,
        "message": "Note deleted",
        "data": {"id": note["id"], "deletedAt": "2026-01-15T10:30:01.000Z"},
    }
    assert texts(api, lead) == []
    assert [api.get(path).status_code, api.put(path, {"text": "x"}).status_code, api.delete(path).status_code] == [
        404,
        404,
        404,
    ]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "required"),
        ({"text": " \n\t "}, "blank"),
        ({"text": "x" * 10_001}, "too_long"),
        ({"text": None}, "invalid_type"),
        ({"text": ["Call her"]}, "invalid_type"),
    ],
)
def test_a_text_that_can_not_be_is_refused(api: Client, body: object, code: str) -> None:
    lead = api.create()
    note = write(api, lead)

    answers = [api.post(of(lead), body), api.put(f"/api/v1/notes/{note['id']}", body)]

    assert [problems_of(answer) for answer in answers] == [{"text": code}] * 2
    assert texts(api, lead) == ["Call her"]


def test_ten_thousand_characters_of_any_kind_are_kept(api: Client) -> None:
    lead, text = api.create(), "ж😀\u202e\r\n<" * 1_666 + "last"

    write(api, lead, text)

    assert len(text) == 10_000
    assert texts(api, lead) == [text]


def test_the_same_request_writes_once(api: Client) -> None:
    lead = api.create()

    answers = [api.post(of(lead), {"text": "Call her"}, headers={"Idempotency-Key": "one"}) for _ in range(2)]
    other = api.post(of(lead), {"text": "Call him"}, headers={"Idempotency-Key": "one"})

    assert answers[0].json() == answers[1].json()
    assert (answers[1].status_code, answers[1].headers["Idempotency-Replayed"]) == (201, "true")
    assert (other.status_code, other.json()["code"]) == (409, "CONFLICT")
    assert texts(api, lead) == ["Call her"]


def test_a_late_repeat_does_not_bring_back_what_was_deleted(api: Client) -> None:
    lead = api.create()
    note = api.post(of(lead), {"text": "Call her"}, headers={"Idempotency-Key": "one"}).json()["data"]
    api.delete(f"/api/v1/notes/{note['id']}")

    again = api.post(of(lead), {"text": "Call her"}, headers={"Idempotency-Key": "one"})

    assert (again.status_code, again.json()["code"]) == (409, "CONFLICT")
    assert texts(api, lead) == []


def test_a_lead_has_a_thousand_at_the_most(server: Server, api: Client) -> None:
    lead = api.create()
    write(api, lead)
    server.do(_repeat_note(server, api, 999))

    refused = api.post(of(lead), {"text": "one more"})

    assert (refused.status_code, refused.json()["code"]) == (409, "CONFLICT")
    assert api.get(f"{of(lead)}?limit=100").json()["data"]["pagination"]["hasNext"]


async def _repeat_note(server: Server, api: Client, times: int) -> None:
    """The notes that there are, again and again under other ids."""
    sql = """
    INSERT INTO notes (workspace_id, id, lead_id, text, actor_type, actor_id, created_at, updated_at)
    SELECT workspace_id, id || :suffix, lead_id, text, actor_type, actor_id, created_at, updated_at FROM notes
    WHERE workspace_id = :workspace_id AND length(id) = 31
    """

    async def insert(tx: object) -> None:
        for number in range(times):
            await tx.execute(sql, workspace_id=api.workspace_id, suffix=f"{number:03}")  # type: ignore[attr-defined]

    await server.database.write(insert)


# Walls


def test_of_a_lead_that_there_is_not_there_are_no_notes(api: Client, stranger: Client) -> None:
    theirs = stranger.create()
    note = write(stranger, theirs)

    answers = [
        api.get(of(theirs)),
        api.post(of(theirs), {"text": "x"}),
        api.get(f"/api/v1/notes/{note['id']}"),
        api.put(f"/api/v1/notes/{note['id']}", {"text": "x"}),
        api.delete(f"/api/v1/notes/{note['id']}"),
    ]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
        (404, "LEAD_NOT_FOUND"),
        (404, "LEAD_NOT_FOUND"),
        (404, "NOT_FOUND"),
        (404, "NOT_FOUND"),
        (404, "NOT_FOUND"),
    ]
    assert texts(stranger, theirs) == ["Call her"]


def test_who_may_read_may_not_write(api: Client, reader: Client) -> None:
    lead = api.create()
    note = write(api, lead)
    path = f"/api/v1/notes/{note['id']}"

    refused = [reader.post(of(lead), {"text": "x"}), reader.put(path, {"text": "x"}), reader.delete(path)]

    assert [answer.json()["details"] for answer in refused] == [{"required": "leads:write"}] * 3
    assert (texts(reader, lead), reader.get(path).json()["data"]) == (["Call her"], note)


@pytest.mark.parametrize(("method", "path"), [("GET", of({"id": "lead_1"})), ("DELETE", "/api/v1/notes/note_1")])
def test_refuses_the_anonymous(server: Server, method: str, path: str) -> None:
    response = requests.request(method, server.url + path, timeout=5)

    assert (response.status_code, response.json()["code"]) == (401, "MISSING_AUTH_HEADER")


def test_names_what_is_wrong_with_an_id_or_a_question(api: Client) -> None:
    lead = api.create()

    assert api.get("/api/v1/notes/lead_1").json()["code"] == "INVALID_ID_FORMAT"
    assert problems_of(api.get(f"{of(lead)}?limit=0&after=lead_1&sort=x")) == {
        "limit": "out_of_range",
        "after": "invalid_cursor",
        "sort": "unknown_parameter",
    }
