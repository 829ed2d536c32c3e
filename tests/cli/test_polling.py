"""`poll` and `sync`: the marketplaces are asked now."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from salesdaemon.store.accounts import change_shop
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


@pytest.fixture
def phone() -> Iterator[Listener]:
    listener = Listener()
    with listener.serving():
        yield listener


def channel(phone: Listener) -> str:
    return f'[channels.phone]\nurl = "json://{phone.host}/"\n'


def test_a_poll_prints_what_came_in_and_rings(
    cli: Installation, gumroad: GumroadShop, phone: Listener
) -> None:
    cli.configure(gumroad.table(), channel(phone))
    first = cli.run("poll", "--format", "json")
    assert (first.code, first.json, first.err) == (0, [], "templates: 0 new, 0 changed.\n")
    sale_id = gumroad.pretend.add_sale(product="Planner", price=1200)
    second = cli.run("poll", "--format", "json")
    assert second.err == "templates: 1 new, 0 changed.\n"
    (line,) = second.json
    stored = cli.run("sales", "--format", "json").json
    assert line == {"change": "new", **stored[0]}
    assert phone.only.json()["title"] == "Ka-ching! US$12.00"
    gumroad.pretend.refund(sale_id)
    third = cli.run("poll", "--format", "json")
    assert [(one["change"], one["status"]) for one in third.json] == [("changed", "refunded")]


def test_a_plain_table_names_the_change_first(cli: Installation, gumroad: GumroadShop) -> None:
    cli.configure(gumroad.table())
    cli.run("poll")
    gumroad.pretend.add_sale()
    ran = cli.run("poll")
    assert ran.lines[0].startswith("change\tsold_on\tshop\tsale_id\t")
    assert ran.lines[1].startswith("new\t")


def test_history_does_not_ring(cli: Installation, gumroad: GumroadShop, phone: Listener) -> None:
    gumroad.pretend.fill_history(30)
    cli.configure(gumroad.table(), channel(phone))
    assert cli.run("poll").code == 0
    assert cli.run("sync").code == 0
    assert phone.received == []
    told = {book["sale_id"] for book in gumroad.pretend.books()}
    assert {one["sale_id"] for one in cli.run("sales", "--format", "json").json} == told


def test_one_shop_that_fails_does_not_stop_the_others(
    cli: Installation, gumroad: GumroadShop, etsy: EtsyShop
) -> None:
    gumroad.pretend.add_sale()
    cli.configure(etsy.table(), gumroad.table())
    ran = cli.run("poll", "--format", "json")
    assert ran.code == 1
    assert ran.err.splitlines() == [
        (
            "prints: Nobody has signed in to Etsy for shop 'prints' yet. "
            "Run `salesdaemon auth prints`."
        ),
        "templates: 1 new, 0 changed.",
    ]
    assert [one["shop"] for one in ran.json] == ["templates"]
    only = cli.run("poll", "templates")
    assert (only.code, only.err) == (0, "templates: 0 new, 0 changed.\n")


@pytest.mark.parametrize("command", ["poll", "sync"])
def test_a_wait_that_was_asked_for_is_kept(
    cli: Installation, gumroad: GumroadShop, command: str
) -> None:
    cli.configure(gumroad.table())
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=20)
    store = cli.open_store()
    with store.write() as connection:
        change_shop(connection, "templates", "gumroad", not_before=until)
    store.close()
    ran = cli.run(command)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == (
        f"templates: It asked us to wait until {until:%Y-%m-%dT%H:%M:%SZ}. Try again after that.\n"
    )
    assert gumroad.pretend.requests == []


def test_sync_reads_everything_and_says_how_far_back(
    cli: Installation, gumroad: GumroadShop
) -> None:
    gumroad.pretend.fill_history(40)
    cli.configure(gumroad.table())
    ran = cli.run("sync", "--format", "json")
    oldest = cli.run("sales", "--format", "json").json[0]
    assert (ran.code, ran.err) == (0, "")
    assert ran.json == [
        {"shop": "templates", "new": 40, "read": 40, "back_to": oldest["paid_at"]},
    ]
    assert [one["new"] for one in cli.run("sync", "--format", "json").json] == [0]


def test_sync_may_begin_at_a_day(cli: Installation, gumroad: GumroadShop) -> None:
    for day in (1, 10, 20):
        created = datetime(2026, 6, day, 12, tzinfo=UTC)
        gumroad.pretend.add_sale(created_at=created)
    cli.configure(gumroad.table())
    ran = cli.run("sync", "--since", "2026-06-10", "--format", "json")
    assert [one["new"] for one in ran.json] == [2]


def test_a_sync_that_breaks_off_says_how_to_go_on(cli: Installation, gumroad: GumroadShop) -> None:
    gumroad.pretend.fill_history(10)
    cli.configure(gumroad.table())
    gumroad.pretend.faults.add("503", times=50)
    ran = cli.run("sync")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.endswith("Run `salesdaemon sync templates` again to go on.\n")
    gumroad.pretend.faults.clear()
    assert [one["new"] for one in cli.run("sync", "--format", "json").json] == [10]


def test_a_long_wait_that_stops_a_sync_is_kept(cli: Installation, gumroad: GumroadShop) -> None:
    gumroad.pretend.fill_history(10)
    cli.configure(gumroad.table())
    gumroad.pretend.faults.add("429", times=50, seconds=72000)
    assert cli.run("sync").code == 1
    gumroad.pretend.faults.clear()
    (shop,) = cli.run("status", "--format", "json").json["shops"]
    assert (shop["state"], shop["waiting_until"] is not None) == ("waiting", True)
    assert "It asked us to wait until" in cli.run("sync").err


def test_verbose_logs_to_stderr(cli: Installation, gumroad: GumroadShop) -> None:
    cli.configure(gumroad.table())
    ran = cli.run("--verbose", "poll", "--format", "json")
    assert (ran.code, ran.json) == (0, [])
    assert " INFO watch_began shop=templates since=" in ran.err
