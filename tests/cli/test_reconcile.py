"""`reconcile`: the differences between the store and the marketplaces, and their repair."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from salesdaemon.store.accounts import change_shop
from salesdaemon.store.tables import sales
from tests.cli.commands import Installation
from tests.cli.shops import EtsyShop, GumroadShop, etsy_shop, gumroad_shop
from tests.notify.listener import Listener


@pytest.fixture
def gumroad() -> Iterator[GumroadShop]:
    with gumroad_shop() as shop:
        yield shop


@pytest.fixture
def etsy() -> Iterator[EtsyShop]:
    with etsy_shop() as shop:
        yield shop


def spoil(cli: Installation, sale_id: str) -> None:
    store = cli.open_store()
    with store.write() as connection:
        connection.execute(
            update(sales).where(sales.c.external_id == sale_id).values(gross_minor=5)
        )
    store.close()


def since(days: int = 30) -> str:
    return str((datetime.now(ZoneInfo("Europe/Berlin")) - timedelta(days=days - 1)).date())


def test_a_store_that_is_right_ends_with_0(cli: Installation, gumroad: GumroadShop) -> None:
    cli.configure(gumroad.table())
    gumroad.pretend.add_sale()
    cli.run("poll")
    ran = cli.run("reconcile", "--format", "json")
    assert (ran.code, ran.json) == (0, [])
    assert ran.err == (
        f"templates: no differences in 1 order and no lines of the books since {since()}.\n"
    )


def test_a_difference_is_listed_with_both_values_and_repaired(
    cli: Installation, gumroad: GumroadShop
) -> None:
    phone = Listener()
    with phone.serving():
        cli.configure(gumroad.table(), f'[channels.phone]\nurl = "json://{phone.host}/"\n')
        sale_id = gumroad.pretend.add_sale(price=1200)
        cli.run("poll")
        spoil(cli, sale_id)
        listed = [
            {
                "shop": "templates",
                "sale_id": sale_id,
                "what": "gross",
                "stored": "0.05",
                "source": "12.00",
            }
        ]
        ran = cli.run("reconcile", "templates", "--format", "json")
        assert (ran.code, ran.json) == (1, listed)
        plain = cli.run("reconcile")
        assert plain.lines == [
            "shop\tsale_id\twhat\tstored\tsource",
            f"templates\t{sale_id}\tgross\t0.05\t12.00",
        ]
        fixed = cli.run("reconcile", "--fix", "--days", "3", "--format", "json")
        assert (fixed.code, fixed.json) == (1, listed)
        assert fixed.err.splitlines() == [
            f"templates: 1 difference in 1 order and no lines of the books since {since(3)}.",
            "templates: 1 repaired.",
        ]
        assert cli.run("reconcile").code == 0
        assert cli.run("sales", "--format", "json").json[0]["gross"] == "12.00"
    assert phone.received == []


def test_a_shop_that_cannot_be_read_does_not_stop_the_others(
    cli: Installation, gumroad: GumroadShop, etsy: EtsyShop
) -> None:
    cli.configure(etsy.table(), gumroad.table())
    gumroad.pretend.add_sale()
    ran = cli.run("reconcile", "--format", "json")
    assert (ran.code, [(each["shop"], each["what"]) for each in ran.json]) == (
        1,
        [("templates", "missing")],
    )
    assert ran.err.splitlines() == [
        (
            "prints: Nobody has signed in to Etsy for shop 'prints' yet. "
            "Run `salesdaemon auth prints`."
        ),
        f"templates: 1 difference in 1 order and no lines of the books since {since()}.",
    ]


def test_orders_that_cannot_be_read_are_named_and_end_with_1(
    cli: Installation, gumroad: GumroadShop
) -> None:
    cli.configure(gumroad.table())
    sale_id = gumroad.pretend.add_sale()
    gumroad.pretend.faults.add("wrong_types", times=99, sale_id=sale_id)
    ran = cli.run("reconcile", "--format", "json")
    assert (ran.code, ran.json) == (1, [])
    assert ran.err.splitlines()[1] == (
        "templates: 1 order could not be read and was not compared, so nothing was looked for "
        f"that is stored in excess: {sale_id}."
    )


def test_a_wait_that_was_asked_for_is_kept(cli: Installation, gumroad: GumroadShop) -> None:
    cli.configure(gumroad.table())
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=20)
    store = cli.open_store()
    with store.write() as connection:
        change_shop(connection, "templates", "gumroad", not_before=until)
    store.close()
    ran = cli.run("reconcile")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == (
        f"templates: It asked us to wait until {until:%Y-%m-%dT%H:%M:%SZ}. Try again after that.\n"
    )
    assert gumroad.pretend.requests == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nowhere",), "There is no shop 'nowhere'. Known: templates."),
        (
            ("--days", "0"),
            (
                "Invalid value for '--days': Input should be greater than or equal to 1. "
                "Try `salesdaemon reconcile --help`."
            ),
        ),
    ],
)
def test_wrong_usage_ends_with_2(cli: Installation, arguments: tuple[str, ...], said: str) -> None:
    cli.configure()
    ran = cli.run("reconcile", *arguments)
    assert (ran.code, ran.out, ran.err) == (2, "", f"{said}\n")
