"""What is put aside is exact to the cent, and nothing of a loss."""

from decimal import ROUND_HALF_EVEN, Context, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesdaemon.domain.put_aside import PutAside, Share, put_aside
from salesdaemon.domain.summary import Totals

EXACT = Context(prec=60)


def share(percent: str = "25", figure: str = "net") -> Share:
    return Share("tax", "Tax", Decimal(percent), figure)


def amount(totals: Totals, percent: str = "25", figure: str = "net") -> int:
    (found,) = put_aside([share(percent, figure)], totals)
    return found.amount_minor


def test_each_share_is_of_its_own_figure_and_they_keep_their_order() -> None:
    totals = Totals(gross=10_000, net=8_000, passive_net=6_000)
    shares = [share("10", "passive_net"), share("25"), share("1.5", "gross")]
    assert put_aside(shares, totals) == (
        PutAside(shares[0], 600),
        PutAside(shares[1], 2000),
        PutAside(shares[2], 150),
    )
    assert put_aside([], totals) == ()


@pytest.mark.parametrize(("net", "half"), [(1, 0), (3, 2), (5, 2), (7, 4)])
def test_halves_go_to_the_even_side(net: int, half: int) -> None:
    assert amount(Totals(net=net), "50") == half


@pytest.mark.parametrize("net", [0, -1, -10_000])
def test_nothing_is_put_aside_of_a_loss(net: int) -> None:
    assert amount(Totals(net=net, gross=100)) == 0


@given(net=st.integers(-(10**18), 10**18), percent=st.decimals("0.001", 100, places=3))
def test_a_share_is_exact_whatever_its_size(net: int, percent: Decimal) -> None:
    exact = EXACT.multiply(EXACT.multiply(Decimal(max(net, 0)), percent), Decimal("0.01"))
    expected = exact.quantize(Decimal(1), ROUND_HALF_EVEN, EXACT)
    assert amount(Totals(net=net), str(percent)) == expected
