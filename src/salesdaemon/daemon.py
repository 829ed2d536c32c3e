"""The daemon: builds everything, schedules it, and stops in order when told to."""

import asyncio
import json
import logging
import signal
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from salesdaemon import digesting, systemd
from salesdaemon.application import Application
from salesdaemon.domain.alerts import Holding
from salesdaemon.errors import AlreadyRunningError, StoreError
from salesdaemon.heartbeat import Heartbeat, failing_channels
from salesdaemon.metrics import render_metrics
from salesdaemon.monitoring import LOOK_EVERY, Monitor
from salesdaemon.notify.relay import Relay
from salesdaemon.observing import Observer
from salesdaemon.poller.shop import ShopPoller
from salesdaemon.settings_models import Settings
from salesdaemon.store.accounts import find_setting, set_setting
from salesdaemon.store.digests import release_unheard
from salesdaemon.store.lock import RunLock
from salesdaemon.store.migrate import is_current
from salesdaemon.store.news import Announcement, announce
from salesdaemon.store.outbox import release_dead_leases
from salesdaemon.store.stranded import move_stranded
from salesdaemon.store.sums import has_dirty, refresh
from salesdaemon.web.app import Health, make_app
from salesdaemon.web.server import WebServer

log = logging.getLogger(__name__)

LONGEST_TICK = timedelta(seconds=60)
SPREAD = timedelta(milliseconds=300)
HOUSEKEEPING = timedelta(seconds=5)
RATES_EVERY = timedelta(minutes=10)
DAYS_AT_ONCE = 2
THREADS = 5
ANNOUNCE_EVERY = timedelta(seconds=1)
WAIT_FOR_ALL_SHOPS = timedelta(minutes=1)
ASLEEP = timedelta(minutes=1)
"""Who has not looked after the digests for so long was asleep with the machine."""
STOP_WITHIN_SECONDS = 5.0
"""A shop that hangs must not keep us until Docker kills us, ten seconds after its SIGTERM."""
WATCHED = "watched_shops"
WATCHING = "watching"
"""The kind of the message that a watch began; it has no level of its own and is silent."""


def run(settings: Settings) -> int:
    """Run until SIGTERM or SIGINT; returns the exit code.

    Raises:
        StoreError: the database cannot be used, or another daemon holds it.
    """
    return asyncio.run(_run(settings))


async def _run(settings: Settings) -> int:
    async with Application(settings) as app:
        lock = RunLock(app.store)
        lock.acquire()
        try:
            app.prepare_store(migrate=True)
            return await Daemon(app, lock).run()
        finally:
            lock.release()


def tick_length(poll_every: timedelta) -> timedelta:
    """Return how often a shop's job runs: at most a minute apart, and a whole part of its polls."""
    parts = -(-poll_every // LONGEST_TICK)
    return poll_every / parts


class Daemon:
    """Everything that runs at once, and the signal that ends it."""

    def __init__(self, app: Application, lock: RunLock) -> None:
        self._app = app
        self._lock = lock
        self._stop = asyncio.Event()
        self._exit_code = 0
        self._under_way: set[asyncio.Task[None]] = set()
        self._database_problem: str | None = None
        started_at = app.clock()
        self.relay = Relay(
            app.outbox(),
            {name: app.channels[name] for name in app.told_channels},
            app.voice,
            clock=app.clock,
            holding=self._holding,
        )
        self.pollers = [
            app.poller(shop, started_at=started_at, on_told=self.relay.wake)
            for shop in app.settings.shops
        ]
        self._observer = Observer(app)
        self._monitor = Monitor(app, self.pollers, on_told=self.relay.wake)
        self._started_at = self._awake_since = self._last_looked = started_at
        self._web = WebServer(
            make_app(Health(self.reasons, self.metrics)),
            app.settings.web.host,
            app.settings.web.port,
        )

    async def run(self) -> int:
        """Run until told to stop; what is under way then is finished first."""
        loop = asyncio.get_running_loop()
        # Each thread keeps memory of its own. Names are looked up here as well, so that a few that
        # hang must leave some for the store.
        loop.set_default_executor(ThreadPoolExecutor(THREADS, thread_name_prefix="step"))
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        await asyncio.to_thread(self._note_start)
        scheduler = self._schedule()
        web = asyncio.create_task(self._web.run())
        relays = [
            asyncio.create_task(self.relay.run(channel)) for channel in self._app.told_channels
        ]
        announcing = asyncio.create_task(self._announce())
        scheduler.start()
        systemd.notify("READY=1", f"STATUS=Watching {len(self.pollers)} shops")
        log.info("started shops=%d channels=%d", len(self.pollers), len(relays))
        await self._stop.wait()
        systemd.notify("STOPPING=1")
        log.info("stopping")
        scheduler.pause()
        announcing.cancel()
        await self._finish(relays)
        scheduler.shutdown(wait=False)
        self._web.stop()
        await asyncio.wait([web], timeout=STOP_WITHIN_SECONDS)
        web.cancel()
        await asyncio.gather(web, announcing, return_exceptions=True)
        log.info("stopped")
        return self._exit_code

    async def _finish(self, relays: list[asyncio.Task[None]]) -> None:
        """Let polls and messages under way end; what takes too long is cut short."""
        self.relay.stop()
        under_way = {*self._under_way, *relays}
        if under_way:
            await asyncio.wait(under_way, timeout=STOP_WITHIN_SECONDS)
        for task in (*self._under_way, *relays):
            task.cancel()
        await asyncio.gather(*self._under_way, *relays, return_exceptions=True)

    def _note_start(self) -> None:
        with self._app.store.write() as connection:
            release_dead_leases(connection)
            book = self._app.telling.book
            moved = move_stranded(connection, self._app.told_channels, book.channels)
            release_unheard(connection, self._started_at)
            digesting.note_start(connection, self._app.settings, self._started_at)
        if moved:
            log.info("moved_from_lost_channels events=%d", moved)

    # The schedule

    def _schedule(self) -> AsyncIOScheduler:
        scheduler = AsyncIOScheduler(
            timezone=UTC,
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        for place, poller in enumerate(self.pollers):
            length = tick_length(poller.shop.poll_every)
            self._add(scheduler, partial(poller.tick, length), length, place * SPREAD)
        self._add(scheduler, self._housekeep, self._housekeeping_every(), SPREAD)
        self._add(scheduler, self._send_digests, HOUSEKEEPING, 2 * SPREAD)
        self._add(scheduler, self._sum_up, HOUSEKEEPING, 3 * SPREAD)
        self._add(scheduler, self._observe, HOUSEKEEPING, 4 * SPREAD)
        self._add(scheduler, self._monitor.tick, LOOK_EVERY, HOUSEKEEPING)
        if self._app.settings.exchange.source != "off":
            self._add(scheduler, self._refresh_rates, RATES_EVERY, HOUSEKEEPING)
        heartbeat = self._app.settings.heartbeat
        if heartbeat is not None:
            sign = Heartbeat(self._app.http, heartbeat.url.get_secret_value())
            self._add(scheduler, partial(self._beat, sign), heartbeat.every, 2 * HOUSEKEEPING)
        return scheduler

    def _add(
        self,
        scheduler: AsyncIOScheduler,
        step: Callable[[], Awaitable[None]],
        every: timedelta,
        offset: timedelta,
    ) -> None:
        """Run a step at an interval; it never runs twice at once, and its failure ends only it."""

        async def job() -> None:
            task = asyncio.ensure_future(self._guarded(step))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
            await asyncio.wait([task])  # a step cut short at the end is no failure of its job

        start = datetime.now(UTC) + offset
        trigger = IntervalTrigger(seconds=every.total_seconds(), start_date=start, timezone=UTC)
        scheduler.add_job(job, trigger, next_run_time=start)

    async def _guarded(self, step: Callable[[], Awaitable[None]]) -> None:
        try:
            await step()
        except StoreError as error:
            log.error("store_failed what=%s", error.what)  # noqa: TRY400 - expected, told as one line
        except Exception:
            log.exception("step_failed")

    def _holding(self) -> Holding:
        return Holding(
            first_polls=any(
                not poller.first_attempt_over or (poller.polling and not poller.first_poll_done)
                for poller in self.pollers
            ),
            polls=any(poller.polling for poller in self.pollers),
        )

    # Housekeeping: the sign of life, the lock; and the message that the watch began

    def _housekeeping_every(self) -> timedelta:
        watchdog = systemd.watchdog_seconds()
        if watchdog is None:
            return HOUSEKEEPING
        return min(HOUSEKEEPING, timedelta(seconds=watchdog / 2))

    async def _housekeep(self) -> None:
        try:
            await asyncio.to_thread(self._lock.keep)
            await asyncio.to_thread(self._app.store.ping)
            self._database_problem = None
        except AlreadyRunningError as error:
            log.critical("lock_lost what=%s", error.what)
            self._exit_code = 1
            self._stop.set()
            return
        except StoreError as error:
            self._database_problem = error.what
            log.error("database_failed what=%s", error.what)  # noqa: TRY400 - expected
        # The loop turns and threads answer: that is what a restart could mend. A database that
        # is out of reach is not.
        systemd.notify("WATCHDOG=1")

    async def _sum_up(self) -> None:
        """Sum days anew whose sales changed, a few at a time so that nobody waits for long."""
        until = self._app.clock() + HOUSEKEEPING / 2
        while self._app.clock() < until and not self._stop.is_set():
            if await asyncio.to_thread(self._sum_some) < DAYS_AT_ONCE:
                return

    def _sum_some(self) -> int:
        with self._app.store.read() as connection:
            if not has_dirty(connection):
                return 0
        with self._app.store.write() as connection:
            return refresh(connection, self._app.basis, days=DAYS_AT_ONCE)

    async def _observe(self) -> None:
        if await self._observer.tick():
            self.relay.wake()

    async def _send_digests(self) -> None:
        now = self._app.clock()
        if now - self._last_looked > ASLEEP:
            self._awake_since = now
        try:
            if await digesting.tick(self._app, self._awake_since):
                self.relay.wake()
        finally:
            self._last_looked = self._app.clock()

    async def _beat(self, sign: Heartbeat) -> None:
        """Send the sign of life, or withhold it with the reasons why all is not well."""
        reasons = dict(await self.reasons())
        database = self._database_problem or self._monitor.outage
        if database is not None:
            reasons["database"] = database
        if not reasons:
            channels = self._app.told_channels
            reasons = await asyncio.to_thread(failing_channels, self._app.store, channels)
        await sign.beat(reasons)

    async def _refresh_rates(self) -> None:
        from salesdaemon.exchange import refresh_rates  # noqa: PLC0415 - some have no use for it

        app = self._app
        await refresh_rates(app.store, app.http, app.settings, app.clock())

    async def _announce(self) -> None:
        """Tell once that the watch began: when all shops were polled, or else after a minute."""
        complete, waited = False, False
        while not complete:
            await asyncio.sleep((LONGEST_TICK if waited else ANNOUNCE_EVERY).total_seconds())
            complete = all(poller.first_poll_done for poller in self.pollers)
            waited = self._app.clock() - self._started_at > WAIT_FOR_ALL_SHOPS
            if complete or waited:
                await self._guarded(partial(asyncio.to_thread, self._tell_watching))

    def _tell_watching(self) -> None:
        watched = sorted(p.shop.name for p in self.pollers if p.first_poll_done)
        with self._app.store.read() as connection:
            told = set(json.loads(find_setting(connection, WATCHED) or "[]"))
        newly = [shop for shop in watched if shop not in told]
        if not newly:
            return
        now = self._app.clock()
        count = len(watched)
        title = f"Watching {count} shop{'s' if count != 1 else ''}"
        body = f"{', '.join(watched)}: from now on, every paid sale rings once."
        with self._app.store.write() as connection:
            set_setting(connection, WATCHED, json.dumps(sorted(told | set(watched))))
            event = f"{WATCHING}:{','.join(newly)}"
            announce(connection, self._app.telling, Announcement(WATCHING, event, title, body, now))
        self.relay.wake()

    # What /readyz and /metrics tell

    async def reasons(self) -> Mapping[str, str]:
        """Say why the daemon is not ready; empty when it is."""
        reasons: dict[str, str] = {}
        try:
            if not await asyncio.to_thread(is_current, self._app.store):
                reasons["database"] = "The migrations are not current."
        except StoreError as error:
            reasons["database"] = error.what
        now = self._app.clock()
        for poller in self.pollers:
            reason = unready_reason(poller, now)
            if reason is not None:
                reasons[f"shop {poller.shop.name}"] = reason
        return reasons

    async def metrics(self) -> bytes:
        """Return the figures in Prometheus' text form."""
        return await asyncio.to_thread(
            render_metrics, self._app.store, self.pollers, self._app.told_channels
        )


def unready_reason(poller: ShopPoller, now: datetime) -> str | None:
    """Say why a shop is not watched as it should be; None when it is."""
    record = poller.journal.record
    if not poller.first_poll_done:
        return record.problem or "It was not polled yet."
    last = record.last_good_poll
    if last is None or now - last > 3 * poller.interval + timedelta(seconds=1):
        since = last.isoformat() if last is not None else "never"
        return record.problem or f"The last good poll was at {since}."
    return None
