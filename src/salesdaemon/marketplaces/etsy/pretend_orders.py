"""What was bought in the pretend shop, and how Etsy's JSON says it.

Amounts are integers in the currency's minor units, moments are epoch seconds. Every field that
tells of the buyer holds the word CANARY, so that a leak is found by searching for it.

Source: Etsy Open API v3, schemas ShopReceipt, ShopReceiptTransaction, ShopRefund (June 2026).
"""

import json
from dataclasses import dataclass, field
from types import EllipsisType

import msgspec

CANARY_BUYER = 777_000_777
DAY = 86_400
EXPONENTS = {"JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "ISK": 0, "KWD": 3, "BHD": 3, "TND": 3}
SPELLINGS = (str.lower, str.title, str.upper)
PEOPLE: dict[str, object] = {
    "seller_email": "CANARY-seller@example.com",
    "buyer_user_id": CANARY_BUYER,
    "buyer_email": "CANARY-buyer@example.com",
    "name": "CANARY Name",
    "first_line": "CANARY Street 1",
    "second_line": "CANARY Floor 2",
    "city": "CANARY City",
    "state": "CANARY State",
    "zip": "CANARY-12345",
    "formatted_address": "CANARY Name\nCANARY Street 1\nCANARY City",
    "payment_email": "CANARY-payment@example.com",
    "message_from_seller": "CANARY from the seller",
    "message_from_buyer": "CANARY from the buyer",
    "message_from_payment": "CANARY from the payment",
    "is_gift": True,
    "gift_message": "CANARY gift message",
    "gift_sender": "CANARY gift sender",
}


@dataclass(frozen=True, slots=True)
class Shop:
    """Whose receipts these are, and how its money is written."""

    shop_id: int
    user_id: int
    currency: str
    divisor: int

    @property
    def exponent(self) -> int:
        """Decimals of the currency, as in ISO 4217."""
        return EXPONENTS.get(self.currency, 2)

    def sent(self, amount: int) -> int:
        """Turn minor units into the integer that stands above the divisor."""
        return int(amount * self.divisor // 10**self.exponent)

    def money(self, amount: int) -> dict[str, object]:
        """Write minor units the way Etsy does."""
        return {
            "amount": self.sent(amount),
            "divisor": self.divisor,
            "currency_code": self.currency,
        }


@dataclass(slots=True)
class Item:
    """One line of an order. `personalised` is "", "question" (newer) or "property" (older)."""

    transaction_id: int
    title: str | None
    price: int
    quantity: int
    is_digital: bool
    listing_id: int | None
    personalised: str = ""
    raw: dict[str, object] | None = None

    @property
    def total(self) -> int:
        """Price of all pieces, before any discount."""
        return self.price * self.quantity


@dataclass(slots=True)
class Refund:
    """Money given back, tax included. `listed` says whether the receipt's `refunds` shows it.

    `before` is what had been given back already, `failed` when it came to nothing after all.
    """

    amount: int
    created: int
    note: str
    listed: bool = True
    before: int = 0
    failed: int | None = None
    scheduled: int = 0  # the steps that the ledger knows, as bits


@dataclass(slots=True)
class Order:
    """One receipt; `status` overrides the word that is sent, `raw` any field of the JSON."""

    receipt_id: int
    created: int
    updated: int
    items: list[Item]
    paid: int | None
    shipped: int | None
    discount: int = 0
    shipping: int = 0
    tax: int = 0
    vat: int = 0
    gift_wrap: int = 0
    vat_in_grandtotal: bool = True
    gift_wrap_in_grandtotal: bool = True
    country: str | None = "DE"
    cancelled: bool = False
    refunded: str = ""  # "", "partially" or "fully"
    refunds: list[Refund] = field(default_factory=list)
    failed_refunds: list[Refund] = field(default_factory=list)
    advertised: bool = False  # the buyer came through an advertisement of Etsy's
    listed_at: int = 0
    status: str | None = None
    spelling: int = 0
    raw: dict[str, object] | None = None
    encoded: bytes | None = None
    scheduled: int = 0

    @property
    def given_back(self) -> int:
        """What stands refunded so far, listed or not."""
        return sum(refund.amount for refund in self.refunds)

    @property
    def total(self) -> int:
        """Price of all items, before any discount."""
        return sum(item.total for item in self.items)

    @property
    def grandtotal(self) -> int:
        """What the buyer was charged, taxes included."""
        return (
            self.total
            - self.discount
            + self.shipping
            + self.tax
            + (self.vat if self.vat_in_grandtotal else 0)
            + (self.gift_wrap if self.gift_wrap_in_grandtotal else 0)
        )

    @property
    def is_digital(self) -> bool:
        """Whether nothing has to be shipped."""
        return all(item.is_digital for item in self.items)

    @property
    def status_sent(self) -> str:
        """The word in the receipt's `status`."""
        return self.status if self.status is not None else SPELLINGS[self.spelling](self._word())

    def _word(self) -> str:
        if self.cancelled:
            return "canceled"
        if self.refunded:
            return f"{self.refunded} refunded"
        if self.paid is None:
            return "payment processing"
        return "paid" if self.shipped is None else "completed"


def encode(order: Order, shop: Shop) -> bytes:
    """Write one receipt as JSON; kept with the order until `encoded` is set back to None."""
    if order.encoded is None:
        order.encoded = to_json(receipt(order, shop))
    return order.encoded


def to_json(value: object) -> bytes:
    """Write JSON, also with lone surrogates, which arrive as escapes as PHP would send them."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        return json.dumps(value).encode()


def receipt(order: Order, shop: Shop) -> dict[str, object]:
    """Write one receipt in the shape of ShopReceipt."""
    body: dict[str, object] = {
        "receipt_id": order.receipt_id,
        "receipt_type": 0,
        "seller_user_id": shop.user_id,
        **PEOPLE,
        "status": order.status_sent,
        "country_iso": order.country,
        "payment_method": "cc",
        "is_paid": order.paid is not None,
        "is_shipped": order.shipped is not None,
        "create_timestamp": order.created,
        "created_timestamp": order.created,
        "update_timestamp": order.updated,
        "updated_timestamp": order.updated,
        **_totals(order, shop),
        "shipments": _shipments(order),
        "transactions": [
            _transaction(order, item, shop, first=item is order.items[0]) for item in order.items
        ],
        "refunds": [_refund(refund, shop) for refund in order.refunds if refund.listed],
    }
    return _overridden(body, order.raw)


def _overridden(body: dict[str, object], raw: dict[str, object] | None) -> dict[str, object]:
    if not raw:
        return body
    body |= raw
    return {key: value for key, value in body.items() if not isinstance(value, EllipsisType)}


def _totals(order: Order, shop: Shop) -> dict[str, object]:
    total = order.total
    return {
        "grandtotal": shop.money(order.grandtotal),
        "subtotal": shop.money(total - order.discount),
        "total_price": shop.money(total),
        "total_shipping_cost": shop.money(order.shipping),
        "total_tax_cost": shop.money(order.tax),
        "total_vat_cost": shop.money(order.vat),
        "discount_amt": shop.money(order.discount),
        "gift_wrap_price": shop.money(order.gift_wrap),
    }


def _shipments(order: Order) -> list[dict[str, object]]:
    if order.shipped is None or order.is_digital:
        return []
    return [
        {
            "receipt_shipping_id": order.receipt_id + 7,
            "shipment_notification_timestamp": order.shipped,
            "carrier_name": "other",
            "tracking_code": "CANARY-tracking",
        }
    ]


def _transaction(order: Order, item: Item, shop: Shop, *, first: bool) -> dict[str, object]:
    physical = not item.is_digital
    body: dict[str, object] = {
        "transaction_id": item.transaction_id,
        "title": item.title,
        "description": "From a small studio, made with care.",
        "seller_user_id": shop.user_id,
        "buyer_user_id": CANARY_BUYER,
        "create_timestamp": order.created,
        "created_timestamp": order.created,
        "paid_timestamp": order.paid,
        "shipped_timestamp": order.shipped,
        "quantity": item.quantity,
        "listing_image_id": item.listing_id and item.listing_id + 1,
        "receipt_id": order.receipt_id,
        "is_digital": item.is_digital,
        "file_data": "1 PDF" if item.is_digital else "",
        "listing_id": item.listing_id,
        "transaction_type": "listing",
        "product_id": item.listing_id and item.listing_id + 2,
        "sku": item.listing_id and f"SKU-{item.listing_id % 1000}",
        "price": shop.money(item.price),
        "shipping_cost": shop.money(order.shipping if first else 0),
        "variations": _variations(item),
        "product_data": [],
        "shipping_profile_id": 4001 if physical else None,
        "min_processing_days": 1 if physical else None,
        "max_processing_days": 3 if physical else None,
        "shipping_method": "Standard" if physical else None,
        "shipping_upgrade": None,
        "expected_ship_date": order.created + 3 * DAY if physical else None,
        "buyer_coupon": 0,
        "shop_coupon": order.discount / 10**shop.exponent if first else 0,
    }
    return _overridden(body, item.raw)


def _variations(item: Item) -> list[dict[str, object]]:
    if not item.personalised:
        return []
    newer = item.personalised == "question"
    return [
        {
            "property_id": 513 if newer else 54,
            "value_id": None,
            "formatted_name": "Name on the print" if newer else "Personalization",
            "formatted_value": "CANARY personalisation text",
            "question_id": 9_001 if newer else None,
        }
    ]


def _refund(refund: Refund, shop: Shop) -> dict[str, object]:
    return {
        "amount": shop.money(refund.amount),
        "created_timestamp": refund.created,
        "reason": "CANARY reason",
        "note_from_issuer": refund.note,
        "status": "refunded",
    }
