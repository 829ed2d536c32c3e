"""A database comes to the schema of the code, and is copied before it is changed."""

import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.util.exc import CommandError
from sqlalchemy import URL, inspect, text

from salesdaemon.errors import SchemaOutdatedError, StoreError
from salesdaemon.store import migrate
from salesdaemon.store.accounts import find_setting, set_setting
from salesdaemon.store.engine import Store
from salesdaemon.store.tables import describe_for_postgresql, metadata
from tests.databases import open_store


@pytest.fixture
def empty(empty_url: URL) -> Iterator[Store]:
    """Open a database without tables."""
    opened = open_store(empty_url)
    yield opened
    opened.close()


def put_at(store: Store, revision: str) -> None:
    with store.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :to"), {"to": revision})


def keep(store: Store, name: str, value: str) -> None:
    with store.write() as connection:
        set_setting(connection, name, value)


def copies(store: Store) -> list[Path]:
    assert store.path is not None
    return sorted(store.path.parent.glob(f"{store.path.name}.before-*"))


def test_an_empty_database_gets_every_table_and_a_second_time_nothing(empty: Store) -> None:
    assert (migrate.current_revision(empty), migrate.is_current(empty)) == (None, False)
    for _ in range(2):
        migrate.upgrade(empty)
        assert migrate.is_current(empty)
    with empty.read() as connection:
        tables = inspect(connection).get_table_names()
    assert sorted(tables) == sorted([*metadata.tables, "alembic_version"])


def test_the_tables_of_the_code_and_of_the_migrations_agree(store: Store) -> None:
    describe_for_postgresql()
    with store.read() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, metadata) == []


def test_a_child_process_migrates_as_well(empty: Store) -> None:
    migrate.upgrade_in_child(empty)
    assert migrate.is_current(empty)


def test_a_child_process_that_fails_says_why(store: Store) -> None:
    put_at(store, "0000")
    with pytest.raises(StoreError, match=r"^The database could not be migrated: .*'0000'"):
        migrate.upgrade_in_child(store)


def test_the_schema_of_a_newer_version_is_refused(store: Store) -> None:
    put_at(store, "9999")
    with pytest.raises(SchemaOutdatedError) as caught:
        migrate.is_current(store)
    assert str(caught.value) == (
        f"The database is at revision 9999, and this version knows up to "
        f"{migrate.newest_revision()}. "
        "Install the newer version again, or restore the copy made before it."
    )


@pytest.mark.parametrize("database", ["sqlite"])
def test_a_file_of_an_older_revision_is_copied_before_it_is_migrated(store: Store) -> None:
    keep(store, "name", "value")
    put_at(store, "0000")
    with pytest.raises(CommandError):  # there is no migration from there, which comes after it
        migrate.upgrade(store)
    (copy,) = copies(store)
    assert copy.name.startswith(f"sales.db.before-{migrate.newest_revision()}-")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    copied = Store(f"sqlite:///{copy}")
    with copied.read() as connection:
        assert find_setting(connection, "name") == "value"
    assert migrate.current_revision(copied) == "0000"
    copied.close()


@pytest.mark.parametrize("database", ["sqlite"])
def test_of_such_copies_the_last_three_are_kept(store: Store) -> None:
    assert store.path is not None
    put_at(store, "0000")
    newest = migrate.newest_revision()
    old = [
        store.path.with_name(f"sales.db.before-{newest}-2026010{day}T000000Z")
        for day in range(1, 6)
    ]
    for path in old:
        path.write_text("", encoding="utf-8")
    made = migrate.copy_before_migration(store)
    assert copies(store) == [*old[-2:], made]


def test_there_is_nothing_to_copy_of_a_new_or_a_current_database(
    empty: Store, database: str
) -> None:
    assert migrate.copy_before_migration(empty) is None
    migrate.upgrade(empty)
    assert migrate.copy_before_migration(empty) is None
    if database == "sqlite":
        assert copies(empty) == []


@pytest.mark.parametrize("name", ["copy.db", "a copy #1 50%?.db", "копия.db"])
@pytest.mark.parametrize("database", ["sqlite"])
def test_a_copy_is_whole_although_the_store_is_being_written(
    store: Store, tmp_path: Path, name: str
) -> None:
    keep(store, "before", "1")
    with store.write() as connection:
        set_setting(connection, "half-way", "1")
        assert store.path is not None
        migrate.backup(store.path, tmp_path / name)
    with closing(sqlite3.connect(tmp_path / name)) as copy:
        assert copy.execute("SELECT name FROM settings").fetchall() == [("before",)]
        assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


@pytest.mark.parametrize("folder", ["plain", "odd #1 50%?&x=1"])
def test_a_file_in_an_oddly_named_folder_is_copied(tmp_path: Path, folder: str) -> None:
    source = tmp_path / folder / "sales.db"
    source.parent.mkdir()
    with closing(sqlite3.connect(source)) as origin:
        origin.execute("CREATE TABLE t (x)")
    migrate.backup(source, tmp_path / "copy.db")
    with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        assert copy.execute("SELECT name FROM sqlite_master").fetchall() == [("t",)]


def test_a_copy_never_overwrites_a_file(tmp_path: Path) -> None:
    (tmp_path / "copy.db").write_text("mine", encoding="utf-8")
    with pytest.raises(StoreError, match=r"exists already\. Choose another name\.$"):
        migrate.backup(tmp_path / "sales.db", tmp_path / "copy.db")
    assert (tmp_path / "copy.db").read_text(encoding="utf-8") == "mine"


def test_a_copy_that_cannot_be_made_leaves_no_file_behind(tmp_path: Path) -> None:
    (tmp_path / "sales.db").write_text("no database " * 100, encoding="utf-8")
    for source in ("missing.db", "sales.db"):
        with pytest.raises(StoreError, match="could not be made"):
            migrate.backup(tmp_path / source, tmp_path / "copy.db")
        assert not (tmp_path / "copy.db").exists()
