"""Amounts, counts, days and times, as people of a locale write them."""

import re
from datetime import UTC, date, datetime, time

import pytest
from babel.dates import format_date, format_time
from babel.numbers import format_currency, format_decimal
from hypothesis import given
from hypothesis import strategies as st

from salesdaemon.domain.alerts import Form
from salesdaemon.domain.money import to_decimal
from salesdaemon.notify.amounts import (
    Voice,
    count_text,
    day_text,
    money_text,
    number_text,
    time_text,
)
from tests.factories import BERLIN, stored_sale
from tests.notify.told import worded_sales

ENGLISH = pytest.mark.parametrize("locale", ["en_GB", "en_US"])
SEPTEMBER = date(2026, 9, 5)


@ENGLISH
@pytest.mark.parametrize("amount_minor", [0, 5, 1200, -1200, 123456789])
@pytest.mark.parametrize(
    "currency",
    [
        *("EUR", "GBP", "USD", "CAD", "AUD", "NZD", "MXN", "BRL", "HKD", "TWD", "CNY", "INR"),
        *("ILS", "PHP", "KRW", "JPY", "CHF", "SEK", "KWD"),
    ],
)
def test_what_english_writes_without_babel_is_what_babel_writes(
    amount_minor: int, currency: str, locale: str
) -> None:
    expected = format_currency(to_decimal(amount_minor, currency), currency, locale=locale)
    # Babel does not part letters from digits, as CLDR asks for.
    expected = re.sub(r"([A-Z])(\d)", "\\1\xa0\\2", expected)

    assert money_text(amount_minor, currency, locale) == expected


@pytest.mark.parametrize(
    ("amount_minor", "currency", "locale", "written"),
    [
        (123456, "EUR", "de_DE", "1.234,56\xa0€"),
        (123456, "EUR", "fr_FR", "1\u202f234,56\xa0€"),
        (1500, "JPY", "ja_JP", "￥1,500"),
        (12345, "KWD", "en_GB", "KWD\xa012.345"),
        (12345, "KWD", "de_DE", "12,345\xa0KWD"),
        (123450, "HUF", "hu_HU", "1\xa0234,50\xa0Ft"),
        (1234567, "INR", "en_IN", "₹12,345.67"),
    ],
)
def test_amounts_are_written_as_people_of_the_locale_do_with_every_decimal(
    amount_minor: int, currency: str, locale: str, written: str
) -> None:
    assert money_text(amount_minor, currency, locale) == written


def test_a_ring_is_written_in_the_locale_of_its_owner() -> None:
    message = worded_sales(
        Form.RING, stored_sale(gross_minor=123456), voice=Voice("gross", "de_DE")
    )
    assert message.title == "Ka-ching! 1.234,56\xa0€"


@ENGLISH
@pytest.mark.parametrize("number", [0, 1, 999, 1000, 1234567])
def test_numbers_need_no_babel_in_english(number: int, locale: str) -> None:
    assert number_text(number, locale) == format_decimal(number, locale=locale)


@pytest.mark.parametrize(
    ("number", "noun", "locale", "written"),
    [
        (0, "sale", "en_GB", "0 sales"),
        (1, "sale", "en_GB", "1 sale"),
        (1200, "sale", "en_US", "1,200 sales"),
        (1200, "sale", "de_DE", "1.200 sales"),
        (2, "country", "en_GB", "2 countries"),
    ],
)
def test_counts_have_their_plural_and_the_locales_separators(
    number: int, noun: str, locale: str, written: str
) -> None:
    assert count_text(number, noun, locale) == written


@ENGLISH
@pytest.mark.parametrize("month", range(1, 13))
def test_days_need_no_babel_in_english(month: int, locale: str) -> None:
    day = date(2026, month, 5)
    assert day_text(day, locale) == format_date(day, "medium", locale=locale)


@ENGLISH
@pytest.mark.parametrize("hour", [0, 1, 11, 12, 13, 23])
def test_times_need_no_babel_in_english(hour: int, locale: str) -> None:
    moment = datetime(2026, 11, 20, hour, 5, tzinfo=UTC)
    expected = format_time(time(hour, 5), "short", locale=locale)
    assert time_text(moment, Voice("gross", locale)) == expected


@pytest.mark.parametrize(
    ("locale", "day", "clock"),
    [
        ("en_GB", "5 Sept 2026", "23:30"),
        ("en_US", "Sep 5, 2026", "11:30\u202fPM"),
        ("de_DE", "05.09.2026", "23:30"),
        ("ja_JP", "2026/09/05", "23:30"),
    ],
)
def test_days_and_times_are_the_sellers(locale: str, day: str, clock: str) -> None:
    late = datetime(2026, 9, 5, 21, 30, tzinfo=UTC)  # half past eleven at night in Berlin
    assert day_text(SEPTEMBER, locale) == day
    assert time_text(late, Voice("gross", locale, zone=BERLIN)) == clock


@given(st.integers(-(10**20), 10**20), st.sampled_from(["EUR", "JPY", "KWD", "CHF", "XXX"]))
def test_every_digit_of_an_amount_is_written(amount_minor: int, currency: str) -> None:
    digits = re.sub(r"\D", "", money_text(amount_minor, currency, "en_GB"))
    assert int(digits) == abs(amount_minor)
