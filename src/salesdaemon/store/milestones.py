"""What milestones are made of: arrivals nobody has looked at yet, and what they changed."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, Select, and_, exists, func, select, update

from salesdaemon.domain.exchange import Conversion
from salesdaemon.domain.goals import Goal
from salesdaemon.domain.milestones import DayFacts, Facts, MonthFacts, Product, ProductLife
from salesdaemon.domain.money import Money
from salesdaemon.domain.period import Period
from salesdaemon.domain.sale import COUNTED_KINDS
from salesdaemon.domain.summary import FIGURES, StoredSale
from salesdaemon.domain.sums import DaySum, Dimension, sum_sales
from salesdaemon.store.known_sales import chunks
from salesdaemon.store.rates import load_book
from salesdaemon.store.sums import Basis, load_sums
from salesdaemon.store.tables import accounts, daily_sums, dirty_days, events, items, sales

ARRIVALS: Final = frozenset(kind.value for kind in COUNTED_KINDS)
"""The kinds of events that bring a counted sale."""

MOST_MARKED: Final = 100
"""With more days than that still to be summed, one had better wait until they are."""

_COUNTED = sales.c.kind.in_(sorted(ARRIVALS)) & sales.c.paid
_MARKED = exists().where(
    dirty_days.c.day == daily_sums.c.day, dirty_days.c.account_id == daily_sums.c.account_id
)
_MARKED_FOR_ANY = exists().where(dirty_days.c.day == daily_sums.c.day)
_NAME = func.coalesce(items.c.product_id, items.c.product)


@dataclass(frozen=True, slots=True)
class Unobserved:
    """An event in which milestones were not looked for yet."""

    id: int
    kind: str
    account_id: int | None
    external_id: str | None
    level: str


def list_unobserved(connection: Connection) -> list[Unobserved]:
    """List the events that nobody has looked at, oldest first."""
    columns = [events.c[name] for name in Unobserved.__dataclass_fields__]
    rows = connection.execute(
        select(*columns).where(events.c.observed_at.is_(None)).order_by(events.c.id)
    )
    return [Unobserved(*row) for row in rows]


def mark_observed(connection: Connection, ids: Sequence[int], at: datetime) -> None:
    """Note that milestones were looked for in these events."""
    for chunk in chunks(ids):
        connection.execute(update(events).where(events.c.id.in_(chunk)).values(observed_at=at))


def days_to_sum(connection: Connection, before: date | None = None) -> int:
    """Count the days of shops whose sums must be made again, or those before a day."""
    query = select(func.count()).select_from(dirty_days)
    if before is not None:
        query = query.where(dirty_days.c.day < before)
    return connection.scalar(query) or 0


@dataclass(frozen=True, slots=True)
class Arrived:
    """Sales that just arrived, and when that is looked at.

    `familiar` are products known to have been sold before, by account and name.
    """

    sales: Mapping[tuple[int, str], StoredSale]
    today: date
    familiar: Collection[tuple[int, str]] = ()

    @property
    def oldest_day(self) -> date:
        """The first day that may become the best one: yesterday."""
        return self.today - timedelta(days=1)

    @property
    def oldest_month(self) -> date:
        """The first month whose goals may be reached: the last one, by sales that were missed."""
        return (self.today.replace(day=1) - timedelta(days=1)).replace(day=1)


def collect_facts(
    connection: Connection, basis: Basis, arrived: Arrived, goals: Sequence[Goal]
) -> Facts:
    """Gather what milestones are found in: what there is with and without what arrived."""
    stored = arrived.sales
    brought = _in_sums(connection, basis, list(stored.values()))
    total = _count_sales(connection)
    days = sorted({each.day for each in brought if each.day >= arrived.oldest_day})
    months = {each.day.replace(day=1) for each in brought} if goals else set()
    return Facts(
        sales_before=total - len(stored),
        sales_after=total,
        days=[_day_facts(connection, basis, day, brought) for day in days],
        months=[
            _month_facts(connection, basis, month, brought)
            for month in sorted(months)
            if month >= arrived.oldest_month
        ],
        goals=goals,
        products=_new_products(connection, arrived),
    )


def _count_sales(connection: Connection) -> int:
    """Count all sales, those of days that must be summed again one by one."""
    summed = connection.scalar(
        select(func.sum(daily_sums.c.sales)).where(
            daily_sums.c.dimension == Dimension.TOTAL.value, ~_MARKED
        )
    )
    return int(summed or 0) + _count_on_marked_days(connection)


def _count_on_marked_days(connection: Connection) -> int:
    marked = {(row.day, row.account_id) for row in connection.execute(select(dirty_days))}
    count = 0
    # By the days alone: together with the accounts SQLite would go through all sales instead.
    for days in chunks(sorted({day for day, _ in marked})):
        rows = connection.execute(
            select(sales.c.sold_on, sales.c.account_id, func.count())
            .where(sales.c.sold_on.in_(days), _COUNTED)
            .group_by(sales.c.sold_on, sales.c.account_id)
        )
        count += sum(row[2] for row in rows if (row[0], row[1]) in marked)
    return count


def _in_sums(connection: Connection, basis: Basis, stored: Sequence[StoredSale]) -> list[DaySum]:
    """Add up what arrived by shop, day and currency."""
    if not stored:
        return []
    days = [sale.sold_on for sale in stored]
    currencies = {sale.currency for sale in stored} | {basis.home}
    book = load_book(connection, min(days), max(days), currencies=currencies)

    @cache
    def find_rate(currency: str, day: date) -> Conversion | None:
        return book.find(currency, basis.home, day)

    sums = sum_sales(stored, basis.home, find_rate)
    return [each for each in sums if each.dimension is Dimension.TOTAL]


def _figures(sums: Iterable[DaySum]) -> dict[str, int]:
    """Add up figures in the home currency; what has no rate is left out."""
    home = [each.home for each in sums if each.home is not None]
    return {name: sum(getattr(totals, name) for totals in home) for name in FIGURES}


def _figures_of(connection: Connection, basis: Basis, period: Period) -> dict[str, int]:
    return _figures(load_sums(connection, basis, period, (Dimension.TOTAL,)))


def _day_facts(
    connection: Connection, basis: Basis, day: date, brought: Sequence[DaySum]
) -> DayFacts:
    after = _figures_of(connection, basis, Period.one_day(day))["net"]
    new = _figures(each for each in brought if each.day == day)["net"]
    earlier = _net_by_day(connection, basis, day)
    return DayFacts(day, Money(after - new, basis.home), Money(after, basis.home), earlier)


def _net_by_day(connection: Connection, basis: Basis, before: date) -> Mapping[date, int]:
    """Return the net of each day before one on which anything was sold."""
    rows = connection.execute(
        select(daily_sums.c.day, func.sum(daily_sums.c.home_net))
        .where(
            daily_sums.c.dimension == Dimension.TOTAL.value,
            daily_sums.c.day < before,
            daily_sums.c.sales > 0,
            ~_MARKED_FOR_ANY,
        )
        .group_by(daily_sums.c.day)
    )
    found = {row[0]: int(row[1] or 0) for row in rows}
    return {**found, **_net_of_marked_days(connection, basis, before)}


def _net_of_marked_days(connection: Connection, basis: Basis, before: date) -> Mapping[date, int]:
    query = select(dirty_days.c.day).where(dirty_days.c.day < before).distinct()
    marked = set(connection.scalars(query))
    if not marked:
        return {}
    period = Period(min(marked), max(marked))
    sums = load_sums(connection, basis, period, (Dimension.TOTAL,), by_day=True)
    sold = [each for each in sums if each.day in marked and each.totals.sales]
    return {
        day: _figures(each for each in sold if each.day == day)["net"]
        for day in {each.day for each in sold}
    }


def _month_facts(
    connection: Connection, basis: Basis, month: date, brought: Sequence[DaySum]
) -> MonthFacts:
    following = (month + timedelta(days=31)).replace(day=1)
    period = Period(month, following - timedelta(days=1))
    after = _figures_of(connection, basis, period)
    new = _figures(each for each in brought if each.day in period)
    return MonthFacts(month, {name: after[name] - new[name] for name in FIGURES}, after)


# Products


def _new_products(connection: Connection, arrived: Arrived) -> list[Product]:
    """List the products of these sales that were never sold but in them."""
    stored = arrived.sales
    found = products_of(stored)
    unfamiliar = [key for key in found if key not in arrived.familiar]
    new: list[Product] = []
    for account_id in sorted({key[0] for key in unfamiliar}):
        own = {external_id for account, external_id in stored if account == account_id}
        if not _sold_anything_but(connection, account_id, own):
            continue
        names = [name for account, name in unfamiliar if account == account_id]
        days = {sale.sold_on for (account, _), sale in stored.items() if account == account_id}
        sold = _sold_before(connection, account_id, names, own, days)
        new += (found[account_id, name] for name in names if name not in sold)
    return new


def products_of(stored: Mapping[tuple[int, str], StoredSale]) -> dict[tuple[int, str], Product]:
    """Return the products of sales, by account and name."""
    return {
        (account_id, name): Product(account_id, sale.shop, name, item.product)
        for (account_id, _), sale in stored.items()
        for item in sale.items
        if (name := item.product_id or item.product)
    }


def _sold_anything_but(connection: Connection, account_id: int, own: Collection[str]) -> bool:
    ids = connection.scalars(
        select(sales.c.external_id)
        .where(sales.c.account_id == account_id, _COUNTED)
        .limit(len(own) + 1)
    )
    return any(external_id not in own for external_id in ids)


def _sold_before(
    connection: Connection,
    account_id: int,
    names: Sequence[str],
    own: Collection[str],
    days: Collection[date],
) -> set[str]:
    """Return which products were sold by other sales than our own.

    Sums tell it of all days but those of these sales, and those that must be summed again.
    """
    found: set[str] = set()
    marked = connection.scalars(
        select(dirty_days.c.day).where(dirty_days.c.account_id == account_id)
    )
    looked_at = sorted({*marked, *days})
    for chunk in chunks(names):
        found.update(_in_sums_of_other_days(connection, account_id, chunk, days))
        for some_days in chunks(looked_at):
            rows = connection.execute(_sales_of(account_id, chunk, some_days))
            found.update(row[0] for row in rows if row[1] not in own)
    return found


def _in_sums_of_other_days(
    connection: Connection, account_id: int, names: Sequence[str], days: Collection[date]
) -> Iterable[str]:
    return connection.scalars(
        select(daily_sums.c.name)
        .where(
            daily_sums.c.dimension == Dimension.PRODUCT.value,
            daily_sums.c.account_id == account_id,
            daily_sums.c.name.in_(names),
            daily_sums.c.sales > 0,
            daily_sums.c.day.not_in(sorted(days)),
        )
        .distinct()
    )


def _sales_of(account_id: int, names: Sequence[str], days: Sequence[date]) -> Select[Any]:
    same = and_(
        items.c.account_id == sales.c.account_id, items.c.external_id == sales.c.external_id
    )
    return (
        select(_NAME, sales.c.external_id)
        .select_from(sales)
        .join(items, same)
        .where(sales.c.account_id + 0 == account_id, sales.c.sold_on.in_(days), _COUNTED)
        .where(_NAME.in_(names))
    )


def list_product_lives(connection: Connection) -> list[ProductLife]:
    """List when each product was sold first and last, and in how many sales."""
    first, last = func.min(daily_sums.c.day), func.max(daily_sums.c.day)
    rows = connection.execute(
        select(
            daily_sums.c.account_id,
            accounts.c.shop,
            daily_sums.c.name,
            func.max(daily_sums.c.title).label("title"),
            first.label("first_sale"),
            last.label("last_sale"),
            func.sum(daily_sums.c.sales).label("sales"),
        )
        .join(accounts, accounts.c.id == daily_sums.c.account_id)
        .where(
            daily_sums.c.dimension == Dimension.PRODUCT.value,
            daily_sums.c.name != "",
            daily_sums.c.sales > 0,
        )
        .group_by(daily_sums.c.account_id, accounts.c.shop, daily_sums.c.name)
    )
    return [
        ProductLife(
            Product(row.account_id, row.shop, row.name, row.title),
            row.first_sale,
            row.last_sale,
            int(row.sales),
        )
        for row in rows
    ]
