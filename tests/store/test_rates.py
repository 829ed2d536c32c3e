"""Rates are kept once, and the sums that they change are made again."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import permutations, product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from salesdaemon.domain.exchange import Rate, RateBook
from salesdaemon.domain.sale import Sale
from salesdaemon.store.engine import Store
from salesdaemon.store.rates import (
    RateSource,
    list_sources,
    load_book,
    mark_days_dirty,
    newest_day,
    oldest_foreign_sale,
    save_rates,
)
from salesdaemon.store.tables import dirty_days, rates
from tests.factories import account, batch, record_in, sale

ECB = "ECB"
FRIDAY = date(2024, 3, 28)
TUESDAY = date(2024, 4, 2)


def rate(day: date, currency: str = "USD", value: str = "1.0811", source: str = ECB) -> Rate:
    return Rate(day, currency, Decimal(value), source)


def save(store: Store, *known: Rate) -> set[date]:
    with store.write() as connection:
        return save_rates(connection, known)


def book(store: Store, *bounds: date | None, currencies: set[str] | None = None) -> RateBook:
    with store.read() as connection:
        return load_book(connection, *bounds, currencies=currencies)


def stored(store: Store) -> list[tuple[date, str, str, str]]:
    with store.read() as connection:
        rows = connection.execute(select(rates).order_by(rates.c.day, rates.c.currency))
        return [(row.day, row.currency, row.rate, row.source) for row in rows]


def sold(external_id: str, day: date, currency: str) -> Sale:
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    return sale(external_id, currency=currency, paid_at=noon)


def dirty(store: Store, *days: date, home: str = "EUR") -> list[date]:
    """Return which days are dirty once rates of these days have changed, and clean them."""
    with store.write() as connection:
        connection.execute(delete(dirty_days))
        mark_days_dirty(connection, days, home)
        return list(connection.scalars(select(dirty_days.c.day).order_by(dirty_days.c.day)))


def test_only_days_that_brought_something_new_are_told(store: Store) -> None:
    known = rate(FRIDAY), rate(FRIDAY, "GBP", "0.8551")
    assert save(store, *known) == {FRIDAY}
    assert save(store, *known, rate(TUESDAY, value="1.0749")) == {TUESDAY}
    assert save(store, rate(FRIDAY, value="1.08110", source="file.csv")) == set()
    assert save(store, rate(FRIDAY, value="1.0812", source="file.csv")) == {FRIDAY}
    assert stored(store) == [
        (FRIDAY, "GBP", "0.8551", ECB),
        (FRIDAY, "USD", "1.0812", "file.csv"),
        (TUESDAY, "USD", "1.0749", ECB),
    ]


def test_of_two_rates_for_a_day_the_last_is_kept(store: Store) -> None:
    assert save(store, rate(FRIDAY, value="2"), rate(FRIDAY, value="0.00000012")) == {FRIDAY}
    assert stored(store) == [(FRIDAY, "USD", "0.00000012", ECB)]


def test_a_long_history_is_kept_whole(store: Store) -> None:
    days = [FRIDAY - timedelta(days=back) for back in range(3000)]
    known = [rate(day, currency) for day, currency in product(days, ("USD", "GBP"))]
    assert save(store, *known) == set(days)
    assert len(stored(store)) == 6000
    assert save(store, *known) == set()


def test_nothing_saved_is_nothing_new(store: Store) -> None:
    assert save(store) == set()
    with store.read() as connection:
        assert newest_day(connection) is None
        assert list_sources(connection) == []
    assert book(store).newest is None


# The book of a period

HISTORY = [
    Rate(day, currency, Decimal(100 + number), ECB)
    for number, (day, currency) in enumerate(
        product(
            [date(2024, 1, 1) + timedelta(days=days) for days in (*range(0, 90, 3), 150, 151)],
            ("USD", "GBP", "RUB"),
        )
    )
    if currency != "RUB" or day < date(2024, 2, 1)
] + [
    rate(date(2024, 1, 2) + timedelta(days=days), "MAD", "10.9", "mad.csv")
    for days in (0, 30, 100, 101, 130)
]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=st.integers(0, 200), days=st.integers(0, 60), at=st.integers(0, 60))
def test_a_book_of_a_period_converts_as_the_whole_one(
    store: Store, first: int, days: int, at: int
) -> None:
    save(store, *HISTORY)
    opens = date(2023, 12, 20) + timedelta(days=first)
    asked = opens + timedelta(days=min(at, days))
    currencies = {"RUB", "GBP", "MAD", "EUR"}
    part = book(store, opens, opens + timedelta(days=days), currencies=currencies)
    for pair in permutations(currencies, 2):
        assert part.find(*pair, asked) == RateBook(HISTORY).find(*pair, asked)


def test_a_book_of_a_period_begins_with_the_rates_before_it(store: Store) -> None:
    save(store, rate(FRIDAY), rate(TUESDAY, value="1.0749"))
    month_later = TUESDAY + timedelta(days=300)
    part = book(store, month_later, month_later, currencies={"USD", "EUR"})
    conversion = part.find("USD", "EUR", month_later)
    assert conversion is not None
    assert (conversion.day, conversion.provisional) == (TUESDAY, True)


# What has to be summed again


def test_days_with_foreign_sales_are_summed_again_from_the_rates_day_on(store: Store) -> None:
    account(store)
    record_in(
        store,
        batch(
            sold("before", FRIDAY - timedelta(days=1), "USD"),
            sold("foreign", FRIDAY, "USD"),
            sold("same day", FRIDAY, "GBP"),
            sold("home", FRIDAY + timedelta(days=1), "EUR"),
            sold("weekend", FRIDAY + timedelta(days=2), "GBP"),
            sold("much later", FRIDAY + timedelta(days=200), "USD"),
        ),
    )
    later = FRIDAY + timedelta(days=200)
    weekend = FRIDAY + timedelta(days=2)
    save(store, rate(FRIDAY))
    assert dirty(store) == []
    assert dirty(store, FRIDAY) == [FRIDAY, weekend, later]
    assert dirty(store, FRIDAY, home="USD") == [FRIDAY, FRIDAY + timedelta(days=1), weekend]
    assert dirty(store, later) == [later]
    save(store, rate(FRIDAY + timedelta(days=31)))
    assert dirty(store, FRIDAY) == [FRIDAY, weekend, later]
    save(store, rate(FRIDAY + timedelta(days=32)))
    assert dirty(store, FRIDAY) == [FRIDAY, weekend]
    save(store, rate(FRIDAY, "MAD", source="mad.csv"))
    assert dirty(store, FRIDAY) == [FRIDAY, weekend, later]


def test_a_day_that_is_dirty_already_stays_so(store: Store) -> None:
    of = account(store)
    record_in(store, batch(sold("s1", FRIDAY, "USD")))
    with store.write() as connection:
        connection.execute(delete(dirty_days))
        mark_days_dirty(connection, {FRIDAY}, "EUR")
        mark_days_dirty(connection, {FRIDAY}, "EUR")
        assert connection.execute(select(dirty_days)).all() == [(FRIDAY, of.id)]


def test_the_first_foreign_sale_is_found(store: Store) -> None:
    account(store)
    with store.read() as connection:
        assert oldest_foreign_sale(connection, "EUR") is None
    record_in(store, batch(sold("home", FRIDAY, "EUR"), sold("foreign", TUESDAY, "USD")))
    with store.read() as connection:
        assert oldest_foreign_sale(connection, "EUR") == TUESDAY
        assert oldest_foreign_sale(connection, "USD") == FRIDAY


def test_sources_are_listed_with_what_they_cover(store: Store) -> None:
    save(store, rate(FRIDAY), rate(FRIDAY, "GBP"), rate(TUESDAY))
    save(store, rate(TUESDAY + timedelta(days=1), "MAD", source="dirham.csv"))
    with store.read() as connection:
        assert newest_day(connection) == TUESDAY + timedelta(days=1)
        assert list_sources(connection) == [
            RateSource("dirham.csv", date(2024, 4, 3), date(2024, 4, 3), 1, 1),
            RateSource(ECB, FRIDAY, TUESDAY, 2, 2),
        ]
