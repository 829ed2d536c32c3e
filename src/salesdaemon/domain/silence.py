"""Tell whether a shop has been quiet for longer than its own rhythm makes plausible. Pure.

Time is measured in *expected sales*: how many would have come by the shop's own week of hours. A
shop that follows it leaves about one of them between two sales, day and night, weekend or not.

1. The week: sales of the last half year by hour of the week; recent weeks weigh more, and what few
   sales say is drawn towards the hours and days around.
2. The pace: where the last sales came further apart than that, the shop slowed down, and as much
   less is expected.
3. The limit: how far apart sales come at most, once in so many gaps, by what was seen beyond
   one expected sale; a shop that sells in clumps has a longer tail than chance alone. It is also
   some way above the longest gap of its own history.

The chance to be wrong is spread over all the gaps that 90 days are likely to bring.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import accumulate, pairwise
from typing import Final
from zoneinfo import ZoneInfo

FEWEST_SALES: Final = 20
FEWEST_WEEKS: Final = 2
MOST_WEEKS: Final = 26
HALF_LIFE_WEEKS: Final = 8
"""Sales that many weeks ago weigh half as much as those of this week."""
FALSE_ALARMS: Final = 0.1
"""How many are aimed at in 90 days; the promise is one, the rest is for what is not known well."""
ABOVE_THE_LONGEST: Final = 1.25
"""A quiet is not told before it exceeds the longest one so far by this factor."""

_WEEK: Final = timedelta(weeks=1)
_HOUR: Final = timedelta(hours=1)
_HOURS: Final = 168
_DAYS, _HOURS_OF_DAY = 7, 24
_MONDAY: Final = datetime(2001, 1, 1)  # noqa: DTZ001 - a wall clock's, in whatever zone
# As many sales, spread evenly, are taken for granted beside those of an hour, a day, a cell.
_GRANTED: Final = 2.0
_LATELY: Final = 20  # gaps that say at what pace it sells now
_FEWEST_TO_PACE: Final = 5
_QUARTER_WEEKS: Final = 90 / 7


@dataclass(frozen=True, slots=True)
class Quiet:
    """How long nobody has bought, and what that is worth.

    `expected` are the sales that were due since the last one. From `implausible_at` on the quiet
    is longer than the shop's rhythm explains.
    """

    last_sale: datetime
    lasted: timedelta
    expected: float
    implausible_at: datetime
    is_implausible: bool


@dataclass(frozen=True)
class Rhythm:
    """When a shop sells: `rates` are the sales expected in each hour of the week, Monday first.

    `pace` is at least 1: so many of them pass lately between two sales. `limit` is how many of
    what is expected, at that pace, may pass without a sale.
    """

    rates: tuple[float, ...]
    pace: float
    limit: float
    zone: ZoneInfo

    @cached_property
    def _before(self) -> tuple[float, ...]:
        """What is expected from Monday to the beginning of each hour, and in all of the week."""
        return tuple(accumulate(self.rates, initial=0.0))

    def expected(self, start: datetime, end: datetime) -> float:
        """Count the sales expected between two instants."""
        return max(0.0, self._at(end) - self._at(start)) / self.pace

    def quiet(self, last_sale: datetime, now: datetime) -> Quiet:
        """Judge the time since the last sale."""
        implausible_at = self.reached(last_sale, self.limit)
        return Quiet(
            last_sale=last_sale,
            lasted=now - last_sale,
            expected=self.expected(last_sale, now),
            implausible_at=implausible_at,
            is_implausible=now >= implausible_at,
        )

    def reached(self, start: datetime, sales: float) -> datetime:
        """Return when so many sales are expected to have come since an instant."""
        weeks, rest = divmod(self._at(start) + sales * self.pace, self._before[-1])
        hour = min(bisect_right(self._before, rest) - 1, _HOURS - 1)
        share = (rest - self._before[hour]) / self.rates[hour]
        wall = _MONDAY + _WEEK * weeks + _HOUR * (hour + min(share, 1.0))
        return wall.replace(tzinfo=self.zone).astimezone(UTC)

    def _at(self, instant: datetime) -> float:
        return _expected_at(_wall_hours(instant, self.zone), self.rates, self._before)


def learn_rhythm(sold_at: Sequence[datetime], zone: ZoneInfo) -> Rhythm | None:
    """Learn when a shop sells from the instants of its sales, oldest first, in the seller's zone.

    None where they reach back less than two weeks from the newest one, or where those whole weeks
    hold fewer than 20: then nothing can be told. What comes after the newest is judged by it.
    """
    walls = [_wall_hours(instant, zone) for instant in sold_at]
    weeks = min(MOST_WEEKS, int((walls[-1] - walls[0]) // _HOURS)) if walls else 0
    # Whole weeks, so that each hour of the week was there as often as any other.
    recent = walls[bisect_left(walls, walls[-1] - weeks * _HOURS) :] if weeks else []
    if weeks < FEWEST_WEEKS or len(recent) < FEWEST_SALES:
        return None
    rates = _rates(recent, weeks)
    before = tuple(accumulate(rates, initial=0.0))
    gaps = [
        max(0.0, later - earlier)
        for earlier, later in pairwise(_expected_at(wall, rates, before) for wall in recent)
    ]
    paces = _paces(gaps)
    at_pace = [gap / pace for gap, pace in zip(gaps, paces, strict=False)]
    in_a_quarter = before[-1] / paces[-1] * _QUARTER_WEEKS
    return Rhythm(tuple(rates), paces[-1], _limit(at_pace, in_a_quarter), zone)


def _wall_hours(instant: datetime, zone: ZoneInfo) -> float:
    """Return the hours on the seller's wall clock since a Monday long ago."""
    return (instant.astimezone(zone).replace(tzinfo=None) - _MONDAY) / _HOUR


def _expected_at(wall: float, rates: Sequence[float], before: Sequence[float]) -> float:
    weeks, hour = divmod(wall, _HOURS)
    whole = int(hour)
    return weeks * before[-1] + before[whole] + (hour - whole) * rates[whole]


def _rates(walls: Sequence[float], weeks: int) -> list[float]:
    """Return the sales expected in each hour of the week."""
    weights = [0.5 ** (age / HALF_LIFE_WEEKS) for age in range(weeks + 1)]
    counts = [0.0] * _HOURS
    newest = walls[-1]
    for wall in walls:
        # A clock set back makes a sale seem younger than the newest one.
        age = max(0, int((newest - wall) // _HOURS))
        counts[int(wall % _HOURS)] += weights[age]
    exposure = sum(weights[:weeks])
    mean = sum(counts) / _HOURS
    by_hour = [sum(counts[hour::_HOURS_OF_DAY]) for hour in range(_HOURS_OF_DAY)]
    around = [
        (by_hour[hour - 1] + 2 * by_hour[hour] + by_hour[(hour + 1) % _HOURS_OF_DAY]) / 4
        for hour in range(_HOURS_OF_DAY)
    ]
    of_day = [_drawn(count, mean * _DAYS) for count in around]
    by_day = [sum(counts[day * 24 : day * 24 + 24]) for day in range(_DAYS)]
    of_week = [_drawn(count, mean * _HOURS_OF_DAY) for count in by_day]
    shape = [mean * of_week[cell // 24] * of_day[cell % 24] for cell in range(_HOURS)]
    rates = [usual * _drawn(count, usual) for count, usual in zip(counts, shape, strict=True)]
    scale = sum(counts) / exposure / sum(rates)
    return [rate * scale for rate in rates]


def _drawn(count: float, usual: float) -> float:
    """Return by what factor a count exceeds what is usual, drawn towards 1 where it is small."""
    return (count + _GRANTED) / (usual + _GRANTED)


def _paces(gaps: Sequence[float]) -> list[float]:
    """Return the pace before each gap, as it was known then, and the one after the last."""
    sums = list(accumulate(gaps, initial=0.0))
    paces = []
    for end in range(len(sums)):
        start = max(0, end - _LATELY)
        known = end - start
        mean = (sums[end] - sums[start]) / known if known >= _FEWEST_TO_PACE else 1.0
        paces.append(max(1.0, mean))
    return paces


def _limit(gaps: Sequence[float], in_a_quarter: float) -> float:
    """Return which gap comes so rarely that it is none of the shop's own.

    Gaps beyond one expected sale fall off at a rate that is itself known from few of them only,
    hence the power where one would expect a logarithm.
    """
    beyond = [gap - 1.0 for gap in gaps if gap > 1.0]
    known = max(len(beyond), _FEWEST_TO_PACE)
    mean = max(1.0, sum(beyond) / known)
    wanted = max(1.0, in_a_quarter * known / len(gaps) / FALSE_ALARMS)
    power: float = wanted ** (1 / known)
    by_chance = 1.0 + mean * known * (power - 1.0)
    return max(by_chance, ABOVE_THE_LONGEST * max(gaps))
