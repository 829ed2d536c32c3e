"""Poll one shop: carry out its plan, one request after the other, and record what comes."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeVar
from zoneinfo import ZoneInfo

from salesdaemon.domain.changes import Watch
from salesdaemon.errors import (
    MarketplaceError,
    PayloadError,
    RateLimitError,
    StoreError,
    UnavailableError,
    WindowTooWideError,
)
from salesdaemon.marketplaces.base import Page, Window
from salesdaemon.poller.books import Books
from salesdaemon.poller.budget import (
    after_failures,
    background_gap,
    effective_interval,
    next_on_grid,
)
from salesdaemon.poller.journal import Journal, describe_set_aside
from salesdaemon.poller.pages import NOTHING_READ, has_reached, newest_of, part_storable
from salesdaemon.poller.patience import Patience
from salesdaemon.poller.plan import RECENT, Plan
from salesdaemon.poller.reader import Reader
from salesdaemon.poller.reading import Reading
from salesdaemon.poller.sync import SyncProgress
from salesdaemon.poller.watched import Polled, Shop
from salesdaemon.store.accounts import AccountRecord, bind, save_plan
from salesdaemon.store.consequences import Telling
from salesdaemon.store.engine import Store
from salesdaemon.store.ledger import BooksRecorded
from salesdaemon.store.lock import is_running
from salesdaemon.store.recording import Batch, Recorded, record
from salesdaemon.store.sales import list_unpaid

log = logging.getLogger(__name__)
Result = TypeVar("Result")

LOOK_BACK = timedelta(days=1)
"""How far before the newest known order a poll still looks; older ones are for the sweeps."""
SPARE = timedelta(seconds=1)


class ShopPoller:
    """Polls one shop. Nothing here runs twice at once: `tick` is called by one job."""

    def __init__(
        self,
        shop: Shop,
        store: Store,
        *,
        telling: Telling,
        zone: ZoneInfo,
        clock: Callable[[], datetime],
        started_at: datetime | None = None,
        on_told: Callable[[], None] = lambda: None,
    ) -> None:
        """Make a poller; `started_at` is the start of a daemon, for the recap of what it missed."""
        self.shop = shop
        self.journal = Journal(store, shop.name, shop.marketplace, telling)
        self.first_poll_done = False
        self.polling = False
        self.first_attempt_over = False
        self.plan = Plan()
        self._store = store
        self._telling = telling
        self._zone = zone
        self._clock = clock
        self._started_at = started_at
        self._on_told = on_told
        self._account: AccountRecord | None = None
        self._due_at: datetime | None = None
        self._patience = Patience(shop.name, self.journal, shop.login)
        self._reader = Reader(shop.feed, clock)
        self._books = Books(shop, store, telling, zone, clock)
        self._background_after: datetime | None = None

    async def tick(self, slice_length: timedelta) -> None:
        """Poll if it is due, then read on in the background until the slice is over.

        Never raises for anything that is expected to go wrong.
        """
        started = self._clock()
        if not await self._may_ask(started):
            self._end_first_attempt()
            return
        poll_is_due = self._due_at is None or started >= self._due_at - slice_length / 10
        try:
            if poll_is_due:
                self._due_at = next_on_grid(self._due_at, started, self.interval)
                await self.attempt()
            elif self._account is not None:
                await self._noting_failures(self._look_at_unpaid(Polled()))
        except (MarketplaceError, StoreError):
            return
        finally:
            self._end_first_attempt()
        # A request under way when the slice ends must not make the next poll late.
        await self._work_in_background(started + slice_length - min(SPARE, slice_length / 5))

    def _end_first_attempt(self) -> None:
        if not self.first_attempt_over:
            self.first_attempt_over = True
            self._on_told()  # what was missed waits for the first polls of all shops

    @property
    def interval(self) -> timedelta:
        """How often the shop is polled now, its limits considered and failures left out."""
        limits = self.shop.feed.limits()
        return effective_interval(self.shop.poll_every, limits.per_day, limits.remaining_today)

    async def _may_ask(self, now: datetime) -> bool:
        try:
            return await self._patience.may_ask(now)
        except StoreError as error:
            await self._note_failure(error)
            return False

    async def attempt(self) -> Polled:
        """Ask for new orders and record them, following pages as far as needed.

        Raises:
            MarketplaceError: the marketplace did not do what was asked. It has been noted.
            StoreError: the database could not be read or written.
        """
        return await self._noting_failures(self._poll())

    async def _noting_failures(self, step: Awaitable[Result]) -> Result:
        try:
            return await step
        except (MarketplaceError, StoreError) as error:
            await self._note_failure(error)
            raise

    async def _poll(self) -> Polled:
        polled = Polled()
        self.polling = True
        try:
            await self._identify()
            await self._poll_newest(polled)
            await self._look_at_unpaid(polled)
            await self._note_good_poll()
        finally:
            self.polling = False
            if polled.told:
                self._on_told()  # rings wait while a poll may still bring more of them
        return polled

    async def _identify(self) -> None:
        """Find out whose orders these are, once, and bind the shop's name to that account."""
        if self._account is not None:
            return
        account = await self.shop.feed.identify()

        def _bind() -> AccountRecord:
            with self._store.write() as connection:
                self.journal.write(connection)
                return bind(
                    connection,
                    shop=self.shop.name,
                    marketplace=self.shop.marketplace,
                    external_id=account.external_id,
                    configured=self.shop.configured,
                )

        self._account = await asyncio.to_thread(_bind)
        self.journal.record = replace(self.journal.record, account_id=self._account.id)
        self.plan = Plan.from_text(self._account.plan)

    @property
    def account(self) -> AccountRecord:
        """The account, once it is known."""
        if self._account is None:
            raise UnavailableError(f"The account of shop {self.shop.name!r} is not known yet.")
        return self._account

    async def _poll_newest(self, polled: Polled) -> None:
        before = newest = self.plan.floor
        # A shop that sold nothing since its watch began has no newest order yet.
        since = before or self.account.watch_since or self._clock()
        window = Window(first=since - LOOK_BACK)
        cursor: str | None = None
        while True:
            page = await self._fetch_newest(window, cursor)
            newest = newest_of(page, newest)
            recorded = await self._record_poll_page(page, window, polled)
            cursor = page.cursor
            if cursor is None or has_reached(page, before or self.account.watch_since, recorded):
                break
        self.plan = self.plan.polled(newest)
        if newest != before:
            await asyncio.to_thread(self._save_plan)

    async def _fetch_newest(self, window: Window, cursor: str | None) -> Page:
        try:
            return await self.shop.feed.fetch_newest(window, cursor)
        except WindowTooWideError:
            # After a long pause a big shop cannot search all of it at once: ask for the last
            # day only, and let the sweep of recent orders, which can split, read the rest.
            self.plan = self.plan.catching_up(window.first)
            return await self.shop.feed.fetch_newest(Window(self._clock() - LOOK_BACK), None)

    async def _record_poll_page(self, page: Page, window: Window, polled: Polled) -> Recorded:
        begins = page.vendor_time if self.account.watch_since is None else None
        if begins is not None:
            begins = begins.replace(microsecond=0)
            read_to = page.oldest if page.cursor is not None else window.first
            self.plan = self.plan.begun(self._clock(), self.shop.earliest, read_to)
        plan = self.plan if begins is not None else None
        recorded = await self._record([page], begins_watch=begins, plan=plan)
        if begins is not None:
            log.info("watch_began shop=%s since=%s", self.shop.name, begins.isoformat())
            self._account = replace(self.account, watch_since=begins)
        polled.add(recorded)
        return recorded

    async def _look_at_unpaid(self, polled: Polled) -> None:
        unpaid = await asyncio.to_thread(self._list_unpaid)
        if not unpaid:
            return
        try:
            page = await self.shop.feed.fetch_unpaid(unpaid)
        except (UnavailableError, PayloadError) as error:
            # New orders ring all the same; these are asked for again with the next poll.
            log.warning("unpaid_failed shop=%s what=%s", self.shop.name, error.what)
            return
        recorded = await self._record([page])
        polled.add(recorded)

    def _list_unpaid(self) -> dict[str, datetime]:
        with self._store.read() as connection:
            return list_unpaid(connection, self.account.id)

    async def _note_good_poll(self) -> None:
        now = self._clock()
        self.first_poll_done = True
        self._patience.note_good_poll()
        if self.journal.polled(now, self.interval):
            await asyncio.to_thread(self._save_plan, with_journal=True)

    def _save_plan(self, *, with_journal: bool = False) -> None:
        with self._store.write() as connection:
            if with_journal:
                self.journal.write(connection)
            save_plan(connection, self.account.id, self.plan.to_text())

    async def _record(
        self,
        pages: Sequence[Page],
        *,
        begins_watch: datetime | None = None,
        plan: Plan | None = None,
        read_back_to: datetime | None = None,
    ) -> Recorded:
        missed_before = None if self.first_poll_done else self._started_at
        sales, unstorable = part_storable([sale for page in pages for sale in page.sales])
        batch = Batch(
            account_id=self.account.id,
            shop=self.shop.name,
            sales=sales,
            watch=Watch(self.account.watch_since, read_back_to or self.plan.read_back_to),
            seen_at=self._clock(),
            set_aside=[*unstorable, *(order for page in pages for order in page.set_aside)],
            begins_watch=begins_watch,
            plan=plan.to_text() if plan is not None else None,
            missed_before=missed_before,
        )
        recorded = await asyncio.to_thread(self._record_batch, batch)
        for sale in recorded.new if self.account.watch_since is not None else ():
            if recorded.told:
                log.info("sale_recorded shop=%s sale_id=%s", self.shop.name, sale.external_id)
        if recorded.told or recorded.changed or recorded.newly_set_aside:
            self._on_told()
        return recorded

    def _record_batch(self, batch: Batch) -> Recorded:
        with self._store.write() as connection:
            # Seen when it can be seen by others: a digest tells all up to its own moment.
            batch = replace(batch, seen_at=self._clock())
            recorded = record(connection, batch, self._telling, self._zone)
            if recorded.newly_set_aside:
                orders = [(order.external_id, order.reason) for order in recorded.newly_set_aside]
                title, body = describe_set_aside(self.shop.name, orders)
                event = f"set_aside:{batch.account_id}:{orders[0][0]}"
                self.journal.tell(connection, event, title, body, batch.seen_at)
                log.warning("orders_set_aside shop=%s count=%d", self.shop.name, len(orders))
        return recorded

    async def _work_in_background(self, deadline: datetime) -> None:
        now = self._clock()
        if self._account is None or (self._background_after and now < self._background_after):
            return
        self._background_after = None
        try:
            while (name := self.plan.due(self._clock())) and self._clock() < deadline:
                await self._read_on(name, deadline)
                if name == RECENT.name and self.plan.sweeps[name].reading is None:
                    await self._look_at_tripwire()
                    await self._books.look_up_products(self.account)
                    await self._read_books(deadline)
                if self._background_after is not None:
                    break
            await self._read_books(deadline)
        except (MarketplaceError, StoreError) as error:
            await self._note_background_failure(error)

    async def _read_on(self, name: str, deadline: datetime) -> None:
        """Read on where a sweep or the history had stopped, until it is done or time is up."""

        async def record_progress(reading: Reading, pages: Sequence[Page]) -> None:
            # Whether an order was listed late is judged by what had been read before these pages.
            read_before = self.plan.read_back_to or NOTHING_READ
            plan = self.plan.progressed(name, reading, self._clock())
            await self._record(pages, plan=plan, read_back_to=read_before)
            self.plan = self.plan.progressed(name, reading, self._clock())

        reading, go_on = self.plan.reading(name, self._clock()), partial(self._may_go_on, deadline)
        await self._reader.read(reading, record_progress, keep_going=go_on)

    async def _read_books(self, deadline: datetime) -> None:
        def note(plan: Plan, brought: BooksRecorded) -> None:
            self.plan = plan
            if brought.told or brought.changed:
                self._on_told()

        if self._background_after is None:
            go_on = partial(self._may_go_on, deadline)
            await self._books.read_on(self.plan, self.account, go_on, note)

    async def sync(
        self, since: datetime | None, on_progress: Callable[[int, datetime | None], None]
    ) -> int:
        """Read history again from the newest order back, and its books where no daemon does.

        Resumes where an earlier call for the same `since` had stopped. `on_progress` gets the
        number of orders read and how far back they reach. Returns the number of new sales.

        Raises:
            MarketplaceError: the marketplace did not do what was asked; call again to go on.
            StoreError: the database could not be read or written.
        """
        await self._identify()
        progress = SyncProgress(self._store, self.account.id, since or self.shop.earliest)
        stored = 0

        async def record_batch(reading: Reading, pages: Sequence[Page]) -> None:
            nonlocal stored
            recorded = await self._record(pages)
            stored += len(recorded.new)
            progress.note(reading, pages)
            await asyncio.to_thread(progress.save)
            on_progress(progress.orders, reading.oldest)

        await self._reader.read(progress.load(), record_batch, keep_going=lambda: True)
        if not await asyncio.to_thread(is_running, self._store):
            # A daemon keeps a plan of its own and reads its history and its books itself.
            self.plan = self.plan if since else self.plan.all_read(progress.newest)
            await asyncio.to_thread(self._save_plan)
            self.plan = await self._books.read_all(self.plan, self.account, since)
        return stored

    def _may_go_on(self, deadline: datetime) -> bool:
        """Tell whether time and the marketplace's limits leave the background something."""
        limits = self.shop.feed.limits()
        gap = background_gap(limits.per_day, limits.remaining_today)
        self._background_after = self._clock() + gap if gap else None
        return not gap and self._clock() < deadline

    async def _look_at_tripwire(self) -> None:
        now = self._clock()
        marks = await self.shop.feed.fetch_tripwire(now.astimezone(UTC).date())
        if marks:
            self.plan = self.plan.tripped(marks, now)
            await asyncio.to_thread(self._save_plan)

    async def _note_failure(self, error: MarketplaceError | StoreError) -> None:
        again = await self._patience.note_failure(error, self._clock(), self.interval)
        self._due_at = again or self._due_at

    async def _note_background_failure(self, error: MarketplaceError | StoreError) -> None:
        """Put the background off; the polls go on, and tell where those fail as well."""
        now = self._clock()
        if isinstance(error, RateLimitError):
            await self._note_failure(error)
            return
        wait = after_failures(max(self.interval, timedelta(seconds=5)), self._reader.failures)
        self._background_after = now + wait
        log.warning("background_failed shop=%s what=%s", self.shop.name, error.what)
