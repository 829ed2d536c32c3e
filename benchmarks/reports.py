"""How soon a report is there, of a history that is long."""

import random
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from statistics import median

from benchmarks import years
from benchmarks.figures import Figure, say
from benchmarks.years import BASIS, LAST
from salesdaemon.domain.period import Period
from salesdaemon.domain.sums import Dimension
from salesdaemon.store.engine import Store
from salesdaemon.store.sums import load_summary, load_sums, mark_dirty

LARGE = 5_000_000
"""From so many sales on the targets are those of ten million."""
DAY, YEARS, PRODUCTS = (5.0, 20.0), (10.0, 20.0), (50.0, 200.0)
"""Milliseconds, for a million and for ten million sales."""
ROUNDS = 15
ALL_THE_YEAR = 365

Look = Callable[[Store, date], None]


def measure(sales: int) -> Iterator[Figure]:
    """Fill a database, sum it up, and ask for what people ask for."""
    started = time.perf_counter()
    with years.years(sales) as store:
        say(f"  {sales:,} sales written in {time.perf_counter() - started:.0f} s")
        started = time.perf_counter()
        days = years.sum_up(store)
        seconds = time.perf_counter() - started
        yield Figure(f"{sales:,} sales of {days:,} shop's days: all summed up", seconds, "s")
        yield Figure("  the same for each sale", 1e6 * seconds / sales, "us")
        large = sales >= LARGE
        yield from _look(store, f"{sales:,} sales: report of a day", _day, DAY[large])
        name = f"{sales:,} sales: a year against the year before"
        yield from _look(store, name, _year_against_year, YEARS[large])
        name = f"{sales:,} sales: report by product of a month"
        yield from _look(store, name, _month, PRODUCTS[large])
        yield from _look(store, f"{sales:,} sales: report by product of a year", _year)
        _mark(store)
        yield from _look(store, f"{sales:,} sales: report of a day not summed up", _day)


def _look(store: Store, name: str, look: Look, target: float | None = None) -> Iterator[Figure]:
    taken = [_milliseconds(store, look, day) for day in _days()]
    yield Figure(f"{name}, median", median(taken), "ms", target)
    yield Figure("  slowest", max(taken), "ms")


def _days() -> list[date]:
    drawn = random.Random(3)
    return [LAST - timedelta(days=drawn.randrange(ALL_THE_YEAR)) for _ in range(ROUNDS)]


def _milliseconds(store: Store, look: Look, day: date) -> float:
    started = time.perf_counter()
    look(store, day)
    return 1000 * (time.perf_counter() - started)


def _day(store: Store, day: date) -> None:
    _summary(store, Period(day, day))


def _month(store: Store, day: date) -> None:
    _summary(store, Period(day - timedelta(days=30), day))


def _year(store: Store, day: date) -> None:
    _summary(store, _year_until(day))


def _summary(store: Store, period: Period) -> None:
    with store.read() as connection:
        if not load_summary(connection, BASIS, period).products:
            raise SystemExit(f"Nothing was sold in {period}: the figure would mean nothing.")


def _year_against_year(store: Store, day: date) -> None:
    with store.read() as connection:
        for until in (day, day - timedelta(days=ALL_THE_YEAR)):
            load_sums(connection, BASIS, _year_until(until), (Dimension.TOTAL,))


def _year_until(day: date) -> Period:
    return Period(day - timedelta(days=ALL_THE_YEAR - 1), day)


def _mark(store: Store) -> None:
    with store.write() as connection:
        for account_id in range(1, 1 + len(years.SHOPS)):
            mark_dirty(connection, account_id, _days())
