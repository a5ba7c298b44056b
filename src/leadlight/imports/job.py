"""The import: a file of leads that is worked through in the background, and what became of its rows."""

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from leadlight.duplicate_rule import DuplicateRule
from leadlight.imports.sample import Sample

KEPT_BY_RUNNER = 20_000
"""Milliseconds that a process which says nothing keeps an import."""

RESERVED = 5_000
"""Milliseconds that an import waits for the process that is to work on it, until another one may."""


class ImportStatus(StrEnum):
    RECEIVING = "receiving"
    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def has_ended(self) -> bool:
        return self in (ImportStatus.COMPLETED, ImportStatus.FAILED, ImportStatus.CANCELLED)


class ImportOptions(msgspec.Struct, frozen=True):
    """What was asked for. `mapping`: column and target. `preset`: by its name. `defaults`: as they were written.

    `looks_only`: a dry run that ends with a sample of the file, before the first row.
    """

    rule: DuplicateRule
    mapping: dict[str, str] | None = None
    preset: str | None = None
    defaults: dict[str, msgspec.Raw] = {}
    dry_run: bool = False
    webhooks: bool = False
    looks_only: bool = False


def default_values(defaults: Mapping[str, msgspec.Raw]) -> dict[str, object]:
    """What they are; the metadata stays JSON, so that its numbers keep their digits."""
    return {name: raw if name == "metadata" else msgspec.json.decode(raw) for name, raw in defaults.items()}


class Counts(msgspec.Struct, frozen=True):
    """How many rows of a file became what."""

    created: int = 0
    updated: int = 0
    skipped: int = 0
    failed: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.created + other.created,
            self.updated + other.updated,
            self.skipped + other.skipped,
            self.failed + other.failed,
        )


class Import(msgspec.Struct, frozen=True, kw_only=True):
    """Times in milliseconds since 1970. `processed`: rows; it goes on behind them after a break.

    `runner`: the process that works on it until `runner_until`, and longer if it says so.
    `error`: why no row, or no further one, could be read.
    `sample`: there while the file is kept behind the end of a dry run, so that it can be worked through again.
    """

    workspace_id: str
    id: str
    status: ImportStatus
    key_id: str
    file_name: str
    options: ImportOptions
    operation_id: str | None = None
    format: str | None = None
    mapping: dict[str, str] | None = None
    size: int = 0
    bytes_read: int = 0
    processed: int = 0
    total: int | None = None
    counts: Counts = Counts()
    error: str | None = None
    sample: Sample | None = None
    cancelling: bool = False
    runner: str | None = None
    runner_until: int = 0
    created_at: int
    started_at: int | None = None
    finished_at: int | None = None

    def rows_per_second(self, now: int) -> int:
        """Since it was begun; pauses between two processes included."""
        if self.started_at is None:
            return 0
        return self.processed * 1000 // max(1, (self.finished_at or now) - self.started_at)


class RowError(msgspec.Struct, frozen=True):
    """A row that did not become a lead. `line`: where it begins in the file. `cells`: as they were."""

    number: int
    line: int
    cells: list[str]
    reason: str

    @property
    def size(self) -> int:
        """Characters, about."""
        return 50 + len(self.reason) + sum(map(len, self.cells))
