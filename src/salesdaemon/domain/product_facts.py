"""What is known of each product: what it brought, and what was put into it. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from salesdaemon.domain.effort import fits
from salesdaemon.domain.money import proportion, split


class ProductSale(NamedTuple):
    """What one product brought in one sale: `net_minor` is its share of the net.

    `passive` is as the order says; `moment` is greater for a later sale. A plain tuple, as years
    of sales come as very many of these.
    """

    account_id: int
    shop: str
    product_id: str | None
    title: str | None
    passive: bool | None
    sold_on: date
    moment: int
    currency: str
    through_affiliate: bool
    units: int
    net_minor: int


@dataclass(frozen=True, slots=True)
class Effort:
    """Time that was put into what `product` names: a title, an id, or a pattern of `[products]`."""

    product: str
    minutes: int
    spent_on: date


@dataclass(slots=True)
class ProductFacts:
    """One product. Amounts are minor units by currency; its newest sale names and classes it.

    `titles` are all that it ever had. `daily` holds the net of each day, where it was asked for.
    """

    account_id: int
    shop: str
    first_sale: date
    last_sale: date
    newest: int
    product_id: str | None
    title: str | None
    passive: bool | None
    units: int = 0
    net: dict[str, int] = field(default_factory=dict)
    through_affiliates: dict[str, int] = field(default_factory=dict)
    titles: set[str] = field(default_factory=set)
    effort: list[Effort] = field(default_factory=list)
    daily: dict[tuple[date, str], int] = field(default_factory=dict)

    def add(self, sale: ProductSale) -> None:
        """Count a sale in."""
        if sale.moment >= self.newest:
            self.newest, self.product_id = sale.moment, sale.product_id
            self.title, self.passive = sale.title, sale.passive
        self.first_sale = min(self.first_sale, sale.sold_on)
        self.last_sale = max(self.last_sale, sale.sold_on)
        self.units += sale.units
        currency, net = sale.currency, sale.net_minor
        self.net[currency] = self.net.get(currency, 0) + net
        if sale.through_affiliate:
            shared = self.through_affiliates
            shared[currency] = shared.get(currency, 0) + net
        if sale.title is not None:
            self.titles.add(sale.title)

    def add_to_day(self, sale: ProductSale) -> None:
        """Count a sale into its day."""
        key = (sale.sold_on, sale.currency)
        self.daily[key] = self.daily.get(key, 0) + sale.net_minor

    @property
    def minutes(self) -> int:
        """The time that was put in."""
        return sum(one.minutes for one in self.effort)

    @property
    def last_effort(self) -> date | None:
        """The day on which it was last worked on."""
        return max((one.spent_on for one in self.effort), default=None)

    def net_per_hour(self) -> dict[str, int]:
        """Divide what it brought by the hours that were put in; empty without any."""
        minutes = self.minutes
        if not minutes:
            return {}
        return {code: proportion(net, 60, minutes) for code, net in self.net.items()}

    def earned_since_last_effort(self) -> dict[str, int]:
        """Add up what it brought after the day on which it was last worked on."""
        touched = self.last_effort
        if touched is None:
            return {}
        earned = dict.fromkeys(self.net, 0)
        for (day, currency), net in self.daily.items():
            if day > touched:
                earned[currency] += net
        return earned

    def paid_back_on(self, hour_minor: int, worth: Callable[[int, str, date], int]) -> date | None:
        """Return the day since which it has brought more than its hours are worth.

        `hour_minor` is what an hour is worth; `worth` converts a day's net into that currency.
        None where it has not paid back, or no time was put in.
        """
        if not self.effort:
            return None
        # Sixtieths of a minor unit, so that no part of an hour is rounded.
        balances = dict.fromkeys(sorted(self._days()), 0)
        for one in self.effort:
            balances[one.spent_on] -= one.minutes * hour_minor
        for (day, currency), net in self.daily.items():
            balances[day] += 60 * worth(net, currency, day)
        return _since_when(balances)

    def _days(self) -> set[date]:
        return {one.spent_on for one in self.effort} | {day for day, _ in self.daily}


def _since_when(changes: Mapping[date, int]) -> date | None:
    """Return the day since which the sum of changes, given in order, has not been negative."""
    since, total = None, 0
    for day, change in changes.items():
        total += change
        if total < 0:
            since = None
        elif since is None:
            since = day
    return since


def key_of(one: ProductSale | ProductFacts) -> str | None:
    """Return what tells a product from others of its shop: its id, or its title without one."""
    return one.product_id if one.product_id is not None else one.title


def add_days(sales: Iterable[ProductSale], products: Iterable[ProductFacts]) -> None:
    """Count sales into the days of those of these products that they are of."""
    wanted = {(one.account_id, key_of(one)): one for one in products}
    for sale in sales:
        product = wanted.get((sale.account_id, key_of(sale)))
        if product is not None:
            product.add_to_day(sale)


def gather(sales: Iterable[ProductSale]) -> list[ProductFacts]:
    """Gather products, by shop and title; they are told apart by id, or by title without one."""
    found: dict[tuple[int, str | None], ProductFacts] = {}
    for sale in sales:
        key = (sale.account_id, key_of(sale))
        product = found.get(key)
        if product is None:
            product = found[key] = ProductFacts(
                *(sale.account_id, sale.shop, sale.sold_on, sale.sold_on, sale.moment),
                *(sale.product_id, sale.title, sale.passive),
            )
        product.add(sale)
    return sorted(found.values(), key=lambda one: (one.shop, one.title or "", one.product_id or ""))


def assign(efforts: Iterable[Effort], products: Sequence[ProductFacts]) -> list[str]:
    """Give time to the products that it was put into; returns the names that mean none of them.

    Time for a pattern that fits several is split evenly, so that it is never more than was
    written down.
    """
    unknown: dict[str, None] = {}
    for one in efforts:
        meant = [product for product in products if _is_named(one.product, product)]
        meant = meant or [product for product in products if _fits(one.product, product)]
        if not meant:
            unknown[one.product] = None
            continue
        for product, minutes in zip(meant, split(one.minutes, [1] * len(meant)), strict=True):
            product.effort.append(Effort(one.product, minutes, one.spent_on))
    return list(unknown)


def is_known(name: str, sold: Iterable[tuple[str, str | None, str | None]]) -> bool:
    """Tell whether a name means any product, given as triples of shop, id and title."""
    return any(
        name in {product_id, title} or fits(name, shop=shop, product=title)
        for shop, product_id, title in sold
    )


def _is_named(name: str, product: ProductFacts) -> bool:
    return name == product.product_id or name in product.titles


def _fits(name: str, product: ProductFacts) -> bool:
    titles: Iterable[str | None] = product.titles or {None}
    return any(fits(name, shop=product.shop, product=title) for title in titles)
