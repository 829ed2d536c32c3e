"""The pretend shop's payouts, as the vendor's public source has them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from salesdaemon.marketplaces.gumroad.pretend import PretendGumroad
from tests.marketplaces.gumroad.pretend_client import Clock, ask
from tests.marketplaces.gumroad.test_pretend_books import worth

DAY = timedelta(days=1)
Rows = list[dict[str, Any]]


@pytest.fixture
def shop(clock: Clock) -> PretendGumroad:
    """Open a shop on Wednesday, the 4th of November 2026."""
    clock.time = datetime(2026, 11, 4, 9, tzinfo=UTC)
    return PretendGumroad(now=clock)


def settled(shop: PretendGumroad) -> dict[str, object]:
    """Tell the book of the shop's only sale with what payouts say of it."""
    (book,) = shop.settled_books()
    return book


def told(client: httpx.Client, payout_id: str) -> list[tuple[object, ...]]:
    """Tell the rows of a payout by type, price, fees and net."""
    answer = client.get(f"/v2/payouts/{payout_id}", params={"include_transactions": "true"})
    rows: Rows = answer.json()["payout"]["transactions"]
    columns = ("type", "sale_price", "gumroad_fees", "net_total")
    return sorted(tuple(row[column] for column in columns) for row in rows)


def test_a_week_is_paid_on_the_friday_after_the_next(
    shop: PretendGumroad, client: httpx.Client, clock: Clock
) -> None:
    first, second = shop.add_sale(), shop.add_sale()
    assert shop.make_payouts() == []
    clock.time = datetime(2026, 11, 13, 12, tzinfo=UTC)
    (payout_id,) = shop.make_payouts()
    assert shop.make_payouts() == []
    answer = client.get(f"/v2/payouts/{payout_id}").json()["payout"]
    assert answer == {
        "id": payout_id,
        "amount": "19.30",
        "currency": "usd",
        "status": "processing",
        "created_at": "2026-11-13T10:00:00Z",
        "processed_at": None,
        "payment_processor": "stripe",
        "bank_account_visual": "******6789",
        "paypal_email": None,
        "sales": [first, second],
        "refunded_sales": [],
        "disputed_sales": [],
    }
    clock.time += 4 * DAY
    later = client.get(f"/v2/payouts/{payout_id}", params={"include_sales": "false"})
    arrived = {"status": "completed", "processed_at": "2026-11-16T10:00:00Z"}
    kept = {key: value for key, value in answer.items() if "sales" not in key}
    assert later.json()["payout"] == {**kept, **arrived}


def test_less_than_ten_dollars_wait(shop: PretendGumroad, clock: Clock) -> None:
    shop.add_sale()
    clock.time += 20 * DAY
    assert shop.make_payouts() == []
    shop.add_sale()
    clock.time += 20 * DAY
    assert len(shop.make_payouts()) == 1


def test_payouts_to_come_lead_the_list_the_last_first(
    shop: PretendGumroad, client: httpx.Client, clock: Clock
) -> None:
    shop.add_sale(price=5000)
    clock.time += 7 * DAY
    shop.add_sale(price=2000)
    shown = [
        (payout["id"], payout["status"], payout["created_at"], payout["amount"])
        for payout in client.get("/v2/payouts").json()["payouts"]
    ]
    assert shown == [
        (None, "payable", "2026-11-20T00:00:00Z", "16.62"),
        (None, "payable", "2026-11-13T00:00:00Z", "42.75"),
    ]
    ahead = client.get("/v2/payouts/upcoming").json()["payouts"]
    assert [payout["amount"] for payout in ahead] == ["42.75", "16.62"]
    for params in ({"include_upcoming": "false"}, {"before": "2026-11-13"}):
        assert client.get("/v2/payouts", params=params).json()["payouts"] == []
    within = client.get("/v2/payouts", params={"after": "2026-11-14"}).json()["payouts"]
    assert [payout["amount"] for payout in within] == ["16.62"]


def test_the_list_turns_pages_of_ten(
    shop: PretendGumroad, client: httpx.Client, clock: Clock
) -> None:
    made = []
    for _ in range(23):
        shop.add_sale()
        made.append(shop.make_payout())
        clock.time += DAY
    pages = [client.get("/v2/payouts").json()]
    while "next_page_key" in pages[-1]:
        key = pages[-1]["next_page_key"]
        assert pages[-1]["next_page_url"] == f"/v2/payouts?page_key={key}"
        pages.append(client.get("/v2/payouts", params={"page_key": key}).json())
    assert [len(page["payouts"]) for page in pages] == [10, 10, 3]
    assert [payout["id"] for page in pages for payout in page["payouts"]] == made[::-1]
    assert client.get("/v2/payouts", params={"page_key": "7"}).status_code == 400
    assert client.get("/v2/payouts", params={"after": "soon"}).status_code == 400


def test_rows_are_what_the_vendors_specification_shows(
    shop: PretendGumroad, client: httpx.Client
) -> None:
    full, part, taken = shop.add_sale(), shop.add_sale(affiliate_cents=100), shop.add_sale()
    shop.refund(full)
    shop.refund(part, 400)
    shop.dispute(taken)
    shop.credit(1000)
    shop.earn_as_affiliate(323)
    payout_id = shop.make_payout(fee=92)
    assert told(client, payout_id) == sorted(
        [
            *[("Sale", 12.0, 2.35, 9.65)] * 3,
            ("Full Refund", -12.0, -1.7, -10.3),
            # Fee share 78, retained 22; the affiliate gives back 34.
            ("Partial Refund", -4.0, -0.56, -3.1),
            ("Chargeback", -12.0, -2.35, -9.65),
            ("Credit", 10.0, "", 10.0),
            ("Affiliate Credit", 2.23, "", 2.23),
            ("Payout Fee", "", 0.92, -0.92),
        ]
    )
    (payout,) = shop.payouts()
    shown = client.get(f"/v2/payouts/{payout_id}").json()["payout"]
    assert shown["refunded_sales"] == [full, part]
    assert shown["disputed_sales"] == [taken]
    assert float(shown["amount"]) * 100 == payout["amount"]


def test_what_came_through_the_sellers_own_processor_is_no_part_of_the_amount(
    shop: PretendGumroad, client: httpx.Client
) -> None:
    shop.add_sale()
    own = shop.add_sale(own_processor=True, affiliate_cents=100)
    shop.refund(own, 600)
    payout_id = shop.make_payout()
    assert shop.payouts()[0]["amount"] == 965
    rows = told(client, payout_id)
    assert [row[3] for row in rows if str(row[0]).endswith("Payouts")] == [-4.65]
    refund = next(row for row in rows if str(row[0]).endswith("Refund"))
    # Its fee has the other sign, as the vendor's code writes it.
    assert refund[1:] == (-6.0, 0.85, -5.15)
    assert [row[3] for row in rows if str(row[0]).endswith("Affiliate Fees")] == [-0.5]


def test_a_dispute_that_is_won_comes_back_as_a_credit(
    shop: PretendGumroad, client: httpx.Client
) -> None:
    shop.add_sale()
    sale_id = shop.add_sale()
    shop.dispute(sale_id)
    first = shop.make_payout()
    assert ("Chargeback", -12.0, -2.35, -9.65) in told(client, first)
    shop.win_dispute(sale_id)
    second = shop.make_payout()
    assert told(client, second) == [("Credit", 9.65, "", 9.65)]
    rows = client.get(f"/v2/payouts/{second}", params={"include_transactions": "true"}).json()
    assert rows["payout"]["transactions"][0]["purchase_id"] == sale_id


def test_a_refund_that_fails_after_its_payout_is_adjusted(
    shop: PretendGumroad, client: httpx.Client
) -> None:
    shop.add_sale()
    shop.add_sale()
    sale_id = shop.add_sale()
    shop.refund(sale_id)
    shop.make_payout()
    shop.fail_refund(sale_id)
    assert told(client, shop.make_payout()) == [("Technical Adjustment", "", "", 10.3)]
    with pytest.raises(ValueError, match="nothing"):
        shop.make_payout()


def test_what_a_returned_payout_held_is_in_a_later_one(
    shop: PretendGumroad, client: httpx.Client
) -> None:
    shop.add_sale()
    returned = shop.make_payout()
    shop.fail_payout(returned)
    assert client.get(f"/v2/payouts/{returned}").json()["payout"]["status"] == "returned"
    assert told(client, shop.make_payout()) == told(client, returned)


def test_rows_hold_buyers_and_may_be_lists_or_absent(clock: Clock) -> None:
    for how, kind in (("objects", dict), ("lists", list), ("absent", type(None))):
        shop = PretendGumroad(now=clock, payout_rows=how)
        shop.add_sale()
        path = f"/v2/payouts/{shop.make_payout()}"
        payout = ask(shop, path, include_transactions="true").json()["payout"]
        assert isinstance((payout.get("transactions") or [None])[0], kind)
        assert ("CANARY" in repr(payout)) is (how != "absent")


def test_without_the_scope_payouts_are_an_empty_403(clock: Clock) -> None:
    shop = PretendGumroad(now=clock, scopes={"view_sales"})
    shop.add_sale()
    for path in ("", "/upcoming", f"/{shop.make_payout()}"):
        answer = ask(shop, f"/v2/payouts{path}")
        assert (answer.status_code, answer.content) == (403, b"")
    blind = PretendGumroad(now=clock, scopes={"view_payouts"})
    blind.add_sale()
    payout = ask(blind, f"/v2/payouts/{blind.make_payout()}").json()["payout"]
    assert "sales" not in payout


def test_an_unknown_payout_was_not_found(client: httpx.Client) -> None:
    answer = client.get("/v2/payouts/none")
    assert (answer.status_code, answer.json()) == (
        200,
        {"success": False, "message": "The payout was not found."},
    )


@pytest.mark.parametrize(
    ("happens", "exact"),
    [
        pytest.param(lambda shop, sale: shop.make_payout(), True, id="sale alone"),
        pytest.param(
            lambda shop, sale: (shop.refund(sale, 401), shop.make_payout()), True, id="refund"
        ),
        pytest.param(
            lambda shop, sale: (shop.make_payout(), shop.refund(sale, 401)),
            False,
            id="refund after the payout",
        ),
        pytest.param(
            lambda shop, sale: (shop.fail_payout(shop.make_payout()), shop.refund(sale, 401)),
            False,
            id="payout came back",
        ),
    ],
)
def test_figures_are_exact_once_payouts_hold_all_of_a_sale(
    shop: PretendGumroad, happens: Callable[[PretendGumroad, str], object], exact: bool
) -> None:
    happens(shop, shop.add_sale(currency="eur"))
    book = settled(shop)
    assert (book["refunded_exact"], book["fees_exact"]) == (exact, exact)


def test_several_refunds_cost_what_the_rows_say(shop: PretendGumroad) -> None:
    sale_id = shop.add_sale()
    for cents in (401, 402):
        shop.refund(sale_id, cents)
    before = worth(shop)["fees_refunded"]
    shop.make_payout()
    # Each share of the fee is rounded down by itself, and what is retained of it half up.
    assert (before, settled(shop)["fees_refunded"]) == ("1.14", "1.12")


def test_years_of_payouts_hold_every_movement_once(shop: PretendGumroad) -> None:
    shop.fill_history(1500, days=400)
    made = shop.make_payouts()
    assert 50 < len(made) < 60
    assert all(payout["amount"] >= 1000 for payout in shop.payouts())  # type: ignore[operator]  # cents
    assert sum(book["fees_exact"] is True for book in shop.settled_books()) > 1400
