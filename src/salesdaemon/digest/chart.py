"""Draw the bars of a digest: SVG of our own, and the PNG of it that mail programs show.

Drawn at twice its size, 1120 by 440 for 560 by 220, so that it is sharp on a phone. What is
passive is solid and what is active is hollow; the digest's own bar is stronger, with a mark and a
heavier label under it: nothing is said by colour alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

from salesdaemon.digest.chart_words import Chart, label_amounts, label_bars
from salesdaemon.digest.wording import Wording
from salesdaemon.domain.history import Figures

WIDTH: Final = 1120
HEIGHT: Final = 440
"""What is drawn, in units of the drawing."""
PNG_WIDTH: Final = 840
PNG_HEIGHT: Final = 330
"""What is sent: sharp at the 560 pixels of a desktop, and no larger than a mail should be."""

_FONT: Final = "Noto Sans"
_FONTS: Final = Path(__file__).parent / "fonts"
_TEXT: Final = 34  # pixels; 8 of them where a small phone shows the chart 264 pixels wide
_TOP, _BOTTOM = 82, 366
_PLOT: Final = _BOTTOM - _TOP
_EDGE: Final = 4
_RIGHT: Final = WIDTH - _EDGE
_SPACE: Final = 20
_GAP: Final = 4  # between the parts of a bar
_LEAST: Final = 4  # the height of the smallest amount
_STROKE: Final = 3
_MOST_LINES: Final = 4
_WIDEST_BAR: Final = 56
_WIDTHS: Final = {
    **dict.fromkeys(".,'’ \N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}", 30),
    **dict.fromkeys("MWmw", 97),
}
"""How wide characters are at most, in hundredths of the text's size, where not as wide as most."""

_PARTS: Final = {
    "passive_net": "without any work",
    "active_net": "with work",
    "unclassified_net": "not classified",
}


@dataclass(frozen=True, slots=True)
class Paint:
    """The colours of a bar's parts."""

    passive_net: str
    active_net: str
    unclassified_net: str


@dataclass(frozen=True, slots=True)
class Scheme:
    """The colours of a chart; `own` are those of the digest's bar.

    The background is the card's and is drawn, too: where a mail program turns the card dark by
    itself, but not the picture on it, the words in the picture can still be read.
    """

    background: str
    own: Paint
    earlier: Paint
    text: str
    strong: str
    zero: str
    grid: str


LIGHT: Final = Scheme(
    background="#ffffff",
    own=Paint("#17724f", "#9a670f", "#767c83"),
    earlier=Paint("#539a7c", "#b98427", "#8f949a"),
    text="#59616b",
    strong="#1e2327",
    zero="#8b9097",
    grid="#e8e4db",
)
DARK: Final = Scheme(
    background="#1b1f22",
    own=Paint("#4cb98a", "#e0a94d", "#a6adb5"),
    earlier=Paint("#328263", "#9c7634", "#787f85"),
    text="#a6adb5",
    strong="#ece9e3",
    zero="#757c82",
    grid="#2d3337",
)


def draw_chart(chart: Chart, wording: Wording, scheme: Scheme) -> str:
    """Draw the bars as SVG."""
    scale = _scale_of(chart)
    amounts = label_amounts(scale.lines, chart.currency, wording)
    left = max(_width(amount) for amount in amounts) + _SPACE
    return _Drawing(chart, wording, scheme, scale, tuple(amounts), left).svg()


def to_png(svg: str) -> bytes:
    """Turn a drawing into PNG, with the bundled font and no other."""
    import resvg_py  # noqa: PLC0415 - the idle daemon does not carry it

    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=svg,
            skip_system_fonts=True,
            font_files=[str(_FONTS / "NotoSans-Regular.ttf"), str(_FONTS / "NotoSans-Bold.ttf")],
            font_family=_FONT,
            sans_serif_family=_FONT,
        )
    )


@dataclass(frozen=True, slots=True)
class _Scale:
    """From `low`, zero at most, to `high`, zero at least, in minor units, and lines in between."""

    low: int
    high: int
    lines: tuple[int, ...]

    @property
    def zero(self) -> int:
        """How far down zero is."""
        return _TOP + self.pixels(self.high) if self.high > self.low else _BOTTOM

    def pixels(self, amount: int) -> int:
        """How long an amount is, in whole pixels."""
        span = max(self.high - self.low, 1)
        return (2 * amount * _PLOT + span) // (2 * span)


def _scale_of(chart: Chart) -> _Scale:
    ends = [_ends(bar.figures) for bar in chart.bars]
    low = min((low for low, _ in ends), default=0)
    high = max((high for _, high in ends), default=0)
    step = _step(low, high)
    lines = range(-(-low // step), high // step + 1)
    return _Scale(low, high, tuple(line * step for line in lines))


def _step(low: int, high: int) -> int:
    """Return the smallest of 1, 2, 5, 10, 20, … that gives few lines beside that of zero."""
    power = 1
    while True:
        for step in (power, 2 * power, 5 * power):
            if high // step + -low // step <= _MOST_LINES:
                return step
        power *= 10


def _ends(figures: Figures) -> tuple[int, int]:
    parts = [getattr(figures, part) for part in _PARTS]
    return sum(min(part, 0) for part in parts), sum(max(part, 0) for part in parts)


@dataclass(frozen=True, slots=True)
class _Drawing:
    """What is drawn, and where its bars begin: beside the amounts of the lines."""

    chart: Chart
    wording: Wording
    scheme: Scheme
    scale: _Scale
    amounts: tuple[str, ...]
    left: int

    def svg(self) -> str:
        elements = [*self._legend(), *self._lines(), *self._bars(), *self._mark(), *self._labels()]
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{PNG_WIDTH}" height="{PNG_HEIGHT}" '
            f'viewBox="0 0 {WIDTH} {HEIGHT}" font-family="{_FONT}" font-size="{_TEXT}">'
            f'<rect width="{WIDTH}" height="{HEIGHT}" rx="16" fill="{self.scheme.background}"/>'
            f"{''.join(elements)}</svg>"
        )

    def _legend(self) -> Iterator[str]:
        x = _EDGE
        for part, words in _PARTS.items():
            if part == "passive_net" or any(getattr(bar.figures, part) for bar in self.chart.bars):
                yield self._rectangle(part, self.scheme.own, _Box(x, 12, 26, 26))
                yield _text(words, x + 38, 36, self.scheme.text, "start")
                x += 38 + len(words) * _TEXT // 2 + 2 * _SPACE

    def _lines(self) -> Iterator[str]:
        for amount, label in zip(self.scale.lines, self.amounts, strict=True):
            y = self.scale.zero - self.scale.pixels(amount)
            colour = self.scheme.grid if amount else self.scheme.zero
            yield f'<path d="M{self.left} {y}H{_RIGHT}" stroke="{colour}" stroke-width="2"/>'
            yield _text(label, self.left - 14, y + _TEXT // 3, self.scheme.text, "end")

    def _bars(self) -> Iterator[str]:
        width = (_RIGHT - self.left) * 2 // (3 * len(self.chart.bars)) // 2 * 2
        width = min(max(width, 2), _WIDEST_BAR)
        for place, bar in enumerate(self.chart.bars):
            paint = self.scheme.own if self.chart.is_own(bar) else self.scheme.earlier
            x = self._middle(place) - width // 2
            for part, top, bottom in self._stack(bar.figures):
                yield self._rectangle(part, paint, _Box(x, top, width, bottom - top))

    def _stack(self, figures: Figures) -> Iterator[tuple[str, int, int]]:
        """Give the parts with where they begin and end: up from zero, or down what is negative."""
        up = down = self.scale.zero
        for part in _PARTS:
            amount = getattr(figures, part)
            length = abs(self.scale.pixels(amount))
            if amount > 0:
                bottom = up if up == self.scale.zero else up - _GAP
                up = min(up - length, bottom - _LEAST)
                yield part, up, bottom
            elif amount < 0:
                top = down if down == self.scale.zero else down + _GAP
                down = max(down + length, top + _LEAST)
                yield part, top, down

    def _rectangle(self, part: str, paint: Paint, box: "_Box") -> str:
        """Draw a part: solid what is passive or tiny, hollow the others."""
        colour = getattr(paint, part)
        if part == "passive_net" or min(box.width, box.height) <= 2 * _STROKE:
            place = f'x="{box.x}" y="{box.y}" width="{box.width}" height="{box.height}" rx="2"'
            return f'<rect {place} fill="{colour}"/>'
        width, height = box.width - _STROKE, box.height - _STROKE
        dashes = ' stroke-dasharray="6 4"' if part == "unclassified_net" else ""
        return (
            f'<rect x="{box.x + _STROKE / 2}" y="{box.y + _STROKE / 2}" '
            f'width="{width}" height="{height}" rx="1" fill="{self._tint(colour)}" '
            f'stroke="{colour}" stroke-width="{_STROKE}"{dashes}/>'
        )

    def _tint(self, colour: str) -> str:
        """Mix a little of a colour into the background."""
        pairs = zip(_rgb(colour), _rgb(self.scheme.background), strict=True)
        return "#" + "".join(f"{(fore + 3 * back) // 4:02x}" for fore, back in pairs)

    def _mark(self) -> Iterator[str]:
        if self.chart.own_place is not None:
            x = self._middle(self.chart.own_place)
            yield f'<path d="M{x} {_BOTTOM + 14}l9 12h-18z" fill="{self.scheme.strong}"/>'

    def _labels(self) -> Iterator[str]:
        for place, label in label_bars(self.chart, self.wording).items():
            own = place == self.chart.own_place
            half = _width(label) // 2
            x = min(max(self._middle(place), half + _EDGE), WIDTH - half - _EDGE)
            colour = self.scheme.strong if own else self.scheme.text
            yield _text(label, x, HEIGHT - 14, colour, "middle", bold=own)

    def _middle(self, place: int) -> int:
        """How far right the middle of a bar is."""
        count = len(self.chart.bars)
        return _RIGHT - (_RIGHT - self.left) * (2 * (count - place) - 1) // (2 * count)


@dataclass(frozen=True, slots=True)
class _Box:
    x: int
    y: int
    width: int
    height: int


def _rgb(colour: str) -> bytes:
    return bytes.fromhex(colour.removeprefix("#"))


def _width(text: str) -> int:
    """Estimate how wide a text is at most, also in bold."""
    return sum(_TEXT * _WIDTHS.get(each, 80 if each.isupper() else 63) // 100 for each in text)


def _text(text: str, x: int, y: int, colour: str, anchor: str, *, bold: bool = False) -> str:
    weight = ' font-weight="700"' if bold else ""
    place = f'x="{x}" y="{y}" text-anchor="{anchor}"'
    return f'<text {place} fill="{colour}"{weight}>{escape(text)}</text>'
