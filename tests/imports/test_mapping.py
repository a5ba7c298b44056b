"""Columns to fields of leads: what was said wins, then the preset, then the header; nothing is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadlight.errors import InvalidInput
from leadlight.imports.mapping import detect, is_own_export, parse_mapping

OWN_EXPORT = [
    "id", "name", "email", "phone", "source", "status", "metadata.company", "createdAt", "updatedAt", "workspaceId",
]  # fmt: skip


def problems(caught: pytest.ExceptionInfo[InvalidInput]) -> dict[str, str]:
    return {problem.field: problem.message for problem in caught.value.problems}


# By header


@pytest.mark.parametrize(
    ("header", "target"),
    [
        ("email", "email"),
        ("\ufeffE-Mail *", "email"),
        ("E-MAIL-ADRESSE", "email"),
        ("email_address", "email"),
        ("E-mail 1 - Value", "email"),
        ("Courriel", "email"),
        ("Adresse e-mail", "email"),
        ("Correo electrónico", "email"),
        ("Correo electronico:", "email"),
        ("ＥＭＡＩＬ", "email"),  # noqa: RUF001
    ],
)
def test_an_email_is_known_in_four_languages(header: str, target: str) -> None:
    assert detect([header, "name"], None, None)[header] == target


@pytest.mark.parametrize(
    ("header", "target"),
    [
        ("Phone number", "phone"),
        ("Telefon", "phone"),
        ("Telefon (mobil)", "phone"),
        ("Handy-Nr.", "phone"),
        ("Téléphone", "phone"),
        ("N° de téléphone", "phone"),
        ("Teléfono", "phone"),
        ("Móvil", "phone"),
        ("Lead Source", "source"),
        ("Quelle", "source"),
        ("Provenance", "source"),
        ("Origen", "source"),
        ("Lead-Status", "status"),
        ("Statut", "status"),
        ("Estado", "status"),
        ("Created at", "createdAt"),
        ("created_time", "createdAt"),
        ("Erstellt am", "createdAt"),
        ("Créé le", "createdAt"),
        ("Fecha de creación", "createdAt"),
        ("Full name", "name"),
        ("Vollständiger Name", "name"),
        ("Nom et prénom", "name"),
        ("Nombre completo", "name"),
        ("Company", "metadata.Company"),
        ("utm_source", "metadata.utm_source"),
        ("ID", "metadata.ID"),
        ("updatedAt", "metadata.updatedAt"),
        ("metadata.company", "metadata.company"),
        ("metadata", "metadata"),
        ("_row", ""),
        ("_line", ""),
        ("_error", ""),
        (" ", ""),
    ],
)
def test_other_fields_are_known_too_and_the_rest_is_metadata(header: str, target: str) -> None:
    assert detect(["email", "firstName", "lastName", header], None, None)[header] == target


@pytest.mark.parametrize(
    ("columns", "targets"),
    [
        (["Vorname", "Nachname"], ["firstName", "lastName"]),
        (["Vorname", "Name"], ["firstName", "lastName"]),
        (["Name", "Vorname"], ["lastName", "firstName"]),
        (["Name"], ["name"]),
        (["Prénom", "Nom"], ["firstName", "lastName"]),
        (["NOM", "PRENOM"], ["lastName", "firstName"]),
        (["Nom"], ["name"]),
        (["Nombre", "Apellidos"], ["firstName", "lastName"]),
        (["Nombre"], ["name"]),
        (["Name", "Surname"], ["firstName", "lastName"]),
        (["First Name", "Last Name", "Name"], ["firstName", "lastName", "name"]),
        (["Full name", "Name"], ["name", "metadata.Name"]),
        (["given_name", "family_name"], ["firstName", "lastName"]),
    ],
)
def test_a_name_is_whole_or_in_parts(columns: list[str], targets: list[str]) -> None:
    found = detect([*columns, "email"], None, None)

    assert [found[column] for column in columns] == targets


def test_the_first_of_two_columns_has_the_field_and_the_second_is_metadata() -> None:
    found = detect(["name", "Email", "E-Mail", "Phone", "Mobile"], None, None)

    assert found == {
        "name": "name",
        "Email": "email",
        "E-Mail": "metadata.E-Mail",
        "Phone": "phone",
        "Mobile": "metadata.Mobile",
    }


def test_a_key_of_the_metadata_is_taken_once() -> None:
    found = detect(["name", "email", "company", "metadata.company"], {"company": "metadata.company"}, None)

    assert found["company"] == "metadata.company"
    assert found["metadata.company"] == "metadata.metadata.company"


# As given


def test_what_was_given_wins_over_the_header() -> None:
    found = detect(["Contact", "Email", "Work email"], {"Contact": "name", "Work email": "email", "Email": ""}, None)

    assert found == {"Contact": "name", "Email": "", "Work email": "email"}


def test_what_was_given_leaves_the_rest_to_the_header() -> None:
    found = detect(["Email", "Name", "Second email"], {"Second email": "email"}, None)

    assert found == {"Email": "metadata.Email", "Name": "name", "Second email": "email"}


def test_a_first_name_that_was_given_makes_the_name_the_last() -> None:
    assert detect(["Rufname?", "Name", "Email"], {"Rufname?": "firstName"}, None)["Name"] == "lastName"


@pytest.mark.parametrize("target", ["name", "firstName", "createdAt", "id", "metadata.a.b", "metadata", ""])
def test_a_mapping_may_name_any_target(target: str) -> None:
    assert parse_mapping({"column": target}) == {"column": target}


def test_every_problem_of_a_mapping_is_named() -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_mapping({"A": "mail", "B": "email", "C": "email", "D": "metadata.x", "E": "metadata.x", "F": "Email"})

    assert problems(caught) == {
        "mapping.A": "is mapped to 'mail', which is none of name, firstName, lastName, email, phone, source, status, "
        'createdAt, followUpAt, followUpNote, id, metadata, metadata.<key> or "" to leave the column out',
        "mapping.C": 'is mapped to email, and so is "B"; map one of them',
        "mapping.E": 'is mapped to metadata.x, and so is "D"; map one of them',
        "mapping.F": "is mapped to 'Email', which is none of name, firstName, lastName, email, phone, source, status, "
        'createdAt, followUpAt, followUpNote, id, metadata, metadata.<key> or "" to leave the column out',
    }


def test_many_columns_may_be_left_out() -> None:
    assert parse_mapping({"A": "", "B": ""}) == {"A": "", "B": ""}


def test_a_mapping_of_columns_that_are_not_there_says_which_are() -> None:
    with pytest.raises(InvalidInput) as caught:
        detect(["E-Mail", "Name"], {"e-mail": "email", "Firma": "metadata.company"}, None)

    assert problems(caught) == {
        "mapping.e-mail": 'the file has no such column, but "E-Mail"',
        "mapping.Firma": 'the file has no such column; it has "E-Mail", "Name"',
    }


# What every lead needs


def test_a_file_without_emails_and_names_is_told_how_to_map_them() -> None:
    with pytest.raises(InvalidInput) as caught:
        detect(["Kontaktweg", "Wer"], None, None)

    no_email, no_name = [problem.message for problem in caught.value.problems]
    assert no_email == (
        "no column is known to hold an email, which every lead needs; say which one does, as in "
        '{"Kontaktweg": "email"}; the file has "Kontaktweg", "Wer"'
    )
    assert no_name.startswith("no column is known to hold a name")


def test_an_email_alone_is_no_name() -> None:
    with pytest.raises(InvalidInput, match="Validation failed") as caught:
        detect(["Email"], None, None)

    assert [problem.field for problem in caught.value.problems] == ["mapping"]


@pytest.mark.parametrize("header", ["First name", "Last name", "Name"])
def test_one_part_of_a_name_is_enough(header: str) -> None:
    assert detect(["Email", header], None, None)["Email"] == "email"


def test_a_name_may_come_from_the_defaults() -> None:
    assert detect(["Email"], None, None, defaults={"name"}) == {"Email": "email"}


def test_a_file_of_very_many_columns_is_told_in_few_words() -> None:
    with pytest.raises(InvalidInput) as caught:
        detect([f"column {number}" + "x" * 1000 for number in range(10_000)], None, None)

    assert all(len(problem.message) < 2000 for problem in caught.value.problems)


# Our own export


def test_our_own_export_is_taken_as_it_was_written() -> None:
    assert detect(OWN_EXPORT, None, None) == {
        **{column: column for column in OWN_EXPORT},
        "updatedAt": "",
        "workspaceId": "",
    }


@pytest.mark.parametrize(
    ("columns", "is_ours"),
    [
        (OWN_EXPORT, True),
        (["_row", "_line", "_error", *OWN_EXPORT], True),
        ([column for column in OWN_EXPORT if column != "workspaceId"], True),
        ([column for column in OWN_EXPORT if column not in ("phone", "updatedAt", "metadata.company")], True),
        ([*OWN_EXPORT, "Notes"], True),
        ([column for column in OWN_EXPORT if column != "id"], False),
        ([column for column in OWN_EXPORT if column not in ("workspaceId", "updatedAt")], False),
        ([column.upper() for column in OWN_EXPORT], False),
        (["id", "name", "email", "createdAt", "updatedAt"], False),
        (["name", "email"], False),
    ],
)
def test_our_own_export_is_known_by_its_columns(columns: list[str], is_ours: bool) -> None:
    assert is_own_export(columns) is is_ours


def test_what_was_given_wins_over_our_own_export() -> None:
    found = detect(OWN_EXPORT, {"id": "metadata.old_id", "updatedAt": "metadata.changed"}, None)

    assert (found["id"], found["updatedAt"]) == ("metadata.old_id", "metadata.changed")


COLUMNS = st.lists(
    st.sampled_from(
        ["Email", "E-Mail", "Name", "Nom", "Vorname", "Apellidos", "id", "metadata.a", "a", "_row", "Phone"]
    )
    | st.text(max_size=4),
    unique=True,
)


@given(COLUMNS)
def test_every_column_has_a_target_and_every_target_one_column(columns: list[str]) -> None:
    found = detect(["email", "Full name", *columns], None, None) if not {"email", "Full name"} & {*columns} else {}

    targets = [target for target in found.values() if target]
    assert len(targets) == len(set(targets))
    assert not found or list(found) == ["email", "Full name", *columns]
    assert parse_mapping(found) == found
