"""What becomes of each field: by the form's map, by what the sender's format says, by its name, or as metadata."""

import json
from typing import Any

import pytest
from msgspec import Raw

from leadlight.capture.drafting import draft_lead
from leadlight.capture.form import FormSettings, LeadDefaults
from leadlight.capture.submission import Context, Field, SubmissionKind, Submitted
from leadlight.errors import InvalidInput
from leadlight.leads.lead import LeadStatus
from tests.capture.drafts import drafted, form, said

ADA = {"name": "Ada Park", "email": "ada@example.com"}


def refused(submitted: Submitted, **settings: Any) -> list[tuple[str, str]]:
    with pytest.raises(InvalidInput) as refusal:
        drafted(submitted, **settings)
    return [(problem.field, problem.code) for problem in refusal.value.problems]


# Where a field goes


def test_what_is_known_by_its_name_goes_there_and_the_rest_to_metadata() -> None:
    sent = {**ADA, "Telefonnummer": "+49 151 12345678", "origin": "fair", "budget": "5k", "topics[]": ["a", "b"]}

    assert drafted(form(sent)) == {
        **ADA,
        "phone": "+49 151 12345678",
        "source": "fair",
        "metadata": {"budget": "5k", "topics[]": ["a", "b"]},
    }


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ({"name": "Ada Park"}, "Ada Park"),
        ({"Your Name": "Ada Park"}, "Ada Park"),
        ({"first_name": "Ada", "last_name": "Park"}, "Ada Park"),
        ({"lastName": "Park", "firstName": " Ada "}, "Ada Park"),
        ({"firstName": "Ada"}, "Ada"),
        ({"Vorname": "Ada", "Name": "Park"}, "Ada Park"),
        ({"Prénom": "Ada", "Nom": "Park"}, "Ada Park"),
        ({"name": "Ada", "surname": "Park"}, "Ada Park"),
    ],
)
def test_makes_one_name_of_what_is_called_so(sent: dict[str, str], name: str) -> None:
    assert drafted(form({**sent, "email": "ada@example.com"}))["name"] == name


def test_a_whole_name_wins_over_its_parts_which_are_kept() -> None:
    lead = drafted(form({"full name": "Dr. Ada Park", "first name": "Ada", "last name": "Park", "email": ADA["email"]}))

    assert (lead["name"], lead["metadata"]) == ("Dr. Ada Park", {"first name": "Ada", "last name": "Park"})


def test_the_map_wins_over_every_name() -> None:
    sent = {"email": "shop@example.com", "contact": "ada@example.com", "name": "Ada", "internal": "x", "q": "Parkside"}
    field_map = {"contact": "email", "internal": "", "q": "metadata.company"}

    assert drafted(form(sent), field_map=field_map) == {
        "name": "Ada",
        "email": "ada@example.com",
        "source": "form",
        "metadata": {"company": "Parkside", "email": "shop@example.com"},
    }


def test_the_map_wins_over_what_the_senders_format_says() -> None:
    fields = (Field("a", "ada@example.com", means="email"), Field("b", "ada@work.example", ("label",), means="email"))

    lead = drafted(Submitted((*fields, Field("name", "Ada"))), field_map={"label": "email"})

    assert (lead["email"], lead["metadata"]) == ("ada@work.example", {"a": "ada@example.com"})


def test_of_two_fields_for_one_target_the_first_that_says_something_is_it() -> None:
    lead = drafted(form({**ADA, "phone": " ", "mobile": "+44 1", "tel": "+44 2"}))

    assert (lead["phone"], lead["metadata"]) == ("+44 1", {"tel": "+44 2"})


def test_of_two_answers_for_one_key_none_is_lost() -> None:
    fields = tuple(Field(name, value, means="metadata.k") for name, value in (("a", "1"), ("b", "2"), ("c", "2")))

    assert drafted(Submitted((*form(ADA).fields, *fields)))["metadata"] == {"k": ["1", "2", "2"]}


def test_what_is_blank_says_nothing() -> None:
    assert drafted(form({**ADA, "phone": "", "company": " ", "none": None, "list": []})) == {
        **ADA,
        "source": "form",
        "metadata": {},
    }


def test_metadata_that_is_sent_as_such_is_spread_and_keeps_its_spelling() -> None:
    draft = draft_lead(
        form({**ADA, "metadata": Raw(b'{"n":1.10,"gone":null,"deep":{"a":[1]}}'), "score": Raw(b"42.0")}),
        FormSettings(),
        kind=SubmissionKind.FORM,
        context=Context(),
    ).draft

    assert draft.metadata == Raw(b'{"n":1.10,"deep":{"a":[1]},"score":42.0}')


def test_the_honeypot_and_the_start_are_no_part_of_a_lead() -> None:
    sent = {**ADA, "homepage_url": "x", "_started": "1.ab"}

    assert drafted(form(sent))["metadata"] == {}
    assert drafted(form(sent), honeypot="other")["metadata"] == {"homepage_url": "x"}


def test_a_stranger_sets_no_status_unless_the_map_says_so() -> None:
    sent = form({**ADA, "status": "Qualified", "id": "lead_1", "created at": "2020"})

    assert drafted(sent)["metadata"] == {"status": "Qualified", "id": "lead_1", "created at": "2020"}
    assert drafted(sent, field_map={"status": "status"})["status"] == "qualified"


# Defaults


def test_defaults_fill_what_is_not_said_and_stay_out_of_the_patch() -> None:
    defaults = LeadDefaults(
        name="Subscriber", source="newsletter", status=LeadStatus.CONTACTED, metadata=Raw(b'{"list":"news","a":1}')
    )
    made = draft_lead(
        form({"email": "ada@example.com", "a": "2"}),
        FormSettings(defaults=defaults),
        kind=SubmissionKind.FORM,
        context=Context(),
    )

    assert said(made.draft) == {
        "name": "Subscriber",
        "email": "ada@example.com",
        "source": "newsletter",
        "status": "contacted",
        "metadata": {"list": "news", "a": "2"},
    }
    assert said(made.patch) == {"email": "ada@example.com", "metadata": {"a": "2"}}


@pytest.mark.parametrize("kind", SubmissionKind)
def test_the_source_is_the_kind_where_nobody_says_another(kind: SubmissionKind) -> None:
    assert drafted(form(ADA), kind)["source"] == kind.value


# Where it came from


def test_campaigns_land_in_metadata_whatever_tells_of_them() -> None:
    context = Context(
        query="utm_medium=query&utm_source=query", referrer="https://example.com/?utm_term=page&utm_medium=page&x=y"
    )
    sent = {**ADA, "utm_source": "field", "utmCampaign": "field", "Landing page": "https://example.com/a?gclid=landed"}

    made = draft_lead(form(sent), FormSettings(), kind=SubmissionKind.FORM, context=context)

    assert said(made.draft)["metadata"] == {
        "utm_source": "field",
        "utm_medium": "query",
        "utm_campaign": "field",
        "utm_term": "page",
        "gclid": "landed",
        "landing_page": "https://example.com/a?gclid=landed",
        "referrer": "https://example.com/?utm_term=page&utm_medium=page&x=y",
    }


def test_who_came_from_nowhere_did_not_come_from_the_form_itself() -> None:
    made = draft_lead(
        form({**ADA, "referrer": ""}),
        FormSettings(),
        kind=SubmissionKind.FORM,
        context=Context(referrer="https://example.com/"),
    )

    assert said(made.draft)["metadata"] == {"landing_page": "https://example.com/"}


# What is wrong


def test_names_every_problem_by_the_name_that_the_sender_gave() -> None:
    sent = form({"Ihr Name": "x" * 256, "E-Mail": "nobody", "Telefon": "1" * 51, "state": "gone"})

    assert refused(sent, field_map={"state": "status"}) == [
        ("Ihr Name", "too_long"),
        ("E-Mail", "invalid_email"),
        ("Telefon", "too_long"),
        ("state", "invalid_value"),
    ]


@pytest.mark.parametrize(
    ("sent", "field_map", "problems"),
    [
        ({}, {}, [("name", "required"), ("email", "required")]),
        ({"Your name": " ", "e-mail": ""}, {}, [("Your name", "required"), ("e-mail", "required")]),
        ({}, {"wer": "firstName", "wohin": "email"}, [("wer", "required"), ("wohin", "required")]),
        ({"vorname": " "}, {"wohin": "email"}, [("vorname", "required"), ("wohin", "required")]),
    ],
)
def test_names_what_is_missing(
    sent: dict[str, str], field_map: dict[str, str], problems: list[tuple[str, str]]
) -> None:
    assert refused(form(sent), field_map=field_map) == problems


@pytest.mark.parametrize(
    "value",
    [["a@example.com", "b@example.com"], Raw(b'{"a":1}'), Raw(b"true"), True, 1.5, {"a": "b"}, [["a@example.com"]]],
)
def test_a_field_of_a_lead_is_one_text(value: Any) -> None:
    assert refused(form({"name": "Ada", "email": value})) == [("email", "invalid_type")]


@pytest.mark.parametrize("value", ["442079460958", 442079460958, Raw(b"442079460958"), ["442079460958"]])
def test_a_number_is_a_text_too(value: Any) -> None:
    assert drafted(form({**ADA, "phone": value}))["phone"] == "442079460958"


def test_metadata_has_its_bounds() -> None:
    deep = Raw(b"[" * 32 + b"]" * 32)

    assert refused(form({**ADA, "text": "x" * 65_536})) == [("metadata", "too_large")]
    assert [code for _, code in refused(form({**ADA, "deep": deep}))] == ["too_deep"]


def test_of_defaults_and_answers_together_the_metadata_has_its_bounds_too() -> None:
    half = Raw(json.dumps({"a": "x" * 40_000}).encode())

    problems = refused(form({**ADA, "b": "x" * 40_000}), defaults=LeadDefaults(metadata=half))

    assert problems == [("metadata", "too_large")]
