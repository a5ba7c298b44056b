"""A file that is looked at first: it is kept, tried as often as one likes, and imported without being sent again."""

from collections.abc import AsyncIterator, Callable

import pytest

from leadlight.duplicate_rule import DuplicateRule
from leadlight.errors import Conflict, InvalidInput, NotFound
from leadlight.imports.job import Counts, Import, ImportOptions, ImportStatus
from leadlight.imports.sample import SampledColumn
from leadlight.principal import Principal
from leadlight.store.database import Transaction
from tests.conftest import Client, Server
from tests.imports.uploads import PEOPLE, begin, get, kept, leads, work_on

LOOK = ImportOptions(DuplicateRule(), dry_run=True, looks_only=True)
TRY = ImportOptions(DuplicateRule(), dry_run=True)
IMPORT = ImportOptions(DuplicateRule())


@pytest.fixture
def server(start_server: Callable[..., Server]) -> Server:
    """Works when it is told to."""
    return start_server(background=False)


def caller_of(server: Server, api: Client) -> Principal:
    caller = server.do(server.services.workspaces.find_principal(api.key))
    assert caller is not None
    return caller


def look(server: Server, api: Client, content: str | bytes = PEOPLE, name: str = "people.csv") -> Import:
    """At a file, to its end."""

    async def pieces() -> AsyncIterator[bytes]:
        yield content.encode() if isinstance(content, str) else content

    caller = caller_of(server, api)
    job = server.do(server.services.imports.receive(caller, name, LOOK, pieces()))
    return worked_on(server, api, job.id)


def again(server: Server, api: Client, import_id: str, options: ImportOptions) -> Import:
    return server.do(server.services.imports.run_again(caller_of(server, api), import_id, options))


def worked_on(server: Server, api: Client, import_id: str) -> Import:
    work_on(server, api, import_id)
    return server.do(server.services.imports.get_import(api.workspace_id, import_id))


def test_a_look_tells_columns_and_first_values_and_counts_nothing(server: Server, api: Client) -> None:
    job = look(server, api)

    assert (job.status, job.processed, job.total, job.counts) == (ImportStatus.COMPLETED, 0, None, Counts())
    assert job.sample is not None
    assert job.sample.columns == [
        SampledColumn("name", ["Ada Park", "Ben Ito"]),
        SampledColumn("email", ["ada@example.com", "ben@example.com"]),
    ]
    assert kept(server, seconds=0) == [(job.id, 0)]
    assert leads(api) == []


def values(job: Import) -> dict[str, list[str]]:
    assert job.sample is not None
    return {column.name: column.values for column in job.sample.columns}


def test_values_that_are_no_text_are_shown_as_text(server: Server, api: Client) -> None:
    lines = '{"n": 1.50, "on": true, "tags": ["a", "b"], "none": null, "name": "Ada\\nPark"}\n'

    assert values(look(server, api, lines, "a.jsonl")) == {
        "n": ["1.50"],
        "on": ["true"],
        "tags": ['["a","b"]'],
        "none": [],
        "name": ["Ada Park"],
    }


def test_a_long_value_is_cut_and_the_same_is_shown_once(server: Server, api: Client) -> None:
    rows = "".join(f"{'x' * 5_000},{number % 2}\n" for number in range(9))

    found = values(look(server, api, f"long,short\n{rows}"))

    assert found == {"long": ["x" * 59 + "…"], "short": ["0", "1"]}


def test_it_is_tried_twice_and_then_imported(server: Server, api: Client) -> None:
    job = look(server, api, f"{PEOPLE}Cy,nowhere\n")
    for _ in range(2):
        again(server, api, job.id, TRY)
        tried = worked_on(server, api, job.id)
        assert (tried.counts, tried.total, len(kept(server, seconds=0))) == (Counts(2, 0, 0, 1), 3, 1)

    again(server, api, job.id, IMPORT)
    done = worked_on(server, api, job.id)

    assert (done.status, done.counts, done.sample) == (ImportStatus.COMPLETED, Counts(2, 0, 0, 1), None)
    assert get(api, job.id)["dryRun"] is False
    assert [error.number for error in server.do(server.services.imports.first_errors(api.workspace_id, job.id, 9))] == [
        3
    ]
    assert (len(leads(api)), kept(server, seconds=0)) == (2, [])


def test_what_was_cancelled_can_go_on(server: Server, api: Client) -> None:
    job = look(server, api)
    again(server, api, job.id, TRY)
    server.do(server.database.write(_ask_to_end, api.workspace_id, job.id))
    assert worked_on(server, api, job.id).status is ImportStatus.CANCELLED

    again(server, api, job.id, IMPORT)

    assert worked_on(server, api, job.id).counts == Counts(created=2)


async def _ask_to_end(tx: Transaction, workspace_id: str, import_id: str) -> None:
    await tx.execute(
        "UPDATE imports SET cancelling = 1, status = 'running' WHERE workspace_id = :workspace_id AND id = :id",
        workspace_id=workspace_id,
        id=import_id,
    )


def test_a_file_that_can_not_be_read_is_not_kept(server: Server, api: Client) -> None:
    job = look(server, api, b"%PDF-1.7")

    assert (job.status, job.sample) == (ImportStatus.FAILED, None)
    assert kept(server, seconds=0) == []


def test_what_is_under_way_or_not_kept_is_not_begun_again(server: Server, api: Client) -> None:
    waiting, dry = look(server, api), begin(api, dryRun="true")["id"]
    again(server, api, waiting.id, TRY)

    with pytest.raises(Conflict, match="still under way"):
        again(server, api, waiting.id, IMPORT)
    worked_on(server, api, waiting.id)
    worked_on(server, api, dry)
    with pytest.raises(Conflict, match="not kept any more"):
        again(server, api, dry, IMPORT)


def test_a_mapping_that_does_not_fit_changes_nothing(server: Server, api: Client) -> None:
    job = look(server, api)

    with pytest.raises(InvalidInput):
        again(server, api, job.id, ImportOptions(DuplicateRule(), mapping={"Elsewhere": "name"}))

    assert server.do(server.services.imports.get_import(api.workspace_id, job.id)) == job


def test_anothers_file_is_not_there(server: Server, api: Client) -> None:
    job = look(server, api)
    other = server.client(server.workspace("Other"))

    with pytest.raises(NotFound):
        again(server, other, job.id, IMPORT)
