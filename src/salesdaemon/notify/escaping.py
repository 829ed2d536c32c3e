"""Text that is safe to show: pure functions from any string to a harmless one."""

import re
from collections.abc import Callable

ZERO_WIDTH_SPACE = "\u200b"
ELLIPSIS = "\u2026"

_LINE_ENDS = re.compile("\r\n|\r")
# C0, DEL and C1 without the line feed; the separators U+2028 and U+2029 end lines in some clients.
_CONTROLS = re.compile("[\x01-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]")
# Embeddings, overrides and isolates turn the text after them around. The plain marks U+200E and
# U+200F stay: amounts in Arabic and Hebrew need them.
_BIDI_CONTROLS = re.compile("[\u202a-\u202e\u2066-\u2069]")
# XML cannot carry them, and an XML channel would send a broken document.
_NONCHARACTERS = re.compile("[\ufdd0-\ufdef\ufffe\uffff]")

_MARKDOWN_ANYWHERE = re.compile(r"[\\`*_~|\[\]]")
_MARKDOWN_LINE_START = re.compile(r"(?m)^( *)([#>+=-])")
_MARKDOWN_NUMBERED = re.compile(r"(?m)^( *\d+)([.)])")
_MARKDOWN_INDENTED_CODE = re.compile(r"(?m)^ {4,}")

_ROCKET_ANYWHERE = re.compile(r"[`*_~]")
_ROCKET_HEADING = re.compile(r"(?m)^#")

_ANGLE_FORM = re.compile(r"<(?=[@#!:/A-Za-z])")


def clean(text: str) -> str:
    """Return valid Unicode without NUL, control characters and bidi controls, ends trimmed.

    Line feeds stay, every other control character becomes a space. A lone surrogate becomes
    U+FFFD.
    """
    text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    text = _LINE_ENDS.sub("\n", text).replace("\0", "")
    text = _BIDI_CONTROLS.sub("", _CONTROLS.sub(" ", text))
    return _NONCHARACTERS.sub("\ufffd", text).strip()


def clean_line(text: str) -> str:
    """Return `clean` text on one line, for titles."""
    return clean(text).replace("\n", " ")


def escape_markdown(text: str) -> str:
    """Put a backslash before whatever CommonMark or Discord would take for markup.

    Punctuation that means nothing in mid-line stays as it is: not every client hides the
    backslash in an amount.
    """
    text = _MARKDOWN_ANYWHERE.sub(r"\\\g<0>", text)
    text = _MARKDOWN_LINE_START.sub(r"\1\\\2", text)
    text = _MARKDOWN_NUMBERED.sub(r"\1\\\2", text)
    return _MARKDOWN_INDENTED_CODE.sub("   ", text)


def escape_rocket_chat(text: str) -> str:
    """Put a backslash before Rocket.Chat's markup, and break links, which it cannot escape.

    Its parser knows the escapes of ``* _ ~ ` #`` and shows the backslash before anything else.
    """
    text = _ROCKET_HEADING.sub(r"\\#", _ROCKET_ANYWHERE.sub(r"\\\g<0>", text))
    return text.replace("](", f"]{ZERO_WIDTH_SPACE}(")


def break_mentions(text: str) -> str:
    """Take the power out of `@everyone`, `<@123>`, `<!here>`, `<at …>` with zero-width spaces."""
    text = _ANGLE_FORM.sub(f"<{ZERO_WIDTH_SPACE}", text)
    return text.replace("@", f"@{ZERO_WIDTH_SPACE}")


def shorten(text: str, fits: Callable[[str], bool]) -> str:
    """Return the text, or its longest beginning that fits with an ellipsis after it.

    `fits` must be monotonic: what fits still does when it gets shorter. Returns an empty string
    where not even the ellipsis fits.
    """
    if fits(text):
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if fits(_cut(text, middle)):
            low = middle
        else:
            high = middle - 1
    return _cut(text, low) if low or fits(ELLIPSIS) else ""


def _cut(text: str, length: int) -> str:
    return text[:length].rstrip(" \n\u200d") + ELLIPSIS
