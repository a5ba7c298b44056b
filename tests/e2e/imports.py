"""Files that are sent to a server of its own process, and the processes that import them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.e2e.processes import ServerProcess, ask, children, leadlight, wait_until

EDGE = "edge-of-a-part"


def new_key(data: Path, name: str) -> str:
    """Of a new workspace."""
    created = leadlight("workspaces", "create", name, "--json", data=data)
    workspace_id = json.loads(created.stdout)["id"]
    issued = leadlight("keys", "create", "--workspace", workspace_id, "--json", data=data)
    return str(json.loads(issued.stdout)["key"])


def send(server: ServerProcess, key: str, content: bytes, **texts: str) -> str:
    """The id of the import."""
    parts = [
        f'--{EDGE}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n' for name, text in texts.items()
    ]
    head = f'{"".join(parts)}--{EDGE}\r\nContent-Disposition: form-data; name="file"; filename="people.csv"\r\n\r\n'
    headers = {"Authorization": f"Bearer {key}", "Content-Type": f"multipart/form-data; boundary={EDGE}"}
    connection = server.connect()
    connection.request("POST", "/api/v1/imports", head.encode() + content + f"\r\n--{EDGE}--\r\n".encode(), headers)
    response = connection.getresponse()
    answer = json.loads(response.read())
    connection.close()
    assert response.status == 202, answer
    return str(answer["data"]["id"])


def look(server: ServerProcess, key: str, path: str, method: str = "GET") -> dict[str, Any]:
    """The data of an answer."""
    connection = server.connect()
    status, answer = ask(connection, method, f"/api/v1{path}", key=key)
    connection.close()
    assert status == 200, answer
    return dict(answer["data"])


def wait_for(
    server: ServerProcess, key: str, import_id: str, holds: Callable[[dict[str, Any]], object], *, seconds: float = 120
) -> dict[str, Any]:
    found: dict[str, Any] = {}

    def look_again() -> object:
        found.update(look(server, key, f"/imports/{import_id}"))
        return holds(found)

    wait_until(look_again, seconds=seconds)
    return found


def has_ended(job: dict[str, Any]) -> bool:
    return job["status"] in ("completed", "failed", "cancelled")


def process_of(server: ServerProcess, *, seconds: float = 40) -> int:
    """The process that imports, once there is one; a server without workers has no other child."""
    found: set[int] = set()
    wait_until(lambda: found.update(children(server.process.pid)) or found, seconds=seconds)
    return found.pop()
