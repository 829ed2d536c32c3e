"""What waits to be told: entered once, leased by one relay, marked afterwards."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from salesdaemon.domain.alerts import Waiting
from salesdaemon.store import outbox
from salesdaemon.store.engine import Store, owner_is_dead, owner_name
from salesdaemon.store.outbox import AT_ONCE, LEASE, OutboxEntry, Sent
from salesdaemon.store.sent import Lately, count_since, sent_lately
from tests.factories import SEEN_AT as NOW
from tests.store.owners import HOST, dead_owner, living_owner, namesake

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
US = owner_name()


def entry(event: str = "e1", **changes: Any) -> OutboxEntry:
    facts: dict[str, Any] = {
        "channel": "phone",
        "kind": "trouble",
        "level": "on",
        "created_at": NOW,
        **changes,
    }
    return OutboxEntry(event=event, **facts)


def enqueue(store: Store, *entries: OutboxEntry) -> list[int]:
    """Enter events and return the ids of all that wait on the phone."""
    with store.write() as connection:
        outbox.enqueue(connection, entries)
    return [waiting.id for waiting in due(store)]


def due(store: Store, at: timedelta = timedelta(0), channel: str = "phone") -> list[Waiting]:
    with store.read() as connection:
        return outbox.list_due(connection, channel, NOW + at)


def lease(store: Store, ids: Sequence[int], owner: str = US, at: timedelta = timedelta(0)) -> bool:
    with store.write() as connection:
        return outbox.lease(connection, ids, owner, NOW + at)


def mark_sent(
    store: Store, ids: Sequence[int], form: str = "ring", at: timedelta = timedelta(0)
) -> None:
    sent = Sent("phone", form, "Ka-ching!", "1 × Planner", len(ids), "ntfy answered 200 OK.")
    with store.write() as connection:
        outbox.mark_sent(connection, ids, sent, NOW + at)


def test_an_event_waits_once_on_each_channel_oldest_first(store: Store) -> None:
    enqueue(store, entry("e2", title="2"), entry("e1", title="1"), entry("e1", channel="desk"))
    enqueue(store, entry("e2", title="again"), entry("e3", title="3"))
    assert [waiting.title for waiting in due(store)] == ["2", "1", "3"]
    assert len(due(store, channel="desk")) == 1


def test_more_sales_than_are_looked_at_together_hide_no_trouble(store: Store) -> None:
    sales = [entry(f"sale:1:{number}", kind="sale") for number in range(AT_ONCE)]
    enqueue(store, *sales, entry("trouble:disk", title="The disk is nearly full"))
    waiting = due(store)
    assert [each.kind for each in waiting] == ["sale"] * (AT_ONCE - 1) + ["trouble"]
    assert waiting[-1].title == "The disk is nearly full"


def test_what_waits_comes_back_as_it_was_entered(store: Store) -> None:
    enqueue(store, entry(title="Trouble", body="Look.", missed=True))
    assert due(store) == [
        Waiting(
            id=1,
            kind="trouble",
            level="on",
            account_id=None,
            external_id=None,
            title="Trouble",
            body="Look.",
            missed=True,
            created_at=NOW,
            attempts=0,
        )
    ]


def test_a_lease_hides_an_entry_until_it_expires(store: Store) -> None:
    ids = enqueue(store, entry())
    assert lease(store, ids)
    assert not lease(store, ids, "another:1:x", LEASE - SECOND)
    assert (due(store), due(store, LEASE - SECOND)) == ([], [])
    (again,) = due(store, LEASE)
    assert (again.attempts, lease(store, ids, "another:1:x", LEASE)) == (1, True)


def test_of_two_relays_exactly_one_wins_each_entry(
    store: Store, another_store: Callable[[], Store]
) -> None:
    ids = enqueue(store, *(entry(f"e{number}") for number in range(40)))

    def lease_all(relay: Store) -> list[int]:
        return [each for each in ids if lease(relay, [each], relay.owner)]

    with ThreadPoolExecutor(2) as threads:
        first, second = threads.map(lease_all, (store, another_store()))
    assert sorted(first + second) == ids


def test_a_group_is_leased_as_a_whole_or_not_at_all(
    store: Store, another_store: Callable[[], Store]
) -> None:
    ids = enqueue(store, *(entry(f"e{number}") for number in range(30)))
    groups = [ids[start : start + 3] for start in range(0, 28, 2)]  # each shares one with the next

    def lease_groups(relay: Store) -> list[list[int]]:
        return [group for group in groups if lease(relay, group, relay.owner)]

    with ThreadPoolExecutor(2) as threads:
        won = [*threads.map(lease_groups, (store, another_store()))]
    leased = [each for group in won[0] + won[1] for each in group]
    assert len(leased) == len(set(leased))
    assert [waiting.id for waiting in due(store)] == sorted(set(ids) - set(leased))


def test_what_a_dead_process_had_leased_is_free_at_once_and_nothing_else(store: Store) -> None:
    ids = enqueue(store, *(entry(f"e{number}") for number in range(4)))
    owners = [dead_owner(), US, living_owner(os.getppid()), "another-machine:1:1:x"]
    for each, owner in zip(ids, owners, strict=True):
        lease(store, [each], owner)
    with store.write() as connection:
        outbox.release_dead_leases(connection)
    assert [waiting.id for waiting in due(store)] == ids[:1]


def test_a_process_started_again_under_the_same_number_is_another_one() -> None:
    assert owner_is_dead(namesake())
    assert not owner_is_dead(US)


@pytest.mark.parametrize("owner", ["", "nonsense", f"{HOST}:many:1:x"])
def test_an_owner_of_whom_nothing_is_known_counts_as_alive(owner: str) -> None:
    assert not owner_is_dead(owner)


def test_what_was_sent_waits_no_more_and_names_its_message(store: Store) -> None:
    ids = enqueue(store, entry("e1"), entry("e2"))
    mark_sent(store, ids)
    assert due(store, timedelta(days=1)) == []
    with store.read() as connection:
        alerts = outbox.list_alerts(connection, failed_only=False, limit=10)
        assert outbox.count_by_channel(connection) == {}
    shown = [
        tuple(alert[name] for name in ("id", "message_id", "title", "answer")) for alert in alerts
    ]
    assert shown == [(each, 1, "Ka-ching!", "ntfy answered 200 OK.") for each in reversed(ids)]


def test_a_refused_entry_waits_for_its_time_or_until_the_channel_works_again(store: Store) -> None:
    ids = enqueue(store, entry("e1"), entry("e2"), entry("e3", channel="desk"))
    lease(store, ids[:1])
    with store.write() as connection:
        outbox.mark_retry(connection, ids[:1], "503", NOW + MINUTE)
    assert [waiting.id for waiting in due(store)] == ids[1:]
    assert [waiting.id for waiting in due(store, MINUTE)] == ids
    mark_sent(store, ids[1:])
    with store.write() as connection:
        outbox.wake(connection, "phone", NOW)
    assert [waiting.id for waiting in due(store)] == ids[:1]


def test_failed_entries_are_counted_listed_and_put_back_on_demand(store: Store) -> None:
    ids = enqueue(store, entry("e1"), entry("e2"))
    enqueue(store, entry("e1", channel="gone"))
    with store.write() as connection:
        outbox.mark_failed(connection, ids[:1], "401", NOW)
        outbox.mark_failed(connection, [max(ids) + 1], "gone", NOW)
    with store.read() as connection:
        assert outbox.count_by_channel(connection) == {"phone": (1, 1), "gone": (0, 1)}
        failed = outbox.list_alerts(connection, failed_only=True, limit=10)
    shown = [(alert["id"], alert["error"]) for alert in failed]
    assert shown == [(max(ids) + 1, "gone"), (ids[0], "401")]
    assert [waiting.id for waiting in due(store)] == ids[1:]
    with store.write() as connection:
        assert outbox.retry_failed(connection, ["phone"], NOW) == 1
    assert [waiting.id for waiting in due(store)] == ids


def test_the_last_minute_counts_rings_and_bursts_and_leaves_recaps_out(store: Store) -> None:
    ids = enqueue(store, *(entry(f"e{number}") for number in range(12)))
    mark_sent(store, ids[:1], "ring", -MINUTE)
    mark_sent(store, ids[1:4], "burst", -2 * SECOND)
    mark_sent(store, ids[4:5], "ring", -SECOND)
    mark_sent(store, ids[5:10], "recap", -SECOND)
    mark_sent(store, ids[10:], "several", -SECOND)
    with store.read() as connection:
        assert sent_lately(connection, "phone", NOW) == Lately(
            sent=(NOW - 2 * SECOND, *[NOW - SECOND] * 3),
            sales=4,
            events=1,
            last_burst=NOW - 2 * SECOND,
        )
        assert sent_lately(connection, "desk", NOW) == Lately((), 0, 0, None)
        assert count_since(connection, "phone", NOW - MINUTE) == 5
