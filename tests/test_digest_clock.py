"""Each period has one digest, whatever its clocks do."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from salesdaemon.domain.digests import (
    DigestClock,
    DigestKind,
    Gap,
    parse_schedule,
    period_after,
    period_of,
)
from salesdaemon.domain.period import Period, day_of

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
FIRST, LAST = date(2026, 1, 1), date(2027, 12, 31)
NOVEMBER_20 = date(2026, 11, 20)


def clock(
    at: str,
    *,
    zone: str = "Europe/Berlin",
    kind: DigestKind = DigestKind.DAILY,
    since: date = NOVEMBER_20,
) -> DigestClock:
    return DigestClock(parse_schedule(kind, at), ZoneInfo(zone), since)


def periods_of_two_years(kind: DigestKind) -> list[Period]:
    found = [period_of(kind, FIRST)]
    while found[-1].last < LAST:
        found.append(period_after(kind, found[-1]))
    return found


def ticks(clock: DigestClock, periods: list[Period], start: datetime) -> list[datetime]:
    """List moments of two years: each hour, and the second before and at each due time."""
    due = [clock.due_at(period) for period in periods]
    hours = (due[-1] - start) // timedelta(hours=1)
    moments = {
        *(start + timedelta(hours=number) for number in range(hours)),
        *due,
        *(moment - SECOND for moment in due),
    }
    return sorted(moment for moment in moments if start <= moment <= due[-1])


@pytest.mark.parametrize(
    ("kind", "at"),
    [
        *((DigestKind.DAILY, f"{at}") for at in ("00:00", "00:30", "01:30", "02:30", "23:30")),
        *((DigestKind.WEEKLY, f"{at}") for at in ("mon 00:00", "sun 02:30", "thu 07:30")),
        *((DigestKind.MONTHLY, f"{at}") for at in ("1 00:00", "29 02:30", "31 23:30")),
        (DigestKind.YEARLY, "01-01 00:00"),
    ],
)
@pytest.mark.parametrize(
    "zone", ["Europe/Berlin", "America/New_York", "America/Santiago", "America/Nuuk"]
)
def test_over_two_years_each_period_is_due_once_and_on_time(
    zone: str, kind: DigestKind, at: str
) -> None:
    start = datetime.combine(FIRST, time(12), ZoneInfo(zone)).astimezone(UTC)
    the_clock = clock(at, zone=zone, kind=kind, since=FIRST)
    periods = periods_of_two_years(kind)
    ledger: list[Period] = []
    for now in ticks(the_clock, periods, start):
        period = the_clock.latest_due(now)
        if period is not None and period not in ledger[-2:]:
            ledger.append(period)
            assert now == the_clock.due_at(period)
            assert period.last < day_of(now, ZoneInfo(zone))
    assert ledger == periods


@pytest.mark.parametrize(
    ("zone", "at", "day", "instant"),
    [
        ("Europe/Berlin", "07:30", date(2026, 3, 28), "2026-03-29T05:30"),
        ("Europe/Berlin", "02:30", date(2026, 3, 28), "2026-03-29T01:30"),
        ("Europe/Berlin", "02:30", date(2026, 10, 24), "2026-10-25T00:30"),
        ("America/Santiago", "00:00", date(2026, 9, 5), "2026-09-06T04:00"),
        ("America/New_York", "01:30", date(2026, 10, 31), "2026-11-01T05:30"),
    ],
    ids=["an hour earlier", "skipped", "repeated", "midnight skipped", "repeated in New York"],
)
def test_a_digest_is_due_on_the_morning_after(zone: str, at: str, day: date, instant: str) -> None:
    due = clock(at, zone=zone).due_at(Period.one_day(day))
    assert due == datetime.fromisoformat(instant).replace(tzinfo=UTC)


def test_days_before_the_first_start_have_none() -> None:
    due = datetime(2026, 11, 21, 6, 30, tzinfo=UTC)
    assert clock("07:30").latest_due(due - DAY) is None
    assert clock("07:30").latest_due(due - SECOND) is None
    assert clock("07:30").latest_due(due) == Period.one_day(NOVEMBER_20)


def test_the_week_of_the_first_start_has_a_digest_and_the_one_before_has_none() -> None:
    weekly = clock("mon 08:00", kind=DigestKind.WEEKLY)
    due = datetime(2026, 11, 23, 7, tzinfo=UTC)
    assert weekly.latest_due(due - SECOND) is None
    assert weekly.latest_due(due) == Period(date(2026, 11, 16), date(2026, 11, 22))


@pytest.mark.parametrize(
    ("last", "gap"),
    [
        (date(2026, 11, 24), None),
        (date(2026, 11, 23), Gap(Period(date(2026, 11, 24), date(2026, 11, 24)), 1)),
        (NOVEMBER_20, Gap(Period(date(2026, 11, 21), date(2026, 11, 24)), 4)),
        (date(2026, 10, 1), Gap(Period(NOVEMBER_20, date(2026, 11, 24)), 5)),
        (None, Gap(Period(NOVEMBER_20, date(2026, 11, 24)), 5)),
        (date(2026, 11, 30), None),
    ],
    ids=["none", "one day", "four days", "off for a while", "never told", "told by hand"],
)
def test_a_gap_are_the_days_since_the_last_digest_or_since_it_is_switched_on(
    last: date | None, gap: Gap | None
) -> None:
    assert clock("07:30").gap(Period.one_day(date(2026, 11, 25)), last) == gap


def test_missed_months_are_counted_as_whole_ones() -> None:
    monthly = clock("1 08:00", kind=DigestKind.MONTHLY)
    march = period_of(DigestKind.MONTHLY, date(2027, 3, 5))
    assert monthly.gap(march, None) == Gap(Period(date(2026, 11, 1), date(2027, 2, 28)), 4)
