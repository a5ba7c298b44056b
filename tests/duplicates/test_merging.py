"""What becomes of a lead that another one is merged into: gaps are filled, nothing that it has is lost."""

import json
from typing import Any

import msgspec
import pytest

from leadlight.duplicates.merging import merge
from leadlight.errors import InvalidInput
from leadlight.leads.lead import Lead, LeadStatus


def lead(id_: str, **values: Any) -> Lead:
    metadata = msgspec.Raw(json.dumps(values.pop("metadata", {})).encode())
    lacking = {"name": "Ada", "email": f"{id_}@example.com", "phone": None, "source": None, "status": LeadStatus.NEW}
    return Lead(
        f"lead_{id_}", "ws_1", **{**lacking, **values}, metadata=metadata, created_at=1, updated_at=5, version=3
    )


def merged_metadata(mine: Any, other: Any, **prefer: str) -> Any:
    names = {f"metadata.{key}": lead_id for key, lead_id in prefer.items()}
    after, _ = merge(lead("a", metadata=mine), lead("b", metadata=other), names, now=9)
    return json.loads(bytes(after.metadata))


def problems(error: pytest.ExceptionInfo[InvalidInput]) -> dict[str, str]:
    return {problem.field: problem.code for problem in error.value.problems}


def test_what_it_has_stays_and_what_it_lacks_is_filled() -> None:
    survivor = lead("a", name="Ada Park", source="fair", status=LeadStatus.NEW)
    duplicate = lead("b", name="A. Park", phone="+1 555", source="web", status=LeadStatus.LOST)

    after, changes = merge(survivor, duplicate, {}, now=9)

    assert (after.id, after.name, after.email, after.phone) == ("lead_a", "Ada Park", "a@example.com", "+1 555")
    assert (after.source, after.status, after.created_at) == ("fair", LeadStatus.NEW, 1)
    assert list(changes) == ["phone"]
    assert (bytes(changes["phone"].before), bytes(changes["phone"].after)) == (b"null", b'"+1 555"')


def test_it_is_another_version_even_when_nothing_changes() -> None:
    after, changes = merge(lead("a"), lead("b"), {}, now=9)

    assert (after.version, after.updated_at, changes) == (4, 9, {})


def test_a_clock_that_was_set_back_makes_no_lead_younger() -> None:
    assert merge(lead("a"), lead("b"), {}, now=2)[0].updated_at == 5
    assert merge(lead("a"), lead("b", phone="1"), {}, now=2)[0].updated_at == 5


def test_the_preferred_value_wins_field_by_field() -> None:
    survivor = lead("a", name="Ada", source="fair", phone="1")
    duplicate = lead("b", name="Ada Park", source="web", phone="2", status=LeadStatus.QUALIFIED)

    prefer = {"name": "lead_b", "email": "lead_b", "source": "lead_a", "status": "lead_b"}
    after, changes = merge(survivor, duplicate, prefer, now=9)

    assert (after.name, after.email, after.status) == ("Ada Park", "b@example.com", LeadStatus.QUALIFIED)
    assert (after.source, after.phone) == ("fair", "1")
    assert list(changes) == ["name", "email", "status"]


def test_a_preferred_lead_that_has_no_value_takes_none_away() -> None:
    after, changes = merge(lead("a", phone="1"), lead("b"), {"phone": "lead_b", "source": "lead_b"}, now=9)

    assert (after.phone, after.source, changes) == ("1", None, {})


@pytest.mark.parametrize(
    ("mine", "other", "expected"),
    [
        ({}, {"a": 1}, {"a": 1}),
        ({"a": 1}, {"a": 2, "b": 3}, {"a": 1, "b": 3}),
        ({"a": None}, {"a": 2}, {"a": 2}),
        ({"a": 1}, {"a": None}, {"a": 1}),
        ({"a": False, "b": 0, "c": []}, {"a": 1, "b": 1, "c": 1}, {"a": False, "b": 0, "c": []}),
        ({"a": [1]}, {"a": [2, 3]}, {"a": [1]}),
        ({"a": {"x": 1}}, {"a": {"x": 2, "y": {"z": 3}}}, {"a": {"x": 1, "y": {"z": 3}}}),
        ({"a": {"x": 1}}, {"a": 2}, {"a": {"x": 1}}),
        ({"a": 2}, {"a": {"x": 1}}, {"a": 2}),
    ],
)  # fmt: skip
def test_metadata_is_filled_level_by_level(mine: Any, other: Any, expected: Any) -> None:
    assert merged_metadata(mine, other) == expected


def test_a_preferred_key_wins_and_is_filled_in_its_turn() -> None:
    mine, other = {"a": {"x": 1, "y": 1}, "b": 1, "c": 1}, {"a": {"x": 2}, "b": 2, "c": None}

    after = merged_metadata(mine, other, a="lead_b", b="lead_b", c="lead_b")

    assert after == {"a": {"x": 2, "y": 1}, "b": 2, "c": 1}


def test_a_key_may_be_called_what_a_field_is_called() -> None:
    assert merged_metadata({"name": 1, "": 1}, {"name": 2, "": 2}, name="lead_b") == {"name": 2, "": 1}


def test_the_text_of_numbers_and_the_order_of_keys_stay() -> None:
    survivor = msgspec.structs.replace(lead("a"), metadata=msgspec.Raw(b'{"z":1.10,"a":null}'))
    duplicate = msgspec.structs.replace(lead("b"), metadata=msgspec.Raw(b'{"b":1e5,"a":12345678901234567890}'))

    after, _ = merge(survivor, duplicate, {}, now=9)

    assert bytes(after.metadata) == b'{"z":1.10,"a":12345678901234567890,"b":1e5}'


def test_metadata_that_gets_too_large_is_refused() -> None:
    with pytest.raises(InvalidInput) as error:
        merge(lead("a", metadata={"a": "x" * 40_000}), lead("b", metadata={"b": "x" * 40_000}), {}, now=9)

    assert problems(error) == {"metadata": "too_large"}


def test_what_cannot_be_preferred_is_named() -> None:
    prefer = {"name": "lead_c", "metadata.a": "lead_b", "metadata.b": "lead_b", "metadata.c": "lead_d"}

    with pytest.raises(InvalidInput) as error:
        merge(lead("a"), lead("b", metadata={"a": 1}), prefer, now=9)

    assert problems(error) == {
        "prefer.name": "invalid_choice",
        "prefer.metadata.b": "unknown_field",
        "prefer.metadata.c": "invalid_choice",
    }
