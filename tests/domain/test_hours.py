from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from salesdaemon.domain.hours import (
    EVERY_DAY,
    LONGEST_QUIET,
    WHOLE_WEEK,
    Hours,
    overlaps,
    parse_hours,
    parse_weekdays,
    quiet_until,
    week_mask,
    within,
)
from salesdaemon.errors import DomainError

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Santiago",  # changes its clocks at midnight
    "America/Nuuk",  # skips the hour before midnight
    "Australia/Lord_Howe",  # by half an hour
    "Africa/Casablanca",
    "Asia/Kathmandu",
    "Pacific/Apia",  # skipped 30 December 2011
]
DAY = timedelta(days=1)
HOW_TO_WRITE = 'Write hours as "22:30-07:00" or "mon-fri 22:30-07:00".'

clock_times = st.times().map(lambda at: at.replace(second=0, microsecond=0))
stretches = st.builds(
    Hours, st.frozensets(st.integers(0, 6), min_size=1), start=clock_times, end=clock_times
)
zones = st.sampled_from(ZONES).map(ZoneInfo)
# Nights of clock changes are rare; the days around them are drawn as often as all others.
change_days = st.sampled_from(
    [date(2026, 3, 29), date(2026, 10, 25), date(2026, 4, 5), date(2026, 9, 6), date(2011, 12, 30)]
)
instants = st.one_of(
    st.datetimes(datetime(2010, 1, 1), datetime(2029, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001 - the zone follows
    st.builds(
        lambda day, offset: datetime.combine(day, time(), UTC) + offset,
        change_days,
        st.timedeltas(-DAY, 2 * DAY),
    ),
)


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


def is_on_the_wall(hours: Hours, wall: datetime) -> bool:
    """Tell by the clock on the wall alone whether it shows a time of the stretch."""
    for day in (wall.date(), wall.date() - DAY):
        last = day + DAY if hours.end <= hours.start else day
        begins, ends = datetime.combine(day, hours.start), datetime.combine(last, hours.end)
        if day.weekday() in hours.weekdays and begins <= wall < ends:
            return True
    return False


@given(stretches, instants, zones)
def test_an_instant_is_within_as_its_wall_clock_says(
    hours: Hours, instant: datetime, zone: ZoneInfo
) -> None:
    local = instant.astimezone(zone)
    assume(local.utcoffset() == local.replace(fold=1 - local.fold).utcoffset())  # shown once
    assert within(hours, instant, zone) is is_on_the_wall(hours, local.replace(tzinfo=None))


@given(st.lists(stretches, max_size=4), instants, zones)
def test_the_end_of_a_quiet_is_outside_of_it_and_what_lies_before_is_not(
    quiet: list[Hours], instant: datetime, zone: ZoneInfo
) -> None:
    over = quiet_until(quiet, instant, zone)
    assert (over is not None) is any(within(hours, instant, zone) for hours in quiet)
    if over is None or over == instant + LONGEST_QUIET:
        return
    assert not any(within(hours, over, zone) for hours in quiet)
    last = over - timedelta(microseconds=1)
    assert any(within(hours, last, zone) for hours in quiet)


@given(stretches)
def test_what_is_written_is_read_back(hours: Hours) -> None:
    assume(hours.start != hours.end or hours.end == time())
    assert parse_hours(str(hours)) == hours


@given(stretches)
def test_a_stretch_has_its_minutes_in_the_week(hours: Hours) -> None:
    monday = datetime(2026, 11, 16)  # noqa: DTZ001 - a clock on the wall
    mask = week_mask((hours,))
    for minute in range(0, 7 * 24 * 60, 13):
        wall = monday + timedelta(minutes=minute)
        assert bool(mask >> minute & 1) is is_on_the_wall(hours, wall)
    assert mask & ~WHOLE_WEEK == 0


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("22:30-07:00", Hours(EVERY_DAY, time(22, 30), time(7))),
        ("mon-fri 9:00 - 18:00", Hours(frozenset(range(5)), time(9), time(18))),
        ("sat,sun 00:00-09:00", Hours(frozenset({5, 6}), time(), time(9))),
        ("Mon-Thu,Sun 22:00-07:00", Hours(frozenset({0, 1, 2, 3, 6}), time(22), time(7))),
        ("fri - mon 23:00-24:00", Hours(frozenset({4, 5, 6, 0}), time(23), time())),
        ("sun 00:00-24:00", Hours(frozenset({6}), time(), time())),
    ],
)
def test_hours_are_read_as_people_write_them(text: str, hours: Hours) -> None:
    assert parse_hours(text) == hours


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("at night", f"These are no hours of the day. {HOW_TO_WRITE}"),
        ("22:30", f"These are no hours of the day. {HOW_TO_WRITE}"),
        ("24:00-07:00", f"A day has the hours 00:00 to 24:00. {HOW_TO_WRITE}"),
        ("07:00-24:30", f"A day has the hours 00:00 to 24:00. {HOW_TO_WRITE}"),
        (
            "07:00-07:00",
            "From 07:00 to 07:00 is no time at all. Give another end.",
        ),
        ("mo-fr 07:00-08:00", 'These are no weekdays. Write weekdays as "mon-fri" or "sat,sun".'),
        ("mon- 07:00-08:00", 'These are no weekdays. Write weekdays as "mon-fri" or "sat,sun".'),
    ],
)
def test_other_writing_is_refused_with_the_way_to_write_it(text: str, message: str) -> None:
    with pytest.raises(DomainError) as raised:
        parse_hours(text)
    assert str(raised.value) == message


def test_weekdays_run_over_the_week_s_end() -> None:
    assert parse_weekdays("sat-mon") == {5, 6, 0}


def test_a_night_belongs_to_the_weekday_on_which_it_starts() -> None:
    night = [parse_hours("fri 22:00-06:00")]
    assert quiet_until(night, berlin("2026-11-21T03:00"), BERLIN) == berlin("2026-11-21T06:00")
    assert quiet_until(night, berlin("2026-11-20T03:00"), BERLIN) is None


def test_stretches_that_touch_are_one_quiet() -> None:
    quiet = [parse_hours("sat 22:00-24:00"), parse_hours("sun 00:00-09:00")]
    assert quiet_until(quiet, berlin("2026-11-21T23:00"), BERLIN) == berlin("2026-11-22T09:00")


def test_a_quiet_that_ends_in_a_skipped_hour_ends_with_the_jump() -> None:
    quiet = [parse_hours("22:00-02:30")]
    assert quiet_until(quiet, berlin("2026-03-28T23:00"), BERLIN) == datetime(
        2026, 3, 29, 1, 0, tzinfo=UTC
    )


def test_a_quiet_that_ends_in_a_repeated_hour_ends_the_first_time() -> None:
    quiet = [parse_hours("22:00-02:30")]
    assert quiet_until(quiet, berlin("2026-10-24T23:00"), BERLIN) == datetime(
        2026, 10, 25, 0, 30, tzinfo=UTC
    )


def test_the_night_of_the_clock_change_is_quiet_until_the_wall_clock_says_seven() -> None:
    quiet = [parse_hours("22:30-07:00")]
    for evening, hours in (("2026-03-28T22:30", 7.5), ("2026-10-24T22:30", 9.5)):
        moment = berlin(evening)
        assert quiet_until(quiet, moment, BERLIN) == moment + timedelta(hours=hours)


def test_a_quiet_of_all_the_week_is_looked_at_no_further_than_a_week() -> None:
    moment = berlin("2026-11-21T12:00")
    assert quiet_until([parse_hours("00:00-24:00")], moment, BERLIN) == moment + LONGEST_QUIET


@pytest.mark.parametrize(
    ("first", "second", "overlap"),
    [
        ("22:00-07:00", "06:00-08:00", True),
        ("22:00-07:00", "07:00-08:00", False),
        ("22:00-07:00", "mon 06:00-08:00", True),
        ("sat-mon 23:00-08:00", "sun 07:00-09:00", True),
        ("mon-fri 12:00-14:00", "wed,sun 13:00-15:00", True),
        ("mon-fri 22:30-07:00", "sat,sun 00:00-09:00", False),
        ("mon 12:00-14:00", "tue 13:00-15:00", False),
    ],
)
def test_an_overlap_is_found_unless_a_night_runs_into_another_weekday(
    first: str, second: str, overlap: bool
) -> None:
    noon = parse_hours("sat 15:30-15:31")
    found = overlaps([parse_hours(first), noon, parse_hours(second)])
    assert found == ([(0, 2)] if overlap else [])
