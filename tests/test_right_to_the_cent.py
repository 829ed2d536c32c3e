"""Two thousand orders in four currencies: every view agrees with the shops' own books."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from beancount import loader
from beancount.core import data

from salesdaemon.collecting import Wanted, collect
from salesdaemon.digest.content import to_json
from salesdaemon.domain.bookkeeping import to_transactions
from salesdaemon.domain.digests import DigestKind
from salesdaemon.domain.journal import Program, render
from salesdaemon.domain.money import to_decimal, to_text
from salesdaemon.domain.period import Period
from salesdaemon.domain.report import report_json, sale_json
from salesdaemon.domain.summary import StoredSale
from salesdaemon.settings_models import Settings
from salesdaemon.store.bookkeeping import list_sales_days, list_settlements
from salesdaemon.store.engine import Store
from salesdaemon.store.sales import SaleFilter, list_sales
from salesdaemon.store.shop_lines import list_payouts, list_shop_lines
from salesdaemon.store.sums import Basis, load_summary, refresh
from tests.config_file import SHOP
from tests.config_file import loader as config_loader
from tests.marketplaces.harness import BaseHarness, Book, Clock, load
from tests.poller.world import DAY, START, ZONE, World

ORDERS = {"sqlite": 400, "postgresql": 60}
"""Of each shop."""
SHOPS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "euros": ("etsy", {"shop_id": 101}),
    "pounds": ("etsy", {"shop_id": 102, "currency": "GBP", "fees_after": 7200, "seed": 2}),
    "yen": ("etsy", {"shop_id": 103, "currency": "JPY", "ledger_divisor": 100, "seed": 3}),
    "abroad": (
        "etsy",
        {
            "shop_id": 104,
            "currency": "USD",
            "payment_currency": "EUR",
            "rate": "0.8917",
            "seed": 4,
        },
    ),
    "templates": ("gumroad", {}),
}
BASIS = Basis("EUR", "Europe/Berlin")
EVERYTHING = Period(START.date() - 400 * DAY, START.date() + DAY)
AMOUNTS = ("gross", "refunded", "fees", "fees_refunded", "affiliate", "net")


async def read_all(store: Store, clock: Clock, folder: Path, orders: int) -> dict[str, BaseHarness]:
    """Poll five shops until their orders and books have been read to the end."""
    vendors: dict[str, BaseHarness] = {}
    for name, (slug, options) in SHOPS.items():
        vendor: BaseHarness = load(slug)(clock, **options)
        vendor.fill_history(orders, days=300)
        if slug == "gumroad":
            vendor.make_payouts()  # type: ignore[attr-defined]  # of this vendor's own
        world = World(vendor, store, clock, folder, shop=name)
        await world.tick()
        await world.polls(2)
        vendors[name] = vendor
    return vendors


def shown_sales(store: Store) -> list[StoredSale]:
    with store.read() as connection:
        return list_sales(connection, SaleFilter(), {})


def expected(book: Book, shown: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the books say of a sale; what they leave open yet is as it is shown."""
    return {name: shown[name] if value is None else value for name, value in book.items()}


def check_sales(sales: Iterable[StoredSale], vendors: Mapping[str, BaseHarness]) -> None:
    """Hold each sale against its shop's books."""
    shown = {(sale.shop, sale.sale_id): sale_json(sale, "EUR") for sale in sales}
    booked = {
        (name, str(book["sale_id"])): book
        for name, vendor in vendors.items()
        for book in vendor.settled_books()  # type: ignore[attr-defined]  # both vendors have them
    }
    assert shown.keys() == booked.keys()
    for key, book in booked.items():
        told = {name: shown[key][name] for name in book if name != "items"}
        assert told == {
            name: value for name, value in expected(book, shown[key]).items() if name != "items"
        }
    exact = [sale for sale in shown.values() if sale["fees_exact"] or sale["settled"]]
    assert len(exact) > 0.85 * len(shown)


def sums_of(
    sales: Iterable[StoredSale], period: Period
) -> tuple[dict[str, dict[str, str]], dict[str, int]]:
    """Add the sales of a period up by currency, without any of the code under test."""
    totals: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(AMOUNTS, 0))
    counts: dict[str, int] = defaultdict(int)
    for sale in sales:
        if not sale.paid or not period.first <= sale.sold_on <= period.last:
            continue
        counts[sale.currency] += sale.kind.value in {"sale", "renewal"}
        for name in AMOUNTS:
            totals[sale.currency][name] += getattr(sale, f"{name}_minor")
    return (
        {
            currency: {name: to_text(amount, currency) for name, amount in line.items()}
            for currency, line in totals.items()
        },
        dict(counts),
    )


def check_totals(
    found: Mapping[str, Mapping[str, Any]], sales: list[StoredSale], period: Period
) -> None:
    totals, counts = sums_of(sales, period)
    assert {
        currency: {name: line[name] for name in AMOUNTS} for currency, line in found.items()
    } == totals
    assert {currency: line["sales"] for currency, line in found.items()} == counts
    for line in found.values():
        parts = ("passive_net", "active_net", "unclassified_net")
        assert sum(Decimal(line[part]) for part in parts) == Decimal(line["net"])


def check_report(store: Store, sales: list[StoredSale], every: int) -> None:
    """Hold the report of days, and of all of them, against the sales."""
    days = sorted({sale.sold_on for sale in sales})[::every]
    with store.read() as connection:
        for period in [EVERYTHING, *map(Period.one_day, days)]:
            summary = load_summary(connection, BASIS, period)
            check_totals(report_json(summary, (), ZONE.key)["totals"], sales, period)


def check_digest(store: Store, settings: Settings, sales: list[StoredSale]) -> None:
    day = max(sale.sold_on for sale in sales if sale.paid)
    wanted = Wanted(DigestKind.DAILY, Period.one_day(day), START + timedelta(days=2))
    with store.read() as connection:
        said = to_json(collect(connection, settings, {}, wanted))
    check_totals(said["totals"], sales, Period.one_day(day))


def check_export(store: Store, sales: list[StoredSale], folder: Path) -> None:
    """Load the books with beancount and hold each shop's balance against its own."""
    with store.read() as connection:
        lines = list_shop_lines(connection, None, None, ZONE)
        text = render(
            to_transactions(
                list_sales_days(connection, None, None),
                list_settlements(connection, None, None),
                lines,
                list_payouts(connection, ZONE),
            ),
            Program.BEANCOUNT,
        )
    path = folder / "books.beancount"
    path.write_text(text, encoding="utf-8")
    loaded, errors, _ = loader.load_file(str(path))
    assert errors == []
    found: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for entry in loaded:
        for posting in entry.postings if isinstance(entry, data.Transaction) else ():
            group, name, shop, *_ = [*posting.account.split(":"), "", ""]
            if posting.units is not None and posting.units.number is not None:
                found[f"{group}:{name}", shop, posting.units.currency] += posting.units.number
    for account, figure, sign in (
        ("Income:Sales", "gross_minor", -1),
        ("Income:Refunds", "refunded_minor", 1),
        ("Expenses:Affiliates", "affiliate_minor", 1),
    ):
        booked: dict[tuple[str, str], int] = defaultdict(int)
        for sale in sales:
            if sale.paid:
                booked[sale.shop.capitalize(), sale.currency] += sign * getattr(sale, figure)
        told = {
            (shop, currency): amount
            for (name, shop, currency), amount in found.items()
            if name == account and amount
        }
        assert told == {
            (shop, currency): to_decimal(amount, currency)
            for (shop, currency), amount in booked.items()
            if amount
        }
    spent: dict[tuple[str, str], int] = defaultdict(int)
    for line in lines:
        if line.kind.value == "cost":
            spent[line.shop.capitalize(), line.currency] -= line.amount_minor
    told = {
        (shop, currency): amount
        for (name, shop, currency), amount in found.items()
        if name == "Expenses:Marketplaces" and amount
    }
    assert told == {
        (shop, currency): to_decimal(amount, currency)
        for (shop, currency), amount in spent.items()
        if amount
    }


async def test_sales_report_digest_and_export_are_what_the_shops_own_books_say(
    store: Store, database: str, tmp_path: Path
) -> None:
    clock = Clock(START)
    orders = ORDERS[database]
    vendors = await read_all(store, clock, tmp_path, orders)
    settings = config_loader(tmp_path)(f'timezone = "Europe/Berlin"\ncurrency = "EUR"\n{SHOP}')
    sales = shown_sales(store)
    assert len(sales) == len(SHOPS) * orders
    check_sales(sales, vendors)
    for days, every in ((0, 20), (40, 20), (10_000, 1)):  # not summed yet, partly, all of it
        with store.write() as connection:
            refresh(connection, BASIS, days=days)
        check_report(store, sales, every)
        check_digest(store, settings, sales)
    check_export(store, sales, tmp_path)
