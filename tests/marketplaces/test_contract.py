"""What every marketplace promises to the rest of the program, against its pretend vendor.

One suite for all of them: a marketplace without a pretend vendor and its harness fails it.
"""

import logging
import traceback
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, cast

import pytest

from salesdaemon import marketplaces
from salesdaemon.domain.changes import EventKind, Known, Watch, decide
from salesdaemon.domain.sale import Sale, Status
from salesdaemon.errors import (
    AuthError,
    MarketplaceError,
    PayloadError,
    RateLimitError,
    UnavailableError,
)
from salesdaemon.http import Http
from salesdaemon.marketplaces.base import Connection, Feed, Page, Window
from salesdaemon.marketplaces.loopback import serve
from tests.fakes.logins import LoginBook, MemoryLogins
from tests.marketplaces.harness import CANARY, BaseHarness, Clock, as_booked, load

EVERYTHING = Window()
ORDERS = 500
NEVER_ENDS = 200
ERRORS: Mapping[str, type[MarketplaceError]] = {
    "401": AuthError,
    "403": AuthError,
    "429": RateLimitError,
    "429 with Retry-After": RateLimitError,
    "500": UnavailableError,
    "502": UnavailableError,
    "503": UnavailableError,
    "timeout": UnavailableError,
    "reset": UnavailableError,
    "truncated": UnavailableError,
    "HTML": UnavailableError,
    "empty": UnavailableError,
    "wrong JSON": UnavailableError,
}
TITLES = [
    pytest.param("<script>alert(1)</script> & “more”", id="html"),
    pytest.param("first line\r\nsecond line", id="line breaks"),
    pytest.param("\u202egnp.exe\u202c \u2066isolated\u2069", id="right to left"),
    pytest.param("a\x00b\x07c\x1b[31mred", id="control characters"),
    pytest.param("half a pair \ud83d of surrogates", id="lone surrogate"),
    pytest.param("x" * 6000, id="six thousand characters"),
    pytest.param("@everyone 💸 كتاب", id="emoji and Arabic"),
    pytest.param(" ", id="blank"),
    pytest.param("", id="empty"),
]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=marketplaces.available())
def vendor(request: pytest.FixtureRequest, clock: Clock) -> BaseHarness:
    return load(request.param)(clock)


@asynccontextmanager
async def connected(vendor: BaseHarness, how: str = "") -> AsyncIterator[Connection]:
    patience = 0.5 if how == "timeout" else 20.0
    logins = MemoryLogins(LoginBook(vendor.login()))
    with serve(vendor.app) as url:
        async with Http(
            user_agent="salesdaemon/test", attempts=1, timeout_seconds=patience, clock=vendor.clock
        ) as http:
            yield Connection("shop", vendor.settings(url), http, cast("Any", logins), vendor.clock)


@asynccontextmanager
async def feeding(vendor: BaseHarness, how: str = "") -> AsyncIterator[Feed]:
    async with connected(vendor, how) as connection:
        yield vendor.marketplace.connect(connection)


async def pages(feed: Feed, window: Window = EVERYTHING) -> list[Page]:
    read = [await feed.fetch_window(window, None)]
    while read[-1].cursor is not None:
        assert len(read) < NEVER_ENDS, "the pages do not end"
        read.append(await feed.fetch_window(window, read[-1].cursor))
    return read


def by_id(read: list[Page]) -> dict[str, Sale]:
    return {sale.external_id: sale for page in read for sale in page.sales}


def test_every_marketplace_has_a_pretend_vendor() -> None:
    for slug in marketplaces.available():
        assert load(slug).marketplace is marketplaces.load(slug)


async def test_the_pages_of_a_long_history_equal_the_vendors_books(vendor: BaseHarness) -> None:
    vendor.fill_history(ORDERS)
    async with feeding(vendor) as feed:
        await feed.identify()
        sales = by_id(await pages(feed))
    booked = {book["sale_id"]: dict(book) for book in vendor.books()}
    assert len(booked) == ORDERS
    assert {key: as_booked(sales[key], book) for key, book in booked.items()} == booked
    assert sales.keys() == booked.keys()
    assert vendor.request_problems() == []


async def test_pages_come_newest_first_and_end(vendor: BaseHarness) -> None:
    vendor.fill_history(230, days=20)
    async with feeding(vendor) as feed:
        read = await pages(feed)
    oldest = [page.oldest for page in read if page.oldest is not None]
    assert oldest == sorted(oldest, reverse=True)
    for page in read:
        created = [sale.created_at for sale in page.sales]
        assert created == sorted(created, reverse=True)
        assert page.oldest == min(created, default=None)


async def test_reading_again_gives_equal_sales(vendor: BaseHarness) -> None:
    vendor.fill_history(120)
    async with feeding(vendor) as feed:
        first = by_id(await pages(feed))
        second = by_id(await pages(feed))
    assert first == second
    assert [sale.fingerprint for sale in first.values()] == [
        sale.fingerprint for sale in second.values()
    ]


async def test_a_window_holds_at_least_what_was_created_in_it(
    vendor: BaseHarness, clock: Clock
) -> None:
    vendor.fill_history(200, days=40)
    first, end = clock() - timedelta(days=20), clock() - timedelta(days=10)
    async with feeding(vendor) as feed:
        everything = by_id(await pages(feed))
        window = by_id(await pages(feed, Window(first, end)))
    wanted = {key for key, sale in everything.items() if first <= sale.created_at < end}
    day = timedelta(days=1)  # how far a marketplace may widen it
    allowed = {
        key for key, sale in everything.items() if first - day <= sale.created_at <= end + day
    }
    assert len(wanted) > 20
    assert wanted <= window.keys() <= allowed


async def test_the_newest_page_shows_what_was_just_sold(vendor: BaseHarness) -> None:
    vendor.fill_history(60, days=30)
    async with feeding(vendor) as feed:
        before = await feed.fetch_newest(EVERYTHING, None)
        sold = vendor.sell()
        after = await feed.fetch_newest(EVERYTHING, None)
    assert sold not in {sale.external_id for sale in before.sales}
    assert after.sales[0].external_id == sold
    assert after.vendor_time == vendor.clock()


async def test_more_orders_in_one_second_than_fit_a_page_are_all_read(
    vendor: BaseHarness, clock: Clock
) -> None:
    earlier = [vendor.sell(created_at=clock() - timedelta(seconds=1)) for _ in range(3)]
    sold = [vendor.sell() for _ in range(230)]
    async with feeding(vendor) as feed:
        window = Window(clock() - timedelta(hours=1))
        assert by_id(await pages(feed, window)).keys() == {*earlier, *sold}
        newest = [await feed.fetch_newest(window, None)]
        while newest[-1].cursor is not None:
            newest.append(await feed.fetch_newest(window, newest[-1].cursor))
    assert by_id(newest).keys() == {*earlier, *sold}


async def test_an_empty_shop_is_an_empty_page(vendor: BaseHarness) -> None:
    async with feeding(vendor) as feed:
        for page in (
            await feed.fetch_newest(EVERYTHING, None),
            await feed.fetch_window(EVERYTHING, None),
            await feed.fetch_unpaid({}),
        ):
            assert page == Page((), vendor_time=page.vendor_time)


async def test_a_refund_becomes_an_event(vendor: BaseHarness) -> None:
    sold = vendor.sell()
    async with feeding(vendor) as feed:
        (before,) = (await feed.fetch_newest(EVERYTHING, None)).sales
        vendor.refund(sold)
        (after,) = (await feed.fetch_newest(EVERYTHING, None)).sales
    known = Known(
        status=before.status,
        paid=before.paid,
        gross_minor=before.gross_minor,
        refunded_minor=before.refunded_minor,
        net_minor=before.net_minor,
        told=True,
    )
    decision = decide(known, after, Watch(before.paid_at - timedelta(days=1)))
    assert (before.status, after.status) == (Status.PAID, Status.REFUNDED)
    assert after.refunded_minor == after.gross_minor
    assert (decision.arrival, decision.events) == (None, (EventKind.REFUND,))
    assert before.fingerprint != after.fingerprint


async def test_orders_that_come_in_while_pages_are_turned_hide_none(vendor: BaseHarness) -> None:
    vendor.fill_history(230, days=30)
    before = {book["sale_id"] for book in vendor.books()}
    async with feeding(vendor) as feed:
        read = [await feed.fetch_window(EVERYTHING, None)]
        while read[-1].cursor is not None:
            vendor.sell_plausible()
            read.append(await feed.fetch_window(EVERYTHING, read[-1].cursor))
    assert before <= by_id(read).keys()


@pytest.mark.parametrize("title", TITLES)
async def test_a_hostile_title_is_read_as_text_that_any_store_takes(
    vendor: BaseHarness, title: str
) -> None:
    odd = vendor.sell_oddity(title)
    plain = vendor.sell()
    async with feeding(vendor) as feed:
        page = await feed.fetch_newest(EVERYTHING, None)
    sales = by_id([page])
    assert (set(sales), list(page.set_aside)) == ({odd, plain}, [])
    (item,) = sales[odd].items
    text = item.product or ""
    assert "\x00" not in text.encode().decode()
    assert bool(text) == bool(title)


async def test_an_order_that_cannot_be_read_is_set_aside_and_the_rest_is_kept(
    vendor: BaseHarness,
) -> None:
    sold = [vendor.sell() for _ in range(7)]
    vendor.spoil(sold[3])
    async with feeding(vendor) as feed:
        page = await feed.fetch_newest(EVERYTHING, None)
        vendor.clear_faults()
        healed = await feed.fetch_newest(EVERYTHING, None)
    assert [order.external_id for order in page.set_aside] == [sold[3]]
    assert by_id([page]).keys() == {*sold} - {sold[3]}
    assert "twelve" not in page.set_aside[0].reason  # the value that could not be read
    assert (set(by_id([healed])), list(healed.set_aside)) == ({*sold}, [])


@pytest.mark.parametrize("how", ERRORS)
async def test_what_goes_wrong_becomes_the_error_that_fits(vendor: BaseHarness, how: str) -> None:
    sold = vendor.sell()
    async with feeding(vendor, how) as feed:
        await feed.identify()
        vendor.misbehave(how)
        with pytest.raises(MarketplaceError) as raised:
            await feed.fetch_newest(EVERYTHING, None)
        assert type(raised.value) is ERRORS[how]
        if isinstance(raised.value, RateLimitError):
            wait = 86_400 if how == "429 with Retry-After" else None
            assert raised.value.retry_after_seconds == wait
        if isinstance(raised.value, AuthError):
            assert raised.value.fix
            return
        vendor.clear_faults()
        assert by_id([await feed.fetch_newest(EVERYTHING, None)]).keys() == {sold}


async def test_a_list_that_does_not_advance_is_noticed(vendor: BaseHarness) -> None:
    vendor.fill_history(330, days=30)
    async with feeding(vendor) as feed:
        vendor.misbehave("stuck")
        with pytest.raises(UnavailableError):
            await pages(feed)


async def test_a_cursor_of_yesterday_still_leads_on_or_says_that_it_does_not(
    vendor: BaseHarness,
) -> None:
    vendor.fill_history(330, days=30)
    async with feeding(vendor) as feed:
        for cursor in ("gone", "20990101000000000000-1", "\x00", "9" * 400):
            try:
                page = await feed.fetch_window(EVERYTHING, cursor)
            except PayloadError:
                continue
            assert page.sales  # begun again, which does no harm


@pytest.mark.parametrize("how", ["fine", *ERRORS])
async def test_no_secret_and_nothing_of_a_buyer_is_told(
    vendor: BaseHarness, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    vendor.fill_history(30, days=3)
    vendor.spoil(str(vendor.books()[-1]["sale_id"]))
    told: list[str] = []
    async with connected(vendor, how) as connection:
        feed = vendor.marketplace.connect(connection)
        if how != "fine":
            vendor.misbehave(how)
        for _ in range(2):
            try:
                page = await feed.fetch_newest(EVERYTHING, None)
                told.append(repr(page))
                told.append(repr(await feed.identify()))
                told.append(repr(await feed.fetch_tripwire(vendor.clock().date())))
            except MarketplaceError as error:
                told += [str(error), repr(error), str(error.fix)]
                told += traceback.format_exception(error)
                told += _arguments_of(error)
        told += [str(finding) for finding in await vendor.marketplace.check(connection)]
        told += [repr(connection), str(connection.settings), repr(feed)]
    told += [record.getMessage() for record in caplog.records]
    for text in told:
        assert CANARY not in text
        for secret in vendor.secrets:
            assert secret not in text


def _arguments_of(error: BaseException) -> list[str]:
    """Write the arguments of an error and of all that led to it."""
    causes = [error.__cause__, error.__context__]
    found = [repr(error.args)]
    return found + [text for cause in causes if cause for text in _arguments_of(cause)]


async def test_check_says_in_a_line_each_what_works(vendor: BaseHarness) -> None:
    vendor.sell()
    async with connected(vendor) as connection:
        assert {finding.ok for finding in await vendor.marketplace.check(connection)} == {True}
        vendor.misbehave("401")
        findings = await vendor.marketplace.check(connection)
    assert [finding for finding in findings if not finding.ok and finding.fix]


async def test_a_vendor_without_a_clock_is_read_by_ours(vendor: BaseHarness) -> None:
    class Dateless:
        def __init__(self, http: Http) -> None:
            self._http = http

        async def request(self, method: str, url: str, **how: Any) -> Any:
            reply = await self._http.request(method, url, **how)
            return replace(reply, headers={k: v for k, v in reply.headers.items() if k != "date"})

    vendor.sell()
    async with connected(vendor) as connection:
        http = cast("Any", Dateless(cast("Any", connection.http)))
        feed = vendor.marketplace.connect(replace(connection, http=http))
        page = await feed.fetch_newest(EVERYTHING, None)
    assert page.vendor_time == vendor.clock()
    assert isinstance(page.vendor_time, datetime)
