"""Turn the facts of a digest into what it shows, section by section."""

from collections.abc import Iterator
from datetime import time, timedelta
from zoneinfo import ZoneInfo

from salesdaemon.digest.books import book_notes
from salesdaemon.digest.content import DigestContent
from salesdaemon.digest.subject import in_order, is_quiet, news_counts, sales_of, write_subject
from salesdaemon.digest.titles import clean
from salesdaemon.digest.view import (
    Comparison,
    Difference,
    Headline,
    NewsRow,
    Part,
    Row,
    Step,
    Sum,
    View,
)
from salesdaemon.digest.wording import Wording, length_of_day, listing
from salesdaemon.domain.period import resolve
from salesdaemon.domain.summary import FEES_EXACT, GroupTotals, News, StaleShop, Summary, Totals

MAX_ROWS = 50
_MAX_SHOPS = 20
_MAX_NEWS = 20
_TITLE_LENGTH = 80
_NAME_LENGTH = 40
_NEWS_LABELS = {
    "sale": "Late sale",
    "renewal": "Late renewal",
    "free": "Late free download",
    "refund": "Refund",
    "dispute": "Dispute opened",
    "dispute_won": "Dispute won",
    "cancelled": "Cancelled after payment",
    FEES_EXACT: "Fees are exact now",
}


def build_view(content: DigestContent, wording: Wording, max_rows: int = MAX_ROWS) -> View:
    """Write down everything that the digest shows, with at most so many rows a section."""
    summary = content.summary
    quiet = is_quiet(summary)
    shops = summary.shops[: min(max_rows, _MAX_SHOPS)]
    products = summary.products[:max_rows]
    told = content.news[: min(max_rows, _MAX_NEWS)]
    estimated = _estimated(summary)
    compared_estimated = estimated or any(map(_estimated, _earlier(content)))
    return View(
        subject=write_subject(content, wording),
        day=wording.full_day(summary.period.first),
        preview="A preview, made on request: this is what the digest would say now."
        if content.preview
        else "",
        teaser=_teaser(content, wording),
        quiet_title=_quiet_title(content) if quiet else "",
        quiet=_quiet_sentences(content, wording) if quiet else (),
        headlines=() if quiet else tuple(_headlines(summary, wording)),
        sales=_sales(summary, wording),
        attention=_attention(content.stale),
        sums=() if quiet else tuple(_sums(summary, wording)),
        comparisons=() if quiet else tuple(_comparisons(content, wording)),
        shops=() if quiet else tuple(_shop_row(shop, wording) for shop in shops),
        more_shops=_more(len(summary.shops) - len(shops), wording),
        products=() if quiet else tuple(_product_row(product, wording) for product in products),
        more_products=_more(len(summary.products) - len(products), wording),
        net_label="net, estimated" if estimated else "net",
        compared_label="net, estimated" if compared_estimated else "net",
        news=tuple(_news_row(news, wording) for news in told),
        more_news=_more(len(content.news) - len(told), wording),
        missing=tuple(_missing(content, wording)),
        notes=tuple(_notes(content, wording)),
        timezone=clean(content.timezone, _NAME_LENGTH),
    )


def _estimated(summary: Summary) -> bool:
    return any(line.estimated for line in summary.totals.values())


def _earlier(content: DigestContent) -> list[Summary]:
    found = (content.before, content.same_before, content.year_before)
    return [summary for summary in found if summary is not None]


def _more(number: int, wording: Wording) -> str:
    return f"and {wording.number(number)} more" if number > 0 else ""


def _attention(stale: tuple[StaleShop, ...]) -> str:
    if not stale:
        return ""
    missing = "One shop is" if len(stale) == 1 else f"{len(stale)} shops are"
    return f"{missing} missing from this; see below."


def _teaser(content: DigestContent, wording: Wording) -> str:
    """Write what a phone shows of the mail beside its subject."""
    if is_quiet(content.summary):
        return " ".join(_quiet_sentences(content, wording))
    lines = [
        f"{listing([f'{part.amount} {part.label}' for part in headline.parts])}."
        for headline in _headlines(content.summary, wording)
    ]
    return " ".join([*lines, f"{_sales(content.summary, wording)}."])


def _quiet_title(content: DigestContent) -> str:
    return "No sales, but news" if content.news else "A quiet day"


def _quiet_sentences(content: DigestContent, wording: Wording) -> tuple[str, ...]:
    summary = content.summary
    day = wording.days(summary.period)
    units = sum(line.units for line in summary.totals.values())
    free = ""
    if summary.totals:
        free = f" {wording.count(units, 'item')} went out for free: {_brought(summary, wording)}."
    compared = f"Before that: {_brought(content.before, wording)}."
    if content.news:
        opening = f"Nothing was sold on {day}, but there is news of earlier days: "
        return (f"{opening}{news_counts(content, wording)}.{free}", compared)
    kind_word = " Every shop has such days; the next sale rings as always."
    if content.stale:
        return (f"No sale was seen on {day}.{free}", compared)
    return (f"Nothing was sold on {day}.{free}{kind_word}", compared)


def _brought(summary: Summary, wording: Wording) -> str:
    nets = [wording.amount(line.net, currency) for currency, line in in_order(summary)]
    estimate = ", estimated" if _estimated(summary) else ""
    return f"{listing(nets)} net{estimate}" if nets else "nothing"


def _sales(summary: Summary, wording: Wording) -> str:
    units = sum(line.units for line in summary.totals.values())
    return f"{wording.count(sales_of(summary), 'sale')}, {wording.count(units, 'item')}"


def _headlines(summary: Summary, wording: Wording) -> Iterator[Headline]:
    for currency, line in in_order(summary):
        net = wording.amount(line.net, currency)
        yield Headline(
            currency=currency,
            net=net,
            caption=_caption(line),
            size=_size(net, len(summary.totals)),
            parts=tuple(_parts(line, currency, wording)),
        )


def _caption(line: Totals) -> str:
    fees = "estimated fees" if line.estimated else "fees"
    return f"net, after refunds and {fees}" if line.refunded else f"net, after {fees}"


def _size(net: str, currencies: int) -> str:
    """Choose how large an amount is written, so that it stays on one line of a phone."""
    if currencies > 1 or len(net) > 14:  # noqa: PLR2004 - what 320 pixels hold
        return "small"
    return "large" if len(net) < 10 else "medium"  # noqa: PLR2004 - as above


def _parts(line: Totals, currency: str, wording: Wording) -> Iterator[Part]:
    """Passive and active always, so that both are answered; unclassified where there is any."""
    amounts = {
        "passive": (line.passive_net, "without extra work"),
        "active": (line.active_net, "with work"),
        "unclassified": (line.unclassified_net, "not yet classified"),
    }
    shares = _shares([minor for minor, _ in amounts.values()])
    for (name, (minor, label)), share in zip(amounts.items(), shares, strict=True):
        if minor or name != "unclassified":
            yield Part(name, wording.amount(minor, currency), label, share, is_some=minor != 0)


def _shares(parts: list[int]) -> list[int]:
    """Give the percentage of each part, 1 at least where there is any; zeros if one is negative."""
    whole = sum(parts)
    if whole <= 0 or min(parts) < 0:
        return [0] * len(parts)
    shares = [max(part * 100 // whole, 1) if part else 0 for part in parts]
    shares[shares.index(max(shares))] += 100 - sum(shares)
    return shares


def _sums(summary: Summary, wording: Wording) -> Iterator[Sum]:
    for currency, line in in_order(summary):
        steps = [
            Step(wording.amount(minor, currency), label)
            for minor, label, always in _terms(line)
            if minor or always
        ]
        yield Sum(currency, tuple(steps))


def _terms(line: Totals) -> Iterator[tuple[int, str, bool]]:
    """List what adds up to the net, and whether it is named even where it is nothing."""
    estimate = ", estimated" if line.estimated else ""
    terms = (
        (line.gross, "gross", True),
        (-line.refunded, "refunds", True),
        (-line.fees, f"fees{estimate}", True),
        (line.fees_refunded, f"fees given back{estimate}", False),
        (-line.affiliate, "affiliates", False),
    )
    yield from terms
    # A disputed sale counts as nothing at all, so its fees do not weigh on the net either.
    yield line.net - sum(term[0] for term in terms), "fees of disputed sales, left out", False
    yield line.net, f"net{estimate}", True


def _comparisons(content: DigestContent, wording: Wording) -> Iterator[Comparison]:
    for title, earlier in zip(
        ("The period before", "The same earlier", "A year before"), _earlier(content), strict=False
    ):
        yield Comparison(
            title=title,
            day=wording.short_day(earlier.period.first),
            sales=wording.count(sales_of(earlier), "sale"),
            differences=tuple(_differences(content.summary, earlier, wording)),
        )


def _differences(now: Summary, then: Summary, wording: Wording) -> Iterator[Difference]:
    only_then = [entry for entry in in_order(then) if entry[0] not in now.totals]
    for currency, _ in [*in_order(now), *only_then]:
        net_now = now.totals.get(currency, Totals()).net
        net_then = then.totals.get(currency, Totals()).net
        arrow, words = _direction(net_now - net_then, currency, wording)
        yield Difference(wording.amount(net_then, currency), arrow, words)


def _direction(difference: int, currency: str, wording: Wording) -> tuple[str, str]:
    if difference == 0:
        return "=", "just as much now"
    amount = wording.amount(abs(difference), currency)
    return ("↑", f"{amount} more now") if difference > 0 else ("↓", f"{amount} less now")


def _shop_row(shop: GroupTotals, wording: Wording) -> Row:
    sales = sum(line.sales for line in shop.totals.values())
    units = sum(line.units for line in shop.totals.values())
    return Row(
        name=clean(shop.shop, _NAME_LENGTH),
        units=wording.number(units),
        detail=f"{clean(shop.marketplace, _NAME_LENGTH)}, "
        f"{wording.count(sales, 'sale')}, {wording.count(units, 'item')}",
        amounts=_nets(shop, wording),
    )


def _product_row(product: GroupTotals, wording: Wording) -> Row:
    return Row(
        name=_title(product.name),
        units=wording.number(sum(line.units for line in product.totals.values())),
        detail=clean(product.shop, _NAME_LENGTH),
        amounts=_nets(product, wording),
    )


def _nets(group: GroupTotals, wording: Wording) -> tuple[str, ...]:
    return tuple(wording.amount(line.net, currency) for currency, line in group.totals.items())


def _title(title: str | None) -> str:
    return clean(title, _TITLE_LENGTH) or "(no title)"


def _news_row(news: News, wording: Wording) -> NewsRow:
    return NewsRow(
        what=_NEWS_LABELS.get(news.kind, "Correction"),
        product=_title(news.product) if news.kind != FEES_EXACT else "All sales of that day",
        shop=clean(news.shop, _NAME_LENGTH),
        day=wording.short_day(news.sold_on),
        detail=_news_detail(news, wording),
        amount=wording.change(news.net_delta, news.currency),
    )


def _news_detail(news: News, wording: Wording) -> str:
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


def _missing(content: DigestContent, wording: Wording) -> Iterator[str]:
    zone = ZoneInfo(content.timezone)
    for shop in content.stale:
        name = clean(shop.shop, _NAME_LENGTH)
        if shop.last_good_poll is None:
            yield f"{name} could not be read yet. Its sales follow as news."
        else:
            since = wording.moment(shop.last_good_poll.astimezone(zone))
            yield f"{name} has not answered since {since}. What it sold since then follows as news."


def _notes(content: DigestContent, wording: Wording) -> Iterator[str]:
    if content.gap is not None:
        yield (
            f"No digest went out for {wording.days(content.gap.days)}, as the daemon did not run. "
            f"The figures: salesdaemon report --from {content.gap.days.first} "
            f"--to {content.gap.days.last}"
        )
    estimated = sum(line.estimated for line in content.summary.totals.values())
    if estimated:
        yield (
            f"Fees of {wording.count(estimated, 'order')} are estimated until the marketplace "
            "has booked them; what that changes is told as news."
        )
    if any(line.unclassified_net for line in content.summary.totals.values()):
        yield (
            "Not yet classified: say under [products] in the configuration whether one more sale "
            "makes work."
        )
    yield from book_notes(content, wording)
    length = length_of_day(_hours(content))
    if length:
        yield length


def _hours(content: DigestContent) -> float:
    """Measure the day: 23 or 25 hours where the clocks change."""
    zone, day = ZoneInfo(content.timezone), content.summary.period.first
    start, end = (resolve(day + timedelta(days=days), time(), zone) for days in (0, 1))
    return (end - start) / timedelta(hours=1)
