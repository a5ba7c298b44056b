"""Ids: TypeIDs that rise, and the forms that are accepted."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadlight.ids import EVENT, KEY, LEAD, WORKSPACE, IdFactory, IdKind


def zero(_: int) -> int:
    return 0


def ones(bits: int) -> int:
    return (1 << bits) - 1


def test_an_id_is_a_prefix_and_a_uuid7_in_base_32() -> None:
    # The TypeID specification's own example: 01890a5d-ac96-774b-bcce-b302099a8057
    new_id = IdFactory(lambda: 0x01890A5DAC96, lambda _: 0x74B << 62 | 0x3CCEB302099A8057)

    assert new_id(LEAD) == "lead_01h455vb4pex5vsknk084sn02q"


@pytest.mark.parametrize(("kind", "prefix"), [(LEAD, "lead_"), (WORKSPACE, "ws_"), (KEY, "key_"), (EVENT, "evt_")])
def test_each_kind_has_its_prefix_and_accepts_its_own(kind: IdKind, prefix: str) -> None:
    made = IdFactory()(kind)

    assert re.fullmatch(f"{prefix}[0-9a-hjkmnp-tv-z]{{26}}", made)
    assert kind.accepts(made)


@pytest.mark.parametrize(
    ("text", "accepted"),
    [
        ("lead_1", True),
        ("lead_1234567890abcdef", True),
        ("lead_ABCxyz", True),
        ("lead_" + "a" * 59, True),
        ("lead_" + "a" * 60, False),
        ("lead_", False),
        ("lead", False),
        ("", False),
        ("Lead_1", False),
        ("key_1", False),
        ("lead-1", False),
        ("lead_a-b", False),
        ("lead_a_b", False),
        ("lead_1\n", False),
        (" lead_1", False),
        ("lead_é", False),
        ("lead_\u0661", False),
    ],
)
def test_a_lead_id_is_the_prefix_and_alphanumerics(text: str, accepted: bool) -> None:
    assert LEAD.accepts(text) is accepted


@given(st.lists(st.integers(-5, 5), min_size=1, max_size=20), st.sampled_from([zero, ones]))
def test_ids_rise_even_when_the_clock_does_not(steps: list[int], random_bits: Callable[[int], int]) -> None:
    now = [1_000]
    new_id = IdFactory(lambda: now[0], random_bits)
    made = []
    for step in steps:
        now[0] += step
        made.append(new_id(LEAD))

    assert made == sorted(made)
    assert len(set(made)) == len(made)


def test_ids_sort_by_time() -> None:
    assert IdFactory(lambda: 1, ones)(LEAD) < IdFactory(lambda: 2, zero)(LEAD)


def test_threads_never_get_the_same_id() -> None:
    new_id = IdFactory(lambda: 1)

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: new_id(LEAD), range(2_000)))

    assert len(set(made)) == 2_000


def test_the_kind_of_bits_that_rfc_9562_asks_for() -> None:
    alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
    number = 0
    for letter in IdFactory(lambda: 0x0123456789AB, ones)(LEAD).removeprefix("lead_"):
        number = number * 32 + alphabet.index(letter)

    assert number >> 80 == 0x0123456789AB
    assert number >> 76 & 15 == 7
    assert number >> 62 & 3 == 2
