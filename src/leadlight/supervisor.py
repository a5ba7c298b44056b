"""`leadlight serve` with several workers: keeps a serving process on each socket, and never serves itself.

uvicorn's own also reloads one by one, but its workers live on when it is killed, it starts one that always dies twice
a second, a drain that hangs hangs it too, and whoever dies while it reloads or waits is not replaced until it is done.
"""

import asyncio
import logging
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from contextlib import suppress
from time import monotonic

from leadlight.settings import Settings
from leadlight.supervised import READY, encode_settings

logger = logging.getLogger("leadlight")

_START_SECONDS = 60.0
_OVERSTAY_SECONDS = 10.0
_SETTLED_SECONDS = 10.0
_LONGEST_DELAY_SECONDS = 5.0
"""Short, because the connections that the kernel gives to the socket of a worker that is missing wait so long."""


class NoWorkerStarted(Exception):
    """At the first start, each worker ended before it was ready."""


class Supervisor:
    """Watches one worker for each socket.

    It keeps the sockets open, so that connections wait in them, and none is refused, while a worker is missing.
    """

    def __init__(self, settings: Settings, listeners: Sequence[socket.socket]) -> None:
        self._settings = settings
        self._workers: set[_Worker] = set()
        self._slots = [_Slot(self, number, listener) for number, listener in enumerate(listeners, 1)]
        self._failed_first: set[_Slot] = set()
        self._one_was_ready = asyncio.Event()
        self._reload = asyncio.Event()
        self._stop = asyncio.Event()
        self._hurry = asyncio.Event()

    def handle_signals(self) -> None:
        """SIGTERM and SIGINT end it, a SIGINT behind one of them ends it at once; SIGHUP reloads the workers."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGHUP, self._reload.set)
        loop.add_signal_handler(signal.SIGTERM, self._stop.set)
        loop.add_signal_handler(signal.SIGINT, self._interrupt)

    async def run(self) -> None:
        """Returns when it was told to end and all workers have. Raises NoWorkerStarted."""
        tasks = [asyncio.create_task(slot.keep()) for slot in self._slots]
        tasks.append(asyncio.create_task(self._reload_when_told()))
        stopped = asyncio.create_task(self._stop.wait())
        try:
            ended, _ = await asyncio.wait([*tasks, stopped], return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                task.result()  # raises what a task that should go on for ever ended with
        finally:
            for task in (*tasks, stopped):
                task.cancel()
            await asyncio.gather(*tasks, stopped, return_exceptions=True)
            for slot in self._slots:
                slot.listener.close()  # refused at once is better than taken by nobody
            hurried = asyncio.create_task(self._hurry.wait())
            await asyncio.gather(*(self.end(worker, hurried) for worker in self._workers))
            hurried.cancel()

    async def start(self, slot: "_Slot") -> "_Worker | None":
        """A new worker on the socket of a slot, which may or may not have become ready; None if there is none."""
        # A program of its own, not a fork or `multiprocessing`: it has none of this process's memory and reads the
        # code anew, what it is told and where it listens stands in one line, and Python adds no helper process.
        descriptor = slot.listener.fileno()
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "leadlight.supervised", str(slot.number), str(descriptor)),
                stdin=PIPE,
                stdout=PIPE,
                pass_fds=(descriptor,),
                start_new_session=True,  # so that Ctrl-C reaches the supervisor alone
            )
        except OSError as error:  # the system has no process or no descriptor left; it may have one later
            logger.error("worker %d can't be started: %s", slot.number, error)  # noqa: TRY400  (a sentence will do)
            return None
        worker = _Worker(slot.number, process, self._settings)
        self._workers.add(worker)
        worker.ended.add_done_callback(lambda _: self._workers.discard(worker))
        if await worker.becomes_ready():
            logger.info("%s is ready", worker)
            self._one_was_ready.set()
        else:
            worker.kill()
        return worker

    async def end(self, worker: "_Worker", hurried: "asyncio.Task[bool] | None" = None) -> None:
        """Lets a worker drain, but not for ever."""
        worker.terminate()
        seconds = self._settings.drain_seconds + _OVERSTAY_SECONDS
        waiting = [worker.ended, hurried] if hurried else [worker.ended]
        await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if not worker.ended.done():
            if not self._hurry.is_set():
                logger.error("%s did not end within %d seconds and is killed", worker, seconds)
            worker.kill()
            await worker.ended

    async def allow_another_try(self, slot: "_Slot") -> None:
        """Returns once any worker has been ready. Raises NoWorkerStarted when the first of each slot has failed."""
        if not self._one_was_ready.is_set():
            self._failed_first.add(slot)
            if len(self._failed_first) == len(self._slots):
                raise NoWorkerStarted
            await self._one_was_ready.wait()

    def _interrupt(self) -> None:
        (self._hurry if self._stop.is_set() else self._stop).set()

    async def _reload_when_told(self) -> None:
        while True:
            await self._reload.wait()
            self._reload.clear()
            logger.info("reloading %d workers", len(self._slots))
            for slot in self._slots:
                if not await slot.reload():
                    logger.error("the reload was given up; the workers that were not reloaded go on")
                    break


class _Slot:
    """A socket, and the worker that serves it."""

    def __init__(self, supervisor: Supervisor, number: int, listener: socket.socket) -> None:
        self.number = number
        self.listener = listener
        self._supervisor = supervisor
        self._worker: _Worker | None = None
        self._changing = asyncio.Lock()
        self._failures = 0

    async def keep(self) -> None:
        """Starts a worker, and another whenever it has ended, for ever. Raises NoWorkerStarted."""
        await self._replace(None)
        while True:
            worker = self._worker
            if worker is not None:
                await asyncio.wait([worker.ended])
            if worker is self._worker:
                await self._supervisor.allow_another_try(self)
                await asyncio.sleep(self._note_end(worker))
                await self._replace(worker)

    async def reload(self) -> bool:
        """Puts a new worker in the place of this one; False if the new one did not become ready, and it stays."""
        async with self._changing:
            old, new = self._worker, await self._supervisor.start(self)
            if new is None or new.ready_at is None:
                return False
            self._worker = new
        if old is not None:
            await self._supervisor.end(old)
        return True

    async def _replace(self, worker: "_Worker | None") -> None:
        async with self._changing:
            if worker is self._worker:  # no reload was quicker
                self._worker = await self._supervisor.start(self)

    def _note_end(self, ended: "_Worker | None") -> float:
        """Seconds until the next start: none after the first end, more with each worker that did not last."""
        lasted = ended and ended.ready_at and monotonic() - ended.ready_at > _SETTLED_SECONDS
        self._failures = 0 if lasted else self._failures + 1
        seconds = min(_LONGEST_DELAY_SECONDS, 2.0 ** (self._failures - 2)) if self._failures > 1 else 0.0
        when = f"in {seconds:g} s" if seconds else "at once"
        if ended is not None:
            logger.error("%s ended with exit code %d; it is replaced %s", ended, ended.ended.result(), when)
        return seconds


class _Worker:
    """A serving process, from its start to its end."""

    def __init__(self, number: int, process: Process, settings: Settings) -> None:
        self._name = f"worker {number} (process {process.pid})"
        self._process = process
        self.ready_at: float | None = None
        self.ended = asyncio.create_task(process.wait())
        assert process.stdin is not None  # noqa: S101  (it was asked for)
        process.stdin.write(encode_settings(settings))

    def __str__(self) -> str:
        return self._name

    async def becomes_ready(self) -> bool:
        """Waits until it takes connections, has ended, or does neither for too long."""
        assert self._process.stdout is not None  # noqa: S101  (it was asked for)
        with suppress(TimeoutError):
            async with asyncio.timeout(_START_SECONDS):
                async for line in self._process.stdout:
                    if line == READY:
                        self.ready_at = monotonic()
                        break
        return self.ready_at is not None

    def terminate(self) -> None:
        with suppress(ProcessLookupError):
            self._process.terminate()

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            self._process.kill()
