"""Amounts, days and counts, written for people."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from salesdaemon.domain.money import exponent, to_decimal
from salesdaemon.domain.period import Period

_MINUS = "\N{MINUS SIGN}"  # read out as "minus", which a hyphen often is not
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
        from babel import Locale  # noqa: PLC0415 - the idle daemon does not carry Babel
        from babel.numbers import parse_pattern  # noqa: PLC0415 - as above

        locale = Locale.parse(self.locale.replace("-", "_"))
        pattern = parse_pattern(locale.currency_formats["standard"].pattern)
        # Babel's decimals of a currency are those of cash; ours are those of the account.
        pattern.frac_prec = (exponent(currency), exponent(currency))
        text = pattern.apply(
            to_decimal(minor, currency), locale, currency=currency, currency_digits=False
        )
        spaced = re.sub(r"(?<=[A-Za-z])(?=\d)", "\N{NO-BREAK SPACE}", text)
        return spaced.replace("-", _MINUS)

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

    def day(self, day: date) -> str:
        """Write a day in a sentence: "Friday 20 November"."""
        return self._date(day, "EEEE d MMMM", "EEEE, MMMM d")

    def full_day(self, day: date) -> str:
        """Write a day as a heading: "Friday 20 November 2026"."""
        return self._date(day, "EEEE d MMMM y", "EEEE, MMMM d, y")

    def short_day(self, day: date) -> str:
        """Write a day in a table: "Fri 20 Nov"."""
        return self._date(day, "EEE d MMM", "EEE, MMM d")

    def brief_day(self, day: date) -> str:
        """Write a day under a bar: "20 Nov"."""
        return self._date(day, "d MMM", "MMM d")

    def month(self, day: date) -> str:
        """Write the month of a day: "November 2026"."""
        return self._date(day, "MMMM y", "MMMM y")

    def brief_month(self, day: date) -> str:
        """Write the month of a day under a bar: "Nov"."""
        return self._date(day, "MMM", "MMM")

    def weekday(self, day: date) -> str:
        """Name the day of the week."""
        return self._date(day, "EEEE", "EEEE")

    def days(self, period: Period) -> str:
        """Write one day, or several: "Monday 16 to Thursday 19 November"."""
        if period.first == period.last:
            return self.day(period.first)
        return f"{self.day(period.first)} to {self.day(period.last)}"

    def moment(self, moment: datetime) -> str:
        """Write a local date and time: "Friday 20 November, 05:12"."""
        return f"{self.day(moment.date())}, {moment:%H:%M}"

    def _date(self, day: date, pattern: str, american: str) -> str:
        from babel.dates import format_date  # noqa: PLC0415 - the idle daemon does not carry Babel

        locale = self.locale.replace("-", "_")
        chosen = american if locale in {"en", "en_US"} else pattern
        return format_date(day, chosen, locale=locale if locale.startswith("en") else "en_GB")


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
