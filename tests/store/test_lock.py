"""One daemon for each database, however the last one ended."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable

import pytest
from sqlalchemy import text

from salesdaemon.errors import AlreadyRunningError, StoreError
from salesdaemon.store.engine import Store
from salesdaemon.store.lock import RunLock, is_running

HOLD = """
import sys, time
from salesdaemon.store.engine import Store
from salesdaemon.store.lock import RunLock
lock = RunLock(Store(sys.argv[1]))
lock.acquire()
print("held", flush=True)
time.sleep(60)
"""


def test_a_second_daemon_is_refused_until_the_first_has_ended(
    store: Store, another_store: Callable[[], Store]
) -> None:
    first, second = RunLock(store), RunLock(another_store())
    first.acquire()
    with pytest.raises(AlreadyRunningError, match="Another salesdaemon runs on this database"):
        second.acquire()
    assert is_running(another_store())
    first.keep()
    first.release()
    assert not is_running(another_store())
    second.acquire()
    second.release()


def test_looking_whether_a_daemon_runs_takes_nothing_from_it(
    store: Store, another_store: Callable[[], Store]
) -> None:
    lock = RunLock(store)
    lock.acquire()
    for _ in range(3):
        assert is_running(another_store())
    lock.keep()
    lock.release()


def test_the_lock_of_a_killed_process_is_free(store: Store) -> None:
    url = store.url.render_as_string(hide_password=False)
    holder = subprocess.Popen([sys.executable, "-c", HOLD, url], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    assert is_running(store)
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    holder.stdout.close()
    _wait_until_free(store)
    lock = RunLock(store)
    lock.acquire()
    lock.release()


def _wait_until_free(store: Store) -> None:
    for _ in range(100):  # a PostgreSQL needs a moment to notice that its client is gone
        if not is_running(store):
            return
        time.sleep(0.05)
    pytest.fail("The lock of a killed process is still held.")


def _hang_up(elsewhere: Store) -> None:
    """Cut every other connection to the database, as a restarting server would."""
    with elsewhere.write() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE pid <> pg_backend_pid() AND datname = current_database()"
            )
        )


@pytest.mark.parametrize("database", ["postgresql"])
def test_after_a_lost_connection_the_lock_is_taken_again(
    store: Store, another_store: Callable[[], Store]
) -> None:
    lock, elsewhere = RunLock(store), another_store()
    lock.acquire()
    for _ in range(10):
        _hang_up(elsewhere)
        lock.keep()
        assert is_running(elsewhere)
    lock.release()


@pytest.mark.parametrize("database", ["postgresql"])
def test_a_lock_that_another_daemon_took_meanwhile_is_told(
    store: Store, another_store: Callable[[], Store]
) -> None:
    lock, elsewhere = RunLock(store), another_store()
    lock.acquire()
    _hang_up(elsewhere)
    _wait_until_free(elsewhere)
    theirs = RunLock(elsewhere)
    theirs.acquire()
    with pytest.raises(AlreadyRunningError):
        lock.keep()
    theirs.release()
    lock.keep()
    lock.release()


@pytest.mark.parametrize("database", ["sqlite"])
def test_a_lock_file_that_cannot_be_made_is_told(store: Store) -> None:
    assert store.path is not None
    store.path.with_name("sales.db.lock").mkdir()
    with pytest.raises(StoreError, match="lock file"):
        RunLock(store).acquire()
