"""Use cases of imports: a file is received and queued, watched, cancelled; its bad rows are handed back."""

from collections.abc import AsyncIterator

import msgspec

from leadlight.clock import DAY, Clock
from leadlight.errors import Conflict, NotFound
from leadlight.ids import IMPORT, NewId
from leadlight.imports import queries
from leadlight.imports.job import Import, ImportOptions, ImportStatus, RowError
from leadlight.principal import Principal
from leadlight.store.database import Database, Transaction

_PIECE_BYTES = 1 << 20
_FIRST_PAGE = 20
_LARGEST_PAGE = 500
_PAGE_BYTES = 2 << 20
_SOME = 15

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
            key_id=caller.key_id,
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
            raise NotFound("No import with this ID in your workspace", importId=import_id)
        return job

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
        """Removes some of a file, and with the last of it what was never received whole; whether there is more."""
        if await queries.delete_pieces(tx, workspace_id, import_id, _SOME):
            return True
        job = await queries.find_import(tx, workspace_id, import_id)
        if job is not None and job.status is ImportStatus.RECEIVING:
            await queries.delete_import(tx, workspace_id, import_id)
        return False
