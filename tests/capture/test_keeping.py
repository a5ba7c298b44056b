"""What is stored and left is taken up, what is no lead is forgotten in time, and a fault stops neither."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest

from leadlight.app import Services
from leadlight.background import run_background
from leadlight.capture.form import Form
from leadlight.capture.graph import Graph
from leadlight.capture.processing import Processing
from leadlight.capture.queries import Shown
from leadlight.capture.receiving import Posted, Received, Receiving
from leadlight.capture.service import FormPatch
from leadlight.capture.submission import Submission, SubmissionKind, SubmissionStatus
from leadlight.clock import DAY
from leadlight.duplicate_rule import OnDuplicate
from leadlight.errors import NotFound, StoreUnavailable
from leadlight.ids import IdFactory
from leadlight.leads.filter import LeadFilter
from leadlight.leads.lead import Lead
from leadlight.leads.listing import LeadSort
from leadlight.principal import Actor, Principal, Scope
from leadlight.store.opening import open_database
from leadlight.workspaces.service import KeySpec
from tests.conftest import MovableClock
from tests.postgres_locks import held_feeds

BODY = b'{"name":"Ada Park","email":"ada@example.com"}'


class Ours:
    """A workspace with a form; `other` is another process on the same store."""

    def __init__(self, services: Services, other: Services, caller: Principal, form: Form) -> None:
        self.services = services
        self.other = other
        self.caller = caller
        self.form = form

    async def receive(self, body: bytes = BODY, key: str | None = None) -> Received:
        posted = Posted(SubmissionKind.FORM, "application/json", body, key)
        [received] = await self.services.receiving.receive(self.form, [posted])
        return received

    async def leave(
        self, body: bytes = BODY, key: str | None = None, kind: SubmissionKind = SubmissionKind.FORM
    ) -> Submission:
        """Stores it and does no more, as a process that ends there."""
        posted = Posted(kind, "application/json", body, key)
        receiving = self.services.receiving
        new = receiving._new(self.form, posted, self.services.clock())
        await self.services.database.write(receiving._store, self.form, [new])
        return new

    async def submissions(self) -> list[Shown]:
        """Oldest first."""
        found = await self.services.submissions.list_submissions(
            self.form.workspace_id, self.form.id, status=None, before="sub_~", limit=1_000
        )
        return list(reversed(found))

    async def statuses(self) -> list[SubmissionStatus]:
        return [submission.status for submission in await self.submissions()]

    async def leads(self) -> list[Lead]:
        page = await self.services.leads.list_leads(self.caller, LeadFilter(), sort=LeadSort.NEWEST, limit=100)
        return page.leads


@pytest.fixture
async def ours(store: dict[str, Any], clock: MovableClock) -> AsyncIterator[Ours]:
    databases = [await open_database(store["data"], store.get("database_url", "")) for _ in range(2)]
    services, other = (Services(database, clock) for database in databases)
    workspace = await services.workspaces.create_workspace("Ours")
    issued = await services.workspaces.create_key(workspace.id, KeySpec("test", (Scope.ADMIN,)))
    caller = Principal(Actor.of(issued.key.id), workspace.id, frozenset({Scope.ADMIN}), 0, None)
    form = await services.forms.create_form(workspace.id, "Contact", FormPatch())
    yield Ours(services, other, caller, form)
    for database in databases:
        await database.close()


# Left behind


async def test_what_a_process_left_is_a_lead_after_a_minute(ours: Ours, clock: MovableClock) -> None:
    left = await ours.leave()
    await ours.other.receiving.take_up()
    at_once = await ours.statuses()
    clock.advance(seconds=61)
    await ours.other.receiving.take_up()

    [submission] = await ours.submissions()
    [lead] = await ours.leads()
    assert at_once == [SubmissionStatus.RECEIVED]
    assert (submission.id, submission.status, submission.lead_id) == (left.id, SubmissionStatus.STORED, lead.id)
    assert submission.processed_at == left.received_at + 61_000


async def test_a_repeat_takes_up_what_was_left_at_once(ours: Ours) -> None:
    left = await ours.leave(key="mine")

    received = await ours.receive(key="mine")

    assert (received.submission.id, received.is_repeat) == (left.id, True)
    assert await ours.statuses() == [SubmissionStatus.STORED]
    assert len(await ours.leads()) == 1


async def test_the_background_takes_up(ours: Ours, clock: MovableClock) -> None:
    await ours.leave()
    await ours.leave(b"{}")
    clock.advance(seconds=61)

    work = asyncio.create_task(run_background(ours.other, every_seconds=0.01))
    while SubmissionStatus.RECEIVED in await ours.statuses():  # noqa: ASYNC110  (it happens in the store)
        await asyncio.sleep(0.01)
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)

    assert await ours.statuses() == [SubmissionStatus.STORED, SubmissionStatus.FAILED]


async def test_two_that_take_up_make_one_lead(ours: Ours, clock: MovableClock) -> None:
    for n in range(30):
        await ours.leave(BODY.replace(b"Ada", b"Ada %d" % n))
    clock.advance(seconds=61)

    await asyncio.gather(ours.services.receiving.take_up(), ours.other.receiving.take_up())

    assert set(await ours.statuses()) == {SubmissionStatus.STORED}
    assert len({lead.name for lead in await ours.leads()}) == len(await ours.leads()) == 30


async def test_more_than_one_batch_is_taken_up(ours: Ours, clock: MovableClock) -> None:
    for _ in range(101):
        await ours.leave(b"{}")
    clock.advance(seconds=61)

    await ours.other.receiving.take_up()

    assert set(await ours.statuses()) == {SubmissionStatus.FAILED}


class FaultyGraph(Graph):
    async def answers(self, lead_id: str, access_token: str) -> bytes:
        raise ZeroDivisionError(f"{lead_id} {len(access_token)}")


async def test_a_fault_of_ours_sets_one_aside_and_the_others_go_on(
    ours: Ours, clock: MovableClock, caplog: pytest.LogCaptureFixture
) -> None:
    token = FormPatch(secrets={"meta_access_token": "a-token-of-meta"})
    await ours.services.forms.update_form(ours.form.workspace_id, ours.form.id, token)
    left = await ours.leave(b'{"leadgen_id":"1"}', kind=SubmissionKind.META)
    await ours.leave()
    clock.advance(seconds=61)
    parts = ours.services
    processing = Processing(parts.database, parts.events, parts.workspaces, parts.intake, FaultyGraph(), clock)

    await Receiving(parts.database, processing, clock, IdFactory(clock)).take_up()

    [faulty, other] = await ours.submissions()
    assert (faulty.status, faulty.reason) == (SubmissionStatus.FAILED, "a fault of the server; its log says more")
    assert other.status is SubmissionStatus.STORED
    assert f"submission {left.id} can't be processed" in caplog.text


async def test_what_is_left_is_a_lead_before_its_form_ends(ours: Ours) -> None:
    await ours.leave()

    await ours.services.submissions.delete_form(ours.form.workspace_id, ours.form.id)

    assert [lead.name for lead in await ours.leads()] == ["Ada Park"]


async def test_a_form_that_ends_while_something_comes_in_takes_nothing(ours: Ours) -> None:
    await ours.other.forms.delete_form(ours.form.workspace_id, ours.form.id)

    with pytest.raises(NotFound):
        await ours.receive()
    assert await ours.leads() == []


# Forgotten in time


async def test_what_is_no_lead_is_forgotten_in_time(ours: Ours, clock: MovableClock) -> None:
    await ours.receive()
    await ours.receive(b"{}")
    await ours.receive(BODY[:-1] + b',"homepage_url":"x"}')
    clock.advance(milliseconds=90 * DAY)
    await ours.receive(b"[]")

    await ours.services.submissions.clean(kept_days=90)
    before = await ours.statuses()
    clock.advance(milliseconds=1)
    await ours.services.submissions.clean(kept_days=90)

    assert before == [
        SubmissionStatus.STORED,
        SubmissionStatus.FAILED,
        SubmissionStatus.IGNORED,
        SubmissionStatus.FAILED,
    ]
    assert await ours.statuses() == [SubmissionStatus.STORED, SubmissionStatus.FAILED]


async def test_much_is_forgotten_in_small_steps(ours: Ours, clock: MovableClock) -> None:
    for _ in range(201):
        await ours.receive(b"{}")
    clock.advance(milliseconds=DAY + 1)

    await ours.services.submissions.clean(kept_days=1)

    assert await ours.statuses() == []


async def test_a_deleted_form_leaves_no_row(ours: Ours) -> None:
    for body in (BODY, *[b"{}"] * 150):
        await ours.receive(body)

    await ours.services.submissions.delete_form(ours.form.workspace_id, ours.form.id)
    await ours.services.submissions.clean(kept_days=90)

    rows = await ours.services.database.scan(_count_rows)
    assert rows == [0, 0, 0]


async def _count_rows(tx: Any) -> list[int]:
    return [
        row
        for table in ("forms", "form_directory", "submissions")
        for [row] in await tx.rows(f"SELECT count(*) FROM {table}")
    ]


async def test_a_deleted_forms_secrets_are_gone_at_once(ours: Ours) -> None:
    secrets = {"tally_secret": "a-secret-of-tally"}
    form = await ours.services.forms.create_form(ours.form.workspace_id, "T", FormPatch(secrets=secrets))

    await ours.services.forms.delete_form(form.workspace_id, form.id)

    async def kept(tx: Any) -> Any:
        return await tx.row("SELECT name, settings, secrets FROM forms WHERE id = :id", id=form.id)

    assert tuple(await ours.services.database.scan(kept)) == ("", "{}", "{}")


# Among each other


async def test_repeats_in_two_processes_at_once_are_one_lead(ours: Ours) -> None:
    posted = Posted(SubmissionKind.FORM, "application/json", BODY, "mine")
    works = [
        services.receiving.receive(ours.form, [posted]) for _ in range(10) for services in (ours.services, ours.other)
    ]

    received = [one for [one] in await asyncio.gather(*works)]

    assert {one.submission.status for one in received} == {SubmissionStatus.STORED}
    assert (len(await ours.leads()), len(await ours.submissions())) == (1, 1)


async def test_the_same_person_in_two_processes_at_once_is_one_lead(ours: Ours) -> None:
    patch = FormPatch(settings={"on_duplicate": OnDuplicate.UPDATE})
    await ours.services.forms.update_form(ours.form.workspace_id, ours.form.id, patch)
    posted = Posted(SubmissionKind.FORM, "application/json", BODY)
    works = [
        services.receiving.receive(ours.form, [posted]) for _ in range(10) for services in (ours.services, ours.other)
    ]

    await asyncio.gather(*works)

    assert (len(await ours.leads()), len(await ours.submissions())) == (1, 20)


async def test_two_that_try_one_again_at_once_make_one_lead(ours: Ours) -> None:
    received = await ours.receive(BODY[:-1] + b',"homepage_url":"x"}')
    workspace_id, id_ = ours.form.workspace_id, received.submission.id
    services = (ours.services.submissions, ours.other.submissions)

    answers = await asyncio.gather(*[each.reprocess(workspace_id, id_) for each in services], return_exceptions=True)

    assert any(isinstance(answer, Shown) and answer.status is SubmissionStatus.STORED for answer in answers)
    assert len(await ours.leads()) == 1


@pytest.mark.slow
@pytest.mark.engine("postgres")
async def test_what_can_not_be_made_a_lead_now_is_stored_and_made_one_later(
    ours: Ours, store: dict[str, Any], clock: MovableClock
) -> None:
    def hold() -> Any:
        return held_feeds(store["database_url"])

    held = hold()
    await asyncio.to_thread(held.__enter__)
    try:
        with pytest.raises(StoreUnavailable):
            await ours.receive()
    finally:
        await asyncio.to_thread(held.__exit__, None, None, None)
    stored = await ours.statuses()
    clock.advance(seconds=61)
    await ours.services.receiving.take_up()

    assert stored == [SubmissionStatus.RECEIVED]
    assert await ours.statuses() == [SubmissionStatus.STORED]
    assert len(await ours.leads()) == 1


async def test_a_workspace_that_matches_on_too_many_keys_fails_with_the_reason(ours: Ours) -> None:
    workspace_id = ours.form.workspace_id
    for n in range(11):
        settings = {"on_duplicate": OnDuplicate.UPDATE, "match_on": f"metadata.key_{n}"}
        await ours.services.forms.update_form(workspace_id, ours.form.id, FormPatch(settings=settings))
        await ours.receive()

    [*taken, last] = await ours.submissions()
    assert {submission.status for submission in taken} == {SubmissionStatus.STORED}
    assert last.status is SubmissionStatus.FAILED
    assert str(last.reason).startswith("matchOn: a workspace matches on at most 10 keys")


def test_logs_of_the_parser_of_multipart_stay_quiet() -> None:
    assert not logging.getLogger("python_multipart").isEnabledFor(logging.WARNING)
