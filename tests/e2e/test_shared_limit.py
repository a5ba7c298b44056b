"""One key, two processes, one window: not a request more than the limit passes."""

import asyncio
from collections import Counter
from collections.abc import Callable

from tests.e2e.processes import ServerProcess, answering
from tests.valkey_server import ValkeyProcess

_CONNECTIONS = 50
_EACH = 30


async def test_of_1500_requests_at_once_through_two_processes_1000_pass(serve: Callable[..., ServerProcess]) -> None:
    with ValkeyProcess() as valkey:
        server = await asyncio.to_thread(serve, "--workers", "2", "--rate-limit-url", valkey.url)
        assert await asyncio.to_thread(answering, server) == {"1", "2"}

        rounds = await asyncio.gather(*(_ask(server) for _ in range(_CONNECTIONS)))

        assert await asyncio.to_thread(server.stop) == 0
    statuses = Counter(status for statuses in rounds for status in statuses)
    assert statuses == {200: 1_000, 429: 500}


async def _ask(server: ServerProcess) -> list[int]:
    """The statuses of some requests, one after another on one connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    request = f"GET /api/v1/workspace HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.key}\r\n\r\n".encode()
    statuses = []
    for _ in range(_EACH):
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
        await reader.readexactly(length)
        statuses.append(int(head.split()[1]))
    writer.close()
    await writer.wait_closed()
    return statuses
