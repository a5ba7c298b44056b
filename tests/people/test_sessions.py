"""Signing in and out: who is let in, for how long, and what a session may do where."""

import time

import pytest
from argon2 import PasswordHasher

from leadlight.duplicate_rule import DuplicateRule, OnDuplicate
from leadlight.errors import InvalidInput, NotFound
from leadlight.people import queries
from leadlight.people.role import Role
from leadlight.people.service import PeopleService, Session
from leadlight.people.user import Membership, User
from leadlight.principal import Actor, Principal, Scope
from leadlight.store.database import Row, Transaction
from tests.conftest import START, MovableClock, Server
from tests.people.crew import PASSWORD, add, is_signed_in, sign_in, token_of

DAY = 86_400


def session_of(server: Server, token: str) -> Session:
    session = server.do(server.services.people.find_session(token))
    assert session is not None
    return session


def seen_at(server: Server) -> int:
    async def ask(tx: Transaction) -> Row | None:
        return await tx.row("SELECT seen_at FROM sessions")

    row = server.do(server.database.scan(ask))
    assert row is not None
    assert isinstance(row[0], int)
    return row[0]


# Signing in


def test_who_signs_in_is_known_by_the_token(server: Server, acme: str) -> None:
    ada = add(server, acme)

    session = session_of(server, token_of(server))

    assert session.user == ada == User(ada.id, "ada@example.com", "Ada", START)
    assert session.memberships == (Membership(acme, "Acme", Role.OWNER),)


@pytest.mark.parametrize("email", ["ada@example.com", "ADA@Example.COM", " ada@example.com "])
def test_an_address_is_the_same_whatever_its_case(server: Server, acme: str, email: str) -> None:
    add(server, acme)

    assert server.do(server.services.people.sign_in(email, PASSWORD)) is not None


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("ada@example.com", "Correct horse battery"),
        ("ada@example.com", ""),
        ("ada@example.com", PASSWORD + " " * 200),
        ("ben@example.com", PASSWORD),
        ("a\x00da@example.com", PASSWORD),
        ("\ud800", "\ud800"),
        ("", ""),
    ],
)
def test_who_has_a_wrong_password_or_no_account_is_not_let_in(
    server: Server, acme: str, email: str, password: str
) -> None:
    add(server, acme)

    assert server.do(server.services.people.sign_in(email, password)) is None


def test_an_unknown_address_takes_as_long_as_a_wrong_password(server: Server, acme: str) -> None:
    add(server, acme)

    def seconds(name: str) -> float:
        began = time.perf_counter()
        assert sign_in(server, name, "something wrong") is None
        return time.perf_counter() - began

    assert min(seconds("Nobody") for _ in range(5)) > 0.5 * min(seconds("Ada") for _ in range(5))


def test_a_password_of_older_parameters_is_hashed_anew(server: Server, acme: str) -> None:
    ada = add(server, acme)
    weak = PasswordHasher(memory_cost=64, time_cost=1, parallelism=1).hash(PASSWORD)
    server.do(server.database.write(queries.set_password, ada.id, weak, START))

    token_of(server)

    account = server.do(server.database.scan(queries.find_account_of, ada.id))
    assert account is not None
    assert account.password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert sign_in(server) is not None


# How long a session lasts


@pytest.mark.parametrize(("seconds", "goes_on"), [(30 * DAY - 1, True), (30 * DAY, False)])
def test_a_session_ends_thirty_days_after_it_was_last_seen(
    server: Server, acme: str, clock: MovableClock, seconds: int, goes_on: bool
) -> None:
    add(server, acme)
    token = token_of(server)
    clock.advance(seconds=7200)
    is_signed_in(server, token)

    clock.advance(seconds=seconds)

    assert is_signed_in(server, token) is goes_on


@pytest.mark.parametrize(("seconds", "moved"), [(3599, 0), (3600, 3_600_000), (5000, 5_000_000)])
def test_being_seen_is_written_once_an_hour(
    server: Server, acme: str, clock: MovableClock, seconds: int, moved: int
) -> None:
    add(server, acme)
    token = token_of(server)

    clock.advance(seconds=seconds)
    is_signed_in(server, token)

    assert seen_at(server) == START + moved


def test_sign_out_ends_this_session_alone(server: Server, acme: str) -> None:
    add(server, acme)
    here, there = token_of(server), token_of(server)

    server.do(server.services.people.sign_out(here))

    assert (is_signed_in(server, here), is_signed_in(server, there)) == (False, True)


def test_sign_out_everywhere_ends_all_sessions_of_one_user(server: Server, acme: str) -> None:
    ada = add(server, acme)
    add(server, acme, "Ben")
    here, there, bens = token_of(server), token_of(server), token_of(server, "Ben")

    server.do(server.services.people.sign_out_everywhere(ada.id))

    assert [is_signed_in(server, token) for token in (here, there, bens)] == [False, False, True]


@pytest.mark.parametrize("token", ["", "nothing", "\ud800", "x" * 10_000])
def test_a_token_of_nobody_is_no_session(server: Server, token: str) -> None:
    assert not is_signed_in(server, token)


# Changing the password


def test_a_changed_password_ends_all_sessions_but_the_new_one(server: Server, acme: str) -> None:
    ada = add(server, acme)
    old = token_of(server)

    new = server.do(server.services.people.change_password(ada.id, PASSWORD, "another password"))

    assert (is_signed_in(server, old), is_signed_in(server, new)) == (False, True)
    assert (sign_in(server), sign_in(server, password="another password") is None) == (None, False)


def test_a_password_is_changed_by_who_knows_it_and_names_a_better_one(server: Server, acme: str) -> None:
    ada = add(server, acme)

    with pytest.raises(InvalidInput) as refused:
        server.do(server.services.people.change_password(ada.id, "not my password", "short"))

    codes = {problem.field: problem.code for problem in refused.value.problems}
    assert codes == {"new": "too_short", "old": "wrong_password"}
    assert sign_in(server) is not None


def test_the_password_of_nobody_is_not_changed(server: Server) -> None:
    with pytest.raises(NotFound):
        server.do(server.services.people.change_password("usr_1", PASSWORD, "another password"))


# What a session may do


def test_a_session_acts_as_its_user_with_the_scopes_of_the_role(server: Server, acme: str) -> None:
    rule = {"on_duplicate": OnDuplicate.UPDATE, "match_on": "phone"}
    server.do(server.services.workspaces.update_workspace(acme, name=None, **rule))  # type: ignore[arg-type]
    ada = add(server, acme, role=Role.MEMBER)

    caller = session_of(server, token_of(server)).principal(acme)

    scopes = frozenset({Scope.LEADS_READ, Scope.LEADS_WRITE})
    assert caller == Principal(Actor("user", ada.id), acme, scopes, 0, None, DuplicateRule(OnDuplicate.UPDATE, "phone"))


def test_a_session_is_nobody_in_a_workspace_of_others(server: Server, acme: str) -> None:
    theirs = server.workspace("Theirs")
    add(server, acme)
    add(server, theirs, "Ben")

    session = session_of(server, token_of(server))

    assert (session.principal(theirs), session.membership(theirs)) == (None, None)
    assert session.principal("ws_1") is None


def test_the_token_of_a_form_belongs_to_its_session(server: Server, acme: str) -> None:
    add(server, acme)
    here, there = token_of(server), token_of(server)

    assert session_of(server, here).csrf == session_of(server, here).csrf
    assert session_of(server, here).csrf != session_of(server, there).csrf
    assert here not in session_of(server, here).csrf


# Housekeeping


def test_what_has_ended_is_removed(server: Server, acme: str, clock: MovableClock) -> None:
    add(server, acme)
    token_of(server)
    people: PeopleService = server.services.people
    server.do(people.invite(acme, "ben@example.com", Role.VIEWER))

    clock.advance(seconds=30 * DAY)
    server.do(people.clean())

    assert server.do(server.database.scan(_left)) == [0, 0]


def test_what_goes_on_is_not_removed(server: Server, acme: str, clock: MovableClock) -> None:
    add(server, acme)
    token_of(server)
    server.do(server.services.people.invite(acme, "ben@example.com", Role.VIEWER))

    clock.advance(seconds=7 * DAY - 1)
    server.do(server.services.people.clean())

    assert server.do(server.database.scan(_left)) == [1, 1]


async def _left(tx: Transaction) -> list[object]:
    counts = [await tx.row(f"SELECT count(*) FROM {table}") for table in ("sessions", "one_time_links")]
    return [row[0] for row in counts if row]
