"""Which leads of a group are worth comparing: to compare each with each would take too long in large ones."""

from collections.abc import Callable, Iterator, Sequence

from leadlight.duplicates.traits import Traits

_NEIGHBOURS = 10
_LETTERS = 4
_FIGURES = 7

Pair = tuple[int, int]
"""Places in the group, the lower one first."""


def pairs_by_name(group: Sequence[Traits]) -> list[Pair]:
    """Each with the ten whose names come next in the alphabet."""
    return sorted(_neighbours(range(len(group)), lambda place: sorted(group[place].name)))


def pairs_by_more(group: Sequence[Traits]) -> list[Pair]:
    """Those that have more in common than what makes them a group: a domain, the name before it, a number, a company.

    Of many with the same, each with the ten whose mailboxes come next in the alphabet.
    """
    having: dict[tuple[str, str], list[int]] = {}
    for place, traits in enumerate(group):
        for each in _more_of(traits):
            having.setdefault(each, []).append(place)
    found = {pair for places in having.values() for pair in _neighbours(places, lambda place: group[place].mailbox)}
    return sorted(found)


def _more_of(traits: Traits) -> Iterator[tuple[str, str]]:
    local, _, domain = traits.mailbox.rpartition("@")
    yield "local", local
    yield "domain", domain
    if len(traits.phone) >= _FIGURES:
        yield "phone", traits.phone[-_FIGURES:]
    if traits.company:  # its first letters, however the rest is written
        yield "company", "".join(traits.company)[:_LETTERS]


def _neighbours(places: Sequence[int], order: Callable[[int], list[str] | str]) -> Iterator[Pair]:
    ordered = sorted(places, key=order)
    for index, one in enumerate(ordered):
        for other in ordered[index + 1 : index + 1 + _NEIGHBOURS]:
            yield min(one, other), max(one, other)
