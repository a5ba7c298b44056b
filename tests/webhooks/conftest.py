"""A workspace with an endpoint, and two processes that could send to it; a server, and a receiver that it may reach."""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from leadlight.principal import Scope
from leadlight.webhooks.webhook import Webhook
from tests.conftest import Client, MovableClock, Server
from tests.webhooks.receiver import Receiver
from tests.webhooks.tenant import Sends, Tenant, tenancy


@pytest.fixture
async def tenant(store: dict[str, Any], clock: MovableClock) -> AsyncIterator[Tenant]:
    async with tenancy(store, clock) as tenant:
        yield tenant


@pytest.fixture
async def webhook(tenant: Tenant) -> Webhook:
    return await tenant.webhook()


@pytest.fixture
def ours(tenant: Tenant) -> Sends:
    return Sends(tenant)


@pytest.fixture
def theirs(tenant: Tenant) -> Sends:
    """Another process."""
    return Sends(tenant, "theirs")


@pytest.fixture
def server(start_server: Callable[..., Server]) -> Server:
    """May send to this machine."""
    return start_server(webhook_allow_private=True)


@pytest.fixture
def manager(server: Server, api: Client) -> Client:
    """May manage webhooks in the workspace of `api`, and nothing else."""
    return server.client(api.workspace_id, Scope.WEBHOOKS_MANAGE)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver
