"""What a period brought: totals by currency, shop and product."""

import random
from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from salesdaemon.domain.period import Period
from salesdaemon.domain.sale import Kind, Status
from salesdaemon.domain.summary import GroupTotals, StoredSale, Summary, Totals
from salesdaemon.domain.sums import (
    Dimension,
    group_by,
    group_by_product,
    no_rates,
    sum_sales,
    summarise,
    totals_by_currency,
)
from tests.factories import FRIDAY, item, stored_sale

DAY = timedelta(days=1)
TODAY = Period.one_day(FRIDAY)


def products_of(sold: list[StoredSale]) -> list[GroupTotals]:
    sums = sum_sales(sold, "EUR", no_rates)
    return group_by_product(each for each in sums if each.dimension is Dimension.PRODUCT)


ONE = Totals(sales=1, units=1, gross=1200, fees=235, net=965, passive_net=965, passive_sales=1)
ITEM_OF_ONE = Totals(sales=1, units=1, gross=1200, net=965, passive_net=965, passive_sales=1)

ITEMS = st.lists(
    st.builds(
        item,
        st.integers(0, 10**6),
        passive=st.sampled_from([True, False, None]),
        quantity=st.integers(1, 5),
        product=st.sampled_from(["Planner", "Poster", None]),
    ),
    min_size=1,
    max_size=4,
)


@st.composite
def sales(draw: st.DrawFn) -> StoredSale:
    items = tuple(draw(ITEMS))
    return stored_sale(
        gross_minor=sum(each.gross_minor for each in items),
        items=items,
        fees_minor=draw(st.integers(0, 500)),
        refunded_minor=draw(st.integers(0, 500)),
        currency=draw(st.sampled_from(["EUR", "USD", "JPY"])),
        kind=draw(st.sampled_from(Kind)),
        paid=draw(st.booleans()),
        shop=draw(st.sampled_from(["templates", "prints"])),
        fees_exact=draw(st.booleans()),
        sold_on=FRIDAY + draw(st.integers(-1, 1)) * DAY,
    )


SALES = st.lists(sales(), max_size=12)


@given(SALES, st.randoms(use_true_random=False))
def test_totals_are_the_same_in_whatever_order_sales_are_added(
    some: list[StoredSale], chance: random.Random
) -> None:
    shuffled = list(some)
    chance.shuffle(shuffled)
    assert summarise(shuffled, TODAY, "EUR") == summarise(some, TODAY, "EUR")


@given(SALES)
def test_the_parts_of_every_total_add_up(some: list[StoredSale]) -> None:
    summary = summarise(some, TODAY, "EUR")
    for currency, line in summary.totals.items():
        assert line.passive_net + line.active_net + line.unclassified_net == line.net
        assert line.net == line.gross - line.refunded - line.fees
        for groups in (summary.shops, summary.products):
            lines = [group.totals[currency] for group in groups if currency in group.totals]
            assert sum(each.net for each in lines) == line.net
            assert sum(each.gross for each in lines) == line.gross
            assert sum(each.units for each in lines) == line.units


def test_a_period_sums_up_its_own_paid_sales_alone() -> None:
    others = [
        stored_sale("s2", sold_on=FRIDAY - DAY),
        stored_sale("s3", sold_on=FRIDAY + DAY),
        stored_sale("s4", status=Status.UNPAID, paid=False),
    ]
    assert summarise([stored_sale(), *others], TODAY, "EUR") == Summary(
        period=TODAY,
        totals={"EUR": ONE},
        home_currency="EUR",
        home=ONE,
        unconverted=(),
        shops=(GroupTotals("templates", "templates", "gumroad", {"EUR": ONE}, home=ONE),),
        products=(
            GroupTotals(
                "Weekly planner",
                "templates",
                "gumroad",
                {"EUR": ITEM_OF_ONE},
                key="p1",
                home=ITEM_OF_ONE,
            ),
        ),
    )


def test_nothing_sold_is_a_summary_of_nothing() -> None:
    assert summarise([], TODAY, "EUR") == Summary(TODAY, {}, "EUR", Totals(), (), (), ())


def test_currencies_are_kept_apart_and_what_cannot_be_converted_is_named() -> None:
    summary = summarise(
        [stored_sale(currency=currency) for currency in ("USD", "EUR", "JPY", "USD")], TODAY, "EUR"
    )
    assert list(summary.totals) == ["EUR", "JPY", "USD"]
    assert [line.sales for line in summary.totals.values()] == [1, 1, 2]
    assert (summary.home, summary.unconverted) == (ONE, ("JPY", "USD"))


def test_free_downloads_trials_and_parts_of_bundles_are_no_sales() -> None:
    one_each = [stored_sale(kind=kind) for kind in Kind]
    (line,) = totals_by_currency(one_each).values()
    assert (line.sales, line.units) == (2, len(Kind))


def test_a_sale_refunded_later_still_counts_as_one() -> None:
    refunded = stored_sale(status=Status.REFUNDED, refunded_minor=1200, fees_refunded_minor=200)
    assert totals_by_currency([refunded])["EUR"] == Totals(
        sales=1,
        units=1,
        gross=1200,
        refunded=1200,
        fees=235,
        fees_refunded=200,
        net=-35,
        passive_net=-35,
        passive_sales=1,
    )


def test_a_sale_is_passive_where_every_item_is() -> None:
    one, mixed = stored_sale(), stored_sale(items=(item(700), item(500, passive=False)))
    unclear = stored_sale(items=(item(700), item(500, passive=None)))
    free = stored_sale(kind=Kind.FREE)
    line = totals_by_currency([one, mixed, unclear, free])["EUR"]
    assert (line.sales, line.passive_sales) == (3, 1)


def test_estimated_fees_are_counted() -> None:
    some = [stored_sale(), stored_sale(fees_exact=False), stored_sale(fees_exact=False)]
    assert totals_by_currency(some)["EUR"].estimated == 2


def test_products_come_best_net_first_and_are_told_apart_by_shop_and_id() -> None:
    sold = [
        stored_sale("s1", items=(item(product_id="p1", product="Planner"),)),
        stored_sale("s2", items=(item(product_id="p2", product="Planner"),), fees_minor=0),
        stored_sale("s3", items=(item(product_id="p1", product="Planner"),), shop="prints"),
        stored_sale("s4", items=(item(product_id="p1", product="Planner"),)),
    ]
    found = [(group.shop, group.name, group.totals["EUR"].net) for group in products_of(sold)]
    assert found == [
        ("templates", "Planner", 2 * 965),
        ("templates", "Planner", 1200),
        ("prints", "Planner", 965),
    ]


def test_products_that_brought_the_same_stand_in_one_order_whichever_was_sold_first() -> None:
    sold = [
        stored_sale(shop=shop, items=(item(product=name, product_id=name and f"p-{name}"),))
        for shop in ("prints", "templates")
        for name in (None, "A", "B")
    ]
    for some in (sold, sold[::-1]):
        found = [(group.name, group.shop) for group in products_of(some)]
        assert found == [
            (None, "prints"),
            (None, "templates"),
            ("A", "prints"),
            ("A", "templates"),
            ("B", "prints"),
            ("B", "templates"),
        ]


def test_a_net_is_shared_among_the_products_of_a_sale_without_losing_a_cent() -> None:
    three = tuple(item(400, product=name, product_id=name) for name in "abc")
    (sold,) = [stored_sale(items=three, fees_minor=200)]
    assert [group.totals["EUR"].net for group in products_of([sold])] == [334, 333, 333]


def test_groups_are_in_order_of_name_with_the_unknown_last() -> None:
    some = [
        stored_sale(country="US"),
        stored_sale(country=None),
        stored_sale(country="DE"),
        replace(stored_sale(country="FR"), paid=False),
    ]
    sums = sum_sales(some, "EUR", no_rates)
    countries = [each for each in sums if each.dimension is Dimension.COUNTRY]
    groups = group_by(countries, lambda each: each.name or None)
    assert [(group.name, group.totals["EUR"].sales) for group in groups] == [
        ("DE", 1),
        ("US", 1),
        (None, 1),
    ]
