"""`leadlight db`: what it says of a store, how it makes and moves one, and how it says no."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import apsw
import asyncpg
import pytest
from typer.testing import CliRunner, Result

from leadlight.cli.main import app
from leadlight.store.migrate import load_migrations
from tests.cli.conftest import Cli
from tests.e2e.processes import wait_until
from tests.postgres_server import PostgresServer

NEWEST = load_migrations("sqlite")[-1].number
SECRET = "hunter2"
KEPT = "the/right#one?"
NO_STORE = "There is no store yet: `leadlight db migrate` makes it.\n"


class Place:
    """A store as it is, read and changed past Leadlight."""

    def __init__(self, cli: Cli) -> None:
        self.file = cli.data / "leadlight.db"
        self.database_url = cli.database_url
        self.url = cli.database_url or f"sqlite:///{self.file}"

    def execute(self, sql: str) -> None:
        if self.database_url:
            asyncio.run(_on_server(self.database_url, "execute", sql))
            return
        self.file.parent.mkdir(exist_ok=True)
        connection = apsw.Connection(str(self.file))
        connection.execute(sql)
        connection.close()

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        if self.database_url:
            return [tuple(row) for row in asyncio.run(_on_server(self.database_url, "fetch", sql))]
        if not self.file.exists():
            return []
        connection = apsw.Connection(str(self.file))
        rows = [tuple(row) for row in connection.execute(sql)]
        connection.close()
        return rows

    def content(self) -> dict[str, list[tuple[Any, ...]]]:
        """All rows of all tables."""
        if self.database_url:
            return asyncio.run(_content_on_server(self.database_url))
        names = self.rows("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'lead_text%'")
        return {name: sorted(self.rows(f"SELECT * FROM {name}"), key=repr) for [name] in names}

    def make(self, *, up_to: int) -> None:
        """A store as an older version left it."""
        self.execute("CREATE TABLE schema_migrations (number INTEGER PRIMARY KEY, name TEXT, applied_at BIGINT)")
        for migration in load_migrations("postgres" if self.database_url else "sqlite")[:up_to]:
            self.execute(migration.sql)
            self.execute(f"INSERT INTO schema_migrations VALUES ({migration.number}, '{migration.name}', 0)")


async def _on_server(url: str, method: str, sql: str) -> Any:
    connection = await asyncpg.connect(url)
    try:
        return await getattr(connection, method)(sql)
    finally:
        await connection.close()


async def _content_on_server(url: str) -> dict[str, list[tuple[Any, ...]]]:
    connection = await asyncpg.connect(url)
    try:
        names = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return {name: sorted(map(tuple, await connection.fetch(f"SELECT * FROM {name}")), key=repr) for [name] in names}
    finally:
        await connection.close()


@pytest.fixture
def place(cli: Cli) -> Place:
    """What `cli` works on."""
    return Place(cli)


EIGHT = """
import contextlib, os, sys
from leadlight.cli.entry import main
from leadlight.cli.main import app
with contextlib.redirect_stdout(None), contextlib.suppress(SystemExit):
    app(["--version"])  # what is imported late is imported
for _ in range(8):
    if os.fork() == 0:
        try:
            main()
        except SystemExit as ended:
            sys.stdout.flush()
            os._exit(ended.code or 0)
raise SystemExit(any([os.wait()[1] for _ in range(8)]))
"""
"""As many processes as one, which do at the same moment what its arguments say."""


def refusal_of_process(*arguments: str) -> str:
    """The one sentence of a process that ends with exit code 1."""
    command = [sys.executable, "-m", "leadlight", *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stdout) == (1, ""), ended.stderr
    assert ended.stderr.count("\n") == 1
    return ended.stderr.removeprefix("leadlight: ").removesuffix("\n")


def copy(source: str, target: str, *options: str) -> Result:
    command = ["db", "copy", "--from", source, "--to", target, *options]
    return CliRunner().invoke(app, command, env={"COLUMNS": "240"})


def refusal_of_copy(source: str, target: str) -> str:
    result = copy(source, target)
    assert (result.exit_code, result.stdout) == (1, ""), result.output
    assert isinstance(result.exception, SystemExit)
    assert result.stderr.count("\n") == 1
    return result.stderr.removeprefix("leadlight: ").removesuffix("\n")


# Status


def test_where_nothing_is_status_says_so_and_makes_nothing(cli: Cli, place: Place) -> None:
    result = cli.run("db", "status")

    assert (result.exit_code, result.stdout, result.stderr) == (1, NO_STORE, "")
    assert place.content() == {}
    assert not cli.data.exists()


def test_a_store_that_is_up_to_date_is_said_to_be(cli: Cli) -> None:
    cli.run("db", "migrate")

    result = cli.run("db", "status")

    assert (result.exit_code, result.stdout, result.stderr) == (0, f"The schema is up to date: {NEWEST}.\n", "")
    assert cli.json("db", "status") == {"applied": NEWEST, "newest": NEWEST}


def test_an_older_store_is_told_with_what_to_do_and_left_as_it_is(cli: Cli, place: Place) -> None:
    place.make(up_to=2)
    before = place.content()

    result = cli.run("db", "status")

    sentence = f"The store has schema 2, this version needs {NEWEST}: run `leadlight db migrate`.\n"
    assert (result.exit_code, result.stdout, result.stderr) == (1, sentence, "")
    assert place.content() == before


def test_a_newer_store_is_told(cli: Cli, place: Place) -> None:
    cli.run("db", "migrate")
    place.execute("INSERT INTO schema_migrations VALUES (9999, 'from_the_future', 0)")

    result = cli.run("db", "status")

    sentence = f"The store has schema 9999, and this version knows up to {NEWEST}: update Leadlight.\n"
    assert (result.exit_code, result.stdout, result.stderr) == (1, sentence, "")


def test_programs_are_told_the_numbers_of_what_is_not_up_to_date(cli: Cli, place: Place) -> None:
    nothing = cli.run("db", "status", "--json")
    place.make(up_to=2)
    older = cli.run("db", "status", "--json")

    assert (nothing.exit_code, json.loads(nothing.stdout)) == (1, {"applied": 0, "newest": NEWEST})
    assert (older.exit_code, json.loads(older.stdout)) == (1, {"applied": 2, "newest": NEWEST})


# Migrate


def test_migrate_makes_a_store_that_can_be_worked_with(cli: Cli, place: Place, engine: str) -> None:
    result = cli.run("db", "migrate")

    assert (result.exit_code, result.stdout, result.stderr) == (0, f"Migrated from schema 0 to {NEWEST}.\n", "")
    applied = [(migration.number, migration.name) for migration in load_migrations(engine)]
    assert place.rows("SELECT number, name FROM schema_migrations ORDER BY number") == applied
    assert cli.json("workspaces", "create", "Acme")["name"] == "Acme"


def test_migrate_does_nothing_where_nothing_is_to_do(cli: Cli, place: Place) -> None:
    assert cli.json("db", "migrate") == {"before": 0, "applied": NEWEST}
    before = place.content()

    result = cli.run("db", "migrate")

    assert (result.exit_code, result.stdout, result.stderr) == (0, f"The schema was up to date: {NEWEST}.\n", "")
    assert cli.json("db", "migrate") == {"before": NEWEST, "applied": NEWEST}
    assert place.content() == before


def test_migrate_keeps_what_an_older_version_stored(cli: Cli, place: Place) -> None:
    place.make(up_to=2)
    place.execute("INSERT INTO workspaces VALUES ('ws_1', 1, 'Acme', 7, 0), ('ws_2', 2, 'Bolt', 0, 0)")

    assert cli.json("db", "migrate") == {"before": 2, "applied": NEWEST}

    assert place.rows("SELECT id, name FROM workspaces ORDER BY id") == [("ws_1", "Acme"), ("ws_2", "Bolt")]
    assert place.rows("SELECT workspace_id, last_event FROM feeds ORDER BY 1") == [("ws_1", 7), ("ws_2", 0)]


def test_eight_that_migrate_an_empty_place_at_once_all_succeed(cli: Cli, place: Place) -> None:
    command = ["db", "migrate", "--data", str(cli.data), "--database-url", cli.database_url]

    ended = subprocess.run(
        [sys.executable, "-c", EIGHT, *command], capture_output=True, text=True, timeout=60, check=False
    )

    assert (ended.returncode, ended.stderr) == (0, "")
    assert f"Migrated from schema 0 to {NEWEST}.\n" in ended.stdout
    assert ended.stdout.count("\n") == 8
    assert place.rows("SELECT number FROM schema_migrations ORDER BY number") == [(n + 1,) for n in range(NEWEST)]
    assert cli.json("db", "status") == {"applied": NEWEST, "newest": NEWEST}


def test_a_migration_that_fails_leaves_nothing_behind(cli: Cli, place: Place) -> None:
    place.execute("CREATE TABLE unfinished_copies (ours INTEGER)")  # in the way of the last of several

    assert "tables that are not Leadlight's" in cli.refusal("db", "migrate")
    assert place.content() == {"unfinished_copies": []}


def test_a_newer_store_is_refused_and_left_as_it_is(cli: Cli, place: Place) -> None:
    cli.run("db", "migrate")
    place.execute("INSERT INTO schema_migrations VALUES (9999, 'from_the_future', 0)")
    before = place.content()

    for command in (["db", "migrate"], ["keys", "list"], ["doctor"]):
        assert cli.refusal(*command).startswith(
            f"This store has schema 9999, and this version of Leadlight knows schemas up to {NEWEST}"
        )
    assert place.content() == before


@pytest.mark.engine("postgres")
def test_an_older_database_is_left_to_db_migrate(cli: Cli, place: Place) -> None:
    place.make(up_to=2)
    before = place.content()

    for command in (["keys", "list"], ["workspaces", "create", "Acme"], ["doctor"]):
        sentence = cli.refusal(*command)
        assert sentence.startswith(f"this database has schema 2, and this version of Leadlight needs {NEWEST}: ")
        assert "run `leadlight db migrate`" in sentence
    assert place.content() == before


@pytest.mark.engine("postgres")
def test_no_server_starts_on_an_older_schema(place: Place) -> None:
    place.make(up_to=2)
    before = place.content()

    assert "run `leadlight db migrate`" in refusal_of_process("serve", "--port", "0", "--database-url", place.url)
    assert place.content() == before


# Distribute


@pytest.mark.engine("postgres")
def test_a_plain_server_is_told_what_it_lacks(cli: Cli, place: Place) -> None:
    cli.run("db", "migrate")
    before = place.content()

    sentence = cli.refusal("db", "distribute")

    assert sentence.startswith("this server has no Citus extension: install it, ")
    assert "CREATE EXTENSION citus" in sentence
    assert place.content() == before


@pytest.mark.engine("postgres")
def test_what_is_not_migrated_is_not_distributed(cli: Cli, place: Place) -> None:
    assert "run `leadlight db migrate` first" in cli.refusal("db", "distribute")
    assert place.content() == {}


@pytest.mark.engine("sqlite")
def test_a_file_can_not_be_distributed(cli: Cli, place: Place) -> None:
    assert cli.refusal("db", "distribute") == (
        f"the store in {place.file} is a file: only a database cluster can be distributed"
    )
    assert not cli.data.exists()


# Copy


@pytest.fixture
def source(tmp_path: Path) -> str:
    """The URL of a store in a file, with a workspace in it."""
    Cli(tmp_path / "source").run("workspaces", "create", "Acme")
    return f"sqlite:///{tmp_path}/source/leadlight.db"


def test_a_copy_shows_what_was_copied(source: str, place: Place) -> None:
    result = copy(source, place.url)

    assert (result.exit_code, result.stderr) == (0, "")
    shown = [line.split("│")[1:3] for line in result.stdout.splitlines() if line.startswith("│")]
    assert [[cell.strip() for cell in row] for row in shown] == [
        ["workspaces", "1"],
        ["api_keys", "0"],
        ["leads", "0"],
        ["lead_counts", "0"],
        ["events", "0"],
        ["idempotency_keys", "0"],
        ["feeds", "1"],
        ["webhooks", "0"],
        ["deliveries", "0"],
        ["delivery_attempts", "0"],
        ["replays", "0"],
        ["match_keys", "0"],
        ["lead_identities", "0"],
        ["merged_leads", "0"],
        ["operations", "0"],
        ["operation_leads", "0"],
        ["imports", "0"],
        ["import_pieces", "0"],
        ["import_errors", "0"],
        ["form_directory", "0"],
        ["forms", "0"],
        ["submissions", "0"],
        ["users", "0"],
        ["memberships", "0"],
        ["sessions", "0"],
        ["one_time_links", "0"],
        ["reminders", "0"],
        ["lead_days", "0"],
        ["contact_times", "0"],
        ["notes", "0"],
        ["saved_views", "0"],
    ]


def test_a_copy_tells_programs_of_each_table(source: str, cli: Cli, place: Place) -> None:
    result = copy(source, place.url, "--json")

    assert (result.exit_code, result.stderr) == (0, "")
    copied = {part["table"]: (part["rows"], len(part["checksum"])) for part in json.loads(result.stdout)}
    assert copied["workspaces"] == copied["feeds"] == (1, 32)
    assert [workspace["name"] for workspace in cli.json("workspaces", "list")] == ["Acme"]


def test_a_store_is_not_copied_onto_itself(cli: Cli, place: Place, acme: str) -> None:
    before = place.content()

    assert "is not empty (workspaces has rows): name an empty one" in refusal_of_copy(place.url, place.url)
    assert place.content() == before
    assert cli.json("workspaces", "list")[0]["id"] == acme


def test_there_is_nothing_to_copy_where_no_store_is(place: Place, tmp_path: Path) -> None:
    target = tmp_path / "target.db"

    assert refusal_of_copy(place.url, f"sqlite:///{target}").startswith("there is no store in ")
    assert not target.exists()
    assert place.content() == {}


def test_a_copy_of_nothing_makes_no_target(place: Place, tmp_path: Path) -> None:
    assert refusal_of_copy(f"sqlite:///{tmp_path}/no/leadlight.db", place.url).startswith("there is no store in ")
    assert place.content() == {}


@pytest.mark.usefixtures("acme")
def test_what_is_in_the_target_is_never_overwritten(source: str, cli: Cli, place: Place) -> None:
    before = place.content()

    assert refusal_of_copy(source, place.url) == (
        "the store to copy to is not empty (workspaces has rows): name an empty one"
    )
    assert place.content() == before
    assert cli.run("keys", "list").exit_code == 0  # and it is not taken for half a copy


@pytest.mark.engine("postgres")
def test_a_target_of_an_older_schema_is_left_to_db_migrate(source: str, place: Place) -> None:
    place.make(up_to=2)
    before = place.content()

    assert "run `leadlight db migrate`" in refusal_of_copy(source, place.url)
    assert place.content() == before


def test_a_target_or_source_of_a_newer_schema_is_refused(source: str, cli: Cli, place: Place) -> None:
    cli.run("db", "migrate")
    place.execute("INSERT INTO schema_migrations VALUES (9999, 'from_the_future', 0)")
    before = place.content()

    assert refusal_of_copy(source, place.url).startswith("This store has schema 9999")
    assert refusal_of_copy(place.url, f"{source}.copy").startswith("This store has schema 9999")
    assert place.content() == before


def test_a_target_with_tables_of_others_is_refused(source: str, place: Place) -> None:
    place.execute("CREATE TABLE leads (theirs INTEGER)")

    assert "tables that are not Leadlight's" in refusal_of_copy(source, place.url)
    assert place.content() == {"leads": []}


def test_a_copy_to_nowhere_or_from_nowhere_makes_no_file(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")

    assert refusal_of_copy(source, "")
    assert refusal_of_copy("", source)
    assert list((tmp_path / "here").iterdir()) == []


@pytest.mark.parametrize(
    "url", [f"mysql://u:{SECRET}@127.0.0.1/leadlight", f"postgresql://u:{SECRET}@127.0.0.1:1/leadlight"]
)
def test_a_bad_url_on_either_side_is_told_without_its_password(source: str, url: str, tmp_path: Path) -> None:
    target = tmp_path / "target.db"

    assert SECRET not in refusal_of_copy(source, url)
    assert SECRET not in refusal_of_copy(url, f"sqlite:///{target}")
    assert not target.exists()


# Bad input

COMMANDS = [["db", "status"], ["db", "migrate"], ["keys", "list"]]
NOT_UNDERSTOOD = "the database URL can't be understood"

BAD_URLS = {
    "unknown scheme": (
        f"mysql://u:{SECRET}@127.0.0.1/leadlight",
        "a database URL has to begin with sqlite:/// or postgresql://",
    ),
    "no scheme": (f"guarded:{SECRET}@127.0.0.1/leadlight", "a database URL has to begin with"),
    "nothing before the slashes": (f"//u:{SECRET}@127.0.0.1/leadlight", "a database URL has to begin with"),
    "port of letters": (f"postgresql://u:{SECRET}@127.0.0.1:port/leadlight", NOT_UNDERSTOOD),
    "port beyond all": (f"postgresql://u:{SECRET}@127.0.0.1:99999/leadlight", NOT_UNDERSTOOD),
    "half an address": (f"postgresql://u:{SECRET}@[::1/leadlight", NOT_UNDERSTOOD),
    "password not escaped": (f"postgresql://u:{SECRET}#1@127.0.0.1/leadlight", NOT_UNDERSTOOD),
    "no way to encrypt": (f"postgresql://u:{SECRET}@127.0.0.1/leadlight?sslmode=what", NOT_UNDERSTOOD),
    "cache of no size": (f"postgresql://u:{SECRET}@127.0.0.1/leadlight?statement_cache_size=all", NOT_UNDERSTOOD),
    "unknown host": (
        f"postgresql://u:{SECRET}@no-such-host.invalid/leadlight",
        "the host of the database URL, 'no-such-host.invalid', is not known",
    ),
    "nothing listens": (
        f"postgresql://u:{SECRET}@127.0.0.1:1/leadlight",
        "the database server at 127.0.0.1:1 does not answer: is it running, and is the URL right?",
    ),
    "two slashes to a file": (f"sqlite://u:{SECRET}@leadlight.db", "a file's URL has three slashes before its path"),
    "no path to a file": ("sqlite:///", "a file's URL has three slashes before its path"),
}

ON_THE_SERVER = {
    "wrong password": (f"guarded:{SECRET}@{{}}/postgres", "refuses the user 'guarded'"),
    "no password": ("guarded@{}/postgres", "refuses the user 'guarded'"),
    "unknown user": (f"nobody:{SECRET}@{{}}/postgres", "refuses the user 'nobody'"),
    "unknown database": (f"postgres:{SECRET}@{{}}/no_such_one", 'database "no_such_one" does not exist'),
    "unknown parameter": (f"postgres:{SECRET}@{{}}/postgres?nonsense=1", 'parameter "nonsense"'),
}


@pytest.fixture(scope="session")
def guarded(postgres: PostgresServer) -> PostgresServer:
    """A server with a user who needs a password, and one without rights."""
    postgres.run(f"CREATE ROLE guarded LOGIN SUPERUSER PASSWORD '{KEPT}'")
    postgres.run("CREATE ROLE plain LOGIN")
    rules = postgres.data / "pg_hba.conf"
    rules.write_text(f"host all guarded 127.0.0.1/32 scram-sha-256\n{rules.read_text()}")
    postgres.run("SELECT pg_reload_conf()")
    wait_until(lambda: not _lets_in(postgres.url().replace("postgres@", "guarded@")))
    return postgres


def _lets_in(url: str) -> bool:
    try:
        asyncio.run(_on_server(url, "fetch", "SELECT 1"))
    except asyncpg.InvalidPasswordError:
        return False
    return True


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize(("url", "said"), BAD_URLS.values(), ids=BAD_URLS)
def test_a_bad_url_ends_in_a_sentence_without_the_password(
    tmp_path: Path, command: list[str], url: str, said: str
) -> None:
    sentence = Cli(tmp_path / "store", url).refusal(*command)

    assert said in sentence
    assert SECRET not in sentence
    assert list(tmp_path.iterdir()) == []


@pytest.mark.engine("postgres")
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize(("url", "said"), ON_THE_SERVER.values(), ids=ON_THE_SERVER)
def test_what_the_server_refuses_ends_in_a_sentence_without_the_password(
    guarded: PostgresServer, tmp_path: Path, command: list[str], url: str, said: str
) -> None:
    where = f"127.0.0.1:{guarded.port}"

    sentence = Cli(tmp_path / "store", "postgresql://" + url.format(where)).refusal(*command)

    assert f"the database server at {where} " in sentence
    assert said in sentence
    assert SECRET not in sentence
    assert list(tmp_path.iterdir()) == []


@pytest.mark.engine("postgres")
def test_a_password_works_however_it_is_spelt_and_is_never_shown(guarded: PostgresServer, tmp_path: Path) -> None:
    url = guarded.create_database().replace("postgres@", f"guarded:{quote(KEPT, safe='')}@")
    cli = Cli(tmp_path / "store", url)

    results = [cli.run(*command) for command in (["db", "migrate"], ["db", "status"], ["db", "distribute"])]

    assert [result.exit_code for result in results] == [0, 0, 1]
    assert not any(quote(KEPT, safe="") in result.output or KEPT in result.output for result in results)


@pytest.mark.engine("postgres")
def test_a_database_of_another_encoding_is_told_and_left_as_it_is(postgres: PostgresServer, tmp_path: Path) -> None:
    postgres.run("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0 LOCALE 'C'")

    sentence = Cli(tmp_path / "store", postgres.url("latin")).refusal("db", "migrate")

    assert sentence.startswith("the database is encoded in LATIN1: make one with createdb ")
    assert postgres.run("SELECT 1 FROM pg_tables WHERE schemaname = 'public'", "latin") == []


@pytest.mark.engine("postgres")
def test_a_server_without_its_contrib_package_is_told(tmp_path: Path) -> None:
    server = PostgresServer("extension_control_path = '/nowhere'")

    sentence = Cli(tmp_path / "store", server.url()).refusal("db", "migrate")
    server.remove()

    assert "lacks an extension that search needs" in sentence
    assert sentence.endswith("install its contrib package, which holds pg_trgm and btree_gin")


@pytest.mark.engine("postgres")
def test_a_user_who_may_make_no_tables_is_told(guarded: PostgresServer, tmp_path: Path) -> None:
    url = guarded.create_database().replace("postgres@", "plain@")

    sentence = Cli(tmp_path / "store", url).refusal("db", "migrate")

    assert sentence.startswith("the user of the database URL may not ")
    assert "(permission denied for schema public): make it the owner of the database" in sentence


@pytest.mark.engine("postgres")
@pytest.mark.parametrize(
    ("granted", "command"),
    [
        ("SELECT 1", ["db", "status"]),
        ("SELECT 1", ["keys", "list"]),
        ("GRANT SELECT ON schema_migrations TO plain", ["keys", "list"]),
    ],
)
def test_a_user_who_may_not_read_the_store_is_told(
    guarded: PostgresServer, cli: Cli, place: Place, granted: str, command: list[str]
) -> None:
    cli.run("db", "migrate")
    place.execute(granted)
    plain = Cli(cli.data, guarded.url(cli.database_url.rpartition("/")[2]).replace("postgres@", "plain@"))

    assert "permission denied for table" in plain.refusal(*command)


@pytest.mark.engine("postgres")
def test_a_database_that_takes_no_writes_is_told(cli: Cli, place: Place) -> None:
    name = cli.database_url.rpartition("/")[2]
    place.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")

    assert "read-only" in cli.refusal("db", "migrate")
    assert place.content() == {}


OF_OTHERS = [
    "CREATE TABLE leads (theirs INTEGER)",
    "CREATE TABLE schema_migrations (version VARCHAR(255) PRIMARY KEY)",
    "CREATE TABLE schema_migrations (version BIGINT PRIMARY KEY, dirty BOOLEAN)",
]


@pytest.mark.parametrize("made", OF_OTHERS)
def test_tables_of_others_are_told_and_left_as_they_are(cli: Cli, place: Place, made: str) -> None:
    place.execute(made)
    before = place.content()

    status = cli.run("db", "status")

    assert cli.refusal("db", "migrate")
    assert cli.refusal("keys", "list")
    assert (status.exit_code, status.output.count("\n")) == (1, 1)
    assert place.content() == before


@pytest.fixture
def no_place(tmp_path: Path) -> Iterator[Path]:
    """A folder that nobody may write to; an administrator may write to all but the kernel's own."""
    if os.geteuid() == 0:
        yield Path("/proc/self")
        return
    tmp_path.chmod(0o500)
    yield tmp_path
    tmp_path.chmod(0o700)


@pytest.mark.parametrize("command", [["db", "migrate"], ["workspaces", "create", "Acme"]], ids=" ".join)
def test_a_folder_that_takes_no_files_is_told(no_place: Path, command: list[str]) -> None:
    assert str(no_place) in Cli(no_place / "store").refusal(*command)


def test_a_copy_into_a_folder_that_takes_no_files_is_told(source: str, no_place: Path) -> None:
    assert str(no_place) in refusal_of_copy(source, f"sqlite:///{no_place}/store/leadlight.db")


def test_a_file_that_is_no_store_is_told_and_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "leadlight.db").write_bytes(b"a letter to my aunt\n" * 500)

    for command in COMMANDS:
        assert "file is not a database" in Cli(tmp_path).refusal(*command)
    assert (tmp_path / "leadlight.db").read_bytes() == b"a letter to my aunt\n" * 500


def test_a_folder_in_the_place_of_the_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "leadlight.db").mkdir()

    for command in COMMANDS:
        assert Cli(tmp_path).refusal(*command)
    assert list((tmp_path / "leadlight.db").iterdir()) == []
