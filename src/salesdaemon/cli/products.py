"""`products`: what was sold, and whether one more sale of it makes work."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import typer

from salesdaemon.application import Application
from salesdaemon.cli.options import Format, FormatOption
from salesdaemon.cli.output import Column, Record, print_listing
from salesdaemon.cli.session import in_application
from salesdaemon.cli.streams import say
from salesdaemon.domain.effort import classify
from salesdaemon.domain.money import split, to_text
from salesdaemon.domain.sale import LineItem
from salesdaemon.domain.summary import StoredSale
from salesdaemon.store.sales import SaleFilter, iterate_sales

CLASS = {True: "passive", False: "active", None: None}


@dataclass(slots=True)
class Product:
    """What is known of one product; `passive` is as the marketplace said at its last sale."""

    shop: str
    first_sale: date
    product_id: str | None = None
    title: str | None = None
    passive: bool | None = None
    units: int = 0
    net: dict[str, int] = field(default_factory=dict)
    last_sale: date = date.min

    def add(self, sale: StoredSale, item: LineItem, net_minor: int) -> None:
        """Count a sale in; the newest one names and classes the product."""
        self.product_id, self.title, self.passive = item.product_id, item.product, item.passive
        self.units += item.quantity
        self.net[sale.currency] = self.net.get(sale.currency, 0) + net_minor
        self.last_sale = sale.sold_on

    def to_json(self, overrides: Mapping[str, bool]) -> dict[str, Any]:
        """Give it as `products --format json` prints it."""
        passive, reason = classify(
            self.passive, shop=self.shop, product=self.title, overrides=overrides
        )
        return {
            "shop": self.shop,
            "product_id": self.product_id,
            "product": self.title,
            "class": CLASS[passive],
            "reason": reason,
            "units": self.units,
            "net": {code: to_text(minor, code) for code, minor in sorted(self.net.items())},
            "first_sale": self.first_sale.isoformat(),
            "last_sale": self.last_sale.isoformat(),
        }


def gather(sales: Iterable[StoredSale]) -> list[Product]:
    """Gather the products of sales that come oldest first, as the marketplaces class them."""
    products: dict[tuple[str, str | None], Product] = {}
    for sale in sales:
        if not sale.paid:
            continue
        shares = split(sale.net_minor, [max(item.gross_minor, 0) for item in sale.items] or [1])
        for item, net_minor in zip(sale.items, shares, strict=False):
            key = (sale.shop, item.product_id or item.product)
            product = products.setdefault(key, Product(sale.shop, sale.sold_on))
            product.add(sale, item, net_minor)
    return sorted(products.values(), key=lambda one: (one.shop, one.title or ""))


def _net_of(record: Record) -> str:
    return " + ".join(f"{amount} {currency}" for currency, amount in record["net"].items())


def products(context: typer.Context, *, form: FormatOption = Format.TABLE) -> None:
    """List products with their class and its reason."""

    async def work(app: Application) -> list[Record]:
        with app.store.read() as connection:
            found = gather(iterate_sales(connection, SaleFilter(), {}))
        return [product.to_json(app.overrides) for product in found]

    columns = (
        Column("shop"),
        Column("product_id"),
        Column("product", title=True),
        Column("class", lambda record: record["class"] or "unknown"),
        Column("reason", prose=True),
        Column("units", number=True),
        Column("net", _net_of, number=True),
        Column("first_sale"),
        Column("last_sale"),
    )
    if print_listing(in_application(context, work), columns, form) == 0:
        say("No products yet.")
