"""Replies of Gumroad, built on its published fields: the defaults are plain, a test names more."""

import json
from collections.abc import Mapping
from typing import Any

from salesdaemon.domain.sale import Sale
from salesdaemon.marketplaces.gumroad.adapter import to_sale
from salesdaemon.marketplaces.gumroad.wire import parse_page

CANARY = "canary-7431"
DISPUTED = {"disputed": True, "chargedback": True}
WON = {"disputed": True, "dispute_won": True}
ON_STRIPE = {"payment_processor": "stripe"}

BUYER = {
    "email": f"{CANARY}@example.com",
    "purchase_email": f"{CANARY}@example.org",
    "full_name": f"{CANARY} Name",
    "purchaser_id": f"{CANARY}1",
    "street_address": f"{CANARY} Street 1",
    "city": f"{CANARY} Town",
    "state": f"{CANARY} State",
    "zip_code": f"{CANARY}2",
    "referrer": f"https://example.com/{CANARY}",
    "giftee_email": f"{CANARY}@example.net",
    "gifter_email": f"{CANARY}@example.edu",
    "custom_fields": {"price": CANARY, CANARY: "yes", "id": CANARY},
    "card": {"visual": f"{CANARY}@paypal.example", "type": "paypal"},
    "variants": {"Tier": CANARY},
    "license_key": CANARY,
    "tracking_url": f"https://example.com/{CANARY}/parcel",
}
"""Everything that says who the buyer is, and what must therefore never be kept."""


def raw_sale(**changes: object) -> dict[str, Any]:
    """Build one sale as Gumroad sends it: a planner for $12.00, paid, sold to Germany.

    A change to `...` leaves the field out.
    """
    sale: dict[str, Any] = {
        "id": "RRKkAAAAAAAAAAAAAAAAAA==",
        "order_id": 4711,
        "seller_id": "kL0psVL2admJSYRNs-OCMg==",
        "created_at": "2026-11-20T09:00:00Z",
        "timestamp": "2 days ago",
        "daystamp": "20 Nov 2026  1:00 AM",
        "product_id": "32-nPainqpLj1B_WIwVlMw==",
        "product_name": "Planner",
        "product_permalink": "planner",
        "is_product_physical": False,
        "quantity": 1,
        "price": 1200,
        "gumroad_fee": 235,
        "currency": "usd",
        "currency_symbol": "$",
        "formatted_display_price": "$12",
        "formatted_total_price": "$12",
        "amount_refundable_in_currency": "12",
        "paid": True,
        "refunded": False,
        "partially_refunded": False,
        "disputed": False,
        "dispute_won": False,
        "chargedback": False,
        "is_bundle_purchase": False,
        "is_bundle_product_purchase": False,
        "is_upgrade_purchase": False,
        "country": "Germany",
        "country_iso2": "DE",
        **BUYER,
    }
    sale.update(changes)
    return {field: value for field, value in sale.items() if value is not ...}


def page_body(*sales: object, **envelope: object) -> bytes:
    """Write a page of sales as Gumroad's server does."""
    return json.dumps({"success": True, "sales": sales, **envelope}).encode()


def raw_trial(**changes: object) -> Mapping[str, Any]:
    """Build the beginning of a free trial, which Gumroad lists with its full price."""
    trial = {
        "subscription_id": "sub",
        "recurring_charge": False,
        "free_trial_ends_on": "Dec 5, 2026",
        "refunded": ...,
    }
    return raw_sale(**{**trial, **changes})


def adapt(**changes: Any) -> Sale:
    """Read one sale from its bytes and turn it into ours."""
    page = parse_page(page_body(raw_sale(**changes)))
    assert page.failures == ()
    return to_sale(page.sales[0])
