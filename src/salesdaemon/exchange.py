"""Keep exchange rates up to date from the European Central Bank's files, politely.

Asked is for what is missing and no more: nothing while every sale is in the home currency, the
whole history once, a file of ninety days after a gap, else the day's rates once they are due.
Trouble is logged and tried again later; conversions go on with the rates that are there.
"""

import asyncio
import json
import logging
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from http import HTTPStatus
from typing import Final, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from salesdaemon.domain.exchange import Rate, last_publication_day
from salesdaemon.domain.period import day_of, resolve
from salesdaemon.errors import RateLimitError, SalesDaemonError, UnavailableError
from salesdaemon.exchange_files import RateFileError, read_rates
from salesdaemon.http import Http, Reply
from salesdaemon.settings_models import Settings
from salesdaemon.store.accounts import find_setting, set_setting
from salesdaemon.store.engine import Connection, Store
from salesdaemon.store.rates import mark_days_dirty, oldest_foreign_sale, save_rates

log = logging.getLogger(__name__)

SETTING: Final = "exchange"
FRANKFURT: Final = ZoneInfo("Europe/Berlin")
PUBLISHED_AT: Final = time(16, 15)
"""In Frankfurt; the bank says "around 16:00" (read 2026-11)."""

FIRST_SEEN_AT: Final = time(14, 0)
"""Nobody has rates of a day before this hour of it."""

QUARTER: Final = timedelta(days=80)
"""What the file of ninety days surely reaches back."""

AFTER_NEWS: Final = timedelta(minutes=10)
AFTER_NO_NEWS: Final = timedelta(hours=1)
WITHOUT_NEED: Final = timedelta(minutes=5)
FIRST_RETRY: Final = timedelta(minutes=10)
LONGEST_RETRY: Final = timedelta(hours=6)
LONGEST_WAIT_ASKED_FOR: Final = timedelta(days=1)
PATIENCE_SECONDS: Final = 120.0
"""For a whole file, however slowly it drips."""

_ONE_DAY: Final = timedelta(days=1)
_FIX: Final = "Try again later, or import a file: `salesdaemon rates import FILE`."


class File(StrEnum):
    """The bank's files, by what they cover."""

    DAY = "eurofxref-daily.xml"
    QUARTER = "eurofxref-hist-90d.xml"
    HISTORY = "eurofxref-hist.zip"


@dataclass(frozen=True, slots=True)
class Covered:
    """The days of which every published rate was fetched; both ends are included."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Attempts:
    """What is remembered between two attempts, also over a restart.

    `marks` are the headers with which the day's file is asked for again: only if it has changed.
    """

    covered: Covered | None = None
    not_before: datetime | None = None
    failures: int = 0
    problem: str | None = None
    marks: dict[str, str] = field(default_factory=dict)

    def to_text(self) -> str:
        """Write it as JSON."""
        covered, wait = self.covered, self.not_before
        return json.dumps(
            {
                "covered": covered and [covered.first.isoformat(), covered.last.isoformat()],
                "not_before": wait and wait.isoformat(),
                "failures": self.failures,
                "problem": self.problem,
                "marks": self.marks,
            }
        )

    @classmethod
    def from_text(cls, text: str | None) -> Self:
        """Read it back; nothing is remembered of attempts before the first."""
        if text is None:
            return cls()
        known = json.loads(text)
        covered, wait = known["covered"], known["not_before"]
        return cls(
            covered=Covered(*map(date.fromisoformat, covered)) if covered else None,
            not_before=datetime.fromisoformat(wait) if wait else None,
            failures=known["failures"],
            problem=known["problem"],
            marks=known["marks"],
        )


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What an attempt brought: the days whose rates are new or changed, or the problem.

    `file` is what was asked for, None where nothing was due.
    """

    file: File | None = None
    days: frozenset[date] = frozenset()
    problem: str | None = None


async def refresh_rates(store: Store, http: Http, settings: Settings, now: datetime) -> Refreshed:
    """Fetch what is due, keep it, and mark the days whose sums it changes.

    It never fails for want of an answer: that is logged, remembered, and tried again later.

    Raises:
        StoreError: the database could not be read or written.
    """
    if settings.exchange.source == "off":
        return Refreshed()
    attempts = await asyncio.to_thread(find_attempts, store)
    if attempts.not_before is not None and now < attempts.not_before:
        return Refreshed()
    oldest = await asyncio.to_thread(_oldest_need, store, settings.currency)
    missing = first_missing(attempts.covered, oldest, now)
    if missing is None:
        if oldest is None:
            await asyncio.to_thread(
                _remember, store, replace(attempts, not_before=now + WITHOUT_NEED)
            )
        return Refreshed()
    try:
        return await _fetch(store, http, settings, now, attempts=attempts, missing=missing)
    except (UnavailableError, RateLimitError, RateFileError) as error:
        failed = _after_failure(attempts, error, now)
        await asyncio.to_thread(_remember, store, failed)
        log.warning("rates_failed what=%s again_at=%s", error.what, failed.not_before)
        return Refreshed(file_for(missing, now), problem=error.what)


async def fetch_rates(store: Store, http: Http, settings: Settings, now: datetime) -> Refreshed:
    """Fetch what is missing, else the newest rates, whatever an earlier attempt says of waiting.

    Raises:
        SalesDaemonError: the bank did not answer as it should.
        StoreError: the database could not be read or written.
    """
    attempts = replace(await asyncio.to_thread(find_attempts, store), marks={})
    oldest = await asyncio.to_thread(_oldest_need, store, settings.currency)
    newest = newest_published(now)
    missing = first_missing(attempts.covered, oldest or newest - QUARTER, now) or newest
    return await _fetch(store, http, settings, now, attempts=attempts, missing=missing)


def find_attempts(store: Store) -> Attempts:
    """Return what is remembered of earlier attempts."""
    with store.read() as connection:
        return Attempts.from_text(find_setting(connection, SETTING))


# What is due


def newest_published(now: datetime) -> date:
    """Return the last day whose rates should be known by now."""
    today = day_of(now, FRANKFURT)
    published = last_publication_day(today)
    if published == today and now < resolve(today, PUBLISHED_AT, FRANKFURT):
        return last_publication_day(today - _ONE_DAY)
    return published


def first_missing(covered: Covered | None, oldest: date | None, now: datetime) -> date | None:
    """Return the first day whose rates are needed and were not fetched; None where none is.

    `oldest` is the first day that needs conversion, None if none does.
    """
    if oldest is None:
        return None
    newest = newest_published(now)
    needed = min(last_publication_day(oldest), newest)
    if covered is None or needed < covered.first:
        return needed
    return _next_publication_day(covered.last) if covered.last < newest else None


def file_for(missing: date, now: datetime) -> File:
    """Return the smallest file that holds the rates from a day on."""
    newest = newest_published(now)
    replaced = resolve(_next_publication_day(newest), FIRST_SEEN_AT, FRANKFURT)
    if missing == newest and now < replaced:
        return File.DAY
    return File.QUARTER if missing >= newest - QUARTER else File.HISTORY


def _next_publication_day(day: date) -> date:
    while True:
        day += _ONE_DAY
        if last_publication_day(day) == day:
            return day


def _oldest_need(store: Store, home: str) -> date | None:
    with store.read() as connection:
        return oldest_foreign_sale(connection, home)


# Asking


async def _fetch(
    store: Store,
    http: Http,
    settings: Settings,
    now: datetime,
    *,
    attempts: Attempts,
    missing: date,
) -> Refreshed:
    file = file_for(missing, now)
    marks = attempts.marks if file is File.DAY else {}
    reply = await _ask(http, f"{settings.exchange.url}/{file}", marks)
    rates = await asyncio.to_thread(_rates_of, reply, file, missing, now)
    covered = _extended(attempts.covered, file, missing, rates)
    wait = AFTER_NEWS if covered != attempts.covered else AFTER_NO_NEWS
    following = Attempts(
        covered=covered,
        not_before=now + wait,
        marks=(_marks(reply) or attempts.marks) if file is File.DAY else {},
    )
    days = await asyncio.to_thread(_keep, store, settings.currency, rates, following)
    newest = covered.last if covered is not None else None
    log.info("rates_fetched file=%s days=%d newest=%s", file, len(days), newest)
    return Refreshed(file, days)


async def _ask(http: Http, url: str, marks: dict[str, str]) -> Reply:
    """Ask for a file.

    Raises:
        UnavailableError, RateLimitError: it did not come.
    """
    host = urlsplit(url).hostname
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            reply = await http.request("GET", url, headers={"Accept": "*/*", **marks})
    except TimeoutError as error:
        raise UnavailableError(f"{host} did not answer in time.", fix=_FIX) from error
    except UnavailableError as error:
        raise UnavailableError(error.what, fix=_FIX) from error
    if reply.status in {HTTPStatus.OK, HTTPStatus.NOT_MODIFIED}:
        return reply
    what = f"{host} answered {reply.status} instead of exchange rates."
    wait = reply.headers.get("retry-after", "")
    if wait.isdecimal():
        raise RateLimitError(what, retry_after_seconds=float(wait), fix=_FIX)
    raise UnavailableError(what, fix=_FIX)


def _keep(store: Store, home: str, rates: list[Rate], following: Attempts) -> frozenset[date]:
    """Keep rates in one transaction with what follows from them."""
    with store.write() as connection:
        days = save_rates(connection, rates)
        mark_days_dirty(connection, days, home)
        _set(connection, following)
    return frozenset(days)


def _rates_of(reply: Reply, file: File, missing: date, now: datetime) -> list[Rate]:
    if reply.status == HTTPStatus.NOT_MODIFIED:
        return []
    # A year more than is missing: older sales that come in later need not ask again.
    since = date(missing.year - 1, 1, 1) if file is File.HISTORY else date.min
    until = day_of(now, FRANKFURT)
    return read_rates(reply.body, file, until=until, since=since, trusted=True)


def _extended(
    covered: Covered | None, file: File, missing: date, rates: list[Rate]
) -> Covered | None:
    """Return which days are covered with these rates, which are in the order of days."""
    if not rates:
        return covered
    first, last = rates[0].day, rates[-1].day
    if file is not File.DAY:
        first = min(first, missing)  # what such a file leaves out does not exist
    if covered is None:
        return Covered(first, last)
    if first > _next_publication_day(covered.last):
        return covered
    return Covered(min(first, covered.first), max(last, covered.last))


def _marks(reply: Reply) -> dict[str, str]:
    found = {
        "If-None-Match": reply.headers.get("etag"),
        "If-Modified-Since": reply.headers.get("last-modified"),
    }
    return {name: value for name, value in found.items() if value}


def _after_failure(attempts: Attempts, error: SalesDaemonError, now: datetime) -> Attempts:
    wait = min(FIRST_RETRY * 2**attempts.failures, LONGEST_RETRY)
    asked = error.retry_after_seconds if isinstance(error, RateLimitError) else None
    if asked is not None:
        # Seconds may be as many as the answer has room for: more than a timedelta takes.
        longest = LONGEST_WAIT_ASKED_FOR.total_seconds()
        wait = max(wait, timedelta(seconds=min(asked, longest)))
    return replace(
        attempts,
        not_before=now + wait,
        failures=min(attempts.failures + 1, 16),
        problem=error.what,
    )


def _remember(store: Store, attempts: Attempts) -> None:
    with store.write() as connection:
        _set(connection, attempts)


def _set(connection: Connection, attempts: Attempts) -> None:
    set_setting(connection, SETTING, attempts.to_text())
