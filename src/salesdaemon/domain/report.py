"""The JSON that `sales`, `report` and the digest print; scripts rely on its names and order."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from salesdaemon.domain.money import to_text
from salesdaemon.domain.sale import LineItem
from salesdaemon.domain.summary import GroupTotals, StaleShop, StoredSale, Summary, Totals

_AMOUNTS = (
    "gross",
    "refunded",
    "fees",
    "fees_refunded",
    "affiliate",
    "net",
    "passive_net",
    "active_net",
    "unclassified_net",
)


def report_json(summary: Summary, stale: Iterable[StaleShop], timezone: str) -> dict[str, Any]:
    """Give the totals of a period as `report --format json` prints them.

    Amounts are decimal strings with the currency's own decimals. `home` holds what could be
    converted and names the currencies that could not.
    """
    return {
        "from": summary.period.first.isoformat(),
        "to": summary.period.last.isoformat(),
        "timezone": timezone,
        "totals": totals_json(summary.totals),
        "home": {
            "currency": summary.home_currency,
            **figures_json(summary.home, summary.home_currency),
            "unconverted": list(summary.unconverted),
        },
        "shops": [_shop_json(shop) for shop in summary.shops],
        "products": [_product_json(product) for product in summary.products],
        "stale": [
            {"shop": shop.shop, "last_good_poll": instant_json(shop.last_good_poll)}
            for shop in stale
        ],
    }


def sale_json(sale: StoredSale, home_currency: str) -> dict[str, Any]:
    """Give one sale as a line of `sales --format jsonl`.

    `home` is None for a sale in another currency than the home one.
    """
    currency = sale.currency
    gross = to_text(sale.gross_minor, currency)
    net = to_text(sale.net_minor, currency)
    home = {"currency": currency, "gross": gross, "net": net}
    return {
        "marketplace": sale.marketplace,
        "shop": sale.shop,
        "sale_id": sale.sale_id,
        "kind": sale.kind.value,
        "status": sale.status.value,
        "paid_at": instant_json(sale.paid_at),
        "sold_on": sale.sold_on.isoformat(),
        "currency": currency,
        "gross": gross,
        "refunded": to_text(sale.refunded_minor, currency),
        "refunded_exact": sale.refunded_exact,
        "fees": to_text(sale.fees_minor, currency),
        "fees_refunded": to_text(sale.fees_refunded_minor, currency),
        "affiliate": to_text(sale.affiliate_minor, currency),
        "net": net,
        "fees_exact": sale.fees_exact,
        "home": home if currency == home_currency else None,
        "country": sale.country,
        "items": [_item_json(item, currency) for item in sale.items],
    }


def totals_json(totals: dict[str, Totals]) -> dict[str, dict[str, Any]]:
    """Give totals by currency, in the order they came in."""
    return {currency: figures_json(line, currency) for currency, line in totals.items()}


def figures_json(totals: Totals, currency: str) -> dict[str, Any]:
    """Give the figures of one currency: the number of sales, then every amount."""
    return {
        "sales": totals.sales,
        **{name: to_text(getattr(totals, name), currency) for name in _AMOUNTS},
    }


def instant_json(instant: datetime | None) -> str | None:
    """Write an aware instant as whole seconds in UTC: "2026-11-20T09:00:00Z"."""
    if instant is None:
        return None
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _item_json(item: LineItem, currency: str) -> dict[str, Any]:
    return {
        "product_id": item.product_id,
        "product": item.product,
        "quantity": item.quantity,
        "gross": to_text(item.gross_minor, currency),
        "passive": item.passive,
    }


def _shop_json(shop: GroupTotals) -> dict[str, Any]:
    return {
        "shop": shop.shop,
        "marketplace": shop.marketplace,
        "totals": totals_json(shop.totals),
    }


def _product_json(product: GroupTotals) -> dict[str, Any]:
    return {
        "product": product.name,
        "shop": product.shop,
        "units": sum(line.units for line in product.totals.values()),
        "totals": {
            currency: {
                "sales": line.sales,
                "gross": to_text(line.gross, currency),
                "net": to_text(line.net, currency),
            }
            for currency, line in product.totals.items()
        },
    }
