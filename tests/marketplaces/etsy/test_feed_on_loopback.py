"""The feed against the pretend Etsy over real HTTP: two readings of the vendor's pages."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from salesdaemon.domain.login import Login
from salesdaemon.domain.money import to_text
from salesdaemon.domain.sale import LineItem, Sale, Status
from salesdaemon.errors import AuthError, RateLimitError, UnavailableError
from salesdaemon.http import Http
from salesdaemon.marketplaces import load
from salesdaemon.marketplaces.base import Account, Connection, Limits, Window
from salesdaemon.marketplaces.etsy.feed import EtsyFeed, connect
from salesdaemon.marketplaces.etsy.pretend import PretendEtsy
from salesdaemon.marketplaces.loopback import serve
from tests.fakes.logins import LoginBook
from tests.marketplaces.etsy.connecting import connection

EVERYTHING = Window()


def now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def connected(
    etsy: PretendEtsy, *, scopes: str = "shops_r transactions_r", **settings: Any
) -> AsyncIterator[Connection]:
    access, refresh = etsy.issue_login(scopes)
    book = LoginBook(Login(access, refresh, now() + timedelta(hours=1), generation=1))
    with serve(etsy.app) as url:
        async with Http(user_agent="salesdaemon/test", timeout_seconds=5) as http:
            yield connection(http, book, clock=now, api_url=url, auth_url=url, **settings)


async def read_all(feed: EtsyFeed, window: Window = EVERYTHING) -> list[Sale]:
    read = await feed.fetch_window(window, None)
    sales = list(read.sales)
    assert not read.set_aside
    while read.cursor is not None:
        read = await feed.fetch_window(window, read.cursor)
        assert not read.set_aside
        sales += read.sales
    return sales


def as_booked(sale: Sale) -> dict[str, object]:
    def text(minor: int) -> str:
        return to_text(minor, sale.currency)

    return {
        "sale_id": sale.external_id,
        "status": sale.status.value,
        "kind": sale.kind.value,
        "currency": sale.currency,
        "gross": text(sale.gross_minor),
        "refunded": text(sale.refunded_minor),
        "paid_at": sale.paid_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "country": sale.country,
        "items": [
            {
                "product_id": item.product_id,
                "product": item.product,
                "quantity": item.quantity,
                "gross": text(item.gross_minor),
                "passive": item.passive,
            }
            for item in sale.items
        ],
    }


@pytest.mark.parametrize(
    ("currency", "divisor", "bounds"),
    [
        ("EUR", None, "inclusive"),
        ("EUR", None, "exclusive"),
        ("JPY", 1, "inclusive"),
        ("JPY", 100, "inclusive"),
        ("KWD", None, "inclusive"),
    ],
)
async def test_a_thousand_orders_equal_the_vendors_books(
    currency: str, divisor: int | None, bounds: Any
) -> None:
    etsy = PretendEtsy(currency=currency, divisor=divisor, bounds=bounds)
    etsy.fill_history(1000)
    async with connected(etsy) as connection:
        sales = {sale.external_id: sale for sale in await read_all(connect(connection))}
    booked = {entry["sale_id"]: entry for entry in etsy.books()}
    assert {key: as_booked(sale) for key, sale in sales.items()} == booked


async def test_every_request_is_one_that_the_vendor_documents() -> None:
    etsy = PretendEtsy(per_second=100, per_day=5000)
    etsy.fill_history(130)
    waiting = etsy.add_receipt(paid=False)
    async with connected(etsy) as connection:
        feed = connect(connection)
        account = await feed.identify()
        read = await feed.fetch_newest(Window(first=now() - timedelta(days=800)), None)
        await feed.fetch_newest(EVERYTHING, read.cursor)
        still = await feed.fetch_unpaid({str(waiting): now() - timedelta(minutes=5)})
        etsy.pay(waiting)
        paid = await feed.fetch_unpaid({str(waiting): now() - timedelta(minutes=5)})
        limits = feed.limits()
    assert account == Account(str(etsy.shop.shop_id))
    assert [sale.status for sale in still.sales] == [Status.UNPAID]
    assert [sale.status for sale in paid.sales] == [Status.PAID]
    assert [request.problems for request in etsy.requests] == [[]] * len(etsy.requests)
    assert {(request.key_ok, request.status) for request in etsy.requests} == {(True, 200)}
    assert limits == Limits(5000, 5000 - len(etsy.requests))


async def test_signing_in_and_refreshing_work_against_the_vendors_login() -> None:
    class Browser:
        async def sign_in(self, url: str, redirect_uri: str) -> str:
            async with httpx.AsyncClient() as client:
                answer = await client.get(url)
            assert answer.headers["location"].startswith(redirect_uri)
            return str(answer.headers["location"])

    etsy = PretendEtsy()
    etsy.fill_history(5)
    async with connected(etsy) as connection:
        authorised = await load("etsy").authorise(connection, Browser())
        book = connection.logins.book  # type: ignore[attr-defined]  # the fake's own
        book.active = book.pending
        etsy.oauth.expire_access()
        first = await read_all(connect(connection))
        etsy.oauth.expire_access()
        second = await read_all(connect(connection))
        findings = await load("etsy").check(connection)
    assert authorised.account == Account(str(etsy.shop.shop_id), "PretendPaperStudio")
    assert (first, len(first)) == (second, 5)
    assert [finding.ok for finding in findings] == [True, True, True]
    tokens = [request for request in etsy.requests if request.path.endswith("/oauth/token")]
    assert [(request.status, request.problems) for request in tokens] == [(200, [])] * 3


@pytest.mark.parametrize("rotation", ["refuse-old", "accept-old"])
async def test_a_lost_refresh_heals_where_the_old_token_still_works(rotation: Any) -> None:
    etsy = PretendEtsy(rotate_refresh=rotation)
    etsy.fill_history(3)
    etsy.faults.add("lost_token_answer")
    async with connected(etsy) as connection:
        etsy.oauth.expire_access()
        if rotation == "accept-old":
            assert len(await read_all(connect(connection))) == 3
            return
        with pytest.raises(AuthError) as raised:
            await read_all(connect(connection))
    assert "The answer to an earlier refresh was lost" in raised.value.what


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "429", "seconds": 60}, RateLimitError),
        ({"kind": "429", "daily": True}, RateLimitError),
        ({"kind": "500", "times": 9}, UnavailableError),
        ({"kind": "502", "times": 9}, UnavailableError),
        ({"kind": "reset", "times": 9}, UnavailableError),
        ({"kind": "truncated", "times": 9}, UnavailableError),
        ({"kind": "html"}, UnavailableError),
        ({"kind": "empty_body"}, UnavailableError),
        ({"kind": "wrong_json"}, UnavailableError),
    ],
    ids=lambda value: value["kind"] if isinstance(value, dict) else "",
)
async def test_a_fault_of_the_vendor_becomes_the_error_that_fits(
    fault: dict[str, Any], error: type[Exception]
) -> None:
    etsy = PretendEtsy()
    etsy.fill_history(3)
    async with connected(etsy) as connection:
        feed = connect(connection)
        await feed.identify()
        etsy.faults.add(**fault)
        with pytest.raises(error):
            await feed.fetch_newest(EVERYTHING, None)
        etsy.faults.clear()
        assert len((await feed.fetch_newest(EVERYTHING, None)).sales) == 3


async def test_a_stuck_list_is_noticed() -> None:
    etsy = PretendEtsy()
    etsy.fill_history(300)
    etsy.faults.add("stuck", times=9)
    async with connected(etsy) as connection:
        feed = connect(connection)
        with pytest.raises(UnavailableError) as raised:
            await read_all(feed)
    assert str(raised.value) == "Etsy's list of orders is stuck: the same page came again."


async def test_one_spoilt_order_leaves_the_others() -> None:
    etsy = PretendEtsy()
    etsy.fill_history(20)
    spoilt = etsy.add_receipt(created_at=now())
    etsy.faults.add("wrong_types", receipt_id=spoilt)
    async with connected(etsy) as connection:
        read = await connect(connection).fetch_newest(EVERYTHING, None)
    assert ([aside.external_id for aside in read.set_aside], len(read.sales)) == (
        [str(spoilt)],
        20,
    )


async def test_an_order_with_nulls_is_read_from_what_is_left() -> None:
    etsy = PretendEtsy()
    spoilt = etsy.add_receipt(created_at=now())
    etsy.faults.add("null_fields", receipt_id=spoilt)
    async with connected(etsy) as connection:
        (sale,) = (await connect(connection).fetch_newest(EVERYTHING, None)).sales
    assert (sale.gross_minor, sale.items) == (1200, (LineItem(None, None, 1, 1200, None),))


async def test_orders_that_come_in_between_two_pages_hide_none() -> None:
    etsy = PretendEtsy()
    etsy.fill_history(250)
    before = {entry["sale_id"] for entry in etsy.books()}
    etsy.faults.add("shift", times=3, count=7)
    async with connected(etsy) as connection:
        seen = {sale.external_id for sale in await read_all(connect(connection))}
    assert before <= seen


async def test_a_missing_scope_is_told() -> None:
    etsy = PretendEtsy()
    async with connected(etsy, scopes="shops_r") as connection:
        with pytest.raises(AuthError) as raised:
            await connect(connection).fetch_newest(EVERYTHING, None)
    assert raised.value.what == (
        "The login of shop 'prints' may not read what is needed. "
        "(Etsy's number of this request: pretend-2)"
    )
