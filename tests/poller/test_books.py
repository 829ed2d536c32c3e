"""The books are read beside the polls: figures become exact, and nothing waits for them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random
from typing import Any, cast

import pytest
from sqlalchemy import func, select

from salesdaemon.domain.money import to_text
from salesdaemon.errors import (
    AuthError,
    MarketplaceError,
    PayloadError,
    RateLimitError,
    UnavailableError,
)
from salesdaemon.marketplaces.base import CatalogueEntry, Feed, LedgerPage, Window
from salesdaemon.poller.plan import Plan
from salesdaemon.store.settling import load_scales
from salesdaemon.store.shop_lines import list_shop_lines
from salesdaemon.store.tables import accounts, changes, entries, sales
from tests.poller.conftest import MakeWorld
from tests.poller.world import DAY, MINUTE, ZONE, World

LEDGER = "ledger-entries"

# Which database it is makes no difference to what the marketplace does.
pytestmark = pytest.mark.parametrize("database", ["sqlite"])

only_etsy = pytest.mark.parametrize("slug", ["etsy"])


def etsy(world: World) -> Any:
    return cast("Any", world.vendor).etsy


def settled_differences(world: World) -> list[tuple[object, object]]:
    """List where stored figures differ from what the vendor's account makes of each order."""
    stored = world.sales()
    found: list[tuple[object, object]] = []
    for book in cast("Any", world.vendor).settled_books():
        one = stored[book["sale_id"]]
        facts: dict[str, Any] = {"fees_exact": one.fees_exact, "status": one.status.value}
        for name in ("refunded", "fees", "fees_refunded", "net"):
            exact = one.fees_exact or name == "refunded"
            minor = getattr(one, f"{name}_minor")
            facts[name] = to_text(minor, one.currency) if exact else None
        facts["settled"] = None
        if one.settled_currency is not None and one.settled_net_minor is not None:
            net = to_text(one.settled_net_minor, one.settled_currency)
            facts["settled"] = {"currency": one.settled_currency, "net": net}
        expected = {name: book[name] for name in facts}
        if facts != expected:
            found.append(((book["sale_id"], facts), expected))
    return found


def furnish(world: World) -> None:
    """Give the shop a past with a bit of everything."""
    world.vendor.fill_history(150, days=200)
    shop = etsy(world)
    old = world.clock() - 20 * DAY
    items = [
        {"title": "Mug", "is_digital": False, "price": 2000, "quantity": 2, "listing_id": 7},
        {"title": "Plan", "price": 1001, "listing_id": 8},
    ]
    for refund in (None, 500, 100_000_000):
        made = shop.add_receipt(
            created_at=old, items=items, shipping=490, tax=311, gift_wrap=150, offsite_ads=True
        )
        if refund is not None:
            shop.refund(made, refund if refund < 5000 else None, at=old + 5 * DAY)
    shop.cancel(shop.add_receipt(created_at=old, tax=190))
    shop.spend("prolist", -321, at=old)
    shop.spend("shipping_labels", -455, at=old)
    shop.spend("moon_dust", 77, role="other", at=old)
    shop.pay_out()


def asked(world: World, part: str = LEDGER) -> int:
    return sum(part in request.path for request in etsy(world).requests)


def exact(world: World) -> int:
    return sum(each.fees_exact for each in world.sales().values())


def kinds_of_changes(world: World) -> list[str]:
    with world.store.read() as connection:
        return list(connection.scalars(select(changes.c.kind).order_by(changes.c.id)))


class Tampered:
    """A feed whose books or catalogue a test may break; all else goes through."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self.before: Callable[[], None] = lambda: None
        self.refused = False
        self.ledger = self.catalogue = 0
        self.catalogue_fails: MarketplaceError | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._feed, name)

    async def fetch_ledger(self, window: Window, cursor: str | None) -> LedgerPage | None:
        self.ledger += 1
        self.before()
        return None if self.refused else await self._feed.fetch_ledger(window, cursor)

    async def fetch_catalogue(self, product_ids: Sequence[str]) -> Mapping[str, CatalogueEntry]:
        self.catalogue += 1
        if self.catalogue_fails is not None:
            raise self.catalogue_fails
        return await self._feed.fetch_catalogue(product_ids)


def tamper(world: World) -> Tampered:
    """Put something between the poller and its feed, over restarts too."""
    tampered = Tampered(world.poller.shop.feed)
    world.wrap = lambda _feed: cast("Feed", tampered)
    world.restart()
    return tampered


# What the books make of the sales


@only_etsy
@pytest.mark.parametrize(
    "vendor",
    [
        pytest.param({}, id="euros"),
        pytest.param({"currency": "JPY", "divisor": 1, "ledger_divisor": 100}, id="yen"),
        pytest.param(
            {"currency": "USD", "payment_currency": "EUR", "rate": "0.8917"}, id="paid in euros"
        ),
        pytest.param({"fees_after": 2 * 86_400}, id="fees days later"),
    ],
)
async def test_the_ledger_makes_fees_exact_and_equals_the_vendors_books(
    make_world: MakeWorld, vendor: dict[str, Any]
) -> None:
    world = make_world(vendor=vendor)
    furnish(world)
    await world.settle()
    sold = world.vendor.sell()
    await world.polls(30)
    world.vendor.refund(sold, 300)
    await world.settle()
    assert settled_differences(world) == []
    settled = [each for each in world.sales().values() if each.settled_net_minor is not None]
    assert exact(world) + len(settled) > 100
    assert world.rings() == {sold: 1}
    assert world.vendor.request_problems() == []


@only_etsy
async def test_a_busy_shop_of_one_product_equals_its_books_after_a_day_of_everything(
    make_world: MakeWorld,
) -> None:
    world = make_world(vendor={"fees_after": 3600})
    world.vendor.fill_history(100, days=28)
    await world.polls(5)
    random, shop, sold = Random(3), etsy(world), []
    for _ in range(40):
        for _ in range(random.randrange(4)):
            mugs = {"title": "Mug", "price": 900, "quantity": random.randrange(1, 4)}
            sold.append(
                shop.add_receipt(
                    items=[{**mugs, "listing_id": 7}],
                    tax=random.choice([0, 77]),
                    shipping=random.choice([0, 300]),
                    discount=random.choice([0, 100]),
                )
            )
        if sold and random.random() < 0.4:
            refunded = random.choice(sold)
            shop.refund(refunded, random.choice([None, 50, 111]))
            if random.random() < 0.3:
                await world.polls(random.randrange(40))
                shop.fail_refund(refunded)
        await world.polls(random.randrange(1, 9), every=random.choice([MINUTE, 7 * MINUTE]))
    await world.settle()
    assert settled_differences(world) == []
    assert world.rings() == dict.fromkeys(map(str, sold), 1)


@only_etsy
async def test_sales_and_the_shops_own_lines_make_the_balance(world: World) -> None:
    furnish(world)
    await world.settle()
    with world.store.read() as connection:
        shop = list_shop_lines(connection, None, None, ZONE)
        own = connection.scalar(
            select(func.sum(entries.c.amount)).where(entries.c.of_sale.is_not(None))
        )
        scale = load_scales(connection, world.poller.account.id).get("EUR", 1)
    account = cast("Any", world.vendor).account()
    assert to_text(int(own or 0) // scale, "EUR") == account["sales"]
    total = int(own or 0) // scale + sum(line.amount_minor for line in shop)
    assert to_text(total, "EUR") == account["balance"]
    with world.store.read() as connection:
        of_sale = entries.c.of_sale == sales.c.external_id
        rows = connection.execute(
            select(sales.c.external_id, sales.c.net_minor, func.sum(entries.c.amount).label("sum"))
            .join_from(sales, entries, of_sale)
            .group_by(sales.c.external_id, sales.c.net_minor)
        ).all()
    assert len(rows) > 100
    assert [row for row in rows if row.net_minor != row.sum] == []


@only_etsy
async def test_reading_the_past_tells_nothing(world: World) -> None:
    furnish(world)
    await world.settle()
    assert exact(world) > 100
    assert (world.messages(), kinds_of_changes(world)) == ([], [])


@only_etsy
async def test_a_refund_that_the_books_alone_show_is_told_once_and_never_rings(
    world: World,
) -> None:
    made = str(etsy(world).add_receipt(created_at=world.clock() - 300 * DAY))
    await world.settle()
    await world.polls(20)
    world.vendor.refund(made)
    await world.polls(40)
    assert world.sales()[made].status.value == "refunded"
    assert (world.kinds(), world.rings()) == ({"refund": 1}, {})
    await world.settle()
    assert (world.kinds(), kinds_of_changes(world)) == ({"refund": 1}, ["refund"])


@only_etsy
async def test_fees_that_became_exact_are_noted_for_new_sales_only(world: World) -> None:
    world.vendor.fill_history(30, days=60)
    await world.settle()
    sold = world.vendor.sell()
    await world.polls(40)
    assert world.sales()[sold].fees_exact
    with world.store.read() as connection:
        rows = connection.execute(select(changes.c.external_id, changes.c.kind)).all()
    assert {row.external_id for row in rows} <= {sold}


# What reading them costs


@only_etsy
async def test_a_still_shop_costs_at_most_one_ledger_request_in_fifteen_polls(
    world: World,
) -> None:
    world.vendor.fill_history(40, days=90)
    await world.settle()
    await world.polls(30)
    before = asked(world)
    await world.polls(150)
    assert asked(world) - before <= 10


async def test_no_look_is_due_before_its_time_after_a_restart(make_world: MakeWorld) -> None:
    world = make_world()
    tampered = tamper(world)
    await world.settle()
    await world.polls(2)
    before = tampered.ledger
    for _ in range(6):
        world.restart()
        await world.polls(1)
    assert tampered.ledger == before


# What goes wrong


@pytest.fixture(
    params=[
        UnavailableError("The books are closed."),
        PayloadError("The books are scribbled over."),
        AuthError("The books are for others.", fix="Sign in."),
        UnavailableError("The answer never came."),
    ],
    ids=["unavailable", "broken", "forbidden", "no answer"],
)
def trouble(request: pytest.FixtureRequest) -> MarketplaceError:
    return cast("MarketplaceError", request.param)


async def test_failing_books_stop_no_poll_no_sweep_and_no_ring(
    world: World, trouble: MarketplaceError
) -> None:
    world.vendor.fill_history(40, days=90)
    tampered = tamper(world)

    def fail() -> None:
        raise trouble

    tampered.before = fail
    await world.polls(5)
    sold = world.vendor.sell()
    world.vendor.refund(world.vendor.sell(created_at=world.clock() - 2 * DAY))
    await world.polls(40)
    assert world.rings()[sold] == 1
    assert (world.differences(), world.troubles()) == ([], [])
    assert world.record().last_good_poll == world.clock()
    plan = world.poller.plan
    assert plan.history_done
    assert all(not sweep.is_due(world.clock()) for sweep in plan.sweeps.values())
    assert 1 < tampered.ledger < 20  # again and again, and ever more seldom


@only_etsy
async def test_books_that_come_back_are_read_where_they_had_stopped(world: World) -> None:
    furnish(world)
    world.vendor.fault("500", times=10**6, path_contains=LEDGER)
    await world.polls(20)
    assert exact(world) == 0
    world.vendor.clear_faults()
    await world.settle()
    assert settled_differences(world) == []


async def test_a_failing_catalogue_stops_no_poll_no_books_and_no_ring(
    world: World, trouble: MarketplaceError
) -> None:
    tampered = tamper(world)
    tampered.catalogue_fails = trouble
    await world.polls(3)
    sold = world.vendor.sell()
    await world.polls(60)
    assert world.rings() == {sold: 1}
    assert tampered.ledger > 1
    assert world.troubles() == []
    assert tampered.catalogue < 20


async def test_books_that_may_not_be_read_are_asked_for_once_a_day(world: World) -> None:
    world.vendor.fill_history(20, days=60)
    tampered = tamper(world)
    await world.settle()
    tampered.refused = True
    await world.polls(20)
    before = tampered.ledger
    await world.polls(96, every=15 * MINUTE)
    assert tampered.ledger - before <= 2


async def test_a_wait_that_the_books_ask_for_is_kept_by_everything(world: World) -> None:
    tampered = tamper(world)

    def limit() -> None:
        raise RateLimitError("Too many.", retry_after_seconds=3600)

    tampered.before = limit
    await world.polls(1)
    assert tampered.ledger == 1
    requests = world.http.asked
    await world.polls(59)
    assert (tampered.ledger, world.http.asked) == (1, requests)
    tampered.before = lambda: None
    await world.polls(3)
    assert tampered.ledger > 1


async def test_books_that_ask_to_wait_after_each_page_are_read_to_the_end_all_the_same(
    world: World,
) -> None:
    world.vendor.fill_history(60, days=150)
    tampered = tamper(world)
    calls = 0

    def limit() -> None:
        nonlocal calls
        calls += 1
        if calls % 2 == 0:
            raise RateLimitError("Too many.", retry_after_seconds=30)

    tampered.before = limit
    await world.polls(150)
    assert world.poller.plan.books.whole


@only_etsy
async def test_what_a_page_told_is_passed_on_although_the_next_one_failed(world: World) -> None:
    made = str(etsy(world).add_receipt(created_at=world.clock() - 300 * DAY))
    await world.settle()
    world.vendor.refund(made)
    tampered = tamper(world)
    calls = 0

    def limit() -> None:
        nonlocal calls
        calls += 1
        if calls > 1:
            raise RateLimitError("Too many.", retry_after_seconds=30)

    tampered.before = limit
    world.clock.now += 40 * DAY  # more than one window
    before = world.told
    await world.polls(1)
    assert calls == 2
    assert world.told > before
    assert world.poller.plan.books.reading is not None
    assert _stored_plan(world).books == world.poller.plan.books


def _stored_plan(world: World) -> Plan:
    with world.store.read() as connection:
        return Plan.from_text(connection.scalar(select(accounts.c.plan)))


# Killed


def _kill_at(numbers: Iterator[int]) -> Callable[[], None]:
    calls, next_kill = 0, next(numbers, None)

    def kill() -> None:
        nonlocal calls, next_kill
        calls += 1
        if calls == next_kill:
            next_kill = next(numbers, None)
            raise KeyboardInterrupt

    return kill


@only_etsy
async def test_a_kill_between_any_two_pages_loses_nothing(world: World) -> None:
    furnish(world)
    tampered = tamper(world)
    tampered.before = _kill_at(iter(range(1, 60, 3)))
    kills = 0
    for _ in range(60):
        try:
            await world.polls(1)
        except KeyboardInterrupt:
            kills += 1
            world.restart()
    assert kills > 5
    tampered.before = lambda: None
    await world.settle()
    assert settled_differences(world) == []
    assert (world.rings(), kinds_of_changes(world)) == ({}, [])


async def test_a_cursor_that_leads_nowhere_any_more_starts_its_window_again(
    make_world: MakeWorld,
) -> None:
    world = make_world()
    world.vendor.fill_history(60, days=60)
    tampered = tamper(world)
    original = tampered.fetch_ledger
    gone: list[str] = []

    async def forgetful(window: Window, cursor: str | None) -> LedgerPage | None:
        if cursor is not None and not gone:
            gone.append(cursor)
            raise PayloadError("No such page.")
        return await original(window, cursor)

    tampered.fetch_ledger = forgetful  # type: ignore[method-assign]  # a feed of the test's own
    await world.settle()
    assert world.poller.plan.books.whole
