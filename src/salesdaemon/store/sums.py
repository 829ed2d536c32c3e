"""Keep what each day brought, so that a report need not read its sales."""

from collections.abc import Collection, Iterable
from datetime import date

from sqlalchemy import Connection, and_, select

from salesdaemon.store.accounts import upsert_for
from salesdaemon.store.known_sales import chunks
from salesdaemon.store.tables import dirty_days, items, sales


def mark_dirty(connection: Connection, account_id: int, days: Iterable[date]) -> None:
    """Note, within the transaction that changes their sales, that days must be summed anew."""
    rows = [{"account_id": account_id, "day": day} for day in sorted(set(days))]
    if rows:
        connection.execute(upsert_for(connection)(dirty_days).on_conflict_do_nothing(), rows)


def mark_products_dirty(
    connection: Connection, account_id: int, product_ids: Collection[str]
) -> None:
    """Note that the days on which these products were sold must be summed anew."""
    for chunk in chunks(sorted(product_ids)):
        days = connection.scalars(
            select(sales.c.sold_on)
            .join_from(
                sales,
                items,
                and_(
                    items.c.account_id == sales.c.account_id,
                    items.c.external_id == sales.c.external_id,
                ),
            )
            .where(sales.c.account_id == account_id, items.c.product_id.in_(chunk))
            .distinct()
        ).all()
        mark_dirty(connection, account_id, days)
