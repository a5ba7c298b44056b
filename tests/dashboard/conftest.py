"""A workspace with people in it, and a receiver of what it sends."""

from collections.abc import Callable, Iterator

import pytest

from leadlight.people.role import Role
from tests.conftest import Client, Server
from tests.dashboard.endpoint import Endpoint
from tests.dashboard.person import Person, make_person
from tests.webhooks.receiver import Receiver


@pytest.fixture
def owner(server: Server, api: Client) -> Person:
    return make_person(server, api.workspace_id, Role.OWNER)


@pytest.fixture
def member(server: Server, api: Client) -> Person:
    return make_person(server, api.workspace_id, Role.MEMBER)


@pytest.fixture
def viewer(server: Server, api: Client) -> Person:
    return make_person(server, api.workspace_id, Role.VIEWER)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def endpoint(owner: Person, receiver: Receiver) -> Endpoint:
    return Endpoint(owner, receiver.url)


@pytest.fixture
def make_member() -> Callable[[Server], Person]:
    """Lets somebody into a new workspace of a server with settings of the test's choice."""
    return lambda server: make_person(server, server.workspace("Ours"), Role.MEMBER)
