"""The engine and its transactions; database errors become `StoreError` here."""

import os
import socket
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from salesdaemon.errors import StoreError
from salesdaemon.store.tables import describe_for_postgresql

__all__ = ["Connection", "Store", "owner_is_dead", "owner_name"]

BUSY_TIMEOUT_MILLISECONDS = 5000


def owner_name() -> str:
    """Name this process for leases, in a way that another can tell whether it still lives."""
    pid = os.getpid()
    return f"{socket.gethostname()}:{pid}:{_started(pid) or 0}:{uuid4().hex[:8]}"


def owner_is_dead(owner: str) -> bool:
    """Tell whether the process that took a lease is surely gone: it ran here and runs no more.

    A container's first process always has the same number, so its start counts as well.
    """
    host, pid, started, _ = [*owner.split(":"), "", "", "", ""][:4]
    if host != socket.gethostname() or not pid.isdecimal() or not _started(os.getpid()):
        return False
    running = _started(int(pid))
    return running is None or running != started


def _started(pid: int) -> str | None:
    """Return when a process began, in ticks since the machine did; None if there is none."""
    try:
        facts = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The second field is the program's name, in parentheses that it may hold itself.
    return facts.rpartition(")")[2].split()[19]


class Store:
    """One database. Reads may run side by side; this process writes one transaction at a time."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.owner = owner_name()
        self._writing = threading.Lock()
        self.engine = _sqlite_engine(self.url) if self.is_sqlite else _postgresql_engine(self.url)
        # PostgreSQL's own default shows each statement what was committed meanwhile, so that the
        # totals of a report could contradict one another; a reader of SQLite sees one state.
        self._reading = (
            self.engine
            if self.is_sqlite
            else self.engine.execution_options(isolation_level="REPEATABLE READ")
        )

    @property
    def path(self) -> Path | None:
        """The SQLite file; None for PostgreSQL."""
        return Path(self.url.database) if self.is_sqlite and self.url.database else None

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a transaction that sees one state of the database."""
        with _translated(), self._reading.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self, *, durable: bool = False) -> Iterator[Connection]:
        """Open a writing transaction, committed on leaving and rolled back on an exception.

        `durable` returns only once the commit is on the disk itself, where SQLite would
        otherwise leave the last moments to the operating system.
        """
        with self._writing, _translated(), self.engine.connect() as connection:
            if durable:
                self._set_synchronous(connection, "FULL")
            try:
                with connection.execution_options(writes=True).begin():
                    yield connection
            finally:
                if durable:
                    self._set_synchronous(connection, "NORMAL")

    def _set_synchronous(self, connection: Connection, level: str) -> None:
        """Set how far a commit goes; past the driver, since SQLite ignores it in a transaction."""
        driver = connection.connection.driver_connection
        if self.is_sqlite and driver is not None:
            driver.execute(f"PRAGMA synchronous={level}")

    def ping(self) -> None:
        """Ask the database for a sign of life."""
        with self.read() as connection:
            connection.execute(text("SELECT 1"))


def _sqlite_engine(url: URL) -> Engine:
    # Transactions are begun by our own event below, so that writers take the lock first:
    # one that reads and then writes could otherwise fail half-way with "database is locked".
    engine = create_engine(
        url,
        connect_args={"isolation_level": None, "timeout": BUSY_TIMEOUT_MILLISECONDS / 1000},
        pool_size=4,
        max_overflow=4,
    )

    @event.listens_for(engine, "connect")
    def _on_connect(connection: sqlite3.Connection, _record: object) -> None:
        for pragma in (
            "journal_mode=WAL",
            "synchronous=NORMAL",
            f"busy_timeout={BUSY_TIMEOUT_MILLISECONDS}",
            "foreign_keys=ON",
            "cache_size=-2000",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgresql_engine(url: URL) -> Engine:
    describe_for_postgresql()
    try:
        return create_engine(
            url,
            pool_size=3,
            max_overflow=5,
            pool_pre_ping=True,
            connect_args={"connect_timeout": 10, "application_name": "salesdaemon"},
        )
    except ModuleNotFoundError as error:
        raise StoreError(
            "PostgreSQL's driver is not installed.",
            fix="Install it: `pip install salesdaemon[postgresql]`.",
        ) from error


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        raise StoreError(*_sentence(error)) from error
    except SQLAlchemyError as error:
        raise StoreError(
            f"The database answered with an error ({type(error).__name__})."
        ) from error


_SQLITE_SENTENCES = {
    "locked": "The database is locked by another program.",
    "full": "The disk that holds the database is full.",
    "readonly": "The database cannot be written: the file or its folder is read-only.",
    "unable to open": "The database file cannot be opened.",
    "disk i/o": "The disk that holds the database reports an error.",
    "malformed": "The database file is damaged; restore a backup.",
    "not a database": "The file is no SQLite database.",
    "no such table": "The database has no tables yet; run `salesdaemon db upgrade`.",
    "no such column": "The database is of another version; run `salesdaemon db upgrade`.",
}


def _sentence(error: DBAPIError) -> tuple[str]:
    original = str(error.orig).lower()
    for sign, sentence in _SQLITE_SENTENCES.items():
        if sign in original:
            return (sentence,)
    if error.connection_invalidated or "connect" in original:
        return ("The database is out of reach.",)
    return (f"The database refused ({type(error.orig).__name__}).",)
