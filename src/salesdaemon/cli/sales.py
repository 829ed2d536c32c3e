"""`sales`: stored sales, oldest first."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from functools import partial
from typing import Annotated

import typer

from salesdaemon.application import Application
from salesdaemon.cli.options import Format, FormatOption, day_option
from salesdaemon.cli.output import Column, Record, print_listing
from salesdaemon.cli.session import in_application
from salesdaemon.cli.streams import say
from salesdaemon.domain.exchange import RateBook
from salesdaemon.domain.report import sale_json
from salesdaemon.domain.summary import StoredSale
from salesdaemon.store.accounts import find_account_of_shop
from salesdaemon.store.engine import Connection
from salesdaemon.store.rates import load_book
from salesdaemon.store.sales import SaleFilter, iterate_sales


def product_of(sale: Record) -> str:
    """Name what was sold in one line: the first product, and how many more."""
    items = sale["items"]
    if not items:
        return ""
    more = f" and {len(items) - 1} more" if len(items) > 1 else ""
    return f"{items[0]['quantity']} × {items[0]['product'] or 'untitled'}{more}"


def _figures_of(sale: Record) -> str:
    return "exact" if sale["fees_exact"] else "estimated"


def _products_of(sale: Record) -> str:
    return "; ".join(item["product"] or "untitled" for item in sale["items"])


def _passive_of(sale: Record) -> bool | None:
    classes = {item["passive"] for item in sale["items"]}
    return classes.pop() if len(classes) == 1 else None


def _home_of(sale: Record, name: str) -> str | None:
    return sale["home"][name] if sale["home"] is not None else None


def _settled_of(sale: Record, name: str) -> str | None:
    return sale["settled"][name] if sale["settled"] is not None else None


SALE_COLUMNS: Sequence[Column] = (
    Column("sold_on"),
    Column("shop"),
    Column("sale_id"),
    Column("product", product_of, title=True),
    Column("status"),
    Column("currency"),
    Column("gross", number=True),
    Column("net", number=True),
    Column("figures", _figures_of),
)
SALE_CSV_COLUMNS: Sequence[Column] = (
    *(Column(name) for name in ("marketplace", "shop", "sale_id", "kind", "status", "paid_at")),
    *(Column(name) for name in ("sold_on", "currency", "gross", "refunded", "refunded_exact")),
    *(Column(name) for name in ("fees", "fees_refunded", "affiliate", "net", "fees_exact")),
    *(
        Column(f"home_{name}", partial(_home_of, name=name))
        for name in ("currency", "gross", "net")
    ),
    *(Column(f"settled_{name}", partial(_settled_of, name=name)) for name in ("currency", "net")),
    Column("country"),
    Column("products", _products_of, title=True),
    Column("quantity", lambda sale: sum(item["quantity"] for item in sale["items"])),
    Column("passive", _passive_of),
)


def sales(
    context: typer.Context,
    *,
    since: Annotated[date | None, day_option("--since", "The first day.")] = None,
    until: Annotated[date | None, day_option("--until", "The last day.")] = None,
    shop: Annotated[
        list[str] | None, typer.Option("--shop", help="A shop; may be given several times.")
    ] = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """List stored sales, oldest first."""

    async def work(app: Application) -> int:
        wanted = SaleFilter(first=since, last=until, shops=known_shops(app, shop))
        return print_sales(app, wanted, form)

    if in_application(context, work) == 0:
        say("No sales.")


def known_shops(app: Application, names: list[str] | None) -> tuple[str, ...] | None:
    """Return the shops named, None for all; one that left the configuration keeps its sales.

    Raises:
        UsageError: there is neither a shop nor a sale of that name.
    """
    if not names:
        return None
    with app.store.read() as connection:
        unknown = [name for name in names if find_account_of_shop(connection, name) is None]
    app.select_shops(unknown)
    return tuple(names)


def sale_records(
    app: Application, connection: Connection, found: Iterable[StoredSale]
) -> Iterator[Record]:
    """Turn sales into what is printed of them, converted at the rates that are known."""
    home = app.settings.currency
    books: dict[str, RateBook] = {}
    for sale in found:
        currency = sale.currency
        if currency != home and currency not in books:
            books[currency] = load_book(connection, currencies={currency, home})
        book = books.get(currency)
        rate = book.find(currency, home, sale.sold_on) if book is not None else None
        yield sale_json(sale, home, rate)


def print_sales(app: Application, wanted: SaleFilter, form: Format) -> int:
    """Print sales as they are read, so that memory stays flat; returns how many there were."""
    with app.store.read() as connection:
        return print_listing(
            sale_records(app, connection, iterate_sales(connection, wanted, app.overrides)),
            SALE_COLUMNS,
            form,
            csv_columns=SALE_CSV_COLUMNS,
        )
