"""The pages of what came in by forms: listed by status, shown as it came, and tried again by those who may."""

import re
from html import unescape
from typing import Any

import msgspec
import pytest

from tests.capture.forms import ADA, AS_PAGE, SITE, TheForm, hex_signature
from tests.conftest import Client, MovableClock
from tests.dashboard.person import Person

UNKNOWN = "sub_01kb2v6e3mf0r8n4t9q5w7x1yz"
HOSTILE = '"></pre><script>alert(1)</script>\u202e'
BAD = {"wer": "Ada Park", "post": "ada@example.com"}


@pytest.fixture
def form(admin: Client) -> TheForm:
    return TheForm(admin, allowedOrigins=[SITE])


def list_of(person: Person, form: TheForm) -> str:
    return f"{person.home}/settings/forms/{form.id}/submissions"


def page_of(person: Person, submission: dict[str, Any]) -> str:
    return f"{person.home}/settings/submissions/{submission['id']}"


def rows_in(page: str) -> list[str]:
    return re.findall(r"<tr data-row>(.*?)</tr>", page, re.DOTALL)


def raw_in(page: str) -> str:
    [found] = re.findall(r'<pre class="code tall"[^>]*>(.*?)</pre>', page, re.DOTALL)
    return unescape(found)


# Listed


def test_they_are_listed_newest_first_with_what_became_of_each(viewer: Person, form: TheForm) -> None:
    form.post(data=BAD)
    form.post(json=ADA)

    first, second = rows_in(viewer.get(list_of(viewer, form)).text)

    lead, [made, failed] = form.lead(), form.submissions()
    assert f"/settings/submissions/{made['id']}" in first
    assert f'<a href="{viewer.home}/leads/{lead["id"]}">Lead</a>' in first
    assert ("Ada Park · ada@example.com" in first, "Stored" in first) == (True, True)
    assert f"/settings/submissions/{failed['id']}" in second
    assert ("name: is required; email: is required" in second, "Failed" in second) == (True, True)


def test_they_are_filtered_by_status_and_paged(viewer: Person, form: TheForm) -> None:
    for number in range(5):
        form.post(json={**ADA, "n": number} if number % 2 else {"n": number})

    failed = viewer.get(f"{list_of(viewer, form)}?status=failed&limit=2").text
    [older] = re.findall(r'href="([^"]*)" rel="next"', failed)
    rest = viewer.get(unescape(older)).text
    [newest] = re.findall(r'href="([^"]*)" data-previous', rest)

    assert [re.findall(r'<td dir="auto">(\d)</td>', row) for row in rows_in(failed) + rows_in(rest)] == [
        ["4"],
        ["2"],
        ["0"],
    ]
    assert unescape(newest) == f"{list_of(viewer, form)}?status=failed"
    assert 'rel="next"' not in rest
    assert "Nothing is like that" in viewer.get(f"{list_of(viewer, form)}?status=ignored").text


def test_a_page_for_which_nothing_came_in_says_so(owner: Person, viewer: Person, form: TheForm) -> None:
    pages = [person.get(list_of(person, form)).text for person in (owner, viewer)]

    assert ["Nothing came in yet" in page for page in pages] == [True, True]
    assert [f'/settings/forms/{form.id}"' in page for page in pages] == [True, False]


@pytest.mark.parametrize("query", ["status=new", "limit=101", "after=lead_1", "kind=form"])
def test_it_takes_what_the_api_takes(viewer: Person, form: TheForm, query: str) -> None:
    assert viewer.get(f"{list_of(viewer, form)}?{query}").status_code == 400


# One


def test_one_is_shown_as_it_came_and_as_it_is_read(viewer: Person, form: TheForm) -> None:
    headers = {**AS_PAGE, "Origin": SITE, "Referer": f"{SITE}/contact"}
    form.post("?utm_source=fair", data={**ADA, "message": "a & b\n<c>"}, headers=headers)
    [submission] = form.submissions()

    page = viewer.get(page_of(viewer, submission)).text

    assert raw_in(page) == "name=Ada+Park&email=ada%40example.com&message=a+%26+b%0A%3Cc%3E"
    assert '<dt dir="auto">message</dt><dd dir="auto">a &amp; b\n&lt;c&gt;</dd>' in page
    for shown in (f"{SITE}/contact", "utm_source=fair", "application/x-www-form-urlencoded", submission["id"]):
        assert shown in page
    assert f'<a href="{viewer.home}/leads/{submission["leadId"]}">a lead</a>' in page


def test_what_a_platform_sent_is_laid_out(viewer: Person, admin: Client) -> None:
    form = TheForm(admin, metaAppSecret="app-secret")
    answers = [{"name": "email", "values": ["ada@example.com"]}, {"name": "full_name", "values": ["Ada Park"]}]
    change = {"field": "leadgen", "value": {"leadgen_id": "77", "field_data": answers}}
    body = msgspec.json.encode({"object": "page", "entry": [{"id": "1", "changes": [change]}]})
    form.post("/meta", data=body, headers={"X-Hub-Signature-256": hex_signature(body, "app-secret")})
    [submission] = form.submissions()

    page = viewer.get(page_of(viewer, submission)).text

    assert '\n  "' in raw_in(page)
    assert '<dt dir="auto">email</dt><dd dir="auto">ada@example.com</dd>' in page
    assert "<dd>Meta</dd>" in page
    assert '<dt>Sender\'s id</dt><dd dir="auto">77</dd>' in page


@pytest.mark.parametrize(
    ("body", "content_type", "shown", "told"),
    [
        (b"name=\xff", "application/x-www-form-urlencoded", "bmFtZT3/", "stands here as base64"),
        (b'{"name": ', "application/json", '{"name": ', "is not JSON"),
        (b"n=" + b"x" * 70_000, "application/x-www-form-urlencoded", "n=xxx", "The first 65,536 bytes"),
        (b'{"n": 1.10, "n": 2}', "application/json", '{\n  "n": 1.10,\n  "n": 2\n}', "stands twice"),
    ],
    ids=["no_text", "no_json", "long", "a_name_twice"],
)
def test_what_can_not_be_read_is_shown_all_the_same(
    viewer: Person, form: TheForm, body: bytes, content_type: str, shown: str, told: str
) -> None:
    form.post(data=body, headers={"Content-Type": content_type})
    [submission] = form.submissions()

    page = viewer.get(page_of(viewer, submission))

    assert (page.status_code, raw_in(page.text).startswith(shown)) == (200, True)
    assert told in page.text
    assert viewer.get(list_of(viewer, form)).status_code == 200


def test_what_was_erased_with_its_lead_is_told(viewer: Person, form: TheForm, admin: Client) -> None:
    form.post(json=ADA)
    [submission] = form.submissions()
    admin.delete(f"/api/v1/leads/{submission['leadId']}")

    page = viewer.get(page_of(viewer, submission)).text

    assert ("was deleted since" in page, "ada@example.com" in page, "/leads/lead_" in page) == (True, False, False)


# Tried again


def test_after_the_form_was_mended_it_is_a_lead(member: Person, form: TheForm) -> None:
    form.post(data=BAD)
    [submission] = form.submissions()
    path = page_of(member, submission)

    still = member.get(member.send(f"{path}/reprocess").headers["location"]).text
    form.change(fieldMap={"wer": "name", "post": "email"})
    now = member.get(member.send(f"{path}/reprocess").headers["location"]).text

    assert ("still no lead" in still, "name: is required; email: is required" in still) == (True, True)
    assert ("is a lead now" in now, f"/leads/{form.lead()['id']}" in now) == (True, True)
    assert "/reprocess" not in now


def test_what_a_bot_sent_was_a_person_after_all(member: Person, form: TheForm) -> None:
    form.post(json={**ADA, "homepage_url": "https://example.com"})
    [submission] = form.submissions()
    assert "It was no person" in member.get(page_of(member, submission)).text

    member.send(f"{page_of(member, submission)}/reprocess")

    assert form.lead()["email"] == "ada@example.com"


def test_one_that_is_a_lead_is_not_made_another(member: Person, form: TheForm) -> None:
    form.post(json=ADA)
    [submission] = form.submissions()

    answer = member.send(f"{page_of(member, submission)}/reprocess")

    assert (answer.status_code, "is a lead already" in answer.text) == (409, True)
    assert len(form.leads()) == 1


def test_who_only_reads_is_not_offered_to_try_again(viewer: Person, form: TheForm) -> None:
    form.post(data=BAD)
    [submission] = form.submissions()

    page = viewer.get(page_of(viewer, submission)).text
    answer = viewer.send(f"{page_of(viewer, submission)}/reprocess")

    assert ("Try again" in page, f'/settings/forms/{form.id}"' in page, "/settings/keys" in page) == (False,) * 3
    assert (answer.status_code, form.submissions()) == (403, [submission])


def test_submissions_of_others_and_of_deleted_forms_are_not_there(
    owner: Person, stranger: Client, form: TheForm, admin: Client
) -> None:
    theirs = TheForm(stranger)
    theirs.post(json=ADA)
    form.post(json=ADA)
    gone = form.submissions()[0]
    admin.delete(f"/api/v1/forms/{form.id}")

    for submission in (*theirs.submissions(), gone, {"id": UNKNOWN}, {"id": "lead_1"}, {"id": "sub_%27"}):
        path = page_of(owner, submission)
        answers = [owner.get(path), owner.send(f"{path}/reprocess")]
        assert [answer.status_code for answer in answers] == [404, 404], submission
        assert "ada@example.com" not in answers[0].text


# Hostile text


def test_what_strangers_send_runs_nowhere(owner: Person, form: TheForm, clock: MovableClock) -> None:
    headers = {"Referer": "https://example.com/<script>alert(1)</script>"}
    form.post("?<script>alert(1)</script>", json={HOSTILE: HOSTILE, "long": "x" * 5_000}, headers=headers)
    clock.advance(seconds=1)
    form.post(data={"email": HOSTILE, HOSTILE: HOSTILE * 99}, headers=headers)

    pages = [owner.get(list_of(owner, form)).text]
    pages += [owner.get(page_of(owner, submission)).text for submission in form.submissions()]

    assert [page for page in pages if "<script>alert" in page or "</pre><script" in page] == []
    assert all("&lt;script&gt;alert" in page for page in pages)
