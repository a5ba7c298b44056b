"""POST /api/v1/leads: what is stored is what was sent, once, or nothing is and every problem is named."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.conftest import Client, MovableClock, Server, problems_of

ADA = {"name": "Ada Park", "email": "ada@example.com"}


def post_json(api: Client, text: str) -> requests.Response:
    """Sends JSON as it is written, which `json=` would not."""
    headers = {"Content-Type": "application/json"}
    return api.post("/api/v1/leads", data=text.encode(), headers=headers)


def test_answers_the_stored_lead_and_where_it_is(api: Client) -> None:
    response = api.post(
        "/api/v1/leads",
        {**ADA, "phone": "+1-555-123-4567", "source": "website", "status": "contacted", "metadata": {"score": 42}},
    )

    assert response.status_code == 201
    lead_id = response.json()["data"]["id"]
    assert response.headers["Location"] == f"/api/v1/leads/{lead_id}"
    assert response.json() == {
        "success": True,
        "data": {
            "id": lead_id,
            "name": "Ada Park",
            "email": "ada@example.com",
            "phone": "+1-555-123-4567",
            "source": "website",
            "status": "contacted",
            "metadata": {"score": 42},
            "createdAt": "2026-01-15T10:30:00.000Z",
            "updatedAt": "2026-01-15T10:30:00.000Z",
            "workspaceId": api.workspace_id,
        },
    }


def test_reads_back_as_it_was_answered(api: Client) -> None:
    created = api.post("/api/v1/leads", {**ADA, "metadata": {"a": [1, {"b": None}]}})

    read = api.get(created.headers["Location"])

    assert read.content == created.content
    assert read.headers["ETag"] == created.headers["ETag"]


def test_fills_in_what_is_not_said(api: Client) -> None:
    lead = api.create()

    assert (lead["phone"], lead["source"], lead["status"], lead["metadata"]) == (None, "api", "new", {})


def test_takes_null_for_phone_source_and_metadata(api: Client) -> None:
    lead = api.create(phone=None, source=None, metadata=None)

    assert (lead["phone"], lead["source"], lead["metadata"]) == (None, None, {})


def test_trims_names_and_keeps_the_case_of_an_email(api: Client) -> None:
    lead = api.create("  Ada Park\t", " Ada.Park@Example.COM ")

    assert (lead["name"], lead["email"]) == ("Ada Park", "Ada.Park@Example.COM")


def test_makes_ids_of_the_documented_form_that_rise(api: Client) -> None:
    first, second = api.create()["id"], api.create()["id"]

    assert first.startswith("lead_")
    assert first.removeprefix("lead_").isalnum()
    assert first < second


@pytest.mark.parametrize(
    "metadata",
    [
        '{"a":1.10,"b":1e5,"c":12345678901234567890,"d":-0.0,"e":0.1}',
        '{"z":1,"a":2,"m":{"y":1,"b":2}}',
        '{"emoji":"👩‍👩‍👧‍👦","rtl":"مرحبا בעולם","zalgo":"Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵"}',
        r'{"escaped":"\u00e9\ud83d\ude00\n\"\\\/"}',
        '{"":"empty key","a.b":"dot","$":"dollar","é":"not ASCII"}',
        '{"null":null,"true":true,"list":[],"object":{}}',
    ],
)
def test_metadata_survives_to_the_letter(api: Client, metadata: str) -> None:
    created = post_json(api, f'{{"name": "Ada", "email": "ada@example.com", "metadata": {metadata}}}')

    read = api.get(created.headers["Location"])

    assert f'"metadata":{metadata},' in read.content.decode()


def test_metadata_loses_its_white_space_only(api: Client) -> None:
    created = post_json(api, '{"name": "Ada", "email": "a@example.com", "metadata": { "a b" : [ 1 , " c " ] } }')

    assert '"metadata":{"a b":[1," c "]},' in created.text


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("name", "", "blank"),
        ("name", " \t\u2003", "blank"),
        ("name", "n" * 256, "too_long"),
        ("name", None, "invalid_type"),
        ("name", 7, "invalid_type"),
        ("email", "", "blank"),
        ("email", "ada", "invalid_email"),
        ("email", "ada@", "invalid_email"),
        ("email", "ada@example", "invalid_email"),
        ("email", "ada park@example.com", "invalid_email"),
        ("email", "Ada <ada@example.com>", "invalid_email"),
        ("email", f"{'a' * 64}@{'b' * 60}.{'c' * 60}.{'d' * 60}.example.com", "too_long"),
        ("email", None, "invalid_type"),
        ("phone", "", "blank"),
        ("phone", "5" * 51, "too_long"),
        ("phone", 5551234567, "invalid_type"),
        ("source", " ", "blank"),
        ("source", "s" * 101, "too_long"),
        ("status", "sold", "invalid_type"),
        ("status", "New", "invalid_type"),
        ("status", None, "invalid_type"),
        ("metadata", [], "invalid_type"),
        ("metadata", "text", "invalid_type"),
        ("metadata", 1, "invalid_type"),
        ("metadata", {"a": "b" * 65_536}, "too_large"),
        ("company", "Parkside", "unknown_field"),
        ("id", "lead_1", "unknown_field"),
        ("createdAt", "2026-01-15T10:30:00.000Z", "unknown_field"),
        ("updatedAt", "2026-01-15T10:30:00.000Z", "unknown_field"),
        ("workspaceId", "ws_1", "unknown_field"),
    ],
)
def test_refuses_a_bad_field_by_its_name(api: Client, field: str, value: object, code: str) -> None:
    response = api.post("/api/v1/leads", {**ADA, field: value})

    assert problems_of(response) == {field: code}
    assert api.get("/api/v1/leads").json()["data"]["pagination"]["total"] == 0


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "n" * 255),
        ("name", "李"),
        ("email", "ada+tag@sub.example.co.uk"),
        ("email", "ada@test.invalid"),
        ("email", "用户@例え.jp"),
        ("phone", "5" * 50),
        ("source", "s" * 100),
        ("status", "follow_up"),
        ("metadata", {"a": "b" * 65_528}),
    ],
)
def test_takes_what_is_just_within_bounds(api: Client, field: str, value: object) -> None:
    response = api.post("/api/v1/leads", {**ADA, field: value})

    assert response.status_code == 201, response.text
    assert response.json()["data"][field] == value


def test_names_every_problem_at_once(api: Client) -> None:
    response = api.post("/api/v1/leads", {"email": "nobody", "phone": "", "status": "sold", "metadata": 1, "vip": True})

    assert problems_of(response) == {
        "name": "required",
        "email": "invalid_email",
        "phone": "blank",
        "status": "invalid_type",
        "metadata": "invalid_type",
        "vip": "unknown_field",
    }


def test_says_what_would_have_done(api: Client) -> None:
    response = api.post("/api/v1/leads", {**ADA, "name": "n" * 256})

    assert response.json()["error"] == "Validation failed"
    assert response.json()["details"] == {
        "errors": [{"field": "name", "message": "must not be longer than 255 characters", "code": "too_long"}]
    }


def test_takes_metadata_of_32_levels_and_no_more(api: Client) -> None:
    fits = post_json(api, '{"name":"Ada","email":"a@example.com","metadata":' + '{"a":' * 31 + "{}" + "}" * 32)
    exceeds = post_json(api, '{"name":"Ada","email":"a@example.com","metadata":' + '{"a":' * 32 + "{}" + "}" * 33)

    assert fits.status_code == 201
    assert list(problems_of(exceeds).values()) == ["too_deep"]


@pytest.mark.parametrize(
    ("field", "value", "where", "code"),
    [
        ("name", r'"Ada \ud800"', "name", "invalid_character"),
        ("name", r'"Ada\u0000"', "name", "invalid_character"),
        ("metadata", r'{"a":["\udfff"]}', "metadata.a[0]", "invalid_character"),
        ("metadata", '{"a":{"b":1,"b":2}}', "metadata.a.b", "duplicate"),
        ("metadata", '{"a":1e400}', "metadata.a", "out_of_range"),
    ],
)
def test_refuses_what_other_readers_of_json_could_not_carry(
    api: Client, field: str, value: str, where: str, code: str
) -> None:
    others = {"name": '"Ada"', "email": '"a@example.com"', field: value}

    response = post_json(api, "{" + ",".join(f'"{name}":{json}' for name, json in others.items()) + "}")

    assert problems_of(response) == {where: code}


def test_needs_the_right_to_write(reader: Client) -> None:
    response = reader.post("/api/v1/leads", ADA)

    assert response.status_code == 403
    assert response.json()["details"] == {"required": "leads:write"}
    assert reader.get("/api/v1/leads").json()["data"]["leads"] == []


def test_refuses_the_anonymous(server: Server) -> None:
    response = requests.post(f"{server.url}/api/v1/leads", json=ADA, timeout=5)

    assert (response.status_code, response.json()["code"]) == (401, "MISSING_AUTH_HEADER")


def test_refuses_a_parameter_it_does_not_know(api: Client) -> None:
    response = api.post("/api/v1/leads?onduplicate=reject&dry=1", ADA)

    assert problems_of(response) == {"onduplicate": "unknown_parameter", "dry": "unknown_parameter"}


# What becomes of an email that is there already


def test_an_email_twice_makes_two_leads(api: Client) -> None:
    first = api.post("/api/v1/leads", ADA)
    second = api.post("/api/v1/leads?onDuplicate=create", ADA)

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["data"]["id"] != second.json()["data"]["id"]


def test_reject_answers_409_with_the_lead_that_exists(api: Client) -> None:
    lead = api.create()

    response = api.post("/api/v1/leads?onDuplicate=reject", {**ADA, "email": "ADA@Example.com"})

    assert (response.status_code, response.json()["code"]) == (409, "CONFLICT")
    assert response.json()["details"] == {"existingId": lead["id"]}
    assert api.get("/api/v1/leads").json()["data"]["pagination"]["total"] == 1


def test_reject_stores_an_email_that_is_new(api: Client) -> None:
    api.create()

    response = api.post("/api/v1/leads?onDuplicate=reject", {**ADA, "email": "grace@example.com"})

    assert response.status_code == 201


def test_of_16_rivals_for_one_email_reject_lets_one_in(api: Client) -> None:
    headers = {"Authorization": f"Bearer {api.key}"}
    url = f"{api.url}/api/v1/leads?onDuplicate=reject"

    with ThreadPoolExecutor(16) as pool:
        sent = [pool.submit(requests.post, url, json=ADA, headers=headers) for _ in range(16)]

    assert sorted(future.result().status_code for future in sent) == [201] + [409] * 15
    assert len(api.get("/api/v1/leads").json()["data"]["leads"]) == 1


def test_update_merges_into_the_oldest_lead(api: Client, clock: MovableClock) -> None:
    oldest = api.create(phone="1", source="website", metadata={"company": "Parkside", "score": 1})
    api.create()
    clock.advance(seconds=1)

    response = api.post(
        "/api/v1/leads?onDuplicate=update",
        {"name": "Ada B. Park", "email": "Ada@example.com", "metadata": {"score": 2}},
    )

    assert response.status_code == 200
    assert response.json()["data"] == {
        **oldest,
        "name": "Ada B. Park",
        "email": "Ada@example.com",
        "metadata": {"company": "Parkside", "score": 2},
        "updatedAt": "2026-01-15T10:30:01.000Z",
    }
    assert api.get("/api/v1/leads").json()["data"]["pagination"]["total"] == 2


def test_update_creates_where_there_is_nothing_to_merge_into(api: Client) -> None:
    response = api.post("/api/v1/leads?onDuplicate=update", ADA)

    assert response.status_code == 201


def test_update_that_brings_nothing_new_leaves_the_lead_alone(api: Client, clock: MovableClock) -> None:
    lead = api.create()
    clock.advance(seconds=1)

    response = api.post("/api/v1/leads?onDuplicate=update", ADA)

    assert response.json()["data"] == lead
    assert len(api.get("/api/v1/events").json()["data"]["events"]) == 1


@pytest.mark.parametrize("choice", ["reject", "update"])
def test_another_workspaces_email_is_no_duplicate(api: Client, stranger: Client, choice: str) -> None:
    stranger.create()

    response = api.post(f"/api/v1/leads?onDuplicate={choice}", ADA)

    assert response.status_code == 201
    assert response.json()["data"]["workspaceId"] == api.workspace_id


# Idempotency-Key


def test_the_same_request_again_replays_the_first_answer(api: Client, clock: MovableClock) -> None:
    key = {"Idempotency-Key": "order-7"}
    first = api.post("/api/v1/leads", ADA, headers=key)
    api.patch(first.headers["Location"], {"name": "Someone Else"})
    clock.advance(seconds=86_399)

    again = api.post("/api/v1/leads", ADA, headers=key)

    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["Location"] == first.headers["Location"]
    assert again.headers["ETag"] == first.headers["ETag"]
    assert "Idempotency-Replayed" not in first.headers
    assert len(api.get("/api/v1/leads").json()["data"]["leads"]) == 1


def test_a_replayed_merge_is_a_200_again(api: Client) -> None:
    api.create()
    path, body = "/api/v1/leads?onDuplicate=update", {**ADA, "phone": "1"}
    first = api.post(path, body, headers={"Idempotency-Key": "k"})

    again = api.post(path, body, headers={"Idempotency-Key": "k"})

    assert (again.status_code, again.content) == (200, first.content)
    assert len(api.get("/api/v1/events").json()["data"]["events"]) == 2


@pytest.mark.parametrize(
    ("path", "body"),
    [("/api/v1/leads", {**ADA, "name": "Bob"}), ("/api/v1/leads?onDuplicate=update", ADA)],
)
def test_the_same_key_for_another_request_is_a_conflict(api: Client, path: str, body: dict[str, str]) -> None:
    api.post("/api/v1/leads", ADA, headers={"Idempotency-Key": "k"})

    response = api.post(path, body, headers={"Idempotency-Key": "k"})

    assert (response.status_code, response.json()["code"]) == (409, "CONFLICT")
    assert "data" not in response.json()
    assert len(api.get("/api/v1/leads").json()["data"]["leads"]) == 1


def test_a_key_counts_anew_after_24_hours(api: Client, clock: MovableClock) -> None:
    first = api.post("/api/v1/leads", ADA, headers={"Idempotency-Key": "k"})
    clock.advance(seconds=86_400)

    later = api.post("/api/v1/leads", ADA, headers={"Idempotency-Key": "k"})

    assert later.status_code == 201
    assert later.json()["data"]["id"] != first.json()["data"]["id"]
    assert "Idempotency-Replayed" not in later.headers


def test_a_late_retry_does_not_bring_a_deleted_lead_back(api: Client) -> None:
    created = api.post("/api/v1/leads", ADA, headers={"Idempotency-Key": "k"})
    api.delete(created.headers["Location"])

    response = api.post("/api/v1/leads", ADA, headers={"Idempotency-Key": "k"})

    assert (response.status_code, response.json()["code"]) == (409, "CONFLICT")
    assert "Ada" not in response.text
    assert api.get("/api/v1/leads").json()["data"]["leads"] == []


def test_a_key_belongs_to_its_workspace(api: Client, stranger: Client) -> None:
    theirs = stranger.post("/api/v1/leads", ADA, headers={"Idempotency-Key": "k"})

    ours = api.post("/api/v1/leads", ADA, headers={"Idempotency-Key": "k"})

    assert ours.status_code == 201
    assert ours.json()["data"]["id"] != theirs.json()["data"]["id"]


def test_a_refused_request_does_not_use_up_its_key(api: Client) -> None:
    api.post("/api/v1/leads", {"name": "Ada"}, headers={"Idempotency-Key": "k"})

    response = api.post("/api/v1/leads", ADA, headers={"Idempotency-Key": "k"})

    assert response.status_code == 201


def test_32_requests_at_once_with_one_key_make_one_lead(api: Client, server: Server) -> None:
    headers = {"Authorization": f"Bearer {api.key}", "Idempotency-Key": "k"}

    with ThreadPoolExecutor(32) as pool:
        sent = [pool.submit(requests.post, f"{server.url}/api/v1/leads", json=ADA, headers=headers) for _ in range(32)]
    answers = [future.result() for future in sent]

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("Idempotency-Replayed" in answer.headers for answer in answers) == 31
    assert len(api.get("/api/v1/events").json()["data"]["events"]) == 1


def test_names_what_is_wrong_with_query_body_and_headers_at_once(api: Client) -> None:
    response = api.post("/api/v1/leads?onDuplicate=maybe&x=1", {"name": "Ada"}, headers={"Idempotency-Key": "é"})

    assert response.status_code == 400
    fields = [problem["field"] for problem in response.json()["details"]["errors"]]
    assert fields == ["onDuplicate", "x", "email", "Idempotency-Key"]
