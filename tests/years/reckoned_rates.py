"""Conversion into the home currency, after the page on exchange rates alone."""

from bisect import bisect_right
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cache

LONGEST = 31
SMALLEST = {"JPY": 1}


class Bank:
    """Reference rates: units of a currency for one euro, on the days that have any."""

    def __init__(self, table: Mapping[date, Mapping[str, Decimal]], home: str) -> None:
        self.home = home
        self._table = table
        self._days = sorted(table)
        self.rate = cache(self._rate)

    def convert(self, amount: int, currency: str, day: date) -> int | None:
        """Convert one figure, rounded once and half to even; None without a rate."""
        if currency == self.home:
            return amount
        rate = self.rate(currency, day)
        if rate is None:
            return None
        return round(amount * rate)

    def _rate(self, currency: str, day: date) -> Fraction | None:
        """Say what one smallest unit is worth in smallest units: both rates are of one day."""
        known = self._days[: bisect_right(self._days, day)]
        both = [each for each in known[-60:] if self._has(currency, each)]
        if not both or (known[-1] - both[-1]).days > LONGEST:
            return None
        sold, bought = self._euro(currency, both[-1]), self._euro(self.home, both[-1])
        scale = Fraction(SMALLEST.get(self.home, 100), SMALLEST.get(currency, 100))
        return bought / sold * scale

    def _has(self, currency: str, day: date) -> bool:
        return {currency, self.home} - {"EUR"} <= set(self._table[day])

    def _euro(self, currency: str, day: date) -> Fraction:
        return Fraction(1) if currency == "EUR" else Fraction(self._table[day][currency])
