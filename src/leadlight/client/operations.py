"""Operations: merges, imports and batches, each of which can be undone for a while."""

from collections.abc import Callable

from leadlight.client.calls import Call, Page, data, page, params, segment
from leadlight.client.exchange import Talk
from leadlight.client.models import Operation, OperationStatus
from leadlight.client.resource import D, Listing, Method, Resource
from leadlight.client.watching import watch

_PATH = "/operations"
_UNDER_WAY = (OperationStatus.RUNNING, OperationStatus.UNDOING)
_decode_operation = data(Operation)
_decode_page = page("operations", Operation)


class Operations(Resource[D]):
    @Method
    def get(self, operation_id: str) -> Call[Operation]:
        """Raises NotFound."""
        return Call(method="GET", path=_operation(operation_id), decode=_decode_operation)

    @Method
    def undo(self, operation_id: str) -> Call[Operation]:
        """Takes an operation back, but for the leads that were changed since; `skipped_leads` names those.

        A large one is `undoing` for a while: `wait` for it. Raises NotFound, Conflict.
        """
        return Call(method="POST", path=f"{_operation(operation_id)}/undo", decode=_decode_operation)

    @Method
    def wait(
        self,
        operation_id: str,
        *,
        on_progress: Callable[[Operation], object] | None = None,
        patience_seconds: float = 300.0,
    ) -> Talk[Operation]:
        """Answers once an operation, or its undo, is no longer under way; otherwise like the imports' `wait`."""
        return watch(
            Call(method="GET", path=_operation(operation_id), decode=_decode_operation),
            has_ended=lambda found: found.status not in _UNDER_WAY,
            on_progress=on_progress,
            patience_seconds=patience_seconds,
        )

    @Listing
    def list(self, *, kind: str | None = None, page_size: int = 50) -> Call[Page[Operation]]:
        """All operations, newest first. `kind`: merge, import, batch_update or batch_delete."""
        asked = params({"kind": kind, "limit": page_size})
        return Call(method="GET", path=_PATH, decode=_decode_page, params=asked)


def _operation(operation_id: str) -> str:
    return f"{_PATH}/{segment(operation_id)}"
