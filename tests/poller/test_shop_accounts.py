"""A shop's name and the account behind it: renamed tables, other accounts, two at once."""

import asyncio
from collections import Counter
from typing import Any

from sqlalchemy import select

from salesdaemon.store.sales import SaleFilter, list_sales
from salesdaemon.store.tables import accounts, shops
from tests.marketplaces.harness import BaseHarness, Clock, load
from tests.poller.conftest import MakeWorld
from tests.poller.world import World


def another_account(slug: str, clock: Clock) -> BaseHarness:
    """Open a shop of somebody else at the same vendor."""
    options: dict[str, Any] = {"etsy": {"shop_id": 777}, "gumroad": {"user_id": "someone else=="}}
    return load(slug)(clock, seed=2, **options[slug])


def names(world: World) -> tuple[set[str], set[str]]:
    """Return the names that accounts and shops are stored under."""
    with world.store.read() as connection:
        return (
            set(connection.scalars(select(accounts.c.shop))),
            set(connection.scalars(select(shops.c.shop))),
        )


async def test_a_renamed_table_keeps_its_history_its_watch_and_its_silence(world: World) -> None:
    world.vendor.fill_history(40, days=100)
    await world.tick()
    known = world.vendor.sell()
    await world.polls(2)
    since = world.watch_since()
    world.shop = "posters"
    world.configured = {"posters": world.vendor.marketplace.slug}
    world.restart()
    sold = world.vendor.sell()
    await world.polls(3)
    assert {sale.shop for sale in world.sales().values()} == {"posters"}
    assert names(world) == ({"posters"}, {"posters"})
    assert world.watch_since() == since
    assert world.rings() == {known: 1, sold: 1}
    assert world.differences() == []


async def test_another_account_under_an_old_name_is_refused_and_told_once(
    world: World, slug: str, clock: Clock
) -> None:
    first = world.vendor
    first.fill_history(20)
    await world.tick()
    before = world.sales()
    world.vendor = another_account(slug, clock)
    world.vendor.fill_history(20)
    world.http.app = world.vendor.app
    login = world.vendor.login()
    if login is not None:
        world.keep_login(login)
    world.restart()
    await world.polls(40)
    assert world.sales() == before
    assert world.record().login_needed is True
    assert "belongs to account" in str(world.record().problem)
    assert [title for title, _ in world.troubles()] == ["prints needs you"]
    assert world.rings() == {}


async def test_the_same_account_in_two_tables_is_polled_once(world: World, slug: str) -> None:
    await world.tick()
    world.configured = {"prints": slug, "posters": slug}
    twin = World.__new__(World)
    twin.__dict__.update(world.__dict__)
    twin.shop = "posters"
    login = twin.vendor.login()
    if login is not None:
        twin.keep_login(login)
    twin.restart()
    sold = world.vendor.sell()
    world.clock.advance(minutes=1)
    await twin.tick()
    await world.tick()
    assert "open the same account" in str(twin.record().problem)
    assert names(world)[0] == {"prints"}
    assert world.rings() == {sold: 1}


async def test_two_shops_of_two_accounts_do_not_mix(
    make_world: MakeWorld, slug: str, clock: Clock, world: World
) -> None:
    world.configured = {"prints": slug, "posters": slug}
    other = World(another_account(slug, clock), world.store, clock, world.folder, shop="posters")
    other.configured = world.configured
    other.restart()
    for each in (world, other):
        each.vendor.fill_history(30)
        await each.tick()
    sold = [each.vendor.sell() for each in (world, other)]
    clock.advance(minutes=1)
    for each in (world, other):
        await each.tick()
    assert world.rings() == Counter(sold)  # two shops of a vendor may number alike
    with world.store.read() as connection:
        stored = list(list_sales(connection, SaleFilter(), {}))
    by_shop = {(sale.shop, sale.sale_id) for sale in stored}
    assert {("prints", sold[0]), ("posters", sold[1])} <= by_shop
    assert len(by_shop) == 62


async def test_two_processes_that_poll_one_shop_ring_once(world: World) -> None:
    world.vendor.fill_history(30)
    await world.tick()
    command = world.new_poller()
    sold = [world.vendor.sell() for _ in range(30)]
    world.clock.advance(minutes=1)
    await asyncio.gather(command.attempt(), world.tick())
    await world.polls(16)
    assert world.rings() == dict.fromkeys(sold, 1)
    assert world.differences() == []


async def test_what_sync_stored_first_rings_all_the_same(world: World) -> None:
    await world.tick()
    sold = [world.vendor.sell() for _ in range(3)]
    await world.new_poller().sync(None, lambda _orders, _oldest: None)
    await world.polls(2)
    assert world.rings() == dict.fromkeys(sold, 1)
    assert world.differences() == []


async def test_a_sync_before_the_first_poll_rings_for_nothing(world: World) -> None:
    world.vendor.fill_history(330, days=300)
    progress: list[int] = []
    stored = await world.new_poller().sync(None, lambda orders, _oldest: progress.append(orders))
    assert (stored, progress[-1] >= 330) == (330, True)
    assert (world.watch_since(), world.rings()) == (None, {})
    world.restart()
    await world.polls(2)
    assert (world.rings(), world.differences()) == ({}, [])
    sold = world.vendor.sell()
    await world.polls(1)
    assert world.rings() == {sold: 1}
