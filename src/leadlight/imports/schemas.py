"""Imports on the wire."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from leadlight.clock import to_iso, to_iso_or_none
from leadlight.duplicate_rule import OnDuplicate, match_on_rule
from leadlight.errors import Invalid, InvalidInput, Problem
from leadlight.http.pagination import CursorPagination
from leadlight.http.query import Parameter, id_cursor, integer
from leadlight.ids import IMPORT
from leadlight.imports.defaults import Defaults
from leadlight.imports.job import Import, ImportOptions, ImportStatus, default_values
from leadlight.imports.mapping import parse_mapping
from leadlight.imports.presets import PRESETS
from leadlight.imports.reading import FileFormat
from leadlight.principal import Principal
from leadlight.strict_json import InvalidJson, check_json
from leadlight.workspaces.schemas import MatchOn

_DATE_TIME = {"format": "date-time"}

UPLOAD_TEXTS = {
    "mapping": "JSON object: for a column its target (`name`, `firstName`, `lastName`, `email`, `phone`, `source`, "
    "`status`, `createdAt`, `followUpAt`, `followUpNote`, `id`, `metadata.` and a key, or nothing to leave it out). "
    "Columns that it does not name "
    f"are told by their headers. Or the program that the file comes from: {', '.join(sorted(PRESETS))}.",
    "onDuplicate": f"When the same lead exists: {', '.join(OnDuplicate)}. The workspace's own rule, if not said.",
    "matchOn": "By what it is the same: `email`, `phone`, or `metadata.` and a key.",
    "defaults": "JSON object: fields of a lead for rows that leave them out.",
    "dryRun": "`true` to store nothing, and count what would be.",
    "webhooks": "`true` to tell webhooks of each lead; `false`, if not said.",
}

IMPORT_EXAMPLE: dict[str, Any] = {
    "id": "imp_01kb2v7h4qe9s3w6z8b1d5f7hk",
    "status": "completed",
    "fileName": "contacts.csv",
    "format": "csv",
    "size": 18_240,
    "dryRun": False,
    "onDuplicate": "update",
    "matchOn": "email",
    "mapping": {"Full name": "name", "E-Mail": "email", "Company": "metadata.company"},
    "processed": 120,
    "total": 120,
    "created": 112,
    "updated": 6,
    "skipped": 0,
    "failed": 2,
    "bytesRead": 18_240,
    "ratePerSecond": 5_217,
    "error": None,
    "operationId": "op_01kb2v7h5rf0t4x7a9c2e6g8jm",
    "createdAt": "2026-01-15T10:30:00.000Z",
    "startedAt": "2026-01-15T10:30:00.210Z",
    "finishedAt": "2026-01-15T10:30:00.233Z",
}


class ImportView(msgspec.Struct, frozen=True, rename="camel"):
    """A file of leads, and how far it has come in."""

    id: str
    status: ImportStatus
    file_name: str
    format: FileFormat | None
    size: Annotated[int, Meta(description="Bytes.")]
    dry_run: bool
    on_duplicate: OnDuplicate
    match_on: MatchOn
    mapping: Annotated[dict[str, str] | None, Meta(description="Columns and targets, once the file was looked at.")]
    processed: Annotated[int, Meta(description="Rows; those that failed included.")]
    total: Annotated[int | None, Meta(description="Rows; of a workbook only at its end.")]
    created: int
    updated: int
    skipped: int
    failed: Annotated[int, Meta(description="Rows that are no leads: the errors say why.")]
    bytes_read: int
    rate_per_second: int
    error: Annotated[str | None, Meta(description="Why the file, or the rest of it, could not be read.")]
    operation_id: Annotated[str | None, Meta(description="To take the import back.")]
    created_at: Annotated[str, Meta(extra_json_schema=_DATE_TIME)]
    started_at: Annotated[str | None, Meta(extra_json_schema=_DATE_TIME)]
    finished_at: Annotated[str | None, Meta(extra_json_schema=_DATE_TIME)]

    @classmethod
    def of(cls, job: Import, now: int) -> "ImportView":
        return cls(
            job.id,
            job.status,
            job.file_name,
            None if job.format is None else FileFormat(job.format),
            job.size,
            job.options.dry_run,
            job.options.rule.on_duplicate,
            job.options.rule.match_on,
            job.mapping,
            job.processed,
            job.total,
            job.counts.created,
            job.counts.updated,
            job.counts.skipped,
            job.counts.failed,
            job.bytes_read,
            job.rows_per_second(now),
            job.error,
            job.operation_id,
            to_iso(job.created_at),
            to_iso_or_none(job.started_at),
            to_iso_or_none(job.finished_at),
        )


class ImportList(msgspec.Struct, frozen=True):
    imports: list[ImportView]
    pagination: CursorPagination


class ErrorRow(msgspec.Struct, frozen=True, rename=lambda name: f"_{name}"):
    """A line of the file: the row's number, its line in the file, what is wrong, and the row as it was."""

    row: int
    line: int
    error: str


class ImportQuery(msgspec.Struct, frozen=True):
    after: str = f"{IMPORT.prefix}~"
    limit: int = 25


IMPORT_PARAMETERS = (
    Parameter("after", id_cursor(IMPORT), "Where to go on: a `nextCursor` from before."),
    Parameter("limit", integer(1, 100, default=25), "How many imports at the most."),
)


def options_of(texts: Mapping[str, str], caller: Principal, known: Sequence[Problem] = ()) -> ImportOptions:
    """What the texts beside a file ask for. Raises InvalidInput with every problem, after those that are `known`."""
    problems = [*known]

    def read(name: str, rule: Callable[[str], Any]) -> Any:
        text = texts.get(name, "").strip()
        try:
            return rule(text) if text else None
        except Invalid as invalid:
            problems.append(invalid.of(name))
        except InvalidInput as error:
            problems.extend(error.problems)
        return None

    mapping = read("mapping", _mapping)
    options = ImportOptions(
        rule=caller.duplicates.but(read("onDuplicate", _on_duplicate), read("matchOn", match_on_rule)),
        mapping=mapping if isinstance(mapping, dict) else None,
        preset=mapping if isinstance(mapping, str) else None,
        defaults=read("defaults", _defaults) or {},
        dry_run=bool(read("dryRun", _boolean)),
        webhooks=bool(read("webhooks", _boolean)),
    )
    if problems:
        raise InvalidInput(problems)
    return options


def _mapping(text: str) -> dict[str, str] | str:
    if text in PRESETS:
        return text
    raw = _object("mapping", text, f"must be a JSON object, or one of {', '.join(sorted(PRESETS))}")
    given = {column: msgspec.json.decode(target) for column, target in raw.items()}
    if not all(isinstance(target, str) for target in given.values()):
        raise Invalid("invalid_type", "must hold a target, which is a text, for each column")
    return parse_mapping(given)


def _defaults(text: str) -> dict[str, msgspec.Raw]:
    given = _object("defaults", text, "must be a JSON object")
    Defaults.of(default_values(given))
    return given


def _object(name: str, text: str, message: str) -> dict[str, msgspec.Raw]:
    """Read strictly: of what stands twice, one would be lost."""
    try:
        problems = check_json(text.encode())
        found = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    except (InvalidJson, msgspec.DecodeError, RecursionError):
        raise Invalid("invalid_type", message) from None
    if problems:
        inside = [msgspec.structs.replace(problem, field=f"{name}.{problem.field}") for problem in problems]
        raise InvalidInput(inside)
    return found


def _on_duplicate(text: str) -> OnDuplicate:
    try:
        return OnDuplicate(text)
    except ValueError:
        raise Invalid("invalid_choice", f"must be one of {', '.join(OnDuplicate)}") from None


def _boolean(text: str) -> bool:
    if text not in ("true", "false"):
        raise Invalid("invalid_type", "must be true or false")
    return text == "true"
