"""How host names are looked up."""

import asyncio
import socket
import threading
from typing import Any

import pytest

from leadlight.webhooks.resolver import Resolver


async def test_asks_the_system() -> None:
    resolver = Resolver()

    found = await resolver.resolve("localhost", 8080)

    assert {(address["host"], address["port"]) for address in found} <= {("127.0.0.1", 8080), ("::1", 8080)}
    await resolver.close()


async def test_tells_that_a_name_is_not_found() -> None:
    resolver = Resolver()

    with pytest.raises(socket.gaierror):
        await resolver.resolve("no-such-name.invalid", 80)
    await resolver.close()


async def test_takes_the_first_few_of_many_addresses() -> None:
    def thousand(*_: object, **__: object) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (f"192.0.2.{last % 256}", 80)) for last in range(1_000)]

    resolver = Resolver(thousand)

    found = await resolver.resolve("many.test", 80)

    assert [address["host"] for address in found] == [f"192.0.2.{last}" for last in range(8)]
    await resolver.close()


async def test_slow_name_servers_do_not_hold_up_others() -> None:
    answered = threading.Event()

    def slow(host: str, *_: object, **__: object) -> list[Any]:
        if host != "quick.test":
            answered.wait(10)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", 80))]

    resolver = Resolver(slow)
    waiting = [asyncio.create_task(resolver.resolve(f"slow{number}.test", 80)) for number in range(40)]

    await asyncio.wait_for(resolver.resolve("quick.test", 80), 5)

    answered.set()
    await asyncio.gather(*waiting)
    await resolver.close()
