"""Files that are sent to a server, and what becomes of them."""

import csv
import io
import time
from collections.abc import Callable
from typing import Any

import requests

from tests.conftest import Client, Server

IMPORTS = "/api/v1/imports"
PEOPLE = "name,email\nAda Park,ada@example.com\nBen Ito,ben@example.com\n"


def send(api: Client, content: str | bytes = PEOPLE, name: str = "people.csv", **texts: str) -> requests.Response:
    return api.request("POST", IMPORTS, data=texts, files={"file": (name, content)})


def begin(api: Client, content: str | bytes = PEOPLE, name: str = "people.csv", **texts: str) -> dict[str, Any]:
    """The import as it was answered."""
    response = send(api, content, name, **texts)
    assert response.status_code == 202, response.text
    return dict(response.json()["data"])


def get(api: Client, import_id: str) -> dict[str, Any]:
    return dict(api.get(f"{IMPORTS}/{import_id}").json()["data"])


def wait_for(api: Client, import_id: str, holds: Callable[[dict[str, Any]], object], *, seconds: float = 60) -> Any:
    deadline = time.monotonic() + seconds
    while not holds(found := get(api, import_id)):
        assert time.monotonic() < deadline, found
        time.sleep(0.01)
    return found


def end_of(api: Client, import_id: str) -> dict[str, Any]:
    """The import once it has ended, however it did."""
    return dict(wait_for(api, import_id, lambda found: found["status"] in ("completed", "failed", "cancelled")))


def bring_in(api: Client, content: str | bytes = PEOPLE, name: str = "people.csv", **texts: str) -> dict[str, Any]:
    """Imports a file to its end."""
    return end_of(api, begin(api, content, name, **texts)["id"])


def work_on(server: Server, api: Client, import_id: str, runner: str = "test") -> None:
    """What the background of a server does; for those that have none."""
    server.do(server.services.import_run().run(api.workspace_id, import_id, runner))


def counts(job: dict[str, Any]) -> tuple[int, int, int, int]:
    """Created, updated, skipped, failed."""
    return job["created"], job["updated"], job["skipped"], job["failed"]


def errors(api: Client, import_id: str) -> list[list[str]]:
    """The lines of the error file."""
    response = api.get(f"{IMPORTS}/{import_id}/errors")
    assert response.status_code == 200, response.text
    return list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))


def leads(api: Client, *fields: str) -> list[Any]:
    """All leads, the oldest first: whole, or some fields of each."""
    found = api.get("/api/v1/leads?limit=100&sort=createdAt").json()["data"]["leads"]
    return [tuple(lead[field] for field in fields) if fields else lead for lead in found]


def kept(server: Server, *, seconds: float = 10) -> list[Any]:
    """What is kept of files, in all workspaces, once nobody is at it any more."""

    async def unit(tx: Any) -> list[Any]:
        pieces = await tx.rows("SELECT import_id, number FROM import_pieces")
        receiving = await tx.rows("SELECT id FROM imports WHERE status = 'receiving'")
        return [*pieces, *receiving]

    deadline = time.monotonic() + seconds
    while (found := server.do(server.database.scan(unit))) and time.monotonic() < deadline:
        time.sleep(0.01)
    return found
