"""Rate limits: an exact sliding window a key, its headers, and what it costs to be refused."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from leadlight.http.ratelimit import SlidingWindows, Usage
from leadlight.principal import Scope
from tests.conftest import Client, MovableClock, Server

START = 1_768_473_000  # the clock's first second


def limits(client: Client, path: str = "/api/v1/leads") -> tuple[int, str, str, str, str]:
    response = client.get(path)
    names = ("Limit", "Remaining", "Used", "Reset")
    limit, remaining, used, reset = (response.headers[f"X-RateLimit-{name}"] for name in names)
    return response.status_code, limit, remaining, used, reset


def test_every_answer_tells_how_much_is_left(server: Server, clock: MovableClock) -> None:
    client = server.client(server.workspace(), rate_limit=10)

    first = limits(client)
    clock.advance(seconds=100)
    second = limits(client)

    assert first == (200, "10", "9", "1", str(START + 3600))
    assert second == (200, "10", "8", "2", str(START + 3600))


def test_a_request_over_the_limit_gets_429_and_when_to_come_back(server: Server, clock: MovableClock) -> None:
    client = server.client(server.workspace(), rate_limit=2)
    client.get("/api/v1/leads")
    client.get("/api/v1/leads")
    clock.advance(seconds=1)

    response = client.get("/api/v1/leads", headers={"X-Request-Id": "r"})

    assert response.status_code == 429
    assert response.headers["Retry-After"] == "3599"
    assert response.headers["X-RateLimit-Remaining"] == "0"
    assert response.headers["X-RateLimit-Used"] == "2"
    assert response.json() == {
        "success": False,
        "error": "Rate limit exceeded",
        "code": "RATE_LIMIT_EXCEEDED",
        "details": {"limit": 2, "remaining": 0, "resetTime": START + 3600, "retryAfter": 3599},
        "retryAfter": 3599,
        "requestId": "r",
    }


def test_the_promised_second_is_the_one_that_works(server: Server, clock: MovableClock) -> None:
    client = server.client(server.workspace(), rate_limit=1)
    client.get("/api/v1/leads")

    clock.advance(seconds=3599)
    too_early = client.get("/api/v1/leads")
    clock.advance(seconds=1)
    in_time = client.get("/api/v1/leads")

    assert (too_early.status_code, too_early.headers["Retry-After"]) == (429, "1")
    assert in_time.status_code == 200


def test_a_refused_request_does_not_count(server: Server, clock: MovableClock) -> None:
    client = server.client(server.workspace(), rate_limit=1)
    client.get("/api/v1/leads")
    clock.advance(seconds=3599)
    for _ in range(5):
        client.get("/api/v1/leads")
    clock.advance(seconds=1)

    assert limits(client) == (200, "1", "0", "1", str(START + 7200))


def test_the_window_slides_and_does_not_jump(server: Server, clock: MovableClock) -> None:
    client = server.client(server.workspace(), rate_limit=2)
    client.get("/api/v1/leads")
    clock.advance(seconds=3000)
    client.get("/api/v1/leads")
    clock.advance(seconds=600)

    assert limits(client) == (200, "2", "0", "2", str(START + 6600))
    assert client.get("/api/v1/leads").status_code == 429


def test_a_failed_request_counts_but_one_without_its_scope_does_not(server: Server) -> None:
    client = server.client(server.workspace(), Scope.LEADS_READ, rate_limit=10)

    missing = client.get("/api/v1/leads/lead_1")
    malformed = client.get("/api/v1/leads/nonsense")
    forbidden = client.post("/api/v1/leads", {})

    assert (missing.status_code, missing.headers["X-RateLimit-Used"]) == (404, "1")
    assert (malformed.status_code, malformed.headers["X-RateLimit-Used"]) == (400, "2")
    assert (forbidden.status_code, forbidden.headers["X-RateLimit-Used"]) == (403, "2")
    assert forbidden.headers["X-RateLimit-Remaining"] == "8"
    assert forbidden.headers["X-RateLimit-Limit"] == "10"
    assert int(forbidden.headers["X-RateLimit-Reset"]) == START + 3600


def test_a_key_over_its_limit_still_learns_that_it_lacks_a_scope(server: Server) -> None:
    client = server.client(server.workspace(), Scope.LEADS_READ, rate_limit=1)
    client.get("/api/v1/leads")

    assert client.post("/api/v1/leads", {}).status_code == 403


def test_a_304_tells_how_much_is_left_too(server: Server) -> None:
    client = server.client(server.workspace(), rate_limit=10)
    path = f"/api/v1/leads/{client.create()['id']}"
    etag = client.get(path).headers["ETag"]

    response = client.get(path, headers={"If-None-Match": etag})

    assert (response.status_code, response.headers["X-RateLimit-Used"]) == (304, "3")


def test_each_key_has_a_window_of_its_own(server: Server) -> None:
    workspace_id = server.workspace()
    one = server.client(workspace_id, rate_limit=1)
    other = server.client(workspace_id, rate_limit=1)
    one.get("/api/v1/leads")

    assert one.get("/api/v1/leads").status_code == 429
    assert other.get("/api/v1/leads").status_code == 200


def test_a_key_without_a_limit_of_its_own_has_the_servers(start_server: Callable[..., Server]) -> None:
    server = start_server(rate_limit=7)
    client = server.client(server.workspace())

    assert limits(client) == (200, "7", "6", "1", str(START + 3600))


def test_a_keys_own_limit_goes_before_the_servers(start_server: Callable[..., Server]) -> None:
    server = start_server(rate_limit=7)
    client = server.client(server.workspace(), rate_limit=9)

    assert limits(client) == (200, "9", "8", "1", str(START + 3600))


def test_a_key_without_a_limit_has_no_headers(start_server: Callable[..., Server]) -> None:
    server = start_server(rate_limit=7)
    client = server.client(server.workspace(), rate_limit=0)

    answers = [client.get("/api/v1/leads"), client.get("/api/v1/leads/lead_1"), client.get("/api/v1/keys")]

    assert [answer.status_code for answer in answers] == [200, 404, 403]
    assert not any(name.lower().startswith("x-ratelimit") for answer in answers for name in answer.headers)


def test_the_health_of_the_server_is_not_limited(start_server: Callable[..., Server]) -> None:
    server = start_server(rate_limit=1)
    client = server.client(server.workspace())
    client.get("/api/v1/leads")
    client.get("/api/v1/leads")

    assert client.get("/health/live").status_code == 200


# The window itself


@given(
    limit=st.integers(1, 6),
    steps=st.lists(st.tuples(st.integers(0, 25), st.booleans()), max_size=60),
)
async def test_agrees_with_a_list_of_every_request(limit: int, steps: list[tuple[int, bool]]) -> None:
    windows, now = SlidingWindows(seconds=10), 1_000
    counted: list[int] = []
    for pause, counts in steps:
        now += pause
        counted = [second for second in counted if second > now - 10]
        allowed = len(counted) < limit
        if counts and allowed:
            counted.append(now)

        usage = await (windows.hit if counts else windows.look)("a", limit, now)

        assert usage == Usage(allowed, limit, len(counted), min(counted, default=now) + 10)


async def test_callers_do_not_share_a_window() -> None:
    windows = SlidingWindows(seconds=10)
    await windows.hit("a", 1, 100)

    assert (await windows.hit("b", 1, 100)).allowed is True
    assert (await windows.hit("a", 1, 100)).allowed is False


async def test_a_limit_that_was_lowered_has_nothing_remaining() -> None:
    windows = SlidingWindows(seconds=10)
    for _ in range(5):
        await windows.hit("a", 5, 100)

    usage = await windows.look("a", 2, 100)

    assert (usage.allowed, usage.used, usage.remaining) == (False, 5, 0)


async def test_a_clock_that_is_set_back_forgets_nothing() -> None:
    windows = SlidingWindows(seconds=10)
    await windows.hit("a", 2, 100)
    await windows.hit("a", 2, 50)

    assert await windows.hit("a", 2, 60) == Usage(False, 2, 2, 110)
    assert (await windows.hit("a", 2, 110)).allowed is True


async def test_a_new_caller_takes_the_place_of_the_one_that_was_quiet_longest() -> None:
    windows = SlidingWindows(seconds=10, max_callers=2)
    await windows.hit("a", 1, 100)
    await windows.hit("b", 1, 101)
    await windows.hit("c", 1, 102)

    assert (await windows.look("b", 1, 103)).allowed is False
    assert (await windows.look("a", 1, 103)).allowed is True


async def test_windows_that_are_empty_make_room_first() -> None:
    windows = SlidingWindows(seconds=10, max_callers=3)
    await windows.hit("a", 1, 100)
    await windows.hit("b", 1, 100)
    await windows.hit("c", 1, 105)
    await windows.hit("d", 1, 111)

    assert (await windows.look("c", 1, 111)).allowed is False
    assert (await windows.look("d", 1, 111)).allowed is False
