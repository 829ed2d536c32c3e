"""What is written in and about a chart: labels of its axes, alternative text, blocks of text."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from salesdaemon.digest.content import DigestContent
from salesdaemon.digest.wording import Wording
from salesdaemon.domain.history import Bar, Figures
from salesdaemon.domain.money import exponent, to_decimal
from salesdaemon.domain.period import Period

DRAWABLE = (
    *((0x20, 0x7E), (0xA0, 0x17F), (0x2009, 0x2009), (0x2010, 0x2015), (0x2018, 0x201E)),
    *((0x2020, 0x2022), (0x2026, 0x2026), (0x202F, 0x202F), (0x2030, 0x2030), (0x20A0, 0x20BF)),
)
"""The characters that the bundled font has, first and last of each run."""

_BLOCKS = "▁▂▃▄▅▆▇█"
_DIRECTIONS = re.compile("[\u061c\u200e\u200f\u2066-\u2069]")
_MINUS = "\N{MINUS SIGN}"
_DASH = "\N{EN DASH}"  # as long as a minus sign, which the font does not have
_SHORTENED_FROM = 1_000_000  # whole units: "€1.5M" where "€1,500,000" would take half the chart
_WEEK, _MONTH = 7, 31
_BARS_BETWEEN_LABELS = {1: 7, _WEEK: 3, _MONTH: 3}


@dataclass(frozen=True, slots=True)
class Chart:
    """The bars to draw, oldest first; `own` is the digest's period, amounts are in `currency`."""

    bars: tuple[Bar, ...]
    own: Period
    currency: str

    @classmethod
    def of(cls, content: DigestContent) -> "Chart":
        """Take what a digest knows of it."""
        return cls(content.bars, content.summary.period, content.summary.home_currency)

    def is_own(self, bar: Bar) -> bool:
        """Tell whether a bar is what the digest is about, or a part of it."""
        return bar.period.first in self.own and bar.period.last in self.own

    @property
    def own_place(self) -> int | None:
        """The place of the digest's bar; None where it has none, or several as a year has."""
        places = [place for place, bar in enumerate(self.bars) if self.is_own(bar)]
        return places[0] if len(places) == 1 else None

    @property
    def days_of_a_bar(self) -> int:
        """How long a bar's period is: 1, 7, or 31 for a month."""
        if not self.bars:
            return 1
        days = (self.bars[-1].period.last - self.bars[-1].period.first).days + 1
        return days if days in {1, _WEEK} else _MONTH


def label_bars(chart: Chart, wording: Wording) -> dict[int, str]:
    """Name every few bars by their place, the digest's own always: "20 Nov", "Nov", "Jan 2026"."""
    step = _BARS_BETWEEN_LABELS[chart.days_of_a_bar]
    places = range((chart.own_place or 0) % step, len(chart.bars), step)
    labels: dict[int, str] = {}
    year = None
    for place in places:
        first = chart.bars[place].period.first
        if chart.days_of_a_bar == _MONTH:
            brief = wording.brief_month(first)
            labels[place] = brief if first.year == year else f"{brief} {first.year}"
        else:
            labels[place] = wording.brief_day(first)
        year = first.year
    return {place: drawable(label) or "" for place, label in labels.items()}


def label_amounts(amounts: Sequence[int], currency: str, wording: Wording) -> list[str]:
    """Write round amounts beside an axis: "€50", "€0.50", "€1.5M".

    Where the font lacks a character of the locale's, the currency's code and plain digits.
    """
    unit = 10 ** exponent(currency)
    decimals = exponent(currency) if any(amount % unit for amount in amounts) else 0
    short = max((abs(amount) for amount in amounts), default=0) >= _SHORTENED_FROM * unit
    return [_label_amount(amount, currency, wording, decimals, short=short) for amount in amounts]


def _label_amount(
    amount: int, currency: str, wording: Wording, decimals: int, *, short: bool
) -> str:
    from babel.numbers import (  # noqa: PLC0415 - the idle daemon does not carry Babel
        format_compact_currency,
        format_compact_decimal,
        format_decimal,
    )

    value = to_decimal(amount, currency)
    written = wording.amount(amount, currency)
    if exponent(currency) and not decimals:
        written = re.sub(rf"^(.*\d)\D0{{{exponent(currency)}}}(?!\d)", r"\1", written)
    if short:
        locale = wording.locale.replace("-", "_")
        brief = format_compact_currency(value, currency, locale=locale, fraction_digits=1)
        # Some languages have no short word for thousands, and Babel does not group the digits.
        written = written if re.search(r"\d{4}", brief) else brief
    pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
    plain = (
        format_compact_decimal(value, locale="en", fraction_digits=1)
        if short
        else format_decimal(value, pattern, locale="en")
    )
    return drawable(written) or f"{currency}\N{NO-BREAK SPACE}{plain}".replace("-", _DASH)


def drawable(text: str) -> str | None:
    """Return a text as the bundled font can write it; None where it cannot."""
    text = _DIRECTIONS.sub("", text).replace(_MINUS, _DASH)
    text = re.sub(r"^-|-(?=\d)", _DASH, text)
    known = all(any(first <= ord(each) <= last for first, last in DRAWABLE) for each in text)
    return text if known else None


def describe_chart(chart: Chart, wording: Wording) -> str:
    """Say what the chart shows to whoever does not see it, in a sentence or two."""
    if not any(_has_amounts(bar.figures) for bar in chart.bars):
        return f"{_heading(chart, wording)}: nothing came in."
    together = Figures.together([bar.figures for bar in chart.bars])
    net = wording.amount(together.net, chart.currency)
    passive = wording.amount(together.passive_net, chart.currency)
    said = f"{net} net in all, {passive} of it without any work"
    best = max(chart.bars, key=lambda bar: bar.figures.net)
    if best.figures.net > 0:
        said += f"; most {_when(chart, best, wording)}, {_net(chart, best, wording)}"
    text = f"{_heading(chart, wording)}: {said}."
    if chart.own_place is not None and chart.bars[chart.own_place] is not best:
        own = chart.bars[chart.own_place]
        text += f" {_net(chart, own, wording)} {_when(chart, own, wording)}."
    if not together.converted:
        text += " Sales in a currency without a rate are not in it."
    return text


def sparkline(bars: Sequence[Bar]) -> str:
    """Draw the net of bars as blocks of text, the highest for the best: "▁▃█▂".

    A bar that brought nothing, or took something, is the lowest block, and nothing else is.
    """
    nets = [max(bar.figures.net, 0) for bar in bars]
    best = max(nets, default=0)
    steps = len(_BLOCKS) - 1
    return "".join(_BLOCKS[-(-net * steps // best) if net else 0] for net in nets)


def _heading(chart: Chart, wording: Wording) -> str:
    noun = {1: "day", _WEEK: "week", _MONTH: "month"}[chart.days_of_a_bar]
    if len(chart.bars) == 1:
        return f"One bar, of a {noun}"
    return f"Bars of the last {wording.count(len(chart.bars), noun)}"


def _when(chart: Chart, bar: Bar, wording: Wording) -> str:
    first = bar.period.first
    if chart.days_of_a_bar == 1:
        return f"on {wording.short_day(first)}"
    if chart.days_of_a_bar == _WEEK:
        return f"in the week from {wording.short_day(first)}"
    return f"in {wording.brief_month(first)} {first.year}"


def _net(chart: Chart, bar: Bar, wording: Wording) -> str:
    return wording.amount(bar.figures.net, chart.currency)


def _has_amounts(figures: Figures) -> bool:
    return any((figures.net, figures.passive_net, figures.active_net, figures.unclassified_net))
