"""When orders come: seasons, weekdays, a viral day, a dead month, and the hours that clocks repeat.

Days are drawn in UTC; the zones only say around which instants something must happen.
"""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

FIRST = date(2024, 1, 1)
LAST = date(2026, 1, 31)
VIRAL = date(2025, 5, 14)
DEAD = (2024, 8)
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe")
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
_WEEKDAYS = (1.0, 0.8, 0.9, 1.0, 1.1, 1.4, 1.5)


def days() -> Iterator[date]:
    """Return every day of the history."""
    day = FIRST
    while day <= LAST:
        yield day
        day += DAY


def is_dead(moment: datetime) -> bool:
    """Tell whether nothing is sold, whatever the zone: a day more on both sides."""
    return any((each.year, each.month) == DEAD for each in (moment - DAY, moment + DAY))


def busyness(day: date) -> float:
    """Say how much more than usual is sold on a day."""
    season = 1.0
    if (11, 20) <= (day.month, day.day) <= (12, 23):
        season = 2.6
    elif day.month in {1, 9}:
        season = 1.2
    elif day.month in {6, 7}:
        season = 0.6
    return season * _WEEKDAYS[day.weekday()]


def draw_count(draw: random.Random, mean: float) -> int:
    """Draw how many orders come where so many are usual."""
    count, left = 0, draw.expovariate(1)
    while left < mean:
        count += 1
        left += draw.expovariate(1)
    return count


def draw_moment(draw: random.Random, day: date) -> datetime:
    """Draw a second of a UTC day."""
    return datetime.combine(day, time(), UTC) + timedelta(seconds=draw.randrange(86_400))


def delicate_moments() -> list[datetime]:
    """Return the seconds around clock changes and around midnights, in every zone."""
    found: set[datetime] = set()
    for name in ZONES:
        zone = ZoneInfo(name)
        for instant in clock_changes(zone):
            for minutes in (-61, -31, -1, 0, 15, 29, 31, 59, 61):
                found.add(instant + timedelta(minutes=minutes))
        for day in delicate_days(zone):
            midnight = datetime.combine(day, time(), zone).astimezone(UTC)
            found |= {midnight - SECOND, midnight, midnight + SECOND}
    return sorted(each for each in found if FIRST < each.date() < LAST and not is_dead(each))


@cache
def clock_changes(zone: ZoneInfo) -> list[datetime]:
    """Return the instants at which the clock of a zone jumps, in UTC."""
    found = []
    at = datetime.combine(FIRST, time(), UTC)
    while at.date() <= LAST:
        after = at + timedelta(minutes=30)
        if at.astimezone(zone).utcoffset() != after.astimezone(zone).utcoffset():
            found.append(after)
        at = after
    return found


def clock_change_days(zone: ZoneInfo) -> list[date]:
    """Return the days of the zone that are shorter or longer than others."""
    return [instant.astimezone(zone).date() for instant in clock_changes(zone)]


def delicate_days(zone: ZoneInfo) -> list[date]:
    """Return days whose midnights matter: of changed clocks, of months that begin."""
    months = [day for day in days() if day.day == 1]
    changed = clock_change_days(zone)
    return sorted({*months, *changed, *(day + DAY for day in changed)})
