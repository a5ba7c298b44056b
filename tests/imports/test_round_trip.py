"""An import of an export is the identity: the same leads in another workspace, and nothing new in the same one."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadlight.app import Services
from leadlight.clock import LAST_MOMENT
from leadlight.duplicate_rule import DuplicateRule, OnDuplicate
from leadlight.exports.writers import ExportFormat
from leadlight.imports.job import Counts, ImportOptions
from leadlight.leads.change import LeadDraft
from leadlight.leads.filter import LeadFilter
from leadlight.leads.intake import Incoming
from leadlight.leads.lead import LeadStatus
from leadlight.principal import Actor, Principal, Scope
from leadlight.store.database import Row, Transaction
from leadlight.store.opening import open_database
from tests.conftest import Client, MovableClock
from tests.exports.people import JSON, TEXTS
from tests.imports.uploads import bring_in, counts, leads

AWKWARD: list[dict[str, Any]] = [
    {
        "name": "=1+1",
        "email": "a@example.com",
        "phone": "+44 20 7946 0018",
        "source": "-x",
        "metadata": {"note": "@SUM(A1)"},
    },
    {
        "name": "'quoted",
        "email": "b@example.com",
        "metadata": {"text": "42", "number": 42, "yes": True, "word": "true"},
    },
    {"name": "Zoë 🦊", "email": "c@example.com", "status": "lost", "metadata": {"a b": ["x", {"y": 1.5}], "": "empty"}},
    {
        "name": "Two\nlines",
        "email": "d@example.com",
        "source": None,
        "metadata": {"tab": "\t", "text": "null", "nothing": ""},
    },
    {
        "name": 'Quote "inside"',
        "email": "e@example.com",
        "metadata": {"id": 7, "name": "other", "createdAt": "2020-01-01"},
    },
    {
        "name": "Later",
        "email": "f@example.com",
        "followUpAt": "2031-02-03T04:05:06.789Z",
        "followUpNote": "=Call again\n'soon'",
        "metadata": {"followUpNote": "another one"},
    },
]


@pytest.mark.parametrize("extension", ["csv", "xlsx", "jsonl"])
def test_awkward_leads_come_back_as_they_were(api: Client, stranger: Client, extension: str) -> None:
    for lead in AWKWARD:
        api.create(**lead)

    content = api.get(f"/api/v1/exports/leads?format={extension}").content
    there = bring_in(stranger, content, f"leads.{extension}")
    here = bring_in(api, content, f"leads.{extension}")

    assert (counts(there), counts(here)) == ((6, 0, 0, 0), (0, 6, 0, 0))
    ours, theirs = ([{**lead, "id": None} for lead in leads(of)] for of in (api, stranger))
    assert [{**lead, "updatedAt": None} for lead in theirs] == [{**lead, "updatedAt": None} for lead in ours]
    events = api.get("/api/v1/events").json()["data"]["events"]
    assert [event["type"] for event in events] == ["lead.created"] * 6


class Tenancy:
    """What happens to leads in workspaces of one store."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def workspace(self, incoming: Sequence[Incoming] = ()) -> Principal:
        """Its owner. `incoming`: the leads that it has."""
        workspace_id = (await self._services.workspaces.create_workspace("W")).id

        async def unit(tx: Transaction) -> None:
            actor, now = Actor.of("key_1"), self._services.clock()
            await self._services.intake.take(tx, workspace_id, actor, incoming, rule=DuplicateRule(), now=now)

        await self._services.database.write(unit, turn=workspace_id)
        return Principal(Actor.of("key_1"), workspace_id, frozenset({Scope.ADMIN}), None, None)

    async def export(self, caller: Principal, file_format: ExportFormat) -> bytes:
        file = await self._services.exports.export_leads(caller, LeadFilter(), file_format)
        return b"".join([piece async for piece in file.pieces])

    async def bring_in(self, caller: Principal, content: bytes) -> Counts:
        async def pieces() -> AsyncIterator[bytes]:
            yield content

        options = ImportOptions(DuplicateRule(OnDuplicate.CREATE))
        job = await self._services.imports.receive(caller, "leads", options, pieces())
        await self._services.import_run().run(caller.workspace_id, job.id, "test")
        ended = await self._services.imports.get_import(caller.workspace_id, job.id)
        assert (ended.error, [page async for page in self._services.imports.errors(job.workspace_id, job.id)]) == (
            None,
            [],
        )
        return ended.counts

    async def state(self, caller: Principal) -> tuple[list[Any], int]:
        """The leads as clients see them, and how much has happened."""
        rows, events = await self._services.database.scan(_leads, caller.workspace_id)
        return sorted(([*fields, _values(metadata)] for *fields, metadata in rows), key=str), events


async def _leads(tx: Transaction, workspace_id: str) -> tuple[list[Row], Any]:
    sql = (
        "SELECT name, email, phone, source, status, created_at, follow_up_at, follow_up_note, metadata "
        "FROM leads WHERE workspace_id = :workspace_id"
    )
    events = await tx.row("SELECT last_event FROM feeds WHERE workspace_id = :workspace_id", workspace_id=workspace_id)
    return await tx.rows(sql, workspace_id=workspace_id), events


def _values(text: Any) -> Any:
    """Numbers as exact as they were written."""
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)


def texts(longest: int) -> st.SearchStrategy[str]:
    """What a field of a lead can be."""
    return TEXTS.map(lambda text: text.strip()[:longest].strip()).filter(bool)


def raw(value: Any) -> msgspec.Raw:
    return msgspec.Raw(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


INCOMING = st.builds(
    lambda draft, created_at: Incoming(draft, created_at=created_at),
    st.builds(
        LeadDraft,
        texts(255),
        st.from_regex(r"[a-zA-Z0-9_'+=-]{1,20}@[a-z]{1,10}\.(example|test)", fullmatch=True),
        st.none() | texts(50),
        st.none() | texts(100),
        st.sampled_from(LeadStatus),
        st.dictionaries(TEXTS, JSON, max_size=4).map(raw),
        st.none() | st.integers(0, LAST_MOMENT),
        st.none() | texts(1000),
    ),
    st.integers(0, MovableClock().now),
)


@pytest.mark.slow
@pytest.mark.parametrize("file_format", ExportFormat)
@given(incoming=st.lists(INCOMING, min_size=1, max_size=6))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_leads_are_they_come_back_as_they_were(
    store: dict[str, Any], file_format: ExportFormat, incoming: list[Incoming]
) -> None:
    async def round_trip() -> None:
        database = await open_database(store["data"], store.get("database_url", ""))
        try:
            tenancy = Tenancy(Services(database, MovableClock()))
            ours, theirs = await tenancy.workspace(incoming), await tenancy.workspace()
            before, events = await tenancy.state(ours)
            content = await tenancy.export(ours, file_format)

            assert await tenancy.bring_in(theirs, content) == Counts(created=len(incoming))
            assert (await tenancy.state(theirs))[0] == before
            assert await tenancy.bring_in(ours, content) == Counts(updated=len(incoming))
            assert await tenancy.state(ours) == (before, events)
        finally:
            await database.close()

    asyncio.run(round_trip())
