"""What the poller gets of a Gumroad account's books, page by page, on a fake network."""

import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest
import respx

from salesdaemon.domain.ledger import UPCOMING, Payout
from salesdaemon.errors import AuthError, PayloadError, RateLimitError, UnavailableError
from salesdaemon.marketplaces.base import Connection, LedgerPage, Window
from salesdaemon.marketplaces.gumroad.books import NO_UPCOMING
from salesdaemon.marketplaces.gumroad.feed import GumroadFeed
from salesdaemon.marketplaces.gumroad.ledger import to_entries, to_payout
from salesdaemon.marketplaces.gumroad.wire_payouts import parse_payout
from tests.marketplaces.gumroad.connections import NOW, connect
from tests.marketplaces.gumroad.payouts import (
    PAYOUT_ID,
    list_body,
    payout_body,
    raw_payout,
    raw_row,
)

API = "https://api.gumroad.com/v2"
DATE = {"Date": "Sun, 22 Nov 2026 12:00:07 GMT"}
VENDOR_TIME = datetime(2026, 11, 22, 12, 0, 7, tzinfo=UTC)
OCTOBER = Window(datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 10, 31, tzinfo=UTC))
LATELY = Window(NOW - timedelta(days=29), NOW + timedelta(hours=1))
PAGE_IN_FRONT = b"<!DOCTYPE html><title>Just a moment...</title>"


@pytest.fixture
def network() -> Iterator[respx.MockRouter]:
    with respx.mock(base_url=API, assert_all_called=False) as router:
        yield router


@pytest.fixture
async def connection() -> AsyncIterator[Connection]:
    async with connect() as connected:
        yield connected


@pytest.fixture
def feed(connection: Connection) -> GumroadFeed:
    return GumroadFeed(connection)


def listing(router: respx.MockRouter, *payouts: object, **envelope: object) -> respx.Route:
    return router.get("/payouts").respond(content=list_body(*payouts, **envelope), headers=DATE)


def payout_of(**changes: Any) -> Payout:
    payout = parse_payout(payout_body(**changes))
    assert payout is not None
    ours = to_payout(payout, NOW.date())
    assert ours is not None
    return ours


async def test_a_list_of_payouts_leads_to_the_rows_of_each(
    network: respx.MockRouter, feed: GumroadFeed
) -> None:
    listing(network, raw_payout(id="one"), raw_payout(id="t/wo"))
    bodies = {each: payout_body([raw_row()], id=each) for each in ("one", "t/wo")}
    network.get(url__regex=r".*/payouts/one\?.*").respond(content=bodies["one"], headers=DATE)
    network.get(url__regex=r".*/payouts/t%2Fwo\?.*").respond(content=bodies["t/wo"], headers=DATE)
    first = await feed.fetch_ledger(OCTOBER, None)
    assert first is not None
    assert (first.entries, first.vendor_time) == ((), VENDOR_TIME)
    assert first.payouts == (payout_of(id="one"), payout_of(id="t/wo"))
    second = await feed.fetch_ledger(OCTOBER, first.cursor)
    assert second is not None
    third = await feed.fetch_ledger(OCTOBER, second.cursor)
    for page, payout_id in ((second, "one"), (third, "t/wo")):
        assert page is not None
        payout = parse_payout(bodies[payout_id])
        assert payout is not None
        assert page.entries == to_entries(payout, NOW)
        assert page.payouts == ()
    assert third is not None
    assert third.cursor is None
    asked = [dict(call.request.url.params) for call in network.calls]
    rows = {"include_transactions": "true", "include_sales": "false"}
    assert asked == [{"after": "2026-10-01", "before": "2026-10-31"}, rows, rows]


async def test_a_cursor_means_the_same_after_a_restart(network: respx.MockRouter) -> None:
    listing(network, raw_payout(id="one"), raw_payout(id="two"), next_page_key="2026-1")
    for each in ("one", "two"):
        network.get(f"/payouts/{each}").respond(content=payout_body([], id=each))
    cursors: list[str | None] = [None]
    while len(cursors) < 5:
        async with connect() as connection:
            page = await GumroadFeed(connection).fetch_ledger(OCTOBER, cursors[-1])
        assert page is not None
        cursors.append(page.cursor)
        if len(cursors) == 4:
            listing(network, raw_payout(id="three"))
    paths = [call.request.url.path.removeprefix("/v2/") for call in network.calls]
    assert paths == ["payouts", "payouts/one", "payouts/two", "payouts"]
    assert dict(network.calls[-1].request.url.params)["page_key"] == "2026-1"
    assert cursors[-1] is not None
    assert json.loads(cursors[-1]) == [["three"], None]


async def test_the_payout_to_come_is_asked_for_with_the_latest(
    network: respx.MockRouter, feed: GumroadFeed
) -> None:
    ahead = raw_payout(id=None, created_at="2026-11-26T00:00:00Z", status="payable")
    listing(network, ahead, raw_payout())
    page = await feed.fetch_ledger(LATELY, None)
    assert page is not None
    assert page.payouts == (
        Payout(UPCOMING, 965, "USD", "payable", arrives_on=date(2026, 11, 26)),
        payout_of(),
    )
    assert dict(network.calls[0].request.url.params) == {"after": "2026-10-24"}


async def test_a_payout_that_is_no_longer_to_come_is_withdrawn(
    network: respx.MockRouter, feed: GumroadFeed
) -> None:
    listing(network)
    assert await feed.fetch_ledger(LATELY, None) == LedgerPage(
        (), VENDOR_TIME, payouts=(NO_UPCOMING,)
    )
    old = LedgerPage((), VENDOR_TIME)
    assert await feed.fetch_ledger(OCTOBER, None) == old


async def test_a_token_that_may_not_see_payouts_has_no_books(
    network: respx.MockRouter, feed: GumroadFeed
) -> None:
    network.get("/payouts").respond(403)
    network.get(f"/payouts/{PAYOUT_ID}").respond(403)
    assert await feed.fetch_ledger(OCTOBER, None) is None
    assert await feed.fetch_ledger(OCTOBER, json.dumps([[PAYOUT_ID], None])) is None


async def test_an_api_without_payouts_has_no_books(
    network: respx.MockRouter, feed: GumroadFeed
) -> None:
    network.get("/payouts").respond(404, json={"success": False, "error": "Not found"})
    assert await feed.fetch_ledger(OCTOBER, None) is None


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(
            httpx.Response(200, json={"success": False, "message": "The payout was not found."}),
            id="200",
        ),
        pytest.param(httpx.Response(404, json={"success": False, "error": "Not found"}), id="404"),
        pytest.param(httpx.Response(200, content=payout_body()), id="before there were rows"),
    ],
)
async def test_a_payout_that_is_gone_or_mute_is_passed_over(
    network: respx.MockRouter, feed: GumroadFeed, answer: httpx.Response
) -> None:
    network.get(f"/payouts/{PAYOUT_ID}").mock(return_value=answer)
    page = await feed.fetch_ledger(OCTOBER, json.dumps([[PAYOUT_ID, "next"], None]))
    assert page is not None
    assert (page.entries, page.cursor) == ((), '[["next"],null]')


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        pytest.param(httpx.Response(401), AuthError, id="401"),
        pytest.param(httpx.Response(429), RateLimitError, id="429"),
        pytest.param(httpx.Response(500), UnavailableError, id="500"),
        pytest.param(httpx.Response(403, content=PAGE_IN_FRONT), UnavailableError, id="in front"),
        pytest.param(httpx.Response(200, content=b""), UnavailableError, id="empty"),
        pytest.param(httpx.Response(200, json=[]), UnavailableError, id="another JSON"),
        pytest.param(httpx.Response(200, json={"success": True}), UnavailableError, id="no list"),
        pytest.param(
            httpx.Response(200, json={"success": False, "message": "No."}),
            UnavailableError,
            id="success false",
        ),
    ],
)
async def test_what_goes_wrong_becomes_its_error(
    network: respx.MockRouter,
    feed: GumroadFeed,
    answer: httpx.Response,
    error: type[Exception],
) -> None:
    network.get(url__regex=r".*/payouts.*").mock(return_value=answer)
    for cursor in (None, json.dumps([[PAYOUT_ID], None])):
        with pytest.raises(error):
            await feed.fetch_ledger(OCTOBER, cursor)


async def test_a_list_that_leads_to_itself_is_refused(
    network: respx.MockRouter, feed: GumroadFeed
) -> None:
    listing(network, next_page_key="2026-1")
    with pytest.raises(UnavailableError, match="stuck"):
        await feed.fetch_ledger(OCTOBER, json.dumps([[], "2026-1"]))


@pytest.mark.parametrize(
    "cursor", ["", "7", "[]", "[[1],null]", '[["a b"],null]', '[["a"],1]', '{"a":1}']
)
async def test_a_cursor_that_is_none_says_to_begin_again(feed: GumroadFeed, cursor: str) -> None:
    with pytest.raises(PayloadError) as caught:
        await feed.fetch_ledger(OCTOBER, cursor)
    assert caught.value.path == "page_key"


async def test_a_forgotten_page_says_to_begin_again(
    network: respx.MockRouter, feed: GumroadFeed
) -> None:
    network.get("/payouts").respond(400, json={"status": 400, "error": "Invalid page_key."})
    with pytest.raises(PayloadError) as caught:
        await feed.fetch_ledger(OCTOBER, json.dumps([[], "2026-1"]))
    assert caught.value.path == "page_key"


async def test_a_payout_that_cannot_be_read_stops_no_other(
    network: respx.MockRouter, feed: GumroadFeed
) -> None:
    listing(network, raw_payout(amount=None, id="odd"), 7, None, raw_payout())
    page = await feed.fetch_ledger(OCTOBER, None)
    assert page is not None
    assert page.payouts == (payout_of(),)
