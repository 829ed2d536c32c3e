"""Days in the seller's time zone, and the instants at which they begin.

Nothing else turns an instant into a day. Clock changes make some days 23 or 25 hours long;
these functions use the zone's own rules, so every instant belongs to exactly one day.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_FIRST_DAY, _LAST_DAY = date(1, 1, 3), date(9999, 12, 29)
"""Beyond these, some zone has no instants."""


def day_of(instant: datetime, zone: ZoneInfo) -> date:
    """Return the seller's day that an aware instant falls on."""
    return instant.astimezone(zone).date()


def shift(day: date, step: timedelta) -> date:
    """Return the day that much later (earlier if negative), or the last that a calendar has."""
    try:
        return day + step
    except OverflowError:
        return date.max if step > timedelta(0) else date.min


def resolve(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Return the UTC instant of a wall-clock time on a day.

    A time that the clock skips maps forward by the gap; one that it repeats is the first of
    the two. Each day therefore has exactly one such instant.
    """
    day = min(max(day, _FIRST_DAY), _LAST_DAY)
    return datetime.combine(day, at, zone).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Period:
    """Some of the seller's days; both ends are included."""

    first: date
    last: date

    @classmethod
    def one_day(cls, day: date) -> "Period":
        """Make the period of a single day."""
        return cls(day, day)

    def shifted(self, days: int) -> "Period":
        """Return the period of the same length that many days later (earlier if negative)."""
        step = timedelta(days=days)
        return Period(shift(self.first, step), shift(self.last, step))

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last
