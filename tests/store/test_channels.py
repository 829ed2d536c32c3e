"""A channel that fails is told of on the others, once, again after a day, and when it works."""

from datetime import UTC, datetime, timedelta

import pytest

from salesdaemon.store.channels import (
    TELL_AFTER,
    ChannelRecord,
    find_channel,
    find_channels,
    note_failure,
    note_success,
    others,
    review_channels,
)
from salesdaemon.store.engine import Store
from salesdaemon.store.news import Announcement

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
BUSY = "ntfy answered 503."
REFUSED = "ntfy answered 401. Check the token."
FIX = (
    "`salesdaemon test-alert phone` tries it; `salesdaemon alerts --failed --retry` sends what it"
    " had refused."
)


def failed(
    store: Store,
    at: datetime,
    problem: str = BUSY,
    *,
    permanent: bool = False,
    not_before: datetime | None = None,
) -> Announcement | None:
    with store.write() as connection:
        return note_failure(
            connection, "phone", problem, at, permanent=permanent, not_before=not_before
        )


def took_it(store: Store, at: datetime) -> Announcement | None:
    with store.write() as connection:
        return note_success(connection, "phone", at)


def reviewed(store: Store, at: datetime) -> list[tuple[str, str]]:
    with store.write() as connection:
        found = review_channels(connection, ["phone", "desk"], at)
    return [(channel, announcement.title) for channel, announcement in found]


def record(store: Store) -> ChannelRecord:
    with store.read() as connection:
        return find_channel(connection, "phone")


def test_a_channel_that_never_failed_is_well_and_leaves_no_trace(store: Store) -> None:
    assert took_it(store, NOW) is None
    assert record(store) == ChannelRecord("phone")
    with store.read() as connection:
        assert find_channels(connection, ["desk", "phone"]) == {
            "desk": ChannelRecord("desk"),
            "phone": ChannelRecord("phone"),
        }


def test_a_permanent_refusal_is_told_at_once(store: Store) -> None:
    assert failed(store, NOW, REFUSED, permanent=True) == Announcement(
        "trouble",
        f"trouble:channel:phone:{int(NOW.timestamp())}",
        "Channel phone does not work",
        f"{REFUSED} {FIX}",
        NOW,
    )
    assert failed(store, NOW + MINUTE, REFUSED, permanent=True) is None
    assert record(store) == ChannelRecord("phone", 2, None, NOW, REFUSED, NOW)


def test_a_passing_failure_is_noted_but_not_told(store: Store) -> None:
    assert failed(store, NOW, not_before=NOW + MINUTE) is None
    assert record(store) == ChannelRecord("phone", 1, NOW + MINUTE, NOW, BUSY, None)
    assert took_it(store, NOW + MINUTE) is None
    assert record(store) == ChannelRecord("phone")


def test_a_failure_that_lasts_is_told_with_or_without_another_try(store: Store) -> None:
    failed(store, NOW)
    assert reviewed(store, NOW + TELL_AFTER - MINUTE) == []
    assert reviewed(store, NOW + TELL_AFTER) == [("phone", "Channel phone does not work")]
    assert failed(store, NOW + TELL_AFTER + MINUTE) is None
    assert reviewed(store, NOW + DAY) == []
    assert reviewed(store, NOW + DAY + TELL_AFTER) == [
        ("phone", "Still: Channel phone does not work")
    ]
    assert reviewed(store, NOW + DAY + TELL_AFTER + MINUTE) == []


def test_it_works_again_is_told_once(store: Store) -> None:
    failed(store, NOW, REFUSED, permanent=True)
    then = NOW + timedelta(hours=3)
    assert took_it(store, then) == Announcement(
        "trouble",
        f"works:channel:phone:{int(then.timestamp())}",
        "Channel phone works again",
        "It lasted 3 hours. What waited for it is sent now.",
        then,
        over=True,
    )
    assert took_it(store, then + MINUTE) is None
    assert record(store) == ChannelRecord("phone", told_at=NOW)


def test_a_channel_that_comes_and_goes_is_told_once_an_hour(store: Store) -> None:
    told = 0
    for minute in range(240):
        at = NOW + minute * MINUTE
        told += failed(store, at, REFUSED, permanent=True) is not None
        took_it(store, at + MINUTE / 2)
    assert told == 4


@pytest.mark.parametrize(
    ("failing", "expected"),
    [((), ("desk", "wall")), (("desk",), ("wall",)), (("desk", "wall"), ("desk", "wall"))],
)
def test_trouble_goes_through_the_channels_that_work(
    store: Store, failing: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    with store.write() as connection:
        for channel in failing:
            note_failure(connection, channel, BUSY, NOW, permanent=False)
        assert others(connection, "phone", ["phone", "desk", "wall"]) == expected
