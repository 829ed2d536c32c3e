"""What the poller gets from a Gumroad account, page by page, on a fake network."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import httpx
import pytest
import respx

from salesdaemon.errors import (
    AuthError,
    MarketplaceError,
    PayloadError,
    RateLimitError,
    UnavailableError,
)
from salesdaemon.marketplaces import load
from salesdaemon.marketplaces.base import Account, Connection, Limits, Page, SetAside, Window
from salesdaemon.marketplaces.gumroad.adapter import to_sale
from salesdaemon.marketplaces.gumroad.feed import GumroadFeed
from salesdaemon.marketplaces.gumroad.wire import parse_page
from tests.marketplaces.gumroad.connections import NOW, connect
from tests.marketplaces.gumroad.replies import CANARY, page_body, raw_sale

API = "https://api.gumroad.com/v2"
PAGE_IN_FRONT = b"<!DOCTYPE html><title>Just a moment...</title>"
DATE = {"Date": "Sun, 22 Nov 2026 12:00:07 GMT"}
VENDOR_TIME = datetime(2026, 11, 22, 12, 0, 7, tzinfo=UTC)
DAY = timedelta(days=1)


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


def sale_at(moment: str, number: int = 0, **changes: object) -> dict[str, object]:
    return raw_sale(created_at=moment, id=f"sale{number}==", **changes)


def answer(*sales: object, **envelope: object) -> httpx.Response:
    return httpx.Response(200, content=page_body(*sales, **envelope), headers=DATE)


def asked(router: respx.MockRouter, call: int = -1) -> dict[str, str]:
    return dict(router.calls[call].request.url.params)


async def test_the_shop_is_reached_through_the_registry(
    network: respx.MockRouter, connection: Connection
) -> None:
    network.get("/user").respond(json={"success": True, "user": {"user_id": "u1", "name": "Ann"}})
    assert await load("gumroad").connect(connection).identify() == Account("u1", "Ann")


async def test_a_page_becomes_sales_with_gumroads_own_clock(
    network: respx.MockRouter, feed: GumroadFeed
) -> None:
    body = page_body(raw_sale(), next_page_key="2026-1")
    network.get("/sales").respond(content=body, headers=DATE)
    assert await feed.fetch_newest(Window(), None) == Page(
        sales=(to_sale(parse_page(body).sales[0]),),
        vendor_time=VENDOR_TIME,
        cursor="2026-1",
        oldest=datetime(2026, 11, 20, 9, tzinfo=UTC),
    )


@pytest.mark.parametrize("date_header", [None, "yesterday", ""])
async def test_without_gumroads_clock_ours_is_taken(
    network: respx.MockRouter, feed: GumroadFeed, date_header: str | None
) -> None:
    headers = {} if date_header is None else {"Date": date_header}
    network.get("/sales").respond(content=page_body(), headers=headers)
    assert await feed.fetch_newest(Window(), None) == Page((), NOW)


MIDNIGHT = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("window", "params"),
    [
        pytest.param(Window(), {}, id="everything"),
        pytest.param(Window(first=MIDNIGHT), {"after": "2026-11-20"}, id="from midnight"),
        pytest.param(
            Window(first=MIDNIGHT - timedelta(seconds=1)), {"after": "2026-11-19"}, id="just before"
        ),
        pytest.param(Window(end=MIDNIGHT), {"before": "2026-11-20"}, id="up to midnight"),
        pytest.param(
            Window(end=MIDNIGHT + timedelta(seconds=1)), {"before": "2026-11-21"}, id="just after"
        ),
        pytest.param(
            Window(MIDNIGHT, MIDNIGHT + DAY),
            {"after": "2026-11-20", "before": "2026-11-21"},
            id="one day",
        ),
        pytest.param(
            Window(MIDNIGHT + timedelta(hours=9), MIDNIGHT + timedelta(hours=10)),
            {"after": "2026-11-20", "before": "2026-11-21"},
            id="an hour",
        ),
        pytest.param(
            Window(datetime.fromisoformat("2026-11-20T01:00:00+09:00")),
            {"after": "2026-11-19"},
            id="another zone",
        ),
    ],
)
async def test_a_window_is_asked_for_in_whole_utc_days_on_every_page(
    network: respx.MockRouter, feed: GumroadFeed, window: Window, params: dict[str, str]
) -> None:
    network.get("/sales").mock(side_effect=lambda _request: answer(raw_sale()))
    for fetch in (feed.fetch_newest, feed.fetch_window):
        await fetch(window, None)
        assert asked(network) == params
        await fetch(window, "2026-a+b=")
        assert asked(network) == {**params, "page_key": "2026-a+b="}


async def test_a_sale_that_cannot_be_read_is_set_aside_and_the_rest_of_its_page_kept(
    network: respx.MockRouter, feed: GumroadFeed
) -> None:
    network.get("/sales").mock(
        return_value=answer(
            sale_at("2026-11-20T09:00:00Z", 1),
            sale_at("2026-11-19T09:00:00Z", 2, price=CANARY),
            sale_at("2026-11-18T09:00:00Z", 3, price=None),
            sale_at(CANARY, 4),
            raw_sale(id=CANARY * 100),
            sale_at("2026-11-17T09:00:00Z", 5, price=-5),
        )
    )
    page = await feed.fetch_newest(Window(), None)
    assert [sale.external_id for sale in page.sales] == ["sale1=="]
    assert page.set_aside == (
        SetAside(
            "sale2==",
            "Expected int, got str (at price)",
            datetime(2026, 11, 19, 9, tzinfo=UTC),
        ),
        SetAside(
            "sale3==", "An amount is missing (at price)", datetime(2026, 11, 18, 9, tzinfo=UTC)
        ),
        SetAside("sale4==", "The time of the sale is not readable (at created_at)"),
        SetAside(
            "order 4711",
            "The id is missing or too long (at id)",
            datetime(2026, 11, 20, 9, tzinfo=UTC),
        ),
        SetAside(
            "sale5==",
            "An amount is negative or too large (at price)",
            datetime(2026, 11, 17, 9, tzinfo=UTC),
        ),
    )
    assert page.oldest == datetime(2026, 11, 17, 9, tzinfo=UTC)
    assert CANARY not in repr(page)


async def test_a_cursor_that_leads_to_itself_is_refused(
    network: respx.MockRouter, feed: GumroadFeed
) -> None:
    network.get("/sales").mock(return_value=answer(raw_sale(), next_page_key="same"))
    assert (await feed.fetch_window(Window(), None)).cursor == "same"
    with pytest.raises(UnavailableError, match="stuck"):
        await feed.fetch_window(Window(), "same")


async def test_an_empty_page_that_leads_on_is_refused(
    network: respx.MockRouter, feed: GumroadFeed
) -> None:
    network.get("/sales").mock(return_value=answer(next_page_key="on"))
    with pytest.raises(UnavailableError, match="stuck"):
        await feed.fetch_window(Window(), None)


FIRST = [sale_at("2026-11-20T09:00:00Z", 1), sale_at("2026-11-20T08:00:00Z", 2)]
SECOND = [sale_at("2026-11-20T07:00:00Z", 3), sale_at("2026-11-20T06:00:00Z", 4)]


async def test_the_same_page_under_a_new_key_is_refused(
    network: respx.MockRouter, feed: GumroadFeed
) -> None:
    network.get("/sales").mock(
        side_effect=[answer(*FIRST, next_page_key="a"), answer(*FIRST, next_page_key="b")]
    )
    await feed.fetch_window(Window(), None)
    with pytest.raises(UnavailableError, match="repeated"):
        await feed.fetch_window(Window(), "a")


async def test_a_list_that_goes_round_in_circles_is_refused(
    network: respx.MockRouter, feed: GumroadFeed
) -> None:
    network.get("/sales").mock(
        side_effect=[
            answer(*FIRST, next_page_key="a"),
            answer(*SECOND, next_page_key="b"),
            answer(*FIRST, next_page_key="a"),
        ]
    )
    await feed.fetch_window(Window(), None)
    await feed.fetch_window(Window(), "a")
    with pytest.raises(UnavailableError, match="repeated"):
        await feed.fetch_window(Window(), "b")


@pytest.mark.parametrize(
    "second",
    [
        pytest.param(SECOND, id="older"),
        pytest.param([sale_at("2026-11-20T08:00:00Z", 3)], id="of the same second"),
        pytest.param([FIRST[1], *SECOND], id="one shown twice"),
        pytest.param([sale_at("2027-01-01T00:00:00Z", 3), *SECOND], id="one with an odd time"),
        pytest.param([], id="empty"),
    ],
)
async def test_a_list_that_goes_on_is_believed(
    network: respx.MockRouter, feed: GumroadFeed, second: list[object]
) -> None:
    network.get("/sales").mock(side_effect=[answer(*FIRST, next_page_key="a"), answer(*second)])
    await feed.fetch_window(Window(), None)
    assert len((await feed.fetch_window(Window(), "a")).sales) == len(second)


async def test_a_page_that_is_asked_for_again_is_given_again(
    network: respx.MockRouter, feed: GumroadFeed
) -> None:
    pages = {None: answer(*FIRST, next_page_key="a"), "a": answer(*SECOND)}
    network.get("/sales").mock(
        side_effect=lambda request: pages[request.url.params.get("page_key")]
    )
    first = await feed.fetch_window(Window(), None)
    second = await feed.fetch_window(Window(), "a")
    assert await feed.fetch_window(Window(), "a") == second
    assert await feed.fetch_window(Window(), None) == first


@pytest.mark.parametrize(
    ("user", "account"),
    [
        ({"user_id": "u1", "id": "i", "name": "Ann"}, Account("u1", "Ann")),
        ({"id": "i", "name": "Ann", "display_name": "Ann's"}, Account("i", "Ann's")),
        ({"user_id": 7, "name": ""}, Account("7", None)),
    ],
    ids=["user_id", "id", "number"],
)
async def test_the_account_is_known_by_its_user_id(
    network: respx.MockRouter, feed: GumroadFeed, user: dict[str, object], account: Account
) -> None:
    network.get("/user").respond(json={"success": True, "user": user})
    assert await feed.identify() == account


async def test_an_account_without_id_is_refused(
    network: respx.MockRouter, feed: GumroadFeed
) -> None:
    network.get("/user").respond(json={"success": True, "user": {"name": "Ann"}})
    with pytest.raises(PayloadError) as caught:
        await feed.identify()
    assert caught.value.path == "user.user_id"


async def test_unpaid_sales_are_not_asked_for(network: respx.MockRouter, feed: GumroadFeed) -> None:
    assert await feed.fetch_unpaid({"a": NOW}) == Page((), NOW)
    assert network.calls.call_count == 0


def test_gumroad_names_no_number_of_requests(feed: GumroadFeed) -> None:
    assert feed.limits() == Limits(None, None)


TODAY = date(2026, 11, 22)


def totals(day: str, **changes: int) -> dict[str, object]:
    figures = {"gross_cents": 1, "net_cents": 2, "refunded_cents": 3, "units": 4}
    return {"key": day, "label": day, "refunded_units": 5, **figures, **changes}


def summary(*days: dict[str, object]) -> httpx.Response:
    return httpx.Response(200, json={"success": True, "gross_cents": 9, "breakdown": days})


async def test_the_summary_marks_the_days_that_are_not_swept_anyway(
    network: respx.MockRouter, feed: GumroadFeed
) -> None:
    days = [totals(f"2026-11-{day}") for day in (18, 19, 20, 21, 22)]
    network.get("/sales/summary").mock(return_value=summary(*days))
    marks = await feed.fetch_tripwire(TODAY)
    assert marks == {"2026-11-18": "(1, 2, 3, 4, 5)", "2026-11-19": "(1, 2, 3, 4, 5)"}
    assert asked(network) == {"from": "2026-10-23", "to": "2026-11-22", "group_by": "day"}


@pytest.mark.parametrize("field", ["gross_cents", "net_cents", "refunded_cents", "units"])
async def test_a_mark_changes_with_each_figure(
    network: respx.MockRouter, feed: GumroadFeed, field: str
) -> None:
    days = [totals("2026-11-18"), totals("2026-11-18", **{field: 77})]
    network.get("/sales/summary").mock(side_effect=[summary(day) for day in days])
    assert await feed.fetch_tripwire(TODAY) != await feed.fetch_tripwire(TODAY)


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(httpx.Response(200, content=PAGE_IN_FRONT), id="HTML"),
        pytest.param(httpx.Response(200, json={"success": False}), id="success false"),
        pytest.param(httpx.Response(200, json={"success": True}), id="no breakdown"),
        pytest.param(httpx.Response(200, json=[1]), id="list"),
        pytest.param(httpx.Response(400, json={"error": "Invalid group_by."}), id="400"),
    ],
)
async def test_a_summary_of_no_use_is_empty(
    network: respx.MockRouter, feed: GumroadFeed, reply: httpx.Response
) -> None:
    network.get("/sales/summary").mock(return_value=reply)
    assert await feed.fetch_tripwire(TODAY) == {}


@pytest.mark.parametrize("status", [403, 404])
async def test_a_summary_that_is_not_offered_is_asked_for_again_after_an_hour(
    network: respx.MockRouter, connection: Connection, status: int
) -> None:
    now = [NOW]
    feed = GumroadFeed(replace(connection, clock=lambda: now[0]))
    route = network.get("/sales/summary").respond(status)
    for minutes, calls in ((0, 1), (59, 1), (60, 2), (61, 2)):
        now[0] = NOW + timedelta(minutes=minutes)
        assert await feed.fetch_tripwire(TODAY) == {}
        assert route.call_count == calls


@pytest.mark.parametrize(
    ("status", "error"), [(401, AuthError), (429, RateLimitError), (500, UnavailableError)]
)
async def test_trouble_is_not_taken_for_a_summary_of_nothing(
    network: respx.MockRouter, feed: GumroadFeed, status: int, error: type[MarketplaceError]
) -> None:
    network.get("/sales/summary").respond(status)
    with pytest.raises(error):
        await feed.fetch_tripwire(TODAY)
