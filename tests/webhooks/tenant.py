"""One workspace in a store, without a server: its leads, its endpoints, and what became of their deliveries."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from leadlight.app import Services
from leadlight.clock import Clock
from leadlight.ids import IdFactory, NewId
from leadlight.leads.change import LeadDraft, LeadPatch
from leadlight.principal import Actor, Principal, Scope
from leadlight.settings import Settings
from leadlight.store.database import Database, Transaction, Value
from leadlight.store.opening import open_database
from leadlight.webhooks.delivery import Attempt, Delivery, RetrySchedule
from leadlight.webhooks.failure import Failure, Outcome
from leadlight.webhooks.job import Advanced, Done, Job, Room, Sending
from leadlight.webhooks.service import WebhookDraft, WebhookPatch
from leadlight.webhooks.webhook import Webhook
from leadlight.webhooks.work import Work

URL = "http://127.0.0.1:9/hook"
NOW_AND_THEN = RetrySchedule.of([0, 5, 300])


class Tenant:
    """What the owner of a workspace does and sees."""

    def __init__(self, services: Services, workspace_id: str) -> None:
        self.services = services
        self.database = services.database
        self.clock = services.clock
        self.id = workspace_id
        self._caller = Principal(Actor.of("key_1"), workspace_id, frozenset({Scope.ADMIN}), 0, None)

    async def lead(self, name: str = "Ada Park") -> str:
        """A new lead; one event."""
        draft = LeadDraft(name, "ada@example.com", metadata=msgspec.Raw(b"{}"))
        return (await self.services.leads.create_lead(self._caller, draft)).lead.id

    async def leads(self, count: int) -> list[str]:
        return list(await asyncio.gather(*[self.lead() for _ in range(count)]))

    async def rename(self, lead_id: str, name: str) -> None:
        """One event."""
        await self.services.leads.update_lead(self._caller, lead_id, LeadPatch(name=name))

    async def delete(self, lead_id: str) -> None:
        await self.services.leads.delete_lead(self._caller, lead_id)

    async def webhook(self, *events: str, url: str = URL) -> Webhook:
        return await self.services.webhooks.create_webhook(self.id, WebhookDraft(url, events or ("*",)))

    async def set_active(self, webhook: Webhook, *, active: bool) -> None:
        await self.services.webhooks.update_webhook(self.id, webhook.id, WebhookPatch(active=active))

    async def now(self, webhook: Webhook) -> Webhook:
        """An endpoint as it is stored."""
        return await self.services.webhooks.get_webhook(self.id, webhook.id)

    async def deliveries(self, webhook: Webhook) -> list[Delivery]:
        """Oldest first."""
        found = await self.services.webhooks.list_deliveries(self.id, webhook.id, status=None, before="", limit=10_000)
        return found[::-1]

    async def statuses(self, webhook: Webhook) -> list[str]:
        return [delivery.status.value for delivery in await self.deliveries(webhook)]

    async def attempts(self, delivery: Delivery) -> list[Attempt]:
        return (await self.services.webhooks.get_delivery(self.id, delivery.id))[1]

    async def count(self, table: str) -> int:
        """The rows of a table, of all workspaces."""

        async def unit(tx: Transaction) -> list[tuple[Value, ...]]:
            return await tx.rows(f"SELECT workspace_id FROM {table}")

        return len(await self.database.scan(unit))


class Sends:
    """A process's part, by hand: it takes on and records, and what it takes on is sent by the test."""

    def __init__(self, tenant: Tenant, name: str = "ours", *, room: Room | None = None, **parameters: Any) -> None:
        self.name = name
        self._tenant = tenant
        self._room = room or Room(1_000, 1_000)
        self._work = work_of(tenant, **parameters)
        self.under_way: dict[str, int] = {}

    async def advance(self, *done: Done) -> Advanced:
        """Records, takes on, and counts what is under way."""
        for one in done:
            self._count(one.job, -1)
        tenant, sending = self._tenant, Sending(self.name, self._room, self._counts())
        advanced = await tenant.database.write(self._work.advance, tenant.id, done, sending, tenant.clock())
        for job in advanced.jobs:
            self._count(job, 1)
        return advanced

    async def take(self, *done: Done) -> list[Job]:
        return (await self.advance(*done)).jobs

    async def record(self, *done: Done) -> None:
        """Takes nothing on."""
        room, self._room = self._room, Room(0, 0)
        await self.advance(*done)
        self._room = room

    async def leave(self, *done: Done) -> None:
        tenant = self._tenant
        await tenant.database.write(self._work.leave, tenant.id, done, self.name, tenant.clock())

    async def keep(self, webhook: Webhook) -> None:
        tenant = self._tenant
        await tenant.database.write(self._work.keep, tenant.id, [webhook.id], self.name, tenant.clock())

    async def has_any(self) -> bool:
        return await self._tenant.database.read(self._work.has_any, self._tenant.id, self.name, self._tenant.clock())

    async def sees_any(self) -> bool:
        """Whether the sweep over all workspaces finds this one."""
        found = await self._tenant.database.scan(self._work.workspaces_with_any, self._tenant.clock())
        return self._tenant.id in found

    async def may_send(self, job: Job) -> bool:
        database = self._tenant.database
        return job.delivery.id in await database.read(self._work.still_to_send, self._tenant.id, [job])

    def _counts(self) -> dict[str, int]:
        return {webhook_id: count for webhook_id, count in self.under_way.items() if count > 0}

    def _count(self, job: Job, change: int) -> None:
        self.under_way[job.webhook.id] = self.under_way.get(job.webhook.id, 0) + change


def work_of(
    tenant: Tenant,
    *,
    schedule: RetrySchedule = NOW_AND_THEN,
    chance: Callable[[], float] = lambda: 0.0,
    new_id: NewId | None = None,
) -> Work:
    return Work(tenant.services.events, new_id or IdFactory(tenant.clock), schedule=schedule, random=chance)


def good(job: Job, answer: str = "") -> Done:
    return Done(job, Outcome(job.delivery.created_at, 12, 200, None, answer, None))


def bad(job: Job, status: int | None = 500, *, answer: str = "", retry_after: int | None = None) -> Done:
    failure = Failure.TIMEOUT if status is None else Failure.HTTP_STATUS
    return Done(job, Outcome(job.delivery.created_at, 12, status, failure, answer, retry_after))


def told(jobs: Sequence[Job]) -> list[tuple[str, str | None]]:
    """The type and the lead of each."""
    return [(job.delivery.event_type, job.delivery.lead_id) for job in jobs]


@asynccontextmanager
async def tenancy(store: dict[str, Any], clock: Clock, *, of: Tenant | None = None) -> AsyncIterator[Tenant]:
    """Opens a store and makes a workspace in it; or opens it once more, for the workspace that there is."""
    database = await open_store(store)
    services = Services(database, clock, Settings(webhook_allow_private=True))
    workspace_id = of.id if of else (await services.workspaces.create_workspace("Ours")).id
    try:
        yield Tenant(services, workspace_id)
    finally:
        await services.sender.close()
        await database.close()


async def open_store(store: dict[str, Any]) -> Database:
    return await open_database(store["data"], store.get("database_url", ""))


def chances(seed: int) -> Callable[[], float]:
    return random.Random(seed).random
