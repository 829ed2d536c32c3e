"""Gather the facts that a digest tells."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from salesdaemon.application import basis_of
from salesdaemon.digest.content import DigestContent
from salesdaemon.domain.attention import Attention, Concern
from salesdaemon.domain.digests import (
    DigestKind,
    Gap,
    last_periods,
    period_after,
    period_before,
    year_before,
)
from salesdaemon.domain.goals import follow_goals
from salesdaemon.domain.history import draw_bars, find_record, find_streak
from salesdaemon.domain.period import Period, day_of, resolve, shift
from salesdaemon.domain.product_facts import Effort
from salesdaemon.domain.put_aside import put_aside
from salesdaemon.domain.report import BooksOfPeriod
from salesdaemon.domain.shop_state import is_stale
from salesdaemon.domain.summary import GroupTotals, News, StaleShop, Summary, Totals
from salesdaemon.domain.sums import DaySum, Dimension, add_up, group_by
from salesdaemon.domain.trends import (
    Movements,
    find_concentration,
    find_movements,
    find_trends,
)
from salesdaemon.settings_models import Settings
from salesdaemon.store import digests
from salesdaemon.store.accounts import count_set_aside, find_account_of_shop, find_shop
from salesdaemon.store.channels import find_channels
from salesdaemon.store.digests import SKIPPED
from salesdaemon.store.effort import list_effort
from salesdaemon.store.engine import Connection
from salesdaemon.store.history import load_days
from salesdaemon.store.milestones import MOST_MARKED, days_to_sum
from salesdaemon.store.outbox import count_by_channel
from salesdaemon.store.product_history import load_hourly_rates, load_product_histories
from salesdaemon.store.sales import list_news
from salesdaemon.store.shop_lines import list_payouts, list_shop_lines
from salesdaemon.store.sums import Basis, load_sums, to_summary

COMPARED_PERIODS: Final = {
    DigestKind.WEEKLY: 13,
    DigestKind.MONTHLY: 13,
    DigestKind.YEARLY: 5,
}
"""How many periods of a product are looked at, the digest's own included."""
TREND_DAYS: Final = 7
"""A day says little of a product: the daily digest compares weeks that end with it."""
SAME_BEFORE: Final = {DigestKind.DAILY: -7, DigestKind.WEEKLY: -28}
"""How many days away lies what a day or a week is compared with beside the one before."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which digest is to be gathered, and when; `gap` are digests missed before it."""

    kind: DigestKind
    period: Period
    now: datetime
    gap: Gap | None = None
    preview: bool = False


def collect(
    connection: Connection, settings: Settings, overrides: Mapping[str, bool], wanted: Wanted
) -> DigestContent:
    """Gather the facts of one digest."""
    kind, period = wanted.kind, wanted.period
    basis = basis_of(settings, overrides)
    sums = load_sums(connection, basis, period, tuple(Dimension))
    summary = to_summary(connection, basis, period, sums)
    content = DigestContent(
        kind=kind,
        summary=summary,
        before=_compared(connection, basis, period_before(kind, period)),
        same_before=_compared(connection, basis, period.shifted(SAME_BEFORE[kind]))
        if kind in SAME_BEFORE
        else None,
        timezone=settings.timezone,
        news=_news(connection, settings, wanted),
        stale=_missing_from(period, stale_shops(connection, settings, wanted.now), settings.zone),
        gap=wanted.gap,
        preview=wanted.preview,
        is_last=period_after(kind, period).last >= day_of(wanted.now, settings.zone),
        books=books_of(connection, period, settings.zone, day_of(wanted.now, settings.zone)),
        kinds=_by_kind(sums),
        countries=_by_country(sums),
        attention=tuple(_attention(connection, settings, summary)),
    )
    if kind is not DigestKind.DAILY:
        content = replace(
            content,
            concentration=find_concentration(summary),
            put_aside=put_aside(settings.put_aside_shares, summary.home),
        )
    if days_to_sum(connection) > MOST_MARKED:
        return replace(content, behind=True)
    return _look_back(connection, settings, basis, content, day_of(wanted.now, settings.zone))


def _look_back(
    connection: Connection,
    settings: Settings,
    basis: Basis,
    content: DigestContent,
    today: date,
) -> DigestContent:
    """Add what compares a period with the days and products of years."""
    kind, period = content.kind, content.summary.period
    # Of a period that is looked at before its end, the days to come are no days without a sale.
    so_far = Period(period.first, max(period.first, min(period.last, today)))
    history = load_days(connection, basis, period.last)
    stretches = _stretches(kind, period)
    judges = kind is not DigestKind.DAILY
    products = load_product_histories(connection, basis, stretches, look_back=judges)
    # Of a stretch before the first sale nobody can say that it brought less.
    has_before = bool(history) and history[0].day <= stretches[-2].first
    content = replace(
        content,
        bars=draw_bars(history, kind, period) if history else (),
        trends=find_trends(products) if has_before else {},
        goals=follow_goals(settings.monthly_goals, history, kind, so_far),
        streak=find_streak(history, so_far),
        record=find_record(history, kind, period),
    )
    earlier = year_before(kind, period)
    if kind is not DigestKind.YEARLY and history and history[0].day <= earlier.first:
        content = replace(content, year_before=_compared(connection, basis, earlier))
    if kind is DigestKind.DAILY:
        return content
    # What is missing, or still to come, would look like products that fade.
    missing = {shop.shop for shop in content.stale}
    whole = [each for each in products if each.product.shop not in missing]
    efforts = [
        Effort(each.product, each.minutes, each.spent_on) for each in list_effort(connection)
    ]
    return replace(
        content,
        movements=find_movements(kind, whole) if so_far == period else Movements(),
        hourly=tuple(load_hourly_rates(connection, basis, efforts)) if efforts else (),
    )


def _stretches(kind: DigestKind, period: Period) -> list[Period]:
    """Return the periods in which products are compared, oldest first."""
    if kind is DigestKind.DAILY:
        week = Period(shift(period.last, -timedelta(days=TREND_DAYS - 1)), period.last)
        return [week.shifted(-TREND_DAYS), week]
    return last_periods(kind, period, COMPARED_PERIODS[kind])


def _compared(connection: Connection, basis: Basis, period: Period) -> Summary:
    # Whether its rates may still change is not told: that takes longer to find out than its sums.
    return add_up(load_sums(connection, basis, period, (Dimension.TOTAL,)), period, basis.home)


def _news(connection: Connection, settings: Settings, wanted: Wanted) -> tuple[News, ...]:
    """List what became known since the last digest of this kind about days before its period."""
    kind, period = wanted.kind, wanted.period
    rows = digests.list_for(connection, kind, period.last)
    own = [row.content_until for row in rows if row.state != SKIPPED]
    # The first of its kind begins with its period: what was known before stands in its days.
    begin = digests.told_until(connection, kind, period.last)
    return tuple(
        list_news(
            connection,
            seen_after=begin or resolve(period.first, time(), settings.zone),
            seen_until=min(own, default=wanted.now),
            sold_before=period.first,
        )
    )


def _by_kind(sums: Sequence[DaySum]) -> Mapping[str, Mapping[str, Totals]]:
    groups = group_by([each for each in sums if each.dimension is Dimension.KIND], _name_of)
    return {group.name: group.totals for group in groups if group.name is not None}


def _by_country(sums: Sequence[DaySum]) -> tuple[GroupTotals, ...]:
    """Total each country that anything was sold to, most sales first."""
    groups = group_by([each for each in sums if each.dimension is Dimension.COUNTRY], _name_of)
    sold = [group for group in groups if _sales_of(group)]
    return tuple(sorted(sold, key=lambda group: (-_sales_of(group), group.name or "~")))


def _name_of(each: DaySum) -> str | None:
    return each.name or None


def _sales_of(group: GroupTotals) -> int:
    return sum(line.sales for line in group.totals.values())


def _attention(connection: Connection, settings: Settings, summary: Summary) -> Iterator[Attention]:
    """List what its owner should look at; a shop that is stale is told beside it."""
    aside = count_set_aside(connection)
    for name in settings.shops:
        record = find_shop(connection, name)
        if record is not None and record.login_needed:
            since = record.problem_since
            yield Attention(Concern.LOGIN, name, since=since, what=record.action)
        account = find_account_of_shop(connection, name)
        if account is not None and aside.get(account.id):
            yield Attention(Concern.SET_ASIDE, name, count=aside[account.id])
    waiting = count_by_channel(connection)
    for name, channel in find_channels(connection, settings.channels).items():
        unsent, failed = waiting.get(name, (0, 0))
        if channel.failing_since is not None or failed:
            since, what = channel.failing_since, channel.problem
            yield Attention(Concern.CHANNEL, name, unsent + failed, since, what)
    for product in summary.products:
        if any(line.unclassified_net for line in product.totals.values()):
            yield Attention(Concern.UNCLASSIFIED, product.name or product.key or "")


def _missing_from(
    period: Period, stale: Sequence[StaleShop], zone: ZoneInfo
) -> tuple[StaleShop, ...]:
    """Return the shops whose sales of a period may be missing: not those read a day after it."""
    read_by = resolve(shift(period.last, timedelta(days=2)), time(), zone)
    return tuple(
        shop for shop in stale if shop.last_good_poll is None or shop.last_good_poll < read_by
    )


def books_of(connection: Connection, period: Period, zone: ZoneInfo, today: date) -> BooksOfPeriod:
    """Return what the marketplaces' books tell of a period beside its sales.

    A payout that is still to come is told of a period that has just ended, or is not over: not of
    one that has another of its length behind it.
    """
    lines = list_shop_lines(connection, period.first, period.last, zone)
    length = period.last - period.first + timedelta(days=1)
    is_recent = today - period.last <= length
    payouts = [
        (shop, payout)
        for shop, payout in list_payouts(connection, zone)
        if (is_recent if payout.made_on is None else payout.made_on in period)
    ]
    return BooksOfPeriod(lines, payouts)


def stale_shops(connection: Connection, settings: Settings, now: datetime) -> tuple[StaleShop, ...]:
    """List the configured shops that were not polled lately."""
    shops = []
    for name in settings.shops:
        record = find_shop(connection, name)
        last = record.last_good_poll if record is not None else None
        interval = timedelta(seconds=record.interval_seconds if record is not None else 60)
        if is_stale(last, interval, now):
            shops.append(StaleShop(name, last))
    return tuple(shops)
