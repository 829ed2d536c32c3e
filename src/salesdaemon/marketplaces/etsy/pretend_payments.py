"""The pretend shop's payments, as Etsy's JSON says them.

Source: Etsy Open API v3, schema Payment (June 2026).
"""

from salesdaemon.marketplaces.etsy.pretend_charges import (
    PAYMENT_OFFSET,
    payment_id,
    processing_fee,
)
from salesdaemon.marketplaces.etsy.pretend_orders import CANARY_BUYER, Order, Shop


def receipt_of(payment: int) -> int:
    """Tell which receipt a payment would be for."""
    return payment - PAYMENT_OFFSET


def payments(order: Order, shop: Shop) -> list[dict[str, object]]:
    """Write the payment of one receipt; none while it is unpaid or where nothing was charged."""
    gross = order.grandtotal
    if order.paid is None or not gross:
        return []
    return [
        {
            "payment_id": payment_id(order),
            "buyer_user_id": CANARY_BUYER,
            "shop_id": shop.shop_id,
            "receipt_id": order.receipt_id,
            **_every_amount(order, gross, shop),
            "currency": shop.currency,
            "shop_currency": shop.currency,
            "buyer_currency": shop.currency,
            "shipping_user_id": CANARY_BUYER,
            "shipping_address_id": CANARY_BUYER + 1,
            "billing_address_id": CANARY_BUYER + 2,
            "status": "settled",
            "shipped_timestamp": order.shipped,
            "create_timestamp": order.paid,
            "created_timestamp": order.paid,
            "update_timestamp": order.updated,
            "updated_timestamp": order.updated,
            "payment_adjustments": [],
        }
    ]


def _every_amount(order: Order, gross: int, shop: Shop) -> dict[str, object]:
    fees = processing_fee(gross)
    amounts = _amounts("amount", gross, fees, shop)
    if order.shipped is not None:
        amounts |= _amounts("posted", gross, fees, shop)
    if order.refunds:
        left = gross - sum(refund.amount for refund in order.refunds)
        amounts |= _amounts("adjusted", left, fees * left // gross, shop)
    return amounts


def _amounts(word: str, gross: int, fees: int, shop: Shop) -> dict[str, object]:
    return {
        f"{word}_gross": shop.money(gross),
        f"{word}_fees": shop.money(fees),
        f"{word}_net": shop.money(gross - fees),
    }
