"""A process's part in delivering: it takes work on when it hears of some, sends, and hands in what became of it."""

import asyncio
import logging
import secrets
from collections import Counter, defaultdict, deque
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from typing import Any

from leadlight.clock import SECOND, Clock
from leadlight.errors import StoreUnavailable
from leadlight.store.database import Database
from leadlight.waiting import happens_within
from leadlight.webhooks.failure import Failure, Outcome
from leadlight.webhooks.job import Done, Job, Sending
from leadlight.webhooks.message import body_of, headers_of
from leadlight.webhooks.pace import Pace
from leadlight.webhooks.under_way import UnderWay
from leadlight.webhooks.work import DONE_AT_ONCE, KEPT, Work

logger = logging.getLogger("leadlight.webhooks")

Post = Callable[[str, bytes, Mapping[str, str]], Awaitable[Outcome]]
"""Sends a body to a URL with headers, and never raises for what the outside does."""

_ADVANCES_AT_ONCE = 4
_SWEEP_SECONDS = 5.0
_AGAIN = SECOND
_LAST_ANSWERS_SECONDS = 3.0


class Deliverer:
    """Sends for all workspaces, beside other processes that do the same."""

    def __init__(
        self,
        database: Database,
        work: Work,
        post: Post,
        clock: Clock,
        *,
        requests: Callable[[], int] = lambda: 0,
        sweep_seconds: float = _SWEEP_SECONDS,
    ) -> None:
        """`requests`: how many the process has served so far; they go first.

        `sweep_seconds`: how often it looks for what nobody told it of.
        """
        self._database = database
        self._work = work
        self._post = post
        self._clock = clock
        self._sweep_seconds = sweep_seconds
        self._sender = secrets.token_hex(8)
        self._under_way = UnderWay()
        self._done: defaultdict[str, list[Done]] = defaultdict(list)
        self._in_doubt: set[str] = set()
        self._chains: dict[tuple[str, str], deque[Job]] = {}
        self._noted: set[str] = set()
        self._looking: set[str] = set()
        self._starved: set[str] = set()
        self._timers: dict[tuple[str, int], asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._pace = Pace(requests)
        self._advances = asyncio.Semaphore(_ADVANCES_AT_ONCE)
        self._swept = asyncio.Event()
        self._stopping = False

    async def run(self) -> None:
        """Delivers until it is cancelled; then waits a moment for what is under way, and leaves the rest to others."""
        stop_listening = self._database.listen(self._hear)
        keeping = asyncio.create_task(self._keep())
        try:
            while True:
                await self._sweep()
                await happens_within(self._swept, self._sweep_seconds)
                self._swept.clear()
        finally:
            stop_listening()
            keeping.cancel()
            await self._stop()

    # Hearing of work

    def _hear(self, workspace_id: str) -> None:
        if workspace_id:
            self._note(workspace_id)
        else:
            self._swept.set()

    def _note(self, workspace_id: str) -> None:
        self._noted.add(workspace_id)
        if workspace_id not in self._looking and not self._stopping:
            self._looking.add(workspace_id)
            self._start(self._look(workspace_id))

    async def _sweep(self) -> None:
        try:
            for workspace_id in await self._database.scan(self._work.workspaces_with_any, self._clock()):
                self._note(workspace_id)
        except StoreUnavailable:
            logger.warning("deliveries wait: the store is away")
        except Exception:
            logger.exception("looking for deliveries failed; it is tried again")

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(KEPT / SECOND / 3)
            try:
                for workspace_id in self._under_way.workspaces():
                    ids = list(self._under_way.counts(workspace_id))
                    await self._database.write(self._work.keep, workspace_id, ids, self._sender, self._clock())
            except StoreUnavailable:
                logger.warning("others may take over what is being sent: the store is away")
            except Exception:
                logger.exception("keeping what is being sent failed; it is tried again")

    # Taking on and recording

    async def _look(self, workspace_id: str) -> None:
        try:
            while workspace_id in self._noted and not self._stopping:
                await self._pace.give_way()
                self._noted.discard(workspace_id)
                async with self._advances:
                    await self._advance(workspace_id)
        except Exception as error:
            if not isinstance(error, StoreUnavailable):
                logger.exception("taking on deliveries failed; it is tried again")
            self._look_at(workspace_id, self._clock() + _AGAIN)
        finally:
            self._looking.discard(workspace_id)

    async def _advance(self, workspace_id: str) -> None:
        now = self._clock()
        has_any = workspace_id in self._done or workspace_id in self._in_doubt
        if not has_any and not await self._database.read(self._work.has_any, workspace_id, self._sender, now):
            return
        done = self._take_done(workspace_id)  # from here to the write nothing may be waited for: attempts end meanwhile
        sending = self._sending(workspace_id, done)
        try:
            advanced = await self._database.write(self._work.advance, workspace_id, done, sending, now)
        except BaseException:
            self._done[workspace_id] = done + self._done.get(workspace_id, [])
            self._in_doubt.add(workspace_id)  # it may have been committed all the same
            raise
        self._in_doubt.discard(workspace_id)
        for job in advanced.jobs:
            self._under_way.add(job)
        await self._begin(workspace_id, advanced.jobs)
        if advanced.starved:
            self._starved.add(workspace_id)
        for moment in advanced.times:
            self._look_at(workspace_id, moment)

    def _take_done(self, workspace_id: str) -> list[Done]:
        """What is to be recorded next: of some endpoints all there is."""
        waiting = self._done.pop(workspace_id, [])
        webhooks = set(list(dict.fromkeys(one.job.webhook.id for one in waiting))[:DONE_AT_ONCE])
        rest = [one for one in waiting if one.job.webhook.id not in webhooks]
        if rest:
            self._done[workspace_id] = rest
            self._noted.add(workspace_id)
        return [one for one in waiting if one.job.webhook.id in webhooks]

    def _sending(self, workspace_id: str, done: Sequence[Done]) -> Sending:
        waiting = self._done.get(workspace_id, [])
        under_way = Counter(self._under_way.counts(workspace_id))
        under_way.update(one.job.webhook.id for one in waiting)
        known = None
        if workspace_id in self._in_doubt:
            ended = (one.job.delivery.id for one in (*done, *waiting))
            known = self._under_way.deliveries(workspace_id).union(ended)
        return Sending(self._sender, self._under_way.free, under_way, known)

    def _look_at(self, workspace_id: str, moment: int) -> None:
        at = (workspace_id, moment)
        if at not in self._timers:
            seconds = max(0, moment - self._clock()) / SECOND
            self._timers[at] = asyncio.get_running_loop().call_later(seconds, self._time_to_look, at)

    def _time_to_look(self, at: tuple[str, int]) -> None:
        del self._timers[at]
        workspace_id, moment = at
        if self._clock() < moment:  # a timer may be a millisecond early
            self._look_at(workspace_id, moment)
        else:
            self._note(workspace_id)

    # Sending

    async def _begin(self, workspace_id: str, jobs: Sequence[Job]) -> None:
        """Sends jobs, each behind those of the same lead to the same endpoint."""
        to_send = await self._still_to_send(workspace_id, jobs) if jobs else frozenset()
        for job in jobs:
            key = (job.webhook.id, job.delivery.lead_id or job.delivery.id)
            if job.delivery.id not in to_send:
                self._finish(job, None)
            elif key in self._chains:
                self._chains[key].append(job)
            else:
                self._chains[key] = deque([job])
                self._start(self._send_all(key))

    async def _send_all(self, key: tuple[str, str]) -> None:
        chain = self._chains[key]
        self._finish(chain[0], await self._send(chain.popleft()))
        while chain:
            job = chain.popleft()
            to_send = await self._still_to_send(job.webhook.workspace_id, [job])
            self._finish(job, await self._send(job) if job.delivery.id in to_send else None)
        del self._chains[key]

    async def _send(self, job: Job) -> Outcome:
        try:
            body = body_of(job)
            return await self._post(job.webhook.url, body, headers_of(job, body, self._clock()))
        except Exception:
            logger.exception("a delivery was not sent")
            return Outcome(self._clock(), 0, None, Failure.INTERRUPTED, "", None)

    async def _still_to_send(self, workspace_id: str, jobs: Sequence[Job]) -> frozenset[str]:
        """The deliveries whose lead or endpoint is not gone by now; none where nobody knows."""
        if self._stopping:
            return frozenset()
        try:
            to_send = await self._database.read(self._work.still_to_send, workspace_id, jobs)
        except StoreUnavailable:
            return frozenset()
        except Exception:
            logger.exception("what is to be sent can't be looked up; it is taken on again")
            return frozenset()
        return frozenset() if self._stopping else to_send  # it may have been told to stop meanwhile

    def _finish(self, job: Job, outcome: Outcome | None) -> None:
        self._under_way.remove(job)
        self._done[job.webhook.workspace_id].append(Done(job, outcome))
        for workspace_id in (job.webhook.workspace_id, *self._starved):
            self._note(workspace_id)
        self._starved.clear()

    # Ending

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _stop(self) -> None:
        self._stopping = True
        for timer in self._timers.values():
            timer.cancel()
        with suppress(TimeoutError):
            async with asyncio.timeout(_LAST_ANSWERS_SECONDS):
                while self._tasks:  # one of them may be about to start others
                    await asyncio.wait(self._tasks)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with suppress(StoreUnavailable):  # others take over when they have not heard of us for a while
            for workspace_id in {*self._done, *self._under_way.workspaces(), *self._in_doubt}:
                done = self._done[workspace_id]
                await self._database.write(
                    self._work.leave, workspace_id, done, self._sender, self._clock(), turn=workspace_id
                )
