"""Where a deliverer's posts end in a test: what was sent, in its order, and who was sent how much at a time."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from leadlight.clock import Clock
from leadlight.webhooks.deliverer import Deliverer
from leadlight.webhooks.failure import Failure, Outcome
from leadlight.webhooks.webhook import Webhook
from leadlight.webhooks.work import Work
from tests.webhooks.tenant import Tenant, work_of

OK = 200


@dataclass(frozen=True)
class Post:
    """What was posted, and by whom."""

    url: str
    event: dict[str, Any]
    headers: Mapping[str, str]
    sender: str

    @property
    def lead_id(self) -> str:
        return str(self.event["leadId"])

    @property
    def event_id(self) -> str:
        return self.headers["webhook-id"]


Answer = Callable[[Post], Awaitable[int]]
"""Answers with a status, at once or later."""


async def well(_: Post) -> int:
    return OK


class Posts:
    """Of one deliverer or several. It answers 200 to all, unless it is told `answer`."""

    def __init__(self, answer: Answer = well) -> None:
        self.answer = answer
        self.begun: list[Post] = []
        self.at_once: Counter[Any] = Counter()
        self.most_at_once: Counter[Any] = Counter()
        """By URL, by URL and lead, and by URL and event."""
        self.is_over = asyncio.Event()
        self._news = asyncio.Event()

    async def never(self, _: Post) -> int:
        """An answer that does not come for as long as there is a deliverer."""
        await self.is_over.wait()
        return OK

    def of(self, sender: str) -> Callable[..., Awaitable[Outcome]]:
        """What a deliverer posts with."""

        async def post(url: str, body: bytes, headers: Mapping[str, str]) -> Outcome:
            return await self._post(Post(url, json.loads(body), headers, sender))

        return post

    async def until(self, holds: Callable[[], object], *, seconds: float = 10) -> None:
        """Waits until what depends on the posts comes true. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while not holds():
                self._news.clear()
                await self._news.wait()

    async def count(self, count: int, *, seconds: float = 10) -> list[Post]:
        """All that were begun, once there are so many."""
        await self.until(lambda: len(self.begun) >= count, seconds=seconds)
        return list(self.begun)

    async def _post(self, post: Post) -> Outcome:
        self.begun.append(post)
        self._news.set()
        keys = (post.url, (post.url, post.lead_id), (post.url, post.event_id))
        for key in keys:
            self.at_once[key] += 1
            self.most_at_once[key] = max(self.most_at_once[key], self.at_once[key])
        try:
            status = await self.answer(post)
        finally:
            for key in keys:
                self.at_once[key] -= 1
            self._news.set()
        return Outcome(0, 1, status, None if status == OK else Failure.HTTP_STATUS, "", None)


@asynccontextmanager
async def delivering(
    tenant: Tenant,
    posts: Posts,
    clock: Clock | None = None,
    *,
    name: str = "ours",
    sweep_seconds: float = 5.0,
    work: Work | None = None,
    **of_work: Any,
) -> AsyncIterator[asyncio.Task[None]]:
    """A process that delivers, until the end of the block or until its task is cancelled."""
    work = work or work_of(tenant, **of_work)
    deliverer = Deliverer(tenant.database, work, posts.of(name), clock or tenant.clock, sweep_seconds=sweep_seconds)
    task = asyncio.create_task(deliverer.run())
    try:
        yield task
    finally:
        posts.is_over.set()
        task.cancel()
        ended, _ = await asyncio.wait([task], timeout=10)
        task.cancel()
        assert ended, "it did not end"


async def until(holds: Callable[[], Awaitable[object]], *, seconds: float = 10) -> None:
    """Waits for what the store has to show some time."""
    async with asyncio.timeout(seconds):
        while not await holds():  # noqa: ASYNC110  (a store has no events of this kind)
            await asyncio.sleep(0.01)


async def proven(tenant: Tenant, posts: Posts, *webhooks: Webhook) -> None:
    """Lets endpoints answer well, and forgets of it."""
    before = len(posts.begun)
    await tenant.lead()
    await posts.count(before + len(webhooks))
    for webhook in webhooks:
        await until(lambda webhook=webhook: has_succeeded(tenant, webhook))  # type: ignore[misc]
    posts.begun.clear()


async def has_succeeded(tenant: Tenant, webhook: Webhook) -> bool:
    return (await tenant.now(webhook)).is_proven


async def ended(tenant: Tenant, webhook: Webhook) -> bool:
    """Whether nothing of it is being sent, nor waits to be."""
    return not {"pending", "sending"} & set(await tenant.statuses(webhook))
