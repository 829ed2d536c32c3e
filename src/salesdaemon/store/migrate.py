"""Bring a database to the current schema.

Alembic is imported only inside the functions that need it: the daemon runs
`python -m salesdaemon.store.migrate` as a child process and never carries it.
"""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import inspect, text

from salesdaemon.errors import SchemaOutdatedError, StoreError
from salesdaemon.store.engine import Store

if TYPE_CHECKING:
    from alembic.config import Config

URL_VARIABLE = "SALESDAEMON_MIGRATE_URL"
_COPIES_KEPT = 3


def scripts() -> Path:
    """Return the folder of the migrations: inside an installed package, or in a checkout."""
    package = Path(__file__).parents[1]
    installed = package / "migrations"
    return installed if installed.is_dir() else package.parents[1] / "migrations"


def newest_revision() -> str:
    """Return the number of the newest migration."""
    return max(path.name[:4] for path in (scripts() / "versions").glob("[0-9]*.py"))


def current_revision(store: Store) -> str | None:
    """Return the revision a database is at; None for an empty one."""
    with store.read() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return revision


def is_current(store: Store) -> bool:
    """Tell whether a database has the newest schema.

    Raises:
        SchemaOutdatedError: a newer version of the program has changed it.
    """
    revision, newest = current_revision(store), newest_revision()
    if revision is not None and revision > newest:
        raise SchemaOutdatedError(
            f"The database is at revision {revision}, and this version knows up to {newest}.",
            fix="Install the newer version again, or restore the copy made before it.",
        )
    return revision == newest


def upgrade(store: Store) -> None:
    """Apply what is missing, in this process; an SQLite file is copied first."""
    from alembic import command  # noqa: PLC0415 - costs memory that only this needs

    if store.is_sqlite:
        copy_before_migration(store)
    with store.write() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _config() -> "Config":
    from alembic.config import Config  # noqa: PLC0415 - costs memory that only this needs

    config = Config()
    config.set_main_option("script_location", str(scripts()))
    return config


def upgrade_in_child(store: Store) -> None:
    """Apply what is missing in a child process, so that this one stays small."""
    environment = {**os.environ, URL_VARIABLE: store.url.render_as_string(hide_password=False)}
    done = subprocess.run(
        [sys.executable, "-m", "salesdaemon.store.migrate"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        reason = done.stderr.strip().splitlines()[-1:] or ["no reason given"]
        raise StoreError(f"The database could not be migrated: {reason[0]}")


def copy_before_migration(store: Store) -> Path | None:
    """Copy an SQLite file that holds data beside itself; None where there is nothing to copy."""
    path, revision = store.path, current_revision(store)
    if path is None or revision is None or revision == newest_revision():
        return None
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    target = path.with_name(f"{path.name}.before-{newest_revision()}-{stamp}")
    backup(path, target)
    for old in sorted(path.parent.glob(f"{path.name}.before-*"))[:-_COPIES_KEPT]:
        old.unlink(missing_ok=True)
    return target


def backup(source: Path, target: Path) -> None:
    """Make a consistent copy of an SQLite file, also while a daemon writes to it.

    Raises:
        StoreError: the copy cannot be made.
    """
    try:
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError as error:
        raise StoreError(f"{target} exists already.", fix="Choose another name.") from error
    except OSError as error:
        raise StoreError(f"The copy {target} could not be made ({error}).") from error
    try:
        _copy(source, target)
    except sqlite3.Error as error:
        target.unlink(missing_ok=True)
        raise StoreError(f"The copy {target} could not be made ({error}).") from error


def _copy(source: Path, target: Path) -> None:
    with (
        closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True)) as origin,
        closing(sqlite3.connect(target)) as copy,
    ):
        origin.backup(copy)


def main() -> int:
    """Migrate the database named by the environment; the entry of the child process."""
    store = Store(os.environ[URL_VARIABLE])
    try:
        upgrade(store)
    except StoreError as error:
        print(error, file=sys.stderr)  # noqa: T201 - the parent reads it
        return 1
    finally:
        store.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
