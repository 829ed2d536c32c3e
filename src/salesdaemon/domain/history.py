"""What days brought, seen together: bars of a chart, streaks, records. Pure."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from itertools import groupby
from operator import attrgetter
from typing import Final

from salesdaemon.domain.digests import DigestKind, last_periods, period_of
from salesdaemon.domain.period import Period

BARS: Final[Mapping[DigestKind, tuple[DigestKind, int]]] = {
    DigestKind.DAILY: (DigestKind.DAILY, 30),
    DigestKind.WEEKLY: (DigestKind.WEEKLY, 12),
    DigestKind.MONTHLY: (DigestKind.MONTHLY, 12),
    DigestKind.YEARLY: (DigestKind.MONTHLY, 12),
}
"""What the bars of each kind of digest stand for, and how many there are."""

SHORTEST_STREAK: Final = 3
"""How many days in a row are worth a word."""

LEAST_BEATEN: Final[Mapping[DigestKind, int]] = {
    DigestKind.DAILY: 14,
    DigestKind.WEEKLY: 6,
    DigestKind.MONTHLY: 6,
    DigestKind.YEARLY: 1,
}
"""How many earlier periods with a sale a record must have brought more than."""

LEAST_BEATEN_SINCE: Final = {**LEAST_BEATEN, DigestKind.YEARLY: 2}
"""The same for one that some period longer ago had not brought less than."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What some days brought, in minor units of the home currency.

    `converted` is false where sales in a currency without a rate are not in the amounts.
    """

    sales: int = 0
    gross: int = 0
    net: int = 0
    passive_net: int = 0
    active_net: int = 0
    unclassified_net: int = 0
    converted: bool = field(default=True, kw_only=True)

    @classmethod
    def together(cls, parts: Sequence["Figures"]) -> "Figures":
        """Add some up; of nothing at all, nothing lacks a rate."""
        if len(parts) <= 1:  # most are, and histories are long
            return parts[0] if parts else cls()
        *amounts, converted = zip(*map(_VALUES, parts), strict=True)
        return cls(*map(sum, amounts), converted=all(converted))


_VALUES: Final = attrgetter(*(each.name for each in fields(Figures)))


@dataclass(frozen=True, slots=True)
class DayFigures:
    """What one of the seller's days brought."""

    day: date
    figures: Figures


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of the chart."""

    period: Period
    figures: Figures


@dataclass(frozen=True, slots=True)
class Streak:
    """Days in a row with a sale, ending with the period; `since` is the first of them."""

    days: int
    since: date


@dataclass(frozen=True, slots=True)
class Record:
    """A period that brought more net than any of its kind since another; None: than any at all.

    `beaten` is the net, in minor units, of the best one before; where there is a `since`, of
    that one, which was not beaten but brought as much or more.
    """

    since: Period | None
    beaten: int


def days_within(history: Sequence[DayFigures], period: Period) -> Sequence[DayFigures]:
    """Return the days of a period, of a history in order."""
    begin = bisect_left(history, period.first, key=_DAY)
    return history[begin : bisect_right(history, period.last, lo=begin, key=_DAY)]


def draw_bars(history: Sequence[DayFigures], kind: DigestKind, period: Period) -> tuple[Bar, ...]:
    """Return the 30 days, 12 weeks or 12 months that end with a period, oldest first.

    Those of a year are its months. Bars before the history begins are empty. `history` holds
    days in order, each once; a day without sales may be left out.
    """
    of_bar, count = BARS[kind]
    periods = last_periods(of_bar, period_of(of_bar, period.last), count)
    return tuple(Bar(each, _brought(history, each)) for each in periods)


def find_streak(history: Sequence[DayFigures], period: Period) -> Streak | None:
    """Return the days in a row with a sale that end with a period; None for fewer than three.

    Whatever the kind of the period, days are counted, and only sales that count: a day of free
    downloads ends a streak. `history` is as above.
    """
    end = bisect_right(history, period.last, key=_DAY)
    days = 0
    for place in range(end - 1, -1, -1):
        known = history[place]
        if (period.last - known.day).days != days or not known.figures.sales:
            break
        days += 1
    return Streak(days, history[end - days].day) if days >= SHORTEST_STREAK else None


def find_record(history: Sequence[DayFigures], kind: DigestKind, period: Period) -> Record | None:
    """Return how far back no period of this kind brought as much; None if that is not far.

    The earlier periods are gone through from the latest one back, to the first that brought at
    least as much net: `since` is that one, and where there is none it is the best of all.
    The rules, lest a digest boasts:

    - A period that brought nothing, or a loss, is no record.
    - Enough of the periods that it beat must have had a sale (`LEAST_BEATEN`). Of years one will
      do for the best of all, but not for the best "since" (`LEAST_BEATEN_SINCE`).
    - A tie is not beaten: the record is one since then, if that is far enough.
    - Where a figure of it, or of one that it is compared with, lacks sales that could not be
      converted, nothing is said.
    - The period in which the history begins is no evidence unless it is whole; it may still
      have brought more.

    `history` is as above and whole: its first day is taken for the first of all. Days after the
    period are not looked at.
    """
    brought = _brought(history, period)
    if brought.net <= 0 or not brought.converted:
        return None
    beaten: list[int] = []
    with_sales = 0
    for other, figures in _backwards(history, kind, period):
        if not figures.converted:
            return None
        if figures.net >= brought.net:
            enough = with_sales >= LEAST_BEATEN_SINCE[kind]
            return Record(other, figures.net) if enough else None
        beaten.append(figures.net)
        with_sales += figures.sales > 0 and other.first >= history[0].day
    return Record(None, max(beaten)) if with_sales >= LEAST_BEATEN[kind] else None


def _backwards(
    history: Sequence[DayFigures], kind: DigestKind, period: Period
) -> Iterator[tuple[Period, Figures]]:
    """Go through the earlier periods of a kind that have a day in the history, the latest first."""
    earlier = range(bisect_left(history, period.first, key=_DAY) - 1, -1, -1)
    days = (history[place] for place in earlier)
    for each, members in groupby(days, key=lambda known: period_of(kind, known.day)):
        yield each, Figures.together([member.figures for member in members])


def _brought(history: Sequence[DayFigures], period: Period) -> Figures:
    return Figures.together([each.figures for each in days_within(history, period)])


_DAY: Final = attrgetter("day")
