"""The books meet their orders, in whatever order both come, and settle what each brought."""

from dataclasses import replace
from itertools import permutations

import pytest
from sqlalchemy import select

from salesdaemon.domain.ledger import About, Entry, EntryKind
from salesdaemon.domain.sale import Status
from salesdaemon.store.engine import Store
from salesdaemon.store.sales import SaleFilter, list_sales
from salesdaemon.store.settling import load_scales
from salesdaemon.store.tables import as_listed
from tests.databases import image
from tests.factories import (
    SEEN_AT,
    account,
    batch,
    item,
    record_in,
)
from tests.posting import Ledger, post_in
from tests.store.booked import (
    ESTIMATED,
    EXACT,
    MINUTE,
    books,
    costs,
    figures,
    of_sales,
    order,
    stored,
)

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
