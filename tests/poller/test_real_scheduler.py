"""The daemon with its own scheduler and the machine's clock, fifty polls a second."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from salesdaemon import marketplaces
from salesdaemon.application import Application
from salesdaemon.daemon import Daemon
from salesdaemon.domain.summary import StoredSale
from salesdaemon.settings_models import Settings
from salesdaemon.store.engine import Store
from salesdaemon.store.lock import RunLock
from salesdaemon.store.outbox import list_alerts
from salesdaemon.store.sales import SaleFilter, list_sales
from tests.config_file import loader
from tests.databases import SqliteFiles
from tests.fakes.asgi import AsgiHttp
from tests.fakes.http import FakeReply
from tests.marketplaces.harness import BaseHarness, load

EVERY = timedelta(milliseconds=20)
POLLS = 1440
SLACK = 15  # polls that pass while the sweep itself reads
DAY = timedelta(days=1)


def now() -> datetime:
    return datetime.now(UTC)


class Loopback:
    """Leads each request to the vendor whose address it names, and counts polls of a vendor."""

    def __init__(self, vendors: Mapping[str, BaseHarness]) -> None:
        self._apps = {address(slug): AsgiHttp(v.app, now) for slug, v in vendors.items()}

    async def request(self, method: str, url: str, **how: Any) -> FakeReply:
        base = "/".join(url.split("/")[:3])
        return await self._apps[base].request(method, url, **how)

    async def close(self) -> None:
        pass


def address(slug: str) -> str:
    return f"https://{slug}.example.com"


def quick(settings: Settings, vendors: Mapping[str, BaseHarness]) -> Settings:
    """Poll each vendor's shop more often than a configuration may say."""
    shops = {
        slug: vendor.settings(address(slug)).model_copy(update={"poll_every": EVERY})
        for slug, vendor in vendors.items()
    }
    return settings.model_copy(update={"shops": shops})


@pytest.fixture
def vendors() -> dict[str, BaseHarness]:
    return {slug: load(slug)(now) for slug in marketplaces.available()}


@pytest.fixture
def settings(
    tmp_path: Path, sqlite_files: SqliteFiles, vendors: dict[str, BaseHarness]
) -> Settings:
    url = sqlite_files.create_migrated(tmp_path)
    text = f'[database]\nurl = "sqlite:///{url.database}"\n[web]\nport = 0\n'
    text += '[channels.phone]\nurl = "json://127.0.0.1:9/"\n'
    shop = '[shops.any]\nmarketplace = "gumroad"\naccess_token = "any"\n'
    return quick(loader(tmp_path)(text + shop), vendors)


def sales(store: Store) -> dict[str, StoredSale]:
    with store.read() as connection:
        return {sale.sale_id: sale for sale in list_sales(connection, SaleFilter(), {})}


async def until(look: Callable[[], bool], daemon: Daemon, what: str) -> None:
    for _ in range(1000):
        if look():
            return
        await asyncio.sleep(0.1)
    pytest.fail(f"It did not come to that: {what}")


async def test_old_refunds_and_late_listings_are_found_within_so_many_polls(
    settings: Settings, vendors: dict[str, BaseHarness]
) -> None:
    old = {slug: vendor.sell(created_at=now() - 100 * DAY) for slug, vendor in vendors.items()}
    app = Application(settings)
    app.http = cast("Any", Loopback(vendors))
    async with app:
        for slug, vendor in vendors.items():
            login = vendor.login()
            if login is not None:
                await app.login(slug).save(login)
        app.prepare_store(migrate=True)
        daemon = Daemon(app, RunLock(app.store))
        polls = {poller.shop.name: counting(poller) for poller in daemon.pollers}
        running = asyncio.create_task(daemon.run())
        await until(lambda: sales(app.store).keys() >= {*old.values()}, daemon, "history is stored")
        late = {
            slug: vendor.sell(created_at=now() - 6 * DAY, listed_at=now())
            for slug, vendor in vendors.items()
        }
        for slug, vendor in vendors.items():
            vendor.refund(old[slug])
        begun = {slug: count[0] for slug, count in polls.items()}
        found: dict[str, int] = {}
        wanted = {f"late {slug}" for slug in vendors} | {f"refund {slug}" for slug in vendors}

        def look() -> bool:
            stored = sales(app.store)
            for slug in vendors:
                seen = polls[slug][0] - begun[slug]
                if late[slug] in stored:
                    found.setdefault(f"late {slug}", seen)
                if stored[old[slug]].status == "refunded":
                    found.setdefault(f"refund {slug}", seen)
            return found.keys() == wanted

        await until(look, daemon, "all is found")
        with app.store.read() as connection:
            told = list_alerts(connection, failed_only=False, limit=99)
        daemon._stop.set()
        assert await running == 0
    assert {what: polls for what, polls in found.items() if polls > POLLS + SLACK} == {}
    assert {row["sale_id"] for row in told if row["kind"] == "sale"} == {*late.values()}
    assert {row["sale_id"] for row in told if row["kind"] == "refund"} == {*old.values()}
    assert len([row for row in told if row["sale_id"]]) == 2 * len(vendors)


def counting(poller: Any) -> list[int]:
    """Count the polls of a shop, from its feed's first question of each."""
    count = [0]
    fetch = poller.shop.feed.fetch_newest

    async def counted(window: Any, cursor: str | None) -> Any:
        count[0] += cursor is None
        return await fetch(window, cursor)

    poller.shop.feed.fetch_newest = counted
    return count
