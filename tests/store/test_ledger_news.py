"""What the books tell that is news: refunds once and without a ring, corrected fees."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import event, select

from salesdaemon.domain.ledger import About, EntryKind
from salesdaemon.domain.sale import Status
from salesdaemon.store.engine import Store
from salesdaemon.store.tables import outbox
from tests.databases import image
from tests.factories import (
    SEEN_AT,
    UNWATCHED,
    WATCH_SINCE,
    account,
    batch,
    record_in,
    telling,
)
from tests.posting import Ledger, post_in
from tests.store.booked import DAY, EXACT, MINUTE, books, figures, noted, order, stored, told

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
