"""Our reading of payouts against the pretend shop's: every sale and payout to the cent."""

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from salesdaemon.domain.ledger import (
    SALE_KINDS,
    About,
    Entry,
    EntryKind,
    Payout,
    contradictions,
    settle,
)
from salesdaemon.domain.sale import Sale
from salesdaemon.marketplaces.base import Window
from salesdaemon.marketplaces.gumroad.feed import GumroadFeed
from salesdaemon.marketplaces.gumroad.pretend import PretendGumroad
from salesdaemon.marketplaces.loopback import serve
from tests.marketplaces.gumroad.connections import NOW, TOKEN, connect
from tests.marketplaces.gumroad.pretend_client import Clock
from tests.marketplaces.gumroad.test_books import told

MONTH = timedelta(days=30)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def gumroad(clock: Clock) -> PretendGumroad:
    return PretendGumroad(now=clock, access_token=TOKEN)


@pytest.fixture
def url(gumroad: PretendGumroad) -> Iterator[str]:
    with serve(gumroad.app) as address:
        yield address


async def read(url: str, windows: Sequence[Window]) -> tuple[list[Entry], list[Payout]]:
    """Read the books of some windows, each page by a feed of its own."""
    entries: list[Entry] = []
    payouts: list[Payout] = []
    async with connect(url) as connection:
        for window in windows:
            cursor: str | None = None
            while True:
                page = await GumroadFeed(connection).fetch_ledger(window, cursor)
                assert page is not None
                entries += page.entries
                payouts += page.payouts
                cursor = page.cursor
                if cursor is None:
                    break
    return entries, payouts


async def read_listed(url: str) -> list[Sale]:
    async with connect(url) as connection:
        feed = GumroadFeed(connection)
        page = await feed.fetch_window(Window(), None)
        sales = list(page.sales)
        while page.cursor is not None:
            page = await feed.fetch_window(Window(), page.cursor)
            sales += page.sales
    return sales[::-1]


def settled_books(gumroad: PretendGumroad) -> list[dict[str, object]]:
    """Tell the books with what payouts say; all of them are in the sales' own currency."""
    books = gumroad.settled_books()
    assert {book.pop("settled") for book in books} <= {None}
    return books


def months(count: int) -> list[Window]:
    ends = [NOW + timedelta(hours=1) - MONTH * number for number in range(count)]
    return [Window(end - MONTH, end) for end in ends]


def settled(sales: Sequence[Sale], entries: Sequence[Entry]) -> list[Sale]:
    by_sale: dict[str | None, list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.about is About.SALE:
            by_sale[entry.about_id].append(entry)
    return [_settled(sale, by_sale[sale.external_id]) for sale in sales]


def _settled(sale: Sale, entries: list[Entry]) -> Sale:
    assert contradictions(sale, entries, {}) == []
    return settle(sale, entries, {})


@pytest.mark.parametrize("rows", ["objects", "lists"])
async def test_a_long_history_settles_to_the_vendors_own_books(rows: str) -> None:
    gumroad = PretendGumroad(now=lambda: NOW, access_token=TOKEN, payout_rows=rows)
    gumroad.fill_history(1000, days=400)
    made = gumroad.make_payouts()
    with serve(gumroad.app) as url:
        entries, payouts = await read(url, months(15))
        sales = settled(await read_listed(url), entries)
        again, _ = await read(url, months(1))
    assert [told(sale) for sale in sales] == settled_books(gumroad)
    assert sum(sale.fees_exact for sale in sales) > 950
    assert set(again) <= set(entries)
    assert {payout.payout_id for payout in payouts if payout.payout_id != "upcoming"} == set(made)
    for request in gumroad.requests:
        assert request.unknown_parameters == []


async def test_the_rows_of_each_payout_add_up_to_its_amount() -> None:
    gumroad = PretendGumroad(now=lambda: NOW, access_token=TOKEN)
    gumroad.fill_history(600, days=200)
    gumroad.make_payouts()
    gumroad.credit(250)
    gumroad.earn_as_affiliate(-75)
    gumroad.make_payout(fee=92)
    with serve(gumroad.app) as url:
        entries, payouts = await read(url, months(8))
    paid_out = {entry.entry_id: -entry.amount for entry in entries if entry.name == "Payout"}
    amounts = {f"{payout['id']}:payout": payout["amount"] for payout in gumroad.payouts()}
    assert paid_out == amounts
    listed = {f"{each.payout_id}:payout": each.amount_minor for each in payouts}
    assert {key: listed[key] for key in amounts} == amounts
    assert sum({entry.entry_id: entry.amount for entry in entries}.values()) == 0


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(("sell", "refund", "dispute", "win", "fail", "pay", "return", "wait")),
        st.integers(0, 10**6),
    ),
    min_size=4,
    max_size=30,
)


class Seller:
    """Lets things happen to a shop by numbers, as far as they can."""

    def __init__(self, shop: PretendGumroad, clock: Clock) -> None:
        self.shop, self.clock = shop, clock
        self.sold: list[str] = []

    def happen(self, event: str, number: int) -> None:
        pick = random.Random(number)
        if event == "sell":
            self.sold.append(self._sell(pick))
        elif event == "wait":
            self.clock.time += timedelta(days=pick.randrange(1, 9))
        elif event == "pay":
            self._try(self.shop.make_payout, fee=pick.choice((0, 92)))
        elif event == "return" and self.shop.payouts():
            payout = pick.choice(self.shop.payouts())
            self.shop.fail_payout(str(payout["id"]))
        elif self.sold:
            self._befall(event, pick.choice(self.sold), pick)

    def _sell(self, pick: random.Random) -> str:
        return self.shop.add_sale(
            price=pick.choice((0, 99, 500, 1003, 4900)),
            currency=pick.choice(("usd", "eur", "jpy")),
            affiliate_cents=pick.choice((None, None, 30)),
            own_processor=pick.random() < 0.2,
            discover=pick.random() < 0.2,
        )

    def _befall(self, event: str, sale_id: str, pick: random.Random) -> None:
        book = next(book for book in self.shop.books() if book["sale_id"] == sale_id)
        if event == "refund" and book["status"] in {"paid", "partially_refunded"}:
            self._try(self.shop.refund, sale_id, pick.choice((None, 1, 50, 333)))
        elif event == "dispute" and book["status"] == "paid" and book["gross"] != "0.00":
            self.shop.dispute(sale_id)
        elif event == "win" and book["status"] == "disputed":
            self.shop.win_dispute(sale_id)

    @staticmethod
    def _try(act: object, *given: object, **named: object) -> None:
        with suppress(ValueError):  # there may be nothing to refund or to pay out
            act(*given, **named)  # type: ignore[operator]  # one of the shop's methods


@given(events=EVENTS)
@example(events=[("sell", 0), ("pay", 0), ("return", 0), ("pay", 0), ("return", 1), ("pay", 1490)])
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
async def test_whatever_happens_sales_and_payouts_add_up(events: list[tuple[str, int]]) -> None:
    clock = Clock()
    clock.time = datetime(2026, 6, 1, 9, tzinfo=UTC)
    gumroad = PretendGumroad(now=clock, access_token=TOKEN)
    seller = Seller(gumroad, clock)
    for event, number in events:
        seller.happen(event, number)
    with serve(gumroad.app) as url:
        entries, _ = await read(url, months(8))
        sales = await read_listed(url)
    once = {entry.entry_id: entry for entry in entries}
    assert sum(entry.amount for entry in once.values()) == 0
    nets: dict[str | None, int] = defaultdict(int)
    for entry in once.values():
        if entry.kind in SALE_KINDS and entry.kind is not EntryKind.AFFILIATE:
            nets[entry.about_id] += entry.amount
    books = {str(book["sale_id"]): book for book in settled_books(gumroad)}
    for sale in settled(sales, entries):
        book = books[sale.external_id]
        assert told(sale) == book
        if book["fees_exact"] and sale.external_id in nets:
            assert sale.net_minor == nets[sale.external_id] - sale.affiliate_minor
