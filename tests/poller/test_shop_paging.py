"""Pages that do not lead on, clocks that differ, and answers that come twice."""

from dataclasses import replace
from datetime import timedelta

import pytest

from salesdaemon.errors import PayloadError, UnavailableError, WindowTooWideError
from salesdaemon.marketplaces.base import Page, Window
from tests.marketplaces.harness import Clock
from tests.poller.conftest import MakeWorld
from tests.poller.relaying import Relaying
from tests.poller.world import DAY, MINUTE, World

# Which database it is makes no difference to what the marketplace does.
pytestmark = pytest.mark.parametrize("database", ["sqlite"])


async def test_after_a_failed_sweep_all_that_is_due_is_read_in_one_go(world: World) -> None:
    class Failing(Relaying):
        fails = False

        async def fetch_window(self, window: Window, cursor: str | None) -> Page:
            if self.fails:
                raise UnavailableError("Not now.")
            return await super().fetch_window(window, cursor)

    world.wrap = Failing
    world.restart()
    old = [world.vendor.sell(created_at=world.ago(days=days)) for days in (2, 20, 100)]
    await world.tick()
    for sale in old:
        world.vendor.refund(sale)
    Failing.fails = True
    await world.polls(1, every=DAY)
    Failing.fails = False
    await world.polls(1, every=10 * MINUTE)
    assert [world.sales()[sale].status for sale in old] == ["refunded"] * 3


async def test_even_a_single_day_that_cannot_be_searched_only_delays(world: World) -> None:
    class Slow(Relaying):
        slow = True

        async def fetch_window(self, window: Window, cursor: str | None) -> Page:
            if self.slow:
                raise WindowTooWideError("Too wide.")
            return await super().fetch_window(window, cursor)

    world.wrap = Slow
    world.restart()
    world.vendor.fill_history(50, days=100)
    await world.tick()
    sold = world.vendor.sell()
    await world.polls(10)
    assert world.rings() == {sold: 1}
    Slow.slow = False
    await world.polls(10)
    assert world.differences() == []


async def test_a_page_cursor_that_became_invalid_begins_again_where_it_was(world: World) -> None:
    class Forgetful(Relaying):
        asked = 0

        async def fetch_window(self, window: Window, cursor: str | None) -> Page:
            Forgetful.asked += 1
            if cursor is not None and Forgetful.asked % 3 == 0:
                raise PayloadError("Gone.", path="page_key")
            return await super().fetch_window(window, cursor)

    world.wrap = Forgetful
    world.restart()
    world.vendor.fill_history(330, days=300)
    await world.tick()
    await world.polls(20)
    assert world.differences() == []


async def test_a_marketplace_that_refuses_every_cursor_is_not_asked_without_end(
    world: World,
) -> None:
    class Useless(Relaying):
        asked = 0

        async def fetch_window(self, window: Window, cursor: str | None) -> Page:
            Useless.asked += 1
            assert Useless.asked < 500, "it is asked without end"
            if cursor is not None:
                raise PayloadError("Gone.", path="page_key")
            return await super().fetch_window(window, cursor)

    world.wrap = Useless
    world.restart()
    now = world.clock()
    for _ in range(230):
        world.vendor.sell(created_at=now - timedelta(hours=5))
    await world.tick()
    sold = world.vendor.sell()
    await world.polls(1)
    assert world.rings() == {sold: 1}


async def test_a_cursor_that_expired_is_gone_around_however_rarely_it_is_asked(
    world: World,
) -> None:
    expired: set[str] = set()

    class Expiring(Relaying):
        """The first page of the oldest sweep leads on only if it was asked for just now."""

        first = True

        async def fetch_window(self, window: Window, cursor: str | None) -> Page:
            if cursor in expired:
                raise UnavailableError("It leads nowhere any more.")
            page = await super().fetch_window(window, cursor)
            if cursor is None and window.end is not None:
                expired.clear()
                if page.cursor is not None and Expiring.first:
                    Expiring.first = False
                    expired.add(page.cursor)
            return page

    world.wrap = Expiring
    world.restart()
    old = [world.vendor.sell(created_at=world.ago(days=50, minutes=n)) for n in range(230)]
    await world.tick()
    for sale in old:
        world.vendor.refund(sale)
    await world.polls(4, every=DAY + MINUTE)
    assert not Expiring.first
    assert {sale.status for sale in world.sales().values()} == {"refunded"}


@pytest.mark.parametrize("skew", [-10 * MINUTE, 10 * MINUTE, -2 * DAY, 2 * DAY], ids=str)
async def test_a_clock_that_differs_from_the_vendors_changes_nothing(
    make_world: MakeWorld, clock: Clock, skew: timedelta
) -> None:
    world = make_world()
    ours = Clock(clock() + skew)
    world.clock = ours
    world.poller = world.new_poller()
    world.vendor.fill_history(30, days=10)
    await world.tick()
    assert world.watch_since() == clock()
    for _ in range(4):
        clock.advance(minutes=1)
        await world.polls(1)
    sold = [world.vendor.sell(created_at=clock()) for _ in range(30)]
    clock.advance(minutes=1)
    await world.polls(1)
    assert world.rings() == dict.fromkeys(sold, 1)
    assert world.differences() == []


async def test_an_order_from_the_vendors_future_hides_no_other(world: World) -> None:
    world.vendor.sell(created_at=world.clock() + 3 * DAY)
    await world.tick()
    assert world.rings() == {}
    future = world.vendor.sell(created_at=world.clock() + 2 * DAY)
    sold = []
    for _ in range(3):
        sold += [world.vendor.sell(created_at=world.clock()) for _ in range(30)]
        await world.polls(1)
    assert world.rings() == dict.fromkeys([future, *sold], 1)
    assert world.differences() == []


async def test_a_vendor_without_a_clock_is_watched_by_ours(world: World) -> None:
    world.http.hidden_headers = frozenset({"date"})
    world.vendor.fill_history(40, days=2)
    await world.tick()
    sold = world.vendor.sell()
    await world.polls(2)
    assert (world.rings(), world.differences()) == ({sold: 1}, [])


async def test_a_duplicate_delivery_is_recorded_once(world: World) -> None:
    class Stuttering(Relaying):
        async def fetch_newest(self, window: Window, cursor: str | None) -> Page:
            page = await super().fetch_newest(window, cursor)
            return replace(page, sales=(*page.sales, *page.sales))

    world.wrap = Stuttering
    world.restart()
    await world.tick()
    sold = [world.vendor.sell() for _ in range(5)]
    await world.polls(3)
    assert world.rings() == dict.fromkeys(sold, 1)
    assert world.differences() == []
