"""Which period a digest is about, and when it is due."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from salesdaemon.domain.digests import (
    DigestKind,
    Schedule,
    last_periods,
    parse_schedule,
    period_after,
    period_before,
    period_of,
    year_before,
)
from salesdaemon.domain.period import Period
from salesdaemon.errors import DomainError

DAILY, WEEKLY, MONTHLY, YEARLY = DigestKind
ZONES = [
    ZoneInfo(name)
    for name in ("UTC", "Europe/Berlin", "America/Nuuk", "Africa/Casablanca", "Pacific/Apia")
]
APIA = ZONES[-1]
SKIPPED = date(2011, 12, 30)
"""The day that Apia never had: it went to the other side of the date line."""

LONGEST_MONTHS = {month: 31 - (month in {4, 6, 9, 11}) - 2 * (month == 2) for month in range(1, 13)}

days = st.dates(date(1990, 1, 1), date(2100, 12, 31))
kinds = st.sampled_from(DigestKind)
clocks = st.builds(time, st.integers(0, 23), st.integers(0, 59))
schedules = st.one_of(
    st.builds(Schedule, st.just(DAILY), clocks),
    st.builds(Schedule, st.just(WEEKLY), clocks, weekday=st.integers(0, 6)),
    st.builds(Schedule, st.just(MONTHLY), clocks, day=st.integers(1, 31)),
    st.sampled_from(sorted(LONGEST_MONTHS.items())).flatmap(
        lambda month: st.builds(
            Schedule,
            st.just(YEARLY),
            clocks,
            month=st.just(month[0]),
            day=st.integers(1, month[1]),
        )
    ),
)


@pytest.mark.parametrize(
    ("kind", "first", "last"),
    [
        (DAILY, date(2028, 2, 29), date(2028, 2, 29)),
        (WEEKLY, date(2028, 2, 28), date(2028, 3, 5)),
        (MONTHLY, date(2028, 2, 1), date(2028, 2, 29)),
        (YEARLY, date(2028, 1, 1), date(2028, 12, 31)),
    ],
)
def test_a_day_belongs_to_one_period_of_each_kind(
    kind: DigestKind, first: date, last: date
) -> None:
    assert period_of(kind, date(2028, 2, 29)) == Period(first, last)


@given(kinds, days)
def test_every_day_of_a_period_has_that_period(kind: DigestKind, day: date) -> None:
    period = period_of(kind, day)
    assert day in period
    assert period_of(kind, period.first) == period_of(kind, period.last) == period


@given(kinds, days)
def test_periods_follow_one_another_without_gap_or_overlap(kind: DigestKind, day: date) -> None:
    period = period_of(kind, day)
    assert period_before(kind, period).last + timedelta(days=1) == period.first
    assert period_after(kind, period_before(kind, period)) == period
    assert period_before(kind, period_after(kind, period)) == period


@given(kinds, days, st.integers(1, 40))
def test_the_last_periods_end_with_the_one_given(kind: DigestKind, day: date, count: int) -> None:
    period = period_of(kind, day)
    found = last_periods(kind, period, count)
    assert len(found) == count
    assert found[-1] == period
    assert all(period_after(kind, one) == other for one, other in pairwise(found))


@pytest.mark.parametrize(
    ("kind", "day", "then"),
    [
        (DAILY, date(2026, 11, 20), Period.one_day(date(2025, 11, 21))),
        (WEEKLY, date(2026, 11, 20), Period(date(2025, 11, 17), date(2025, 11, 23))),
        (MONTHLY, date(2028, 2, 29), Period(date(2027, 2, 1), date(2027, 2, 28))),
        (MONTHLY, date(2029, 2, 1), Period(date(2028, 2, 1), date(2028, 2, 29))),
        (YEARLY, date(2026, 11, 20), Period(date(2025, 1, 1), date(2025, 12, 31))),
    ],
)
def test_a_year_before_are_the_same_weekdays_or_the_same_month(
    kind: DigestKind, day: date, then: Period
) -> None:
    assert year_before(kind, period_of(kind, day)) == then


@given(kinds, days)
def test_a_year_before_is_a_whole_period_about_a_year_earlier(kind: DigestKind, day: date) -> None:
    period = period_of(kind, day)
    then = year_before(kind, period)
    assert period_of(kind, then.first) == then
    assert timedelta(days=364) <= period.first - then.first <= timedelta(days=366)


@pytest.mark.parametrize(
    ("text", "kind", "day", "due"),
    [
        ("07:30", DAILY, date(2026, 11, 20), "2026-11-21T06:30"),
        ("mon 08:00", WEEKLY, date(2026, 11, 20), "2026-11-23T07:00"),
        ("sun 08:00", WEEKLY, date(2026, 11, 20), "2026-11-29T07:00"),
        ("1 08:00", MONTHLY, date(2026, 11, 20), "2026-12-01T07:00"),
        ("31 08:00", MONTHLY, date(2026, 10, 20), "2026-11-30T07:00"),
        ("31 08:00", MONTHLY, date(2028, 1, 20), "2028-02-29T07:00"),
        ("01-01 08:00", YEARLY, date(2026, 11, 20), "2027-01-01T07:00"),
        ("02-29 08:00", YEARLY, date(2026, 11, 20), "2027-02-28T07:00"),
        ("02-29 08:00", YEARLY, date(2027, 11, 20), "2028-02-29T07:00"),
        ("12-31 08:00", YEARLY, date(2026, 11, 20), "2027-12-31T07:00"),
        # A time that the clock skips comes an hour later; of one that it repeats, the first.
        ("02:30", DAILY, date(2027, 3, 27), "2027-03-28T01:30"),
        ("02:30", DAILY, date(2026, 10, 24), "2026-10-25T00:30"),
    ],
)
def test_a_digest_is_due_after_its_period_by_the_clock_on_the_wall(
    text: str, kind: DigestKind, day: date, due: str
) -> None:
    schedule = parse_schedule(kind, text)
    found = schedule.due_at(period_of(kind, day), ZoneInfo("Europe/Berlin"))
    assert found == datetime.fromisoformat(due).replace(tzinfo=UTC)


@given(schedules, days, st.sampled_from(ZONES))
@example(Schedule(DAILY, time(7, 30)), SKIPPED, APIA)
@example(Schedule(DAILY, time(2, 30)), date(2026, 10, 25), ZoneInfo("Europe/Berlin"))
@example(Schedule(WEEKLY, time(2, 30), weekday=6), date(2027, 3, 22), ZoneInfo("Europe/Berlin"))
def test_a_digest_is_due_once_after_each_period_and_before_the_next_is_due(
    schedule: Schedule, day: date, zone: ZoneInfo
) -> None:
    periods = last_periods(schedule.kind, period_of(schedule.kind, day), 4)
    moments = [schedule.due_at(period, zone) for period in periods]
    for period, due in zip(periods, moments, strict=True):
        assert period.last < due.astimezone(zone).date()
        following = period_after(schedule.kind, period)
        assert due.astimezone(zone).date() <= following.last + timedelta(days=1)
    skipped = Period.one_day(SKIPPED) in periods and zone == APIA
    assert all(earlier < later for earlier, later in pairwise(moments)) or skipped


def test_a_day_that_a_zone_skips_is_due_together_with_the_day_before() -> None:
    schedule = Schedule(DAILY, time(7, 30))
    days = (SKIPPED - timedelta(days=1), SKIPPED, SKIPPED + timedelta(days=1))
    moments = [schedule.due_at(Period.one_day(day), APIA).astimezone(APIA) for day in days]
    assert moments == [
        datetime(2011, 12, 31, 7, 30, tzinfo=APIA),
        datetime(2011, 12, 31, 7, 30, tzinfo=APIA),
        datetime(2012, 1, 1, 7, 30, tzinfo=APIA),
    ]


@given(schedules, days)
def test_a_digest_is_due_on_the_day_that_was_asked_for(schedule: Schedule, day: date) -> None:
    due = schedule.due_at(period_of(schedule.kind, day), ZoneInfo("UTC"))
    assert due.time() == schedule.at
    if schedule.kind is WEEKLY:
        assert due.weekday() == schedule.weekday
    if schedule.kind in {MONTHLY, YEARLY}:
        tomorrow = due + timedelta(days=1)
        assert due.day == schedule.day or (due.day < schedule.day and tomorrow.day == 1)
    if schedule.kind is YEARLY:
        assert due.month == schedule.month


@given(schedules)
def test_a_schedule_survives_being_written_and_read(schedule: Schedule) -> None:
    assert parse_schedule(schedule.kind, str(schedule)) == schedule


@given(kinds, st.text() | st.from_regex(r"[0-9a-z -]{0,8}[0-9]{1,2}:[0-9]{2}", fullmatch=True))
def test_whatever_is_written_it_is_a_schedule_or_a_domain_error(
    kind: DigestKind, text: str
) -> None:
    try:
        schedule = parse_schedule(kind, text)
    except DomainError:
        return
    period = period_of(kind, date(2026, 11, 20))
    assert schedule.due_at(period, ZoneInfo("UTC")).date() > period.last


@pytest.mark.parametrize("written", ["fri 08:00", "Friday 8:00", " FRI   08:00 "])
def test_a_weekday_may_be_written_in_full(written: str) -> None:
    assert parse_schedule(WEEKLY, written) == Schedule(WEEKLY, time(8), weekday=4)


@pytest.mark.parametrize(
    ("kind", "text", "what"),
    [
        (DAILY, "24:00", 'must be a time of the day such as "07:30", or "off".'),
        (
            DAILY,
            "\N{ARABIC-INDIC DIGIT SEVEN}:30",
            'must be a time of the day such as "07:30", or "off".',
        ),
        (WEEKLY, "fr 08:00", "must begin with one of: mon, tue, wed, thu, fri, sat, sun."),
        (MONTHLY, "32 08:00", "never comes: a month has no day 32."),
        (YEARLY, "02-30 08:00", "never comes: February has no day 30."),
        (YEARLY, "13-01 08:00", "never comes: there is no month 13."),
    ],
)
def test_a_schedule_that_never_comes_says_why(kind: DigestKind, text: str, what: str) -> None:
    with pytest.raises(DomainError) as caught:
        parse_schedule(kind, text)
    assert str(caught.value) == what
