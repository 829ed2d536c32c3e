"""Look at digests as a browser shows them: Chromium, without a window, one start for many pages."""

import html
import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium")
SCHEMES = {"light": 1, "dark": 0}

_SHEET = """<!doctype html><meta charset="utf-8"><style>
body {{ margin: 0; background: #888; }}
figure {{ display: inline-block; vertical-align: top; margin: 0 8px 8px 0; }}
figcaption {{ font: 14px sans-serif; padding: 2px; background: #ff8; }}
iframe {{ border: 0; display: block; }}
</style>{frames}<pre id="measured"></pre><script>
addEventListener("load", () => {{
  const measured = {{}};
  const linear = part => (part /= 255) <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  const luminance = colour => {{
    const [red, green, blue] = colour.match(/[\\d.]+/g).slice(0, 3).map(Number).map(linear);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  }};
  const background = (element, view) => {{
    const colour = view.getComputedStyle(element).backgroundColor;
    return colour === "rgba(0, 0, 0, 0)" ? background(element.parentElement, view) : colour;
  }};
  const contrast = (element, view) => {{
    const [darker, lighter] = [view.getComputedStyle(element).color, background(element, view)]
      .map(luminance).sort((one, other) => one - other);
    return (lighter + 0.05) / (darker + 0.05);
  }};
  const leastContrast = frame => Math.min(
    ...[...frame.contentDocument.body.querySelectorAll("*")]
      .filter(each => each.getClientRects().length && [...each.childNodes].some(
        node => node.nodeType === 3 && node.data.replace(/[\\s\\u00a0]/g, "")))
      .map(each => contrast(each, frame.contentWindow)));
  for (const frame of document.querySelectorAll("iframe")) {{
    const page = frame.contentDocument.scrollingElement;
    frame.style.height = page.scrollHeight + "px";
    measured[frame.title] = {{
      width: page.scrollWidth, height: page.scrollHeight, contrast: leastContrast(frame),
      dark: frame.contentWindow.matchMedia("(prefers-color-scheme: dark)").matches,
    }};
  }}
  document.getElementById("measured").textContent = JSON.stringify(measured);
}});
</script>"""


def show(pages: Mapping[str, str], width: int) -> str:
    """Put pages beside one another, each as wide as a screen of so many pixels."""
    frames = "".join(
        f'<figure><figcaption>{html.escape(name)}</figcaption><iframe title="{html.escape(name)}" '
        f'width="{width}" height="100" scrolling="no" srcdoc="{html.escape(page)}"></iframe>'
        "</figure>"
        for name, page in pages.items()
    )
    return _SHEET.format(frames=frames)


def measure(
    pages: Mapping[str, str], width: int, folder: Path, scheme: str = "light"
) -> dict[str, Any]:
    """Return how wide and high each page is on such a screen, and its least contrast of text."""
    sheet = folder / "measured.html"
    sheet.write_text(show(pages, width), "utf-8")
    shown = _run(
        "--dump-dom",
        f"--blink-settings=preferredColorScheme={SCHEMES[scheme]}",
        f"--user-data-dir={folder / 'profile'}",
        sheet.as_uri(),
    )
    found = re.search(r'<pre id="measured">(.*?)</pre>', shown, re.DOTALL)
    assert found is not None, shown[-2000:]
    measured: dict[str, Any] = json.loads(html.unescape(found[1]))
    return measured


def photograph(
    page: str, image: Path, size: tuple[int, int], scheme: str, *, scale: float = 1
) -> None:
    """Take a picture of the top of a page, in a window of that width and height."""
    width, height = size
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "page.html"
        file.write_text(page, "utf-8")
        _run(
            f"--screenshot={image}",
            f"--window-size={width},{height}",
            f"--force-device-scale-factor={scale}",
            f"--blink-settings=preferredColorScheme={SCHEMES[scheme]}",
            f"--user-data-dir={scratch}/profile",
            file.as_uri(),
        )


def _run(*arguments: str) -> str:
    assert CHROMIUM is not None, "Install Debian's chromium."
    ran = subprocess.run(
        [
            *(CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
            *("--force-prefers-reduced-motion", "--disable-dev-shm-usage", *arguments),
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=100,
    )
    return ran.stdout
