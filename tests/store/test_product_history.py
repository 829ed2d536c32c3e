"""How products sold and what they paid, against counting every sale by hand."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from sqlalchemy import event

from salesdaemon.domain.digests import DigestKind, last_periods, period_of
from salesdaemon.domain.exchange import Rate
from salesdaemon.domain.money import proportion
from salesdaemon.domain.period import Period
from salesdaemon.domain.product_facts import Effort, assign, gather, key_of
from salesdaemon.domain.sale import COUNTED_KINDS, Kind, Sale, Status
from salesdaemon.domain.trends import HourlyRate, ProductHistory, ProductKey
from salesdaemon.store.engine import Store
from salesdaemon.store.product_history import load_hourly_rates, load_product_histories
from salesdaemon.store.product_sales import iterate_product_sales
from salesdaemon.store.rates import mark_days_dirty, save_rates
from salesdaemon.store.sales import SaleFilter, list_sales
from salesdaemon.store.sums import Basis, refresh
from tests.factories import FRIDAY, account, batch, item, record_in, sale

BASIS = Basis("EUR", "Europe/Berlin", {})
DAY = timedelta(days=1)
WEEKS = last_periods(DigestKind.WEEKLY, period_of(DigestKind.WEEKLY, FRIDAY), 3)
PLANNER = ProductKey("templates", "p1")


def on(day: date, external_id: str, **changes: Any) -> Sale:
    at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    return sale(external_id, paid_at=at, **changes)


def keep(store: Store, *sales: Sale) -> None:
    account(store)
    record_in(store, batch(*sales))


def tidy(store: Store, days: int = 10_000) -> None:
    with store.write() as connection:
        refresh(connection, BASIS, days=days)


def load(
    store: Store, periods: Sequence[Period] = WEEKS, *, look_back: bool = True
) -> list[ProductHistory]:
    with store.read() as connection:
        return load_product_histories(connection, BASIS, periods, look_back=look_back)


def rates(store: Store, *efforts: Effort) -> list[HourlyRate]:
    with store.read() as connection:
        return load_hourly_rates(connection, BASIS, efforts)


def know(store: Store, day: date, currency: str, rate: str) -> None:
    with store.write() as connection:
        days = save_rates(connection, [Rate(day, currency, Decimal(rate), "ECB")])
        mark_days_dirty(connection, days, "EUR")


# How products sold


def test_a_product_has_a_count_for_each_period_before_and_after_its_days_are_summed(
    store: Store,
) -> None:
    keep(
        store,
        on(FRIDAY, "s1", items=(item(quantity=3),)),
        on(FRIDAY - DAY, "s2", kind=Kind.RENEWAL),
        on(FRIDAY - 14 * DAY, "s3"),
        on(FRIDAY, "s4", items=(item(product_id=None, product="Note", quantity=2),)),
    )
    for _ in range(2):
        assert load(store) == [
            ProductHistory(ProductKey("templates", "Note"), "Note", 2, (0, 0, 1), (0, 0, 2)),
            ProductHistory(PLANNER, "Weekly planner", 0, (1, 0, 2), (1, 0, 4)),
        ]
        tidy(store)


def test_what_was_not_sold_in_any_of_the_periods_is_left_out(store: Store) -> None:
    keep(store, on(WEEKS[0].first - DAY, "s1"), on(WEEKS[-1].last + DAY, "s2"))
    for _ in range(2):
        assert load(store) == []
        tidy(store)


@pytest.mark.parametrize("days", [1, 30, 31, 400])
@pytest.mark.parametrize("tidied", [True, False], ids=["summed", "marked"])
def test_a_product_that_sold_before_all_the_periods_began_before_them(
    store: Store, days: int, tidied: bool
) -> None:
    old = WEEKS[0].first - days * DAY
    two = (item(700), item(500, product_id="p2", product="Mug"))
    keep(store, on(old, "s1"), on(FRIDAY, "s2", items=two))
    if tidied:
        tidy(store)
    assert [(one.title, one.begun) for one in load(store)] == [("Mug", 2), ("Weekly planner", -1)]


def test_a_free_download_is_no_first_sale(store: Store) -> None:
    free = {"kind": Kind.FREE, "gross_minor": 0, "fees_minor": 0}
    gift = (item(0, product_id="p2", product="Gift"),)
    keep(
        store,
        on(FRIDAY - 100 * DAY, "s1", **free),
        on(FRIDAY - 14 * DAY, "s2", **free),
        on(FRIDAY - 90 * DAY, "s3", status=Status.UNPAID),
        on(FRIDAY, "s4"),
        on(FRIDAY, "s5", **free, items=gift),
    )
    for _ in range(2):
        assert load(store) == [
            ProductHistory(ProductKey("templates", "p2"), "Gift", None, (0, 0, 0), (0, 0, 1)),
            ProductHistory(PLANNER, "Weekly planner", 2, (0, 0, 1), (1, 0, 1)),
        ]
        tidy(store)


def test_an_old_sale_that_turned_out_to_be_of_another_day_does_not_count_there(
    store: Store,
) -> None:
    keep(store, on(FRIDAY - 60 * DAY, "s1"), on(FRIDAY, "s2"))
    tidy(store)
    record_in(store, batch(on(FRIDAY - 7 * DAY, "s1")))
    for _ in range(2):
        assert [one.begun for one in load(store)] == [1]
        tidy(store)


def test_the_same_product_of_two_shops_has_two_histories(store: Store) -> None:
    account(store)
    account(store, "prints", "a2", "etsy")
    record_in(store, batch(on(FRIDAY, "s1"), account_id=1))
    record_in(store, batch(on(FRIDAY, "s1"), on(FRIDAY - 50 * DAY, "s2"), account_id=2))
    for _ in range(2):
        assert [(one.product.shop, one.begun) for one in load(store)] == [
            ("prints", -1),
            ("templates", 2),
        ]
        tidy(store)


def test_without_looking_back_only_the_days_of_the_periods_are_read(store: Store) -> None:
    keep(store, on(FRIDAY - 60 * DAY, "s1"), on(FRIDAY, "s2"))
    tidy(store)
    asked: list[Any] = []
    event.listen(
        store.engine, "before_cursor_execute", lambda *facts: asked.append((facts[2], facts[3]))
    )
    (found,) = load(store, look_back=False)
    assert (found.begun, found.sales) == (None, (0, 0, 1))
    days = [f"{values}" for statement, values in asked if "FROM daily_sums" in statement]
    assert len(days) == 3
    assert not [each for each in days if "0001" in each]


def test_more_products_than_one_question_may_hold_are_looked_up(store: Store) -> None:
    names = [f"p{number}" for number in range(1201)]
    many = [on(FRIDAY, name, items=(item(product_id=name),)) for name in names]
    old = [
        on(FRIDAY - 99 * DAY, f"o{name}", items=(item(product_id=name),)) for name in names[:600]
    ]
    keep(store, *many, *old)
    tidy(store)
    assert Counter(one.begun for one in load(store)) == {-1: 600, 2: 601}


# What they paid


def test_a_product_pays_what_it_brought_for_the_hours_put_in(store: Store) -> None:
    keep(
        store,
        on(FRIDAY, "s1"),
        on(FRIDAY - 500 * DAY, "s2", currency="USD"),
        on(FRIDAY, "s3", items=(item(product_id="p2", product="Mug"),)),
    )
    spent = [Effort("p1", 30, FRIDAY), Effort("Weekly planner", 60, FRIDAY)]
    for _ in range(2):
        assert rates(store, *spent, Effort("No such thing", 90, FRIDAY)) == [
            HourlyRate(
                *(PLANNER, "Weekly planner", 90),
                *({"EUR": 965, "USD": 965}, {"EUR": 643, "USD": 643}),
            )
        ]
        tidy(store)
    assert rates(store) == []


def test_the_best_paid_is_first_and_the_longest_worked_on_where_no_rate_is_known(
    store: Store,
) -> None:
    dollars = (item(product_id="p2", product="Mug"),)
    keep(store, on(FRIDAY, "s1"), on(FRIDAY, "s2", currency="USD", items=dollars))
    spent = [Effort("p1", 60, FRIDAY), Effort("p2", 90, FRIDAY)]
    for _ in range(2):
        assert [one.title for one in rates(store, *spent)] == ["Mug", "Weekly planner"]
        tidy(store)
    know(store, FRIDAY, "USD", "1.25")
    for _ in range(2):
        assert [one.title for one in rates(store, *spent)] == ["Weekly planner", "Mug"]
        tidy(store)


def test_time_too_short_for_all_that_it_is_split_among_pays_nothing(store: Store) -> None:
    mug = (item(product_id="p2", product="Mug"),)
    keep(store, on(FRIDAY, "s1"), on(FRIDAY, "s2", items=mug))
    assert [one.title for one in rates(store, Effort("*", 1, FRIDAY))] == ["Mug"]


# Whatever happened

PRODUCTS = [
    *(("p1", "Mug"), ("p2", "Mug"), ("p3", "Plan")),
    *((None, "Plan"), (None, "Card"), ("p4", None), (None, None)),
]
EVENLY = 840  # minutes that up to eight products share without a rest


def _random_sale(random: Random, number: int) -> Sale:
    """Make a sale that differs the next time in all but its products; one of these is renamed."""
    is_old, lines = number < 20, []
    for product_id, title in Random(number).choices(PRODUCTS, k=1 + number % 3):
        name = "Cup" if product_id == "p1" and not is_old else title
        gross, quantity = random.randrange(900), random.randrange(1, 4)
        lines.append(item(gross, product_id=product_id, product=name, quantity=quantity))
    return on(
        FRIDAY - random.randrange(*((50, 120) if is_old else (50,))) * DAY,
        f"s{number}",
        kind=random.choice([Kind.SALE, Kind.SALE, Kind.RENEWAL, Kind.FREE]),
        status=random.choice([Status.PAID, Status.PAID, Status.UNPAID, Status.REFUNDED]),
        currency=random.choice(["EUR", "USD", "XAU"]),
        gross_minor=sum(each.gross_minor for each in lines),
        fees_minor=random.randrange(50),
        items=tuple(lines) if number else (),
    )


def _counted(store: Store, periods: Sequence[Period]) -> list[ProductHistory]:
    """Count every line of every order, one by one; two of a product are one sale of it."""
    sales: defaultdict[ProductKey, list[int]] = defaultdict(lambda: [0] * len(periods))
    units: defaultdict[ProductKey, list[int]] = defaultdict(lambda: [0] * len(periods))
    titles: dict[ProductKey, tuple[date, str]] = {}
    first: dict[ProductKey, date] = {}
    with store.read() as connection:
        for one in list_sales(connection, SaleFilter(), {}):
            met: set[ProductKey] = set()
            for line in one.items if one.paid else ():
                product = ProductKey(one.shop, line.product_id or line.product or "")
                counts = one.kind in COUNTED_KINDS and product not in met
                met.add(product)
                if counts:
                    first[product] = min(one.sold_on, first.get(product, one.sold_on))
                for place, period in enumerate(periods):
                    if one.sold_on in period:
                        sales[product][place] += counts
                        units[product][place] += line.quantity
                        titled = (one.sold_on, line.product or "")
                        if line.product:
                            titles[product] = max(titled, titles.get(product, titled))

    def begun(product: ProductKey) -> int | None:
        day = first.get(product)
        if day is None or day > periods[-1].last:
            return None
        return next((place for place, period in enumerate(periods) if day in period), -1)

    found = [
        ProductHistory(
            product,
            titles[product][1] if product in titles else None,
            # What only free downloads are known of in these periods was not looked for.
            begun(product) if any(sales[product]) else None,
            tuple(sales[product]),
            tuple(counted),
        )
        for product, counted in units.items()
    ]
    return sorted(found, key=lambda one: (one.product.shop, one.title or "", one.product.name))


def _as_listed(store: Store, efforts: Sequence[Effort]) -> dict[ProductKey, Any]:
    """Compute what the list of products says, sale by sale."""
    with store.read() as connection:
        products = gather(iterate_product_sales(connection))
    assign(efforts, products)
    return {
        ProductKey(one.shop, key_of(one) or ""): (one.minutes, one.net, one.net_per_hour())
        for one in products
        if one.minutes
    }


@pytest.mark.parametrize(
    ("database", "seed"),
    [*(("sqlite", seed) for seed in range(5)), *(("postgresql", seed) for seed in range(5, 7))],
)
def test_whatever_happens_products_are_counted_as_by_hand(store: Store, seed: int) -> None:
    random = Random(seed)
    account(store)
    account(store, "prints", "a2", "etsy")
    spent = [
        Effort(name, EVENLY, FRIDAY)
        for name in ("p1", "Plan", "Mug", "templates:*", "C*", "nothing")
    ]
    for _ in range(15):
        names = random.sample(range(40), 6)
        sales = [_random_sale(random, number) for number in names]
        record_in(store, batch(*sales, account_id=random.choice([1, 2])))
        if random.random() < 0.5:
            know(store, FRIDAY - random.randrange(120) * DAY, "USD", "1.25")
        if random.random() < 0.7:
            tidy(store, random.randrange(1, 60))
        for kind, count in ((DigestKind.WEEKLY, 4), (DigestKind.MONTHLY, 3), (DigestKind.DAILY, 9)):
            last = period_of(kind, FRIDAY - random.randrange(20) * DAY)
            periods = last_periods(kind, last, count)
            assert load(store, periods) == _counted(store, periods)
        found = rates(store, *spent)
        expected = _as_listed(store, spent)
        assert len(found) == len(expected)
        for one in found:
            assert (one.minutes, one.net, one.per_hour) == expected[one.product]
            assert one.per_hour == {
                currency: proportion(net, 60, one.minutes) for currency, net in one.net.items()
            }
