"""Orders that no one expects: each is stored or set aside, and none stands in another's way."""

from typing import Any

import pytest

from tests.marketplaces.etsy.harness import Harness as EtsyHarness
from tests.marketplaces.gumroad.harness import Harness as GumroadHarness
from tests.poller.world import World

OF_GUMROAD = [
    pytest.param({"created_at": "9999-12-31T23:59:59Z"}, False, id="the end of time"),
    pytest.param({"created_at": "0001-01-01T00:00:00Z"}, False, id="the beginning of time"),
    pytest.param({"created_at": "2026-11-20T09:00:30.123+14:00"}, True, id="another zone"),
    pytest.param({"created_at": "2026-11-20"}, False, id="a day alone"),
    pytest.param({"id": "x" * 128}, True, id="the longest id"),
    pytest.param({"id": "x" * 129}, False, id="an id too long for a column"),
    pytest.param({"id": "x" * 300}, False, id="an id too long for anything"),
    pytest.param({"id": "a\x00b\ud800"}, True, id="an id that no database takes"),
    pytest.param({"id": ""}, False, id="no id"),
    pytest.param({"product_id": "p" * 300}, False, id="a product's id too long for a column"),
    pytest.param({"product_id": None, "product_name": None}, True, id="no product"),
    pytest.param({"product_name": "x" * 6000}, True, id="a title of six thousand characters"),
    pytest.param({"product_name": "a\x00\ud83d\u202eb"}, True, id="a title that no database takes"),
    pytest.param({"price": 10**15}, True, id="the largest amount"),
    pytest.param({"price": 10**16}, False, id="an amount too large"),
    pytest.param({"price": -1}, False, id="an amount below nothing"),
    pytest.param({"price": 12.0}, True, id="a whole number with a point"),
    pytest.param({"price": "1200"}, True, id="a number in quotes"),
    pytest.param({"quantity": 2**31 - 1}, True, id="the largest quantity"),
    pytest.param({"quantity": 2**31}, False, id="a quantity too large for a column"),
    pytest.param({"quantity": -4}, True, id="a quantity below nothing"),
    pytest.param({"order_id": 10**30}, True, id="a number of thirty digits"),
    pytest.param({"country_iso2": "ßß", "country": "Germany"}, True, id="a country that grows"),
    pytest.param({"affiliate": {"amount": "much"}}, False, id="an affiliate's share in words"),
]
MONEY = {"divisor": 100, "currency_code": "EUR"}
OF_ETSY = [
    pytest.param({"created_timestamp": 1763630000000}, False, id="milliseconds"),
    pytest.param({"created_timestamp": 0, "create_timestamp": 0}, False, id="no time"),
    pytest.param({"receipt_id": 2**63}, True, id="a number too large for a column"),
    pytest.param({"receipt_id": -1}, False, id="a number below nothing"),
    pytest.param({"receipt_id": 0}, False, id="no number"),
    pytest.param({"grandtotal": {**MONEY, "amount": 10**16}}, False, id="too large"),
    pytest.param({"grandtotal": {**MONEY, "amount": 1200, "divisor": 0}}, False, id="by nothing"),
    pytest.param(
        {"grandtotal": {**MONEY, "amount": 12, "currency_code": "JPY"}}, False, id="two currencies"
    ),
    pytest.param({"grandtotal": None}, True, id="no total"),
    pytest.param({"transactions": []}, True, id="no items"),
    pytest.param({"transactions": [{}]}, True, id="an item of nothing"),
    pytest.param({"status": "Shipped to the moon"}, True, id="an unknown word"),
    pytest.param({"country_iso": "x" * 40}, True, id="a country of forty letters"),
    pytest.param({"total_tax_cost": {**MONEY, "amount": 99_999}}, True, id="more tax than price"),
]


async def neighbours_are_unharmed(world: World, sold: list[str], *, is_stored: bool) -> None:
    """Poll around an oddity that was sold between two ordinary things."""
    await world.polls(2)
    rings = world.rings()
    assert {key: rings[key] for key in sold} == dict.fromkeys(sold, 1)
    assert len(world.sales()) == len(sold) + is_stored
    assert len(world.set_aside()) == 1 - is_stored
    world.restart()
    await world.polls(20)
    assert world.rings() == rings
    assert len(world.troubles()) == 1 - is_stored
    assert world.record().problem is None


@pytest.mark.parametrize("slug", ["gumroad"])
@pytest.mark.parametrize(("raw", "is_stored"), OF_GUMROAD)
async def test_an_odd_order_of_gumroad_harms_no_other(
    world: World, raw: dict[str, Any], is_stored: bool
) -> None:
    vendor = world.vendor
    assert isinstance(vendor, GumroadHarness)
    await world.tick()
    sold = [vendor.sell()]
    vendor.gumroad.add_sale(raw=raw)
    sold.append(vendor.sell())
    await neighbours_are_unharmed(world, sold, is_stored=is_stored)


@pytest.mark.parametrize("slug", ["etsy"])
@pytest.mark.parametrize(("raw", "is_stored"), OF_ETSY)
async def test_an_odd_order_of_etsy_harms_no_other(
    world: World, raw: dict[str, Any], is_stored: bool
) -> None:
    vendor = world.vendor
    assert isinstance(vendor, EtsyHarness)
    await world.tick()
    sold = [vendor.sell()]
    vendor.etsy.add_receipt(**raw)
    sold.append(vendor.sell())
    await neighbours_are_unharmed(world, sold, is_stored=is_stored)


@pytest.mark.parametrize("slug", ["etsy"])
@pytest.mark.parametrize(
    ("currency", "divisor", "gross"),
    [("JPY", 1, 1500), ("JPY", 100, 1500), ("KWD", None, 1500), ("USD", None, 0)],
)
async def test_each_currency_is_stored_to_its_last_unit(
    make_world: Any, currency: str, divisor: int | None, gross: int
) -> None:
    world: World = make_world(vendor={"currency": currency, "divisor": divisor})
    await world.tick()
    sold = world.vendor.sell(price=gross)
    await world.polls(2)
    sale = world.sales()[sold]
    assert (sale.gross_minor, sale.currency) == (gross, currency)
    assert world.rings() == ({sold: 1} if gross else {})
    assert world.differences() == []


async def test_what_costs_nothing_does_not_ring(world: World) -> None:
    await world.tick()
    free = world.vendor.sell(price=0)
    await world.polls(20)
    assert (world.sales()[free].kind, world.rings(), world.kinds()) == ("free", {}, {})


@pytest.mark.parametrize("slug", ["gumroad"])
async def test_trials_and_the_parts_of_bundles_do_not_ring(world: World) -> None:
    vendor = world.vendor
    assert isinstance(vendor, GumroadHarness)
    await world.tick()
    vendor.gumroad.add_sale(trial=True)
    bundle = vendor.gumroad.add_bundle(4)
    renewal = vendor.gumroad.add_sale(recurring=True)
    vendor.gumroad.add_sale(price=0)
    await world.polls(20)
    assert world.rings() == {bundle: 1, renewal: 1}
    assert world.kinds() == {"sale": 1, "renewal": 1}
    assert world.differences() == []
    vendor.gumroad.dispute(bundle)
    await world.polls(15)
    vendor.gumroad.win_dispute(bundle)
    await world.polls(15)
    assert world.rings() == {bundle: 1, renewal: 1}
    assert world.differences() == []


@pytest.mark.parametrize("slug", ["gumroad"])
async def test_a_renamed_product_changes_nothing_that_was_sold(world: World) -> None:
    vendor = world.vendor
    assert isinstance(vendor, GumroadHarness)
    sold = vendor.sell(title="Planner")
    await world.polls(2)
    vendor.gumroad.rename_product("Planner", "Calendar")
    await world.settle()
    assert [item.product for item in world.sales()[sold].items] == ["Planner"]
    assert world.kinds() == {}


async def test_a_refund_that_fails_afterwards_does_not_ring(world: World) -> None:
    await world.tick()
    sold = world.vendor.sell(price=2000)
    await world.polls(1)
    world.vendor.refund(sold, 700)
    await world.polls(15)
    if isinstance(world.vendor, EtsyHarness):
        world.vendor.etsy.fail_refund(int(sold))
    elif isinstance(world.vendor, GumroadHarness):
        world.vendor.gumroad.fail_refund(sold)
    await world.polls(15)
    assert world.sales()[sold].status == "paid"
    assert world.rings() == {sold: 1}
    assert world.kinds() == {"sale": 1, "refund": 1}
    assert world.differences() == []
