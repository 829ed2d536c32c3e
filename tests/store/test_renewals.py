"""A renewal names only its product; it goes to the order that it was made for."""

from datetime import timedelta

from salesdaemon.store.engine import Store
from tests.factories import (
    SOLD_AT,
    account,
    batch,
    item,
    record_in,
)
from tests.posting import Ledger, post_in
from tests.store.booked import DAY, EXACT, MINUTE, books, costs, figures, of_sales, order, renewal


def test_a_renewal_goes_to_the_order_of_its_product(store: Store) -> None:
    account(store)
    other = order("s2", items=(item(1200, product_id="p2", line_id="line of s2"),))
    record_in(store, batch(order(), other))
    post_in(store, *books().entries, *books("s2").entries)
    post_in(store, renewal(Ledger(sale_id="r"), SOLD_AT + MINUTE, "p2"))
    assert (figures(store), figures(store, "s2")) == (EXACT, (88, 0, 0, True))


def test_two_orders_of_a_product_close_together_get_one_renewal_each(store: Store) -> None:
    account(store)
    record_in(store, batch(order(), order("s2", paid_at=SOLD_AT + timedelta(seconds=20))))
    post_in(store, *books().entries, *books("s2").entries)
    ledger = Ledger(sale_id="r")
    post_in(
        store,
        renewal(ledger, SOLD_AT + timedelta(seconds=5)),
        renewal(ledger, SOLD_AT + timedelta(seconds=25)),
    )
    assert (figures(store)[0], figures(store, "s2")[0]) == (88, 88)


def test_an_order_of_three_pieces_gets_three_renewals(store: Store) -> None:
    account(store)
    pieces = (item(1200, quantity=3, line_id="line of s1"),)
    record_in(store, batch(order(items=pieces)))
    ledger = Ledger(sale_id="r")
    post_in(store, *books().entries)
    for number in range(4):
        post_in(store, renewal(ledger, SOLD_AT + (number + 1) * MINUTE))
    assert figures(store) == (70 + 3 * 18, 0, 0, True)
    assert list(costs(store).values()) == [-18]


def test_a_renewal_that_has_to_make_way_leaves_its_order(store: Store) -> None:
    account(store)
    record_in(store, batch(order()))
    post_in(store, *books().entries)
    ledger = Ledger(sale_id="r")
    later, at_once = renewal(ledger, SOLD_AT + MINUTE), renewal(ledger, SOLD_AT)
    post_in(store, later)
    post_in(store, at_once)
    assert figures(store) == (88, 0, 0, True)
    assert of_sales(store) | {later.entry_id: None, at_once.entry_id: "s1"} == of_sales(store)


def test_a_renewal_long_after_any_order_is_the_shops_own(store: Store) -> None:
    account(store)
    record_in(store, batch(order()))
    post_in(store, *books().entries)
    post_in(store, renewal(Ledger(sale_id="r"), SOLD_AT + 4 * DAY))
    assert figures(store) == EXACT
    assert list(costs(store).values()) == [-18]


def test_a_renewal_that_came_before_its_order_waits_for_it(store: Store) -> None:
    account(store)
    post_in(store, *books().entries, renewal(Ledger(sale_id="r"), SOLD_AT + MINUTE))
    record_in(store, batch(order()))
    assert figures(store) == (88, 0, 0, True)


def test_renewals_that_came_before_their_orders_go_to_one_each(store: Store) -> None:
    account(store)
    ledger = Ledger(sale_id="r")
    late = SOLD_AT + timedelta(hours=2)
    post_in(store, renewal(ledger, SOLD_AT + MINUTE), renewal(ledger, late + MINUTE))
    post_in(store, *books().entries, *books("s2").entries)
    record_in(store, batch(order("s2", paid_at=late)))  # the newest is read first
    record_in(store, batch(order()))
    assert (figures(store)[0], figures(store, "s2")[0]) == (88, 88)
