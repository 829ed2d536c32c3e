"""What it costs a first sync that sums by day are kept: each day whose sales change is marked."""

import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from unittest.mock import patch
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from benchmarks.figures import Figure
from salesdaemon.domain.changes import EventKind, Watch
from salesdaemon.domain.rules import RuleBook
from salesdaemon.domain.sale import Kind, LineItem, Sale, Status
from salesdaemon.store import recording
from salesdaemon.store.accounts import bind
from salesdaemon.store.consequences import Telling
from salesdaemon.store.engine import Store
from salesdaemon.store.migrate import upgrade
from salesdaemon.store.recording import Batch
from salesdaemon.store.sums import mark_dirty

SALES = 20_000
PAGE = 100
ROUNDS = 5
RATIO = 1.5
"""A third of the speed lost is half as much time again."""
_NOW = datetime(2026, 7, 1, tzinfo=UTC)
_GAP = timedelta(days=3 * 365) / SALES
_TELLING = Telling(RuleBook({kind.value: "off" for kind in EventKind}, ()))

Mark = Callable[[Connection, int, Iterable[date]], None]


def measure() -> Iterator[Figure]:
    """Record a history page by page, in turns with and without marking its days."""
    pages = [_page(start) for start in range(0, SALES, PAGE)]
    with_marks, without = [], []
    for _ in range(ROUNDS):
        with_marks.append(_record(pages, mark_dirty))
        without.append(_record(pages, _mark_nothing))
    ratios = [marked / plain for marked, plain in zip(with_marks, without, strict=True)]
    name = f"recording {SALES:,} sales that are new"
    yield Figure(f"{name}: days marked against not, CPU", median(ratios), "x", RATIO)
    yield Figure("  sales a second of CPU time, days marked", SALES / median(with_marks), "/s")


def _mark_nothing(_connection: Connection, _account_id: int, _days: Iterable[date]) -> None:
    pass


def _record(pages: list[list[Sale]], mark: Mark) -> float:
    """Record all pages into a new database; returns the CPU seconds that the recording took."""
    with (
        patch.object(recording, "mark_dirty", mark),
        TemporaryDirectory(prefix="salesdaemon-bench-") as folder,
    ):
        store = Store(f"sqlite:///{Path(folder) / 'sales.db'}")
        try:
            upgrade(store)
            return _record_into(store, pages)
        finally:
            store.close()


def _record_into(store: Store, pages: list[list[Sale]]) -> float:
    shop = "templates"
    with store.write() as connection:
        account = bind(
            connection,
            shop=shop,
            marketplace="gumroad",
            external_id="account",
            configured={shop: "gumroad"},
        )
    started = time.process_time()
    for sales in pages:
        batch = Batch(account.id, shop, sales, Watch(_NOW), _NOW)
        with store.write() as connection:
            recording.record(connection, batch, _TELLING, ZoneInfo("Europe/Berlin"))
    return time.process_time() - started


def _page(start: int) -> list[Sale]:
    """Make a page of a history that is read from its end on."""
    return [_sale(number) for number in range(start, start + PAGE)]


def _sale(number: int) -> Sale:
    product, at = number % 200, _NOW - (1 + number) * _GAP
    item = LineItem(f"p{product}", f"Planner no. {product}", 1, 1200, passive=True)
    return Sale(
        external_id=f"{SALES - number:022d}==",
        kind=Kind.SALE,
        status=Status.PAID,
        paid=True,
        created_at=at,
        paid_at=at,
        currency="USD",
        gross_minor=1200,
        items=(item,),
        fees_minor=235,
        fees_exact=True,
        country="DE",
    )
