"""Receipts as Etsy sends them, after its published schemas (read 2026-11)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Raw = dict[str, Any]
DECIMALS = {"EUR": 2, "GBP": 2, "JPY": 0}
CANARY = "CANARY"
BUYER: Raw = {
    "seller_email": f"{CANARY}-seller@example.com",
    "buyer_user_id": 777_000_777,
    "buyer_email": f"{CANARY}-buyer@example.com",
    "name": f"{CANARY} Name",
    "first_line": f"{CANARY} Street 1",
    "city": f"{CANARY} City",
    "message_from_buyer": f"{CANARY} hello",
    "is_gift": True,
    "gift_message": f"{CANARY} congratulations",
    "gift_sender": f"{CANARY} Aunt",
}


@dataclass(frozen=True)
class Line:
    """What stands on one line of an order; `price` is of one piece, in minor units.

    `digital` None leaves the mark out; `personalised` is "", "question", "property" or "name".
    """

    listing_id: int | None
    title: str
    price: int
    quantity: int = 1
    digital: bool | None = True
    personalised: str = ""


@dataclass(frozen=True)
class Till:
    """What the buyer pays beside the goods, in minor units."""

    discount: int = 0
    shipping: int = 0
    tax: int = 0
    vat: int = 0
    wrap: int = 0
    vat_in_total: bool = True


class Writer:
    """Writes the receipts of one shop."""

    def __init__(self, shop_id: int, currency: str, *, divisor: int = 0) -> None:
        self.shop_id = shop_id
        self.currency = currency
        self._decimals = DECIMALS[currency]
        self._divisor = divisor or 10**self._decimals
        self._next_transaction = shop_id * 10**9

    def money(self, minor: int) -> Raw:
        amount = minor * self._divisor // 10**self._decimals
        return {"amount": amount, "divisor": self._divisor, "currency_code": self.currency}

    def receipt(
        self,
        receipt_id: int,
        created: int,
        lines: Sequence[Line],
        till: Till,
        *,
        country: str | None,
        paid: int | None,
        status: str,
    ) -> Raw:
        total = sum(line.price * line.quantity for line in lines)
        charged = total - till.discount + till.shipping + till.tax + till.wrap
        charged += till.vat if till.vat_in_total else 0
        return {
            "receipt_id": receipt_id,
            "receipt_type": 0,
            "seller_user_id": 11,
            **BUYER,
            "status": status,
            "country_iso": country,
            "payment_method": "cc",
            "is_paid": paid is not None,
            "is_shipped": status.lower() == "completed",
            "create_timestamp": created,
            "created_timestamp": created,
            "update_timestamp": created,
            "updated_timestamp": created,
            "grandtotal": self.money(charged),
            "subtotal": self.money(total - till.discount),
            "total_price": self.money(total),
            "total_shipping_cost": self.money(till.shipping),
            "total_tax_cost": self.money(till.tax),
            "total_vat_cost": self.money(till.vat),
            "discount_amt": self.money(till.discount),
            "gift_wrap_price": self.money(till.wrap),
            "shipments": [],
            "transactions": [self._transaction(line, receipt_id, created, paid) for line in lines],
            "refunds": [],
        }

    def _transaction(self, line: Line, receipt_id: int, created: int, paid: int | None) -> Raw:
        self._next_transaction += 1
        found = {
            "transaction_id": self._next_transaction,
            "title": line.title,
            "description": "Made with care.",
            "seller_user_id": 11,
            "buyer_user_id": 777_000_777,
            "create_timestamp": created,
            "created_timestamp": created,
            "paid_timestamp": paid,
            "shipped_timestamp": None,
            "quantity": line.quantity,
            "receipt_id": receipt_id,
            "is_digital": line.digital,
            "file_data": "1 PDF" if line.digital else "",
            "listing_id": line.listing_id,
            "transaction_type": "listing",
            "product_id": None if line.listing_id is None else line.listing_id + 2,
            "price": self.money(line.price),
            "shipping_cost": self.money(0),
            "variations": _variations(line),
            "product_data": [],
        }
        if line.digital is None:
            del found["is_digital"]
        return found

    def refund(self, minor: int, at: int) -> Raw:
        return {
            "amount": self.money(minor),
            "created_timestamp": at,
            "reason": f"{CANARY} reason",
            "note_from_issuer": f"{CANARY} note",
            "status": "refunded",
        }


def _variations(line: Line) -> list[Raw]:
    if not line.personalised:
        return []
    newer = line.personalised == "question"
    name = "Personalization" if line.personalised == "name" else "Name on the print"
    return [
        {
            "property_id": {"question": 513, "property": 54, "name": 200}[line.personalised],
            "value_id": None,
            "formatted_name": name,
            "formatted_value": f"{CANARY} personalisation",
            "question_id": 9_001 if newer else None,
        }
    ]
