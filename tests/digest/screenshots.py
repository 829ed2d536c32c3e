"""Take pictures of digests: `python -m tests.digest.screenshots FOLDER [CASE…]`.

Every case, or those that are named, on a phone and on a desktop, light and dark. With `--readme`
in place of a folder the pictures that the README shows are made anew. Needs Chromium.
"""

import sys
import tempfile
from pathlib import Path

from salesdaemon.digest.render import render_html, standalone
from tests.digest.browser import SCHEMES, measure, photograph
from tests.digest.cases import CASES, LOCALES

WIDTHS = (320, 700)
SHOWN = Path(__file__).parents[2] / "docs" / "digest"
README = {
    # Name, case, width, height, scheme and scale; the scale keeps each below 150 KB.
    "day-light": ("ordinary_day", 390, 844, "light", 2),
    "day-dark": ("ordinary_day", 390, 844, "dark", 2),
    "week": ("moving_week", 700, 1000, "light", 1.5),
}


def page_of(case: str) -> str:
    """Render a case with its images in it."""
    return standalone(render_html(CASES[case](), LOCALES.get(case, "en_GB")))


def take_all(cases: list[str], folder: Path) -> None:
    """Take every picture of some cases, each as long as its page."""
    folder.mkdir(parents=True, exist_ok=True)
    pages = {case: page_of(case) for case in cases}
    with tempfile.TemporaryDirectory() as scratch:
        for width in WIDTHS:
            sizes = measure(pages, width, Path(scratch))
            for case, page in pages.items():
                for scheme in SCHEMES:
                    image = folder / f"{case}-{width}-{scheme}.png"
                    photograph(page, image, (width, sizes[case]["height"]), scheme)


def take_for_readme() -> None:
    """Take the pictures that the README shows."""
    SHOWN.mkdir(parents=True, exist_ok=True)
    for name, (case, width, height, scheme, scale) in README.items():
        photograph(page_of(case), SHOWN / f"{name}.png", (width, height), scheme, scale=scale)


if __name__ == "__main__":
    if sys.argv[1:] == ["--readme"]:
        take_for_readme()
    elif len(sys.argv) > 1:
        take_all(sys.argv[2:] or list(CASES), Path(sys.argv[1]))
    else:
        sys.exit(str(__doc__))
