"""What a dry run remembers of leads that it would have made or changed: so a file's own duplicates are told as such."""

from array import array
from collections.abc import Sequence

from leadlight.duplicate_rule import DuplicateRule, OnDuplicate
from leadlight.errors import Conflict
from leadlight.leads.intake import Incoming, Outcome, Taken
from leadlight.leads.matching import identity_of, identity_of_lead


class Seen:
    """A number for each lead: millions of them fit in memory, and two alike are rare enough to count by."""

    def __init__(self, rule: DuplicateRule) -> None:
        self._rule = rule
        self._held = _Numbers()  # by what leads would be met that the store does not know by it
        self._left = _Numbers()  # by what a lead of the store would be met no more

    def look_at(self, incoming: Sequence[Incoming], taken: Sequence[Taken]) -> list[Taken]:
        """The outcomes as they would be if all that was remembered had been stored."""
        return self._look_at(incoming, taken)[0]

    def remember(self, incoming: Sequence[Incoming], taken: Sequence[Taken]) -> None:
        """The outcomes as they were before `look_at`."""
        if self._rule.on_duplicate is OnDuplicate.CREATE:
            return
        for number in self._look_at(incoming, taken)[1]:
            self._held.add(number)
        for one in taken:
            if one.lead is None or one.outcome not in (Outcome.CREATED, Outcome.UPDATED):
                continue
            after = identity_of_lead(one.lead, self._rule.match_on)
            before = one.before and identity_of_lead(one.before, self._rule.match_on)
            if after and (one.outcome is Outcome.CREATED or (one.before is not None and after != before)):
                self._held.add(hash(after))
            if before and before != after:
                self._left.add(hash((one.lead.id, before)))

    def _look_at(self, incoming: Sequence[Incoming], taken: Sequence[Taken]) -> tuple[list[Taken], set[int]]:
        """The outcomes, and by what leads would be met that are made instead of one that is met no more."""
        if self._rule.on_duplicate is OnDuplicate.CREATE:
            return list(taken), set()
        made: set[int] = set()
        return [self._look(each, one, made) for each, one in zip(incoming, taken, strict=True)], made

    def _look(self, incoming: Incoming, one: Taken, made: set[int]) -> Taken:
        met = _met(one)
        if met is None or met == incoming.lead_id:
            return one
        identity = identity_of(incoming.draft, self._rule.match_on)
        if identity is None:
            return one
        number, is_new = hash(identity), one.outcome is Outcome.CREATED
        if not is_new and hash((met, identity)) not in self._left:
            return one
        if number in self._held or number in made:
            return self._meet()
        if is_new:
            return one
        made.add(number)
        return Taken(Outcome.CREATED)

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


class _Numbers:
    """A set of numbers of 64 bits, in a fifth of the memory that Python's own takes."""

    def __init__(self) -> None:
        self._slots = array("q", bytes(1 << 13))
        self._count = 0

    def __contains__(self, number: int) -> bool:
        return self._slots[self._place(number or 1)] != 0

    def add(self, number: int) -> None:
        number = number or 1  # nothing is there where a 0 stands
        place = self._place(number)
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
        old, self._slots = self._slots, array("q", bytes(16 * len(self._slots)))
        for number in old:
            if number:
                self._slots[self._place(number)] = number
