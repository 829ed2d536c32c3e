"""What days brought in the home currency is what adding up every sale would say."""

from dataclasses import astuple
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from sqlalchemy import update

from salesdaemon.domain.exchange import Rate
from salesdaemon.domain.history import DayFigures, Figures
from salesdaemon.domain.period import Period
from salesdaemon.domain.sale import Kind, Sale, Status
from salesdaemon.domain.summary import Summary
from salesdaemon.domain.sums import Dimension, add_up, summarise
from salesdaemon.store.engine import Store
from salesdaemon.store.history import load_days
from salesdaemon.store.rates import load_book, mark_days_dirty, save_rates
from salesdaemon.store.recording import Batch
from salesdaemon.store.sales import SaleFilter, list_sales
from salesdaemon.store.sums import Basis, adopt_basis, has_dirty, load_sums, refresh
from salesdaemon.store.tables import sales
from tests.factories import FRIDAY, account, batch, item, record_in, sale

DAY = timedelta(days=1)
BASIS = Basis("EUR", "Europe/Berlin")
AMOUNTS = ("gross", "net", "passive_net", "active_net", "unclassified_net")


def on(day: date, external_id: str = "s1", **changes: Any) -> Sale:
    at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    return sale(external_id, paid_at=at, **changes)


def free(day: date, external_id: str = "s1", **changes: Any) -> Sale:
    return on(day, external_id, kind=Kind.FREE, gross_minor=0, fees_minor=0, **changes)


def shop(store: Store, *pages: Batch) -> None:
    """Open two shops, with sales that nobody has summed yet."""
    account(store)
    account(store, "prints", "a2", "etsy")
    with store.write() as connection:
        adopt_basis(connection, BASIS)
    for page in pages:
        record_in(store, page)


def tidy(store: Store, days: int = 10_000) -> None:
    with store.write() as connection:
        refresh(connection, BASIS, days=days)


def know(store: Store, day: date, currency: str, rate: str) -> None:
    with store.write() as connection:
        days = save_rates(connection, [Rate(day, currency, Decimal(rate), "ECB")])
        mark_days_dirty(connection, days, BASIS.home)


def days_of(store: Store, last: date = FRIDAY, first: date | None = None) -> list[DayFigures]:
    with store.read() as connection:
        return load_days(connection, BASIS, last, first)


def to_figures(summary: Summary) -> Figures:
    home = summary.home
    lacking = [
        getattr(summary.totals[currency], name)
        for currency in summary.unconverted
        for name in AMOUNTS
    ]
    count = sum(line.sales for line in summary.totals.values())
    amounts = (getattr(home, name) for name in AMOUNTS)
    return Figures(count, *amounts, converted=not any(lacking))


def truth(store: Store) -> list[DayFigures]:
    """Add up the sales of each day, one by one."""
    with store.read() as connection:
        book = load_book(connection)
        listed = [each for each in list_sales(connection, SaleFilter(), {}) if each.paid]
    return [
        DayFigures(
            day,
            to_figures(
                summarise(
                    listed,
                    Period.one_day(day),
                    BASIS.home,
                    lambda name, on_day: book.find(name, BASIS.home, on_day),
                )
            ),
        )
        for day in sorted({each.sold_on for each in listed})
    ]


def reported(store: Store) -> list[DayFigures]:
    """Add up the sums of each day as a report does."""
    with store.read() as connection:
        ever = Period(date(2020, 1, 1), date(2030, 1, 1))
        sums = load_sums(connection, BASIS, ever, (Dimension.TOTAL,), by_day=True)
    return [
        DayFigures(
            day,
            to_figures(
                add_up([each for each in sums if each.day == day], Period.one_day(day), "EUR")
            ),
        )
        for day in sorted({each.day for each in sums})
    ]


def test_a_day_is_all_shops_and_currencies_together(store: Store) -> None:
    shop(
        store,
        batch(on(FRIDAY), on(FRIDAY, "s2", currency="USD", items=(item(1200, passive=False),))),
        batch(on(FRIDAY, "s3", items=(item(1200, passive=None),)), account_id=2),
    )
    know(store, FRIDAY, "USD", "1.25")
    expected = Figures(
        sales=3,
        gross=1200 + 960 + 1200,
        net=965 + 772 + 965,
        passive_net=965,
        active_net=772,
        unclassified_net=965,
    )
    for _ in range(2):
        assert days_of(store) == [DayFigures(FRIDAY, expected)]
        tidy(store)


def test_amounts_are_integers_on_either_database(store: Store) -> None:
    shop(store, batch(on(FRIDAY)))
    tidy(store)
    (found,) = days_of(store)
    assert {type(value) for value in astuple(found.figures)} == {int, bool}


def test_days_are_in_order_and_end_where_asked(store: Store) -> None:
    shop(store, batch(*(on(FRIDAY - number * DAY, f"s{number}") for number in (5, 0, 9, 2))))
    for _ in range(2):
        back = [(FRIDAY - each.day).days for each in days_of(store)]
        assert back == [9, 5, 2, 0]
        some = days_of(store, FRIDAY - 2 * DAY, FRIDAY - 5 * DAY)
        assert [(FRIDAY - each.day).days for each in some] == [5, 2]
        tidy(store)


def test_a_shop_without_sales_has_no_days(store: Store) -> None:
    shop(store, batch(on(FRIDAY, status=Status.UNPAID)))
    for _ in range(2):
        assert days_of(store) == []
        tidy(store)


def test_renewals_count_as_sales_and_free_downloads_do_not(store: Store) -> None:
    shop(store, batch(on(FRIDAY, kind=Kind.RENEWAL), free(FRIDAY, "s2"), free(FRIDAY - DAY, "s3")))
    for _ in range(2):
        assert [(each.day, each.figures.sales) for each in days_of(store)] == [
            (FRIDAY - DAY, 0),
            (FRIDAY, 1),
        ]
        tidy(store)


def test_a_day_lacks_a_sale_without_a_rate_but_no_free_download(store: Store) -> None:
    shop(
        store,
        batch(
            *(on(FRIDAY), on(FRIDAY, "s2", currency="XAU")),
            *(on(FRIDAY - DAY, "s3"), free(FRIDAY - DAY, "s4", currency="XAU")),
        ),
    )
    one = Figures(sales=1, gross=1200, net=965, passive_net=965)
    two = Figures(sales=2, gross=1200, net=965, passive_net=965, converted=False)
    for _ in range(2):
        assert days_of(store) == [DayFigures(FRIDAY - DAY, one), DayFigures(FRIDAY, two)]
        tidy(store)


def test_a_day_that_one_shop_changed_keeps_what_the_other_sold(store: Store) -> None:
    shop(store, batch(on(FRIDAY)), batch(on(FRIDAY, "s2"), account_id=2))
    tidy(store)
    record_in(store, batch(on(FRIDAY, gross_minor=2000)))
    with store.write() as connection:
        # What is summed already is believed, and so not read.
        connection.execute(update(sales).where(sales.c.account_id == 2).values(net_minor=1))
    (found,) = days_of(store)
    assert (found.figures.sales, found.figures.net) == (2, 1765 + 965)


def test_a_day_whose_only_sale_moved_away_is_gone(store: Store) -> None:
    shop(store, batch(on(FRIDAY)))
    tidy(store)
    record_in(store, batch(on(FRIDAY - 3 * DAY)))
    for _ in range(2):
        assert [each.day for each in days_of(store)] == [FRIDAY - 3 * DAY]
        tidy(store)


def _random_sale(random: Random, name: str) -> Sale:
    gross = random.randrange(9000)
    facts: dict[str, Any] = {
        "kind": random.choice([Kind.SALE, Kind.SALE, Kind.RENEWAL]),
        "status": random.choice([Status.PAID, Status.PAID, Status.UNPAID, Status.DISPUTED]),
        "currency": random.choice(["EUR", "USD", "JPY", "XAU"]),
        "refunded_minor": random.choice([0, 0, gross // 3, gross]),
        "items": (item(gross, passive=random.choice([True, False, None])),),
    }
    day = FRIDAY - random.randrange(25) * DAY
    if random.random() < 0.2:
        return free(day, name, currency=facts["currency"])
    return on(day, name, gross_minor=gross, fees_minor=random.randrange(200), **facts)


@pytest.mark.parametrize("seed", range(3))
def test_whatever_happens_days_say_what_the_sales_do(store: Store, seed: int) -> None:
    random = Random(seed)
    shop(store)
    for _ in range(12):
        names = [f"s{number}" for number in random.sample(range(80), 12)]
        record_in(
            store,
            batch(
                *(_random_sale(random, name) for name in names), account_id=random.choice([1, 2])
            ),
        )
        rated = FRIDAY - random.randrange(34) * DAY
        know(store, rated, random.choice(["USD", "JPY"]), f"{random.randrange(80, 400) / 100:.2f}")
        tidy(store, random.randrange(1, 20))
        expected = truth(store)
        assert days_of(store) == expected == reported(store)
        first, last = FRIDAY - random.randrange(10, 25) * DAY, FRIDAY - random.randrange(9) * DAY
        assert days_of(store, last, first) == [
            each for each in expected if first <= each.day <= last
        ]
    tidy(store)
    with store.read() as connection:
        assert not has_dirty(connection)
    assert days_of(store) == truth(store)
    assert {each.figures.converted for each in days_of(store)} == {True, False}
