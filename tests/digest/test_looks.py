"""Digests as a real browser lays them out."""

import unicodedata
from pathlib import Path

import pytest

from salesdaemon.digest.render import render_html, standalone
from tests.digest.browser import SCHEMES, measure
from tests.digest.cases import CASES

PHONE = 320
LEAST_CONTRAST = 4.5
"""What WCAG 2 asks of text."""
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


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_text_stands_out_from_what_is_behind_it(scheme: str, tmp_path: Path) -> None:
    pages = {case: render_html(make(), "en_GB").html for case, make in CASES.items()}
    measured = measure(pages, PHONE, tmp_path, scheme)
    assert {size["dark"] for size in measured.values()} == {scheme == "dark"}
    assert {
        case: size for case, size in measured.items() if size["contrast"] < LEAST_CONTRAST
    } == {}


def test_the_answer_is_on_the_first_screen_of_a_phone(tmp_path: Path) -> None:
    """What came in, how much of it without work, and the number of sales need no scrolling."""
    pages = {case: until_the_answer(case) for case in ("ordinary_day", "moving_week")}
    measured = measure(pages, PHONE, tmp_path)
    assert list(measured) == list(pages)
    assert max(size["height"] for size in measured.values()) < 480


def until_the_answer(case: str) -> str:
    html = render_html(CASES[case](), "en_GB").html
    end = html.index("</td></tr>", html.index('class="sales"'))
    first = html[:end] + "</td></tr></table></body></html>"
    assert "without any work" in unicodedata.normalize("NFKC", first)
    return first
