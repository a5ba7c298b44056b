"""Exports of other systems, with the headers and states that their documentation has."""

import pytest

from leadlight.errors import InvalidInput
from leadlight.imports.drafting import Drafter
from leadlight.imports.mapping import Target, detect
from leadlight.imports.presets import PRESETS, Preset, get_preset
from leadlight.imports.synonyms import simplify

EXPORTS = {
    "hubspot": {
        "Record ID": "metadata.hubspot_id",
        "First Name": "firstName",
        "Last Name": "lastName",
        "Email": "email",
        "Phone Number": "phone",
        "Contact owner": "metadata.Contact owner",
        "Lifecycle Stage": "metadata.Lifecycle Stage",
        "Lead Status": "status",
        "Create Date": "createdAt",
        "Company Name": "metadata.company",
        "Original Source": "source",
    },
    "salesforce": {
        "Lead ID": "metadata.salesforce_id",
        "First Name": "firstName",
        "Last Name": "lastName",
        "Title": "metadata.Title",
        "Company / Account": "metadata.company",
        "Lead Source": "source",
        "Lead Status": "status",
        "Email": "email",
        "Mobile": "metadata.Mobile",
        "Phone": "phone",
        "Created Date": "createdAt",
    },
    "pipedrive": {
        "Person - ID": "metadata.pipedrive_id",
        "Person - Name": "name",
        "Person - First name": "firstName",
        "Person - Last name": "lastName",
        "Person - Organization": "metadata.company",
        "Person - Email - Home": "metadata.Person - Email - Home",
        "Person - Email - Work": "email",
        "Person - Phone - Work": "phone",
        "Person - Label": "metadata.Person - Label",
        "Person - Person created": "createdAt",
    },
    "close": {
        "id": "metadata.close_id",
        "display_name": "metadata.company",
        "status_id": "metadata.status_id",
        "status_label": "status",
        "primary_contact_name": "name",
        "primary_contact_primary_email": "email",
        "primary_contact_primary_phone": "phone",
        "date_created": "createdAt",
        "custom.Lead Source": "source",
    },
    "zoho": {
        "Record Id": "metadata.zoho_id",
        "Lead Owner": "metadata.Lead Owner",
        "Company": "metadata.company",
        "First Name": "firstName",
        "Last Name": "lastName",
        "Full Name": "name",
        "Email": "email",
        "Secondary Email": "metadata.Secondary Email",
        "Phone": "phone",
        "Lead Source": "source",
        "Lead Status": "status",
        "Created Time": "createdAt",
    },
}


@pytest.mark.parametrize(("preset", "targets"), EXPORTS.items(), ids=EXPORTS)
def test_an_export_of_another_system_needs_no_mapping(preset: str, targets: dict[str, str]) -> None:
    assert detect(list(targets), None, preset) == targets


def test_a_lifecycle_stage_is_the_status_where_there_is_no_other() -> None:
    assert detect(["Email", "Last Name", "Lifecycle Stage"], None, "hubspot")["Lifecycle Stage"] == "status"


@pytest.mark.parametrize(
    ("preset", "theirs", "ours"),
    [
        ("hubspot", "NEW", "new"),
        ("hubspot", "IN_PROGRESS", "contacted"),
        ("hubspot", "Open deal", "qualified"),
        ("hubspot", "BAD_TIMING", "follow_up"),
        ("hubspot", "marketingqualifiedlead", "qualified"),
        ("hubspot", "Customer", "converted"),
        ("salesforce", "Open - Not Contacted", "new"),
        ("salesforce", "Working - Contacted", "contacted"),
        ("salesforce", "Closed - Converted", "converted"),
        ("salesforce", "Closed - Not Converted", "lost"),
        ("salesforce", "Nurturing", "follow_up"),
        ("pipedrive", "Won", "converted"),
        ("close", "Potential", "new"),
        ("close", "Bad Fit", "lost"),
        ("zoho", "-None-", "new"),
        ("zoho", "Attempted to Contact", "contacted"),
        ("zoho", "Contact in Future", "follow_up"),
        ("zoho", "Pre-Qualified", "qualified"),
        ("zoho", "Lost Lead", "lost"),
        ("zoho", "Junk Lead", "lost"),
    ],
)
def test_their_states_are_ours(preset: str, theirs: str, ours: str) -> None:
    drafter = Drafter({"n": "name", "e": "email", "s": "status"}, defaults=None, preset=preset)

    assert drafter.draft({"n": "Ada", "e": "ada@example.com", "s": theirs}).draft.status == ours


def test_what_was_given_wins_over_the_preset() -> None:
    found = detect(list(EXPORTS["hubspot"]), {"Lifecycle Stage": "status", "Record ID": ""}, "hubspot")

    assert (found["Lifecycle Stage"], found["Lead Status"]) == ("status", "metadata.Lead Status")
    assert found["Record ID"] == ""


def test_the_preset_wins_over_the_header() -> None:
    columns = ["lead_name", "primary_contact_name", "primary_email"]

    assert detect(columns, None, None)["lead_name"] == "name"
    assert detect(columns, None, "close")["lead_name"] == "metadata.company"


def test_a_preset_that_is_not_known_says_which_are() -> None:
    with pytest.raises(InvalidInput) as caught:
        get_preset("sugar")

    assert caught.value.problems[0].message == "is no preset; there are hubspot, salesforce, pipedrive, close, zoho"


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)
def test_a_preset_names_every_column_and_every_state_once(preset: Preset) -> None:
    assert len({simplify(header) for header in preset.columns}) == len(preset.columns)
    assert len({simplify(name) for name in preset.statuses}) == len(preset.statuses)


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)
def test_a_preset_has_targets_that_there_are(preset: Preset) -> None:
    for target in preset.columns.values():
        assert Target.of(target).kind
