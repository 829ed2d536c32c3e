"""`test-alert`, `alerts`, `rules`, `away` and `back`: what is told, and why."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import cast

import pytest

from salesdaemon.domain.changes import Watch
from salesdaemon.domain.sale import Kind
from salesdaemon.store.away import find_away
from salesdaemon.store.channels import ChannelRecord, find_channel, note_failure
from salesdaemon.store.lock import RunLock
from salesdaemon.store.outbox import mark_failed
from tests.cli.commands import GUMROAD, Installation
from tests.factories import WATCH_SINCE, item, sale
from tests.notify.listener import Listener, Reply


@pytest.fixture
def phone() -> Iterator[Listener]:
    listener = Listener()
    with listener.serving():
        yield listener


def channel(phone: Listener, name: str = "phone") -> str:
    return f'[channels.{name}]\nurl = "json://{phone.host}/"\n'


def fail(cli: Installation, *ids: int) -> None:
    store = cli.open_store()
    with store.write() as connection:
        mark_failed(connection, list(ids), "It refused.", WATCH_SINCE)
    store.close()


def test_a_trial_rings_each_channel_and_says_what_was_answered(
    cli: Installation, phone: Listener
) -> None:
    cli.configure(GUMROAD, channel(phone), channel(phone, "watch"), migrated=False)
    ran = cli.run("test-alert", "--format", "json")
    assert (ran.code, ran.err) == (0, "")
    assert ran.json == [
        {"channel": "phone", "result": "ok", "answer": "JSON answered 200 OK."},
        {"channel": "watch", "result": "ok", "answer": "JSON answered 200 OK."},
    ]
    assert [push.json()["title"] for push in phone.received] == ["Ka-ching! €12.00"] * 2
    assert not cli.database.exists()


def test_a_trial_that_arrives_lets_a_channel_that_failed_work_again(
    cli: Installation, phone: Listener
) -> None:
    cli.configure(GUMROAD, channel(phone), channel(phone, "watch"))
    store = cli.open_store()
    with store.write() as connection:
        note_failure(connection, "phone", "It refused.", WATCH_SINCE, permanent=True)
    cli.run("test-alert", "phone")
    with store.read() as connection:
        assert find_channel(connection, "phone") == ChannelRecord("phone", told_at=WATCH_SINCE)
    store.close()
    waiting = cli.run("alerts", "--format", "json").json
    assert [(entry["channel"], entry["title"]) for entry in waiting] == [
        ("watch", "Channel phone works again")
    ]


def test_one_channel_may_be_tried_alone(cli: Installation, phone: Listener) -> None:
    cli.configure(GUMROAD, channel(phone), channel(phone, "watch"))
    ran = cli.run("test-alert", "watch")
    assert ran.lines == ["channel\tresult\tanswer", "watch\tok\tJSON answered 200 OK."]
    assert phone.only.json()["message"].endswith("Channel watch works.")


def test_a_channel_that_refuses_ends_with_1(cli: Installation, phone: Listener) -> None:
    phone.replies = [Reply(403, "no")]
    cli.configure(GUMROAD, channel(phone))
    ran = cli.run("test-alert")
    assert (ran.code, ran.err) == (1, "")
    assert ran.lines[1].startswith("phone\tfailed\tJSON answered 403 Forbidden")


def test_without_a_channel_there_is_nothing_to_try(cli: Installation) -> None:
    cli.configure()
    ran = cli.run("test-alert")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "No channel is configured. Add a [channels.<name>] table.\n"


def test_what_failed_is_listed_and_tried_again(cli: Installation, phone: Listener) -> None:
    cli.configure(GUMROAD, channel(phone))
    cli.keep(sale("s1"))
    fail(cli, 1)
    (failed,) = cli.run("alerts", "--failed", "--format", "json").json
    assert (failed["state"], failed["sale_ids"], failed["answer"]) == (
        "failed",
        ["s1"],
        "It refused.",
    )
    ran = cli.run("alerts", "--retry", "--format", "json")
    assert ran.err == "1 tried again.\n"
    (sent,) = ran.json
    assert (sent["state"], sent["title"], sent["sale_ids"], sent["answer"]) == (
        "sent",
        "Sales recap: 1 sale, €12.00",  # it is days old by now
        ["s1"],
        "JSON answered 200 OK.",
    )
    assert cli.run("alerts", "--failed").err == "Nothing failed.\n"


def test_while_a_daemon_runs_it_does_the_trying(cli: Installation, phone: Listener) -> None:
    cli.configure(GUMROAD, channel(phone))
    cli.keep(sale("s1"))
    fail(cli, 1)
    store = cli.open_store()
    lock = RunLock(store)
    lock.acquire()
    ran = cli.run("alerts", "--retry", "--format", "json")
    lock.release()
    store.close()
    assert ran.err == "1 to be tried again by the daemon.\n"
    assert [entry["state"] for entry in ran.json] == ["waiting"]
    assert phone.received == []


def test_a_recap_names_every_sale_it_stands_for(cli: Installation, phone: Listener) -> None:
    cli.configure(GUMROAD, channel(phone))
    cli.keep(*(sale(f"s{number}") for number in range(5)))
    fail(cli, *range(1, 6))
    cli.run("alerts", "--retry")
    (message,) = cli.run("alerts", "--limit", "2", "--format", "json").json
    assert message["form"] == "recap"
    assert message["title"].startswith("Sales recap: 5 sales")
    assert message["sale_ids"] == ["s0", "s1", "s2", "s3", "s4"]


def test_a_long_recap_leaves_room_for_other_messages(cli: Installation, phone: Listener) -> None:
    cli.configure(GUMROAD, channel(phone))
    cli.keep(sale("s0"))
    fail(cli, 1)
    cli.run("alerts", "--retry")
    cli.keep(*(sale(f"s{number}") for number in range(1, 6)))
    fail(cli, *range(2, 7))
    cli.run("alerts", "--retry")
    listed = cli.run("alerts", "--limit", "2", "--format", "json").json
    assert [message["title"] for message in listed] == [
        "Sales recap: 5 sales, €60.00",
        "Sales recap: 1 sale, €12.00",
    ]


def test_nothing_told_yet_is_no_mistake(cli: Installation) -> None:
    cli.configure()
    ran = cli.run("alerts")
    assert (ran.code, ran.out, ran.err) == (0, "", "Nothing was told yet.\n")


def test_a_sale_that_rang_is_explained(cli: Installation, phone: Listener) -> None:
    cli.configure(GUMROAD, channel(phone))
    cli.keep(sale("s1"))
    fail(cli, 1)
    cli.run("alerts", "--retry")
    told = cli.run("rules", "explain", "s1", "--format", "json").json
    at = told["told"][0].pop("at")
    assert at is not None
    assert told == {
        "sale_id": "s1",
        "shop": "templates",
        "kind": "sale",
        "status": "paid",
        "paid_at": "2026-11-20T09:00:00Z",
        "rule": "alerts.kinds.sale",
        "reason": "It is a sale.",
        "configured": "on",
        "level": "on",
        "decided_at": "2026-11-20T09:00:30Z",
        "history": False,
        "watch_since": None,
        "considered": [{"rule": "alerts.kinds.sale", "why_not": None}],
        "events": [
            {
                "kind": "sale",
                "seen_at": "2026-11-20T09:00:30Z",
                "level": "on",
                "rule": "alerts.kinds.sale",
                "reason": "It is a sale.",
            }
        ],
        "told": [
            {
                "channel": "phone",
                "kind": "sale",
                "level": "on",
                "state": "sent",
                "form": "recap",
                "title": "Sales recap: 1 sale, €12.00",
                "answer": "JSON answered 200 OK.",
            }
        ],
    }


def test_a_decision_is_explained_as_it_was_made_and_what_would_decide_now(
    cli: Installation, phone: Listener
) -> None:
    cli.configure(GUMROAD, channel(phone))
    cli.keep(sale("s1"))
    rule = '[[alerts.rules]]\nname = "new"\nshop = "templates"\nlevel = "off"\n'
    cli.configure(GUMROAD, channel(phone), '[alerts.kinds]\nsale = "silent"\n', rule)
    assert cli.run("rules", "explain", "s1").lines[2:5] == [
        'rule      alerts.kinds.sale = "on". It is a sale.',
        "decision  on, since 2026-11-20T09:00:30Z",
        'today     alerts.rules[1] "new" would decide: the configuration is another one now',
    ]


def test_history_is_explained_as_such(cli: Installation) -> None:
    cli.configure()
    cli.keep(sale("s1"), watch=Watch(None), begins_watch=WATCH_SINCE.replace(hour=10))
    ran = cli.run("rules", "explain", "s1")
    assert (ran.code, ran.lines) == (
        0,
        [
            "sale      s1 of templates: sale, paid",
            "paid at   2026-11-20T09:00:00Z",
            'rule      alerts.kinds.sale = "on"',
            "decision  history: paid before the watch began (2026-11-20T10:00:00Z)",
        ],
    )


def test_what_is_never_told_is_explained_as_such(cli: Installation) -> None:
    cli.configure()
    cli.keep(sale("s1", kind=Kind.BUNDLE_ITEM, items=(item(0),)), begins_watch=WATCH_SINCE)
    assert "rule      none: a bundle item is never told" in cli.run("rules", "explain", "s1").lines


def test_a_sale_that_is_not_stored_cannot_be_explained(cli: Installation) -> None:
    cli.configure()
    ran = cli.run("rules", "explain", "nope")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "No sale 'nope' is stored. `salesdaemon sales` lists them.\n"


def away_until(cli: Installation) -> datetime | None:
    store = cli.open_store()
    with store.read() as connection:
        _, until = find_away(connection)
    store.close()
    return until


@pytest.mark.parametrize(
    ("until", "end", "said"),
    [
        ("2099-07-01", "2099-07-01T22:00:00+00:00", "2099-07-02 00:00"),  # of Berlin
        ("2099-12-01T18:00", "2099-12-01T17:00:00+00:00", "2099-12-01 18:00"),
        ("2099-12-01T18:00:00+09:00", "2099-12-01T18:00:00+09:00", "2099-12-01 10:00"),
    ],
)
def test_a_holiday_ends_with_the_sellers_day_or_at_a_moment(
    cli: Installation, until: str, end: str, said: str
) -> None:
    cli.configure()
    assert cli.run("away", "--until", until).err == (
        f"Rings are held back until {said} by your clock; then one recap tells what was sold.\n"
    )
    assert away_until(cli) == datetime.fromisoformat(end)
    assert cli.run("back").err == "Welcome back: it rings again.\n"
    assert cast("datetime", away_until(cli)) < datetime.now(UTC)
    assert cli.run("back").err == "It rings already.\n"


@pytest.mark.parametrize(
    "until",
    [
        *("2020-01-01", "2020-01-01T10:00", "tomorrow", ""),
        *("9999-12-31", "9999-12-31T23:59-12:00", "9999-12-31T23:59+00:00"),
    ],
)
def test_a_holiday_ends_in_the_future(cli: Installation, until: str) -> None:
    cli.configure()
    ran = cli.run("away", "--until", until)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)


def test_while_away_nothing_rings(cli: Installation, phone: Listener) -> None:
    cli.configure(GUMROAD, channel(phone))
    cli.keep(sale("s1"))
    fail(cli, 1)
    cli.run("away", "--until", "2099-01-01")
    cli.run("alerts", "--retry")
    assert phone.received == []
    cli.run("back")
    fail(cli, 1)
    cli.run("alerts", "--retry")
    assert phone.only.json()["title"] == "Sales recap: 1 sale, €12.00"
