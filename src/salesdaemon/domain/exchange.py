"""Convert amounts at the reference rates of a day. Pure.

A rate says how many units of a currency one euro was worth; two of the same day make the rate
between two currencies. No amount passes through a float or a Decimal context: it is multiplied
and divided as integers and rounded once, half to even.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from typing import Final

from salesdaemon.domain.money import exponent, proportion

EURO: Final = "EUR"
SAME_CURRENCY: Final = "same currency"

LONGEST_GAP: Final = timedelta(days=31)
"""How long a rate may be missing while its source publishes others: tables of monthly rates count,
a currency that is published no more (as the rouble since March 2022) does not."""

_ONE_DAY: Final = timedelta(days=1)
_SATURDAY: Final = 5
# New Year, Labour Day and the two days of Christmas; Good Friday and Easter Monday move.
_CLOSED: Final = {(1, 1), (5, 1), (12, 25), (12, 26)}
_SHOWN: Final = Context(prec=10, rounding=ROUND_HALF_EVEN)


@dataclass(frozen=True, slots=True)
class Rate:
    """Units of a currency for one euro, as published for a day."""

    day: date
    currency: str
    rate: Decimal
    source: str


@dataclass(frozen=True, slots=True)
class Conversion:
    """How amounts of one currency become amounts of another.

    `exact` is what one whole unit is worth, unrounded; `day` is the day of the rates, which may
    be earlier than the day they are used for. `provisional` means that a better rate may come.
    """

    exact: Fraction
    day: date
    source: str
    provisional: bool = False

    @property
    def rate(self) -> Decimal:
        """What one whole unit is worth, for people: ten significant digits, half to even."""
        exact = self.exact
        return _SHOWN.divide(Decimal(exact.numerator), Decimal(exact.denominator))


class RateBook:
    """Rates of some currencies and days, looked up by day."""

    def __init__(self, rates: Iterable[Rate]) -> None:
        self._rates: defaultdict[str, dict[date, Rate]] = defaultdict(dict)
        published: defaultdict[str, set[date]] = defaultdict(set)
        for rate in rates:
            self._rates[rate.currency][rate.day] = rate
            published[rate.source].add(rate.day)
        self._days = {currency: sorted(known) for currency, known in self._rates.items()}
        self._published = {source: sorted(days) for source, days in published.items()}

    @property
    def newest(self) -> date | None:
        """The last day that has any rate."""
        return max((days[-1] for days in self._published.values()), default=None)

    def find(self, currency: str, home: str, day: date) -> Conversion | None:
        """Return how to convert on a day: at the last rates on or before it.

        Both rates are those of one day, the older one where the two differ. None where a
        currency has no rate yet, or none any more (`LONGEST_GAP`). Rates that are old because
        nothing newer is known are used, and are provisional.
        """
        if currency == home:
            return Conversion(Fraction(1), day, SAME_CURRENCY)
        latest = self._pair(currency, home, day)
        pair = self._pair(currency, home, min(rate.day for rate in latest)) if latest else None
        if pair is None:
            return None
        sold, bought = pair
        return Conversion(
            exact=Fraction(bought.rate) / Fraction(sold.rate),
            day=min(sold.day, bought.day),
            source=", ".join(dict.fromkeys(rate.source for rate in pair if rate.source)),
            provisional=any(self._may_be_bettered(rate, day) for rate in pair),
        )

    def _pair(self, currency: str, home: str, day: date) -> tuple[Rate, Rate] | None:
        sold, bought = self._last(currency, day), self._last(home, day)
        return (sold, bought) if sold is not None and bought is not None else None

    def _last(self, currency: str, day: date) -> Rate | None:
        if currency == EURO:
            return Rate(day, EURO, Decimal(1), "")
        known = _last_of(self._days.get(currency, ()), day)
        rate = self._rates[currency][known] if known is not None else None
        return None if rate is None or self._has_ended(rate, day) else rate

    def _has_ended(self, rate: Rate, day: date) -> bool:
        """Tell whether the rate's source has long gone on without its currency."""
        newest = _last_of(self._published[rate.source], day)
        return newest is not None and newest - rate.day > LONGEST_GAP

    def _may_be_bettered(self, rate: Rate, day: date) -> bool:
        """Tell whether a rate that is nearer to the day may still become known.

        None may once one of a later day is known, unless days between are plainly missing here.
        """
        if rate.currency == EURO or rate.day >= last_publication_day(day):
            return False
        later = [
            known
            for days in (self._published[rate.source], self._days[rate.currency])
            if (known := _first_after(days, day)) is not None
        ]
        return not later or min(later) - rate.day > LONGEST_GAP


def _last_of(days: Sequence[date], day: date) -> date | None:
    place = bisect_right(days, day)
    return days[place - 1] if place else None


def _first_after(days: Sequence[date], day: date) -> date | None:
    place = bisect_right(days, day)
    return days[place] if place < len(days) else None


def convert(amount_minor: int, currency: str, home: str, conversion: Conversion) -> int:
    """Convert minor units of one currency into those of another, rounded once, half to even."""
    exact = conversion.exact
    return proportion(
        amount_minor * 10 ** exponent(home),
        exact.numerator,
        exact.denominator * 10 ** exponent(currency),
    )


def last_publication_day(day: date) -> date:
    """Return the last day on or before this one for which reference rates are published.

    Source: the calendar of closing days of TARGET, which the rates follow (read 2026-11).
    """
    while _is_closed(day):
        day -= _ONE_DAY
    return day


def _is_closed(day: date) -> bool:
    if day.weekday() >= _SATURDAY or (day.month, day.day) in _CLOSED:
        return True
    return (day - _easter(day.year)).days in {-2, 1}


def _easter(year: int) -> date:
    """Return Easter Sunday: the Sunday after the first full moon of the church's spring."""
    century = year // 100
    moon = (19 * (year % 19) + century - century // 4 - (8 * century + 13) // 25 + 15) % 30
    # The two latest full moons that this would give are a day late.
    late = moon > 28 or (moon == 28 and year % 19 > 10)  # noqa: PLR2004 - numbers of the calendar
    full_moon = date(year, 3, 21) + timedelta(days=moon - late)
    return full_moon + timedelta(days=6 - full_moon.weekday() or 7)
