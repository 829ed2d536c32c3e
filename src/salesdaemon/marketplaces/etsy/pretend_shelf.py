"""Where the pretend shop keeps its orders: sorted views that answer a time window by bisection."""

import heapq
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from salesdaemon.marketplaces.etsy.pretend_orders import Order

Key = tuple[int, int]
EVER = 1 << 62


@dataclass(frozen=True, slots=True)
class Window:
    """What a caller asks for; None is no filter. Bounds are epoch seconds, both ends included."""

    min_created: int = 0
    max_created: int = EVER
    min_updated: int = 0
    max_updated: int = EVER
    was_paid: bool | None = None
    was_shipped: bool | None = None
    was_delivered: bool | None = None
    was_canceled: bool | None = None
    sort_on: str = "created"
    ascending: bool = False
    offset: int = 0
    limit: int = 25


class Shelf:
    """Every order by its id, and those that the list shows in each order asked for so far."""

    def __init__(self) -> None:
        self.orders: dict[int, Order] = {}
        self._hidden: list[Key] = []  # a heap by the moment from which the list shows them
        self._hidden_ids: set[int] = set()
        self._views: dict[object, _View] = {}

    def add(self, order: Order, now: int) -> None:
        """Keep a new order; one with a later `listed_at` stays out of the list until then."""
        self.orders[order.receipt_id] = order
        if order.listed_at > now:
            heapq.heappush(self._hidden, (order.listed_at, order.receipt_id))
            self._hidden_ids.add(order.receipt_id)
        else:
            self.changed(order)

    def add_many(self, orders: Iterable[Order]) -> None:
        """Keep many new orders at once."""
        self.orders.update((order.receipt_id, order) for order in orders)
        self._views.clear()

    def changed(self, order: Order) -> None:
        """Put an order that changed into its new places; its JSON is written anew."""
        order.encoded = None
        if order.receipt_id not in self._hidden_ids:
            self._place(order)

    def find(self, window: Window, now: int) -> tuple[int, list[Order]]:
        """Answer the number of orders in a window, and those of the page asked for."""
        self._list_due(now)
        view = self._view(window)
        low, high = view.span(window)
        if not _filters_further(window):
            return high - low, [self.orders[key[1]] for key in view.page(low, high, window)]
        orders = (self.orders[key[1]] for key in view.walk(low, high, ascending=window.ascending))
        found = [order for order in orders if _fits(order, window)]
        return len(found), found[window.offset : window.offset + window.limit]

    def _list_due(self, now: int) -> None:
        while self._hidden and self._hidden[0][0] <= now:
            receipt_id = heapq.heappop(self._hidden)[1]
            self._hidden_ids.discard(receipt_id)
            self._place(self.orders[receipt_id])

    def _place(self, order: Order) -> None:
        for view in self._views.values():
            view.place(order)

    def _view(self, window: Window) -> "_View":
        name = (
            window.sort_on,
            window.was_paid,
            window.was_shipped,
            window.was_delivered,
            window.was_canceled,
        )
        if name not in self._views:
            view = _View(_KEYS[window.sort_on], _predicate(window))
            hidden = self._hidden_ids
            view.fill(order for order in self.orders.values() if order.receipt_id not in hidden)
            self._views[name] = view
        return self._views[name]


@dataclass(slots=True)
class _View:
    key: Callable[[Order], Key]
    shows: Callable[[Order], bool]
    keys: list[Key] = field(default_factory=list)
    places: dict[int, Key] = field(default_factory=dict)

    def fill(self, orders: Iterable[Order]) -> None:
        self.keys = sorted(self.key(order) for order in orders if self.shows(order))
        self.places = {key[1]: key for key in self.keys}

    def place(self, order: Order) -> None:
        known = self.places.pop(order.receipt_id, None)
        if known is not None:
            del self.keys[bisect_left(self.keys, known)]
        if self.shows(order):
            key = self.places[order.receipt_id] = self.key(order)
            insort(self.keys, key)

    def span(self, window: Window) -> tuple[int, int]:
        if window.sort_on == "receipt_id":
            return 0, len(self.keys)
        created = window.sort_on == "created"
        first = window.min_created if created else window.min_updated
        last = window.max_created if created else window.max_updated
        low = bisect_left(self.keys, (first, 0))
        return low, max(low, bisect_right(self.keys, (last, EVER)))

    def page(self, low: int, high: int, window: Window) -> list[Key]:
        walk = self.walk(low + window.offset, high, ascending=True)
        if not window.ascending:
            walk = self.walk(low, high - window.offset, ascending=False)
        return list(islice(walk, window.limit))

    def walk(self, low: int, high: int, *, ascending: bool) -> Iterator[Key]:
        indexes = range(low, high) if ascending else range(high - 1, low - 1, -1)
        return (self.keys[index] for index in indexes)


_KEYS: dict[str, Callable[[Order], Key]] = {
    "created": lambda order: (order.created, order.receipt_id),
    "updated": lambda order: (order.updated, order.receipt_id),
    "receipt_id": lambda order: (order.receipt_id, order.receipt_id),
}


def _predicate(window: Window) -> Callable[[Order], bool]:
    def shows(order: Order) -> bool:
        delivered = order.shipped is not None and order.is_digital
        facts = (
            (window.was_paid, order.paid is not None),
            (window.was_shipped, order.shipped is not None),
            (window.was_delivered, delivered),
            (window.was_canceled, order.cancelled),
        )
        return all(wanted is None or wanted == fact for wanted, fact in facts)

    return shows


def _filters_further(window: Window) -> bool:
    created = window.min_created > 0 or window.max_created < EVER
    updated = window.min_updated > 0 or window.max_updated < EVER
    return (created and window.sort_on != "created") or (updated and window.sort_on != "updated")


def _fits(order: Order, window: Window) -> bool:
    return (
        window.min_created <= order.created <= window.max_created
        and window.min_updated <= order.updated <= window.max_updated
    )
