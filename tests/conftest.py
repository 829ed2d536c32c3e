import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL

from salesdaemon.store.engine import Store
from tests import loopback_only, speed
from tests.databases import PostgreSQL, SqliteFiles, open_store, postgresql, sqlite_url


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="Write what is said now into the files that hold it; review the difference.",
    )


def pytest_configure() -> None:
    loopback_only.install()
    speed.install()
    # Where a shell started us in the background, the programs under test would not hear Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the tests that wait for processes, on two workers, lest they are left over."""
    waiting = [item for item in items if "end_to_end" in item.path.parts]
    others = [item for item in items if "end_to_end" not in item.path.parts]
    middle = len(others) // 2
    items[:] = [*waiting[::2], *others[:middle], *waiting[1::2], *others[middle:]]


def pytest_collection_finish() -> None:
    speed.spare_what_stays()


@pytest.fixture(autouse=True)
def _on_this_machine() -> Iterator[None]:
    """Fail a test that tried to leave this machine, also where the code swallowed the error."""
    loopback_only.take_refused()
    yield
    refused = loopback_only.take_refused()
    assert not refused, f"The test tried to reach {', '.join(refused)}."


@pytest.fixture(scope="session")
def sqlite_files(tmp_path_factory: pytest.TempPathFactory) -> SqliteFiles:
    return SqliteFiles(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def postgresql_server(request: pytest.FixtureRequest) -> Iterator[PostgreSQL]:
    worker: dict[str, str] = getattr(request.config, "workerinput", {})
    with postgresql(worker.get("testrunuid")) as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """Return which database a test runs on: each runs on both."""
    return str(request.param)


@pytest.fixture
def store_url(database: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[URL]:
    """Name a database of the current schema, with nothing in it."""
    if database == "sqlite":
        files: SqliteFiles = request.getfixturevalue("sqlite_files")
        yield files.create_migrated(tmp_path)
    else:
        server: PostgreSQL = request.getfixturevalue("postgresql_server")
        url = server.take_migrated()
        yield url
        server.give_back(url)


@pytest.fixture
def empty_url(database: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[URL]:
    """Name a database without tables; the SQLite file is not there yet."""
    if database == "sqlite":
        yield sqlite_url(tmp_path / "empty.db")
    else:
        server: PostgreSQL = request.getfixturevalue("postgresql_server")
        url = server.create_empty()
        yield url
        server.drop(url)


@pytest.fixture
def store(store_url: URL) -> Iterator[Store]:
    """Open that database."""
    opened = open_store(store_url)
    yield opened
    opened.close()


@pytest.fixture
def another_store(store_url: URL) -> Iterator[Callable[[], Store]]:
    """Return what opens the same database again, as a second process would."""
    opened: list[Store] = []

    def _open() -> Store:
        opened.append(open_store(store_url))
        return opened[-1]

    yield _open
    for each in opened:
        each.close()
