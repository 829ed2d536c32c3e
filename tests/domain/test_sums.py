"""Sums of days: how each sale is converted, and that days may be added up in any parts."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesdaemon.domain.exchange import Conversion, Rate, RateBook
from salesdaemon.domain.period import Period
from salesdaemon.domain.sale import Kind, Status
from salesdaemon.domain.summary import StoredSale, Totals
from salesdaemon.domain.sums import (
    DaySum,
    Dimension,
    add_up,
    by_currency,
    group_by,
    in_home_currency,
    no_rates,
    sum_sales,
    summarise,
)
from tests.factories import FRIDAY, item, stored_sale

DAY = timedelta(days=1)
BOOK = RateBook(
    [
        Rate(FRIDAY, "USD", Decimal("1.25"), "ECB"),
        Rate(FRIDAY, "JPY", Decimal(160), "ECB"),
        Rate(FRIDAY + DAY, "USD", Decimal("1.3"), "ECB"),
    ]
)


def find_rate(currency: str, day: date) -> Conversion | None:
    return BOOK.find(currency, "EUR", day)


def at_home(**changes: Any) -> Totals | None:
    one = stored_sale(**{"currency": "USD", "fees_minor": 200, **changes})
    return in_home_currency(one, "EUR", find_rate(one.currency, one.sold_on))


# One sale


def test_each_figure_is_converted_by_itself_at_the_rate_of_the_sales_day() -> None:
    assert at_home() == Totals(
        sales=1, units=1, gross=960, fees=160, net=800, passive_net=800, passive_sales=1
    )
    tomorrow = at_home(sold_on=FRIDAY + DAY)
    assert tomorrow is not None
    assert (tomorrow.gross, tomorrow.fees, tomorrow.net) == (923, 154, 769)


def test_a_sale_in_the_home_currency_stays_as_it_is_without_any_rate() -> None:
    one = stored_sale()
    assert in_home_currency(one, "EUR", None) == Totals(
        sales=1, units=1, gross=1200, fees=235, net=965, passive_net=965, passive_sales=1
    )


def test_without_a_rate_there_is_no_home_figure() -> None:
    assert at_home(currency="XAU") is None
    assert at_home(sold_on=FRIDAY - DAY) is None


@pytest.mark.parametrize(("minor", "half"), [(1, 0), (2, 1), (3, 2), (7, 4), (-1, 0), (-3, -2)])
def test_halves_go_to_the_even_side(minor: int, half: int) -> None:
    book = RateBook([Rate(FRIDAY, "USD", Decimal(2), "ECB")])
    one = stored_sale(currency="USD", gross_minor=minor, fees_minor=0)
    found = in_home_currency(one, "EUR", book.find("USD", "EUR", FRIDAY))
    assert found is not None
    assert found.gross == half


def test_yen_have_no_cents() -> None:
    found = at_home(currency="JPY", gross_minor=1600, fees_minor=0)
    assert found is not None
    assert found.gross == 1000


def test_what_was_settled_in_the_home_currency_beats_the_rate_for_the_net_alone() -> None:
    items = (item(800), item(400, passive=False))
    found = at_home(items=items, settled_currency="EUR", settled_net_minor=777)
    assert found == Totals(
        sales=1, units=2, gross=960, fees=160, net=777, passive_net=518, active_net=259
    )


def test_what_was_settled_in_a_third_currency_is_converted_by_the_rate() -> None:
    assert at_home(settled_currency="GBP", settled_net_minor=777) == at_home()


def test_the_part_through_affiliates_follows_the_settled_net() -> None:
    found = at_home(affiliate_minor=100, settled_currency="EUR", settled_net_minor=777)
    assert found is not None
    assert found.through_affiliates == 777


# A day's sums


def test_a_sale_counts_in_the_total_its_country_its_kind_and_each_of_its_products() -> None:
    items = (item(700), item(500, product_id=None, product="Mug", passive=None))
    sums = sum_sales([stored_sale(items=items)], "EUR", no_rates)
    assert [(each.dimension, each.name, each.title, each.totals.net) for each in sums] == [
        (Dimension.TOTAL, "", None, 965),
        (Dimension.COUNTRY, "DE", None, 965),
        (Dimension.KIND, "sale", None, 965),
        (Dimension.PRODUCT, "p1", "Weekly planner", 563),
        (Dimension.PRODUCT, "Mug", "Mug", 402),
    ]
    assert all(each.home == each.totals for each in sums)


def test_a_sale_without_items_still_counts_in_the_total() -> None:
    sums = sum_sales([stored_sale(items=())], "EUR", no_rates)
    assert [each.dimension for each in sums] == [
        Dimension.TOTAL,
        Dimension.COUNTRY,
        Dimension.KIND,
    ]


def test_unpaid_sales_are_in_no_sum() -> None:
    assert sum_sales([stored_sale(status=Status.UNPAID, paid=False)], "EUR", no_rates) == []


def test_a_disputed_sale_brings_nothing_but_is_counted() -> None:
    one = stored_sale(status=Status.DISPUTED, refunded_minor=1200, net_minor=0)
    (line,) = summarise([one], Period.one_day(FRIDAY), "EUR").totals.values()
    assert (line.sales, line.gross, line.refunded, line.net) == (1, 1200, 1200, 0)


# Periods


CURRENCIES = st.sampled_from(["EUR", "USD", "JPY", "XAU"])


@st.composite
def _sales(draw: st.DrawFn) -> StoredSale:
    parts = draw(st.lists(st.integers(0, 5000), max_size=3))
    settled = draw(st.none() | st.integers(0, 5000))
    return stored_sale(
        gross_minor=sum(parts),
        items=tuple(
            item(
                part,
                product_id=draw(st.sampled_from(["p1", "p2", None])),
                product=draw(st.sampled_from(["Mug", "Card", None])),
                passive=draw(st.sampled_from([True, False, None])),
            )
            for part in parts
        ),
        kind=draw(st.sampled_from(Kind)),
        currency=draw(CURRENCIES),
        shop=draw(st.sampled_from(["templates", "prints"])),
        sold_on=FRIDAY + draw(st.integers(-1, 3)) * DAY,
        refunded_minor=draw(st.integers(0, 400)),
        affiliate_minor=draw(st.sampled_from([0, 50])),
        country=draw(st.sampled_from(["DE", None])),
        settled_currency=None if settled is None else draw(CURRENCIES),
        settled_net_minor=settled,
    )


EVER = Period(FRIDAY - 9 * DAY, FRIDAY + 9 * DAY)


@given(st.lists(_sales(), max_size=12), st.integers(0, 12))
def test_days_summed_apart_and_added_up_say_the_same(some: list[StoredSale], cut: int) -> None:
    days = sorted({each.sold_on for each in some})
    apart: list[DaySum] = []
    for day in reversed(days):
        apart += sum_sales((each for each in some if each.sold_on == day), "EUR", find_rate)
    together = summarise(some, EVER, "EUR", find_rate)
    assert add_up(apart, EVER, "EUR") == together
    assert add_up([*apart[cut:], *apart[:cut]], EVER, "EUR") == together


@given(st.lists(_sales(), max_size=12))
def test_the_home_total_is_the_sum_of_what_each_sale_came_to(some: list[StoredSale]) -> None:
    found = summarise(some, EVER, "EUR", find_rate)
    home, unconverted = Totals(), set()
    for one in some:
        converted = in_home_currency(one, "EUR", find_rate(one.currency, one.sold_on))
        if converted is None:
            unconverted.add(one.currency)
        else:
            home.plus(converted)
    assert (found.home, found.unconverted) == (home, tuple(sorted(unconverted)))


@given(st.lists(_sales(), max_size=12))
def test_countries_and_products_add_up_to_the_total(some: list[StoredSale]) -> None:
    sums = sum_sales(some, "EUR", find_rate)
    apart: defaultdict[Dimension, list[DaySum]] = defaultdict(list)
    for each in sums:
        apart[each.dimension].append(each)
    assert by_currency(apart[Dimension.COUNTRY]) == by_currency(apart[Dimension.TOTAL])
    with_items = [one for one in some if one.items]
    whole = summarise(with_items, EVER, "EUR", find_rate)
    products = by_currency(apart[Dimension.PRODUCT])
    for currency, line in whole.totals.items():
        assert (products[currency].net, products[currency].gross) == (line.net, line.gross)
    in_home = [each.home.net for each in apart[Dimension.PRODUCT] if each.home is not None]
    assert sum(in_home) == whole.home.net


def test_groups_by_day_hold_what_each_day_brought() -> None:
    some = [stored_sale(), stored_sale("s2", sold_on=FRIDAY + DAY, currency="USD")]
    sums = sum_sales(some, "EUR", find_rate)
    days = group_by(
        (each for each in sums if each.dimension is Dimension.TOTAL), lambda each: f"{each.day}"
    )
    assert [(group.name, list(group.totals)) for group in days] == [
        ("2026-11-20", ["EUR"]),
        ("2026-11-21", ["USD"]),
    ]


# Products


def test_two_lines_of_a_product_are_one_sale_of_it() -> None:
    both = stored_sale(
        gross_minor=3000,
        fees_minor=0,
        fees_exact=False,
        items=(
            item(1000, product="Weekly planner, blue"),
            item(500, product_id="p2", product="Sticker"),
            item(1500, product="Weekly planner, red", quantity=2),
        ),
    )
    (planner, sticker) = summarise([both], Period.one_day(FRIDAY), "EUR").products
    assert planner.totals["EUR"] == Totals(
        sales=1, units=3, gross=2500, net=2500, passive_net=2500, estimated=1, passive_sales=1
    )
    assert (sticker.totals["EUR"].sales, sticker.totals["EUR"].units) == (1, 1)


def test_two_lines_of_a_product_are_one_sale_of_it_in_the_home_currency_too() -> None:
    both = stored_sale(currency="USD", items=(item(700), item(500)))
    (planner,) = summarise([both], Period.one_day(FRIDAY), "EUR", find_rate).products
    assert planner.home is not None
    assert (planner.home.sales, planner.home.passive_sales) == (1, 1)


def test_the_best_product_is_the_one_that_brought_most_in_the_home_currency() -> None:
    sold = [
        stored_sale(str(place), currency=currency, gross_minor=gross, fees_minor=0, items=(one,))
        for place, (currency, gross, one) in enumerate(
            [
                ("JPY", 1500, item(1500, product_id="yen", product="Postcard")),
                ("EUR", 1200, item(1200, product_id="euro", product="Planner")),
                ("XAU", 9999, item(9999, product_id="gold", product="Coin")),
            ]
        )
    ]
    found = summarise(sold, Period.one_day(FRIDAY), "EUR", find_rate).products
    assert [product.key for product in found] == ["euro", "yen", "gold"]
