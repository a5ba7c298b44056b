"""Lead ads of Meta: the handshake, the signature, many leads in one delivery, answers that come with it or later."""

import json
from typing import Any

import pytest

from leadlight.capture.meta import challenge, external_id, missing_answers, read, split, verify, with_answers
from leadlight.capture.submission import SubmissionKind
from leadlight.errors import InvalidInput
from tests.capture.drafts import drafted
from tests.capture.payloads import body_of, meta, meta_value

SIGNED = b'{"name":"Zo\\u00eb"}'
SECRET = "secret-of-the-form"
SIGNATURE = "sha256=0f6058aa7ffe2220ed24f45ce7fb9fd2b7a5b1112b00e4e22dc42645e15e10d9"
"""By openssl: the letters that are not ASCII are signed as they are sent, escaped."""

HANDSHAKE = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": "token-of-the-form"}


def told_without_answers() -> dict[str, Any]:
    value = meta_value()
    del value["field_data"]
    return value


def test_answers_the_handshake() -> None:
    assert challenge(HANDSHAKE, "token-of-the-form") == "1158201444"


@pytest.mark.parametrize(
    "changed",
    [
        {"hub.verify_token": "token-of-the-forn"},
        {"hub.verify_token": "ключ"},
        {"hub.verify_token": ""},
        {"hub.mode": "unsubscribe"},
        {"hub.mode": ""},
        {"hub.challenge": ""},
        {"hub.challenge": "<script>"},
        {"hub.challenge": "1\r\n2"},
        {"hub.challenge": "1" * 256},
    ],
)
def test_answers_no_other_handshake(changed: dict[str, str]) -> None:
    assert challenge({**HANDSHAKE, **changed}, "token-of-the-form") is None


def test_a_form_without_a_token_shakes_no_hands() -> None:
    assert challenge(HANDSHAKE, None) is None
    assert challenge({"hub.mode": "subscribe", "hub.challenge": "1"}, "token-of-the-form") is None


def test_believes_what_the_apps_secret_signed() -> None:
    assert verify(SIGNED, SIGNATURE, SECRET)


@pytest.mark.parametrize(
    ("body", "signature", "secret"),
    [
        (SIGNED + b" ", SIGNATURE, SECRET),
        (SIGNED.replace(b"\\u00eb", "ë".encode()), SIGNATURE, SECRET),
        (SIGNED, SIGNATURE[:-1], SECRET),
        (SIGNED, SIGNATURE.removeprefix("sha256="), SECRET),
        (SIGNED, SIGNATURE.replace("sha256", "sha1"), SECRET),
        (SIGNED, "ключ\udc80", SECRET),
        (SIGNED, "", SECRET),
        (SIGNED, None, SECRET),
        (SIGNED, SIGNATURE, "another-secret"),
        (SIGNED, SIGNATURE, None),
    ],
)
def test_believes_nothing_else(body: bytes, signature: str | None, secret: str | None) -> None:
    assert not verify(body, signature, secret)


def test_relayed_answers_become_a_lead() -> None:
    assert drafted(read(body_of(meta())), SubmissionKind.META) == {
        "name": "Zoë Müller",
        "email": "zoe@example.com",
        "phone": "+4915112345678",
        "source": "meta",
        "metadata": {
            "meta_lead_id": "444444444444",
            "meta_form_id": "12312312312",
            "meta_page_id": "153125381133",
            "meta_ad_id": "6076000000000",
            "meta_adgroup_id": "6076000000001",
            "which_car?": ["Coupé", "Van"],
        },
    }


def test_a_lead_as_the_graph_tells_it_is_one_too() -> None:
    told = {"id": "444444444444", "field_data": meta_value()["field_data"], "created_time": "2026-01-15T10:30:00+0000"}

    assert external_id(body_of(told)) == "444444444444"
    assert drafted(read(body_of(told)))["metadata"]["meta_lead_id"] == "444444444444"


def test_a_delivery_of_several_leads_is_split_and_each_keeps_its_text() -> None:
    first, second, third = (meta_value(leadgen_id=id_) for id_ in (9007199254740993, "2", "3"))
    body = body_of({"object": "page", "entry": [*meta(first, second)["entry"], *meta(third)["entry"]]})

    pieces = split(body)

    assert pieces == [body_of(meta(value)) for value in (first, second, third)]
    assert [external_id(piece) for piece in pieces] == ["9007199254740993", "2", "3"]


@pytest.mark.parametrize("body", [body_of(meta()), b"", b"[", b'{"entry":null}', b'{"entry":[]}', b'{"entry":[[1]]}'])
def test_what_can_not_be_split_stays_as_it_is(body: bytes) -> None:
    assert split(body) == [body]


def test_a_change_of_something_else_is_no_lead() -> None:
    submitted = read(body_of(meta({"item": "comment"}, field="feed")))

    assert (submitted.ignored, submitted.fields) == ("tells of something else than a lead", ())


def test_answers_that_did_not_come_are_asked_for() -> None:
    body = body_of(meta(told_without_answers()))

    assert missing_answers(body) == "444444444444"
    with pytest.raises(InvalidInput, match="Validation failed") as refusal:
        read(body)
    assert [problem.field for problem in refusal.value.problems] == ["field_data"]


@pytest.mark.parametrize("body", [body_of(meta()), body_of(meta({"item": 1}, field="feed")), b"[]", body_of(meta({}))])
def test_nothing_is_asked_for_where_nothing_is_missing(body: bytes) -> None:
    assert missing_answers(body) is None


@pytest.mark.parametrize("body", [body_of(meta(told_without_answers())), body_of(told_without_answers())])
def test_answers_that_came_later_are_put_in(body: bytes) -> None:
    graph = {"id": "444444444444", "ad_id": "other", "campaign_id": "77", "field_data": meta_value()["field_data"]}

    whole = with_answers(body, body_of(graph))

    assert external_id(whole) == external_id(body)
    lead = drafted(read(whole))
    assert (lead["email"], lead["metadata"]["meta_campaign_id"]) == ("zoe@example.com", "77")
    assert lead["metadata"]["meta_ad_id"] == "6076000000000"


def test_an_answer_of_the_graph_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidInput):
        with_answers(body_of(meta()), b"[]")


def test_a_test_is_kept_out_of_the_pipeline() -> None:
    answers = [{"name": "email", "values": ["<test lead: dummy data for email>"]}]

    assert read(body_of(meta(meta_value(field_data=answers)))).ignored == "a test lead of Meta"


@pytest.mark.parametrize(
    "payload",
    [
        [],
        {"entry": {}},
        {"entry": []},
        {"entry": [{"changes": [1]}]},
        meta(meta_value(), meta_value()),
        meta(meta_value(field_data={"email": "a@example.com"})),
        meta(meta_value(field_data=[["email"]])),
        {"entry": [{"changes": [{"field": "leadgen", "value": [1]}]}]},
    ],
    ids=json.dumps,
)
def test_what_has_another_shape_is_refused(payload: Any) -> None:
    with pytest.raises(InvalidInput):
        read(body_of(payload))
