"""Working through one import: rows become leads some hundred at a time, each time in one transaction with its progress.

So it goes on exactly where it was, whatever is killed: what is stored and how far it came are never two things.
"""

import asyncio
import math
import tempfile
from collections.abc import Coroutine, Iterator
from contextlib import suppress
from typing import Any, BinaryIO

import msgspec

from leadlight.clock import Clock
from leadlight.errors import InvalidInput, LeadlightError, StoreUnavailable
from leadlight.events.service import EventService
from leadlight.imports import queries
from leadlight.imports.chunks import Chunk, chunks, sentence
from leadlight.imports.drafting import Drafter
from leadlight.imports.job import KEPT_BY_RUNNER, Counts, Import, ImportStatus, RowError, default_values
from leadlight.imports.mapping import detect, is_own_export
from leadlight.imports.noting import counts_of, entries_of
from leadlight.imports.rows import FileFormat, Limits, Rows, UnreadableFile, open_rows
from leadlight.imports.sample import Sample, look_at
from leadlight.imports.seen import Look, Seen
from leadlight.leads.intake import Intake
from leadlight.operations.operation import OperationKind, OperationStatus
from leadlight.operations.service import OperationService
from leadlight.principal import Actor
from leadlight.store.database import Database, Transaction

_KEEP_SECONDS = KEPT_BY_RUNNER / 4_000
_SPOOLED_BYTES = 1 << 20
_SOME = 15

_replace = msgspec.structs.replace


class _Lost(Exception):
    """Another process has the import, or its end was asked for: this one stops without a word."""


class ImportRun:
    def __init__(
        self,
        database: Database,
        events: EventService,
        intake: Intake,
        operations: OperationService,
        clock: Clock,
        *,
        max_expanded_bytes: int,
    ) -> None:
        self._database = database
        self._events = events
        self._intake = intake
        self._operations = operations
        self._clock = clock
        self._limits = Limits(expanded_bytes=max_expanded_bytes)
        self._kept_until = 0.0  # of the loop

    async def run(self, workspace_id: str, import_id: str, runner: str) -> None:
        """Works through an import to its end, unless another process does; `runner` is the name of this one.

        When it is cancelled or fails it lets go of the import at once, and raises that.
        """
        job = await self._database.write(self._claim, workspace_id, import_id, runner, turn=workspace_id)
        if job is None:
            return
        try:
            await self._end(job)
        except BaseException:
            with suppress(LeadlightError):
                await asyncio.shield(
                    self._database.write(queries.let_go, workspace_id, import_id, runner, turn=workspace_id)
                )
            raise

    async def _end(self, job: Import) -> None:
        status, error = ImportStatus.COMPLETED, None
        try:
            if job.cancelling:
                raise _Lost
            await self._while_ours(job, self._work_through(job))
        except _Lost:
            now = await self._database.read(queries.find_import, job.workspace_id, job.id)
            if now is None or not now.cancelling:
                return
            status, error = (ImportStatus.FAILED if now.error else ImportStatus.CANCELLED), now.error
        except (UnreadableFile, InvalidInput) as unreadable:
            status, error = ImportStatus.FAILED, sentence(unreadable)
        except MemoryError:
            status, error = ImportStatus.FAILED, "The file needs too much memory: send it as CSV, or in parts."
        with suppress(_Lost):
            is_kept = await self._database.write(self._finish, job, status, error, turn=job.workspace_id)
            while not is_kept and await self._database.write(queries.delete_pieces, job.workspace_id, job.id, _SOME):
                pass

    async def _while_ours(self, job: Import, work: Coroutine[Any, Any, None]) -> None:
        """Does some work. Raises _Lost once it is in vain."""
        working, keeping = asyncio.create_task(work), asyncio.create_task(self._keep(job))
        try:
            await asyncio.wait((working, keeping), return_when=asyncio.FIRST_COMPLETED)
            if not working.done():
                raise _Lost
            working.result()
        finally:
            working.cancel()
            keeping.cancel()
            await asyncio.gather(working, keeping, return_exceptions=True)

    async def _keep(self, job: Import) -> None:
        """Says that the import is worked on, for as long as it is to be; to store some of it says so too.

        It stays out of the way of that: with another unit in its commit, rows take more time and memory.
        """
        is_ours = True
        while is_ours:
            await asyncio.sleep(_KEEP_SECONDS)
            if asyncio.get_running_loop().time() < self._kept_until:
                continue
            with suppress(StoreUnavailable):
                is_ours = await self._database.write(queries.keep, job, self._clock())

    async def _work_through(self, job: Import) -> None:
        """What takes long and is not the store's is done in threads: the loop has to say meanwhile that it goes on."""
        with tempfile.SpooledTemporaryFile(_SPOOLED_BYTES) as file:
            await self._fetch(job, file)
            rows = await asyncio.to_thread(open_rows, _as_file(file), job.file_name, self._limits)
            options, total = job.options, job.total
            if options.looks_only:
                sample = await asyncio.to_thread(look_at, rows)
                await self._database.write(self._keep_file, job, rows.format, sample, turn=job.workspace_id)
                return
            defaults = default_values(options.defaults)
            mapping = job.mapping or detect(rows.columns, options.mapping, options.preset, defaults=tuple(defaults))
            if total is None and rows.format is not FileFormat.XLSX:
                total = await asyncio.to_thread(_count, rows)
            drafter = Drafter(
                mapping,
                defaults=defaults,
                preset=options.preset,
                own_export=is_own_export(rows.columns),
                in_cells=rows.format is not FileFormat.JSONL,
                clock=self._clock,
            )
            await self._database.write(self._begin, job, rows.format, mapping, total, turn=job.workspace_id)
            await self._store_all(job, chunks(rows, drafter, behind=job.processed))

    async def _fetch(self, job: Import, file: "tempfile.SpooledTemporaryFile[bytes]") -> None:
        number = 0
        while (piece := await self._database.scan(queries.find_piece, job.workspace_id, job.id, number)) is not None:
            file.write(piece)
            number += 1
        if file.tell() != job.size:
            raise UnreadableFile("incomplete", "A part of the file is not in the store any more: send it again.")

    async def _store_all(self, job: Import, found: Iterator[Chunk]) -> None:
        """One is stored while the next is read."""
        seen = Seen(job.options.rule)
        chunk = await asyncio.to_thread(next, found, None)
        while chunk is not None:
            reading = asyncio.create_task(asyncio.to_thread(next, found, None))
            try:
                self._kept_until = math.inf
                seen.remember(await self._database.write(self._store_chunk, job, chunk, seen, turn=job.workspace_id))
                self._kept_until = asyncio.get_running_loop().time() + _KEEP_SECONDS
                chunk = await reading
            finally:
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)

    # Units of work

    async def _claim(self, tx: Transaction, workspace_id: str, import_id: str, runner: str) -> Import | None:
        """Those of a workspace come one after another, by their age."""
        await self._events.hold(tx, workspace_id)
        job = await queries.lock_import(tx, workspace_id, import_id)
        now = self._clock()
        if job is None or job.status not in (ImportStatus.QUEUED, ImportStatus.RUNNING):
            return None
        is_anothers = job.runner_until > now and job.runner != runner
        if is_anothers or await queries.has_to_wait(tx, workspace_id, import_id, now):
            return None
        claimed = _replace(
            job,
            status=ImportStatus.RUNNING,
            runner=runner,
            runner_until=now + KEPT_BY_RUNNER,
            started_at=job.started_at or now,
        )
        if job.options.dry_run:  # nothing of it was stored, so it begins again
            claimed = _replace(claimed, processed=0, bytes_read=0, counts=Counts())
            while await queries.delete_errors(tx, workspace_id, import_id, 10_000):
                pass
        await queries.update_import(tx, claimed)
        return claimed

    async def _keep_file(self, tx: Transaction, job: Import, format_: FileFormat, sample: Sample) -> None:
        current = await self._ours(tx, job)
        await queries.update_import(tx, _replace(current, format=format_.value, sample=sample))

    async def _begin(
        self, tx: Transaction, job: Import, format_: FileFormat, mapping: dict[str, str], total: int | None
    ) -> None:
        current = await self._ours(tx, job)
        operation_id = current.operation_id
        if operation_id is None and not job.options.dry_run:
            operation = await self._operations.open(
                tx,
                job.workspace_id,
                OperationKind.IMPORT,
                Actor.of(job.key_id),
                now=self._clock(),
                subject_id=job.id,
                quiet=not job.options.webhooks,
                status=OperationStatus.RUNNING,
            )
            operation_id = operation.id
        begun = _replace(current, format=format_.value, mapping=mapping, total=total, operation_id=operation_id)
        await queries.update_import(tx, begun)

    async def _store_chunk(self, tx: Transaction, job: Import, chunk: Chunk, seen: Seen) -> Look:
        workspace_id, now, is_dry = job.workspace_id, self._clock(), job.options.dry_run
        await self._events.hold(tx, workspace_id)
        current = await self._ours(tx, job)
        taken = await self._intake.take(
            tx,
            workspace_id,
            Actor.of(job.key_id),
            chunk.incoming,
            rule=job.options.rule,
            now=now,
            quiet=not job.options.webhooks,
            dry_run=is_dry,
        )
        look = Look([])
        if is_dry:
            look = seen.look_at(chunk.incoming, taken)
            taken = look.taken
        elif current.operation_id is not None:
            made, changed = entries_of(taken)
            await self._operations.note(tx, workspace_id, current.operation_id, made)
            await self._operations.note(tx, workspace_id, current.operation_id, changed, may_be_there=True)
        errors = chunk.errors + [
            RowError(row.number, row.line, row.cells, sentence(one.error))
            for row, one in zip(chunk.origins, taken, strict=True)
            if one.error is not None
        ]
        await queries.add_errors(tx, workspace_id, job.id, sorted(errors, key=lambda error: error.number))
        stored = _replace(
            current,
            processed=chunk.last,
            bytes_read=chunk.bytes_read,
            counts=current.counts + counts_of(taken, unreadable=len(chunk.errors)),
            runner_until=now + KEPT_BY_RUNNER,
        )
        await queries.update_import(tx, stored)
        return look

    async def _finish(self, tx: Transaction, job: Import, status: ImportStatus, error: str | None) -> bool:
        """Whether its file is kept."""
        current = await queries.lock_import(tx, job.workspace_id, job.id)
        if current is None or current.runner != job.runner or current.status.has_ended:
            raise _Lost
        done, options = status is ImportStatus.COMPLETED, current.options
        ended = _replace(
            current,
            status=status,
            error=error,
            sample=current.sample if options.dry_run else None,
            total=current.processed if done and not options.looks_only else current.total,
            bytes_read=current.size if done else current.bytes_read,
            runner=None,
            runner_until=0,
            finished_at=self._clock(),
        )
        await queries.update_import(tx, ended)
        if current.operation_id is not None:
            await self._operations.close(tx, job.workspace_id, current.operation_id)
        return ended.sample is not None

    async def _ours(self, tx: Transaction, job: Import) -> Import:
        """The import as it is now. Raises _Lost when it is not this process's any more, or is to end."""
        current = await queries.lock_import(tx, job.workspace_id, job.id)
        if current is None or current.runner != job.runner or current.status.has_ended or current.cancelling:
            raise _Lost
        return current


def _as_file(file: "tempfile.SpooledTemporaryFile[bytes]") -> BinaryIO:
    return file  # type: ignore[return-value]  # it is one in all but its type


def _count(rows: Rows) -> int:
    return sum(1 for _ in rows)
