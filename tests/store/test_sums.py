"""The sums of the days say what adding up every sale would, whatever was summed already."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event, select, update

from salesdaemon.domain.exchange import Conversion, Rate
from salesdaemon.domain.period import Period
from salesdaemon.domain.sale import Kind, LineItem, Sale, Status
from salesdaemon.domain.summary import Summary
from salesdaemon.domain.sums import (
    Dimension,
    by_currency,
    group_by,
    sum_sales,
    summarise,
    totals_by_currency,
)
from salesdaemon.store.engine import Store
from salesdaemon.store.products import save_catalogue
from salesdaemon.store.rates import load_book, mark_days_dirty, save_rates
from salesdaemon.store.recording import record
from salesdaemon.store.sales import SaleFilter, list_sales, recompute_days
from salesdaemon.store.sums import (
    Basis,
    adopt_basis,
    has_dirty,
    load_summary,
    load_sums,
    mark_products_dirty,
    refresh,
)
from salesdaemon.store.tables import accounts, daily_sums, dirty_days, sales
from tests.factories import (
    BERLIN,
    FRIDAY,
    SOLD_AT,
    account,
    batch,
    item,
    record_in,
    sale,
    telling,
)
from tests.posting import Ledger, post_in

DAY = timedelta(days=1)
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
BASIS = Basis("EUR", "Europe/Berlin", {})
EVER = Period(date(2026, 1, 1), date(2026, 12, 31))


@dataclass(frozen=True)
class Word:
    passive: bool | None
    reason: str


def truth(store: Store, basis: Basis = BASIS, period: Period = EVER) -> Summary:
    """Add up every sale, one by one."""
    with store.read() as connection:
        book = load_book(connection)

        def find_rate(currency: str, day: date) -> Conversion | None:
            return book.find(currency, basis.home, day)

        found = list_sales(connection, SaleFilter(), basis.overrides)
        return summarise(found, period, basis.home, find_rate)


def summed(store: Store, basis: Basis = BASIS, period: Period = EVER) -> Summary:
    """Read the sums; whether rates may change is a matter of the last day alone."""
    with store.read() as connection:
        return replace(load_summary(connection, basis, period), provisional=False)


def adopt(store: Store, basis: Basis = BASIS) -> bool:
    with store.write() as connection:
        return adopt_basis(connection, basis)


def tidy(store: Store, days: int = 10_000, basis: Basis = BASIS) -> int:
    with store.write() as connection:
        return refresh(connection, basis, days=days)


def dirty(store: Store) -> list[date]:
    with store.read() as connection:
        return list(connection.scalars(select(dirty_days.c.day).order_by(dirty_days.c.day)))


def know(store: Store, *rates: tuple[date, str, str], home: str = "EUR") -> None:
    with store.write() as connection:
        days = save_rates(
            connection, [Rate(day, name, Decimal(rate), "ECB") for day, name, rate in rates]
        )
        mark_days_dirty(connection, days, home)


def on(day: date, external_id: str = "s1", **changes: Any) -> Sale:
    at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    return sale(external_id, paid_at=at, **changes)


@contextmanager
def reading(store: Store) -> Iterator[list[str]]:
    """List the statements that are run meanwhile."""
    said: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_others: object) -> None:
        said.append(statement)

    event.listen(store.engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(store.engine, "before_cursor_execute", note)


# Dirty, clean, and between


def test_a_sale_marks_its_day_and_the_sums_are_right_before_and_after(store: Store) -> None:
    account(store)
    adopt(store)
    record_in(store, batch(sale()))
    assert dirty(store) == [FRIDAY]
    expected = truth(store)
    assert expected.totals["EUR"].net == 965
    assert summed(store) == expected
    assert tidy(store) == 1
    assert (dirty(store), summed(store)) == ([], expected)
    assert tidy(store) == 0


def test_a_repeated_page_marks_nothing(store: Store) -> None:
    account(store)
    record_in(store, batch(sale()))
    tidy(store)
    record_in(store, batch(sale()))
    with store.read() as connection:
        assert not has_dirty(connection)


def test_the_newest_days_are_summed_first(store: Store) -> None:
    account(store)
    record_in(store, batch(*(on(FRIDAY - number * DAY, f"s{number}") for number in range(5))))
    assert tidy(store, 2) == 2
    assert dirty(store) == [FRIDAY - 4 * DAY, FRIDAY - 3 * DAY, FRIDAY - 2 * DAY]
    assert summed(store) == truth(store)


def test_a_sale_that_moves_to_another_day_leaves_its_old_day_empty(store: Store) -> None:
    account(store)
    record_in(store, batch(on(FRIDAY)))
    tidy(store)
    record_in(store, batch(on(FRIDAY - 3 * DAY)))
    assert dirty(store) == [FRIDAY - 3 * DAY, FRIDAY]
    nothing = Period(FRIDAY, FRIDAY)
    for _ in range(2):
        assert summed(store) == truth(store)
        assert summed(store, period=nothing) == truth(store, period=nothing)
        assert summed(store, period=nothing).totals == {}
        tidy(store)


def test_a_change_by_the_books_marks_the_sales_day(store: Store) -> None:
    account(store)
    record_in(store, batch(sale(fees_exact=False, items=(item(line_id="l1"),))))
    tidy(store)
    post_in(store, *Ledger().charge(1200, lines=("l1",)).entries)
    assert dirty(store) == [FRIDAY]
    tidy(store)
    assert summed(store) == truth(store)
    assert summed(store).totals["EUR"].net == 1130


def test_unpaid_orders_are_in_no_sum(store: Store) -> None:
    account(store)
    record_in(store, batch(sale(status=Status.UNPAID)))
    for _ in range(2):
        assert summed(store).totals == {}
        tidy(store)


def test_clean_days_are_told_without_reading_a_sale(store: Store) -> None:
    account(store)
    record_in(store, batch(*(on(FRIDAY - number * DAY, f"s{number}") for number in range(9))))
    tidy(store)
    expected = truth(store)
    with store.write() as connection:
        connection.execute(update(sales).values(gross_minor=1, net_minor=1))
    with reading(store) as said:
        assert summed(store) == expected
    assert not [each for each in said if "FROM sales" in each or "FROM items" in each]


def test_only_the_dirty_days_of_a_period_are_read(store: Store) -> None:
    account(store)
    record_in(store, batch(*(on(FRIDAY - number * DAY, f"s{number}") for number in range(9))))
    tidy(store)
    record_in(store, batch(on(FRIDAY - 4 * DAY, "new", gross_minor=500)))
    expected = truth(store)
    with store.write() as connection:
        away = update(sales).where(sales.c.sold_on != FRIDAY - 4 * DAY)
        connection.execute(away.values(gross_minor=1, net_minor=1))
    assert summed(store) == expected
    outside = Period(FRIDAY - 3 * DAY, FRIDAY)
    with reading(store) as said:
        summed(store, period=outside)
    assert not [each for each in said if "FROM sales" in each]


# What the sums are made with


def test_sums_are_made_anew_when_the_home_currency_changes(store: Store) -> None:
    account(store)
    know(store, (FRIDAY, "USD", "1.25"))
    record_in(store, batch(on(FRIDAY), on(FRIDAY, "s2", currency="USD")))
    assert adopt(store)
    tidy(store)
    assert not adopt(store)
    dollars = Basis("USD", "Europe/Berlin")
    assert adopt(store, dollars)
    for _ in range(2):
        found = summed(store, dollars)
        assert found == truth(store, dollars)
        assert (found.home_currency, found.home.gross) == ("USD", 1200 + 1500)
        tidy(store, basis=dollars)


def test_sums_are_made_anew_when_a_product_is_classed_otherwise(store: Store) -> None:
    account(store)
    adopt(store)
    record_in(store, batch(sale()))
    tidy(store)
    active = Basis("EUR", "Europe/Berlin", {"Weekly *": False})
    assert adopt(store, active)
    for _ in range(2):
        found = summed(store, active)
        assert found == truth(store, active)
        assert (found.totals["EUR"].passive_net, found.totals["EUR"].active_net) == (0, 965)
        tidy(store, basis=active)


def test_a_catalogues_word_marks_the_days_of_its_product(store: Store) -> None:
    account(store)
    record_in(store, batch(sale(), on(FRIDAY - DAY, "s2", items=(item(product_id="p2"),))))
    tidy(store)
    with store.write() as connection:
        moved = save_catalogue(connection, 1, {"p1": Word(False, "made to order")}, NOON)
        mark_products_dirty(connection, 1, moved)
    assert dirty(store) == [FRIDAY]
    for _ in range(2):
        assert summed(store) == truth(store)
        tidy(store)


def test_sums_are_made_anew_when_the_days_are_another_zones(store: Store) -> None:
    account(store)
    late = sale(paid_at=SOLD_AT.replace(hour=23, minute=30))
    adopt(store)
    record_in(store, batch(late))
    tidy(store)
    with store.write() as connection:
        recompute_days(connection, ZoneInfo("America/New_York"))
    moved = Basis("EUR", "America/New_York")
    assert adopt(store, moved)
    today = Period(FRIDAY, FRIDAY)
    for _ in range(2):
        assert summed(store, moved) == truth(store, moved)
        assert summed(store, moved, today).totals["EUR"].net == 965
        tidy(store, basis=moved)


# Currencies


def test_rates_that_arrive_later_convert_the_days_they_are_for(store: Store) -> None:
    account(store)
    record_in(store, batch(on(FRIDAY, currency="USD"), on(FRIDAY - DAY, "s2")))
    tidy(store)
    before = summed(store)
    assert (before.unconverted, before.home.gross) == (("USD",), 1200)
    know(store, (FRIDAY, "USD", "1.25"))
    assert dirty(store) == [FRIDAY]
    for _ in range(2):
        found = summed(store)
        assert found == truth(store)
        assert (found.unconverted, found.home.gross) == ((), 1200 + 960)
        tidy(store)


def test_a_currency_is_named_where_one_day_of_it_has_no_rate_and_its_others_count(
    store: Store,
) -> None:
    account(store)
    know(store, (FRIDAY, "USD", "1.25"))
    record_in(
        store,
        batch(
            on(FRIDAY, currency="USD"),
            on(FRIDAY - DAY, "s2", currency="USD"),
            on(FRIDAY, "s3", currency="XAU"),
            on(FRIDAY, "s4"),
        ),
    )
    for _ in range(2):
        found = summed(store)
        assert found == truth(store)
        assert found.unconverted == ("USD", "XAU")
        assert found.home.gross == 960 + 1200
        assert {name: line.gross for name, line in found.totals.items()} == {
            "EUR": 1200,
            "USD": 2400,
            "XAU": 1200,
        }
        tidy(store)


def test_what_was_settled_in_the_home_currency_is_taken_as_it_is(store: Store) -> None:
    account(store)
    know(store, (FRIDAY, "USD", "1.25"))
    record_in(store, batch(on(FRIDAY, currency="USD", items=(item(line_id="l1"),))))
    post_in(store, *Ledger("EUR").charge(911, lines=("l1",)).entries)
    for _ in range(2):
        found = summed(store)
        assert found == truth(store)
        assert (found.home.gross, found.home.net, found.home.passive_net) == (960, 841, 841)
        tidy(store)


@pytest.mark.parametrize(("newest", "provisional"), [(FRIDAY, False), (FRIDAY - DAY, True)])
def test_a_period_is_provisional_until_the_rates_of_its_last_day_are_known(
    store: Store, newest: date, provisional: bool
) -> None:
    account(store)
    know(store, (newest, "USD", "1.25"))
    record_in(store, batch(on(FRIDAY, currency="USD")))
    with store.read() as connection:
        found = load_summary(connection, BASIS, Period(FRIDAY, FRIDAY))
    assert found.provisional is provisional


# Groups


def test_sums_are_kept_apart_by_shop_product_country_and_day(store: Store) -> None:
    first, second = account(store), account(store, "prints", "a2", "etsy")
    two = (item(700), item(500, product_id="p2", product="Mug", passive=False))
    record_in(store, batch(on(FRIDAY, items=two), account_id=first.id))
    record_in(store, batch(on(FRIDAY - DAY, "s2", country=None), account_id=first.id))
    record_in(store, batch(on(FRIDAY, "s3", country="AT"), account_id=second.id))
    with store.read() as connection:
        listed = list_sales(connection, SaleFilter(), {})
    for _ in range(2):
        found = summed(store)
        assert found == truth(store)
        assert [group.name for group in found.shops] == ["prints", "templates"]
        with store.read() as connection:
            days = load_sums(connection, BASIS, EVER, (Dimension.TOTAL,), by_day=True)
            lands = load_sums(connection, BASIS, EVER, (Dimension.COUNTRY,))
        assert [
            (group.name, group.totals) for group in group_by(days, lambda each: f"{each.day}")
        ] == [
            (f"{day}", totals_by_currency(each for each in listed if each.sold_on == day))
            for day in (FRIDAY - DAY, FRIDAY)
        ]
        assert [
            (group.name, group.totals["EUR"].net)
            for group in group_by(lands, lambda each: each.name or None)
        ] == [("AT", 965), ("DE", 965), (None, 965)]
        tidy(store)


def test_a_product_is_shown_under_its_latest_title(store: Store) -> None:
    account(store)
    record_in(store, batch(on(FRIDAY - DAY, items=(item(product="Old"),))))
    record_in(store, batch(on(FRIDAY, "s2", items=(item(product="New"),))))
    for _ in range(2):
        assert [group.name for group in summed(store).products] == ["New"]
        assert summed(store) == truth(store)
        tidy(store)


# Whatever happened


CURRENCIES = ("EUR", "USD", "JPY", "KWD", "XAU")


def _random_sale(random: Random, name: str) -> Sale:
    gross = random.randrange(0, 9000)
    parts = sorted(random.randrange(gross + 1) for _ in range(random.randrange(3)))
    shares = [high - low for low, high in zip([0, *parts], [*parts, gross], strict=True)]
    items: tuple[LineItem, ...] = tuple(
        item(
            share,
            product_id=random.choice(["p1", "p2", "p3", None]),
            product=random.choice(["Mug", "Plan", "Card", None]),
            quantity=random.randrange(1, 4),
            passive=random.choice([True, False, None]),
        )
        for share in shares
    )
    refunded = random.choice([0, 0, 0, gross // 3, gross])
    status = random.choice([Status.PAID, Status.PAID, Status.UNPAID, Status.DISPUTED])
    return sale(
        name,
        kind=random.choice([Kind.SALE, Kind.SALE, Kind.RENEWAL, Kind.FREE]),
        status=status,
        paid_at=NOON - random.randrange(30) * DAY,
        currency=random.choice(CURRENCIES),
        gross_minor=gross,
        refunded_minor=refunded,
        fees_minor=random.randrange(200),
        fees_exact=random.random() < 0.5,
        affiliate_minor=random.choice([0, 0, 50]),
        country=random.choice(["DE", "US", None]),
        items=items if random.random() < 0.95 else (),
    )


def _something_happens(random: Random, store: Store, basis: Basis) -> Basis:
    what = random.randrange(7)
    if what < 4:
        names = random.sample(range(60), 8)
        pages = [_random_sale(random, f"s{number}") for number in names]
        record_in(store, batch(*pages, account_id=random.choice([1, 2])))
    elif what == 4:
        tidy(store, random.randrange(1, 15), basis)
    elif what == 5:
        day = FRIDAY - random.randrange(-2, 34) * DAY
        name = random.choice(["USD", "JPY", "KWD"])
        know(store, (day, name, f"{random.randrange(1, 400) / 100:.2f}"), home=basis.home)
    else:
        overrides: Mapping[str, bool] = random.choice([{}, {"Mug": True}, {"*": False}])
        basis = Basis(random.choice(["EUR", "USD"]), "Europe/Berlin", overrides)
        adopt(store, basis)
    return basis


@pytest.mark.parametrize(
    ("database", "seed"),
    [*(("sqlite", seed) for seed in range(4)), *(("postgresql", seed) for seed in range(4, 6))],
)
def test_whatever_happens_the_sums_say_what_the_sales_do(store: Store, seed: int) -> None:
    random = Random(seed)
    account(store)
    account(store, "prints", "a2", "etsy")
    basis = BASIS
    adopt(store, basis)
    for _ in range(25):
        basis = _something_happens(random, store, basis)
        first = FRIDAY - random.randrange(40) * DAY
        some = Period(first, first + random.randrange(20) * DAY)
        for period in (EVER, some):
            assert summed(store, basis, period) == truth(store, basis, period)
    tidy(store, basis=basis)
    assert summed(store, basis) == truth(store, basis)
    with store.read() as connection:
        book = load_book(connection)
        listed = list_sales(connection, SaleFilter(), basis.overrides)
        sums = load_sums(connection, basis, EVER, tuple(Dimension), by_day=True)
    anew = sum_sales(listed, basis.home, lambda name, day: book.find(name, basis.home, day))

    def key(each: Any) -> tuple[str, ...]:
        return (each.dimension, each.shop, f"{each.day}", each.currency, each.name)

    assert sorted(sums, key=key) == sorted(anew, key=key)
    assert by_currency(each for each in sums if each.dimension is Dimension.COUNTRY) == by_currency(
        each for each in sums if each.dimension is Dimension.TOTAL
    )


def test_sums_of_a_shop_that_has_no_sales_are_empty(store: Store) -> None:
    account(store)
    found = summed(store)
    assert (found.totals, found.unconverted, found.shops, found.products) == ({}, (), (), ())
    with store.read() as connection:
        assert connection.execute(select(daily_sums)).all() == []
        assert len(connection.execute(select(accounts)).all()) == 1


def test_a_sale_recorded_while_its_day_is_summed_is_not_left_out(
    store: Store, another_store: Callable[[], Store]
) -> None:
    account(store)
    record_in(store, batch(sale()))
    with ThreadPoolExecutor(1) as threads:
        with another_store().write() as connection:
            record(connection, batch(on(FRIDAY, "s2")), telling(), BERLIN)
            summing = threads.submit(tidy, store)
            wait([summing], timeout=0.5)  # it waits for the sale, or has summed without it
        summing.result()
    assert summed(store) == truth(store)
    tidy(store)
    assert summed(store) == truth(store)
