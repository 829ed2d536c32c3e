"""One sale, as every marketplace's orders become it."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cached_property
from hashlib import blake2b

from salesdaemon.domain.money import proportion


class Kind(StrEnum):
    """What sort of sale it is; fixed when it is made."""

    SALE = "sale"
    RENEWAL = "renewal"
    FREE = "free"
    TRIAL = "trial"
    BUNDLE_ITEM = "bundle_item"


COUNTED_KINDS = frozenset({Kind.SALE, Kind.RENEWAL})


class Status(StrEnum):
    """Where a sale stands; `unpaid` is in no total and a dispute beats refund marks until won."""

    UNPAID = "unpaid"
    PAID = "paid"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"
    DISPUTED = "disputed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class LineItem:
    """One product of a sale. `gross_minor` is its share of the sale's gross.

    `passive` is None where it cannot be told whether one more sale of it makes work. `line_id`
    is the marketplace's own id of this line of the order, by which its books name it.
    """

    product_id: str | None
    product: str | None
    quantity: int
    gross_minor: int
    passive: bool | None
    line_id: str | None = None


@dataclass(frozen=True)
class Sale:
    """One order of a marketplace. Amounts are minor units of `currency`.

    `created_at` is the marketplace's own order of time, `paid_at` the moment that decides the
    day; both are aware and UTC. `paid` tells whether it was ever paid, also when it was refunded
    or cancelled later. `pays_late` says that `paid_at` is only the start of the checkout, so
    that a sale may appear in the list long after it. `charged_minor` is what the buyer paid with
    tax, None where that is the gross. `settled_*` are the figures of books in another currency.
    `sold_on` is the seller's day where only that is known; then `paid_at` is some moment of it.
    """

    external_id: str
    kind: Kind
    status: Status
    paid: bool
    created_at: datetime
    paid_at: datetime
    currency: str
    gross_minor: int
    items: tuple[LineItem, ...]
    refunded_minor: int = 0
    refunded_exact: bool = True
    fees_minor: int = 0
    fees_refunded_minor: int = 0
    fees_exact: bool = False
    affiliate_minor: int = 0
    country: str | None = None
    pays_late: bool = False
    charged_minor: int | None = None
    shipping_minor: int = 0
    settled_currency: str | None = None
    settled_net_minor: int | None = None
    sold_on: date | None = None

    @property
    def net_minor(self) -> int:
        """What is left for the seller; 0 while disputed."""
        if self.status is Status.DISPUTED:
            return 0
        return (
            self.gross_minor
            - self.refunded_minor
            - self.fees_minor
            + self.fees_refunded_minor
            - self.affiliate_minor
        )

    @cached_property
    def fingerprint(self) -> int:
        """Sum up what a re-read may change, as a signed 64-bit number.

        Titles are left out: a renamed product changes every old order of it and means nothing.
        """
        facts = (
            self.kind.value,
            self.status.value,
            self.paid,
            int(self.paid_at.timestamp()),
            self.currency,
            self.gross_minor,
            self.refunded_minor,
            self.refunded_exact,
            self.fees_minor,
            self.fees_refunded_minor,
            self.fees_exact,
            self.affiliate_minor,
            self.charged_minor,
            self.shipping_minor,
            self.sold_on,
            [(item.quantity, item.gross_minor, item.passive, item.line_id) for item in self.items],
        )
        digest = blake2b(repr(facts).encode(), digest_size=8).digest()
        return int.from_bytes(digest, signed=True)


@dataclass(frozen=True, slots=True)
class EffortSplit:
    """The net of a sale by how much work one more sale of its items makes, in minor units."""

    passive_minor: int
    active_minor: int
    unclassified_minor: int


def split_net(net_minor: int, items: tuple[tuple[int, bool | None], ...]) -> EffortSplit:
    """Split a net in the share of the items' gross, half to even; the parts add up to it.

    `items` are pairs of gross and passive. What rounding leaves over goes to the last class
    that has any gross, in the order passive, active, unclassified.
    """
    by_class = {True: 0, False: 0, None: 0}
    for gross, passive in items:
        by_class[passive] += gross
    total = sum(by_class.values())
    if total <= 0:
        return _whole_net(net_minor, {passive for _, passive in items})
    parts = {True: 0, False: 0, None: 0}
    left = net_minor
    filled = [name for name in (True, False, None) if by_class[name]]
    for name in filled[:-1]:
        parts[name] = proportion(net_minor, by_class[name], total)
        left -= parts[name]
    parts[filled[-1]] = left
    return EffortSplit(parts[True], parts[False], parts[None])


def _whole_net(net_minor: int, classes: set[bool | None]) -> EffortSplit:
    if classes == {True}:
        return EffortSplit(net_minor, 0, 0)
    if classes == {False}:
        return EffortSplit(0, net_minor, 0)
    return EffortSplit(0, 0, net_minor)
