"""A name server of the test's own."""

import asyncio
import socket

from aiohttp.abc import AbstractResolver, ResolveResult


class Names(AbstractResolver):
    """Answers each question with the next of its answers, and then no more."""

    def __init__(self, *answers: list[str] | OSError) -> None:
        self._answers = list(answers)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        if not self._answers:
            await asyncio.sleep(60)
        answer = self._answers.pop(0)
        if isinstance(answer, OSError):
            raise answer
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0) for address in answer
        ]

    async def close(self) -> None:
        """There is nothing to close."""
