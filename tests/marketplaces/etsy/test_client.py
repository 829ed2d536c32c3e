from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from salesdaemon.errors import (
    AuthError,
    MarketplaceError,
    PayloadError,
    RateLimitError,
    SalesDaemonError,
    UnavailableError,
)
from salesdaemon.marketplaces.base import Account, Limits, Page, SetAside, Window
from salesdaemon.marketplaces.etsy.adapter import to_sale
from salesdaemon.marketplaces.etsy.wire import parse_page
from tests.fakes.http import Asked, FakeReply, ScriptedHttp, says
from tests.fakes.logins import LoginBook
from tests.marketplaces.etsy.connecting import (
    ACCESS,
    NOW,
    SECRETS,
    SHOP_ID,
    Naps,
    connection,
    feed_of,
    login,
)
from tests.marketplaces.etsy.receipts import CREATED, page, receipt

CREATED_AT = datetime.fromtimestamp(CREATED, UTC)
RECEIPTS = f"https://openapi.etsy.com/v3/application/shops/{SHOP_ID}/receipts"
ME = "https://openapi.etsy.com/v3/application/users/me"
SORTED = {"sort_on": "created", "sort_order": "desc"}
EVERYTHING = Window()
EMPTY = says(page([]))


def order(receipt_id: int, created: int = CREATED, **changes: Any) -> dict[str, Any]:
    times = {"created_timestamp": created, "create_timestamp": created}
    return receipt(receipt_id=receipt_id, transactions=[], **times, **changes)


def ids(read: Page) -> list[int]:
    return [int(sale.external_id) for sale in read.sales]


class Shop:
    """Etsy's list of receipts as its pages describe it, with switches for what they leave open."""

    def __init__(
        self,
        rows: Sequence[Mapping[str, Any]],
        *,
        inclusive: bool = True,
        most: int = 100,
        count: int | None = -1,
    ) -> None:
        self.rows = sorted(rows, key=lambda row: (-row["created_timestamp"], -row["receipt_id"]))
        self.inclusive = inclusive
        self.most = most
        self.count = count
        self.asked: list[dict[str, Any]] = []

    async def request(self, method: str, url: str, **keywords: Any) -> FakeReply:
        query = keywords["params"]
        self.asked.append(dict(query))
        slack = 0 if self.inclusive else 1
        first = query.get("min_created", 0) + slack
        last = query.get("max_created", 1 << 40) - slack
        found = [row for row in self.rows if first <= row["created_timestamp"] <= last]
        offset = query.get("offset", 0)
        limit = min(query["limit"], self.most)
        count = len(found) if self.count == -1 else self.count
        return says(page(found[offset : offset + limit], count=count))


async def walk(shop: Shop, window: Window = EVERYTHING, *, restarting: bool = False) -> list[int]:
    """Read a whole window; `restarting` uses a new feed for each page."""
    feed = feed_of(connection(shop, shop_id=SHOP_ID))
    read = await feed.fetch_window(window, None)
    found = ids(read)
    while read.cursor is not None:
        if restarting:
            feed = feed_of(connection(shop, shop_id=SHOP_ID))
        read = await feed.fetch_window(window, read.cursor)
        found += ids(read)
        assert len(shop.asked) < 100, "the walk does not end"
    return found


def minutes(count: int) -> list[dict[str, Any]]:
    return [order(number, CREATED + 60 * number) for number in range(1, count + 1)]


async def test_a_request_shows_key_and_login_and_documented_parameters_only() -> None:
    http = ScriptedHttp(says(page([order(5)])))
    await feed_of(connection(http, shop_id=SHOP_ID)).fetch_newest(EVERYTHING, None)
    headers = {
        "x-api-key": "pretend-keystring:pretend-secret",
        "authorization": f"Bearer {ACCESS}",
    }
    assert http.asked == [Asked("GET", RECEIPTS, {"limit": 25, **SORTED}, headers, {}, True)]


async def test_a_page_tells_its_sales_and_the_vendors_time() -> None:
    http = ScriptedHttp(says(page([order(5)]), date="Fri, 20 Nov 2026 08:59:30 GMT"))
    read = await feed_of(connection(http, shop_id=SHOP_ID)).fetch_newest(EVERYTHING, None)
    (row,) = parse_page(page([order(5)])).receipts
    assert read == Page(
        sales=(to_sale(row),),
        vendor_time=NOW - timedelta(seconds=30),
        cursor=None,
        oldest=CREATED_AT,
    )


@pytest.mark.parametrize("date", ["", "yesterday", "Fri, 20 Nov 2026 08:59:30"])
async def test_without_the_vendors_clock_ours_stands_in(date: str) -> None:
    http = ScriptedHttp(says(page([]), date=date))
    read = await feed_of(connection(http, shop_id=SHOP_ID)).fetch_newest(EVERYTHING, None)
    assert read == Page(sales=(), vendor_time=NOW)


async def test_an_order_that_cannot_be_read_is_set_aside_and_blocks_no_other() -> None:
    rows = [
        order(3, is_paid="CANARY"),
        order(2, quantity=1, grandtotal=None, total_price=None),
        order(1),
    ]
    http = ScriptedHttp(says(page(rows)))
    read = await feed_of(connection(http, shop_id=SHOP_ID)).fetch_newest(EVERYTHING, None)
    assert (ids(read), read.set_aside) == (
        [1],
        (
            SetAside("3", "Expected bool, got str. (at is_paid)", CREATED_AT),
            SetAside("2", "The order has no total. (at grandtotal)", CREATED_AT),
        ),
    )


# --- paging -----------------------------------------------------------------------------------


@pytest.mark.parametrize("restarting", [False, True], ids=["in one go", "with restarts"])
@pytest.mark.parametrize("inclusive", [True, False], ids=["inclusive", "exclusive"])
@pytest.mark.parametrize(
    ("count", "most"),
    [
        pytest.param(-1, 100, id="true count"),
        pytest.param(None, 100, id="no count"),
        pytest.param(0, 100, id="count of zero"),
        pytest.param(10**6, 100, id="count of a million"),
        pytest.param(-1, 40, id="pages shorter than asked for"),
        pytest.param(10**6, 40, id="short pages, count of a million"),
    ],
)
async def test_a_walk_sees_every_order_whatever_the_bounds_and_counts_mean(
    *, inclusive: bool, restarting: bool, count: int | None, most: int
) -> None:
    shop = Shop(minutes(230), inclusive=inclusive, count=count, most=most)
    assert set(await walk(shop, restarting=restarting)) == set(range(1, 231))


@pytest.mark.parametrize("restarting", [False, True], ids=["in one go", "with restarts"])
@pytest.mark.parametrize("inclusive", [True, False], ids=["inclusive", "exclusive"])
async def test_a_second_with_more_orders_than_a_page_is_walked_by_offset(
    *, inclusive: bool, restarting: bool
) -> None:
    burst = [order(1000 + number) for number in range(250)]
    rest = [order(number, CREATED - 60 * number) for number in range(1, 150)]
    shop = Shop([*burst, *rest], inclusive=inclusive)
    found = await walk(shop, restarting=restarting)
    assert set(found) == {row["receipt_id"] for row in shop.rows}
    assert max(query.get("offset", 0) for query in shop.asked) == 200


async def test_orders_that_come_in_during_a_walk_hide_none() -> None:
    shop = Shop(minutes(150))
    feed = feed_of(connection(shop, shop_id=SHOP_ID))
    first = await feed.fetch_window(EVERYTHING, None)
    shop.rows = [order(900 + number, CREATED + 10**6) for number in range(30)] + shop.rows
    second = await feed.fetch_window(EVERYTHING, first.cursor)
    assert set(ids(first)) | set(ids(second)) == set(range(1, 151))


async def test_the_newest_come_on_a_small_page_and_a_burst_on_full_ones() -> None:
    shop = Shop(minutes(130))
    feed = feed_of(connection(shop, shop_id=SHOP_ID))
    first = await feed.fetch_newest(EVERYTHING, None)
    second = await feed.fetch_newest(EVERYTHING, first.cursor)
    assert (len(first.sales), len(second.sales), shop.asked) == (
        25,
        100,
        [
            {"limit": 25, **SORTED},
            {"limit": 100, "max_created": CREATED + 60 * 106 + 1, **SORTED},
        ],
    )


async def test_a_window_is_asked_a_second_wider() -> None:
    shop = Shop(minutes(1))
    window = Window(CREATED_AT, CREATED_AT + timedelta(seconds=9.5))
    await walk(shop, window)
    assert shop.asked == [
        {"limit": 100, "min_created": CREATED - 1, "max_created": CREATED + 10, **SORTED}
    ]


async def test_no_bound_lies_before_the_first_moment_that_etsy_takes() -> None:
    shop = Shop([])
    long_ago = datetime(1999, 1, 1, tzinfo=UTC)
    await walk(shop, Window(long_ago, long_ago + timedelta(days=1)))
    assert shop.asked == [
        {"limit": 100, "min_created": 946684800, "max_created": 946684800, **SORTED}
    ]


async def test_a_walk_stops_at_its_window_even_where_the_vendor_does_not() -> None:
    rows = [order(number, CREATED - 60 * number) for number in range(250)]
    http = ScriptedHttp(says(page(rows[:100], count=250)))
    feed = feed_of(connection(http, shop_id=SHOP_ID))
    read = await feed.fetch_window(Window(first=CREATED_AT), None)
    assert read.cursor is None


async def test_a_list_that_repeats_itself_is_stuck() -> None:
    same = says(page([order(number, CREATED + 60 * number) for number in range(100)], count=500))
    feed = feed_of(connection(ScriptedHttp(same, same), shop_id=SHOP_ID))
    first = await feed.fetch_window(EVERYTHING, None)
    with pytest.raises(UnavailableError) as raised:
        await feed.fetch_window(EVERYTHING, first.cursor)
    assert str(raised.value) == "Etsy's list of orders is stuck: the same page came again."


async def test_a_list_that_does_not_know_offsets_is_stuck() -> None:
    same = says(page([order(number) for number in range(100)], count=500))
    feed = feed_of(connection(ScriptedHttp(same, same, same), shop_id=SHOP_ID))
    first = await feed.fetch_window(EVERYTHING, None)
    second = await feed.fetch_window(EVERYTHING, first.cursor)
    with pytest.raises(UnavailableError):
        await feed.fetch_window(EVERYTHING, second.cursor)


async def test_a_cursor_of_another_make_starts_the_walk_again() -> None:
    shop = Shop(minutes(1))
    feed = feed_of(connection(shop, shop_id=SHOP_ID))
    assert ids(await feed.fetch_window(EVERYTHING, "page=2")) == [1]


async def test_a_page_without_a_readable_creation_is_left_by_offset() -> None:
    no_time = {"created_timestamp": None, "create_timestamp": None}
    rows = [order(number) | no_time for number in range(1, 101)]
    http = ScriptedHttp(says(page(rows, count=101)), says(page([order(500)], count=101)))
    feed = feed_of(connection(http, shop_id=SHOP_ID))
    first = await feed.fetch_window(EVERYTHING, None)
    second = await feed.fetch_window(EVERYTHING, first.cursor)
    assert (first.oldest, len(first.set_aside), ids(second)) == (None, 100, [500])
    assert http.asked[1].params == {"limit": 100, "offset": 100, **SORTED}


# --- the shop ---------------------------------------------------------------------------------


async def test_the_shop_is_found_once_and_remembered() -> None:
    http = ScriptedHttp(says({"user_id": 7, "shop_id": SHOP_ID}), EMPTY, EMPTY)
    feed = feed_of(connection(http))
    await feed.fetch_newest(EVERYTHING, None)
    await feed.fetch_newest(EVERYTHING, None)
    assert [asked.url for asked in http.asked] == [ME, RECEIPTS, RECEIPTS]


async def test_the_account_is_the_shops_number() -> None:
    http = ScriptedHttp(says({"user_id": 7, "shop_id": SHOP_ID}))
    assert await feed_of(connection(http)).identify() == Account(str(SHOP_ID))


async def test_another_shop_than_the_configured_one_is_refused() -> None:
    http = ScriptedHttp(says({"user_id": 7, "shop_id": 5}))
    with pytest.raises(AuthError) as raised:
        await feed_of(connection(http, shop_id=SHOP_ID)).identify()
    assert str(raised.value) == (
        f"The login of 'prints' opens shop 5, but `shop_id` says {SHOP_ID}. Correct `shop_id` in "
        "[shops.prints], or run `salesdaemon auth prints` as the owner of that shop."
    )


@pytest.mark.parametrize(
    "reply",
    [
        says({"user_id": 7, "shop_id": None}),
        says({"user_id": 7}),
        says({"error": "Could not find a shop for user with user_id = 7"}, 404),
    ],
)
async def test_an_account_without_a_shop_is_told_so(reply: FakeReply) -> None:
    with pytest.raises(AuthError) as raised:
        await feed_of(connection(ScriptedHttp(reply))).identify()
    assert raised.value.what == "The Etsy account that signed in for 'prints' has no shop."


# --- unpaid orders ----------------------------------------------------------------------------


def unpaid(receipt_id: int, created: int = CREATED) -> dict[str, Any]:
    return order(receipt_id, created, is_paid=False, status="Payment Processing")


async def test_without_unpaid_orders_nothing_is_asked() -> None:
    http = ScriptedHttp()
    read = await feed_of(connection(http, shop_id=SHOP_ID)).fetch_unpaid({})
    assert read == Page(sales=(), vendor_time=NOW)


async def test_one_request_sees_that_all_are_still_unpaid() -> None:
    http = ScriptedHttp(says(page([unpaid(2), unpaid(1)])))
    known = {"1": CREATED_AT, "2": CREATED_AT + timedelta(hours=1)}
    read = await feed_of(connection(http, shop_id=SHOP_ID)).fetch_unpaid(known)
    assert (ids(read), [sale.paid for sale in read.sales]) == ([2, 1], [False, False])
    assert [asked.params for asked in http.asked] == [
        {"limit": 100, "min_created": CREATED - 1, "was_paid": "false", **SORTED}
    ]


async def test_one_that_left_the_list_is_asked_for_by_itself() -> None:
    http = ScriptedHttp(says(page([unpaid(2)])), says(order(1)))
    known = {"1": CREATED_AT, "2": CREATED_AT}
    read = await feed_of(connection(http, shop_id=SHOP_ID)).fetch_unpaid(known)
    assert [(sale.external_id, sale.paid) for sale in read.sales] == [("2", False), ("1", True)]
    assert [asked.url for asked in http.asked] == [RECEIPTS, f"{RECEIPTS}/1"]


async def test_one_that_etsy_hides_stays_unpaid_and_is_seldom_asked_for() -> None:
    hidden = says({"error": "Could not find a Shop Receipt with receipt_id = 1 ..."}, 404)
    http = ScriptedHttp(EMPTY, hidden, *[EMPTY] * 9, EMPTY, hidden)
    feed = feed_of(connection(http, shop_id=SHOP_ID))
    reads = [await feed.fetch_unpaid({"1": CREATED_AT}) for _ in range(11)]
    assert (reads, http.script) == ([Page(sales=(), vendor_time=NOW)] * 11, [])


async def test_many_that_left_the_list_are_asked_for_in_turns() -> None:
    def answer(asked: Asked) -> FakeReply:
        if asked.url == RECEIPTS:
            return EMPTY
        return says(unpaid(int(asked.url.rpartition("/")[2])))

    known = {str(number): CREATED_AT + timedelta(seconds=number) for number in range(1, 51)}
    http = ScriptedHttp(*[answer] * 53)
    feed = feed_of(connection(http, shop_id=SHOP_ID))
    turns = [sorted(ids(await feed.fetch_unpaid(known))) for _ in range(3)]
    assert turns == [list(range(1, 21)), list(range(21, 41)), list(range(41, 51))]


async def test_a_long_list_of_unpaid_orders_is_read_for_three_pages() -> None:
    rows = [unpaid(number, CREATED + number) for number in range(500)]
    shop = Shop(rows)
    feed = feed_of(connection(shop, shop_id=SHOP_ID))
    read = await feed.fetch_unpaid({"499": CREATED_AT})
    assert (len(shop.asked), len(read.sales)) == (3, 296)


# --- limits -----------------------------------------------------------------------------------


async def test_the_lower_limit_of_login_and_key_is_told() -> None:
    http = ScriptedHttp(
        says(page([]), x_limit_per_day="5000", x_remaining_today="4000"),
        says({"application_id": 1}, x_limit_per_day="9000", x_remaining_today="12"),
        says(page([]), x_remaining_today="many"),
    )
    feed = feed_of(connection(http, shop_id=SHOP_ID))
    assert feed.limits() == Limits()
    await feed.fetch_newest(EVERYTHING, None)
    assert feed.limits() == Limits(5000, 4000)
    await feed._client.ping()
    assert feed.limits() == Limits(5000, 12)
    await feed.fetch_newest(EVERYTHING, None)
    assert feed.limits() == Limits(5000, 12)


@pytest.mark.parametrize("name", ["x-remaining-this-second", "x-remaining-this-secon"])
async def test_a_spent_second_is_waited_out_before_the_next_request(name: str) -> None:
    naps = Naps()
    replies = [FakeReply(headers={name: left}, body=page([])) for left in ("1", "0")]
    http = ScriptedHttp(*replies, EMPTY, EMPTY)
    feed = feed_of(
        connection(http, clock=lambda: NOW + timedelta(seconds=0.25), shop_id=SHOP_ID), naps
    )
    for _ in range(4):
        await feed.fetch_newest(EVERYTHING, None)
    assert naps.taken == [0.75]


async def test_a_second_that_has_passed_is_not_waited_for() -> None:
    naps = Naps()
    http = ScriptedHttp(says(page([]), x_remaining_this_second="0"), EMPTY)
    later = NOW + timedelta(seconds=2)
    feed = feed_of(connection(http, clock=lambda: later, shop_id=SHOP_ID), naps)
    await feed.fetch_newest(EVERYTHING, None)
    await feed.fetch_newest(EVERYTHING, None)
    assert naps.taken == []


PER_SECOND = {"error": "Exceeded per second rate limit"}
DAILY = {"error": "Exceeded daily rate limit"}
FEWER = "Etsy asks for fewer requests."
USED_UP = "Today's requests to Etsy are used up."


@pytest.mark.parametrize(
    ("reply", "what", "seconds"),
    [
        pytest.param(says(PER_SECOND, 429), FEWER, None, id="no time named"),
        pytest.param(says(PER_SECOND, 429, retry_after="2"), FEWER, 2, id="seconds"),
        pytest.param(says(b"slow down", 429, retry_after="2"), FEWER, 2, id="not Etsy's words"),
        pytest.param(
            says(
                PER_SECOND,
                429,
                retry_after="Fri, 20 Nov 2026 10:00:30 GMT",
                date="Fri, 20 Nov 2026 10:00:00 GMT",
            ),
            FEWER,
            30,
            id="a date by the vendor's clock",
        ),
        pytest.param(
            says(PER_SECOND, 429, retry_after="Fri, 20 Nov 2026 08:00:00 GMT"),
            FEWER,
            0,
            id="a date that has passed",
        ),
        pytest.param(says(PER_SECOND, 429, retry_after="soon"), FEWER, None, id="no sense"),
        pytest.param(says(DAILY, 429), USED_UP, 3600, id="the day, no time named"),
        pytest.param(
            says(PER_SECOND, 429, x_remaining_today="0"), USED_UP, 3600, id="nothing left today"
        ),
        pytest.param(says(DAILY, 429, retry_after="86400"), USED_UP, 86400, id="a whole day"),
        pytest.param(says(DAILY, 403), USED_UP, 3600, id="told as a 403"),
    ],
)
async def test_a_limit_says_how_long_to_wait(
    reply: FakeReply, what: str, seconds: float | None
) -> None:
    with pytest.raises(RateLimitError) as raised:
        await feed_of(connection(ScriptedHttp(reply), shop_id=SHOP_ID)).fetch_newest(
            EVERYTHING, None
        )
    assert (raised.value.what, raised.value.retry_after_seconds) == (what, seconds)


# --- refusals ---------------------------------------------------------------------------------

STITCH = b"<!DOCTYPE html><h1>Uh oh! A stitch has gone awry.</h1>"


def html(status: int, body: bytes = STITCH) -> FakeReply:
    return FakeReply(status, {"content-type": "text/html; charset=utf-8"}, body)


INCORRECT = "API key not found or not active, or incorrect shared secret for API key."
KEY = (
    "Etsy does not take the app's key of shop 'prints': wrong, not active yet, or not the secret "
    "that belongs to it."
)


@pytest.mark.parametrize(
    ("reply", "kind", "what"),
    [
        pytest.param(
            says({"error": "Shared secret is required in x-api-key header."}, 403),
            AuthError,
            "Etsy wants the app's shared secret beside the keystring for shop 'prints'.",
            id="no shared secret",
        ),
        pytest.param(says({"error": INCORRECT}, 403), AuthError, KEY, id="wrong pair"),
        pytest.param(says({"error": "Invalid API key"}, 400), AuthError, KEY, id="wrong key"),
        pytest.param(
            says({"error": "Missing or invalid API key."}, 401), AuthError, KEY, id="no key"
        ),
        pytest.param(
            says({"error": f"User does not own Shop {SHOP_ID}"}, 403),
            AuthError,
            "The login of shop 'prints' belongs to someone who does not own shop 48291736.",
            id="another's shop",
        ),
        pytest.param(
            says({"error": "insufficient_scope", "error_description": "transactions_r"}, 403),
            AuthError,
            "The login of shop 'prints' may not read what is needed.",
            id="missing scope",
        ),
        pytest.param(
            says({"error": "The app is dormant."}, 403),
            AuthError,
            "Etsy has put the app of shop 'prints' to sleep; it does so after six months without "
            "a request.",
            id="dormant app",
        ),
        pytest.param(
            says({"error": "Could not find a Shop with shop_id = 48291736"}, 404),
            AuthError,
            "Etsy knows no shop 48291736 for 'prints'.",
            id="no such shop",
        ),
        pytest.param(
            says({"error": "No way for key abc123 of bo@example.com"}, 403),
            AuthError,
            "Etsy refuses shop 'prints': \"No way for key … of …\".",
            id="an unfamiliar 403",
        ),
        pytest.param(
            says({"error": "Offset provided is greater than the maximum."}, 400),
            PayloadError,
            "Etsy refused the request with HTTP 400 application/json: "
            '"Offset provided is greater than the maximum".',
            id="a bad request",
        ),
        pytest.param(
            html(403),
            UnavailableError,
            "Etsy answered with HTTP 403 text/html.",
            id="a firewall's page",
        ),
        pytest.param(
            html(401), UnavailableError, "Etsy answered with HTTP 401 text/html.", id="a proxy's"
        ),
        pytest.param(
            html(302), UnavailableError, "Etsy answered with HTTP 302 text/html.", id="a redirect"
        ),
        pytest.param(
            says({"error": "Server Error"}, 500, x_etsy_request_uuid="a1b2-c3"),
            UnavailableError,
            "Etsy answered with HTTP 500 application/json. "
            "(Etsy's number of this request: a1b2-c3)",
            id="a server error",
        ),
        pytest.param(
            html(200),
            UnavailableError,
            "Etsy answered with a web page (text/html) instead of JSON.",
            id="a page instead of JSON",
        ),
        pytest.param(says(b""), UnavailableError, "Etsy's answer was empty.", id="nothing"),
        pytest.param(
            says([1]), UnavailableError, "Etsy's answer is no JSON object.", id="a JSON list"
        ),
        pytest.param(
            UnavailableError("The connection broke."),
            UnavailableError,
            "The connection broke.",
            id="no answer",
        ),
    ],
)
async def test_each_refusal_has_its_own_error(
    reply: FakeReply | Exception, kind: type[MarketplaceError], what: str
) -> None:
    feed = feed_of(connection(ScriptedHttp(reply), shop_id=SHOP_ID))
    with pytest.raises(SalesDaemonError) as raised:
        await feed.fetch_newest(EVERYTHING, None)
    assert (type(raised.value), raised.value.what) == (kind, what)
    assert (raised.value.fix is not None) == (kind is AuthError)
    assert not any(secret in str(raised.value) for secret in SECRETS)


EXPIRED = says({"error": "invalid_token", "error_description": "access token is expired"}, 401)
NEW_PAIR = says({"access_token": "1.new", "refresh_token": "1.newer", "expires_in": 3600})


async def test_an_expired_token_is_refreshed_once_and_the_request_repeated() -> None:
    book = LoginBook(login())
    http = ScriptedHttp(EXPIRED, NEW_PAIR, EMPTY)
    await feed_of(connection(http, book, shop_id=SHOP_ID)).fetch_newest(EVERYTHING, None)
    assert [asked.headers.get("authorization") for asked in http.asked] == [
        f"Bearer {ACCESS}",
        None,
        "Bearer 1.new",
    ]
    assert book.log == ["daemon leases 1", "daemon saves 2"]


async def test_a_token_that_is_refused_again_ends_in_a_new_login() -> None:
    http = ScriptedHttp(EXPIRED, NEW_PAIR, EXPIRED)
    with pytest.raises(AuthError) as raised:
        await feed_of(connection(http, shop_id=SHOP_ID)).fetch_newest(EVERYTHING, None)
    assert str(raised.value) == (
        "Etsy does not take the login of shop 'prints' any more; a changed password revokes it. "
        "Run `salesdaemon auth prints` and sign in again; polling resumes by itself."
    )


async def test_a_refusal_of_the_key_does_not_cost_a_refresh() -> None:
    book = LoginBook(login())
    http = ScriptedHttp(says({"error": INCORRECT}, 401))
    with pytest.raises(AuthError):
        await feed_of(connection(http, book, shop_id=SHOP_ID)).fetch_newest(EVERYTHING, None)
    assert book.log == []
