"""The subject line: it holds the answer, so that the mail need not be opened to know it."""

from collections import Counter

from salesdaemon.digest.content import DigestContent
from salesdaemon.digest.titles import clean
from salesdaemon.digest.wording import Wording, listing
from salesdaemon.domain.summary import Summary, Totals

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
    """Say in one line what the day brought and how much of it took no work."""
    summary = content.summary
    if not is_quiet(summary):
        answer = _earned(summary, wording)
    elif content.news:
        answer = (
            f"No sales on {wording.days(summary.period)}; news: {news_counts(content, wording)}"
        )
    else:
        answer = f"A quiet day: {wording.days(summary.period)}"
    remarks = _remarks(content, wording)
    subject = f"{answer} ({'; '.join(remarks)})" if remarks else answer
    return clean(f"Preview: {subject}" if content.preview else subject, _LONGEST)


def is_quiet(summary: Summary) -> bool:
    """Tell whether nothing was sold and no money moved."""
    return not any(line.sales or line.gross or line.net for line in summary.totals.values())


def in_order(summary: Summary) -> list[tuple[str, Totals]]:
    """List the totals by currency, the home currency first."""
    return sorted(
        summary.totals.items(), key=lambda entry: (entry[0] != summary.home_currency, entry[0])
    )


def sales_of(summary: Summary) -> int:
    """Count the sales of all currencies."""
    return sum(line.sales for line in summary.totals.values())


def news_counts(content: DigestContent, wording: Wording) -> str:
    """Count the news by what they are: "1 late sale and 2 refunds"."""
    kinds = Counter(_NEWS_NOUNS.get(news.kind, ("correction",)) for news in content.news)
    return listing([wording.count(number, *nouns) for nouns, number in kinds.items()])


def _earned(summary: Summary, wording: Wording) -> str:
    totals = in_order(summary)
    nets = " + ".join(wording.amount(line.net, currency) for currency, line in totals)
    sales = wording.count(sales_of(summary), "sale")
    if any(line.net < 0 for _, line in totals) and any(line.refunded for _, line in totals):
        return f"{nets} after refunds, from {sales}"
    if not any(line.net for _, line in totals):
        return f"{nets} left from {sales}"
    if not any(line.active_net or line.unclassified_net for _, line in totals):
        return f"{nets} without extra work, from {sales}"
    return f"{nets} from {sales}{_passive_part(totals, wording)}"


def _passive_part(totals: list[tuple[str, Totals]], wording: Wording) -> str:
    """Say how much took no work; with several currencies the line is full without the amounts."""
    passive = [(currency, line.passive_net) for currency, line in totals if line.passive_net]
    if not passive or any(minor < 0 for _, minor in passive):
        return ""
    if len(totals) > 1:
        return ", partly without extra work"
    return f", {wording.amount(passive[0][1], passive[0][0])} of it without extra work"


def _remarks(content: DigestContent, wording: Wording) -> list[str]:
    remarks = []
    estimated = any(line.estimated for line in content.summary.totals.values())
    if estimated and not is_quiet(content.summary):
        remarks.append("fees estimated")
    if content.stale:
        remarks.append(f"{wording.count(len(content.stale), 'shop')} missing")
    return remarks
