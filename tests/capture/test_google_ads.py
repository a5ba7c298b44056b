"""Lead form webhooks of Google Ads: the key, the id, what the columns become, tests, and what has another shape."""

from typing import Any

import pytest

from leadlight.capture.google_ads import external_id, read, verify, without_key
from leadlight.capture.submission import SubmissionKind
from leadlight.errors import InvalidInput
from tests.capture.drafts import drafted
from tests.capture.payloads import body_of, google_ads

BODY = body_of(google_ads())


def test_believes_the_key_of_the_form() -> None:
    assert verify(BODY, "key-of-google")


@pytest.mark.parametrize("key", ["key-of-googlf", "key-of-googl", "KEY-OF-GOOGLE", "", None])
def test_believes_no_other_key(key: str | None) -> None:
    assert not verify(BODY, key)


@pytest.mark.parametrize("sent", [None, "", 1, True, ["key-of-google"], {"key": "key-of-google"}, "ключ"])
def test_a_key_that_is_no_text_is_none(sent: Any) -> None:
    assert not verify(body_of(google_ads(google_key=sent)), "key-of-google")


@pytest.mark.parametrize("body", [b"", b"key-of-google", b"[]", b'{"google_key":"key-of-google"', b"\xff"])
def test_believes_no_body_that_is_not_json(body: bytes) -> None:
    assert not verify(body, "key-of-google")


def test_is_stored_without_the_key_and_otherwise_as_it_came() -> None:
    stored = without_key(BODY)

    assert b"key-of-google" not in stored
    assert stored == BODY.replace(b'"google_key":"key-of-google",', b"")
    assert read(stored) == read(BODY)


def test_becomes_a_lead() -> None:
    assert drafted(read(BODY), SubmissionKind.GOOGLE_ADS) == {
        "name": "Ada Park",
        "email": "ada@example.com",
        "phone": "+442079460958",
        "source": "google_ads",
        "metadata": {
            "company": "Parkside",
            "gclid": "EAIaIQobChMI",
            "google_lead_id": "Cj0KCQjw-lead-1",
            "google_form_id": "40000000001",
            "google_campaign_id": "9007199254740993",
            "google_adgroup_id": "20000000000",
            "google_creative_id": "30000000000",
            "what_is_your_budget?": "5k-10k",
        },
    }


def test_first_and_last_name_make_a_name_and_a_second_address_is_kept() -> None:
    columns = [
        {"column_id": "WORK_EMAIL", "string_value": "ada@parkside.example"},
        {"column_id": "LAST_NAME", "string_value": "Park"},
        {"column_id": "FIRST_NAME", "string_value": "Ada"},
        {"column_id": "EMAIL", "string_value": "ada@example.com"},
    ]
    lead = drafted(read(body_of({"user_column_data": columns})))

    assert (lead["name"], lead["email"]) == ("Ada Park", "ada@parkside.example")
    assert lead["metadata"] == {"EMAIL": "ada@example.com"}


def test_the_map_names_columns_by_their_id_or_by_their_name() -> None:
    by_id = drafted(read(BODY), field_map={"what_is_your_budget?": "metadata.budget"})
    by_name = drafted(read(BODY), field_map={"What is your budget?": "metadata.budget", "Company Name": ""})

    assert by_id["metadata"]["budget"] == by_name["metadata"]["budget"] == "5k-10k"
    assert ("company" in by_id["metadata"], "company" in by_name["metadata"]) == (True, False)


def test_the_leads_id_makes_repeats_known() -> None:
    assert external_id(BODY) == "Cj0KCQjw-lead-1"
    assert external_id(body_of(google_ads(lead_id=12))) == "12"


@pytest.mark.parametrize("lead_id", [None, "", " ", True, 1.5, ["a"], {"a": "b"}, "x" * 201, "a\0b"])
def test_what_is_no_id_is_none(lead_id: Any) -> None:
    assert external_id(body_of(google_ads(lead_id=lead_id))) is None


@pytest.mark.parametrize(("is_test", "ignored"), [(True, "a test lead of Google Ads"), (False, None), (1, None)])
def test_a_test_is_kept_out_of_the_pipeline(is_test: Any, ignored: str | None) -> None:
    assert read(body_of(google_ads(is_test=is_test))).ignored == ignored


@pytest.mark.parametrize("columns", [None, []])
def test_a_delivery_without_answers_says_so(columns: Any) -> None:
    with pytest.raises(InvalidInput) as refusal:
        read(body_of(google_ads(user_column_data=columns)))

    assert [(problem.field, problem.code) for problem in refusal.value.problems] == [("user_column_data", "required")]


@pytest.mark.parametrize("columns", ["text", {"a": 1}, [1], [["FULL_NAME"]], [None]])
def test_answers_of_another_shape_are_named(columns: Any) -> None:
    with pytest.raises(InvalidInput) as refusal:
        read(body_of(google_ads(user_column_data=columns)))

    assert refusal.value.problems[0].field.startswith("user_column_data")
    assert refusal.value.problems[0].code == "invalid_type"


def test_a_column_that_says_not_what_it_is_keeps_its_value() -> None:
    columns = [{"column_id": ["x"], "string_value": "lost?"}, *google_ads()["user_column_data"]]

    assert drafted(read(body_of(google_ads(user_column_data=columns))))["metadata"]["user_column_data[0]"] == "lost?"
