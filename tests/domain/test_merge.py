"""Several files of one sale, in any order and however often, make the same sale."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesdaemon.domain.merge import merge
from salesdaemon.domain.sale import Kind, Sale, Status
from tests.factories import FRIDAY, item, sale

ITEMS = frozenset({"order", "items", "paid", "country"})
ORDERS = frozenset({"order", "refund", "country"})
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def from_file(**changes: Any) -> Sale:
    facts: dict[str, Any] = {
        "paid_at": NOON,
        "sold_on": FRIDAY,
        "fees_exact": False,
        "country": None,
        "fees_minor": 100,
        **changes,
    }
    return sale(**facts)


LINES = (item(700, line_id="l1"), item(500, line_id="l2", product="Card"))
OF_ITEMS = from_file(items=LINES)
OF_ORDERS = from_file(items=(), gross_minor=1250, country="FR")


def test_items_add_up_to_the_gross_that_another_file_knows() -> None:
    both = merge(OF_ITEMS, OF_ORDERS, ORDERS)
    assert (both.gross_minor, both.country) == (1250, "FR")
    assert [line.gross_minor for line in both.items] == [730, 520]


def test_a_file_that_lacks_a_part_of_the_total_does_not_lower_it() -> None:
    assert merge(OF_ORDERS, OF_ITEMS, ITEMS).gross_minor == 1250


def test_an_unknown_country_or_title_takes_nothing_away() -> None:
    known = replace(OF_ITEMS, country="DE")
    bare = tuple(replace(line, product=None) for line in known.items)
    for parts in (frozenset[str](), ITEMS):
        assert merge(known, replace(known, country=None, items=bare), parts) == known


def test_a_file_that_knows_everything_replaces_everything() -> None:
    whole = from_file(gross_minor=900, refunded_minor=900, status=Status.REFUNDED, fees_minor=3)
    assert merge(OF_ORDERS, whole, {"order", "items", "refund"}) == replace(whole, country="FR")


@pytest.mark.parametrize(
    ("by_payments", "by_refunds", "together"),
    [
        (Status.PAID, Status.PAID, Status.PAID),
        (Status.PAID, Status.REFUNDED, Status.REFUNDED),
        (Status.UNPAID, Status.PAID, Status.UNPAID),
        (Status.UNPAID, Status.CANCELLED, Status.CANCELLED),
        (Status.PAID, Status.UNPAID, Status.PAID),
    ],
)
def test_payments_tell_paid_from_unpaid_and_refunds_what_came_after(
    by_payments: Status, by_refunds: Status, together: Status
) -> None:
    of_items = replace(OF_ITEMS, status=by_payments, paid=by_payments is Status.PAID)
    of_orders = replace(OF_ORDERS, status=by_refunds, paid=by_refunds is not Status.UNPAID)
    assert merge(of_items, of_orders, ORDERS).status is together
    assert merge(of_orders, of_items, ITEMS).status is together


statuses = st.sampled_from([Status.UNPAID, Status.PAID])
states = st.sampled_from(
    [Status.UNPAID, Status.PAID, Status.PARTIALLY_REFUNDED, Status.REFUNDED, Status.CANCELLED]
)
grosses = st.integers(0, 2000)


@given(statuses, states, grosses, grosses, st.sampled_from([None, "DE"]))
def test_the_order_of_the_files_and_repeating_them_make_no_difference(
    by_payments: Status, by_refunds: Status, first: int, second: int, country: str | None
) -> None:
    lines = (replace(LINES[0], gross_minor=first),)
    of_items = from_file(
        items=lines,
        gross_minor=first,
        status=by_payments,
        paid=by_payments is Status.PAID,
        fees_minor=first // 10 if by_payments is Status.PAID else 0,
    )
    refunded = second if by_refunds in {Status.REFUNDED, Status.CANCELLED} else 0
    of_orders = from_file(
        kind=Kind.SALE,
        items=(),
        gross_minor=second,
        status=by_refunds,
        paid=by_refunds is not Status.UNPAID,
        refunded_minor=refunded,
        fees_minor=second // 10 if by_refunds is not Status.UNPAID else 0,
        country=country,
    )
    files = [(of_items, ITEMS), (of_orders, ORDERS)]
    found = []
    for (start, _), *rest in permutations(files):
        both = start
        for seen, parts in rest:
            both = merge(both, seen, parts)
        found.append(both)
        for seen, parts in files:
            assert merge(both, seen, parts) == both
    assert found[0] == found[1]
