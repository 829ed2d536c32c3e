"""Stretches of the day such as "mon-fri 22:30-07:00", in the seller's time zone. Pure.

A stretch is meant by the clock on the wall: where the clock skips its begin or end, that is the
moment of the jump; where the clock shows it twice, the first of the two.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import combinations
from typing import Final
from zoneinfo import ZoneInfo

from salesdaemon.domain.period import resolve
from salesdaemon.errors import DomainError

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
EVERY_DAY: Final = frozenset(range(7))
WEEK_MINUTES: Final = 7 * 24 * 60
WHOLE_WEEK: Final = (1 << WEEK_MINUTES) - 1
"""A bit for each minute of the week; see `week_mask`."""

LONGEST_QUIET: Final = timedelta(days=8)
"""How far ahead the end of a quiet is looked for; longer than a week it never ends."""

_DAY_MINUTES: Final = 24 * 60
_ONE_DAY: Final = timedelta(days=1)
_STRETCH: Final = re.compile(r"(?:([a-z, -]+?)\s+)?(\d\d?):(\d\d)\s*[-–]\s*(\d\d?):(\d\d)")
_HOW_TO_WRITE: Final = 'Write hours as "22:30-07:00" or "mon-fri 22:30-07:00".'
_HOW_TO_WRITE_DAYS: Final = 'Write weekdays as "mon-fri" or "sat,sun".'


@dataclass(frozen=True, slots=True)
class Hours:
    """A stretch of the day on some weekdays (Monday is 0), its end not included.

    When the end is not after the start, it runs past midnight and belongs to the weekday on
    which it starts; from midnight to midnight is a whole day.
    """

    weekdays: frozenset[int]
    start: time
    end: time

    @property
    def past_midnight(self) -> bool:
        """Tell whether it ends on the next day."""
        return self.end <= self.start

    def __str__(self) -> str:
        end = "24:00" if self.end == time() else f"{self.end:%H:%M}"
        clock = f"{self.start:%H:%M}-{end}"
        return clock if self.weekdays == EVERY_DAY else f"{format_weekdays(self.weekdays)} {clock}"


def parse_hours(text: str) -> Hours:
    """Read "22:30-07:00", "mon-fri 22:30-07:00" or "sat,sun 00:00-24:00".

    Raises:
        DomainError: it is written in another way, or is empty.
    """
    match = _STRETCH.fullmatch(text.strip().lower())
    if match is None:
        raise DomainError("These are no hours of the day.", fix=_HOW_TO_WRITE)
    days, *numbers = match.groups()
    start_hour, start_minute, end_hour, end_minute = map(int, numbers)
    try:
        start = time(start_hour, start_minute)
        end = time() if (end_hour, end_minute) == (24, 0) else time(end_hour, end_minute)
    except ValueError:
        what = "A day has the hours 00:00 to 24:00."
        raise DomainError(what, fix=_HOW_TO_WRITE) from None
    if start == end and end_hour != 24:  # noqa: PLR2004 - the hour that ends a day
        raise DomainError(
            f"From {start:%H:%M} to {end:%H:%M} is no time at all.",
            fix="Give another end.",
        )
    return Hours(parse_weekdays(days) if days else EVERY_DAY, start, end)


def parse_weekdays(text: str) -> frozenset[int]:
    """Read "mon-fri", "sat,sun" or "fri-mon" as numbers of weekdays, Monday 0.

    Raises:
        DomainError: it is written in another way.
    """
    days: set[int] = set()
    for part in text.lower().split(","):
        first, dash, last = (each.strip() for each in part.partition("-"))
        if first not in WEEKDAYS or (dash and last not in WEEKDAYS):
            raise DomainError("These are no weekdays.", fix=_HOW_TO_WRITE_DAYS)
        begin = WEEKDAYS.index(first)
        length = (WEEKDAYS.index(last) - begin) % 7 if dash else 0
        days.update((begin + step) % 7 for step in range(length + 1))
    return frozenset(days)


def format_weekdays(days: frozenset[int]) -> str:
    """Write weekdays as they are read: "mon-fri", "sat,sun"."""
    runs: list[list[int]] = []
    for day in sorted(days):
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    return ",".join(_format_run(run) for run in runs)


def _format_run(run: Sequence[int]) -> str:
    names = [WEEKDAYS[day] for day in run]
    return ",".join(names) if len(names) <= 2 else f"{names[0]}-{names[-1]}"  # noqa: PLR2004 - "sat,sun" reads better than "sat-sun"


def within(hours: Hours, moment: datetime, zone: ZoneInfo) -> bool:
    """Tell whether an aware instant lies in a stretch."""
    local = moment.astimezone(zone)
    if local.utcoffset() == local.replace(fold=1 - local.fold).utcoffset():
        return _on_the_wall(hours, local)
    # The clock shows this time twice.
    return _end_around(hours, moment, zone) is not None


def quiet_until(hours: Sequence[Hours], moment: datetime, zone: ZoneInfo) -> datetime | None:
    """Return when the quiet that holds an aware instant is over, in UTC; None outside of it.

    Stretches that touch or overlap are one quiet. One that never ends is said to end after
    `LONGEST_QUIET`.
    """
    if not any(within(each, moment, zone) for each in hours):
        return None
    over: datetime | None = None
    limit = moment + LONGEST_QUIET
    while (end := _latest_end(hours, over or moment, zone)) is not None:
        over = end
        if over >= limit:
            return limit
    return over


def overlaps(hours: Sequence[Hours]) -> list[tuple[int, int]]:
    """Return the pairs of stretches that overlap, by their places.

    A night that runs into the hours of other weekdays does not: "mon-fri 22:30-07:00" and
    "sat,sun 00:00-09:00" are how people write a week.
    """
    masks = [week_mask((each,)) for each in hours]
    return [
        (first, second)
        for first, second in combinations(range(len(masks)), 2)
        if masks[first] & masks[second] and hours[first].weekdays & hours[second].weekdays
    ]


def week_mask(hours: Sequence[Hours]) -> int:
    """Return a bit for each minute of the week by the wall clock, from Monday 00:00 on."""
    mask = 0
    for each in hours:
        start, end = (moment.hour * 60 + moment.minute for moment in (each.start, each.end))
        length = end - start + (_DAY_MINUTES if each.past_midnight else 0)
        for day in each.weekdays:
            bits = ((1 << length) - 1) << (day * _DAY_MINUTES + start)
            mask |= (bits & WHOLE_WEEK) | (bits >> WEEK_MINUTES)
    return mask


def _on_the_wall(hours: Hours, local: datetime) -> bool:
    """Tell whether a clock on the wall shows a time of the stretch."""
    at, today = local.time(), local.weekday()
    if not hours.past_midnight:
        return today in hours.weekdays and hours.start <= at < hours.end
    return (today in hours.weekdays and at >= hours.start) or (
        (today - 1) % 7 in hours.weekdays and at < hours.end
    )


def _latest_end(hours: Sequence[Hours], moment: datetime, zone: ZoneInfo) -> datetime | None:
    ends = (_end_around(each, moment, zone) for each in hours)
    return max((end for end in ends if end is not None), default=None)


def _end_around(hours: Hours, moment: datetime, zone: ZoneInfo) -> datetime | None:
    """Return when the stretch around a moment ends, None where there is none."""
    for day in _days_that_reach(hours, moment, zone):
        last = day + _ONE_DAY if hours.past_midnight else day
        end = _instant(last, hours.end, zone)
        if _instant(day, hours.start, zone) <= moment < end:
            return end
    return None


def _days_that_reach(hours: Hours, moment: datetime, zone: ZoneInfo) -> Iterator[date]:
    """Yield the days whose stretch may hold a moment: its own, and the one before."""
    today = moment.astimezone(zone).date()
    for day in (today, today - _ONE_DAY):
        if day.weekday() in hours.weekdays:
            yield day


def _instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Return the UTC instant of a time on the wall; for one that is skipped, that of the jump."""
    resolved = resolve(day, at, zone)
    wall = datetime.combine(day, at)
    if resolved.astimezone(zone).replace(tzinfo=None) == wall:
        return resolved
    before = resolve(day, at.replace(fold=1), zone)
    while resolved - before > timedelta(seconds=1):
        middle = before + (resolved - before) / 2
        if middle.astimezone(zone).replace(tzinfo=None) < wall:
            before = middle
        else:
            resolved = middle
    return resolved.replace(microsecond=0)
