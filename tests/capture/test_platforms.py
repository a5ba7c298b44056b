"""Google Ads, Meta, Typeform and Tally: what they send is believed by its signature, kept, and made a lead once."""

import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.capture import payloads
from tests.capture.forms import SECRETS, TheForm, base64_signature, code_of, hex_signature
from tests.capture.test_hostile import spoilt
from tests.conftest import Client


@dataclass(frozen=True)
class Platform:
    """What it sends, and how it signs that. `id`: its own of the lead in the payload."""

    path: str
    kind: str
    secret: str
    payload: Callable[..., dict[str, Any]]
    id: str
    header: str | None = None
    sign: Callable[[bytes, str], str] = hex_signature
    lead: tuple[str, str] = ("Ada Park", "ada@example.com")

    def send(self, form: TheForm, payload: Any = None, *, secret: str | None = None) -> requests.Response:
        """`secret`: another one than the form's."""
        payload = self.payload() if payload is None else payload
        if self.header is None:
            payload = payload | {"google_key": secret or self.secret}
        body = payloads.body_of(payload)
        headers = {"Content-Type": "application/json"}
        if self.header is not None:
            headers[self.header] = self.sign(body, secret or self.secret)
        return form.post(self.path, data=body, headers=headers)


GOOGLE = Platform("/google-ads", "google_ads", SECRETS["googleAdsKey"], payloads.google_ads, "Cj0KCQjw-lead-1")
META = Platform(
    "/meta",
    "meta",
    SECRETS["metaAppSecret"],
    payloads.meta,
    "444444444444",
    "X-Hub-Signature-256",
    lead=("Zoë Müller", "zoe@example.com"),
)
TYPEFORM = Platform(
    "/typeform",
    "typeform",
    SECRETS["typeformSecret"],
    payloads.typeform,
    "a3a12ec67a1365927098a606107fac15",
    "Typeform-Signature",
    sign=lambda body, secret: "sha256=" + base64_signature(body, secret),
    lead=("Ada", "ada@example.com"),
)
TALLY = Platform(
    "/tally", "tally", SECRETS["tallySecret"], payloads.tally, "2wgx4n", "Tally-Signature", sign=base64_signature
)
PLATFORMS = (GOOGLE, META, TYPEFORM, TALLY)

each_platform = pytest.mark.parametrize("platform", PLATFORMS, ids=[platform.kind for platform in PLATFORMS])


@pytest.fixture
def form(admin: Client) -> TheForm:
    return TheForm(admin, fieldMap={"readable_ref_name": "name"}, **SECRETS)


@each_platform
def test_a_lead_is_there_when_the_platform_is_answered(form: TheForm, platform: Platform) -> None:
    response = platform.send(form)

    [submission] = form.submissions()
    assert response.status_code == 200
    assert response.json() == {"success": True, "data": {"submissionIds": [submission["id"]]}}
    lead = form.lead()
    assert (lead["name"], lead["email"], lead["source"]) == (*platform.lead, platform.kind)
    assert (submission["kind"], submission["externalId"]) == (platform.kind, platform.id)
    assert (submission["status"], submission["leadId"]) == ("stored", lead["id"])


@each_platform
def test_what_is_wrongly_signed_is_refused_and_not_kept(form: TheForm, platform: Platform) -> None:
    answers = [
        platform.send(form, secret="another secret"),
        platform.send(form, secret=platform.secret + "x"),
        platform.send(form, secret="ß"),
        form.post(platform.path, data=b"", headers={"Content-Type": "application/json"}),
        form.post(platform.path, json=platform.payload() | {"google_key": None}),
        form.post(platform.path, json=platform.payload() | {"google_key": ""}, headers={platform.header or "X": ""}),
    ]

    assert [code_of(answer) for answer in answers] == [(403, "FORBIDDEN")] * 6
    assert (form.submissions(), form.leads()) == ([], [])


@each_platform
def test_a_signature_of_another_body_is_none(form: TheForm, platform: Platform) -> None:
    if platform.header is None:
        pytest.skip("it signs nothing: its key stands in the body")
    signed = payloads.body_of(platform.payload())
    headers = {platform.header: platform.sign(signed, platform.secret)}

    response = form.post(
        platform.path, data=signed.replace(b"ada@", b"eve@").replace(b"zoe@", b"eve@"), headers=headers
    )

    assert code_of(response) == (403, "FORBIDDEN")
    assert form.submissions() == []


@each_platform
def test_a_form_without_the_secret_believes_nobody(admin: Client, platform: Platform) -> None:
    form = TheForm(admin)

    assert code_of(platform.send(form)) == (403, "FORBIDDEN")
    assert code_of(platform.send(form, secret="None")) == (403, "FORBIDDEN")
    assert form.submissions() == []


@each_platform
def test_a_secret_that_was_taken_away_is_none(form: TheForm, platform: Platform) -> None:
    form.change(**dict.fromkeys(SECRETS))

    assert code_of(platform.send(form)) == (403, "FORBIDDEN")


@each_platform
def test_a_replay_is_harmless(form: TheForm, platform: Platform) -> None:
    first = platform.send(form)
    again = platform.send(form)

    assert (again.status_code, again.json()) == (200, first.json())
    assert (len(form.submissions()), len(form.leads())) == (1, 1)


@each_platform
def test_replays_at_once_are_one_lead(form: TheForm, platform: Platform) -> None:
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: platform.send(form), range(16)))

    assert {answer.status_code for answer in answers} == {200}
    assert (len(form.submissions()), len(form.leads())) == (1, 1)


@each_platform
def test_fields_that_nobody_knows_are_let_be(form: TheForm, platform: Platform) -> None:
    payload = platform.payload() | {"new_in_2030": {"deep": [1, None]}}

    assert platform.send(form, payload).status_code == 200
    assert form.lead()["email"] == platform.lead[1]


@each_platform
@pytest.mark.parametrize("payload", [{}, {"entry": []}, {"data": None}, {"form_response": 7, "event_type": "x"}])
def test_what_can_be_no_lead_is_kept_and_the_platform_gets_its_200(
    form: TheForm, platform: Platform, payload: dict[str, Any]
) -> None:
    response = platform.send(form, payload)

    assert response.status_code == 200
    [submission] = form.submissions()
    assert submission["status"] in ("failed", "ignored")
    assert submission["reason"]
    assert form.leads() == []


@each_platform
def test_an_answer_that_is_no_email_fails_and_is_mended_by_the_map(form: TheForm, platform: Platform) -> None:
    body = json.dumps(platform.payload()).replace(platform.lead[1], "not an address")
    assert platform.send(form, json.loads(body)).status_code == 200
    [failed] = form.submissions(status="failed")

    form.change(fieldMap=dict.fromkeys(MAIL_FIELDS, "metadata.said"), defaults={"name": "N", "email": "n@example.com"})
    answer = form.reprocess(failed).json()["data"]

    assert failed["reason"].split(": ")[1].startswith("must be a valid email")
    assert (answer["status"], answer["reason"]) == ("stored", None)
    lead = form.lead()
    assert (lead["id"], lead["email"], lead["metadata"]["said"]) == (
        answer["leadId"],
        "n@example.com",
        "not an address",
    )


MAIL_FIELDS = ("EMAIL", "email", "readable_ref_email", "How do we reach you?")


@each_platform
def test_a_redelivery_of_what_failed_is_tried_with_the_form_as_it_is_then(form: TheForm, platform: Platform) -> None:
    payload = json.loads(json.dumps(platform.payload()).replace(platform.lead[1], "no"))
    platform.send(form, payload)
    form.change(fieldMap=dict.fromkeys(MAIL_FIELDS, ""), defaults={"name": "N", "email": "n@example.com"})

    platform.send(form, payload)

    assert form.statuses() == ["stored"]


@each_platform
@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff\xfe", b'{"a":' * 5_000 + b"1" + b"}" * 5_000])
def test_a_body_that_is_nonsense_but_signed_is_kept(form: TheForm, platform: Platform, body: bytes) -> None:
    if platform.header is None:
        assert form.post(platform.path, data=body).status_code == 403
        return
    response = form.post(platform.path, data=body, headers={platform.header: platform.sign(body, platform.secret)})

    assert response.status_code == 200
    assert form.statuses() == ["failed"]
    assert form.submissions()[0]["bodySize"] == len(body)


@each_platform
@settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much, HealthCheck.too_slow],
)
@given(data=st.data())
def test_whatever_is_signed_gets_its_200_and_is_kept(form: TheForm, platform: Platform, data: st.DataObject) -> None:
    kind, body = data.draw(spoilt().filter(lambda one: one[0].value == platform.kind))
    assume(platform.header or not re.search(rb"\b(Infinity|NaN)\b", body))  # who sends no JSON sends no key in it
    payload = json.loads(body)

    response = platform.send(form, payload)

    assert kind.value == platform.kind
    assert response.status_code == 200, body
    ids = response.json()["data"]["submissionIds"]
    assert set(ids) <= {submission["id"] for submission in form.submissions()}
    assert "received" not in form.statuses()


@each_platform
def test_a_body_that_is_too_large_is_refused(form: TheForm, platform: Platform) -> None:
    response = platform.send(form, platform.payload() | {"pad": "x" * 1_048_576})

    assert code_of(response) == (413, "PAYLOAD_TOO_LARGE")
    assert form.submissions() == []


@each_platform
def test_platforms_are_not_limited_as_visitors_are(form: TheForm, platform: Platform) -> None:
    form.change(rateLimitPerMinute=1)

    assert [platform.send(form).status_code for _ in range(5)] == [200] * 5


@each_platform
def test_another_platforms_secret_is_none_of_this_one(form: TheForm, platform: Platform) -> None:
    for other in PLATFORMS:
        if other is not platform:
            assert platform.send(form, secret=other.secret).status_code == 403


def test_the_parameters_of_the_address_that_is_given_to_a_platform_count(form: TheForm) -> None:
    body = payloads.body_of(payloads.google_ads() | {"google_key": GOOGLE.secret})

    form.post("/google-ads?utm_source=google&utm_medium=cpc", data=body)

    metadata = form.lead()["metadata"]
    assert (metadata["utm_source"], metadata["utm_medium"], metadata["gclid"]) == ("google", "cpc", "EAIaIQobChMI")


# Google Ads


def test_googles_key_is_not_stored(form: TheForm, admin: Client) -> None:
    GOOGLE.send(form)

    text = admin.get(f"/api/v1/forms/{form.id}/submissions").text
    assert "Cj0KCQjw-lead-1" in text
    assert GOOGLE.secret not in text
    assert "google_key" not in text


def test_googles_test_leads_stay_out_of_the_pipeline(form: TheForm) -> None:
    response = GOOGLE.send(form, payloads.google_ads(is_test=True))
    [submission] = form.submissions()

    assert response.status_code == 200
    assert (submission["status"], submission["reason"]) == ("ignored", "a test lead of Google Ads")
    assert form.reprocess(submission).json()["data"]["status"] == "ignored"
    assert form.leads() == []


# Meta


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": "verify-me-meta"}, 200),
        ({"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": "verify-me-Meta"}, 403),
        ({"hub.mode": "subscribe", "hub.challenge": "<script>", "hub.verify_token": "verify-me-meta"}, 403),
        ({"hub.mode": "unsubscribe", "hub.challenge": "1158201444", "hub.verify_token": "verify-me-meta"}, 403),
        ({"hub.challenge": "1158201444"}, 403),
        ({}, 403),
    ],
)
def test_meta_shakes_hands(form: TheForm, query: dict[str, str], status: int) -> None:
    response = form.get("/meta", params=query)

    assert response.status_code == status
    if status == 200:
        assert (response.text, response.headers["Content-Type"]) == ("1158201444", "text/plain; charset=utf-8")
    else:
        assert response.json()["code"] == "FORBIDDEN"


def test_meta_without_a_token_shakes_no_hands(admin: Client) -> None:
    query = {"hub.mode": "subscribe", "hub.challenge": "1", "hub.verify_token": "None"}

    assert TheForm(admin).get("/meta", params=query).status_code == 403


def test_a_delivery_of_many_leads_is_a_submission_for_each(form: TheForm) -> None:
    values = [payloads.meta_value(leadgen_id=str(n)) for n in range(3)]

    response = META.send(form, payloads.meta(*values, payloads.meta_value(leadgen_id="9", field_data=[])))
    again = META.send(form, payloads.meta(*values[1:]))

    ids = response.json()["data"]["submissionIds"]
    assert sorted(form.statuses()) == ["failed", "stored", "stored", "stored"]
    assert [submission["externalId"] for submission in reversed(form.submissions())] == ["0", "1", "2", "9"]
    assert again.json()["data"]["submissionIds"] == ids[1:3]
    assert len(form.leads()) == 3


def test_what_meta_tells_of_other_things_is_ignored(form: TheForm) -> None:
    META.send(form, payloads.meta(field="feed"))

    assert form.submissions()[0]["reason"] == "tells of something else than a lead"


def test_an_id_alone_is_kept_until_somebody_gives_a_token(form: TheForm) -> None:
    value = payloads.meta_value()
    del value["field_data"]

    META.send(form, payloads.meta(value))

    [submission] = form.submissions()
    assert submission["status"] == "failed"
    assert submission["reason"].startswith("field_data: is missing: Meta tells an id alone")
