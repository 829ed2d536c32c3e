"""One daemon for each database: a lock that ends with its process, however that ends."""

import fcntl
import os
import time
from pathlib import Path
from typing import IO

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from salesdaemon.errors import AlreadyRunningError, StoreError
from salesdaemon.store.engine import Store

_TRIES = 6
_BETWEEN_TRIES_SECONDS = 0.1
_POSTGRESQL_LOCK = 0x5A1E5DAE  # any number that no other program uses


class RunLock:
    """Held by `run`: a locked file beside an SQLite database, an advisory lock on PostgreSQL."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._file: IO[str] | None = None
        self._connection: Connection | None = None

    def acquire(self) -> None:
        """Take the lock.

        Raises:
            AlreadyRunningError: another daemon holds it.
            StoreError: it cannot be taken at all.
        """
        for _ in range(_TRIES - 1):
            try:
                self._lock()
            except AlreadyRunningError:
                # Perhaps a command that only looks whether a daemon runs.
                time.sleep(_BETWEEN_TRIES_SECONDS)
            else:
                return
        self._lock()

    def _lock(self) -> None:
        if self._store.path is not None:
            self._file = _locked_file(self._store.path)
            self._file.truncate(0)
            self._file.write(f"{os.getpid()}\n")
            self._file.flush()
        else:
            self._lock_postgresql()

    def keep(self) -> None:
        """Make sure the lock is still ours; taken again after a lost connection.

        Raises:
            AlreadyRunningError: another daemon took it meanwhile.
            StoreError: the database is out of reach.
        """
        if self._store.path is not None:
            return
        if self._connection is not None:
            try:
                self._connection.execute(text("SELECT 1"))
                self._connection.commit()
            except SQLAlchemyError:
                self._connection.invalidate()
                self._connection.close()
                self._connection = None
            else:
                return
        self.acquire()  # more than one try: the server may need a moment to end our old session

    def release(self) -> None:
        """Give the lock back."""
        if self._file is not None:
            self._file.close()
        if self._connection is not None:
            # The lock belongs to the session: back in the pool, it would be held for ever.
            self._connection.invalidate()
            self._connection.close()
        self._file = self._connection = None

    def _lock_postgresql(self) -> None:
        try:
            connection = self._store.engine.connect()
            won = connection.scalar(
                text("SELECT pg_try_advisory_lock(:key)"), {"key": _POSTGRESQL_LOCK}
            )
            connection.commit()
        except SQLAlchemyError as error:
            raise StoreError("The database is out of reach.") from error
        if not won:
            connection.close()
            raise _already_running()
        self._connection = connection


def is_running(store: Store) -> bool:
    """Tell whether a daemon holds this database.

    Raises:
        StoreError: it cannot be told.
    """
    try:
        if store.path is not None:
            _locked_file(store.path).close()
        else:
            lock = RunLock(store)
            lock._lock_postgresql()  # noqa: SLF001 - its own module, without the second tries
            lock.release()
    except AlreadyRunningError:
        return True
    return False


def _locked_file(database: Path) -> IO[str]:
    """Open the file beside a database and lock it, for as long as it stays open."""
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
        file = Path(f"{database}.lock").open("a+", encoding="utf-8")  # noqa: SIM115 - held
    except OSError as error:
        raise StoreError(
            f"The lock file beside {database} cannot be opened ({error.strerror})."
        ) from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise _already_running() from error
    return file


def _already_running() -> AlreadyRunningError:
    return AlreadyRunningError(
        "Another salesdaemon runs on this database.", fix="Stop it first, or use another database."
    )
