"""`digest --send` beside the daemon: who wants a digest gets it, once, and no news is lost."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import URL

from salesdaemon import digesting
from salesdaemon.application import Application
from salesdaemon.domain.digests import DigestKind
from tests.digest_world import DAY, STARTED, World, started_world, words
from tests.factories import sale

HOUR = timedelta(hours=1)
SOLD_ON = date(2026, 11, 18)
MORNING = STARTED + DAY
DAILY = '[digest]\nweekly = "off"\nmonthly = "off"\nyearly = "off"\n'
SKIPPING = f'{DAILY}empty_day = "skip"\n'


@pytest.fixture
def world(store_url: URL, tmp_path: Path) -> Iterator[World]:
    yield from started_world(store_url, tmp_path)


def configure(
    world: World, digest: str = DAILY, *, to: tuple[str, ...] = ("me@example.com",)
) -> None:
    world.digest, world.to = digest, to
    world.start()


async def send(world: World) -> list[str]:
    """Send the digest of the first day by hand."""
    return await digesting.send_now(world.app, DigestKind.DAILY, SOLD_ON)


async def test_an_empty_day_that_was_skipped_is_sent_when_its_owner_asks_for_it(
    world: World,
) -> None:
    configure(world, SKIPPING)
    assert await world.tick(MORNING) == []
    assert await send(world) == ["me@example.com: 2.0.0 queued as 4711"]
    assert [mail["To"] for mail in world.post.mails] == ["me@example.com"]


async def test_what_became_known_before_a_late_recipient_was_written_to_is_no_less_news(
    world: World,
) -> None:
    configure(world)
    await world.tick(MORNING)
    world.now = MORNING + HOUR
    world.sold(sale("late", paid_at=STARTED))
    configure(world, to=("me@example.com", "you@example.com"))
    world.now += HOUR
    await send(world)
    (mine, yours) = await world.tick(MORNING + DAY)
    assert "Late sale" in words(mine)
    assert "Late sale" in words(yours)


async def test_what_became_known_before_a_skipped_digest_was_sent_is_told_in_it(
    world: World,
) -> None:
    world.now = STARTED - DAY
    world.sold(sale(paid_at=STARTED - 3 * DAY))
    configure(world, SKIPPING)
    await world.tick(MORNING)
    world.now = MORNING + HOUR
    world.sold(sale("late", paid_at=STARTED - 3 * DAY))
    world.now += HOUR
    await send(world)
    assert "Late sale" in words(world.post.mails[-1])
    await world.tick(MORNING + DAY)
    assert "Late sale" not in "".join(map(words, world.post.mails[1:]))


async def test_who_is_no_recipient_any_more_gets_nothing_that_waited(world: World) -> None:
    configure(world)
    world.post.close()
    await world.tick(MORNING)
    configure(world, to=("you@example.com",))
    world.post.open()
    assert [line.partition(":")[0] for line in await send(world)] == ["you@example.com"]
    assert [mail["To"] for mail in world.post.mails] == ["you@example.com"]


async def test_a_digest_that_is_just_leaving_is_not_sent_a_second_time(world: World) -> None:
    configure(world)
    meanwhile = world.settings()
    by_hand: list[str] = []

    def send_meanwhile() -> None:
        world.post.on_accepted = lambda: None
        other = Application(meanwhile, clock=lambda: world.now)
        sending = digesting.send_now(other, DigestKind.DAILY, SOLD_ON)
        with ThreadPoolExecutor(1) as thread:
            by_hand.extend(thread.submit(asyncio.run, sending).result())
        other.store.close()

    world.post.on_accepted = send_meanwhile
    await world.tick(MORNING)
    assert by_hand == ["me@example.com: another process is sending it"]
    assert len(world.post.mails) == 1


async def test_a_push_that_was_entered_just_now_did_not_go_out_already(world: World) -> None:
    configure(world, f'{DAILY}channels = ["phone"]\n')
    world.now = MORNING
    assert "channel:phone: waits in the outbox" in await send(world)
    world.now += HOUR
    again = await send(world)
    assert [": went out already at " in line for line in again] == [True, True]


async def test_days_without_any_way_out_are_no_gap(world: World) -> None:
    world.mail = False
    configure(world)
    await world.run(10)
    world.mail = True
    configure(world)
    (first,) = await world.tick(world.now + DAY)
    assert "did not go out" not in words(first)
