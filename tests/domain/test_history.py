"""Bars, streaks and records, against oracles that go through the calendar day by day."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesdaemon.domain.digests import DigestKind, period_of
from salesdaemon.domain.history import (
    DayFigures,
    Figures,
    Record,
    Streak,
    draw_bars,
    find_record,
    find_streak,
)
from salesdaemon.domain.period import Period
from tests.histories import histories, last_day_of

DAILY, WEEKLY, MONTHLY, YEARLY = DigestKind
DAY = timedelta(days=1)
FRIDAY = date(2026, 11, 20)
GAPS = {DAILY: 2, WEEKLY: 5, MONTHLY: 20, YEARLY: 150}


def brought(day: date, net: int = 100, **changes: Any) -> DayFigures:
    facts: dict[str, Any] = {"sales": 1, "gross": net, "passive_net": net, **changes}
    return DayFigures(day, Figures(net=net, **facts))


def days_before(last: date, *nets: int) -> list[DayFigures]:
    """Make days in a row, each with a sale, that end with one."""
    return [
        brought(last - (len(nets) - 1 - place) * DAY, net, sales=int(net != 0))
        for place, net in enumerate(nets)
    ]


def on(day: date) -> Period:
    return Period.one_day(day)


def monthly(*nets: int, first: date = date(2025, 1, 1)) -> list[DayFigures]:
    """Make a sale on the first day of each month in a row."""
    months = [first.year * 12 + first.month - 1 + place for place in range(len(nets))]
    return [
        brought(date(month // 12, month % 12 + 1, first.day if place == 0 else 1), net)
        for place, (month, net) in enumerate(zip(months, nets, strict=True))
    ]


# Bars


@pytest.mark.parametrize(
    ("kind", "count", "first", "last"),
    [
        (DAILY, 30, Period(date(2026, 10, 22), date(2026, 10, 22)), on(FRIDAY)),
        (
            WEEKLY,
            12,
            Period(date(2026, 8, 31), date(2026, 9, 6)),
            Period(date(2026, 11, 16), date(2026, 11, 22)),
        ),
        (
            MONTHLY,
            12,
            Period(date(2025, 12, 1), date(2025, 12, 31)),
            Period(date(2026, 11, 1), date(2026, 11, 30)),
        ),
        (
            YEARLY,
            12,
            Period(date(2026, 1, 1), date(2026, 1, 31)),
            Period(date(2026, 12, 1), date(2026, 12, 31)),
        ),
    ],
)
def test_bars_end_with_the_period_and_begin_empty_before_the_history(
    kind: DigestKind, count: int, first: Period, last: Period
) -> None:
    bars = draw_bars([brought(FRIDAY)], kind, period_of(kind, FRIDAY))
    assert (len(bars), bars[0].period, bars[-1].period) == (count, first, last)
    assert bars[0].figures == Figures()
    assert sum(bar.figures.net for bar in bars) == 100


def test_a_bar_lacks_what_one_of_its_days_lacks() -> None:
    history = [brought(FRIDAY - DAY), brought(FRIDAY, 0, converted=False)]
    bars = draw_bars(history, WEEKLY, period_of(WEEKLY, FRIDAY))
    assert bars[-1].figures == Figures(
        sales=2, gross=100, net=100, passive_net=100, converted=False
    )
    assert all(bar.figures.converted for bar in bars[:-1])


@given(kind=st.sampled_from(DigestKind), data=st.data())
def test_each_bar_holds_its_days_and_no_others(kind: DigestKind, data: st.DataObject) -> None:
    history = data.draw(histories(GAPS[kind]))
    period = period_of(kind, last_day_of(history) - data.draw(st.integers(0, 40)) * DAY)
    bars = draw_bars(history, kind, period)
    assert bars[-1].period.last == period.last
    assert all(later.period.first - earlier.period.last == DAY for earlier, later in pairwise(bars))
    for bar in bars:
        inside = [each.figures for each in history if each.day in bar.period]
        for name in ("sales", "gross", "net", "passive_net", "active_net", "unclassified_net"):
            assert getattr(bar.figures, name) == sum(getattr(each, name) for each in inside)
        assert bar.figures.converted == all(each.converted for each in inside)


# Streaks


def test_a_streak_is_told_from_three_days_on() -> None:
    history = days_before(FRIDAY, 100, 100, 100)
    assert find_streak(history, on(FRIDAY)) == Streak(3, FRIDAY - 2 * DAY)
    assert find_streak(history[1:], on(FRIDAY)) is None
    assert find_streak([], on(FRIDAY)) is None


def test_a_streak_is_over_with_a_day_without_sales() -> None:
    history = days_before(FRIDAY, 100, 100, 100)
    assert find_streak(history, on(FRIDAY + DAY)) is None
    with_downloads = [*history, brought(FRIDAY + DAY, 0, sales=0)]
    assert find_streak(with_downloads, on(FRIDAY + DAY)) is None


def test_a_streak_is_of_days_whatever_the_period() -> None:
    sunday = date(2026, 11, 22)
    history = days_before(sunday, *[100] * 10)
    assert find_streak(history, period_of(WEEKLY, sunday)) == Streak(10, sunday - 9 * DAY)


@given(history=histories(), back=st.integers(-2, 5))
def test_a_streak_counts_back_to_the_first_day_without_a_sale(
    history: Sequence[DayFigures], back: int
) -> None:
    last = last_day_of(history) - back * DAY
    sold = {each.day for each in history if each.figures.sales > 0}
    count = 0
    while last - count * DAY in sold:
        count += 1
    expected = Streak(count, last - (count - 1) * DAY) if count >= 3 else None
    assert find_streak(history, on(last)) == expected


# Records


def test_a_day_that_beats_all_of_a_fortnight_of_sales_is_the_best_of_all() -> None:
    history = days_before(FRIDAY, *[100] * 13, 250, 300)
    assert find_record(history, DAILY, on(FRIDAY)) == Record(None, 250)
    assert find_record(history[1:], DAILY, on(FRIDAY)) is None


def test_a_day_may_be_the_best_since_another() -> None:
    history = days_before(FRIDAY, 500, *[100] * 14, 300)
    since = FRIDAY - 15 * DAY
    assert find_record(history, DAILY, on(FRIDAY)) == Record(on(since), 500)
    recent = days_before(FRIDAY, *[100] * 20, 500, *[100] * 13, 300)
    assert find_record(recent, DAILY, on(FRIDAY)) is None


def test_a_tie_is_not_beaten() -> None:
    assert find_record(days_before(FRIDAY, *[100] * 20), DAILY, on(FRIDAY)) is None
    history = days_before(FRIDAY, 300, *[100] * 14, 300)
    assert find_record(history, DAILY, on(FRIDAY)) == Record(on(FRIDAY - 15 * DAY), 300)


def test_to_beat_days_without_sales_is_no_feat() -> None:
    history = [brought(FRIDAY - 100 * DAY, 500), brought(FRIDAY, 300)]
    assert find_record(history, DAILY, on(FRIDAY)) is None
    downloads = [brought(each.day, 0, sales=0) for each in days_before(FRIDAY - DAY, *[1] * 40)]
    assert find_record([*downloads, brought(FRIDAY, 300)], DAILY, on(FRIDAY)) is None


@pytest.mark.parametrize("net", [0, -100])
def test_a_period_that_brought_nothing_is_no_record(net: int) -> None:
    history = [*days_before(FRIDAY - DAY, *[-200] * 20), brought(FRIDAY, net)]
    assert find_record(history, DAILY, on(FRIDAY)) is None


@pytest.mark.parametrize(
    ("unconverted", "told"), [(0, False), (5, False), (9, False), (-1, False), (4, True)]
)
def test_where_an_amount_compared_with_is_not_known_nothing_is_said(
    unconverted: int, told: bool
) -> None:
    history = days_before(FRIDAY, *[100] * 5, 500, *[100] * 14, 300)
    if unconverted == 0:
        history[5] = brought(history[5].day, 100)  # then all are compared with
    place = unconverted if unconverted >= 0 else len(history) - 1
    known = history[place]
    history[place] = brought(known.day, known.figures.net, converted=False)
    found = find_record(history, DAILY, on(FRIDAY))
    assert found == (Record(on(FRIDAY - 15 * DAY), 500) if told else None)


def test_later_days_are_not_looked_at() -> None:
    history = days_before(FRIDAY, *[100] * 15, 300)
    later = [brought(FRIDAY + DAY, 900), brought(FRIDAY + 2 * DAY, 0, converted=False)]
    expected = find_record(history, DAILY, on(FRIDAY))
    assert expected == Record(None, 100)
    assert find_record([*history, *later], DAILY, on(FRIDAY)) == expected


def test_the_month_a_shop_opened_in_is_no_evidence_unless_it_is_whole() -> None:
    july = period_of(MONTHLY, date(2025, 7, 1))
    nets = (100, 100, 100, 100, 100, 150, 300)
    assert find_record(monthly(*nets), MONTHLY, july) == Record(None, 150)
    assert find_record(monthly(*nets, first=date(2025, 1, 2)), MONTHLY, july) is None


def test_the_month_a_shop_opened_in_may_still_have_brought_more() -> None:
    history = monthly(500, 100, 100, 100, 100, 150, 120, 300, first=date(2025, 1, 20))
    august = period_of(MONTHLY, date(2025, 8, 1))
    january = period_of(MONTHLY, date(2025, 1, 1))
    assert find_record(history, MONTHLY, august) == Record(january, 500)


def test_six_weeks_are_enough_for_a_week() -> None:
    monday = date(2026, 11, 16)
    history = [brought(monday - weeks * 7 * DAY, 100 + weeks) for weeks in range(6, 0, -1)]
    history.append(brought(monday + 3 * DAY, 300))
    assert find_record(history, WEEKLY, period_of(WEEKLY, monday)) == Record(None, 106)
    assert find_record(history[1:], WEEKLY, period_of(WEEKLY, monday)) is None


def yearly(*nets: int) -> list[DayFigures]:
    return [
        brought(date(2026 - len(nets) + 1 + place, 1, 1), net) for place, net in enumerate(nets)
    ]


@pytest.mark.parametrize(
    ("nets", "expected"),
    [
        ((300,), None),
        ((100, 300), Record(None, 100)),
        ((500, 100, 300), None),
        ((500, 100, 200, 300), Record(period_of(YEARLY, date(2023, 1, 1)), 500)),
        ((300, 100, 200, 100, 300), Record(period_of(YEARLY, date(2022, 1, 1)), 300)),
    ],
)
def test_a_year_beats_one_other_or_two_since_a_better_one(
    nets: tuple[int, ...], expected: Record | None
) -> None:
    assert find_record(yearly(*nets), YEARLY, period_of(YEARLY, FRIDAY)) == expected


KEY_OF: dict[DigestKind, Callable[[date], tuple[int, ...]]] = {
    DAILY: lambda day: (day.toordinal(),),
    WEEKLY: lambda day: day.isocalendar()[:2],
    MONTHLY: lambda day: (day.year, day.month),
    YEARLY: lambda day: (day.year,),
}
BEGINS: dict[DigestKind, Callable[[date], bool]] = {
    DAILY: lambda _: True,
    WEEKLY: lambda day: day.isoweekday() == 1,
    MONTHLY: lambda day: day.day == 1,
    YEARLY: lambda day: (day.month, day.day) == (1, 1),
}
BEATEN = {DAILY: (14, 14), WEEKLY: (6, 6), MONTHLY: (6, 6), YEARLY: (1, 2)}


def naive_record(history: Sequence[DayFigures], kind: DigestKind, last: date) -> Record | None:
    """Sum every period, then look at all of them at once."""
    key_of = KEY_OF[kind]
    now = key_of(last)
    members: defaultdict[tuple[int, ...], list[DayFigures]] = defaultdict(list)
    for each in history:
        if key_of(each.day) <= now:
            members[key_of(each.day)].append(each)
    nets = {key: sum(each.figures.net for each in days) for key, days in members.items()}
    mine = nets.pop(now, 0)
    better = max((key for key in nets if nets[key] >= mine), default=None)
    beaten = [key for key in nets if better is None or key > better]
    compared = [now, *beaten, *([better] if better is not None else [])]
    if mine <= 0 or not all(each.figures.converted for key in compared for each in members[key]):
        return None
    partial = None if BEGINS[kind](history[0].day) else key_of(history[0].day)
    counted = [
        key for key in beaten if key != partial and any(each.figures.sales for each in members[key])
    ]
    if len(counted) < BEATEN[kind][better is not None]:
        return None
    if better is None:
        return Record(None, max(nets.values()))
    return Record(period_of(kind, members[better][0].day), nets[better])


@given(kind=st.sampled_from(DigestKind), data=st.data())
def test_a_record_is_what_comparing_all_periods_finds(
    kind: DigestKind, data: st.DataObject
) -> None:
    history = data.draw(histories(GAPS[kind]))
    last = last_day_of(history)
    boosted, earlier = data.draw(st.tuples(st.booleans(), st.booleans()))
    if history and boosted:  # else records are rare
        for place in (data.draw(st.integers(0, len(history) // 3)), -1):
            known = history[place]
            net = known.figures.net + data.draw(st.integers(0, 40))
            history[place] = brought(known.day, net, converted=known.figures.converted)
    if history and earlier:
        last = data.draw(st.sampled_from(history)).day
    assert find_record(history, kind, period_of(kind, last)) == naive_record(history, kind, last)
