"""Keep what each day brought, so that a report need not read its sales.

A day whose sales change is marked in the same transaction and summed anew later. Until then what
asks about it adds its sales up by itself, so that no answer is ever behind.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from hashlib import blake2b
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    cast,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
    text,
    tuple_,
)

from salesdaemon.domain.exchange import Conversion, RateBook
from salesdaemon.domain.period import Period
from salesdaemon.domain.summary import FIGURES, Summary, Totals
from salesdaemon.domain.sums import DaySum, Dimension, add_up, sum_sales
from salesdaemon.store.accounts import find_setting, set_setting, upsert_for
from salesdaemon.store.day_sales import currencies_of, iterate_paid
from salesdaemon.store.known_sales import chunks
from salesdaemon.store.rates import load_book
from salesdaemon.store.tables import accounts, daily_sums, dirty_days, items, sales

_BASIS = "sums_basis"
_SUMMED = (Dimension.TOTAL, Dimension.PRODUCT)
_FORM = 2
"""Raised when sums hold more than they did: then all of them are made anew, too."""
_TOTALS = ("sales", "units", *FIGURES, "estimated", "passive_sales")  # in the order of `Totals`
IS_MARKED = exists().where(
    tuple_(dirty_days.c.day, dirty_days.c.account_id)
    == tuple_(daily_sums.c.day, daily_sums.c.account_id)
)
"""Whether a row of `daily_sums` is of a day that must be summed anew."""
_BEGIN, _FIGURES = 7, 9
_END = _BEGIN + len(_TOTALS)


@dataclass(frozen=True, slots=True)
class Basis:
    """What the sums are made with beside the sales: when it changes, all of them are made anew."""

    home: str
    timezone: str
    overrides: Mapping[str, bool] = field(default_factory=dict)

    @property
    def mark(self) -> str:
        """Sum it up, for comparing."""
        facts = (_FORM, self.home, self.timezone, sorted(self.overrides.items()))
        return blake2b(repr(facts).encode(), digest_size=16).hexdigest()


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


def adopt_basis(connection: Connection, basis: Basis) -> bool:
    """Mark every day where the sums were made with another currency, zone or word on products."""
    if find_setting(connection, _BASIS) == basis.mark:
        return False
    days = select(sales.c.sold_on, sales.c.account_id).distinct()
    # WHERE TRUE: without it SQLite would take ON for a join's.
    statement = upsert_for(connection)(dirty_days).from_select(
        ["day", "account_id"], days.where(literal(value=True))
    )
    connection.execute(statement.on_conflict_do_nothing())
    # What is left of days that have no sales any more.
    connection.execute(delete(daily_sums))
    set_setting(connection, _BASIS, basis.mark)
    return True


def has_dirty(connection: Connection) -> bool:
    """Tell whether any day has to be summed anew."""
    return connection.scalar(select(dirty_days.c.day).limit(1)) is not None


def refresh(connection: Connection, basis: Basis, *, days: int) -> int:
    """Sum up to so many marked days anew, the newest first; returns how many there were."""
    if connection.dialect.name != "sqlite":
        # A sale that is being recorded must be seen, or mark its day after it was summed.
        connection.execute(text("LOCK TABLE dirty_days IN SHARE ROW EXCLUSIVE MODE"))
    marked = connection.execute(
        select(dirty_days).order_by(dirty_days.c.day.desc()).limit(days)
    ).all()
    if marked:
        _sum_anew(connection, basis, [(row.day, row.account_id) for row in marked])
    return len(marked)


def _sum_anew(connection: Connection, basis: Basis, marked: Sequence[tuple[date, int]]) -> None:
    for account_id in sorted({account for _, account in marked}):
        days = [day for day, account in marked if account == account_id]
        rows = [_row(account_id, each) for each in sum_days(connection, basis, account_id, days)]
        for chunk in chunks(days):
            connection.execute(
                delete(daily_sums).where(
                    # All there are, but without it the table would be read from end to end.
                    daily_sums.c.dimension.in_([each.value for each in Dimension]),
                    daily_sums.c.day.in_(chunk),
                    daily_sums.c.account_id == account_id,
                )
            )
            connection.execute(
                delete(dirty_days).where(
                    dirty_days.c.account_id == account_id, dirty_days.c.day.in_(chunk)
                )
            )
        if rows:
            connection.execute(insert(daily_sums), rows)


def sum_days(
    connection: Connection, basis: Basis, account_id: int, days: Sequence[date]
) -> list[DaySum]:
    """Sum some days of an account from their sales."""
    stretches = _stretches(days)
    books = _load_books(connection, basis.home, account_id, stretches)

    def find_rate(currency: str, day: date) -> Conversion | None:
        book = books.get(currency)
        return book.find(currency, basis.home, day) if book is not None else None

    sums: list[DaySum] = []
    for first, last in stretches:
        found = iterate_paid(connection, account_id, first, last, basis.overrides)
        sums += sum_sales(found, basis.home, cache(find_rate))
    return sums


def _load_books(
    connection: Connection, home: str, account_id: int, stretches: Sequence[tuple[date, date]]
) -> Mapping[str, RateBook]:
    """Load the rates of each foreign currency that was sold in on these days."""
    first, last = stretches[0][0], stretches[-1][1]
    found = currencies_of(connection, account_id, first, last)
    return {
        currency: load_book(connection, first, last, currencies={currency, home})
        for currency in found - {home}
    }


def _stretches(days: Sequence[date]) -> list[tuple[date, date]]:
    """Return the days as stretches without gaps."""
    stretches: list[tuple[date, date]] = []
    for day in sorted(days):
        if stretches and (day - stretches[-1][1]).days == 1:
            stretches[-1] = (stretches[-1][0], day)
        else:
            stretches.append((day, day))
    return stretches


def _row(account_id: int, each: DaySum) -> dict[str, Any]:
    totals, home = each.totals, each.home
    return {
        "dimension": each.dimension.value,
        "day": each.day,
        "account_id": account_id,
        "currency": each.currency,
        "name": each.name,
        "title": each.title,
        **{name: getattr(totals, name) for name in _TOTALS},
        **{f"home_{name}": getattr(home, name) if home is not None else None for name in FIGURES},
    }


# Reading


def load_sums(
    connection: Connection,
    basis: Basis,
    period: Period,
    dimensions: Collection[Dimension],
    *,
    by_day: bool = False,
) -> list[DaySum]:
    """Load the sums of a period, each shop's by currency and name, and by day where asked."""
    marked = connection.execute(
        select(dirty_days).where(dirty_days.c.day.between(period.first, period.last))
    ).all()
    found = _load_clean(connection, period, dimensions, by_day=by_day, has_marked=bool(marked))
    for account_id in sorted({row.account_id for row in marked}):
        days = [row.day for row in marked if row.account_id == account_id]
        sums = sum_days(connection, basis, account_id, days)
        found += [each for each in sums if each.dimension in dimensions]
    return found


def load_summary(connection: Connection, basis: Basis, period: Period) -> Summary:
    """Add up what a period brought, by shop and product, without reading its sales."""
    return to_summary(connection, basis, period, load_sums(connection, basis, period, _SUMMED))


def to_summary(
    connection: Connection, basis: Basis, period: Period, sums: Sequence[DaySum]
) -> Summary:
    """Add sums of a period up that were loaded, and tell whether their rates may still change."""
    foreign = {each.currency for each in sums} - {basis.home}
    provisional = any(
        _is_provisional(connection, currency, basis.home, period.last) for currency in foreign
    )
    return add_up(sums, period, basis.home, provisional=provisional)


def _is_provisional(connection: Connection, currency: str, home: str, day: date) -> bool:
    book = load_book(connection, day, day, currencies={currency, home})
    found = book.find(currency, home, day)
    return found is not None and found.provisional


def _load_clean(
    connection: Connection,
    period: Period,
    dimensions: Collection[Dimension],
    *,
    by_day: bool,
    has_marked: bool,
) -> list[DaySum]:
    shops = {
        row.id: (row.shop, row.marketplace)
        for row in connection.execute(
            select(accounts.c.id, accounts.c.shop, accounts.c.marketplace)
        )
    }
    rows = connection.execute(
        _clean_query(by_day=by_day, has_marked=has_marked),
        {
            "dimensions": [each.value for each in dimensions],
            "first": period.first,
            "last": period.last,
        },
    )
    return [_to_sum(tuple(row), shops) for row in rows]


@cache  # to put so many columns together takes as long as to read a day of them
def _clean_query(*, by_day: bool, has_marked: bool) -> Select[Any]:
    keys: list[ColumnElement[Any]] = [
        *(daily_sums.c.dimension, daily_sums.c.account_id),
        *(daily_sums.c.currency, daily_sums.c.name, daily_sums.c.title),
        # A day without a rate must not be lost in a sum of the others.
        daily_sums.c.home_net.is_(None),
    ]
    sums = [_sum_of(name) for name in _TOTALS]
    home = [*(_sum_of(f"home_{name}") for name in FIGURES), *sums[-2:]]
    query = (
        select(*keys, func.max(daily_sums.c.day), *sums, *home)
        .where(
            daily_sums.c.dimension.in_(bindparam("dimensions", expanding=True)),
            daily_sums.c.day.between(bindparam("first"), bindparam("last")),
        )
        .group_by(*keys, *([daily_sums.c.day] if by_day else []))
    )
    return query.where(~IS_MARKED) if has_marked else query


def _sum_of(column: str) -> ColumnElement[int]:
    return cast(func.sum(daily_sums.c[column]), BigInteger)  # PostgreSQL's own is a Decimal


def _to_sum(row: Sequence[Any], shops: Mapping[int, tuple[str, str]]) -> DaySum:
    """Make a sum of a row of the query above; a report of years has thousands of them."""
    dimension, account_id, currency, name, title, unconverted, last_day = row[:_BEGIN]
    shop, marketplace = shops[account_id]
    return DaySum(
        *(Dimension(dimension), shop, marketplace, last_day, currency, name, title),
        Totals(*row[_BEGIN:_END]),
        None if unconverted else Totals(*row[_BEGIN:_FIGURES], *row[_END:]),
    )
