"""`db`: migrations, copies and integrity."""

from pathlib import Path
from typing import Annotated

import typer

from salesdaemon.application import Application
from salesdaemon.cli.groups import make_group
from salesdaemon.cli.session import in_application, make_folder
from salesdaemon.cli.streams import print_line
from salesdaemon.errors import SchemaOutdatedError, StoreError, UsageError
from salesdaemon.store.engine import Store
from salesdaemon.store.migrate import backup as copy_file
from salesdaemon.store.migrate import current_revision, is_current, newest_revision
from salesdaemon.store.migrate import upgrade as apply_migrations

group = make_group("Upgrade, back up or check the database.")
SHOWN = 20


@group.command()
def upgrade(context: typer.Context) -> None:
    """Bring the tables up to date; a new database gets them."""

    async def work(app: Application) -> str:
        store = app.store
        make_folder(app)
        before = current_revision(store)
        if is_current(store):
            return f"The tables are current already (revision {before})."
        apply_migrations(store)
        if before is None:
            return f"The tables were made (revision {newest_revision()})."
        copied = " A copy of the file was made first, beside it." if store.is_sqlite else ""
        return f"The tables went from revision {before} to {newest_revision()}.{copied}"

    print_line(in_application(context, work, with_store=False))


@group.command()
def backup(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file for the copy.")],
) -> None:
    """Make a consistent copy of an SQLite store, also while the daemon runs."""

    async def work(app: Application) -> None:
        source = app.store.path
        if source is None:
            raise UsageError(
                "PostgreSQL makes its own copies.", fix=f"Run `{_dump_command(app.store, file)}`."
            )
        _require_file(source)
        copy_file(source, file)

    in_application(context, work, with_store=False)
    print_line(f"{file} is written.")


def _dump_command(store: Store, file: Path) -> str:
    """Name the command that copies a PostgreSQL database; it asks for the password itself."""
    url = store.url.set(drivername="postgresql")
    shown = url._replace(password=None).render_as_string()
    return f"pg_dump --format=custom --file={file} {shown}"


def _require_file(path: Path) -> None:
    if not path.exists():
        raise StoreError(f"There is no database {path} yet.", fix="Run `salesdaemon db upgrade`.")


@group.command()
def check(context: typer.Context) -> None:
    """Look for damage, and whether the tables are those of this version."""

    async def work(app: Application) -> list[str]:
        if app.store.path is not None:
            _require_file(app.store.path)
        problems = _damage(app.store) if app.store.is_sqlite else []
        if not problems and not is_current(app.store):
            raise SchemaOutdatedError(
                "The database has not the tables of this version.",
                fix="Run `salesdaemon db upgrade`.",
            )
        return problems

    problems = in_application(context, work, with_store=False)
    for problem in problems[:SHOWN]:
        print_line(problem)
    if problems:
        raise StoreError(
            f"The database is damaged ({len(problems)} findings).", fix="Restore a backup."
        )
    print_line(f"The database is sound (revision {newest_revision()}).")


def _damage(store: Store) -> list[str]:
    """Let SQLite read every page and every reference of the file."""
    with store.read() as connection:
        pages = connection.exec_driver_sql("PRAGMA integrity_check").scalars().all()
        lost = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    return [
        *(str(line) for line in pages if line != "ok"),
        *(f"A row of {row[0]} points to a row of {row[2]} that is not there." for row in lost),
    ]
