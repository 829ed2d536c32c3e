"""Days in the seller's time zone, and the instants at which they begin.

Nothing else turns an instant into a day. Clock changes make some days 23 or 25 hours long;
these functions use the zone's own rules, so every instant belongs to exactly one day.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def day_of(instant: datetime, zone: ZoneInfo) -> date:
    """Return the seller's day that an aware instant falls on."""
    return instant.astimezone(zone).date()


def resolve(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Return the UTC instant of a wall-clock time on a day.

    A time that the clock skips maps forward by the gap; one that it repeats is the first of
    the two. Each day therefore has exactly one such instant.
    """
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
        return Period(self.first + step, self.last + step)

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last
