"""Gone is gone: after a delete and a checkpoint, no file of the data folder holds a piece of the lead.

The leads that are to be deleted are written in letters that nothing else here is written in, so any
piece of them that is left stands out in the raw bytes, whatever it belonged to.
"""

import asyncio
import random
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from pathlib import Path
from typing import TypeVar

import apsw
import msgspec
import pytest

from leadlight.app import Services
from leadlight.leads.change import LeadDraft, LeadPatch
from leadlight.principal import Actor, Principal, Scope
from leadlight.store.idempotency import IdempotencyKey
from leadlight.store.opening import open_database
from leadlight.workspaces.service import KeySpec

pytestmark = pytest.mark.engine("sqlite")

T = TypeVar("T")

ASCII = "qxzj"  # ten of them in a row are no id, no hash, no key
OTHER_SCRIPT = "".join(map(chr, range(0x10D0, 0x10F1)))  # Georgian: two of its letters are enough
CAPITALS = "".join(map(chr, range(0x1C90, 0x1CB1)))  # case-fold to the letters above
REMAINS = re.compile(rb"[qxzj]{10,}|(?:\xe1(?:\x83[\x90-\xbf]|\xb2[\x90-\xb0])){2,}", re.IGNORECASE)
PAD_BYTES = (0, 0, 300, 900, 2_000, 6_000)  # from 4 KiB on, overflow pages are used


class Leads:
    """Leads in a store of their own; every third is doomed."""

    def __init__(self, services: Services, caller: Principal) -> None:
        self.services = services
        self.caller = caller
        self.doomed: dict[str, bool] = {}
        self._random = random.Random(20260115)

    async def create(self, number: int) -> None:
        doomed = number % 3 == 0
        name, email, metadata = self._fields(doomed)
        phone = self._text(doomed, 12)
        draft = LeadDraft(name, email, phone, "website", msgspec.UNSET, metadata)
        key = IdempotencyKey(f"key-{number}", f"{number:064x}") if number % 4 == 0 else None
        created = await self.services.leads.create_lead(self.caller, draft, idempotency=key)
        self.doomed[created.lead.id] = doomed

    async def update(self, lead_id: str) -> None:
        name, email, metadata = self._fields(self.doomed[lead_id])
        patch = LeadPatch(name=name, email=email, metadata=metadata)
        await self.services.leads.update_lead(self.caller, lead_id, patch)

    async def delete(self, lead_id: str) -> None:
        await self.services.leads.delete_lead(self.caller, lead_id)

    def some(self, share: float) -> list[str]:
        return self._random.sample(list(self.doomed), int(len(self.doomed) * share))

    def _fields(self, doomed: bool) -> tuple[str, str, msgspec.Raw]:
        letters = OTHER_SCRIPT + CAPITALS if doomed else "abcdefgh"
        name = "".join(self._random.choices(letters, k=8)) + " " + self._text(doomed, 12).upper()
        pad = self._text(doomed, self._random.choice(PAD_BYTES))
        metadata = {"company": self._text(doomed, 14), "town": "".join(self._random.choices(letters, k=9)), "pad": pad}
        return name, f"{self._text(doomed, 16)}@example.com", msgspec.Raw(msgspec.json.encode(metadata))

    def _text(self, doomed: bool, length: int) -> str:
        return "".join(self._random.choices(ASCII if doomed else "abcdefgh0123456789", k=length))


@pytest.fixture
async def leads(tmp_path: Path) -> AsyncIterator[Leads]:
    database = await open_database(tmp_path)
    services = Services(database)
    workspace = await services.workspaces.create_workspace("Ours")
    issued = await services.workspaces.create_key(workspace.id, KeySpec("test", (Scope.ADMIN,)))
    yield Leads(services, Principal(Actor.of(issued.key.id), workspace.id, frozenset({Scope.ADMIN}), 0, None))
    await database.close()


async def test_no_file_holds_a_piece_of_a_deleted_lead(leads: Leads, tmp_path: Path) -> None:
    await _all(leads.create, range(200))
    await _all(leads.update, leads.some(1))
    assert _remains(tmp_path)

    await _all(leads.delete, [lead_id for lead_id, doomed in leads.doomed.items() if doomed])
    await _quiet(tmp_path)

    assert _remains(tmp_path) == {}


@pytest.mark.slow
async def test_no_file_holds_a_piece_of_many_deleted_leads_while_others_are_written(
    leads: Leads, tmp_path: Path
) -> None:
    await _all(leads.create, range(2_000))
    for _ in range(2):
        await _all(leads.update, leads.some(0.4))

    doomed = [lead_id for lead_id, is_doomed in leads.doomed.items() if is_doomed]
    for start in range(0, len(doomed), 80):
        await _all(leads.delete, doomed[start : start + 80])
        await _all(leads.create, [number for number in range(2_000, 2_100) if number % 3])
        await _all(leads.update, [id_ for id_ in leads.some(0.02) if not leads.doomed[id_]])
    await _quiet(tmp_path)

    assert _remains(tmp_path) == {}


async def test_the_text_index_forgets_the_words(leads: Leads, tmp_path: Path) -> None:
    await _all(leads.create, range(200))
    await _all(leads.update, leads.some(1))
    assert any(_is_doomed(term) for term in _terms(tmp_path))

    await _all(leads.delete, [lead_id for lead_id, doomed in leads.doomed.items() if doomed])

    assert [term for term in _terms(tmp_path) if _is_doomed(term)] == []


async def test_a_closed_store_holds_no_piece_either(leads: Leads, tmp_path: Path) -> None:
    await _all(leads.create, range(200))
    await _all(leads.update, leads.some(1))
    await _all(leads.delete, [lead_id for lead_id, doomed in leads.doomed.items() if doomed])

    await leads.services.database.close()

    assert _remains(tmp_path) == {}


async def test_statistics_for_the_planner_hold_no_lead(leads: Leads, tmp_path: Path) -> None:
    await _all(leads.create, range(600))
    await _all(leads.update, leads.some(0.2))

    await leads.services.database.close()  # where statistics are gathered

    connection = apsw.Connection(str(tmp_path / "leadlight.db"), flags=apsw.SQLITE_OPEN_READONLY)
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema")}
    samples = connection.execute("SELECT count(*) FROM sqlite_stat4").get if "sqlite_stat4" in tables else 0
    connection.close()
    assert samples == 0


async def test_a_lost_power_does_not_bring_the_deleted_back(leads: Leads, tmp_path: Path) -> None:
    await _all(leads.create, range(200))
    await _all(leads.update, leads.some(1))
    await _all(leads.delete, [lead_id for lead_id, doomed in leads.doomed.items() if doomed])
    survivors = tmp_path / "after-the-crash"
    survivors.mkdir()
    for name in ("leadlight.db", "leadlight.db-wal"):  # what a killed process leaves behind
        (survivors / name).write_bytes((tmp_path / name).read_bytes())

    reopened = await open_database(survivors)
    await reopened.write(_touch)
    await _quiet(survivors)
    remains = _remains(survivors)
    await reopened.close()

    assert remains == {}


async def _touch(tx: object) -> None:
    """A unit that changes nothing: it wakes the writer."""


async def _all(work: Callable[[T], Awaitable[None]], items: Iterable[T]) -> None:
    waiting = list(items)
    for start in range(0, len(waiting), 64):
        await asyncio.gather(*(work(item) for item in waiting[start : start + 64]))


async def _quiet(folder: Path) -> None:
    """Waits until the server has done its checkpoint, which it does once it is quiet."""
    deadline = time.monotonic() + 10
    while (folder / "leadlight.db-wal").stat().st_size:
        assert time.monotonic() < deadline, "the write-ahead log was not emptied"
        await asyncio.sleep(0.05)


def _remains(folder: Path) -> dict[str, int]:
    """How many pieces of doomed leads each file holds."""
    files = [file for file in folder.iterdir() if file.is_file()]
    found = {file.name: len(REMAINS.findall(file.read_bytes())) for file in files}
    return {name: pieces for name, pieces in found.items() if pieces}


def _terms(folder: Path) -> list[str]:
    connection = apsw.Connection(str(folder / "leadlight.db"))
    connection.execute("CREATE VIRTUAL TABLE temp.terms USING fts5vocab (main, lead_text, row)")
    terms = [str(term) for (term,) in connection.execute("SELECT term FROM temp.terms")]
    connection.close()
    return terms


def _is_doomed(term: str) -> bool:
    return any(letter in OTHER_SCRIPT for letter in term) or set(term) <= set(ASCII)
