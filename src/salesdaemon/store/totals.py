"""What sales come to by currency, as messages show it: gross, net, and how much is estimated."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Select, case, func, select

from salesdaemon.domain.period import day_of
from salesdaemon.domain.sale import COUNTED_KINDS
from salesdaemon.domain.summary import Totals
from salesdaemon.store.known_sales import chunks
from salesdaemon.store.tables import outbox, sales


def today_totals(connection: Connection, now: datetime, zone: ZoneInfo) -> dict[str, Totals]:
    """Add up the seller's day so far."""
    query = _by_currency().where(sales.c.sold_on == day_of(now, zone), sales.c.paid)
    return _add_up(connection, [query])


def totals_of_messages(connection: Connection, message_ids: Sequence[int]) -> dict[str, Totals]:
    """Add up the sales that messages stand for."""
    same = (outbox.c.account_id == sales.c.account_id) & (
        outbox.c.external_id == sales.c.external_id
    )
    query = _by_currency().join_from(outbox, sales, same)
    chunked = chunks(message_ids)
    return _add_up(connection, [query.where(outbox.c.message_id.in_(ids)) for ids in chunked])


def _by_currency() -> Select[Any]:
    counted = case((sales.c.kind.in_([kind.value for kind in COUNTED_KINDS]), 1), else_=0)
    return (
        select(
            sales.c.currency,
            func.sum(counted).label("sales"),
            func.sum(sales.c.gross_minor).label("gross"),
            func.sum(sales.c.net_minor).label("net"),
            func.sum(case((sales.c.fees_exact, 0), else_=1)).label("estimated"),
        )
        .group_by(sales.c.currency)
        .having(func.sum(counted) > 0)  # a free download adds no currency to the line
        .order_by(sales.c.currency)
    )


def _add_up(connection: Connection, queries: Sequence[Select[Any]]) -> dict[str, Totals]:
    found: dict[str, Totals] = {}
    for query in queries:
        for row in connection.execute(query):
            found.setdefault(row.currency, Totals()).plus(
                Totals(
                    sales=int(row.sales),
                    gross=int(row.gross),
                    net=int(row.net),
                    estimated=int(row.estimated),
                )
            )
    return found
