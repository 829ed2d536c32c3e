"""Plausible orders, drawn from a seeded generator: the same seed and moment, the same orders."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

from salesdaemon.marketplaces.etsy.pretend_orders import DAY, Item, Order, Refund

FIRST_RECEIPT = 3_412_000_000
FIRST_TRANSACTION = 4_521_000_000
COUNTRIES = ("DE", "US", "GB", "FR", "NL", "AT", "CA", "AU", "SE", None)
MAX_HISTORY_UNPAID = 20


@dataclass(frozen=True, slots=True)
class Listing:
    """Something the pretend shop sells; the price is in minor units of a two-decimal currency."""

    listing_id: int
    title: str
    price: int
    is_digital: bool
    personalised: str = ""


CATALOGUE = (
    Listing(1_200_000_101, "Weekly Planner, Printable PDF", 490, is_digital=True),
    Listing(1_200_000_102, "Budget Sheet & Savings Tracker", 750, is_digital=True),
    Listing(1_200_000_103, "Botanical Wall Art – Set of 3", 1290, is_digital=True),
    Listing(1_200_000_104, "Knitting Pattern “Fjord”", 620, is_digital=True),
    Listing(1_200_000_105, "Wedding Invitation, Editable", 1450, is_digital=True),
    Listing(1_200_000_106, "Family Portrait, Drawn for You", 3900, True, "question"),  # noqa: FBT003
    Listing(1_200_000_201, "Linen Notebook A5", 1800, is_digital=False),
    Listing(1_200_000_202, "Ceramic Mug, 350 ml", 2450, is_digital=False),
    Listing(1_200_000_203, "Engraved Cutting Board", 4200, False, "property"),  # noqa: FBT003
    Listing(1_200_000_204, "Tote Bag “Bücherwurm”", 1650, is_digital=False),
)


@dataclass(slots=True)
class Drawer:
    """Draws orders and hands out the ids of receipts and transactions."""

    seed: int
    scale: Callable[[int], int] = lambda price: price
    receipt_ids: Callable[[], int] = field(default_factory=lambda: count(FIRST_RECEIPT).__next__)
    transaction_ids: Callable[[], int] = field(
        default_factory=lambda: count(FIRST_TRANSACTION).__next__
    )
    random: random.Random = field(init=False)
    unpaid: int = 0

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)

    def history(self, count: int, *, first: int, last: int) -> list[Order]:
        """Draw orders created between two moments, oldest first, some with a later life."""
        self.unpaid = 0
        draw = self.random.random
        moments = sorted(first + int(draw() * (last - first)) for _ in range(count))
        return [self._past_order(moment, last) for moment in moments]

    def order(self, created: int) -> Order:
        """Draw one order that was paid when it was created and has not been shipped by hand."""
        draw = self.random.random
        items = [self._item() for _ in range(1 if draw() < 0.8 else 2 + int(draw() * 2))]
        total = sum(item.total for item in items)
        physical = any(not item.is_digital for item in items)
        order = Order(
            self.receipt_ids(),
            created,
            created,
            items,
            paid=created,
            shipped=None if physical else created,
            discount=total * (5 + int(draw() * 30)) // 100 if draw() < 0.15 else 0,
            shipping=self.scale(390 + int(draw() * 400)) if physical else 0,
            country=COUNTRIES[int(draw() * len(COUNTRIES))],
            spelling=self._spelling(),
        )
        if physical and draw() < 0.1:
            order.gift_wrap = self.scale(250)
        if draw() < 0.3:
            self._tax(order)
        return order

    def _tax(self, order: Order) -> None:
        net = order.total - order.discount + order.shipping
        if order.country == "US":
            order.tax = net * 8 // 100
        else:
            order.vat = net * 19 // 100
            order.vat_in_grandtotal = self.random.random() < 0.5

    def _past_order(self, created: int, last: int) -> Order:
        order = self.order(created)
        if order.shipped is None and created + 2 * DAY < last:
            order.shipped = order.updated = created + 2 * DAY
        fate = self.random.random()
        if fate < 0.02:
            self._not_paid(order, last)
        elif fate < 0.03:
            order.cancelled = True
        elif fate < 0.05:
            self._refund(order, order.grandtotal, last)
        elif fate < 0.07:
            self._refund(order, max(1, order.grandtotal * 3 // 10), last)
        elif fate < 0.09:
            self._make_free(order)
        return order

    def _not_paid(self, order: Order, last: int) -> None:
        """Unpaid orders are cancelled after a while: only a few recent ones are still open."""
        order.paid = order.shipped = None
        order.updated = order.created
        self.unpaid += 1
        order.cancelled = self.unpaid > MAX_HISTORY_UNPAID and order.created < last - 3 * DAY

    def _refund(self, order: Order, amount: int, last: int) -> None:
        when = min(last, order.created + int(self.random.random() * 60 * DAY))
        order.refunds = [Refund(amount, when, "CANARY refund note")]
        order.refunded = "fully" if amount == order.grandtotal else "partially"

    def _make_free(self, order: Order) -> None:
        order.discount = order.total
        order.shipping = order.tax = order.vat = order.gift_wrap = 0

    def _item(self) -> Item:
        draw = self.random.random
        listing = CATALOGUE[int(draw() * len(CATALOGUE))]
        return Item(
            self.transaction_ids(),
            listing.title,
            self.scale(listing.price),
            1 if draw() < 0.85 else 2 + int(draw() * 3),
            listing.is_digital,
            None if draw() < 0.02 else listing.listing_id,
            listing.personalised,
        )

    def _spelling(self) -> int:
        fate = self.random.random()
        return 0 if fate < 0.5 else 1 if fate < 0.97 else 2
