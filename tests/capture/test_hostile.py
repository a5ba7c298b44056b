"""Whatever a platform's delivery holds, reading it gives fields or the errors that are declared, and nothing else."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadlight.capture import google_ads, meta
from leadlight.capture.drafting import draft_lead
from leadlight.capture.form import TARGETS, FormSettings
from leadlight.capture.reading import external_id, read
from leadlight.capture.submission import Context, SubmissionKind
from leadlight.errors import InvalidInput
from leadlight.strict_json import InvalidJson
from tests.capture.payloads import google_ads as of_google
from tests.capture.payloads import meta as of_meta
from tests.capture.payloads import meta_value, tally, typeform

PLATFORMS = [kind for kind in SubmissionKind if kind is not SubmissionKind.FORM]
PAYLOADS = {
    SubmissionKind.GOOGLE_ADS: of_google(),
    SubmissionKind.META: of_meta(),
    SubmissionKind.TYPEFORM: typeform(),
    SubmissionKind.TALLY: tally(),
    SubmissionKind.FORM: {"name": "Ada", "email": "ada@example.com", "metadata": {"a": [1, {"b": None}]}},
}
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)


def into_a_lead(kind: SubmissionKind, body: bytes, field_map: dict[str, str] | None = None) -> None:
    external_id(kind, body)
    google_ads.verify(body, "key")
    for piece in meta.split(body):
        meta.missing_answers(piece)
    try:
        submitted = read(kind, body, "application/json")
        draft_lead(submitted, FormSettings(field_map=field_map or {}), kind=kind, context=Context())
    except (InvalidInput, InvalidJson):
        return


@st.composite
def spoilt(draw: st.DrawFn) -> tuple[SubmissionKind, bytes]:
    """A payload in which something somewhere is something else."""
    kind = draw(st.sampled_from(SubmissionKind))
    payload = json.loads(json.dumps(PAYLOADS[kind]))
    place = payload
    while True:
        key = draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
        if not isinstance(place[key], dict | list) or not place[key] or draw(st.booleans()):
            place[key] = draw(JSON)
            return kind, json.dumps(payload).encode()
        place = place[key]


@given(spoilt(), st.dictionaries(st.text(max_size=5), st.sampled_from([*TARGETS, "", "metadata.a"]), max_size=3))
def test_one_thing_of_another_type_somewhere(payload: tuple[SubmissionKind, bytes], field_map: dict[str, str]) -> None:
    into_a_lead(*payload, field_map)


@given(st.sampled_from(SubmissionKind), JSON)
def test_any_json(kind: SubmissionKind, value: Any) -> None:
    into_a_lead(kind, json.dumps(value).encode())


@given(st.sampled_from(SubmissionKind), st.binary())
def test_any_bytes(kind: SubmissionKind, body: bytes) -> None:
    into_a_lead(kind, body)


@pytest.mark.parametrize("kind", SubmissionKind)
@pytest.mark.parametrize("body", [b"[" * 1_000_000, b'{"a":' * 200_000, b"9" * 1_000_000, b'"' + b"\\u0000" * 100_000])
def test_what_is_deep_or_long(kind: SubmissionKind, body: bytes) -> None:
    into_a_lead(kind, body)


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        (SubmissionKind.GOOGLE_ADS, of_google(user_column_data=[{"column_id": str(n)} for n in range(10_000)])),
        (SubmissionKind.META, of_meta(meta_value(field_data=[{"name": str(n), "values": []} for n in range(10_000)]))),
        (SubmissionKind.TYPEFORM, typeform(hidden={str(n): n for n in range(10_000)})),
        (SubmissionKind.TALLY, tally(fields=[{"key": str(n), "value": n} for n in range(10_000)])),
        (SubmissionKind.FORM, {str(n): n for n in range(10_000)}),
    ],
)
def test_ten_thousand_fields_are_too_many(kind: SubmissionKind, payload: Any) -> None:
    with pytest.raises(InvalidInput) as refusal:
        read(kind, json.dumps(payload).encode(), "application/json")

    assert [(problem.field, problem.code) for problem in refusal.value.problems] == [("body", "too_many")]


@pytest.mark.parametrize("kind", PLATFORMS)
def test_fields_that_are_not_known_are_let_be(kind: SubmissionKind) -> None:
    payload = {**PAYLOADS[kind], "new": {"of": ["tomorrow"]}}

    assert read(kind, json.dumps(payload).encode(), "") == read(kind, json.dumps(PAYLOADS[kind]).encode(), "")


@pytest.mark.parametrize("kind", PLATFORMS)
def test_a_huge_answer_is_refused_by_the_leads_rules(kind: SubmissionKind) -> None:
    body = json.dumps(PAYLOADS[kind]).replace("@example.com", "x" * 70_000).encode()

    with pytest.raises(InvalidInput) as refusal:
        draft_lead(read(kind, body, ""), FormSettings(), kind=kind, context=Context())
    assert "too_long" in {problem.code for problem in refusal.value.problems}


def test_a_form_of_a_site_has_no_id_of_its_senders() -> None:
    assert external_id(SubmissionKind.FORM, b'{"lead_id":"1"}') is None
