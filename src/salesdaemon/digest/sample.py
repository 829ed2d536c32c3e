"""Made-up digests that hold a bit of everything, to try an owner's templates with. Pure."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Final

from salesdaemon.digest.content import DigestContent
from salesdaemon.domain.attention import Attention, Concern
from salesdaemon.domain.digests import DigestKind, Gap, period_before, period_of
from salesdaemon.domain.goals import Goal, follow_goals
from salesdaemon.domain.history import DayFigures, Figures, draw_bars, find_streak
from salesdaemon.domain.ledger import EntryKind, Payout, ShopLine
from salesdaemon.domain.money import Money
from salesdaemon.domain.put_aside import Share, put_aside
from salesdaemon.domain.report import BooksOfPeriod
from salesdaemon.domain.sale import Kind, LineItem, Status
from salesdaemon.domain.summary import News, StaleShop, StoredSale, Totals
from salesdaemon.domain.sums import no_rates, summarise
from salesdaemon.domain.trends import (
    Concentration,
    HourlyRate,
    Movement,
    Movements,
    ProductKey,
    Trend,
)

_DAY: Final = date(2026, 11, 20)
_PLANNER: Final = ProductKey("templates", "Weekly planner")
_POSTER: Final = ProductKey("prints", "Map of the coast")
_HISTORY: Final = tuple(
    DayFigures(
        _DAY - timedelta(days=number),
        Figures(sales=2, gross=4000, net=3200, passive_net=2400, active_net=800),
    )
    for number in reversed(range(40))
)


def sample_digests() -> tuple[DigestContent, ...]:
    """Make a full digest of each kind, and one of a quiet day, in that order."""
    quiet = replace(_plain(DigestKind.DAILY, []), stale=(StaleShop("prints", None),))
    return (*(_full(kind) for kind in DigestKind), quiet)


def _full(kind: DigestKind) -> DigestContent:
    made = _plain(kind, [_sale(_PLANNER, passive=True), _sale(_POSTER, passive=False)])
    period, home = made.summary.period, made.summary.home
    shares = (Share("tax", "Tax", Decimal(25)),)
    goal = Goal("rent", "Rent", Money(90000, "EUR"), "net")
    planner = Movement(_PLANNER, _PLANNER.name, 4, Fraction(2))
    return replace(
        made,
        news=(_news(),),
        gap=Gap(period_before(kind, period), 1),
        books=_books(),
        kinds={Kind.RENEWAL.value: {"EUR": Totals(sales=1, net=900)}},
        countries=tuple(
            replace(shop, name=country, shop=None, marketplace=None)
            for shop, country in zip(made.summary.shops, ("DE", None), strict=True)
        ),
        bars=draw_bars(_HISTORY, kind, period),
        trends={_PLANNER: Trend(9, 4), _POSTER: Trend(1, 3)},
        movements=Movements(rising=(planner,), fading=(replace(planner, product=_POSTER),)),
        concentration=Concentration(_PLANNER, _PLANNER.name, Fraction(71, 100)),
        hourly=(HourlyRate(_PLANNER, _PLANNER.name, 600, {"EUR": 42000}, {"EUR": 4200}),),
        goals=follow_goals((goal,), _HISTORY, kind, period),
        put_aside=put_aside(shares, home),
        streak=find_streak(_HISTORY, period_of(DigestKind.DAILY, _DAY)),
        attention=(Attention(Concern.UNCLASSIFIED, "Mystery box"),),
    )


def _plain(kind: DigestKind, sales: list[StoredSale]) -> DigestContent:
    period = period_of(kind, _DAY)
    before = period_before(kind, period)
    earlier = replace(_sale(_PLANNER, passive=True), sold_on=before.last)
    return DigestContent(
        kind=kind,
        summary=summarise(sales, period, "EUR", no_rates),
        before=summarise([earlier], before, "EUR", no_rates),
        timezone="UTC",
    )


def _sale(product: ProductKey, *, passive: bool) -> StoredSale:
    return StoredSale(
        marketplace="marketplace",
        shop=product.shop,
        sale_id="1",
        kind=Kind.SALE,
        status=Status.PAID,
        paid=True,
        paid_at=datetime.combine(_DAY, time(9), UTC),
        sold_on=_DAY,
        currency="EUR",
        gross_minor=2000,
        refunded_minor=0,
        refunded_exact=True,
        fees_minor=400,
        fees_refunded_minor=0,
        affiliate_minor=0,
        net_minor=1600,
        fees_exact=passive,
        country="DE",
        items=(LineItem(product.name, product.name, 1, 2000, passive=passive),),
    )


def _news() -> News:
    return News(
        kind="refund",
        shop=_PLANNER.shop,
        sale_id="2",
        product=_PLANNER.name,
        sold_on=_DAY - timedelta(days=3),
        seen_at=datetime.combine(_DAY, time(18), UTC),
        currency="EUR",
        gross_delta=0,
        refunded_delta=2000,
        net_delta=-1600,
    )


def _books() -> BooksOfPeriod:
    return BooksOfPeriod(
        [ShopLine(_POSTER.shop, _DAY, EntryKind.COST, "advertising", "EUR", -150)],
        [(_POSTER.shop, Payout("1", 21240, "EUR", "sent", _DAY))],
    )
