"""Which leads of a group are compared: all of a small one, and of a large one those with more in common."""

import msgspec

from leadlight.duplicates.pairing import pairs_by_more, pairs_by_name
from leadlight.duplicates.traits import Traits
from leadlight.leads.change import LeadDraft, new_lead


def traits(name: str, email: str, phone: str | None = None, company: str = "") -> Traits:
    metadata = msgspec.Raw(msgspec.json.encode({"company": company}))
    draft = LeadDraft(name, email, phone=phone, metadata=metadata)
    return Traits.of(new_lead(draft, lead_id="lead_1", workspace_id="ws_1", now=0))


def test_of_a_small_group_all_are_compared() -> None:
    group = [traits(name, f"{name}@example.com") for name in ("c", "a", "b")]

    assert pairs_by_name(group) == [(0, 1), (0, 2), (1, 2)]


def test_of_a_large_group_those_whose_names_are_near_are_compared() -> None:
    group = [traits(first, "a@b.io") for first in "abcdefghijklmnop" * 4]

    pairs = pairs_by_name(group)

    assert len(pairs) == 54 * 10 + 45
    assert (0, 48) in pairs  # both are a
    assert (0, 15) not in pairs  # a and p


def test_a_name_alone_is_not_enough() -> None:
    assert pairs_by_more([traits("Ada Park", "ada@a.io"), traits("Ada Park", "apark@b.io")]) == []


def test_a_domain_a_local_part_a_number_or_a_company_is() -> None:
    group = [
        traits("Ada Park", "ada@a.io", "+44 20 7946 0958", "Park Side"),
        traits("Ada Park", "other@a.io"),
        traits("Ada Park", "ada@b.io"),
        traits("Ada Park", "third@c.io", "020 7946 0958"),
        traits("Ada Park", "fourth@d.io", None, "Parkside Analytics Ltd"),
        traits("Ada Park", "fifth@e.io", "12", "Oak"),
    ]

    assert pairs_by_more(group) == [(0, 1), (0, 2), (0, 3), (0, 4)]


def test_a_pair_with_several_things_in_common_is_compared_once() -> None:
    group = [traits("Ada Park", "ada@a.io", "5550104477", "Oak")] * 2

    assert pairs_by_more(group) == [(0, 1)]


def test_the_work_for_a_group_with_everything_in_common_is_bounded() -> None:
    group = [traits("Unknown", f"{number}@a.io", "5550104477", "Oak") for number in range(500)]

    assert len(pairs_by_more(group)) < 500 * 10
