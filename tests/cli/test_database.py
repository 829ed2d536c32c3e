"""`db`: migrations, copies and integrity, on both databases."""

import sqlite3

from sqlalchemy import URL

from salesdaemon.store.migrate import newest_revision
from tests.cli.commands import Installation
from tests.factories import sale


def test_a_new_database_gets_its_tables(cli: Installation, empty_url: URL) -> None:
    cli.configure(url=empty_url.render_as_string(hide_password=False))
    made = cli.run("db", "upgrade")
    again = cli.run("db", "upgrade")
    assert (made.code, made.out) == (0, f"The tables were made (revision {newest_revision()}).\n")
    assert (again.code, again.out) == (
        0,
        f"The tables are current already (revision {newest_revision()}).\n",
    )
    assert cli.run("db", "check").out == (
        f"The database is sound (revision {newest_revision()}).\n"
    )


def test_commands_work_on_either_database(cli: Installation, store_url: URL) -> None:
    cli.configure(url=store_url.render_as_string(hide_password=False))
    for command in ("sales", "report", "products", "alerts", "status", "poll --help"):
        assert cli.run(*command.split()).code == 0


def test_postgresql_without_tables_names_the_command(cli: Installation, empty_url: URL) -> None:
    cli.configure(url=empty_url.render_as_string(hide_password=False))
    ran = cli.run("sales")
    if empty_url.get_backend_name() == "sqlite":
        assert (ran.code, ran.err) == (0, "No sales.\n")
    else:
        assert (ran.code, ran.err) == (
            1,
            "The database has not the tables of this version. Run `salesdaemon db upgrade`.\n",
        )


def test_a_copy_of_a_store_in_use_is_whole(cli: Installation) -> None:
    cli.configure()
    cli.keep(*(sale(f"s{number}") for number in range(50)))
    store = cli.open_store()
    try:
        with store.write() as connection:
            connection.exec_driver_sql("DELETE FROM items WHERE external_id = 's1'")
            assert cli.run("db", "backup", "copy.db").out == "copy.db is written.\n"
    finally:
        store.close()
    copy = sqlite3.connect(cli.folder / "copy.db")
    assert copy.execute("SELECT count(*) FROM items").fetchone() == (50,)
    copy.close()


def test_a_copy_replaces_nothing(cli: Installation) -> None:
    cli.configure()
    cli.keep(sale())
    (cli.folder / "copy.db").write_bytes(b"mine")
    ran = cli.run("db", "backup", "copy.db")
    assert (ran.code, ran.err) == (1, "copy.db exists already. Choose another name.\n")
    assert (cli.folder / "copy.db").read_bytes() == b"mine"


def test_what_is_not_there_cannot_be_copied_or_checked(cli: Installation) -> None:
    cli.configure(migrated=False)
    for command in (("backup", "copy.db"), ("check",)):
        ran = cli.run("db", *command)
        assert (ran.code, ran.out) == (1, "")
        assert ran.err == (
            f"There is no database {cli.database} yet. Run `salesdaemon db upgrade`.\n"
        )
    assert [path.name for path in cli.folder.iterdir()] == ["config.toml"]


def test_for_postgresql_the_command_that_copies_is_named(cli: Installation) -> None:
    cli.configure(url="postgresql+psycopg://me:canary@db.example.com:5433/sales")
    ran = cli.run("db", "backup", "copy.dump")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == (
        "PostgreSQL makes its own copies. Run `pg_dump --format=custom --file=copy.dump "
        "postgresql://me@db.example.com:5433/sales`.\n"
    )


def test_damage_is_found(cli: Installation) -> None:
    cli.configure()
    cli.keep(sale())
    file = sqlite3.connect(cli.database)
    file.execute("PRAGMA foreign_keys = OFF")
    file.execute("DELETE FROM sales")
    file.commit()
    file.close()
    ran = cli.run("db", "check")
    assert ran.code == 1
    assert set(ran.lines) == {
        f"A row of {table} points to a row of sales that is not there."
        for table in ("arrivals", "changes", "items")
    }
    assert ran.err == "The database is damaged (3 findings). Restore a backup.\n"
