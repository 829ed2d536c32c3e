from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesdaemon.domain.sale import EffortSplit, Kind, Status, split_net
from tests.factories import SOLD_AT, item, sale

CLASSES = st.sampled_from([True, False, None])
ITEMS = st.lists(st.tuples(st.integers(0, 10**7), CLASSES), min_size=1, max_size=8).map(tuple)


def added(split: EffortSplit) -> int:
    return split.passive_minor + split.active_minor + split.unclassified_minor


@given(st.integers(-(10**9), 10**9), ITEMS)
def test_the_parts_of_a_net_add_up_to_it(
    net: int, items: tuple[tuple[int, bool | None], ...]
) -> None:
    assert added(split_net(net, items)) == net


@given(st.integers(-(10**9), 10**9), ITEMS)
def test_a_part_is_off_by_less_than_a_cent_for_each_class(
    net: int, items: tuple[tuple[int, bool | None], ...]
) -> None:
    total = sum(gross for gross, _ in items)
    if not total:
        return
    split = split_net(net, items)
    for part, chosen in (
        (split.passive_minor, True),
        (split.active_minor, False),
        (split.unclassified_minor, None),
    ):
        exact = Fraction(net * sum(gross for gross, passive in items if passive is chosen), total)
        assert abs(part - exact) <= 1


@pytest.mark.parametrize(
    ("net", "items", "split"),
    [
        (965, ((1200, True),), EffortSplit(965, 0, 0)),
        (965, ((700, True), (500, False)), EffortSplit(563, 402, 0)),
        (5, ((1, True), (1, False)), EffortSplit(2, 3, 0)),
        (15, ((1, True), (1, None)), EffortSplit(8, 0, 7)),
        (-5, ((1, True), (1, False)), EffortSplit(-2, -3, 0)),
        (100, ((1, True), (1, False), (1, None)), EffortSplit(33, 33, 34)),
        (965, ((0, True), (1200, False)), EffortSplit(0, 965, 0)),
        (-30, ((0, True), (0, True)), EffortSplit(-30, 0, 0)),
        (-30, ((0, False),), EffortSplit(0, -30, 0)),
        (-30, ((0, True), (0, False)), EffortSplit(0, 0, -30)),
        (7, (), EffortSplit(0, 0, 7)),
    ],
    ids=[
        "one class",
        "in the share of the gross",
        "half to even: down",
        "half to even: up",
        "half to even below zero",
        "the last class takes the rest",
        "a class without gross gets nothing",
        "free and passive",
        "free and active",
        "free and mixed",
        "no items",
    ],
)
def test_a_net_is_split_in_the_share_of_the_items_gross(
    net: int, items: tuple[tuple[int, bool | None], ...], split: EffortSplit
) -> None:
    assert split_net(net, items) == split


def test_net_is_what_is_left_after_everything() -> None:
    one = sale(refunded_minor=600, fees_minor=235, fees_refunded_minor=85, affiliate_minor=50)
    assert one.net_minor == 1200 - 600 - 235 + 85 - 50
    assert replace(one, status=Status.DISPUTED).net_minor == 0


@pytest.mark.parametrize(
    ("changes", "differs"),
    [
        ({"status": Status.REFUNDED}, True),
        ({"kind": Kind.RENEWAL}, True),
        ({"paid_at": SOLD_AT + timedelta(seconds=1)}, True),
        ({"fees_minor": 0}, True),
        ({"fees_exact": False}, True),
        ({"items": (item(passive=False),)}, True),
        ({"items": (item(quantity=2),)}, True),
        ({"items": ()}, True),
        ({"items": (item(product="Renamed", product_id=None),)}, False),
        ({"created_at": SOLD_AT + timedelta(days=1)}, False),
        ({"pays_late": True}, False),
    ],
)
def test_the_fingerprint_changes_with_what_a_reread_may_change(
    changes: dict[str, Any], *, differs: bool
) -> None:
    assert (sale(**changes).fingerprint != sale().fingerprint) is differs


@given(st.integers(0, 2**62), st.integers(0, 2**31))
def test_the_fingerprint_fits_a_column_of_64_bits(gross: int, fees: int) -> None:
    assert -(2**63) <= sale(gross_minor=gross, fees_minor=fees).fingerprint < 2**63
