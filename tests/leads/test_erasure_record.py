"""An erasure is on record: a line of the log that says which lead, when, who asked for it, and nothing personal."""

import json
import logging
from collections.abc import Callable

import pytest

from leadlight.clock import DAY
from leadlight.http.access_log import JsonFormatter
from tests.conftest import Client, MovableClock, Server

Records = Callable[[], list[dict[str, object]]]


@pytest.fixture
def records(caplog: pytest.LogCaptureFixture) -> Records:
    """The lines, as they are written."""
    caplog.set_level(logging.INFO, logger="leadlight.erasure")
    lines = JsonFormatter()
    return lambda: [json.loads(lines.format(each)) for each in caplog.records if each.name == "leadlight.erasure"]


def test_a_deletion_is_a_line(api: Client, clock: MovableClock, records: Records) -> None:
    lead = api.create("Ada Park", "ada@example.com", metadata={"company": "Parkside"})
    clock.advance(seconds=1)

    deleted = api.delete(f"/api/v1/leads/{lead['id']}").json()["data"]

    assert records() == [
        {
            "time": deleted["deletedAt"],
            "level": "info",
            "logger": "leadlight.erasure",
            "message": "erasure",
            "workspaceId": api.workspace_id,
            "leadId": lead["id"],
            "keyId": api.key_id,
        }
    ]


def test_leads_that_were_merged_into_it_have_lines_too(api: Client, records: Records) -> None:
    kept, gone = api.create(), api.create()
    api.post(f"/api/v1/leads/{kept['id']}/merge", {"duplicateId": gone["id"]})

    api.delete(f"/api/v1/leads/{kept['id']}")

    assert [each["leadId"] for each in records()] == [kept["id"], gone["id"]]


def test_what_was_refused_is_no_erasure(api: Client, stranger: Client, records: Records) -> None:
    lead = api.create()

    api.delete(f"/api/v1/leads/{lead['id']}", headers={"If-Match": '"no"'})
    stranger.delete(f"/api/v1/leads/{lead['id']}")
    api.delete("/api/v1/leads/lead_1")

    assert records() == []


def test_a_batch_erases_when_it_can_not_be_taken_back_any_more(
    server: Server, api: Client, clock: MovableClock, records: Records
) -> None:
    leads = [api.create(), api.create()]
    batch = api.post("/api/v1/leads/batch-delete", {"filter": {}, "confirm": 2}).json()["data"]
    assert records() == []
    clock.advance(milliseconds=30 * DAY)

    server.do(server.services.operation_log.clean())

    assert records() == [
        {
            "time": "2026-02-14T10:30:00.000Z",
            "level": "info",
            "logger": "leadlight.erasure",
            "message": "erasure",
            "workspaceId": api.workspace_id,
            "leadId": lead["id"],
            "operationId": batch["operationId"],
        }
        for lead in leads
    ]


def test_a_lead_of_a_batch_that_is_deleted_for_good_is_erased_once(
    server: Server, api: Client, clock: MovableClock, records: Records
) -> None:
    lead = api.create()
    api.post("/api/v1/leads/batch-delete", {"ids": [lead["id"]], "confirm": 1})

    api.delete(f"/api/v1/leads/{lead['id']}")
    clock.advance(milliseconds=30 * DAY)
    server.do(server.services.operation_log.clean())

    assert [(each["leadId"], each["keyId"]) for each in records()] == [(lead["id"], api.key_id)]
