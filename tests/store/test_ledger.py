"""The books meet their orders, in whatever order both come, and settle what each brought."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import permutations
from random import Random
from typing import Any

import pytest
from sqlalchemy import event, select

from salesdaemon.domain.ledger import About, Entry, EntryKind
from salesdaemon.domain.sale import Sale, Status
from salesdaemon.domain.summary import StoredSale
from salesdaemon.store.engine import Store
from salesdaemon.store.ledger import entries_of, load_scales
from salesdaemon.store.sales import SaleFilter, list_sales
from salesdaemon.store.shop_lines import list_shop_lines
from salesdaemon.store.tables import as_listed, changes, entries, outbox
from tests.databases import image
from tests.factories import (
    BERLIN,
    SEEN_AT,
    SOLD_AT,
    UNWATCHED,
    WATCH_SINCE,
    account,
    batch,
    item,
    record_in,
    sale,
    telling,
)
from tests.posting import Ledger, post_in

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


def order(external_id: str = "s1", **changes: Any) -> Sale:
    """Make an order of one item with estimated fees; the item's line is named after it."""
    facts: dict[str, Any] = {"fees_exact": False, "fees_minor": 99, **changes}
    facts.setdefault(
        "items", (item(facts.get("gross_minor", 1200), line_id=f"line of {external_id}"),)
    )
    return sale(external_id, **facts)


def books(external_id: str = "s1", paid: int = 1200, **how: Any) -> Ledger:
    """Post all that makes that order's books complete: 70 of fees."""
    ledger = Ledger(sale_id=external_id)
    return ledger.charge(paid, lines=(f"line of {external_id}",), **how)


def stored(store: Store) -> dict[str, StoredSale]:
    with store.read() as connection:
        return {each.sale_id: each for each in list_sales(connection, SaleFilter(), {})}


def figures(store: Store, external_id: str = "s1") -> tuple[int, int, int, bool]:
    """Return fees, what is given back of them, refund, and whether that is exact."""
    one = stored(store)[external_id]
    return one.fees_minor, one.fees_refunded_minor, one.refunded_minor, one.fees_exact


def of_sales(store: Store) -> dict[str, str | None]:
    """Return the sale of each entry."""
    with store.read() as connection:
        rows = connection.execute(select(entries.c.entry_id, entries.c.of_sale))
        return {row.entry_id: row.of_sale for row in rows}


def told(store: Store) -> list[tuple[str, str]]:
    """List what was entered to be told, with its level, but for the arrival of sales."""
    with store.read() as connection:
        rows = connection.execute(select(outbox.c.kind, outbox.c.level).order_by(outbox.c.id))
        return [(row.kind, row.level) for row in rows if row.kind != "sale"]


def noted(store: Store) -> list[tuple[str, str, int, int]]:
    """List the changes that a digest may tell, but for the arrival of sales."""
    with store.read() as connection:
        rows = connection.execute(select(changes).order_by(changes.c.id))
        return [
            (row.external_id, row.kind, row.refunded_delta, row.net_delta)
            for row in rows
            if row.kind != "sale"
        ]


def costs(store: Store) -> dict[tuple[str, str], int]:
    """Return the shop's own lines by kind and name."""
    sums: dict[tuple[str, str], int] = {}
    with store.read() as connection:
        for line in list_shop_lines(connection, None, None, BERLIN):
            key = (line.kind.value, line.name)
            sums[key] = sums.get(key, 0) + line.amount_minor
    return sums


EXACT = (70, 0, 0, True)
ESTIMATED = (99, 0, 0, False)


# Whatever comes first


def test_complete_books_make_a_stored_sale_exact(store: Store) -> None:
    account(store)
    record_in(store, batch(order()))
    recorded = post_in(store, *books().entries)
    assert figures(store) == EXACT
    assert (recorded.new, recorded.told) == (3, 0)


def test_books_that_came_before_their_order_wait_for_it(store: Store) -> None:
    account(store)
    post_in(store, *books().entries)
    recorded = record_in(store, batch(order()))
    assert figures(store) == EXACT
    assert recorded.new == [order(fees_minor=70, fees_exact=True)]


@pytest.mark.parametrize("place", range(5))
def test_an_order_that_comes_between_its_entries_ends_the_same(store: Store, place: int) -> None:
    account(store)
    ledger = books()
    ledger.post(EntryKind.FEE, -4, about=About.ENTRY, about_id=ledger.entries[-1].entry_id)
    for number, entry in enumerate([*ledger.entries, None]):
        if number == place:
            record_in(store, batch(order()))
        if entry is not None:
            post_in(store, entry)
    assert figures(store) == (74, 0, 0, True)


def test_entries_in_any_order_one_at_a_time_settle_the_same(store: Store) -> None:
    account(store)
    ledgers: list[Ledger] = []
    for number in range(24):
        ledger = books(f"s{number}")
        fee = ledger.entries[-1].entry_id
        ledger.post(EntryKind.FEE, -4, about=About.ENTRY, about_id=fee)
        ledgers.append(ledger)
    record_in(store, batch(*(order(ledger.sale_id) for ledger in ledgers)))
    for ledger, ordered in zip(ledgers, permutations(range(4)), strict=True):
        for place in ordered:
            post_in(store, ledger.entries[place])
    assert {figures(store, ledger.sale_id) for ledger in ledgers} == {(74, 0, 0, True)}


def test_a_window_read_again_changes_nothing_and_writes_nothing(store: Store) -> None:
    account(store)
    record_in(store, batch(order()))
    ledger = books().give_back(300)
    ledger.post(EntryKind.COST, -900, about=About.SHOP)
    post_in(store, *ledger.entries)
    before = image(store)
    recorded = post_in(store, *ledger.entries, seen_at=SEEN_AT + MINUTE)
    assert (recorded.new, recorded.changed, recorded.told) == (0, [], 0)
    assert image(store) == before


def test_an_entry_that_came_twice_on_one_page_counts_once(store: Store) -> None:
    account(store)
    record_in(store, batch(order()))
    post_in(store, *books().entries, *books().entries)
    assert figures(store) == EXACT


def test_two_accounts_may_number_their_entries_alike(store: Store) -> None:
    first, second = account(store), account(store, "prints", "a2", "etsy")
    for each in (first, second):
        record_in(store, batch(order(), account_id=each.id))
    post_in(store, *books().entries, account_id=second.id)
    post_in(store, *books(fee=-60).entries, account_id=first.id)
    with store.read() as connection:
        found = {each.shop: each.fees_minor for each in list_sales(connection, SaleFilter(), {})}
    assert found == {"templates": 80, "prints": 70}


def test_more_entries_than_one_question_holds_find_their_sales(store: Store) -> None:
    account(store)
    record_in(store, batch(*(order(f"s{number}") for number in range(600))))
    posted = [entry for number in range(600) for entry in books(f"s{number}").entries]
    assert post_in(store, *posted).new == 1800
    assert post_in(store, *posted).new == 0
    assert all(each.fees_exact for each in stored(store).values())


def test_a_free_or_unpaid_order_needs_no_books(store: Store) -> None:
    account(store)
    unpaid = order(status=Status.UNPAID)
    record_in(store, batch(unpaid))
    post_in(store, Ledger().post(EntryKind.FEE, -5))
    assert figures(store) == ESTIMATED


# Parents and children


def test_a_tax_on_a_fee_follows_it_to_its_sale_whichever_comes_first(store: Store) -> None:
    account(store)
    record_in(store, batch(order()))
    ledger = books()
    parent = ledger.entries[1]
    child = ledger.post(EntryKind.FEE, -10, about=About.ENTRY, about_id=parent.entry_id)
    grandchild = ledger.post(EntryKind.FEE, -1, about=About.ENTRY, about_id=child.entry_id)
    post_in(store, grandchild)
    post_in(store, child)
    assert of_sales(store) == {child.entry_id: None, grandchild.entry_id: None}
    post_in(store, *ledger.entries[:3])
    assert set(of_sales(store).values()) == {"s1"}
    assert figures(store) == (81, 0, 0, True)


def test_a_child_of_an_entry_whose_order_comes_last_waits_with_it(store: Store) -> None:
    account(store)
    ledger = books()
    ledger.post(EntryKind.FEE, -10, about=About.ENTRY, about_id=ledger.entries[-1].entry_id)
    post_in(store, *reversed(ledger.entries))
    record_in(store, batch(order()))
    assert figures(store) == (80, 0, 0, True)


@pytest.mark.parametrize("first", ["parent", "child", "together"])
def test_a_tax_on_a_cost_of_the_shop_is_a_cost_too_whichever_comes_first(
    store: Store, first: str
) -> None:
    account(store)
    ledger = Ledger()
    parent = ledger.post(EntryKind.COST, -500, about=About.SHOP)
    child = ledger.post(EntryKind.FEE, -95, about=About.ENTRY, about_id=parent.entry_id, name="vat")
    pages: dict[str, list[list[Entry]]] = {
        "parent": [[parent], [child]],
        "child": [[child], [parent]],
        "together": [[child, parent]],
    }
    for page in pages[first]:
        post_in(store, *page)
    assert costs(store) == {("cost", "advertising"): -500, ("cost", "vat"): -95}


# Renewals, which name a product only


def renewal(ledger: Ledger, at: Any, product_id: str = "p1", amount: int = -18) -> Entry:
    return ledger.post(
        EntryKind.FEE, amount, about=About.PRODUCT, about_id=product_id, posted_at=at
    )


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


# What could not be told at first


def test_an_entry_that_is_named_later_finds_its_sale(store: Store) -> None:
    account(store)
    record_in(store, batch(order()))
    ledger = books()
    unknown = replace(ledger.entries[0], about=About.SHOP, about_id=None)
    post_in(store, unknown, *ledger.entries[1:])
    assert figures(store) == ESTIMATED
    post_in(store, ledger.entries[0])
    assert figures(store) == EXACT
    assert post_in(store, ledger.entries[0]).new == 0


def test_an_entry_that_named_an_unknown_parent_finds_its_sale_once_it_is_named(
    store: Store,
) -> None:
    account(store)
    record_in(store, batch(order()))
    ledger = books()
    orphan = replace(ledger.entries[1], about=About.ENTRY, about_id="never read")
    post_in(store, ledger.entries[0], orphan, ledger.entries[2])
    assert figures(store) == ESTIMATED
    for _ in range(2):
        post_in(store, orphan)
    post_in(store, ledger.entries[1])
    assert figures(store) == EXACT
    assert post_in(store, *ledger.entries, orphan).new == 0


def test_an_entry_once_named_is_not_unnamed_by_a_worse_answer(store: Store) -> None:
    account(store)
    record_in(store, batch(order()))
    ledger = books()
    post_in(store, *ledger.entries)
    post_in(store, replace(ledger.entries[0], about=About.SHOP, about_id=None))
    assert figures(store) == EXACT


# What the list of orders says beside


def test_an_order_read_again_unchanged_leaves_the_books_figures(store: Store) -> None:
    account(store)
    record_in(store, batch(order()))
    post_in(store, *books().entries)
    before = image(store)
    recorded = record_in(store, batch(order(), seen_at=SEEN_AT + MINUTE))
    assert (recorded.nothing_new, recorded.told) == (True, 0)
    assert image(store) == before


def test_what_the_list_says_comes_back_where_the_books_are_complete_no_more(store: Store) -> None:
    account(store)
    record_in(store, batch(order()))
    post_in(store, *books().entries)
    second = (item(1200, line_id="line of s1"), item(300, line_id="another"))
    record_in(store, batch(order(gross_minor=1500, items=second)))
    assert figures(store) == ESTIMATED
    ledger = Ledger(number=50)
    post_in(store, ledger.post(EntryKind.ITEM_FEE, -20, about=About.LINE, about_id="another"))
    assert figures(store) == (90, 0, 0, True)


def test_a_dispute_shows_what_the_list_says_and_its_end_what_the_books_say(store: Store) -> None:
    account(store)
    record_in(store, batch(order()))
    post_in(store, *books().entries)
    lost = order(status=Status.DISPUTED, refunded_minor=1200)
    record_in(store, batch(lost))
    assert figures(store) == (99, 0, 1200, False)
    post_in(store, Ledger(number=60).post(EntryKind.FEE, -3))
    assert stored(store)["s1"].status is Status.DISPUTED
    record_in(store, batch(order()))
    assert figures(store) == (73, 0, 0, True)


def test_nothing_is_kept_beside_a_sale_that_the_books_do_not_change(store: Store) -> None:
    account(store)
    record_in(store, batch(order()))
    post_in(store, books().entries[0])
    with store.read() as connection:
        assert connection.execute(select(as_listed)).all() == []
    post_in(store, *books().entries)
    with store.read() as connection:
        (row,) = connection.execute(select(as_listed)).all()
    assert (row.external_id, row.fees_minor, row.fees_exact) == ("s1", 99, False)


def test_a_sale_that_entries_do_not_change_is_not_written_again(store: Store) -> None:
    account(store)
    record_in(store, batch(order()))
    post_in(store, books().entries[0])
    before = image(store)
    recorded = post_in(store, books().entries[1])
    after = image(store)
    assert recorded.changed == []
    assert (after["sales"], after["items"]) == (before["sales"], before["items"])


# Refunds


def test_a_refund_that_the_books_alone_tell_is_told_once_and_never_rings(store: Store) -> None:
    account(store)
    record_in(store, batch(order()))
    post_in(store, *books().entries)
    ledger = Ledger(number=50).give_back(300, fee=12)
    assert post_in(store, *ledger.entries).told == 1
    assert post_in(store, *ledger.entries).told == 0
    assert figures(store) == (70, 12, 300, True)
    record_in(store, batch(order(status=Status.PARTIALLY_REFUNDED, refunded_minor=300)))
    assert told(store) == [("refund", "on")]
    assert noted(store) == [("s1", "fees", 0, 29), ("s1", "refund", 300, -288)]


def test_a_refund_is_told_at_the_level_set_for_it(store: Store) -> None:
    account(store)
    record_in(store, batch(order()))
    post_in(store, *books().give_back(300).entries, told=telling(refund="silent"))
    assert told(store) == [("refund", "silent")]


@pytest.mark.parametrize("off", [-1, 0, 1])
@pytest.mark.parametrize("first", ["list", "books"])
def test_a_refund_that_list_and_books_both_tell_is_one_whatever_rounding_leaves(
    store: Store, first: str, off: int
) -> None:
    account(store)
    record_in(store, batch(order()))
    post_in(store, *books().entries)
    listed = order(status=Status.PARTIALLY_REFUNDED, refunded_minor=300 + off)
    steps: list[Callable[[], object]] = [
        lambda: record_in(store, batch(listed, seen_at=SEEN_AT + MINUTE)),
        lambda: post_in(store, *Ledger(number=50).give_back(300).entries, seen_at=SEEN_AT + DAY),
    ]
    for step in steps if first == "list" else reversed(steps):
        step()
    assert figures(store) == (70, 0, 300, True)
    assert told(store) == [("refund", "on")]


def test_a_second_refund_is_told_as_well_whoever_tells_it_first(store: Store) -> None:
    account(store)
    record_in(store, batch(order()))
    post_in(store, *books().give_back(300).entries)
    listed = order(status=Status.PARTIALLY_REFUNDED, refunded_minor=800)
    record_in(store, batch(listed, seen_at=SEEN_AT + MINUTE))
    assert figures(store)[2:] == (800, False)
    post_in(store, *Ledger(number=50).give_back(500).entries, seen_at=SEEN_AT + DAY)
    post_in(store, *Ledger(number=60).give_back(400).entries, seen_at=SEEN_AT + 2 * DAY)
    assert figures(store) == (70, 0, 1200, True)
    assert told(store) == [("refund", "on")] * 3


def test_a_refund_that_failed_is_taken_back_without_a_word(store: Store) -> None:
    account(store)
    record_in(store, batch(order()))
    post_in(store, *books().give_back(300).entries)
    post_in(store, *Ledger(number=50).give_back(-300).entries, seen_at=SEEN_AT + DAY)
    assert figures(store) == EXACT
    assert stored(store)["s1"].status is Status.PAID
    assert told(store) == [("refund", "on")]


def test_a_refund_of_an_old_sale_posted_now_is_told(store: Store) -> None:
    account(store)
    record_in(store, batch(order(paid_at=WATCH_SINCE - 40 * DAY), watch=UNWATCHED))
    old = Ledger(at=WATCH_SINCE - 40 * DAY).charge(1200, lines=("line of s1",))
    post_in(store, *old.entries)
    assert (told(store), noted(store)) == ([], [])
    post_in(store, *Ledger(number=50).give_back(1200).entries)
    assert told(store) == [("refund", "on")]
    assert noted(store) == [("s1", "refund", 1200, -1200)]
    assert stored(store)["s1"].status is Status.REFUNDED


# What is news


def test_reading_old_books_for_the_first_time_tells_nothing(store: Store) -> None:
    account(store)
    before = WATCH_SINCE - DAY
    record_in(store, batch(order(paid_at=before), order("s2", paid_at=before), watch=UNWATCHED))
    old = Ledger(at=before).charge(1200, lines=("line of s1",)).give_back(500)
    other = Ledger(at=before, sale_id="s2").charge(1200, lines=("line of s2",))
    recorded = post_in(store, *old.entries, *other.entries)
    assert (recorded.told, recorded.reversals) == (0, 0)
    assert (told(store), noted(store)) == ([], [])
    assert (figures(store), figures(store, "s2")) == ((70, 0, 500, True), EXACT)


def test_that_fees_became_exact_is_noted_for_sales_since_the_watch_only(store: Store) -> None:
    account(store)
    before = WATCH_SINCE - DAY
    record_in(store, batch(order(), order("s2", paid_at=before)))
    post_in(store, *books().entries, *books("s2").entries)
    assert noted(store) == [("s1", "fees", 0, 29)]
    assert told(store) == []


def test_before_the_first_poll_nothing_is_news(store: Store) -> None:
    account(store)
    record_in(store, batch(order(), watch=UNWATCHED))
    post_in(store, *books().give_back(300).entries, watch=UNWATCHED)
    assert (told(store), noted(store)) == ([], [])


def test_fees_exact_from_the_start_are_no_change(store: Store) -> None:
    account(store)
    post_in(store, *books().entries)
    record_in(store, batch(order()))
    assert noted(store) == []


def test_later_fees_move_an_exact_sale_and_are_noted(store: Store) -> None:
    account(store)
    record_in(store, batch(order()))
    post_in(store, *books().entries)
    post_in(store, Ledger(number=50).post(EntryKind.FEE, -180, name="offsite_ads"))
    assert figures(store) == (250, 0, 0, True)
    assert noted(store) == [("s1", "fees", 0, 29), ("s1", "fees", 0, -180)]


# Units of the books


def test_the_unit_of_the_books_is_learned_from_a_payment_and_kept(store: Store) -> None:
    account(store)
    yen = order(currency="JPY", gross_minor=1500, fees_minor=1)
    record_in(store, batch(yen))
    ledger = Ledger("JPY").charge(150_000, lines=("line of s1",), fee=-6000)
    ledger.post(EntryKind.COST, -20_000, about=About.SHOP)
    post_in(store, *ledger.entries)
    with store.read() as connection:
        assert load_scales(connection, 1) == {"JPY": 100}
    assert figures(store) == (60, 0, 0, True)
    assert costs(store) == {("cost", "advertising"): -200}


def test_the_settled_net_is_kept_beside_the_sales_own_figures(store: Store) -> None:
    account(store)
    record_in(store, batch(order()))
    post_in(store, *Ledger("USD").charge(1300, lines=("line of s1",)).entries)
    one = stored(store)["s1"]
    assert (one.settled_currency, one.settled_net_minor) == ("USD", 1230)
    assert figures(store) == ESTIMATED
    record_in(store, batch(order(country="AT")))
    assert stored(store)["s1"].settled_net_minor == 1230


# Several at once


def test_books_read_by_two_processes_at_once_are_told_once(
    store: Store, another_store: Callable[[], Store]
) -> None:
    account(store)
    record_in(store, batch(*(order(f"s{number}") for number in range(30))))
    posted = [entry for number in range(30) for entry in books(f"s{number}").give_back(300).entries]
    with ThreadPoolExecutor(2) as threads:
        results = list(threads.map(lambda each: post_in(each, *posted), (store, another_store())))
    assert sorted((each.new, each.told) for each in results) == [(0, 0), (120, 30)]
    assert told(store) == [("refund", "on")] * 30
    assert len(noted(store)) == 30


def test_an_order_and_its_books_recorded_at_once_meet_all_the_same(
    store: Store, another_store: Callable[[], Store]
) -> None:
    account(store)
    for number in range(15):
        name = f"s{number}"
        with ThreadPoolExecutor(2) as threads:
            recorded = threads.submit(record_in, store, batch(order(name)))
            posted = threads.submit(post_in, another_store(), *books(name).entries)
        recorded.result()
        posted.result()
    assert {figures(store, f"s{number}") for number in range(15)} == {EXACT}


def test_a_sale_that_the_books_settled_before_it_was_told_still_rings_once(store: Store) -> None:
    account(store)
    record_in(store, batch(order(), watch=UNWATCHED))
    post_in(store, *books().entries, watch=UNWATCHED)
    for _ in range(2):
        record_in(store, batch(order()))
    with store.read() as connection:
        assert list(connection.scalars(select(outbox.c.kind))) == ["sale"]
    assert figures(store) == EXACT


@dataclass
class Crash:
    """Ends a transaction at its statement of that number."""

    at: int

    def __call__(self, *_arguments: Any) -> None:
        self.at -= 1
        if self.at == 0:
            raise KeyboardInterrupt


def test_a_crash_between_two_statements_leaves_nothing_and_the_next_try_everything(
    store: Store,
) -> None:
    account(store)
    record_in(store, batch(order()))
    ledger = books().give_back(300)
    ledger.post(EntryKind.FEE, -4, about=About.ENTRY, about_id=ledger.entries[1].entry_id)
    before = image(store)
    statement = 0
    while True:
        statement += 1
        crash = Crash(statement)
        event.listen(store.engine, "before_cursor_execute", crash)
        try:
            post_in(store, *ledger.entries)
        except KeyboardInterrupt:
            assert image(store) == before
            continue
        finally:
            event.remove(store.engine, "before_cursor_execute", crash)
        break
    assert statement > 8  # it was stopped before each of them
    assert figures(store) == (74, 0, 300, True)
    assert told(store) == [("refund", "on")]


# Nothing is lost


def _random_books(
    random: Random, count: int, *, late_renewals: bool = True
) -> tuple[list[Sale], list[Entry]]:
    """Draw orders, some never listed, with books, costs, payouts and entries nobody knows.

    Late renewals are posted minutes after the fees of their order, by piece and not for all.
    """
    orders: list[Sale] = []
    posted: list[Entry] = []
    shop = Ledger(sale_id="shop")
    for number in range(count):
        name = f"s{number}"
        at = SOLD_AT - random.randrange(40) * DAY - random.randrange(86_400) * MINUTE / 60
        quantity = random.choice([1, 1, 2])
        product = random.choice(["p1", "p2", "p3"])
        gross = random.randrange(100, 9000)
        line = item(gross, product_id=product, quantity=quantity, line_id=f"line of {name}")
        ledger = Ledger(sale_id=name, at=at).charge(
            gross, lines=(f"line of {name}",), fee=-random.randrange(1, 99)
        )
        if random.random() < 0.4:
            fee = random.choice(ledger.entries).entry_id
            ledger.post(EntryKind.FEE, -random.randrange(1, 30), about=About.ENTRY, about_id=fee)
        if random.random() < 0.3:
            ledger.give_back(random.randrange(1, gross + 1), fee=random.randrange(20))
        if late_renewals:
            for piece in range(random.randrange(quantity + 1)):
                renewal(ledger, at + (piece + 1) * MINUTE, product)
        else:
            renewal(ledger, ledger.entries[2].posted_at, product)
        if random.random() < 0.9:
            orders.append(order(name, gross_minor=gross, paid_at=at, items=(line,)))
        cost = shop.post(EntryKind.COST, -random.randrange(500), about=About.SHOP, posted_at=at)
        shop.post(EntryKind.FEE, -3, about=About.ENTRY, about_id=cost.entry_id, posted_at=at)
        shop.post(EntryKind.PAYOUT, -random.randrange(9999), about=About.SHOP, posted_at=at)
        shop.post(EntryKind.OTHER, random.randrange(-9, 9), about=About.SHOP, posted_at=at)
        posted += ledger.entries
    return orders, posted + shop.entries


@pytest.mark.parametrize("seed", range(6))
def test_sales_and_shop_lines_add_up_to_what_the_books_moved(store: Store, seed: int) -> None:
    random = Random(seed)
    orders, posted = _random_books(random, 25)
    account(store)
    steps: list[Sequence[Entry] | Sale] = [
        *(posted[start : start + 7] for start in range(0, len(posted), 7)),
        *orders,
    ]
    random.shuffle(steps)
    for step in [*steps, *random.sample(steps, 5)]:
        if isinstance(step, Sale):
            record_in(store, batch(step))
        else:
            post_in(store, *random.sample(step, len(step)))
    sales = stored(store)
    assert all(each.fees_exact for each in sales.values())
    with store.read() as connection:
        own = entries_of(connection, 1, list(sales))
    for key, each in sales.items():
        assert each.net_minor == sum(entry.amount for entry in own[key])
    net = sum(each.net_minor for each in sales.values())
    assert net + sum(costs(store).values()) == sum(entry.amount for entry in posted)


@pytest.mark.parametrize("seed", range(6))
def test_the_same_books_make_the_same_figures_in_whatever_order_they_came(
    store: Store, seed: int
) -> None:
    random = Random(seed)
    orders, posted = _random_books(random, 20, late_renewals=False)
    account(store)
    account(store, "prints", "a2", "etsy")
    for number in (1, 2):
        record_in(store, batch(*orders, account_id=number))
    post_in(store, *posted)
    random.shuffle(posted)
    for entry in [*posted, *random.sample(posted, 10)]:
        post_in(store, entry, account_id=2)
    with store.read() as connection:
        at_once, one_by_one = (
            {
                each.sale_id: (each.net_minor, each.fees_minor, each.status, each.fees_exact)
                for each in list_sales(connection, SaleFilter(account_id=number), {})
            }
            for number in (1, 2)
        )
    assert one_by_one == at_once


def test_days_of_the_shops_lines_are_the_sellers(store: Store) -> None:
    account(store)
    late = SOLD_AT.replace(hour=23)
    ledger = Ledger()
    ledger.post(EntryKind.COST, -5, about=About.SHOP, posted_at=late)
    ledger.post(EntryKind.COST, -7, about=About.SHOP, posted_at=SOLD_AT)
    post_in(store, *ledger.entries)
    with store.read() as connection:
        lines = list_shop_lines(connection, date(2026, 11, 21), None, BERLIN)
    assert [(line.day, line.amount_minor) for line in lines] == [(date(2026, 11, 21), -5)]
