"""What waits for a channel that was renamed or removed is told on those that ring."""

from typing import Any

from sqlalchemy import select

from salesdaemon.errors import DeliveryError
from salesdaemon.store import outbox
from salesdaemon.store.engine import Store
from salesdaemon.store.outbox import OutboxEntry, Sent
from salesdaemon.store.stranded import move_stranded
from salesdaemon.store.tables import outbox as table
from tests.factories import SEEN_AT as NOW

REFUSED = str(DeliveryError("ntfy answered 401.", permanent=True))


def enqueue(store: Store, *wanted: tuple[str, str], kind: str = "sale") -> None:
    entries = [
        OutboxEntry(channel=channel, event=event, kind=kind, level="on", created_at=NOW)
        for channel, event in wanted
    ]
    with store.write() as connection:
        outbox.enqueue(connection, entries)


def waiting(store: Store) -> list[tuple[str, str]]:
    columns = table.c.channel, table.c.event
    query = select(*columns).where(table.c.delivered_at.is_(None), table.c.failed_at.is_(None))
    with store.read() as connection:
        return [tuple(row) for row in connection.execute(query.order_by(table.c.id))]


def move(store: Store, *instead: str, **more: Any) -> int:
    with store.write() as connection:
        return move_stranded(connection, ["phone", "desk"], instead, **more)


def test_what_waits_for_a_channel_that_is_no_more_goes_to_those_that_ring(store: Store) -> None:
    enqueue(store, ("old", "e1"), ("older", "e1"), ("old", "e2"), ("desk", "e3"))
    assert move(store, "phone", "desk") == 2
    assert sorted(waiting(store)) == [
        ("desk", "e1"),
        ("desk", "e2"),
        ("desk", "e3"),
        ("phone", "e1"),
        ("phone", "e2"),
    ]
    assert move(store, "phone", "desk") == 0


def test_what_another_channel_tells_or_told_is_not_told_there_again(store: Store) -> None:
    enqueue(store, ("old", "e1"), ("phone", "e1"), ("old", "e2"), ("desk", "e2"))
    with store.write() as connection:
        sent = Sent("desk", "ring", "Ka-ching!", "1 × Planner", 1, "200 OK")
        outbox.mark_sent(connection, [4], sent, NOW)
    assert move(store, "phone") == 0
    assert waiting(store) == [("old", "e1"), ("phone", "e1"), ("old", "e2")]


def test_it_stays_where_nothing_rings_or_nothing_is_to_be_told_of_it(store: Store) -> None:
    enqueue(store, ("old", "e1"))
    enqueue(store, ("old", "e2"), kind="burst_end")
    assert move(store) == 0
    assert move(store, "phone") == 1
    assert waiting(store) == [("old", "e2"), ("phone", "e1")]


def test_what_was_refused_for_good_is_moved_on_demand(store: Store) -> None:
    enqueue(store, ("old", "e1"))
    with store.write() as connection:
        outbox.mark_failed(connection, [1], REFUSED, NOW)
    assert move(store, "phone") == 0
    assert move(store, "phone", failed=True) == 1
    assert waiting(store) == [("phone", "e1")]


def test_a_sale_is_moved_with_all_that_words_it(store: Store) -> None:
    entry = OutboxEntry(
        channel="old",
        event="e1",
        kind="sale",
        level="on",
        created_at=NOW,
        account_id=1,
        external_id="s1",
        missed=True,
    )
    with store.write() as connection:
        outbox.enqueue(connection, [entry])
    with store.read() as connection:
        (before,) = outbox.list_due(connection, "old", NOW)
    move(store, "phone")
    with store.read() as connection:
        (after,) = outbox.list_due(connection, "phone", NOW)
    assert (after.external_id, after.missed, after.created_at, after.attempts) == (
        before.external_id,
        True,
        before.created_at,
        0,
    )
