"""Valkeys to count requests in."""

from collections.abc import Iterator

import pytest

from tests.valkey_server import ValkeyProcess


@pytest.fixture(scope="session")
def valkey() -> Iterator[ValkeyProcess]:
    """One for all tests; each counts callers of its own."""
    with ValkeyProcess() as process:
        yield process


@pytest.fixture
def own_valkey() -> Iterator[ValkeyProcess]:
    """One to be stopped and started."""
    with ValkeyProcess() as process:
        yield process
