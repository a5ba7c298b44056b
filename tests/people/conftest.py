"""A server that nobody asks, and a workspace in it."""

from collections.abc import Callable

import pytest

from tests.conftest import Server


@pytest.fixture
def server(start_server: Callable[..., Server]) -> Server:
    return start_server(background=False)


@pytest.fixture
def acme(server: Server) -> str:
    return server.workspace("Acme")
