"""Exports through both clients, on a real server: each format, every filter, and all that is held on one person."""

import csv
import io
import json
from pathlib import Path

import pytest
from openpyxl import load_workbook

from leadlight.client import Leadlight, NotFound, ValidationFailed
from tests.conftest import Client

pytestmark = pytest.mark.engine("sqlite")

EVERYBODY = ["Ada Park", "Ben", "=1+1"]


@pytest.fixture
def people(client: Leadlight) -> list[str]:
    """Three leads; their ids."""
    ada = client.leads.create(
        "Ada Park", "ada@example.com", source="web", metadata={"company": "Parkside", "score": 42}
    )
    ben = client.leads.create("Ben", "ben@example.com", source="fair", status="lost", phone="+1 555")
    cleo = client.leads.create("=1+1", "cleo@example.com", source="fair", metadata={"company": "Zoë 🦊"})
    return [ada.id, ben.id, cleo.id]


def exported(client: Leadlight, **options: object) -> bytes:
    file = io.BytesIO()
    size = client.leads.export(file, **options)  # type: ignore[arg-type]  # any of them
    assert size == len(file.getvalue())
    return file.getvalue()


def without_ids(client: Leadlight) -> dict[str, tuple[object, ...]]:
    """What is in all leads, by their emails."""
    return {
        lead.email: (lead.name, lead.phone, lead.source, lead.status, lead.metadata, lead.created_at)
        for lead in client.leads.list()
    }


def names(data: bytes) -> list[str]:
    """Of the leads in JSON Lines."""
    return [json.loads(line)["name"] for line in data.splitlines()]


def test_csv_has_a_column_for_each_key(client: Leadlight, people: list[str], tmp_path: Path) -> None:
    client.leads.export(tmp_path / "leads.csv")

    rows = list(csv.DictReader((tmp_path / "leads.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert [row["id"] for row in rows] == people
    assert [row["metadata.company"] for row in rows] == ["Parkside", "", "Zoë 🦊"]
    assert [row["metadata.score"] for row in rows] == ["42", "", ""]
    assert not rows[2]["name"].startswith("=")


def test_json_lines_are_leads(client: Leadlight, people: list[str]) -> None:
    data = exported(client, format="jsonl")

    lines = [json.loads(line) for line in data.splitlines()]
    assert [line["id"] for line in lines] == people
    assert lines[0]["metadata"] == {"company": "Parkside", "score": 42}
    assert lines[2]["name"] == "=1+1"


@pytest.mark.usefixtures("people")
def test_a_workbook_has_the_same_rows(client: Leadlight, tmp_path: Path) -> None:
    client.leads.export(tmp_path / "leads.xlsx", format="xlsx")

    rows = list(load_workbook(tmp_path / "leads.xlsx").active.iter_rows(values_only=True))
    assert rows[0][:3] == ("id", "name", "email")
    assert [row[2] for row in rows[1:]] == ["ada@example.com", "ben@example.com", "cleo@example.com"]


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"status": ["lost", "new"], "source": "fair"}, ["Ben", "=1+1"]),
        ({"search": "PARK"}, ["Ada Park"]),
        ({"email": "BEN@example.com", "phone": "+1 555"}, ["Ben"]),
        ({"metadata": {"score": 42}}, ["Ada Park"]),
        ({"created_after": "2026-01-16"}, []),
        ({"updated_before": "2026-01-16", "created_before": "2026-01-16", "updated_after": "2026-01-15"}, EVERYBODY),
    ],
    ids=str,
)
def test_every_filter_holds(client: Leadlight, filters: dict[str, object], found: list[str]) -> None:
    assert names(exported(client, format="jsonl", **filters)) == found


@pytest.mark.parametrize("format_", ["csv", "jsonl", "xlsx"])
def test_an_import_of_an_export_gives_back_the_same_leads(
    client: Leadlight, people: list[str], stranger: Client, format_: str
) -> None:
    before = without_ids(client)
    data = exported(client, format=format_)

    with Leadlight(stranger.url, stranger.key) as theirs:
        begun = theirs.imports.create(io.BytesIO(data), file_name=f"leads.{format_}")
        ended = theirs.imports.wait(begun.id)
        after = without_ids(theirs)

    assert (ended.created, ended.failed) == (len(people), 0)
    assert after == before


def test_an_unknown_format_is_told_and_leaves_no_file(client: Leadlight, tmp_path: Path) -> None:
    with pytest.raises(ValidationFailed) as refused:
        client.leads.export(tmp_path / "leads.pdf", format="pdf")

    assert [problem.field for problem in refused.value.problems] == ["format"]
    assert list(tmp_path.iterdir()) == []


# One person


def test_all_that_is_held_on_one_person(client: Leadlight, api: Client, people: list[str]) -> None:
    other = api.create("Ada", "ada@example.com", phone="+1 556")["id"]
    done = client.leads.update_many([people[0]], set={"status": "qualified"})
    client.leads.merge(people[0], other)

    held = client.leads.export_lead(people[0])

    assert client.leads.export_lead(other).lead.merged_into == people[0]
    assert (held.lead.phone, held.lead.workspace_id) == ("+1 556", api.workspace_id)
    assert "lead.merged" in [event.type for event in held.events]
    assert {change.action for change in held.operations} == {"updated", "merged"}
    changed = next(change for change in held.operations if change.operation_id == done.operation_id)
    assert changed.before is not None
    assert changed.before.status == "new"
    assert held.deliveries == []


def test_nothing_is_told_of_another_workspaces_lead(client: Leadlight, stranger: Client) -> None:
    with pytest.raises(NotFound):
        client.leads.export_lead(stranger.create()["id"])
