"""A failover: the primary dies, a replica takes over, the same server goes on with the same URL."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import MovableClock, Server
from tests.postgres_server import PostgresServer

pytestmark = [pytest.mark.engine("postgres"), pytest.mark.slow]


@pytest.fixture
def primary() -> Iterator[PostgresServer]:
    server = PostgresServer()
    yield server
    server.remove()


@pytest.fixture
def replica(primary: PostgresServer) -> Iterator[PostgresServer]:
    """Follows the primary, which acknowledges nothing that the replica has not got."""
    server = PostgresServer(replica_of=primary)
    primary.run("ALTER SYSTEM SET synchronous_standby_names = '*'")
    primary.run("SELECT pg_reload_conf()")
    yield server
    server.remove()


def test_the_server_goes_on_with_a_promoted_replica(
    primary: PostgresServer, replica: PostgresServer, tmp_path: Path, clock: MovableClock
) -> None:
    hosts = f"127.0.0.1:{primary.port},127.0.0.1:{replica.port}"
    url = f"postgresql://postgres@{hosts}/postgres?target_session_attrs=read-write"
    server = Server({"data": tmp_path, "database_url": url}, clock)
    api = server.client(server.workspace("Ours"))
    acknowledged = [api.create(f"Lead {number}")["id"] for number in range(20)]

    primary.stop("immediate")
    away = api.post("/api/v1/leads", {"name": "In vain", "email": "vain@example.com"})
    replica.promote()
    promoted_at = time.monotonic()
    while True:
        response = api.post("/api/v1/leads", {"name": "After", "email": "after@example.com"})
        if response.status_code == 201:
            break
        assert response.status_code == 503
        assert time.monotonic() - promoted_at < 5
        time.sleep(0.05)
    found = [api.get(f"/api/v1/leads/{lead_id}").status_code for lead_id in acknowledged]
    total = api.get("/api/v1/leads").json()["data"]["pagination"]["total"]
    server.stop()

    assert (away.status_code, away.headers["Retry-After"]) == (503, "1")
    assert found == [200] * 20
    assert total == 21
