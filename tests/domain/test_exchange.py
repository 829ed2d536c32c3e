"""Conversions at published rates: which day's, how rounded, and whether they are final.

The rates are the European Central Bank's euro foreign exchange reference rates of those days, from
its eurofxref-hist.csv as of 30 October 2026.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesdaemon.domain.exchange import (
    Conversion,
    Rate,
    RateBook,
    convert,
    last_publication_day,
)
from salesdaemon.domain.money import to_decimal

PUBLISHED = {
    "2023-12-29": {"USD": "1.105", "JPY": "156.33", "GBP": "0.86905"},
    "2024-01-02": {"USD": "1.0956", "JPY": "155.68", "GBP": "0.86645"},
    "2024-03-28": {"USD": "1.0811", "JPY": "163.45", "GBP": "0.8551"},
    "2024-04-02": {"USD": "1.0749", "JPY": "163.01", "GBP": "0.8551"},
    "2024-12-24": {"USD": "1.0395", "JPY": "163.25", "GBP": "0.82805"},
    "2024-12-27": {"USD": "1.0435", "JPY": "164.65", "GBP": "0.83098"},
}

ECB = "ECB"
CURRENCIES = st.sampled_from(["EUR", "USD", "JPY", "GBP", "KWD"])
AMOUNTS = st.integers(-(10**12), 10**12)
DAYS = st.dates(date(2024, 1, 1), date(2024, 12, 31))


def day(text: str) -> date:
    return date.fromisoformat(text)


def rates(published: dict[str, dict[str, str]], source: str = ECB) -> list[Rate]:
    return [
        Rate(day(text), currency, Decimal(rate), source)
        for text, line in published.items()
        for currency, rate in line.items()
    ]


def book(*days: str) -> RateBook:
    """Make a book of the published rates of some days, or of all."""
    chosen = {text: PUBLISHED[text] for text in days} if days else PUBLISHED
    return RateBook(rates(chosen))


def found(conversion: Conversion | None) -> Conversion:
    assert conversion is not None
    return conversion


# Against published rates


@pytest.mark.parametrize(
    ("minor", "currency", "home", "on", "expected"),
    [
        pytest.param(1200, "USD", "EUR", "2024-01-02", 1095, id="12 / 1.0956 is 10.953 euros"),
        pytest.param(1200, "EUR", "USD", "2024-01-02", 1315, id="12 × 1.0956 is 13.1472 dollars"),
        pytest.param(1500, "JPY", "EUR", "2024-01-02", 964, id="1500 / 155.68 is 9.635 euros"),
        pytest.param(1000, "EUR", "JPY", "2024-01-02", 1557, id="10 × 155.68 is 1556.8 yen"),
        pytest.param(1000, "GBP", "USD", "2024-01-02", 1264, id="10 × 1.0956 / 0.86645 dollars"),
        pytest.param(123456, "USD", "JPY", "2024-01-02", 175426, id="dollars in yen by the euro"),
        pytest.param(-1200, "USD", "EUR", "2024-01-02", -1095, id="what is given back"),
        pytest.param(1200, "USD", "EUR", "2024-03-31", 1110, id="Easter: the Thursday's 1.0811"),
        pytest.param(1200, "USD", "EUR", "2024-12-26", 1154, id="Christmas: the 24th's 1.0395"),
    ],
)
def test_amounts_are_converted_at_published_rates(
    minor: int, currency: str, home: str, on: str, expected: int
) -> None:
    conversion = found(book().find(currency, home, day(on)))
    assert convert(minor, currency, home, conversion) == expected


@pytest.mark.parametrize(
    ("currency", "home", "expected"),
    [
        ("EUR", "USD", "1.0956"),
        ("USD", "EUR", "0.9127418766"),
        ("GBP", "USD", "1.264469964"),
        ("JPY", "USD", "0.007037512847"),
    ],
)
def test_the_rate_is_told_with_ten_digits(currency: str, home: str, expected: str) -> None:
    assert found(book().find(currency, home, day("2024-01-02"))).rate == Decimal(expected)


def test_the_rate_between_two_currencies_is_not_rounded_before_use() -> None:
    conversion = found(book().find("GBP", "USD", day("2024-01-02")))
    assert conversion.exact == Fraction("1.0956") / Fraction("0.86645")
    million = 10**15
    rounded = int(to_decimal(million, "GBP") * conversion.rate * 100)
    assert convert(million, "GBP", "USD", conversion) not in {rounded, rounded + 1}


@pytest.mark.parametrize(
    ("minor", "expected"),
    [(1, 0), (3, 2), (5, 2), (7, 4), (-1, 0), (-3, -2), (-5, -2)],
    ids=["0.5", "1.5", "2.5", "3.5", "-0.5", "-1.5", "-2.5"],
)
def test_a_half_is_rounded_to_the_even_cent(minor: int, expected: int) -> None:
    two = Conversion(Fraction(1, 2), day("2024-01-02"), ECB)
    assert convert(minor, "USD", "EUR", two) == expected


def test_thousandths_and_currencies_without_decimals_meet() -> None:
    dinar = RateBook(rates({"2024-01-02": {"KWD": "0.33651"}}, "dinar.csv") + rates(PUBLISHED))
    conversion = found(dinar.find("KWD", "JPY", day("2024-01-02")))
    assert conversion.source == "dinar.csv, ECB"
    assert convert(12345, "KWD", "JPY", conversion) == 5711


# Which day's rate, and whether it is final


def test_the_same_currency_needs_no_rate() -> None:
    assert RateBook([]).find("VND", "VND", day("2024-02-03")) == Conversion(
        Fraction(1), day("2024-02-03"), "same currency", provisional=False
    )


@pytest.mark.parametrize(
    ("known", "on", "expected"),
    [
        pytest.param(["2024-01-02"], "2024-01-02", ("2024-01-02", False), id="the day's own"),
        pytest.param(["2024-01-02"], "2024-01-03", ("2024-01-02", True), id="not published yet"),
        pytest.param(["2023-12-29"], "2023-12-31", ("2023-12-29", False), id="a Sunday"),
        pytest.param(["2023-12-29"], "2024-01-01", ("2023-12-29", False), id="New Year"),
        pytest.param(["2023-12-29"], "2024-01-02", ("2023-12-29", True), id="after New Year"),
        pytest.param(
            ["2023-12-29", "2024-01-02"], "2024-01-01", ("2023-12-29", False), id="a later is known"
        ),
        pytest.param(["2024-03-28"], "2024-04-01", ("2024-03-28", False), id="Easter Monday"),
        pytest.param(["2024-03-28"], "2024-11-30", ("2024-03-28", True), id="offline for months"),
        pytest.param(
            ["2024-04-02", "2024-12-24"],
            "2024-08-01",
            ("2024-04-02", True),
            id="months are missing here",
        ),
    ],
)
def test_a_sale_has_the_last_rate_and_it_is_final_once_none_can_come(
    known: list[str], on: str, expected: tuple[str, bool]
) -> None:
    conversion = found(book(*known).find("USD", "EUR", day(on)))
    assert (conversion.day, conversion.provisional) == (day(expected[0]), expected[1])


def test_an_extra_closing_day_is_final_once_a_later_day_is_known() -> None:
    """The ECB published nothing on 31 December 1999 and 2001, which no calendar tells."""
    around = {"2001-12-28": {"USD": "0.8813"}, "2002-01-02": {"USD": "0.9038"}}
    first = {"2001-12-28": around["2001-12-28"]}
    assert found(RateBook(rates(first)).find("USD", "EUR", day("2001-12-31"))).provisional
    conversion = found(RateBook(rates(around)).find("USD", "EUR", day("2001-12-31")))
    assert (conversion.day, conversion.provisional) == (day("2001-12-28"), False)


def test_before_the_first_rate_there_is_none() -> None:
    assert book("2024-01-02").find("USD", "EUR", day("2024-01-01")) is None
    assert book().find("VND", "EUR", day("2024-01-02")) is None
    assert book().find("USD", "VND", day("2024-01-02")) is None


def test_a_currency_that_is_published_no_more_has_no_rate_after_a_month() -> None:
    rouble = {"2022-03-01": {"RUB": "117.201", "USD": "1.1162"}, "2022-04-01": {"USD": "1.1052"}}
    later = {"2022-04-04": {"USD": "1.1005"}}
    known = RateBook(rates({**rouble, **later}))
    assert found(known.find("RUB", "EUR", day("2022-04-01"))).day == day("2022-03-01")
    assert known.find("RUB", "EUR", day("2022-04-04")) is None


def test_two_currencies_of_different_days_meet_on_the_older_one() -> None:
    monthly = rates({"2024-03-31": {"MAD": "10.9"}}, "dirham.csv")
    known = RateBook([*monthly, *rates(PUBLISHED)])
    conversion = found(known.find("MAD", "USD", day("2024-04-02")))
    assert conversion == Conversion(
        Fraction("1.0811") / Fraction("10.9"), day("2024-03-28"), "dirham.csv, ECB", True
    )


def test_one_source_goes_on_while_another_is_out_of_reach() -> None:
    dirham = {f"2024-0{month}-01": {"MAD": "10.9"} for month in (3, 4, 5, 6, 7)}
    bank = {"2024-03-28": PUBLISHED["2024-03-28"]}
    known = RateBook(rates(dirham, "dirham.csv") + rates(bank))
    dollars = found(known.find("USD", "EUR", day("2024-06-14")))
    assert (dollars.day, dollars.provisional) == (day("2024-03-28"), True)
    dirhams = found(known.find("MAD", "EUR", day("2024-06-14")))
    assert (dirhams.day, dirhams.provisional) == (day("2024-06-01"), False)
    crossed = found(known.find("MAD", "USD", day("2024-06-14")))
    assert (crossed.day, crossed.provisional) == (day("2024-03-01"), True)


def test_the_newest_day_is_told() -> None:
    assert (book().newest, RateBook([]).newest) == (day("2024-12-27"), None)


# What must always hold

BOOK = RateBook(rates(PUBLISHED) + rates({"2023-12-29": {"KWD": "0.3397"}}, "dinar.csv"))
PRICED = st.sampled_from(["EUR", "USD", "JPY", "GBP"])


@given(AMOUNTS, PRICED, PRICED, DAYS)
def test_to_and_fro_gives_the_amount_back_within_the_rounding(
    minor: int, currency: str, home: str, on: date
) -> None:
    forth, back = found(BOOK.find(currency, home, on)), found(BOOK.find(home, currency, on))
    assert forth.exact * back.exact == 1
    returned = convert(convert(minor, currency, home, forth), home, currency, back)
    one_unit_of_home = (
        Fraction(to_decimal(1, home)) * back.exact / Fraction(to_decimal(1, currency))
    )
    assert abs(returned - minor) <= one_unit_of_home / 2 + Fraction(1, 2)


@given(st.lists(AMOUNTS, min_size=1, max_size=20), PRICED, PRICED, DAYS)
def test_a_sum_of_conversions_is_near_the_conversion_of_the_sum(
    amounts: list[int], currency: str, home: str, on: date
) -> None:
    conversion = found(BOOK.find(currency, home, on))
    parts = sum(convert(minor, currency, home, conversion) for minor in amounts)
    whole = convert(sum(amounts), currency, home, conversion)
    assert abs(parts - whole) <= Fraction(len(amounts) + 1, 2)


@given(st.lists(AMOUNTS, max_size=20), CURRENCIES, CURRENCIES, DAYS)
def test_conversion_keeps_the_order_and_the_sign(
    amounts: list[int], currency: str, home: str, on: date
) -> None:
    conversion = BOOK.find(currency, home, on)
    if conversion is None:
        assert "KWD" in {currency, home}
        return
    converted = [convert(minor, currency, home, conversion) for minor in sorted(amounts)]
    assert all(low <= high for low, high in pairwise(converted))
    assert [convert(-minor, currency, home, conversion) for minor in amounts] == [
        -convert(minor, currency, home, conversion) for minor in amounts
    ]


@given(st.permutations(rates(PUBLISHED)), DAYS)
def test_a_book_does_not_depend_on_the_order_of_its_rates(known: list[Rate], on: date) -> None:
    assert RateBook(known).find("GBP", "USD", on) == book().find("GBP", "USD", on)


# The calendar


def closed_between(first: str, last: str) -> Iterable[str]:
    on = day(first)
    while on <= day(last):
        if on.weekday() < 5 and last_publication_day(on) != on:
            yield on.isoformat()
        on += timedelta(days=1)


def test_rates_are_published_on_working_days_but_for_the_closing_days() -> None:
    """The weekdays of 2024 and 2025 that eurofxref-hist.csv leaves out."""
    assert list(closed_between("2024-01-01", "2025-12-31")) == [
        *("2024-01-01", "2024-03-29", "2024-04-01", "2024-05-01", "2024-12-25", "2024-12-26"),
        *("2025-01-01", "2025-04-18", "2025-04-21", "2025-05-01", "2025-12-25", "2025-12-26"),
    ]


@pytest.mark.parametrize(
    ("year", "easter"),
    [
        (2000, "04-23"),
        (2008, "03-23"),
        (2011, "04-24"),
        (2019, "04-21"),
        (2038, "04-25"),
        (2049, "04-18"),
        (2076, "04-19"),
    ],
)
def test_easter_moves(year: int, easter: str) -> None:
    sunday = day(f"{year}-{easter}")
    closed = [offset for offset in range(-4, 4) if is_closed(sunday + timedelta(days=offset))]
    assert closed == [-2, -1, 0, 1]


def is_closed(on: date) -> bool:
    return last_publication_day(on) != on


def test_the_last_publication_before_a_long_weekend_is_found() -> None:
    assert last_publication_day(day("2024-04-01")) == day("2024-03-28")
    assert last_publication_day(day("2024-12-29")) == day("2024-12-27")
