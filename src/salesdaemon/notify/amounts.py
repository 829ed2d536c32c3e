"""Amounts, counts, days and times, written as people of the seller's locale do.

Babel is left alone for what British and American English need: it takes 5 MB that most daemons
never want.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from salesdaemon.domain.money import exponent, to_decimal

_EVERYWHERE = {
    "EUR": "€",
    "GBP": "£",
    "CAD": "CA$",
    "AUD": "A$",
    "NZD": "NZ$",
    "MXN": "MX$",
    "BRL": "R$",
    "HKD": "HK$",
    "TWD": "NT$",
    "CNY": "CN¥",
    "INR": "₹",
    "ILS": "₪",
    "PHP": "₱",
    "KRW": "₩",
}
_SIGNS = {
    "en_GB": {**_EVERYWHERE, "USD": "US$", "JPY": "JP¥"},
    "en_US": {**_EVERYWHERE, "USD": "$", "JPY": "¥"},
}
"""What English puts before an amount, as Unicode's CLDR has it; all else is left to Babel."""
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_HALF_A_DAY = 12


@dataclass(frozen=True, slots=True)
class Voice:
    """How a message is written: amounts gross or net, whose numbers and clock, emoji or none."""

    amount: Literal["gross", "net"]
    locale: str
    emoji: bool = False
    zone: ZoneInfo = ZoneInfo("UTC")  # noqa: RUF009 - a zone never changes


def money_text(amount_minor: int, currency: str, locale: str) -> str:
    """Write an amount with its currency and all its decimals."""
    sign = _SIGNS.get(locale, {}).get(currency)
    if sign is not None:
        minus = "-" if amount_minor < 0 else ""
        return f"{minus}{sign}{to_decimal(abs(amount_minor), currency):,}"
    from babel import Locale  # noqa: PLC0415 - as the module says
    from babel.numbers import parse_pattern  # noqa: PLC0415 - as the module says

    known = Locale.parse(locale)
    pattern = parse_pattern(known.currency_formats["standard"].pattern)
    # Babel's decimals of a currency are those of cash; ours are those of the account.
    pattern.frac_prec = (exponent(currency), exponent(currency))
    amount = to_decimal(amount_minor, currency)
    text = pattern.apply(amount, known, currency=currency, currency_digits=False)
    return re.sub(r"(?<=[A-Za-z])(?=\d)", "\N{NO-BREAK SPACE}", text)


def number_text(number: int, locale: str) -> str:
    """Write a whole number with the locale's separators."""
    if locale in _SIGNS:
        return f"{number:,}"
    from babel.numbers import format_decimal  # noqa: PLC0415 - as the module says

    return format_decimal(number, locale=locale)


def count_text(number: int, noun: str, locale: str) -> str:
    """Write how many there are: "1 sale", "1,200 sales", "2 countries"."""
    return f"{number_text(number, locale)} {noun if number == 1 else plural(noun)}"


def plural(noun: str) -> str:
    """Return the plural of one of our own nouns."""
    if noun.endswith("ry"):
        return f"{noun[:-1]}ies"
    return f"{noun}s"


def day_text(day: date, locale: str) -> str:
    """Write a day: "20 Nov 2026", "Nov 20, 2026", "20.11.2026"."""
    if locale in _DAYS:
        return _DAYS[locale](day)
    from babel.dates import format_date  # noqa: PLC0415 - as the module says

    return format_date(day, "medium", locale=locale)


def time_text(moment: datetime, voice: Voice) -> str:
    """Write the time of day of an aware moment by the seller's clock: "14:02", "2:02 PM"."""
    local = moment.astimezone(voice.zone)
    if voice.locale in _TIMES:
        return _TIMES[voice.locale](local)
    from babel.dates import format_time  # noqa: PLC0415 - as the module says

    # Without its zone, which Babel would look up and convert to once more.
    return format_time(local.time(), "short", locale=voice.locale)


def _british_day(day: date) -> str:
    month = "Sept" if day.month == 9 else _MONTHS[day.month - 1]  # noqa: PLR2004 - September
    return f"{day.day} {month} {day.year}"


def _american_day(day: date) -> str:
    return f"{_MONTHS[day.month - 1]} {day.day}, {day.year}"


def _british_time(local: datetime) -> str:
    return f"{local:%H:%M}"


def _american_time(local: datetime) -> str:
    half = "AM" if local.hour < _HALF_A_DAY else "PM"
    return f"{local.hour % _HALF_A_DAY or _HALF_A_DAY}:{local:%M}\N{NARROW NO-BREAK SPACE}{half}"


_DAYS: Mapping[str, Callable[[date], str]] = {"en_GB": _british_day, "en_US": _american_day}
_TIMES: Mapping[str, Callable[[datetime], str]] = {
    "en_GB": _british_time,
    "en_US": _american_time,
}
