"""The client on an event loop, used as the one in turn is: what holds for one is tested with both."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Iterator
from typing import Any

from leadlight.client import AsyncLeadlight

_END = object()


class OnALoop:
    """An AsyncLeadlight whose methods answer as those of a Leadlight do."""

    def __init__(self, url: str, key: str, **options: Any) -> None:
        self._runner = asyncio.Runner()
        self._client = AsyncLeadlight(url, key, **options)

    def __getattr__(self, name: str) -> Any:
        return _Resource(self._runner, getattr(self._client, name))

    def close(self) -> None:
        self._runner.run(self._client.close())
        self._runner.close()


class _Resource:
    def __init__(self, runner: asyncio.Runner, resource: Any) -> None:
        self._runner = runner
        self._resource = resource

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._resource, name)

        def run(*args: Any, **kwargs: Any) -> Any:
            made = method(*args, **kwargs)
            return self._runner.run(made) if isinstance(made, Coroutine) else self._walk(made)

        return run

    def _walk(self, items: AsyncGenerator[Any, None]) -> Iterator[Any]:
        async def take() -> Any:
            return await anext(items, _END)

        try:
            while (item := self._runner.run(take())) is not _END:
                yield item
        finally:
            self._runner.run(_close(items))


async def _close(items: AsyncGenerator[Any, None]) -> None:
    await items.aclose()
