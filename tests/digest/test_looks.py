"""Digests as a real browser lays them out."""

import re
import unicodedata
from pathlib import Path

import pytest

from salesdaemon.digest import render
from salesdaemon.digest.render import render_html, standalone
from tests.digest.browser import measure
from tests.digest.cases import CASES

STYLES = Path(render.__file__).parent / "templates" / "digest.css"
PHONE = 320
LIGHT = ("#ffffff", "#f1f7f3", "#f3f1ec", "#fdf8ec")
DARK = ("#1b1f22", "#1c2a24", "#121517", "#2b261b")
LEAST_CONTRAST = 4.5
LOCALES = ("de_DE", "ja_JP", "ar")


def test_nothing_is_wider_than_the_smallest_phone(tmp_path: Path) -> None:
    pages = {case: standalone(render_html(make(), "en_GB")) for case, make in CASES.items()}
    for locale in LOCALES:
        for case in ("ordinary_year", "four_currencies_without_rates", "yen", "goals_day"):
            pages[f"{case} {locale}"] = render_html(CASES[case](), locale).html
    measured = measure(pages, PHONE, tmp_path)
    assert list(measured) == list(pages)
    assert {case: size["width"] for case, size in measured.items() if size["width"] > PHONE} == {}
    assert min(size["height"] for size in measured.values()) > 200


@pytest.mark.parametrize(("scheme", "backgrounds"), [(0, LIGHT), (1, DARK)], ids=["light", "dark"])
def test_text_can_be_read_on_every_background(scheme: int, backgrounds: tuple[str, ...]) -> None:
    styles = STYLES.read_text("utf-8").partition("@media (prefers-color-scheme: dark)")[2 * scheme]
    assert set(re.findall(r"background-color: (#\w+)", styles)) >= set(backgrounds)
    texts = set(re.findall(r"(?<![-\w])color: (#\w+)", styles))
    assert len(texts) > 3
    for text in texts:
        for background in backgrounds:
            assert contrast(text, background) >= LEAST_CONTRAST, (text, background)


def contrast(first: str, second: str) -> float:
    """Compare two colours as WCAG 2 does."""
    darker, lighter = sorted(map(luminance, (first, second)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("case", ["ordinary_day", "moving_week"])
def test_the_answer_is_on_the_first_screen_of_a_phone(case: str, tmp_path: Path) -> None:
    """What came in, how much of it without work, and the number of sales need no scrolling."""
    html = render_html(CASES[case](), "en_GB").html
    end = html.index("</td></tr>", html.index('class="sales"'))
    first = html[:end] + "</td></tr></table></body></html>"
    assert "without any work" in unicodedata.normalize("NFKC", first)
    assert measure({"first": first}, PHONE, tmp_path)["first"]["height"] < 480
