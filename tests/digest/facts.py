"""Sales and news with everything defaulted, and the facts of the digest that they make."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

from salesdaemon.digest.content import DigestContent
from salesdaemon.domain.digests import (
    DigestKind,
    last_periods,
    period_before,
    period_of,
    year_before,
)
from salesdaemon.domain.goals import Goal, follow_goals
from salesdaemon.domain.history import DayFigures, Figures, draw_bars, find_record, find_streak
from salesdaemon.domain.period import Period
from salesdaemon.domain.put_aside import Share, put_aside
from salesdaemon.domain.sale import COUNTED_KINDS, Kind, LineItem, Status
from salesdaemon.domain.summary import GroupTotals, News, StoredSale
from salesdaemon.domain.sums import (
    Dimension,
    FindRate,
    group_by,
    in_home_currency,
    no_rates,
    sum_sales,
    summarise,
)
from salesdaemon.domain.trends import (
    ProductHistory,
    ProductKey,
    find_concentration,
    find_movements,
    find_trends,
)

FRIDAY = date(2026, 11, 20)
BERLIN = "Europe/Berlin"
_ONE_DAY = timedelta(days=1)
_HOME = "EUR"


def sale(
    net: int = 965,
    *,
    gross: int | None = None,
    fees: int | None = None,
    refunded: int = 0,
    fees_refunded: int = 0,
    affiliate: int = 0,
    currency: str = "EUR",
    shop: str = "templates",
    marketplace: str = "gumroad",
    day: date = FRIDAY,
    product: str | None = "Weekly planner",
    passive: bool | None = True,
    quantity: int = 1,
    kind: Kind = Kind.SALE,
    status: Status = Status.PAID,
    exact: bool = True,
    country: str | None = "DE",
    items: tuple[LineItem, ...] | None = None,
) -> StoredSale:
    """Make a paid sale; gross and fees follow from the net unless they are given."""
    given_back = fees_refunded - affiliate - refunded
    charged = net // 5 if fees is None and gross is None else fees
    if charged is None:
        charged = (gross or 0) + given_back - net
    paid = net + charged - given_back if gross is None else gross
    return StoredSale(
        marketplace=marketplace,
        shop=shop,
        sale_id="s1",
        kind=kind,
        status=status,
        paid=True,
        paid_at=datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=9),
        sold_on=day,
        currency=currency,
        gross_minor=paid,
        refunded_minor=refunded,
        refunded_exact=True,
        fees_minor=charged,
        fees_refunded_minor=fees_refunded,
        affiliate_minor=affiliate,
        net_minor=net,
        fees_exact=exact,
        country=country,
        items=items or (LineItem(product, product, quantity, paid, passive=passive),),
    )


def content(
    sales: Sequence[StoredSale],
    *,
    kind: DigestKind = DigestKind.DAILY,
    day: date = FRIDAY,
    timezone: str = BERLIN,
    home: str = _HOME,
    find_rate: FindRate = no_rates,
    **facts: Any,
) -> DigestContent:
    """Sum up the sales of the period of a day, and of those that it is compared with."""
    period = period_of(kind, day)
    days = {DigestKind.DAILY: -7, DigestKind.WEEKLY: -28}.get(kind)

    def summed(of: Period) -> Any:
        return summarise(sales, of, home, find_rate)

    made = DigestContent(
        kind=kind,
        summary=summed(period),
        before=replace(summed(period_before(kind, period)), products=()),
        same_before=summed(period.shifted(days)) if days else None,
        timezone=timezone,
        kinds=dict(_kinds([one for one in sales if one.sold_on in period])),
        countries=_countries([one for one in sales if one.sold_on in period], home, find_rate),
    )
    return replace(made, **facts)


def looking_back(
    made: DigestContent,
    sales: Sequence[StoredSale],
    *,
    goals: Sequence[Goal] = (),
    shares: Sequence[Share] = (),
    find_rate: FindRate = no_rates,
) -> DigestContent:
    """Add what compares a period with the days and products before it."""
    kind, period, home = made.kind, made.summary.period, made.summary.home_currency
    history = days_of(sales, home, find_rate)
    products = products_of(sales, kind, period)
    earlier = year_before(kind, period)
    reaches = kind is not DigestKind.YEARLY and history[0].day <= earlier.first
    found = replace(
        made,
        bars=draw_bars(history, kind, period),
        trends=find_trends(products),
        goals=follow_goals(goals, history, kind, period),
        streak=find_streak(history, period),
        record=find_record(history, kind, period),
        year_before=summarise(sales, earlier, home, find_rate) if reaches else None,
    )
    if kind is DigestKind.DAILY:
        return found
    return replace(
        found,
        movements=find_movements(kind, products),
        concentration=find_concentration(made.summary),
        put_aside=put_aside(shares, made.summary.home),
    )


def days_of(sales: Iterable[StoredSale], home: str, find_rate: FindRate) -> list[DayFigures]:
    """Sum each day up in the home currency."""
    days: defaultdict[date, list[Figures]] = defaultdict(list)
    for one in sales:
        rate = find_rate(one.currency, one.sold_on)
        line = in_home_currency(one, home, rate)
        counted = int(one.kind in COUNTED_KINDS)
        if line is None:
            days[one.sold_on].append(Figures(counted, converted=False))
        else:
            days[one.sold_on].append(
                Figures(
                    *(counted, line.gross, line.net, line.passive_net, line.active_net),
                    unclassified_net=line.unclassified_net,
                )
            )
    return [DayFigures(day, Figures.together(days[day])) for day in sorted(days)]


def products_of(
    sales: Iterable[StoredSale], kind: DigestKind, period: Period
) -> list[ProductHistory]:
    """Count each product in the periods before, or of a day in the weeks that end with it."""
    week = Period(period.last - 6 * _ONE_DAY, period.last)
    daily = kind is DigestKind.DAILY
    periods = [week.shifted(-7), week] if daily else last_periods(kind, period, 13)
    found: defaultdict[ProductKey, list[tuple[date, int]]] = defaultdict(list)
    for one in sales:
        if one.sold_on <= period.last and one.kind in COUNTED_KINDS:
            for item in one.items:
                key = ProductKey(one.shop, item.product_id or item.product or "")
                found[key].append((one.sold_on, item.quantity))
    return [
        ProductHistory(
            product=key,
            title=key.name,
            begun=_begun(min(day for day, _ in sold), periods),
            sales=tuple(sum(day in each for day, _ in sold) for each in periods),
            units=tuple(sum(units for day, units in sold if day in each) for each in periods),
        )
        for key, sold in sorted(found.items(), key=lambda entry: entry[0].name)
    ]


def _begun(first: date, periods: Sequence[Period]) -> int:
    return next((place for place, each in enumerate(periods) if first in each), -1)


def _kinds(sales: Sequence[StoredSale]) -> Iterator[tuple[str, Any]]:
    for kind in Kind:
        of_kind = [one for one in sales if one.kind is kind]
        if of_kind:
            period = Period(min(one.sold_on for one in sales), max(one.sold_on for one in sales))
            yield kind.value, summarise(of_kind, period, _HOME).totals


def _countries(
    sales: Sequence[StoredSale], home: str, find_rate: FindRate
) -> tuple[GroupTotals, ...]:
    sums = [
        each
        for each in sum_sales(sales, home, find_rate)
        if each.dimension is Dimension.COUNTRY and each.totals.sales
    ]
    groups = group_by(sums, lambda each: each.name or None)
    return tuple(
        sorted(groups, key=lambda group: -sum(line.sales for line in group.totals.values()))
    )


def news(kind: str, product: str | None = "Weekly planner", **deltas: int) -> News:
    """Make a piece of news of a sale three days earlier."""
    return News(
        kind=kind,
        shop="templates",
        sale_id="n1",
        product=product,
        sold_on=FRIDAY - timedelta(days=3),
        seen_at=datetime(2026, 11, 20, 18, 30, tzinfo=UTC),
        currency="EUR",
        gross_delta=deltas.get("gross", 0),
        refunded_delta=deltas.get("refunded", 0),
        net_delta=deltas.get("net", 0),
    )


_CATALOGUE = (
    # Title, net, whether it makes no work, and on every how many days it is sold.
    ("Weekly planner 2027", 1530, True, 1),
    ("Icon pack for makers", 1205, True, 2),
    ("Sticker sheet: cats", 365, True, 3),
    ("Budget spreadsheet", 2240, True, 5),
    ("Watercolour brushes", 1890, True, 9),
)
_PRINT = "Hand-lettered name print, A3, framed"
_COUNTRIES = ("DE", "US", "US", "GB", "DE", "FR", "NL", "US", "CA", "AT", "DE", "JP")


@cache
def two_years(last: date) -> tuple[StoredSale, ...]:
    """Make two years of an ordinary shop's life up to a day: weekends, a season, a few prints."""
    return tuple(one for age in range(730) for one in _one_day(last - age * _ONE_DAY))


def _one_day(day: date) -> Iterator[StoredSale]:
    number = day.toordinal()
    season = 3 if day.month in {11, 12} else 2
    for place, (title, net, passive, every) in enumerate(_CATALOGUE):
        # Numbers that look random and are the same in every run.
        luck = (number * 7919 + place * 104729) % 17
        count = (luck % 4) * season // 2 if number % every == 0 else 0
        for copy in range(count):
            country = _COUNTRIES[(number + place + copy) % len(_COUNTRIES)]
            yield sale(net, day=day, product=title, passive=passive, country=country)
    if number % 4 == 1:
        yield sale(
            *(1520,),
            shop="prints",
            marketplace="etsy",
            day=day,
            product=_PRINT,
            passive=False,
            country=_COUNTRIES[number % 5],
        )
