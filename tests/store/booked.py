"""Orders with their books, and what the store makes of both."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from salesdaemon.domain.ledger import About, Entry, EntryKind
from salesdaemon.domain.sale import Sale
from salesdaemon.domain.summary import StoredSale
from salesdaemon.store.engine import Store
from salesdaemon.store.sales import SaleFilter, list_sales
from salesdaemon.store.shop_lines import list_shop_lines
from salesdaemon.store.tables import changes, entries, outbox
from tests.factories import (
    BERLIN,
    item,
    sale,
)
from tests.posting import Ledger

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


def order(external_id: str = "s1", **changes: Any) -> Sale:
    """Make an order of one item with estimated fees; the item's line is named after it."""
    facts: dict[str, Any] = {"fees_exact": False, "fees_minor": 99, **changes}
    facts.setdefault(
        "items", (item(facts.get("gross_minor", 1200), line_id=f"line of {external_id}"),)
    )
    return sale(external_id, **facts)


def books(external_id: str = "s1", paid: int = 1200, **how: Any) -> Ledger:
    """Post all that makes that order's books complete: 70 of fees."""
    ledger = Ledger(sale_id=external_id)
    return ledger.charge(paid, lines=(f"line of {external_id}",), **how)


def stored(store: Store) -> dict[str, StoredSale]:
    with store.read() as connection:
        return {each.sale_id: each for each in list_sales(connection, SaleFilter(), {})}


def figures(store: Store, external_id: str = "s1") -> tuple[int, int, int, bool]:
    """Return fees, what is given back of them, refund, and whether that is exact."""
    one = stored(store)[external_id]
    return one.fees_minor, one.fees_refunded_minor, one.refunded_minor, one.fees_exact


def of_sales(store: Store) -> dict[str, str | None]:
    """Return the sale of each entry."""
    with store.read() as connection:
        rows = connection.execute(select(entries.c.entry_id, entries.c.of_sale))
        return {row.entry_id: row.of_sale for row in rows}


def told(store: Store) -> list[tuple[str, str]]:
    """List what was entered to be told, with its level, but for the arrival of sales."""
    with store.read() as connection:
        rows = connection.execute(select(outbox.c.kind, outbox.c.level).order_by(outbox.c.id))
        return [(row.kind, row.level) for row in rows if row.kind != "sale"]


def noted(store: Store) -> list[tuple[str, str, int, int]]:
    """List the changes that a digest may tell, but for the arrival of sales."""
    with store.read() as connection:
        rows = connection.execute(select(changes).order_by(changes.c.id))
        return [
            (row.external_id, row.kind, row.refunded_delta, row.net_delta)
            for row in rows
            if row.kind != "sale"
        ]


def costs(store: Store) -> dict[tuple[str, str], int]:
    """Return the shop's own lines by kind and name."""
    sums: dict[tuple[str, str], int] = {}
    with store.read() as connection:
        for line in list_shop_lines(connection, None, None, BERLIN):
            key = (line.kind.value, line.name)
            sums[key] = sums.get(key, 0) + line.amount_minor
    return sums


EXACT = (70, 0, 0, True)
ESTIMATED = (99, 0, 0, False)


def renewal(ledger: Ledger, at: Any, product_id: str = "p1", amount: int = -18) -> Entry:
    return ledger.post(
        EntryKind.FEE, amount, about=About.PRODUCT, about_id=product_id, posted_at=at
    )
