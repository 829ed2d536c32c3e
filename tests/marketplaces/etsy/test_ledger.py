"""What each line of the payment account means."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from salesdaemon.domain.ledger import About, Entry, EntryKind
from salesdaemon.marketplaces.etsy.ledger import kind_of, payment_of, to_entry
from salesdaemon.marketplaces.etsy.wire import LedgerEntry, parse_rows
from tests.marketplaces.etsy.lines import POSTED, line

POSTED_AT = datetime.fromtimestamp(POSTED, UTC)
UNKNOWN_TIME = datetime(2026, 11, 1, tzinfo=UTC)
PLAIN = Entry(
    entry_id="61000000001",
    sequence=7,
    posted_at=POSTED_AT,
    kind=EntryKind.TAX,
    name="sales_tax",
    amount=-190,
    currency="EUR",
    about=About.SALE,
    about_id="3400000001",
)
TYPES = {
    EntryKind.PAYMENT: "PAYMENT_GROSS PAYMENT",
    EntryKind.TAX: "sales_tax",
    EntryKind.REFUND: "REFUND REFUND_GROSS",
    EntryKind.PROCESSING_FEE: "PAYMENT_PROCESSING_FEE REFUND_PROCESSING_FEE",
    EntryKind.ITEM_FEE: "transaction transaction_refund",
    EntryKind.SHIPPING_FEE: "shipping_transaction shipping_transaction_refund",
    EntryKind.FEE: "renew_sold renew_sold_auto renew_sold_auto_refund transaction_quantity "
    "transaction_quantity_refund gift_wrap_fees regulatory_operating_fee offsite_ads_fee "
    "offsite_ads_fee_refund vat_seller_services vat_on_processing_fees vat_tax_ep vat_of_2031",
    EntryKind.COST: "listing listing_private listing_refund listing_private_refund renew_expired "
    "auto_renew_expired prolist shipping_labels shipping_label_refund subscription DEPOSIT_FEE "
    "seller_onboarding_fee",
    EntryKind.PAYOUT: "DISBURSE2",
    EntryKind.TRANSFER: "billing_payment RESERVE seller_onboarding_fee_payment",
    EntryKind.OTHER: "something_new loyalty_bonus_refund",
}


def read(sent: object) -> LedgerEntry:
    body = json.dumps({"count": 1, "results": [sent]}).encode()
    (row,) = parse_rows(body, LedgerEntry).rows
    return row


def adapt(sent: object, **receipts: str) -> Entry | None:
    known = {key.removeprefix("p"): value for key, value in receipts.items()}
    return to_entry(read(sent), known, UNKNOWN_TIME)


@pytest.mark.parametrize(
    ("ledger_type", "kind"),
    [(word, kind) for kind, words in TYPES.items() for word in words.split()],
)
def test_every_type_that_was_seen_has_its_kind_in_whatever_case(
    ledger_type: str, kind: EntryKind
) -> None:
    found = {kind_of(ledger_type), kind_of(ledger_type.upper()), kind_of(f" {ledger_type.title()}")}
    assert found == {kind}


def test_a_line_becomes_an_entry_with_its_amount_as_sent() -> None:
    assert adapt(line("sales_tax", -190)) == PLAIN


@pytest.mark.parametrize(
    ("reference", "about", "about_id"),
    [
        pytest.param({"reference_id": 34}, About.SALE, "34", id="a receipt by its number"),
        pytest.param({"reference_id": " 034 "}, About.SALE, "34", id="a receipt by text"),
        pytest.param(
            {"reference_type": "Transaction", "reference_id": "8"}, About.LINE, "8", id="a line"
        ),
        pytest.param(
            {"reference_type": "listing", "reference_id": 9}, About.PRODUCT, "9", id="a listing"
        ),
        pytest.param(
            {"reference_type": "etsy", "reference_id": 0, "parent_entry_id": 5},
            About.ENTRY,
            "5",
            id="the line above",
        ),
        pytest.param(
            {"reference_type": "transaction", "reference_id": "8", "parent_entry_id": 5},
            About.LINE,
            "8",
            id="a reference beside the line above",
        ),
        pytest.param(
            {"reference_type": "receipt", "reference_id": None, "parent_entry_id": "5"},
            About.ENTRY,
            "5",
            id="an empty reference",
        ),
        pytest.param(
            {"reference_type": "etsy", "reference_id": "0"}, About.SHOP, None, id="nothing"
        ),
        pytest.param(
            {"reference_type": "shop_payment", "reference_id": 77}, About.SALE, "34", id="a payment"
        ),
        pytest.param(
            {"reference_type": "processing_fee", "reference_id": "77", "parent_entry_id": 5},
            About.SALE,
            "34",
            id="the fee of a payment",
        ),
        pytest.param(
            {"reference_type": "shop_payment", "reference_id": 78},
            About.SHOP,
            None,
            id="a payment of an unknown order",
        ),
        pytest.param(
            {"reference_type": "shop_payment", "reference_id": 78, "parent_entry_id": 5},
            About.ENTRY,
            "5",
            id="a payment of an unknown order under another line",
        ),
        pytest.param(
            {
                "reference_type": "adjustment",
                "reference_id": 4,
                "payment_adjustments": [{"payment_id": 77, "note": "CANARY"}],
            },
            About.SALE,
            "34",
            id="a change of a payment",
        ),
    ],
)
def test_a_line_is_about_what_it_refers_to(
    reference: dict[str, Any], about: About, about_id: str | None
) -> None:
    entry = adapt(line("REFUND", -500, **reference), p77="34")
    assert entry is not None
    assert (entry.about, entry.about_id) == (about, about_id)


@pytest.mark.parametrize(
    ("sent", "payment"),
    [
        (line("PAYMENT_GROSS", 1, reference_type="shop_payment", reference_id="77"), "77"),
        (line("new_one", 1, reference_type="payment", reference_id=77), "77"),
        (line("DISBURSE2", 1, reference_type="shop_payment", reference_id="77"), None),
        (line("prolist", 1, reference_type="shop_payment", reference_id="77"), None),
        (line("PAYMENT_GROSS", 1, reference_type="shop_payment", reference_id="0"), None),
        (line("PAYMENT_GROSS", 1), None),
    ],
    ids=["a payment", "an unknown type", "a payout", "a cost", "no number", "a receipt"],
)
def test_a_payment_is_looked_up_only_for_what_may_belong_to_an_order(
    sent: dict[str, Any], payment: str | None
) -> None:
    assert payment_of(read(sent)) == payment


@pytest.mark.parametrize(
    "changes",
    [
        {"entry_id": None},
        {"entry_id": 0},
        {"entry_id": "12x"},
        {"entry_id": 10**19},
        {"amount": None},
        {"amount": "much"},
        {"amount": 10**16},
        {"currency": None},
        {"currency": "Euro"},
    ],
    ids=str,
)
def test_a_line_without_id_amount_or_currency_is_none(changes: dict[str, Any]) -> None:
    assert adapt(line("sales_tax", -190) | changes) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"entry_id": "61000000001", "amount": "-190", "sequence_number": "7"},
        {"currency": " eur "},
        {"created_timestamp": None},
        {"create_date": "long ago"},
        {"balance": "none"},
        {"parent_entry_id": "none"},
        {"parent_entry_id": [1]},
        {"payment_adjustments": "none"},
        {"ledger_type": None},
        {"description": 12},
    ],
    ids=str,
)
def test_what_is_missing_beside_them_or_of_another_type_costs_nothing(
    changes: dict[str, Any],
) -> None:
    assert adapt(line("sales_tax", -190) | changes) == PLAIN


def test_what_a_line_lacks_is_taken_from_what_is_near() -> None:
    bare = {"entry_id": 5, "amount": 1, "currency": "EUR", "sequence_number": -1}
    assert adapt(bare) == Entry(
        entry_id="5",
        sequence=5,
        posted_at=UNKNOWN_TIME,
        kind=EntryKind.OTHER,
        name="unreadable",
        amount=1,
        currency="EUR",
        about=About.SHOP,
    )


def test_a_type_that_is_no_word_is_not_passed_on() -> None:
    entry = adapt(line("CANARY\nJane Doe, 1 Example Street <jane@example.com>", 1))
    assert entry is not None
    assert (entry.kind, entry.name) == (EntryKind.OTHER, "unreadable")
