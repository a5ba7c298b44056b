"""POST /capture/{formId}: what visitors send is kept as it came, and is a lead when the answer arrives."""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from tests.capture.forms import ADA, AS_PAGE, TheForm, code_of
from tests.conftest import Client, MovableClock, Server, problems_of

HOSTILE = "<img src=x onerror=alert(1)>\"'</dd>"


# Answers


@pytest.mark.parametrize(
    "sent",
    [{"json": ADA}, {"data": ADA}, {"files": {name: (None, value) for name, value in ADA.items()}}],
    ids=["json", "urlencoded", "multipart"],
)
def test_a_lead_is_there_when_a_program_is_answered(form: TheForm, sent: dict[str, Any]) -> None:
    response = form.post(**sent)

    [submission] = form.submissions()
    assert (response.status_code, response.headers["Cache-Control"]) == (200, "no-store")
    assert response.json() == {"success": True, "data": {"submissionId": submission["id"]}}
    lead = form.lead()
    assert {name: lead[name] for name in ADA} == ADA
    assert (lead["source"], lead["status"]) == ("form", "new")
    assert (submission["status"], submission["leadId"]) == ("stored", lead["id"])


def test_a_browser_is_led_to_thanks(form: TheForm) -> None:
    response = form.post(data=ADA, headers=AS_PAGE)
    page = requests.get(requests.compat.urljoin(form.url, response.headers["Location"]), timeout=5)

    assert (response.status_code, response.text) == (303, "")
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert "<h1>Thank you</h1>" in page.text


def test_a_browser_is_led_to_where_the_form_says(admin: Client) -> None:
    form = TheForm(admin, redirectUrl="https://example.com/thanks?from=form")

    response = form.post(data=ADA, headers=AS_PAGE)

    assert (response.status_code, response.headers["Location"]) == (303, "https://example.com/thanks?from=form")


def test_an_address_in_any_script_fits_into_the_answer(admin: Client) -> None:
    form = TheForm(admin, redirectUrl="https://bücher.example/дякую?x=%20€&y='#top")

    response = form.post(data=ADA, headers=AS_PAGE)

    expected = "https://b%C3%BCcher.example/%D0%B4%D1%8F%D0%BA%D1%83%D1%8E?x=%20%E2%82%AC&y='#top"
    assert (response.status_code, response.headers["Location"]) == (303, expected)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Accept": "*/*"}, 303),
        ({"Accept": "text/html"}, 303),
        ({"Accept": "text/html", "Sec-Fetch-Mode": "navigate"}, 303),
        ({"Accept": "*/*", "Sec-Fetch-Mode": "cors"}, 200),
        ({"Accept": "application/json"}, 200),
        ({"Accept": "application/json, */*"}, 200),
    ],
)
def test_people_are_told_from_programs(form: TheForm, headers: dict[str, str], status: int) -> None:
    assert form.post(data=ADA, headers=headers).status_code == status


def test_json_without_more_is_a_programs(form: TheForm) -> None:
    assert form.post(json=ADA, headers={"Accept": "*/*"}).status_code == 200


def test_every_answer_has_a_request_id_and_the_security_headers(form: TheForm) -> None:
    for response in (form.post(json=ADA), form.post(json={}), form.get("/thanks"), form.get("/start.js")):
        assert response.headers["X-Request-Id"].startswith("req_")
        assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_the_actor_of_the_event_is_the_form(form: TheForm, api: Client) -> None:
    form.post(json=ADA)

    [event] = api.get("/api/v1/events").json()["data"]["events"]
    assert (event["type"], event["actor"]) == ("lead.created", {"type": "form", "id": form.id})


# What becomes of fields


def test_campaigns_referrer_and_landing_page_land_in_the_metadata(form: TheForm) -> None:
    landing = "https://example.com/shop?utm_source=newsletter&gclid=G1"
    fields = {**ADA, "utm_campaign": "spring", "landing_page": landing, "fbclid": "F1"}

    form.post("?utm_medium=email", data=fields, headers={"Referer": "https://example.com/contact"})

    assert form.lead()["metadata"] == {
        "utm_medium": "email",
        "utm_source": "newsletter",
        "gclid": "G1",
        "referrer": "https://example.com/contact",
        "landing_page": landing,
        "utm_campaign": "spring",
        "fbclid": "F1",
    }


def test_the_map_and_the_defaults_say_what_fields_become(admin: Client) -> None:
    form = TheForm(
        admin,
        fieldMap={"who": "name", "firma": "metadata.company", "stand": "status", "junk": ""},
        defaults={"source": "website", "metadata": {"team": "sales"}},
    )

    form.post(data={"who": "Ada Park", "email": "ada@example.com", "firma": "P", "stand": "contacted", "junk": "x"})

    lead = form.lead()
    assert (lead["name"], lead["source"], lead["status"]) == ("Ada Park", "website", "contacted")
    assert lead["metadata"] == {"team": "sales", "company": "P"}


def test_defaults_change_nothing_of_a_lead_that_is_there(admin: Client) -> None:
    form = TheForm(admin, onDuplicate="update", defaults={"source": "website", "status": "new"})
    lead = admin.create(source="fair", status="qualified")

    form.post(json={**ADA, "phone": "+44 20 7946 0958"})

    after = form.lead()
    assert (after["id"], after["phone"]) == (lead["id"], "+44 20 7946 0958")
    assert (after["source"], after["status"]) == ("fair", "qualified")


def test_the_workspaces_rule_holds_where_the_form_has_none(admin: Client, form: TheForm) -> None:
    admin.patch("/api/v1/workspace", {"onDuplicate": "skip"})
    form.post(json=ADA)

    form.post(json={**ADA, "name": "Another"})

    assert form.lead()["name"] == "Ada Park"
    assert [submission["leadId"] for submission in form.submissions()] == [form.lead()["id"]] * 2


def test_who_is_there_already_is_not_told_to_a_stranger(admin: Client) -> None:
    form = TheForm(admin, onDuplicate="reject")
    lead = admin.create()

    response = form.post(json=ADA)

    assert code_of(response) == (409, "CONFLICT")
    assert lead["id"] not in response.text
    [submission] = form.submissions()
    assert submission["reason"] == f"A lead with this email exists already: {lead['id']}"
    assert submission["status"] == "failed"


def test_files_are_left_out_and_the_owner_is_told(form: TheForm) -> None:
    form.post(data=ADA, files={"cv": ("cv.pdf", b"%PDF-")})

    [submission] = form.submissions()
    assert (submission["status"], submission["reason"]) == ("stored", "cv: files are not taken")


# What can't become a lead


def test_what_is_wrong_is_named_and_the_submission_is_kept(form: TheForm) -> None:
    response = form.post(json={"e-mail": "ada@", "phone": "+1", "x": "y"})

    assert problems_of(response) == {"e-mail": "invalid_email", "name": "required"}
    [submission] = form.submissions()
    assert (submission["status"], submission["leadId"]) == ("failed", None)
    assert submission["reason"].endswith("; name: is required")
    assert submission["body"] == '{"e-mail": "ada@", "phone": "+1", "x": "y"}'
    assert form.leads() == []


def test_a_person_is_told_on_a_page(form: TheForm) -> None:
    response = form.post(data={"email": "ada@", "name": "Ada"}, headers=AS_PAGE)

    assert (response.status_code, response.headers["Content-Type"]) == (400, "text/html; charset=utf-8")
    assert re.search(r"<dt>email</dt>\s*<dd>must be a valid email address", response.text)


def test_nothing_that_a_visitor_sent_is_markup_on_the_page(form: TheForm) -> None:
    fields = {HOSTILE: "x\0", "name": HOSTILE, "email": HOSTILE}

    response = form.post(f"?{HOSTILE}", data=fields, headers={**AS_PAGE, "Referer": HOSTILE})

    assert response.status_code == 400
    assert "<img" not in response.text
    assert "</dd>&#34;" not in response.text
    assert "&lt;img src=x onerror=alert(1)&gt;" in response.text


@pytest.mark.parametrize(
    ("body", "content_type", "code"),
    [
        (b"{", "application/json", "INVALID_JSON"),
        (b"", "application/json", "INVALID_JSON"),
        (b"[]", "application/json", "VALIDATION_ERROR"),
        (b'{"name":"\xff"}', "application/json", "INVALID_JSON"),
        (b'{"name":"\\u0000"}', "application/json", "VALIDATION_ERROR"),
        (b"name=%FF%FE", "application/x-www-form-urlencoded", "VALIDATION_ERROR"),
        (b"", "application/x-www-form-urlencoded", "VALIDATION_ERROR"),
        (b"--x\r\nnonsense", "multipart/form-data; boundary=x", "VALIDATION_ERROR"),
        (b"nonsense", "multipart/form-data", "VALIDATION_ERROR"),
        (b"&".join(b"f%d=1" % n for n in range(10_000)), "application/x-www-form-urlencoded", "VALIDATION_ERROR"),
        (b"{" + b",".join(b'"f%d":1' % n for n in range(10_000)) + b"}", "application/json", "VALIDATION_ERROR"),
        (b'{"a":' * 5_000 + b"1" + b"}" * 5_000, "application/json", "VALIDATION_ERROR"),
        (b'{"a":' * 200_000, "application/json", "VALIDATION_ERROR"),
        (b"[" * 1_000_000, "application/json", "VALIDATION_ERROR"),
        (b"9" * 1_000_000, "application/json", "VALIDATION_ERROR"),
        (rb'{"a\u0000b":"\u0000","c\ud800":1}', "application/json", "VALIDATION_ERROR"),
        (b"a%00b=%00", "application/x-www-form-urlencoded", "VALIDATION_ERROR"),
    ],
)
def test_whatever_comes_is_kept_and_refused_in_the_envelope(
    form: TheForm, body: bytes, content_type: str, code: str
) -> None:
    response = form.post(data=body, headers={"Content-Type": content_type})

    assert code_of(response) == (400, code)
    [submission] = form.submissions()
    assert (submission["status"], submission["bodySize"]) == ("failed", len(body))


def test_text_in_another_encoding_is_read_as_that(form: TheForm) -> None:
    body = b"_charset_=windows-1252&name=Zo%EB&email=zoe%40example.com"

    form.post(data=body, headers={"Content-Type": "application/x-www-form-urlencoded"})

    assert form.lead()["name"] == "Zoë"


# What is no submission at all


@pytest.mark.parametrize("content_type", ["image/png", "application/xml", "text/html", "nonsense"])
def test_what_is_no_form_is_not_kept(form: TheForm, content_type: str) -> None:
    response = form.post(data=b"x", headers={"Content-Type": content_type})

    assert code_of(response) == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert form.submissions() == []


def test_a_body_that_is_too_large_is_not_kept(form: TheForm) -> None:
    body = b'{"name":"' + b"x" * 1_048_576 + b'"}'

    announced = form.post(data=body, headers={"Content-Type": "application/json"})
    streamed = form.post(data=iter([body[:1_000_000], body[1_000_000:]]), headers={"Content-Type": "application/json"})

    assert [code_of(announced), code_of(streamed)] == [(413, "PAYLOAD_TOO_LARGE")] * 2
    assert form.submissions() == []


def test_a_large_one_that_fits_is_taken(form: TheForm) -> None:
    response = form.post(json={**ADA, "notes": "x" * 60_000})

    assert response.status_code == 200
    assert len(form.lead()["metadata"]["notes"]) == 60_000


@pytest.mark.parametrize("form_id", ["form_01kb2v7r2mf0r8n4t9q5w7x1yz", "form_", "lead_1", "form_%00", "%F0%9F%92%A9"])
def test_a_form_that_is_none_is_a_404(server: Server, form_id: str) -> None:
    url = f"{server.url}/capture/{form_id}"

    answers = [requests.post(url, json=ADA, timeout=5), requests.post(f"{url}/tally", json={}, timeout=5)]
    pages = [requests.post(url, data=ADA, timeout=5), requests.get(f"{url}/thanks", timeout=5)]

    assert [code_of(answer) for answer in answers] == [(404, "NOT_FOUND")] * 2
    assert [(page.status_code, page.headers["Content-Type"]) for page in pages] == [
        (404, "text/html; charset=utf-8")
    ] * 2


def test_a_form_that_was_deleted_says_so_on_a_page(admin: Client, form: TheForm) -> None:
    form.post(data=ADA)
    admin.delete(f"/api/v1/forms/{form.id}")

    response = form.post(data=ADA, headers=AS_PAGE)

    assert response.status_code == 404
    assert "There is no form with this ID" in response.text


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("PUT", ""), ("POST", "/thanks"), ("GET", "/tally")])
def test_other_methods_are_refused(form: TheForm, method: str, path: str) -> None:
    response = requests.request(method, form.url + path, timeout=5)

    assert code_of(response) == (405, "METHOD_NOT_ALLOWED")
    assert response.headers["Allow"]


# Repeats


def test_the_same_key_and_body_is_one_submission_and_one_lead(form: TheForm) -> None:
    first = form.post(json=ADA, headers={"Idempotency-Key": "mine"})
    again = form.post(json=ADA, headers={"Idempotency-Key": "mine"})

    assert again.json() == first.json()
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (len(form.leads()), len(form.submissions())) == (1, 1)


def test_the_same_key_for_something_else_is_a_conflict(form: TheForm) -> None:
    form.post(json=ADA, headers={"Idempotency-Key": "mine"})

    response = form.post(json={**ADA, "name": "Ben"}, headers={"Idempotency-Key": "mine"})

    assert code_of(response) == (409, "CONFLICT")
    assert form.lead()["name"] == "Ada Park"


def test_a_key_of_one_form_is_none_of_another(admin: Client, form: TheForm) -> None:
    other = TheForm(admin)

    answers = [each.post(json=ADA, headers={"Idempotency-Key": "mine"}) for each in (form, other)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert len(form.leads()) == 2


def test_a_repeat_of_what_failed_is_answered_as_the_first_was(form: TheForm) -> None:
    answers = [form.post(json={}, headers={"Idempotency-Key": "mine"}) for _ in range(2)]

    assert [problems_of(answer) for answer in answers] == [{"name": "required", "email": "required"}] * 2
    assert form.statuses() == ["failed"]


@pytest.mark.parametrize("key", [b"", b"k" * 256, b"\xe4"])
def test_a_key_that_can_be_none_is_refused(form: TheForm, key: bytes) -> None:
    response = form.post(json=ADA, headers={"Idempotency-Key": key})

    assert problems_of(response) == {"Idempotency-Key": "invalid_header"}
    assert form.submissions() == []


def test_repeats_at_once_are_one_lead(form: TheForm) -> None:
    form.change(rateLimitPerMinute=0)

    def send(_: int) -> requests.Response:
        return form.post(json=ADA, headers={"Idempotency-Key": "mine"})

    with ThreadPoolExecutor(12) as threads:
        answers = list(threads.map(send, range(36)))

    assert {answer.status_code for answer in answers} == {200}
    assert {answer.json()["data"]["submissionId"] for answer in answers} == {form.submissions()[0]["id"]}
    assert (len(form.leads()), len(form.submissions())) == (1, 1)


# The store


@pytest.mark.engine("sqlite")
def test_what_the_store_does_not_take_is_not_thanked_for(server: Server, form: TheForm) -> None:
    async def limit(tx: Any, pages: int) -> None:
        await tx.row(f"PRAGMA max_page_count = {pages}")

    server.do(server.database.write(limit, 1))
    large = {**ADA, "notes": "x" * 60_000}
    program, person = form.post(json=large), form.post(data=large, headers=AS_PAGE)
    server.do(server.database.write(limit, 1 << 30))

    assert code_of(program) == (503, "SERVICE_UNAVAILABLE")
    assert program.headers["Retry-After"] == "1"
    assert (person.status_code, person.headers["Retry-After"]) == (503, "1")
    assert "<h1>This form could not be sent</h1>" in person.text
    assert form.submissions() == []
    assert form.post(json=large).status_code == 200


def test_a_deleted_form_is_noticed_by_other_processes_within_seconds(
    server: Server, admin: Client, form: TheForm, clock: MovableClock
) -> None:
    form.post(json=ADA)
    server.do(server.services.forms.delete_form(admin.workspace_id, form.id))  # as another process would

    at_once = form.post(json=ADA)
    clock.advance(seconds=2)

    assert code_of(at_once) == (404, "NOT_FOUND")
    assert form.get("/start.js").status_code == 404
