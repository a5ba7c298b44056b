"""Through pgbouncer, pooling by transaction: what the how-to says of it works."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import MovableClock, Server
from tests.postgres_server import PostgresServer, free_port, unprivileged_user

pytestmark = [
    pytest.mark.engine("postgres"),
    pytest.mark.skipif(shutil.which("pgbouncer") is None, reason="pgbouncer is not installed (apt install pgbouncer)"),
]


@pytest.fixture
def bouncer(postgres: PostgresServer) -> Iterator[str]:
    """The URL of a migrated database, through a pooler that has two connections for all."""
    database = postgres.create_database("leadlight_template").rpartition("/")[2]
    folder, port = Path(postgres.folder), free_port()
    (folder / "users.txt").write_text('"postgres" ""\n')
    config = folder / "pgbouncer.ini"
    config.write_text(f"""
[databases]
{database} = host=127.0.0.1 port={postgres.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {folder}/users.txt
pool_mode = transaction
default_pool_size = 2
max_client_conn = 200
""")
    process = subprocess.Popen(
        ["pgbouncer", "-q", str(config)], user=unprivileged_user(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            break
        except OSError:
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.02)
    yield f"postgresql://postgres@127.0.0.1:{port}/{database}?statement_cache_size=0"
    process.terminate()
    process.wait(timeout=10)


def test_every_kind_of_request_works_through_it(bouncer: str, tmp_path: Path, clock: MovableClock) -> None:
    server = Server({"data": tmp_path, "database_url": bouncer}, clock)
    ours = [server.client(server.workspace(f"Number {number}")) for number in range(4)]

    for _ in range(5):
        for api in ours:
            lead = api.create(metadata={"n": 1})
            assert api.get(f"/api/v1/leads/{lead['id']}").json()["data"]["metadata"] == {"n": 1}
            assert api.patch(f"/api/v1/leads/{lead['id']}", {"status": "lost"}).status_code == 200
    pages = [api.get("/api/v1/leads?status=lost&search=park&sort=name").json()["data"]["pagination"] for api in ours]
    feeds: list[dict[str, Any]] = [api.get("/api/v1/events").json()["data"] for api in ours]
    server.stop()

    assert [page["total"] for page in pages] == [5] * 4
    assert [len(feed["events"]) for feed in feeds] == [15] * 4
