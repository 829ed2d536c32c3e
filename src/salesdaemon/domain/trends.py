"""Which products rise, fade or sell all year, against their own history. Pure.

A product sells more one week and less the next by chance alone, and of fifty products one or the
other looks striking every week. So it is called rising or fading only where chance hardly explains
it: if nothing had changed, each of its sales could as well have fallen into any of the periods it
was there for, so that those of the last one follow a binomial distribution. Sales that come in
clumps count as fewer of their own, and the chance to be wrong is shared by all products looked at.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import ceil, floor
from typing import Final

from salesdaemon.domain.digests import DigestKind
from salesdaemon.domain.summary import GroupTotals, Summary

MOST_LISTED: Final = 5
"""So many products are in each list."""
FALSE_WORDS: Final = Fraction(1, 100)
"""How often a word on any product is wrong, in shares of digests, where none of them changed."""
LEAST_CHANGE: Final = Fraction(3, 2)
"""By what factor a rising product sells more than usual at least, and a fading one less."""
FEWEST_SALES: Final = 10
"""Without as many in all its periods nothing can be told of a product."""
MOST_EVIDENCE: Final = 1000
"""Of more sales several count as one: they tell no more, and take long to calculate with."""
LEAST_SHARE: Final = Fraction(3, 10)
"""What the best product brings before it is worth a word how much hangs on it."""
FEWEST_PRODUCTS: Final = 3
FEWEST_CONCENTRATED: Final = 10
"""So many sales there are before their best product says anything."""

_EARLIER_PERIODS: Final = {
    DigestKind.WEEKLY: 4,
    DigestKind.MONTHLY: 4,
    DigestKind.YEARLY: 2,
}
"""How many whole periods of a product must lie before the last one to tell what is usual."""
_EVERGREEN_PERIODS: Final = {
    DigestKind.WEEKLY: 12,
    DigestKind.MONTHLY: 12,
    DigestKind.YEARLY: 3,
}


@dataclass(frozen=True, slots=True)
class ProductKey:
    """A product of a shop: `name` is its id, or its title where it has none."""

    shop: str
    name: str


@dataclass(frozen=True, slots=True)
class ProductHistory:
    """How often a product was sold in periods in a row, oldest first; the last is the digest's.

    `sales` are counted sales, `units` pieces. `begun` is the place of the period in which it was
    first sold ever, -1 where that was before all of them; None where it was not sold in any of
    them (but given away), or nobody looked.
    """

    product: ProductKey
    title: str | None
    begun: int | None
    sales: tuple[int, ...]
    units: tuple[int, ...]

    @property
    def now(self) -> int:
        """The sales of the last period."""
        return self.sales[-1]

    @property
    def earlier(self) -> tuple[int, ...]:
        """The sales of the whole periods before the last one; that of the first sale is none."""
        return () if self.begun is None else self.sales[self.begun + 1 : -1]

    @property
    def is_fresh(self) -> bool:
        """Whether it was first sold in the last period."""
        return self.begun == len(self.sales) - 1

    @property
    def usual(self) -> Fraction:
        """The sales of an average earlier period."""
        return Fraction(sum(self.earlier), len(self.earlier) or 1)


@dataclass(frozen=True, slots=True)
class Trend:
    """The units of a product in a stretch of days, and in the stretch of that length before."""

    now: int
    before: int


@dataclass(frozen=True, slots=True)
class Movement:
    """A product that sells otherwise than it used to: sales in the period, and usual for one."""

    product: ProductKey
    title: str | None
    sales: int
    usual: Fraction


@dataclass(frozen=True, slots=True)
class Movements:
    """The products worth a word, the most telling first; each is in one list at most."""

    evergreen: tuple[Movement, ...] = ()
    rising: tuple[Movement, ...] = ()
    fading: tuple[Movement, ...] = ()
    fresh: tuple[Movement, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.evergreen or self.rising or self.fading or self.fresh)


@dataclass(frozen=True, slots=True)
class Concentration:
    """How much of the net of a period came from its best product."""

    product: ProductKey
    title: str | None
    share: Fraction


@dataclass(frozen=True, slots=True)
class HourlyRate:
    """What a product brought for the hours put into it, since its first sale, by currency."""

    product: ProductKey
    title: str | None
    minutes: int
    net: Mapping[str, int]
    per_hour: Mapping[str, int]


def find_trends(histories: Iterable[ProductHistory]) -> dict[ProductKey, Trend]:
    """Compare the units of the last two periods, for products that left any in either."""
    trends = {each.product: Trend(each.units[-1], each.units[-2]) for each in histories}
    return {product: trend for product, trend in trends.items() if trend.now or trend.before}


def find_movements(kind: DigestKind, histories: Sequence[ProductHistory]) -> Movements:
    """Compare each product's period with its own periods before; little evidence says nothing.

    Nothing is said of a day.
    """
    if kind is DigestKind.DAILY:
        return Movements()
    judged = [each for each in histories if _can_be_judged(kind, each)]
    moved = [each for each in judged if _has_moved(each, len(judged))]
    named = {each.product for each in moved}
    lasting = _EVERGREEN_PERIODS[kind]
    return Movements(
        evergreen=_listed(
            (one for one in histories if one.product not in named and _is_evergreen(one, lasting)),
            lambda one: one.usual,
        ),
        rising=_listed(
            (one for one in moved if one.now > one.usual), lambda one: one.now - one.usual
        ),
        fading=_listed(
            (one for one in moved if one.now < one.usual), lambda one: one.usual - one.now
        ),
        fresh=_listed(_fresh(histories), lambda one: Fraction(one.now)),
    )


def _listed(
    found: Iterable[ProductHistory], weight: Callable[[ProductHistory], Fraction]
) -> tuple[Movement, ...]:
    """Give the weightiest as movements; of equal ones the first by shop and title."""
    ordered = sorted(
        found, key=lambda one: (-weight(one), one.product.shop, one.title or "", one.product.name)
    )
    return tuple(
        Movement(one.product, one.title, one.now, one.usual) for one in ordered[:MOST_LISTED]
    )


def _fresh(histories: Iterable[ProductHistory]) -> Iterator[ProductHistory]:
    """Yield what was first sold in the last period; in a shop that is new itself all would be."""
    known = [one for one in histories if one.begun is not None]
    old_shops = {one.product.shop for one in known if not one.is_fresh}
    return (one for one in known if one.is_fresh and one.product.shop in old_shops)


def _is_evergreen(one: ProductHistory, periods: int) -> bool:
    """Tell whether it was sold in every one of so many last periods, all of them whole."""
    return len(one.earlier) >= periods - 1 and all(one.sales[-periods:])


def _can_be_judged(kind: DigestKind, one: ProductHistory) -> bool:
    # The result of the comparison must have no say in this, or it would be no fair one.
    earlier = one.earlier
    return len(earlier) >= _EARLIER_PERIODS[kind] and sum(earlier) + one.now >= FEWEST_SALES


def _has_moved(one: ProductHistory, judged: int) -> bool:
    """Tell whether it sells so much more or less than usual that chance hardly explains it."""
    now, usual = one.now, one.usual
    if now >= usual * LEAST_CHANGE:
        chance = _chance_of_as_many(one)
    elif now * LEAST_CHANGE <= usual:
        chance = _chance_of_as_few(one)
    else:
        return False
    return chance * 2 * judged <= FALSE_WORDS  # twice, for it could have moved either way


def _chance_of_as_many(one: ProductHistory) -> Fraction:
    weight, earlier = _sales_that_count_as_one(one), sum(one.earlier)
    now, before = floor(one.now / weight), ceil(earlier / weight)
    return 1 - _chance_of_at_most(now - 1, now + before, len(one.earlier) + 1)


def _chance_of_as_few(one: ProductHistory) -> Fraction:
    weight, earlier = _sales_that_count_as_one(one), sum(one.earlier)
    now, before = ceil(one.now / weight), floor(earlier / weight)
    return _chance_of_at_most(now, now + before, len(one.earlier) + 1)


def _chance_of_at_most(most: int, sales: int, periods: int) -> Fraction:
    """Return how likely at most so many of some sales fall into a certain one of equal periods."""
    if most < 0:
        return Fraction(0)
    others = periods - 1
    ways = total = others**sales  # in which none of them falls into it
    for now in range(most):
        ways = ways * (sales - now) // ((now + 1) * others)
        total += ways
    return Fraction(total, periods**sales)


def _sales_that_count_as_one(one: ProductHistory) -> Fraction:
    """Return how many sales come together: 1 where each comes by itself.

    From one period to the next, sales that come by chance differ by twice their mean, squared;
    those that come in clumps by more. Neighbours are compared, not each period with the mean, so
    that slow growth is none.
    """
    earlier = one.earlier
    total = sum(earlier)
    differences = sum((later - before) ** 2 for before, later in pairwise(earlier))
    clump = Fraction(differences * len(earlier), 2 * (len(earlier) - 1) * (total or 1))
    return max(Fraction(1), clump, Fraction(total + one.now, MOST_EVIDENCE))


def find_concentration(summary: Summary) -> Concentration | None:
    """Return how much the best product brought of what products brought; None if it says nothing.

    It says nothing of few products or sales, where nothing was earned, where something could not
    be converted, and where it is a small part. Products that brought less than nothing count as
    nothing.
    """
    sold = [one for one in summary.products if _sales_of(one)]
    sales = sum(line.sales for line in summary.totals.values())
    if len(sold) < FEWEST_PRODUCTS or sales < FEWEST_CONCENTRATED:
        return None
    nets = _comparable_nets(summary.products)
    if nets is None or sum(nets) <= 0:
        return None
    best = max(range(len(nets)), key=nets.__getitem__)
    share = Fraction(nets[best], sum(net for net in nets if net > 0))
    if share < LEAST_SHARE:
        return None
    product = summary.products[best]
    key = ProductKey(product.shop or "", product.key or "")
    return Concentration(key, product.name, share)


def _sales_of(product: GroupTotals) -> int:
    return sum(line.sales for line in product.totals.values())


def _comparable_nets(products: Sequence[GroupTotals]) -> list[int] | None:
    """Return the net of each product in one currency: their own, or else the home one.

    Nothing is nothing in every currency: what was given away needs no rate.
    """
    nets = [{code: line.net for code, line in one.totals.items() if line.net} for one in products]
    if len({currency for own in nets for currency in own}) <= 1:
        return [sum(own.values()) for own in nets]
    if any(own and one.home is None for own, one in zip(nets, products, strict=True)):
        return None
    return [one.home.net if one.home is not None else 0 for one in products]
