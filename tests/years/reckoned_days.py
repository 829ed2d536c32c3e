"""Add orders up by the seller's days: in each currency and, converted, in the home one."""

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from tests.years.reckoned_rates import Bank
from tests.years.reckoned_sales import SMALLEST, Sold

DAY = timedelta(days=1)
AMOUNTS = (
    *("gross", "refunded", "fees", "fees_refunded", "affiliate", "net"),
    *("passive_net", "active_net", "unclassified_net"),
)
Sums = Counter[str]
Product = tuple[str, str]
"""A shop, and the product's id or its title without one."""
Span = tuple[date, date]
"""The first and the last day."""


def written(amount: int, currency: str) -> str:
    """Write an amount as the contract does: "12.00", yen without decimals."""
    if SMALLEST.get(currency, 100) == 1:
        return str(amount)
    sign = "-" if amount < 0 else ""
    return f"{sign}{abs(amount) // 100}.{abs(amount) % 100:02}"


@dataclass(frozen=True)
class Entry:
    """One order on its day; `home` is None where there is no rate."""

    sold: Sold
    day: date
    own: Sums
    home: Sums | None
    products: dict[Product, Counter[str]]
    """Of each product: sales, units, gross, net, home_net."""


@dataclass
class Days:
    """All orders by day."""

    zone: ZoneInfo
    bank: Bank
    entries: list[Entry] = field(default_factory=list)
    _known: dict[Span, "Daily"] = field(default_factory=dict)

    def add(self, sold: Sold) -> None:
        day = datetime.fromtimestamp(sold.at, UTC).astimezone(self.zone).date()
        own = _own(sold)
        home = self._home(sold, day, own)
        self.entries.append(Entry(sold, day, own, home, _products(sold, home)))

    def _home(self, sold: Sold, day: date, own: Sums) -> Sums | None:
        found = Counter(own)
        for name in (*AMOUNTS, "through_affiliates"):
            converted = self.bank.convert(own[name], sold.currency, day)
            if converted is None:
                return None
            found[name] = converted
        return found

    @cached_property
    def _ordered(self) -> list[Entry]:
        return sorted(self.entries, key=lambda entry: entry.day)

    @cached_property
    def first_day(self) -> date:
        return self._ordered[0].day

    def within(self, span: Span) -> Sequence[Entry]:
        low = bisect_left(self._ordered, span[0], key=lambda entry: entry.day)
        return self._ordered[low : bisect_right(self._ordered, span[1], key=lambda e: e.day)]

    @cached_property
    def by_day(self) -> dict[date, "Daily"]:
        found: defaultdict[date, Daily] = defaultdict(Daily)
        for entry in self._ordered:
            found[entry.day].add(entry)
        return dict(found)

    @cached_property
    def first_sales(self) -> dict[Product, date]:
        """The day of the first counted sale of each product."""
        found: dict[Product, date] = {}
        for day in sorted(self.by_day):
            for product, brought in self.by_day[day].products.items():
                if brought["sales"]:
                    found.setdefault(product, day)
        return found

    @cached_property
    def titles(self) -> dict[Product, list[tuple[date, str]]]:
        """What each product was called on which day, in order."""
        found: defaultdict[Product, set[tuple[date, str]]] = defaultdict(set)
        for entry in self.entries:
            for piece in entry.sold.pieces:
                found[entry.sold.shop, piece.key].add((entry.day, piece.title or ""))
        return {product: sorted(named) for product, named in found.items()}

    @cached_property
    def currencies(self) -> dict[Product, str]:
        """What each product is sold in."""
        return {
            product: entry.sold.currency for entry in self.entries for product in entry.products
        }

    def figures(self, span: Span) -> "Daily":
        """Add the days of a span up, in the home currency."""
        if span not in self._known:
            self._known[span] = self._figures(span)
        return self._known[span]

    def _figures(self, span: Span) -> "Daily":
        whole = Daily()
        day = max(span[0], self.first_day)
        while day <= span[1]:
            if day in self.by_day:
                whole.plus(self.by_day[day])
            day += DAY
        return whole


@dataclass
class Daily:
    """What some days brought: sales that count, converted amounts, and each product's sales."""

    sales: int = 0
    home: Sums = field(default_factory=Counter)
    converted: bool = True
    products: dict[Product, Counter[str]] = field(default_factory=dict)

    def add(self, entry: Entry) -> None:
        self.sales += entry.sold.counts
        if entry.home is not None:
            self.home.update(entry.home)
        elif any(entry.own[name] for name in AMOUNTS):  # nothing is nothing in every currency
            self.converted = False
        for product, brought in entry.products.items():
            self.products.setdefault(product, Counter()).update(brought)

    def plus(self, other: "Daily") -> None:
        self.sales += other.sales
        self.home.update(other.home)
        self.converted &= other.converted
        for product, brought in other.products.items():
            self.products.setdefault(product, Counter()).update(brought)


def _own(sold: Sold) -> Sums:
    parts = sold.net_by_class()
    return Counter(
        sales=int(sold.counts),
        passive_sales=int(sold.counts and all(piece.passive is True for piece in sold.pieces)),
        units=sum(piece.quantity for piece in sold.pieces),
        estimated=int(not sold.exact),
        gross=sold.gross,
        refunded=sold.refunded,
        fees=sold.fees,
        fees_refunded=sold.fees_refunded,
        affiliate=sold.affiliate,
        net=sold.net,
        passive_net=parts[True],
        active_net=parts[False],
        unclassified_net=parts[None],
        through_affiliates=sold.net if sold.affiliate else 0,
    )


def _products(sold: Sold, home: Sums | None) -> dict[Product, Counter[str]]:
    own = sold.net_by_piece(sold.net)
    at_home = sold.net_by_piece(home["net"]) if home is not None else [0] * len(own)
    found: dict[Product, Counter[str]] = {}
    for piece, net, home_net in zip(sold.pieces, own, at_home, strict=True):
        sums = found.setdefault((sold.shop, piece.key), Counter(sales=int(sold.counts)))
        sums.update(
            units=piece.quantity,
            gross=piece.gross,
            net=net,
            unclassified=net if piece.passive is None else 0,
            home_net=home_net,
            lacks_rate=int(home is None),
        )
    return found


def by_currency(entries: Iterable[Entry]) -> dict[str, Sums]:
    """Add up in each currency, in alphabetical order."""
    found: defaultdict[str, Sums] = defaultdict(Counter)
    for entry in entries:
        found[entry.sold.currency].update(entry.own)
    return dict(sorted(found.items()))


def told(sums: Sums, currency: str) -> dict[str, Any]:
    """Write the number of sales and every amount."""
    return {"sales": sums["sales"], **{name: written(sums[name], currency) for name in AMOUNTS}}


def told_by_currency(entries: Iterable[Entry]) -> dict[str, dict[str, Any]]:
    return {currency: told(sums, currency) for currency, sums in by_currency(entries).items()}


def grouped(
    entries: Iterable[Entry], key: Callable[[Entry], str | None]
) -> dict[str | None, list[Entry]]:
    found: defaultdict[str | None, list[Entry]] = defaultdict(list)
    for entry in entries:
        found[key(entry)].append(entry)
    return dict(found)
