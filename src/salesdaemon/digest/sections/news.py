"""What became known of days that earlier digests told of."""

from salesdaemon.digest.content import DigestContent
from salesdaemon.digest.sections.products import title_or_none
from salesdaemon.digest.sections.sold import more
from salesdaemon.digest.titles import clean
from salesdaemon.digest.view import Line, Section
from salesdaemon.digest.wording import Wording
from salesdaemon.domain.summary import FEES_EXACT, News

_NAME_LENGTH = 40
_LABELS = {
    "sale": "Late sale",
    "renewal": "Late renewal",
    "free": "Late free download",
    "refund": "Refund",
    "dispute": "Dispute opened",
    "dispute_won": "Dispute won",
    "cancelled": "Cancelled after payment",
    FEES_EXACT: "Fees are exact now",
}


def tell_news(content: DigestContent, wording: Wording, max_rows: int) -> Section | None:
    """List what changed about earlier days; none of it is in the digest's totals."""
    news = content.news
    if not news:
        return None
    intro = "Not part of the figures above. Each amount is the change in the net of its day."
    lines = tuple(_line(each, wording) for each in news[:max_rows])
    hidden = more(len(news) - max_rows, wording)
    return Section("News of earlier days", sentences=(intro,), lines=lines, more=hidden)


def _line(news: News, wording: Wording) -> Line:
    fees = news.kind == FEES_EXACT
    day = wording.short_day(news.sold_on)
    return Line(
        label=_LABELS.get(news.kind, "Correction"),
        name="all sales of that day" if fees else title_or_none(news.product),
        details=(_detail(news, wording), f"sold {day} in {clean(news.shop, _NAME_LENGTH)}"),
        amounts=(wording.change(news.net_delta, news.currency),),
    )


def _detail(news: News, wording: Wording) -> str:
    """Say which figure moved; the change of the net stands beside it."""
    details = []
    if news.gross_delta:
        details.append(f"gross {wording.change(news.gross_delta, news.currency)}")
    if news.refunded_delta > 0:
        verb = "disputed" if news.kind == "dispute" else "given back"
        details.append(f"{wording.amount(news.refunded_delta, news.currency)} {verb}")
    if news.refunded_delta < 0:
        details.append(f"{wording.amount(-news.refunded_delta, news.currency)} yours again")
    if news.kind == FEES_EXACT:
        return "estimated before"
    return ", ".join(details) or ("fees changed" if news.net_delta else "no amount changed")
