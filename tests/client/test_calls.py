"""Calls are plain values: what would be sent, without anybody sending it."""

import json
from collections.abc import Generator
from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest

from leadlight.client.calls import Answer, Call, following
from leadlight.client.errors import InvalidArgument, UnexpectedAnswer
from leadlight.client.events import Events
from leadlight.client.leads import Leads
from leadlight.client.operations import Operations
from leadlight.client.webhooks import Webhooks
from leadlight.client.workspace import WorkspaceOfKey
from tests.client.shapes import WORKSPACE


def shown(call: Call[Any] | Generator[Any, Any, Any]) -> tuple[str, str, Any]:
    """Method, path, and what goes along: the parameters, or the body."""
    assert isinstance(call, Call)
    return call.method, call.path, dict(call.params) if call.content is None else json.loads(call.content)


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (Leads.get.build("lead_1"), ("GET", "/leads/lead_1", {})),
        (Leads.get.build("a/b?c#d é"), ("GET", "/leads/a%2Fb%3Fc%23d%20%C3%A9", {})),
        (Leads.delete.build("lead_1"), ("DELETE", "/leads/lead_1", {})),
        (Leads.update.build("lead_1", phone=None), ("PATCH", "/leads/lead_1", {"phone": None})),
        (Leads.duplicates.build("lead_1", limit=3), ("GET", "/leads/lead_1/duplicates", {"limit": "3"})),
        (
            Leads.merge.build("lead_1", "lead_2", prefer={"name": "lead_2"}),
            ("POST", "/leads/lead_1/merge", {"duplicateId": "lead_2", "dryRun": False, "prefer": {"name": "lead_2"}}),
        ),
        (
            Leads.create_many.build([{"name": "Ada", "email": "a@b.c"}], on_duplicate="skip", match_on="phone"),
            (
                "POST",
                "/leads/batch",
                {
                    "leads": [{"name": "Ada", "email": "a@b.c"}],
                    "onDuplicate": "skip",
                    "matchOn": "phone",
                    "atomic": False,
                },
            ),
        ),
        (
            Leads.update_many.build(["lead_1"], set={"status": "lost"}),
            ("POST", "/leads/batch-update", {"ids": ["lead_1"], "set": {"status": "lost"}, "dryRun": False}),
        ),
        (
            Leads.update_many.build(filter={"created_after": date(2026, 1, 15)}, set={"source": None}, dry_run=True),
            (
                "POST",
                "/leads/batch-update",
                {"filter": {"createdAfter": "2026-01-15"}, "set": {"source": None}, "dryRun": True},
            ),
        ),
        (
            Leads.delete_many.build(
                filter={"status": "new, lost", "source": ["a,b"], "metadata": {"vip": True}}, confirm=3
            ),
            (
                "POST",
                "/leads/batch-delete",
                {
                    "filter": {"status": ["new", "lost"], "source": ["a,b"], "metadata": {"vip": "true"}},
                    "confirm": 3,
                    "dryRun": False,
                },
            ),
        ),
        (Operations.undo.build("op_1"), ("POST", "/operations/op_1/undo", {})),
        (Operations.list.build(kind="merge"), ("GET", "/operations", {"kind": "merge", "limit": "50"})),
        (
            Events.page.build(after="7", types=["lead.created"]),
            ("GET", "/events", {"after": "7", "types": "lead.created"}),
        ),
        (WorkspaceOfKey.update.build(match_on="phone"), ("PATCH", "/workspace", {"matchOn": "phone"})),
        (Webhooks.update.build("wh_1", active=False), ("PUT", "/webhooks/wh_1", {"active": False})),
    ],
    ids=lambda value: value[1] if isinstance(value, tuple) else "",
)
def test_a_call_is_what_the_contract_says(call: Any, expected: tuple[str, str, Any]) -> None:
    assert shown(call) == expected


def test_parameters_are_texts() -> None:
    call = Leads.page.build(
        2,
        total=False,
        status=["new", "lost"],
        updated_after=datetime(2026, 1, 15, 10, 30, tzinfo=UTC),
        metadata={"vip": True, "score": 4.5, "company": "A, B & C"},
    )

    assert shown(call)[2] == {
        "page": "2",
        "total": "false",
        "status": "new,lost",
        "updatedAfter": "2026-01-15T10:30:00+00:00",
        "metadata.vip": "true",
        "metadata.score": "4.5",
        "metadata.company": "A, B & C",
    }


@pytest.mark.parametrize("lead_id", ["", ".", ".."])
def test_an_id_that_leads_elsewhere_is_refused(lead_id: str) -> None:
    with pytest.raises(InvalidArgument):
        Leads.delete.build(lead_id)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800", object()], ids=str)
def test_what_is_no_json_is_refused(value: object) -> None:
    with pytest.raises(InvalidArgument, match="this can't be sent as JSON"):
        Leads.create.build("Ada", "ada@example.com", metadata={"value": value})


def test_what_never_ends_is_refused() -> None:
    loop: dict[str, Any] = {}
    loop["loop"] = loop

    with pytest.raises(InvalidArgument, match="this can't be sent as JSON"):
        Leads.create.build("Ada", "ada@example.com", metadata=loop)


@pytest.mark.parametrize("text", ["schlüssel", "a\r\nX: y"])
def test_what_is_no_header_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument, match="printable ASCII"):
        Leads.create.build("Ada", "ada@example.com", idempotency_key=text)
    with pytest.raises(InvalidArgument, match="printable ASCII"):
        Leads.update.build("lead_1", if_match=text)


def test_a_listed_text_with_a_comma_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="must not hold commas"):
        Leads.list.build(source=["a,b"])


def test_the_key_of_a_repetition_is_made_once_and_yours_is_kept() -> None:
    call = Leads.create.build("Ada", "ada@example.com")
    assert isinstance(call, Call)

    keyed = call.keyed(lambda: "ours")

    assert dict(keyed.headers) == {"Idempotency-Key": "ours"}
    assert dict(keyed.keyed(lambda: "another").headers) == {"Idempotency-Key": "ours"}


def test_a_list_goes_on_with_its_cursor_until_there_is_none() -> None:
    call = Events.list.build(types=["lead.created"])
    first = Answer(200, {}, b'{"data":{"events":[],"pagination":{"limit":1,"hasNext":true,"nextCursor":"9"}}}')
    last = Answer(200, {}, b'{"data":{"events":[],"pagination":{"limit":1,"hasNext":false,"nextCursor":"9"}}}')

    rest = following(call, call.read(first))

    assert rest is not None
    assert dict(rest.params) == {"types": "lead.created", "limit": "100", "after": "9"}
    assert following(rest, rest.read(last)) is None


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"{}", b'{"data":{}}', b'{"data":{"events":[]}}', b'{"data":{"events":[{}],"pagination":{}}}'],
)
def test_an_answer_of_another_shape_is_told(body: bytes) -> None:
    with pytest.raises(UnexpectedAnswer, match="the answer can't be read as one of Leadlight: "):
        Events.list.build().read(Answer(200, {}, body))


def test_fields_that_are_new_are_passed_over() -> None:
    call = WorkspaceOfKey.get.build()
    body = msgspec.json.encode({"data": {**WORKSPACE, "colour": "red"}, "more": 1})

    assert isinstance(call, Call)
    assert call.read(Answer(200, {}, body)).name == "Acme"
