"""The subject line: it holds the answer, so that the mail need not be opened to know it."""

from collections import Counter

from salesdaemon.digest.content import DigestContent
from salesdaemon.digest.figures import count_sales, headlines_of, is_estimated, is_quiet
from salesdaemon.digest.periods import NOUNS, during, name_of
from salesdaemon.digest.titles import clean
from salesdaemon.digest.wording import Wording, listing
from salesdaemon.domain.digests import DigestKind

_LONGEST = 250
_NEWS_NOUNS = {
    "sale": ("late sale", "late sales"),
    "renewal": ("late renewal", "late renewals"),
    "free": ("late free download", "late free downloads"),
    "refund": ("refund", "refunds"),
    "dispute": ("dispute", "disputes"),
    "dispute_won": ("dispute won", "disputes won"),
    "cancelled": ("cancellation", "cancellations"),
}


def write_subject(content: DigestContent, wording: Wording) -> str:
    """Say in one line what the period brought and how much of it took no work."""
    kind, period = content.kind, content.summary.period
    if not is_quiet(content.summary):
        answer = _earned(content, wording)
    elif content.news:
        news = news_counts(content, wording)
        answer = f"No sales {during(kind, period, wording)}; news: {news}"
    else:
        answer = f"A quiet {NOUNS[kind]}: {name_of(kind, period, wording)}"
    remarks = _remarks(content, wording)
    subject = f"{answer} ({'; '.join(remarks)})" if remarks else answer
    return clean(f"Preview: {subject}" if content.preview else subject, _LONGEST)


def news_counts(content: DigestContent, wording: Wording) -> str:
    """Count the news by what they are: "1 late sale and 2 refunds"."""
    kinds = Counter(_NEWS_NOUNS.get(news.kind, ("correction",)) for news in content.news)
    return listing([wording.count(number, *nouns) for nouns, number in kinds.items()])


def _earned(content: DigestContent, wording: Wording) -> str:
    summary = content.summary
    totals = headlines_of(summary)
    nets = " + ".join(wording.amount(line.net, currency) for currency, line in totals)
    refunded = any(line.refunded for _, line in totals) and any(line.net <= 0 for _, line in totals)
    after = ", after refunds" if refunded else ""
    return f"{nets} {_when(content, wording)}{after}: {count_sales(summary, wording)}"


def _when(content: DigestContent, wording: Wording) -> str:
    """Say of which period it is; a day that brought most of it by itself was slept through."""
    kind, period = content.kind, content.summary.period
    if content.preview:
        return "so far"
    if kind is DigestKind.WEEKLY and content.is_last:
        return "last week"
    if kind is DigestKind.DAILY and _mostly_passive(content):
        return "while you slept"
    return during(kind, period, wording)


def _mostly_passive(content: DigestContent) -> bool:
    return all(
        line.net > 0 and 2 * line.passive_net >= line.net
        for _, line in headlines_of(content.summary)
    )


def _remarks(content: DigestContent, wording: Wording) -> list[str]:
    remarks = []
    if is_estimated(content.summary) and not is_quiet(content.summary):
        remarks.append("fees estimated")
    if content.stale:
        remarks.append(f"{wording.count(len(content.stale), 'shop')} missing")
    return remarks
