"""Nothing that lets anybody in is in the store: no password, no token of a session, none of a link."""

from pathlib import Path

import pytest

from leadlight.people.role import Role
from leadlight.store.database import Row, Transaction
from tests.conftest import Server
from tests.people.crew import PASSWORD, add, token_of


def secrets_of(server: Server, workspace_id: str) -> list[str]:
    """Of a user who is signed in, and of links that are open."""
    add(server, workspace_id)
    people = server.services.people
    session = token_of(server)
    csrf = server.do(people.find_session(session)).csrf  # type: ignore[union-attr]
    links = (
        server.do(people.make_owner_link(workspace_id)),
        server.do(people.invite(workspace_id, "ben@example.com", Role.MEMBER)),
        server.do(people.reset_link("ada@example.com")),
    )
    return [PASSWORD, session, csrf, *(link.token for link in links)]


@pytest.mark.engine("sqlite")
def test_no_secret_stands_in_the_files_of_the_store(server: Server, acme: str) -> None:
    secrets = secrets_of(server, acme)

    content = b"".join(path.read_bytes() for path in Path(server.data).iterdir() if path.is_file())

    assert b"ada@example.com" in content
    assert [secret for secret in secrets if secret.encode() in content] == []


def test_no_secret_stands_in_a_row(server: Server, acme: str) -> None:
    secrets = secrets_of(server, acme)

    async def rows(tx: Transaction) -> list[Row]:
        tables = ("users", "memberships", "sessions", "one_time_links")
        return [row for table in tables for row in await tx.rows(f"SELECT * FROM {table}")]

    content = repr(server.do(server.database.scan(rows)))
    assert "ada@example.com" in content
    assert [secret for secret in secrets if secret in content] == []


def test_what_is_handed_out_of_a_user_holds_no_hash(server: Server, acme: str) -> None:
    add(server, acme)
    people = server.services.people

    shown = repr([server.do(people.list_all()), server.do(people.list_members(acme))])

    assert "Ada" in shown
    assert "argon2" not in shown
