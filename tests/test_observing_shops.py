"""Quiet shops and payouts as they are told: once each, and not for what is trouble or history."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, event

from salesdaemon.domain.ledger import UPCOMING, About, Entry, EntryKind, Payout
from salesdaemon.store.payouts import FirstReading, note_as_history
from salesdaemon.store.shop_lines import save_payouts
from tests.config_file import SHOP
from tests.factories import WATCH_SINCE
from tests.observed import DAY, HOUR, MINUTE, World, open_world, past
from tests.posting import Ledger, post_in

once = pytest.mark.parametrize("database", ["sqlite"])
LAST_SALE = WATCH_SINCE - DAY


@pytest.fixture
def config() -> str:
    """Return what a test adds to the configuration."""
    return ""


@pytest.fixture
def world(store_url: URL, tmp_path: Path, config: str) -> Iterator[World]:
    made = open_world(store_url, tmp_path, config, SHOP)
    yield made
    made.close()


# Quiet shops: this one sold once a day, at nine in the morning, until the watch began


@pytest.fixture
def daily(world: World) -> World:
    world.begin(*past(60))
    return world


async def watch(
    world: World, until: datetime, every: timedelta = 6 * HOUR
) -> list[tuple[str, str]]:
    """Let the observer look again and again while the shop is polled."""
    told = []
    while world.now < until:
        world.now += every
        world.polled(last_good_poll=world.now - MINUTE)
        told += await world.tick(world.now)
    return told


async def test_a_shop_that_went_quiet_is_told_once_and_that_polling_works(daily: World) -> None:
    assert await watch(daily, LAST_SALE + 6 * DAY) == []
    told = await watch(daily, LAST_SALE + 30 * DAY)
    assert told == [
        (
            "templates is unusually quiet",
            (
                "Nobody has bought at templates for 7 days; by its own rhythm about 8 sales were "
                "due. Polling works: last good poll 1 minute ago. Look at the shop as a buyer "
                "would: is it open, are its listings up, does paying work?"
            ),
        )
    ]
    assert daily.levels() == [(f"silence:1:{LAST_SALE.isoformat()}", "on")]
    daily.restart()
    assert await watch(daily, LAST_SALE + 32 * DAY, every=DAY) == []


@once
async def test_the_next_quiet_is_told_again_but_only_beyond_the_last_one(daily: World) -> None:
    await watch(daily, LAST_SALE + 10 * DAY, every=DAY)
    assert len(daily.announced()) == 1
    for _ in range(25):
        daily.sell()
        assert await watch(daily, daily.now + DAY, every=DAY) == []
    again = daily.now
    assert await watch(daily, again + 11 * DAY, every=DAY) == []
    assert len(await watch(daily, again + 20 * DAY, every=DAY)) == 1


@once
@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param({"last_good_poll": LAST_SALE + 19 * DAY}, id="not polled lately"),
        pytest.param({"login_needed": True}, id="a login is needed"),
        pytest.param({"not_before": LAST_SALE + 30 * DAY}, id="told to wait"),
    ],
)
async def test_a_shop_that_is_not_polled_well_is_not_called_quiet(
    daily: World, trouble: dict[str, Any]
) -> None:
    daily.now = LAST_SALE + 20 * DAY
    daily.polled(**trouble)
    assert await daily.tick() == []
    daily.now += 2 * MINUTE
    daily.polled(login_needed=False, not_before=None)
    assert len(await daily.tick()) == 1


@once
async def test_a_shop_whose_history_is_still_read_is_not_called_quiet(daily: World) -> None:
    daily.now = LAST_SALE + 20 * DAY
    daily.polled()
    daily.syncing(begun=True)
    assert await daily.tick() == []


@once
async def test_a_shop_that_was_dead_before_its_watch_began_is_not_called_quiet(
    world: World,
) -> None:
    world.begin(*past(60, until=WATCH_SINCE - 40 * DAY))
    assert await watch(world, WATCH_SINCE + 30 * DAY, every=2 * DAY) == []


@once
async def test_a_shop_with_few_sales_is_never_called_quiet(world: World) -> None:
    world.begin(*past(19, every=3 * DAY))
    assert await watch(world, WATCH_SINCE + 90 * DAY, every=5 * DAY) == []


@pytest.mark.parametrize("config", ['[alerts.kinds]\nsilence = "off"\n'])
@once
async def test_silence_that_is_off_is_told_nowhere(daily: World) -> None:
    daily.now = LAST_SALE + 20 * DAY
    daily.polled()
    await daily.observers[-1].tick()
    assert daily.announced() == []
    assert daily.levels() == [(f"silence:1:{LAST_SALE.isoformat()}", "off")]


@once
async def test_the_rhythm_is_learned_at_most_once_an_hour(daily: World) -> None:
    daily.now = LAST_SALE + 20 * DAY
    asked: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_others: object) -> None:
        if "sales.paid_at" in statement:
            asked.append(statement)

    event.listen(daily.store.engine, "before_cursor_execute", note)
    await watch(daily, daily.now + 3 * HOUR, every=MINUTE * 5)
    event.remove(daily.store.engine, "before_cursor_execute", note)
    assert len(asked) <= 8  # each hour, the newest sale and all of them


# Payouts


def payout(payout_id: str = "p1", **changes: Any) -> Payout:
    facts: dict[str, Any] = {
        "amount_minor": 12_345,
        "currency": "USD",
        "status": "completed",
        "made_on": date(2026, 11, 22),
        **changes,
    }
    return Payout(payout_id, **facts)


def listed(world: World, *payouts: Payout, seen_at: datetime | None = None) -> None:
    with world.store.write() as connection:
        save_payouts(connection, 1, payouts, seen_at or world.now)


async def test_a_payout_is_told_once_without_a_sound(world: World) -> None:
    world.begin()
    listed(world, payout(arrives_on=date(2026, 11, 27), estimated=True))
    told = [("Payout: US$123.45", "From templates. It arrives on 27 Nov 2026 (estimated).")]
    assert await world.tick() == told
    listed(world, payout(arrives_on=date(2026, 11, 23)))
    world.restart()
    assert await world.tick() == []
    assert world.levels() == [("payout:1:p1", "silent")]


@once
async def test_a_payout_that_arrived_already_or_nobody_knows_when_says_so(world: World) -> None:
    world.begin()
    listed(world, payout("a", arrives_on=date(2026, 11, 21)), payout("b"))
    assert [body for _, body in await world.tick()] == [
        "From templates. It arrived on 21 Nov 2026.",
        "From templates.",
    ]


@once
@pytest.mark.parametrize(
    "other",
    [
        pytest.param(payout(UPCOMING, made_on=None), id="to come"),
        pytest.param(payout(made_on=date(2026, 11, 19)), id="made before the watch"),
        pytest.param(payout(status="failed"), id="failed"),
        pytest.param(payout(status="payable"), id="not sent yet"),
        pytest.param(payout(amount_minor=0), id="nothing"),
    ],
)
async def test_what_is_no_payout_of_now_is_not_told(world: World, other: Payout) -> None:
    world.begin()
    listed(world, other)
    assert await world.tick() == []


@once
async def test_a_payout_is_told_once_its_money_is_on_its_way(world: World) -> None:
    world.begin()
    listed(world, payout(status="payable"))
    assert await world.tick() == []
    world.now += 2 * MINUTE
    listed(world, payout(status="processing"))
    assert await world.titles() == ["Payout: US$123.45"]


@once
async def test_payouts_of_long_ago_that_are_found_late_are_left_to_the_digest(
    world: World,
) -> None:
    world.begin()
    world.now += 30 * DAY
    listed(world, payout("old", made_on=date(2026, 12, 5)), payout(made_on=date(2026, 12, 20)))
    assert await world.titles() == ["Payout: US$123.45"]
    assert world.levels() == [("payout:1:p1", "silent")]


def sent(entry_id: str, amount: int, posted_at: datetime) -> Entry:
    ledger = Ledger()
    return ledger.post(
        EntryKind.PAYOUT, amount, entry_id=entry_id, posted_at=posted_at, about=About.SHOP
    )


async def test_a_payout_that_only_the_books_tell_of_is_told_once(world: World) -> None:
    world.begin()
    before, after = WATCH_SINCE - MINUTE, WATCH_SINCE + DAY
    post_in(world.store, sent("e1", -5000, before), sent("e2", -9900, after))
    post_in(world.store, sent("e3", 9900, after + HOUR))  # it came back
    assert await world.tick() == [("Payout: €99.00", "From templates.")]
    world.restart()
    assert await world.tick() == []


@once
async def test_entries_of_payouts_that_are_listed_as_well_are_not_told_twice(
    world: World,
) -> None:
    world.begin()
    post_in(world.store, sent("p1:payout", -12_345, world.now - HOUR))
    listed(world, payout())
    assert await world.titles() == ["Payout: US$123.45"]


async def test_what_the_first_look_at_the_books_shows_is_history(world: World) -> None:
    world.begin()
    listed(world, payout())
    with world.store.write() as connection:
        note_as_history(connection, 1, FirstReading([payout()], [], world.now))
    assert await world.tick() == []
    assert world.levels() == [("payout:1:p1", "off")]
    world.now += 2 * MINUTE
    listed(world, payout("p2", amount_minor=100))
    assert await world.titles() == ["Payout: US$1.00"]
