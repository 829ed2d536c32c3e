"""Take the parts of a digest's mail apart again: sections, rows, the words of a page."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

_MONEY = r"(?:US\$|A\$|JP¥|€|£)\d{1,3}(?:,\d{3})*(?:\.\d\d)?"
_ROW = re.compile(
    rf"^ *(?P<mark>[▲▼=] )?(?P<sign>[\u2212+]?)(?P<amount>{_MONEY})"
    r"(?: more| less| an hour)?(?:  | (?=net, ))(?P<label>.*)$"
)
_SPACES = re.compile(r"\s+")
_ISOLATES = str.maketrans("", "", "\u2066\u2067\u2068\u2069\u200e\u200f")


@dataclass
class Row:
    """A row of a section: an amount, what it is, and the lines below; less than nothing or not."""

    amount: str
    label: str
    negative: bool = False
    details: list[str] = field(default_factory=list)

    @property
    def words(self) -> str:
        return " ".join([self.label, *self.details])


def sections(text: str) -> dict[str, list[str]]:
    """Split a text part at its headings, which are in capitals; what comes first is under ""."""
    found: dict[str, list[str]] = {"": []}
    name = ""
    for line in text.splitlines():
        if line[:1].isupper() and line == line.upper() and len(line) > 4:
            name = line.partition(" (")[0]
            found[name] = []
        else:
            found[name].append(line)
    return found


def rows(lines: list[str]) -> list[Row]:
    """Read the rows of a section; a line without an amount belongs to the row above."""
    found: list[Row] = []
    for line in lines:
        match = _ROW.match(line)
        if match is not None:
            label = match["label"].translate(_ISOLATES)
            found.append(Row(match["amount"], label, match["sign"] == "\u2212"))
        elif found and line.startswith("   "):
            found[-1].details.append(line.strip().translate(_ISOLATES))
    return found


class _Words(HTMLParser):
    """Gathers what a reader sees: not the styles, and nothing that is hidden from everybody."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.sources: list[str] = []
        self._skipping = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"style", "title"}:
            self._skipping += 1
        self.sources += [value or "" for name, value in attrs if name in {"src", "background"}]

    def handle_endtag(self, tag: str) -> None:
        if tag in {"style", "title"}:
            self._skipping -= 1

    def handle_data(self, data: str) -> None:
        if not self._skipping:
            self.words.append(data)


def words_of(page: str) -> str:
    """Return the text of a page, with single spaces."""
    parser = _Words()
    parser.feed(page)
    return _SPACES.sub(" ", " ".join(parser.words)).translate(_ISOLATES)


def sources_of(page: str) -> Iterator[str]:
    """Yield what a page loads."""
    parser = _Words()
    parser.feed(page)
    yield from parser.sources
