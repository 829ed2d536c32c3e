"""What tests, demo and benchmarks rely on in the pretend Etsy: orders and their books."""

import json
from datetime import timedelta
from typing import Any, cast

import httpx
import pytest

from salesdaemon.marketplaces.etsy.pretend import PretendEtsy
from tests.marketplaces.etsy.pretending import RECEIPTS, Clock, ids, serving


def test_pages_hold_the_newest_first_and_windows_include_both_ends(
    etsy: PretendEtsy, client: httpx.Client, clock: Clock
) -> None:
    now = int(clock.now.timestamp())
    made = [etsy.add_receipt(created_at=now - age) for age in (40, 30, 30, 20, 10)]
    ascending = {"sort_order": "asc"}
    assert ids(client.get(RECEIPTS)) == made[::-1]
    assert ids(client.get(RECEIPTS, params={"limit": 2, "offset": 1})) == made[3:1:-1]
    assert ids(client.get(RECEIPTS, params={"limit": 2, "offset": 1, **ascending})) == made[1:3]
    inner = {"min_created": now - 30, "max_created": now - 20}
    answer = client.get(RECEIPTS, params={**inner, "limit": 1, **ascending})
    assert (answer.json()["count"], ids(answer)) == (3, [made[1]])
    etsy.api.bounds = "exclusive"
    assert ids(client.get(RECEIPTS, params={"min_created": now - 30})) == made[:2:-1]
    assert client.get(RECEIPTS, params={"offset": 5}).json() == {"count": 5, "results": []}


def test_filters_follow_what_happens_to_an_order(etsy: PretendEtsy, client: httpx.Client) -> None:
    etsy.add_receipt()
    late = etsy.add_receipt(paid=False, items=[{"is_digital": False}])
    unpaid = {"was_paid": "false", "was_canceled": "false"}
    assert ids(client.get(RECEIPTS, params=unpaid)) == [late]
    etsy.pay(late)
    assert ids(client.get(RECEIPTS, params=unpaid)) == []
    assert ids(client.get(RECEIPTS, params={"was_paid": "true", "was_shipped": "false"})) == [late]
    etsy.cancel(late)
    assert ids(client.get(RECEIPTS, params={"was_canceled": "true"})) == [late]


def test_a_refund_does_not_move_the_time_of_the_last_change_and_a_payment_does(
    etsy: PretendEtsy, client: httpx.Client, clock: Clock
) -> None:
    refunded, paid = etsy.add_receipt(), etsy.add_receipt(paid=False)
    clock.advance(minutes=5)
    since = {"min_last_modified": int(clock.now.timestamp())}
    etsy.refund(refunded)
    etsy.pay(paid)
    assert ids(client.get(RECEIPTS, params=since)) == [paid]
    etsy.refund(refunded, 1, touch_updated=True)
    by_change = httpx.QueryParams(since).merge({"sort_on": "updated", "sort_order": "asc"})
    assert ids(client.get(RECEIPTS, params=by_change)) == [refunded, paid]


def test_a_receipt_listed_late_is_hidden_until_then_and_known_by_its_id(
    etsy: PretendEtsy, client: httpx.Client, clock: Clock
) -> None:
    hidden = etsy.add_receipt(listed_at=clock.now + timedelta(days=6))
    assert ids(client.get(RECEIPTS)) == []
    etsy.refund(hidden, 1)
    assert ids(client.get(RECEIPTS)) == []
    assert client.get(f"{RECEIPTS}/{hidden}").status_code == 200
    etsy.oauth.expires_in = 10**7
    clock.advance(days=6)
    access, _ = etsy.issue_login()
    client.headers["authorization"] = f"Bearer {access}"
    assert ids(client.get(RECEIPTS)) == [hidden]


def test_every_buyer_field_holds_a_canary(etsy: PretendEtsy, client: httpx.Client) -> None:
    item = {"personalised": True, "is_digital": False}
    made = etsy.add_receipt(items=[item, {"personalised": "property"}])
    etsy.pay(made)
    etsy.refund(made, 100)
    receipt = client.get(f"{RECEIPTS}/{made}").json()
    people = (
        "name first_line second_line city state zip formatted_address seller_email buyer_email "
        "payment_email message_from_seller message_from_buyer message_from_payment gift_message "
        "gift_sender"
    )
    assert [name for name in people.split() if "CANARY" not in receipt[name]] == []
    assert receipt["buyer_user_id"] == 777000777
    assert {row["buyer_user_id"] for row in receipt["transactions"]} == {777000777}
    texts = [row["variations"][0]["formatted_value"] for row in receipt["transactions"]]
    assert all("CANARY" in text for text in [*texts, receipt["refunds"][0]["note_from_issuer"]])


def test_hostile_values_reach_the_wire_as_they_were_put_in(
    etsy: PretendEtsy, client: httpx.Client
) -> None:
    title = "\ud800 \x00 </script> \u202e" + "x" * 6000
    made = etsy.add_receipt(title=title, grandtotal="12", refunds=None, absent=["status"])
    receipt = json.loads(client.get(f"{RECEIPTS}/{made}").content)
    assert receipt["transactions"][0]["title"] == title
    assert (receipt["grandtotal"], receipt["refunds"], "status" in receipt) == ("12", None, False)


@pytest.mark.parametrize(
    ("divisor", "amount"), [(None, 1500), (100, 150000)], ids=["divisor 1", "divisor 100"]
)
def test_yen_are_written_with_either_divisor(divisor: int | None, amount: int) -> None:
    etsy = PretendEtsy(currency="JPY", divisor=divisor)
    made = etsy.add_receipt(price=1500)
    with serving(etsy) as client:
        money = client.get(f"{RECEIPTS}/{made}").json()["grandtotal"]
    assert money == {"amount": amount, "divisor": divisor or 1, "currency_code": "JPY"}
    assert etsy.books()[0]["gross"] == "1500"


def test_the_books_tell_one_order_in_the_words_of_the_contract(etsy: PretendEtsy) -> None:
    made = etsy.add_receipt(
        items=[
            {"title": "Mug", "is_digital": False, "price": 2000, "quantity": 2, "listing_id": 7},
            {"title": "Plan", "price": 1001, "listing_id": None},
            {"title": "Portrait", "price": 999, "personalised": "property", "listing_id": 9},
        ],
        discount=100,
        shipping=500,
        tax=320,
        gift_wrap=150,
        country="US",
        paid_at="2026-11-20T10:30:00+00:00",
    )
    etsy.refund(made, 687)
    assert etsy.books() == [
        {
            "sale_id": str(made),
            "status": "partially_refunded",
            "kind": "sale",
            "currency": "EUR",
            "gross": "65.50",
            "refunded": "6.55",
            "paid_at": "2026-11-20T10:30:00Z",
            "country": "US",
            "items": [
                {
                    "product_id": "7",
                    "product": "Mug",
                    "quantity": 2,
                    "gross": "43.68",
                    "passive": False,
                },
                {
                    "product_id": None,
                    "product": "Plan",
                    "quantity": 1,
                    "gross": "10.92",
                    "passive": True,
                },
                {
                    "product_id": "9",
                    "product": "Portrait",
                    "quantity": 1,
                    "gross": "10.90",
                    "passive": False,
                },
            ],
        }
    ]


@pytest.mark.parametrize(
    ("order", "gross"),
    [
        ({"vat": 190, "gift_wrap": 50}, "12.50"),
        ({"vat": 190, "vat_in_grandtotal": False}, "12.00"),
        ({"gift_wrap": 50, "gift_wrap_in_grandtotal": False}, "12.00"),
        ({"tax": 90, "shipping": 300, "discount": 200}, "13.00"),
    ],
)
def test_gross_leaves_out_the_tax_that_etsy_collects(
    etsy: PretendEtsy, order: dict[str, Any], gross: str
) -> None:
    etsy.add_receipt(price=1200, **order)
    assert etsy.books()[0]["gross"] == gross


def test_the_books_follow_the_life_of_an_order(etsy: PretendEtsy) -> None:
    def told(made: int) -> list[object]:
        entry = next(entry for entry in etsy.books() if entry["sale_id"] == str(made))
        return [entry["status"], entry["kind"], entry["refunded"]]

    made = etsy.add_receipt(paid=False)
    assert told(made) == ["unpaid", "sale", "0.00"]
    etsy.pay(made)
    assert told(made) == ["paid", "sale", "0.00"]
    etsy.refund(made, 200)
    assert told(made) == ["partially_refunded", "sale", "2.00"]
    etsy.fail_refund(made)
    assert told(made) == ["paid", "sale", "0.00"]
    etsy.refund(made, listed=False)
    assert told(made) == ["refunded", "sale", "12.00"]
    cancelled = etsy.add_receipt()
    etsy.cancel(cancelled)
    assert told(cancelled) == ["cancelled", "sale", "12.00"]
    free = etsy.add_receipt(discount=1200)
    assert told(free) == ["paid", "free", "0.00"]
    assert told(etsy.add_receipt(status="Fully Refunded")) == ["refunded", "sale", "12.00"]


def test_the_same_seed_and_moment_make_the_same_history(clock: Clock) -> None:
    shops = [PretendEtsy(now=clock, seed=seed) for seed in (5, 5, 6)]
    for shop in shops:
        shop.fill_history(200)
    assert shops[0].books() == shops[1].books()
    assert shops[0].books() != shops[2].books()


def test_history_holds_orders_of_every_sort(etsy: PretendEtsy, client: httpx.Client) -> None:
    etsy.fill_history(2000)
    books = etsy.books()
    assert {entry["status"] for entry in books} == {
        "paid",
        "unpaid",
        "cancelled",
        "refunded",
        "partially_refunded",
    }
    assert {entry["kind"] for entry in books} == {"sale", "free"}
    passive = {
        tuple(sorted({item["passive"] for item in cast("list[dict[str, bool]]", entry["items"])}))
        for entry in books
    }
    assert passive == {(True,), (False,), (False, True)}
    words: set[str] = set()
    for offset in range(0, 2000, 100):
        page = client.get(RECEIPTS, params={"limit": 100, "offset": offset}).json()
        words |= {row["status"] for row in page["results"]}
    assert {"paid", "Paid", "completed", "Completed", "COMPLETED"} <= words


def test_every_page_of_a_history_adds_up_to_its_books(
    etsy: PretendEtsy, client: httpx.Client
) -> None:
    etsy.fill_history(250)
    seen: list[int] = []
    for offset in (0, 100, 200):
        seen += ids(client.get(RECEIPTS, params={"limit": 100, "offset": offset}))
    assert [str(one) for one in reversed(seen)] == [entry["sale_id"] for entry in etsy.books()]
