"""Use cases of operations: they are opened and noted by whoever changes leads, looked at, and taken back."""

import asyncio
from collections.abc import Sequence

import msgspec

from leadlight.clock import DAY, Clock
from leadlight.errors import Conflict, NotFound
from leadlight.ids import OPERATION, NewId
from leadlight.operations import queries
from leadlight.operations.operation import (
    MOST_SKIPPED_TOLD,
    Entry,
    Operation,
    OperationKind,
    OperationStatus,
    Skipped,
)
from leadlight.operations.undoing import Undoing
from leadlight.principal import Actor, Principal
from leadlight.store.database import Database, Transaction

_PARTS_AT_ONCE = 10

_replace = msgspec.structs.replace


class OperationService:
    """`left_over`: set when an undo has left something to `clean`, which may belong to another process."""

    def __init__(self, database: Database, undoing: Undoing, clock: Clock, new_id: NewId, *, undo_days: int) -> None:
        self._database = database
        self._undoing = undoing
        self._clock = clock
        self._new_id = new_id
        self._undo_days = undo_days
        self.left_over = asyncio.Event()

    # For those who change leads, in their own transactions

    async def open(
        self,
        tx: Transaction,
        workspace_id: str,
        kind: OperationKind,
        actor: Actor,
        *,
        now: int,
        subject_id: str | None = None,
        quiet: bool = False,
        leads: int = 0,
        status: OperationStatus = OperationStatus.COMPLETED,
    ) -> Operation:
        """An operation that has changed so many leads so far; one that is `running` can't be taken back yet."""
        operation = Operation(
            workspace_id=workspace_id,
            id=self._new_id(OPERATION),
            kind=kind,
            status=status,
            actor=actor,
            subject_id=subject_id,
            quiet=quiet,
            leads=leads,
            created_at=now,
            undo_until=now + self._undo_days * DAY,
        )
        await queries.insert_operation(tx, operation)
        return operation

    async def note(
        self,
        tx: Transaction,
        workspace_id: str,
        operation_id: str,
        entries: Sequence[Entry],
        *,
        may_be_there: bool = False,
    ) -> None:
        """Keeps what the operation did to some leads. `may_be_there`: it may have met some of them before."""
        if entries:
            await queries.insert_entries(tx, workspace_id, operation_id, entries, may_be_there=may_be_there)

    async def close(self, tx: Transaction, workspace_id: str, operation_id: str) -> None:
        """Ends an operation that was running; from now on it can be taken back."""
        operation = await self._get(tx, workspace_id, operation_id)
        leads = await queries.count_entries(tx, workspace_id, operation_id)
        await queries.update_operation(tx, _replace(operation, status=OperationStatus.COMPLETED, leads=leads))

    # For callers

    async def list_operations(
        self, workspace_id: str, *, kind: OperationKind | None, before: str, limit: int
    ) -> list[Operation]:
        """Newest first, behind an id."""

        async def page(tx: Transaction) -> list[Operation]:
            return await queries.list_operations(tx, workspace_id, kind=kind, before=before, limit=limit)

        return [self._as_of_now(operation) for operation in await self._database.scan(page)]

    async def get_operation(self, workspace_id: str, operation_id: str) -> tuple[Operation, list[Skipped]]:
        """An operation, and some of the leads that its undo left alone. Raises NotFound."""
        return await self._database.scan(self._with_skipped, workspace_id, operation_id)

    async def undo(self, caller: Principal, operation_id: str) -> tuple[Operation, list[Skipped]]:
        """Takes an operation back; of a large one a part, and the rest follows in the background.

        To ask again changes nothing. Raises NotFound, or Conflict when it still runs, or its time is over.
        """
        workspace_id = caller.workspace_id
        await self._database.write(self._begin_undo, caller, operation_id, turn=workspace_id)
        for _ in range(_PARTS_AT_ONCE):
            if await self._undoing.undo_part(workspace_id, operation_id):
                break
        else:
            self.left_over.set()
        return await self.get_operation(workspace_id, operation_id)

    # Holder of leads' data

    async def erase_leads(self, tx: Transaction, workspace_id: str, lead_ids: Sequence[str], now: int) -> bool:  # noqa: ARG002
        """Forgets what operations did to some leads: no undo brings them back."""
        kept = await queries.keeps_any(tx, workspace_id, lead_ids)
        await queries.erase_leads(tx, workspace_id, lead_ids)
        return kept

    async def held_on(self, tx: Transaction, workspace_id: str, lead_ids: Sequence[str]) -> dict[str, list[object]]:
        """The leads as they were before operations that can still be taken back."""
        return {"operations": [*await queries.held_on(tx, workspace_id, lead_ids)]}

    # Housekeeping

    async def clean(self) -> None:
        """Goes on with undos that were begun, and erases what is kept of operations whose time is over."""
        now = self._clock()
        for workspace_id, operation_id in await self._database.scan(queries.list_unfinished, now):
            operation, _ = await self.get_operation(workspace_id, operation_id)
            expired = operation.status is OperationStatus.EXPIRED
            part = self._undoing.forget_part if expired else self._undoing.undo_part
            while not await part(workspace_id, operation_id):
                pass

    # Units of work

    async def _begin_undo(self, tx: Transaction, caller: Principal, operation_id: str) -> None:
        operation = _found(await queries.lock_operation(tx, caller.workspace_id, operation_id), operation_id)
        now = self._clock()
        status = operation.status_at(now)
        if status is OperationStatus.RUNNING:
            raise Conflict("It is still running; cancel it first, or wait for its end", operationId=operation_id)
        if status is OperationStatus.EXPIRED:
            message = f"It could be taken back for {self._undo_days} days, which are over"
            raise Conflict(message, operationId=operation_id)
        if status is OperationStatus.COMPLETED:
            begun = _replace(operation, status=OperationStatus.UNDOING, undone_by=caller.actor.id)
            await queries.update_operation(tx, begun)

    async def _with_skipped(
        self, tx: Transaction, workspace_id: str, operation_id: str
    ) -> tuple[Operation, list[Skipped]]:
        operation = await self._get(tx, workspace_id, operation_id)
        skipped = await queries.list_skipped(tx, workspace_id, operation_id, limit=MOST_SKIPPED_TOLD)
        return self._as_of_now(operation), skipped

    async def _get(self, tx: Transaction, workspace_id: str, operation_id: str) -> Operation:
        return _found(await queries.find_operation(tx, workspace_id, operation_id), operation_id)

    def _as_of_now(self, operation: Operation) -> Operation:
        return _replace(operation, status=operation.status_at(self._clock()))


def _found(operation: Operation | None, operation_id: str) -> Operation:
    if operation is None:
        raise NotFound("No operation with this ID in your workspace", operationId=operation_id)
    return operation
