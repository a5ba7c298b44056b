"""The reference servers: the same look-up with what others build on. Installed into .work on first use."""

import contextlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from benchmarks.seed import WORK, read_note
from benchmarks.servers import Server, free_port, get, lead_path, running
from leadlight.store.sqlite_file import FILE_NAME

FASTIFY = "Fastify + better-sqlite3"
FASTAPI = "FastAPI + SQLAlchemy"
NGINX = "nginx, a static file"
BARE = "bare ASGI + asyncpg"
BARE_UNRESET = "bare ASGI + asyncpg, connections not reset"

PYTHON_PACKAGES = (
    "fastapi==0.165.0",
    "uvicorn[standard]==0.54.0",
    "sqlalchemy==2.1.9",
    "aiosqlite==0.22.1",
    "asyncpg==0.32.0",
    "greenlet==3.5.6",
)
NODE_PACKAGES = {"fastify": "5.12.8", "better-sqlite3": "12.11.1"}

_SOURCE = Path(__file__).parent / "references"
_SAME_HEADERS = ("etag", "cache-control", "x-content-type-options", "x-ratelimit-limit", "content-length")
_OWN_HEADERS = ("x-request-id", "x-ratelimit-remaining", "x-ratelimit-used", "x-ratelimit-reset")
_NGINX = """
worker_processes 1; daemon off; pid {folder}/pid; error_log /dev/null;
events {{ worker_connections 1024; }}
http {{
  access_log off; server_tokens off; keepalive_requests 1000000000; open_file_cache max=10; sendfile off;
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  server {{
    listen 127.0.0.1:{port};
    root {folder}; default_type application/json; etag on;
{headers}
    location / {{ try_files /lead.json =404; }}
  }}
}}
"""

Start = Callable[[Path], AbstractContextManager[Server]]
"""Starts a server on a seeded store."""


class Unavailable(Exception):
    """A reference server can't be had here; the text says why."""


@contextlib.contextmanager
def fastify(store: Path) -> Iterator[Server]:
    modules = _node_modules()
    port = free_port()
    environment = {"DATABASE": str(store / FILE_NAME), "PORT": str(port), "NODE_PATH": str(modules)}
    environment["NODE_ENV"] = "production"
    command = ["node", str(_SOURCE / "fastify.cjs")]
    key = read_note(store).unlimited_key
    with running(FASTIFY, command, port, path=lead_path(store), key=key, environment=environment) as server:
        yield server


@contextlib.contextmanager
def fastapi(store: Path, url: str = "") -> Iterator[Server]:
    """`url`: of a PostgreSQL database with the same leads, which it reads instead."""
    driver, _, place = url.partition("://")
    database = f"{driver}+asyncpg://{place}" if url else f"sqlite+aiosqlite:///{store / FILE_NAME}"
    with _uvicorn(FASTAPI, _python(), "fastapi_app", store, {"DATABASE": database}) as server:
        yield server


@contextlib.contextmanager
def bare(store: Path, url: str, ours: Server, *, resets: bool) -> Iterator[Server]:
    """`ours` tells whose leads these are; `resets`: whether its pool does what asyncpg's does by default."""
    _, _, body = get(ours.port, lead_path(store), read_note(store).unlimited_key)
    workspace = json.loads(body)["data"]["workspaceId"]
    environment = {"DATABASE": url, "WORKSPACE": workspace, "RESET": str(int(resets))}
    name = BARE if resets else BARE_UNRESET
    with _uvicorn(name, Path(sys.executable), "bare_asyncpg", store, environment) as server:
        yield server


@contextlib.contextmanager
def nginx(store: Path, answer: tuple[dict[str, str], bytes]) -> Iterator[Server]:
    """Sends one answer of Leadlight's from a file, whatever is asked for: no server does less."""
    if shutil.which("nginx") is None:
        raise Unavailable("nginx is not installed")
    headers, body = answer
    folder = (WORK / "nginx").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "lead.json").write_bytes(body)
    sent = "\n".join(
        f'    add_header {name} "{headers[name]}";'
        for name in ("cache-control", "x-content-type-options", "x-ratelimit-limit", *_OWN_HEADERS)
    )
    port = free_port()
    (folder / "nginx.conf").write_text(_NGINX.format(folder=folder, port=port, headers=sent))
    command = ["nginx", "-c", str(folder / "nginx.conf")]
    with running(NGINX, command, port, path=lead_path(store), key=read_note(store).unlimited_key) as server:
        yield server


def require_same_answer(ours: Server, theirs: Server, store: Path) -> None:
    """Raises Unavailable unless a reference answers look-ups as Leadlight does."""
    note = read_note(store)
    for index in range(20):
        path = lead_path(store, index)
        status, headers, body = get(ours.port, path, note.counted_key)
        other_status, other_headers, other_body = get(theirs.port, path, note.counted_key)
        same = (status, body) == (other_status, other_body) and all(
            headers[name] == other_headers.get(name) for name in _SAME_HEADERS
        )
        if not same or not all(name in other_headers for name in _OWN_HEADERS):
            raise Unavailable(
                f"{theirs.name} does not answer as Leadlight does: {other_status} {other_headers} {other_body[:300]!r}"
            )
        if get(theirs.port, path, note.counted_key, {"If-None-Match": headers["etag"]})[0] != 304:
            raise Unavailable(f"{theirs.name} knows no If-None-Match")
    for path, key, expected in (("/api/v1/leads/7", note.counted_key, 400), (lead_path(store), "sk-no", 401)):
        if get(theirs.port, path, key)[0] != expected:
            raise Unavailable(f"{theirs.name} does not answer {expected} where Leadlight does")


def require_same_body(ours: Server, theirs: Server, store: Path) -> None:
    """Raises Unavailable unless a reference that knows neither keys nor limits tells the same of leads."""
    key = read_note(store).counted_key
    for index in range(20):
        (status, _, body), (other, _, other_body) = (
            get(one.port, lead_path(store, index), key) for one in (ours, theirs)
        )
        if (status, body) != (other, other_body):
            raise Unavailable(f"{theirs.name} does not answer as Leadlight does: {other} {other_body[:300]!r}")


@contextlib.contextmanager
def _uvicorn(name: str, python: Path, module: str, store: Path, environment: dict[str, str]) -> Iterator[Server]:
    port = free_port()
    command = [
        *(str(python), "-m", "uvicorn", f"{module}:app", "--app-dir", str(_SOURCE), "--port", str(port)),
        *("--workers", "1", "--no-access-log", "--no-server-header", "--log-level", "warning"),
    ]
    key = read_note(store).unlimited_key
    with running(name, command, port, path=lead_path(store), key=key, environment=environment) as server:
        yield server


def _node_modules() -> Path:
    folder = WORK / "node"
    wanted = {"private": True, "dependencies": NODE_PACKAGES}
    manifest = folder / "package.json"
    if not (manifest.exists() and json.loads(manifest.read_text()) == wanted and (folder / "node_modules").exists()):
        if shutil.which("node") is None or shutil.which("npm") is None:
            raise Unavailable("node and npm are not installed")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "new").mkdir(exist_ok=True)
        (folder / "new" / "package.json").write_text(json.dumps(wanted))
        _install(["npm", "install", "--no-audit", "--no-fund", "--prefix", str(folder / "new")])
        shutil.rmtree(folder / "node_modules", ignore_errors=True)
        (folder / "new" / "node_modules").rename(folder / "node_modules")
        (folder / "new" / "package.json").rename(manifest)
    return (folder / "node_modules").resolve()


def _python() -> Path:
    folder = WORK / "fastapi"
    done = folder / "packages.txt"
    wanted = "\n".join(PYTHON_PACKAGES)
    python = folder.resolve() / "bin" / "python"
    if not done.exists() or done.read_text() != wanted:
        _install([sys.executable, "-m", "venv", str(folder)])
        _install([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PYTHON_PACKAGES])
        done.write_text(wanted)
    return python


def _install(command: list[str]) -> None:
    print("installing a reference server into benchmarks/.work (once) …", flush=True)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Unavailable(f"`{' '.join(command[:4])} …` failed: {done.stderr.strip()[-300:]}")
