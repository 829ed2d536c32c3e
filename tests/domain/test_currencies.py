"""Which currencies there are."""

from datetime import date

from babel.core import get_global
from hypothesis import given
from hypothesis import strategies as st

from salesdaemon.domain.currencies import CURRENCIES

SINCE = date(2014, 1, 1)


def test_every_currency_that_a_country_pays_with_is_known() -> None:
    paid_with = {
        code
        for times in get_global("territory_currencies").values()
        for code, _, end, tender in times
        if tender and (end is None or date(*end) >= SINCE)
    }
    assert paid_with - CURRENCIES == set()


@given(st.sampled_from(sorted(CURRENCIES)))
def test_a_currency_is_three_capital_letters(code: str) -> None:
    assert (len(code), code.isascii(), code.isupper()) == (3, True, True)


def test_what_nobody_pays_with_is_no_currency() -> None:
    assert CURRENCIES & {"XXX", "XTS", "XAU", "XDR", "CHE", "USN"} == set()
