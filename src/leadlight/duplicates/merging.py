"""What becomes of a lead that another one is merged into."""

from collections.abc import Mapping

import msgspec

from leadlight.errors import Invalid, InvalidInput, Problem
from leadlight.events.event import Changes
from leadlight.leads import metadata
from leadlight.leads.change import FIELDS, with_values
from leadlight.leads.lead import Lead

METADATA = "metadata."


def merge(survivor: Lead, duplicate: Lead, prefer: Mapping[str, str], now: int) -> tuple[Lead, Changes]:
    """The lead with what it lacks of its duplicate, and what that changed of it; it has a new version in any case.

    `prefer`: for fields, and for `metadata.` and a key, the id of the lead whose value it gets; where that one has
    none, the other's stays. Raises InvalidInput for what can't be preferred, or when the metadata gets too large.
    """
    _check(survivor, duplicate, prefer)
    wanted = {}
    for name, wire in FIELDS.items():
        mine, other = getattr(survivor, name), getattr(duplicate, name)
        first, second = (other, mine) if prefer.get(wire) == duplicate.id else (mine, other)
        wanted[name] = second if first is None else first
    named = [(_key(name), lead_id) for name, lead_id in prefer.items()]
    taken = {key for key, lead_id in named if key is not None and lead_id == duplicate.id}
    wanted["metadata"] = metadata.fill(survivor.metadata, duplicate.metadata, first=taken)
    applied = with_values(survivor, wanted, now)
    if applied is None:
        updated_at = max(now, survivor.updated_at)
        return msgspec.structs.replace(survivor, updated_at=updated_at, version=survivor.version + 1), {}
    try:
        metadata.check_size(bytes(applied[0].metadata))
    except Invalid as invalid:
        raise InvalidInput([invalid.of("metadata")]) from None
    return applied


def _check(survivor: Lead, duplicate: Lead, prefer: Mapping[str, str]) -> None:
    problems = []
    for name, lead_id in prefer.items():
        key = _key(name)
        if lead_id not in (survivor.id, duplicate.id):
            problems.append(Problem(f"prefer.{name}", "must be the id of one of the two leads", "invalid_choice"))
        elif key is not None and not any(metadata.has_key(lead.metadata, key) for lead in (survivor, duplicate)):
            problems.append(Problem(f"prefer.{name}", "neither of the two leads has this key", "unknown_field"))
    if problems:
        raise InvalidInput(problems)


def _key(name: str) -> str | None:
    """The key of the metadata that a preference is about; None for one about a field."""
    return name.removeprefix(METADATA) if name.startswith(METADATA) else None
