"""The truth about the pretend shop's sales, in the program's own words.

Written from the description of those words alone, so that tests compare two readings.
"""

from collections.abc import Mapping

from salesdaemon.marketplaces.gumroad.pretend_movements import SOLD, Key, Movement, movements_of
from salesdaemon.marketplaces.gumroad.pretend_sale import Sale, retained_of


def book(sale: Sale, paid: Mapping[Key, Movement]) -> dict[str, object]:
    """Tell what one sale is worth: decimal strings in US dollars, and what is exact.

    Once payouts hold the sale and every refund of it, their rows say what it really came to.
    """
    gross, refunded, fees, fees_refunded, affiliate = _amounts(sale)
    rows = _paid_rows(sale, paid)
    if rows:
        fees_refunded = -sum(_fees_taken(row) for row in rows[1:])
    return {
        "sale_id": sale.id,
        "kind": _kind(sale),
        "status": _status(sale),
        "currency": "USD",
        "gross": _usd(gross),
        "refunded": _usd(refunded),
        "refunded_exact": bool(rows) or _is_refund_exact(sale, gross, refunded),
        "fees": _usd(fees),
        "fees_refunded": _usd(fees_refunded),
        "affiliate": _usd(affiliate),
        "net": _usd(gross - refunded - fees + fees_refunded - affiliate),
        "fees_exact": bool(rows) or (refunded == 0 and not (sale.own_processor and gross > 0)),
        "paid_at": sale.created_text,
        "country": sale.country,
        "items": [_item(sale, gross)],
    }


def _paid_rows(sale: Sale, paid: Mapping[Key, Movement]) -> list[Movement]:
    """Return the sale's row and those of its refunds as paid out; none unless all of them are."""
    if sale.chargedback or (sale.id, SOLD) not in paid:
        return []
    rows = [each for each in movements_of(sale) if each.type not in {"Chargeback", "Credit"}]
    return [paid[row.key] for row in rows] if all(row.key in paid for row in rows) else []


def _fees_taken(row: Movement) -> int:
    """Tell what a refund cost in fees: below zero what it brought back."""
    fees = row.fees or 0
    return -fees if row.processor else fees


def _amounts(sale: Sale) -> tuple[int, int, int, int, int]:
    """Tell gross, refunded, fees, fees refunded and what the affiliate kept."""
    gross, fees = (sale.charged, sale.fee) if sale.charged else (0, 0)
    refunded = gross if sale.chargedback else sale.refunded
    fees_refunded = _fees_refunded(sale, gross, fees, refunded)
    return gross, refunded, fees, fees_refunded, _affiliate(sale, gross, refunded)


def _kind(sale: Sale) -> str:
    if sale.bundle_item:
        return "bundle_item"
    if sale.only_a_trial:
        return "trial"
    if sale.price == 0:
        return "free"
    return "renewal" if sale.recurring and not sale.upgrade else "sale"


def _status(sale: Sale) -> str:
    if sale.chargedback:
        return "disputed"
    if not sale.refunded:
        return "paid"
    return "refunded" if sale.refunded == sale.charged else "partially_refunded"


def _is_refund_exact(sale: Sale, gross: int, refunded: int) -> bool:
    partial = 0 < refunded < gross
    charged = sale.presentment or {}
    in_dollars = charged.get("currency") == "usd" and charged.get("total_cents") == gross
    hidden = sale.currency != "usd" or sale.dead_processor
    return not (partial and hidden and not in_dollars)


def _fees_refunded(sale: Sale, gross: int, fees: int, refunded: int) -> int:
    if not refunded:
        return 0
    share = fees * refunded // gross
    if sale.chargedback or sale.own_processor:
        return share
    return share - retained_of(refunded, gross)


def _affiliate(sale: Sale, gross: int, refunded: int) -> int:
    """What is kept; what the vendor takes back is rounded up."""
    if not sale.affiliate or sale.chargedback or not gross:
        return 0
    return sale.affiliate - -(-sale.affiliate * refunded // gross)


def _item(sale: Sale, gross: int) -> dict[str, object]:
    named = sale.overrides.get("product_name")
    return {
        "product_id": sale.product.id,
        "product": named if isinstance(named, str) else sale.product.name,
        "quantity": sale.quantity,
        "gross": _usd(gross),
        "passive": not sale.product.physical,
    }


def _usd(cents: int) -> str:
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02}"
