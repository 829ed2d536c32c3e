"""`status`: how shops and channels fare."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from salesdaemon.marketplaces.base import SetAside
from salesdaemon.poller.plan import Plan, Sweep
from salesdaemon.poller.reading import Reading
from salesdaemon.store.accounts import change_shop, save_plan
from salesdaemon.store.lock import RunLock
from salesdaemon.store.outbox import mark_failed
from tests.cli.commands import GUMROAD, Installation
from tests.factories import sale

PHONE = '[channels.phone]\nurl = "json://127.0.0.1:1/"\n'
START = "Start the daemon: `salesdaemon run`."


def change(cli: Installation, **changes: Any) -> None:
    store = cli.open_store()
    try:
        with store.write() as connection:
            change_shop(connection, "templates", "gumroad", **changes)
    finally:
        store.close()


def shop_of(cli: Installation) -> dict[str, Any]:
    ran = cli.run("status", "--format", "json")
    assert (ran.code, ran.err) == (0, "")
    (shop,) = ran.json["shops"]
    assert isinstance(shop, dict)
    return shop


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def test_the_json_is_exactly_what_scripts_rely_on(cli: Installation) -> None:
    cli.configure(GUMROAD, PHONE)
    cli.keep(sale("s1"), sale("s2"), set_aside=[SetAside("s9", "no currency")])
    polled = now() - timedelta(seconds=30)
    change(cli, last_good_poll=polled, account_id=1)
    store = cli.open_store()
    with store.write() as connection:
        mark_failed(connection, [1], "refused", polled)
    store.close()
    ran = cli.run("status", "--format", "json")
    assert (ran.code, ran.err) == (0, "")
    assert ran.json == {
        "shops": [
            {
                "shop": "templates",
                "marketplace": "gumroad",
                "state": "ok",
                "last_good_poll": f"{polled:%Y-%m-%dT%H:%M:%SZ}",
                "last_sale": "2026-11-20T09:00:00Z",
                "waiting_until": None,
                "behind": None,
                "set_aside": [{"id": "s9", "reason": "no currency"}],
                "unknown_entries": [],
                "action": None,
            }
        ],
        "channels": [{"channel": "phone", "waiting": 1, "failed": 1, "problem": None}],
        "quiet_until": None,
    }


def test_a_new_shop_waits_for_the_daemon(cli: Installation) -> None:
    cli.configure()
    shop = shop_of(cli)
    assert (shop["state"], shop["last_good_poll"], shop["action"]) == ("stale", None, START)


def test_while_a_daemon_runs_nobody_is_asked_to_start_one(cli: Installation) -> None:
    cli.configure()
    store = cli.open_store()
    lock = RunLock(store)
    lock.acquire()
    try:
        assert (shop_of(cli)["state"], shop_of(cli)["action"]) == ("stale", None)
    finally:
        lock.release()
        store.close()


def test_a_wait_is_told_until_it_is_over(cli: Installation) -> None:
    cli.configure()
    until = now() + timedelta(hours=20)
    change(cli, last_good_poll=now(), not_before=until)
    shop = shop_of(cli)
    assert (shop["state"], shop["waiting_until"]) == ("waiting", f"{until:%Y-%m-%dT%H:%M:%SZ}")
    change(cli, not_before=now() - timedelta(seconds=1))
    shop = shop_of(cli)
    assert (shop["state"], shop["waiting_until"]) == ("ok", None)


def test_a_login_that_died_comes_with_its_way_out(cli: Installation) -> None:
    cli.configure()
    change(cli, login_needed=True, action="Make a new token.", last_good_poll=now())
    shop = shop_of(cli)
    assert (shop["state"], shop["action"]) == ("login_needed", "Make a new token.")


@pytest.mark.parametrize(
    ("late", "behind"), [(timedelta(seconds=100), None), (timedelta(hours=2), 7200)]
)
def test_history_and_late_sweeps_are_told(
    cli: Installation, late: timedelta, behind: int | None
) -> None:
    cli.configure()
    account = cli.keep(sale())
    everything = Reading(((datetime(2011, 1, 1, tzinfo=UTC), None),))
    plan = Plan(history=everything, sweeps={"recent": Sweep(now() - late, 3)})
    store = cli.open_store()
    with store.write() as connection:
        save_plan(connection, account.id, plan.to_text())
        change_shop(connection, "templates", "gumroad", last_good_poll=now())
    store.close()
    shop = shop_of(cli)
    assert shop["state"] == "syncing"
    if behind is None:
        assert shop["behind"] is None
    else:
        assert behind <= shop["behind"] < behind + 60


def test_the_table_tells_the_same(cli: Installation) -> None:
    cli.configure(GUMROAD, PHONE)
    ran = cli.run("status")
    assert ran.lines == [
        (
            "shop\tmarketplace\tstate\tlast_good_poll\tlast_sale\twaiting_until\tbehind\tset_aside"
            "\tunknown_entries\taction"
        ),
        f"templates\tgumroad\tstale\t\t\t\t\t0\t\t{START}",
        "",
        "channel\twaiting\tfailed\tproblem",
        "phone\t0\t0\t",
    ]
