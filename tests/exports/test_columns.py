"""Which columns an export has, and what it can't hold."""

import pytest
from msgspec import Raw

from leadlight.errors import InvalidInput
from leadlight.exports.columns import MetadataKeys, fits_in_a_cell, header


def raw(text: str) -> Raw:
    return Raw(text.encode())


def test_the_keys_of_metadata_stand_in_the_order_in_which_they_are_met() -> None:
    keys = MetadataKeys(in_sheets=True)

    keys.look_at([raw('{"b":1,"a":2}'), raw("{}")])
    keys.look_at([raw('{"c":{"d":1},"a":null}')])

    assert keys.found == ["b", "a", "c"]


def test_the_header_names_what_an_import_knows() -> None:
    assert header(["a.b", ""]) == [
        *("id", "name", "email", "phone", "source", "status"),
        *("metadata.a.b", "metadata."),
        *("followUpAt", "followUpNote", "createdAt", "updatedAt", "workspaceId"),
    ]


@pytest.mark.parametrize("in_sheets", [True, False])
def test_more_keys_than_a_sheet_has_columns_are_refused(in_sheets: bool) -> None:
    fits = ",".join(f'"{number}":1' for number in range(16_373))
    keys = MetadataKeys(in_sheets=in_sheets)
    keys.look_at([raw(f"{{{fits}}}")])

    with pytest.raises(InvalidInput) as caught:
        keys.look_at([raw('{"one more":1}')])

    assert [(problem.field, problem.code) for problem in caught.value.problems] == [("format", "too_many")]


def test_a_value_that_no_cell_holds_is_refused_for_sheets_alone() -> None:
    long = [raw(f'{{"notes":"{"n" * 32_768}"}}')]
    MetadataKeys(in_sheets=False).look_at(long)

    with pytest.raises(InvalidInput) as caught:
        MetadataKeys(in_sheets=True).look_at(long)

    assert [(problem.field, problem.code) for problem in caught.value.problems] == [("format", "too_long")]


@pytest.mark.parametrize(
    ("text", "fits"),
    [("n" * 32_767, True), ("n" * 32_768, False), ("😀" * 16_383, True), ("😀" * 16_384, False), ("é" * 32_767, True)],
)
def test_a_cell_counts_as_spreadsheets_do(text: str, fits: bool) -> None:
    assert fits_in_a_cell(text) is fits
