"""The pretend Etsy's payment account tells what its orders brought."""

import httpx

from salesdaemon.marketplaces.etsy.pretend import PretendEtsy
from tests.marketplaces.etsy.pretending import LEDGER, RECEIPTS, Clock


def test_the_ledger_tells_an_order_fees_and_refund_in_order(
    etsy: PretendEtsy, client: httpx.Client, clock: Clock
) -> None:
    made = etsy.add_receipt(
        items=[{"price": 500, "quantity": 2, "listing_id": 7}], shipping=400, tax=100, gift_wrap=200
    )
    clock.advance(seconds=5)
    now = int(clock.now.timestamp())
    window = {"min_created": now - 30 * 86_400, "max_created": now, "limit": 100}

    def told() -> list[tuple[str, int, str, int]]:
        rows = client.get(LEDGER, params=window).json()["results"][::-1]
        first = rows[0]["entry_id"]
        return [
            (
                row["ledger_type"],
                row["amount"],
                row["reference_type"],
                row["parent_entry_id"] and row["parent_entry_id"] - first,
            )
            for row in rows
        ]

    sale = [
        ("PAYMENT_GROSS", 1700, "shop_payment", 0),
        ("PAYMENT_PROCESSING_FEE", -98, "processing_fee", 0),
        ("vat_on_processing_fees", -19, "etsy", 1),
        ("sales_tax", -100, "receipt", 0),
        ("transaction", -65, "transaction", 0),
        ("vat_seller_services", -13, "etsy", 4),
        ("renew_sold_auto", -18, "listing", 0),
        ("transaction_quantity", -18, "transaction", 0),
        ("shipping_transaction", -26, "receipt", 0),
        ("vat_seller_services", -5, "etsy", 8),
        ("gift_wrap_fees", -13, "receipt", 0),
        ("vat_seller_services", -2, "etsy", 10),
        ("regulatory_operating_fee", -6, "receipt", 0),
        ("vat_seller_services", -1, "etsy", 12),
    ]
    assert told() == sale
    etsy.refund(made, 850)
    assert told()[len(sale) :] == [
        ("REFUND", -850, "shop_payment", 0),
        ("REFUND_PROCESSING_FEE", 49, "processing_fee", 0),
        ("vat_on_processing_fees", 9, "etsy", 15),
        ("transaction_refund", 32, "transaction", 0),
        ("vat_seller_services", 6, "etsy", 17),
        ("shipping_transaction_refund", 13, "receipt", 0),
        ("vat_seller_services", 2, "etsy", 19),
        ("sales_tax", 50, "receipt", 0),
    ]


def test_the_ledger_wants_both_bounds_and_at_most_31_days(
    etsy: PretendEtsy, client: httpx.Client
) -> None:
    now = etsy.now_seconds
    assert client.get(LEDGER, params={"min_created": now}).status_code == 400
    wide = client.get(LEDGER, params={"min_created": now - 2_678_401, "max_created": now})
    assert wide.json() == {
        "error": "Time window between min_created and max_created must be no more than "
        "2678400 seconds (31 days)."
    }


def test_ledger_entries_never_change_once_read(etsy: PretendEtsy, client: httpx.Client) -> None:
    etsy.fill_history(120, days=20)
    now = etsy.now_seconds
    query = {"min_created": now - 2_600_000, "max_created": now, "limit": 100}
    before = client.get(LEDGER, params=query).json()
    etsy.add_receipt(created_at=now - 15 * 86_400)
    after = client.get(LEDGER, params=query | {"offset": 4}).json()
    added = after["count"] - before["count"]
    page = client.get(LEDGER, params=query | {"offset": added}).json()
    assert page["results"] == before["results"]
    numbers = [row["sequence_number"] for row in page["results"]]
    assert numbers == sorted(numbers, reverse=True)


def test_a_payment_is_told_for_what_was_charged_and_none_for_a_free_order(
    etsy: PretendEtsy, client: httpx.Client
) -> None:
    made = etsy.add_receipt(price=1000)
    (payment,) = client.get(f"{RECEIPTS}/{made}/payments").json()["results"]
    assert [payment[f"amount_{word}"]["amount"] for word in ("gross", "fees", "net")] == [
        1000,
        70,
        930,
    ]
    free = etsy.add_receipt(discount=1200)
    assert client.get(f"{RECEIPTS}/{free}/payments").json() == {"count": 0, "results": []}
