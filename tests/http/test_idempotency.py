"""The Idempotency-Key header: its form, and what makes two requests the same. Its use is in tests/leads."""

import pytest

from leadlight.errors import InvalidInput
from leadlight.http.idempotency import idempotency_key
from leadlight.store.database import Row, Transaction
from leadlight.store.idempotency import IdempotencyKey, forget_old_results
from tests.conftest import Client, MovableClock, Server, problems_of


def key(header: bytes, operation: str = "createLead", query: bytes = b"", body: bytes = b"{}") -> IdempotencyKey:
    found = idempotency_key(header, operation, query, body)
    assert found is not None
    return found


def test_without_the_header_there_is_no_key() -> None:
    assert idempotency_key(None, "createLead", b"", b"{}") is None


@pytest.mark.parametrize("header", [b"k", b"8e03978e-40d5-43dd-bc93-6894a57f9324", b"a b", b"!~", b"k" * 255])
def test_a_printable_key_is_kept_as_it_is(header: bytes) -> None:
    assert key(header).key == header.decode()


@pytest.mark.parametrize("header", [b"", b" ", b" k", b"k ", b"k" * 256, b"\xc3\xa9", b"a\tb", b"\x7f"])
def test_any_other_key_is_refused(header: bytes) -> None:
    with pytest.raises(InvalidInput) as caught:
        key(header)

    assert caught.value.problems[0].field == "Idempotency-Key"


def test_the_same_request_has_the_same_fingerprint() -> None:
    assert key(b"k") == key(b"k")


@pytest.mark.parametrize(
    "other",
    [
        key(b"k", operation="x"),
        key(b"k", query=b"a=1"),
        key(b"k", body=b"{ }"),
        key(b"k", query=b"{}", body=b""),
    ],
)
def test_another_request_has_another_fingerprint(other: IdempotencyKey) -> None:
    assert other.fingerprint != key(b"k").fingerprint


def test_the_fingerprint_does_not_show_the_body() -> None:
    assert len(key(b"k", body=b'{"name": "Ada"}').fingerprint) == 64


def test_what_is_kept_is_forgotten_after_24_hours(server: Server, api: Client, clock: MovableClock) -> None:
    body = {"name": "Ada", "email": "ada@example.com"}
    api.post("/api/v1/leads", body, headers={"Idempotency-Key": "old"})
    clock.advance(seconds=86_400)
    api.post("/api/v1/leads", body, headers={"Idempotency-Key": "new"})

    server.do(server.database.write(forget_old_results, clock()))

    async def keys(tx: Transaction) -> list[Row]:
        return await tx.rows("SELECT key FROM idempotency_keys")

    assert [tuple(row) for row in server.do(server.database.scan(keys))] == [("new",)]


@pytest.mark.parametrize("header", ["", "k" * 256, b"\xff"])
def test_a_bad_key_is_a_problem_and_makes_no_lead(api: Client, header: str | bytes) -> None:
    body = {"name": "Ada", "email": "ada@example.com"}

    response = api.post("/api/v1/leads", body, headers={"Idempotency-Key": header})

    assert problems_of(response) == {"Idempotency-Key": "invalid_header"}
    assert api.get("/api/v1/leads").json()["data"]["leads"] == []


def test_reading_and_changing_take_no_notice_of_it(api: Client) -> None:
    lead = api.create()

    first = api.patch(f"/api/v1/leads/{lead['id']}", {"phone": "1"}, headers={"Idempotency-Key": "k"})
    second = api.patch(f"/api/v1/leads/{lead['id']}", {"phone": "2"}, headers={"Idempotency-Key": "k"})

    assert (first.status_code, second.status_code) == (200, 200)
    assert second.json()["data"]["phone"] == "2"
