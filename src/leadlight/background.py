"""What nobody waits for: the work on the whole store that any one process may do, or several at once."""

import asyncio
import logging
from typing import TYPE_CHECKING

from leadlight.errors import StoreUnavailable
from leadlight.store.idempotency import forget_old_results

if TYPE_CHECKING:
    from leadlight.app import Services  # which imports this module

logger = logging.getLogger("leadlight")

_HOUSEKEEPING_SECONDS = 30.0


async def run_background(services: "Services", *, every_seconds: float = _HOUSEKEEPING_SECONDS) -> None:
    """Works until it is cancelled; a store that is away puts the work off and does not end it."""
    while True:
        await asyncio.sleep(every_seconds)
        try:
            await services.database.write(forget_old_results, services.clock())
        except StoreUnavailable:
            logger.warning("housekeeping is put off: the store takes no writes")
        except Exception:
            logger.exception("housekeeping failed; it is tried again")
