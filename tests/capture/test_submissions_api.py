"""What came in by a form: listed as it came, tried again by hand, gone with its lead."""

import re
import time
from pathlib import Path

import pytest

from leadlight.principal import Scope
from tests.capture.forms import ADA, FORMS, SITE, TheForm, code_of
from tests.conftest import Client, MovableClock, Server, problems_of

REMAINS = re.compile(rb"[qxzj]{10,}")
MARK = "qxzjqxzjqxzj"


def test_shows_a_submission_as_it_came(form: TheForm, clock: MovableClock) -> None:
    clock.advance(seconds=1)

    form.post("?utm_source=fair", data=ADA, headers={"Origin": SITE, "Referer": f"{SITE}/contact"})

    [submission] = form.submissions()
    assert submission == {
        "id": submission["id"],
        "formId": form.id,
        "kind": "form",
        "status": "stored",
        "reason": None,
        "leadId": form.lead()["id"],
        "externalId": None,
        "receivedAt": "2026-01-15T10:30:01.000Z",
        "processedAt": "2026-01-15T10:30:01.000Z",
        "query": "utm_source=fair",
        "referrer": f"{SITE}/contact",
        "contentType": "application/x-www-form-urlencoded",
        "body": "name=Ada+Park&email=ada%40example.com",
        "bodyEncoding": "utf-8",
        "bodySize": 37,
    }
    assert submission["id"].startswith("sub_")


@pytest.mark.parametrize(
    ("body", "shown", "encoding"),
    [
        (b"name=\xff", "bmFtZT3/", "base64"),
        (b"", "", "utf-8"),
        ("ä€😀".encode(), "ä€😀", "utf-8"),
        (b"x" + "😀".encode() * 20_000, "x" + "😀" * 16_383, "utf-8"),
        (b"\xff" * 100_000, "/" * 87_380, "base64"),
    ],
    ids=["no_text", "nothing", "text", "long_text", "long_bytes"],
)
def test_shows_the_beginning_of_a_body(form: TheForm, body: bytes, shown: str, encoding: str) -> None:
    form.post(data=body, headers={"Content-Type": "application/x-www-form-urlencoded"})

    [submission] = form.submissions()
    assert submission["body"].startswith(shown)
    assert len(submission["body"]) - len(shown) <= 4
    assert (submission["bodyEncoding"], submission["bodySize"]) == (encoding, len(body))


def test_lists_the_newest_first_and_goes_on_behind_a_cursor(form: TheForm, admin: Client) -> None:
    for n in range(5):
        form.post(json={**ADA, "n": n} if n % 2 else {"n": n})
    path = f"{FORMS}/{form.id}/submissions"

    first = admin.get(f"{path}?limit=3").json()["data"]
    rest = admin.get(f"{path}?limit=3&after={first['pagination']['nextCursor']}").json()["data"]
    failed = admin.get(f"{path}?status=failed").json()["data"]["submissions"]

    shown = [submission["body"][-2] for submission in (*first["submissions"], *rest["submissions"])]
    assert shown == ["4", "3", "2", "1", "0"]
    assert rest["pagination"] == {"limit": 3, "hasNext": False, "nextCursor": None}
    assert [submission["body"][-2] for submission in failed] == ["4", "2", "0"]


def test_each_form_lists_its_own(admin: Client, form: TheForm) -> None:
    other = TheForm(admin)
    form.post(json=ADA)

    assert (len(form.submissions()), other.submissions()) == (1, [])


@pytest.mark.parametrize(
    ("query", "problems"),
    [
        ("status=new", {"status": "invalid_choice"}),
        ("limit=101", {"limit": "out_of_range"}),
        ("after=lead_1", {"after": "invalid_cursor"}),
        ("kind=form", {"kind": "unknown_parameter"}),
    ],
)
def test_refuses_parameters_that_it_does_not_know(
    admin: Client, form: TheForm, query: str, problems: dict[str, str]
) -> None:
    assert problems_of(admin.get(f"{FORMS}/{form.id}/submissions?{query}")) == problems


# Try again


def test_after_the_map_was_mended_a_failed_one_is_a_lead(form: TheForm, api: Client) -> None:
    form.post(data={"wer": "Ada Park", "post": "ada@example.com"})
    [failed] = form.submissions(status="failed")

    still = form.reprocess(failed).json()["data"]
    form.change(fieldMap={"wer": "name", "post": "email"})
    now = form.reprocess(failed).json()["data"]

    assert failed["reason"] == "name: is required; email: is required"
    assert (still["status"], still["reason"]) == ("failed", failed["reason"])
    assert (now["status"], now["reason"], now["id"]) == ("stored", None, failed["id"])
    assert form.lead()["id"] == now["leadId"]
    assert form.submissions() == [now]
    assert api.get("/api/v1/events").json()["data"]["events"][0]["actor"] == {"type": "form", "id": form.id}


def test_one_that_is_a_lead_is_not_made_another(form: TheForm) -> None:
    form.post(json=ADA)
    [stored] = form.submissions()

    response = form.reprocess(stored)

    assert code_of(response) == (409, "CONFLICT")
    assert response.json()["details"] == {"leadId": stored["leadId"]}
    assert len(form.leads()) == 1


def test_a_duplicate_that_was_rejected_can_be_taken_in_later(admin: Client) -> None:
    form = TheForm(admin, onDuplicate="reject")
    lead = admin.create()
    form.post(json={**ADA, "phone": "+1 555 0100"})

    form.change(onDuplicate="update")
    answer = form.reprocess(form.submissions()[0]).json()["data"]

    assert (answer["status"], answer["leadId"], form.lead()["phone"]) == ("stored", lead["id"], "+1 555 0100")


def test_nobody_tries_anothers_again(form: TheForm, stranger: Client, admin: Client) -> None:
    form.post(json={})
    path = f"/api/v1/submissions/{form.submissions()[0]['id']}/reprocess"

    assert code_of(stranger.post(path)) == (404, "NOT_FOUND")
    assert code_of(admin.post("/api/v1/submissions/sub_none/reprocess")) == (404, "NOT_FOUND")
    assert code_of(admin.post("/api/v1/submissions/form_1/reprocess")) == (400, "INVALID_ID_FORMAT")


def test_what_a_deleted_form_left_can_not_be_tried_again(form: TheForm, admin: Client) -> None:
    form.post(json={})
    [failed] = form.submissions()

    admin.delete(f"{FORMS}/{form.id}")

    assert code_of(form.reprocess(failed)) == (404, "NOT_FOUND")


def test_a_reader_may_look_and_a_writer_may_try_again(server: Server, admin: Client, form: TheForm) -> None:
    form.post(json={})
    [failed] = form.submissions()
    reader = server.client(admin.workspace_id, Scope.LEADS_READ)
    writer = server.client(admin.workspace_id, Scope.LEADS_WRITE)

    assert reader.get(f"{FORMS}/{form.id}/submissions").json()["data"]["submissions"] == [failed]
    assert writer.post(f"/api/v1/submissions/{failed['id']}/reprocess").status_code == 200


# With its lead


def test_what_a_deleted_lead_sent_is_gone_but_not_that_it_was_there(form: TheForm, admin: Client) -> None:
    form.post("?utm_source=fair", json=ADA, headers={"Referer": SITE})
    before = form.submissions()[0]

    admin.delete(f"/api/v1/leads/{before['leadId']}")

    [after] = form.submissions()
    assert after == before | {
        "body": "",
        "bodySize": 0,
        "contentType": "",
        "query": "",
        "referrer": "",
    }


def test_a_repeat_of_a_deleted_lead_brings_nothing_back(form: TheForm, admin: Client) -> None:
    key = {"Idempotency-Key": "mine"}
    form.post(json=ADA, headers=key)
    admin.delete(f"/api/v1/leads/{form.lead()['id']}")

    again = form.post(json=ADA, headers=key)

    assert code_of(again) == (409, "CONFLICT")
    assert again.json()["error"] == "What this Idempotency-Key made was deleted since; use a new key"
    assert form.leads() == []


def test_a_platform_that_sends_a_deleted_lead_again_gets_its_200_and_no_lead(admin: Client) -> None:
    form = TheForm(admin, googleAdsKey="key-of-google")
    delivery = {
        "google_key": "key-of-google",
        "lead_id": "1",
        "user_column_data": [
            {"column_id": "FULL_NAME", "string_value": "Ada"},
            {"column_id": "EMAIL", "string_value": "ada@example.com"},
        ],
    }
    form.post("/google-ads", json=delivery)
    admin.delete(f"/api/v1/leads/{form.lead()['id']}")

    assert form.post("/google-ads", json=delivery).status_code == 200
    assert (form.leads(), form.statuses()) == ([], ["stored"])


def test_one_that_met_a_lead_goes_with_it_and_others_stay(admin: Client) -> None:
    form = TheForm(admin, onDuplicate="update")
    ada, ben = admin.create(), admin.create("Ben Cole", "ben@example.com")
    for lead in (ada, ben):
        form.post(json={"name": "New", "email": lead["email"]})

    admin.delete(f"/api/v1/leads/{ada['id']}")

    assert {submission["leadId"]: submission["bodySize"] > 0 for submission in form.submissions()} == {
        ada["id"]: False,
        ben["id"]: True,
    }


def test_a_merged_lead_is_told_with_what_both_sent_and_erased_with_it(form: TheForm, admin: Client) -> None:
    for note in ("one", "two"):
        form.post(json={**ADA, "note": note})
    other, kept = form.leads()
    admin.post(f"/api/v1/leads/{kept['id']}/merge", {"duplicateId": other["id"]})

    held = admin.get(f"/api/v1/leads/{kept['id']}/export").json()["data"]["submissions"]
    admin.delete(f"/api/v1/leads/{kept['id']}")

    assert [(each["leadId"], each["body"]) for each in held] == [
        (kept["id"], '{"name": "Ada Park", "email": "ada@example.com", "note": "one"}'),
        (other["id"], '{"name": "Ada Park", "email": "ada@example.com", "note": "two"}'),
    ]
    assert [submission["bodySize"] for submission in form.submissions()] == [0, 0]


def test_a_large_body_is_told_whole_to_who_wants_to_know_what_is_held(form: TheForm, admin: Client) -> None:
    form.post(json={**ADA, "_charset_": "utf-8", "a": "x" * 60_000, "homepage_url": "", "pad": [" " * 100_000]})
    [submission] = form.submissions()
    if submission["status"] == "failed":  # too much for metadata: leave some out
        form.change(fieldMap={"pad": ""})
        form.reprocess(submission)

    [held] = admin.get(f"/api/v1/leads/{form.lead()['id']}/export").json()["data"]["submissions"]

    assert len(held["body"]) == held["bodySize"] > 160_000


@pytest.mark.engine("sqlite")
def test_no_file_holds_a_piece_of_what_a_deleted_lead_sent(server: Server, form: TheForm, admin: Client) -> None:
    for size in (10, 3_000, 50_000):
        text = MARK * (size // len(MARK) + 1)
        form.post(f"?utm_term={MARK}", data={**ADA, "notes": text}, headers={"Referer": f"{SITE}/{MARK}"})
    for lead in form.leads():
        admin.delete(f"/api/v1/leads/{lead['id']}")

    assert until_clean(server.data)


def until_clean(folder: Path) -> bool:
    """The log is emptied when the store has been quiet for a moment."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if not any(REMAINS.search(file.read_bytes()) for file in folder.iterdir() if file.is_file()):
            return True
        time.sleep(0.1)
    return False
