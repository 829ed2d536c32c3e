"""The pretend shop's database: its products, and its sales in the order of the vendor's list.

Sales are kept oldest first in two parallel lists, so that a window of days and a cursor are both
found by bisection. A sale whose listing lies ahead waits apart until its time has come.
"""

import calendar
import threading
from base64 import urlsafe_b64encode
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import blake2b
from heapq import heappop, heappush

from salesdaemon.marketplaces.gumroad.pretend_sale import Product, Sale

PAGE_SIZE = 10
_EPOCH_OF_NUMBERS = calendar.timegm((2011, 1, 1, 0, 0, 0))


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the list: from `after` up to but not including `before`, and below a cursor."""

    after: date | None = None
    before: date | None = None
    cursor: tuple[int, int] | None = None


class Ledger:
    """Holds what the seller has. Take `lock` around anything that must be seen as one."""

    def __init__(self, *, now: Callable[[], datetime], seed: int) -> None:
        self.lock = threading.RLock()
        self.products: list[Product] = []
        self._now = now
        self._seed = seed
        self._by_id: dict[str, Sale] = {}
        self._keys: list[tuple[int, int]] = []
        self._sales: list[Sale] = []
        self._pending: list[tuple[float, int, Sale]] = []
        self._numbers: Counter[int] = Counter()
        self._catalogue: dict[tuple[str, bool, bool], Product] = {}

    def time(self) -> float:
        """Tell the time in epoch seconds."""
        return self._now().timestamp()

    def opaque_id(self, kind: str, number: object) -> str:
        """Make one of the vendor's ids: 24 characters, the same for the same seed."""
        digest = blake2b(f"{self._seed}:{kind}:{number}".encode(), digest_size=16).digest()
        return urlsafe_b64encode(digest).decode()

    def next_order_id(self, created: int) -> int:
        """Number a sale so that numbers grow with the start of the checkout."""
        self._numbers[created] += 1
        return (created - _EPOCH_OF_NUMBERS) * 1000 + self._numbers[created]

    def product(self, name: str, *, physical: bool, subscription: bool, price: int) -> Product:
        """Find a product, or put it on sale."""
        key = (name, physical, subscription)
        if key not in self._catalogue:
            number = len(self.products) + 1
            self._catalogue[key] = Product(
                id=self.opaque_id("product", number),
                number=number,
                permalink=f"p{number:04}",
                name=name,
                price=price,
                physical=physical,
                subscription=subscription,
                licensed=number % 3 == 0,
                created_at=datetime.fromtimestamp(self.time(), UTC),
            )
            self.products.append(self._catalogue[key])
        return self._catalogue[key]

    def rename(self, old: str, new: str) -> int:
        """Rename every product of a name; tells how many there were."""
        renamed = [product for product in self.products if product.name == old]
        for product in renamed:
            product.name, product.encoded = new, None
        products = self._catalogue.values()
        self._catalogue = {(p.name, p.physical, p.subscription): p for p in products}
        return len(renamed)

    def add(self, sale: Sale) -> None:
        """Take in one sale; it is listed at its time."""
        self._by_id[sale.id] = sale
        if sale.listed > self.time():
            heappush(self._pending, (sale.listed, sale.order_id, sale))
        else:
            self._list(sale)

    def add_many(self, sales: Iterable[Sale]) -> None:
        """Take in many sales that are listed already."""
        fresh = list(sales)
        self._by_id |= {sale.id: sale for sale in fresh}
        self._sales = sorted([*self._sales, *fresh], key=lambda sale: sale.key)
        self._keys = [sale.key for sale in self._sales]

    def get(self, sale_id: str) -> Sale:
        """Return a sale in whatever state.

        Raises:
            KeyError: there is none of that id.
        """
        return self._by_id[sale_id]

    def find(self, sale_id: str) -> Sale | None:
        """Return a sale in whatever state, or None."""
        return self._by_id.get(sale_id)

    def listed(self) -> list[Sale]:
        """Return the listed sales, oldest first."""
        self._list_due()
        return self._sales

    def newest_first(self, span: Span) -> Iterator[Sale]:
        """Yield the listed sales of a stretch in the vendor's order."""
        low, high = self._bounds(span)
        return (self._sales[place] for place in range(high - 1, low - 1, -1))

    def page(self, span: Span) -> tuple[list[Sale], bool]:
        """Return the first page of a stretch, newest first, and whether more follow."""
        low, high = self._bounds(span)
        first = max(low, high - PAGE_SIZE)
        return self._sales[first:high][::-1], first > low

    def _bounds(self, span: Span) -> tuple[int, int]:
        self._list_due()
        low = bisect_left(self._keys, (midnight(span.after), 0)) if span.after else 0
        high = len(self._keys)
        if span.before:
            high = bisect_left(self._keys, (midnight(span.before), 0))
        if span.cursor:
            high = min(high, bisect_left(self._keys, span.cursor))
        return low, max(low, high)

    def _list(self, sale: Sale) -> None:
        place = bisect_left(self._keys, sale.key)
        self._keys.insert(place, sale.key)
        self._sales.insert(place, sale)

    def _list_due(self) -> None:
        while self._pending and self._pending[0][0] <= self.time():
            self._list(heappop(self._pending)[2])


def midnight(day: date) -> int:
    """Tell the epoch seconds at which a day begins, in UTC."""
    return calendar.timegm((day.year, day.month, day.day, 0, 0, 0))
