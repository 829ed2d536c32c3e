"""The pretend shop's books are right to the cent."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from salesdaemon.marketplaces.gumroad.pretend import PretendGumroad
from tests.marketplaces.gumroad.pretend_client import Clock, all_pages, one


def worth(shop: PretendGumroad) -> dict[str, object]:
    """Tell the book of the shop's only sale without what the test gave it."""
    (book,) = shop.books()
    given = {"sale_id", "currency", "paid_at", "country", "items"}
    return {key: value for key, value in book.items() if key not in given}


def test_a_plain_sale_is_booked_as_the_contract_shows(shop: PretendGumroad) -> None:
    sale_id = shop.add_sale(created_at=datetime(2026, 11, 20, 9, tzinfo=UTC))
    (book,) = shop.books()
    product_id = book["items"][0].pop("product_id")  # type: ignore[index]  # books are JSON
    assert len(product_id) == 24
    assert book == {
        "sale_id": sale_id,
        "kind": "sale",
        "status": "paid",
        "currency": "USD",
        "gross": "12.00",
        "refunded": "0.00",
        "refunded_exact": True,
        "fees": "2.35",
        "fees_refunded": "0.00",
        "affiliate": "0.00",
        "net": "9.65",
        "fees_exact": True,
        "paid_at": "2026-11-20T09:00:00Z",
        "country": "DE",
        "items": [{"product": "Planner", "quantity": 1, "gross": "12.00", "passive": True}],
    }


@pytest.mark.parametrize(
    ("kwargs", "kind"),
    [
        ({}, "sale"),
        ({"price": 0}, "free"),
        ({"recurring": True}, "renewal"),
        ({"recurring": True, "trial": True}, "renewal"),
        ({"recurring": True, "upgrade": True}, "sale"),
        ({"trial": True, "upgrade": True}, "sale"),
        ({"trial": True}, "trial"),
        ({"trial": True, "price": 0}, "trial"),
        ({"bundle_item": True}, "bundle_item"),
        ({"bundle": True}, "sale"),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(value) or "plain",
)
def test_the_kind_is_the_first_that_fits(
    shop: PretendGumroad, kwargs: dict[str, Any], kind: str
) -> None:
    shop.add_sale(**kwargs)
    assert shop.books()[0]["kind"] == kind


@pytest.mark.parametrize(
    ("kwargs", "fees"),
    [
        ({"price": 1200}, "2.35"),
        ({"price": 1200, "discover": True}, "3.60"),
        ({"price": 1200, "own_processor": True}, "1.70"),
        ({"price": 0}, "0.00"),
        ({"price": 1200, "fee": 115}, "1.15"),
        ({"price": 1200, "trial": True}, "0.00"),
    ],
    ids=["standard", "discover", "own processor", "free", "waived", "trial"],
)
def test_the_fee_follows_the_vendors_formula(
    shop: PretendGumroad, kwargs: dict[str, Any], fees: str
) -> None:
    shop.add_sale(**kwargs)
    assert shop.books()[0]["fees"] == fees


def test_a_refunded_sale_costs_what_the_processor_retains(
    shop: PretendGumroad, client: httpx.Client
) -> None:
    sale_id = shop.add_sale()
    shop.refund(sale_id)
    assert worth(shop) == {
        "kind": "sale",
        "status": "refunded",
        "gross": "12.00",
        "refunded": "12.00",
        "refunded_exact": True,
        "fees": "2.35",
        "fees_refunded": "1.70",
        "affiliate": "0.00",
        "net": "-0.65",
        "fees_exact": False,
    }
    sale = one(client, sale_id)
    shown = ("price", "refunded", "partially_refunded", "amount_refundable_in_currency")
    assert [sale[key] for key in shown] == [1200, True, False, "0"]


def test_a_partial_refund_takes_its_share(shop: PretendGumroad, client: httpx.Client) -> None:
    sale_id = shop.add_sale(affiliate_cents=100)
    shop.refund(sale_id, 400)
    # Fee share floor(235 / 3) = 78, retained 11.6 + 10 = 22; the affiliate gives back 34 of 100.
    assert worth(shop) == {
        "kind": "sale",
        "status": "partially_refunded",
        "gross": "12.00",
        "refunded": "4.00",
        "refunded_exact": True,
        "fees": "2.35",
        "fees_refunded": "0.56",
        "affiliate": "0.66",
        "net": "5.55",
        "fees_exact": False,
    }
    sale = one(client, sale_id)
    shown = ("refunded", "partially_refunded", "amount_refundable_in_currency")
    assert [sale[key] for key in shown] == [False, True, "8"]
    assert sale["affiliate"] == {"email": "CANARY-affiliate@example.com", "amount": "$1"}
    shop.refund(sale_id)
    sale = one(client, sale_id)
    assert [sale[key] for key in shown] == [True, False, "0"]


def test_the_sellers_own_processor_retains_nothing_for_the_vendor(shop: PretendGumroad) -> None:
    shop.refund(shop.add_sale(own_processor=True))
    assert worth(shop) == {
        "kind": "sale",
        "status": "refunded",
        "gross": "12.00",
        "refunded": "12.00",
        "refunded_exact": True,
        "fees": "1.70",
        "fees_refunded": "1.70",
        "affiliate": "0.00",
        "net": "0.00",
        "fees_exact": False,
    }


def test_a_partial_refund_in_another_currency_can_only_be_derived(
    shop: PretendGumroad, client: httpx.Client
) -> None:
    sale_id = shop.add_sale(price=1003, currency="jpy", listed_total=1500)
    shop.refund(sale_id, 334)
    assert one(client, sale_id)["amount_refundable_in_currency"] == "1,000"
    book = worth(shop)
    assert (book["refunded"], book["refunded_exact"]) == ("3.34", False)


def test_a_dead_processor_hides_how_much_was_refunded(
    shop: PretendGumroad, client: httpx.Client
) -> None:
    sale_id = shop.add_sale()
    shop.refund(sale_id, 400, dead_processor=True)
    sale = one(client, sale_id)
    assert (sale["partially_refunded"], sale["amount_refundable_in_currency"]) == (True, "0")
    assert worth(shop)["refunded_exact"] is False


def test_a_failed_refund_puts_everything_back(shop: PretendGumroad, client: httpx.Client) -> None:
    sale_id = shop.add_sale()
    before = shop.books()
    shop.refund(sale_id)
    shop.fail_refund(sale_id)
    assert shop.books() == before
    sale = one(client, sale_id)
    assert (sale["refunded"], sale["amount_refundable_in_currency"]) == (False, "12")


def test_a_dispute_takes_everything_until_it_is_won(
    shop: PretendGumroad, client: httpx.Client
) -> None:
    sale_id = shop.add_sale(affiliate_cents=96)
    before = shop.books()
    shop.dispute(sale_id)
    assert worth(shop) == {
        "kind": "sale",
        "status": "disputed",
        "gross": "12.00",
        "refunded": "12.00",
        "refunded_exact": True,
        "fees": "2.35",
        "fees_refunded": "2.35",
        "affiliate": "0.00",
        "net": "0.00",
        "fees_exact": False,
    }
    flags = ("disputed", "dispute_won", "chargedback")
    assert [one(client, sale_id)[flag] for flag in flags] == [True, False, True]
    shop.win_dispute(sale_id)
    assert [one(client, sale_id)[flag] for flag in flags] == [True, True, False]
    assert shop.books() == before


def test_a_bundle_is_one_paid_row_and_its_parts(shop: PretendGumroad, client: httpx.Client) -> None:
    bundle = shop.add_bundle(3)
    kinds = Counter((book["kind"], book["gross"]) for book in shop.books())
    assert kinds == {("sale", "49.00"): 1, ("bundle_item", "0.00"): 3}
    shop.dispute(bundle)
    page = client.get("/v2/sales").json()
    flags = [(sale["is_bundle_purchase"], sale["disputed"]) for sale in page["sales"]]
    assert Counter(flags) == {(True, True): 1, (False, True): 3}


def test_history_is_the_same_for_the_same_seed(clock: Clock) -> None:
    shops = [PretendGumroad(now=clock, seed=seed) for seed in (7, 7, 8)]
    for shop in shops:
        shop.fill_history(400)
    first, again, other = (shop.books() for shop in shops)
    assert (len(first), len(other)) == (400, 400)
    assert first == again
    assert first != other


def test_history_holds_every_kind_and_fate(shop: PretendGumroad, client: httpx.Client) -> None:
    shop.fill_history(3000)
    books = shop.books()
    assert {book["kind"] for book in books} == {"sale", "renewal", "free", "trial", "bundle_item"}
    fates = {"paid", "partially_refunded", "refunded", "disputed"}
    assert {book["status"] for book in books} == fates
    listed = [
        sale["id"] for page in all_pages(client, after="2026-10-01") for sale in page["sales"]
    ]
    recent = [book["sale_id"] for book in books if str(book["paid_at"]) >= "2026-10-01"]
    assert listed == recent[::-1]


def test_sell_one_is_always_a_paid_sale(shop: PretendGumroad) -> None:
    for _ in range(50):
        shop.sell_one()
    assert {(book["kind"], book["status"]) for book in shop.books()} == {("sale", "paid")}
    assert all(float(str(book["gross"])) > 0 for book in shop.books())
