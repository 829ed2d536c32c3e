"""Payouts as each marketplace tells them: those that were there first are no news."""

from datetime import timedelta
from typing import Any, cast

import pytest

from salesdaemon.domain.ledger import Payout
from salesdaemon.domain.money import Money
from salesdaemon.store.accounts import find_account_of_shop
from salesdaemon.store.payouts import list_untold_payouts
from tests.poller.world import DAY, MINUTE, ZONE, World

pytestmark = pytest.mark.parametrize("database", ["sqlite"])


def untold(world: World) -> list[Payout]:
    with world.store.read() as connection:
        account = find_account_of_shop(connection, world.shop)
        assert account is not None
        return list_untold_payouts(connection, account, ZONE, world.clock())


@pytest.mark.parametrize("slug", ["gumroad"])
async def test_listed_payouts_are_news_but_for_those_of_the_first_look(world: World) -> None:
    gumroad = cast("Any", world.vendor).gumroad
    world.vendor.fill_history(200, days=60)
    gumroad.make_payouts()
    world.vendor.sell(price=99_900)
    gumroad.make_payout()  # on the day the watch begins, before it
    await world.tick()
    await world.polls(3, every=DAY / 8)
    assert untold(world) == []
    world.vendor.sell(price=99_900)
    world.clock.now += 5 * DAY
    made = gumroad.make_payout()
    await world.polls(3, every=timedelta(hours=1))
    found = untold(world)
    assert [payout.payout_id for payout in found] == [made]
    books = {payout["id"]: payout for payout in gumroad.payouts()}
    assert [payout.amount_minor for payout in found] == [books[made]["amount"]]


@pytest.mark.parametrize("slug", ["etsy"])
async def test_payouts_in_the_books_are_news_but_for_those_of_the_first_look(
    world: World,
) -> None:
    etsy = cast("Any", world.vendor).etsy
    world.vendor.fill_history(120, days=60)
    await world.tick()
    await world.polls(3)
    before = len(etsy.account()["payouts"])
    assert before
    assert untold(world) == []
    for _ in range(60):
        world.clock.now += MINUTE
        world.vendor.sell()
    await world.polls(4, every=10 * MINUTE)
    made = etsy.account()["payouts"][before:]
    assert len(made) == 1
    assert [payout.amount_minor for payout in untold(world)] == [
        Money.parse(made[0]["amount"], "EUR").amount_minor
    ]
