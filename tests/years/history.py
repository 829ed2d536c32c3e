"""Two years of a seller's life at four shops, as raw orders; the same at every run."""

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from tests.years import etsy_shops, gumroad_shop
from tests.years.account import post
from tests.years.calendar import (
    DAY,
    LAST,
    VIRAL,
    busyness,
    days,
    delicate_moments,
    draw_count,
    draw_moment,
    is_dead,
)

Raw = dict[str, Any]
SHOPS = {"prints": (101, "EUR"), "london": (102, "GBP"), "tokyo": (103, "JPY")}
GUMROAD = "templates"
USUAL = {"prints": 2.4, "london": 1.1, "tokyo": 0.8, GUMROAD: 3.2}
"""Orders on a usual day."""
VIRAL_SALES = {"prints": 120, GUMROAD: 380}
END = datetime.combine(LAST + DAY, datetime.min.time(), UTC)


@dataclass(frozen=True)
class Order:
    """One order: from when on it is sent in which words, oldest first; epoch seconds."""

    shop: str
    versions: tuple[tuple[int, Raw], ...]

    @property
    def last(self) -> Raw:
        return self.versions[-1][1]

    def at(self, now: int) -> Raw | None:
        """Return it as it is sent at a moment; None before it is listed."""
        for since, raw in reversed(self.versions):
            if since <= now:
                return raw
        return None


@dataclass(frozen=True)
class History:
    """All there is to serve: orders by shop, lines of the payment account, the catalogue."""

    orders: Mapping[str, tuple[Order, ...]]
    accounts: Mapping[str, tuple[Raw, ...]]
    payments: Mapping[int, Raw]
    listings: tuple[Raw, ...]

    def raw(self) -> dict[str, list[Raw]]:
        """Return the raw orders of each shop as they stand in the end."""
        return {shop: [order.last for order in orders] for shop, orders in self.orders.items()}


@cache
def two_years() -> History:
    """Tell the story."""
    draw = random.Random(5)
    etsy = {
        name: etsy_shops.Shop(name, number, currency, draw)
        for name, (number, currency) in SHOPS.items()
    }
    gumroad = gumroad_shop.Shop(draw)
    orders: dict[str, list[Order]] = {name: [] for name in USUAL}
    for moment, shop in _moments(draw):
        if shop != GUMROAD:
            orders[shop].append(Order(shop, etsy[shop].sell(moment)))
            continue
        viral = moment.date() == VIRAL and draw.random() < 0.97
        rows = [gumroad.go_viral(moment)] if viral else gumroad.sell(moment)
        orders[shop] += (Order(shop, row) for row in rows if _is_in_time(row))
    accounts, payments = post(102, "GBP", [order.versions for order in orders["london"]])
    return History(
        {shop: tuple(found) for shop, found in orders.items()},
        {"london": tuple(accounts)},
        {payment["payment_id"]: payment for payment in payments},
        tuple(etsy_shops.catalogue()),
    )


def _is_in_time(row: Iterable[tuple[int, Raw]]) -> bool:
    """Leave out renewals that fall into the dead month, or come after the end."""
    at = datetime.fromtimestamp(next(iter(row))[0], UTC)
    return at < END and not is_dead(at)


def _moments(draw: random.Random) -> list[tuple[datetime, str]]:
    found = []
    for day in days():
        for shop, usual in USUAL.items():
            extra = VIRAL_SALES.get(shop, 0) if day == VIRAL else 0
            count = draw_count(draw, usual * busyness(day)) + extra
            found += [(draw_moment(draw, day), shop) for _ in range(count)]
    shops = list(USUAL)
    found += [
        (moment, shops[place % len(shops)]) for place, moment in enumerate(delicate_moments())
    ]
    return sorted(each for each in found if not is_dead(each[0]) and each[0] < END - timedelta(0))
