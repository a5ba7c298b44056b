"""What became of some rows, as it is counted, and as it is kept so that it can be taken back."""

from collections.abc import Sequence

import msgspec

from leadlight.imports.job import Counts
from leadlight.leads.intake import Outcome, Taken
from leadlight.operations.operation import Action, Entry


def counts_of(taken: Sequence[Taken], *, unreadable: int) -> Counts:
    outcomes = [one.outcome for one in taken]
    return Counts(
        outcomes.count(Outcome.CREATED),
        outcomes.count(Outcome.UPDATED),
        outcomes.count(Outcome.SKIPPED),
        outcomes.count(Outcome.ERROR) + unreadable,
    )


def entries_of(taken: Sequence[Taken]) -> tuple[list[Entry], list[Entry]]:
    """Those of the leads that were made, and of those that were changed; each lead once, whatever rows it came in."""
    found: dict[str, Taken] = {}
    for one in taken:
        if one.lead is None or (one.outcome is not Outcome.CREATED and one.before is None):
            continue
        first = found.get(one.lead.id)
        found[one.lead.id] = one if first is None else msgspec.structs.replace(first, lead=one.lead)
    made, changed = [], []
    for one in found.values():
        if one.lead is None:
            raise AssertionError("a lead that changed is there")
        if one.outcome is Outcome.CREATED:
            made.append(Entry(one.lead.id, Action.CREATED, one.lead.version, None))
        else:
            changed.append(Entry(one.lead.id, Action.UPDATED, one.lead.version, one.before))
    return made, changed
