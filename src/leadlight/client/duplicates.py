"""Duplicates: pairs of leads in the whole workspace that may be the same."""

from leadlight.client.calls import Call, Page, page, params
from leadlight.client.models import DuplicatePair
from leadlight.client.resource import D, Listing, Resource

_decode_page = page("duplicates", DuplicatePair)


class Duplicates(Resource[D]):
    @Listing
    def list(self, *, min_score: int | None = None, page_size: int = 50) -> Call[Page[DuplicatePair]]:
        """All pairs that are at least so likely (50 to 100; 60, if not said), the surest first."""
        return Call(
            method="GET",
            path="/duplicates",
            decode=_decode_page,
            params=params({"min_score": min_score, "limit": page_size}),
            cursor="cursor",
        )
