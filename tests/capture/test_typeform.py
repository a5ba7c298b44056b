"""Webhooks of Typeform: the signature, answers by their refs in each type, hidden fields, and other shapes."""

from typing import Any

import pytest

from leadlight.capture.submission import SubmissionKind
from leadlight.capture.typeform import external_id, read, verify
from leadlight.errors import InvalidInput
from tests.capture.drafts import drafted
from tests.capture.payloads import body_of, typeform, typeform_answer

SIGNED = b'{"name":"Zo\\u00eb"}'
SECRET = "secret-of-the-form"
SIGNATURE = "sha256=D2BYqn/+IiDtJPRc5/uf0relsRErAOTiLcQmReFeENk="
"""By openssl."""


def value_of(answer: dict[str, Any]) -> Any:
    return read(body_of(typeform(answers=[answer], hidden=None, variables=None))).fields[0].value


def test_believes_what_the_secret_signed() -> None:
    assert verify(SIGNED, SIGNATURE, SECRET)


@pytest.mark.parametrize(
    ("body", "signature", "secret"),
    [
        (SIGNED + b"\n", SIGNATURE, SECRET),
        (SIGNED, SIGNATURE.removeprefix("sha256="), SECRET),
        (SIGNED, "sha256=0f6058aa7ffe2220ed24f45ce7fb9fd2b7a5b1112b00e4e22dc42645e15e10d9", SECRET),
        (SIGNED, "sha256=", SECRET),
        (SIGNED, None, SECRET),
        (SIGNED, SIGNATURE, "another-secret"),
        (SIGNED, SIGNATURE, None),
    ],
)
def test_believes_nothing_else(body: bytes, signature: str | None, secret: str | None) -> None:
    assert not verify(body, signature, secret)


def test_becomes_a_lead() -> None:
    lead = drafted(read(body_of(typeform())), SubmissionKind.TYPEFORM, field_map={"readable_ref_name": "name"})

    assert lead == {
        "name": "Ada",
        "email": "ada@example.com",
        "source": "typeform",
        "metadata": {
            "Which drinks?": ["Tea", "Water", "Mate"],
            "utm_source": "newsletter",
            "user_id": "abc123456",
            "score": 4,
            "name": "a variable",
            "typeform_form_id": "lT4Z3j",
            "typeform_response_id": "a3a12ec67a1365927098a606107fac15",
            "typeform_score": "9",
        },
    }


@pytest.mark.parametrize("name", ["b1a7c6c2-0f0e-4cf5-9f0a-2d3c4b5a6978", "Which drinks?", "k6TP9oLGgHjl"])
def test_the_map_names_a_question_by_its_ref_its_title_or_its_id(name: str) -> None:
    lead = drafted(read(body_of(typeform())), field_map={name: "metadata.drinks", "readable_ref_name": "name"})

    assert lead["metadata"]["drinks"] == ["Tea", "Water", "Mate"]


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        (typeform_answer("text", text="It's cold."), "It's cold."),
        (typeform_answer("email", email="ada@example.com"), "ada@example.com"),
        (typeform_answer("phone_number", phone_number="+442079460958"), "+442079460958"),
        (typeform_answer("number", number=5), 5),
        (typeform_answer("boolean", boolean=False), False),
        (typeform_answer("date", date="2026-10-16"), "2026-10-16"),
        (typeform_answer("url", url="https://example.com"), "https://example.com"),
        (typeform_answer("file_url", file_url="https://example.com/cv.pdf"), "https://example.com/cv.pdf"),
        (typeform_answer("choice", choice={"label": "London", "ref": "x"}), "London"),
        (typeform_answer("choice", choice={"other": "Leeds"}), "Leeds"),
        (typeform_answer("choices", choices={"labels": ["London", "Sydney"]}), ["London", "Sydney"]),
        (typeform_answer("choices", choices={"labels": [], "other": "Leeds"}), ["Leeds"]),
        (typeform_answer("payment", payment={"amount": "£1.00"}), {"amount": "£1.00"}),
        (typeform_answer("text"), None),
        (typeform_answer("choice", choice=["London"]), ["London"]),
        ({"type": ["text"], "text": "x"}, None),
    ],
)
def test_reads_each_type_of_answer(answer: dict[str, Any], value: Any) -> None:
    assert value_of(answer) == value


def test_the_token_makes_repeats_known_or_else_the_events_id() -> None:
    assert external_id(body_of(typeform())) == "a3a12ec67a1365927098a606107fac15"
    assert external_id(body_of(typeform(token=None))) == "LtWXD3crgy"
    assert external_id(b"{}") is None
    assert external_id(b"nonsense") is None


def test_a_response_that_is_not_finished_is_no_lead() -> None:
    assert read(body_of({**typeform(), "event_type": "form_response_partial"})).ignored == "no finished response"


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        ([], "body"),
        ({}, "form_response"),
        ({"form_response": []}, "form_response"),
        (typeform(answers=None), "form_response.answers"),
        (typeform(answers=[]), "form_response.answers"),
        (typeform(answers={}), "form_response.answers"),
        (typeform(answers=["Ada"]), "form_response.answers[0]"),
    ],
)
def test_what_has_another_shape_is_refused_by_name(payload: Any, field: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        read(body_of(payload))

    assert [problem.field for problem in refusal.value.problems] == [field]


@pytest.mark.parametrize(
    "hostile",
    [
        {"hidden": ["utm_source"], "variables": {"key": "x"}, "calculated": [9], "definition": "x"},
        {"hidden": 1, "variables": [["score"], {"key": {}}], "calculated": {"score": {}}, "definition": {"fields": 1}},
        {"definition": {"fields": [1, {"title": ["x"], "id": {}}]}, "form_id": [], "token": {}},
    ],
)
def test_what_stands_beside_the_answers_never_makes_them_fail(hostile: dict[str, Any]) -> None:
    lead = drafted(read(body_of(typeform(**hostile))), field_map={"readable_ref_name": "name"})

    assert (lead["name"], lead["email"]) == ("Ada", "ada@example.com")


def test_a_question_that_is_not_named_keeps_its_answer() -> None:
    submitted = read(body_of(typeform(answers=[{"type": "text", "text": "lost?", "field": ["x"]}])))

    assert (submitted.fields[0].name, submitted.fields[0].value) == ("answers[0]", "lost?")
