"""What happens to a sale after it was stored: refunds, corrections, orders set aside."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from salesdaemon.domain.changes import Watch
from salesdaemon.domain.sale import Status
from salesdaemon.domain.summary import News
from salesdaemon.store.accounts import list_set_aside
from salesdaemon.store.engine import Store
from salesdaemon.store.sales import SaleFilter, list_news, list_sales
from salesdaemon.store.tables import outbox
from tests.factories import (
    FRIDAY,
    SEEN_AT,
    SOLD_AT,
    WATCH_SINCE,
    account,
    batch,
    item,
    record_in,
    sale,
    stored_sale,
)

MINUTE = timedelta(minutes=1)
LATER = SEEN_AT + MINUTE
BEFORE_THE_WATCH = WATCH_SINCE - MINUTE


def events(store: Store) -> list[tuple[str, str | None]]:
    with store.read() as connection:
        rows = connection.execute(select(outbox.c.kind, outbox.c.external_id).order_by(outbox.c.id))
        return [(row.kind, row.external_id) for row in rows]


def news(store: Store) -> list[News]:
    with store.read() as connection:
        return list_news(
            connection,
            seen_after=WATCH_SINCE,
            seen_until=SEEN_AT + timedelta(days=1),
            sold_before=date(2027, 1, 1),
        )


def refunded(minor: int, status: Status = Status.PARTIALLY_REFUNDED) -> Any:
    return sale(status=status, refunded_minor=minor)


def test_a_refund_polled_twice_is_told_once_and_never_rings_as_a_sale(store: Store) -> None:
    account(store)
    record_in(store, batch(sale()))
    for minutes in (1, 2):
        record_in(store, batch(refunded(500), seen_at=SEEN_AT + minutes * MINUTE))
    assert events(store) == [("sale", "s1"), ("refund", "s1")]


def test_each_further_refund_is_told(store: Store) -> None:
    account(store)
    record_in(store, batch(sale()))
    record_in(store, batch(refunded(500), seen_at=LATER))
    record_in(store, batch(refunded(1200, Status.REFUNDED), seen_at=LATER + MINUTE))
    assert events(store) == [("sale", "s1"), ("refund", "s1"), ("refund", "s1")]


def test_a_refund_that_failed_and_succeeds_later_is_told_again_and_the_sale_is_not(
    store: Store,
) -> None:
    account(store)
    record_in(store, batch(sale()))
    for minutes, seen in enumerate((refunded(500), sale(), refunded(500)), start=1):
        record_in(store, batch(seen, seen_at=SEEN_AT + minutes * MINUTE))
    assert events(store) == [("sale", "s1"), ("refund", "s1"), ("refund", "s1")]


def test_a_refund_of_history_is_told_and_does_not_ring_its_sale(store: Store) -> None:
    account(store)
    record_in(store, batch(sale(paid_at=BEFORE_THE_WATCH)))
    gone = sale(paid_at=BEFORE_THE_WATCH, status=Status.REFUNDED, refunded_minor=1200)
    record_in(store, batch(gone, seen_at=LATER))
    assert events(store) == [("refund", "s1")]


def test_a_renamed_product_keeps_the_title_it_was_sold_under(store: Store) -> None:
    account(store)
    record_in(store, batch(sale()))
    renamed = item(product="Weekly planner 2027", passive=False)
    recorded = record_in(store, batch(sale(items=(renamed,)), seen_at=LATER))
    assert recorded.changed == [sale(items=(renamed,))]
    with store.read() as connection:
        assert list_sales(connection, SaleFilter(), {}) == [
            stored_sale(items=(item(passive=False),))
        ]


def test_a_title_alone_is_no_change(store: Store) -> None:
    account(store)
    record_in(store, batch(sale()))
    recorded = record_in(store, batch(sale(items=(item(product="Renamed"),)), seen_at=LATER))
    assert recorded.nothing_new


def test_an_item_that_is_gone_leaves_the_sale(store: Store) -> None:
    account(store)
    two = (item(700), item(500, product_id="p2", product="Sticker sheet"))
    record_in(store, batch(sale(items=two), sale("s2", items=two)))
    record_in(store, batch(sale(items=(item(1200),)), seen_at=LATER))
    with store.read() as connection:
        items = {each.sale_id: each.items for each in list_sales(connection, SaleFilter(), {})}
    assert items == {"s1": (item(1200),), "s2": two}


def test_a_late_sale_and_each_change_of_its_totals_are_news(store: Store) -> None:
    account(store)
    record_in(store, batch(sale()))
    record_in(store, batch(refunded(500), seen_at=LATER))
    record_in(store, batch(sale(), seen_at=LATER + MINUTE))
    expected = [
        ("sale", SEEN_AT, 1200, 0, 965),
        ("refund", LATER, 0, 500, -500),
        ("changed", LATER + MINUTE, 0, -500, 500),
    ]
    assert news(store) == [
        News(
            kind=kind,
            shop="templates",
            sale_id="s1",
            product="Weekly planner",
            sold_on=FRIDAY,
            seen_at=seen_at,
            currency="EUR",
            gross_delta=gross,
            refunded_delta=given_back,
            net_delta=net,
        )
        for kind, seen_at, gross, given_back, net in expected
    ]


def test_an_order_that_was_paid_is_news_with_all_it_brings(store: Store) -> None:
    account(store)
    record_in(store, batch(sale(status=Status.UNPAID)))
    record_in(store, batch(sale(), seen_at=LATER))
    (one,) = news(store)
    assert (one.kind, one.seen_at, one.gross_delta, one.net_delta) == ("sale", LATER, 1200, 965)


def test_a_change_of_an_order_that_was_never_paid_is_no_news(store: Store) -> None:
    account(store)
    record_in(store, batch(sale(status=Status.UNPAID)))
    record_in(store, batch(sale(status=Status.UNPAID, gross_minor=1500), seen_at=LATER))
    gone = sale(status=Status.CANCELLED, paid=False, gross_minor=1500, fees_minor=0)
    record_in(store, batch(gone, seen_at=LATER + MINUTE))
    assert (news(store), events(store)) == ([], [])


@dataclass(frozen=True)
class Broken:
    """An order that could not be read."""

    external_id: str = "s1"
    reason: str = "A text stands where a number belongs (at price)"


def set_aside(store: Store) -> list[tuple[str, str]]:
    with store.read() as connection:
        return list_set_aside(connection, 1)


def test_an_order_that_cannot_be_read_blocks_nothing_and_is_noted_once(store: Store) -> None:
    account(store)
    page = batch(sale("s2"), set_aside=[Broken()])
    first, again = record_in(store, page), record_in(store, page)
    assert (first.newly_set_aside, again.newly_set_aside) == ([Broken()], [])
    assert set_aside(store) == [("s1", Broken().reason)]
    assert events(store) == [("sale", "s2")]


def test_an_order_set_aside_rings_when_it_becomes_readable(store: Store) -> None:
    account(store)
    record_in(store, batch(set_aside=[Broken()]))
    record_in(store, batch(sale(), seen_at=LATER))
    assert (set_aside(store), events(store)) == ([], [("sale", "s1")])


@pytest.mark.parametrize(
    ("was_set_aside", "rung"), [(False, [("sale", "s1")]), (True, [])], ids=["unmet", "set aside"]
)
def test_an_old_order_rings_as_late_only_if_it_was_not_there_before(
    store: Store, *, was_set_aside: bool, rung: list[tuple[str, str]]
) -> None:
    account(store)
    watch = Watch(WATCH_SINCE, read_back_to=datetime.min.replace(tzinfo=SOLD_AT.tzinfo))
    record_in(store, batch(watch=watch, set_aside=[Broken()] if was_set_aside else []))
    late = sale(paid_at=BEFORE_THE_WATCH, pays_late=True)
    record_in(store, batch(late, watch=watch, seen_at=LATER))
    assert (events(store), set_aside(store)) == (rung, [])


def test_two_processes_that_record_the_same_page_ring_once(
    store: Store, another_store: Callable[[], Store]
) -> None:
    account(store)
    pages = [batch(*(sale(f"s{number}") for number in range(50)))] * 2
    with ThreadPoolExecutor(2) as threads:
        results = list(threads.map(record_in, (store, another_store()), pages))
    assert sorted(recorded.told for recorded in results) == [0, 50]
    assert len(events(store)) == 50


def test_a_change_seen_twice_at_once_is_told_once(
    store: Store, another_store: Callable[[], Store]
) -> None:
    account(store)
    record_in(store, batch(sale()))
    pages = [batch(refunded(500), seen_at=LATER), batch(refunded(500), seen_at=LATER + MINUTE)]
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(record_in, (store, another_store()), pages))
    assert events(store) == [("sale", "s1"), ("refund", "s1")]
    assert len(news(store)) == 2
