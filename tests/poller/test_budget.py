"""How fast a shop is polled, by what its marketplace still grants for the day."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesdaemon.poller.budget import after_failures, background_gap, effective_interval

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("per_day", "remaining", "seconds"),
    [
        pytest.param(None, None, 60, id="nothing is said"),
        pytest.param(None, 5, 60, id="no limit is said"),
        pytest.param(5000, None, 60, id="what remains is not said"),
        pytest.param(0, 0, 60, id="a limit of nothing is no limit"),
        pytest.param(5000, 5000, 60, id="nothing spent"),
        pytest.param(5000, 2501, 60, id="just under half spent"),
        pytest.param(5000, 2500, 60, id="half spent, and a minute is slow enough"),
        pytest.param(5000, 1440, 60, id="just enough for a day of minutes"),
        pytest.param(5000, 720, 120, id="enough for every other minute"),
        pytest.param(5000, 1, 86_400, id="a single one left"),
        pytest.param(5000, 0, 86_400, id="none left"),
        pytest.param(1000, 500, 172.8, id="half of a small limit"),
    ],
)
def test_polls_are_spread_over_what_is_left_of_the_day(
    per_day: int | None, remaining: int | None, seconds: float
) -> None:
    assert effective_interval(MINUTE, per_day, remaining) == timedelta(seconds=seconds)


@given(
    every=st.timedeltas(min_value=timedelta(seconds=1), max_value=timedelta(hours=6)),
    per_day=st.integers(1, 200_000),
    spent=st.floats(0.5, 1),
)
def test_what_is_left_always_lasts_for_a_day(every: timedelta, per_day: int, spent: float) -> None:
    remaining = per_day - round(per_day * spent)
    interval = effective_interval(every, per_day, remaining)
    assert interval >= every
    if remaining <= per_day * 0.5:
        assert DAY / interval <= max(remaining, 1) * 1.0001


@pytest.mark.parametrize(
    ("per_day", "remaining", "seconds"),
    [
        pytest.param(None, None, 0, id="nothing is said"),
        pytest.param(5000, 3001, 0, id="plenty left"),
        pytest.param(5000, 3000, 86.4, id="the background gives way before the polls do"),
        pytest.param(5000, 0, 86.4, id="none left"),
    ],
)
def test_the_background_gives_way_first(
    per_day: int | None, remaining: int | None, seconds: float
) -> None:
    assert background_gap(per_day, remaining) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("interval", "waits"),
    [
        pytest.param(1, [1, 2, 4, 8, 15, 15], id="every second: up to fifteen of them"),
        pytest.param(60, [60, 120, 240, 300, 300], id="every minute: up to five minutes"),
        pytest.param(600, [600, 600, 600], id="every ten minutes: no slower than that"),
    ],
)
def test_failures_double_the_wait_up_to_a_bound(interval: int, waits: list[int]) -> None:
    found = [
        after_failures(timedelta(seconds=interval), failures + 1).total_seconds()
        for failures in range(len(waits))
    ]
    assert found == waits


@given(
    st.timedeltas(min_value=timedelta(seconds=1), max_value=timedelta(hours=6)),
    st.integers(0, 10**9),
)
def test_no_number_of_failures_makes_it_faster_or_endless(
    interval: timedelta, failures: int
) -> None:
    assert interval <= after_failures(interval, failures) <= max(interval, timedelta(minutes=5))
