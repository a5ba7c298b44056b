"""API keys themselves: their form, their checksum, their hash, and when they are valid."""

import re
from collections.abc import Sequence

import pytest

from leadlight.workspaces.key import ApiKey, hash_secret, is_well_formed, new_secret

KEY = "sk-workspace_" + "A" * 32 + "3Ae0o2"  # the wire form of the checksum may never change


def first(choices: Sequence[str]) -> str:
    return choices[10]


def test_a_key_is_made_of_random_characters_and_their_checksum() -> None:
    assert new_secret(first) == KEY


def test_a_key_has_the_form_that_secret_scanners_match() -> None:
    assert re.fullmatch("sk-workspace_[A-Za-z0-9]{38}", new_secret())


def test_two_keys_differ() -> None:
    assert new_secret() != new_secret()


def test_a_key_that_was_made_is_well_formed() -> None:
    assert is_well_formed(new_secret())


@pytest.mark.parametrize(
    "typo",
    [
        "",
        "sk-workspace_",
        "sk-workspace_your_api_key",
        KEY[:-1],
        KEY + "0",
        KEY.lower(),
        KEY.replace("sk-", "pk-"),
        KEY.removeprefix("sk-workspace_"),
        "sk-workspace_B" + KEY[14:],
        KEY[:-1] + "F",
        " " + KEY,
    ],
)
def test_a_typo_is_told_from_a_key(typo: str) -> None:
    assert not is_well_formed(typo)


def test_the_hash_is_sha_256_and_does_not_hold_the_key() -> None:
    assert hash_secret("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.parametrize(
    ("expires_at", "revoked_at", "valid"),
    [
        (None, None, True),
        (1001, None, True),
        (1000, None, False),
        (999, None, False),
        (None, 1, False),
        (1001, 1, False),
    ],
)
def test_a_key_is_valid_until_it_expires_or_is_revoked(
    expires_at: int | None, revoked_at: int | None, valid: bool
) -> None:
    key = ApiKey("key_1", "ws_1", "x", (), None, created_at=0, expires_at=expires_at, revoked_at=revoked_at)

    assert key.is_valid(1000) is valid
