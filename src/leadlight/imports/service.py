"""Use cases of imports: a file is received and queued, watched, cancelled; its bad rows are handed back."""

from collections.abc import AsyncIterator

import msgspec

from leadlight.clock import DAY, Clock
from leadlight.errors import Conflict, NotFound
from leadlight.ids import IMPORT, NewId
from leadlight.imports import queries
from leadlight.imports.job import Import, ImportOptions, ImportStatus, RowError, default_values
from leadlight.imports.mapping import detect
from leadlight.principal import Principal
from leadlight.store.database import Database, Transaction

_PIECE_BYTES = 1 << 20
_FIRST_PAGE = 20
_LARGEST_PAGE = 500
_PAGE_BYTES = 2 << 20
_SOME = 15
_ERRORS_AT_ONCE = 10_000

_replace = msgspec.structs.replace


class ImportService:
    def __init__(self, database: Database, clock: Clock, new_id: NewId) -> None:
        self._database = database
        self._clock = clock
        self._new_id = new_id

    async def receive(
        self, caller: Principal, file_name: str, options: ImportOptions, pieces: AsyncIterator[bytes]
    ) -> Import:
        """Stores a file and queues its import. When it breaks off, nothing is kept; raises what `pieces` raises."""
        workspace_id = caller.workspace_id
        job = Import(
            workspace_id=workspace_id,
            id=self._new_id(IMPORT),
            status=ImportStatus.RECEIVING,
            key_id=caller.actor.id,
            file_name=file_name or "file",
            options=options,
            created_at=self._clock(),
        )
        try:
            size = await self._store(job, pieces)
            queued = _replace(job, status=ImportStatus.QUEUED, size=size)
            await self._database.write(self._queue, queued, turn=workspace_id)
        except BaseException:
            await self._forget(job)
            raise
        return queued

    async def get_import(self, workspace_id: str, import_id: str) -> Import:
        """Raises NotFound."""
        return await self._database.read(self._get, workspace_id, import_id)

    async def list_imports(self, workspace_id: str, *, before: str, limit: int) -> list[Import]:
        """Newest first, behind an id."""

        async def page(tx: Transaction) -> list[Import]:
            return await queries.list_imports(tx, workspace_id, before=before, limit=limit)

        return await self._database.scan(page)

    async def run_again(self, caller: Principal, import_id: str, options: ImportOptions) -> Import:
        """Has the file that a dry run left be worked through anew, as another dry run or for good.

        What was counted and found wrong before is forgotten. Raises NotFound, InvalidInput for a mapping that does not
        fit the file, and Conflict when it is under way, or its file is not kept any more.
        """
        return await self._database.write(self._run_again, caller, import_id, options, turn=caller.workspace_id)

    async def cancel(self, workspace_id: str, import_id: str) -> Import:
        """Ends an import; what it took in stays, and can be taken back by its operation.

        To ask again changes nothing. Raises NotFound, or Conflict when it came to another end.
        """
        return await self._database.write(self._cancel, workspace_id, import_id, turn=workspace_id)

    async def errors(self, workspace_id: str, import_id: str) -> AsyncIterator[list[RowError]]:
        """The rows that did not become leads, some at a time: as many as fit into a few megabytes."""
        after, wanted = 0, _FIRST_PAGE
        while True:

            async def page(tx: Transaction, behind: int = after, limit: int = wanted) -> list[RowError]:
                return await queries.list_errors(tx, workspace_id, import_id, after=behind, limit=limit)

            errors = await self._database.scan(page)
            if not errors:
                return
            yield errors
            after = errors[-1].number
            size = sum(error.size for error in errors)
            wanted = max(1, min(_LARGEST_PAGE, _PAGE_BYTES * len(errors) // size))

    async def first_errors(self, workspace_id: str, import_id: str, limit: int) -> list[RowError]:
        """Its first bad rows, in the order of the file."""

        async def page(tx: Transaction) -> list[RowError]:
            return await queries.list_errors(tx, workspace_id, import_id, after=0, limit=limit)

        return await self._database.scan(page)

    # Housekeeping

    async def clean(self, *, kept_days: int) -> None:
        """Removes files that are not needed any more, and bad rows of imports that ended long ago, little by little."""
        now = self._clock()
        for workspace_id, import_id in await self._database.scan(queries.list_left_behind, now - DAY):
            while await self._database.write(self._forget_some, workspace_id, import_id):
                pass
        for workspace_id, import_id in await self._database.scan(queries.list_with_old_errors, now - kept_days * DAY):
            while await self._database.write(queries.delete_errors, workspace_id, import_id, _LARGEST_PAGE):
                pass

    async def _store(self, job: Import, pieces: AsyncIterator[bytes]) -> int:
        size, number, waiting = 0, 0, bytearray()
        async for piece in pieces:
            size += len(piece)
            waiting += piece
            while len(waiting) >= _PIECE_BYTES:
                await self._database.write(self._add, job, number, bytes(waiting[:_PIECE_BYTES]))
                del waiting[:_PIECE_BYTES]
                number += 1
        if waiting or number == 0:
            await self._database.write(self._add, job, number, bytes(waiting))
        return size

    async def _forget(self, job: Import) -> None:
        while await self._database.write(self._forget_some, job.workspace_id, job.id):
            pass

    # Units of work

    async def _add(self, tx: Transaction, job: Import, number: int, data: bytes) -> None:
        """The import is there with its first piece, so that what breaks off before has left nothing."""
        if number == 0:
            await queries.insert_import(tx, job)
        await queries.add_piece(tx, job.workspace_id, job.id, number, data)

    async def _queue(self, tx: Transaction, job: Import) -> None:
        if not await queries.update_import(tx, job):
            raise Conflict("The file took more than a day to arrive, and is forgotten: send it again")

    async def _get(self, tx: Transaction, workspace_id: str, import_id: str) -> Import:
        job = await queries.find_import(tx, workspace_id, import_id)
        if job is None or job.status is ImportStatus.RECEIVING:
            raise _not_there(import_id)
        return job

    async def _run_again(self, tx: Transaction, caller: Principal, import_id: str, options: ImportOptions) -> Import:
        job = await queries.lock_import(tx, caller.workspace_id, import_id)
        if job is None or job.status is ImportStatus.RECEIVING:
            raise _not_there(import_id)
        if not job.status.has_ended:
            raise Conflict("It is still under way: wait for its end, or cancel it", importId=import_id)
        if job.sample is None:
            raise Conflict("Its file is not kept any more: send it again", importId=import_id)
        detect(job.sample.names, options.mapping, options.preset, defaults=tuple(default_values(options.defaults)))
        again = Import(
            workspace_id=job.workspace_id,
            id=job.id,
            status=ImportStatus.QUEUED,
            key_id=caller.actor.id,
            file_name=job.file_name,
            options=options,
            format=job.format,
            size=job.size,
            sample=job.sample,
            created_at=job.created_at,
        )
        while await queries.delete_errors(tx, job.workspace_id, job.id, _ERRORS_AT_ONCE):
            pass
        await queries.update_import(tx, again)
        await queries.go_on(tx, job.workspace_id, job.id)
        return again

    async def _cancel(self, tx: Transaction, workspace_id: str, import_id: str) -> Import:
        await self._get(tx, workspace_id, import_id)
        job = await queries.lock_import(tx, workspace_id, import_id)
        if job is None or job.status in (ImportStatus.COMPLETED, ImportStatus.FAILED):
            raise Conflict("It has ended already", importId=import_id)
        if job.status is ImportStatus.QUEUED:
            ended = _replace(job, status=ImportStatus.CANCELLED, finished_at=self._clock())
            await queries.update_import(tx, ended)
            return ended
        if job.status is ImportStatus.RUNNING:
            await queries.ask_to_end(tx, workspace_id, import_id)
        return job

    async def _forget_some(self, tx: Transaction, workspace_id: str, import_id: str) -> bool:
        """Removes some of a file; of one that was never received whole or never imported, the rest too. Whether
        there is more.
        """
        job = await queries.lock_import(tx, workspace_id, import_id)
        if job is not None and job.status in (ImportStatus.QUEUED, ImportStatus.RUNNING):
            return False  # somebody has gone on with it
        if job is not None and job.sample is not None:
            await queries.update_import(tx, _replace(job, status=ImportStatus.RECEIVING, sample=None))
            return True
        is_nothing = job is not None and job.status is ImportStatus.RECEIVING
        if is_nothing and await queries.delete_errors(tx, workspace_id, import_id, _LARGEST_PAGE):
            return True
        if await queries.delete_pieces(tx, workspace_id, import_id, _SOME):
            return True
        if is_nothing:
            await queries.delete_import(tx, workspace_id, import_id)
        return False


def _not_there(import_id: str) -> NotFound:
    return NotFound("No import with this ID in your workspace", importId=import_id)
