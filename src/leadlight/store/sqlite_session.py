"""The writing connection to an embedded store, and the one that writes its log to the file.

They are two, for the second goes through the VFS that scrubs pages, and whatever does so takes Python's lock for each
page: commits and the writer's reading would hold up all that the process does meanwhile (docs/decisions/0003).
"""

import logging
import time
from pathlib import Path

import apsw

from leadlight.errors import StoreUnavailable
from leadlight.store.sqlite_file import BROKEN, connect, connect_to_checkpoint, migrate, wait_for_others
from leadlight.store.sqlite_transaction import SqliteTransaction

logger = logging.getLogger("leadlight.store")

_GIVE_WAY_SECONDS = 0.0015
_TIDY_SECONDS = 0.05


class SqliteSession:
    """What the writer's thread works with; `checkpoint_pages`: of the log, at which it is written to the file."""

    def __init__(self, path: Path, *, cache_kib: int, checkpoint_pages: int) -> None:
        self._connection = connect(path, cache_kib=cache_kib)
        migrate(self._connection)
        self.transaction = SqliteTransaction(self._connection)
        self._checkpointing = connect_to_checkpoint(path)
        wait_for_others(self._checkpointing, seconds=_TIDY_SECONDS)
        self._checkpoint_pages = checkpoint_pages
        self._log_pages = 0
        self._connection.set_wal_hook(self._note_log)
        self._version = self._data_version()

    def begin(self) -> None:
        """Another process that writes too gets its chance first: locks are not handed out in order."""
        if self.others_wrote():
            time.sleep(_GIVE_WAY_SECONDS)
        self._connection.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        self.transaction.add_up()
        self._connection.execute("COMMIT")

    def roll_back(self) -> None:
        self.transaction.roll_back()

    def savepoint(self) -> None:
        self.transaction.pending.begin_unit()
        self._connection.execute("SAVEPOINT unit")

    def release(self) -> None:
        self._connection.execute("RELEASE unit")

    def undo_to_savepoint(self) -> None:
        self.transaction.pending.undo_unit()
        self._connection.execute("ROLLBACK TO unit")

    def is_broken(self, error: BaseException) -> bool:
        return isinstance(error, (StoreUnavailable, *BROKEN)) or not self._connection.in_transaction

    def shorten_log(self) -> None:
        """Writes the log to the file once it is long; what it holds is safe either way."""
        if self._log_pages < self._checkpoint_pages:
            return
        self._log_pages = 0
        try:
            self._checkpointing.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
        except apsw.BusyError:
            pass  # another process is at it
        except apsw.Error as error:
            logger.warning("the store's log grows, for it could not be written to the file: %s", error)

    def others_wrote(self) -> bool:
        """Whether another process did since this was last asked."""
        before, self._version = self._version, self._data_version()
        return self._version != before

    def tidy(self) -> bool:
        """Empties the log, so that what was deleted is in no file; False if a reader is in the way."""
        try:
            self._checkpointing.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        except apsw.Error:
            return False
        self._version = self._data_version()  # an empty log looks as though somebody had written
        return True

    def close(self) -> None:
        self.tidy()
        self._connection.close()
        self._checkpointing.close()

    def _note_log(self, _connection: apsw.Connection, _name: str, pages: int) -> int:
        self._log_pages = pages
        return apsw.SQLITE_OK

    def _data_version(self) -> object:
        """Changes when another connection writes."""
        return self._connection.execute("PRAGMA data_version").get
