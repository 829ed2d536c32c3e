"""The seller's installation: the real parts of the product, services on loopback, our clock."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from sqlalchemy import select

from salesdaemon.application import Application
from salesdaemon.domain.alerts import Rest
from salesdaemon.domain.changes import Watch
from salesdaemon.domain.exchange import Rate
from salesdaemon.domain.ledger import Payout
from salesdaemon.domain.login import Login
from salesdaemon.domain.sale import Sale, Status
from salesdaemon.monitoring import Monitor
from salesdaemon.notify.message import Message
from salesdaemon.notify.relay import Relay
from salesdaemon.observing import Observer
from salesdaemon.poller.shop import ShopPoller
from salesdaemon.store import outbox
from salesdaemon.store.accounts import bind
from salesdaemon.store.away import find_away, leave
from salesdaemon.store.rates import save_rates
from salesdaemon.store.recording import Batch, record
from salesdaemon.store.shop_lines import save_payouts
from salesdaemon.store.sums import refresh
from salesdaemon.store.tables import channels as channel_states
from salesdaemon.store.tables import outbox as outbox_table
from tests.config_file import loader
from tests.factories import BERLIN
from tests.fakes.services.base import LoopbackService
from tests.fortnight import story
from tests.fortnight.home import PHONES, Disk, Down, Killed, Way, configuration
from tests.fortnight.story import DAY, HOUR, MINUTE, Bought, Story
from tests.marketplaces.harness import Clock
from tests.notify.speaking import SPOKEN

OBSERVED_EVERY = timedelta(minutes=30)
SOON = timedelta(seconds=5)


@dataclass
class Stage:
    """All of it. `run` lets the fortnight pass; `expected` names each order's event."""

    folder: Path
    url: str
    clock: Clock = field(default_factory=lambda: Clock(story.START))
    story: Story = field(default_factory=Story)
    expected: set[str] = field(default_factory=set)
    loud_while_resting: list[str] = field(default_factory=list)
    killed: int = 0

    def __post_init__(self) -> None:
        self.services: dict[str, LoopbackService] = {}
        self.taken: dict[str, list[Message]] = {name: [] for name in PHONES}
        for name, service in PHONES.items():
            self.services[name] = SPOKEN[service].make()
            self.services[name].clock = self.clock
        self.settings = loader(self.folder)(configuration(self.folder, self.url))
        self.waiting: dict[str, deque[Bought]] = {
            shop: deque(each for each in self.story.bought if each.shop == shop)
            for shop in self.settings.shops
        }
        self.recorded: dict[str, tuple[str, Sale]] = {}
        self.unreachable: set[str] = set()
        self.running = False
        self.apps: list[Application] = []
        self._next_look = self._observed_at = story.START
        self._to_observe = False
        self._watch = Watch(story.WATCHED_SINCE, story.WATCHED_SINCE - 400 * DAY)

    @property
    def app(self) -> Application:
        return self.apps[-1]

    # The process

    def start(self) -> None:
        self.apps.append(Application(self.settings, clock=self.clock))
        app = self.app
        self.missed_before: dict[str, datetime] = dict.fromkeys(self.waiting, self.clock())
        with app.store.write() as connection:
            # Whoever held a lease is gone: it was this process that was killed.
            connection.execute(outbox_table.update().values(lease_owner=None, leased_until=None))
        self.ways = {
            name: Way(app.channels[name], self.taken[name]) for name in app.ringing_channels
        }
        self.relay = Relay(app.outbox(), self.ways, app.voice, clock=self.clock)
        self.pollers: Sequence[ShopPoller] = [app.poller(shop) for shop in self.waiting]
        self.observer = Observer(app)
        self.monitor = Monitor(app, self.pollers, disk_usage=lambda _folder: Disk())
        self.running = True

    async def stop(self) -> None:
        self.running = False
        await self.app.http.close()
        self.app.store.close()

    async def restart(self) -> None:
        await self.stop()
        self.start()

    async def prepare(self) -> None:
        """Read the history of both shops, as the first sync does."""
        self.start()
        self.app.prepare_store(migrate=False)
        start = story.WATCHED_SINCE
        days = [(start - place * DAY).date() for place in range(-20, 80)]
        self.app.login("prints")._save(Login("access", "refresh", start + 60 * DAY))
        with self.app.store.write() as connection:
            save_rates(connection, [Rate(day, "USD", Decimal("1.0800"), "test") for day in days])
            for shop in self.waiting:
                found = bind(
                    connection,
                    shop=shop,
                    marketplace=self.app.configured[shop],
                    external_id=f"account of {shop}",
                    configured=self.app.configured,
                )
                history = [each.sale for each in self.story.history if each.shop == shop]
                page = Batch(found.id, shop, history, Watch(None), start, begins_watch=start)
                record(connection, page, self.app.telling, BERLIN)
            refresh(connection, self.app.basis, days=10_000)
        self.accounts = {poller.shop.name: index for index, poller in enumerate(self.pollers, 1)}

    # What happens by the clock

    def happenings(self) -> dict[datetime, Callable[[], object]]:
        return {
            story.LOGIN_DIES: lambda: self.unreachable.add("prints"),
            story.LOGIN_BACK: lambda: self.unreachable.discard("prints"),
            story.DESK_DIES: lambda: setattr(self.services["desk"], "faults", Down()),
            story.DESK_BACK: lambda: setattr(self.services["desk"], "faults", deque()),
            story.UPGRADE: self.restart,
            story.LEAVES: self.leave,
            story.DISPUTED: lambda: self.change("dispute", [self.any_sale()]),
            story.SERVER_OFF: self.stop,
            story.SERVER_ON: self.start,
            story.PARTNER_BLOCKS: lambda: self.block(blocked=True),
            story.NIGHTLY_POWER_CUT: self.restart,
            story.REFUND_WAVE: lambda: self.change("refund", self.faulty()),
            story.PARTNER_BACK: self.retry,
            story.KILLED: lambda: setattr(self.ways["phone"], "deadly", True),
            story.DISPUTE_WON: lambda: self.change("dispute_won", self.disputed()),
            **{at: lambda at=at: self.pay_out(at) for at in story.PAYOUTS},  # type: ignore[misc]  # bound early
        }

    def leave(self) -> None:
        with self.app.store.write() as connection:
            leave(connection, self.clock(), story.RETURNS)

    def block(self, *, blocked: bool) -> None:
        telegram = self.services["partner"]
        telegram.blocked_by = {12315544} if blocked else set()  # type: ignore[attr-defined]  # Telegram's

    def retry(self) -> None:
        self.block(blocked=False)
        with self.app.store.write() as connection:
            outbox.retry_failed(connection, self.app.ringing_channels, self.clock())

    def pay_out(self, at: datetime) -> None:
        shop, minor, currency = story.PAYOUTS[at]
        day = at.astimezone(BERLIN).date()
        paid = Payout(f"payout of {day}", minor, currency, "sent", day, day + 2 * DAY)
        with self.app.store.write() as connection:
            save_payouts(connection, self.accounts[shop], [paid], at)

    def any_sale(self) -> str:
        return next(
            key
            for key, (shop, each) in reversed(self.recorded.items())
            if shop == "templates" and each.gross_minor == 2900
        )

    def faulty(self) -> list[str]:
        found = [
            key
            for key, (_, each) in reversed(self.recorded.items())
            if each.items[0].product == "Habit tracker"
        ]
        return found[:14]

    def disputed(self) -> list[str]:
        return [key for key, (_, each) in self.recorded.items() if each.status is Status.DISPUTED]

    def change(self, kind: str, ids: Sequence[str]) -> None:
        """Have orders of one shop read again that changed at their marketplace."""
        changed, shop = [], ""
        for key in ids:
            shop, known = self.recorded[key]
            whole = known.gross_minor
            to = {
                "refund": replace(known, status=Status.REFUNDED, refunded_minor=whole),
                "dispute": replace(known, status=Status.DISPUTED),
                "dispute_won": replace(known, status=Status.PAID),
            }[kind]
            changed.append(to)
            self.recorded[key] = (shop, to)
            again = f"{to.refunded_minor}:{int(self.clock().timestamp())}"
            self.expected.add(f"{kind}:{self.accounts[shop]}:{key}:{again}")
        self.record(shop, changed)

    # Polls

    def poll(self, shop: str) -> bool:
        """Read what was bought; True if there was anything."""
        queue, now, sold = self.waiting[shop], self.clock(), []
        while queue and queue[0].read_at <= now:
            sold.append(queue.popleft().sale)
        if sold:
            self.record(shop, sold, self.missed_before.get(shop))
            for each in sold:
                self.recorded[each.external_id] = (shop, each)
                name = f"{each.kind.value}:{self.accounts[shop]}:{each.external_id}"
                self.expected.add(name)
        self.missed_before.pop(shop, None)
        return bool(sold)

    def record(self, shop: str, sold: Sequence[Sale], missed: datetime | None = None) -> None:
        page = Batch(
            self.accounts[shop], shop, sold, self._watch, self.clock(), missed_before=missed
        )
        with self.app.store.write() as connection:
            record(connection, page, self.app.telling, BERLIN)

    def journal(self, poller: ShopPoller) -> None:
        """Note how the poll went, as the poller does."""
        shop, now = poller.shop.name, self.clock()
        if shop in self.unreachable:
            poller.journal.login_needed(
                f"Etsy rejected the refresh token for shop '{shop}'.",
                f"Run `salesdaemon auth {shop}` and sign in again; polling resumes by itself.",
                now,
            )
        elif poller.journal.polled(now, MINUTE):
            with self.app.store.write() as connection:
                poller.journal.write(connection)

    # Time

    async def run(self) -> None:
        await self.prepare()
        happenings = self.happenings()
        moments = sorted({*happenings, *(each.read_at for each in self.story.bought)})
        queue = deque(at for at in moments if at >= story.START)
        until = story.END + 8 * HOUR
        while self.clock() < until:
            now = self.clock()
            while queue and queue[0] <= now:
                queue.popleft()
            if now in happenings and (work := happenings[now]()) is not None:
                await work  # type: ignore[misc]  # where it is to be awaited
            soonest = [until, *([queue[0]] if queue else [])]
            if self.running:
                await self.look(now, urgent=now in happenings)
                soonest += [self._next_look, *self.wakes(now)]
            self.clock.now = min(at for at in soonest if at > now)

    async def look(self, now: datetime, *, urgent: bool) -> None:
        regular = urgent or now >= self._next_look
        if regular:
            for poller in self.pollers:
                self.journal(poller)
        news = [self.poll(shop) for shop in self.waiting if shop not in self.unreachable]
        if regular:
            with self.app.store.write() as connection:
                refresh(connection, self.app.basis, days=10)
            await self.monitor.tick()
            self._next_look = now.replace(minute=0, second=0, microsecond=0) + HOUR
        self._to_observe |= any(news)
        if regular or (self._to_observe and now >= self._observed_at + OBSERVED_EVERY):
            self._to_observe, self._observed_at = False, now
            await self.observer.tick()
        try:
            if regular or self.rest().until(now) is None:
                await self.drain(now)
        except Killed:
            self.killed += 1
            await self.restart()

    async def drain(self, now: datetime) -> None:
        for channel in self.due(now):
            service = self.services[channel]
            before = len(service.taken)
            while await self.relay.deliver_one(channel):
                pass
            loud = [each.shown.title for each in service.taken[before:] if each.shown.loud]
            if loud and self.rest().until(now) is not None:
                self.loud_while_resting += loud

    def due(self, now: datetime) -> list[str]:
        query = (
            select(outbox_table.c.channel)
            .distinct()
            .where(
                outbox_table.c.delivered_at.is_(None),
                outbox_table.c.failed_at.is_(None),
                outbox_table.c.not_before <= now,
            )
        )
        with self.app.store.read() as connection:
            found = set(connection.scalars(query))
        return [name for name in self.app.ringing_channels if name in found]

    def rest(self) -> Rest:
        with self.app.store.read() as connection:
            since, until = find_away(connection)
        return Rest(self.settings.quiet, BERLIN, away_since=since, away_until=until)

    def wakes(self, now: datetime) -> Iterator[datetime]:
        """Yield when a channel may have something to send."""
        waits = outbox_table.c
        query = select(waits.channel, waits.not_before, waits.kind).where(
            waits.delivered_at.is_(None), waits.failed_at.is_(None)
        )
        with self.app.store.read() as connection:
            rows = connection.execute(query).all()
            states = connection.execute(select(channel_states)).all()
        alone = {row.channel: row.not_before for row in states}
        resting = self.rest().until(now) if rows else None
        for channel, at, _ in {tuple(row) for row in rows}:
            left_alone = alone.get(channel)
            if at > now:
                yield at
            elif left_alone is not None and left_alone > now:
                yield left_alone
            elif resting is not None:
                yield resting
            else:
                yield now + SOON
