from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesdaemon.domain.duration import format_duration, parse_duration
from salesdaemon.errors import DomainError


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("60s", timedelta(seconds=60)),
        ("15m", timedelta(minutes=15)),
        ("2h", timedelta(hours=2)),
        ("1d", timedelta(days=1)),
        ("200ms", timedelta(milliseconds=200)),
        ("0s", timedelta(0)),
        ("1.5h", timedelta(minutes=90)),
        (" 90 S ", timedelta(seconds=90)),
    ],
)
def test_a_length_of_time_is_a_number_and_a_unit(text: str, length: timedelta) -> None:
    assert parse_duration(text) == length


@pytest.mark.parametrize("text", ["", "60", "s", "-5s", "1h30m", "1w", "5 minutes", "1,5h", "1e3s"])
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(DomainError, match='"60s"'):
        parse_duration(text)


@pytest.mark.parametrize("text", ["3661d", "9" * 400 + "s"])
def test_more_than_ten_years_is_a_mistake(text: str) -> None:
    with pytest.raises(DomainError, match="ten years"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (timedelta(0), "0 s"),
        (timedelta(milliseconds=900), "0 s"),
        (timedelta(seconds=59), "59 s"),
        (timedelta(minutes=2), "2 min"),
        (timedelta(hours=3, minutes=20, seconds=5), "3 h 20 min"),
        (timedelta(days=1, minutes=5), "1 d 5 min"),
        (timedelta(days=400), "400 d"),
    ],
)
def test_a_length_of_time_is_shown_in_its_two_largest_units(length: timedelta, text: str) -> None:
    assert format_duration(length) == text


@given(st.integers(0, 10**7), st.sampled_from(["s", "m", "h"]))
def test_whole_units_are_exact(count: int, unit: str) -> None:
    seconds = count * {"s": 1, "m": 60, "h": 3600}[unit]
    if seconds <= 10 * 366 * 86400:
        assert parse_duration(f"{count}{unit}") == timedelta(seconds=seconds)
