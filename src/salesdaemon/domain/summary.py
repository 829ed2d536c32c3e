"""Add up stored sales: what a report, a digest and a ring tell."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from salesdaemon.domain.money import split
from salesdaemon.domain.period import Period
from salesdaemon.domain.sale import COUNTED_KINDS, Kind, LineItem, Status, split_net


@dataclass(frozen=True, slots=True)
class StoredSale:
    """A sale as the store gives it back, the owner's overrides of passive already applied.

    Amounts are minor units of `currency`. `sold_on` is the seller's day; `paid_at` is None
    where only that day is known.
    """

    marketplace: str
    shop: str
    sale_id: str
    kind: Kind
    status: Status
    paid: bool
    paid_at: datetime | None
    sold_on: date
    currency: str
    gross_minor: int
    refunded_minor: int
    refunded_exact: bool
    fees_minor: int
    fees_refunded_minor: int
    affiliate_minor: int
    net_minor: int
    fees_exact: bool
    country: str | None
    items: tuple[LineItem, ...]


@dataclass(slots=True)
class Totals:
    """Sums of one currency in minor units; `units` counts products, `sales` counted sales."""

    sales: int = 0
    units: int = 0
    gross: int = 0
    refunded: int = 0
    fees: int = 0
    fees_refunded: int = 0
    affiliate: int = 0
    net: int = 0
    passive_net: int = 0
    active_net: int = 0
    unclassified_net: int = 0
    estimated: int = 0
    """How many of the sales have fees that are estimated."""

    def add(self, sale: StoredSale) -> None:
        """Count a paid sale in."""
        split = split_net(
            sale.net_minor, tuple((item.gross_minor, item.passive) for item in sale.items)
        )
        self.sales += sale.kind in COUNTED_KINDS
        self.units += sum(item.quantity for item in sale.items)
        self.gross += sale.gross_minor
        self.refunded += sale.refunded_minor
        self.fees += sale.fees_minor
        self.fees_refunded += sale.fees_refunded_minor
        self.affiliate += sale.affiliate_minor
        self.net += sale.net_minor
        self.passive_net += split.passive_minor
        self.active_net += split.active_minor
        self.unclassified_net += split.unclassified_minor
        self.estimated += not sale.fees_exact

    def add_item(self, sale: StoredSale, item: LineItem, net_minor: int) -> None:
        """Count one item of a paid sale in, with its share of the net."""
        self.sales += sale.kind in COUNTED_KINDS
        self.units += item.quantity
        self.gross += item.gross_minor
        self.net += net_minor
        self.passive_net += net_minor if item.passive is True else 0
        self.active_net += net_minor if item.passive is False else 0
        self.unclassified_net += net_minor if item.passive is None else 0
        self.estimated += not sale.fees_exact


@dataclass(frozen=True, slots=True)
class GroupTotals:
    """The totals of one group (a shop, product, day or country), by currency.

    `shop` and `marketplace` are None where a group spans several.
    """

    name: str | None
    shop: str | None
    marketplace: str | None
    totals: dict[str, Totals]


@dataclass(frozen=True, slots=True)
class Summary:
    """What a period brought. Currencies are in alphabetical order and never added together.

    `home` sums what could be converted into the home currency, `unconverted` names the
    currencies that could not. Shops are in order of name, products best net first.
    """

    period: Period
    totals: dict[str, Totals]
    home_currency: str
    home: Totals
    unconverted: tuple[str, ...]
    shops: tuple[GroupTotals, ...]
    products: tuple[GroupTotals, ...]


@dataclass(frozen=True, slots=True)
class News:
    """What became known about a sale of an earlier day. Deltas in minor units."""

    kind: str
    shop: str
    sale_id: str
    product: str | None
    sold_on: date
    seen_at: datetime
    currency: str
    gross_delta: int
    refunded_delta: int
    net_delta: int


@dataclass(frozen=True, slots=True)
class StaleShop:
    """A shop that could not be read lately; `last_good_poll` is None if it never could."""

    shop: str
    last_good_poll: datetime | None


def totals_by_currency(sales: Iterable[StoredSale]) -> dict[str, Totals]:
    """Add up the paid sales among these, one line a currency."""
    totals: defaultdict[str, Totals] = defaultdict(Totals)
    for sale in sales:
        if sale.paid:
            totals[sale.currency].add(sale)
    return dict(sorted(totals.items()))


def summarise(sales: Sequence[StoredSale], period: Period, home_currency: str) -> Summary:
    """Add up the sales of a period. Sales of other days and unpaid ones are left out."""
    paid = [sale for sale in sales if sale.paid and sale.sold_on in period]
    totals = totals_by_currency(paid)
    return Summary(
        period=period,
        totals=totals,
        home_currency=home_currency,
        home=totals.get(home_currency, Totals()),
        unconverted=tuple(currency for currency in totals if currency != home_currency),
        shops=tuple(group_by_shop(paid)),
        products=tuple(group_by_product(paid)),
    )


def group_by_shop(sales: Iterable[StoredSale]) -> list[GroupTotals]:
    """Total each shop that sold anything, in order of name."""
    groups: defaultdict[tuple[str, str], list[StoredSale]] = defaultdict(list)
    for sale in sales:
        groups[sale.shop, sale.marketplace].append(sale)
    return [
        GroupTotals(shop, shop, marketplace, totals_by_currency(members))
        for (shop, marketplace), members in sorted(groups.items())
    ]


def group_by(
    sales: Iterable[StoredSale], name_of: Callable[[StoredSale], str | None]
) -> list[GroupTotals]:
    """Total the groups that a function of the sale names, in order of name, unknown last."""
    groups: defaultdict[str | None, list[StoredSale]] = defaultdict(list)
    for sale in sales:
        if sale.paid:
            groups[name_of(sale)].append(sale)
    return [
        GroupTotals(name, None, None, totals_by_currency(groups[name]))
        for name in sorted(groups, key=lambda name: (name is None, name or ""))
    ]


def group_by_product(sales: Iterable[StoredSale]) -> list[GroupTotals]:
    """Total each product of each shop, best net first; the net of a sale is split by gross.

    Products that brought the same are in order of title and shop.
    """
    groups: dict[tuple[str, str, str | None, str | None], dict[str, Totals]] = {}
    for sale in sales:
        shares = split(sale.net_minor, [max(item.gross_minor, 0) for item in sale.items] or [1])
        for item, net_minor in zip(sale.items, shares, strict=False):
            key = (sale.shop, sale.marketplace, item.product_id or item.product, item.product)
            by_currency = groups.setdefault(key, {})
            by_currency.setdefault(sale.currency, Totals()).add_item(sale, item, net_minor)
    ordered = sorted(
        groups.items(),
        key=lambda entry: (
            -max(line.net for line in entry[1].values()),
            entry[0][3] or "",
            *(part or "" for part in entry[0]),
        ),
    )
    return [
        GroupTotals(product, shop, marketplace, dict(sorted(totals.items())))
        for (shop, marketplace, _, product), totals in ordered
    ]
