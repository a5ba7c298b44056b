"""Values of every kind that a file can give: their text, and their JSON."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from msgspec import Raw

from leadlight.errors import Invalid
from leadlight.imports.values import json_value, object_value, text_of


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (" Ada ", "Ada"),
        ("\u00a0", None),
        ("", None),
        (None, None),
        (442079460958, "442079460958"),
        (442079460958.0, "442079460958"),
        (1.5, "1.5"),
        (Decimal("1.50"), "1.50"),
        (Raw(b'" Ada "'), "Ada"),
        (Raw(b"null"), None),
        (Raw(b"12345678901234567890"), "12345678901234567890"),
        (Raw(b"1.50"), "1.50"),
    ],
)
def test_a_value_has_a_text(value: object, text: str | None) -> None:
    assert text_of(value) == text


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (True, "invalid_type"),
        (["Ada"], "invalid_type"),
        ({}, "invalid_type"),
        (date(2024, 3, 31), "invalid_type"),
        (float("nan"), "invalid_type"),
        (float("inf"), "invalid_type"),
        (Raw(b"[]"), "invalid_type"),
        (Raw(b"true"), "invalid_type"),
        (Raw(b"[1,"), "invalid_json"),
        ("A\0da", "invalid_character"),
        ("Ad\ud800a", "invalid_character"),
        (Raw(b'"\xff"'), "invalid_character"),
    ],
)
def test_what_has_no_text_is_refused(value: object, code: str) -> None:
    with pytest.raises(Invalid) as caught:
        text_of(value)

    assert caught.value.code == code


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, b"true"),
        (42, b"42"),
        (42.0, b"42.0"),
        (10**30, b"1000000000000000000000000000000"),
        (Decimal("1.50"), b"1.50"),
        (date(2024, 3, 31), b'"2024-03-31"'),
        (datetime(2024, 3, 31), b'"2024-03-31"'),  # noqa: DTZ001  (a spreadsheet knows no zones)
        (datetime(2024, 3, 31, 14, 5), b'"2024-03-31T14:05:00"'),  # noqa: DTZ001  (the same)
        (datetime(2024, 3, 31, tzinfo=UTC), b'"2024-03-31T00:00:00+00:00"'),
        (time(14, 5), b'"14:05:00"'),
        (timedelta(hours=1), b'"1:00:00"'),
        (["a", {"b": None}], b'["a",{"b":null}]'),
        ("Ada", b'"Ada"'),
        (Raw(b"1.10"), b"1.10"),
        (Raw(b'{ "a" : [ 1 ] }'), b'{"a":[1]}'),
        (None, None),
        ("  ", None),
        (Raw(b"null"), None),
    ],
)
def test_a_value_keeps_its_type_in_json(value: object, expected: bytes | None) -> None:
    raw = json_value(value)

    assert (raw and bytes(raw)) == expected


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (float("nan"), "invalid_type"),
        ([float("inf")], "invalid_type"),
        (object(), "invalid_type"),
        ([10**400], "invalid_json"),
        (Raw(b"1e999"), "invalid_json"),
        (Raw(b'{"a":1,"a":2}'), "invalid_json"),
        (Raw(b"[" * 32 + b"]" * 32), "invalid_json"),
        (Raw(b"[" * 100_000 + b"]" * 100_000), "invalid_json"),
        (Raw(rb'"\ud800"'), "invalid_json"),
        (["\ud800"], "invalid_character"),
        (Raw(b'"\xff"'), "invalid_character"),
    ],
)
def test_what_json_can_not_carry_is_refused(value: object, code: str) -> None:
    with pytest.raises(Invalid) as caught:
        json_value(value)

    assert caught.value.code == code


def test_an_object_gives_its_values() -> None:
    assert object_value({"a": 1, "b": None}) == {"a": Raw(b"1"), "b": Raw(b"null")}
    assert object_value(Raw(b'{"a":1.10}')) == {"a": Raw(b"1.10")}


@pytest.mark.parametrize("value", ['{"a":1}', [1], 42, None, Raw(b"null")])
def test_anything_else_is_no_object(value: object) -> None:
    assert object_value(value) is None
