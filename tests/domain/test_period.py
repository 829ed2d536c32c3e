from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesdaemon.domain.period import Period, day_of, resolve, shift

ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Santiago",  # changes its clocks at midnight
    "America/Nuuk",  # skips the hour before midnight
    "Australia/Lord_Howe",  # by half an hour
    "Africa/Casablanca",
    "Asia/Kathmandu",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
]
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MIDNIGHT = time()

zones = st.sampled_from(ZONES).map(ZoneInfo)
days = st.dates(date(2024, 1, 1), date(2029, 12, 31))
times = st.times().map(lambda at: at.replace(microsecond=0))
instants = st.datetimes(datetime(2024, 1, 1), datetime(2029, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - the zone follows


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", "2026-03-29", 23),
        ("Europe/Berlin", "2026-10-25", 25),
        ("America/New_York", "2026-03-08", 23),
        ("America/New_York", "2026-11-01", 25),
        ("America/Santiago", "2026-09-06", 23),
        ("America/Santiago", "2026-04-04", 25),
        ("America/Nuuk", "2026-03-28", 23),
        ("America/Nuuk", "2026-10-24", 25),
        ("Australia/Lord_Howe", "2026-10-04", 23.5),
        ("Australia/Lord_Howe", "2026-04-05", 24.5),
        ("Asia/Kathmandu", "2026-03-29", 24),
    ],
)
def test_clock_changes_make_days_shorter_or_longer(zone: str, day: str, hours: float) -> None:
    here, when = ZoneInfo(zone), date.fromisoformat(day)
    quarter = HOUR / 4
    start = resolve(when, MIDNIGHT, here) - 4 * HOUR
    inside = sum(day_of(start + step * quarter, here) == when for step in range(4 * 40))
    assert inside * quarter == hours * HOUR


@pytest.mark.parametrize(
    ("zone", "day", "at", "instant"),
    [
        ("Europe/Berlin", "2026-07-01", "07:30", "2026-07-01T05:30"),
        ("Europe/Berlin", "2026-03-29", "02:30", "2026-03-29T01:30"),
        ("Europe/Berlin", "2026-10-25", "02:30", "2026-10-25T00:30"),
        ("America/New_York", "2026-03-08", "02:30", "2026-03-08T07:30"),
        ("America/New_York", "2026-11-01", "01:30", "2026-11-01T05:30"),
        ("America/Santiago", "2026-09-06", "00:30", "2026-09-06T04:30"),
        ("America/Santiago", "2026-04-04", "23:30", "2026-04-05T02:30"),
        ("America/Nuuk", "2026-03-28", "23:30", "2026-03-29T01:30"),
    ],
    ids=[
        "an ordinary time",
        "Berlin skips it",
        "Berlin repeats it",
        "New York skips it",
        "New York repeats it",
        "Santiago skips midnight",
        "Santiago repeats the last hour",
        "Nuuk skips the last hour",
    ],
)
def test_a_skipped_time_moves_on_by_the_gap_and_of_a_repeated_one_the_first_counts(
    zone: str, day: str, at: str, instant: str
) -> None:
    resolved = resolve(date.fromisoformat(day), time.fromisoformat(at), ZoneInfo(zone))
    assert (resolved, resolved.tzinfo) == (utc(instant), UTC)


@given(days, times, zones)
def test_each_day_has_exactly_one_instant_of_a_time_in_the_order_of_days(
    day: date, at: time, zone: ZoneInfo
) -> None:
    here, after = resolve(day, at, zone), resolve(day + DAY, at, zone)
    assert timedelta(hours=22) <= after - here <= timedelta(hours=26)


@given(days, times, zones)
def test_a_time_that_exists_falls_on_its_own_day(day: date, at: time, zone: ZoneInfo) -> None:
    local = resolve(day, at, zone).astimezone(zone)
    skipped = local.replace(tzinfo=None) != datetime.combine(day, at)
    assert skipped or day_of(resolve(day, at, zone), zone) == day
    if skipped:  # it came later by the gap, never earlier
        gap = local.replace(tzinfo=None) - datetime.combine(day, at)
        assert timedelta(0) < gap <= HOUR


@given(instants, zones)
def test_every_instant_lies_between_the_beginnings_of_its_day_and_the_next(
    instant: datetime, zone: ZoneInfo
) -> None:
    day = day_of(instant, zone)
    assert resolve(day, MIDNIGHT, zone) <= instant < resolve(day + DAY, MIDNIGHT, zone)


@given(instants, zones)
def test_days_never_run_backwards(instant: datetime, zone: ZoneInfo) -> None:
    assert day_of(instant, zone) <= day_of(instant + HOUR, zone)


def test_both_ends_of_a_period_are_included() -> None:
    week = Period(date(2026, 11, 16), date(2026, 11, 22))
    assert [date(2026, 11, day) in week for day in (15, 16, 22, 23)] == [False, True, True, False]
    assert Period.one_day(week.first) == Period(week.first, week.first)
    assert week.shifted(-7) == Period(date(2026, 11, 9), date(2026, 11, 15))


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Pacific/Kiritimati", "America/Los_Angeles"])
@pytest.mark.parametrize("day", [date.min, date.max])
def test_the_ends_of_the_calendar_are_days_like_any_other(day: date, zone: str) -> None:
    assert shift(day, timedelta(days=-1)) <= day <= shift(day, timedelta(days=1))
    assert resolve(day, time(), ZoneInfo(zone)).tzinfo is UTC
    period = Period.one_day(day)
    assert period.shifted(7).last >= day >= period.shifted(-7).first
