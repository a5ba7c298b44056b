"""Users of a workspace, for tests that need some."""

from leadlight.people.role import Role
from leadlight.people.user import User
from tests.conftest import Server

PASSWORD = "correct horse battery"


def add(server: Server, workspace_id: str, name: str = "Ada", role: Role = Role.OWNER) -> User:
    """A user with the address of their name at example.com."""
    people = server.services.people
    return server.do(people.create_user(workspace_id, f"{name.lower()}@example.com", name, PASSWORD, role))


def sign_in(server: Server, name: str = "Ada", password: str = PASSWORD) -> str | None:
    return server.do(server.services.people.sign_in(f"{name.lower()}@example.com", password))


def token_of(server: Server, name: str = "Ada", password: str = PASSWORD) -> str:
    """Of a new session, which has to begin."""
    token = sign_in(server, name, password)
    assert token is not None
    return token


def is_signed_in(server: Server, token: str) -> bool:
    return server.do(server.services.people.find_session(token)) is not None
