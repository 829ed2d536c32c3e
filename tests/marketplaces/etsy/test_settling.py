"""The account's lines make of each order what the vendor's own books say, and add up."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salesdaemon.domain.ledger import Entry, EntryKind, contradictions, settle
from salesdaemon.domain.money import to_text
from salesdaemon.domain.sale import Sale
from salesdaemon.marketplaces.etsy.feed import connect
from salesdaemon.marketplaces.etsy.pretend import PretendEtsy
from tests.marketplaces.etsy.account_reading import (
    Reading,
    as_settled,
    attribute,
    read_directly,
    read_ledger,
    settle_all,
    sum_by_name,
)
from tests.marketplaces.etsy.pretending import Clock
from tests.marketplaces.etsy.test_feed_on_loopback import connected, read_all

SHOPS: dict[str, dict[str, Any]] = {
    "euros": {},
    "references as numbers": {"integer_references": True},
    "yen": {"currency": "JPY"},
    "yen, the orders by a hundred": {"currency": "JPY", "divisor": 100, "ledger_divisor": 1},
    "yen, the ledger by a hundred": {"currency": "JPY", "divisor": 1, "ledger_divisor": 100},
    "dinars": {"currency": "KWD"},
    "fees days after": {"fees_after": 3 * 86_400},
    "sold in dollars, paid in euros": {
        "currency": "USD",
        "payment_currency": "EUR",
        "rate": "0.8917",
    },
    "sold in euros, paid in yen by a hundred": {
        "payment_currency": "JPY",
        "rate": "161.37",
        "ledger_divisor": 100,
    },
}


def furnished(now: Callable[[], datetime], **options: Any) -> PretendEtsy:
    """Make a shop with a history and a few orders with a life of their own."""
    etsy = PretendEtsy(now=now, **options)
    etsy.fill_history(300, days=200)
    items = [
        {"title": "Mug", "is_digital": False, "price": 2000, "quantity": 3, "listing_id": 7},
        {"title": "Plan", "price": 1001, "listing_id": 8},
        {"title": "Gone", "price": 333, "listing_id": None},
    ]
    old = etsy.now_seconds - 20 * 86_400
    for refunds in ((), (1,), (333, 334), (5000, None), (None,)):
        made = etsy.add_receipt(
            created_at=old,
            items=items,
            discount=77,
            shipping=490,
            tax=311,
            vat=205,
            gift_wrap=150,
            offsite_ads=True,
        )
        for amount in refunds:
            etsy.refund(made, amount, at=old + 5 * 86_400)
    etsy.cancel(etsy.add_receipt(created_at=old, tax=190, shipping=300))
    etsy.add_receipt(discount=1200)
    etsy.add_receipt(paid=False)
    etsy.add_receipt()
    return etsy


@cache
def told(name: str) -> tuple[PretendEtsy, Reading]:
    etsy = furnished(Clock(), **SHOPS[name])
    return etsy, read_directly(etsy)


def scales(etsy: PretendEtsy) -> dict[str, int]:
    rules = etsy.ledger.rules
    return {rules.currency: rules.units // 10**rules.exponent}


@pytest.mark.parametrize("name", SHOPS)
def test_every_order_settles_to_what_the_vendors_books_say(name: str) -> None:
    etsy, reading = told(name)
    settled = settle_all(reading, scales(etsy))
    books = {str(book["sale_id"]): book for book in etsy.settled_books()}
    assert {key: as_settled(settled[key], book) for key, book in books.items()} == books
    exact = sum(
        book["fees_exact"] is True or book["settled"] is not None for book in books.values()
    )
    assert exact > 250


@pytest.mark.parametrize("name", SHOPS)
def test_all_that_belongs_to_sales_and_to_the_shop_makes_the_balance(name: str) -> None:
    etsy, reading = told(name)
    (scale,) = scales(etsy).values()
    own = attribute(reading.sales, reading.entries)
    account = etsy.account()
    lines = own.pop(None)
    of_sales = [entry for entries in own.values() for entry in entries]
    found = {
        "currency": lines[0].currency,
        "sales": sum_of(of_sales, etsy),
        "costs": sum_by_name(lines, EntryKind.COST, EntryKind.FEE, scale=scale),
        "transfers": sum_by_name(lines, EntryKind.TRANSFER, scale=scale),
        "other": sum_by_name(lines, EntryKind.OTHER, scale=scale),
        "payouts": [
            {"made_at": f"{line.posted_at:%Y-%m-%dT%H:%M:%SZ}", "amount": sum_of([line], etsy, -1)}
            for line in sorted(lines, key=lambda line: line.sequence)
            if line.kind is EntryKind.PAYOUT
        ],
        "balance": sum_of(reading.entries, etsy),
    }
    assert found == account
    _, newest = etsy.ledger.find(0, 1 << 40, 0, 1)
    assert sum(entry.amount for entry in reading.entries) == newest[0]["balance"]
    assert all(found.values())


def sum_of(entries: Iterable[Entry], etsy: PretendEtsy, sign: int = 1) -> str:
    (scale,) = scales(etsy).values()
    total = sign * sum(entry.amount for entry in entries)
    return to_text(total // scale, etsy.ledger.rules.currency)


@pytest.mark.parametrize("name", [name for name in SHOPS if "paid in" not in name])
def test_the_net_of_an_exact_sale_is_the_sum_of_its_lines(name: str) -> None:
    etsy, reading = told(name)
    (scale,) = scales(etsy).values()
    own = attribute(reading.sales, reading.entries)
    settled = settle_all(reading, scales(etsy))
    exact = {key: sale for key, sale in settled.items() if sale.fees_exact}
    assert {key: sale.net_minor * scale for key, sale in exact.items()} == {
        key: sum(entry.amount for entry in own[key]) for key in exact
    }
    differences = {
        key: contradictions(sale, own[key], scales(etsy)) for key, sale in listed(reading).items()
    }
    assert {key: found for key, found in differences.items() if found} == {}


def listed(reading: Reading) -> dict[str, Sale]:
    return {sale.external_id: sale for sale in reading.sales if sale.paid and sale.gross_minor}


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_lines_in_any_order_split_over_windows_and_repeated_settle_alike(
    data: st.DataObject,
) -> None:
    _, reading = told("euros")
    own = attribute(reading.sales, reading.entries)
    few = {sale.external_id: sale for sale in reading.sales[-60:]}
    owner = {entry.entry_id: key for key in few for entry in own.get(key, ())}
    entries = [entry for key in few for entry in own.get(key, ())]
    seen = [
        *data.draw(st.permutations(entries)),
        *data.draw(st.lists(st.sampled_from(entries), max_size=50)),
    ]
    found: dict[str, list[Entry]] = {key: [] for key in few}
    for entry in seen:
        found[owner[entry.entry_id]].append(entry)
    assert [settle(sale, found[key], {}) for key, sale in few.items()] == [
        settle(sale, own.get(key, ()), {}) for key, sale in few.items()
    ]


async def test_the_account_read_over_http_is_the_one_that_was_kept() -> None:
    etsy = furnished(lambda: datetime.now(UTC), integer_references=True)
    async with connected(etsy) as connection:
        feed = connect(connection)
        sales = await read_all(feed)
        end = datetime.now(UTC)
        entries = await read_ledger(feed, end - timedelta(days=210), end)
        products = {item.product_id for sale in sales for item in sale.items if item.product_id}
        catalogue = await feed.fetch_catalogue(sorted(products))
    reading = Reading(tuple(sales), tuple(entries))
    settled = settle_all(reading)
    books = {str(book["sale_id"]): book for book in etsy.settled_books()}
    assert {key: as_settled(settled[key], book) for key, book in books.items()} == books
    assert [request.problems for request in etsy.requests] == [[]] * len(etsy.requests)
    paged = [request for request in etsy.requests if request.path.endswith("ledger-entries")]
    asked = [request for request in etsy.requests if request.path.endswith("/payments")]
    assert len(asked) <= len(paged)
    assert catalogue.keys() == products
