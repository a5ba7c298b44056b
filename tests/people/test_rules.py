"""What names, passwords and tokens may be, and what roles allow: rules without a store."""

import asyncio
import re

import pytest
from argon2 import PasswordHasher

from leadlight.errors import Invalid
from leadlight.people.passwords import Passwords
from leadlight.people.role import SCOPES, Role
from leadlight.people.tokens import csrf_token, hash_token, new_token
from leadlight.people.user import name_rule, password_rule
from leadlight.principal import Actor, Principal, Scope


@pytest.mark.parametrize(
    ("name", "kept"),
    [("Ada", "Ada"), (" Ada Park\n", "Ada Park"), ("n" * 100, "n" * 100), ("नी\u200dना", "नी\u200dना")],
)
def test_a_name_is_kept_without_what_surrounds_it(name: str, kept: str) -> None:
    assert name_rule(name) == kept


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "blank"),
        (" \t", "blank"),
        ("n" * 101, "too_long"),
        ("A\x00da", "invalid_character"),
        ("A\nda", "invalid_character"),
        ("\ud800da", "invalid_character"),
    ],
)
def test_a_name_that_is_none_is_refused(name: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        name_rule(name)

    assert refused.value.code == code


@pytest.mark.parametrize(
    "password", ["twelve chars", "p" * 200, "ada@example.com1", "            ", "пароль пароль", "1234567890ab"]
)
def test_a_password_of_twelve_characters_is_taken_as_it_is(password: str) -> None:
    assert password_rule(password, "ada@example.com") == password


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("", "too_short"),
        ("eleven char", "too_short"),
        ("p" * 201, "too_long"),
        ("ada@example.com", "invalid_value"),
        (" ADA@Example.com", "invalid_value"),
    ],
)
def test_a_password_that_is_guessed_first_is_refused(password: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        password_rule(password, "Ada@example.com")

    assert refused.value.code == code


@pytest.mark.parametrize(
    ("role", "reads", "writes", "manages"),
    [(Role.OWNER, True, True, True), (Role.MEMBER, True, True, False), (Role.VIEWER, True, False, False)],
)
def test_a_role_allows_what_its_scopes_say(role: Role, reads: bool, writes: bool, manages: bool) -> None:
    caller = Principal(Actor.of("usr_1"), "ws_1", SCOPES[role], 0, None)

    assert (caller.may(Scope.LEADS_READ), caller.may(Scope.LEADS_WRITE)) == (reads, writes)
    assert (caller.may(Scope.WEBHOOKS_MANAGE), caller.may(Scope.ADMIN)) == (manages, manages)


@pytest.mark.parametrize(
    ("id_", "type_", "logged_as"),
    [("key_1", "api_key", "keyId"), ("usr_1", "user", "userId"), ("form_1", "form", "formId")],
)
def test_an_id_tells_what_acts(id_: str, type_: str, logged_as: str) -> None:
    actor = Actor.of(id_)

    assert (actor.type, actor.id, actor.logged_as) == (type_, id_, logged_as)


def test_two_tokens_differ_and_fit_into_an_address() -> None:
    first, second = new_token(), new_token()

    assert first != second
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", first)


def test_the_hash_of_a_token_is_sha_256() -> None:
    assert hash_token("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_the_csrf_token_is_a_mac_by_the_sessions_token() -> None:
    assert csrf_token("abc") == "fbea432c92e6f5bdd3ec23b4af488572b99ac1a001d1e1cb049229b0ab9a28a2"


@pytest.mark.parametrize("text", ["", "\ud800", "ż"])
def test_whatever_was_sent_for_a_token_can_be_looked_for(text: str) -> None:
    assert len(hash_token(text)) == 64


def test_a_password_is_hashed_as_owasp_recommends() -> None:
    hashed = asyncio.run(Passwords().hash("correct horse battery"))

    assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


@pytest.mark.parametrize(
    ("typed", "fits"), [("caf\u00e9 au lait", True), ("cafe\u0301 au lait", True), ("cafe au lait", False), ("", False)]
)
def test_a_password_is_the_same_however_it_was_composed(typed: str, fits: bool) -> None:
    async def verify() -> bool:
        passwords = Passwords()
        return await passwords.verify(typed, await passwords.hash("caf\u00e9 au lait"))

    assert asyncio.run(verify()) is fits


def test_a_hash_of_other_parameters_is_outdated() -> None:
    weak = PasswordHasher(memory_cost=64, time_cost=1, parallelism=1).hash("correct horse battery")

    assert Passwords().is_outdated(weak)
    assert not Passwords().is_outdated(asyncio.run(Passwords().hash("correct horse battery")))
