"""A look-up with nothing around it: an ASGI function, asyncpg's pool, Leadlight's query, the same body. No keys.

Environment: DATABASE (a URL), WORKSPACE (whose leads these are), RESET (0 leaves connections as they are given back; by
default the pool resets each, which is one more round trip).
"""

import os
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import asyncpg
import msgspec

CONNECTIONS = 8
QUERY = """
SELECT id, workspace_id, name, email, phone, source, status, metadata, created_at, updated_at, version FROM leads
WHERE workspace_id = $1 AND id = $2
"""
WORKSPACE = os.environ["WORKSPACE"]

state: dict[str, asyncpg.Pool] = {}
encode = msgspec.json.Encoder().encode


async def app(scope: Any, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]) -> None:
    if scope["type"] == "lifespan":
        await live(receive, send)
        return
    row = await state["pool"].fetchrow(QUERY, WORKSPACE, scope["path"].rpartition("/")[2])
    status, body = (200, to_json(row)) if row else (404, b'{"success":false}')
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def live(receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]) -> None:
    await receive()
    reset = leave if os.environ["RESET"] == "0" else None
    state["pool"] = await asyncpg.create_pool(
        os.environ["DATABASE"], min_size=CONNECTIONS, max_size=CONNECTIONS, reset=reset
    )
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await state["pool"].close()
    await send({"type": "lifespan.shutdown.complete"})


async def leave(connection: asyncpg.Connection) -> None:
    """Does not reset a connection."""


def to_json(row: asyncpg.Record) -> bytes:
    id_, workspace_id, name, email, phone, source, status, metadata, created_at, updated_at, _ = row
    lead = {
        "id": id_,
        "name": name,
        "email": email,
        "phone": phone,
        "source": source,
        "status": status,
        "metadata": msgspec.Raw(metadata),
        "createdAt": to_iso(created_at),
        "updatedAt": to_iso(updated_at),
        "workspaceId": workspace_id,
    }
    return encode({"success": True, "data": lead})


def to_iso(milliseconds: int) -> str:
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
