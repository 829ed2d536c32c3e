"""Keep what each day brought, so that a report need not read its sales."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import Connection

from salesdaemon.store.accounts import upsert_for
from salesdaemon.store.tables import dirty_days


def mark_dirty(connection: Connection, account_id: int, days: Iterable[date]) -> None:
    """Note, within the transaction that changes their sales, that days must be summed anew."""
    rows = [{"account_id": account_id, "day": day} for day in sorted(set(days))]
    if rows:
        connection.execute(upsert_for(connection)(dirty_days).on_conflict_do_nothing(), rows)
