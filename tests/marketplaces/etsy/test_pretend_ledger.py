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


def kinds(etsy: PretendEtsy) -> list[str]:
    etsy.ledger.post(etsy.now_seconds)
    _, rows = etsy.ledger.find(0, 1 << 40, 0, 1000)
    return [str(row["ledger_type"]) for row in rows[::-1]]


def book(etsy: PretendEtsy, made: int) -> dict[str, object]:
    return next(each for each in etsy.settled_books() if each["sale_id"] == str(made))


def figures(etsy: PretendEtsy, made: int) -> list[object]:
    told = book(etsy, made)
    return [told[name] for name in ("refunded", "fees", "fees_refunded", "net", "fees_exact")]


def test_fees_are_posted_after_the_payment_and_make_the_books_exact(clock: Clock) -> None:
    etsy = PretendEtsy(now=clock, fees_after=7200)
    made = etsy.add_receipt(price=1000, offsite_ads=True)
    assert kinds(etsy) == ["PAYMENT_GROSS", "PAYMENT_PROCESSING_FEE", "vat_on_processing_fees"]
    assert figures(etsy, made) == ["0.00", None, None, None, False]
    clock.advance(hours=2)
    assert kinds(etsy)[3:] == [
        "transaction",
        "vat_seller_services",
        "renew_sold_auto",
        "regulatory_operating_fee",
    ]
    assert figures(etsy, made) == ["0.00", "1.84", "0.00", "8.16", True]
    clock.advance(days=2)
    assert kinds(etsy)[7:] == ["offsite_ads_fee", "vat_seller_services"]
    assert figures(etsy, made) == ["0.00", "3.64", "0.00", "6.36", True]


def test_a_refund_gives_fees_and_their_tax_back_to_the_last_cent(
    etsy: PretendEtsy, clock: Clock
) -> None:
    made = etsy.add_receipt(price=1000, shipping=333, tax=101)
    for amount in (1, 777, None):
        etsy.refund(made, amount)
    assert figures(etsy, made) == ["13.33", "2.32", "2.08", "-0.24", True]
    etsy.ledger.post(etsy.now_seconds)
    _, rows = etsy.ledger.find(0, 1 << 40, 0, 1000)
    sums = dict.fromkeys(("PAYMENT_GROSS", "REFUND", "sales_tax"), 0)
    for row in rows:
        if (kind := str(row["ledger_type"])) in sums:
            sums[kind] += int(str(row["amount"]))
    assert sums == {"PAYMENT_GROSS": 1434, "REFUND": -1434, "sales_tax": 0}


def test_a_refund_that_fails_is_taken_back_with_its_fees(etsy: PretendEtsy, clock: Clock) -> None:
    made = etsy.add_receipt(price=1000, tax=100)
    before = book(etsy, made)
    etsy.refund(made, 550)
    clock.advance(minutes=5)
    etsy.fail_refund(made)
    after = book(etsy, made)
    assert (after["net"], after["status"], after["refunded"]) == (before["net"], "paid", "0.00")
    assert kinds(etsy)[-6:] == [
        "REFUND",
        "PAYMENT_PROCESSING_FEE",
        "vat_on_processing_fees",
        "transaction",
        "vat_seller_services",
        "sales_tax",
    ]


def test_a_cancelled_order_gives_everything_back(etsy: PretendEtsy) -> None:
    made = etsy.add_receipt(price=1000, tax=100)
    etsy.cancel(made)
    assert figures(etsy, made) == ["10.00", "1.88", "1.66", "-0.22", True]


def test_a_shop_paid_in_another_currency_tells_the_net_in_that_one(clock: Clock) -> None:
    etsy = PretendEtsy(now=clock, currency="USD", payment_currency="EUR", rate="0.9")
    made = etsy.add_receipt(price=1000)
    told = book(etsy, made)
    assert (told["fees"], told["net"], told["fees_exact"]) == (None, None, False)
    assert told["settled"] == {"currency": "EUR", "net": "7.33"}
    assert etsy.account()["currency"] == "EUR"


def test_the_account_tells_the_shops_own_lines_and_its_balance(
    etsy: PretendEtsy, client: httpx.Client
) -> None:
    etsy.add_receipt(price=1000)
    first = etsy.pay_out()
    etsy.spend("prolist", -500)
    etsy.spend("shipping_labels", -395, reference="shipping_label")
    etsy.spend("some_new_thing", 77, role="other")
    etsy.spend("RESERVE", -100, role="transfer")
    assert etsy.account() == {
        "currency": "EUR",
        "sales": "8.16",
        "costs": {"prolist": "-5.00", "shipping_labels": "-3.95", "vat_seller_services": "-1.00"},
        "transfers": {"RESERVE": "-1.00"},
        "other": {"some_new_thing": "0.77"},
        "payouts": [{"made_at": "2026-11-20T09:00:00Z", "amount": "8.16"}],
        "balance": "-10.18",
    }
    assert (first, etsy.pay_out()) == (816, 0)
    window = {"min_created": etsy.now_seconds - 60, "max_created": etsy.now_seconds}
    newest = client.get(LEDGER, params=window).json()["results"][0]
    assert (newest["ledger_type"], newest["balance"]) == ("RESERVE", -1018)


def test_payments_are_told_by_their_number_and_by_the_line_that_they_are(
    etsy: PretendEtsy, client: httpx.Client
) -> None:
    made = etsy.add_receipt()
    window = {"min_created": etsy.now_seconds, "max_created": etsy.now_seconds, "limit": 100}
    rows = client.get(LEDGER, params=window).json()["results"]
    paid = next(row for row in rows if row["ledger_type"] == "PAYMENT_GROSS")
    lines = ",".join(str(row["entry_id"]) for row in rows)
    by_line = client.get(f"{LEDGER}/payments", params={"ledger_entry_ids": lines}).json()
    shop = LEDGER.removesuffix("/payment-account/ledger-entries")
    wanted = {"payment_ids": f"{paid['reference_id']},5"}
    by_number = client.get(f"{shop}/payments", params=wanted).json()
    assert by_number == by_line
    assert [row["receipt_id"] for row in by_line["results"]] == [made]
    etsy.api.strict_payments = True
    assert client.get(f"{shop}/payments", params=wanted).status_code == 404
    for wrong in ("", "1,x", ",".join(map(str, range(1, 102)))):
        answer = client.get(f"{shop}/payments", params={"payment_ids": wrong})
        assert answer.status_code == 400
    assert client.get(f"{shop}/payments").status_code == 400


def test_a_listing_is_offered_as_it_was_sold_until_it_is_withdrawn(
    etsy: PretendEtsy, client: httpx.Client
) -> None:
    etsy.add_receipt(items=[{"listing_id": 7, "is_digital": False}, {"listing_id": 8}])
    etsy.offer(9, listing_type="both", when_made="made_to_order")

    def told() -> list[list[object]]:
        answer = client.get(
            "/v3/application/listings/batch", params={"listing_ids": "7,8,9,10"}
        ).json()
        names = ("listing_id", "listing_type", "when_made")
        return [[row[name] for name in names] for row in answer["results"]]

    assert told() == [
        [7, "physical", "2020_2026"],
        [8, "download", "2020_2026"],
        [9, "both", "made_to_order"],
    ]
    etsy.withdraw(8)
    assert [row[0] for row in told()] == [7, 9]
