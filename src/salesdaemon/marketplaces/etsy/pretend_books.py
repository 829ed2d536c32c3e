"""The truth about every pretend order, in the words of the product's contract.

Written from the contract alone and from what was put in, never from the JSON that is served, so
that a daemon which reads that JSON can be held against it.
"""

from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

from salesdaemon.marketplaces.etsy.pretend_orders import Item, Order, Shop


def entry(order: Order, shop: Shop) -> dict[str, object]:
    """Say what one order is: exact decimal strings, UTC moments, items in the receipt's order."""
    gross = gross_of(order)
    paid_at = order.created if order.paid is None else order.paid
    return {
        "sale_id": str(order.receipt_id),
        "status": _status(order),
        "kind": "sale" if gross else "free",
        "currency": shop.currency,
        "gross": _decimal(gross, shop),
        "refunded": _decimal(_refunded(order, gross), shop),
        "paid_at": datetime.fromtimestamp(paid_at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "country": order.country,
        "items": [
            {
                "product_id": None if item.listing_id is None else str(item.listing_id),
                "product": item.title,
                "quantity": item.quantity,
                "gross": _decimal(share, shop),
                "passive": item.is_digital and not item.personalised,
            }
            for item, share in zip(order.items, _shares(order.items, gross), strict=True)
        ],
    }


def gross_of(order: Order) -> int:
    """Find what the buyer paid for goods, shipping and gift wrap, without tax, in minor units."""
    from_total = order.grandtotal - order.tax - order.vat
    from_parts = order.total - order.discount + order.shipping + order.gift_wrap
    if from_parts + order.tax == order.grandtotal:  # VAT is shown beside the total, not in it
        return from_parts
    return from_total


def _status(order: Order) -> str:
    if order.cancelled:
        return "cancelled"
    if order.refunded:
        return "refunded" if order.refunded == "fully" else "partially_refunded"
    return "unpaid" if order.paid is None else "paid"


def _refunded(order: Order, gross: int) -> int:
    listed = sum(refund.amount for refund in order.refunds if refund.listed)
    if order.cancelled and order.paid is not None:
        return gross
    if order.refunded == "fully" and not listed:
        return gross
    if not listed:
        return 0
    return min(gross, round(Fraction(listed * gross, order.grandtotal)))  # half to even


def _shares(items: list[Item], gross: int) -> list[int]:
    total = sum(item.total for item in items)
    shares = [gross * item.total // total if total else 0 for item in items]
    largest = max(range(len(items)), key=lambda index: items[index].total)
    shares[largest] += gross - sum(shares)
    return shares


def _decimal(amount: int, shop: Shop) -> str:
    return str(Decimal(amount).scaleb(-shop.exponent).quantize(Decimal(1).scaleb(-shop.exponent)))
