"""A dry run: nothing is stored, and its counts are those that the import will have."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from leadlight.app import Services
from leadlight.duplicate_rule import DuplicateRule, OnDuplicate
from leadlight.imports.job import Counts, ImportOptions
from leadlight.imports.seen import _Map
from leadlight.leads.change import LeadDraft
from leadlight.principal import Actor, Principal, Scope
from leadlight.store.opening import open_database
from tests.conftest import Client, MovableClock, Server
from tests.imports.uploads import begin, bring_in, counts, end_of, errors, get, leads, work_on

PAD = "x" * 350_000
"""As much in a column that is left out puts every third row into a chunk of its own."""


def table(*rows: str) -> str:
    return "".join(f"{row},{PAD}\n" for row in ("name,email,phone,key,pad", *rows))


ROWS = (
    "Ada,ada@example.com,+442079460018,k-1",
    "Ben,ben@example.com,+442079460019,k-2",
    "Ada Again,Ada@example.com,+44 20 7946 0018,k-1",
    "Cleo,cleo@example.com,,",
    "Ben Again,ben@example.com,+44 2079460019,k-2",
    "Nobody,nobody,+44 2079460019,k-2",
    "Cleo Again,cleo@example.com,,",
    "Ada Thrice,ADA@example.com,+442079460018,k-1",
)


@pytest.mark.parametrize(
    ("on_duplicate", "match_on"),
    [
        ("update", "email"),
        pytest.param("create", "email", marks=pytest.mark.slow),
        pytest.param("skip", "phone", marks=pytest.mark.slow),
        pytest.param("reject", "metadata.key", marks=pytest.mark.slow),
    ],
)
def test_it_counts_what_the_import_will(api: Client, on_duplicate: str, match_on: str) -> None:
    api.create("Ben", "ben@example.com", phone="+442079460019", metadata={"key": "k-2"})
    options = {"onDuplicate": on_duplicate, "matchOn": match_on, "mapping": '{"pad": ""}'}

    dry = bring_in(api, table(*ROWS), dryRun="true", **options)
    assert len(leads(api)) == 1
    real = bring_in(api, table(*ROWS), **options)

    assert counts(dry) == counts(real)
    assert sum(counts(dry)) == dry["processed"] == len(ROWS)
    assert [row[0] for row in errors(api, dry["id"])] == [row[0] for row in errors(api, real["id"])]


def test_it_stores_nothing(api: Client) -> None:
    job = bring_in(api, "name,email\nAda,ada@example.com\nBen,\n", dryRun="true")

    assert (job["status"], job["dryRun"], counts(job), job["operationId"]) == ("completed", True, (1, 0, 0, 1), None)
    assert errors(api, job["id"])[1][2] == "email: is empty, and every lead needs one"
    assert leads(api) == []
    assert api.get("/api/v1/events").json()["data"]["events"] == []
    assert api.get("/api/v1/operations").json()["data"]["operations"] == []


def test_a_row_that_can_not_be_compared_is_told_of_and_no_other_is_lost(api: Client) -> None:
    ours = api.create("Ada", "ada@example.com", metadata={"key": "k"})["id"]
    rows = [
        {"name": "Ben", "email": "ben@example.com", "key": ["a", "list"]},
        {"id": ours, "name": "Ada", "email": "ada@example.com", "key": ["a", "list"]},
        {"name": "Cleo", "email": "cleo@example.com", "key": "c"},
    ]
    content = "".join(json.dumps(row) + "\n" for row in rows)
    options = {"matchOn": "metadata.key", "onDuplicate": "update", "mapping": '{"id": "id"}'}

    dry = bring_in(api, content, "people.jsonl", dryRun="true", **options)
    real = bring_in(api, content, "people.jsonl", **options)

    assert (dry["status"], counts(dry)) == (real["status"], counts(real)) == ("completed", (1, 1, 0, 1))
    assert "to match on" in errors(api, dry["id"])[1][2]


def test_one_that_broke_off_begins_again_and_tells_no_row_twice(start_server: Callable[..., Server]) -> None:
    server = start_server(background=False)
    api = server.client(server.workspace())
    job = begin(api, table(*ROWS), mapping='{"pad": ""}', dryRun="true", onDuplicate="reject")
    ids = (api.workspace_id, job["id"])

    async def break_off() -> None:
        running = asyncio.create_task(server.services.import_run().run(*ids, "first"))
        while (await server.services.imports.get_import(*ids)).processed < 3:  # noqa: ASYNC110  (nobody tells it)
            await asyncio.sleep(0)
        running.cancel()
        await asyncio.wait((running,))

    server.do(break_off())
    assert get(api, job["id"])["failed"] > 0
    work_on(server, api, job["id"])

    ended = end_of(api, job["id"])
    assert (ended["status"], counts(ended)) == ("completed", (3, 0, 0, 5))
    assert [row[0] for row in errors(api, job["id"])[1:]] == ["3", "5", "6", "7", "8"]


class Tenancy:
    """A store that takes in files one after another, each in a workspace of its own."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def count(self, rows: list[list[str]], rule: DuplicateRule, *, dry_run: bool) -> Counts:
        """What becomes of the rows where Ada and Ben are there already; `id` names them by their place, from 1."""
        services = self._services
        workspace_id = (await services.workspaces.create_workspace("W")).id
        caller = Principal(Actor.of("key_1"), workspace_id, frozenset({Scope.ADMIN}), None, None)
        drafts = [LeadDraft("Ada", "ada@example.com"), LeadDraft("Ben", "ben@example.com", phone="+442079460019")]
        ids = [(await services.leads.create_lead(caller, draft)).lead.id for draft in drafts]
        lines = [f"{ids[int(id_) - 1] if id_ else ''},Cleo,{email},{phone},{PAD}" for id_, email, phone in rows]
        content = "\n".join(["id,name,email,phone,pad", *lines, ""]).encode()
        options = ImportOptions(rule, mapping={"id": "id", "pad": ""}, dry_run=dry_run)
        job = await services.imports.receive(caller, "f.csv", options, _whole(content))
        await services.import_run().run(workspace_id, job.id, "test")
        ended = await services.imports.get_import(workspace_id, job.id)
        assert (ended.error, ended.processed) == (None, len(rows))
        return ended.counts


async def _whole(content: bytes) -> AsyncIterator[bytes]:
    yield content


ROW = st.tuples(
    st.sampled_from(["", "", "", "1", "2"]),
    st.sampled_from(["ada@example.com", "BEN@example.com", "c@example.com", "d@example.com"]),
    st.sampled_from(["", "+442079460018", "+44 2079460019"]),
).map(list)


def by_email(*rows: tuple[str, str]) -> dict[str, Any]:
    return {"rows": [[*row, ""] for row in rows], "on_duplicate": OnDuplicate.UPDATE, "match_on": "email"}


ADA, BEN = ("", "ada@example.com"), "BEN@example.com"


@pytest.mark.slow
@example(**by_email(ADA, ADA, ("1", BEN), ADA, ADA))  # the last two may come at once, or not
@example(**by_email(ADA, ("1", BEN), ADA, ADA, ADA, ADA, ADA))
@example(**by_email(("1", BEN), ("1", "ada@example.com"), ("1", BEN), ADA))
@example(**by_email(("1", BEN), ("1", BEN), ("1", BEN), ("1", BEN), ("1", "ada@example.com"), ADA, ("", BEN), ADA))
@given(
    rows=st.lists(ROW, min_size=1, max_size=9),
    on_duplicate=st.sampled_from(OnDuplicate),
    match_on=st.sampled_from(["email", "phone"]),
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_rows_meet_whom_it_counts_what_the_import_will(
    store: dict[str, Any], rows: list[list[str]], on_duplicate: OnDuplicate, match_on: str
) -> None:
    rule = DuplicateRule(on_duplicate, match_on)

    async def both() -> tuple[Counts, Counts]:
        database = await open_database(store["data"], store.get("database_url", ""))
        try:
            tenancy = Tenancy(Services(database, MovableClock()))
            return await tenancy.count(rows, rule, dry_run=True), await tenancy.count(rows, rule, dry_run=False)
        finally:
            await database.close()

    dry, real = asyncio.run(both())
    assert dry == real


def test_numbers_are_told_from_each_other_however_many_there_are() -> None:
    numbers, wanted = _Map(), {number: number * 7 for number in range(-2998, 3000, 3)}
    for number, value in wanted.items():
        numbers.put(number, 1)
        numbers.put(number, value)

    assert {number: numbers.get(number) for number in range(-3000, 3000) if number and numbers.get(number)} == wanted
