"""What each product brought, and what was put into it."""

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest

from salesdaemon.domain.product_facts import (
    Effort,
    ProductFacts,
    ProductSale,
    add_days,
    assign,
    gather,
    is_known,
)
from tests.factories import FRIDAY

DAY = timedelta(days=1)


def sold(net_minor: int = 1000, *, on: date = FRIDAY, **facts: Any) -> ProductSale:
    """Make a sale of one planner."""
    values: dict[str, Any] = {
        "account_id": 1,
        "shop": "prints",
        "product_id": "p1",
        "title": "Planner",
        "passive": True,
        "sold_on": on,
        "moment": on.toordinal(),
        "currency": "EUR",
        "through_affiliate": False,
        "units": 1,
        **facts,
    }
    return ProductSale(**values, net_minor=net_minor)


def worked_on(sales: Sequence[ProductSale], *efforts: Effort) -> ProductFacts:
    """Gather one product with what was put into it."""
    (product,) = gather(sales)
    assert assign(efforts, [product]) == []
    add_days(sales, [product])
    return product


def same_currency(net_minor: int, currency: str, day: date) -> int:
    assert currency == "EUR"
    return net_minor


def test_the_newest_sale_names_and_classes_a_product_in_whatever_order_they_come() -> None:
    sales = [
        sold(100, on=FRIDAY - DAY, title="Old name", passive=None, units=2),
        sold(200, title="Planner", through_affiliate=True),
        sold(300, on=FRIDAY - 9 * DAY, title=None, currency="JPY"),
    ]
    for seed in range(6):
        Random(seed).shuffle(sales)
        (product,) = gather(sales)
        assert (product.title, product.passive, product.units) == ("Planner", True, 4)
        assert (product.first_sale, product.last_sale) == (FRIDAY - 9 * DAY, FRIDAY)
        assert product.net == {"EUR": 300, "JPY": 300}
        assert product.through_affiliates == {"EUR": 200}
        assert product.titles == {"Old name", "Planner"}


def test_products_are_told_apart_by_account_and_id_then_by_title() -> None:
    found = gather(
        [
            sold(),
            sold(product_id="p2"),
            sold(product_id=None, title="Planner"),
            sold(product_id=None, title="Icons"),
            sold(account_id=2, shop="a_shop"),
        ]
    )
    assert [(one.shop, one.title, one.product_id) for one in found] == [
        ("a_shop", "Planner", "p1"),
        ("prints", "Icons", None),
        ("prints", "Planner", None),
        ("prints", "Planner", "p1"),
        ("prints", "Planner", "p2"),
    ]


@pytest.mark.parametrize(
    ("name", "minutes"),
    [
        ("p1", [60, 0, 0]),
        ("Planner", [60, 0, 0]),
        ("Old name", [60, 0, 0]),
        ("prints:Plan*", [60, 0, 0]),
        ("templates:*", [0, 0, 60]),
        ("Plan", None),
        ("planner", None),
        ("*", [20, 20, 20]),
        ("prints:*", [30, 30, 0]),
        ("Kit [A4]", [0, 60, 0]),
    ],
)
def test_time_belongs_to_what_its_name_means(name: str, minutes: list[int] | None) -> None:
    products = gather(
        [
            sold(),
            sold(on=FRIDAY - DAY, title="Old name"),
            sold(product_id="p2", title="Kit [A4]"),
            sold(account_id=2, shop="templates", product_id="p3", title="Kit A"),
        ]
    )
    by_id = sorted(products, key=lambda one: one.product_id or "")
    unknown = assign([Effort(name, 60, FRIDAY)], by_id)
    if minutes is None:
        assert (unknown, [one.minutes for one in by_id]) == ([name], [0, 0, 0])
    else:
        assert (unknown, [one.minutes for one in by_id]) == ([], minutes)


def test_time_that_is_split_is_never_more_than_was_written_down() -> None:
    products = gather([sold(product_id=f"p{number}") for number in range(7)])
    assign([Effort("*", 60, FRIDAY), Effort("Planner", 5, FRIDAY)], products)
    assert sum(one.minutes for one in products) == 65


def test_a_name_that_nobody_knows_is_told_once() -> None:
    efforts = [Effort("Lamp", 60, FRIDAY), Effort("Lamp", 30, FRIDAY), Effort("Desk", 1, FRIDAY)]
    assert assign(efforts, gather([sold()])) == ["Lamp", "Desk"]


@pytest.mark.parametrize(
    ("name", "known"),
    [("Planner", True), ("p1", True), ("prints:Pl*", True), ("templates:*", False), ("p", False)],
)
def test_a_name_is_known_once_something_was_sold_by_it(name: str, *, known: bool) -> None:
    assert is_known(name, [("prints", "p1", "Planner"), ("prints", None, None)]) is known
    assert is_known(name, []) is False


def test_net_per_hour_is_rounded_half_to_even() -> None:
    product = worked_on(
        [sold(1001), sold(-7, currency="JPY")], Effort("p1", 90, FRIDAY), Effort("p1", 30, FRIDAY)
    )
    assert product.net_per_hour() == {"EUR": 500, "JPY": -4}
    assert gather([sold()])[0].net_per_hour() == {}


def test_what_was_earned_since_counts_from_the_day_after() -> None:
    sales = [
        sold(1, on=FRIDAY - DAY),
        sold(20, currency="JPY"),
        sold(300, on=FRIDAY + DAY),
        sold(4000, on=FRIDAY + 2 * DAY),
    ]
    efforts = (Effort("p1", 60, FRIDAY), Effort("p1", 60, FRIDAY - 5 * DAY))
    product = worked_on(sales, *efforts)
    assert product.last_effort == FRIDAY
    assert product.earned_since_last_effort() == {"EUR": 4300, "JPY": 0}
    assert gather(sales)[0].earned_since_last_effort() == {}


@pytest.mark.parametrize(
    ("nets", "hours", "paid_back"),
    [
        ({1: 1000, 2: 2000}, {0: 1}, 2),
        ({1: 1000, 2: 1999}, {0: 1}, None),
        ({0: 3000}, {0: 1}, 0),
        ({1: 3000, 2: -1, 3: 1}, {0: 1}, 3),
        ({1: 3000, 4: 3000}, {0: 1, 2: 1}, 4),
        ({1: 9000}, {0: 1, 2: 1}, 1),
        ({1: 3000}, {5: 1}, 1),
        ({}, {0: 1}, None),
    ],
    ids=[
        *("on the day that covers it", "a cent too little", "on the day itself"),
        *("not while a refund undoes it", "more work puts it off", "a surplus pays more work"),
        *("earned before the work", "nothing earned"),
    ],
)
def test_a_product_pays_back_when_it_has_brought_what_its_hours_are_worth(
    nets: dict[int, int], hours: dict[int, int], paid_back: int | None
) -> None:
    # Something of nothing, long after: it is a product, and changes nothing.
    sales = [sold(net, on=FRIDAY + day * DAY) for day, net in nets.items()]
    sales.append(sold(0, on=FRIDAY + 99 * DAY))
    efforts = [Effort("p1", 60 * spent, FRIDAY + day * DAY) for day, spent in hours.items()]
    found = worked_on(sales, *efforts).paid_back_on(3000, same_currency)
    assert found == (None if paid_back is None else FRIDAY + paid_back * DAY)


def test_a_product_without_hours_has_nothing_to_pay_back() -> None:
    assert gather([sold()])[0].paid_back_on(3000, same_currency) is None


def test_other_currencies_count_by_their_worth_on_the_day() -> None:
    product = worked_on([sold(100, currency="USD")], Effort("p1", 1, FRIDAY - DAY))
    asked = []

    def worth(net_minor: int, currency: str, day: date) -> int:
        asked.append((net_minor, currency, day))
        return 50

    assert product.paid_back_on(3000, worth) == FRIDAY
    assert product.paid_back_on(3001, worth) is None
    assert asked[0] == (100, "USD", FRIDAY)
