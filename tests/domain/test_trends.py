"""Which products are worth a word: enough change to mean something, and no word without it."""

from collections.abc import Callable, Sequence
from datetime import date
from fractions import Fraction
from math import comb, exp
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesdaemon.domain.digests import DigestKind
from salesdaemon.domain.exchange import Conversion, convert
from salesdaemon.domain.period import Period
from salesdaemon.domain.sale import Kind
from salesdaemon.domain.summary import StoredSale, Summary
from salesdaemon.domain.sums import no_rates, summarise
from salesdaemon.domain.trends import (
    Concentration,
    Movement,
    Movements,
    ProductHistory,
    ProductKey,
    Trend,
    find_concentration,
    find_movements,
    find_trends,
)
from tests.factories import FRIDAY, item, stored_sale

WEEKLY, YEARLY = DigestKind.WEEKLY, DigestKind.YEARLY
TODAY = Period(FRIDAY, FRIDAY)


def history(*sales: int, name: str = "Planner", shop: str = "prints", begun: int = -1) -> Any:
    """Make a product that was sold before the periods, of which each sale is one unit."""
    return ProductHistory(ProductKey(shop, name), name, begun, sales, sales)


def moved(one: ProductHistory, usual: Fraction | int) -> Movement:
    return Movement(one.product, one.title, one.sales[-1], Fraction(usual))


def found(*histories: ProductHistory, kind: DigestKind = WEEKLY) -> Movements:
    return find_movements(kind, histories)


# Trends


def test_a_trend_compares_the_units_of_the_last_two_periods() -> None:
    sold = ProductHistory(ProductKey("prints", "p1"), "Mug", -1, (9, 1, 0), (9, 4, 0))
    gone = ProductHistory(ProductKey("prints", "p2"), "Cup", 0, (9, 0, 0), (9, 0, 0))
    free = ProductHistory(ProductKey("prints", "p3"), "Gift", None, (0, 0, 0), (0, 0, 7))
    assert find_trends([sold, gone, free]) == {
        sold.product: Trend(now=0, before=4),
        free.product: Trend(now=7, before=0),
    }


# Rising and fading


def test_a_product_that_sells_three_times_as_much_as_usual_rises() -> None:
    one = history(*[10] * 12, 30)
    assert found(one) == Movements(rising=(moved(one, 10),))


def test_a_product_that_is_hardly_sold_any_more_fades() -> None:
    one = history(*[20] * 12, 2)
    assert found(one) == Movements(fading=(moved(one, 20),))


@pytest.mark.parametrize(
    "sales",
    [
        pytest.param((10,) * 12 + (14,), id="less than half as much again"),
        pytest.param((1000,) * 12 + (1499,), id="of many sales, too"),
        pytest.param((10,) * 12 + (16,), id="as chance alone brings now and then"),
        pytest.param((10,) * 12 + (5,), id="half by chance"),
        pytest.param((1,) * 12 + (4,), id="four sales"),
        pytest.param((0,) * 11 + (1, 5), id="too few in all"),
        pytest.param((0, 20) * 6 + (30,), id="clumps"),
        pytest.param((20, 0) * 6 + (0,), id="clumps that miss a week"),
    ],
)
def test_little_evidence_says_neither_rising_nor_fading(sales: Sequence[int]) -> None:
    result = found(history(*sales))
    assert (result.rising, result.fading) == ((), ())


def test_a_product_that_grows_slowly_for_long_rises() -> None:
    one = history(*range(8, 32, 2), 50)
    assert found(one).rising == (moved(one, 19),)


def test_a_product_is_compared_with_the_whole_periods_since_its_first_sale_alone() -> None:
    sales = (0, 0, 0, 0, 0, 0, 3, 20, 20, 20, 20, 20)
    steady = history(*sales, 20, begun=6)
    assert not found(steady)
    fading = history(*sales, 3, begun=6)
    assert found(fading) == Movements(fading=(moved(fading, 20),))
    assert not found(history(*sales, 3, begun=8)), "three whole weeks tell too little"


def test_the_more_products_are_looked_at_the_more_must_change() -> None:
    one = history(*[10] * 12, 23)
    others = [history(*[10] * 13, name=f"p{number}") for number in range(49)]
    assert found(one).rising
    assert not found(one, *others).rising


def test_products_too_small_to_be_judged_do_not_make_others_harder_to_judge() -> None:
    one = history(*[10] * 12, 23)
    others = [history(*[0] * 12, 1, name=f"p{number}") for number in range(49)]
    assert found(one, *others).rising


def test_years_are_compared_with_two_whole_ones_at_least() -> None:
    one = history(50, 50, 50, 150, begun=0)
    assert found(one, kind=YEARLY).rising == (moved(one, 50),)
    assert not found(history(0, 20, 50, 150, begun=1), kind=YEARLY)


def test_a_day_has_no_movements() -> None:
    assert not found(history(*[20] * 12, 100), kind=DigestKind.DAILY)


def _poisson(random: Random, mean: float) -> int:
    count, limit, product = 0, exp(-mean), random.random()
    while product > limit:
        count += 1
        product *= random.random()
    return count


def _weeks_with_a_false_word(random: Random, weeks: int, draw: Callable[[float], int]) -> int:
    """Count the weeks in which one of fifty products, none of which changes, is named."""
    means = [0.5 + 1.3 * (number % 25) for number in range(50)]
    wrong = 0
    for _ in range(weeks):
        shop = [
            history(*(draw(mean) for _ in range(13)), name=f"p{number}")
            for number, mean in enumerate(means)
        ]
        result = find_movements(WEEKLY, shop)
        wrong += bool(result.rising or result.fading)
    return wrong


def test_fifty_steady_products_are_left_alone_for_years() -> None:
    random = Random(7)
    wrong = _weeks_with_a_false_word(random, 300, lambda mean: _poisson(random, mean))
    assert wrong <= 3


def test_fifty_products_that_sell_in_clumps_are_rarely_named() -> None:
    random = Random(8)
    wrong = _weeks_with_a_false_word(random, 200, lambda mean: 3 * _poisson(random, mean / 3))
    assert wrong <= 30


def test_a_real_change_among_fifty_products_is_found() -> None:
    random = Random(9)
    named = 0
    for _ in range(50):
        shop = [
            history(*(_poisson(random, 20) for _ in range(13)), name=f"p{number}")
            for number in range(49)
        ]
        risen = history(*(_poisson(random, 20) for _ in range(12)), _poisson(random, 60))
        result = find_movements(WEEKLY, [*shop, risen])
        named += any(one.product == risen.product for one in result.rising)
    assert named >= 47


# Evergreen and new


def test_a_product_that_was_sold_in_each_of_twelve_weeks_is_evergreen() -> None:
    one = history(0, *[2] * 11, 1, begun=0)
    assert found(one) == Movements(evergreen=(moved(one, 2),))
    assert not found(history(0, *[2] * 11, 0, begun=0))
    assert not found(history(*[2] * 6, 0, *[2] * 6))
    assert not found(history(0, *[2] * 12, begun=1)), "the week of its first sale is no whole one"


def test_three_years_with_sales_make_an_evergreen() -> None:
    one = history(0, 1, 3, 5, 3, begun=1)
    assert found(one, kind=YEARLY).evergreen == (moved(one, 4),)
    assert not found(history(0, 0, 3, 5, 3, begun=2), kind=YEARLY)


def test_a_product_first_sold_in_the_period_is_new_in_a_shop_that_is_not() -> None:
    old = history(*[2] * 13, name="Old")
    fresh = history(*[0] * 12, 30, name="New", begun=12)
    assert found(old, fresh).fresh == (moved(fresh, 0),)
    assert not found(fresh)
    elsewhere = history(*[2] * 13, name="Old", shop="templates")
    assert not found(elsewhere, fresh).fresh


def test_what_comes_back_after_months_is_not_new() -> None:
    old = history(*[2] * 13, name="Old")
    back = history(*[0] * 12, 3, name="Back")
    assert not found(old, back).fresh


def test_each_list_names_five_at_most_the_most_telling_first() -> None:
    rising = [history(*[20] * 12, 80 + number, name=f"r{number}") for number in range(6)]
    fading = [history(*[40 + number] * 12, 1, name=f"f{number}") for number in range(6)]
    lasting = [history(*[1 + number] * 13, name=f"e{number}") for number in range(6)]
    fresh = [history(*[0] * 12, 3, name=f"n{number}", begun=12) for number in range(6)]
    result = found(*rising, *fading, *lasting, *fresh)
    assert [one.title for one in result.rising] == ["r5", "r4", "r3", "r2", "r1"]
    assert [one.title for one in result.fading] == ["f5", "f4", "f3", "f2", "f1"]
    assert [one.title for one in result.evergreen] == ["e5", "e4", "e3", "e2", "e1"]
    assert [one.title for one in result.fresh] == ["n0", "n1", "n2", "n3", "n4"]


# Against a calculation of its own


def _expected(histories: Sequence[ProductHistory]) -> dict[str, set[str]]:
    """Say what each product is, by the words of the documentation and no shortcuts."""
    words: dict[str, set[str]] = {"rising": set(), "fading": set(), "evergreen": set()}
    whole = {one.product.name: one.sales[(one.begun or 0) + 1 : 12] for one in histories}
    judged = [
        one
        for one in histories
        if len(whole[one.product.name]) >= 4 and sum(whole[one.product.name]) + one.sales[12] >= 10
    ]
    for one in histories:
        before, now = whole[one.product.name], one.sales[12]
        word = _word(before, now, len(judged)) if one in judged else None
        if word is None and len(before) >= 11 and min(one.sales[1:]) > 0:
            word = "evergreen"
        if word is not None:
            words[word].add(one.product.name)
    return words


def _word(before: Sequence[int], now: int, judged: int) -> str | None:
    periods, total = len(before), sum(before)
    jumps = [(before[place] - before[place - 1]) ** 2 for place in range(1, periods)]
    spread = Fraction(sum(jumps), 2 * len(jumps)) / Fraction(total, periods) if total else 1
    weight = max(Fraction(1), Fraction(spread), Fraction(total + now, 1000))
    allowed = Fraction(1, 100) / judged / 2
    if 2 * now * periods >= 3 * total:
        few, many = now // weight, -(-total // weight)
        chance = sum(
            _chance(few + many, count, periods + 1) for count in range(few, few + many + 1)
        )
        return "rising" if chance <= allowed else None
    if 3 * now * periods <= 2 * total:
        few, many = -(-now // weight), total // weight
        chance = sum(_chance(few + many, count, periods + 1) for count in range(few + 1))
        return "fading" if chance <= allowed else None
    return None


def _chance(sales: int, count: int, periods: int) -> Fraction:
    hit = Fraction(1, periods)
    return comb(sales, count) * hit**count * (1 - hit) ** (sales - count)


USUAL = st.sampled_from([0, 1, 5, 15, 60])


@st.composite
def shops(draw: st.DrawFn) -> list[ProductHistory]:
    made = []
    for number in range(draw(st.integers(1, 5))):
        usual, last = draw(USUAL), draw(USUAL)
        counts = st.integers(usual * 3 // 4, usual * 5 // 4)
        sales = [draw(counts) for _ in range(12)] + [draw(st.integers(last // 2, last * 2))]
        begun = draw(st.integers(-1, 12))
        sales[: max(begun, 0)] = [0] * max(begun, 0)
        made.append(history(*sales, name=f"p{number}", begun=begun))
    return made


@given(shops())
def test_products_are_named_as_an_independent_calculation_names_them(
    histories: list[ProductHistory],
) -> None:
    result = find_movements(WEEKLY, histories)
    assert {
        "rising": {one.product.name for one in result.rising},
        "fading": {one.product.name for one in result.fading},
        "evergreen": {one.product.name for one in result.evergreen},
    } == _expected(histories)
    assert result == find_movements(WEEKLY, histories[::-1])
    listed = [*result.rising, *result.fading, *result.evergreen, *result.fresh]
    assert len({one.product for one in listed}) == len(listed)


@pytest.mark.parametrize(
    ("earlier", "begun", "most"),
    [
        pytest.param([0] * 12, -1, 14, id="nothing"),
        pytest.param([0, 1] * 6, -1, 14, id="one a fortnight"),
        pytest.param([1, 0, 0, 2, 1, 0, 0, 1, 0, 0, 1, 0], -1, 14, id="few"),
        pytest.param([5] * 12, -1, 20, id="five a week"),
        pytest.param([12] * 12, -1, 40, id="twelve a week"),
        pytest.param([7, 5, 9, 11, 10, 6, 8, 14, 3, 9, 10, 8], -1, 30, id="by chance"),
        pytest.param([10, 22, 3, 17, 25, 8, 30, 12, 4, 19, 9, 28], -1, 90, id="clumps"),
        pytest.param([0, 0, 0, 0, 0, 0, 0, 1, 23, 18, 25, 19], 7, 60, id="four weeks"),
        pytest.param([0, 0, 0, 0, 0, 2, 26, 12, 29, 20, 14, 31], 5, 90, id="clumps of six weeks"),
        pytest.param([30, 45, 22, 60, 41, 18, 33, 52, 27, 61, 38, 20], -1, 160, id="big clumps"),
    ],
)
@pytest.mark.parametrize("others", [0, 9])
def test_the_limits_are_where_an_independent_calculation_sees_them(
    earlier: list[int], begun: int, most: int, others: int
) -> None:
    steady = [history(*[20] * 13, name=f"p{number}") for number in range(others)]
    for now in range(most):
        shop = [history(*earlier, now, begun=begun), *steady]
        result = find_movements(WEEKLY, shop)
        expected = _expected(shop)
        assert {one.product.name for one in result.rising} == expected["rising"]
        assert {one.product.name for one in result.fading} == expected["fading"]


def test_products_that_sell_by_the_million_are_judged_in_no_time() -> None:
    one = history(*[10_000_000] * 12, 16_000_000)
    assert found(one) == Movements(rising=(moved(one, 10_000_000),))
    assert not found(history(*[10_000_000] * 12, 14_000_000)).rising


# How much hangs on one product


def order(name: str, net_minor: int, **changes: Any) -> StoredSale:
    lines = (item(net_minor, product_id=name, product=name.title()),)
    return stored_sale(gross_minor=net_minor, fees_minor=0, items=lines, **changes)


def summary(*sales: StoredSale, find_rate: Any = no_rates) -> Summary:
    return summarise(sales, TODAY, "EUR", find_rate)


def concentrated(share: Fraction) -> Concentration:
    return Concentration(ProductKey("templates", "mug"), "Mug", share)


def test_the_best_product_is_named_with_its_share_of_what_products_brought() -> None:
    orders = [*[order("mug", 710)] * 8, order("cup", 1000), order("plan", 1320)]
    assert find_concentration(summary(*orders)) == concentrated(Fraction(71, 100))


@pytest.mark.parametrize(
    "orders",
    [
        pytest.param([], id="no sales"),
        pytest.param([*[order("mug", 700)] * 9, order("cup", 100)], id="two products"),
        pytest.param(
            [*[order("mug", 700)] * 9, order("cup", 1), order("gift", 0, kind=Kind.FREE)],
            id="a third that was given away",
        ),
        pytest.param(
            [*[order("mug", 700)] * 7, order("cup", 100), order("plan", 100)], id="nine sales"
        ),
        pytest.param([order(f"p{number % 4}", 100) for number in range(12)], id="a small part"),
        pytest.param(
            [*[order("mug", 100)] * 9, order("cup", 1), order("plan", 10, refunded_minor=2000)],
            id="nothing earned",
        ),
        pytest.param(
            [*[order("mug", 700)] * 9, order("cup", 1), order("plan", 1, currency="USD")],
            id="something not converted",
        ),
    ],
)
def test_concentration_says_nothing_of(orders: list[StoredSale]) -> None:
    assert find_concentration(summary(*orders)) is None


def test_one_foreign_currency_needs_no_rate() -> None:
    orders = [
        order(name, net, currency="USD")
        for name, net in [*[("mug", 100)] * 8, ("cup", 100), ("plan", 100)]
    ]
    assert find_concentration(summary(*orders)) == concentrated(Fraction(8, 10))


def test_what_was_given_away_needs_no_rate() -> None:
    gift = order("gift", 0, currency="USD", kind=Kind.FREE)
    orders = [*[order("mug", 100)] * 8, order("cup", 100), order("plan", 100), gift]
    assert find_concentration(summary(*orders)) == concentrated(Fraction(8, 10))


def test_a_product_that_lost_money_counts_as_nothing() -> None:
    loss = order("plan", 100, refunded_minor=400)
    orders = [*[order("mug", 100)] * 9, order("cup", 100), loss]
    assert find_concentration(summary(*orders)) == concentrated(Fraction(9, 10))


@given(
    st.lists(
        st.tuples(
            *(st.sampled_from(["mug", "cup", "plan", "card"]), st.integers(-500, 5000)),
            st.sampled_from(["EUR", "USD", "JPY"]),
        ),
        max_size=25,
    )
)
def test_concentration_is_what_adding_up_in_the_home_currency_says(
    sold: list[tuple[str, int, str]],
) -> None:
    rates = {"USD": Conversion(Fraction(4, 5), FRIDAY, "ECB")}
    rates["JPY"] = Conversion(Fraction(1, 160), FRIDAY, "ECB")

    def find_rate(currency: str, _day: date) -> Conversion | None:
        return rates.get(currency)

    orders = [
        order(name, max(net, 0), currency=currency, refunded_minor=max(-net, 0))
        for name, net, currency in sold
    ]
    single = len({currency for _, net, currency in sold if net}) == 1
    nets: dict[str, int] = {}
    for name, net, currency in sold:
        as_it_is = single or currency == "EUR"
        worth = net if as_it_is else convert(net, currency, "EUR", rates[currency])
        nets[name] = nets.get(name, 0) + worth
    share = None
    if len(nets) >= 3 and len(sold) >= 10 and sum(nets.values()) > 0:
        share = Fraction(max(nets.values()), sum(max(net, 0) for net in nets.values()))
    result = find_concentration(summary(*orders, find_rate=find_rate))
    if share is None or share < Fraction(3, 10):
        assert result is None
    else:
        assert result is not None
        assert result.share == share
        assert nets[result.product.name] == max(nets.values())
