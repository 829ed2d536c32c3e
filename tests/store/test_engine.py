"""Transactions on both databases, and what is said where one fails."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import URL, Connection, select, text

from salesdaemon.errors import StoreError
from salesdaemon.store.accounts import find_setting, set_setting
from salesdaemon.store.engine import Store
from salesdaemon.store.tables import settings
from tests.databases import open_store


def values(store: Store) -> dict[str, str]:
    with store.read() as connection:
        rows = connection.execute(select(settings.c.name, settings.c.value))
        return {row.name: row.value for row in rows}


def keep(store: Store, name: str, then: Callable[[Connection], object]) -> None:
    with store.write() as connection:
        set_setting(connection, name, "written")
        then(connection)


def crash(_connection: Connection) -> None:
    raise RuntimeError


def ask_nonsense(connection: Connection) -> None:
    connection.execute(text("SELECT nothing FROM nowhere"))


def test_a_transaction_that_fails_half_way_leaves_nothing(store: Store) -> None:
    with pytest.raises(RuntimeError):
        keep(store, "first", then=crash)
    assert values(store) == {}


def test_a_reader_sees_one_state_while_another_process_writes(
    store: Store, another_store: Callable[[], Store]
) -> None:
    with store.read() as connection:
        before = find_setting(connection, "count")
        keep(another_store(), "count", then=str)
        assert (before, find_setting(connection, "count")) == (None, None)
    assert values(store) == {"count": "written"}


def test_after_an_error_of_the_database_the_store_goes_on(store: Store) -> None:
    with pytest.raises(StoreError):
        keep(store, "first", then=ask_nonsense)
    keep(store, "later", then=str)
    assert values(store) == {"later": "written"}


@pytest.mark.parametrize("database", ["postgresql"])
def test_a_lost_connection_is_told_and_the_next_question_is_answered(
    store: Store, another_store: Callable[[], Store]
) -> None:
    def hang_up(connection: Connection) -> None:
        backend = connection.scalar(text("SELECT pg_backend_pid()"))
        with another_store().write() as elsewhere:
            elsewhere.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": backend})
        connection.execute(text("SELECT 1"))

    with pytest.raises(StoreError, match=r"^The database is out of reach\.$"):
        keep(store, "first", then=hang_up)
    store.ping()
    assert values(store) == {}


@pytest.mark.parametrize("database", ["postgresql"])
def test_a_server_that_is_not_there_is_told_as_out_of_reach(store_url: URL) -> None:
    store = open_store(store_url.set(query={"host": "127.0.0.1", "port": "1"}))
    with pytest.raises(StoreError, match=r"^The database is out of reach\.$"):
        store.ping()


@pytest.mark.parametrize("database", ["sqlite"])
def test_a_full_disk_is_told_and_nothing_half_written_stays(store: Store) -> None:
    def fill(connection: Connection) -> None:
        connection.execute(text("PRAGMA max_page_count=1"))
        set_setting(connection, "large", "x" * 1_000_000)

    with pytest.raises(StoreError, match=r"^The disk that holds the database is full\.$"):
        keep(store, "first", then=fill)
    assert values(store) == {}


@pytest.mark.parametrize("database", ["sqlite"])
def test_a_file_that_cannot_be_written_is_told(store: Store) -> None:
    store.ping()
    reader = Store(f"sqlite:///file:{store.path}?mode=ro&uri=true")
    with pytest.raises(StoreError, match="read-only"):
        keep(reader, "first", then=str)
    reader.close()


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "sales.db").write_text("not a database, surely; " * 50, encoding="utf-8")
    store = Store(f"sqlite:///{tmp_path}/sales.db")
    with pytest.raises(StoreError, match=r"^The file is no SQLite database\.$"):
        store.ping()


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/missing/sales.db")
    with pytest.raises(StoreError, match=r"^The database file cannot be opened\.$"):
        store.ping()
