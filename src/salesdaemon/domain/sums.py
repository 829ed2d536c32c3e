"""Sum sales by day, and add such sums up to what a period brought. Pure."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from enum import StrEnum
from operator import attrgetter
from typing import TypeVar

from salesdaemon.domain.exchange import Conversion, convert
from salesdaemon.domain.money import split
from salesdaemon.domain.period import Period
from salesdaemon.domain.sale import LineItem, split_net
from salesdaemon.domain.summary import (
    FIGURES,
    GroupTotals,
    StoredSale,
    Summary,
    Totals,
)

FindRate = Callable[[str, date], Conversion | None]
"""How a currency is converted into the home one on a day; None where there is no rate."""

Key = TypeVar("Key")
_VALUES = attrgetter(*(each.name for each in fields(Totals)))


class Dimension(StrEnum):
    """By what the sums of a day are kept apart, beside shop and currency."""

    TOTAL = "total"
    PRODUCT = "product"
    COUNTRY = "country"
    KIND = "kind"


@dataclass(frozen=True, slots=True)
class DaySum:
    """What sales of one shop, day and currency came to; `home` is None without a rate.

    `name` is a product's key, a country, a kind of sale or nothing, by dimension; `title` is a
    product's title.
    Where several days were added up, `day` is the last of them.
    """

    dimension: Dimension
    shop: str
    marketplace: str
    day: date
    currency: str
    name: str
    title: str | None
    totals: Totals
    home: Totals | None


def no_rates(_currency: str, _day: date) -> Conversion | None:
    """Know no rate at all."""
    return None


def in_home_currency(sale: StoredSale, home: str, conversion: Conversion | None) -> Totals | None:
    """Convert each figure of a sale, half to even; None where there is no rate.

    What the marketplace's books settled in the home currency itself is taken as it is.
    """
    totals = Totals()
    totals.add(sale)
    if sale.currency == home:
        return totals
    if conversion is None:
        return None
    _convert(totals, sale.currency, home, conversion)
    if sale.settled_currency == home and sale.settled_net_minor is not None:
        totals.net = sale.settled_net_minor
        parts = split_net(
            totals.net, tuple((each.gross_minor, each.passive) for each in sale.items)
        )
        totals.passive_net = parts.passive_minor
        totals.active_net = parts.active_minor
        totals.unclassified_net = parts.unclassified_minor
        totals.through_affiliates = totals.net if sale.affiliate_minor else 0
    return totals


def _convert(totals: Totals, currency: str, home: str, conversion: Conversion) -> None:
    for name in FIGURES:
        setattr(totals, name, convert(getattr(totals, name), currency, home, conversion))


def sum_sales(sales: Iterable[StoredSale], home: str, find_rate: FindRate) -> list[DaySum]:
    """Sum paid sales by every dimension."""
    sums: dict[tuple[Dimension, str, date, str, str], DaySum] = {}

    def add(
        sale: StoredSale, dimension: Dimension, named: tuple[str, str | None], parts: _Parts
    ) -> None:
        name, title = named
        key = (dimension, sale.shop, sale.sold_on, sale.currency, name)
        found = sums.get(key)
        if found is None:
            found = DaySum(
                dimension,
                sale.shop,
                sale.marketplace,
                sale.sold_on,
                sale.currency,
                name,
                title,
                Totals(),
                Totals() if parts.home is not None else None,
            )
            sums[key] = found
        if title is not None and title > (found.title or ""):
            sums[key] = replace(found, title=title)  # of several, the same one in any order
        found.totals.plus(parts.own)
        if parts.home is not None and found.home is not None:
            found.home.plus(parts.home)

    for sale in sales:
        if not sale.paid:
            continue
        rate = find_rate(sale.currency, sale.sold_on)
        own = Totals()
        own.add(sale)
        at_home = sale.currency == home
        whole = _Parts(own, own if at_home else in_home_currency(sale, home, rate))
        add(sale, Dimension.TOTAL, ("", None), whole)
        add(sale, Dimension.COUNTRY, (sale.country or "", None), whole)
        add(sale, Dimension.KIND, (sale.kind.value, None), whole)
        for item, part in _split_by_item(sale, whole.home, home, rate):
            add(sale, Dimension.PRODUCT, (_key_of(item), item.product), part)
    return list(sums.values())


@dataclass(frozen=True, slots=True)
class _Parts:
    own: Totals
    home: Totals | None


def _split_by_item(
    sale: StoredSale, whole: Totals | None, home: str, rate: Conversion | None
) -> Iterable[tuple[LineItem, _Parts]]:
    weights = [max(item.gross_minor, 0) for item in sale.items] or [1]
    shares = split(sale.net_minor, weights)
    at_home = sale.currency == home
    home_shares = split(whole.net, weights) if whole is not None and not at_home else None
    met: set[str] = set()
    for place, (item, net_minor) in enumerate(zip(sale.items, shares, strict=False)):
        # Two lines of a product, say in two colours, are one sale of it.
        counts = _key_of(item) not in met
        met.add(_key_of(item))
        own = Totals()
        own.add_item(sale, item, net_minor, counts=counts)
        if home_shares is None or rate is None:
            yield item, _Parts(own, own if at_home else None)
            continue
        in_home = Totals()
        gross = convert(item.gross_minor, sale.currency, home, rate)
        converted = replace(item, gross_minor=gross)
        in_home.add_item(sale, converted, home_shares[place], counts=counts)
        yield item, _Parts(own, in_home)


def _key_of(item: LineItem) -> str:
    return item.product_id or item.product or ""


def summarise(
    sales: Iterable[StoredSale], period: Period, home: str, find_rate: FindRate = no_rates
) -> Summary:
    """Add up the sales of a period. Sales of other days and unpaid ones are left out."""
    sums = sum_sales((sale for sale in sales if sale.sold_on in period), home, find_rate)
    return add_up(sums, period, home)


def add_up(
    sums: Sequence[DaySum], period: Period, home: str, *, provisional: bool = False
) -> Summary:
    """Add sums of the dimensions total and product up to what a period brought."""
    whole = [each for each in sums if each.dimension is Dimension.TOTAL]
    in_home = Totals()
    for each in whole:
        if each.home is not None:
            in_home.plus(each.home)
    return Summary(
        period=period,
        totals=by_currency(whole),
        home_currency=home,
        home=in_home,
        unconverted=tuple(sorted({each.currency for each in whole if each.home is None})),
        provisional=provisional,
        shops=tuple(group_by_shop(whole)),
        products=tuple(
            group_by_product(each for each in sums if each.dimension is Dimension.PRODUCT)
        ),
    )


def totals_by_currency(sales: Iterable[StoredSale]) -> dict[str, Totals]:
    """Add up the paid sales among these, one line a currency."""
    totals: defaultdict[str, Totals] = defaultdict(Totals)
    for sale in sales:
        if sale.paid:
            totals[sale.currency].add(sale)
    return dict(sorted(totals.items()))


def by_currency(sums: Iterable[DaySum]) -> dict[str, Totals]:
    """Add sums up, one line a currency, in alphabetical order."""
    members: defaultdict[str, list[Totals]] = defaultdict(list)
    for each in sums:
        members[each.currency].append(each.totals)
    return {currency: _total(members[currency]) for currency in sorted(members)}


def _total(members: Iterable[Totals]) -> Totals:
    """Add many up at once, which is faster than one to the other."""
    return Totals(*map(sum, zip(*map(_VALUES, members), strict=True)))


def in_home(sums: Sequence[DaySum]) -> Totals | None:
    """Add sums up in the home currency; None where one of them could not be converted."""
    converted = [each.home for each in sums if each.home is not None]
    return _total(converted) if converted and len(converted) == len(sums) else None


def group_by_shop(sums: Iterable[DaySum]) -> list[GroupTotals]:
    """Total each shop that sold anything, in order of name."""
    groups = _grouped(sums, lambda each: (each.shop, each.marketplace))
    return [
        GroupTotals(shop, shop, marketplace, by_currency(members), home=in_home(members))
        for (shop, marketplace), members in sorted(groups.items())
    ]


def group_by(sums: Iterable[DaySum], name_of: Callable[[DaySum], str | None]) -> list[GroupTotals]:
    """Total the groups that a function of the sum names, in order of name, unknown last."""
    groups = _grouped(sums, name_of)
    return [
        GroupTotals(name, None, None, by_currency(groups[name]), home=in_home(groups[name]))
        for name in sorted(groups, key=lambda name: (name is None, name or ""))
    ]


def group_by_product(sums: Iterable[DaySum]) -> list[GroupTotals]:
    """Total each product of each shop, best net first, under its latest title.

    Best is by the home currency, as ¥500 are less than €5.00; what could not be converted comes
    last. Products that brought the same are in order of title and shop.
    """
    groups = _grouped(sums, lambda each: (each.shop, each.marketplace, each.name))
    found = [
        GroupTotals(
            _latest_title(members), shop, marketplace, by_currency(members), key, in_home(members)
        )
        for (shop, marketplace, key), members in sorted(groups.items())
    ]
    return sorted(
        found,
        key=lambda group: (
            group.home is None,
            -_comparable_net(group),
            group.name or "",
            group.shop or "",
        ),
    )


def _comparable_net(group: GroupTotals) -> int:
    if group.home is not None:
        return group.home.net
    return max(line.net for line in group.totals.values())


def _latest_title(members: Sequence[DaySum]) -> str | None:
    titled = [each for each in members if each.title]
    return max(titled, key=lambda each: (each.day, each.title)).title if titled else None


def _grouped(sums: Iterable[DaySum], key_of: Callable[[DaySum], Key]) -> Mapping[Key, list[DaySum]]:
    groups: defaultdict[Key, list[DaySum]] = defaultdict(list)
    for each in sums:
        groups[key_of(each)].append(each)
    return groups
