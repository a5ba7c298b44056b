"""Stores with endpoints and events, made by Leadlight's own use cases while no server runs on them."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from random import Random

import msgspec

from benchmarks.people import Person, people
from benchmarks.postgres_stores import PostgresStores
from benchmarks.seed import read_note, scratch_copy, seeded_store
from benchmarks.servers import CLIENT_CORE
from leadlight.app import Services
from leadlight.events.schemas import EventView
from leadlight.leads.change import LeadDraft
from leadlight.principal import Principal
from leadlight.settings import Settings
from leadlight.store.opening import open_database
from leadlight.webhooks.service import WebhookDraft

_SETTINGS = Settings(webhook_allow_private=True)
_AT_ONCE = 64
_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Place:
    """A seeded folder. `database_url`: where the same leads are instead; `database`: as a Server has it."""

    folder: Path
    database_url: str = ""
    database: int = 0

    @property
    def options(self) -> tuple[str, ...]:
        """Of `serve` and `worker`, beside the folder."""
        where = ("--database-url", self.database_url) if self.database_url else ()
        return (*where, "--webhook-allow-private")

    @property
    def key(self) -> str:
        return read_note(self.folder).unlimited_key


@contextmanager
def scratch_place(leads: int, name: str, stores: PostgresStores | None) -> Iterator[Place]:
    """A copy of a seeded store, for a run that writes. A database server is bound to the core of the clients."""
    if stores is None:
        yield Place(scratch_copy(seeded_store(leads), name))
        return
    url = stores.scratch(leads)
    stores.bind(CLIENT_CORE)
    yield Place(seeded_store(leads), url, stores.pid)
    stores.drop(url)


def add_webhooks(place: Place, urls: Sequence[str]) -> list[str]:
    """Endpoints that want all that happens from now on, instead of those that there are; their ids."""

    async def add() -> list[str]:
        async with opened(place) as (services, caller):
            webhooks, workspace = services.webhooks, caller.workspace_id
            for old in await webhooks.list_webhooks(workspace, after="", limit=_PAGE):
                await webhooks.delete_webhook(workspace, old.id)
            drafts = [WebhookDraft(url, ("*",)) for url in urls]
            made = await asyncio.gather(*(webhooks.create_webhook(workspace, draft) for draft in drafts))
            return [webhook.id for webhook in made]

    return asyncio.run(add())


def add_leads(place: Place, count: int) -> None:
    """Each with its event."""

    async def add() -> None:
        async with opened(place) as (services, caller):
            drafts = map(_draft, islice(people(Random(5)), count))

            async def add_one_by_one() -> None:
                for draft in drafts:
                    await services.leads.create_lead(caller, draft)

            await asyncio.gather(*(add_one_by_one() for _ in range(_AT_ONCE)))

    asyncio.run(add())


def count_delivered(place: Place, webhook_id: str) -> int:
    """How many deliveries to an endpoint are recorded as done."""

    async def find() -> int:
        async with opened(place) as (services, caller):
            return (await services.webhooks.get_webhook(caller.workspace_id, webhook_id)).success_count

    return asyncio.run(find())


async def newest_bodies(place: Place, count: int) -> list[bytes]:
    """What an endpoint would be sent for the last events."""
    async with opened(place) as (services, caller):
        workspace, bodies = caller.workspace_id, list[bytes]()
        position = await services.database.read(services.events.last_position, workspace) - count
        while len(bodies) < count:
            page = await services.events.list_feed(workspace, after=position, limit=min(_PAGE, count - len(bodies)))
            bodies += [msgspec.json.encode(EventView.of(event)) for event in page.events]
            position = page.next_position
        return bodies


@asynccontextmanager
async def opened(place: Place) -> AsyncIterator[tuple[Services, Principal]]:
    """Its use cases, and who may do everything in it, while no server runs on it."""
    database = await open_database(place.folder, place.database_url, create=False)
    services = Services(database, settings=_SETTINGS)
    try:
        caller = await services.workspaces.find_principal(place.key)
        assert caller is not None
        yield services, caller
    finally:
        await services.sender.close()
        await database.close()


def _draft(person: Person) -> LeadDraft:
    metadata = msgspec.Raw(person.metadata.encode())
    return LeadDraft(person.name, person.email, phone=person.phone, source=person.source, metadata=metadata)
