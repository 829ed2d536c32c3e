"""Products: what they brought, where they are going, and what they paid for the hours put in."""

from collections.abc import Iterator
from fractions import Fraction

from salesdaemon.digest.content import DigestContent
from salesdaemon.digest.figures import units_of
from salesdaemon.digest.periods import NOUNS
from salesdaemon.digest.sections.sold import best_first, more, net_hint, nets
from salesdaemon.digest.titles import clean
from salesdaemon.digest.view import Line, Section
from salesdaemon.digest.wording import Wording, listing
from salesdaemon.domain.digests import DigestKind
from salesdaemon.domain.summary import GroupTotals
from salesdaemon.domain.trends import HourlyRate, Movement, ProductKey, Trend

TITLE_LENGTH = 80
_NAME_LENGTH = 40
_MOST_MOVEMENTS = 4
_MOST_RATES = 8
_TREND_DAYS = 7


def title_or_none(title: str | None) -> str:
    """Write a title, which may hold anything, or say that there is none."""
    return clean(title, TITLE_LENGTH) or "(no title)"


def list_products(content: DigestContent, wording: Wording, max_rows: int) -> Section | None:
    """List the products, best first, with how they go."""
    products = best_first(content.summary.products)
    if not products:
        return None
    with_shop = len(content.summary.shops) > 1
    lines = tuple(
        _product(product, content, wording, with_shop=with_shop) for product in products[:max_rows]
    )
    hidden = more(len(products) - max_rows, wording, "product")
    title = "Best products" if len(products) > 1 else "Product"
    return Section(title, net_hint(content), lines=lines, more=hidden)


def _product(
    product: GroupTotals, content: DigestContent, wording: Wording, *, with_shop: bool
) -> Line:
    shop = f", {clean(product.shop, _NAME_LENGTH)}" if with_shop else ""
    units = units_of(product)
    trend = content.trends.get(ProductKey(product.shop or "", product.key or ""))
    return Line(
        name=title_or_none(product.name),
        details=(
            wording.count(units, "item") + shop,
            *(_trend(trend, content.kind, units, wording) if trend is not None else ()),
        ),
        amounts=nets(product, wording),
    )


def _trend(trend: Trend, kind: DigestKind, units: int, wording: Wording) -> Iterator[str]:
    """Say how many went in the last days, or the period, and in those before."""
    if trend.before == 0 and trend.now == units:
        return  # that there were none before says nothing of a trend
    before = wording.number(trend.before) if trend.before else "none"
    if kind is DigestKind.DAILY:
        arrow = "▲" if trend.now > trend.before else "▼" if trend.now < trend.before else "="
        yield f"{arrow} {wording.number(trend.now)} in {_TREND_DAYS} days, {before} before"
        return
    earlier = f"the {NOUNS[kind]} before"
    if trend.now == trend.before:
        yield f"= as many as {earlier}"
    else:
        yield f"{'▲ up' if trend.now > trend.before else '▼ down'} from {before} {earlier}"


def tell_movements(content: DigestContent, wording: Wording) -> Section | None:
    """Tell which products rise, fade, sell all the time, or are new."""
    moves, noun = content.movements, NOUNS[content.kind]
    said = (
        ("▲ Rising", f"usually {{usual}} a {noun}", moves.rising),
        ("▼ Fading", f"usually {{usual}} a {noun}", moves.fading),
        ("● Evergreen", f"sells {noun} after {noun}, usually {{usual}}", moves.evergreen),
        ("★ New", f"first sold this {noun}", moves.fresh),
    )
    told = [(label, detail, found) for label, detail, found in said if found]
    if not told:
        return None
    lines = tuple(
        _movement(label, detail, each, wording)
        for label, detail, found in told
        for each in found[:_MOST_MOVEMENTS]
    )
    first, *others = (label.split()[1] for label, _, _ in told)
    title = f"{listing([first, *(word.lower() for word in others)])} products"
    return Section(title, "against their own history", lines=lines)


def _movement(label: str, detail: str, each: Movement, wording: Wording) -> Line:
    return Line(
        name=title_or_none(each.title),
        label=label,
        details=(detail.format(usual=_about(each.usual, wording)),),
        amounts=(wording.count(each.sales, "sale") if each.sales else "no sales",),
    )


def _about(usual: Fraction, wording: Wording) -> str:
    """Write what is usual as a whole number, or in halves where it is small."""
    halves = Fraction(round(2 * usual), 2)
    if usual.denominator == 1 or halves >= 5 or halves.denominator == 1:  # noqa: PLR2004 - then a half is nothing
        whole = round(usual)
        about = "" if whole == usual else "about "
        return f"{about}{wording.number(whole)}" if whole else "less than 1"
    about = "" if halves == usual else "about "
    return about + wording.decimal(halves)


def tell_concentration(content: DigestContent, wording: Wording) -> Section | None:
    """Say how much came from the best product alone."""
    found = content.concentration
    if found is None:
        return None
    percent = wording.percent(found.share, 1)
    line = Line(
        title_or_none(found.title),
        (f"brought {percent} of what all products brought",),
        (percent,),
        share=min(max(int(100 * found.share), 1), 100),
    )
    return Section("Concentration", net_hint(content), lines=(line,))


def tell_hourly_rates(content: DigestContent, wording: Wording) -> Section | None:
    """Tell what products brought for each hour that was put into them."""
    rates = content.hourly
    if not rates:
        return None
    lines = tuple(_rate(rate, wording) for rate in rates[:_MOST_RATES])
    return Section(
        "Net per hour",
        "since the first sale",
        lines=lines,
        more=more(len(rates) - _MOST_RATES, wording, "product"),
    )


def _rate(rate: HourlyRate, wording: Wording) -> Line:
    brought = [wording.amount(minor, currency) for currency, minor in rate.net.items()]
    return Line(
        name=title_or_none(rate.title),
        details=(
            f"{listing(brought) or 'nothing yet'} for {wording.duration(rate.minutes)} of work",
        ),
        amounts=tuple(
            f"{wording.amount(minor, currency)} an hour"
            for currency, minor in rate.per_hour.items()
        ),
    )
