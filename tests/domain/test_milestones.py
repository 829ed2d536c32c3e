"""Which milestones sales that just arrived have reached."""

from datetime import date, timedelta
from typing import Any

import pytest

from salesdaemon.domain.goals import Goal
from salesdaemon.domain.milestones import (
    Anniversary,
    BestDay,
    DayFacts,
    Facts,
    FirstOfProduct,
    GoalReached,
    MonthFacts,
    Product,
    ProductLife,
    SalesReached,
    best_day,
    find_anniversaries,
    find_milestones,
    goal_reached,
    round_number,
)
from salesdaemon.domain.money import Money

TODAY = date(2026, 11, 22)
DAY = timedelta(days=1)
NOVEMBER = date(2026, 11, 1)
PLANNER = Product(1, "templates", "p1", "Weekly planner")
RENT = Goal("rent", "Rent covered", Money(85000, "EUR"), "net")


def euros(amount_minor: int) -> Money:
    return Money(amount_minor, "EUR")


@pytest.mark.parametrize(
    ("before", "after", "reached"),
    [
        pytest.param(0, 0, None, id="nothing sold"),
        pytest.param(0, 1, 1, id="the first"),
        pytest.param(1, 9, None, id="none between one and ten"),
        pytest.param(9, 10, 10, id="the tenth"),
        pytest.param(99, 100, 100, id="the hundredth"),
        pytest.param(100, 101, None, id="the one after it"),
        pytest.param(95, 120, 100, id="several at once"),
        pytest.param(0, 15, 10, id="the greatest alone of several"),
        pytest.param(150, 152, None, id="history had passed it"),
        pytest.param(999, 1000, 1000, id="the thousandth"),
        pytest.param(9_999, 10_001, 10_000, id="ten thousand"),
        pytest.param(999_999, 1_000_000, 1_000_000, id="a million"),
    ],
)
def test_round_numbers_are_reached_by_what_arrived(
    before: int, after: int, reached: int | None
) -> None:
    assert round_number(before, after) == reached


def day_facts(before: int, after: int, earlier: dict[date, int] | None = None) -> DayFacts:
    usual = {TODAY - 3 * DAY * number: 1000 + number for number in range(1, 21)}
    return DayFacts(TODAY, euros(before), euros(after), usual if earlier is None else earlier)


def test_a_day_that_passes_the_best_one_is_told_with_both() -> None:
    before_on = TODAY - 60 * DAY
    assert best_day(day_facts(1000, 1021)) == BestDay(TODAY, euros(1021), before_on, euros(1020))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(500, 1020, id="as good as the best"),
        pytest.param(1021, 1500, id="the best already without what arrived"),
        pytest.param(0, 100, id="an ordinary day"),
    ],
)
def test_a_day_that_did_not_pass_the_best_one_just_now_is_not_told(before: int, after: int) -> None:
    assert best_day(day_facts(before, after)) is None


@pytest.mark.parametrize(
    "earlier",
    [
        pytest.param({}, id="no history"),
        pytest.param({TODAY - DAY * number: 100 for number in range(1, 30)}, id="29 days"),
        pytest.param({TODAY - 9 * DAY * number: 100 for number in range(1, 10)}, id="nine sales"),
    ],
)
def test_no_day_is_the_best_of_a_short_history(earlier: dict[date, int]) -> None:
    assert best_day(day_facts(0, 5000, earlier)) is None


def test_of_equally_good_days_the_later_one_was_the_best() -> None:
    earlier = {TODAY - 4 * DAY * number: 700 for number in range(1, 12)}
    found = best_day(day_facts(0, 900, earlier))
    assert found == BestDay(TODAY, euros(900), TODAY - 4 * DAY, euros(700))


@pytest.mark.parametrize(
    ("before", "after", "reached"),
    [
        pytest.param(84999, 85000, 85000, id="to the cent"),
        pytest.param(80000, 91234, 91234, id="and beyond"),
        pytest.param(85000, 86000, None, id="reached before"),
        pytest.param(0, 84999, None, id="not yet"),
    ],
)
def test_a_goal_is_reached_once_a_months_figure_passes_it(
    before: int, after: int, reached: int | None
) -> None:
    month = MonthFacts(NOVEMBER, {"net": before, "gross": 0}, {"net": after, "gross": 99_999})
    expected = GoalReached(RENT, NOVEMBER, euros(reached)) if reached is not None else None
    assert goal_reached(RENT, month) == expected


def test_a_goal_looks_at_its_own_figure() -> None:
    goal = Goal("sales", "Sales", euros(1000), "gross")
    month = MonthFacts(NOVEMBER, {"gross": 900, "net": 1}, {"gross": 1100, "net": 2})
    assert goal_reached(goal, month) == GoalReached(goal, NOVEMBER, euros(1100))


def test_everything_reached_at_once_is_listed_with_keys_of_its_own() -> None:
    facts = Facts(
        99,
        100,
        days=[day_facts(0, 5000)],
        months=[MonthFacts(NOVEMBER, {"net": 0}, {"net": 90_000})],
        goals=[RENT],
        products=[PLANNER],
    )
    found = find_milestones(facts)
    assert [type(each) for each in found] == [SalesReached, GoalReached, BestDay, FirstOfProduct]
    assert [each.key for each in found] == [
        "milestone:count:100",
        "milestone:goal:rent:2026-11",
        "milestone:best:2026-11-22",
        "milestone:product:1:p1",
    ]


def test_nothing_is_reached_by_sales_that_reach_nothing() -> None:
    assert find_milestones(Facts(150, 152, days=[day_facts(0, 10)], goals=[RENT])) == []


def test_a_very_long_title_makes_a_key_that_is_short_and_its_own() -> None:
    long = [Product(12345, "templates", "x" * 400 + end, None) for end in "ab"]
    keys = [FirstOfProduct(product).key for product in long]
    assert len(set(keys)) == 2
    assert max(map(len, keys)) < 256


def life(first: date, **changes: Any) -> ProductLife:
    facts: dict[str, Any] = {"product": PLANNER, "last_sale": TODAY - DAY, "sales": 412, **changes}
    return ProductLife(first_sale=first, **facts)


def test_a_product_sold_for_years_has_its_day_once_a_year() -> None:
    first = date(2023, 11, 22)
    assert find_anniversaries([life(first)], TODAY) == [Anniversary(PLANNER, 3, first, 412)]
    assert find_anniversaries([life(first)], TODAY)[0].key == "anniversary:1:p1:3"
    assert find_anniversaries([life(first)], TODAY - DAY) == []


@pytest.mark.parametrize(
    "product",
    [
        pytest.param(life(TODAY), id="first sold today"),
        pytest.param(life(date(2025, 11, 22), sales=9), id="few sales"),
        pytest.param(life(date(2020, 11, 22), last_sale=date(2025, 11, 1)), id="sold no more"),
    ],
)
def test_other_products_have_no_anniversary(product: ProductLife) -> None:
    assert find_anniversaries([product], TODAY) == []


def test_a_leap_day_is_remembered_on_the_28th() -> None:
    leap = life(date(2024, 2, 29), last_sale=date(2027, 2, 1))
    days = [date(2027, 2, 27), date(2027, 2, 28), date(2027, 3, 1)]
    assert [len(find_anniversaries([leap], day)) for day in days] == [0, 1, 0]
    later = life(date(2024, 2, 29), last_sale=date(2028, 2, 1))
    days = [date(2028, 2, 28), date(2028, 2, 29)]
    assert [len(find_anniversaries([later], day)) for day in days] == [0, 1]


def test_several_anniversaries_of_a_day_begin_with_what_sold_most() -> None:
    other = Product(1, "templates", "p2", "Logo")
    lives = [life(date(2024, 11, 22), sales=20), life(date(2025, 11, 22), product=other, sales=30)]
    assert [each.product for each in find_anniversaries(lives, TODAY)] == [other, PLANNER]
