"""Add up stored sales: what a report, a digest and a ring tell."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

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
    settled_currency: str | None = None
    settled_net_minor: int | None = None

    @property
    def passive(self) -> bool | None:
        """Whether all of it made no work; False where any did, None where it cannot be told."""
        words = {item.passive for item in self.items}
        if False in words:
            return False
        return True if words == {True} else None


FIGURES = (
    *("gross", "refunded", "fees", "fees_refunded", "affiliate"),
    *("net", "passive_net", "active_net", "unclassified_net", "through_affiliates"),
)
"""The amounts of `Totals`."""


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
    through_affiliates: int = 0
    """The part of the net that affiliates brought."""
    estimated: int = 0
    """How many of the sales have fees that are estimated."""
    passive_sales: int = 0
    """How many of the counted sales made no work at all."""

    def plus(self, other: "Totals") -> None:
        """Add other totals of the same currency."""
        # Written out: sums of millions of sales come through here.
        self.sales += other.sales
        self.units += other.units
        self.estimated += other.estimated
        self.passive_sales += other.passive_sales
        self.gross += other.gross
        self.refunded += other.refunded
        self.fees += other.fees
        self.fees_refunded += other.fees_refunded
        self.affiliate += other.affiliate
        self.net += other.net
        self.passive_net += other.passive_net
        self.active_net += other.active_net
        self.unclassified_net += other.unclassified_net
        self.through_affiliates += other.through_affiliates

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
        self.through_affiliates += sale.net_minor if sale.affiliate_minor else 0
        self.estimated += not sale.fees_exact
        self.passive_sales += sale.kind in COUNTED_KINDS and sale.passive is True

    def add_item(
        self, sale: StoredSale, item: LineItem, net_minor: int, *, counts: bool = True
    ) -> None:
        """Count one item of a paid sale in, with its share of the net.

        Only the first item of a product `counts` as a sale of it.
        """
        counted = counts and sale.kind in COUNTED_KINDS
        self.sales += counted
        self.units += item.quantity
        self.gross += item.gross_minor
        self.net += net_minor
        self.passive_net += net_minor if item.passive is True else 0
        self.active_net += net_minor if item.passive is False else 0
        self.unclassified_net += net_minor if item.passive is None else 0
        self.through_affiliates += net_minor if sale.affiliate_minor else 0
        self.estimated += counts and not sale.fees_exact
        self.passive_sales += counted and item.passive is True


@dataclass(frozen=True, slots=True)
class GroupTotals:
    """The totals of one group (a shop, product, day or country), by currency.

    `shop` and `marketplace` are None where a group spans several. `key` is a product's id, or its
    title where it has none. `home` is its total in the home currency, None where something could
    not be converted.
    """

    name: str | None
    shop: str | None
    marketplace: str | None
    totals: dict[str, Totals]
    key: str | None = None
    home: Totals | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """What a period brought. Currencies are in alphabetical order and never added together.

    `home` sums what could be converted into the home currency, `unconverted` names the
    currencies that could not, `provisional` says that rates may still change. Shops are in order
    of name, products best net first.
    """

    period: Period
    totals: dict[str, Totals]
    home_currency: str
    home: Totals
    unconverted: tuple[str, ...]
    shops: tuple[GroupTotals, ...]
    products: tuple[GroupTotals, ...]
    provisional: bool = False


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


FEES_EXACT = "fees"
"""The kind of news that a sale's fees, estimated before, are exact now."""


def put_fees_together(news: Sequence[News]) -> list[News]:
    """Put the corrections of fees together by shop, day and currency, after all other news."""
    told = [each for each in news if each.kind != FEES_EXACT]
    sums: dict[tuple[str, date, str], News] = {}
    for each in news:
        if each.kind != FEES_EXACT:
            continue
        key = (each.shop, each.sold_on, each.currency)
        before = sums.get(key)
        sums[key] = replace(
            each,
            sale_id="",
            product=None,
            gross_delta=each.gross_delta + (before.gross_delta if before else 0),
            refunded_delta=each.refunded_delta + (before.refunded_delta if before else 0),
            net_delta=each.net_delta + (before.net_delta if before else 0),
        )
    return told + [each for _, each in sorted(sums.items()) if each.net_delta]
