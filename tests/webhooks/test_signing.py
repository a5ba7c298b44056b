"""What a delivery is signed with, and what a receiver believes: ours, the public library's, and a plain HMAC."""

import hashlib
import hmac
import json
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook
from starlette.datastructures import Headers

import leadlight
from leadlight import WebhookVerificationError, verify_webhook
from leadlight.webhooks.signing import new_secret, sign

SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
OTHER = "whsec_ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA="
BODY = b'{"id":"evt_1","type":"lead.created"}'
EVENT = {"id": "evt_1", "type": "lead.created"}
SIGNED_AT = 1_768_473_000
HEADERS = sign(BODY, [SECRET], event_id="evt_1", timestamp=SIGNED_AT)


def refused(headers: dict[str, str], secret: str | list[str] = SECRET, body: bytes | str = BODY, later: int = 0) -> str:
    with pytest.raises(WebhookVerificationError) as refusal:
        verify_webhook(body, headers, secret, now=SIGNED_AT + later)
    return str(refusal.value)


def test_a_secret_is_32_random_bytes_in_base64() -> None:
    assert new_secret(lambda size: b"0123456789abcdef0123456789abcdef"[:size]) == SECRET
    assert new_secret() != new_secret()
    assert len(new_secret()) == len(SECRET)


def test_signs_like_this_and_never_otherwise() -> None:
    assert HEADERS == {
        "webhook-id": "evt_1",
        "webhook-timestamp": "1768473000",
        "webhook-signature": "v1,/PxkO1pUA/Is9AfQbIXlUHbLYeh9vMZUVkpD1WHUvl0=",
        "X-Webhook-Signature": "sha256=4a491c104fc3ffa5d292adacd2d996de25cbfe0693fabcf80aa87192d6d2193c",
    }


def test_signs_with_every_secret_the_newest_first() -> None:
    both = sign(BODY, [OTHER, SECRET], event_id="evt_1", timestamp=SIGNED_AT)

    new = sign(BODY, [OTHER], event_id="evt_1", timestamp=SIGNED_AT)
    assert both["webhook-signature"] == f"{new['webhook-signature']} {HEADERS['webhook-signature']}"
    assert both["X-Webhook-Signature"] == new["X-Webhook-Signature"]


def test_believes_a_fresh_delivery() -> None:
    assert verify_webhook(BODY, HEADERS, SECRET, now=SIGNED_AT) == EVENT
    assert verify_webhook(BODY.decode(), HEADERS, SECRET, now=SIGNED_AT) == EVENT


def test_believes_either_secret_while_they_change() -> None:
    both = sign(BODY, [OTHER, SECRET], event_id="evt_1", timestamp=SIGNED_AT)

    assert verify_webhook(BODY, both, SECRET, now=SIGNED_AT) == EVENT
    assert verify_webhook(BODY, both, OTHER, now=SIGNED_AT) == EVENT
    assert verify_webhook(BODY, HEADERS, [OTHER, SECRET], now=SIGNED_AT) == EVENT


def test_finds_headers_in_any_case() -> None:
    assert verify_webhook(BODY, {name.title(): value for name, value in HEADERS.items()}, SECRET, now=SIGNED_AT)
    assert verify_webhook(BODY, {name.upper(): value for name, value in HEADERS.items()}, SECRET, now=SIGNED_AT)
    assert verify_webhook(BODY, Headers(HEADERS), SECRET, now=SIGNED_AT)


def test_ignores_signatures_of_other_versions() -> None:
    headers = {**HEADERS, "webhook-signature": f"v1a,abc v2 nonsense ☎ {HEADERS['webhook-signature']}"}

    assert verify_webhook(BODY, headers, SECRET, now=SIGNED_AT) == EVENT


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_tells_which_header_is_missing(name: str) -> None:
    without = {key: value for key, value in HEADERS.items() if key != name}

    assert refused(without) == f"The header {name} is missing: give all headers of the request."


def test_a_hexadecimal_signature_alone_is_not_enough() -> None:
    assert "webhook-id is missing" in refused({"X-Webhook-Signature": HEADERS["X-Webhook-Signature"]})


@pytest.mark.parametrize(
    ("later", "text"),
    [
        (301, "The delivery was signed 301 seconds ago: too old, for 300 seconds are allowed."),
        (-301, "signed 301 seconds ahead of this machine's clock: too new"),
    ],
)
def test_refuses_what_is_too_old_or_too_new(later: int, text: str) -> None:
    assert text in refused(HEADERS, later=later)


@pytest.mark.parametrize("later", [300, -300])
def test_believes_what_is_just_fresh_enough(later: int) -> None:
    assert verify_webhook(BODY, HEADERS, SECRET, now=SIGNED_AT + later) == EVENT


def test_takes_another_tolerance() -> None:
    assert verify_webhook(BODY, HEADERS, SECRET, now=SIGNED_AT + 3600, tolerance_seconds=3600) == EVENT


def test_asks_the_machines_clock_for_the_time() -> None:
    headers = sign(BODY, [SECRET], event_id="evt_1", timestamp=int(time.time()))

    assert verify_webhook(BODY, headers, SECRET) == EVENT


@pytest.mark.parametrize(
    "timestamp",
    [
        "soon",
        "1768473000.5",
        "-1",
        "\uff11\uff17\uff16\uff18\uff14\uff17\uff13\uff10\uff10\uff10",
        "9" * 5000,
        "1768473000\n",
    ],
)
def test_refuses_a_time_that_is_none(timestamp: str) -> None:
    assert refused({**HEADERS, "webhook-timestamp": timestamp}) == (
        "The header webhook-timestamp is not a number of seconds."
    )


@pytest.mark.parametrize(
    ("changed", "body"),
    [
        ({}, BODY + b" "),
        ({}, b""),
        ({}, "\ud800"),
        ({"webhook-id": "evt_2"}, BODY),
        ({"webhook-timestamp": "1768473001"}, BODY),
        ({"webhook-signature": "v1,"}, BODY),
        ({"webhook-signature": "v1,\ud800☎"}, BODY),
        ({"webhook-signature": HEADERS["webhook-signature"][3:]}, BODY),
    ],
)
def test_refuses_what_was_not_signed(changed: dict[str, str], body: bytes | str) -> None:
    assert refused({**HEADERS, **changed}, body=body).startswith("No signature matches")


def test_refuses_another_webhooks_secret_and_names_none() -> None:
    text = refused(HEADERS, OTHER)

    assert text.startswith("No signature matches")
    assert OTHER not in text
    assert HEADERS["webhook-signature"] not in text


@pytest.mark.parametrize(
    "secret", ["", "whsec_", "whsec_!!", "whsec_MDEy!MzQ1", "sk-workspace_abc", "ключ", [], [SECRET, "x"]]
)
def test_tells_a_bad_secret_without_repeating_it(secret: str | list[str]) -> None:
    assert refused(HEADERS, secret) == "The secret is not a webhook's: that is whsec_ and base64 after it."


@pytest.mark.parametrize("body", [b"not json", b"[1]", b"[" * 100_000, b"\xff", b"1" * 5000])
def test_refuses_a_signed_body_that_is_no_event(body: bytes) -> None:
    headers = sign(body, [SECRET], event_id="evt_1", timestamp=SIGNED_AT)

    assert refused(headers, body=body) == "The signature is right, but the body is not a JSON object."


@given(st.dictionaries(st.text(), st.text()), st.text(st.characters(codec="ascii"), min_size=1))
def test_the_public_library_believes_what_we_sign(event: dict[str, str], event_id: str) -> None:
    body = json.dumps(event, ensure_ascii=False).encode("utf-8", "replace")
    now = int(time.time())

    headers = sign(body, [OTHER, SECRET], event_id=event_id, timestamp=now)

    assert Webhook(SECRET).verify(body, headers) == json.loads(body)
    assert verify_webhook(body, headers, SECRET, now=now) == json.loads(body)


def test_believes_what_the_public_library_signs() -> None:
    moment = datetime.fromtimestamp(SIGNED_AT, UTC)
    signature = Webhook(SECRET).sign("evt_1", moment, BODY.decode())
    headers = {"webhook-id": "evt_1", "webhook-timestamp": str(SIGNED_AT), "webhook-signature": signature}

    assert verify_webhook(BODY, headers, SECRET, now=SIGNED_AT) == EVENT


def test_the_hexadecimal_signature_is_a_plain_hmac_of_the_body() -> None:
    expected = hmac.new(SECRET.encode(), BODY, hashlib.sha256).hexdigest()

    assert HEADERS["X-Webhook-Signature"] == f"sha256={expected}"


def test_the_package_offers_what_a_receiver_needs() -> None:
    assert {"verify_webhook", "WebhookVerificationError"} <= set(leadlight.__all__)
