from datetime import date, datetime

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
    assert Wording("fr_FR").month(november) == "November 2026"


def test_moments_periods_counts_and_listings() -> None:
    wording = Wording("en_GB")
    assert wording.moment(datetime(2026, 11, 20, 5, 12)) == "Friday 20 November, 05:12"  # noqa: DTZ001 - a wall-clock time is what is written
    assert wording.days(Period(date(2026, 11, 16), date(2026, 11, 19))) == (
        "Monday 16 November to Thursday 19 November"
    )
    assert (wording.count(1, "sale"), wording.count(1200, "sale")) == ("1 sale", "1,200 sales")
    assert [listing([]), listing(["a"]), listing(["a", "b", "c"])] == ["", "a", "a, b and c"]
