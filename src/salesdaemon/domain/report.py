"""The JSON that `sales`, `report` and the digest print; scripts rely on its names and order."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from salesdaemon.domain.exchange import Conversion
from salesdaemon.domain.ledger import SALE_KINDS, EntryKind, Payout, ShopLine
from salesdaemon.domain.money import to_text
from salesdaemon.domain.sale import LineItem
from salesdaemon.domain.summary import (
    FIGURES,
    GroupTotals,
    StaleShop,
    StoredSale,
    Summary,
    Totals,
)
from salesdaemon.domain.sums import in_home_currency

_AMOUNTS = tuple(name for name in FIGURES if name != "through_affiliates")


@dataclass(frozen=True, slots=True)
class BooksOfPeriod:
    """What the marketplaces' books tell of a period beside its sales, with the payouts."""

    lines: Sequence[ShopLine] = ()
    payouts: Sequence[tuple[str, Payout]] = ()


NOTHING_BOOKED = BooksOfPeriod()


def report_json(
    summary: Summary,
    stale: Iterable[StaleShop],
    timezone: str,
    books: BooksOfPeriod = NOTHING_BOOKED,
) -> dict[str, Any]:
    """Give the totals of a period as `report --format json` prints them.

    Amounts are decimal strings with the currency's own decimals. `home` holds what could be
    converted and names the currencies that could not. Costs of the shop, entries of an unknown
    kind and payouts stand beside the totals: none of them belongs to a sale. `provisional` says
    that a rate may still change, `through_affiliates` how much of a net affiliates brought.
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
        "provisional": summary.provisional,
        "through_affiliates": {
            currency: to_text(line.through_affiliates, currency)
            for currency, line in summary.totals.items()
            if line.through_affiliates
        },
        **books_json(books),
    }


def books_json(books: BooksOfPeriod) -> dict[str, Any]:
    """Give the costs and other entries of shops, summed by kind, and the payouts."""
    return {
        "costs": _lines_json(books.lines, _COSTS, -1),
        "other": _lines_json(books.lines, _UNEXPLAINED, 1),
        "payouts": [payout_json(shop, payout) for shop, payout in books.payouts],
    }


_COSTS = frozenset({EntryKind.COST})
# Beside kinds that nobody knows, what names a sale that is not stored.
_UNEXPLAINED = frozenset({EntryKind.OTHER}) | SALE_KINDS


def _lines_json(
    lines: Iterable[ShopLine], kinds: Collection[EntryKind], sign: int
) -> list[dict[str, Any]]:
    sums: dict[tuple[str, str, str], int] = {}
    for line in lines:
        if line.kind in kinds:
            key = (line.shop, line.currency, line.name)
            sums[key] = sums.get(key, 0) + sign * line.amount_minor
    return [
        {"shop": shop, "name": name, "currency": currency, "amount": to_text(amount, currency)}
        for (shop, currency, name), amount in sorted(sums.items())
    ]


def payout_json(shop: str, payout: Payout) -> dict[str, Any]:
    """Give a payout; `estimated` says that the day it arrives, or its amount, is a guess."""
    return {
        "shop": shop,
        "amount": to_text(payout.amount_minor, payout.currency),
        "currency": payout.currency,
        "status": payout.status,
        "made_on": payout.made_on.isoformat() if payout.made_on is not None else None,
        "arrives_on": payout.arrives_on.isoformat() if payout.arrives_on is not None else None,
        "estimated": payout.estimated,
    }


def sale_json(
    sale: StoredSale, home_currency: str, conversion: Conversion | None = None
) -> dict[str, Any]:
    """Give one sale as a line of `sales --format jsonl`.

    `home` is None where there is no rate; a converted one tells its rate. `settled` is what the
    marketplace's books made of it in another currency.
    """
    currency = sale.currency
    return {
        "marketplace": sale.marketplace,
        "shop": sale.shop,
        "sale_id": sale.sale_id,
        "kind": sale.kind.value,
        "status": sale.status.value,
        "paid_at": instant_json(sale.paid_at),
        "sold_on": sale.sold_on.isoformat(),
        "currency": currency,
        "gross": to_text(sale.gross_minor, currency),
        "refunded": to_text(sale.refunded_minor, currency),
        "refunded_exact": sale.refunded_exact,
        "fees": to_text(sale.fees_minor, currency),
        "fees_refunded": to_text(sale.fees_refunded_minor, currency),
        "affiliate": to_text(sale.affiliate_minor, currency),
        "net": to_text(sale.net_minor, currency),
        "fees_exact": sale.fees_exact,
        "settled": _settled_json(sale),
        "home": _home_json(sale, home_currency, conversion),
        "country": sale.country,
        "items": [_item_json(item, currency) for item in sale.items],
    }


def _settled_json(sale: StoredSale) -> dict[str, Any] | None:
    currency = sale.settled_currency
    if currency is None or sale.settled_net_minor is None:
        return None
    return {"currency": currency, "net": to_text(sale.settled_net_minor, currency)}


def _home_json(
    sale: StoredSale, home_currency: str, conversion: Conversion | None
) -> dict[str, Any] | None:
    totals = in_home_currency(sale, home_currency, conversion)
    if totals is None:
        return None
    home = {
        "currency": home_currency,
        "gross": to_text(totals.gross, home_currency),
        "net": to_text(totals.net, home_currency),
    }
    if sale.currency == home_currency or conversion is None:
        return home
    return {
        **home,
        "rate": str(conversion.rate),
        "rate_date": conversion.day.isoformat(),
        "rate_source": conversion.source,
        "provisional": conversion.provisional,
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
