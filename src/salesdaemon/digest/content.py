"""What a digest knows, and its JSON."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

from salesdaemon.domain.attention import Attention
from salesdaemon.domain.digests import DigestKind, Gap
from salesdaemon.domain.goals import GoalProgress
from salesdaemon.domain.history import Bar, Record, Streak
from salesdaemon.domain.money import to_text
from salesdaemon.domain.put_aside import PutAside
from salesdaemon.domain.report import (
    NOTHING_BOOKED,
    BooksOfPeriod,
    figures_json,
    instant_json,
    report_json,
    totals_json,
)
from salesdaemon.domain.summary import GroupTotals, News, StaleShop, Summary, Totals
from salesdaemon.domain.trends import (
    Concentration,
    HourlyRate,
    Movement,
    Movements,
    ProductKey,
    Trend,
)


@dataclass(frozen=True, slots=True)
class DigestContent:
    """The facts of one digest.

    `before` is the period before, `same_before` the same weekday a week earlier or the week four
    weeks earlier (None for longer kinds), `year_before` the one a year earlier where the history
    reaches that far. Summaries of comparisons name no products. `news` is what became known since
    the last digest of this kind about earlier days; no total holds it. `is_last` says that no later
    period of its kind is over. `books` is what the
    marketplaces' books tell beside the sales. `kinds` are the totals by kind of sale, `countries`
    by country, most sales first. `trends` are those of products of the summary. `behind` tells
    that days are still being added up, so that what looks far back is left out.
    """

    kind: DigestKind
    summary: Summary
    before: Summary
    timezone: str
    same_before: Summary | None = None
    year_before: Summary | None = None
    news: tuple[News, ...] = ()
    stale: tuple[StaleShop, ...] = ()
    gap: Gap | None = None
    preview: bool = False
    is_last: bool = True
    books: BooksOfPeriod = NOTHING_BOOKED
    kinds: Mapping[str, Mapping[str, Totals]] = field(default_factory=dict)
    countries: tuple[GroupTotals, ...] = ()
    bars: tuple[Bar, ...] = ()
    trends: Mapping[ProductKey, Trend] = field(default_factory=dict)
    movements: Movements = field(default_factory=Movements)
    concentration: Concentration | None = None
    hourly: tuple[HourlyRate, ...] = ()
    goals: tuple[GoalProgress, ...] = ()
    put_aside: tuple[PutAside, ...] = ()
    streak: Streak | None = None
    record: Record | None = None
    attention: tuple[Attention, ...] = ()
    behind: bool = False


def to_json(content: DigestContent) -> dict[str, Any]:
    """Give a digest as JSON: its kind, the report of its period, comparisons, news and the rest.

    Amounts are decimal strings; those of bars, goals and shares put aside are of the home
    currency, which `home` names.
    """
    home = content.summary.home_currency
    return {
        "kind": content.kind.value,
        **report_json(content.summary, content.stale, content.timezone, content.books),
        "passive_sales": sum(line.passive_sales for line in content.summary.totals.values()),
        "compared": _all_compared_json(content),
        "news": [_news_json(news) for news in content.news],
        "kinds": {kind: totals_json(dict(totals)) for kind, totals in content.kinds.items()},
        "countries": [
            {"country": country.name, "totals": totals_json(country.totals)}
            for country in content.countries
        ],
        "bars": [_bar_json(bar, home) for bar in content.bars],
        "trends": _trends_json(content),
        "movements": {
            name: [_movement_json(each) for each in getattr(content.movements, name)]
            for name in ("rising", "fading", "evergreen", "fresh")
        },
        "concentration": _concentration_json(content.concentration),
        "hourly": [_hourly_json(rate) for rate in content.hourly],
        "goals": [_goal_json(progress) for progress in content.goals],
        "put_aside": [
            {
                "name": each.share.name,
                "percent": str(each.share.percent),
                "figure": each.share.figure,
                "amount": to_text(each.amount_minor, home),
            }
            for each in content.put_aside
        ],
        "streak": _streak_json(content.streak),
        "record": _record_json(content.record, home),
        "attention": [_attention_json(each) for each in content.attention],
        "gap": _gap_json(content.gap),
        "behind": content.behind,
    }


def _all_compared_json(content: DigestContent) -> dict[str, Any]:
    same_before = "week_before" if content.kind is DigestKind.DAILY else "four_weeks_before"
    compared = {
        "before": content.before,
        same_before: content.same_before,
        "year_before": content.year_before,
    }
    return {
        name: _compared_json(summary) for name, summary in compared.items() if summary is not None
    }


def _compared_json(summary: Summary) -> dict[str, Any]:
    return {
        "from": summary.period.first.isoformat(),
        "to": summary.period.last.isoformat(),
        "totals": totals_json(summary.totals),
        "home": {
            "currency": summary.home_currency,
            **figures_json(summary.home, summary.home_currency),
            "unconverted": list(summary.unconverted),
        },
    }


def _news_json(news: News) -> dict[str, Any]:
    return {
        "kind": news.kind,
        "shop": news.shop,
        "sale_id": news.sale_id,
        "product": news.product,
        "sold_on": news.sold_on.isoformat(),
        "seen_at": instant_json(news.seen_at),
        "currency": news.currency,
        "gross_delta": to_text(news.gross_delta, news.currency),
        "refunded_delta": to_text(news.refunded_delta, news.currency),
        "net_delta": to_text(news.net_delta, news.currency),
    }


def _bar_json(bar: Bar, home: str) -> dict[str, Any]:
    figures = bar.figures
    return {
        "from": bar.period.first.isoformat(),
        "to": bar.period.last.isoformat(),
        "sales": figures.sales,
        **{
            name: to_text(getattr(figures, name), home)
            for name in ("gross", "net", "passive_net", "active_net", "unclassified_net")
        },
        "converted": figures.converted,
    }


def _trends_json(content: DigestContent) -> list[dict[str, Any]]:
    """Give the trends of the digest's own products, in their order."""
    found = []
    for product in content.summary.products:
        trend = content.trends.get(ProductKey(product.shop or "", product.key or ""))
        if trend is not None:
            found.append(
                {
                    "product": product.name,
                    "shop": product.shop,
                    "units": trend.now,
                    "units_before": trend.before,
                }
            )
    return found


def _movement_json(movement: Movement) -> dict[str, Any]:
    return {
        "product": movement.title,
        "shop": movement.product.shop,
        "sales": movement.sales,
        "usual": _decimal(movement.usual),
    }


def _concentration_json(concentration: Concentration | None) -> dict[str, Any] | None:
    if concentration is None:
        return None
    return {
        "product": concentration.title,
        "shop": concentration.product.shop,
        "percent": _decimal(100 * concentration.share),
    }


def _decimal(value: Fraction) -> str:
    """Write a fraction with one decimal, half to even."""
    return f"{round(value * 10) / Decimal(10):.1f}"


def _hourly_json(rate: HourlyRate) -> dict[str, Any]:
    return {
        "product": rate.title,
        "shop": rate.product.shop,
        "minutes": rate.minutes,
        "net": {currency: to_text(minor, currency) for currency, minor in rate.net.items()},
        "net_per_hour": {
            currency: to_text(minor, currency) for currency, minor in rate.per_hour.items()
        },
    }


def _goal_json(progress: GoalProgress) -> dict[str, Any]:
    goal = progress.goal
    currency = goal.amount.currency
    projected, reached_on = progress.projected, progress.reached_on
    return {
        "goal": goal.name,
        "figure": goal.figure,
        "amount": str(goal.amount),
        "month": f"{progress.month.first:%Y-%m}",
        "until": progress.until.isoformat(),
        "reached": to_text(progress.reached, currency),
        "projected": to_text(projected, currency) if projected is not None else None,
        "reached_on": reached_on.isoformat() if reached_on is not None else None,
        "converted": progress.converted,
    }


def _streak_json(streak: Streak | None) -> dict[str, Any] | None:
    if streak is None:
        return None
    return {"days": streak.days, "since": streak.since.isoformat()}


def _record_json(record: Record | None, home: str) -> dict[str, Any] | None:
    if record is None:
        return None
    since = record.since
    return {
        "since": {"from": since.first.isoformat(), "to": since.last.isoformat()} if since else None,
        "compared_with": to_text(record.beaten, home),
    }


def _attention_json(attention: Attention) -> dict[str, Any]:
    return {
        "concern": attention.concern.value,
        "subject": attention.subject,
        "count": attention.count,
        "since": instant_json(attention.since),
        "what": attention.what,
    }


def _gap_json(gap: Gap | None) -> dict[str, Any] | None:
    if gap is None:
        return None
    return {
        "from": gap.days.first.isoformat(),
        "to": gap.days.last.isoformat(),
        "digests": gap.digests,
    }
