"""The store beside the marketplace: every planted difference is found, and nothing else is."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import URL, Connection, Table, delete, insert, select, update

from salesdaemon import marketplaces
from salesdaemon.application import Application
from salesdaemon.errors import MarketplaceError, WrongAccountError
from salesdaemon.poller.shop import ShopPoller
from salesdaemon.reconciling import Reconciled, reconcile_shop
from salesdaemon.store.accounts import bind
from salesdaemon.store.imports import record_imported
from salesdaemon.store.lock import RunLock
from salesdaemon.store.tables import (
    arrivals,
    as_listed,
    changes,
    dirty_days,
    entries,
    items,
    outbox,
    sales,
)
from tests.config_file import loader
from tests.databases import image
from tests.factories import sale
from tests.fakes.asgi import AsgiHttp
from tests.marketplaces.harness import BaseHarness, Clock, load
from tests.poller.world import MINUTE

CONFIG = """
timezone = "Europe/Berlin"
currency = "EUR"
[database]
url = "{database}"
[secrets]
key_file = "{folder}/secret.key"
[channels.phone]
url = "json://127.0.0.1:9/"
[alerts]
channels = ["phone"]
"""
SHOPS = {
    "etsy": '[shops.shop]\nmarketplace = "etsy"\nkeystring = "SECRET-keystring"\n'
    'shared_secret = "SECRET-shared"\napi_url = "http://127.0.0.1"\nauth_url = "http://127.0.0.1"\n',
    "gumroad": '[shops.shop]\nmarketplace = "gumroad"\naccess_token = "SECRET-token"\n'
    'request_gap = "0s"\napi_url = "http://127.0.0.1"\n',
}
TOLD = (outbox, arrivals, changes)


class Stage:
    """A shop of a pretend vendor, and an installation that polls it."""

    def __init__(self, slug: str, folder: Path, url: URL) -> None:
        self.clock = Clock()
        self.vendor: BaseHarness = load(slug)(self.clock)
        head = CONFIG.format(database=url.render_as_string(hide_password=False), folder=folder)
        self.app = Application(loader(folder)(head + SHOPS[slug]), clock=self.clock)
        self.app.http = cast("Any", AsgiHttp(self.vendor.app, self.clock))
        login = self.vendor.login()
        if login is not None:
            self.app.login("shop")._save(login)
        self.poller: ShopPoller = self.app.poller("shop")

    async def ticks(self, count: int = 4) -> None:
        """Let the daemon poll and read on."""
        for _ in range(count):
            self.clock.advance(minutes=1)
            await self.poller.tick(MINUTE)

    async def days(self, count: int = 1) -> None:
        """Let days pass until every sweep has been done."""
        for _ in range(count):
            self.clock.advance(days=1)
            await self.poller.tick(MINUTE)
            await self.ticks(2)

    async def reconcile(self, days: int = 30, *, fix: bool = False) -> Reconciled:
        return await reconcile_shop(self.app, "shop", days, fix=fix)

    async def found(self, days: int = 30) -> list[tuple[str | None, str]]:
        return [(each.sale_id, each.what) for each in (await self.reconcile(days)).differences]

    def plant(self, *statements: Any) -> None:
        with self.app.store.write() as connection:
            for statement in statements:
                connection.execute(statement)

    def rows(self, table: Table) -> list[Any]:
        with self.app.store.read() as connection:
            return sorted(connection.execute(select(table)), key=repr)

    def told(self) -> list[Any]:
        return [row for table in TOLD for row in self.rows(table)]


@pytest.fixture(params=marketplaces.available())
def slug(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def stage(slug: str, tmp_path: Path, store_url: URL) -> AsyncIterator[Stage]:
    opened = Stage(slug, tmp_path, store_url)
    yield opened
    opened.app.store.close()


only_etsy = pytest.mark.parametrize("slug", ["etsy"])
on_sqlite = pytest.mark.parametrize("database", ["sqlite"])


def of(table: Table, sale_id: str) -> Any:
    return table.c.external_id == sale_id


def changed(sale_id: str, **values: Any) -> Any:
    return update(sales).where(of(sales, sale_id)).values(values)


def changed_item(sale_id: str, **values: Any) -> Any:
    return update(items).where(of(items, sale_id), items.c.position == 0).values(values)


def forgotten(sale_id: str) -> list[Any]:
    tables = (arrivals, changes, as_listed, items, sales)
    return [delete(table).where(of(table, sale_id)) for table in tables]


def copied(connection: Connection, sale_id: str, as_id: str, **values: Any) -> None:
    for table in (sales, items):
        for row in connection.execute(select(table).where(of(table, sale_id))).mappings().all():
            facts = {**row, "external_id": as_id, **(values if table is sales else {})}
            connection.execute(insert(table).values(facts))


@on_sqlite
async def test_an_untouched_store_equals_its_marketplace(stage: Stage) -> None:
    stage.vendor.fill_history(60, days=40)
    for _ in range(10):
        await stage.ticks(2)
        stage.vendor.sell_plausible()
    await stage.days(2)
    before = image(stage.app.store)
    result = await stage.reconcile()
    assert result.differences == []
    assert result.orders > 30
    assert result.complete
    assert result.repaired is None
    after = image(stage.app.store)
    assert after == before


Plant = tuple[Callable[[str], list[Any]], set[str]]
PLANTS: dict[str, Plant] = {
    "missing": (forgotten, {"missing"}),
    "status": (lambda key: [changed(key, status="cancelled")], {"status"}),
    "kind": (lambda key: [changed(key, kind="renewal")], {"kind"}),
    "currency": (lambda key: [changed(key, currency="AUD")], {"currency"}),
    "gross": (lambda key: [changed(key, gross_minor=1)], {"gross"}),
    "refunded": (lambda key: [changed(key, refunded_minor=1)], {"refunded"}),
    "refunded_exact": (lambda key: [changed(key, refunded_exact=False)], {"refunded_exact"}),
    "fees": (lambda key: [changed(key, fees_minor=1)], {"fees"}),
    "fees_refunded": (lambda key: [changed(key, fees_refunded_minor=1)], {"fees_refunded"}),
    "affiliate": (lambda key: [changed(key, affiliate_minor=1)], {"affiliate"}),
    "net": (lambda key: [changed(key, net_minor=1)], {"net"}),
    "fees_exact": (lambda key: [changed(key, fees_exact=None)], {"fees_exact"}),
    "paid": (lambda key: [changed(key, paid=False)], {"paid"}),
    "country": (lambda key: [changed(key, country="AQ")], {"country"}),
    "charged": (lambda key: [changed(key, charged_minor=1)], {"charged"}),
    "shipping": (lambda key: [changed(key, shipping_minor=1)], {"shipping"}),
    "sold_on": (lambda key: [changed(key, sold_on=date(2026, 1, 1))], {"sold_on"}),
    "settled": (
        lambda key: [changed(key, settled_currency="AUD", settled_net_minor=1)],
        {"settled"},
    ),
    "item's gross": (lambda key: [changed_item(key, gross_minor=1)], {"items"}),
    "item's quantity": (lambda key: [changed_item(key, quantity=77)], {"items"}),
    "item's product": (lambda key: [changed_item(key, product_id="another")], {"items"}),
    "item's class": (lambda key: [changed_item(key, passive=None)], {"items"}),
    "item gone": (lambda key: [delete(items).where(of(items, key))], {"items"}),
}


async def sell(stage: Stage, count: int) -> list[str]:
    """Sell things over some days before now and let the daemon learn of them."""
    start = stage.clock()
    sold = [
        stage.vendor.sell(created_at=start - timedelta(hours=5 * number + 2))
        for number in range(count)
    ]
    await stage.days(2)
    assert await stage.found() == []
    return sold


async def test_each_planted_difference_is_found_and_nothing_else(stage: Stage) -> None:
    sold = await sell(stage, len(PLANTS) + 3)
    planted = dict(zip(PLANTS, sold, strict=False))
    fees_exact = {row.external_id: row.fees_exact for row in stage.rows(sales)}
    for name, key in planted.items():
        statements = (
            [changed(key, fees_exact=not fees_exact[key])]
            if name == "fees_exact"
            else PLANTS[name][0](key)
        )
        stage.plant(*statements)
    with stage.app.store.write() as connection:
        copied(connection, sold[-1], "extra")
    expected = {(key, what) for name, key in planted.items() for what in PLANTS[name][1]}
    expected.add(("extra", "extra"))
    assert set(await stage.found()) == expected
    told = stage.told()
    result = await stage.reconcile(fix=True)
    assert result.repaired == len(PLANTS) + 1
    assert await stage.found() == []
    lost = {row for row in told if row not in stage.told()}
    assert {row.external_id for row in lost} == set()
    assert [row for row in stage.told() if row not in told] == []


@only_etsy
async def test_each_planted_difference_of_the_books_is_found(stage: Stage) -> None:
    sold = await sell(stage, 8)
    fees = [
        row for row in stage.rows(entries) if row.kind == "item_fee" and row.of_sale in sold[:4]
    ]
    by_sale = {row.of_sale: row for row in fees}
    gone, other, moved, late = (by_sale[key] for key in sold[:4])

    def of_entry(row: Any) -> Any:
        return entries.c.entry_id == row.entry_id

    stage.plant(
        delete(entries).where(of_entry(gone)),
        update(entries).where(of_entry(other)).values(amount=-1),
        update(entries).where(of_entry(moved)).values(of_sale=sold[5]),
        update(entries).where(of_entry(late)).values(kind="other"),
        insert(entries).values({**moved._mapping, "entry_id": "extra", "of_sale": sold[6]}),
    )
    result = await stage.reconcile()
    assert sorted((each.sale_id, each.what) for each in result.differences) == sorted(
        [
            (sold[0], "entry missing"),
            (sold[1], "entry"),
            (sold[5], "entry"),
            (sold[3], "entry"),
            (sold[6], "entry extra"),
        ]
    )
    (missing,) = [each for each in result.differences if each.what == "entry missing"]
    assert (missing.stored, str(missing.source).split(" of ")[0]) == (
        None,
        f"{gone.entry_id}: item_fee (transaction)",
    )
    assert (await stage.reconcile(fix=True)).repaired == 5
    assert await stage.found() == []


@on_sqlite
async def test_differences_come_oldest_first_with_both_values(stage: Stage) -> None:
    newest, _, oldest = await sell(stage, 3)
    stage.plant(changed(newest, gross_minor=1), changed(oldest, gross_minor=2))
    result = await stage.reconcile()
    assert [(each.sale_id, each.stored) for each in result.differences] == [
        (oldest, "0.02"),
        (newest, "0.01"),
    ]
    assert {each.source for each in result.differences} == {"12.00"}


async def test_what_changed_at_the_marketplace_is_found(stage: Stage) -> None:
    kept, refunded = await sell(stage, 2)
    stage.vendor.refund(refunded)
    new = stage.vendor.sell()
    found = await stage.found()
    assert (new, "missing") in found
    assert {(refunded, "status"), (refunded, "refunded")} <= set(found)
    assert kept not in {sale_id for sale_id, _ in found}
    await stage.reconcile(fix=True)
    assert await stage.found() == []


async def test_what_a_repair_stored_rings_once_when_it_is_polled(stage: Stage) -> None:
    await sell(stage, 1)
    before = stage.rows(outbox)
    new = stage.vendor.sell()
    await stage.reconcile(fix=True)
    assert await stage.found() == []
    assert stage.rows(outbox) == before
    await stage.ticks(3)
    rung = [row.external_id for row in stage.rows(outbox) if row not in before]
    assert rung == [new]


@on_sqlite
async def test_a_repaired_sale_that_rang_rings_no_more(stage: Stage) -> None:
    (sold,) = await sell(stage, 1)
    await stage.ticks(1)
    stage.vendor.sell()
    await stage.ticks(2)
    told = stage.told()
    stage.plant(changed(sold, gross_minor=1))
    await stage.reconcile(fix=True)
    await stage.days(2)
    assert stage.told() == told


async def test_an_extra_takes_along_what_was_still_to_be_told(stage: Stage) -> None:
    (sold,) = await sell(stage, 1)
    with stage.app.store.write() as connection:
        copied(connection, sold, "extra")
    waiting = {
        "channel": "phone",
        "kind": "sale",
        "level": "on",
        "missed": False,
        "attempts": 0,
        "account_id": stage.poller.account.id,
        "external_id": "extra",
        "created_at": stage.clock(),
        "not_before": stage.clock(),
    }
    stage.plant(
        insert(outbox).values(**waiting, event="sale:extra"),
        insert(outbox).values(**waiting, event="refund:extra", delivered_at=stage.clock()),
    )
    await stage.reconcile(fix=True)
    kept = [row.event for row in stage.rows(outbox) if row.external_id == "extra"]
    assert kept == ["refund:extra"]
    assert [row for row in stage.rows(sales) if row.external_id == "extra"] == []


async def test_what_was_imported_is_listed_as_extra_and_kept(stage: Stage) -> None:
    (sold,) = await sell(stage, 1)
    day = stage.clock().date() - timedelta(days=5)
    noon = datetime.combine(day, datetime.min.time(), stage.clock().tzinfo) + timedelta(hours=12)
    old = sale("from-file", sold_on=day, created_at=noon, paid_at=noon)
    with stage.app.store.write() as connection:
        zone = stage.app.settings.zone
        record_imported(connection, stage.poller.account.id, [old], (), zone)
    for fix in (False, True):
        result = await stage.reconcile(fix=fix)
        assert [(each.sale_id, each.what, each.stored) for each in result.differences] == [
            ("from-file", "extra", "paid 12.00 EUR (imported)")
        ]
    assert {row.external_id for row in stage.rows(sales)} == {sold, "from-file"}


async def test_an_imported_sale_is_compared_by_what_files_know(stage: Stage) -> None:
    same, wrong = await sell(stage, 2)
    for key in (same, wrong):
        stage.plant(
            changed(key, source="import", paid_at=None, country=None, fingerprint=1),
            changed_item(key, product_id=None, line_id=None, passive=None),
        )
    stage.plant(changed(wrong, gross_minor=1))
    assert await stage.found() == [(wrong, "gross")]
    await stage.reconcile(fix=True)
    assert await stage.found() == []


@on_sqlite
async def test_the_title_that_a_product_had_is_no_difference_and_is_kept(stage: Stage) -> None:
    (sold,) = await sell(stage, 1)
    stage.plant(changed_item(sold, product="As it was called"))
    assert await stage.found() == []
    stage.plant(changed(sold, gross_minor=1))
    await stage.reconcile(fix=True)
    assert [row.product for row in stage.rows(items)] == ["As it was called"]


@on_sqlite
async def test_repaired_days_are_summed_anew(stage: Stage) -> None:
    (sold,) = await sell(stage, 1)
    stage.plant(delete(dirty_days), changed(sold, sold_on=date(2026, 1, 1)))
    await stage.reconcile(fix=True)
    (row,) = stage.rows(sales)
    assert {each.day for each in stage.rows(dirty_days)} == {date(2026, 1, 1), row.sold_on}


@on_sqlite
async def test_only_the_days_asked_for_are_compared(stage: Stage) -> None:
    recent = stage.vendor.sell(created_at=stage.clock() - timedelta(days=1))
    older = stage.vendor.sell(created_at=stage.clock() - timedelta(days=9))
    await stage.days(2)
    stage.plant(changed(recent, gross_minor=1), changed(older, gross_minor=1))
    assert await stage.found(7) == [(recent, "gross")]
    assert sorted(await stage.found(100_000)) == sorted([(recent, "gross"), (older, "gross")])


@only_etsy
@on_sqlite
async def test_books_that_contradict_the_order_are_shown_and_not_mended(stage: Stage) -> None:
    (sold,) = await sell(stage, 1)
    ledger = cast("Any", stage.vendor).etsy.ledger
    kinds = [ledger._kind_names[kind] for kind in ledger._kind]
    ledger._amount[kinds.index("PAYMENT_GROSS")] += 100
    contradictions = [(sold, "charged in the books"), (sold, "gross in the books")]
    assert sorted(await stage.found()) == sorted([*contradictions, (sold, "entry")])
    await stage.reconcile(fix=True)
    result = await stage.reconcile()
    assert [(each.sale_id, each.what) for each in result.differences] == contradictions
    assert [(each.stored, each.source) for each in result.differences][1] == ("12.00", "13.00")


@on_sqlite
async def test_a_repair_that_was_stopped_is_finished_by_the_next(stage: Stage) -> None:
    sold = await sell(stage, 3)
    stage.plant(*(changed(key, gross_minor=1) for key in sold))
    found = await stage.found()
    stage.plant(changed(sold[0], gross_minor=1200))  # all that the stopped one had come to
    assert await stage.found() == [each for each in found if each[0] != sold[0]]
    await stage.reconcile(fix=True)
    assert await stage.found() == []


# What cannot be read


@on_sqlite
async def test_with_an_order_that_cannot_be_read_nothing_is_called_extra(stage: Stage) -> None:
    good, spoilt = await sell(stage, 2)
    stage.vendor.spoil(spoilt)
    stage.plant(changed(good, gross_minor=1))
    result = await stage.reconcile(fix=True)
    assert [each.external_id for each in result.unreadable] == [spoilt]
    assert not result.complete
    assert [(each.sale_id, each.what) for each in result.differences] == [(good, "gross")]
    assert {row.external_id for row in stage.rows(sales)} == {good, spoilt}


@on_sqlite
async def test_a_source_that_breaks_off_is_no_comparison(stage: Stage) -> None:
    (sold, _) = await sell(stage, 2)
    stage.plant(changed(sold, gross_minor=1))
    before = stage.rows(sales)
    for _ in range(9):
        stage.vendor.misbehave("503")
    with pytest.raises(MarketplaceError):
        await stage.reconcile(fix=True)
    assert stage.rows(sales) == before


@on_sqlite
async def test_a_wait_that_was_asked_for_is_kept_and_respected(stage: Stage) -> None:
    await sell(stage, 1)
    stage.vendor.misbehave("429 with Retry-After")
    for _ in range(8):
        stage.vendor.misbehave("429 with Retry-After")
    with pytest.raises(MarketplaceError):
        await stage.reconcile()
    stage.vendor.clear_faults()
    with pytest.raises(MarketplaceError) as caught:
        await stage.reconcile()
    assert str(caught.value).startswith("It asked us to wait until 2026-")


@on_sqlite
async def test_another_account_under_the_shops_name_is_refused(stage: Stage) -> None:
    with stage.app.store.write() as connection:
        slug = stage.vendor.marketplace.slug
        bind(connection, shop="shop", marketplace=slug, external_id="a1", configured={})
    with pytest.raises(WrongAccountError):
        await stage.reconcile()


async def test_a_shop_of_which_nothing_is_stored_misses_everything(stage: Stage) -> None:
    sold = stage.vendor.sell()
    before = image(stage.app.store)
    assert (sold, "missing") in await stage.found()
    assert image(stage.app.store) == before
    await stage.reconcile(fix=True)
    assert await stage.found() == []
    await stage.ticks(3)
    assert stage.rows(outbox) == []


# While the daemon runs


@asynccontextmanager
async def running(stage: Stage) -> AsyncIterator[None]:
    lock = RunLock(stage.app.store)
    lock.acquire()
    try:
        yield
    finally:
        lock.release()


@on_sqlite
async def test_what_a_running_daemon_has_not_had_its_turn_for_is_no_difference(
    stage: Stage,
) -> None:
    (sold,) = await sell(stage, 1)
    stage.vendor.sell()
    stage.plant(changed(sold, gross_minor=1))
    async with running(stage):
        assert await stage.found() == [(sold, "gross")]
    stage.clock.advance(minutes=10)
    async with running(stage):
        assert "missing" in {what for _, what in await stage.found()}
