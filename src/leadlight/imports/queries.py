"""The SQL of imports: the jobs, their files in pieces, their bad rows."""

from collections.abc import Sequence
from typing import Any, cast

import msgspec

from leadlight.imports.job import KEPT_BY_RUNNER, RESERVED, Counts, Import, ImportOptions, ImportStatus, RowError
from leadlight.imports.sample import Sample
from leadlight.store.database import Table, Transaction

_COLUMNS = (
    "workspace_id, id, status, key_id, file_name, options, operation_id, format, mapping, size, bytes_read, "
    "processed, total, created, updated, skipped, failed, error, sample, cancelling, runner, runner_until, "
    "created_at, started_at, finished_at"
)
_NAMES = _COLUMNS.split(", ")
_CHANGING = [name for name in _NAMES if name not in ("workspace_id", "id", "cancelling")]
_TABLE = Table("imports", tuple(_NAMES), ("workspace_id", "id"))
_UPDATE = f"""
UPDATE imports SET {", ".join(f"{name} = :{name}" for name in _CHANGING)}
WHERE workspace_id = :workspace_id AND id = :id
"""
_FIND = f"SELECT {_COLUMNS} FROM imports WHERE workspace_id = :workspace_id AND id = :id"
_LIST = f"""
SELECT {_COLUMNS} FROM imports WHERE workspace_id = :workspace_id AND id < :before AND status <> 'receiving'
ORDER BY id DESC LIMIT :limit
"""
_DELETE = "DELETE FROM imports WHERE workspace_id = :workspace_id AND id = :id"
_ASK_TO_END = "UPDATE imports SET cancelling = 1, error = :reason WHERE workspace_id = :workspace_id AND id = :id"
_GO_ON = "UPDATE imports SET cancelling = 0 WHERE workspace_id = :workspace_id AND id = :id"
_RESERVE = """
UPDATE imports SET runner = :runner, runner_until = :until
WHERE workspace_id = :workspace_id AND id = :id AND status IN ('queued', 'running') AND runner_until <= :now
"""
_OURS = "workspace_id = :workspace_id AND id = :id AND runner = :runner AND status IN ('queued', 'running')"
_KEEP = f"UPDATE imports SET runner_until = :until WHERE {_OURS} AND cancelling = 0"
_LET_GO = f"UPDATE imports SET runner = NULL, runner_until = 0 WHERE {_OURS}"
_BEFORE_IT = """
SELECT 1 FROM imports
WHERE workspace_id = :workspace_id AND id <> :id
    AND (status = 'running' AND runner_until > :now OR status IN ('queued', 'running') AND id < :id) LIMIT 1
"""
_ADD_PIECE = """
INSERT INTO import_pieces (workspace_id, import_id, number, data) VALUES (:workspace_id, :import_id, :number, :data)
"""
_PIECE = """
SELECT data FROM import_pieces WHERE workspace_id = :workspace_id AND import_id = :import_id AND number = :number
"""
_DELETE_PIECES = """
DELETE FROM import_pieces
WHERE workspace_id = :workspace_id AND import_id = :import_id AND number <= (
    SELECT min(number) FROM import_pieces WHERE workspace_id = :workspace_id AND import_id = :import_id) + :others
"""
_DELETE_ERRORS = """
DELETE FROM import_errors
WHERE workspace_id = :workspace_id AND import_id = :import_id AND number IN (
    SELECT number FROM import_errors WHERE workspace_id = :workspace_id AND import_id = :import_id
    ORDER BY number LIMIT :some)
"""
_ERRORS = Table(
    "import_errors",
    ("workspace_id", "import_id", "number", "line", "cells", "reason"),
    ("workspace_id", "import_id", "number"),
)
_LIST_ERRORS = """
SELECT number, line, cells, reason FROM import_errors
WHERE workspace_id = :workspace_id AND import_id = :import_id AND number > :after ORDER BY number LIMIT :limit
"""
# First whose there are, then within each: so that no statement changes rows of two workspaces.
_WAITING = """
SELECT workspace_id, id FROM imports
WHERE status IN ('queued', 'running') AND runner_until <= :now ORDER BY id
"""
_LEFT_BEHIND = """
SELECT DISTINCT imports.workspace_id, imports.id FROM imports
JOIN import_pieces ON import_pieces.workspace_id = imports.workspace_id AND import_pieces.import_id = imports.id
WHERE imports.status IN ('completed', 'failed', 'cancelled')
        AND (imports.sample IS NULL OR imports.finished_at < :before)
    OR imports.status = 'receiving' AND imports.created_at < :before
"""
_OLD_ERRORS = """
SELECT DISTINCT imports.workspace_id, imports.id FROM imports
JOIN import_errors ON import_errors.workspace_id = imports.workspace_id AND import_errors.import_id = imports.id
WHERE imports.finished_at < :before
"""

_encode = msgspec.json.Encoder().encode
_decode_options = msgspec.json.Decoder(ImportOptions).decode
_decode_mapping = msgspec.json.Decoder(dict[str, str]).decode
_decode_sample = msgspec.json.Decoder(Sample).decode
_decode_cells = msgspec.json.Decoder(list[str]).decode


async def insert_import(tx: Transaction, job: Import) -> None:
    values = _values(job)
    await tx.load(_TABLE, [tuple(values[name] for name in _NAMES)])


async def update_import(tx: Transaction, job: Import) -> bool:
    """All but whether its end was asked for, which others may say at any time. Whether it is there."""
    values = _values(job)
    return await tx.execute(_UPDATE, **{name: value for name, value in values.items() if name != "cancelling"}) == 1


async def find_import(tx: Transaction, workspace_id: str, import_id: str) -> Import | None:
    """Its row stays as it is until a transaction that writes ends."""
    row = await tx.row(_FIND, workspace_id=workspace_id, id=import_id)
    return _import(row) if row else None


async def lock_import(tx: Transaction, workspace_id: str, import_id: str) -> Import | None:
    row = await tx.row(_FIND + tx.for_update, workspace_id=workspace_id, id=import_id)
    return _import(row) if row else None


async def list_imports(tx: Transaction, workspace_id: str, *, before: str, limit: int) -> list[Import]:
    """Newest first, behind an id."""
    rows = await tx.rows(_LIST, workspace_id=workspace_id, before=before, limit=limit)
    return [_import(row) for row in rows]


async def delete_import(tx: Transaction, workspace_id: str, import_id: str) -> None:
    await tx.execute(_DELETE, workspace_id=workspace_id, id=import_id)


async def ask_to_end(tx: Transaction, workspace_id: str, import_id: str, reason: str | None = None) -> None:
    """`reason`: why it has failed; nobody's, if it is cancelled."""
    await tx.execute(_ASK_TO_END, workspace_id=workspace_id, id=import_id, reason=reason)


async def go_on(tx: Transaction, workspace_id: str, import_id: str) -> None:
    """Forgets that its end was asked for."""
    await tx.execute(_GO_ON, workspace_id=workspace_id, id=import_id)


async def reserve(tx: Transaction, workspace_id: str, import_id: str, runner: str, now: int) -> bool:
    """Has others leave an import to a process for the moment; whether it waits, and for nothing else."""
    if await has_to_wait(tx, workspace_id, import_id, now):
        return False
    until = now + RESERVED
    names = {"workspace_id": workspace_id, "id": import_id, "runner": runner}
    return await tx.execute(_RESERVE, until=until, now=now, **names) == 1


async def keep(tx: Transaction, job: Import, now: int) -> bool:
    """Says that a process still works on an import; whether it has it, and is to go on."""
    names = {"workspace_id": job.workspace_id, "id": job.id, "runner": job.runner}
    return await tx.execute(_KEEP, until=now + KEPT_BY_RUNNER, **names) == 1


async def let_go(tx: Transaction, workspace_id: str, import_id: str, runner: str) -> None:
    """Says that a process works no more on an import that has not ended; nothing happens if it is another's."""
    await tx.execute(_LET_GO, workspace_id=workspace_id, id=import_id, runner=runner)


async def has_to_wait(tx: Transaction, workspace_id: str, import_id: str, now: int) -> bool:
    """Whether another import of the workspace is worked on, or is older and waits."""
    return await tx.row(_BEFORE_IT, workspace_id=workspace_id, id=import_id, now=now) is not None


async def add_piece(tx: Transaction, workspace_id: str, import_id: str, number: int, data: bytes) -> None:
    await tx.execute(_ADD_PIECE, workspace_id=workspace_id, import_id=import_id, number=number, data=data)


async def find_piece(tx: Transaction, workspace_id: str, import_id: str, number: int) -> bytes | None:
    row = await tx.row(_PIECE, workspace_id=workspace_id, import_id=import_id, number=number)
    return cast("bytes", row[0]) if row else None


async def delete_pieces(tx: Transaction, workspace_id: str, import_id: str, some: int) -> bool:
    """Removes some pieces of a file; whether there may be more of them."""
    return await tx.execute(_DELETE_PIECES, workspace_id=workspace_id, import_id=import_id, others=some - 1) == some


async def add_errors(tx: Transaction, workspace_id: str, import_id: str, errors: Sequence[RowError]) -> None:
    rows = [
        (workspace_id, import_id, error.number, error.line, _encode(error.cells).decode(), error.reason)
        for error in errors
    ]
    await tx.load(_ERRORS, rows)


async def list_errors(tx: Transaction, workspace_id: str, import_id: str, *, after: int, limit: int) -> list[RowError]:
    rows = await tx.rows(_LIST_ERRORS, workspace_id=workspace_id, import_id=import_id, after=after, limit=limit)
    return [RowError(number, line, _decode_cells(cells), reason) for number, line, cells, reason in cast("Any", rows)]


async def delete_errors(tx: Transaction, workspace_id: str, import_id: str, some: int) -> bool:
    """Removes bad rows, at most some of them; whether there were any."""
    return await tx.execute(_DELETE_ERRORS, workspace_id=workspace_id, import_id=import_id, some=some) > 0


async def list_waiting(tx: Transaction, now: int) -> list[tuple[str, str]]:
    """Workspaces and ids of the imports that nobody works on, the oldest first."""
    return cast("list[tuple[str, str]]", await tx.rows(_WAITING, now=now))


async def list_left_behind(tx: Transaction, before: int) -> list[tuple[str, str]]:
    """Those whose file is not needed: they have ended, and nobody went on with it in time; or it never came whole."""
    return cast("list[tuple[str, str]]", await tx.rows(_LEFT_BEHIND, before=before))


async def list_with_old_errors(tx: Transaction, before: int) -> list[tuple[str, str]]:
    return cast("list[tuple[str, str]]", await tx.rows(_OLD_ERRORS, before=before))


def _values(job: Import) -> dict[str, Any]:
    values = msgspec.structs.asdict(job) | msgspec.structs.asdict(job.counts)
    del values["counts"]
    mapping = None if job.mapping is None else _encode(job.mapping).decode()
    return values | {
        "options": _encode(job.options).decode(),
        "mapping": mapping,
        "sample": None if job.sample is None else _encode(job.sample).decode(),
        "cancelling": int(job.cancelling),
    }


def _import(row: Any) -> Import:
    values = dict(zip(_NAMES, row, strict=True))
    counts = Counts(**{name: values.pop(name) for name in Counts.__struct_fields__})
    mapping, sample = values["mapping"], values["sample"]
    return Import(
        **values
        | {
            "status": ImportStatus(values["status"]),
            "options": _decode_options(values["options"]),
            "mapping": None if mapping is None else _decode_mapping(mapping),
            "sample": None if sample is None else _decode_sample(sample),
            "cancelling": bool(values["cancelling"]),
        },
        counts=counts,
    )
