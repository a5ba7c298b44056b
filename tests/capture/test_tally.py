"""Webhooks of Tally: the signature, answers by their labels in each type, and other shapes."""

from typing import Any

import pytest

from leadlight.capture.submission import SubmissionKind
from leadlight.capture.tally import external_id, read, verify
from leadlight.errors import InvalidInput
from tests.capture.drafts import drafted
from tests.capture.payloads import body_of, tally, tally_field

SIGNED = b'{"name":"Zo\\u00eb"}'
SECRET = "secret-of-the-form"
SIGNATURE = "D2BYqn/+IiDtJPRc5/uf0relsRErAOTiLcQmReFeENk="
"""By openssl."""

OPTIONS = [{"id": "a", "text": "Starter"}, {"id": "b", "text": "Business"}]


def value_of(question: dict[str, Any]) -> Any:
    return read(body_of(tally(fields=[question]))).fields[0].value


@pytest.mark.parametrize("body", [SIGNED, b'{\n  "name": "Zo\\u00eb"\n}\n'])
def test_believes_what_the_secret_signed_however_it_is_spaced(body: bytes) -> None:
    assert verify(body, SIGNATURE, SECRET)


@pytest.mark.parametrize(
    ("body", "signature", "secret"),
    [
        (b'{"name":"Zoe"}', SIGNATURE, SECRET),
        (b"[" * 100_000, SIGNATURE, SECRET),
        (b"", SIGNATURE, SECRET),
        (SIGNED, "sha256=" + SIGNATURE, SECRET),
        (SIGNED, SIGNATURE.lower(), SECRET),
        (SIGNED, "", SECRET),
        (SIGNED, None, SECRET),
        (SIGNED, SIGNATURE, "another-secret"),
        (SIGNED, SIGNATURE, None),
    ],
)
def test_believes_nothing_else(body: bytes, signature: str | None, secret: str | None) -> None:
    assert not verify(body, signature, secret)


def test_becomes_a_lead() -> None:
    assert drafted(read(body_of(tally())), SubmissionKind.TALLY) == {
        "name": "Ada Park",
        "email": "ada@example.com",
        "phone": "+442079460958",
        "source": "tally",
        "metadata": {
            "utm_source": "newsletter",
            "Plan": "Business",
            "Topics": ["Starter", "Business"],
            "tally_form_id": "VwbNEw",
            "tally_form_name": "Contact us",
            "tally_response_id": "2wgx4n",
        },
    }


@pytest.mark.parametrize("name", ["Plan", "question_mVGEg3"])
def test_the_map_names_a_question_by_its_label_or_its_key(name: str) -> None:
    assert drafted(read(body_of(tally())), field_map={name: "metadata.plan"})["metadata"]["plan"] == "Business"


@pytest.mark.parametrize(
    ("question", "value"),
    [
        (tally_field("INPUT_TEXT", "x"), "x"),
        (tally_field("INPUT_NUMBER", 10), 10),
        (tally_field("LINEAR_SCALE", 3), 3),
        (tally_field("CHECKBOXES", True), True),
        (tally_field("DROPDOWN", ["b"], options=OPTIONS), "Business"),
        (tally_field("MULTIPLE_CHOICE", "b", options=OPTIONS), "Business"),
        (tally_field("MULTIPLE_CHOICE", ["a", "b"], options=OPTIONS), ["Starter", "Business"]),
        (tally_field("MULTI_SELECT", ["b"], options=OPTIONS), ["Business"]),
        (tally_field("RANKING", ["b", "a"], options=OPTIONS), ["Business", "Starter"]),
        (tally_field("MULTIPLE_CHOICE", ["something else"], options=OPTIONS), "something else"),
        (tally_field("MULTIPLE_CHOICE", [{"b": 1}], options=OPTIONS), {"b": 1}),
        (tally_field("MULTIPLE_CHOICE", ["b"], options={"b": "Business"}), "b"),
        (tally_field("MULTIPLE_CHOICE", ["b"], options=[1, {"id": [], "text": {}}]), "b"),
        (
            tally_field("FILE_UPLOAD", [{"name": "cv.pdf", "url": "https://x.example/cv.pdf"}]),
            ["https://x.example/cv.pdf"],
        ),
        (tally_field("SIGNATURE", "x"), "x"),
        (tally_field("MATRIX", {"a": ["b"]}, rows=OPTIONS, columns=OPTIONS), {"Starter": ["Business"]}),
        (tally_field("MATRIX", ["b"], rows=OPTIONS), ["b"]),
        (tally_field("INPUT_EMAIL", None), None),
        (tally_field(["TEXT"], "x"), "x"),  # type: ignore[arg-type]  # that is the point
    ],
)
def test_reads_each_type_of_answer(question: dict[str, Any], value: Any) -> None:
    assert value_of(question) == value


def test_the_responses_id_makes_repeats_known_or_else_the_events() -> None:
    assert external_id(body_of(tally())) == "2wgx4n"
    assert external_id(body_of(tally(responseId=None))) == "a4cb511e-d513-4fa5-baee-b815d718dfd1"
    assert external_id(b"{}") is None
    assert external_id(b"nonsense") is None


def test_an_event_of_another_type_is_no_lead() -> None:
    assert read(body_of({**tally(), "eventType": "FORM_VIEW"})).ignored == "no finished response"


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        ([], "body"),
        ({}, "data"),
        ({"data": "x"}, "data"),
        (tally(fields=None), "data.fields"),
        (tally(fields=[]), "data.fields"),
        (tally(fields={"Full name": "Ada"}), "data.fields"),
        (tally(fields=["Ada"]), "data.fields[0]"),
    ],
)
def test_what_has_another_shape_is_refused_by_name(payload: Any, field: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        read(body_of(payload))

    assert [problem.field for problem in refusal.value.problems] == [field]


def test_a_question_without_a_label_has_its_key_and_one_without_either_its_place() -> None:
    questions = [{"key": "question_a", "label": None, "value": "x"}, {"key": {}, "label": [], "value": "y"}]

    assert [field.name for field in read(body_of(tally(fields=questions))).fields[:2]] == [
        "question_a",
        "data.fields[1]",
    ]
