"""What the daemon answers over HTTP."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import URL, text

from salesdaemon.application import Application
from salesdaemon.daemon import Daemon
from salesdaemon.sounds import FILE_NAMES, media_type, read_sound
from salesdaemon.store import outbox
from salesdaemon.store.channels import note_failure
from salesdaemon.store.engine import Store
from salesdaemon.store.lock import RunLock
from salesdaemon.store.outbox import OutboxEntry
from salesdaemon.web.app import Health, make_app
from salesdaemon.web.server import WebServer
from tests.config_file import SHOP, loader
from tests.databases import PostgreSQL
from tests.factories import SEEN_AT, account, batch, item, record_in, sale

NOW = SEEN_AT
CHANNELS = '[channels.phone]\nurl = "json://127.0.0.1:9/"\n'


@pytest.fixture
async def daemon(store_url: URL, tmp_path: Path) -> AsyncIterator[Daemon]:
    """Build a daemon that does not run; its shop is polled by hand."""
    address = store_url.render_as_string(hide_password=False)
    settings = loader(tmp_path)(f'[database]\nurl = "{address}"\n{SHOP}{CHANNELS}')
    async with Application(settings, clock=lambda: NOW) as app:
        yield Daemon(app, RunLock(app.store))


@pytest.fixture
async def client(daemon: Daemon) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(make_app(Health(daemon.reasons, daemon.metrics)))
    async with httpx.AsyncClient(transport=transport, base_url="http://loopback") as made:
        yield made


def polled(daemon: Daemon, ago: timedelta = timedelta(0), **changes: Any) -> None:
    """Let the daemon's shop have been polled."""
    (poller,) = daemon.pollers
    poller.first_poll_done = True
    poller.journal.record = replace(poller.journal.record, last_good_poll=NOW - ago, **changes)


async def ready(client: httpx.AsyncClient) -> tuple[int, Any]:
    answer = await client.get("/readyz")
    return answer.status_code, answer.json()


def not_ready(**reasons: str) -> tuple[int, Any]:
    named = {name.replace("_", " "): reason for name, reason in reasons.items()}
    return 503, {"ready": False, "reasons": named}


async def test_healthz_answers_while_the_process_lives(
    client: httpx.AsyncClient, store: Store
) -> None:
    with store.write() as connection:
        connection.execute(text("DROP TABLE alembic_version"))
    answer = await client.get("/healthz")
    assert (answer.status_code, answer.text) == (200, "ok\n")


async def test_a_daemon_whose_shops_were_polled_is_ready(
    daemon: Daemon, client: httpx.AsyncClient
) -> None:
    polled(daemon, timedelta(minutes=3))
    assert await ready(client) == (200, {"ready": True, "reasons": {}})


async def test_before_its_first_poll_it_is_not(client: httpx.AsyncClient) -> None:
    assert await ready(client) == not_ready(shop_templates="It was not polled yet.")


async def test_a_shop_not_polled_within_three_intervals_is_named(
    daemon: Daemon, client: httpx.AsyncClient
) -> None:
    polled(daemon, timedelta(hours=1))
    assert await ready(client) == not_ready(
        shop_templates="The last good poll was at 2026-11-20T08:00:30+00:00."
    )
    polled(daemon, timedelta(hours=1), problem="Gumroad answered 503.")
    assert await ready(client) == not_ready(shop_templates="Gumroad answered 503.")


async def test_a_schema_that_is_not_current_is_a_reason(
    daemon: Daemon, client: httpx.AsyncClient, store: Store
) -> None:
    polled(daemon)
    with store.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    assert await ready(client) == not_ready(database="The migrations are not current.")


@pytest.mark.parametrize("database", ["postgresql"])
async def test_a_database_that_does_not_answer_is_a_reason(
    daemon: Daemon, client: httpx.AsyncClient, postgresql_server: PostgreSQL, store_url: URL
) -> None:
    polled(daemon)
    postgresql_server.drop(store_url)
    assert await ready(client) == not_ready(database="The database is out of reach.")


async def figures(client: httpx.AsyncClient) -> dict[str, float]:
    """Read our own figures, each by its name and label."""
    answer = await client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return {
        f"{sample.name} {' '.join(sample.labels.values())}": sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
        if sample.name.startswith("salesdaemon_")
    }


async def test_metrics_tell_how_it_runs(
    daemon: Daemon, client: httpx.AsyncClient, store: Store
) -> None:
    polled(daemon, account_id=account(store).id, login_needed=True)
    record_in(store, batch(sale(), sale("s2"), set_aside=[_Broken()]))
    with store.write() as connection:
        (first, _) = outbox.list_due(connection, "phone", NOW)
        outbox.mark_failed(connection, [first.id], "401", NOW)
        note_failure(connection, "phone", "401", NOW, permanent=True)
    assert await figures(client) == {
        "salesdaemon_shop_last_good_poll_timestamp_seconds templates": NOW.timestamp(),
        "salesdaemon_shop_interval_seconds templates": 60.0,
        "salesdaemon_shop_login_needed templates": 1.0,
        "salesdaemon_shop_set_aside_orders templates": 1.0,
        "salesdaemon_channel_failing phone": 1.0,
        "salesdaemon_outbox_waiting_messages phone": 1.0,
        "salesdaemon_outbox_failed_messages phone": 1.0,
    }


class _Broken:
    """An order that could not be read."""

    external_id = "broken-canary"
    reason = "A text stands where a number belongs (at price)"


async def test_metrics_and_reasons_show_no_amount_and_no_title(
    daemon: Daemon, client: httpx.AsyncClient, store: Store
) -> None:
    polled(daemon, timedelta(hours=1), account_id=account(store).id)
    telltale = sale(
        "sale-canary",
        gross_minor=7654321,
        fees_minor=1234567,
        items=(item(7654321, product="Title canary", product_id="product-canary"),),
    )
    record_in(store, batch(telltale, set_aside=[_Broken()]))
    with store.write() as connection:
        words = OutboxEntry("phone", "e", "trouble", "on", NOW, title="Word canary", body="canary")
        outbox.enqueue(connection, [words])
    for path in ("/metrics", "/readyz", "/healthz"):
        shown = (await client.get(path)).text
        assert not re.search(r"canary|76543|64197|12345", shown)


async def test_nothing_else_is_there(client: httpx.AsyncClient) -> None:
    assert (await client.get("/")).status_code == 404
    assert (await client.post("/readyz")).status_code == 405


async def _serve(server: WebServer, ask: Callable[[], Any]) -> None:
    task = asyncio.create_task(server.run())
    try:
        await ask()
    finally:
        server.stop()
        await asyncio.wait_for(task, 10)


async def test_it_listens_where_it_is_told_and_stops(caplog: pytest.LogCaptureFixture) -> None:
    async def no_reasons() -> dict[str, str]:
        return {}

    async def no_figures() -> bytes:
        return b""

    caplog.set_level("INFO", "salesdaemon.web.server")
    server = WebServer(make_app(Health(no_reasons, no_figures)), "127.0.0.1", 0)

    async def ask() -> None:
        while not caplog.messages:  # noqa: ASYNC110 - the log is all there is to see
            await asyncio.sleep(0.01)
        address = caplog.messages[0].removeprefix("web_listening address=")
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.get(f"http://{address}/readyz")
        assert (answer.status_code, answer.json()) == (200, {"ready": True, "reasons": {}})
        assert "server" not in answer.headers

    await _serve(server, ask)


@pytest.mark.parametrize("name", FILE_NAMES)
async def test_a_phone_can_download_the_sound(client: httpx.AsyncClient, name: str) -> None:
    answer = await client.get(f"/sounds/{name}")
    assert (answer.status_code, answer.content) == (200, read_sound(name))
    assert answer.headers["content-type"] == media_type(name)
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'


@pytest.mark.parametrize("name", ["synthesis.py", "SHA256SUMS", "..%2f__init__.py", "KACHING.MP3"])
async def test_no_other_file_is_handed_out(client: httpx.AsyncClient, name: str) -> None:
    answer = await client.get(f"/sounds/{name}")
    assert answer.status_code == 404
    assert "salesdaemon" not in answer.text
