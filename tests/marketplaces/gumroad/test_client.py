"""What goes to Gumroad, and which error each refusal becomes, on a fake network."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
import respx

from salesdaemon.errors import (
    AuthError,
    MarketplaceError,
    PayloadError,
    RateLimitError,
    UnavailableError,
    WindowTooWideError,
)
from salesdaemon.marketplaces.base import Connection, Window
from salesdaemon.marketplaces.gumroad.feed import GumroadFeed
from tests.marketplaces.gumroad.connections import NOW, TOKEN, connect
from tests.marketplaces.gumroad.replies import page_body

API = "https://api.gumroad.com/v2"
DATE = {"Date": "Sun, 22 Nov 2026 12:00:07 GMT"}


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


def answer(*sales: object, **envelope: object) -> httpx.Response:
    return httpx.Response(200, content=page_body(*sales, **envelope), headers=DATE)


async def test_the_token_travels_in_the_header_alone(
    network: respx.MockRouter, feed: GumroadFeed
) -> None:
    network.get("/sales").mock(return_value=answer())
    await feed.fetch_newest(Window(), None)
    request = network.calls[0].request
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert TOKEN not in str(request.url)


DOORKEEPER = {"WWW-Authenticate": 'Bearer realm="Doorkeeper", error="insufficient_scope"'}
PAGE_IN_FRONT = b"<!DOCTYPE html><title>Just a moment...</title>"


@pytest.mark.parametrize(
    ("reply", "error", "says"),
    [
        pytest.param(httpx.Response(401), AuthError, "wrong, or it was revoked", id="401"),
        pytest.param(httpx.Response(403), AuthError, "view_sales", id="403"),
        pytest.param(
            httpx.Response(403, headers=DOORKEEPER, content=b"<p>"),
            AuthError,
            "view_sales",
            id="scope",
        ),
        pytest.param(
            httpx.Response(403, content=PAGE_IN_FRONT), UnavailableError, "403", id="403 in front"
        ),
        pytest.param(httpx.Response(404), UnavailableError, "404", id="404"),
        pytest.param(
            httpx.Response(404, json={"success": False, "error": "Not found"}),
            UnavailableError,
            "404",
            id="404 as JSON",
        ),
        pytest.param(httpx.Response(408), UnavailableError, "408", id="408"),
        pytest.param(httpx.Response(500, content=PAGE_IN_FRONT), UnavailableError, "500", id="500"),
        pytest.param(httpx.Response(503), UnavailableError, "503", id="503"),
        pytest.param(httpx.Response(520), UnavailableError, "520", id="520"),
        pytest.param(httpx.Response(301), UnavailableError, "301", id="301"),
        pytest.param(httpx.Response(204), UnavailableError, "204", id="204"),
        pytest.param(httpx.Response(200), UnavailableError, "not readable", id="empty"),
        pytest.param(
            httpx.Response(200, content=PAGE_IN_FRONT), UnavailableError, "not readable", id="HTML"
        ),
        pytest.param(
            httpx.Response(200, json={"success": False, "message": "Something went wrong."}),
            UnavailableError,
            "Something went wrong.",
            id="success false",
        ),
        pytest.param(
            httpx.Response(200, json={"success": False, "message": "The token has expired."}),
            AuthError,
            "The token has expired.",
            id="success false about access",
        ),
        pytest.param(
            httpx.Response(
                400,
                json={
                    "status": 400,
                    "error": "Query timed out. Try narrowing your date range with "
                    "'after'/'before' or filtering by product_id.",
                },
            ),
            WindowTooWideError,
            "that many days",
            id="query timed out",
        ),
        pytest.param(
            httpx.Response(400, json={"status": 400, "error": "Invalid date"}),
            PayloadError,
            "did not understand",
            id="bad request",
        ),
        pytest.param(httpx.Response(400), PayloadError, "did not understand", id="400"),
    ],
)
async def test_each_refusal_becomes_its_error(
    network: respx.MockRouter,
    feed: GumroadFeed,
    reply: httpx.Response,
    error: type[MarketplaceError],
    says: str,
) -> None:
    network.get("/sales").mock(return_value=reply)
    for fetch in (feed.fetch_newest, feed.fetch_window):
        with pytest.raises(error, match=says) as caught:
            await fetch(Window(first=NOW), None)
        assert type(caught.value) is error
        assert TOKEN not in str(caught.value)
        assert (caught.value.fix is not None) is (error is AuthError)


@pytest.mark.parametrize(
    ("body", "path"),
    [
        pytest.param({"status": 400, "error": "Invalid page_key."}, "page_key", id="page key"),
        pytest.param({"success": False}, "page_key", id="no word why"),
        pytest.param(
            {"status": 400, "error": "Invalid date format provided in field 'after'."},
            "request",
            id="date",
        ),
    ],
)
async def test_a_cursor_that_gumroad_forgot_is_told_from_a_bad_request(
    network: respx.MockRouter, feed: GumroadFeed, body: dict[str, object], path: str
) -> None:
    network.get("/sales").respond(400, json=body)
    with pytest.raises(PayloadError) as caught:
        await feed.fetch_window(Window(), "2026-1")
    assert caught.value.path == path


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        pytest.param({}, None, id="no word"),
        pytest.param({"Retry-After": "7"}, 7.0, id="seconds"),
        pytest.param({"Retry-After": "86400"}, 86400.0, id="a day"),
        pytest.param({"Retry-After": "1.5"}, 1.5, id="fraction"),
        pytest.param({"Retry-After": "-3"}, 0.0, id="negative"),
        pytest.param({"Retry-After": "Sun, 22 Nov 2026 12:01:07 GMT", **DATE}, 60.0, id="a moment"),
        pytest.param(
            {"Retry-After": "Sun, 22 Nov 2026 12:01:00 GMT"}, 60.0, id="a moment on our clock"
        ),
        pytest.param({"Retry-After": "Sun, 22 Nov 2026 11:00:00 GMT"}, 0.0, id="past"),
        pytest.param({"Retry-After": "soon"}, None, id="words"),
        pytest.param({"Retry-After": "inf"}, None, id="for ever"),
        pytest.param({"Retry-After": "nan"}, None, id="no number"),
    ],
)
async def test_a_429_says_how_long_to_wait(
    network: respx.MockRouter, feed: GumroadFeed, headers: dict[str, str], seconds: float | None
) -> None:
    network.get("/sales").respond(429, text="Retry later", headers=headers)
    with pytest.raises(RateLimitError) as caught:
        await feed.fetch_newest(Window(), None)
    assert caught.value.retry_after_seconds == seconds


async def test_an_outage_that_names_its_end_is_waited_for(
    network: respx.MockRouter, feed: GumroadFeed
) -> None:
    network.get("/sales").respond(503, headers={"Retry-After": "3600"})
    with pytest.raises(RateLimitError) as caught:
        await feed.fetch_newest(Window(), None)
    assert caught.value.retry_after_seconds == 3600.0


async def test_a_broken_connection_counts_as_no_answer(
    network: respx.MockRouter, feed: GumroadFeed
) -> None:
    network.get("/sales").mock(side_effect=httpx.ReadTimeout("slow"))
    with pytest.raises(UnavailableError):
        await feed.fetch_newest(Window(), None)


async def test_requests_start_at_least_the_gap_apart(
    network: respx.MockRouter, monkeypatch: pytest.MonkeyPatch
) -> None:
    network.get("/sales").mock(side_effect=lambda _request: answer())
    slept: list[float] = []

    async def note(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", note)
    async with connect(request_gap="1000s") as connection:
        feed = GumroadFeed(connection)
        for _ in range(3):
            await feed.fetch_newest(Window(), None)
    assert [round(seconds, -2) for seconds in slept] == [1000, 2000]


async def test_without_a_gap_nothing_sleeps(
    network: respx.MockRouter, feed: GumroadFeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    network.get("/sales").mock(side_effect=lambda _request: answer())

    async def never(_seconds: float) -> None:
        raise AssertionError

    monkeypatch.setattr(asyncio, "sleep", never)
    for _ in range(3):
        await feed.fetch_newest(Window(), None)
    assert network.calls.call_count == 3


async def test_a_message_from_gumroad_never_tells_the_token(
    network: respx.MockRouter, feed: GumroadFeed
) -> None:
    body = json.dumps({"success": False, "message": f"{TOKEN}{TOKEN} is odd"})
    network.get("/sales").respond(200, text=body)
    with pytest.raises(MarketplaceError) as caught:
        await feed.fetch_newest(Window(), None)
    assert TOKEN not in str(caught.value)
