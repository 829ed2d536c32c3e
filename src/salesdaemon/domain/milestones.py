"""Find what a seller is glad to hear: round numbers, a best day, a goal reached. Pure.

What arrived is compared with what was there without it, so that a history which is read or
imported later passes every mark in silence. Each milestone has a key that names it for ever.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import blake2b
from typing import Final

from salesdaemon.domain.goals import Goal
from salesdaemon.domain.money import Money

BEST_DAY_AFTER: Final = timedelta(days=30)
"""How long ago the first sale must be before a day can be the best one."""
BEST_OF_DAYS: Final = 10
"""On how many days, at least, must have been sold before."""
ANNIVERSARY_SALES: Final = 10
"""How many sales a product must have had, and one of them within the last year."""

_YEAR: Final = 365
_LONGEST_NAME: Final = 128


@dataclass(frozen=True, slots=True)
class SalesReached:
    """All shops together have sold so often."""

    count: int

    @property
    def key(self) -> str:
        """Name it for ever."""
        return f"milestone:count:{self.count}"


@dataclass(frozen=True, slots=True)
class BestDay:
    """A day brought more than any before it; `before` was the best until then."""

    day: date
    net: Money
    before_on: date
    before: Money

    @property
    def key(self) -> str:
        """Name it for ever: a day is told once, however much it still grows."""
        return f"milestone:best:{self.day.isoformat()}"


@dataclass(frozen=True, slots=True)
class Product:
    """A product of a shop: `name` is its id, or its title where it has none."""

    account_id: int
    shop: str
    name: str
    title: str | None

    @property
    def key(self) -> str:
        """Name it within the keys of milestones."""
        short = self.name
        if len(short) > _LONGEST_NAME:
            short = blake2b(self.name.encode(), digest_size=16).hexdigest()
        return f"{self.account_id}:{short}"


@dataclass(frozen=True, slots=True)
class FirstOfProduct:
    """A product was sold for the first time."""

    product: Product

    @property
    def key(self) -> str:
        """Name it for ever."""
        return f"milestone:product:{self.product.key}"


@dataclass(frozen=True, slots=True)
class GoalReached:
    """A month brought what a goal asks for; `month` is its first day."""

    goal: Goal
    month: date
    reached: Money

    @property
    def key(self) -> str:
        """Name it for ever."""
        return f"milestone:goal:{self.goal.name}:{self.month:%Y-%m}"


@dataclass(frozen=True, slots=True)
class Anniversary:
    """A product was first sold so many years ago today."""

    product: Product
    years: int
    since: date
    sales: int

    @property
    def key(self) -> str:
        """Name it for ever."""
        return f"anniversary:{self.product.key}:{self.years}"


Milestone = SalesReached | BestDay | FirstOfProduct | GoalReached | Anniversary


@dataclass(frozen=True, slots=True)
class DayFacts:
    """What a day brought with and without what just arrived, in the home currency.

    `earlier` is the net of each day before it on which anything was sold.
    """

    day: date
    before: Money
    after: Money
    earlier: Mapping[date, int]


@dataclass(frozen=True, slots=True)
class MonthFacts:
    """What a month brought with and without what just arrived: figures in the home currency."""

    month: date
    before: Mapping[str, int]
    after: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Facts:
    """What sales that just arrived changed. `sales_*` count those of all shops.

    `products` were never sold before; those of a shop that had sold nothing at all are left out.
    """

    sales_before: int
    sales_after: int
    days: Sequence[DayFacts] = ()
    months: Sequence[MonthFacts] = ()
    goals: Sequence[Goal] = ()
    products: Sequence[Product] = ()


def find_milestones(facts: Facts) -> list[Milestone]:
    """List what was reached, the weightiest first."""
    count = round_number(facts.sales_before, facts.sales_after)
    found: list[Milestone] = [SalesReached(count)] if count is not None else []
    found += (
        reached
        for month in facts.months
        for goal in facts.goals
        if (reached := goal_reached(goal, month)) is not None
    )
    found += (best for day in facts.days if (best := best_day(day)) is not None)
    found += (FirstOfProduct(product) for product in facts.products)
    return found


def round_number(before: int, after: int) -> int | None:
    """Return the greatest of 1, 10, 100, … that was reached; None where none was."""
    greatest = 10 ** (len(str(after)) - 1) if after > 0 else 0
    return greatest if before < greatest <= after else None


def best_day(facts: DayFacts) -> BestDay | None:
    """Tell whether a day became the best one by what just arrived.

    Never within 30 days of the first sale, nor before there were ten days with sales.
    """
    earlier = facts.earlier
    if len(earlier) < BEST_OF_DAYS or facts.day - min(earlier) < BEST_DAY_AFTER:
        return None
    before_on = max(earlier, key=lambda day: (earlier[day], day))
    best = earlier[before_on]
    if not facts.before.amount_minor <= best < facts.after.amount_minor:
        return None
    return BestDay(facts.day, facts.after, before_on, Money(best, facts.after.currency))


def goal_reached(goal: Goal, facts: MonthFacts) -> GoalReached | None:
    """Tell whether a month reached a goal by what just arrived."""
    before, after = facts.before.get(goal.figure, 0), facts.after.get(goal.figure, 0)
    if not before < goal.amount.amount_minor <= after:
        return None
    return GoalReached(goal, facts.month, Money(after, goal.amount.currency))


@dataclass(frozen=True, slots=True)
class ProductLife:
    """When a product was sold first and last, and in how many sales."""

    product: Product
    first_sale: date
    last_sale: date
    sales: int


def find_anniversaries(products: Iterable[ProductLife], today: date) -> list[Anniversary]:
    """List the products first sold on this day of an earlier year, those sold most first.

    A product first sold on 29 February has its day on the 28th in other years.
    """
    found = [
        Anniversary(life.product, today.year - life.first_sale.year, life.first_sale, life.sales)
        for life in products
        if life.sales >= ANNIVERSARY_SALES
        and (today - life.last_sale).days <= _YEAR
        and _is_anniversary(life.first_sale, today)
    ]
    return sorted(found, key=lambda each: (-each.sales, each.product.shop, each.product.name))


def _is_anniversary(first: date, today: date) -> bool:
    if today.year <= first.year:
        return False
    try:
        return first.replace(year=today.year) == today
    except ValueError:
        return (today.month, today.day) == (2, 28)
