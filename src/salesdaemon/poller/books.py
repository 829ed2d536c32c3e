"""Read a shop's books and its catalogue in the background, and record what they say."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from salesdaemon.domain.changes import Watch
from salesdaemon.errors import MarketplaceError, PayloadError, RateLimitError, UnavailableError
from salesdaemon.marketplaces.base import CatalogueEntry, LedgerPage, Window
from salesdaemon.poller.books_plan import AHEAD, Limits, windows_between
from salesdaemon.poller.budget import after_failures
from salesdaemon.poller.plan import Plan
from salesdaemon.poller.reading import Reading
from salesdaemon.poller.watched import Shop
from salesdaemon.store.accounts import AccountRecord, save_plan
from salesdaemon.store.consequences import Telling
from salesdaemon.store.engine import Connection, Store
from salesdaemon.store.ledger import BooksContext, BooksRecorded, record_entries
from salesdaemon.store.payouts import FirstReading, note_as_history
from salesdaemon.store.products import products_to_check, save_catalogue
from salesdaemon.store.sales import oldest_order
from salesdaemon.store.shop_lines import save_payouts
from salesdaemon.store.sums import mark_products_dirty

log = logging.getLogger(__name__)

FIRST_WAIT = timedelta(seconds=30)
CATALOGUE_AGES = timedelta(days=30)
PRODUCTS_AT_ONCE = 100


@dataclass(slots=True)
class Books:
    """Reads the books of one shop for its poller.

    What fails here is put off for longer and longer and never stops the reading of orders.
    """

    shop: Shop
    store: Store
    telling: Telling
    zone: ZoneInfo
    clock: Callable[[], datetime]
    _failures: Counter[str] = field(default_factory=Counter)
    _not_before: dict[str, datetime] = field(default_factory=dict)

    async def read_on(
        self,
        plan: Plan,
        account: AccountRecord,
        keep_going: Callable[[], bool],
        on_page: Callable[[Plan, BooksRecorded], None],
    ) -> None:
        """Read what is due, a page at a time.

        `on_page` gets the plan, saved already, and what the page brought, before the next page
        may fail.

        Raises:
            RateLimitError: the marketplace asks for fewer requests.
            StoreError: a page could not be recorded.
        """
        while keep_going() and self._may("books"):
            books = plan.books.next_reading(self.clock(), history_read=plan.history_done)
            if books is None or books.reading is None:
                break
            plan = replace(plan, books=books)
            with self._putting_off("books"):
                page, reading = await self._fetch(books.reading)
                plan, recorded = await asyncio.to_thread(self._record, plan, account, page, reading)
                on_page(plan, recorded)

    async def read_all(self, plan: Plan, account: AccountRecord, since: datetime | None) -> Plan:
        """Read the books of all orders that were read, or since a moment; returns the plan, saved.

        Raises:
            MarketplaceError: a page could not be had; call again to go on.
            StoreError: a page could not be recorded.
        """
        if since is not None:
            await self._read_since(account, since)
            return plan
        while True:
            books = plan.books.next_reading(self.clock(), history_read=plan.history_done)
            if books is None or books.reading is None:
                return plan
            page, reading = await self._fetch(books.reading)
            begun = replace(plan, books=books)
            plan, _ = await asyncio.to_thread(self._record, begun, account, page, reading)

    async def _read_since(self, account: AccountRecord, since: datetime) -> None:
        reading = Reading(windows_between(since, self.clock() + AHEAD))
        while not reading.finished:
            page, reading = await self._fetch(reading)
            if page is None:
                return
            await asyncio.to_thread(self._record_page, account, page)

    def _may(self, what: str) -> bool:
        return what not in self._not_before or self.clock() >= self._not_before[what]

    @contextmanager
    def _putting_off(self, what: str) -> Iterator[None]:
        try:
            yield
            self._failures[what] = 0
        except RateLimitError:
            raise
        except MarketplaceError as error:
            self._failures[what] += 1
            wait = after_failures(FIRST_WAIT, self._failures[what])
            self._not_before[what] = self.clock() + wait
            log.warning("%s_failed shop=%s what=%s", what, self.shop.name, error.what)

    async def _fetch(self, reading: Reading) -> tuple[LedgerPage | None, Reading]:
        first, end = reading.windows[-1]
        try:
            page = await self.shop.feed.fetch_ledger(Window(first, end), reading.cursor)
        except PayloadError:
            if reading.cursor is None:
                raise
            # The page that a cursor leads to is gone; entries that were read twice do no harm.
            page = await self.shop.feed.fetch_ledger(Window(first, end), None)
        if page is not None and page.cursor is not None and page.cursor == reading.cursor:
            raise UnavailableError("The list of the books is stuck: it does not lead on.")
        return page, reading.after(page.cursor if page is not None else None, None)

    def _record(
        self, plan: Plan, account: AccountRecord, page: LedgerPage | None, reading: Reading
    ) -> tuple[Plan, BooksRecorded]:
        now = self.clock()
        with self.store.write() as connection:
            if page is None:
                plan = replace(plan, books=plan.books.refused(now))
                save_plan(connection, account.id, plan.to_text())
                return plan, BooksRecorded()
            recorded = self._write(connection, account, page)
            if plan.books.until is None:
                first = FirstReading(page.payouts, page.entries, now)
                note_as_history(connection, account.id, first)
            limits = Limits(
                now=now,
                every=self.shop.books_every,
                polls=max(1, round(self.shop.books_every / timedelta(minutes=1))),
                earliest=self.shop.earliest,
                oldest_order=oldest_order(connection, account.id),
            )
            plan = replace(plan, books=plan.books.progressed(reading, len(page.entries), limits))
            if recorded.reversals:
                plan = plan.looking_back(now)
            save_plan(connection, account.id, plan.to_text())
        if recorded.new:
            log.info("books_read shop=%s entries=%d", self.shop.name, recorded.new)
        return plan, recorded

    def _record_page(self, account: AccountRecord, page: LedgerPage) -> None:
        with self.store.write() as connection:
            self._write(connection, account, page)

    def _write(
        self, connection: Connection, account: AccountRecord, page: LedgerPage
    ) -> BooksRecorded:
        now = self.clock()
        context = BooksContext(now, self.zone, Watch(account.watch_since), self.telling)
        save_payouts(connection, account.id, page.payouts, now)
        return record_entries(connection, account.id, page.entries, context)

    async def look_up_products(self, account: AccountRecord) -> None:
        """Ask the catalogue about products that were sold and not looked up lately.

        Raises:
            RateLimitError: the marketplace asks for fewer requests.
            StoreError: the answer could not be kept.
        """
        asked = await asyncio.to_thread(self._products, account) if self._may("catalogue") else []
        if asked:
            with self._putting_off("catalogue"):
                answer = await self.shop.feed.fetch_catalogue(asked)
                await asyncio.to_thread(self._keep, account, asked, answer)

    def _products(self, account: AccountRecord) -> list[str]:
        with self.store.write() as connection:
            older = self.clock() - CATALOGUE_AGES
            return products_to_check(connection, account.id, PRODUCTS_AT_ONCE, older)

    def _keep(
        self, account: AccountRecord, asked: list[str], answer: Mapping[str, CatalogueEntry]
    ) -> None:
        with self.store.write() as connection:
            moved = save_catalogue(
                connection,
                account.id,
                answer,
                self.clock(),
                asked=asked,
            )
            mark_products_dirty(connection, account.id, moved)
