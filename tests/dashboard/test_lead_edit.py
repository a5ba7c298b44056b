"""What a lead's form changes: what was touched and nothing else, in the type that it had."""

import msgspec
import pytest

from leadlight.dashboard.form import Form
from leadlight.dashboard.lead_edit import Edit, draft_of, form_of, json_patch, texts_of
from leadlight.errors import InvalidInput
from leadlight.leads.change import LeadDraft, LeadPatch
from leadlight.leads.lead import Lead, LeadStatus
from leadlight.leads.metadata import merge

METADATA = b'{"company":"Parkside","score":1.50,"vip":true,"tags":["a","b"],"note":"two\\r\\nlines ","plan":null}'
LEAD = Lead(
    "lead_1",
    "ws_1",
    "Ada Park",
    "ada@example.com",
    None,
    "website",
    LeadStatus.NEW,
    msgspec.Raw(METADATA),
    1_768_473_000_000,
    1_768_473_000_000,
    1,
)


def typed(lead: Lead = LEAD, **fields: str) -> Form:
    """The lead's form with some fields typed over; `_` stands for the dot."""
    texts = texts_of(lead) | {name.replace("meta_", "meta."): value for name, value in fields.items()}
    return Form([*texts.items(), *((f"was.{name}", text) for name, text in texts_of(lead).items())])


def metadata_of(edit: Edit) -> object:
    assert isinstance(edit.patch.metadata, msgspec.Raw)
    return msgspec.json.decode(edit.patch.metadata)


def test_a_form_that_nobody_touched_changes_nothing() -> None:
    assert Edit(form_of(LEAD), LEAD).patch == LeadPatch()


def test_a_browser_that_sends_its_own_ends_of_lines_touches_nothing() -> None:
    assert Edit(typed(meta_note="two\nlines "), LEAD).patch == LeadPatch()


def test_what_was_touched_is_changed() -> None:
    form = typed(name=" Ada Lovelace ", phone="+44 20 7946 0958", source="", status="lost")

    assert Edit(form, LEAD).patch == LeadPatch(
        "Ada Lovelace", phone="+44 20 7946 0958", source=None, status=LeadStatus.LOST
    )


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        ("meta_company", "42", "42"),  # text stays text
        ("meta_score", "42", 42),
        ("meta_score", "high", "high"),
        ("meta_vip", "false", False),
        ("meta_tags", '["a"]', ["a"]),
        ("meta_tags", "[a", "[a"),
    ],
)
def test_a_value_keeps_its_type_where_it_can(field: str, text: str, value: object) -> None:
    assert metadata_of(Edit(typed(**{field: text}), LEAD)) == {field.removeprefix("meta_"): value}


@pytest.mark.parametrize(("text", "value"), [("42", 42), ("4.5", 4.5), ("true", True), ("042", "042"), ("[1]", "[1]")])
def test_a_new_value_is_a_number_only_where_it_looks_like_one(text: str, value: object) -> None:
    assert metadata_of(Edit(typed(newKey="new", newValue=text), LEAD)) == {"new": value}


def test_a_number_keeps_its_digits() -> None:
    patch = Edit(typed(meta_score="1.10"), LEAD).patch

    assert isinstance(patch.metadata, msgspec.Raw)
    assert bytes(patch.metadata) == b'{"score":1.10}'


def test_a_key_is_removed() -> None:
    form = Form([("remove", "company"), ("remove", "unknown")])

    assert metadata_of(Edit(form, LEAD)) == {"company": None}


def test_what_others_changed_meanwhile_elsewhere_is_left_to_them() -> None:
    form = typed(name="Ada Lovelace")
    now = msgspec.structs.replace(LEAD, status=LeadStatus.LOST, email="new@example.com")

    edit = Edit(form, now)

    assert (edit.conflicts, edit.patch) == ({}, LeadPatch(name="Ada Lovelace"))


def test_what_both_changed_is_a_conflict_that_shows_the_other() -> None:
    now = msgspec.structs.replace(LEAD, name="Ada King", metadata=msgspec.Raw(b'{"company":"Kingside"}'))

    assert Edit(typed(name="Ada Lovelace", meta_company="Acme"), now).conflicts == {
        "name": "Ada King",
        "meta.company": "Kingside",
    }


def test_what_both_changed_alike_is_none() -> None:
    assert Edit(typed(name="Ada King"), msgspec.structs.replace(LEAD, name="Ada King")).conflicts == {}


def test_every_problem_is_told() -> None:
    form = typed(name=" ", email="nothing", status="gone", newValue="1")

    with pytest.raises(InvalidInput) as raised:
        _ = Edit(form, LEAD).patch

    assert {problem.field for problem in raised.value.problems} == {"name", "email", "status", "newKey"}


@pytest.mark.parametrize(
    "wanted",
    [
        b"{}",
        b'{"company":"Parkside"}',
        b'{"company":{"name":"Parkside"},"score":1.5}',
        b'{"deep":{"b":2}}',
    ],
)
def test_json_that_is_typed_is_what_will_be_there(wanted: bytes) -> None:
    lead = msgspec.structs.replace(LEAD, metadata=msgspec.Raw(b'{"company":"X","deep":{"a":{"c":1},"b":1}}'))

    patch = json_patch(lead, Form([("json", wanted.decode())])).metadata

    assert isinstance(patch, msgspec.Raw)
    assert msgspec.json.decode(merge(lead.metadata, patch)) == msgspec.json.decode(wanted)


@pytest.mark.parametrize("text", ["", "[]", "1", '{"a":', "{'a': 1}", '{"a": 1,}'])
def test_json_that_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        json_patch(LEAD, Form([("json", text)]))


def test_a_new_lead_has_what_was_typed() -> None:
    form = Form(
        [("name", "Ada"), ("email", "ada@example.com"), ("phone", ""), ("newKey", "company"), ("newValue", "P")]
    )

    assert draft_of(form) == LeadDraft("Ada", "ada@example.com", metadata=msgspec.Raw(b'{"company":"P"}'))
