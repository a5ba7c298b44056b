"""GET /api/v1/exports/leads: leads as a file, as they were at one moment, sent while it is made."""

import csv
import io
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import openpyxl
import pytest
import requests

from leadlight.exports.service import MOST_OF_A_WORKSPACE
from leadlight.principal import Scope
from tests.conftest import Client, MovableClock, Server, problems_of

PATH = "/api/v1/exports/leads"


def rows_of(response: requests.Response) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"), newline=""), strict=True))


def lines_of(response: requests.Response) -> list[dict[str, Any]]:
    return [json.loads(line) for line in response.content.splitlines()]


def create_many(api: Client, count: int, **fields: Any) -> None:
    leads = [{"name": f"Lead {number}", "email": f"{number}@example.com", **fields} for number in range(count)]
    response = api.post("/api/v1/leads/batch", {"leads": leads})
    assert response.json()["data"]["counts"]["created"] == count


@pytest.fixture
def more_than_fits_on_the_way(api: Client) -> Client:
    """Its leads are 24 megabytes: whoever does not read holds the export up."""
    for _ in range(4):
        create_many(api, 400, metadata={"text": "a" * 15_000})
    return api


def begin(api: Client) -> tuple[requests.Response, Iterator[bytes]]:
    """An export that goes on for as long as its client does not read the rest."""
    response = api.get(f"{PATH}?format=jsonl", stream=True)
    lines = response.iter_lines(1024)
    next(lines)
    return response, lines


def once_there_is_room(ask: Callable[[], requests.Response]) -> requests.Response:
    """A place is free a moment after its client has left."""
    for _ in range(500):
        if (answer := ask()).status_code != 503:
            break
        time.sleep(0.01)
    return answer


# The file


def test_gives_a_csv_file_if_nothing_is_said(api: Client) -> None:
    lead = api.create(phone="+44 20 7946 0958", source="website", metadata={"company": "Parkside", "score": 4.20})

    response = api.get(PATH)

    assert response.status_code == 200
    assert rows_of(response) == [
        {
            "id": lead["id"],
            "name": "Ada Park",
            "email": "ada@example.com",
            "phone": "+44 20 7946 0958",
            "source": "website",
            "status": "new",
            "metadata.company": "Parkside",
            "metadata.score": "4.2",
            "followUpAt": "",
            "followUpNote": "",
            "createdAt": "2026-01-15T10:30:00.000Z",
            "updatedAt": "2026-01-15T10:30:00.000Z",
            "workspaceId": api.workspace_id,
        }
    ]


def test_gives_leads_as_lines_of_json(api: Client) -> None:
    leads = [api.create("Ada"), api.create("Ben", metadata={"deep": {"a": [1.50]}})]

    assert lines_of(api.get(f"{PATH}?format=jsonl")) == leads


def test_gives_a_file_for_spreadsheets(api: Client) -> None:
    lead = api.create("=1+1", metadata={"score": 42})

    workbook = openpyxl.load_workbook(io.BytesIO(api.get(f"{PATH}?format=xlsx").content))

    header, row = workbook["Leads"].iter_rows(values_only=True)
    assert dict(zip(header, row, strict=True)) | {"id": lead["id"], "name": "'=1+1", "metadata.score": 42} == dict(
        zip(header, row, strict=True)
    )


@pytest.mark.parametrize(
    ("file_format", "media_type"),
    [
        ("csv", "text/csv; charset=utf-8"),
        ("jsonl", "application/jsonl"),
        ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ],
)
def test_the_file_has_a_name_with_the_day(api: Client, clock: MovableClock, file_format: str, media_type: str) -> None:
    clock.advance(seconds=13.5 * 3600)

    response = api.get(f"{PATH}?format={file_format}", headers={"X-Request-Id": "mine"})

    assert response.headers["Content-Type"] == media_type
    assert response.headers["Content-Disposition"].startswith(f'attachment; filename="leads-2026-01-16.{file_format}"')
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Request-Id"] == "mine"


def test_no_leads_are_a_file_too(api: Client) -> None:
    assert rows_of(api.get(PATH)) == []
    assert api.get(f"{PATH}?format=jsonl").content == b""
    assert openpyxl.load_workbook(io.BytesIO(api.get(f"{PATH}?format=xlsx").content))["Leads"].max_row == 1


def test_all_leads_are_there_the_oldest_first(api: Client, clock: MovableClock) -> None:
    for part in range(3):
        create_many(api, 120, source=f"part {part}")
        clock.advance(seconds=1)

    rows = rows_of(api.get(PATH))

    assert [row["source"] for row in rows] == ["part 0"] * 120 + ["part 1"] * 120 + ["part 2"] * 120
    assert len({row["id"] for row in rows}) == 360
    assert rows == sorted(rows, key=lambda row: (row["createdAt"], row["id"]))


def test_a_key_that_only_the_last_lead_has_is_a_column(api: Client, clock: MovableClock) -> None:
    create_many(api, 150, metadata={"first": 1})
    clock.advance(seconds=1)
    api.create(metadata={"last": True})

    rows = rows_of(api.get(PATH))

    assert [(row["metadata.first"], row["metadata.last"]) for row in (rows[0], rows[-1])] == [("1", ""), ("", "true")]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("status=new,lost", ["Ada Park", "Ben Cole"]),
        ("status=lost", ["Ben Cole"]),
        ("source=fair", ["Ben Cole"]),
        ("search=PARK", ["Ada Park"]),
        ("email=Ada@Example.com", ["Ada Park"]),
        ("phone=%2B442079460958", ["Ada Park"]),
        ("createdAfter=2026-01-15T10:30:00Z", ["Ben Cole"]),
        ("updatedBefore=2026-01-15T10:30:01Z", ["Ada Park"]),
        ("metadata.company=Oak", ["Ben Cole"]),
        ("metadata.company=Oak&status=new", []),
    ],
)
def test_the_filters_of_the_list_hold(api: Client, clock: MovableClock, query: str, names: list[str]) -> None:
    api.create("Ada Park", phone="+44 20 7946 0958", metadata={"company": "Parkside"})
    clock.advance(seconds=1)
    api.create("Ben Cole", "ben@example.com", source="fair", status="lost", metadata={"company": "Oak"})

    assert [row["name"] for row in rows_of(api.get(f"{PATH}?{query}"))] == names


# One moment


def test_what_is_written_meanwhile_is_not_in_it(more_than_fits_on_the_way: Client) -> None:
    api = more_than_fits_on_the_way
    newest = api.get("/api/v1/leads?limit=1").json()["data"]["leads"][0]
    response, lines = begin(api)

    api.create("Late")
    api.patch(f"/api/v1/leads/{newest['id']}", {"name": "Changed"})
    api.delete(f"/api/v1/leads/{newest['id']}")
    rest = [json.loads(line) for line in lines]

    response.close()
    assert len(rest) == 1599
    assert (rest[-1]["id"], rest[-1]["name"]) == (newest["id"], newest["name"])


# How many, and how they end


def test_a_workspace_leaves_room_for_others(more_than_fits_on_the_way: Client, stranger: Client) -> None:
    api = more_than_fits_on_the_way
    begun = [begin(api) for _ in range(MOST_OF_A_WORKSPACE)]

    refused = api.get(PATH)
    theirs = stranger.get(PATH)

    assert (refused.status_code, refused.json()["code"]) == (503, "SERVICE_UNAVAILABLE")
    assert refused.json()["error"].startswith("2 exports of this workspace are under way")
    assert refused.headers["Retry-After"] == "1"
    assert theirs.status_code == 200
    for response, lines in begun:
        assert len(list(lines)) == 1599
        response.close()
    assert api.get(f"{PATH}?format=jsonl&search=nobody").status_code == 200


def test_who_leaves_makes_room(more_than_fits_on_the_way: Client) -> None:
    api = more_than_fits_on_the_way
    for _ in range(2 * MOST_OF_A_WORKSPACE):
        response, _ = begin(api)
        response.close()
        assert once_there_is_room(lambda: api.get(f"{PATH}?search=nobody")).status_code == 200


def test_who_asks_for_the_head_alone_keeps_no_room(api: Client) -> None:
    for _ in range(2 * MOST_OF_A_WORKSPACE):
        answer = once_there_is_room(lambda: api.request("HEAD", PATH))
        assert (answer.status_code, answer.content) == (200, b"")


def test_a_file_that_can_not_be_finished_breaks_off(server: Server, more_than_fits_on_the_way: Client) -> None:
    response, lines = begin(more_than_fits_on_the_way)

    server.do(server.database.close())

    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        list(lines)
    response.close()


# What is refused, before the first byte


@pytest.mark.parametrize(
    ("query", "problems"),
    [
        ("format=pdf", {"format": "invalid_choice"}),
        ("format=", {"format": "invalid_choice"}),
        ("sort=name", {"sort": "unknown_parameter"}),
        ("limit=10&cursor=", {"limit": "unknown_parameter", "cursor": "unknown_parameter"}),
        ("status=old&createdAfter=soon", {"status": "invalid_choice", "createdAfter": "invalid_time"}),
        ("&".join(f"metadata.{number}=1" for number in range(21)), {"metadata": "too_many"}),
    ],
)
def test_names_what_is_wrong_with_the_question(api: Client, query: str, problems: dict[str, str]) -> None:
    assert problems_of(api.get(f"{PATH}?{query}")) == problems


def test_says_so_when_a_format_can_not_hold_a_lead(api: Client) -> None:
    api.create(metadata={"long": "a" * 40_000})

    refused = api.get(f"{PATH}?format=xlsx")

    assert problems_of(refused) == {"format": "too_long"}
    assert "choose csv or jsonl" in refused.text
    assert len(rows_of(api.get(f"{PATH}?format=csv"))[0]["metadata.long"]) == 40_000
    assert api.get(f"{PATH}?format=xlsx&search=nobody").status_code == 200


def test_holds_nothing_of_another_workspace(api: Client, stranger: Client) -> None:
    api.create("Ours")
    stranger.create("Theirs", metadata={"secret": 1})

    response = api.get(PATH)

    assert [row["name"] for row in rows_of(response)] == ["Ours"]
    assert "secret" not in response.text


def test_needs_the_right_to_read(server: Server, api: Client, reader: Client) -> None:
    writer = server.client(api.workspace_id, Scope.LEADS_WRITE)

    refused = writer.get(PATH)

    assert (refused.status_code, refused.json()["details"]) == (403, {"required": "leads:read"})
    assert reader.get(PATH).status_code == 200


def test_refuses_the_anonymous(server: Server) -> None:
    response = requests.get(server.url + PATH, timeout=5)

    assert (response.status_code, response.json()["code"]) == (401, "MISSING_AUTH_HEADER")
