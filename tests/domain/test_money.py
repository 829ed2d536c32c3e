from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from salesdaemon.domain.money import (
    Money,
    exponent,
    proportion,
    rescale,
    split,
    to_decimal,
    to_text,
)
from salesdaemon.errors import CurrencyMismatchError, DomainError

STORABLE = st.integers(-(2**63), 2**63 - 1)
CURRENCIES = st.sampled_from(["EUR", "USD", "JPY", "KRW", "KWD", "TND"])


@given(STORABLE, CURRENCIES)
def test_an_amount_written_and_read_again_is_the_same(minor: int, currency: str) -> None:
    assert Money.parse(to_text(minor, currency), currency) == Money(minor, currency)
    assert Decimal(to_text(minor, currency)) == to_decimal(minor, currency)


@given(STORABLE, CURRENCIES)
def test_an_amount_is_written_with_the_currencys_own_decimals(minor: int, currency: str) -> None:
    decimals = exponent(currency)
    _, point, rest = to_text(minor, currency).partition(".")
    assert (bool(point), len(rest)) == (decimals > 0, decimals)


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (1200, "USD", "12.00"),
        (1500, "JPY", "1500"),
        (-5, "EUR", "-0.05"),
        (12345, "KWD", "12.345"),
        (0, "EUR", "0.00"),
        (-1500, "JPY", "-1500"),
    ],
)
def test_amounts_are_decimal_strings(minor: int, currency: str, text: str) -> None:
    assert (to_text(minor, currency), str(Money(minor, currency))) == (text, text)


@pytest.mark.parametrize(
    "text", ["", "twelve", "1,50", "0.005", "1.2345", "NaN", "sNaN", "-Infinity", "1e999999999"]
)
def test_what_is_no_amount_of_the_currency_is_refused(text: str) -> None:
    with pytest.raises(DomainError):
        Money.parse(text, "EUR")


@pytest.mark.parametrize(
    "text",
    ["0.10000000000000000000000000000000000001", "12345678901234567890123456789.0000000001"],
)
def test_what_is_finer_than_the_minor_unit_is_refused_however_long(text: str) -> None:
    with pytest.raises(DomainError):
        Money.parse(text, "EUR")


@pytest.mark.parametrize("text", ["12", "12.0", "12.000", "1.2e1", " 12.00 ", "012.00"])
def test_other_ways_to_write_an_amount_are_understood(text: str) -> None:
    assert Money.parse(text, "EUR") == Money(1200, "EUR")


def test_two_currencies_are_never_added() -> None:
    assert Money(1, "EUR") + Money(2, "EUR") == Money(3, "EUR")
    with pytest.raises(CurrencyMismatchError, match="EUR and USD"):
        Money(1, "EUR") + Money(2, "USD")


@given(STORABLE, st.integers(0, 10**12), st.integers(1, 10**12))
@example(5, 1, 2)
@example(15, 1, 2)
@example(-5, 1, 2)
def test_a_proportion_is_rounded_half_to_even_as_decimal_does(
    minor: int, part: int, whole: int
) -> None:
    with localcontext(Context(prec=200)):
        exact = Decimal(minor) * part / whole
        assert proportion(minor, part, whole) == exact.quantize(Decimal(1), ROUND_HALF_EVEN)


@given(STORABLE, st.integers(1, 10**12))
def test_the_whole_is_all_of_an_amount_and_no_part_nothing(minor: int, whole: int) -> None:
    assert (proportion(minor, whole, whole), proportion(minor, 0, whole)) == (minor, 0)


@given(STORABLE, st.lists(st.integers(0, 10**9), min_size=1, max_size=20))
def test_a_split_loses_no_cent(minor: int, weights: list[int]) -> None:
    assert sum(split(minor, weights)) == minor


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**6), min_size=1, max_size=20))
def test_a_share_is_rounded_down_but_for_the_first_of_the_largest(
    minor: int, weights: list[int]
) -> None:
    shares, total = split(minor, weights), sum(weights)
    chosen = weights.index(max(weights))
    for place, (share, weight) in enumerate(zip(shares, weights, strict=True)):
        if place != chosen:
            assert share == (minor * weight // total if total else 0)


@pytest.mark.parametrize(
    ("minor", "weights", "shares"),
    [
        (100, [1, 1, 1], [34, 33, 33]),
        (100, [1, 2, 2], [20, 40, 40]),
        (101, [1, 2, 2], [20, 41, 40]),
        (7, [0, 0], [7, 0]),
        (0, [3, 1], [0, 0]),
        (5, [0, 9], [0, 5]),
    ],
)
def test_the_rest_goes_to_the_largest_and_ties_to_the_first(
    minor: int, weights: list[int], shares: list[int]
) -> None:
    assert split(minor, weights) == shares


@given(st.integers(-(10**12), 10**12), st.sampled_from([1, 10, 100, 1000]), CURRENCIES)
def test_a_vendors_divisor_gives_the_exact_amount_or_none(
    amount: int, divisor: int, currency: str
) -> None:
    exact = Decimal(amount) / divisor * 10 ** exponent(currency)
    if exact != exact.to_integral_value():
        with pytest.raises(DomainError):
            rescale(amount, divisor, currency)
    else:
        assert rescale(amount, divisor, currency) == int(exact)


@pytest.mark.parametrize("divisor", [0, -100, 99, 50, 1001])
def test_a_divisor_that_is_no_power_of_ten_is_refused(divisor: int) -> None:
    with pytest.raises(DomainError, match="power of ten"):
        rescale(1200, divisor, "EUR")
