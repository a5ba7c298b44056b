"""What a user does is put down as theirs, wherever it is put down: in the feed, in an undo, an import, the log."""

import io
import json
import logging
from collections.abc import AsyncIterator

import pytest

from leadlight.batch.service import Which
from leadlight.duplicate_rule import DuplicateRule
from leadlight.http.access_log import AccessLog, JsonFormatter, Noted
from leadlight.http.metrics import Metrics
from leadlight.imports.job import ImportOptions
from leadlight.leads.change import LeadDraft
from leadlight.principal import Actor, Principal, Scope
from leadlight.store.database import Statistics
from tests.conftest import START, Server
from tests.people.crew import add, token_of

ADA = Principal(Actor.of("usr_ada"), "ws_1", frozenset(Scope), 0, None)


@pytest.fixture
def ada(server: Server, acme: str) -> Principal:
    """An owner of the workspace, as a caller."""
    add(server, acme)
    session = server.do(server.services.people.find_session(token_of(server)))
    assert session is not None
    caller = session.principal(acme)
    assert caller is not None
    return caller


def create(server: Server, caller: Principal) -> str:
    return server.do(server.services.leads.create_lead(caller, LeadDraft("Lea", "lea@example.com"))).lead.id


def actors(server: Server, caller: Principal, lead_id: str) -> list[Actor]:
    page = server.do(server.services.leads.list_events(caller, lead_id, after=0, limit=10))
    return [event.actor for event in page.events]


def test_what_a_user_does_is_told_of_the_user(server: Server, ada: Principal) -> None:
    lead_id = create(server, ada)

    assert actors(server, ada, lead_id) == [Actor("user", ada.actor.id)]


def test_what_a_user_takes_back_is_told_of_the_user(server: Server, ada: Principal) -> None:
    services, lead_id = server.services, create(server, ada)
    deleted = server.do(
        services.batches.delete_leads(ada, Which((lead_id,)), confirm=1, dry_run=False, idempotency=None)
    )
    assert deleted.operation_id is not None

    server.do(services.operation_log.undo(ada, deleted.operation_id))

    assert set(actors(server, ada, lead_id)) == {Actor("user", ada.actor.id)}


def test_what_a_user_imports_is_told_of_the_user(server: Server, ada: Principal, acme: str) -> None:
    async def file() -> AsyncIterator[bytes]:
        yield b"name,email\nLea,lea@example.com\n"

    services = server.services
    job = server.do(services.imports.receive(ada, "leads.csv", ImportOptions(DuplicateRule()), file()))
    server.do(services.import_run().run(acme, job.id, "ours"))

    [event] = server.do(services.events.list_feed(acme, after=0, limit=10)).events
    assert event.actor == Actor("user", ada.actor.id)


def test_an_erasure_is_on_record_as_the_users(server: Server, ada: Principal, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="leadlight.erasure")

    server.do(server.services.leads.delete_lead(ada, create(server, ada)))

    [record] = [each for each in caplog.records if each.name == "leadlight.erasure"]
    line = json.loads(JsonFormatter().format(record))
    assert line["userId"] == ada.actor.id
    assert "keyId" not in line


def test_a_request_of_a_user_is_logged_as_theirs(caplog: pytest.LogCaptureFixture) -> None:
    async def statistics() -> Statistics:
        return Statistics(0, 0, 0, 0)

    caplog.set_level(logging.INFO, logger="leadlight.access")
    stream = io.StringIO()
    log = AccessLog(Metrics(statistics), stream)

    log.note(Noted(START, b"mine", "GET", "leads", 200, 0.001, ADA))
    log.flush()

    line = json.loads(stream.getvalue())
    assert (line["workspaceId"], line["userId"]) == ("ws_1", "usr_ada")
    assert "keyId" not in line
