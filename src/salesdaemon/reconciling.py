"""Read a period again from a marketplace and compare it with the store; repair it if asked to."""

import asyncio
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from salesdaemon.application import Application
from salesdaemon.domain.changes import Watch
from salesdaemon.domain.differences import (
    Difference,
    Facts,
    compare_entry,
    compare_sale,
    contradictions_of,
)
from salesdaemon.domain.ledger import Entry, contradictions
from salesdaemon.domain.period import day_of, resolve
from salesdaemon.domain.rules import RuleBook
from salesdaemon.errors import (
    PayloadError,
    RateLimitError,
    UnavailableError,
)
from salesdaemon.marketplaces.base import Feed, LedgerPage, Page, SetAside, Window
from salesdaemon.poller.pages import part_storable
from salesdaemon.poller.reader import Reader
from salesdaemon.poller.reading import Reading
from salesdaemon.poller.shop import ShopPoller
from salesdaemon.store.accounts import bind, find_bindable
from salesdaemon.store.consequences import Telling
from salesdaemon.store.differences import (
    Stretch,
    copy_scales,
    find_stored_entries,
    list_created,
    list_moved,
    load_entries,
    load_facts,
    open_beside,
    repair_entries,
    repair_sales,
)
from salesdaemon.store.engine import Connection, Store
from salesdaemon.store.known_sales import chunks
from salesdaemon.store.ledger import BooksContext, record_entries
from salesdaemon.store.lock import is_running
from salesdaemon.store.recording import Batch, record
from salesdaemon.store.settling import entries_of, load_listed, load_scales
from salesdaemon.waiting import keep_wait, respect_wait

log = logging.getLogger(__name__)

MARGIN: Final = timedelta(days=4)
"""How much earlier reading begins: a fee may belong to an order of some days before."""
AHEAD: Final = timedelta(hours=1)  # the marketplace's clock may be ahead of ours
WIDEST: Final = timedelta(days=30)
_EVER = (datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC))
_SILENT = Telling(RuleBook({}, ()))


@dataclass(slots=True)
class Reconciled:
    """What a comparison found; `unreadable` are orders that the marketplace sent in no fit shape.

    `repaired` counts sales and lines of the books that were mended, None where nobody asked.
    """

    shop: str
    first: date
    orders: int = 0
    entries: int = 0
    has_books: bool = False
    differences: list[Difference] = field(default_factory=list)
    unreadable: list[SetAside] = field(default_factory=list)
    repaired: int | None = None

    @property
    def complete(self) -> bool:
        """Tell whether everything that the marketplace showed could be compared."""
        return not self.unreadable


@dataclass(slots=True)
class _Findings:
    """What is to be mended: sales as they were when compared, and lines of the books."""

    differences: list[Difference] = field(default_factory=list)
    sales: dict[str, Facts | None] = field(default_factory=dict)
    entries: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Task:
    """One comparison under way. `beside` holds what the marketplace says.

    `orders` and `books` are the stretches that are compared; a running daemon has not had its
    turn yet with what is newer.
    """

    app: Application
    poller: ShopPoller
    account_id: int
    beside: Store
    started: datetime
    running: bool
    orders: Stretch
    books: Stretch

    @property
    def feed(self) -> Feed:
        return self.poller.shop.feed


async def reconcile_shop(app: Application, shop: str, days: int, *, fix: bool) -> Reconciled:
    """Compare what is stored of a shop's last days with what the marketplace says of them.

    Nothing is written but with `fix`, and nothing is told even then.

    Raises:
        MarketplaceError: it could not be read completely.
        StoreError: the database could not be read or written.
    """
    poller = app.poller(shop)
    respect_wait(app, poller)
    try:
        return await _reconcile(app, poller, days, fix=fix)
    except RateLimitError as error:
        await asyncio.to_thread(keep_wait, app, shop, error)
        raise


async def _reconcile(app: Application, poller: ShopPoller, days: int, *, fix: bool) -> Reconciled:
    shop = poller.shop
    account_id = await _find_account(app, poller, fix=fix)
    with open_beside(account_id, shop.marketplace, shop.name) as beside:
        task = _task(app, poller, account_id, beside, days)
        result = Reconciled(shop.name, day_of(task.orders.first, app.settings.zone))
        result.unreadable = await _read_orders(task)
        result.has_books = await _read_books(task)
        found = await asyncio.to_thread(_compare, task, result)
        result.differences = sorted(
            found.differences, key=lambda each: (each.at, each.sale_id or "")
        )
        if fix:
            result.repaired = await asyncio.to_thread(_repair, task, found)
    return result


async def _find_account(app: Application, poller: ShopPoller, *, fix: bool) -> int:
    """Return the number of the account; 0 where nothing is stored of it and nothing shall be."""
    shop = poller.shop
    external_id = (await shop.feed.identify()).external_id

    def find() -> int:
        with app.store.write() if fix else app.store.read() as connection:
            account = (bind if fix else find_bindable)(
                connection,
                shop=shop.name,
                marketplace=shop.marketplace,
                external_id=external_id,
                configured=app.configured,
            )
            return account.id if account is not None else 0

    return await asyncio.to_thread(find)


def _task(app: Application, poller: ShopPoller, account_id: int, beside: Store, days: int) -> _Task:
    now = app.clock()
    zone = app.settings.zone
    earliest = poller.shop.earliest
    today = day_of(now, zone)
    longest = (today - day_of(earliest, zone)).days + 1
    first = resolve(today - timedelta(days=min(days, longest) - 1), time.min, zone)
    running = is_running(app.store)
    polled = now - 2 * poller.interval - timedelta(minutes=1) if running else now + AHEAD
    booked = now - 2 * poller.shop.books_every if running else now + AHEAD
    return _Task(
        app,
        poller,
        account_id,
        beside,
        now,
        running,
        Stretch(account_id, first, max(polled, first)),
        Stretch(account_id, first, max(booked, first)),
    )


# Reading


async def _read_orders(task: _Task) -> list[SetAside]:
    """Record the orders beside the store; returns those that could not be read."""
    unreadable: list[SetAside] = []

    async def record_beside(_reading: Reading, pages: Sequence[Page]) -> None:
        good, unstorable = part_storable([sale for page in pages for sale in page.sales])
        unreadable.extend(unstorable)
        unreadable.extend(order for page in pages for order in page.set_aside)
        batch = Batch(task.account_id, task.poller.shop.name, good, Watch(None), task.started)
        await asyncio.to_thread(_record_orders, task, batch)

    reading = Reading(((task.orders.first - MARGIN, None),))
    reader = Reader(task.feed, task.app.clock)
    await reader.read(reading, record_beside, keep_going=lambda: True)
    return list({order.external_id: order for order in unreadable}.values())


def _record_orders(task: _Task, batch: Batch) -> None:
    with task.beside.write() as connection:
        record(connection, batch, _SILENT, task.app.settings.zone)


async def _read_books(task: _Task) -> bool:
    """Record the books beside the store, the oldest first; False where they may not be read."""
    await asyncio.to_thread(_record_stored_entries, task, imported=True)
    first, end = task.books.first - MARGIN, task.started + AHEAD
    while first < end:
        window = Window(first, min(first + WIDEST, end))
        entries = await _read_window(task, window)
        if entries is None:
            await asyncio.to_thread(_record_stored_entries, task, imported=None)
            return False
        await asyncio.to_thread(_record_entries, task, entries)
        first += WIDEST
    return True


async def _read_window(task: _Task, window: Window) -> list[Entry] | None:
    found: dict[str, Entry] = {}
    cursor: str | None = None
    begun_again = False
    while True:
        try:
            page = await task.feed.fetch_ledger(window, cursor)
        except PayloadError:
            if cursor is None or begun_again:
                raise
            # The page that a cursor leads to is gone; lines that were read twice do no harm.
            cursor, begun_again = None, True
            continue
        if page is None:
            return None
        found.update((entry.entry_id, entry) for entry in page.entries)
        if page.cursor is None:
            return list(found.values())
        cursor = _lead_on(page, cursor)


def _lead_on(page: LedgerPage, cursor: str | None) -> str | None:
    if page.cursor == cursor:
        raise UnavailableError("The list of the books is stuck: it does not lead on.")
    return page.cursor


def _record_entries(task: _Task, entries: Iterable[Entry]) -> None:
    known = {entry.entry_id: entry for entry in entries}
    if task.running:
        # The daemon has not read the newest lines yet, and nothing is wrong with that.
        with task.app.store.read() as connection:
            stored = find_stored_entries(connection, task.account_id, list(known))
        known = {
            key: entry
            for key, entry in known.items()
            if entry.posted_at < task.books.end or key in stored
        }
    _record_beside(task, list(known.values()))


def _record_stored_entries(task: _Task, *, imported: bool | None) -> None:
    """Let the sales be settled with what the store alone has: lines from files, or all of them."""
    first, end = task.books.first - MARGIN, _EVER[1]
    with task.app.store.read() as connection:
        stretch = Stretch(task.account_id, first, end)
        stored = load_entries(connection, stretch, imported=imported)
        with task.beside.write() as beside:
            if imported:
                copy_scales(connection, beside)
    _record_beside(task, list(stored.values()))


def _record_beside(task: _Task, entries: Sequence[Entry]) -> None:
    context = BooksContext(task.started, task.app.settings.zone)
    with task.beside.write() as connection:
        record_entries(connection, task.account_id, entries, context)


# Comparing


def _compare(task: _Task, result: Reconciled) -> _Findings:
    found = _Findings()
    with task.app.store.read() as store, task.beside.read() as beside:
        moved = list_moved(store, task.account_id, task.started) if task.running else set()
        created = [key for key in list_created(beside, task.orders) if key not in moved]
        result.orders = len(created)
        scales = load_scales(beside, task.account_id)
        for keys in chunks(created):
            _compare_sales(task.account_id, store, beside, keys, found)
            found.differences += _contradictions(task.account_id, beside, keys)
        if result.complete:
            _list_extras(task, store, beside, moved, found)
        if result.has_books:
            ours = load_entries(store, task.books, imported=False)
            theirs = load_entries(beside, task.books, imported=False)
            result.entries = len(theirs)
            unreadable = {order.external_id for order in result.unreadable}
            for key in {**ours, **theirs}:
                if key in ours and ours[key].of_sale in unreadable:
                    continue  # the source's line could not find its order
                differences = compare_entry(ours.get(key), theirs.get(key), scales)
                found.differences += differences
                found.entries += [key] if differences else []
    return found


def _compare_sales(
    account_id: int,
    store: Connection,
    beside: Connection,
    keys: Sequence[str],
    found: _Findings,
) -> None:
    ours = load_facts(store, account_id, keys)
    theirs = load_facts(beside, account_id, keys)
    for key in keys:
        differences = compare_sale(ours.get(key), theirs.get(key))
        if differences:
            found.differences += differences
            found.sales[key] = ours.get(key)


def _contradictions(
    account_id: int, beside: Connection, keys: Sequence[str]
) -> Iterator[Difference]:
    listed = load_listed(beside, account_id, keys)
    booked = entries_of(beside, account_id, keys)
    scales = load_scales(beside, account_id)
    for key, sale in listed.items():
        yield from contradictions_of(sale, contradictions(sale, booked.get(key, []), scales))


def _list_extras(
    task: _Task, store: Connection, beside: Connection, moved: set[str], found: _Findings
) -> None:
    known = set(list_created(beside, Stretch(task.account_id, *_EVER))) | moved
    extras = [key for key in list_created(store, task.orders) if key not in known]
    for key, facts in load_facts(store, task.account_id, extras).items():
        found.differences += compare_sale(facts, None)
        if not facts.imported:  # a file may know of more than the marketplace still shows
            found.sales[key] = facts


# Repairing


def _repair(task: _Task, found: _Findings) -> int:
    """Mend in small transactions, so that a running daemon waits for none of them."""
    repaired = 0
    with task.beside.read() as beside:
        for keys in chunks(found.entries):
            with task.app.store.write() as store:
                repair_entries(store, beside, task.account_id, keys)
            repaired += len(keys)
        for keys in chunks(list(found.sales)):
            with task.app.store.write() as store:
                expected = {key: found.sales[key] for key in keys}
                repaired += len(repair_sales(store, beside, task.account_id, expected))
    return repaired
