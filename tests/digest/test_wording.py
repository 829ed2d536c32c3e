from datetime import date, datetime
from decimal import Decimal

import pytest

from salesdaemon.digest.wording import Wording, listing
from salesdaemon.domain.period import Period

NO_BREAK = "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("locale", "minor", "currency", "text"),
    [
        ("en_GB", 8640, "EUR", "€86.40"),
        ("en-GB", 123456789, "USD", "US$1,234,567.89"),
        ("en_GB", -500, "USD", "\N{MINUS SIGN}US$5.00"),
        ("en_US", 1500, "JPY", "¥1,500"),
        ("en_GB", 1200, "CHF", f"CHF{NO_BREAK}12.00"),
        ("en_GB", 12345, "KWD", f"KWD{NO_BREAK}12.345"),
        ("de_DE", 123456, "EUR", f"1.234,56{NO_BREAK}€"),
        ("en_GB", 5, "XAF", f"FCFA{NO_BREAK}5"),
        ("ar", -123456, "EUR", f"\N{MINUS SIGN}1,234.56{NO_BREAK}€"),
        ("he_IL", 123456, "EUR", f"1,234.56{NO_BREAK}€"),
        ("en_GB", 1234567, "IQD", f"IQD{NO_BREAK}1,234.567"),
    ],
)
def test_an_amount_keeps_every_decimal_of_its_currency(
    locale: str, minor: int, currency: str, text: str
) -> None:
    assert Wording(locale).amount(minor, currency) == text


@pytest.mark.parametrize(
    ("locale", "day", "short"),
    [
        ("en_GB", "Friday 20 November 2026", "Fri 20 Nov"),
        ("en_US", "Friday, November 20, 2026", "Fri, Nov 20"),
        ("de_DE", "Friday 20 November 2026", "Fri 20 Nov"),
    ],
)
def test_a_day_is_written_in_the_language_of_the_digest(locale: str, day: str, short: str) -> None:
    friday = date(2026, 11, 20)
    wording = Wording(locale)
    assert (wording.full_day(friday), wording.short_day(friday)) == (day, short)


def test_under_a_bar_there_is_room_for_little() -> None:
    november = date(2026, 11, 5)
    assert Wording("en_GB").brief_day(november) == "5 Nov"
    assert Wording("en_US").brief_day(november) == "Nov 5"
    assert Wording("de_DE").brief_month(november) == "Nov"


@pytest.mark.parametrize(
    ("part", "whole", "written"),
    [
        (71, 100, "71%"),
        (1, 3, "33%"),
        (0, 5, "0%"),
        (1, 1000, "under 1%"),
        (999, 1000, "over 99%"),
        (1003, 1000, "over 100%"),
        (1, 1, "100%"),
        (5, 2, "250%"),
    ],
)
def test_only_nothing_is_0_percent_and_only_all_is_100(part: int, whole: int, written: str) -> None:
    assert Wording("en_GB").percent(part, whole) == written


def test_shares_durations_countries_and_dates() -> None:
    wording = Wording("en_GB")
    shares = [wording.share(Decimal(text)) for text in ("25", "7.5", "0.125")]
    assert shares == ["25%", "7.5%", "0.125%"]
    assert Wording("de_DE").share(Decimal("7.5")) == f"7,5{NO_BREAK}%"
    assert [wording.duration(minutes) for minutes in (0, 45, 120, 870)] == [
        "0 min",
        f"45{NO_BREAK}min",
        f"2{NO_BREAK}h",
        f"14{NO_BREAK}h{NO_BREAK}30{NO_BREAK}min",
    ]
    assert [wording.country(code) for code in ("US", "XK", "QX", "ZZ", None)] == [
        *("United States", "Kosovo", "QX", "Unknown Region", "Not known")
    ]
    week = Period(date(2026, 11, 16), date(2026, 11, 22))
    assert wording.dates(week, with_year=True) == "16 to 22 November 2026"
    assert Wording("en_US").dates(week) == "November 16 to November 22"
    new_year = Period(date(2026, 12, 28), date(2027, 1, 3))
    assert wording.dates(new_year, with_year=True) == "28 December 2026 to 3 January 2027"


def test_moments_periods_counts_and_listings() -> None:
    wording = Wording("en_GB")
    assert wording.moment(datetime(2026, 11, 20, 5, 12)) == "Friday 20 November, 05:12"  # noqa: DTZ001 - a wall-clock time is what is written
    assert wording.days(Period(date(2026, 11, 16), date(2026, 11, 19))) == (
        "Monday 16 November to Thursday 19 November"
    )
    assert (wording.count(1, "sale"), wording.count(1200, "sale")) == ("1 sale", "1,200 sales")
    assert [listing([]), listing(["a"]), listing(["a", "b", "c"])] == ["", "a", "a, b and c"]
