"""Receipts after Etsy's published schema (read 2026-11), a canary in every buyer field."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

CREATED = 1_760_000_000
CANARY = "CANARY"


def money(amount: int, currency: str = "EUR", divisor: int = 100) -> dict[str, Any]:
    return {"amount": amount, "divisor": divisor, "currency_code": currency}


def transaction(**changes: Any) -> dict[str, Any]:
    return {
        "transaction_id": 4_100_000_001,
        "title": "Weekly planner",
        "description": "A planner.",
        "seller_user_id": 11,
        "buyer_user_id": 99_990_001,
        "create_timestamp": CREATED,
        "created_timestamp": CREATED,
        "paid_timestamp": CREATED,
        "shipped_timestamp": None,
        "quantity": 1,
        "listing_image_id": 3,
        "receipt_id": 3_400_000_001,
        "is_digital": True,
        "file_data": "",
        "listing_id": 1_200_000_101,
        "transaction_type": "listing",
        "product_id": 7,
        "sku": "",
        "price": money(1200),
        "shipping_cost": money(0),
        "variations": [],
        "product_data": [],
        "shipping_profile_id": None,
        "min_processing_days": None,
        "max_processing_days": None,
        "shipping_method": None,
        "shipping_upgrade": None,
        "expected_ship_date": None,
        "buyer_coupon": 0,
        "shop_coupon": 0,
    } | changes


def refund(amount: int, **changes: Any) -> dict[str, Any]:
    return {
        "amount": money(amount),
        "created_timestamp": CREATED + 86400,
        "reason": f"{CANARY} reason",
        "note_from_issuer": f"{CANARY} note",
        "status": "succeeded",
    } | changes


def receipt(**changes: Any) -> dict[str, Any]:
    """One paid planner of 12.00 EUR without tax or shipping."""
    return {
        "receipt_id": 3_400_000_001,
        "receipt_type": 0,
        "seller_user_id": 11,
        "seller_email": f"{CANARY}@seller.example",
        "buyer_user_id": 99_990_001,
        "buyer_email": f"{CANARY}@buyer.example",
        "name": f"{CANARY} Buyer",
        "first_line": f"{CANARY} Street 1",
        "second_line": f"{CANARY} floor",
        "city": f"{CANARY} City",
        "state": f"{CANARY} State",
        "zip": f"{CANARY} 10115",
        "status": "Completed",
        "formatted_address": f"{CANARY} Street 1\nCity",
        "country_iso": "DE",
        "payment_method": "cc",
        "payment_email": f"{CANARY}@pay.example",
        "message_from_seller": f"{CANARY} thanks",
        "message_from_buyer": f"{CANARY} hello",
        "message_from_payment": f"{CANARY} paid",
        "is_paid": True,
        "is_shipped": True,
        "create_timestamp": CREATED,
        "created_timestamp": CREATED,
        "update_timestamp": CREATED,
        "updated_timestamp": CREATED,
        "is_gift": True,
        "gift_message": f"{CANARY} congratulations",
        "gift_sender": f"{CANARY} Aunt",
        "grandtotal": money(1200),
        "subtotal": money(1200),
        "total_price": money(1200),
        "total_shipping_cost": money(0),
        "total_tax_cost": money(0),
        "total_vat_cost": money(0),
        "discount_amt": money(0),
        "gift_wrap_price": money(0),
        "shipments": [{"tracking_code": f"{CANARY} 1Z"}],
        "transactions": [transaction()],
        "refunds": [],
    } | changes


def page(rows: Sequence[object], **changes: Any) -> bytes:
    document: Mapping[str, Any] = {"count": len(rows), "results": list(rows)} | changes
    return json.dumps(document).encode()
