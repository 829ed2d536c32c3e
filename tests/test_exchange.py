"""Rates come in by themselves, politely, and nothing that the bank does troubles anybody."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import delete, func, select

from salesdaemon.domain.exchange import last_publication_day
from salesdaemon.errors import SalesDaemonError, UnavailableError
from salesdaemon.exchange import (
    Attempts,
    Covered,
    File,
    Refreshed,
    fetch_rates,
    file_for,
    find_attempts,
    first_missing,
    newest_published,
    refresh_rates,
)
from salesdaemon.http import Http
from salesdaemon.marketplaces.loopback import serve
from salesdaemon.settings import Settings
from salesdaemon.store.engine import Store
from salesdaemon.store.rates import load_book, newest_day
from salesdaemon.store.tables import dirty_days, rates
from tests.config_file import SHOP, loader
from tests.factories import account, batch, record_in, sale
from tests.fakes.central_bank import DAY, HISTORY, QUARTER, CentralBank, rate_of, working_days

FRIDAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 17, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def database() -> str:
    """Run on one database: what differs between them is tested beside the store."""
    return "sqlite"


@pytest.fixture
def bank() -> CentralBank:
    return CentralBank(FRIDAY)


@pytest.fixture
def settings(bank: CentralBank, tmp_path: Path) -> Iterator[Settings]:
    with serve(bank) as url:
        yield loader(tmp_path)(SHOP + f'[exchange]\nurl = "{url}/stats"\n')


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    async with Http(user_agent="test", timeout_seconds=0.5, attempts=1) as client:
        yield client


@pytest.fixture
def refresh(store: Store, http: Http, settings: Settings) -> "Refresh":
    return Refresh(store, http, settings)


class Refresh:
    """Refreshes the rates of a store at a moment."""

    def __init__(self, store: Store, http: Http, settings: Settings) -> None:
        self._parts = (store, http, settings)

    async def __call__(self, now: datetime = NOW) -> Refreshed:
        return await refresh_rates(*self._parts, now)


def sell(store: Store, day: date, currency: str = "USD") -> None:
    account(store)
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    record_in(store, batch(sale(f"{day} {currency}", currency=currency, paid_at=noon)))


def known(store: Store) -> tuple[date, date, int] | None:
    """Return the first day, the last and the number of days of which rates are stored."""
    with store.read() as connection:
        days = rates.c.day
        row = connection.execute(
            select(func.min(days), func.max(days), func.count(days.distinct()))
        ).one()
    return None if row[0] is None else (row[0], row[1], row[2])


# What is asked for


async def test_nothing_is_asked_while_every_sale_is_in_the_home_currency(
    store: Store, bank: CentralBank, refresh: Refresh
) -> None:
    assert await refresh() == Refreshed()
    sell(store, FRIDAY, "EUR")
    assert await refresh(NOW + 10 * MINUTE) == Refreshed()
    assert bank.asked == []
    sell(store, FRIDAY)
    assert (await refresh(NOW + 20 * MINUTE)).days == {FRIDAY}


async def test_a_first_sale_needs_only_the_rates_of_its_day(
    store: Store, bank: CentralBank, refresh: Refresh
) -> None:
    sell(store, FRIDAY)
    assert await refresh() == Refreshed(File.DAY, frozenset({FRIDAY}))
    assert await refresh(NOW + 12 * HOUR) == Refreshed()
    assert (bank.asked, known(store)) == ([DAY], (FRIDAY, FRIDAY, 1))


async def test_sales_of_the_last_weeks_need_ninety_days(
    store: Store, bank: CentralBank, refresh: Refresh
) -> None:
    sell(store, FRIDAY - timedelta(days=30))
    assert (await refresh()).file == File.QUARTER
    assert await refresh(NOW + HOUR) == Refreshed()
    days = working_days(FRIDAY - timedelta(days=89), FRIDAY)
    assert (bank.asked, known(store)) == ([QUARTER], (days[0], FRIDAY, len(days)))


async def test_old_sales_need_the_history_once_and_a_year_more_of_it_is_kept(
    store: Store, bank: CentralBank, refresh: Refresh
) -> None:
    sell(store, date(2023, 6, 17))
    assert (await refresh()).file == File.HISTORY
    days = working_days(date(2022, 1, 1), FRIDAY)
    assert known(store) == (days[0], FRIDAY, len(days))
    sell(store, date(2022, 3, 1))
    assert await refresh(NOW + HOUR) == Refreshed()
    sell(store, date(2019, 5, 1))
    assert (await refresh(NOW + 2 * HOUR)).file == File.HISTORY
    sell(store, date(1998, 5, 1))
    assert (await refresh(NOW + 3 * HOUR)).file == File.HISTORY
    assert await refresh(NOW + 4 * HOUR) == Refreshed()
    assert bank.asked == [HISTORY] * 3


async def test_after_a_gap_what_was_missed_is_fetched(
    store: Store, bank: CentralBank, refresh: Refresh
) -> None:
    sell(store, FRIDAY)
    await refresh()
    bank.today = date(2026, 12, 8)
    assert (await refresh(NOW + timedelta(days=18))).file == File.QUARTER
    with store.read() as connection:
        book = load_book(connection)
    for day in working_days(FRIDAY, bank.today):
        conversion = book.find("EUR", "GBP", day)
        assert conversion is not None
        assert (conversion.day, f"{conversion.rate:f}") == (day, rate_of(day, "GBP").rstrip("0"))


async def test_each_working_day_is_asked_for_once_it_is_due(
    store: Store, bank: CentralBank, refresh: Refresh
) -> None:
    """From Friday evening to Tuesday evening, looking every ten minutes."""
    sell(store, FRIDAY)
    for step in range(4 * 24 * 6):
        now = NOW + step * 10 * MINUTE
        bank.today = last_publication_day((now - timedelta(hours=15)).date())
        await refresh(now)
    assert bank.asked == [DAY] * 3
    assert known(store) == (FRIDAY, date(2026, 11, 24), 3)


async def test_rates_that_are_late_are_asked_for_once_an_hour_and_only_if_changed(
    store: Store, bank: CentralBank, refresh: Refresh
) -> None:
    sell(store, FRIDAY)
    await refresh()
    monday = NOW + timedelta(days=3)
    for step in range(60):
        await refresh(monday + step * MINUTE * 3)
    assert (bank.asked, bank.unchanged) == ([DAY] * 4, 3)
    bank.today = date(2026, 11, 23)
    assert (await refresh(monday + 3 * HOUR)).days == {bank.today}


async def test_switched_off_nothing_is_asked(
    store: Store, bank: CentralBank, http: Http, tmp_path: Path
) -> None:
    sell(store, FRIDAY)
    off = loader(tmp_path)(SHOP + '[exchange]\nsource = "off"\n')
    assert await refresh_rates(store, http, off, NOW) == Refreshed()


# What it changes


async def test_only_days_with_foreign_sales_from_the_new_rates_on_are_summed_again(
    store: Store, bank: CentralBank, refresh: Refresh
) -> None:
    for back, currency in ((40, "USD"), (3, "EUR"), (2, "USD"), (1, "GBP"), (0, "GBP")):
        sell(store, FRIDAY - timedelta(days=back), currency)
    bank.today = FRIDAY - timedelta(days=1)
    await refresh(NOW - 12 * HOUR)
    with store.write() as connection:
        connection.execute(delete(dirty_days))
    bank.today = FRIDAY
    assert (await refresh()).days == {FRIDAY}
    with store.read() as connection:
        assert list(connection.scalars(select(dirty_days.c.day))) == [FRIDAY]


# Faults


@pytest.mark.parametrize(
    ("fault", "problem"),
    [
        ("not found", "127.0.0.1 answered 404 instead of exchange rates."),
        ("moved", "127.0.0.1 answered 301 instead of exchange rates."),
        (
            "web page",
            "eurofxref-hist-90d.xml: it is a web page or declares a document type.",
        ),
        ("cut short", "eurofxref-hist-90d.xml, line {line}: the file is cut short."),
        ("silent", "127.0.0.1 did not answer in time."),
        ("broken off", "The connection to 127.0.0.1 broke (RemoteProtocolError)."),
    ],
)
async def test_a_failure_is_remembered_and_mended_by_the_next_attempt(
    store: Store, bank: CentralBank, refresh: Refresh, fault: str, problem: str
) -> None:
    sell(store, FRIDAY - timedelta(days=30))
    bank.fault = fault
    line = bank.body(QUARTER)[: len(bank.body(QUARTER)) * 2 // 3].count(b"\n") + 1
    told = problem.format(line=line)
    assert await refresh() == Refreshed(File.QUARTER, problem=told)
    assert find_attempts(store) == Attempts(not_before=NOW + 10 * MINUTE, failures=1, problem=told)
    assert known(store) is None
    bank.fault = None
    assert await refresh(NOW + 9 * MINUTE) == Refreshed()
    assert (await refresh(NOW + 10 * MINUTE)).problem is None
    attempts = find_attempts(store)
    assert (attempts.failures, attempts.problem) == (0, None)


async def test_a_lasting_failure_is_tried_at_growing_waits_up_to_six_hours(
    store: Store, bank: CentralBank, refresh: Refresh
) -> None:
    sell(store, FRIDAY)
    bank.fault = "not found"
    asked_at: list[timedelta] = []
    for step in range(3 * 24 * 6):
        count = len(bank.asked)
        await refresh(NOW + step * 10 * MINUTE)
        if len(bank.asked) > count:
            asked_at.append(step * 10 * MINUTE)
    waits = [(later - sooner) / MINUTE for sooner, later in pairwise(asked_at)]
    assert waits[:8] == [10, 20, 40, 80, 160, 320, 360, 360]
    assert set(waits[8:]) == {360}


@pytest.mark.parametrize(("fault", "wait"), [("too many", 2 * HOUR), ("never again", 24 * HOUR)])
async def test_a_wait_that_the_bank_asks_for_is_kept_up_to_a_day(
    store: Store, bank: CentralBank, refresh: Refresh, fault: str, wait: timedelta
) -> None:
    sell(store, FRIDAY)
    bank.fault = fault
    await refresh()
    assert find_attempts(store).not_before == NOW + wait


async def test_a_server_that_is_not_there_is_one_more_failure(
    store: Store, http: Http, tmp_path: Path
) -> None:
    sell(store, FRIDAY)
    nowhere = loader(tmp_path)(SHOP + '[exchange]\nurl = "http://127.0.0.1:9"\n')
    refreshed = await refresh_rates(store, http, nowhere, NOW)
    assert refreshed.problem == "The connection to 127.0.0.1 broke (ConnectError)."


async def test_old_rates_are_worked_on_with_while_the_bank_is_out_of_reach(
    store: Store, bank: CentralBank, refresh: Refresh
) -> None:
    sell(store, FRIDAY)
    await refresh()
    bank.fault = "silent"
    month_later = FRIDAY + timedelta(days=40)
    sell(store, month_later)
    assert (await refresh(NOW + timedelta(days=40))).problem is not None
    with store.read() as connection:
        conversion = load_book(connection, month_later, month_later).find("USD", "EUR", month_later)
        assert newest_day(connection) == FRIDAY
    assert conversion is not None
    assert (conversion.day, conversion.provisional) == (FRIDAY, True)


# Now, because somebody said so


async def test_asked_for_by_hand_it_waits_for_nothing_and_tells_its_failure(
    store: Store, bank: CentralBank, http: Http, settings: Settings, refresh: Refresh
) -> None:
    sell(store, FRIDAY)
    bank.fault = "not found"
    await refresh()
    with pytest.raises(UnavailableError, match="answered 404"):
        await fetch_rates(store, http, settings, NOW)
    bank.fault = "cut short"
    with pytest.raises(SalesDaemonError, match="cut short"):
        await fetch_rates(store, http, settings, NOW)
    bank.fault = None
    assert await fetch_rates(store, http, settings, NOW) == Refreshed(File.DAY, frozenset({FRIDAY}))
    assert await fetch_rates(store, http, settings, NOW) == Refreshed(File.DAY)


async def test_asked_for_by_hand_before_the_first_sale_it_brings_the_last_weeks(
    store: Store, http: Http, settings: Settings
) -> None:
    assert (await fetch_rates(store, http, settings, NOW)).file == File.QUARTER
    assert (await fetch_rates(store, http, settings, NOW)).days == frozenset()


# When what is due


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        pytest.param("2026-11-20T15:14:59Z", "2026-11-19", id="before a quarter past four"),
        pytest.param("2026-11-20T15:15:00Z", "2026-11-20", id="at a quarter past four"),
        pytest.param("2026-07-17T14:14:59Z", "2026-07-16", id="before it, in summer"),
        pytest.param("2026-07-17T14:15:00Z", "2026-07-17", id="at it, in summer"),
        pytest.param("2026-11-22T20:00:00Z", "2026-11-20", id="a Sunday"),
        pytest.param("2026-11-22T23:30:00Z", "2026-11-20", id="Monday has begun in Frankfurt"),
        pytest.param("2026-12-26T20:00:00Z", "2026-12-24", id="Christmas"),
    ],
)
def test_the_newest_day_that_should_be_known(now: str, expected: str) -> None:
    assert newest_published(datetime.fromisoformat(now)) == date.fromisoformat(expected)


COVERED = Covered(date(2026, 1, 2), date(2026, 11, 18))


@pytest.mark.parametrize(
    ("covered", "oldest", "expected"),
    [
        pytest.param(None, None, None, id="nothing needs conversion"),
        pytest.param(None, date(2026, 11, 15), date(2026, 11, 13), id="a first sale on a Sunday"),
        pytest.param(None, date(2026, 11, 21), FRIDAY, id="a sale on the day after in the Pacific"),
        pytest.param(COVERED, date(2026, 1, 3), date(2026, 11, 19), id="two days behind"),
        pytest.param(COVERED, date(2026, 1, 1), date(2025, 12, 31), id="an older sale came in"),
        pytest.param(Covered(date(2026, 1, 2), FRIDAY), date(2026, 1, 2), None, id="complete"),
    ],
)
def test_the_first_day_that_is_missing(
    covered: Covered | None, oldest: date | None, expected: date | None
) -> None:
    assert first_missing(covered, oldest, NOW) == expected


@pytest.mark.parametrize(
    ("missing", "now", "expected"),
    [
        pytest.param(FRIDAY, NOW, File.DAY, id="the newest day alone"),
        pytest.param(FRIDAY, NOW + timedelta(days=2), File.DAY, id="on the weekend after"),
        pytest.param(
            FRIDAY,
            NOW + timedelta(days=2, hours=20),
            File.QUARTER,
            id="when the next day's may have replaced it",
        ),
        pytest.param(FRIDAY - timedelta(days=1), NOW, File.QUARTER, id="two days"),
        pytest.param(FRIDAY - timedelta(days=80), NOW, File.QUARTER, id="eighty days"),
        pytest.param(FRIDAY - timedelta(days=81), NOW, File.HISTORY, id="more"),
    ],
)
def test_the_smallest_file_that_holds_what_is_missing(
    missing: date, now: datetime, expected: File
) -> None:
    assert file_for(missing, now) == expected
