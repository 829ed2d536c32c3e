"""Each day has one digest, whatever its clocks do."""

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from salesdaemon.digesting import DigestClock
from salesdaemon.domain.period import Period, day_of
from salesdaemon.settings import Settings
from tests.config_file import SHOP, loader

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
FIRST, LAST = date(2026, 1, 1), date(2027, 12, 31)


def settings(folder: Path, zone: str, at: str) -> Settings:
    return loader(folder)(f'timezone = "{zone}"\n{SHOP}[digest]\ndaily = "{at}"\n')


DAYS = [FIRST + number * DAY for number in range((LAST - FIRST).days + 1)]


def ticks(clock: DigestClock, start: datetime) -> list[datetime]:
    """List moments of two years: each hour, and the second before and at each due time."""
    due = [moment for day in DAYS if (moment := clock.due_at(day)) is not None]
    hours = [start + timedelta(hours=number) for number in range(24 * len(DAYS))]
    moments = {*hours, *due, *(moment - SECOND for moment in due)}
    return sorted(moment for moment in moments if moment <= due[-1])


@pytest.mark.parametrize("at", ["00:00", "00:30", "01:30", "02:30", "07:30", "23:30"])
@pytest.mark.parametrize(
    "zone", ["Europe/Berlin", "America/New_York", "America/Santiago", "America/Nuuk"]
)
def test_over_two_years_each_day_is_due_once_and_on_time(
    tmp_path: Path, zone: str, at: str
) -> None:
    start = datetime.combine(FIRST, time(12), ZoneInfo(zone)).astimezone(UTC)
    clock = DigestClock(settings(tmp_path, zone, at), start)
    ledger: list[date] = []
    for now in ticks(clock, start):
        day = clock.latest_due(now)
        if day is not None and day not in ledger[-2:]:
            ledger.append(day)
            assert (now, day < day_of(now, ZoneInfo(zone))) == (clock.due_at(day), True)
    assert ledger == DAYS


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
def test_a_digest_is_due_on_the_morning_after(
    tmp_path: Path, zone: str, at: str, day: date, instant: str
) -> None:
    clock = DigestClock(settings(tmp_path, zone, at), datetime(2026, 1, 1, tzinfo=UTC))
    assert clock.due_at(day) == datetime.fromisoformat(instant).replace(tzinfo=UTC)


def test_days_before_the_first_start_have_none(tmp_path: Path) -> None:
    started = datetime(2026, 11, 20, 9, tzinfo=UTC)
    clock = DigestClock(settings(tmp_path, "Europe/Berlin", "07:30"), started)
    due = datetime(2026, 11, 21, 6, 30, tzinfo=UTC)
    assert clock.latest_due(started) is None
    assert clock.latest_due(due - SECOND) is None
    assert clock.latest_due(due) == date(2026, 11, 20)


def test_switched_off_none_is_ever_due(tmp_path: Path) -> None:
    started = datetime(2026, 11, 20, 9, tzinfo=UTC)
    clock = DigestClock(settings(tmp_path, "Europe/Berlin", "off"), started)
    assert (clock.due_at(date(2026, 11, 20)), clock.latest_due(started + 5 * DAY)) == (None, None)


@pytest.mark.parametrize(
    ("last", "gap"),
    [
        (date(2026, 11, 24), None),
        (date(2026, 11, 23), Period(date(2026, 11, 24), date(2026, 11, 24))),
        (date(2026, 11, 20), Period(date(2026, 11, 21), date(2026, 11, 24))),
        (None, Period(date(2026, 11, 20), date(2026, 11, 24))),
        (date(2026, 11, 30), None),
    ],
)
def test_a_gap_are_the_days_since_the_last_digest_or_the_first_start(
    tmp_path: Path, last: date | None, gap: Period | None
) -> None:
    started = datetime(2026, 11, 20, 9, tzinfo=UTC)
    clock = DigestClock(settings(tmp_path, "Europe/Berlin", "07:30"), started)
    assert clock.gap(date(2026, 11, 25), last) == gap
