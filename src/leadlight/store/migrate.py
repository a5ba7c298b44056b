"""The chain of migrations: numbered SQL files, those that name an engine for that engine alone."""

from dataclasses import dataclass
from importlib.resources import files

from leadlight.store.database import StoreRefusal


class SchemaTooNew(StoreRefusal):
    """The store was written by a newer Leadlight than this one."""


@dataclass(frozen=True, slots=True)
class Migration:
    number: int
    name: str
    sql: str


def load_migrations(engine: str) -> list[Migration]:
    """The chain for an engine, in order: `0001_name.sql`, or `0001_name.<engine>.sql`."""
    migrations = []
    for file in files("leadlight.store").joinpath("migrations").iterdir():
        stem, *qualifier, suffix = file.name.split(".")
        if suffix == "sql" and qualifier in ([], [engine]):
            number, _, name = stem.partition("_")
            migrations.append(Migration(int(number), name, file.read_text(encoding="utf-8")))
    return sorted(migrations, key=lambda migration: migration.number)


@dataclass(frozen=True, slots=True)
class SchemaState:
    """Numbers of migrations; `applied` is 0 for a store that is empty or not there."""

    applied: int
    newest: int


def pending(migrations: list[Migration], applied: int) -> list[Migration]:
    """What is still to be applied to a store at a number; raises SchemaTooNew if that is ahead of us."""
    newest = migrations[-1].number
    if applied > newest:
        raise SchemaTooNew(
            f"This store has schema {applied}, and this version of Leadlight knows schemas up to {newest}. "
            "Install the version that wrote it, or a newer one; nothing was changed."
        )
    return [migration for migration in migrations if migration.number > applied]
