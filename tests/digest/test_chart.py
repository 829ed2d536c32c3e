"""The chart of a digest: what is drawn, that it can be seen, and that its text is there."""

import struct
import sys
import xml.etree.ElementTree as ET
import zlib
from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salesdaemon.digest import chart as drawing
from salesdaemon.digest.chart import (
    DARK,
    HEIGHT,
    LIGHT,
    PNG_HEIGHT,
    PNG_WIDTH,
    WIDTH,
    Scheme,
    draw_chart,
    to_png,
)
from salesdaemon.digest.chart_words import DRAWABLE, Chart, drawable
from salesdaemon.digest.wording import Wording
from salesdaemon.domain.digests import DigestKind, last_periods, period_of
from salesdaemon.domain.history import Bar, Figures
from salesdaemon.domain.period import Period

FRIDAY = date(2026, 11, 20)
FONTS = Path(drawing.__file__).parent / "fonts"
ENGLISH = Wording("en_GB")
SCHEMES = pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
SVG = "{http://www.w3.org/2000/svg}"


def figures(passive: int = 0, active: int = 0, unclassified: int = 0) -> Figures:
    net = passive + active + unclassified
    return Figures(int(net != 0), net, net, passive, active, unclassified)


def chart_of(
    *nets: Figures,
    kind: DigestKind = DigestKind.DAILY,
    last: date = FRIDAY,
    own: Period | None = None,
    currency: str = "EUR",
) -> Chart:
    """Make a chart whose last bar holds a day and is the digest's own, unless told otherwise."""
    periods = last_periods(kind, period_of(kind, last), len(nets))
    bars = tuple(Bar(period, net) for period, net in zip(periods, nets, strict=True))
    return Chart(bars, own or periods[-1], currency)


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in ET.fromstring(svg).iter(f"{SVG}text")]


def bold_texts(svg: str) -> list[str]:
    found = ET.fromstring(svg).iter(f"{SVG}text")
    return [element.text or "" for element in found if element.get("font-weight") == "700"]


def parts_in(svg: str, *colours: str) -> list[ET.Element]:
    """Return the rectangles in one of these colours, filled or outlined, without the legend's."""
    return [
        element
        for element in ET.fromstring(svg).iter(f"{SVG}rect")
        if element.get("stroke", element.get("fill")) in colours and float(element.get("y", 0)) > 40
    ]


def pixels(png: bytes) -> tuple[int, int, list[bytes]]:
    """Return width, height and rows of RGBA of a PNG, as resvg writes them."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    place, data, header = 8, b"", b""
    while place < len(png):
        length, name = struct.unpack(">I4s", png[place : place + 8])
        content = png[place + 8 : place + 8 + length]
        header = content if name == b"IHDR" else header
        data += content if name == b"IDAT" else b""
        place += length + 12
    width, height, depth, colour = struct.unpack(">IIBB", header[:10])
    assert (depth, colour) == (8, 6)
    return width, height, _unfiltered(zlib.decompress(data), width * 4)


def _unfiltered(data: bytes, length: int) -> list[bytes]:
    rows = [bytes(length)]
    for start in range(0, len(data), length + 1):
        row, above = data[start + 1 : start + 1 + length], rows[-1]
        rows.append(above if not any(row) and data[start] == 2 else _row(data[start], row, above))
    return rows[1:]


def _row(filter_type: int, data: bytes, above: bytes) -> bytes:
    """Add to each byte what its neighbours let guess."""
    if filter_type == 0:
        return data
    if filter_type == 2:
        return bytes([(value + up) & 255 for value, up in zip(data, above, strict=True)])
    row = bytearray(4) + data
    corners = bytes(4) + above
    for place, up in enumerate(above, 4):
        left, corner = row[place - 4], corners[place - 4]
        guess = left
        if filter_type == 3:
            guess = (left + up) // 2
        elif filter_type == 4 and not left == up == corner:
            guess = min((left, up, corner), key=lambda each: abs(left + up - corner - each))
        row[place] = (row[place] + guess) & 255
    return bytes(row[4:])


def coloured(rows: list[bytes], colour: str) -> int:
    """Count the pixels of exactly this colour."""
    wanted = int.from_bytes(bytes.fromhex(colour.removeprefix("#")) + b"\xff", sys.byteorder)
    return sum(memoryview(row).cast("I").tolist().count(wanted) for row in rows)


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours as WCAG 2 computes it."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    channels = [value / 255 for value in bytes.fromhex(colour.removeprefix("#"))]
    red, green, blue = (
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def font_characters(path: Path) -> Iterator[int]:
    """Read which characters a font has from its map of them, format 4."""
    font = path.read_bytes()
    tables = {
        font[place : place + 4]: struct.unpack(">I", font[place + 8 : place + 12])[0]
        for place in range(12, 12 + 16 * struct.unpack(">H", font[4:6])[0], 16)
    }
    begin = tables[b"cmap"]
    (offset,) = struct.unpack(">I", font[begin + 8 : begin + 12])
    table = begin + offset
    assert struct.unpack(">H", font[table : table + 2]) == (4,)
    (double,) = struct.unpack(">H", font[table + 6 : table + 8])
    ends = struct.unpack(f">{double // 2}H", font[table + 14 : table + 14 + double])
    starts = struct.unpack(f">{double // 2}H", font[table + 16 + double : table + 16 + 2 * double])
    for first, last in zip(starts, ends, strict=True):
        yield from range(first, last + 1)


@SCHEMES
def test_every_colour_stands_out_from_the_card(scheme: Scheme) -> None:
    graphics = [scheme.zero, scheme.strong]
    for paint in (scheme.own, scheme.earlier):
        graphics += [paint.passive_net, paint.active_net, paint.unclassified_net]
    assert min(contrast(colour, scheme.background) for colour in graphics) >= 3
    assert min(contrast(each, scheme.background) for each in (scheme.text, scheme.strong)) >= 4.5


@SCHEMES
def test_the_digests_own_bar_stands_out_more_than_earlier_ones(scheme: Scheme) -> None:
    for part in ("passive_net", "active_net", "unclassified_net"):
        own, earlier = getattr(scheme.own, part), getattr(scheme.earlier, part)
        assert contrast(own, scheme.background) > 1.2 * contrast(earlier, scheme.background)


def test_a_picture_is_larger_than_it_is_shown_and_the_same_each_time() -> None:
    svg = draw_chart(chart_of(figures(500), figures(900, 300)), ENGLISH, LIGHT)
    png = to_png(svg)
    width, height, _ = pixels(png)
    assert (width, height) == (PNG_WIDTH, PNG_HEIGHT)
    assert to_png(svg) == png
    assert len(png) < 25_000


def test_the_text_is_in_the_picture() -> None:
    svg = draw_chart(chart_of(figures(500), figures(900)), ENGLISH, LIGHT)
    _, _, rows = pixels(to_png(svg))
    silent = ET.fromstring(svg)
    for element in list(silent.iter(f"{SVG}text")):
        silent.remove(element)
    _, _, without = pixels(to_png(ET.tostring(silent, encoding="unicode")))
    assert coloured(rows, LIGHT.text) > coloured(without, LIGHT.text) + 1000
    assert coloured(rows, LIGHT.strong) > coloured(without, LIGHT.strong) + 300


@SCHEMES
def test_a_picture_has_a_background_of_its_own(scheme: Scheme) -> None:
    _, _, rows = pixels(to_png(draw_chart(chart_of(figures(500)), ENGLISH, scheme)))
    assert coloured(rows, scheme.background) > PNG_WIDTH * PNG_HEIGHT // 2
    assert rows[0][:4] == bytes(4), "the corners are round"


@pytest.mark.parametrize("file", ["NotoSans-Regular.ttf", "NotoSans-Bold.ttf"])
def test_the_bundled_font_has_every_character_that_may_be_drawn(file: str) -> None:
    allowed = {each for first, last in DRAWABLE for each in range(first, last + 1)}
    assert allowed <= set(font_characters(FONTS / file))
    assert (FONTS / file).stat().st_size < 60_000


def test_a_drawn_minus_is_a_dash_and_marks_of_direction_are_left_out() -> None:
    assert drawable("\N{MINUS SIGN}€5") == "\N{EN DASH}€5"
    assert drawable("\N{RIGHT-TO-LEFT MARK}50\N{NO-BREAK SPACE}€") == "50\N{NO-BREAK SPACE}€"
    assert drawable("150万") is None


def test_passive_is_solid_at_the_bottom_and_active_hollow_above_it() -> None:
    svg = draw_chart(chart_of(figures(), figures(600, 400)), ENGLISH, LIGHT)
    (passive,) = parts_in(svg, LIGHT.own.passive_net)
    (active,) = parts_in(svg, LIGHT.own.active_net)
    assert (passive.get("stroke"), active.get("stroke-width")) == (None, "3")
    assert float(active.get("y", 0)) + float(active.get("height", 0)) < float(passive.get("y", 0))


def test_heights_are_in_proportion() -> None:
    svg = draw_chart(chart_of(figures(1000), figures(250)), ENGLISH, LIGHT)
    (tall,), (short,) = (parts_in(svg, paint.passive_net) for paint in (LIGHT.earlier, LIGHT.own))
    assert float(tall.get("height", 0)) == pytest.approx(4 * float(short.get("height", 0)), abs=2)


def test_what_is_negative_hangs_below_zero() -> None:
    svg = draw_chart(chart_of(figures(1000), figures(500, -300)), ENGLISH, LIGHT)
    (up,) = parts_in(svg, LIGHT.own.passive_net)
    (down,) = parts_in(svg, LIGHT.own.active_net)
    zero = float(up.get("y", 0)) + float(up.get("height", 0))
    assert float(down.get("y", 0)) >= zero
    assert "€0" in texts(svg)


def test_small_days_are_seen_beside_a_viral_one() -> None:
    svg = draw_chart(chart_of(figures(1), figures(10_000_000), figures(2)), ENGLISH, LIGHT)
    small = parts_in(svg, LIGHT.earlier.passive_net, LIGHT.own.passive_net)
    assert len(small) == 3
    assert min(float(part.get("height", 0)) for part in small) == 4


def test_a_history_without_a_sale_is_an_empty_chart() -> None:
    svg = draw_chart(chart_of(*[figures()] * 30), ENGLISH, DARK)
    assert parts_in(svg, DARK.earlier.passive_net, DARK.own.passive_net) == []
    assert [each for each in texts(svg) if "€" in each] == ["€0"]


def test_the_legend_names_what_there_is() -> None:
    passive_only = texts(draw_chart(chart_of(figures(500)), ENGLISH, LIGHT))
    everything = texts(draw_chart(chart_of(figures(500, 300, 200)), ENGLISH, LIGHT))
    assert passive_only[:2] == ["without any work", "€0"]
    assert everything[:4] == ["without any work", "with work", "not classified", "€0"]


def test_days_are_labelled_once_a_week_and_the_digests_own_in_bold() -> None:
    svg = draw_chart(chart_of(*[figures(500)] * 30), ENGLISH, LIGHT)
    assert texts(svg)[-5:] == ["23 Oct", "30 Oct", "6 Nov", "13 Nov", "20 Nov"]
    assert bold_texts(svg) == ["20 Nov"]


def test_weeks_are_labelled_with_their_first_day() -> None:
    svg = draw_chart(chart_of(*[figures(500)] * 12, kind=DigestKind.WEEKLY), ENGLISH, LIGHT)
    assert texts(svg)[-4:] == ["14 Sept", "5 Oct", "26 Oct", "16 Nov"]


def test_months_name_the_year_where_it_changes() -> None:
    svg = draw_chart(
        chart_of(*[figures(500)] * 12, kind=DigestKind.MONTHLY, last=date(2026, 7, 2)),
        Wording("en_US"),
        LIGHT,
    )
    assert texts(svg)[-4:] == ["Oct 2025", "Jan 2026", "Apr", "Jul"]
    assert bold_texts(svg) == ["Jul"]


def test_every_month_is_the_own_one_of_a_year() -> None:
    year = Period(date(2026, 1, 1), date(2026, 12, 31))
    months = chart_of(
        *[figures(500)] * 12, kind=DigestKind.MONTHLY, last=date(2026, 12, 2), own=year
    )
    svg = draw_chart(months, ENGLISH, LIGHT)
    assert len(parts_in(svg, LIGHT.own.passive_net)) == 12
    assert texts(svg)[-4:] == ["Jan 2026", "Apr", "Jul", "Oct"]
    assert bold_texts(svg) == []


@pytest.mark.parametrize(
    ("locale", "currency", "best", "labels"),
    [
        ("en_GB", "EUR", 12_040, ["€0", "€50", "€100"]),
        ("en_GB", "EUR", 99, ["€0.00", "€0.20", "€0.40", "€0.60", "€0.80"]),
        ("en_GB", "EUR", 3, ["€0.00", "€0.01", "€0.02", "€0.03"]),
        ("de_DE", "EUR", 250_000, ["0\xa0€", "1.000\xa0€", "2.000\xa0€"]),
        (
            "de_DE",
            "EUR",
            150_000_000,
            ["0\xa0€", "500.000\xa0€", "1\xa0Mio.\xa0€", "1,5\xa0Mio.\xa0€"],
        ),
        ("en_US", "JPY", 1_500_000, ["¥0", "¥500K", "¥1M", "¥1.5M"]),
        ("en_US", "JPY", 900_000, ["¥0", "¥200,000", "¥400,000", "¥600,000", "¥800,000"]),
        ("ja_JP", "JPY", 1_500_000, ["JPY\xa00", "JPY\xa0500K", "JPY\xa01M", "JPY\xa01.5M"]),
        ("de_DE", "JPY", 2_500, ["0\xa0¥", "1.000\xa0¥", "2.000\xa0¥"]),
        ("en_GB", "KWD", 2_500_000, ["KWD\xa00", "KWD\xa01,000", "KWD\xa02,000"]),
        ("ar", "EUR", 12_040, ["0\xa0€", "50\xa0€", "100\xa0€"]),
        ("ar_AE", "AED", 12_040, ["AED\xa00", "AED\xa050", "AED\xa0100"]),
        ("fr_FR", "EUR", 250_000, ["0\xa0€", "1\u202f000\xa0€", "2\u202f000\xa0€"]),
        ("en_GB", "EUR", -12_040, ["\N{EN DASH}€100", "\N{EN DASH}€50", "€0"]),
    ],
)
def test_lines_stand_at_round_amounts(
    locale: str, currency: str, best: int, labels: list[str]
) -> None:
    svg = draw_chart(chart_of(figures(best), currency=currency), Wording(locale), LIGHT)
    assert texts(svg)[1:-1] == labels


AMOUNTS = st.one_of(
    st.just(0),
    st.integers(-200, 20_000),
    st.integers(-(10**13), 10**15),
)
FIGURES = st.builds(figures, AMOUNTS, AMOUNTS, AMOUNTS)


@settings(max_examples=150, deadline=None)
@given(
    nets=st.lists(FIGURES, min_size=1, max_size=40),
    kind=st.sampled_from(DigestKind),
    last=st.dates(date(1990, 1, 1), date(2090, 1, 1)),
    currency=st.sampled_from(["EUR", "USD", "JPY", "KWD", "MWK", "CHF", "AED", "ZZZ"]),
    locale=st.sampled_from(["en_GB", "en_US", "de_DE", "de_CH", "fr_FR", "ar", "ja_JP", "hi_IN"]),
    scheme=st.sampled_from([LIGHT, DARK]),
)
def test_whatever_came_in_everything_is_drawn_within_the_picture(
    *,
    nets: list[Figures],
    kind: DigestKind,
    last: date,
    currency: str,
    locale: str,
    scheme: Scheme,
) -> None:
    chart = chart_of(*nets, kind=kind, last=last, currency=currency)
    drawn = ET.fromstring(draw_chart(chart, Wording(locale), scheme))
    for box in drawn.iter(f"{SVG}rect"):
        x, y, width, height = (float(box.get(name, 0)) for name in ("x", "y", "width", "height"))
        assert width > 0
        assert height > 0
        assert 0 <= x <= x + width <= WIDTH
        assert 0 <= y <= y + height <= HEIGHT - 40 or (width, height) == (WIDTH, HEIGHT)
    for text in drawn.iter(f"{SVG}text"):
        assert drawable(text.text or "") == text.text
        assert all(extent_is_inside(text))
    lines = [float(text.get("y", 0)) for text in drawn.iter(f"{SVG}text") if is_amount(text)]
    assert 1 <= len(lines) <= 6
    assert all(lower - upper >= 34 for lower, upper in pairwise(lines))


def is_amount(text: ET.Element) -> bool:
    return text.get("text-anchor") == "end"


def extent_is_inside(text: ET.Element) -> Iterator[bool]:
    x, width = int(text.get("x", 0)), drawing._width(text.text or "")
    starts = {"start": x, "middle": x - width / 2, "end": x - width}
    start = starts[text.get("text-anchor", "start")]
    yield start >= 0
    yield start + width <= WIDTH
    yield 34 <= int(text.get("y", 0)) <= HEIGHT - 8
