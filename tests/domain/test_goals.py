"""How far months are, against an oracle that goes through them day by day."""

from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesdaemon.domain.digests import DigestKind, period_of
from salesdaemon.domain.goals import Goal, GoalProgress, follow_goals
from salesdaemon.domain.history import DayFigures, Figures
from salesdaemon.domain.money import Money
from salesdaemon.domain.period import Period
from tests.histories import histories, last_day_of

DAILY, WEEKLY, MONTHLY, YEARLY = DigestKind
DAY = timedelta(days=1)
NOVEMBER = Period(date(2026, 11, 1), date(2026, 11, 30))


def goal(amount_minor: int = 1000, figure: str = "net", name: str = "rent") -> Goal:
    return Goal(name, "Rent covered", Money(amount_minor, "EUR"), figure)


def november(**nets: int) -> list[DayFigures]:
    """Say what days of November brought: `d3=100`."""
    return [
        DayFigures(date(2026, 11, int(name[1:])), Figures(sales=1, net=net))
        for name, net in nets.items()
    ]


def follow(history: Sequence[DayFigures], day: int, **changes: Any) -> GoalProgress:
    period = Period.one_day(date(2026, 11, day))
    (found,) = follow_goals([goal(**changes)], history, DAILY, period)
    return found


def test_a_day_tells_how_far_its_month_is_and_what_it_comes_to_at_this_pace() -> None:
    found = follow(november(d1=100, d3=300, d10=100, d11=900), 10)
    assert found == GoalProgress(goal(), NOVEMBER, date(2026, 11, 10), 500, 1500, None)


@pytest.mark.parametrize(("day", "projected"), [(4, None), (5, 600), (29, 103), (30, None)])
def test_a_month_that_is_young_or_over_has_no_pace(day: int, projected: int | None) -> None:
    assert follow(november(d1=100), day).projected == projected


@pytest.mark.parametrize(("net", "projected"), [(1, 2), (3, 4), (5, 8), (-1, -2), (-3, -4)])
def test_a_pace_is_rounded_half_to_even(net: int, projected: int) -> None:
    # 30 days in 20: half as much again.
    assert follow(november(d2=net), 20).projected == projected


def test_a_goal_is_reached_on_the_day_that_brought_the_rest() -> None:
    history = november(d3=600, d7=400, d9=100)
    assert follow(history, 6).reached_on is None
    assert follow(history, 9).reached_on == date(2026, 11, 7)


def test_a_goal_that_was_reached_and_is_no_more_is_not_reached() -> None:
    history = november(d3=1000, d7=-1, d9=1)
    assert follow(history, 3).reached_on == date(2026, 11, 3)
    assert follow(history, 8).reached_on is None
    assert follow(history, 12).reached_on == date(2026, 11, 9)


@pytest.mark.parametrize(("figure", "reached"), [("net", 7), ("passive_net", 5), ("gross", 9)])
def test_each_goal_counts_its_own_figure(figure: str, reached: int) -> None:
    history = [DayFigures(date(2026, 11, 2), Figures(gross=9, net=7, passive_net=5))]
    assert follow(history, 2, figure=figure).reached == reached


def test_a_week_tells_of_the_month_that_it_ends_in() -> None:
    week = period_of(WEEKLY, date(2026, 12, 1))
    (found,) = follow_goals([goal()], november(d30=500), WEEKLY, week)
    assert (found.month.first, found.until) == (date(2026, 12, 1), date(2026, 12, 6))
    assert (found.reached, found.projected) == (0, 0)


def test_a_year_tells_of_each_month_goal_by_goal() -> None:
    goals = [goal(), goal(2000, name="savings")]
    found = follow_goals(
        goals, november(d5=1500), YEARLY, Period(date(2026, 1, 1), date(2026, 12, 31))
    )
    assert [each.goal.name for each in found] == ["rent"] * 12 + ["savings"] * 12
    assert [each.month.first.month for each in found] == [*range(1, 13), *range(1, 13)]
    assert [each.reached for each in found[:12]] == [0] * 10 + [1500, 0]
    assert [each.reached_on for each in found if each.reached_on] == [date(2026, 11, 5)]
    assert all(each.projected is None and each.until == each.month.last for each in found)


def test_without_goals_there_is_nothing_to_follow() -> None:
    assert follow_goals([], november(d1=100), MONTHLY, NOVEMBER) == ()


def naive_progress(one: Goal, history: Sequence[DayFigures], until: date) -> GoalProgress:
    """Go through the month's days, one by one, and through each of their ends again."""
    days = [until.replace(day=number) for number in range(1, until.day + 1)]
    known = {each.day: each.figures for each in history}
    sums: list[int] = []
    for day in days:
        brought = getattr(known.get(day, Figures()), one.figure)
        sums.append((sums[-1] if sums else 0) + brought)
    holds = [all(each >= one.amount.amount_minor for each in sums[at:]) for at in range(len(days))]
    last = (until.replace(day=28) + 4 * DAY).replace(day=1) - DAY
    pace = None
    if until < last and len(days) >= 5:
        pace = round(Fraction(sums[-1], len(days)) * last.day)
    reached_on = days[holds.index(True)] if True in holds else None
    month = Period(until.replace(day=1), last)
    converted = all(each.figures.converted for each in history if month.first <= each.day <= until)
    return GoalProgress(one, month, until, sums[-1], pace, reached_on, converted)


@given(
    history=histories(),
    amount=st.integers(1, 60),
    figure=st.sampled_from(["net", "passive_net", "gross"]),
    kind=st.sampled_from(DigestKind),
    back=st.integers(-3, 40),
)
def test_progress_is_what_counting_day_by_day_finds(
    history: Sequence[DayFigures], amount: int, figure: str, kind: DigestKind, back: int
) -> None:
    period = period_of(kind, last_day_of(history) - back * DAY)
    found = follow_goals([goal(amount, figure)], history, kind, period)
    expected_ends = (
        [date(period.last.year, month, 1) for month in range(1, 13)]
        if kind is YEARLY
        else [period.last]
    )
    assert len(found) == len(expected_ends)
    for each, end in zip(found, expected_ends, strict=True):
        until = each.month.last if kind is YEARLY else end
        assert (until.year, until.month) == (end.year, end.month)
        assert each == naive_progress(goal(amount, figure), history, until)
