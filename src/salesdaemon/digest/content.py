"""What a digest knows, and its JSON."""

from dataclasses import dataclass
from typing import Any

from salesdaemon.domain.money import to_text
from salesdaemon.domain.period import Period
from salesdaemon.domain.report import (
    NOTHING_BOOKED,
    BooksOfPeriod,
    instant_json,
    report_json,
    totals_json,
)
from salesdaemon.domain.summary import News, StaleShop, Summary


@dataclass(frozen=True, slots=True)
class DigestContent:
    """The facts of one digest.

    `before` and `week_before` are the day before and the same weekday a week earlier. `news` is
    what became known since the last digest about earlier days; no total holds it. `gap` are the
    days whose digests were missed while the daemon did not run, `timezone` the owner's zone.
    `books` is what the marketplaces' books tell beside the sales.
    """

    kind: str
    summary: Summary
    before: Summary
    week_before: Summary
    news: tuple[News, ...]
    stale: tuple[StaleShop, ...]
    timezone: str
    gap: Period | None = None
    preview: bool = False
    books: BooksOfPeriod = NOTHING_BOOKED


def to_json(content: DigestContent) -> dict[str, Any]:
    """Give a digest as JSON: its kind, the report of its period, comparisons and news."""
    return {
        "kind": content.kind,
        **report_json(content.summary, content.stale, content.timezone, content.books),
        "compared": {
            "before": _compared_json(content.before),
            "week_before": _compared_json(content.week_before),
        },
        "news": [_news_json(news) for news in content.news],
    }


def _compared_json(summary: Summary) -> dict[str, Any]:
    return {"date": summary.period.first.isoformat(), "totals": totals_json(summary.totals)}


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
