"""Add sales up for people's books, in the database: no sale is read one by one."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, Select, and_, case, func, select

from salesdaemon.domain.bookkeeping import SalesDay, Settlement
from salesdaemon.domain.sale import COUNTED_KINDS
from salesdaemon.store.tables import accounts, sales

_COUNTED = sales.c.kind.in_([kind.value for kind in sorted(COUNTED_KINDS)])
_KEY = (sales.c.sold_on, accounts.c.shop, sales.c.currency)


def list_sales_days(
    connection: Connection, first: date | None, last: date | None
) -> Sequence[SalesDay]:
    """Add up the paid sales of a period by day, shop and currency, in that order."""
    query = _in_period(
        select(
            *_KEY,
            _count(_COUNTED).label("sales"),
            *(
                func.sum(sales.c[f"{name}_minor"]).label(name)
                for name in ("gross", "refunded", "fees", "fees_refunded", "affiliate", "net")
            ),
            _count(sales.c.fees_exact.is_(False)).label("estimated"),
            _count(sales.c.refunded_exact.is_(False)).label("derived"),
        ),
        first,
        last,
    )
    return [
        # PostgreSQL adds integers up to a number of another type.
        SalesDay(row.sold_on, row.shop, row.currency, *map(int, row[3:]))
        for row in connection.execute(query.group_by(*_KEY).order_by(*_KEY))
    ]


def list_settlements(
    connection: Connection, first: date | None, last: date | None
) -> Sequence[Settlement]:
    """Add up the paid sales that were settled in another currency than their own."""
    key = (*_KEY, sales.c.settled_currency)
    query = _in_period(
        select(*key, func.sum(sales.c.net_minor), func.sum(sales.c.settled_net_minor)), first, last
    ).where(
        and_(sales.c.settled_currency != sales.c.currency, sales.c.settled_net_minor.is_not(None))
    )
    return [
        Settlement(day, shop, currency, int(net), settled_currency, int(settled))
        for day, shop, currency, settled_currency, net, settled in connection.execute(
            query.group_by(*key).order_by(*key)
        )
    ]


def _count(condition: Any) -> Any:  # noqa: ANN401 - expressions of SQL
    return func.sum(case((condition, 1), else_=0))


def _in_period(query: Select[Any], first: date | None, last: date | None) -> Select[Any]:
    query = query.join_from(sales, accounts, accounts.c.id == sales.c.account_id)
    query = query.where(sales.c.paid)
    if first is not None:
        query = query.where(sales.c.sold_on >= first)
    if last is not None:
        query = query.where(sales.c.sold_on <= last)
    return query
