"""What a dry run remembers of leads that it would have made or changed: so a file's own duplicates are told as such."""

from array import array
from collections.abc import Sequence

import msgspec

from leadlight.duplicate_rule import DuplicateRule, OnDuplicate
from leadlight.errors import Conflict
from leadlight.leads.intake import Incoming, Outcome, Taken
from leadlight.leads.matching import identity_if_any, identity_of_lead

_NOTHING = 1


class Look(msgspec.Struct):
    """Outcomes as they would be, and what has to be remembered once they are certain, by number."""

    taken: list[Taken]
    held: dict[int, int] = {}
    now: dict[int, int] = {}


class Seen:
    """Numbers stand for identities and leads: millions fit in memory, and two alike are rare enough to count by.

    The store stays as it was, so each chunk meets it without what those before it would have done.
    """

    def __init__(self, rule: DuplicateRule) -> None:
        self._rule = rule
        self._held = _Map()  # identity: how many leads have it that the store does not know by it
        self._now = _Map()  # lead of the store: the identity that it came to have

    def look_at(self, incoming: Sequence[Incoming], taken: Sequence[Taken]) -> Look:
        """The outcomes as they would be if all that was remembered had been stored; remembers nothing itself."""
        if self._rule.on_duplicate is OnDuplicate.CREATE:
            return Look(list(taken))
        look, origins = Look([]), dict[int, int]()
        for each, one in zip(incoming, taken, strict=True):
            look.taken.append(self._look(each, one, look, origins))
        return look

    def remember(self, look: Look) -> None:
        for number, count in look.held.items():
            self._held.put(number, count)
        for lead, number in look.now.items():
            self._now.put(lead, number)

    def _look(self, incoming: Incoming, one: Taken, look: Look, origins: dict[int, int]) -> Taken:
        met, identity = _met(one), identity_if_any(incoming.draft, self._rule.match_on)
        if met is None:
            return one
        if met == incoming.lead_id:
            self._move(one, look, origins, is_given=identity is not None)
            return one
        if identity is None:
            return one
        number = _number(identity)
        if one.outcome is not Outcome.CREATED and self._identity_now(_number(met), look) in (0, number):
            return one
        if self._holders(number, look):
            return self._meet()
        look.held[number] = 1
        return one if one.outcome is Outcome.CREATED else Taken(Outcome.CREATED)

    def _move(self, one: Taken, look: Look, origins: dict[int, int], *, is_given: bool) -> None:
        """A lead that was met by its id may come to have another identity, or its old one again."""
        if one.outcome is not Outcome.UPDATED or one.lead is None or one.before is None:
            return
        before = _number(identity_of_lead(one.before, self._rule.match_on))
        after = _number(identity_of_lead(one.lead, self._rule.match_on))
        lead = _number(one.lead.id)
        origin = origins.setdefault(lead, before)  # by which the store knows it, whatever became of it further up
        if before == after and not is_given:
            return
        for number, step in ((self._identity_now(lead, look) or origin, -1), (after, 1)):
            if number not in (origin, _NOTHING):
                look.held[number] = self._holders(number, look) + step
        look.now[lead] = after

    def _holders(self, number: int, look: Look) -> int:
        return look.held[number] if number in look.held else self._held.get(number)

    def _identity_now(self, lead: int, look: Look) -> int:
        """0 for a lead that has the one by which the store knows it."""
        return look.now.get(lead) or self._now.get(lead)

    def _meet(self) -> Taken:
        match self._rule.on_duplicate:
            case OnDuplicate.SKIP:
                return Taken(Outcome.SKIPPED)
            case OnDuplicate.REJECT:
                message = f"A lead with this {self._rule.match_on} stands further up in the file"
                return Taken(Outcome.ERROR, error=Conflict(message))
            case _:
                return Taken(Outcome.UPDATED)


def _met(taken: Taken) -> object:
    """The id of the lead that something became, or would not be because of it."""
    if taken.lead is not None:
        return taken.lead.id
    return None if taken.error is None else taken.error.details.get("existingId")


def _number(value: object) -> int:
    """For whatever is no value, always the same."""
    return _NOTHING if value is None else hash(value) or _NOTHING


class _Map:
    """Numbers of 64 bits by such numbers, none of them 0, in a fifth of the memory that Python's own takes."""

    def __init__(self) -> None:
        self._slots = array("q", bytes(1 << 13))
        self._values = array("q", bytes(1 << 13))
        self._count = 0

    def get(self, number: int) -> int:
        """0 for what was never put."""
        return self._values[self._place(number)]

    def put(self, number: int, value: int) -> None:
        place = self._place(number)
        self._values[place] = value
        if self._slots[place]:
            return
        self._slots[place] = number
        self._count += 1
        if 3 * self._count > 2 * len(self._slots):
            self._grow()

    def _place(self, number: int) -> int:
        """Where it is, or would be put."""
        slots, last = self._slots, len(self._slots) - 1
        place = number & last
        while slots[place] not in (0, number):
            place = (place + 1) & last
        return place

    def _grow(self) -> None:
        slots, values = self._slots, self._values
        self._slots, self._values = (array("q", bytes(16 * len(slots))) for _ in range(2))
        for number, value in zip(slots, values, strict=True):
            if number:
                place = self._place(number)
                self._slots[place], self._values[place] = number, value
