"""The poller of one shop against each pretend vendor: what is stored, and what rings."""

from datetime import timedelta

import pytest

from tests.marketplaces.harness import Clock
from tests.poller.conftest import MakeWorld
from tests.poller.world import DAY, World

# Where the claim is when something is asked, which database keeps the answers says nothing more.
on_one_database = pytest.mark.parametrize("database", ["sqlite"])
LISTS_UNPAID = ["etsy"]  # the marketplaces whose lists hold orders that nobody has paid yet


async def test_history_is_stored_and_never_rings(world: World) -> None:
    world.vendor.fill_history(150)
    await world.tick()
    assert world.differences() == []
    assert len(world.sales()) == 150
    assert (world.rings(), world.kinds()) == ({}, {})
    assert world.watch_since() == world.clock()


async def test_a_sale_rings_at_the_next_poll(world: World) -> None:
    world.vendor.fill_history(30)
    await world.tick()
    sold = world.vendor.sell(created_at=world.clock() + timedelta(seconds=20))
    await world.polls(1)
    assert world.rings() == {sold: 1}
    await world.polls(20)
    assert world.rings() == {sold: 1}
    assert world.differences() == []


async def test_what_the_first_poll_shows_is_history_even_from_that_second(world: World) -> None:
    world.vendor.fill_history(30)
    seen = [world.vendor.sell() for _ in range(3)]
    await world.tick()
    unseen = [world.vendor.sell() for _ in range(3)]
    await world.polls(3)
    assert set(world.sales()) > {*seen, *unseen}
    assert world.rings() == dict.fromkeys(unseen, 1)


@on_one_database
async def test_a_sale_while_history_is_still_being_read_rings(world: World) -> None:
    world.vendor.fill_history(250, days=100)
    asked = []
    sold: list[str] = []

    def sell_at_the_fourth_request() -> None:
        asked.append(1)
        if len(asked) == 4:
            sold.append(world.vendor.sell())

    world.http.before = sell_at_the_fourth_request
    await world.tick()
    assert len(asked) > 4
    await world.polls(1)
    assert world.rings() == {sold[0]: 1}
    assert world.differences() == []


@on_one_database
async def test_history_goes_on_after_a_restart_in_the_middle_of_it(world: World) -> None:
    world.vendor.fill_history(700, days=300)
    requests = []

    def time_passes() -> None:
        requests.append(1)
        world.clock.advance(seconds=10)

    world.http.before = time_passes
    await world.tick()
    halfway = len(world.sales())
    assert 0 < halfway < 700
    for _ in range(30):
        world.restart()
        await world.polls(1)
    world.http.before = lambda: None
    assert world.differences() == []
    assert world.rings() == {}


async def test_an_empty_shop_rings_for_its_first_sale(world: World) -> None:
    await world.tick()
    await world.polls(5)
    assert (world.sales(), world.kinds()) == ({}, {})
    sold = world.vendor.sell()
    await world.polls(1)
    assert world.rings() == {sold: 1}


@on_one_database
@pytest.mark.parametrize("pause", [DAY / 2, 5 * DAY, 40 * DAY], ids=lambda pause: f"{pause.days}d")
async def test_a_burst_over_several_pages_is_read_by_the_first_poll_after_a_pause(
    make_world: MakeWorld, pause: timedelta
) -> None:
    world = make_world(vendor={"lifetime": 99 * DAY})
    world.vendor.fill_history(20)
    await world.tick()
    world.clock.now += pause
    sold = [
        world.vendor.sell(created_at=world.clock() - pause * number / 120) for number in range(115)
    ]
    world.restart()
    await world.poller.attempt()
    assert world.rings() == dict.fromkeys(sold, 1)
    missed = {row.external_id: row.missed for row in world.messages()}
    assert missed == {key: key != sold[0] for key in sold}  # the newest was paid as it started


async def test_a_burst_in_one_second_that_is_known_in_part_is_read_to_its_end(
    world: World,
) -> None:
    await world.tick()
    world.clock.advance(seconds=30)
    known = [world.vendor.sell() for _ in range(60)]
    await world.poller.attempt()
    fresh = [world.vendor.sell() for _ in range(60)]
    await world.poller.attempt()
    assert world.rings() == dict.fromkeys([*known, *fresh], 1)


async def test_a_quiet_shop_that_sells_while_the_daemon_is_down_gets_one_recap(
    make_world: MakeWorld,
) -> None:
    world = make_world(vendor={"lifetime": 99 * DAY})
    world.vendor.sell(created_at=world.ago(days=200))
    await world.tick()
    await world.polls(3)
    world.clock.now += 10 * DAY
    sold = [world.vendor.sell(created_at=world.ago(days=days)) for days in (2, 4, 8)]
    world.restart()
    await world.poller.attempt()
    assert world.rings() == dict.fromkeys(sold, 1)
    assert all(row.missed for row in world.messages())


@pytest.mark.parametrize("slug", LISTS_UNPAID)
async def test_a_known_unpaid_order_rings_at_the_poll_after_its_payment(world: World) -> None:
    order = world.vendor.sell_unpaid(created_at=world.ago(days=2))
    assert order is not None
    await world.tick()
    assert world.sales()[order].status == "unpaid"
    await world.polls(100)
    assert world.rings() == {}
    world.vendor.pay(order)
    await world.polls(1)
    assert world.rings() == {order: 1}
    assert world.differences() == []


@pytest.mark.parametrize("slug", LISTS_UNPAID)
async def test_a_shop_whose_only_orders_are_unpaid_rings_for_each_that_is_paid(
    world: World,
) -> None:
    orders = [world.vendor.sell_unpaid(created_at=world.ago(days=age)) for age in range(40)]
    await world.tick()
    paid = [order for order in orders[::2] if order]
    for order in paid:
        world.vendor.pay(order)
    await world.polls(11)  # those that vanish from a list are asked for one by one, in turns
    assert world.rings() == dict.fromkeys(paid, 1)
    assert world.differences() == []


@on_one_database
@pytest.mark.parametrize(
    ("age", "polls"), [(0.2, 15), (2.9, 15), (6, 1440), (29, 1440), (100, 1440), (189, 1440)]
)
async def test_an_order_listed_late_rings_in_time(
    make_world: MakeWorld, clock: Clock, age: float, polls: int
) -> None:
    world = make_world(vendor={"lifetime": 99 * DAY})
    world.vendor.fill_history(40, days=180)
    world.vendor.sell(created_at=world.ago(days=1))
    await world.tick()
    await world.polls(1)
    late = world.vendor.sell(created_at=world.ago(days=age), listed_at=world.clock())
    if polls == 15:
        await world.polls(15)
    else:
        await world.polls(24, every=timedelta(hours=1))
    assert world.rings() == {late: 1}
    assert world.differences() == []


@on_one_database
async def test_a_refund_of_long_ago_is_found_within_a_day(world: World) -> None:
    world.vendor.fill_history(40, days=180)
    old = world.vendor.sell(created_at=world.ago(days=100))
    await world.tick()
    await world.polls(2)
    world.vendor.refund(old)
    await world.polls(24, every=timedelta(hours=1))
    assert world.sales()[old].status == "refunded"
    assert (world.rings(), world.kinds()) == ({}, {"refund": 1})
    assert world.differences() == []


@on_one_database
async def test_the_tripwire_finds_a_refund_of_the_last_month_within_fifteen_polls(
    world: World,
) -> None:
    old = world.vendor.sell(created_at=world.ago(days=20))
    world.vendor.fill_history(40, days=60)
    await world.tick()
    await world.polls(16)  # a tripwire is compared with what it said before
    world.vendor.refund(old)
    await world.polls(15)
    assert world.sales()[old].status == "refunded"
    assert (world.rings(), world.kinds()) == ({}, {"refund": 1})


async def test_a_dispute_or_cancellation_is_told_and_does_not_ring(world: World) -> None:
    sold = world.vendor.sell(created_at=world.ago(hours=5))
    await world.tick()
    world.vendor.dispute(sold)
    await world.polls(15)
    assert world.sales()[sold].status in {"disputed", "cancelled"}
    assert world.rings() == {}
    assert sum(world.kinds().values()) == 1
    assert world.differences() == []


async def test_a_refund_in_two_parts_is_told_twice_and_never_rings(world: World) -> None:
    sold = world.vendor.sell(created_at=world.ago(hours=5), price=2000)
    await world.tick()
    for _ in range(2):
        world.vendor.refund(sold, 500)
        await world.polls(15)
        assert world.differences() == []
    assert (world.rings(), world.kinds()) == ({}, {"refund": 2})


async def test_a_sale_refunded_before_it_was_seen_still_rings_once(world: World) -> None:
    await world.tick()
    sold = world.vendor.sell()
    world.vendor.refund(sold)
    await world.polls(20)
    assert world.rings() == {sold: 1}
    assert world.differences() == []


@on_one_database
async def test_a_warm_poll_is_one_request(world: World) -> None:
    for hours in range(60):
        world.vendor.sell(created_at=world.ago(hours=hours))
    await world.tick()
    await world.polls(2)
    assert not [sale for sale in world.sales().values() if sale.status == "unpaid"]
    asked = world.http.asked
    await world.polls(10)
    assert world.http.asked - asked == 10
