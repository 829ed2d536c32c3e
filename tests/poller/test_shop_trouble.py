"""What a shop's poller does when the marketplace does not: every fault, wait and refusal."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest
from sqlalchemy import Connection, event

from salesdaemon import marketplaces
from salesdaemon.domain.rules import Rule
from salesdaemon.errors import AuthError
from tests.marketplaces.harness import load
from tests.poller.conftest import MakeWorld
from tests.poller.world import DAY, MINUTE, World

FAULTS = [
    pytest.param(slug, kind, id=f"{slug}-{kind}")
    for slug in marketplaces.available()
    for kind in load(slug).fault_kinds
]
WRITES = re.compile(r"\s*(INSERT INTO|UPDATE|DELETE FROM|CREATE|DROP|ALTER)\b")

# Which database it is makes no difference to what the marketplace does.
pytestmark = pytest.mark.parametrize("database", ["sqlite"])


def written(world: World) -> list[str]:
    """Collect every statement from now on that changes rows."""
    statements: list[str] = []

    @event.listens_for(world.store.engine, "before_cursor_execute")
    def _note(_connection: Connection, _cursor: Any, statement: str, *_rest: Any) -> None:
        if WRITES.match(statement):
            statements.append(statement)

    return statements


@pytest.mark.parametrize(("slug", "kind"), FAULTS)
async def test_after_any_fault_the_store_equals_the_books_and_each_sale_rang_once(
    world: World, kind: str
) -> None:
    world.vendor.fill_history(30, days=150)
    sold: list[str] = []
    await world.polls(1)
    for count in (1, 30):
        world.vendor.fault(kind, times=2)
        sold += [world.vendor.sell() for _ in range(count)]
        await world.polls(2)
        world.vendor.clear_faults()
        await world.polls(1)
    await world.settle()
    assert world.differences() == []
    rings = world.rings()
    # A shift lets the vendor sell more while it answers.
    assert {*sold} == set(rings) if kind != "shift" else {*sold} < set(rings)
    assert set(rings.values()) == {1}
    assert world.set_aside() == []


async def test_faults_during_the_first_polls_lose_nothing_and_ring_for_nothing(
    world: World,
) -> None:
    world.vendor.fill_history(230, days=180)
    for kind in world.vendor.fault_kinds:
        if kind == "shift":
            continue
        world.vendor.fault(kind, probability=0.3)
        await world.polls(1)
        world.vendor.clear_faults()
        world.restart()
    await world.settle()
    assert (world.differences(), world.rings()) == ([], {})


async def test_a_wait_of_a_day_is_stored_and_outlives_the_poller(world: World) -> None:
    await world.tick()
    world.vendor.misbehave("429 with Retry-After")
    sold = world.vendor.sell()
    await world.polls(1)
    asked = world.http.asked
    until = world.clock() + DAY
    assert world.record().not_before == until
    for _ in range(23):
        world.restart()
        await world.polls(2, every=timedelta(minutes=30))
    assert (world.http.asked, world.rings(), world.troubles()) == (asked, {}, [])
    await world.polls(2, every=timedelta(minutes=31))
    assert world.rings() == {sold: 1}
    assert world.record().not_before is None


async def test_a_429_without_a_time_waits_longer_each_time(world: World) -> None:
    await world.tick()
    for _ in range(40):
        world.vendor.misbehave("429")
    asked = world.http.asked
    await world.polls(30)
    assert 4 <= world.http.asked - asked <= 10


async def test_failures_in_a_row_space_the_polls_out(world: World) -> None:
    await world.tick()
    world.vendor.fault("500", times=10**6)
    asked = []
    for _ in range(13):
        before = world.http.asked
        await world.polls(1)
        asked.append(world.http.asked - before)
    assert [number for number, count in enumerate(asked) if count] == [0, 1, 3, 7, 12]
    world.vendor.clear_faults()
    sold = world.vendor.sell()
    await world.polls(5)
    assert world.rings() == {sold: 1}


async def test_trouble_is_told_once_after_a_quarter_of_an_hour_and_again_when_it_returns(
    world: World,
) -> None:
    await world.tick()
    world.vendor.fault("500", times=10**6)
    await world.polls(12)
    assert world.troubles() == []
    await world.polls(60)
    assert [title for title, _ in world.troubles()] == ["prints does not answer"]
    world.restart()
    await world.polls(30)
    assert len(world.troubles()) == 1
    assert world.record().problem is not None
    world.vendor.clear_faults()
    await world.polls(6)
    assert world.record().problem is None
    world.vendor.fault("500", times=10**6)
    await world.polls(60)
    assert [title for title, _ in world.troubles()] == [
        "prints does not answer",
        "prints works again",
        "prints does not answer",
    ]


async def test_lasting_trouble_is_told_again_each_day_and_its_end_once(world: World) -> None:
    await world.tick()
    world.vendor.fault("500", times=10**6)
    await world.polls(3 * 24 * 4 + 1, every=15 * MINUTE)
    told = world.troubles()
    assert [title for title, _ in told] == [
        "prints does not answer",
        "Still: prints does not answer",
        "Still: prints does not answer",
    ]
    assert [body.partition(" now. ")[0] for _, body in told[1:]] == ["For 24 hours", "For 2 days"]
    world.restart()
    world.vendor.clear_faults()
    await world.polls(30)
    world.restart()
    await world.polls(30)
    assert world.troubles()[3:] == [
        ("prints works again", "It lasted 3 days. What was sold meanwhile is told now.")
    ]


async def test_a_failure_that_was_not_told_ends_without_a_word(world: World) -> None:
    await world.tick()
    world.vendor.fault("500", times=2)
    await world.polls(20)
    assert (world.record().problem, world.troubles()) == (None, [])


@contextmanager
def refusing(world: World) -> Iterator[None]:
    """Let the vendor refuse the token for a while."""
    access = cast("Any", world.vendor).gumroad.access
    token = access.token
    world.vendor.misbehave("401")
    yield
    access.token = token


@pytest.mark.parametrize("slug", ["gumroad"])  # elsewhere a refused login stays refused
async def test_a_refusal_that_comes_and_goes_is_told_once_an_hour(world: World) -> None:
    await world.tick()
    for _ in range(5):
        with refusing(world):
            await world.polls(1)
        await world.polls(15)
    assert [title for title, _ in world.troubles()] == [
        "prints needs you",
        "prints works again",
        "prints needs you",
        "prints works again",
    ]


@pytest.mark.parametrize("slug", ["gumroad"])  # as above
async def test_what_a_command_told_the_daemon_does_not_tell_once_more(world: World) -> None:
    await world.tick()
    command = world.new_poller()
    with refusing(world):
        with pytest.raises(AuthError):
            await command.attempt()
        await world.polls(1)
        assert [title for title, _ in world.troubles()] == ["prints needs you"]
    await command.attempt()
    await world.polls(20)
    assert [title for title, _ in world.troubles()] == ["prints needs you", "prints works again"]


@pytest.mark.parametrize("slug", ["gumroad"])  # the marketplace makes no difference
async def test_trouble_is_judged_by_the_rules_for_its_shop(world: World) -> None:
    book = world.telling.book
    rule = Rule(kinds=frozenset({"trouble"}), shops=frozenset({"prints"}), channels=("desk",))
    world.telling = replace(world.telling, book=replace(book, rules=(rule,)))
    world.restart()
    world.vendor.misbehave("401")
    await world.polls(1)
    assert [(row.channel, row.title) for row in world.messages()] == [("desk", "prints needs you")]


async def test_a_refused_login_is_told_once_and_seldom_tried_again(world: World) -> None:
    await world.tick()
    world.vendor.misbehave("401")
    world.vendor.sell()
    await world.polls(1)
    record = world.record()
    assert (record.login_needed, bool(record.action)) == (True, True)
    assert [title for title, _ in world.troubles()] == ["prints needs you"]
    asked = world.http.asked
    await world.polls(14)
    assert world.http.asked == asked
    await world.polls(120)
    assert 0 < world.http.asked - asked < 30
    assert len(world.troubles()) == 1


@pytest.mark.parametrize("slug", ["etsy"])  # elsewhere the settings hold the token
async def test_a_new_login_is_picked_up_without_a_restart(world: World) -> None:
    await world.tick()
    world.vendor.misbehave("401")
    sold = world.vendor.sell()
    await world.polls(16)
    login = world.vendor.login()
    assert login is not None
    world.vendor.clear_faults()
    world.keep_login(login)
    await world.polls(1)
    assert world.rings() == {sold: 1}
    assert world.record().login_needed is False


async def test_a_refusal_is_asked_again_at_once_after_a_restart(world: World) -> None:
    await world.tick()
    world.vendor.misbehave("403")
    await world.polls(5)
    asked = world.http.asked
    world.restart()
    await world.polls(1)
    assert world.http.asked > asked
    assert len(world.troubles()) == 1


async def test_a_shop_whose_summary_is_missing_is_swept_all_the_same(world: World) -> None:
    world.http.missing = ("/sales/summary", "/payment-account/")
    old = world.vendor.sell(created_at=world.ago(days=20))
    await world.polls(17)
    world.vendor.refund(old)
    await world.polls(24, every=timedelta(hours=1))
    assert world.sales()[old].status == "refunded"
    assert world.record().problem is None


@pytest.mark.parametrize("slug", ["gumroad"])  # the one whose search times out
async def test_what_an_account_too_large_to_search_holds_is_read_in_narrower_windows(
    world: World,
) -> None:
    world.vendor.fill_history(200, days=700)
    world.vendor.fault("big_account", days=45)
    await world.tick()
    assert world.differences() == []
    world.clock.now += 60 * DAY
    sold = [world.vendor.sell(created_at=world.ago(days=days)) for days in (0, 2, 25, 58)]
    world.restart()
    await world.polls(5)
    assert world.rings() == dict.fromkeys(sold, 1)
    assert world.differences() == []


async def test_an_order_that_cannot_be_read_is_told_once_and_rings_when_it_can(
    world: World,
) -> None:
    await world.tick()
    sold = [world.vendor.sell() for _ in range(4)]
    world.vendor.spoil(sold[1])
    await world.polls(20)
    world.restart()
    await world.polls(20)
    assert world.rings() == dict.fromkeys([sold[0], *sold[2:]], 1)
    assert [external_id for external_id, _ in world.set_aside()] == [sold[1]]
    assert [title for title, _ in world.troubles()] == ["1 order of prints could not be read"]
    world.vendor.clear_faults()
    await world.polls(15)
    assert world.rings() == dict.fromkeys(sold, 1)
    assert world.set_aside() == []
    assert world.differences() == []


async def test_an_old_order_that_becomes_readable_does_not_ring(world: World) -> None:
    old = world.vendor.sell(created_at=world.ago(days=2))
    world.vendor.spoil(old)
    await world.polls(3)
    world.vendor.clear_faults()
    await world.polls(15)
    assert (world.rings(), world.differences()) == ({}, [])


async def test_a_warm_poll_writes_only_the_time_of_a_good_poll_once_a_minute(
    make_world: MakeWorld,
) -> None:
    world = make_world(every=timedelta(seconds=1))
    world.vendor.fill_history(40, days=200)
    world.vendor.sell(created_at=world.ago(hours=1))
    await world.polls(2)
    statements = written(world)
    quiet = 0
    for _ in range(180):
        before = len(statements)
        world.clock.advance(seconds=1)
        await world.poller.attempt()
        quiet += len(statements) == before
    assert quiet == 177
    tables = {WRITES.sub("", statement, count=1).split()[0] for statement in statements}
    assert tables == {"shops", "accounts"}
