"""The pretend seller's side: orders come in, are paid, refunded and cancelled."""

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal, TypeVar

from salesdaemon.marketplaces.etsy import pretend_books
from salesdaemon.marketplaces.etsy.pretend_charges import Role, Rules
from salesdaemon.marketplaces.etsy.pretend_history import CATALOGUE, Drawer
from salesdaemon.marketplaces.etsy.pretend_ledger import Ledger, ShopLine
from salesdaemon.marketplaces.etsy.pretend_listings import Offer
from salesdaemon.marketplaces.etsy.pretend_orders import Item, Order, Refund, Shop, encode
from salesdaemon.marketplaces.etsy.pretend_shelf import Shelf

T = TypeVar("T")
Moment = datetime | int | str | None
ABSENT = ...  # as a raw value: the field is left out of the JSON


class PretendShop:
    """Orders of one shop, safe to change from another thread than the one that serves them."""

    def __init__(self, shop: Shop, rules: Rules, *, now: Callable[[], datetime], seed: int) -> None:
        self.shop = shop
        self.now = now
        self.lock = threading.RLock()
        self.shelf = Shelf()
        self.ledger = Ledger(shop, rules)
        self.offers = {
            each.listing_id: Offer(
                "download" if each.is_digital else "physical",
                "made_to_order" if each.personalised == "property" else "2020_2026",
                bool(each.personalised),
                each.title,
            )
            for each in CATALOGUE
        }
        self._drawer = Drawer(seed, scale=self._scale)

    @property
    def now_seconds(self) -> int:
        """The shop's clock in epoch seconds."""
        return int(self.now().timestamp())

    def add_receipt(
        self,
        *,
        created_at: Moment = None,
        paid: bool = True,
        paid_at: Moment = None,
        items: Sequence[Mapping[str, object]] = (),
        title: str | None = "Weekly Planner, Printable PDF",
        price: int = 1200,
        discount: int = 0,
        shipping: int = 0,
        tax: int = 0,
        vat: int = 0,
        gift_wrap: int = 0,
        vat_in_grandtotal: bool = True,
        gift_wrap_in_grandtotal: bool = True,
        country: str | None = "DE",
        status: str | None = None,
        listed_at: Moment = None,
        offsite_ads: bool = False,
        absent: Sequence[str] = (),
        **raw_overrides: object,
    ) -> int:
        """Let somebody order; answers the receipt's id. Amounts are in minor units.

        An item has title, price, quantity, is_digital, listing_id, personalised (True or
        "question", or "property" for the older style) and `raw`, a table of transaction fields to
        replace. Without items it is one digital piece of `title` at `price`. Until `listed_at`
        the list does not show it. `offsite_ads` says that the buyer came through an advertisement,
        which costs a fee of its own, posted days later. Fields named in `absent` are left out;
        every further keyword replaces that field of the JSON, and is not known to the books.
        """
        with self.lock:
            created = self._seconds(created_at)
            made = [self._item(item) for item in items or ({"title": title, "price": price},)]
            paid_seconds = None if not paid else self._seconds(paid_at, otherwise=created)
            digital = all(item.is_digital for item in made)
            order = Order(
                self._drawer.receipt_ids(),
                created,
                max(created, paid_seconds or 0),
                made,
                paid=paid_seconds,
                shipped=paid_seconds if digital else None,
                discount=discount,
                shipping=shipping,
                tax=tax,
                vat=vat,
                gift_wrap=gift_wrap,
                vat_in_grandtotal=vat_in_grandtotal,
                gift_wrap_in_grandtotal=gift_wrap_in_grandtotal,
                country=country,
                listed_at=self._seconds(listed_at, otherwise=0),
                status=status,
                advertised=offsite_ads,
                raw=dict(raw_overrides) | dict.fromkeys(absent, ABSENT) or None,
            )
            _heed_status(order)
            self._keep(order)
            return order.receipt_id

    def sell_one(self) -> int:
        """Let somebody order and pay something plausible now; answers the receipt's id."""
        with self.lock:
            order = self._drawer.order(self.now_seconds)
            self._keep(order)
            return order.receipt_id

    def fill_history(self, count: int, *, days: int = 900, start: datetime | None = None) -> None:
        """Make `count` past orders of every sort, spread over the days up to a minute ago."""
        with self.lock:
            last = self.now_seconds - 60
            first = self._seconds(start, otherwise=last - int(timedelta(days=days).total_seconds()))
            orders = self._drawer.history(count, first=first, last=last)
            self.shelf.add_many(orders)
            for order in orders:
                self.ledger.changed(order)

    def warm(self) -> None:
        """Write every order's JSON and the ledger now, so that nobody waits for them later."""
        with self.lock:
            self.ledger.post(self.now_seconds)
            for order in self.shelf.orders.values():
                encode(order, self.shop)

    def pay(self, receipt_id: int, *, at: Moment = None) -> None:
        """Let the payment of an open order come in; digital goods are delivered at once."""
        with self.lock:
            order = self.shelf.orders[receipt_id]
            order.paid = order.updated = self._seconds(at)
            order.shipped = order.paid if order.is_digital else None
            order.status = None
            self._changed(order)

    def refund(
        self,
        receipt_id: int,
        amount: int | None = None,
        *,
        note: str = "CANARY refund note",
        touch_updated: bool = False,
        listed: bool = True,
        at: Moment = None,
    ) -> None:
        """Give money back, tax included; all that is left where no amount is named.

        `listed=False` leaves the receipt's `refunds` as it was and changes its status alone.
        """
        with self.lock:
            order = self.shelf.orders[receipt_id]
            before = order.given_back
            left = order.grandtotal - before
            given = left if amount is None else amount
            order.refunds.append(Refund(given, self._seconds(at), note, listed, before))
            order.refunded = "fully" if given >= left else "partially"
            order.status = None
            self._touch(order, touch_updated)
            self._changed(order)

    def fail_refund(self, receipt_id: int, *, touch_updated: bool = False) -> None:
        """Let the last refund fail after all: it vanishes and the status goes back."""
        with self.lock:
            order = self.shelf.orders[receipt_id]
            failed = order.refunds.pop()
            failed.failed = max(failed.created, self.now_seconds)
            order.failed_refunds.append(failed)
            order.refunded = "partially" if order.refunds else ""
            self._touch(order, touch_updated)
            self._changed(order)

    def cancel(self, receipt_id: int, *, touch_updated: bool = True) -> None:
        """Cancel an order, paid or not; what was paid goes back without being listed."""
        with self.lock:
            order = self.shelf.orders[receipt_id]
            order.cancelled = True
            order.status = None
            if order.paid is not None:
                before = order.given_back
                left = order.grandtotal - before
                back = Refund(left, self.now_seconds, "CANARY cancellation", False, before)  # noqa: FBT003 - not listed
                order.refunds.append(back)
            self._touch(order, touch_updated)
            self._changed(order)

    def spend(
        self, kind: str, amount: int, *, role: str = "cost", at: Moment = None, reference: str = ""
    ) -> None:
        """Post something of the shop's own to the account; a negative amount costs the seller.

        Minor units of the account's currency. The role is cost, transfer or other.
        """
        with self.lock:
            moment = self._seconds(at)
            self.ledger.post(max(moment, self.now_seconds))
            self.ledger.add_line(ShopLine(kind, amount, Role(role), reference or "etsy"), moment)

    def pay_out(self) -> int:
        """Send the account's balance to the bank; answers how much, in minor units."""
        with self.lock:
            self.ledger.post(self.now_seconds)
            return self.ledger.pay_out(self.now_seconds)

    def offer(self, listing_id: int, **facts: object) -> None:
        """Put a listing into the catalogue: listing_type, when_made, is_personalizable, title."""
        with self.lock:
            self.offers[listing_id] = Offer(**facts)  # type: ignore[arg-type]  # may come as JSON

    def withdraw(self, listing_id: int) -> None:
        """Delete a listing."""
        with self.lock:
            self.offers.pop(listing_id, None)

    def settled_books(self) -> list[dict[str, object]]:
        """Tell the truth about every order with what the account holds of it by now."""
        with self.lock:
            rules, now = self.ledger.rules, self.now_seconds
            return [
                pretend_books.settled_entry(order, self.shop, rules, now)
                for order in self._by_creation()
            ]

    def account(self) -> dict[str, object]:
        """Tell the truth about the account: all sales, the shop's own lines and the balance."""
        with self.lock:
            self.ledger.post(self.now_seconds)
            orders = self.shelf.orders.values()
            return pretend_books.account(orders, self.shop, self.ledger, self.now_seconds)

    def books(self) -> list[dict[str, object]]:
        """Tell the truth about every order, listed yet or not, oldest first."""
        with self.lock:
            return [pretend_books.entry(order, self.shop) for order in self._by_creation()]

    def _by_creation(self) -> list[Order]:
        return sorted(self.shelf.orders.values(), key=lambda o: (o.created, o.receipt_id))

    def _keep(self, order: Order) -> None:
        self.shelf.add(order, self.now_seconds)
        self.ledger.changed(order)

    def _changed(self, order: Order) -> None:
        self.shelf.changed(order)
        self.ledger.changed(order)

    def _touch(self, order: Order, touch: bool) -> None:  # noqa: FBT001 - passed on
        if touch:
            order.updated = self.now_seconds

    def _item(self, wanted: Mapping[str, object]) -> Item:
        known = dict(wanted)
        personalised = known.pop("personalised", "")
        item = Item(
            self._drawer.transaction_ids(),
            title=_as(known.pop("title", "Weekly Planner, Printable PDF"), str),
            price=_as(known.pop("price", 1200), int) or 0,
            quantity=_as(known.pop("quantity", 1), int) or 0,
            is_digital=bool(known.pop("is_digital", True)),
            listing_id=_as(known.pop("listing_id", 1_200_000_101), int),
            personalised="question" if personalised is True else _as(personalised, str) or "",
            raw=_as(known.pop("raw", None), dict),
        )
        if known:
            raise TypeError(f"An item has no {', '.join(known)}.")
        if item.listing_id is not None:
            kind: Literal["download", "physical"] = "download" if item.is_digital else "physical"
            offer = Offer(kind, is_personalizable=bool(item.personalised))
            self.offers.setdefault(item.listing_id, offer)
        return item

    def _scale(self, price: int) -> int:
        """A price of the catalogue in minor units: 12.90 EUR, 1290 JPY, 12.900 KWD."""
        factor: int = 10 ** max(0, self.shop.exponent - 2)
        return price * factor

    def _seconds(self, moment: Moment, *, otherwise: int | None = None) -> int:
        if moment is None:
            return self.now_seconds if otherwise is None else otherwise
        if isinstance(moment, str):
            moment = datetime.fromisoformat(moment)
        return int(moment.timestamp()) if isinstance(moment, datetime) else moment


def _heed_status(order: Order) -> None:
    word = (order.status or "").lower()
    order.cancelled = word == "canceled"
    if word.endswith(" refunded"):
        order.refunded = word.split(" ", maxsplit=1)[0]


def _as(value: object, kind: type[T]) -> T | None:
    if value is None or isinstance(value, kind):
        return value
    raise TypeError(f"Expected {kind.__name__}, not {type(value).__name__}.")
