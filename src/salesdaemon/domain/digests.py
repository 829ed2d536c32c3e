"""The kinds of digests, the period that each is about, and when it is due. Pure."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from salesdaemon.domain.period import Period, day_of, resolve, shift
from salesdaemon.errors import DomainError

_ONE_DAY: Final = timedelta(days=1)
# The calendar module would name them in the language of the machine.
_WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_SHORT: Final = 3
_CLOCK: Final = r"(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)"
_LEAP_YEAR: Final = 2024


class DigestKind(StrEnum):
    """How long the period of a digest is; weeks begin on Monday."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    YEARLY = "yearly"


def period_of(kind: DigestKind, day: date) -> Period:
    """Return the period of this kind that a day belongs to."""
    if kind is DigestKind.DAILY:
        return Period.one_day(day)
    if kind is DigestKind.WEEKLY:
        first = shift(day, -timedelta(days=day.weekday()))
        return Period(first, shift(first, timedelta(days=6)))
    if kind is DigestKind.MONTHLY:
        last = monthrange(day.year, day.month)[1]
        return Period(day.replace(day=1), day.replace(day=last))
    return Period(date(day.year, 1, 1), date(day.year, 12, 31))


def period_before(kind: DigestKind, period: Period) -> Period:
    """Return the period of this kind that ends the day before another begins."""
    return period_of(kind, shift(period.first, -_ONE_DAY))


def period_after(kind: DigestKind, period: Period) -> Period:
    """Return the period of this kind that begins the day after another ends."""
    return period_of(kind, shift(period.last, _ONE_DAY))


def year_before(kind: DigestKind, period: Period) -> Period:
    """Return the period a year earlier: the same weekdays, or the same month."""
    if kind in {DigestKind.DAILY, DigestKind.WEEKLY}:
        return period.shifted(-364)
    return period_of(kind, date(max(period.first.year - 1, 1), period.first.month, 1))


def last_periods(kind: DigestKind, period: Period, count: int) -> list[Period]:
    """Return so many periods in a row, oldest first; the last of them is the one given."""
    found = [period]
    while len(found) < count:
        found.append(period_before(kind, found[-1]))
    return found[::-1]


@dataclass(frozen=True, slots=True)
class Schedule:
    """When the digest of a finished period goes out.

    `weekday` counts from Monday, 0; `day` is one of the month and `month` one of the year. What
    a kind has no use for is not looked at. In a month without that day it is the last one.
    """

    kind: DigestKind
    at: time
    weekday: int = 0
    month: int = 1
    day: int = 1

    def due_at(self, period: Period, zone: ZoneInfo) -> datetime:
        """Return the first such moment after a period, in UTC."""
        return resolve(self._due_on(period), self.at, zone)

    def _due_on(self, period: Period) -> date:
        after = shift(period.last, _ONE_DAY)
        if self.kind is DigestKind.DAILY:
            return after
        if self.kind is DigestKind.WEEKLY:
            return shift(after, timedelta(days=(self.weekday - after.weekday()) % 7))
        month = after.month if self.kind is DigestKind.MONTHLY else self.month
        return date(after.year, month, min(self.day, monthrange(after.year, month)[1]))

    def __str__(self) -> str:
        """Write it as the configuration does."""
        clock = f"{self.at:%H:%M}"
        return {
            DigestKind.DAILY: clock,
            DigestKind.WEEKLY: f"{_WEEKDAYS[self.weekday][:_SHORT]} {clock}",
            DigestKind.MONTHLY: f"{self.day} {clock}",
            DigestKind.YEARLY: f"{self.month:02}-{self.day:02} {clock}",
        }[self.kind]


_FORMS: Final = {
    DigestKind.DAILY: (_CLOCK, 'a time of the day such as "07:30"'),
    DigestKind.WEEKLY: (
        rf"(?P<weekday>[A-Za-z]+) +{_CLOCK}",
        'a weekday and a time such as "mon 08:00"',
    ),
    DigestKind.MONTHLY: (
        rf"(?P<day>\d\d?) +{_CLOCK}",
        'a day of the month and a time such as "1 08:00"',
    ),
    DigestKind.YEARLY: (
        rf"(?P<month>\d\d?)-(?P<day>\d\d?) +{_CLOCK}",
        'a month, a day and a time such as "01-01 08:00"',
    ),
}


def parse_schedule(kind: DigestKind, text: str) -> Schedule:
    """Read a schedule as the configuration writes it: "07:30", "mon 08:00", "1 08:00".

    Raises:
        DomainError: it is none, or it never comes.
    """
    form, example = _FORMS[kind]
    match = re.fullmatch(form, text.strip(), re.ASCII)
    if match is None:
        raise DomainError(f'must be {example}, or "off".')
    parts = match.groupdict()
    month, day = int(parts.get("month", 1)), int(parts.get("day", 1))
    if not 1 <= month <= 12:  # noqa: PLR2004 - months of a year
        raise DomainError(f"never comes: there is no month {month}.")
    # In a month of unknown length any day up to 31 comes, if only as the last one.
    days = 31 if kind is DigestKind.MONTHLY else monthrange(_LEAP_YEAR, month)[1]
    if not 1 <= day <= days:
        where = "a month" if kind is DigestKind.MONTHLY else _MONTHS[month - 1]
        raise DomainError(f"never comes: {where} has no day {day}.")
    weekday = _weekday(parts["weekday"]) if "weekday" in parts else 0
    return Schedule(kind, time(int(parts["hour"]), int(parts["minute"])), weekday, month, day)


def _weekday(name: str) -> int:
    for place, known in enumerate(_WEEKDAYS):
        if name.lower() in {known, known[:_SHORT]}:
            return place
    raise DomainError(f"must begin with one of: {', '.join(day[:_SHORT] for day in _WEEKDAYS)}.")


@dataclass(frozen=True, slots=True)
class Gap:
    """Days whose digests were missed while nobody could send them, and how many digests."""

    days: Period
    digests: int


@dataclass(frozen=True, slots=True)
class DigestClock:
    """Says which digest of a kind is due; there is none of periods that ended before `since`."""

    schedule: Schedule
    zone: ZoneInfo
    since: date

    def due_at(self, period: Period) -> datetime:
        """Return when the digest of a period is due, in UTC."""
        return self.schedule.due_at(period, self.zone)

    def latest_due(self, now: datetime) -> Period | None:
        """Return the newest period whose digest is due; None where there is none yet."""
        period = period_of(self.schedule.kind, day_of(now, self.zone))
        # The last one may not be due yet: late in a year is the schedule "12-31 20:00".
        for _ in range(2):
            period = period_before(self.schedule.kind, period)
            if self.due_at(period) <= now:
                return period if period.last >= self.since else None
        return None

    def gap(self, period: Period, last: date | None) -> Gap | None:
        """Return what was missed before a period; `last` is the last day told of, if any."""
        kind = self.schedule.kind
        begin = self.since if last is None else max(self.since, shift(last, _ONE_DAY))
        first = missed = period_of(kind, begin)
        count = 0
        while missed.last < period.first:
            missed = period_after(kind, missed)
            count += 1
        return Gap(Period(first.first, shift(period.first, -_ONE_DAY)), count) if count else None
