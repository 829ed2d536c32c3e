"""Convert amounts at the reference rates of a day. Pure.

A rate says how many units of a currency one euro was worth; two of the same day make the rate
between two currencies. No amount passes through a float or a Decimal context: it is multiplied
and divided as integers and rounded once, half to even.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from typing import Final

from salesdaemon.domain.money import exponent, proportion

EURO: Final = "EUR"
SAME_CURRENCY: Final = "same currency"

LONGEST_GAP: Final = timedelta(days=31)
"""How long a rate may be missing while others are published: tables of monthly rates count, a
currency that is published no more (as the rouble since March 2022) does not."""

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
        found: defaultdict[str, dict[date, Rate]] = defaultdict(dict)
        for rate in rates:
            found[rate.currency][rate.day] = rate
        self._days = {currency: sorted(days) for currency, days in found.items()}
        self._rates = found
        self._published = sorted({day for days in found.values() for day in days})

    @property
    def newest(self) -> date | None:
        """The last day that has any rate."""
        return self._published[-1] if self._published else None

    def find(self, currency: str, home: str, day: date) -> Conversion | None:
        """Return how to convert on a day: at the last rates on or before it.

        Both rates are those of one day, the older one where the two differ. None where a
        currency has no rate yet, or none any more (`LONGEST_GAP`). Rates that are old because
        nothing newer is known are used, and are provisional.
        """
        if currency == home:
            return Conversion(Fraction(1), day, SAME_CURRENCY)
        pair = self._pair(currency, home, day)
        if pair is None or any(self._has_ended(rate, day) for rate in pair):
            return None
        sold, bought = pair
        used = min(sold.day, bought.day)
        return Conversion(
            exact=Fraction(bought.rate) / Fraction(sold.rate),
            day=used,
            source=", ".join(dict.fromkeys(rate.source for rate in pair if rate.source)),
            provisional=self._may_be_bettered(used, day),
        )

    def _pair(self, currency: str, home: str, day: date) -> tuple[Rate, Rate] | None:
        sold, bought = self._last(currency, day), self._last(home, day)
        if sold is None or bought is None:
            return None
        used = min(sold.day, bought.day)
        sold, bought = self._last(currency, used), self._last(home, used)
        return (sold, bought) if sold is not None and bought is not None else None

    def _last(self, currency: str, day: date) -> Rate | None:
        if currency == EURO:
            return Rate(day, EURO, Decimal(1), "")
        days = self._days.get(currency, [])
        place = bisect_right(days, day)
        return self._rates[currency][days[place - 1]] if place else None

    def _has_ended(self, rate: Rate, day: date) -> bool:
        place = bisect_right(self._published, day)
        return place > 0 and self._published[place - 1] - rate.day > LONGEST_GAP

    def _may_be_bettered(self, used: date, day: date) -> bool:
        """Tell whether rates that are nearer to the day may still become known.

        They may not once a later day's are known, unless days between are plainly missing here.
        """
        if used >= last_publication_day(day):
            return False
        place = bisect_right(self._published, day)
        return place == len(self._published) or self._published[place] - used > LONGEST_GAP


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
