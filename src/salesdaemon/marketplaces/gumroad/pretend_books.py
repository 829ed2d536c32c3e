"""The truth about the pretend shop's sales, in the program's own words.

Written from the description of those words alone, so that tests compare two readings.
"""

from salesdaemon.marketplaces.gumroad.pretend_sale import Sale, retained_of


def book(sale: Sale) -> dict[str, object]:
    """Tell what one sale is worth: decimal strings in US dollars, and what is exact."""
    gross, refunded, fees, fees_refunded, affiliate = _amounts(sale)
    return {
        "sale_id": sale.id,
        "kind": _kind(sale),
        "status": _status(sale),
        "currency": "USD",
        "gross": _usd(gross),
        "refunded": _usd(refunded),
        "refunded_exact": _is_refund_exact(sale, gross, refunded),
        "fees": _usd(fees),
        "fees_refunded": _usd(fees_refunded),
        "affiliate": _usd(affiliate),
        "net": _usd(net_of(sale)),
        "fees_exact": refunded == 0 and not (sale.own_processor and gross > 0),
        "paid_at": sale.created_text,
        "country": sale.country,
        "items": [_item(sale, gross)],
    }


def net_of(sale: Sale) -> int:
    """Tell what is left for the seller, in US cents."""
    gross, refunded, fees, fees_refunded, affiliate = _amounts(sale)
    return gross - refunded - fees + fees_refunded - affiliate


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
    return not (partial and (sale.currency != "usd" or sale.dead_processor))


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
