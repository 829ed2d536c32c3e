"""Amounts, days and counts, written for people."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING

from salesdaemon.domain.money import exponent, to_decimal
from salesdaemon.domain.period import Period

if TYPE_CHECKING:
    from babel import Locale
    from babel.numbers import NumberPattern

_MINUS = "\N{MINUS SIGN}"  # read out as "minus", which a hyphen often is not
_MARKS = dict.fromkeys(map(ord, "\u061c\u200e\u200f"))
_HOURS_OF_A_DAY = 24


@dataclass(frozen=True, slots=True)
class Wording:
    """Write values the way a locale does.

    The words of the digest are English; numbers and amounts follow the locale, dates follow it
    where it is an English one, so that no line mixes two languages.
    """

    locale: str

    def amount(self, minor: int, currency: str) -> str:
        """Write an amount with its currency: "€86.40", "CHF 12.00"."""
        locale, pattern = _amounts(self.locale, exponent(currency))
        text = pattern.apply(
            to_decimal(minor, currency), locale, currency=currency, currency_digits=False
        )
        spaced = re.sub(r"(?<=[A-Za-z])(?=\d)", "\N{NO-BREAK SPACE}", text)
        return _without_marks(spaced).replace("-", _MINUS)

    def change(self, minor: int, currency: str) -> str:
        """Write an amount that is added to or taken from another, with its sign."""
        return f"{'+' if minor > 0 else ''}{self.amount(minor, currency)}"

    def number(self, number: int) -> str:
        """Write a whole number with the locale's separators."""
        from babel.numbers import format_decimal  # noqa: PLC0415 - the idle daemon does not carry it

        return format_decimal(number, locale=self.locale.replace("-", "_"))

    def count(self, number: int, singular: str, plural: str | None = None) -> str:
        """Write how many there are: "1 sale", "7 sales"."""
        noun = singular if number == 1 else plural or f"{singular}s"
        return f"{self.number(number)} {noun}"

    def percent(self, part: int | Fraction, whole: int | Fraction) -> str:
        """Write a share in whole percent; one that is not 0 or 100 is never written as such."""
        from babel.numbers import format_percent  # noqa: PLC0415 - the idle daemon has no use for it

        exact = Fraction(100 * part) / whole
        rounded, prefix = round(exact), ""
        if rounded in {0, 100} and exact != rounded:
            prefix = "under " if exact < 1 else "over "
            rounded = 1 if exact < 1 else 99 if exact < 100 else 100  # noqa: PLR2004 - percent
        share = Decimal(rounded).scaleb(-2)
        return prefix + _without_marks(format_percent(share, locale=self.locale.replace("-", "_")))

    def share(self, percent: Decimal) -> str:
        """Write a percentage with the decimals it has: "25%", "7.5%"."""
        from babel.numbers import format_percent  # noqa: PLC0415 - the idle daemon has no use for it

        text = format_percent(
            percent.scaleb(-2), locale=self.locale.replace("-", "_"), decimal_quantization=False
        )
        return _without_marks(text)

    def decimal(self, value: Fraction) -> str:
        """Write a number with one decimal."""
        from babel.numbers import format_decimal  # noqa: PLC0415 - the idle daemon does not carry it

        tenths = Decimal(round(value * 10)).scaleb(-1)
        return format_decimal(tenths, format="#,##0.0", locale=self.locale.replace("-", "_"))

    def duration(self, minutes: int) -> str:
        """Write how long work took: "14 h 30 min"."""
        hours, rest = divmod(minutes, 60)
        parts = [f"{self.number(hours)} h"] * bool(hours) + [f"{rest} min"] * bool(rest)
        return " ".join(parts).replace(" ", "\N{NO-BREAK SPACE}") or "0 min"

    def country(self, code: str | None) -> str:
        """Name a country in English; a code that is none names itself."""
        from babel import Locale  # noqa: PLC0415 - the idle daemon does not carry Babel

        known = code or "Not known"
        return str(Locale("en").territories.get(known, known))

    def day(self, day: date) -> str:
        """Write a day in a sentence: "Friday 20 November"."""
        return self._date(day, "EEEE d MMMM", "EEEE, MMMM d")

    def full_day(self, day: date) -> str:
        """Write a day as a heading: "Friday 20 November 2026"."""
        return self._date(day, "EEEE d MMMM y", "EEEE, MMMM d, y")

    def short_day(self, day: date, *, with_year: bool = False) -> str:
        """Write a day in a table: "Fri 20 Nov"."""
        if with_year:
            return self._date(day, "EEE d MMM y", "EEE, MMM d, y")
        return self._date(day, "EEE d MMM", "EEE, MMM d")

    def brief_day(self, day: date) -> str:
        """Write a day under a bar: "20 Nov"."""
        return self._date(day, "d MMM", "MMM d")

    def brief_month(self, day: date) -> str:
        """Write the month of a day under a bar: "Nov"."""
        return self._date(day, "MMM", "MMM")

    def weekday(self, day: date) -> str:
        """Name the day of the week."""
        return self._date(day, "EEEE", "EEEE")

    def days(self, period: Period) -> str:
        """Write one day, or several: "Monday 16 November to Thursday 19 November"."""
        if period.first == period.last:
            return self.day(period.first)
        return f"{self.day(period.first)} to {self.day(period.last)}"

    def dates(self, period: Period, *, with_year: bool = False) -> str:
        """Write from when to when, without weekdays: "16 to 22 November 2026"."""
        first, last = period.first, period.last
        patterns = ("d MMMM y", "MMMM d, y") if with_year else ("d MMMM", "MMMM d")
        begins = patterns
        if first.year == last.year:
            begins = ("d" if first.month == last.month else "d MMMM", "MMMM d")
        return f"{self._date(first, *begins)} to {self._date(last, *patterns)}"

    def month(self, day: date, *, with_year: bool = False) -> str:
        """Name the month that a day is in: "November 2026"."""
        pattern = "MMMM y" if with_year else "MMMM"
        return self._date(day, pattern, pattern)

    def moment(self, moment: datetime) -> str:
        """Write a local date and time: "Friday 20 November, 05:12"."""
        return f"{self.day(moment.date())}, {moment:%H:%M}"

    def _date(self, day: date, pattern: str, american: str) -> str:
        from babel.dates import format_date  # noqa: PLC0415 - the idle daemon does not carry Babel

        locale = self.locale.replace("-", "_")
        chosen = american if locale in {"en", "en_US"} else pattern
        return format_date(day, chosen, locale=locale if locale.startswith("en") else "en_GB")


@cache
def _amounts(name: str, decimals: int) -> "tuple[Locale, NumberPattern]":
    """Return a locale, and how it writes an amount with so many decimals."""
    from babel import Locale  # noqa: PLC0415 - the idle daemon does not carry Babel
    from babel.numbers import parse_pattern  # noqa: PLC0415 - as above

    locale = Locale.parse(name.replace("-", "_"))
    pattern = parse_pattern(locale.currency_formats["standard"].pattern)
    # Babel's decimals of a currency are those of cash; ours are those of the account.
    pattern.frac_prec = (decimals, decimals)
    return locale, pattern


def _without_marks(text: str) -> str:
    """Drop the marks that turn a line from right to left: the words around it are English."""
    return text.translate(_MARKS)


def listing(words: Sequence[str]) -> str:
    """Join words into a phrase: "a", "a and b", "a, b and c"."""
    if len(words) <= 1:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def length_of_day(hours: float) -> str | None:
    """Say why a day was not 24 hours long; None where it was."""
    if hours == _HOURS_OF_A_DAY:
        return None
    change = "forward" if hours < _HOURS_OF_A_DAY else "back"
    return f"This day had {hours:g} hours: the clocks went {change}."
