"""Milestones as they are told: once each, never by history, together where they come together."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, event

from salesdaemon.domain.sale import Kind, Status
from salesdaemon.observing import Observer
from tests.config_file import SHOP
from tests.databases import image
from tests.factories import BERLIN, WATCH_SINCE, item, sale
from tests.observed import DAY, HOUR, NOW, RENT, World, open_world, past

OTHER_SHOP = '[shops.prints]\nmarketplace = "gumroad"\naccess_token = "other"\n'


# Which database it is makes no difference to these: what they ask of it is asked by others, too.
once = pytest.mark.parametrize("database", ["sqlite"])


@pytest.fixture
def config() -> str:
    """Return what a test adds to the configuration."""
    return ""


@pytest.fixture
def shops() -> str:
    """Return the shops of the configuration."""
    return SHOP


@pytest.fixture
def world(store_url: URL, tmp_path: Path, config: str, shops: str) -> Iterator[World]:
    made = open_world(store_url, tmp_path, config, shops)
    yield made
    made.close()


# Round numbers


async def test_the_very_first_sale_is_told_once_and_not_its_product_beside_it(
    world: World,
) -> None:
    world.begin()
    world.sell()
    assert await world.tick() == [("Your first sale", "Somebody bought from you: may many follow.")]
    assert await world.tick() == []
    world.restart()
    assert await world.tick() == []


@once
async def test_the_hundredth_sale_is_told_and_none_before_or_after_it(world: World) -> None:
    world.begin(*past(98))
    titles = []
    for _ in range(3):
        world.sell()
        titles.append(await world.titles())
    assert titles == [[], ["Your 100th sale"], []]


@pytest.mark.parametrize("summed", [True, False], ids=["summed", "not summed yet"])
async def test_a_round_number_that_history_passes_is_told_by_nobody(
    world: World, *, summed: bool
) -> None:
    world.begin(*past(90))
    world.sell()
    assert await world.tick() == []
    world.read_history(*past(12, name="older", until=WATCH_SINCE - 200 * DAY))
    if summed:
        world.sum_up()
    world.sell()
    assert await world.tick() == []


@once
async def test_many_sales_at_once_are_one_milestone(world: World) -> None:
    world.begin(*past(5))
    world.sell(100, items=(item(),))
    assert await world.titles() == ["Your 100th sale"]


@once
@pytest.mark.parametrize("config", ['[alerts.kinds]\nsale = "off"\n'])
async def test_a_sale_that_is_switched_off_counts_all_the_same(world: World) -> None:
    world.begin(*past(9))
    world.sell()
    assert await world.titles() == ["Your 10th sale"]


@once
@pytest.mark.parametrize("config", ['[[alerts.rules]]\nproduct = "*logo*"\nlevel = "off"\n'])
async def test_the_first_sale_of_what_is_off_is_no_news(world: World) -> None:
    world.begin(*past(2))
    world.sell(items=(item(product_id="p9", product="Logo kit"),))
    assert await world.titles() == []
    world.sell(items=(item(product_id="p8", product="Banner"),))
    assert await world.titles() == ["First sale of Banner"]


@once
async def test_free_downloads_refunds_and_repeated_pages_are_no_sales(world: World) -> None:
    world.begin(*past(9))
    world.sell(kind=Kind.FREE, gross_minor=0)
    world.read_history(sale("h0", status=Status.REFUNDED, paid_at=WATCH_SINCE - 9 * DAY))
    assert await world.tick() == []
    for _ in range(2):
        world.sold = 1
        world.sell()
        await world.tick()
    assert [title for title, _ in world.announced()] == ["Your 10th sale"]


# History


async def test_while_history_is_read_milestones_wait(world: World) -> None:
    world.begin()
    world.syncing(begun=True)
    world.sell()
    assert await world.tick() == []
    world.read_history(*past(8))
    assert await world.tick() == []
    world.read_history(*past(30, name="older", until=WATCH_SINCE - 50 * DAY))
    world.syncing(begun=False)
    assert await world.tick() == []  # the first one since the watch began is the 39th
    world.sell(61)
    assert await world.titles() == ["Your 100th sale"]


@once
@pytest.mark.parametrize("shops", [SHOP + OTHER_SHOP])
async def test_a_shop_that_was_not_reached_yet_is_waited_for_unless_it_has_trouble(
    world: World,
) -> None:
    world.begin()
    world.sell()
    assert await world.tick() == []
    world.polled("prints", last_good_poll=None, login_needed=True)
    assert await world.titles() == ["Your first sale"]


@once
async def test_milestones_wait_while_very_many_days_are_to_be_summed(world: World) -> None:
    world.begin(*past(199))
    world.sell(801)
    assert await world.tick() == []
    world.sum_up()
    assert await world.titles() == ["Your 1,000th sale"]


# The best day


async def test_the_best_day_is_told_once_however_much_it_grows(world: World) -> None:
    world.begin(*past(40, gross_minor=1000))
    world.sum_up()
    told = []
    for amount in (900, 200, 5000):
        world.sell(gross_minor=amount)
        told.append(await world.tick())
    body = (
        "22 Nov 2026 has brought more net than any day before it. "
        "The best until now was 19 Nov 2026 with €10.00."
    )
    assert told == [[], [("Best day so far: €11.00", body)], []]


async def test_days_that_are_to_be_summed_again_count_as_they_are(world: World) -> None:
    world.begin(*past(40, gross_minor=1000))
    world.sum_up()
    world.read_history(sale("big", paid_at=WATCH_SINCE - 20 * DAY, gross_minor=9000, fees_minor=0))
    world.sell(gross_minor=5000)
    assert await world.tick() == []
    world.sell(gross_minor=5001)
    assert await world.titles() == ["Best day so far: €100.01"]


@once
async def test_a_day_that_history_made_the_best_is_not_told(world: World) -> None:
    world.begin(*past(40, gross_minor=1000))
    world.read_history(sale("today", paid_at=NOW - HOUR, gross_minor=5000))
    await world.tick()
    before = len(world.announced())
    world.sell(gross_minor=100)
    assert await world.tick() == []
    assert len(world.announced()) == before


@once
async def test_sales_missed_over_night_can_make_yesterday_the_best_day(world: World) -> None:
    world.begin(*past(40, gross_minor=1000))
    world.sell(gross_minor=3000, paid_at=NOW - DAY)
    assert await world.titles() == ["Best day so far: €30.00"]
    world.sell(gross_minor=9000, paid_at=NOW - 2 * DAY + HOUR)
    assert await world.titles() == []


# Goals


@pytest.mark.parametrize("config", [RENT])
async def test_a_goal_is_told_once_a_month_when_it_is_reached(world: World) -> None:
    world.begin(*past(5, until=datetime(2026, 9, 1, tzinfo=UTC)))
    world.sell(gross_minor=84_000)
    assert await world.tick() == []
    world.sell(gross_minor=1_000)
    assert await world.tick() == [
        ("Rent covered: €850.00 of €850.00", "Net in November 2026, all shops.")
    ]
    world.sell(gross_minor=90_000)
    assert await world.titles() == []
    world.now = datetime(2026, 12, 2, 12, tzinfo=UTC)
    world.sell(gross_minor=90_000)
    assert await world.titles(world.now) == ["Rent covered: €900.00 of €850.00"]


@once
@pytest.mark.parametrize("config", [RENT])
async def test_a_goal_that_history_reaches_is_not_told(world: World) -> None:
    world.begin(*past(5, until=datetime(2026, 9, 1, tzinfo=UTC)))
    world.read_history(sale("early", paid_at=datetime(2026, 11, 2, tzinfo=UTC), gross_minor=90_000))
    world.sell(gross_minor=5_000)
    assert await world.tick() == []


@once
@pytest.mark.parametrize("config", [RENT])
async def test_a_goal_reached_lost_by_a_refund_and_reached_again_is_told_once(
    world: World,
) -> None:
    world.begin(*past(5, until=datetime(2026, 9, 1, tzinfo=UTC)))
    world.sell(gross_minor=85_000)
    assert await world.titles() == ["Rent covered: €850.00 of €850.00"]
    world.read_history(
        sale(
            "n0",
            paid_at=NOW,
            gross_minor=85_000,
            fees_minor=0,
            refunded_minor=85_000,
            status=Status.REFUNDED,
        )
    )
    assert await world.tick() == []
    world.sell(gross_minor=85_000)
    assert await world.tick() == []


# Products


def of(product_id: str, title: str) -> Any:
    return (item(product_id=product_id, product=title),)


async def test_a_products_first_sale_is_told_once(world: World) -> None:
    world.begin(*past(20))
    for _ in range(2):
        world.sell(items=of("p2", "Logo\nkit"))
        await world.tick()
        world.restart()
    assert world.announced() == [("First sale of Logo kit", "At templates, just now.")]


@pytest.mark.parametrize("summed", [True, False], ids=["summed", "not summed yet"])
async def test_a_product_that_history_sold_is_no_new_one(world: World, *, summed: bool) -> None:
    world.begin(*past(20), *past(1, name="logo", items=of("p2", "Logo"), every=300 * DAY))
    if summed:
        world.sum_up()
    world.sell(items=of("p2", "Logo"))
    assert await world.tick() == []


async def test_a_product_without_an_id_goes_by_its_title(world: World) -> None:
    world.begin(*past(20))
    line = (item(product_id=None, product="x" * 500),)
    world.sell(items=line)
    assert await world.titles() == [f"First sale of {'x' * 79}…"]
    world.restart()
    world.sell(items=line)
    assert await world.tick() == []


# Together, and once for ever


@pytest.mark.parametrize("config", [RENT])
async def test_what_is_reached_at_one_moment_is_one_message(world: World) -> None:
    world.begin(*past(99, gross_minor=1000, until=NOW - 22 * DAY))
    world.sell(gross_minor=90_000, items=of("p2", "Logo"))
    assert await world.tick() == [
        (
            "Your 100th sale and 3 more",
            (
                "Your 100th sale: All shops together have sold 100 times.\n"
                "Rent covered: €900.00 of €850.00: Net in November 2026, all shops.\n"
                "Best day so far: €900.00: 22 Nov 2026 has brought more net than any day "
                "before it. The best until now was 30 Oct 2026 with €10.00.\n"
                "First sale of Logo: At templates, just now."
            ),
        )
    ]
    assert world.levels() == [
        ("milestone:count:100", "on"),
        ("milestone:goal:rent:2026-11", "off"),
        ("milestone:best:2026-11-22", "off"),
        ("milestone:product:1:p2", "off"),
    ]
    world.restart()
    world.sell(gross_minor=90_000, items=of("p2", "Logo"))
    assert await world.tick() == []


@once
@pytest.mark.parametrize("config", ['[alerts.kinds]\nmilestone = "off"\n'])
async def test_milestones_that_are_off_are_told_nowhere_and_not_later(world: World) -> None:
    world.begin()
    world.sell()
    await world.observers[-1].tick()
    assert world.announced() == []
    assert world.levels() == [("milestone:count:1", "off")]


@once
@pytest.mark.parametrize(
    "config", ['[[alerts.rules]]\nkind = "milestone"\nshop = "templates"\nlevel = "silent"\n']
)
async def test_rules_of_a_shop_are_for_what_is_about_that_shop_alone(world: World) -> None:
    world.begin(*past(20))
    world.sell(items=of("p2", "Logo"))
    await world.tick()
    world.sell(79)
    await world.tick()
    assert world.levels() == [("milestone:product:1:p2", "silent"), ("milestone:count:100", "on")]


class Crash(BaseException):
    """The end of the program."""


async def test_a_crash_between_two_writes_repeats_nothing_and_loses_nothing(
    world: World,
) -> None:
    world.begin(*past(99))
    world.sum_up()
    world.sell(items=of("p2", "Logo"))
    before = image(world.store)
    left = 0

    def crash(_c: object, _cursor: object, written: str, *_others: object) -> None:
        nonlocal left
        if written.startswith(("INSERT", "UPDATE")):
            left -= 1
            if left == 0:
                raise Crash

    event.listen(world.store.engine, "before_cursor_execute", crash)
    for statement in range(1, 99):
        left = statement
        try:
            Observer(world.app)._observe(world.now)
        except Crash:
            assert image(world.store) == before
        else:
            break
    event.remove(world.store.engine, "before_cursor_execute", crash)
    assert 4 < statement < 98  # it was stopped before each of them
    assert await world.tick() == []
    assert [title for title, _ in world.announced()] == ["Your 100th sale and 1 more"]


async def test_a_tick_without_news_asks_one_question_and_writes_nothing(world: World) -> None:
    world.begin(*past(30))
    world.sell()
    for _ in range(2):
        await world.tick()
    asked: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_others: object) -> None:
        asked.append(statement)

    event.listen(world.store.engine, "before_cursor_execute", note)
    assert await world.observers[-1].tick() is False
    event.remove(world.store.engine, "before_cursor_execute", note)
    questions = [each for each in asked if each != "BEGIN"]
    assert len(questions) == 1
    assert "observed_at IS NULL" in questions[0]


# Anniversaries


def at(hour: int, minute: int = 0) -> datetime:
    """Return a time of the seller's 22 November 2026."""
    return datetime(2026, 11, 22, hour, minute, tzinfo=BERLIN)


@pytest.fixture
def planner_of_2023(world: World) -> World:
    first = datetime(2023, 11, 22, 9, tzinfo=UTC)
    world.begin(sale("first", paid_at=first), *past(11, every=30 * DAY))
    world.sum_up()
    return world


async def test_a_products_anniversary_is_told_once_after_nine(planner_of_2023: World) -> None:
    world = planner_of_2023
    world.polled()
    assert await world.tick(at(8, 59)) == []
    assert await world.tick(at(9, 1)) == [
        ("Weekly planner: 3 years on sale", "12 sales at templates since 22 Nov 2023.")
    ]
    assert await world.tick(at(9, 5)) == []
    world.restart()
    assert await world.tick(at(18)) == []
    assert await world.tick(at(9) + DAY) == []
    assert world.levels() == [("anniversary:1:p1:3", "on")]


@once
async def test_anniversaries_wait_until_history_is_read_and_summed(
    planner_of_2023: World,
) -> None:
    world = planner_of_2023
    world.read_history(sale("older", paid_at=datetime(2022, 6, 1, tzinfo=UTC)))
    assert await world.tick(at(9, 1)) == []
    world.sum_up()
    assert await world.tick(at(9, 3)) == []  # it was sold earlier than it seemed


@once
async def test_several_anniversaries_of_a_day_are_one_message(planner_of_2023: World) -> None:
    world = planner_of_2023
    logo = {"items": of("p2", "Logo"), "name": "logo"}
    first = sale("l", paid_at=datetime(2025, 11, 22, 9, tzinfo=UTC), items=of("p2", "Logo"))
    world.read_history(first, *past(14, every=7 * DAY, **logo))
    world.sum_up()
    assert await world.tick(at(10)) == [
        (
            "Logo: 1 year on sale and 1 more",
            (
                "Logo: 1 year on sale: 15 sales at templates since 22 Nov 2025.\n"
                "Weekly planner: 3 years on sale: 12 sales at templates since 22 Nov 2023."
            ),
        )
    ]
