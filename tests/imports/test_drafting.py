"""Rows to leads: every field by its rule, every problem by its column, and nothing made up."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec import UNSET, Raw

from leadlight.clock import from_iso, to_iso
from leadlight.errors import InvalidInput
from leadlight.imports.cells import metadata_cell, to_cell
from leadlight.imports.drafting import Drafted, Drafter
from leadlight.imports.mapping import detect

NOW = from_iso("2026-01-01")
MAPPING = {
    "Name": "name",
    "E-Mail": "email",
    "Telefon": "phone",
    "Quelle": "source",
    "Status": "status",
    "Erstellt am": "createdAt",
    "Firma": "metadata.company",
    "PLZ": "metadata.zip",
    "Intern": "",
}
ADA = {"Name": "Ada Park", "E-Mail": "ada@example.com"}


def drafter(mapping: Mapping[str, str] = MAPPING, **more: Any) -> Drafter:
    return Drafter(mapping, **{"defaults": None, "preset": None, "clock": lambda: NOW, **more})


def draft(more: Mapping[str, object]) -> Drafted:
    return drafter().draft({**ADA, **more})


def problems(more: Mapping[str, object], using: Drafter | None = None) -> dict[str, str]:
    with pytest.raises(InvalidInput) as caught:
        (using or drafter()).draft({**ADA, **more})
    return {problem.field: problem.message for problem in caught.value.problems}


def metadata(drafted: Drafted) -> str | None:
    return None if drafted.draft.metadata is UNSET else bytes(drafted.draft.metadata).decode()


def test_a_full_row_is_a_full_lead() -> None:
    drafted = draft(
        {
            "Telefon": " +44 20 7946 0958 ",
            "Quelle": "Messe",
            "Status": "Kontaktiert",
            "Erstellt am": "2024-03-31",
            "Firma": "Parkside",
            "PLZ": "0123",
            "Intern": "secret",
        }
    )

    assert (drafted.draft.name, drafted.draft.email) == ("Ada Park", "ada@example.com")
    assert (drafted.draft.phone, drafted.draft.source) == ("+44 20 7946 0958", "Messe")
    assert (drafted.draft.status, drafted.lead_id) == ("contacted", None)
    assert to_iso(drafted.created_at or 0) == "2024-03-31T00:00:00.000Z"
    assert metadata(drafted) == '{"company":"Parkside","zip":"0123"}'


@pytest.mark.parametrize("nothing", [{}, {"Telefon": "", "Status": " ", "Firma": "", "PLZ": "  ", "Erstellt am": " "}])
def test_what_a_row_leaves_out_is_left_out(nothing: dict[str, str]) -> None:
    drafted = draft({**nothing})

    assert (drafted.draft.phone, drafted.draft.status, drafted.draft.metadata) == (UNSET, UNSET, UNSET)
    assert (drafted.draft.source, drafted.lead_id, drafted.created_at) == ("import", None, None)


def test_every_problem_of_a_row_is_named_by_its_column() -> None:
    found = problems(
        {
            "Name": " ",
            "E-Mail": "ada@",
            "Telefon": "1" * 51,
            "Quelle": "s" * 101,
            "Status": "Heiß",
            "Erstellt am": "03/04/2024",
        }
    )

    assert found.pop("E-Mail (email)").startswith("must be a valid email address: ")
    assert found == {
        "Name (name)": "is empty, and every lead needs one",
        "Telefon (phone)": "must not be longer than 50 characters",
        "Quelle (source)": "must not be longer than 100 characters",
        "Status (status)": 'is "Heiß", which is no status that is known; '
        "known are new, contacted, qualified, converted, lost, follow_up",
        "Erstellt am (createdAt)": "can be read as two different days; write it as in 2024-03-31",
    }


def test_an_email_that_is_missing_is_a_problem() -> None:
    assert problems({"E-Mail": ""}) == {"E-Mail (email)": "is empty, and every lead needs one"}


def test_a_field_is_named_once_where_its_column_has_its_name() -> None:
    using = drafter({"name": "name", "email": "email"})

    assert list(problems({"name": "Ada", "email": "x"}, using)) == ["email"]


# Names


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"Vorname": "Ada", "Nachname": "Park"}, "Ada Park"),
        ({"Vorname": " Ada ", "Nachname": " "}, "Ada"),
        ({"Nachname": "Park"}, "Park"),
        ({"Name": "Ada P.", "Vorname": "Ada", "Nachname": "Park"}, "Ada P."),
        ({"Name": " ", "Vorname": "Ada", "Nachname": "Park"}, "Ada Park"),
    ],
)
def test_a_name_is_put_together(values: dict[str, str], name: str) -> None:
    using = drafter({"Name": "name", "Vorname": "firstName", "Nachname": "lastName", "E-Mail": "email"})

    assert using.draft({"E-Mail": "ada@example.com", **values}).draft.name == name


@pytest.mark.parametrize(
    ("first", "message"),
    [("", "is empty, and every lead needs one"), ("a" * 256, "must not be longer than 255 characters")],
)
def test_a_name_that_can_not_be_put_together_names_its_columns(first: str, message: str) -> None:
    using = drafter({"Vorname": "firstName", "Nachname": "lastName", "E-Mail": "email"})

    assert problems({"Vorname": first}, using) == {"Vorname + Nachname (name)": message}


# Emails


@pytest.mark.parametrize(
    ("written", "email"),
    [
        ("mailto:ada@example.com", "ada@example.com"),
        ("MAILTO:ada@example.com", "ada@example.com"),
        ("Ada Park <ada@example.com>", "ada@example.com"),
        ('"Park, Ada" <ada@example.com>', "ada@example.com"),
        ("<ada@example.com>", "ada@example.com"),
        ("o'brien+x@example.com", "o'brien+x@example.com"),
    ],
)
def test_an_email_is_taken_out_of_what_is_around_it(written: str, email: str) -> None:
    assert draft({"E-Mail": written}).draft.email == email


@pytest.mark.parametrize(
    "written",
    [
        "ada@example.com; bob@example.com",
        "ada@example.com, bob@example.com",
        "mailto:ada@example.com?subject=x",
        "ada@example.com <bob@example.com>",
        "<ada@example.com> <bob@example.com>",
        "Ada <ada@example.com> x",
        "ada at example.com",
    ],
)
def test_an_email_that_is_not_certain_is_a_problem(written: str) -> None:
    assert list(problems({"E-Mail": written})) == ["E-Mail (email)"]


# States


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("new", "new"),
        ("NEW", "new"),
        ("follow_up", "follow_up"),
        ("Follow-Up", "follow_up"),
        ("Neu", "new"),
        ("Gewonnen", "converted"),
        ("Wiedervorlage", "follow_up"),
        ("Nouveau", "new"),
        ("Contactée", "contacted"),
        ("À relancer", "follow_up"),
        ("Perdu", "lost"),
        ("Cualificado", "qualified"),
        ("Cliente", "converted"),
        ("Sin contactar", "new"),
    ],
)
def test_a_status_is_known_by_the_usual_words(word: str, status: str) -> None:
    assert draft({"Status": word}).draft.status == status


def test_a_status_that_is_not_known_is_told_with_those_of_the_preset() -> None:
    message = problems({"Status": "Hot" * 99}, drafter(preset="close"))["Status (status)"]

    assert "follow_up and those of close: Potential, Interested, Qualified, Customer," in message
    assert len(message) < 300


# Times and ids


def test_a_lead_is_not_created_in_the_future() -> None:
    assert draft({"Erstellt am": "2026-01-01T23:00:00Z"}).created_at == NOW + 23 * 3_600_000
    assert problems({"Erstellt am": "2026-01-03"}) == {"Erstellt am (createdAt)": "must not lie in the future"}


@pytest.mark.parametrize("cell", [date(2024, 3, 31), datetime(2024, 3, 31)])  # noqa: DTZ001  (a spreadsheet's)
def test_a_date_of_a_spreadsheet_is_a_time(cell: date) -> None:
    assert draft({"Erstellt am": cell}).created_at == from_iso("2024-03-31")


@pytest.mark.parametrize("number", [45382, 1_711_843_200_000, Raw(b"1711843200")])
def test_a_number_is_no_time(number: object) -> None:
    assert list(problems({"Erstellt am": number})) == ["Erstellt am (createdAt)"]


def test_an_id_is_that_of_a_lead() -> None:
    using = drafter({**MAPPING, "id": "id"})

    assert using.draft({**ADA, "id": "lead_01kb2v6e3mf0r8n4t9q5w7x1yz"}).lead_id == "lead_01kb2v6e3mf0r8n4t9q5w7x1yz"
    assert problems({"id": "42"}, using) == {"id": "must be the id of a lead, lead_ and letters and digits"}


# Metadata


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("10115", '"10115"'),
        ("0123", '"0123"'),
        ("true", '"true"'),
        ("'=1", '"\'=1"'),
        (" Bücher ", '" Bücher "'),
        (42, "42"),
        (True, "true"),
        (["a"], '["a"]'),
        (Raw(b"1.10"), "1.10"),
        (date(2024, 3, 31), '"2024-03-31"'),
    ],
)
def test_a_value_of_the_metadata_keeps_its_type(value: object, kept: str) -> None:
    assert metadata(draft({"PLZ": value})) == f'{{"zip":{kept}}}'


def test_a_column_that_only_some_rows_have_is_kept_too() -> None:
    drafted = draft({"score": 42, "plan": "a", "metadata.plan": "b", "phone": "1", "metadata": {"x": 1}})

    assert metadata(drafted) == '{"score":42,"plan":"a","metadata.plan":"b","phone":"1","x":1}'


def test_a_field_that_the_first_rows_had_not_is_found_by_its_name() -> None:
    drafted = drafter({"name": "name", "email": "email"}).draft({"name": "Ada", "email": "a@b.co", "phone": "1"})

    assert (drafted.draft.phone, drafted.draft.metadata) == ("1", UNSET)


def test_a_column_that_is_left_out_stays_left_out() -> None:
    drafted = drafter({**MAPPING, "phone": "", "Telefon": ""}).draft({**ADA, "phone": "1", "_row": "7", "_error": "x"})

    assert (drafted.draft.phone, drafted.draft.metadata) == (UNSET, UNSET)


def test_an_object_gives_its_keys_to_the_metadata() -> None:
    using = drafter({**MAPPING, "metadata": "metadata"})

    drafted = using.draft({**ADA, "Firma": "Parkside", "metadata": {"company": "x", "a": [1], "b": None}})

    assert metadata(drafted) == '{"company":"Parkside","a":[1],"b":null}'
    assert metadata(using.draft({**ADA, "metadata": "a note"})) == '{"metadata":"a note"}'


def test_metadata_has_its_bounds() -> None:
    assert problems({"Firma": "x" * 65_536}) == {"metadata": "must not be larger than 65536 bytes of JSON"}
    assert problems({"Firma": "a\0b"}) == {"metadata": "must not contain a NUL character"}
    assert problems({"Firma": "a\ud800b"}) == {"metadata": "must not contain half of a surrogate pair"}
    assert problems({"PLZ": float("nan")}) == {"PLZ (metadata.zip)": "must be a value that JSON can carry"}
    assert metadata(draft({"Firma": r"a\u0000b"})) == r'{"company":"a\\u0000b"}'


def test_a_field_holds_nothing_that_no_store_carries() -> None:
    assert problems({"Name": "Ada\0", "Telefon": "\ud800"}) == {
        "Name (name)": "must not contain a NUL character",
        "Telefon (phone)": "must not contain half of a surrogate pair",
    }


# Defaults


def test_defaults_are_for_what_a_row_leaves_out() -> None:
    defaults = {"source": "fair", "status": "contacted", "phone": "1", "metadata": {"list": 7, "company": "?"}}
    using = drafter(defaults=defaults)

    filled = using.draft(ADA).draft
    said = using.draft({**ADA, "Quelle": "web", "Status": "lost", "Telefon": "2", "Firma": "Parkside"}).draft

    assert (filled.source, filled.status, filled.phone) == ("fair", "contacted", "1")
    assert bytes(filled.metadata or b"") == b'{"list":7,"company":"?"}'
    assert (said.source, said.status, said.phone) == ("web", "lost", "2")
    assert bytes(said.metadata or b"") == b'{"list":7,"company":"Parkside"}'


def test_defaults_change_no_lead_that_exists() -> None:
    using = drafter(defaults={"name": "unknown", "source": "fair", "metadata": {"list": 7}})

    patch = using.draft({"E-Mail": "ada@example.com", "Firma": "Parkside"}).patch

    assert (patch.name, patch.email, patch.source) == (UNSET, "ada@example.com", UNSET)
    assert bytes(patch.metadata or b"") == b'{"company":"Parkside"}'


def test_a_name_may_be_a_default() -> None:
    assert drafter(defaults={"name": "unknown"}).draft({"E-Mail": "ada@example.com"}).draft.name == "unknown"


def test_defaults_that_can_not_be_are_named() -> None:
    given = {"email": "a@b.co", "source": 1, "status": "hot", "phone": " ", "metadata": [], "name": "a\0", "x": None}
    with pytest.raises(InvalidInput) as caught:
        drafter(defaults=given)

    assert {problem.field: problem.code for problem in caught.value.problems} == {
        "defaults.email": "unknown_field",
        "defaults.source": "invalid_type",
        "defaults.status": "invalid_choice",
        "defaults.phone": "blank",
        "defaults.metadata": "invalid_type",
        "defaults.name": "invalid_character",
        "defaults.x": "unknown_field",
    }


def test_the_source_of_an_import_can_be_another() -> None:
    assert drafter(import_source="crm").draft(ADA).draft.source == "crm"


# Our own export


OWN = ["id", "name", "email", "phone", "source", "status", "metadata.a", "createdAt", "updatedAt", "workspaceId"]
EVERYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=4,
)


def own_row(lead: Mapping[str, str], metadata: str) -> dict[str, str]:
    row = {**dict.fromkeys(OWN, ""), "createdAt": "2024-03-31T00:00:00.000Z", "status": "lost", "id": "lead_1"}
    return {**row, **{name: to_cell(text) for name, text in lead.items()}, "metadata.a": metadata}


TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=9)


@given(TEXT.filter(str.strip), st.sampled_from(["+44 20 1", "'1", "=1", ""]), EVERYTHING)
def test_a_lead_of_our_own_export_comes_back_as_it_was(name: str, phone: str, value: Any) -> None:
    text = json.dumps({"a": value}, separators=(",", ":"), ensure_ascii=False)
    assume("\\u0000" not in text)
    raw = msgspec.json.decode(text, type=dict[str, Raw])["a"]
    using = drafter(detect(OWN, None, None), own_export=True)
    lead = {"name": name.strip(), "email": "=a@b.co", "phone": phone, "source": "-web"}

    drafted = using.draft(own_row(lead, metadata_cell(raw)))

    assert (drafted.draft.name, drafted.draft.email, drafted.draft.source) == (name.strip(), "=a@b.co", "-web")
    assert (drafted.draft.phone or "", drafted.draft.status, drafted.lead_id) == (phone, "lost", "lead_1")
    assert metadata(drafted) == text


def test_a_lead_of_our_own_export_without_a_source_has_none() -> None:
    using = drafter(detect(OWN, None, None), own_export=True)

    assert using.draft(own_row({"name": "Ada", "email": "a@b.co"}, "")).draft.source is None


def test_what_was_added_to_our_own_export_is_text() -> None:
    using = drafter(detect([*OWN, "Notes"], None, None), own_export=True)

    drafted = using.draft({**own_row({"name": "Ada", "email": "a@b.co"}, "42"), "Notes": "42"})

    assert metadata(drafted) == '{"a":42,"Notes":"42"}'


def test_json_lines_of_our_own_are_not_taken_for_cells() -> None:
    columns = ["id", "name", "email", "source", "metadata", "createdAt", "updatedAt", "workspaceId"]
    using = drafter(detect(columns, None, None), own_export=True, in_cells=False)

    drafted = using.draft({"id": "lead_1", "name": "'=x", "email": "a@b.co", "metadata": {"a": "'=1", "b": "42"}})

    assert (drafted.draft.name, drafted.draft.source, drafted.lead_id) == ("'=x", None, "lead_1")
    assert metadata(drafted) == """{"a":"'=1","b":"42"}"""
