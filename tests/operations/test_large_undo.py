"""The undo of thousands of leads: a part at once, the rest in the background, and a break between them does no harm."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from leadlight.principal import Scope
from tests.conftest import Client, Server
from tests.operations.changes import create, delete, total, undo, update


@pytest.fixture
def server(start_server: Callable[..., Server]) -> Server:
    """Goes on with an undo when it is told to."""
    return start_server(background=False)


def operation(api: Client, operation_id: str) -> dict[str, Any]:
    return dict(api.get(f"/api/v1/operations/{operation_id}").json()["data"])


def test_goes_on_in_the_background(server: Server, api: Client) -> None:
    leads = create(api, 6_200)
    operation_id = delete(api, leads)

    begun = undo(api, operation_id)
    restored = total(api)
    server.do(server.services.operation_log.clean())

    assert (begun["status"], begun["restored"], begun["undoneAt"]) == ("undoing", 5_000, None)
    assert restored == 5_000
    ended = operation(api, operation_id)
    assert (ended["status"], ended["restored"], ended["skipped"]) == ("undone", 6_200, 0)
    assert ended["undoneAt"] == "2026-01-15T10:30:00.000Z"
    assert total(api) == 6_200
    assert server.do(server.services.leads.check()) == []


def test_nobody_waits_for_the_next_round_of_housekeeping(start_server: Callable[..., Server]) -> None:
    server = start_server()
    api = server.client(server.workspace("Ours"), Scope.ADMIN)
    operation_id = update(api, create(api, 6_200), status="lost")

    begun = time.monotonic()
    undo(api, operation_id)
    while operation(api, operation_id)["status"] != "undone":
        assert time.monotonic() < begun + 15, "housekeeping comes round every 30 s"
        time.sleep(0.05)

    assert total(api, "status=new") == 6_200


def test_who_asks_again_helps_it_along(api: Client) -> None:
    operation_id = update(api, create(api, 6_200), status="lost")

    first, second = undo(api, operation_id), undo(api, operation_id)

    assert (first["status"], first["restored"]) == ("undoing", 5_000)
    assert (second["status"], second["restored"]) == ("undone", 6_200)
    assert total(api, "status=new") == 6_200


def test_what_is_changed_meanwhile_is_left_alone(server: Server, api: Client) -> None:
    leads = create(api, 6_200)
    operation_id = update(api, leads, status="lost")
    undo(api, operation_id)

    api.patch(f"/api/v1/leads/{leads[-1]['id']}", {"status": "qualified"})
    api.delete(f"/api/v1/leads/{leads[-2]['id']}")
    server.do(server.services.operation_log.clean())

    ended = operation(api, operation_id)
    assert (ended["restored"], ended["skipped"]) == (6_198, 1)
    assert ended["skippedLeads"] == [{"id": leads[-1]["id"], "reason": "changed"}]
    assert total(api, "status=new") == 6_198


def test_an_undo_that_has_begun_does_not_expire(server: Server, api: Client, clock: Any) -> None:
    operation_id = delete(api, create(api, 6_200))
    undo(api, operation_id)
    clock.advance(seconds=40 * 86_400)

    assert operation(api, operation_id)["status"] == "undoing"
    server.do(server.services.operation_log.clean())
    assert (operation(api, operation_id)["status"], total(api)) == ("undone", 6_200)


def test_a_number_of_leads_that_fills_its_parts_ends_as_well(api: Client) -> None:
    operation_id = update(api, create(api, 1_000), status="lost")

    undone = undo(api, operation_id)

    assert (undone["status"], undone["restored"]) == ("undone", 1_000)
