"""The dead man's switch hears of us while all is well, and only then."""

import logging
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import URL, text

from salesdaemon.application import Application
from salesdaemon.daemon import Daemon
from salesdaemon.heartbeat import Heartbeat, failing_channels
from salesdaemon.http import Http
from salesdaemon.store.channels import note_failure, note_success, review_channels
from salesdaemon.store.engine import Store
from salesdaemon.store.lock import RunLock
from tests.config_file import SHOP, loader
from tests.notify.listener import Listener, Reply

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HEALTHCHECKS = "/ping/5b1c2a5e-0000-4000-8000-c0ffee5ec7e7"
KUMA = "/api/push/c0ffee5ec7?status=up&msg=OK&ping="
SECRET = "c0ffee5ec7"

Make = Callable[[str], Heartbeat]


@pytest.fixture
def service() -> Iterator[Listener]:
    server = Listener()
    with server.serving():
        yield server


@pytest.fixture
async def heartbeat(service: Listener) -> AsyncIterator[Make]:
    async with Http(user_agent="test", timeout_seconds=2, attempts=1) as http:
        yield lambda path: Heartbeat(http, f"http://{service.host}{path}")


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    caplog.set_level(logging.INFO, "salesdaemon")

    def _take() -> list[str]:
        taken = [record.getMessage() for record in caplog.records if record.name != "httpx"]
        caplog.clear()
        return taken

    return _take


@pytest.mark.parametrize("path", [HEALTHCHECKS, KUMA], ids=["healthchecks", "uptime kuma"])
async def test_while_all_is_well_the_address_is_asked_as_it_was_given(
    service: Listener, heartbeat: Make, lines: Callable[[], list[str]], path: str
) -> None:
    switch = heartbeat(path)
    assert [await switch.beat({}), await switch.beat({})] == [True, True]
    assert [(one.method, one.url, one.body) for one in service.received] == [
        ("GET", f"http://{service.host}{path}", b"")
    ] * 2
    assert lines() == []


async def test_while_something_is_wrong_nothing_is_sent_and_the_log_says_why_once(
    service: Listener, heartbeat: Make, lines: Callable[[], list[str]]
) -> None:
    switch = heartbeat(HEALTHCHECKS)
    reasons = {"shop prints": "It was not polled yet.", "database": "It is out of reach."}
    assert [await switch.beat(reasons), await switch.beat(reasons)] == [False, False]
    assert service.received == []
    assert lines() == ["heartbeat_withheld why=database, shop prints"]
    assert await switch.beat({}) is True
    assert lines() == ["heartbeat_resumed"]


@pytest.mark.parametrize(
    ("reply", "what"),
    [
        (Reply(404, '{"ok":false,"msg":"Monitor not found."}'), "answered with HTTP 404."),
        (Reply(500), "answered with HTTP 500."),
        (Reply(200, "OK (not found)"), "does not know this address."),
        (Reply(302, "", {"Location": "http://127.0.0.1:9/"}), "answered with HTTP 302."),
    ],
    ids=["unknown monitor", "broken", "unknown check", "redirect"],
)
async def test_a_refusal_is_logged_without_the_address(
    service: Listener,
    heartbeat: Make,
    lines: Callable[[], list[str]],
    reply: Reply,
    what: str,
) -> None:
    service.replies = [reply]
    switch = heartbeat(KUMA)
    assert [await switch.beat({}), await switch.beat({})] == [False, False]
    assert len(service.received) == 2
    assert lines() == [f"heartbeat_failed what=The service {what}"]


async def test_a_service_that_is_away_stops_nothing_and_its_address_stays_secret(
    lines: Callable[[], list[str]],
) -> None:
    with socket.socket() as taken:  # bound, and nobody listens
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}{KUMA}"
        async with Http(user_agent="test", attempts=1) as http:
            switch = Heartbeat(http, address)
            assert await switch.beat({}) is False
    told = lines()
    assert told == ["heartbeat_failed what=The connection to 127.0.0.1 broke (ConnectError)."]
    assert SECRET not in f"{told}{switch!r}"


@pytest.fixture
async def daemon(store_url: URL, tmp_path: Path, service: Listener) -> AsyncIterator[Daemon]:
    """Build a daemon that does not run; its shop is polled by hand."""
    address = store_url.render_as_string(hide_password=False)
    config = f'[database]\nurl = "{address}"\n{SHOP}[channels.phone]\nurl = "json://127.0.0.1:9/"\n'
    async with Application(loader(tmp_path)(config), clock=lambda: NOW) as app:
        yield Daemon(app, RunLock(app.store))


async def test_the_daemon_gives_it_while_all_that_it_does_is_well(
    daemon: Daemon, heartbeat: Make, service: Listener, store: Store
) -> None:
    switch = heartbeat(HEALTHCHECKS)
    (poller,) = daemon.pollers

    async def beats() -> bool:
        before = len(service.received)
        await daemon._beat(switch)
        return len(service.received) > before

    found = [await beats()]
    poller.first_poll_done = True
    poller.journal.record = replace(poller.journal.record, last_good_poll=NOW)
    found.append(await beats())
    with store.write() as connection:
        note_failure(connection, "phone", "It refused.", NOW, permanent=True)
    found.append(await beats())
    with store.write() as connection:
        note_success(connection, "phone", NOW)
    found.append(await beats())
    with store.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    found.append(await beats())
    assert found == [False, True, False, True, False]


def test_a_channel_that_was_told_to_fail_withholds_it(store: Store) -> None:
    with store.write() as connection:
        note_failure(connection, "phone", "ntfy answered 401.", NOW, permanent=True)
        note_failure(connection, "desk", "Gotify answered 503.", NOW, permanent=False)
        note_failure(connection, "gone", "It is no more.", NOW, permanent=True)
    names = ["phone", "desk"]
    assert failing_channels(store, names) == {"channel phone": "ntfy answered 401."}
    with store.write() as connection:
        review_channels(connection, names, NOW + timedelta(minutes=10))
    assert failing_channels(store, names) == {
        "channel phone": "ntfy answered 401.",
        "channel desk": "Gotify answered 503.",
    }
