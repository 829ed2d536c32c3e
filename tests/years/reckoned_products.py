"""Which products sell more or less than they used to, how much hangs on one, what an hour brings.

After the paragraphs at the head of the digest's own account of it: a product has moved where
chance hardly explains it, by a binomial test whose level all judged products share.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, comb, floor
from typing import Any

from tests.years.reckoned_days import Days, Product, Span, written
from tests.years.reckoned_spans import last_spans, moved

COMPARED = {"weekly": 13, "monthly": 13, "yearly": 5}
NEEDED = {"weekly": 4, "monthly": 4, "yearly": 2}
EVERGREEN = {"weekly": 12, "monthly": 12, "yearly": 3}
MOST = 5


def stretches(kind: str, span: Span) -> list[Span]:
    """Return the periods in which products are compared: for a day, two weeks."""
    if kind == "daily":
        week = (moved(span, -6)[0], span[1])
        return [moved(week, -7), week]
    return last_spans(kind, span, COMPARED[kind])


@dataclass(frozen=True)
class Past:
    """A product's counted sales and units in periods in a row; `begun` as in `pasts`."""

    product: Product
    title: str
    sales: tuple[int, ...]
    units: tuple[int, ...]
    begun: int | None

    @property
    def earlier(self) -> tuple[int, ...]:
        return () if self.begun is None else self.sales[self.begun + 1 : -1]

    @property
    def usual(self) -> Fraction:
        return Fraction(sum(self.earlier), max(1, len(self.earlier)))


def pasts(days: Days, periods: Sequence[Span]) -> list[Past]:
    """Gather how each product sold.

    `begun` is the place of the period of its first counted sale, -1 for one before all of them.
    """
    brought = [days.figures(each).products for each in periods]
    found = []
    for product in sorted({product for each in brought for product in each}):
        sold = [each.get(product, Counter()) for each in brought]
        if not any(each["sales"] or each["units"] for each in sold):
            continue
        begun = None
        if product in days.first_sales and any(each["sales"] for each in sold):
            day = days.first_sales[product]
            begun = sum(each[0] <= day for each in periods) - 1
        found.append(
            Past(
                product,
                latest_title(days, product, (periods[0][0], periods[-1][1])),
                tuple(each["sales"] for each in sold),
                tuple(each["units"] for each in sold),
                begun,
            )
        )
    return found


def latest_title(days: Days, product: Product, span: Span) -> str:
    """Return what it was called last; of several names on a day the greatest."""
    latest_first = reversed(days.titles[product])
    return next(title for day, title in latest_first if span[0] <= day <= span[1])


# What moved


def movements(kind: str, found: Sequence[Past]) -> dict[str, list[dict[str, Any]]]:
    if kind == "daily":
        return {"rising": [], "fading": [], "evergreen": [], "fresh": []}
    judged = [
        each
        for each in found
        if len(each.earlier) >= NEEDED[kind] and sum(each.earlier) + each.sales[-1] >= 10
    ]
    up = [each for each in judged if each.sales[-1] > each.usual and _moved(each, len(judged))]
    down = [each for each in judged if each.sales[-1] < each.usual and _moved(each, len(judged))]
    lasting = EVERGREEN[kind]
    ever = [
        each
        for each in found
        if each not in up
        and each not in down
        and len(each.earlier) >= lasting - 1
        and all(each.sales[-lasting:])
    ]
    return {
        "rising": _listed((each.sales[-1] - each.usual, each) for each in up),
        "fading": _listed((each.usual - each.sales[-1], each) for each in down),
        "evergreen": _listed((each.usual, each) for each in ever),
        "fresh": _listed((Fraction(each.sales[-1]), each) for each in _fresh(found)),
    }


def _fresh(found: Sequence[Past]) -> list[Past]:
    """Return what began in the last period, in shops that sold something else before."""
    new = [each for each in found if each.begun == len(each.sales) - 1]
    old = {each.product[0] for each in found if each.begun is not None and each not in new}
    return [each for each in new if each.product[0] in old]


def _listed(weighed: Iterable[tuple[Fraction, Past]]) -> list[dict[str, Any]]:
    ordered = sorted(
        weighed, key=lambda pair: (-pair[0], pair[1].product[0], pair[1].title, pair[1].product[1])
    )
    return [
        {
            "product": each.title,
            "shop": each.product[0],
            "sales": each.sales[-1],
            "usual": one_decimal(each.usual),
        }
        for _, each in ordered[:MOST]
    ]


def one_decimal(value: Fraction) -> str:
    tenths = round(value * 10)
    return f"{tenths // 10}.{tenths % 10}"


def _moved(each: Past, judged: int) -> bool:
    now, usual = each.sales[-1], each.usual
    if max(Fraction(now), usual) < 5:
        return False
    if max(Fraction(now), usual) < min(Fraction(now), usual) * Fraction(3, 2):
        return False
    clump = _clump(each)
    before, periods = sum(each.earlier) / clump, len(each.earlier) + 1
    if now > usual:
        most, earlier = floor(now / clump), ceil(before)
        chance = 1 - _at_most(most - 1, most + earlier, periods)
    else:
        most, earlier = ceil(now / clump), floor(before)
        chance = _at_most(most, most + earlier, periods)
    return 2 * chance * judged <= Fraction(1, 100)


def _clump(each: Past) -> Fraction:
    """Say how many sales come together, by what neighbouring periods differ."""
    earlier = each.earlier
    differ = sum((earlier[place + 1] - earlier[place]) ** 2 for place in range(len(earlier) - 1))
    mean = Fraction(sum(earlier), len(earlier))
    clump = Fraction(differ, 2 * (len(earlier) - 1)) / mean if mean else Fraction(0)
    return max(Fraction(1), clump, Fraction(sum(earlier) + each.sales[-1], 1000))


def _at_most(most: int, tries: int, periods: int) -> Fraction:
    """Return the chance that at most so many of some tries fall into one of equal periods."""
    ways = sum(comb(tries, hits) * (periods - 1) ** (tries - hits) for hits in range(most + 1))
    return Fraction(ways, periods**tries)


# What hangs on one, and what an hour brings


def concentration(
    days: Days, span: Span, sales: int, currencies: Mapping[Product, str]
) -> dict[str, Any] | None:
    """Return how much the best product brought, where that is a word worth."""
    brought = days.figures(span).products
    if sum(each["sales"] > 0 for each in brought.values()) < 3 or sales < 10:
        return None
    # Nothing is nothing in every currency: what was given away needs no rate.
    worth = {product: each for product, each in brought.items() if each["net"]}
    same = len({currencies[product] for product in worth}) == 1
    if not same and any(each["lacks_rate"] for each in worth.values()):
        return None
    nets = {product: each["net" if same else "home_net"] for product, each in worth.items()}
    if sum(nets.values()) <= 0:
        return None
    best = max(nets, key=lambda product: nets[product])
    share = Fraction(nets[best], sum(net for net in nets.values() if net > 0))
    if share < Fraction(3, 10):
        return None
    return {
        "product": latest_title(days, best, span),
        "shop": best[0],
        "percent": one_decimal(100 * share),
    }


def hourly(
    days: Days, spent: Mapping[Product, int], currencies: Mapping[Product, str]
) -> list[dict[str, Any]]:
    """Divide what each product ever brought by the hours put into it."""
    ever = (days.first_day, max(days.by_day))
    brought = days.figures(ever).products
    some = any(brought[product]["lacks_rate"] for product in spent)
    found = []
    for product, minutes in spent.items():
        net, code = brought[product]["net"], currencies[product]
        rank = -minutes if some else Fraction(-brought[product]["home_net"], minutes)
        row = {
            "product": latest_title(days, product, ever),
            "shop": product[0],
            "minutes": minutes,
            "net": {code: written(net, code)},
            "net_per_hour": {code: written(round(Fraction(net * 60, minutes)), code)},
        }
        found.append((rank, product, row))
    return [row for _, _, row in sorted(found, key=lambda each: each[:2])]
