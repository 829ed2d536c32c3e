"""Our reading of Gumroad's pages against the pretend shop's: the books of both must agree."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from salesdaemon.domain.money import to_text
from salesdaemon.domain.sale import Sale
from salesdaemon.errors import (
    AuthError,
    MarketplaceError,
    PayloadError,
    RateLimitError,
    UnavailableError,
    WindowTooWideError,
)
from salesdaemon.marketplaces.base import Page, Window
from salesdaemon.marketplaces.gumroad.feed import GumroadFeed
from salesdaemon.marketplaces.gumroad.pretend import PretendGumroad
from salesdaemon.marketplaces.loopback import serve
from tests.marketplaces.gumroad.connections import NOW, TOKEN, connect

SALES = 1000


def shop(**options: object) -> PretendGumroad:
    return PretendGumroad(now=lambda: NOW, access_token=TOKEN, **options)  # type: ignore[arg-type]  # tests name the options


@pytest.fixture
def gumroad() -> PretendGumroad:
    return shop()


@pytest.fixture
def url(gumroad: PretendGumroad) -> Iterator[str]:
    with serve(gumroad.app) as address:
        yield address


def told(sale: Sale) -> dict[str, object]:
    """Tell a sale in the words of the books."""

    def usd(cents: int) -> str:
        return to_text(cents, sale.currency)

    return {
        "sale_id": sale.external_id,
        "kind": sale.kind.value,
        "status": sale.status.value,
        "currency": sale.currency,
        "gross": usd(sale.gross_minor),
        "refunded": usd(sale.refunded_minor),
        "refunded_exact": sale.refunded_exact,
        "fees": usd(sale.fees_minor),
        "fees_refunded": usd(sale.fees_refunded_minor),
        "affiliate": usd(sale.affiliate_minor),
        "net": usd(sale.net_minor),
        "fees_exact": sale.fees_exact,
        "paid_at": sale.paid_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "country": sale.country,
        "items": [
            {
                "product_id": item.product_id,
                "product": item.product,
                "quantity": item.quantity,
                "gross": usd(item.gross_minor),
                "passive": item.passive,
            }
            for item in sale.items
        ],
    }


async def read_pages(url: str, window: Window) -> list[Page]:
    async with connect(url) as connection:
        feed = GumroadFeed(connection)
        pages = [await feed.fetch_window(window, None)]
        while pages[-1].cursor is not None:
            pages.append(await feed.fetch_window(window, pages[-1].cursor))
    return pages


async def read_sales(url: str, window: Window = Window()) -> list[dict[str, object]]:  # noqa: B008 - frozen
    """Read all pages; the books are told oldest first."""
    pages = await read_pages(url, window)
    assert [entry for page in pages for entry in page.set_aside] == []
    return [told(sale) for page in pages for sale in page.sales][::-1]


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({}, id="as sent"),
        pytest.param({"explicit_nulls": True}, id="nulls"),
        pytest.param({"omit_currency": True}, id="before the field currency"),
        pytest.param({"seed": 7}, id="another history"),
    ],
)
async def test_the_whole_history_agrees_with_the_books_to_the_cent(
    options: dict[str, object],
) -> None:
    gumroad = shop(**options)
    gumroad.fill_history(SALES)
    with serve(gumroad.app) as url:
        read = await read_sales(url)
    assert read == gumroad.books()
    assert len(read) == SALES
    assert all(request.bearer for request in gumroad.requests)
    assert [r.unknown_parameters for r in gumroad.requests if r.unknown_parameters] == []


async def test_a_window_holds_its_days_and_no_others(gumroad: PretendGumroad, url: str) -> None:
    gumroad.fill_history(300, days=30)
    first, end = datetime(2026, 11, 1, 15, tzinfo=UTC), datetime(2026, 11, 5, tzinfo=UTC)
    read = await read_sales(url, Window(first, end))
    days = ("2026-11-01", "2026-11-02", "2026-11-03", "2026-11-04")
    assert read == [sale for sale in gumroad.books() if str(sale["paid_at"])[:10] in days]
    assert read


async def test_pages_end_and_are_the_same_when_read_again(
    gumroad: PretendGumroad, url: str
) -> None:
    gumroad.fill_history(50)
    pages = await read_pages(url, Window())
    assert [len(page.sales) for page in pages] == [10] * 5
    assert [page.oldest for page in pages] == [page.sales[-1].created_at for page in pages]
    assert all(page.vendor_time == NOW for page in pages)
    assert await read_pages(url, Window()) == pages


async def test_what_becomes_of_a_sale_agrees_with_the_books(
    gumroad: PretendGumroad, url: str
) -> None:
    add = gumroad.add_sale
    for cents in (1, 449, 1199, 1200):
        gumroad.refund(add(), cents)
        gumroad.refund(add(own_processor=True), cents)
        gumroad.refund(add(affiliate_cents=333), cents)
    gumroad.refund(add(price=123_456_789, affiliate_cents=98_765), 98_765_432)
    gumroad.dispute(add(affiliate_cents=250))
    won = add(affiliate_cents=250)
    gumroad.dispute(won)
    gumroad.win_dispute(won)
    failed = add()
    gumroad.refund(failed, 300)
    gumroad.fail_refund(failed)
    gumroad.dispute(gumroad.add_bundle(3))
    add(price=0)
    add(trial=True, affiliate_cents=100)
    add(trial=True, recurring=True)
    add(trial=True, upgrade=True)
    add(recurring=True, upgrade=True)
    add(physical=True, quantity=3, country_iso2=None)
    add(currency="jpy", listed_total=1500, price=1003)
    add(price=99, fee=91)
    add(product_name="a\ud800b\0<b>\u202e")
    read, books = await read_sales(url), gumroad.books()
    books[-1]["items"][0]["product"] = "a\ufffdb<b>\u202e"  # type: ignore[index]  # books are JSON
    assert read == books


@pytest.mark.parametrize("currency", ["eur", "jpy", "krw", "inr", "cad"])
@pytest.mark.parametrize("charged", [None, "eur", "jpy"])
async def test_a_refund_in_another_currency_is_derived_to_about_a_unit_of_it(
    gumroad: PretendGumroad, url: str, currency: str, charged: str | None
) -> None:
    for cents in (1, 150, 600, 1100):
        sale = gumroad.add_sale(currency=currency, buyer_presentment=charged, subscription=True)
        gumroad.refund(sale, cents)
    for ours, theirs in zip(await read_sales(url), gumroad.books(), strict=True):
        difference = abs(float(str(ours["refunded"])) - float(str(theirs["refunded"])))
        assert difference <= 0.015
        assert (ours["status"], ours["refunded_exact"]) == ("partially_refunded", False)
        assert (theirs["status"], theirs["refunded_exact"]) == ("partially_refunded", False)


async def test_a_partial_refund_that_gumroad_no_longer_tells_is_not_guessed(
    gumroad: PretendGumroad, url: str
) -> None:
    gumroad.refund(gumroad.add_sale(), 600, dead_processor=True)
    sale = (await read_sales(url))[0]
    assert (sale["status"], sale["refunded"], sale["refunded_exact"], sale["fees_exact"]) == (
        "partially_refunded",
        "0.00",
        False,
        False,
    )


async def test_nothing_of_a_buyer_comes_through(gumroad: PretendGumroad, url: str) -> None:
    gumroad.fill_history(300)
    gumroad.add_sale(custom_fields={"price": "CANARY"})
    gumroad.faults.add("wrong_types", fields={"price": "CANARY", "created_at": ["CANARY"]})
    assert "CANARY" not in repr(await read_pages(url, Window()))


@pytest.mark.parametrize(
    ("kind", "options", "error"),
    [
        pytest.param("429", {}, RateLimitError, id="429"),
        pytest.param("429", {"seconds": 90}, RateLimitError, id="429 with Retry-After"),
        pytest.param("500", {}, UnavailableError, id="500"),
        pytest.param("502", {}, UnavailableError, id="502"),
        pytest.param("503", {}, UnavailableError, id="503"),
        pytest.param("reset", {}, UnavailableError, id="reset"),
        pytest.param("truncated", {}, UnavailableError, id="truncated"),
        pytest.param("html", {}, UnavailableError, id="HTML"),
        pytest.param("success_false", {}, UnavailableError, id="success false"),
        pytest.param("empty_body", {}, UnavailableError, id="empty"),
        pytest.param("wrong_json", {}, UnavailableError, id="another JSON"),
        pytest.param("timed_out", {}, WindowTooWideError, id="timed out"),
        pytest.param("stuck", {"path_contains": "page_key"}, UnavailableError, id="stuck"),
        pytest.param("repeated", {}, UnavailableError, id="repeated"),
    ],
)
async def test_each_fault_becomes_its_error_and_the_next_try_reads_on(
    gumroad: PretendGumroad,
    url: str,
    kind: str,
    options: dict[str, object],
    error: type[MarketplaceError],
) -> None:
    gumroad.fill_history(40)
    gumroad.faults.add(kind, **options)  # type: ignore[arg-type]  # tests name the options
    with pytest.raises(error):
        await read_pages(url, Window())
    assert gumroad.faults.fired[kind] == 1
    assert await read_sales(url) == gumroad.books()


@pytest.mark.parametrize("kind", ["wrong_types", "null_fields"])
async def test_a_spoiled_sale_stops_no_other(gumroad: PretendGumroad, url: str, kind: str) -> None:
    gumroad.fill_history(20)
    gumroad.faults.add(kind, path_contains="page_key")
    pages = await read_pages(url, Window())
    assert [(len(page.sales), len(page.set_aside)) for page in pages] == [(10, 0), (9, 1)]


async def test_a_forgotten_cursor_says_that_the_list_must_be_begun_again(url: str) -> None:
    async with connect(url) as connection:
        with pytest.raises(PayloadError) as caught:
            await GumroadFeed(connection).fetch_window(Window(), "forgotten")
    assert caught.value.path == "page_key"


async def test_a_wrong_token_and_a_missing_scope_are_told_apart() -> None:
    for gumroad, says in (
        (PretendGumroad(access_token="another"), "revoked"),
        (shop(scopes=frozenset({"view_payouts"})), "view_sales"),
    ):
        with serve(gumroad.app) as url:
            async with connect(url) as connection:
                with pytest.raises(AuthError, match=says):
                    await GumroadFeed(connection).fetch_newest(Window(), None)


async def test_a_refund_of_an_old_sale_moves_the_mark_of_its_day_alone(
    gumroad: PretendGumroad, url: str
) -> None:
    ids = [gumroad.add_sale(created_at=NOW - timedelta(days=days)) for days in range(10)]
    async with connect(url) as connection:
        feed = GumroadFeed(connection)
        before = await feed.fetch_tripwire(NOW.date())
        assert await feed.fetch_tripwire(NOW.date()) == before
        gumroad.refund(ids[7], 100)
        after = await feed.fetch_tripwire(NOW.date())
    assert [day for day in after if after[day] != before[day]] == ["2026-11-15"]
    assert list(after) == [f"2026-11-{day}" for day in range(13, 20)]


async def test_an_api_without_summary_has_no_tripwire() -> None:
    with serve(shop(summary=False).app) as url:
        async with connect(url) as connection:
            assert await GumroadFeed(connection).fetch_tripwire(NOW.date()) == {}
