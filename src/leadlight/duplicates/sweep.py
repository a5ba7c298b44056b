"""Going through a whole workspace, a stretch at a time: by what leads share, the surest first.

First those with one address, each beside the oldest of them; then those with one mailbox; then, in groups, those with
one phone number, and those whose names sound the same and who have more in common than that. A pair is told where it
is met first. A group of more than a stretch is looked at in parts, and pairs across its parts are not met.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from itertools import groupby
from operator import itemgetter

import msgspec

from leadlight.duplicates.pairing import Pair, pairs_by_more, pairs_by_name
from leadlight.duplicates.scoring import Likeness, likeness
from leadlight.duplicates.traits import Traits
from leadlight.leads import candidates
from leadlight.leads.candidates import Shared
from leadlight.leads.lead import Lead
from leadlight.store.database import Database, Transaction

_ADDRESSES = 2_000
_LEADS = 500
_STRETCHES = 4
_AT_ONCE = 25


class Place(msgspec.Struct, frozen=True, array_like=True):
    """How far a workspace was gone through: what leads share, and the value and the lead behind which it goes on.

    `told`: the ids of the last pair that was told there, where a page ended in the midst of a group.
    """

    shared: Shared = Shared.EMAIL
    key: str = ""
    behind: str = ""
    told: tuple[str, str] = ("", "")


_NEXT = {
    Shared.EMAIL: Place(Shared.MAILBOX),
    Shared.MAILBOX: Place(Shared.PHONE),
    Shared.PHONE: Place(Shared.NAME),
    Shared.NAME: None,
}


class Found(msgspec.Struct, frozen=True):
    """Two leads that may be the same, the older one first."""

    leads: tuple[Lead, Lead]
    likeness: Likeness


class _Group(msgspec.Struct, frozen=True):
    """Leads that share something, in the order of their ids. `begins`: the place before them."""

    begins: Place
    leads: list[Lead]


class _Stretch(msgspec.Struct, frozen=True):
    """Groups in their order. `ends`: the place behind all of it; None where there is nothing more."""

    groups: list[_Group]
    ends: Place | None


async def find_pairs(
    database: Database, workspace_id: str, place: Place, *, min_score: int, limit: int
) -> tuple[list[Found], Place | None]:
    """Some pairs behind a place, and the place behind them; None where there is nothing more.

    The work is bounded: there may be fewer than `limit`, or none, and more behind them all the same.
    """
    found: list[Found] = []
    for _ in range(_STRETCHES):
        stretch = await database.scan(_read, workspace_id, place, limit - len(found))
        for group in stretch.groups:
            behind = place.told if _is_at(place, group) else ("", "")
            async for ids, pair in _likely_pairs(group, behind, min_score):
                if len(found) == limit:
                    return found, msgspec.structs.replace(group.begins, told=behind)
                found.append(pair)
                behind = ids
        if stretch.ends is None or len(found) == limit:
            return found, stretch.ends
        place = stretch.ends
    return found, place


def _is_at(place: Place, group: _Group) -> bool:
    return (place.key, place.behind) == (group.begins.key, group.begins.behind)


async def _likely_pairs(
    group: _Group, behind: tuple[str, str], min_score: int
) -> AsyncIterator[tuple[tuple[str, str], Found]]:
    """Those behind a pair, in the order of their ids; some at a time, for it takes as long as many requests do."""
    shared, leads = group.begins.shared, group.leads
    traits = []
    for number, lead in enumerate(leads):
        if number % _AT_ONCE == _AT_ONCE - 1:
            await asyncio.sleep(0)
        traits.append(Traits.of(lead))
    for number, (one, other) in enumerate(_pairs(shared, traits)):
        if number % _AT_ONCE == _AT_ONCE - 1:
            await asyncio.sleep(0)
        ids = (leads[one].id, leads[other].id)
        if ids <= behind or _is_met_before(shared, traits[one], traits[other]):
            continue
        found = likeness(traits[one], traits[other])
        if found.score >= min_score:
            older, younger = sorted((leads[one], leads[other]), key=lambda lead: (lead.created_at, lead.id))
            yield ids, Found((older, younger), found)


def _pairs(shared: Shared, traits: Sequence[Traits]) -> list[Pair]:
    return pairs_by_more(traits) if shared is Shared.NAME else pairs_by_name(traits)


def _is_met_before(shared: Shared, one: Traits, other: Traits) -> bool:
    """Whether two that share something share what is gone through earlier, too."""
    if shared is Shared.EMAIL:
        return False
    if shared is Shared.MAILBOX:
        return one.email == other.email
    has_number = shared is Shared.NAME and one.phone.startswith("+")
    return one.mailbox == other.mailbox or (has_number and one.phone == other.phone)


# Units of work


async def _read(tx: Transaction, workspace_id: str, place: Place, wanted: int) -> _Stretch:
    """What comes behind a place; of those who share an address no more than are wanted."""
    if place.shared in (Shared.EMAIL, Shared.MAILBOX):
        return await _read_addresses(tx, workspace_id, place, wanted)
    return await _read_groups(tx, workspace_id, place)


async def _read_addresses(tx: Transaction, workspace_id: str, place: Place, wanted: int) -> _Stretch:
    shared = place.shared
    rows = await candidates.walk_addresses(
        tx, workspace_id, shared, key=place.key, behind=place.behind, limit=_ADDRESSES
    )
    pairs: list[tuple[Place, tuple[str, str]]] = []
    reached = place
    for key, lead_id, oldest in rows:
        begins = Place(shared, key, reached.behind if reached.key == key else "")
        if lead_id != oldest:
            if len(pairs) == wanted:
                break
            pairs.append((begins, (min(lead_id, oldest), max(lead_id, oldest))))
        reached = Place(shared, key, lead_id)
    has_all = len(rows) < _ADDRESSES and (not rows or reached.behind == rows[-1][1])
    leads = await candidates.find_leads(tx, workspace_id, [id_ for _, ids in pairs for id_ in ids])
    groups = [_Group(begins, [leads[id_] for id_ in ids]) for begins, ids in pairs]
    return _Stretch(groups, _NEXT[shared] if has_all else reached)


async def _read_groups(tx: Transaction, workspace_id: str, place: Place) -> _Stretch:
    shared = place.shared
    rows = await candidates.walk(tx, workspace_id, shared, key=place.key, behind=place.behind, limit=_LEADS)
    having = [(key, [lead_id for _, lead_id in members]) for key, members in groupby(rows, itemgetter(0))]
    ends = _NEXT[shared]
    if len(rows) == _LEADS:
        if len(having) > 1:
            having.pop()  # it may go on behind the stretch
        ends = Place(shared, having[-1][0], having[-1][1][-1])
    several = [(key, ids) for key, ids in having if len(ids) > 1]
    leads = await candidates.find_leads(tx, workspace_id, [id_ for _, ids in several for id_ in ids])
    groups = [
        _Group(Place(shared, key, place.behind if key == place.key else ""), [leads[id_] for id_ in ids])
        for key, ids in several
    ]
    return _Stretch(groups, ends)
