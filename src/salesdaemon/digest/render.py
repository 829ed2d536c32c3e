"""Render a digest as a subject line, as text and as HTML. Pure: facts in, words out.

`locale` is a name such as "en_GB"; it decides how amounts are written.
"""

from typing import TYPE_CHECKING

from salesdaemon.digest.content import DigestContent
from salesdaemon.digest.sections import MAX_ROWS, build_view
from salesdaemon.digest.subject import write_subject
from salesdaemon.digest.titles import columns, fit, isolate, wrap
from salesdaemon.digest.view import View
from salesdaemon.digest.wording import Wording

if TYPE_CHECKING:
    from jinja2 import Environment

TEXT_COLUMNS = 72
_MAX_BYTES = 100_000  # Gmail cuts a mail off at 102,400
_FEWER_ROWS = (MAX_ROWS, 25, 10, 3)


def render_subject(content: DigestContent, locale: str) -> str:
    """Write the subject line: one line, and the answer in it."""
    return write_subject(content, Wording(locale))


def render_text(content: DigestContent, locale: str) -> str:
    """Write the text part, in lines of at most 72 columns."""
    environment = _environment(autoescape=False)
    environment.filters.update(
        right=_right, widest=_widest, fit=fit, isolate=isolate, wrapped=_wrapped
    )
    view = build_view(content, Wording(locale))
    text = environment.get_template("daily.txt").render(view=view, columns=TEXT_COLUMNS)
    # Plain text has no fonts to keep a no-break space together; an ordinary one can be searched.
    lines = text.replace("\u00a0", " ").replace("\u202f", " ").splitlines()
    return "\n".join(line.rstrip() for line in lines).strip("\n") + "\n"


def render_html(content: DigestContent, locale: str) -> str:
    """Write the HTML part: styles inlined, nothing remote, under 100 KB.

    Where rows in many currencies would weigh more, fewer of them are listed.
    """
    page = ""
    for max_rows in _FEWER_ROWS:
        page = _inline(build_view(content, Wording(locale), max_rows))
        if len(page.encode()) <= _MAX_BYTES:
            break
    return page


def _inline(view: View) -> str:
    import css_inline  # noqa: PLC0415 - the idle daemon does not carry it

    page = _environment(autoescape=True).get_template("daily.html").render(view=view)
    inliner = css_inline.CSSInliner(keep_style_tags=True, load_remote_stylesheets=False)
    return inliner.inline(page).strip() + "\n"


def _environment(*, autoescape: bool) -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 - as above

    return Environment(
        loader=PackageLoader("salesdaemon.digest"),
        autoescape=autoescape,  # noqa: S701 - off for the text part alone, which holds no markup
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _right(text: str, width: int) -> str:
    """Push text to the right edge of a column."""
    return " " * (width - columns(text)) + text


def _widest(texts: list[str]) -> int:
    return max((columns(text) for text in texts), default=0)


def _wrapped(text: str, width: int, indent: str = "") -> str:
    """Break a sentence into lines; those after the first are indented."""
    return f"\n{indent}".join(wrap(text, width - len(indent)))
