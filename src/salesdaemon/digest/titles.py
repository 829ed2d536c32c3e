"""Titles made fit to print: a product's title may hold markup, control characters or nothing."""

import unicodedata

_JOINERS = "\u200c\u200d"  # they shape Persian words and emoji; other format characters go
_BIDI_CLASSES = {"R", "AL", "AN"}
_ISOLATE = "\u2068"
_END_OF_ISOLATE = "\u2069"
_MAX_STACKED_MARKS = 4
_ELLIPSIS = "…"


def clean(text: str | None, limit: int) -> str:
    """Make text one printable line of at most `limit` characters; empty if nothing is left.

    Control characters, line breaks and runs of spaces become one space. Marks that turn the
    direction of what follows, lone surrogates and towers of accents are dropped.
    """
    # No title needs more than this much of its beginning to fill `limit` characters.
    beginning = (text or "")[: limit * 10]
    kept: list[str] = []
    stacked = 0
    for character in beginning:
        stacked = stacked + 1 if unicodedata.category(character) in {"Mn", "Me"} else 0
        if stacked <= _MAX_STACKED_MARKS:
            kept.append(_printable(character))
    line = " ".join("".join(kept).split()).strip(_JOINERS + " ")
    return shorten(line, limit)


def shorten(line: str, limit: int) -> str:
    """Cut a line to `limit` characters, the ellipsis included."""
    if len(line) <= limit:
        return line
    return line[: limit - 1].rstrip(_JOINERS + " ") + _ELLIPSIS


def _printable(character: str) -> str:
    category = unicodedata.category(character)
    if category in {"Cc", "Zl", "Zp"}:
        return " "
    if category == "Cs" or (category == "Cf" and character not in _JOINERS):
        return ""
    return "" if _is_noncharacter(ord(character)) else character


def _is_noncharacter(code: int) -> bool:
    return code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF  # noqa: PLR2004 - Unicode's own ranges


def isolate(line: str) -> str:
    """Keep a right-to-left line in plain text from reordering the figures beside it."""
    if any(unicodedata.bidirectional(character) in _BIDI_CLASSES for character in line):
        return f"{_ISOLATE}{line}{_END_OF_ISOLATE}"
    return line


def columns(line: str) -> int:
    """Count the columns that a line takes in a fixed-width font."""
    return sum(_columns_of(character) for character in line)


def _columns_of(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def fit(line: str, room: int) -> str:
    """Cut a line to so many columns, the ellipsis included; an isolate stays closed."""
    if columns(line) <= room:
        return line
    end = taken = 0
    while taken + _columns_of(line[end]) < room:
        taken += _columns_of(line[end])
        end += 1
    cut = line[:end].rstrip(_JOINERS + " ") + _ELLIPSIS
    return cut + _END_OF_ISOLATE * (cut.count(_ISOLATE) - cut.count(_END_OF_ISOLATE))


def wrap(text: str, room: int) -> list[str]:
    """Break text at its spaces into lines of at most so many columns."""
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if columns(longer) <= room:
            lines[-1] = longer
        else:
            lines.append(fit(word, room))
    return [line for line in lines if line]
