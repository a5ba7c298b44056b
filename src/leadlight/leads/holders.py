"""Who else keeps data of leads: told when a lead is erased, and asked when somebody wants to know what is held."""

from collections.abc import Sequence
from typing import Any, Protocol

from leadlight.store.database import Transaction


class Holder(Protocol):
    """A feature that keeps data of leads in tables of its own."""

    async def erase_leads(self, tx: Transaction, workspace_id: str, lead_ids: Sequence[str], now: int) -> bool:
        """Removes what it keeps of them; whether there was a lead among it that could have been brought back."""

    async def held_on(self, tx: Transaction, workspace_id: str, lead_ids: Sequence[str]) -> dict[str, list[Any]]:
        """What it keeps of them, by the name that an answer gives it; `exports.schemas` shows what is no JSON yet."""
