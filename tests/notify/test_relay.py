"""From the outbox to a channel: leased, sent, marked; repeated after a crash and never lost."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from salesdaemon.domain.alerts import Holding, Rest
from salesdaemon.domain.hours import Hours
from salesdaemon.domain.rules import Rule
from salesdaemon.domain.sale import Kind, Status
from salesdaemon.errors import DeliveryError, StoreError
from salesdaemon.notify.message import Message, Tone
from salesdaemon.notify.relay import FIRST_RETRY, LONGEST_RETRY, Relay
from salesdaemon.notify.texts import Voice
from salesdaemon.store import outbox
from salesdaemon.store.away import leave
from salesdaemon.store.consequences import Telling
from salesdaemon.store.engine import Store
from salesdaemon.store.outbox import LEASE, OutboxEntry
from salesdaemon.store.relaying import Habits, RelayOutbox
from tests.factories import (
    BERLIN,
    SEEN_AT,
    account,
    batch,
    record_in,
    sale,
    telling,
)

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
BUSY = DeliveryError("ntfy answered 503.", permanent=False)
REFUSED = DeliveryError("ntfy answered 401.", permanent=True, fix="Check the token.")


@dataclass
class Phone:
    """A channel in memory; it fails as scripted, then takes everything."""

    failures: list[Exception] = field(default_factory=list)
    taken: list[Message] = field(default_factory=list)
    rang: asyncio.Event = field(default_factory=asyncio.Event)

    async def deliver(self, message: Message) -> str:
        if self.failures:
            raise self.failures.pop(0)
        self.taken.append(message)
        self.rang.set()
        return "took it"

    @property
    def titles(self) -> list[str]:
        return [message.title for message in self.taken]


@dataclass
class Stage:
    """A store with its relay, and the time on it."""

    store: Store
    phones: dict[str, Phone] = field(default_factory=lambda: {"phone": Phone()})
    now: datetime = SEEN_AT
    burst: int = 0
    amount: Any = "gross"
    quiet: tuple[Hours, ...] = ()
    holding: Holding = field(default_factory=Holding)
    telling: Telling | None = None

    @property
    def phone(self) -> Phone:
        return self.phones["phone"]

    @property
    def told(self) -> Telling:
        return self.telling or telling(*self.phones)

    def relay(self, store: Store | None = None) -> Relay:
        """Make a relay, as a newly started daemon would."""
        habits = Habits(BERLIN, self.burst, self.told, Rest(self.quiet, BERLIN))
        waiting = RelayOutbox(store or self.store, habits)
        return Relay(
            waiting,
            self.phones,
            Voice(self.amount, "en_GB"),
            clock=lambda: self.now,
            holding=lambda: self.holding,
        )

    def record(self, *numbers: int, **changes: Any) -> None:
        """Record that many sales, a minor unit dearer each."""
        sold = [sale(f"s{number}", gross_minor=1200 + number) for number in numbers]
        record_in(self.store, batch(*sold, seen_at=self.now, **changes), self.told)


@pytest.fixture
def stage(store: Store) -> Stage:
    account(store)
    return Stage(store)


async def drain(relay: Relay, channel: str = "phone") -> None:
    while await relay.deliver_one(channel):
        pass


def states(store: Store) -> list[tuple[str, bool, str | None, int]]:
    """List each entry's event: whether it arrived, its error, how often it was tried."""
    with store.read() as connection:
        alerts = outbox.list_alerts(connection, failed_only=False, limit=100)
    return [
        (alert["sale_id"], alert["delivered_at"] is not None, alert["error"], alert["attempts"])
        for alert in reversed(alerts)
    ]


async def test_a_sale_rings_once_and_is_marked_with_the_services_answer(stage: Stage) -> None:
    stage.record(1)
    relay = stage.relay()
    assert [await relay.deliver_one("phone") for _ in range(3)] == [True, False, False]
    assert stage.phone.taken == [
        Message(
            "Ka-ching! €12.01",
            "1 × Weekly planner\ntemplates\nToday: 1 sale, €12.01 gross",
            Tone.RING,
        )
    ]
    with stage.store.read() as connection:
        (alert,) = outbox.list_alerts(connection, failed_only=False, limit=10)
    assert (alert["sale_id"], alert["form"], alert["answer"]) == ("s1", "ring", "took it")


async def test_free_downloads_add_no_currency_to_what_today_brought(stage: Stage) -> None:
    free = sale("f1", kind=Kind.FREE, gross_minor=0, fees_minor=0, currency="USD")
    record_in(stage.store, batch(free), stage.told)
    with stage.store.write() as connection:
        connection.execute(text("DELETE FROM outbox"))
    stage.record(1)
    await drain(stage.relay())
    assert stage.phone.taken[0].body.endswith("Today: 1 sale, €12.01 gross")


async def test_fifty_sales_ring_fifty_times_in_their_order(stage: Stage) -> None:
    stage.record(*range(50))
    await drain(stage.relay())
    assert stage.phone.titles == [f"Ka-ching! €12.{number:02}" for number in range(50)]


async def test_a_burst_is_one_message_that_stands_for_each_of_its_sales(stage: Stage) -> None:
    stage.burst = 5
    stage.record(*range(8))
    await drain(stage.relay())
    assert stage.phone.titles == ["Ka-ching! 8 sales, €96.28"]
    assert states(stage.store) == [(f"s{number}", True, None, 1) for number in range(8)]
    stage.now += 20 * SECOND
    stage.record(8, 9)
    await drain(stage.relay())
    assert len(stage.phone.taken) == 1  # the burst goes on
    stage.now += 41 * SECOND
    await drain(stage.relay())
    assert stage.phone.titles[1:] == ["Ka-ching! €12.08", "Ka-ching! €12.09"]


async def rush(stage: Stage, first: int) -> None:
    """Sell eight times, and as often a minute later: a burst of two messages."""
    for number in (first, first + 8):
        stage.record(*range(number, number + 8))
        await drain(stage.relay())
        stage.now += MINUTE


async def test_a_later_burst_does_not_go_on_with_an_earlier_one(stage: Stage) -> None:
    stage.burst = 5
    await rush(stage, 0)
    stage.now += timedelta(hours=2)
    await drain(stage.relay())
    await rush(stage, 100)
    bodies = [each.body for each in stage.phone.taken if each.title.startswith("Ka-ching!")]
    assert [body.partition("In this burst so far: ")[2].partition(",")[0] for body in bodies] == [
        "",
        "16 sales",
        "",
        "16 sales",
    ]


async def test_the_end_of_a_burst_counts_it_also_when_a_sale_came_in_between(stage: Stage) -> None:
    stage.burst = 5
    await rush(stage, 0)
    stage.now += timedelta(minutes=2)
    stage.record(16)
    await drain(stage.relay())
    assert stage.phone.titles[2:] == ["Ka-ching! €12.16"]
    stage.now += timedelta(minutes=3)
    await drain(stage.relay())
    assert stage.phone.titles[3:] == ["The rush is over: 16 sales, €193.20"]


async def test_what_was_missed_comes_as_one_recap_with_its_number(stage: Stage) -> None:
    stage.amount = "net"
    stage.record(1, 2, 3, missed_before=SEEN_AT)
    stage.holding = Holding(first_polls=True)
    await drain(stage.relay())
    assert stage.phone.taken == []
    stage.holding = Holding()
    await drain(stage.relay())
    (message,) = stage.phone.taken
    assert (message.title, message.tone) == ("Sales recap: 3 sales, €29.01 net", Tone.RING)


class Crash(BaseException):
    """The process ends here."""


@dataclass
class Doomed(Phone):
    """A channel whose process is killed before or after the service took the message."""

    after: bool = True

    async def deliver(self, message: Message) -> str:
        if self.after:
            await super().deliver(message)
        raise Crash


@pytest.mark.parametrize("after", [True, False], ids=["after", "before"])
async def test_a_crash_around_the_sending_repeats_the_ring_and_never_loses_it(
    stage: Stage, *, after: bool, another_store: Callable[[], Store]
) -> None:
    stage.record(1)
    healthy = stage.phone
    stage.phones["phone"] = Doomed(taken=healthy.taken, after=after)
    with pytest.raises(Crash):
        await stage.relay().deliver_one("phone")
    stage.phones["phone"] = healthy
    successor = stage.relay(another_store())
    assert await successor.deliver_one("phone") is False  # leased by the one that crashed
    stage.now += LEASE
    await drain(successor)
    stage.now += 10 * LEASE
    await drain(stage.relay())
    assert stage.phone.titles == ["Ka-ching! €12.01"] * (2 if after else 1)


@dataclass
class Failing(Phone):
    """A channel beside which the table of messages disappears while it delivers."""

    store: Store | None = None

    async def deliver(self, message: Message) -> str:
        assert self.store is not None
        rename(self.store, "messages", "gone")
        return await super().deliver(message)


def rename(store: Store, old: str, new: str) -> None:
    with store.write() as connection:
        connection.execute(text(f"ALTER TABLE {old} RENAME TO {new}"))


async def test_a_database_that_fails_at_the_mark_repeats_the_ring_as_well(stage: Stage) -> None:
    stage.record(1)
    healthy = stage.phone
    stage.phones["phone"] = Failing(taken=healthy.taken, store=stage.store)
    with pytest.raises(StoreError):
        await stage.relay().deliver_one("phone")
    rename(stage.store, "gone", "messages")
    stage.phones["phone"] = healthy
    stage.now += LEASE
    await drain(stage.relay())
    assert stage.phone.titles == ["Ka-ching! €12.01"] * 2


async def test_two_relays_ring_for_each_sale_once(
    stage: Stage, another_store: Callable[[], Store]
) -> None:
    stage.record(*range(20))
    both = stage.relay(), stage.relay(another_store())
    while any(await asyncio.gather(*(relay.deliver_one("phone") for relay in both))):
        pass
    assert sorted(stage.phone.titles) == [f"Ka-ching! €12.{number:02}" for number in range(20)]


async def test_a_busy_service_is_asked_again_at_growing_waits_until_it_recovers(
    stage: Stage,
) -> None:
    stage.record(1, 2)
    stage.phone.failures = [BUSY] * 12
    relay = stage.relay()
    waits = []
    await relay.deliver_one("phone")
    while left := len(stage.phone.failures):
        asked = stage.now
        while len(stage.phone.failures) == left:
            stage.now += SECOND
            await relay.deliver_one("phone")
        waits.append(stage.now - asked)
    growing = [FIRST_RETRY * 2**power for power in range(8)]
    assert waits == [*growing, *[LONGEST_RETRY] * 3]
    stage.now += LONGEST_RETRY
    await drain(relay)  # both are old by now, and come as one recap
    assert stage.phone.titles == ["Sales recap: 2 sales, €24.03"]


async def test_a_wait_that_the_service_asks_for_is_kept(stage: Stage) -> None:
    stage.record(1)
    stage.phone.failures = [
        DeliveryError("429.", permanent=False, retry_after_seconds=90.0),
    ]
    relay = stage.relay()
    await drain(relay)
    stage.now += 89 * SECOND
    await drain(relay)
    await drain(stage.relay())  # a newly started daemon keeps it as well
    assert stage.phone.taken == []
    stage.now += SECOND
    await drain(relay)
    assert stage.phone.titles == ["Ka-ching! €12.01"]


async def test_when_a_channel_recovers_all_that_waits_goes_at_once(stage: Stage) -> None:
    stage.record(1, 2)
    stage.phone.failures = [BUSY, BUSY]
    relay = stage.relay()
    await drain(relay)
    stage.now += FIRST_RETRY
    await drain(relay)
    stage.now += 2 * FIRST_RETRY
    await drain(relay)
    assert stage.phone.titles == ["Ka-ching! €12.01", "Ka-ching! €12.02"]


async def test_a_channel_that_refuses_is_given_up_and_the_others_are_told(
    stage: Stage,
) -> None:
    stage.phones = {"phone": Phone([REFUSED, REFUSED]), "desk": Phone()}
    stage.record(1, 2)
    relay = stage.relay()
    await drain(relay)
    await drain(relay, "desk")
    assert stage.phones["phone"].taken == []
    assert stage.phones["desk"].taken[0] == Message(
        "Channel phone does not work",
        "ntfy answered 401. Check the token. `salesdaemon test-alert phone` tries it; "
        "`salesdaemon alerts --failed --retry` sends what it had refused.",
        Tone.WARNING,
    )
    assert stage.phones["desk"].titles[1:] == ["Ka-ching! €12.01", "Ka-ching! €12.02"]
    with stage.store.read() as connection:
        assert outbox.count_by_channel(connection) == {"phone": (0, 2)}
    with stage.store.write() as connection:
        outbox.retry_failed(connection, ["phone"], stage.now)
    await drain(relay)
    assert stage.phones["phone"].titles == ["Ka-ching! €12.01", "Ka-ching! €12.02"]


async def test_a_rule_decides_who_hears_of_a_channel_that_refuses(stage: Stage) -> None:
    stage.phones = {"phone": Phone([REFUSED]), "desk": Phone(), "pager": Phone()}
    rule = Rule(kinds=frozenset({"trouble"}), channels=("pager",))
    stage.telling = Telling(replace(telling("phone", "desk").book, rules=(rule,)))
    stage.record(1)
    for channel in stage.phones:
        await drain(stage.relay(), channel)
    assert {name: phone.titles for name, phone in stage.phones.items()} == {
        "phone": [],
        "desk": ["Ka-ching! €12.01"],
        "pager": ["Channel phone does not work"],
    }


async def test_two_channels_that_refuse_do_not_tell_each_other_for_ever(stage: Stage) -> None:
    refusing = [REFUSED] * 50
    stage.phones = {"phone": Phone(list(refusing)), "desk": Phone(list(refusing))}
    stage.record(1)
    relay = stage.relay()
    for _ in range(3):
        await drain(relay)
        await drain(relay, "desk")
    assert len(states(stage.store)) == 4  # the sale and the other's refusal, on each


async def test_what_is_silent_is_told_without_a_ring(stage: Stage) -> None:
    record_in(stage.store, batch(sale()), telling(sale="silent"))
    refunded = sale(status=Status.REFUNDED, refunded_minor=1200)
    record_in(stage.store, batch(refunded, seen_at=SEEN_AT), telling(refund="silent"))
    await drain(stage.relay())
    assert [(each.title, each.tone, each.silent) for each in stage.phone.taken] == [
        ("Sold: €12.00", Tone.INFO, True),
        ("Refunded: €12.00", Tone.INFO, True),
    ]


async def test_an_event_without_a_sale_brings_its_own_words(stage: Stage) -> None:
    entries = [
        OutboxEntry("phone", kind, kind, level, SEEN_AT, title=kind, body="Words.")
        for kind, level in (("trouble", "on"), ("watching", "silent"))
    ]
    with stage.store.write() as connection:
        outbox.enqueue(connection, entries)
    await drain(stage.relay())
    assert stage.phone.taken == [
        Message("trouble", "Words.", Tone.WARNING),
        Message("watching", "Words.", Tone.INFO, silent=True),
    ]


async def test_nothing_rings_on_holiday_and_its_end_brings_a_recap(stage: Stage) -> None:
    stage.record(1, 2, 3)
    with stage.store.write() as connection:
        leave(connection, SEEN_AT, SEEN_AT + timedelta(days=7))
    await drain(stage.relay())
    assert stage.phone.taken == []
    stage.now += timedelta(days=7)
    await drain(stage.relay())
    assert stage.phone.titles == ["Sales recap: 3 sales, €36.06"]


@asynccontextmanager
async def running(relay: Relay) -> AsyncIterator[None]:
    task = asyncio.create_task(relay.run("phone"))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_running_relay_is_woken_for_what_was_entered(stage: Stage) -> None:
    relay = stage.relay()
    async with running(relay):
        stage.record(1)
        relay.wake()
        await asyncio.wait_for(stage.phone.rang.wait(), 20)
    assert stage.phone.titles == ["Ka-ching! €12.01"]


async def test_a_fault_of_ours_does_not_silence_a_channel_for_good(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    stage.phone.failures = [ZeroDivisionError()]
    relay = stage.relay()
    async with running(relay):
        stage.record(1)
        relay.wake()
        while stage.phone.failures:  # noqa: ASYNC110 - it tells of what it took alone
            await asyncio.sleep(0.01)
        stage.now += LEASE
        relay.wake()
        await asyncio.wait_for(stage.phone.rang.wait(), 20)
    assert stage.phone.titles == ["Ka-ching! €12.01"]
    assert [record.message for record in caplog.records if record.exc_info] == [
        "relay_step_failed channel=phone"
    ]
