"""Digests as a real browser lays them out."""

import unicodedata
from pathlib import Path

import pytest

from salesdaemon.digest.render import render_html, standalone
from tests.digest.browser import measure
from tests.digest.cases import CASES

PHONE, DESKTOP = 320, 700
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


@pytest.mark.parametrize("case", ["ordinary_day", "moving_week"])
def test_the_answer_is_on_the_first_screen_of_a_phone(case: str, tmp_path: Path) -> None:
    """What came in, how much of it without work, and the number of sales need no scrolling."""
    html = render_html(CASES[case](), "en_GB").html
    end = html.index("</td></tr>", html.index('class="sales"'))
    first = html[:end] + "</td></tr></table></body></html>"
    assert "without any work" in unicodedata.normalize("NFKC", first)
    assert measure({"first": first}, PHONE, tmp_path)["first"]["height"] < 480
