"""What each day brought in the home currency, for charts and records, without shops or products."""

from collections import defaultdict
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    bindparam,
    case,
    cast,
    func,
    or_,
    select,
)

from salesdaemon.domain.history import DayFigures, Figures
from salesdaemon.domain.sums import DaySum, Dimension
from salesdaemon.store.sums import IS_MARKED, Basis, sum_days
from salesdaemon.store.tables import daily_sums, dirty_days

_AMOUNTS = ("gross", "net", "passive_net", "active_net", "unclassified_net")
"""The amounts of `Figures`, in their order."""


def load_days(
    connection: Connection, basis: Basis, last: date, first: date | None = None
) -> list[DayFigures]:
    """Load what each day with sales brought, up to the last one, oldest first.

    All shops together, each day once; a day of free downloads alone is one, too. Days that are
    still to be summed anew are read from their sales, so that none is behind. A day is converted
    unless an amount of it, not nothing, has no rate.
    """
    between = {"first": first or date.min, "last": last}
    marked = connection.execute(
        select(dirty_days).where(dirty_days.c.day.between(between["first"], last))
    ).all()
    found: defaultdict[date, list[Figures]] = defaultdict(list)
    for day, *values, lacking in connection.execute(_query(has_marked=bool(marked)), between):
        found[day].append(Figures(*values, converted=not lacking))
    for account_id in sorted({row.account_id for row in marked}):
        days = [row.day for row in marked if row.account_id == account_id]
        for each in sum_days(connection, basis, account_id, days):
            if each.dimension is Dimension.TOTAL:
                found[each.day].append(_figures(each))
    return [DayFigures(day, Figures.together(found[day])) for day in sorted(found)]


@cache  # to put so many columns together takes as long as to read the days of a month
def _query(*, has_marked: bool) -> Select[Any]:
    """Ask for the sums of days; PostgreSQL's own sums are Decimals."""
    something = or_(*(daily_sums.c[name] != 0 for name in _AMOUNTS))
    lacks: ColumnElement[int] = case((daily_sums.c.home_net.is_(None) & something, 1), else_=0)
    query = (
        select(
            daily_sums.c.day,
            cast(func.sum(daily_sums.c.sales), BigInteger),
            *(
                cast(func.coalesce(func.sum(daily_sums.c[f"home_{name}"]), 0), BigInteger)
                for name in _AMOUNTS
            ),
            func.max(lacks),
        )
        .where(
            daily_sums.c.dimension == Dimension.TOTAL.value,
            daily_sums.c.day.between(bindparam("first"), bindparam("last")),
        )
        .group_by(daily_sums.c.day)
    )
    return query.where(~IS_MARKED) if has_marked else query


def _figures(each: DaySum) -> Figures:
    """Give the sum of one shop, currency and day as the query gives those of all."""
    if each.home is None:
        lacking = any(getattr(each.totals, name) for name in _AMOUNTS)
        return Figures(each.totals.sales, converted=not lacking)
    return Figures(each.totals.sales, *(getattr(each.home, name) for name in _AMOUNTS))
