"""How a period stands beside earlier ones: in words, and as a chart."""

from collections.abc import Iterator

from salesdaemon.digest.chart_words import Chart as Bars
from salesdaemon.digest.chart_words import describe_chart, sparkline
from salesdaemon.digest.content import DigestContent
from salesdaemon.digest.figures import (
    headlines_of,
    in_order,
    is_converted,
    is_estimated,
    sales_of,
)
from salesdaemon.digest.periods import NOUNS, name_of, short_name_of
from salesdaemon.digest.view import Chart, Line, Section
from salesdaemon.digest.wording import Wording, listing
from salesdaemon.domain.digests import DigestKind
from salesdaemon.domain.history import BARS, Bar
from salesdaemon.domain.period import Period
from salesdaemon.domain.summary import Summary, Totals

LIGHT_CHART, DARK_CHART = "chart-light@salesdaemon", "chart-dark@salesdaemon"
"""The content ids of the chart's images."""
_LEAST_BARS = 2


def earlier_of(content: DigestContent) -> list[tuple[str, Summary]]:
    """List what a period is compared with, and what each is called."""
    same = "A week earlier" if content.kind is DigestKind.DAILY else "Four weeks earlier"
    by_week = content.kind in {DigestKind.DAILY, DigestKind.WEEKLY}
    year = "52 weeks earlier" if by_week else "A year earlier"
    named = (
        (f"The {NOUNS[content.kind]} before", content.before),
        (same, content.same_before),
        (year, content.year_before),
    )
    return [(name, summary) for name, summary in named if summary is not None]


def compare(content: DigestContent, wording: Wording) -> Section | None:
    """Set the net beside that of earlier periods; None where nothing was sold before."""
    earlier = earlier_of(content)
    if not any(summary.totals for _, summary in earlier):
        return None
    estimated = any(map(is_estimated, (content.summary, *(summary for _, summary in earlier))))
    lines = tuple(_line(content, name, summary, wording) for name, summary in earlier)
    return Section("Compared", hint="net, estimated" if estimated else "net", lines=lines)


def name_comparisons(content: DigestContent, wording: Wording) -> Iterator[str]:
    """Say the first comparison in a sentence; nothing where several currencies move apart."""
    name, before = earlier_of(content)[0]
    changes = list(_changes(content.summary, before, wording))
    if before.totals and len(changes) == 1:
        yield f"{changes[0]} than {name[0].lower()}{name[1:]}."


def _line(content: DigestContent, name: str, then: Summary, wording: Wording) -> Line:
    period = then.period
    year = period.first.year != content.summary.period.first.year
    far = year or content.kind in {DigestKind.MONTHLY, DigestKind.YEARLY}
    when = short_name_of(content.kind, period, wording, with_year=far)
    nets = [wording.amount(line.net, currency) for currency, line in headlines_of(then)]
    sales = sales_of(then)
    brought = f"{listing(nets)}, {wording.count(sales, 'sale')}" if nets else "nothing"
    return Line(
        name,
        details=(f"{when}: {brought}",),
        amounts=tuple(_changes(content.summary, then, wording)),
        aside=tuple(_percentages(content, then, wording)),
    )


def _pairs(now: Summary, then: Summary) -> Iterator[tuple[str, Totals, Totals]]:
    """Go through what both brought, in the home currency where all could be converted."""
    if is_converted(now) and is_converted(then):
        yield now.home_currency, now.home, then.home
        return
    only_then = [entry for entry in in_order(then) if entry[0] not in now.totals]
    for currency, _ in [*in_order(now), *only_then]:
        yield currency, now.totals.get(currency, Totals()), then.totals.get(currency, Totals())


def _changes(now: Summary, then: Summary, wording: Wording) -> Iterator[str]:
    """Say how much more or less it is now; the arrow repeats the word."""
    for currency, line_now, line_then in _pairs(now, then):
        change = line_now.net - line_then.net
        amount = wording.amount(abs(change), currency)
        if change == 0:
            yield "= just as much"
        else:
            yield f"▲ {amount} more" if change > 0 else f"▼ {amount} less"


def _percentages(content: DigestContent, then: Summary, wording: Wording) -> Iterator[str]:
    """Say it in percent, of periods that are long enough for it to mean something."""
    pairs = list(_pairs(content.summary, then))
    if content.kind is DigestKind.DAILY or len(pairs) > 1:
        return
    for _, line_now, line_then in pairs:
        change = line_now.net - line_then.net
        if change and line_then.net > 0 and -line_then.net <= change < 10 * line_then.net:
            yield f"by {wording.percent(abs(change), line_then.net)}"


def draw(content: DigestContent, wording: Wording) -> Chart | None:
    """Describe the chart; None where there are not two bars to compare."""
    if sum(bool(bar.figures.net) for bar in content.bars) < _LEAST_BARS:
        return None
    of_bar, _ = BARS[content.kind]
    home = content.summary.home_currency
    return Chart(
        title=f"The last {len(content.bars)} {NOUNS[of_bar]}s",
        hint=f"net, {home}" + (", estimated" if is_estimated(content.summary) else ""),
        light=LIGHT_CHART,
        dark=DARK_CHART,
        alt=describe_chart(Bars.of(content), wording),
        spark=sparkline(content.bars),
        span=_span(content, wording),
        sentences=tuple(_facts(content, of_bar, wording)),
    )


def _span(content: DigestContent, wording: Wording) -> str:
    """Say from when to when the bars reach."""
    first, last = content.bars[0].period.first, content.bars[-1].period.last
    if content.kind in {DigestKind.DAILY, DigestKind.WEEKLY}:
        return wording.dates(Period(first, last), with_year=True)
    begin = wording.month(first, with_year=first.year != last.year)
    return f"{begin} to {wording.month(last, with_year=True)}"


def _name(kind: DigestKind, bar: Bar, wording: Wording) -> str:
    return name_of(kind, bar.period, wording, with_year=kind is DigestKind.MONTHLY)


def _facts(content: DigestContent, of_bar: DigestKind, wording: Wording) -> Iterator[str]:
    """Say which bar is the highest, and what is not in the chart."""
    home = content.summary.home_currency
    best = max(content.bars, key=lambda bar: bar.figures.net)
    total = sum(bar.figures.net for bar in content.bars)
    if best.figures.net > 0:
        yield (
            f"Together {wording.amount(total, home)}; the best {NOUNS[of_bar]} was "
            f"{_name(of_bar, best, wording)} with {wording.amount(best.figures.net, home)}."
        )
    if not all(bar.figures.converted for bar in content.bars):
        yield "Sales in a currency without a rate are not in the chart."
