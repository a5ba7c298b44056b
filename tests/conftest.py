"""Real servers on real ports, each on a store of its own; the clock is the test's to move."""

import asyncio
import gc
import shutil
import signal
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import hypothesis
import pytest
import requests
import uvicorn

from leadlight.app import Services, create_app
from leadlight.clock import from_iso
from leadlight.http.protocol import bounded_protocol
from leadlight.http.streaming import StreamTimes
from leadlight.principal import Scope
from leadlight.server import run
from leadlight.settings import Settings
from leadlight.store.opening import open_database
from leadlight.workspaces.service import KeySpec
from tests.postgres_server import PostgresServer, drop_database

T = TypeVar("T")

hypothesis.settings.register_profile(
    "leadlight",
    deadline=None,  # a busy machine is no failure
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("leadlight")

START = from_iso("2026-01-15T10:30:00.000Z")


class MovableClock:
    """Stands still until it is moved."""

    def __init__(self, now: int = START) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now

    def advance(self, *, seconds: float = 0, milliseconds: int = 0) -> None:
        self.now += int(seconds * 1000) + milliseconds


class Client:
    """One API key, talking to one server."""

    def __init__(self, url: str, key: str, workspace_id: str, key_id: str) -> None:
        self.url = url
        self.key = key
        self.workspace_id = workspace_id
        self.key_id = key_id
        self._session = requests.Session()
        self._session.trust_env = False  # there is no need to look for proxies and .netrc with each request

    def request(self, method: str, path: str, **options: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.key}", **(options.pop("headers", None) or {})}
        return self._session.request(method, self.url + path, headers=headers, timeout=20, **options)

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.request("GET", path, **options)

    def post(self, path: str, json: Any = None, **options: Any) -> requests.Response:
        return self.request("POST", path, json=json, **options)

    def patch(self, path: str, json: Any = None, **options: Any) -> requests.Response:
        return self.request("PATCH", path, json=json, **options)

    def put(self, path: str, json: Any = None, **options: Any) -> requests.Response:
        return self.request("PUT", path, json=json, **options)

    def delete(self, path: str, **options: Any) -> requests.Response:
        return self.request("DELETE", path, **options)

    def create(self, name: str = "Ada Park", email: str = "ada@example.com", **fields: Any) -> dict[str, Any]:
        """A stored lead, for tests that need one."""
        response = self.post("/api/v1/leads", {"name": name, "email": email, **fields})
        assert response.status_code == 201, response.text
        return dict(response.json()["data"])


class Server:
    """A server in a thread of the test's own process, so that its clock can be moved."""

    def __init__(
        self,
        store: dict[str, Any],
        clock: MovableClock,
        *,
        stream_times: StreamTimes = StreamTimes(),  # noqa: B008  (frozen)
        **settings: Any,
    ) -> None:
        """`store`: the settings that say where the store is."""
        self.clock = clock
        self._stream_times = stream_times
        self.settings = Settings(**store, **{"rate_limit": 0, "log_level": "error", **settings})
        self.data = self.settings.data
        listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
        self.port = listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=run, args=(self._serve(listener),), daemon=True)
        self._ready: Future[None] = Future()
        self._thread.start()
        self._ready.result(20)
        while not self._uvicorn.started:
            time.sleep(0.002)

    async def _serve(self, listener: socket.socket) -> None:
        try:
            self.database = await open_database(self.data, self.settings.database_url)
            self.services = Services(self.database, self.clock, self.settings)
            config = uvicorn.Config(
                create_app(
                    self.settings,
                    self.database,
                    self.clock,
                    stream_times=self._stream_times,
                    run_import=lambda *ids: self.services.import_run().run(*ids),
                ),
                http=bounded_protocol(self.settings.max_header_bytes),
                ws="none",
                lifespan="on",
                log_config=None,
                access_log=False,
                server_header=False,
            )
            self._uvicorn = uvicorn.Server(config)
            self._loop = asyncio.get_running_loop()
        except BaseException as error:
            self._ready.set_exception(error)
            raise
        self._ready.set_result(None)
        await self._uvicorn.serve(sockets=[listener])

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Runs something on the server's own loop, to which its store belongs."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def workspace(self, name: str = "Default") -> str:
        return self.do(self.services.workspaces.create_workspace(name)).id

    def client(self, workspace_id: str, *scopes: Scope, rate_limit: int | None = None) -> Client:
        spec = KeySpec("test", scopes or (Scope.LEADS_READ, Scope.LEADS_WRITE), rate_limit)
        issued = self.do(self.services.workspaces.create_key(workspace_id, spec))
        return Client(self.url, issued.secret, workspace_id, issued.key.id)

    @property
    def has_ended(self) -> bool:
        return not self._thread.is_alive()

    def begin_to_stop(self) -> None:
        self._uvicorn.should_exit = True

    def stop(self) -> None:
        self.begin_to_stop()
        self._thread.join(timeout=20)


LetStop = Callable[[Iterable[Server]], None]


async def all_of(works: Iterable[Awaitable[T]]) -> list[T]:
    """Some hundred at a time."""
    some = asyncio.Semaphore(300)

    async def one(work: Awaitable[T]) -> T:
        async with some:
            return await work

    return await asyncio.gather(*map(one, works))


def problems_of(response: requests.Response) -> dict[str, str]:
    """The codes of a VALIDATION_ERROR by field."""
    body = response.json()
    assert (response.status_code, body["code"]) == (400, "VALIDATION_ERROR"), response.text
    return {problem["field"]: problem["code"] for problem in body["details"]["errors"]}


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


ENGINES = ("sqlite", "postgres")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--db", choices=ENGINES, help="Run the tests on this engine alone; on both, if not said.")
    parser.addoption("--with-store", action="store_true", help="Leave out the tests that no engine matters to.")


def pytest_configure() -> None:
    """What a shell starts in the background ignores interrupts, and so would all processes that tests start."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Whatever uses a store runs once for each engine, unless it is marked for one."""
    wanted = metafunc.config.getoption("--db")
    marker = metafunc.definition.get_closest_marker("engine")
    if "engine" in metafunc.fixturenames:
        engines = marker.args if marker else ENGINES
        chosen = [engine for engine in engines if wanted in (None, engine)]
        metafunc.parametrize("engine", chosen, scope="session")


def pytest_collection_finish() -> None:
    """Thousands of collected tests stay to the end: a search for garbage need not go through them each time."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out what belongs to the other engine alone, and if asked what belongs to none."""
    wanted = config.getoption("--db")
    if config.getoption("--with-store"):
        items[:] = [item for item in items if item.get_closest_marker("engine") or _uses_store(item)]
    for item in items:
        marker = item.get_closest_marker("engine")
        if wanted and marker and wanted not in marker.args:
            item.add_marker(pytest.mark.skip(reason=f"belongs to {' and '.join(marker.args)}"))


def _uses_store(item: pytest.Item) -> bool:
    return "engine" in getattr(item, "fixturenames", ())


@pytest.fixture(scope="session")
def migrated_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store whose schema is up to date, to be copied."""
    folder = tmp_path_factory.mktemp("template")
    asyncio.run(_set_up(folder))
    return folder


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """Its template has our schema."""
    server = PostgresServer(is_forgetful=True)
    server.run("CREATE DATABASE leadlight_template")
    asyncio.run(_set_up(Path(), server.url("leadlight_template")))
    yield server
    server.remove()


async def _set_up(data: Path, url: str = "") -> None:
    await (await open_database(data, url)).close()


@pytest.fixture(scope="session")
def new_store(
    engine: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Callable[[], dict[str, Any]]:
    """Makes empty stores; each as the settings that say where it is."""

    def make() -> dict[str, Any]:
        data = tmp_path_factory.mktemp("store") / "data"
        if engine == "sqlite":
            shutil.copytree(request.getfixturevalue("migrated_folder"), data)
            return {"data": data}
        server: PostgresServer = request.getfixturevalue("postgres")
        return {"data": data, "database_url": server.create_database("leadlight_template")}

    return make


@pytest.fixture
def store(new_store: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    return new_store()


@pytest.fixture(scope="session")
def let_stop() -> Iterator[LetStop]:
    """Tells servers to stop: each takes a while, for which the next test need not wait.

    Those that have ended are let go of, with their databases: thousands of them would fill the memory, and slow each
    collection of garbage.
    """
    stopping: list[Server] = []

    def let(servers: Iterable[Server]) -> None:
        for server in servers:
            server.begin_to_stop()
        known = (*stopping, *servers)
        stopping[:] = [server for server in known if not server.has_ended]
        databases = {server.settings.database_url for server in known}
        for url in databases - {server.settings.database_url for server in stopping} - {""}:
            drop_database(url)

    yield let
    for server in stopping:
        with suppress(RuntimeError):
            server.stop()


@pytest.fixture
def start_server(
    new_store: Callable[[], dict[str, Any]], clock: MovableClock, let_stop: LetStop
) -> Iterator[Callable[..., Server]]:
    """Starts servers with settings of the test's choice."""
    running: list[Server] = []

    def start(**settings: Any) -> Server:
        running.append(Server(new_store(), clock, **settings))
        return running[-1]

    yield start
    let_stop(running)


@pytest.fixture
def server(start_server: Callable[..., Server]) -> Server:
    return start_server()


@pytest.fixture
def api(server: Server) -> Client:
    """May read and write leads in its workspace."""
    return server.client(server.workspace("Ours"))


@pytest.fixture
def reader(server: Server, api: Client) -> Client:
    """May only read leads in the workspace of `api`."""
    return server.client(api.workspace_id, Scope.LEADS_READ)


@pytest.fixture
def admin(server: Server, api: Client) -> Client:
    """May do everything in the workspace of `api`."""
    return server.client(api.workspace_id, Scope.ADMIN)


@pytest.fixture
def stranger(server: Server) -> Client:
    """May do everything, in another workspace."""
    return server.client(server.workspace("Theirs"), Scope.ADMIN)
