"""Plausible orders, drawn from a seeded generator: the same seed and moment, the same orders."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

from salesdaemon.marketplaces.etsy.pretend_orders import DAY, Item, Order, Refund

FIRST_RECEIPT = 3_412_000_000
FIRST_TRANSACTION = 4_521_000_000
COUNTRIES = ("DE", "US", "GB", "FR", "NL", "AT", "CA", "AU", "SE", None)
MAX_HISTORY_UNPAID = 20
ADVERTISED_EVERY = 13
FATES = ("none", "unpaid", "cancelled", "refunded", "partly refunded", "free")
FATE_PERCENT = (92, 1, 1, 2, 2, 2)


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
    Listing(1_200_000_103, "Botanical Wall Art, Set of 3 · A4", 1290, is_digital=True),
    Listing(1_200_000_104, "Knitting Pattern “Fjord”", 620, is_digital=True),
    Listing(1_200_000_105, "Wedding Invitation, Editable", 1450, is_digital=True),
    Listing(1_200_000_106, "Family Portrait, Drawn for You", 3900, True, "question"),  # noqa: FBT003
    Listing(1_200_000_201, "Linen Notebook A5", 1800, is_digital=False),
    Listing(1_200_000_202, "Ceramic Mug, 350 ml", 2450, is_digital=False),
    Listing(1_200_000_203, "Engraved Cutting Board", 4200, False, "property"),  # noqa: FBT003
    Listing(1_200_000_204, "Tote Bag “Bücherwurm”", 1650, is_digital=False),
)


class Drawer:
    """Draws orders and hands out the ids of receipts and transactions."""

    def __init__(self, seed: int, *, scale: Callable[[int], int]) -> None:
        self.receipt_ids = count(FIRST_RECEIPT).__next__
        self.transaction_ids = count(FIRST_TRANSACTION).__next__
        self._random = random.Random(seed)
        self._scale = scale
        self._unpaid = 0

    def history(self, count: int, *, first: int, last: int) -> list[Order]:
        """Draw orders created between two moments, oldest first, some with a later life."""
        self._unpaid = 0
        draw = self._random.random
        moments = sorted(first + int(draw() * (last - first)) for _ in range(count))
        return [self._past_order(moment, last) for moment in moments]

    def order(self, created: int) -> Order:
        """Draw one order that was paid when it was created and has not been shipped by hand."""
        draw = self._random.random
        chance = self._chance
        items = [self._item() for _ in range(2 + int(draw() * 2) if chance(20) else 1)]
        total = sum(item.total for item in items)
        physical = any(not item.is_digital for item in items)
        order = Order(
            self.receipt_ids(),
            created,
            created,
            items,
            paid=created,
            shipped=None if physical else created,
            discount=total * (5 + int(draw() * 30)) // 100 if chance(15) else 0,
            shipping=self._scale(390 + int(draw() * 400)) if physical else 0,
            country=COUNTRIES[int(draw() * len(COUNTRIES))],
            spelling=self._spelling(),
        )
        order.advertised = order.receipt_id % ADVERTISED_EVERY == 0
        if physical and chance(10):
            order.gift_wrap = self._scale(250)
        if chance(30):
            self._tax(order)
        return order

    def _tax(self, order: Order) -> None:
        net = order.total - order.discount + order.shipping
        if order.country == "US":
            order.tax = net * 8 // 100
        else:
            order.vat = net * 19 // 100
            order.vat_in_grandtotal = self._chance(50)

    def _past_order(self, created: int, last: int) -> Order:
        order = self.order(created)
        if order.shipped is None and created + 2 * DAY < last and self._chance(85):
            order.shipped = order.updated = created + 2 * DAY
        fate = self._random.choices(FATES, FATE_PERCENT)[0]
        if fate == "unpaid":
            self._not_paid(order, last)
        elif fate == "cancelled":
            order.cancelled = True
            back = min(last, created + DAY)
            order.refunds = [Refund(order.grandtotal, back, "CANARY cancellation", listed=False)]
        elif fate == "refunded":
            self._refund(order, order.grandtotal, last)
        elif fate == "partly refunded":
            self._refund(order, max(1, order.grandtotal * 3 // 10), last)
        elif fate == "free":
            self._make_free(order)
        return order

    def _not_paid(self, order: Order, last: int) -> None:
        """Unpaid orders are cancelled after a while: only a few recent ones are still open."""
        order.paid = order.shipped = None
        order.updated = order.created
        self._unpaid += 1
        order.cancelled = self._unpaid > MAX_HISTORY_UNPAID and order.created < last - 3 * DAY

    def _refund(self, order: Order, amount: int, last: int) -> None:
        within = min(60 * DAY, last - order.created)
        when = order.created + int(self._random.random() * within)
        order.refunds = [Refund(amount, when, "CANARY refund note")]
        order.refunded = "fully" if amount == order.grandtotal else "partially"

    def _make_free(self, order: Order) -> None:
        order.discount = order.total
        order.shipping = order.tax = order.vat = order.gift_wrap = 0

    def _item(self) -> Item:
        draw = self._random.random
        listing = CATALOGUE[int(draw() * len(CATALOGUE))]
        return Item(
            self.transaction_ids(),
            listing.title,
            self._scale(listing.price),
            2 + int(draw() * 3) if self._chance(15) else 1,
            listing.is_digital,
            None if self._chance(2) else listing.listing_id,
            listing.personalised,
        )

    def _spelling(self) -> int:
        if self._chance(50):
            return 0
        return 2 if self._chance(5) else 1

    def _chance(self, percent: int) -> bool:
        return self._random.random() * 100 < percent
