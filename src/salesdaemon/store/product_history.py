"""How products sold in periods in a row, and what they brought for the hours put in."""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from functools import cache
from typing import Any, Final, NamedTuple

from sqlalchemy import BigInteger, Connection, Select, bindparam, case, cast, func, select

from salesdaemon.domain.period import Period, shift
from salesdaemon.domain.product_facts import Effort, ProductFacts, assign
from salesdaemon.domain.sums import DaySum, Dimension
from salesdaemon.domain.trends import HourlyRate, ProductHistory, ProductKey
from salesdaemon.store.known_sales import chunks
from salesdaemon.store.sums import IS_MARKED, Basis, sum_days
from salesdaemon.store.tables import accounts, daily_sums, dirty_days

_NEARBY: Final = timedelta(days=30)
"""Most products that were sold earlier were sold as lately before."""

_OF_PRODUCTS = daily_sums.c.dimension == Dimension.PRODUCT.value
_IN_PERIOD = daily_sums.c.day.between(bindparam("first"), bindparam("last"))


# How they sold


@dataclass(slots=True)
class _Tally:
    """The sales and units of a product in each period, and its latest title."""

    sales: list[int]
    units: list[int]
    titled: tuple[date, str] | None = None

    def add(self, place: int, sales: int, units: int) -> None:
        self.sales[place] += sales
        self.units[place] += units

    def name(self, day: date, title: str | None) -> None:
        if title and (self.titled is None or (day, title) > self.titled):
            self.titled = day, title


def load_product_histories(
    connection: Connection, basis: Basis, periods: Sequence[Period], *, look_back: bool = True
) -> list[ProductHistory]:
    """Load how often each product was sold in periods in a row, given oldest first.

    Products that left nothing in any of them are left out. By shop and title, which is the
    latest one. Without `look_back` nobody looks which of them were sold before.
    """
    tallies = _tally(connection, basis, periods)
    sold = {product for product, tally in tallies.items() if any(tally.sales)}
    before = _sold_before(connection, basis, periods[0].first, sold) if look_back else set()
    histories = [
        ProductHistory(
            product,
            tally.titled[1] if tally.titled is not None else None,
            _begun(tally, was_sold_before=product in before) if look_back else None,
            tuple(tally.sales),
            tuple(tally.units),
        )
        for product, tally in tallies.items()
    ]
    return sorted(histories, key=lambda one: (one.product.shop, one.title or "", one.product.name))


def _begun(tally: _Tally, *, was_sold_before: bool) -> int | None:
    """Return the place of the first period with a sale, -1 where there was one before."""
    if was_sold_before:
        return -1
    return next((place for place, sales in enumerate(tally.sales) if sales), None)


def _tally(
    connection: Connection, basis: Basis, periods: Sequence[Period]
) -> dict[ProductKey, _Tally]:
    whole = Period(periods[0].first, periods[-1].last)
    shops, marked = _shops(connection), _marked(connection, whole)
    tallies: dict[ProductKey, _Tally] = {}

    def tally_of(product: ProductKey) -> _Tally:
        if product not in tallies:
            tallies[product] = _Tally([0] * len(periods), [0] * len(periods))
        return tallies[product]

    # A question for each period: to sort its rows by it as well would take the database longer.
    for place, period in enumerate(periods):
        query = _history_query(has_marked=_has_day_of(period, marked))
        for account_id, name, title, day, sales, units in connection.execute(query, _days(period)):
            tally = tally_of(ProductKey(shops[account_id], name))
            tally.add(place, sales, units)
            tally.name(day, title)
    firsts = [period.first for period in periods]
    for each in _sum_marked(connection, basis, marked):
        tally = tally_of(_key_of(each))
        tally.add(bisect_right(firsts, each.day) - 1, each.totals.sales, each.totals.units)
        tally.name(each.day, each.title)
    return tallies


@cache
def _history_query(*, has_marked: bool) -> Select[Any]:
    keys = (daily_sums.c.account_id, daily_sums.c.name, daily_sums.c.title)
    query = (
        select(
            *keys,
            func.max(daily_sums.c.day),
            cast(func.sum(daily_sums.c.sales), BigInteger),
            cast(func.sum(daily_sums.c.units), BigInteger),
        )
        .where(_OF_PRODUCTS, _IN_PERIOD)
        .group_by(*keys)
    )
    return query.where(~IS_MARKED) if has_marked else query


def _sold_before(
    connection: Connection, basis: Basis, day: date, products: Collection[ProductKey]
) -> set[ProductKey]:
    """Return which of these products had a counted sale before a day.

    That is asked twice: the days right before it settle it for most, so that years are looked
    through for a few names alone.
    """
    shops = _shops(connection)
    earlier = Period(date.min, shift(day, -timedelta(days=1)))
    nearby = Period(shift(day, -_NEARBY), earlier.last)
    marked = _marked(connection, earlier)
    found: set[ProductKey] = set()
    for period in (nearby, earlier):
        query = _sold_query(has_marked=_has_day_of(period, marked))
        for names in chunks(sorted({product.name for product in set(products) - found})):
            rows = connection.execute(query, {**_days(period), "names": names})
            found.update(ProductKey(shops[account_id], name) for account_id, name in rows)
    if set(products) - found:
        sums = _sum_marked(connection, basis, marked)
        found.update(_key_of(each) for each in sums if each.totals.sales)
    return found.intersection(products)


@cache
def _sold_query(*, has_marked: bool) -> Select[Any]:
    query = (
        select(daily_sums.c.account_id, daily_sums.c.name)
        .where(
            *(_OF_PRODUCTS, _IN_PERIOD, daily_sums.c.sales > 0),
            daily_sums.c.name.in_(bindparam("names", expanding=True)),
        )
        .distinct()
    )
    return query.where(~IS_MARKED) if has_marked else query


# What they brought


@dataclass(slots=True)
class _Earned:
    """What a product brought; `name` is its key, `home_net` what could be converted of it."""

    name: str
    facts: ProductFacts
    titled: tuple[date, str] | None = None
    home_net: int = 0
    unconverted: bool = False

    def add(self, row: "_Brought") -> None:
        """Count in what it brought under one title and in one currency."""
        net = self.facts.net
        net[row.currency] = net.get(row.currency, 0) + row.net
        self.home_net += row.home_net or 0
        self.unconverted |= bool(row.lacks_rate)
        if row.title is not None:
            self.facts.titles.add(row.title)
            if self.titled is None or (row.day, row.title) > self.titled:
                self.titled = row.day, row.title


class _Brought(NamedTuple):
    """What a product brought under one title in one currency; `day` is the last of them."""

    product: ProductKey
    title: str | None
    currency: str
    day: date
    net: int
    home_net: int | None
    lacks_rate: bool


def load_hourly_rates(
    connection: Connection, basis: Basis, efforts: Sequence[Effort]
) -> list[HourlyRate]:
    """Load what each product that time was put into brought for it, best known first.

    Best is by the home currency; where something could not be converted, most time is first.
    Time that means no product is left out.
    """
    if not efforts:
        return []
    earned = _gather(_iterate_brought(connection, basis))
    assign(efforts, [one.facts for one in earned])
    worked_on = [one for one in earned if one.facts.minutes]
    comparable = not any(one.unconverted for one in worked_on)

    def rank(one: _Earned) -> Fraction:
        minutes = one.facts.minutes
        return Fraction(-one.home_net, minutes) if comparable else Fraction(-minutes)

    return [_rate(one) for one in sorted(worked_on, key=rank)]


def _rate(one: _Earned) -> HourlyRate:
    facts = one.facts
    product = ProductKey(facts.shop, one.name)
    return HourlyRate(product, facts.title, facts.minutes, facts.net, facts.net_per_hour())


def _gather(brought: Iterable[_Brought]) -> list[_Earned]:
    """Gather products as `product_facts` does, in the order in which it gives time to them."""
    found: dict[ProductKey, _Earned] = {}
    for row in brought:
        shop, name = row.product.shop, row.product.name
        if row.product not in found:
            facts = ProductFacts(0, shop, row.day, row.day, 0, name, None, None)
            found[row.product] = _Earned(name, facts)
        found[row.product].add(row)
    for one in found.values():
        one.facts.title = one.titled[1] if one.titled is not None else None
        if one.name in {"", *one.facts.titles}:
            one.facts.product_id = None
    return sorted(
        found.values(),
        key=lambda one: (one.facts.shop, one.facts.title or "", one.facts.product_id or ""),
    )


def _iterate_brought(connection: Connection, basis: Basis) -> Iterator[_Brought]:
    shops, marked = _shops(connection), _marked(connection, Period(date.min, date.max))
    query = _brought_query(has_marked=bool(marked))
    for account_id, name, title, currency, day, *nets in connection.execute(query):
        yield _Brought(ProductKey(shops[account_id], name), title, currency, day, *nets)
    for each in _sum_marked(connection, basis, marked):
        net, home = each.totals.net, each.home
        in_home = home.net if home is not None else None
        lacks_rate = home is None and net != 0
        yield _Brought(_key_of(each), each.title, each.currency, each.day, net, in_home, lacks_rate)


@cache
def _brought_query(*, has_marked: bool) -> Select[Any]:
    keys = (daily_sums.c.account_id, daily_sums.c.name, daily_sums.c.title, daily_sums.c.currency)
    lacks = case((daily_sums.c.home_net.is_(None) & (daily_sums.c.net != 0), 1), else_=0)
    query = (
        select(
            *keys,
            func.max(daily_sums.c.day),
            cast(func.sum(daily_sums.c.net), BigInteger),
            cast(func.sum(daily_sums.c.home_net), BigInteger),
            func.max(lacks),
        )
        .where(_OF_PRODUCTS)
        .group_by(*keys)
    )
    return query.where(~IS_MARKED) if has_marked else query


# Both


def _shops(connection: Connection) -> Mapping[int, str]:
    return {row.id: row.shop for row in connection.execute(select(accounts.c.id, accounts.c.shop))}


def _marked(connection: Connection, period: Period) -> Sequence[tuple[date, int]]:
    query = select(dirty_days.c.day, dirty_days.c.account_id)
    rows = connection.execute(query.where(dirty_days.c.day.between(period.first, period.last)))
    return [(row.day, row.account_id) for row in rows]


def _has_day_of(period: Period, marked: Iterable[tuple[date, int]]) -> bool:
    return any(day in period for day, _ in marked)


def _sum_marked(
    connection: Connection, basis: Basis, marked: Sequence[tuple[date, int]]
) -> Iterator[DaySum]:
    """Sum the products of marked days from their sales."""
    for account_id in sorted({account for _, account in marked}):
        days = [day for day, account in marked if account == account_id]
        for each in sum_days(connection, basis, account_id, days):
            if each.dimension is Dimension.PRODUCT:
                yield each


def _key_of(each: DaySum) -> ProductKey:
    return ProductKey(each.shop, each.name)


def _days(period: Period) -> Mapping[str, date]:
    return {"first": period.first, "last": period.last}
