"""An owner with phones, a store and its relays; time, failures and deaths are given by hand."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import URL, event, func, select

from salesdaemon.domain.alerts import Holding, Rest
from salesdaemon.domain.changes import Watch
from salesdaemon.domain.hours import Hours
from salesdaemon.domain.limits import UNLIMITED, Limits
from salesdaemon.domain.rules import News, RuleBook
from salesdaemon.domain.sale import Sale
from salesdaemon.errors import DeliveryError, StoreError
from salesdaemon.notify.message import Message, Tone
from salesdaemon.notify.relay import Relay
from salesdaemon.notify.texts import Voice
from salesdaemon.store import outbox
from salesdaemon.store.away import come_back, leave
from salesdaemon.store.consequences import Telling, news_of, no_rate, rates_for
from salesdaemon.store.engine import Store
from salesdaemon.store.news import Announcement, announce
from salesdaemon.store.recording import Batch, record
from salesdaemon.store.relaying import Habits, RelayOutbox
from salesdaemon.store.sales import find_sales
from salesdaemon.store.tables import events, messages
from salesdaemon.store.tables import outbox as outbox_table
from tests.databases import open_store
from tests.factories import BERLIN, account
from tests.lives import Fuse, Killed
from tests.store.owners import dead_owner

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SHOPS = {"templates": "gumroad", "prints": "etsy"}
MANY = 2000
"""More messages than this at one look can only be a relay that never ends."""


@dataclass(frozen=True)
class Customs:
    """What an owner has configured."""

    book: RuleBook
    burst: int = 5
    quiet: tuple[Hours, ...] = ()
    tell_trouble: bool = False
    limits: Mapping[str, Limits] = field(default_factory=dict)


@dataclass
class Line:
    """A channel that fails by order, then takes everything. It notices what should not leave."""

    name: str
    limits: Limits
    clock: Callable[[], datetime]
    check: Callable[[Message], None]
    faults: deque[BaseException] = field(default_factory=deque)
    taken: list[tuple[datetime, Message]] = field(default_factory=list)
    unmarked: list[Message] = field(default_factory=list)
    wait_until: datetime | None = None

    async def deliver(self, message: Message) -> str:
        now = self.clock()
        assert self.wait_until is None or now >= self.wait_until, "asked before it was time"
        self.check(message)
        self._check_limits(now)
        await asyncio.sleep(0)
        fault = self.faults.popleft() if self.faults else None
        if isinstance(fault, DeliveryError):
            seconds = fault.retry_after_seconds
            self.wait_until = None if seconds is None else now + seconds * SECOND
            raise fault
        self.taken.append((now, message))
        if fault is not None:
            raise fault
        return "took it"

    def _check_limits(self, now: datetime) -> None:
        moments = [at for at, _ in self.taken]
        if self.limits.per_minute is not None:
            assert sum(at > now - MINUTE for at in moments) < self.limits.per_minute
        if self.limits.per_day is not None:
            today = now.astimezone(UTC).date()
            assert sum(at.astimezone(UTC).date() == today for at in moments) < self.limits.per_day
        assert not moments or now - moments[-1] >= self.limits.gap


class Household:
    """All of it. What is recorded here is judged and told by the product's own code."""

    def __init__(self, url: URL, customs: Customs, now: datetime, names: Sequence[str]) -> None:
        self.url = url
        self.customs = customs
        self.now = now
        self.telling = Telling(customs.book)
        self.watch = Watch(now - DAY)
        self.store = open_store(url)
        self.holding = Holding()
        self.away_until: datetime | None = None
        self.expected: dict[str, tuple[str, ...]] = {}
        self.statements = Fuse()
        self.lines = {
            name: Line(name, customs.limits.get(name, UNLIMITED), lambda: self.now, self._check)
            for name in names
        }
        self.accounts = {
            shop: account(self.store, shop, f"account of {shop}", marketplace).id
            for shop, marketplace in SHOPS.items()
        }
        self.relays: list[tuple[Store, Relay]] = []
        self.restart()

    # What happens

    def record(self, shop: str, sold: Sequence[Sale], **changes: Any) -> None:
        """Record what a page brought."""
        account_id = self.accounts[shop]
        page = Batch(account_id, shop, sold, self.watch, self.now, **changes)
        with self.store.write() as connection:
            record(connection, page, self.telling, BERLIN)

    def expect(self, name: str, shop: str, kind: str, external_id: str) -> None:
        """Say that an event was judged just now: as `explain` says, and off only by its rule."""
        book, key = self.customs.book, (self.accounts[shop], external_id)
        with self.store.read() as connection:
            row = connection.execute(select(events).where(events.c.event == name)).one()
            stored = find_sales(connection, [key], {})[key]
            news = news_of(connection, key, stored, kind, self.now, firsts=book.asks_for_firsts)
            rates = rates_for(connection, book, [stored])
        verdict = book.judge(news, rates)
        assert book.explain(news, rates)[-1] == (row.rule, None)
        assert (row.level, row.rule, row.reason) == (verdict.level, verdict.rule, verdict.reason)
        self.expected[name] = verdict.channels if row.level != "off" else ()

    def announce(self, kind: str, name: str, shop: str | None) -> None:
        """Have something told that is no order's."""
        words = Announcement(kind, name, f"Of {name}", "What to do.", self.now, shop)
        with self.store.write() as connection:
            announce(connection, self.telling, words)
        verdict = self.customs.book.judge(News(kind, self.now, shop), no_rate)
        self.expected[name] = verdict.channels if verdict.level != "off" else ()

    # What the owner does

    def leave(self, until: datetime) -> None:
        self.away_until = until
        with self.store.write() as connection:
            leave(connection, self.now, until)

    def come_back(self) -> None:
        self.away_until = None
        with self.store.write() as connection:
            come_back(connection, self.now)

    def retry(self) -> None:
        for line in self.lines.values():
            line.wait_until = None
        with self.store.write() as connection:
            outbox.retry_failed(connection, list(self.lines), self.now)

    # What the process does

    def restart(self) -> None:
        """Begin anew, as after the end of the process; beside it works one that lives on."""
        self.close_relays()
        stores = [open_store(self.url), open_store(self.url)]
        stores[0].owner = _gone()
        with self.store.write() as connection:
            outbox.release_dead_leases(connection)
        for store in stores:
            for name in ("before_cursor_execute", "commit"):
                event.listen(store.engine, name, self.statements.passing)
        self.relays = [(store, self._relay(store)) for store in stores]

    def _relay(self, store: Store) -> Relay:
        customs = self.customs
        habits = Habits(
            BERLIN,
            customs.burst,
            self.telling,
            Rest(customs.quiet, BERLIN, customs.tell_trouble),
            customs.limits,
        )
        return Relay(
            RelayOutbox(store, habits),
            self.lines,
            Voice("gross", "en_GB", zone=BERLIN),
            clock=lambda: self.now,
            holding=lambda: self.holding,
        )

    def close_relays(self) -> None:
        for store, _ in self.relays:
            store.close()

    async def drain(self, which: int = 0, names: Sequence[str] | None = None) -> None:
        """Let a relay send what it may send now, on some channels or all."""
        for name in names if names is not None else self.lines:
            for _ in range(MANY):
                if not await self._deliver_one(which, name):
                    break
            else:
                raise AssertionError("The relay never ends.")

    async def drain_together(self, name: str) -> None:
        """Let two relays send on one channel at the same time."""
        for _ in range(MANY):
            if not any(await asyncio.gather(*(r.deliver_one(name) for _, r in self.relays))):
                return
        raise AssertionError("The relays never end.")

    async def _deliver_one(self, which: int, name: str) -> bool:
        line = self.lines[name]
        before = len(line.taken)
        try:
            return await self.relays[which][1].deliver_one(name)
        except (Killed, StoreError) as error:
            self.statements.clear()
            line.wait_until = None  # what was asked for died with the process
            if len(line.taken) > before and self._count_messages(name) == before:
                line.unmarked.append(line.taken.pop()[1])
            if isinstance(error, Killed):
                self.restart()
            return False

    def _count_messages(self, name: str) -> int:
        query = select(func.count()).where(messages.c.channel == name)
        with self.store.read() as connection:
            return connection.scalar(query) or 0

    # What must always hold

    def is_resting(self) -> bool | None:
        """Tell by the clock on the wall whether the owner rests; None in an hour shown twice."""
        if self.away_until is not None and self.now < self.away_until:
            return True
        local = self.now.astimezone(BERLIN)
        if local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset():
            return None
        weekday, clock = local.weekday(), local.time()
        return any(
            (hours.start <= clock and weekday in hours.weekdays)
            or (clock < hours.end and (weekday - 1) % 7 in hours.weekdays)
            if hours.past_midnight
            else hours.start <= clock < hours.end and weekday in hours.weekdays
            for hours in self.customs.quiet
        )

    def _check(self, message: Message) -> None:
        if message.tone is Tone.RING:
            assert message.title.startswith(("Ka-ching!", "Sales recap: "))
            assert not message.silent
        else:
            assert "ka-ching" not in message.title.lower()
        if self.is_resting():
            trouble = message.tone is Tone.WARNING or message.title.endswith(" works again")
            urgent = trouble and self.customs.tell_trouble
            assert message.silent or urgent, f"{message.title} at {self.now}"

    # The end

    async def settle(self) -> None:
        """Let everything work for as long as something waits."""
        self.statements.clear()
        self.holding = Holding()
        for line in self.lines.values():
            line.faults.clear()
        step = MINUTE
        latest = max(self.now, self.away_until or self.now) + 60 * DAY
        while await self._has_waiting():
            assert self.now < latest, "Something waits for ever."
            self.now += step
            step = min(step * 1.3, HOUR)
        with self.store.read() as connection:
            leased = connection.scalar(
                select(func.count()).where(outbox_table.c.leased_until.is_not(None))
            )
        assert leased == 0

    async def _has_waiting(self) -> bool:
        await self.drain()
        unsent = outbox_table.c.delivered_at.is_(None) & outbox_table.c.failed_at.is_(None)
        with self.store.read() as connection:
            return bool(connection.scalar(select(func.count()).where(unsent)))


@cache
def _gone() -> str:
    return dead_owner()
