"""What a type checker has to know of the client; it is checked, and not run."""

from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import assert_type

from leadlight.client import (
    AsyncLeadlight,
    Duplicate,
    FirstContact,
    Form,
    Funnel,
    Import,
    Lead,
    LeadExport,
    Leadlight,
    Note,
    Operation,
    Page,
    SourceYield,
    Submission,
    Told,
)


def in_turn(client: Leadlight) -> None:
    assert_type(client.leads.get("lead_1"), Lead)
    assert_type(client.leads.create("Ada", "ada@example.com", phone=None), Lead)
    assert_type(client.leads.list(status="new"), Iterator[Lead])
    assert_type(client.leads.page(1), Page[Lead])
    assert_type(client.leads.duplicates("lead_1"), Sequence[Duplicate])
    assert_type(client.leads.export(Path("leads.csv"), search="ada"), int)
    assert_type(client.leads.export_lead("lead_1"), LeadExport)
    assert_type(client.notes.create("lead_1", "Call her"), Note)
    assert_type(client.notes.list("lead_1"), Iterator[Note])
    assert_type(client.insights.funnel("2026-01-01"), Funnel)
    assert_type(client.insights.sources(last=date(2026, 1, 31), sort="-rate"), Sequence[SourceYield])
    assert_type(client.imports.wait("imp_1"), Import)
    assert_type(client.forms.create("Contact", defaults={"source": "website"}), Form)
    assert_type(client.forms.submissions("form_1"), Iterator[Submission])
    assert_type(client.events.follow(types=["lead.created"]), Generator[Told, None, None])
    client.forms.update("form_1", redirectUrl="")  # type: ignore[call-arg]
    client.leads.create("Ada", "ada@example.com", phne="")  # type: ignore[call-arg]
    client.leads.list(stats="new")  # type: ignore[call-arg]
    client.leads.get(1)  # type: ignore[arg-type]
    client.leads.create_many([{"name": "Ada"}])  # type: ignore[typeddict-item]


async def on_a_loop(client: AsyncLeadlight) -> None:
    assert_type(await client.leads.get("lead_1"), Lead)
    assert_type(client.leads.list(status=["new"]), AsyncIterator[Lead])
    async for lead in client.leads.list():
        assert_type(lead, Lead)
    assert_type(client.events.follow(), AsyncGenerator[Told, None])
    assert_type(await client.operations.undo("op_1"), Operation)
    assert_type(await client.insights.first_contact(), FirstContact)
    assert_type(await client.imports.create("people.csv"), Import)
    await client.leads.get(1)  # type: ignore[arg-type]
