"""Stores filled with leads, as Leadlight itself would have filled them, kept for the next run.

python -m benchmarks.seed FOLDER --leads 200000 --workspaces 1
"""

import argparse
import asyncio
import hashlib
import json
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import apsw
import msgspec

from benchmarks.people import Person, people
from leadlight.ids import EVENT, KEY, LEAD, WORKSPACE, IdFactory
from leadlight.leads import sameness
from leadlight.leads.lead import fold
from leadlight.leads.sameness import mailbox, name_code
from leadlight.store.migrate import load_migrations
from leadlight.store.opening import open_database
from leadlight.store.sqlite_file import FILE_NAME
from leadlight.workspaces.key import hash_secret, new_secret

WORK = Path(__file__).parent / ".work"
NOTE = "seed.json"

_FIRST_MILLISECOND = 1_700_000_000_000
_SPAN_MILLISECONDS = 365 * 86_400_000
_SAMPLES = 50_000
_MIDDLE = 200
_HUGE_LIMIT = 1_000_000_000_000
_LEAD_COLUMNS = (
    *("workspace_id", "id", "number", "name", "name_key", "email", "email_key", "phone", "phone_key", "source"),
    *("status", "metadata", "created_at", "updated_at", "version", "mailbox", "name_code", "reached", "contacted_at"),
)
_LEAD = f"INSERT INTO leads ({', '.join(_LEAD_COLUMNS)}) VALUES ({', '.join('?' * len(_LEAD_COLUMNS))})"
_WAITED_SECONDS = 2 * 3_600
_EVENT = "INSERT INTO events VALUES (" + ", ".join("?" * 9) + ", NULL, 0)"


_ROLLUPS = re.compile(r"^WITH lead_facts .*?;|^WITH waited .*?;", re.MULTILINE | re.DOTALL)
"""What the migration that brought them counts them by."""


class SeedNote(msgspec.Struct, frozen=True):
    """What a run has to know of a seeded store.

    `counted_key` has a window too large to fill, `unlimited_key` none; both belong to the first
    workspace. `ids`: some of its leads. `middle`: creation time and id of leads half-way back.
    """

    fingerprint: str
    leads: int
    workspaces: int
    counted_key: str
    unlimited_key: str
    ids: list[str]
    middle: list[tuple[int, str]]
    emails: list[str]


class _Row(NamedTuple):
    lead: tuple[Any, ...]
    event: tuple[Any, ...]


def seeded_store(leads: int, workspaces: int = 1) -> Path:
    """A folder with a store of that many leads, dealt out over the workspaces; made on first use."""
    folder = WORK / "stores" / f"{leads}-in-{workspaces}"
    if not folder.exists() or read_note(folder).fingerprint != _fingerprint():
        print(f"making a store of {leads:,} leads in {workspaces:,} workspaces (kept for the next run) …", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        making = folder.with_name(folder.name + ".making")
        shutil.rmtree(making, ignore_errors=True)
        seed(making, leads, workspaces)
        making.rename(folder)
    return folder


def scratch_copy(folder: Path, name: str) -> Path:
    """A copy of a store, for a run that writes."""
    copy = scratch_folder(name)
    for file in (FILE_NAME, NOTE):
        command = ["cp", "--reflink=auto", str(folder / file), str(copy / file)]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            shutil.copyfile(folder / file, copy / file)
    return copy


def scratch_folder(name: str) -> Path:
    """An empty folder, which goes at the end of the run."""
    folder = WORK / "scratch" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def read_note(folder: Path) -> SeedNote:
    return msgspec.json.decode((folder / NOTE).read_bytes(), type=SeedNote)


def seed(folder: Path, leads: int, workspaces: int = 1) -> None:
    """Makes a store in a new folder."""
    _migrate(folder)
    random = Random(f"{leads} in {workspaces}")
    connection = apsw.Connection(str(folder / FILE_NAME))
    for pragma in ("synchronous = OFF", "journal_mode = MEMORY", "cache_size = -1000000"):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    postponed = _postpone(connection)
    connection.execute("BEGIN")
    new_id = IdFactory(lambda: _FIRST_MILLISECOND, random.getrandbits)
    names = [new_id(WORKSPACE) for _ in range(workspaces)]
    keys = [_insert_key(connection, random, new_id(KEY), names[0], limit) for limit in (_HUGE_LIMIT, 0)]
    note = _Notes(leads, workspaces, names[0], random)
    last = _insert_leads(connection, _rows(random, leads, names, keys[0][0]), note)
    connection.executemany(
        "INSERT INTO workspaces (id, number, name, created_at) VALUES (?, ?, ?, ?)",
        [(id_, n, f"Workspace {n}", _FIRST_MILLISECOND) for n, id_ in enumerate(names, 1)],
    )
    connection.executemany("INSERT INTO feeds VALUES (?, ?)", [(id_, last[id_]) for id_ in names])
    for statement in postponed:
        connection.execute(statement)
    for statement in _ROLLUPS.findall(next(each.sql for each in load_migrations("sqlite") if each.name == "insights")):
        connection.execute(statement)
    connection.execute("INSERT INTO lead_text (lead_text) VALUES ('rebuild')")
    connection.execute("COMMIT")
    connection.execute("PRAGMA journal_mode = WAL").fetchall()
    connection.close()
    (folder / NOTE).write_bytes(msgspec.json.encode(note.done(keys[0][1], keys[1][1])))
    (folder / NOTE).chmod(0o600)  # as the store itself: `leadlight doctor` asks for it


def _migrate(folder: Path) -> None:
    async def open_and_close() -> None:
        database = await open_database(folder)
        await database.close()

    asyncio.run(open_and_close())


def _postpone(connection: apsw.Connection) -> list[str]:
    """Drops the triggers and the plain indexes for the load; what makes them again."""
    found = connection.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL AND (type = 'trigger' AND tbl_name = 'leads' "
        "OR type = 'index' AND tbl_name IN ('leads', 'events')) ORDER BY type"
    ).fetchall()
    for type_, name, _ in found:
        connection.execute(f"DROP {type_} {name}")
    return [str(sql) for _, _, sql in found]


def _insert_key(connection: apsw.Connection, random: Random, id_: str, workspace: str, limit: int) -> tuple[str, str]:
    secret = new_secret(random.choice)
    connection.execute("PRAGMA defer_foreign_keys = ON")
    connection.execute(
        "INSERT INTO api_keys (id, workspace_id, name, hash, scopes, rate_limit, created_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (id_, workspace, "Benchmark", hash_secret(secret), "admin", limit, _FIRST_MILLISECOND),
    )
    return id_, secret


def _rows(random: Random, leads: int, workspaces: list[str], key_id: str) -> Iterator[_Row]:
    """Leads and their events as time went by, in turn for one workspace and the next."""
    now = _FIRST_MILLISECOND
    new_id = IdFactory(lambda: now, random.getrandbits)
    step = max(1, _SPAN_MILLISECONDS // leads)
    waits = Random(1)
    for index, person in enumerate(islice(people(random), leads)):
        now += random.randrange(1, 2 * step)
        position, place = divmod(index, len(workspaces))
        workspace, position, id_ = workspaces[place], position + 1, new_id(LEAD)
        name, email, phone, phone_key, source, status, metadata = person
        email_key, box = fold(email), mailbox(email)
        lead = (
            *(workspace, id_, position, name, fold(name), email, email_key),
            *(phone, phone_key, source, status, metadata, now, now, 1),
            *(None if box == email_key else box, name_code(name)),
            *((0, None) if status == "new" else (1, now + int(waits.lognormvariate(0, 2) * _WAITED_SECONDS) * 1000)),
        )
        event = (workspace, position, new_id(EVENT), "lead.created", id_, "api_key", key_id, creation(person), now)
        yield _Row(lead, event)


def creation(person: Person) -> str:
    """The changes that the event of a new lead tells of, as JSON."""
    fields = {"name": person.name, "email": person.email, "phone": person.phone, "source": person.source}
    parts = [
        f'"{field}":{{"from":null,"to":{json.dumps(value, ensure_ascii=False)}}}'
        for field, value in {**fields, "status": person.status}.items()
        if value is not None
    ]
    return "{" + ",".join(parts) + ',"metadata":{"from":{},"to":' + person.metadata + "}}"


def _insert_leads(connection: apsw.Connection, rows: Iterator[_Row], note: "_Notes") -> Counter[str]:
    """Writes all rows and the counts; the last position of each workspace."""
    last: Counter[str] = Counter()
    counts: Counter[tuple[str, str, str]] = Counter()
    while block := list(islice(rows, 10_000)):
        connection.executemany(_LEAD, [row.lead for row in block])
        connection.executemany(_EVENT, [row.event for row in block])
        for row in block:
            workspace, id_, position, email, source, status, created_at = (row.lead[i] for i in (0, 1, 2, 5, 9, 10, 12))
            last[workspace] = position
            counts[workspace, status, source or ""] += 1
            note.see(workspace, position, id_, email, created_at)
    connection.executemany("INSERT INTO lead_counts VALUES (?, ?, ?, ?)", [(*key, n) for key, n in counts.items()])
    return last


class _Notes:
    """Gathers a SeedNote while the leads go by."""

    def __init__(self, leads: int, workspaces: int, first: str, random: Random) -> None:
        self._leads, self._workspaces, self._first = leads, workspaces, first
        self._in_first = -(-leads // workspaces)
        chosen = Random(random.random())
        self._sampled = set(chosen.sample(range(1, self._in_first + 1), min(_SAMPLES, self._in_first)))
        self._ids: list[str] = []
        self._emails: list[str] = []
        self._middle: list[tuple[int, str]] = []

    def see(self, workspace: str, position: int, id_: str, email: str, created_at: int) -> None:
        if workspace != self._first:
            return
        if position in self._sampled:
            self._ids.append(id_)
            if len(self._emails) < 1000 and len(self._ids) % 7 == 0:
                self._emails.append(email)
        if abs(position - self._in_first // 2) <= _MIDDLE:
            self._middle.append((created_at, id_))

    def done(self, counted_key: str, unlimited_key: str) -> SeedNote:
        Random(1).shuffle(self._ids)
        return SeedNote(
            _fingerprint(),
            self._leads,
            self._workspaces,
            counted_key,
            unlimited_key,
            self._ids,
            self._middle,
            self._emails,
        )


def _fingerprint() -> str:
    """Changes when a store made earlier would not be made the same way now."""
    digest = hashlib.sha256()
    folder = Path(__file__).parent
    for file in (folder / "seed.py", folder / "people.py", folder / "people.toml", Path(sameness.__file__)):
        digest.update(file.read_bytes())
    for migration in load_migrations("sqlite"):
        digest.update(migration.sql.encode())
    return digest.hexdigest()


def main() -> None:
    parser = argparse.ArgumentParser(description="Make a store filled with leads.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--leads", type=int, default=200_000)
    parser.add_argument("--workspaces", type=int, default=1)
    given = parser.parse_args()
    seed(given.folder, given.leads, given.workspaces)
    print(f"The key of the first workspace: {read_note(given.folder).unlimited_key}")


if __name__ == "__main__":
    main()
