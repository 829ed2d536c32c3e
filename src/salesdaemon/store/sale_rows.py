"""Write sales and their items: rows that are new, and rows that are replaced."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Table, bindparam, delete, func
from sqlalchemy.dialects.sqlite import Insert

from salesdaemon.domain.period import day_of
from salesdaemon.domain.sale import Sale
from salesdaemon.store.accounts import upsert_for
from salesdaemon.store.known_sales import chunks
from salesdaemon.store.tables import items, sales

API, IMPORT = "api", "import"


@dataclass(frozen=True, slots=True)
class Written:
    """A sale to be written: its figures as they stand, and the fingerprint of what was read."""

    sale: Sale
    fingerprint: int
    is_new: bool
    source: str = API


def sold_on(sale: Sale, zone: ZoneInfo) -> date:
    """Return the seller's day of a sale."""
    return sale.sold_on or day_of(sale.paid_at, zone)


def write_sales(
    connection: Connection, account_id: int, rows: Sequence[Written], zone: ZoneInfo
) -> None:
    """Write sales with their items; a title that is stored already stays as it was."""
    if rows:
        connection.execute(
            _upsert_sales(upsert_for(connection)), [sale_row(account_id, row, zone) for row in rows]
        )
        _write_items(connection, account_id, rows)


def delete_items(connection: Connection, account_id: int, external_ids: Sequence[str]) -> None:
    """Delete the items of sales that are written with their items in another order."""
    for chunk in chunks(external_ids):
        connection.execute(
            delete(items).where(items.c.account_id == account_id, items.c.external_id.in_(chunk))
        )


@cache  # made once for a dialect: that takes longer than running it
def _upsert_sales(upsert: Callable[[Table], Insert]) -> Insert:
    statement = upsert(sales)
    columns = [column.name for column in sales.c if column.name not in sales.primary_key.c]
    return statement.on_conflict_do_update(
        index_elements=["account_id", "external_id"],
        set_={name: statement.excluded[name] for name in columns},
    )


def _write_items(connection: Connection, account_id: int, rows: Sequence[Written]) -> None:
    changed = [row.sale for row in rows if not row.is_new]
    if changed:
        connection.execute(
            delete(items).where(
                items.c.account_id == account_id,
                items.c.external_id == bindparam("of_sale"),
                items.c.position >= bindparam("left"),
            ),
            [{"of_sale": sale.external_id, "left": len(sale.items)} for sale in changed],
        )
    if not any(row.sale.items for row in rows):
        return
    connection.execute(
        _upsert_items(upsert_for(connection)),
        [
            {
                "account_id": account_id,
                "external_id": row.sale.external_id,
                "position": position,
                "line_id": item.line_id,
                "product_id": item.product_id,
                "product": item.product,
                "quantity": item.quantity,
                "gross_minor": item.gross_minor,
                "passive": item.passive,
            }
            for row in rows
            for position, item in enumerate(row.sale.items)
        ],
    )


@cache
def _upsert_items(upsert: Callable[[Table], Insert]) -> Insert:
    statement = upsert(items)
    columns = ("line_id", "quantity", "gross_minor", "passive", "product_id")
    return statement.on_conflict_do_update(
        index_elements=["account_id", "external_id", "position"],
        set_={
            **{name: statement.excluded[name] for name in columns},
            # A title stays as it was at the sale: a renamed product does not rewrite history.
            # One that was missing at first is filled in.
            "product": func.coalesce(items.c.product, statement.excluded.product),
        },
    )


def sale_row(account_id: int, written: Written, zone: ZoneInfo) -> dict[str, Any]:
    """Return a sale's row. The fingerprint is of the sale as listed: that is what is read again."""
    sale = written.sale
    paid_at = sale.paid_at if sale.sold_on is None else None
    return {
        "account_id": account_id,
        "external_id": sale.external_id,
        "kind": sale.kind.value,
        "status": sale.status.value,
        "paid": sale.paid,
        "created_at": sale.created_at,
        "paid_at": paid_at,
        "sold_on": sold_on(sale, zone),
        "currency": sale.currency,
        "gross_minor": sale.gross_minor,
        "refunded_minor": sale.refunded_minor,
        "refunded_exact": sale.refunded_exact,
        "fees_minor": sale.fees_minor,
        "fees_refunded_minor": sale.fees_refunded_minor,
        "affiliate_minor": sale.affiliate_minor,
        "net_minor": sale.net_minor,
        "fees_exact": sale.fees_exact,
        "country": sale.country,
        "charged_minor": sale.charged_minor,
        "shipping_minor": sale.shipping_minor,
        "settled_currency": sale.settled_currency,
        "settled_net_minor": sale.settled_net_minor,
        "source": written.source,
        "fingerprint": written.fingerprint,
    }
