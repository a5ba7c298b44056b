"""Rate limits that processes share: exact in Valkey, and what happens while it is away."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadlight.app import create_app
from leadlight.errors import StoreUnavailable
from leadlight.http.ratelimit import SlidingWindows, Usage
from leadlight.http.shared_ratelimit import SharedCounts, SharedWindows
from leadlight.principal import Scope
from leadlight.settings import Settings, SettingsError
from tests.conftest import MovableClock, Server
from tests.valkey_server import ValkeyProcess

START = 1_768_473_000  # the clock's first second
PASSED = Usage(allowed=True, limit=5, used=0, reset_at=110)


class Stopwatch:
    """A monotonic clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def counting(url: str, *, fail_open: bool = True, **options: Any) -> AsyncIterator[SharedCounts]:
    counts = SharedCounts(url, fail_open=fail_open, **options)
    try:
        yield counts
    finally:
        await counts.close()


def windows_of(counts: SharedCounts, name: str = "test", seconds: int = 10) -> SharedWindows:
    return SharedWindows(counts, name=name, seconds=seconds)


def someone() -> str:
    return uuid4().hex


def reads(valkey: ValkeyProcess) -> int:
    return int(valkey.run("INFO", "stats")["total_reads_processed"])


def connections(valkey: ValkeyProcess) -> int:
    return int(valkey.run("INFO", "stats")["total_connections_received"])


def scripts(valkey: ValkeyProcess) -> int:
    return int(valkey.run("INFO", "commandstats")["cmdstat_evalsha"]["calls"])


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records]


# Counting


@given(
    st.lists(
        st.tuples(st.integers(-12, 25) | st.just(0), st.sampled_from(["hit", "hit", "look"]), st.integers(0, 4)),
        max_size=60,
    )
)
async def test_counts_as_one_process_does(valkey: ValkeyProcess, steps: list[tuple[int, str, int]]) -> None:
    async with counting(valkey.url) as counts:
        alone, shared, caller, now = SlidingWindows(seconds=10), windows_of(counts), someone(), 1_000
        for pause, does, limit in steps:
            now += pause

            assert await getattr(shared, does)(caller, limit, now) == await getattr(alone, does)(caller, limit, now)
        assert counts.unchecked == 0


def test_two_processes_let_pass_what_one_would(valkey: ValkeyProcess) -> None:
    caller = someone()

    async def hits(_: int) -> list[Usage]:
        async with counting(valkey.url) as counts:
            windows = windows_of(counts)
            return await asyncio.gather(*(windows.hit(caller, 1000, 100) for _ in range(750)))

    with ThreadPoolExecutor(2) as threads:
        usages = [usage for part in threads.map(lambda n: asyncio.run(hits(n)), range(2)) for usage in part]

    assert sorted(usage.used for usage in usages if usage.allowed) == list(range(1, 1001))
    assert [usage for usage in usages if not usage.allowed] == [Usage(False, 1000, 1000, 110)] * 500


async def test_callers_and_windows_of_other_names_are_apart(valkey: ValkeyProcess) -> None:
    async with counting(valkey.url) as counts:
        hour, minute = windows_of(counts, "hour", 3600), windows_of(counts, "minute", 60)
        caller = f"2001:db8::{someone()}"
        await hour.hit(caller, 5, 100)

        assert (await minute.look(caller, 5, 100)).used == 0
        assert (await hour.look(someone(), 5, 100)).used == 0
        assert (await hour.look(caller, 5, 100)).used == 1


async def test_a_hit_is_one_round_trip_and_one_script(own_valkey: ValkeyProcess) -> None:
    async with counting(own_valkey.url) as counts:
        windows = windows_of(counts)
        await windows.hit("a", 100, 100)
        reads_of_a_question = -reads(own_valkey) + reads(own_valkey)
        scripts_before, reads_before = scripts(own_valkey), reads(own_valkey)
        for second in range(100, 120):
            await windows.hit("a", 100, second)

        assert reads(own_valkey) - reads_before - reads_of_a_question == 20
        assert scripts(own_valkey) - scripts_before == 20


async def test_thousands_at_once_share_one_connection(own_valkey: ValkeyProcess) -> None:
    before = connections(own_valkey)
    async with counting(own_valkey.url) as counts:
        windows = windows_of(counts)

        usages = await asyncio.gather(*(windows.hit("a", 5000, 100) for _ in range(5000)))

        assert sorted(usage.used for usage in usages) == list(range(1, 5001))
        assert counts.unchecked == 0
    assert connections(own_valkey) - before == 2  # the one that asks is among them


async def test_a_request_that_is_given_up_does_not_disturb_the_others(valkey: ValkeyProcess) -> None:
    async with counting(valkey.url) as counts:
        windows, caller = windows_of(counts), someone()
        given_up, other = (asyncio.create_task(windows.hit(caller, 5, 100)) for _ in range(2))
        await asyncio.sleep(0)
        given_up.cancel()

        assert await other == Usage(True, 5, 2, 110)


async def test_a_loop_that_is_busy_itself_does_not_take_valkey_for_away(valkey: ValkeyProcess) -> None:
    async with counting(valkey.url) as counts:
        busy = asyncio.create_task(keep_busy(turns=20, seconds=0.1))

        assert await windows_of(counts).hit(someone(), 5, 100) == Usage(True, 5, 1, 110)
        await busy


async def keep_busy(*, turns: int, seconds: float) -> None:
    for _ in range(turns):
        asyncio.get_running_loop().call_soon(time.sleep, seconds)
        await asyncio.sleep(0)


# What stays in Valkey


async def test_keys_go_a_little_after_the_window(own_valkey: ValkeyProcess) -> None:
    async with counting(own_valkey.url) as counts:
        windows = windows_of(counts)
        await windows.hit("counted", 5, 100)
        await windows.look("only looked", 5, 100)
        for second in range(1000):
            await windows.hit("busy", 1000, 100 + second)

    keys = own_valkey.run("KEYS", "*")
    assert len(keys) == 3
    assert all(65 <= own_valkey.run("TTL", key) <= 70 for key in keys)
    assert sorted(own_valkey.run("LLEN", key) for key in keys) == [2, 4, 22]  # newest, total, ten seconds and counts


@pytest.mark.parametrize(("limit", "seconds_left"), [(1, 20), (2, 70)])
async def test_a_request_prolongs_the_life_of_a_key_if_it_counts(
    own_valkey: ValkeyProcess, limit: int, seconds_left: int
) -> None:
    async with counting(own_valkey.url) as counts:
        windows = windows_of(counts)
        await windows.hit("a", limit, 100)
        (key,) = own_valkey.run("KEYS", "*")
        own_valkey.run("EXPIRE", key, "20")
        await windows.hit("a", limit, 101)

    assert seconds_left - 5 <= own_valkey.run("TTL", key) <= seconds_left


async def test_an_address_is_not_kept_as_it_is(own_valkey: ValkeyProcess) -> None:
    async with counting(own_valkey.url) as counts:
        await windows_of(counts, "minute").hit("192.0.2.17", 5, 100)

    (key,) = own_valkey.run("KEYS", "*")
    assert key.startswith("leadlight:minute:")
    assert "192.0.2" not in key


# A Valkey that was new, restarted, away


async def test_a_script_that_valkey_forgot_is_loaded_again(valkey: ValkeyProcess) -> None:
    async with counting(valkey.url) as counts:
        windows, caller = windows_of(counts), someone()
        await windows.hit(caller, 5, 100)
        valkey.run("SCRIPT", "FLUSH")

        usages = await asyncio.gather(*(windows.hit(caller, 5, 100) for _ in range(3)))

        assert [usage.used for usage in usages] == [2, 3, 4]
        assert counts.unchecked == 0


async def test_a_restart_between_two_requests_goes_unnoticed(own_valkey: ValkeyProcess) -> None:
    async with counting(own_valkey.url) as counts:
        windows = windows_of(counts)
        await windows.hit("a", 5, 100)
        own_valkey.stop()
        own_valkey.start()

        assert await windows.hit("a", 5, 100) == Usage(True, 5, 1, 110)
        assert counts.unchecked == 0


async def test_open_requests_pass_while_valkey_is_away_and_the_log_says_so_once(
    own_valkey: ValkeyProcess, caplog: pytest.LogCaptureFixture
) -> None:
    own_valkey.kill()
    async with counting(own_valkey.url, monotonic=(stopwatch := Stopwatch())) as counts:
        windows = windows_of(counts)
        usages = []
        for _ in range(3):
            usages += [await windows.hit("a", 5, 100), await windows.look("a", 5, 100)]
            stopwatch.now += 1

        assert usages == [PASSED] * 6
        assert counts.unchecked == 6
    (line,) = said(caplog)
    assert line.startswith(f"no rate limits: Valkey at 127.0.0.1:{own_valkey.port} is away (Error ")
    assert line.endswith("; requests pass unchecked")


async def test_closed_requests_are_refused_while_valkey_is_away(
    own_valkey: ValkeyProcess, caplog: pytest.LogCaptureFixture
) -> None:
    own_valkey.kill()
    async with counting(own_valkey.url, fail_open=False) as counts:
        windows = windows_of(counts)
        for _ in range(3):
            with pytest.raises(StoreUnavailable, match="The rate limits can't be checked right now"):
                await windows.hit("a", 5, 100)

        assert counts.unchecked == 0
    assert [line.rpartition("; ")[2] for line in said(caplog)] == ["requests are refused"]


async def test_limits_are_exact_again_a_second_after_valkey_is_back(
    own_valkey: ValkeyProcess, caplog: pytest.LogCaptureFixture
) -> None:
    async with counting(own_valkey.url, monotonic=(stopwatch := Stopwatch())) as counts:
        windows = windows_of(counts)
        await windows.hit("a", 5, 100)
        own_valkey.kill()
        while_away = await windows.hit("a", 5, 100)
        own_valkey.start()
        stopwatch.now = 0.9
        too_early = await windows.hit("a", 5, 100)
        stopwatch.now = 1.0
        after = await asyncio.gather(*(windows.hit("a", 5, 100) for _ in range(2)))
        later = await windows.hit("a", 1, 100)

    assert [while_away, too_early, *after] == [PASSED, PASSED, Usage(True, 5, 1, 110), PASSED]
    assert later == Usage(False, 1, 1, 110)
    assert said(caplog)[1:] == [f"rate limits again: Valkey at 127.0.0.1:{own_valkey.port} is back"]


async def test_a_valkey_that_hangs_holds_up_each_second_one_request_at_most(
    own_valkey: ValkeyProcess, caplog: pytest.LogCaptureFixture
) -> None:
    async with counting(own_valkey.url, monotonic=(stopwatch := Stopwatch())) as counts:
        windows = windows_of(counts)
        await windows.hit("a", 5, 100)
        own_valkey.pause()
        started = time.perf_counter()
        at_first = await asyncio.gather(*(windows.hit("a", 5, 100) for _ in range(300)))
        waited = time.perf_counter() - started
        stopwatch.now = 1.0
        probe = asyncio.create_task(windows.hit("a", 5, 100))
        await asyncio.sleep(0)
        started = time.perf_counter()
        others = [await windows.hit("a", 5, 100) for _ in range(300)]
        others_waited = time.perf_counter() - started
        own_valkey.resume()

        assert {*at_first, *others} == {PASSED}
        assert 0.4 < waited < 5
        assert others_waited < 0.4
        assert (await probe).used > 1
    assert "(no answer in time)" in said(caplog)[0]


async def test_a_valkey_that_takes_no_writes_is_as_good_as_away(
    own_valkey: ValkeyProcess, caplog: pytest.LogCaptureFixture
) -> None:
    own_valkey.run("CONFIG", "SET", "maxmemory", "1")
    async with counting(own_valkey.url) as counts:
        windows = windows_of(counts)

        assert await asyncio.gather(*(windows.hit("a", 5, 100) for _ in range(3))) == [PASSED] * 3
    assert "(OutOfMemoryError" in said(caplog)[0]


async def test_a_key_that_holds_something_else_is_as_good_as_away(
    own_valkey: ValkeyProcess, caplog: pytest.LogCaptureFixture
) -> None:
    async with counting(own_valkey.url, monotonic=(stopwatch := Stopwatch())) as counts:
        windows = windows_of(counts)
        await windows.hit("a", 5, 100)
        (key,) = own_valkey.run("KEYS", "*")
        own_valkey.run("SET", key, "x")

        assert await asyncio.gather(*(windows.hit(caller, 5, 100) for caller in "aab")) == [PASSED] * 3
        stopwatch.now = 1.0
        assert await windows.hit("c", 5, 103) == Usage(True, 5, 1, 113)
    assert "(ResponseError WRONGTYPE)" in said(caplog)[0]


async def test_a_server_that_is_no_valkey_is_as_good_as_away(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    for scheme in ("valkey", "valkeys"):
        async with counting(f"{scheme}://127.0.0.1:{server.port}") as counts:
            assert await windows_of(counts).hit("a", 5, 100) == PASSED
    assert len([line for line in said(caplog) if line.startswith("no rate limits")]) == 2


async def test_ends_while_requests_wait_for_a_valkey_that_hangs(
    own_valkey: ValkeyProcess, caplog: pytest.LogCaptureFixture
) -> None:
    async with counting(own_valkey.url) as counts:
        windows = windows_of(counts)
        await windows.hit("a", 5, 100)
        own_valkey.pause()
        waiting = asyncio.create_task(windows.hit("a", 5, 100))
        await asyncio.sleep(0.01)

    assert await waiting == PASSED
    assert said(caplog) == []


# The password


async def test_a_password_that_is_wrong_is_in_no_log_line(
    own_valkey: ValkeyProcess, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    own_valkey.run("CONFIG", "SET", "requirepass", "another")
    async with counting(f"valkey://:s3cret@127.0.0.1:{own_valkey.port}/0") as counts:
        assert await windows_of(counts).hit("a", 5, 100) == PASSED

    assert "(AuthenticationError)" in said(caplog)[0]
    assert "s3cret" not in caplog.text


async def test_a_password_that_the_server_repeats_is_in_no_log_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with ValkeyProcess(**{"rename-command": 'AUTH ""'}) as valkey:  # AUTH is unknown, with args beginning with …
        async with counting(f"valkey://:s3cret@127.0.0.1:{valkey.port}/0") as counts:
            assert await windows_of(counts).hit("a", 5, 100) == PASSED

    assert "(ResponseError)" in said(caplog)[0]
    assert "s3cret" not in caplog.text


async def test_the_right_password_opens(own_valkey: ValkeyProcess) -> None:
    own_valkey.run("CONFIG", "SET", "requirepass", "s3cret/1")
    async with counting(f"valkey://:s3cret%2F1@127.0.0.1:{own_valkey.port}/0") as counts:
        assert await windows_of(counts).hit("a", 5, 100) == Usage(True, 5, 1, 110)


@pytest.mark.parametrize("options", ["nonsense=1", "db=x", "protocol=9"])
def test_a_url_with_impossible_options_stops_the_start(server: Server, options: str) -> None:
    settings = Settings(rate_limit_url=f"valkey://:s3cret@127.0.0.1:1?{options}")

    with pytest.raises(SettingsError, match="LEADLIGHT_RATE_LIMIT_URL is not usable: ") as raised:
        create_app(settings, server.database)

    assert "s3cret" not in str(raised.value)


def test_a_certificate_has_to_be_the_named_servers() -> None:
    strict = SharedCounts("valkeys://valkey.example", fail_open=True)
    lax = SharedCounts("valkeys://valkey.example?ssl_check_hostname=no&ssl_cert_reqs=none", fail_open=True)

    assert strict._pool.connection_kwargs["ssl_check_hostname"] is True
    assert lax._pool.connection_kwargs["ssl_check_hostname"] is False


# Over HTTP


def test_a_server_counts_in_valkey(
    start_server: Callable[..., Server], valkey: ValkeyProcess, clock: MovableClock
) -> None:
    server = start_server(rate_limit_url=valkey.url)
    client = server.client(server.workspace(), Scope.LEADS_READ, rate_limit=2)
    first = client.get("/api/v1/leads")
    forbidden = client.post("/api/v1/leads", {})
    clock.advance(seconds=10)
    client.get("/api/v1/leads")
    refused = client.get("/api/v1/leads")

    async def look() -> Usage:
        async with counting(valkey.url) as counts:
            return await windows_of(counts, "hour", 3600).look(client.key_id, 2, START + 10)

    assert (first.status_code, first.headers["X-RateLimit-Used"]) == (200, "1")
    assert (forbidden.status_code, forbidden.headers["X-RateLimit-Used"]) == (403, "1")
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "3590")
    assert refused.headers["X-RateLimit-Reset"] == str(START + 3600)
    assert asyncio.run(look()) == Usage(False, 2, 2, START + 3600)


def test_failed_authentications_are_counted_in_valkey_too(
    start_server: Callable[..., Server], own_valkey: ValkeyProcess
) -> None:
    server = start_server(rate_limit_url=own_valkey.url, auth_failures_per_minute=2)
    client = server.client(server.workspace())
    client.key = "wrong"

    assert [client.get("/api/v1/leads").status_code for _ in range(3)] == [401, 401, 429]
    assert len(own_valkey.run("KEYS", "leadlight:minute:*")) == 1


def test_requests_pass_and_are_counted_as_unchecked_while_valkey_is_away(
    start_server: Callable[..., Server], own_valkey: ValkeyProcess
) -> None:
    server = start_server(rate_limit_url=own_valkey.url)
    client = server.client(server.workspace(), rate_limit=1)
    own_valkey.kill()

    answers = [client.get("/api/v1/leads") for _ in range(3)]

    assert [(answer.status_code, answer.headers["X-RateLimit-Remaining"]) for answer in answers] == [(200, "1")] * 3
    assert "leadlight_rate_limit_unchecked_total 3.0" in client.get("/metrics").text.splitlines()


def test_a_fail_closed_server_answers_503_while_valkey_is_away(
    start_server: Callable[..., Server], own_valkey: ValkeyProcess
) -> None:
    server = start_server(rate_limit_url=own_valkey.url, rate_limit_fallback="fail-closed")
    client = server.client(server.workspace(), rate_limit=1)
    own_valkey.kill()

    response = client.get("/api/v1/leads", headers={"X-Request-Id": "r"})

    assert (response.status_code, response.headers["Retry-After"]) == (503, "1")
    assert response.json() == {
        "success": False,
        "error": "The rate limits can't be checked right now; try again in a moment",
        "code": "SERVICE_UNAVAILABLE",
        "requestId": "r",
    }
    client.key = "wrong"
    assert client.get("/api/v1/leads").status_code == 503
    assert client.get("/health/live").status_code == 200
