"""Erasing leads for good: their history, and what every other feature keeps of them; and the record of it."""

import logging
from collections.abc import Iterator, Sequence
from typing import Any

from leadlight.clock import to_iso
from leadlight.events.service import EventService
from leadlight.leads import identities
from leadlight.leads.holders import Holder
from leadlight.principal import Actor
from leadlight.store.database import Transaction
from leadlight.store.idempotency import erase_results

logger = logging.getLogger("leadlight.erasure")

_AT_ONCE = 500


def record_erasure(
    workspace_id: str, lead_id: str, *, at: int, by: Actor | None = None, operation_id: str | None = None
) -> None:
    """Puts on record that a lead was erased, at what time, and by whom; to be called when that is on disk.

    `operation_id`: of the batch that had deleted it, where its erasure was due. The line holds nothing personal.
    """
    why = {"operationId": operation_id} if by is None else {by.logged_as: by.id}
    fields = {"time": to_iso(at), "workspaceId": workspace_id, "leadId": lead_id, **why}
    logger.info("erasure", extra={"fields": fields})


class Erasing:
    def __init__(self, events: EventService) -> None:
        self._events = events
        self._holders: tuple[Holder, ...] = ()

    def share_with(self, holders: Sequence[Holder]) -> None:
        """Who else keeps data of leads, in the order in which they are told."""
        self._holders = tuple(holders)

    async def all_ids(self, tx: Transaction, workspace_id: str, *lead_ids: str) -> list[str]:
        """The ids of some leads, and of those that were merged into them."""
        return [*lead_ids, *await identities.list_merged_into(tx, workspace_id, lead_ids)]

    async def erase(self, tx: Transaction, workspace_id: str, lead_ids: Sequence[str], now: int) -> bool:
        """Removes all that is known of some leads but their rows; whether one of them could have been brought back."""
        kept = False
        for some in _parts(lead_ids):
            kept |= await self._erase_held(tx, workspace_id, some, now)
            await self._events.erase(tx, workspace_id, some)
        return kept

    async def erase_deleted(self, tx: Transaction, workspace_id: str, lead_ids: Sequence[str], now: int) -> None:
        """The same for leads that were deleted a while ago: that they were, stays in the feed."""
        for some in _parts(lead_ids):
            await self._erase_held(tx, workspace_id, some, now)
            await self._events.erase_told(tx, workspace_id, some)

    async def held_on(self, tx: Transaction, workspace_id: str, lead_ids: Sequence[str]) -> dict[str, list[Any]]:
        """All that others keep of some leads, by the name that an answer gives it."""
        held: dict[str, list[Any]] = {}
        for holder in self._holders:
            held |= await holder.held_on(tx, workspace_id, lead_ids)
        return held

    async def _erase_held(self, tx: Transaction, workspace_id: str, lead_ids: Sequence[str], now: int) -> bool:
        kept = [await holder.erase_leads(tx, workspace_id, lead_ids, now) for holder in self._holders]
        await identities.forget_redirects(tx, workspace_id, lead_ids)
        await erase_results(tx, workspace_id, lead_ids)
        return any(kept)


def _parts(lead_ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """Few enough for the parameters of one statement, and of some that are sent as one."""
    for start in range(0, len(lead_ids), _AT_ONCE):
        yield lead_ids[start : start + _AT_ONCE]
