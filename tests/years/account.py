"""The payment account of one shop: what Etsy posts for its orders and charges it beside them.

Source: Etsy Open API v3, schema PaymentAccountLedgerEntry, and the types seen in etsy/open-api
issues 442 and 531 (read 2026-11).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from fractions import Fraction
from typing import Any

from tests.years.calendar import FIRST, days

Raw = dict[str, Any]
DAY = 86_400
FIRST_ENTRY = 61_000_000_000
ADVERTISED = 9
"""Every so many orders came through an advertisement of Etsy's."""


@dataclass(frozen=True)
class Posting:
    """A line to be; `child` makes the line before its parent."""

    at: int
    kind: str
    amount: int
    reference: str = "etsy"
    reference_id: int = 0
    child: bool = False


def post(
    shop_id: int, currency: str, orders: Sequence[Sequence[tuple[int, Raw]]]
) -> tuple[list[Raw], list[Raw]]:
    """Return the lines of the account, oldest first, and the payments they refer to."""
    groups = []
    payments = []
    for place, versions in enumerate(orders):
        receipt = versions[-1][1]
        if not receipt["is_paid"] or not receipt["grandtotal"]["amount"]:
            continue
        payment_id = 180_000_000_000 + receipt["receipt_id"]
        payments.append({"payment_id": payment_id, "receipt_id": receipt["receipt_id"]})
        paid = receipt["transactions"][0]["paid_timestamp"]
        groups.append(list(_sold(receipt, payment_id, paid)))
        if place % ADVERTISED == 0:
            fee = -_share(_goods(receipt), 150)
            at = paid + 2 * DAY
            groups.append(
                [
                    Posting(at, "offsite_ads_fee", fee, "receipt", receipt["receipt_id"]),
                    Posting(at, "vat_seller_services", fee // 5, child=True),
                ]
            )
        groups += [list(each) for each in _given_back(receipt, payment_id, versions)]
    groups += _charged_beside()
    return _numbered(groups, currency), payments


def _share(amount: int, per_mille: int) -> int:
    return round(Fraction(amount * per_mille, 1000))


def _goods(receipt: Raw) -> int:
    """Return what the buyer paid without the tax that Etsy hands on."""
    parts = receipt["total_price"]["amount"] - receipt["discount_amt"]["amount"]
    return int(
        parts + receipt["total_shipping_cost"]["amount"] + receipt["gift_wrap_price"]["amount"]
    )


def _sold(receipt: Raw, payment_id: int, at: int) -> Iterator[Posting]:
    charged = receipt["grandtotal"]["amount"]
    yield Posting(at, "PAYMENT_GROSS", charged, "shop_payment", payment_id)
    if tax := charged - _goods(receipt):
        yield Posting(at, "sales_tax", -tax, "receipt", receipt["receipt_id"])
    fee = _share(charged, 40) + 20
    yield Posting(at, "PAYMENT_PROCESSING_FEE", -fee, "processing_fee", payment_id)
    yield Posting(at, "vat_on_processing_fees", -(fee // 5), child=True)
    for line in receipt["transactions"]:
        fee = _share(line["price"]["amount"] * line["quantity"], 65)
        yield Posting(at, "transaction", -fee, "transaction", line["transaction_id"])
        yield Posting(at, "vat_seller_services", -(fee // 5), child=True)
    if shipping := receipt["total_shipping_cost"]["amount"]:
        yield Posting(
            at, "shipping_transaction", -_share(shipping, 65), "receipt", receipt["receipt_id"]
        )
    fee = _share(_goods(receipt), 3)
    yield Posting(at, "regulatory_operating_fee", -fee, "receipt", receipt["receipt_id"])


def _given_back(
    receipt: Raw, payment_id: int, versions: Sequence[tuple[int, Raw]]
) -> Iterator[Iterator[Posting]]:
    """Yield what each refund leads to; the tax comes back so that the sum is right each time."""
    charged, goods = receipt["grandtotal"]["amount"], _goods(receipt)
    refunds = [(each["created_timestamp"], each["amount"]["amount"]) for each in receipt["refunds"]]
    if receipt["status"] == "Canceled":
        refunds = [(versions[-1][0], charged)]
    given, tax_before = 0, 0
    for at, amount in refunds:
        given += amount
        tax = given - round(Fraction(given * goods, charged))
        yield _one_refund(receipt, payment_id, at, amount, tax - tax_before)
        tax_before = tax


def _one_refund(receipt: Raw, payment_id: int, at: int, amount: int, tax: int) -> Iterator[Posting]:
    yield Posting(at, "REFUND_GROSS", -amount, "shop_payment", payment_id)
    if tax:
        yield Posting(at, "sales_tax", tax, "receipt", receipt["receipt_id"])
    charged = receipt["grandtotal"]["amount"]
    line = receipt["transactions"][0]
    back = line["price"]["amount"] * line["quantity"] * 65 * amount // (1000 * charged)
    if back:
        yield Posting(at, "transaction_refund", back, "transaction", line["transaction_id"])
        yield Posting(at, "vat_seller_services", back // 5, child=True)
    yield Posting(at, "REFUND_PROCESSING_FEE", amount * 4 // 100, "processing_fee", payment_id)


def _charged_beside() -> Iterable[list[Posting]]:
    for day in days():
        at = int(datetime.combine(day, time(9), UTC).timestamp())
        if day.weekday() == 0:
            spent = 150 + (day - FIRST) // timedelta(days=7)
            yield [
                Posting(at, "prolist", -spent),
                Posting(at, "vat_seller_services", -(spent // 5), child=True),
            ]
            yield [Posting(at + 60, "DISBURSE2", -2500 - day.toordinal() % 700, "bank", 1)]
        if day.day == 3:
            yield [Posting(at, "listing", -16, "listing", 2011)]
            yield [Posting(at, "etsy_plus_credit", 250)]


def _numbered(groups: Iterable[Sequence[Posting]], currency: str) -> list[Raw]:
    rows: list[Raw] = []
    for group in sorted(filter(None, groups), key=lambda each: each[0].at):
        for posting in group:
            number = FIRST_ENTRY + len(rows)
            rows.append(
                {
                    "entry_id": number,
                    "ledger_id": 5_551_212,
                    "sequence_number": len(rows) + 1,
                    "amount": posting.amount,
                    "currency": currency,
                    "description": posting.kind,
                    "balance": 0,
                    "create_date": posting.at,
                    "created_timestamp": posting.at,
                    "ledger_type": posting.kind,
                    "reference_type": posting.reference,
                    "reference_id": str(posting.reference_id),
                    "parent_entry_id": number - 1 if posting.child else 0,
                    "payment_adjustments": [],
                }
            )
    return rows
