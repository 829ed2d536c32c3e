"""One transaction for sales, arrivals, outbox and plan; each paid sale rings once."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import event, select, text

from salesdaemon.domain.sale import Kind, Status
from salesdaemon.domain.summary import StoredSale
from salesdaemon.store.accounts import find_account_of_shop
from salesdaemon.store.engine import Store
from salesdaemon.store.sales import SaleFilter, list_sales
from salesdaemon.store.tables import arrivals, outbox
from tests.databases import image
from tests.factories import (
    SEEN_AT,
    SOLD_AT,
    UNWATCHED,
    WATCH_SINCE,
    account,
    batch,
    item,
    record_in,
    sale,
    stored_sale,
    telling,
)

SECOND = timedelta(seconds=1)
BEFORE_THE_WATCH = WATCH_SINCE - SECOND


def rings(store: Store) -> list[tuple[str, str]]:
    """List what was entered into the outbox: channel and event."""
    with store.read() as connection:
        rows = connection.execute(select(outbox.c.channel, outbox.c.event).order_by(outbox.c.id))
        return [(row.channel, row.event) for row in rows]


def told(store: Store) -> dict[str, str]:
    with store.read() as connection:
        rows = connection.execute(select(arrivals.c.external_id, arrivals.c.level))
        return {row.external_id: row.level for row in rows}


def stored(store: Store) -> list[StoredSale]:
    with store.read() as connection:
        return list_sales(connection, SaleFilter(), {})


RING = ("phone", "sale:1:s1")


def test_a_paid_sale_is_stored_with_its_items_and_rings_on_each_channel(store: Store) -> None:
    account(store)
    recorded = record_in(store, batch(sale()), telling("phone", "desk"))
    assert (recorded.new, recorded.changed, recorded.told) == ([sale()], [], 1)
    assert stored(store) == [stored_sale()]
    assert rings(store) == [RING, ("desk", "sale:1:s1")]
    assert told(store) == {"s1": "on"}


def test_a_repeated_batch_changes_nothing_and_writes_nothing(store: Store) -> None:
    account(store)
    trial = sale("s2", kind=Kind.TRIAL, gross_minor=0, fees_minor=0)
    unpaid = sale("s3", status=Status.UNPAID)
    pages = batch(sale(), trial, unpaid, sale("s4", refunded_minor=1200, status=Status.REFUNDED))
    record_in(store, pages)
    before = image(store)
    with unwritten(store):
        recorded = record_in(store, replace(pages, seen_at=SEEN_AT + timedelta(minutes=1)))
    assert (recorded.nothing_new, recorded.told) == (True, 0)
    assert image(store) == before


@contextmanager
def unwritten(store: Store) -> Iterator[None]:
    """Make sure that an SQLite file is not written to; PostgreSQL's rows tell it themselves."""
    if not store.is_sqlite:
        yield
        return
    with store.engine.connect() as connection:
        before = connection.scalar(text("PRAGMA data_version"))
        yield
        assert connection.scalar(text("PRAGMA data_version")) == before


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
    record_in(store, batch(sale("s0", status=Status.UNPAID), sale("s4")))
    page = batch(
        sale("s0"), sale(), sale("s4", status=Status.REFUNDED, refunded_minor=1200), plan="next"
    )
    before = image(store)
    statement = 0
    while True:
        statement += 1
        crash = Crash(statement)
        event.listen(store.engine, "before_cursor_execute", crash)
        try:
            record_in(store, page)
        except KeyboardInterrupt:
            assert image(store) == before
            continue
        finally:
            event.remove(store.engine, "before_cursor_execute", crash)
        break
    assert statement > 8  # it was stopped before each of them
    assert {event for _, event in rings(store)} == {
        "sale:1:s4", "sale:1:s0", "sale:1:s1", f"refund:1:s4:1200:{int(SEEN_AT.timestamp())}",
    }  # fmt: skip
    with store.read() as connection:
        bound = find_account_of_shop(connection, "templates")
    assert bound is not None
    assert bound.plan == "next"


def test_a_sale_that_sync_stored_first_rings_at_the_poll_and_only_once(store: Store) -> None:
    account(store)
    record_in(store, batch(sale(), watch=UNWATCHED))
    assert rings(store) == []
    for _ in range(2):
        record_in(store, batch(sale()))
    assert rings(store) == [RING]


def test_sales_of_one_page_ring_in_the_order_in_which_they_were_paid(store: Store) -> None:
    account(store)
    newest_first = [sale(f"s{number}", paid_at=SOLD_AT + number * SECOND) for number in (3, 2, 1)]
    record_in(store, batch(*newest_first))
    assert [event for _, event in rings(store)] == ["sale:1:s1", "sale:1:s2", "sale:1:s3"]


def test_what_was_paid_before_the_watch_never_rings(store: Store) -> None:
    account(store)
    old = sale(paid_at=BEFORE_THE_WATCH)
    record_in(store, batch(old, watch=UNWATCHED))
    record_in(store, batch(old, sale("s2", paid_at=BEFORE_THE_WATCH)))
    assert (rings(store), told(store)) == ([], {})


@pytest.mark.parametrize("created_at", [SOLD_AT, BEFORE_THE_WATCH], ids=["since", "before"])
def test_an_unpaid_order_rings_when_it_is_paid(store: Store, created_at: Any) -> None:
    account(store)
    record_in(store, batch(sale(status=Status.UNPAID, paid_at=created_at)))
    assert rings(store) == []
    for _ in range(2):
        record_in(store, batch(sale(paid_at=created_at)))
    assert rings(store) == [RING]


def test_what_the_very_first_poll_shows_is_history_also_in_its_own_second(store: Store) -> None:
    account(store)
    same_second = sale(paid_at=WATCH_SINCE)
    first = batch(same_second, watch=UNWATCHED, begins_watch=WATCH_SINCE)
    record_in(store, first)
    recorded = record_in(store, batch(same_second, sale("s2", paid_at=WATCH_SINCE)))
    assert (recorded.told, rings(store)) == (1, [("phone", "sale:1:s2")])
    assert told(store) == {"s1": "history", "s2": "on"}


def test_an_order_unpaid_in_the_second_of_the_very_first_poll_still_rings_when_paid(
    store: Store,
) -> None:
    account(store)
    unpaid = sale(status=Status.UNPAID, paid_at=WATCH_SINCE)
    record_in(store, batch(unpaid, watch=UNWATCHED, begins_watch=WATCH_SINCE))
    record_in(store, batch(sale(paid_at=WATCH_SINCE)))
    assert rings(store) == [RING]


def test_a_kind_switched_off_is_settled_for_good(store: Store) -> None:
    account(store)
    record_in(store, batch(sale()), telling(sale="off"))
    record_in(store, batch(sale()), telling(sale="on"))
    assert (rings(store), told(store)) == ([], {"s1": "off"})


@pytest.mark.parametrize("kind", [Kind.TRIAL, Kind.BUNDLE_ITEM])
def test_trials_and_parts_of_bundles_are_told_nowhere(store: Store, kind: Kind) -> None:
    account(store)
    record_in(store, batch(sale(kind=kind, gross_minor=0, fees_minor=0)))
    assert (rings(store), told(store)) == ([], {})


def test_an_order_listed_twice_on_one_page_rings_once(store: Store) -> None:
    account(store)
    record_in(store, batch(sale(), sale()))
    assert (rings(store), len(stored(store))) == ([RING], 1)


def test_two_accounts_may_use_the_same_id(store: Store) -> None:
    first, second = account(store), account(store, "prints", "a2", "etsy")
    record_in(store, batch(sale(), account_id=first.id))
    record_in(store, batch(sale(gross_minor=500), account_id=second.id))
    assert {(each.shop, each.gross_minor) for each in stored(store)} == {
        ("templates", 1200),
        ("prints", 500),
    }
    assert len(rings(store)) == 2


def test_what_was_paid_before_this_run_is_marked_as_missed(store: Store) -> None:
    account(store)
    started = SOLD_AT + SECOND
    record_in(store, batch(sale(), sale("s2", paid_at=started), missed_before=started))
    with store.read() as connection:
        rows = connection.execute(select(outbox.c.external_id, outbox.c.missed))
        assert {row.external_id: row.missed for row in rows} == {"s1": True, "s2": False}


def test_the_day_is_the_sellers(store: Store) -> None:
    account(store)
    late = SOLD_AT.replace(hour=23)  # past midnight in Berlin
    record_in(store, batch(sale(paid_at=late)))
    (one,) = stored(store)
    assert (one.sold_on, one.paid_at) == (date(2026, 11, 21), late)


def test_more_orders_than_one_question_holds_are_compared_as_well(store: Store) -> None:
    account(store)
    many = [sale(f"s{number}") for number in range(1201)]
    assert len(record_in(store, batch(*many)).new) == 1201
    many[1200] = sale("s1200", items=(item(passive=False),))
    recorded = record_in(store, batch(*many))
    assert (recorded.new, recorded.changed, len(rings(store))) == ([], [many[1200]], 1201)
