"""Render a digest as a subject line, as text and as HTML. Pure: facts in, words out.

`locale` is a name such as "en_GB"; it decides how amounts are written.

`source` is the text of an owner's own template, used instead of ours. It is rendered in Jinja's
sandbox with the same `view` (see `view.View`) and the same filters; it may `{% extends %}` or
`{% include %}` "digest.html" or "digest.txt", whose blocks can be replaced one by one. A mistake in
it raises `jinja2.TemplateError`, or whatever else its expressions raise.
"""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from salesdaemon.digest.chart import DARK, LIGHT, draw_chart, to_png
from salesdaemon.digest.chart_words import Chart
from salesdaemon.digest.content import DigestContent
from salesdaemon.digest.sections.compared import DARK_CHART, LIGHT_CHART
from salesdaemon.digest.sections.whole import MAX_ROWS, build_view
from salesdaemon.digest.subject import write_subject
from salesdaemon.digest.titles import clean, columns, fit, isolate, wrap
from salesdaemon.digest.view import View
from salesdaemon.digest.wording import Wording

if TYPE_CHECKING:
    from jinja2 import Template
    from jinja2.sandbox import SandboxedEnvironment

TEXT_COLUMNS = 72
_MAX_BYTES = 100_000  # Gmail cuts a mail off at 102,400
_FEWER_ROWS = (MAX_ROWS, 10, 6, 3)
_LONGEST_SUBJECT = 250
_LONGEST_REPETITION = 1_000_000
_LARGEST_BASE, _LARGEST_EXPONENT = 1_000_000, 100


@dataclass(frozen=True, slots=True)
class Page:
    """The HTML part, and the PNG images that it refers to as `cid:` addresses, by content id."""

    html: str
    images: Mapping[str, bytes] = field(default_factory=dict)


def render_subject(content: DigestContent, locale: str, source: str | None = None) -> str:
    """Write the subject line: one line, and the answer in it."""
    if source is None:
        return write_subject(content, Wording(locale))
    template = _template("", source, autoescape=False)
    return clean(_rendered(template, build_view(content, Wording(locale))), _LONGEST_SUBJECT)


def render_text(content: DigestContent, locale: str, source: str | None = None) -> str:
    """Write the text part; ours has lines of at most 72 columns."""
    template = _template("digest.txt", source, autoescape=False)
    text = _rendered(template, build_view(content, Wording(locale)))
    # Plain text has no fonts to keep a no-break space together; an ordinary one can be searched.
    lines = text.replace("\u00a0", " ").replace("\u202f", " ").splitlines()
    return "\n".join(line.rstrip() for line in lines).strip("\n") + "\n"


def render_html(content: DigestContent, locale: str, source: str | None = None) -> Page:
    """Write the HTML part: styles inlined, nothing remote, under 100 KB.

    Where rows in many currencies would weigh more, fewer of them are listed.
    """
    template = _template("digest.html", source, autoescape=True)
    page = ""
    for max_rows in _FEWER_ROWS:
        page = _inline(_rendered(template, build_view(content, Wording(locale), max_rows)))
        if len(page.encode()) <= _MAX_BYTES:
            break
    return Page(page, _images(page, content, locale))


def _images(page: str, content: DigestContent, locale: str) -> dict[str, bytes]:
    """Draw the images that a page refers to."""
    schemes = {LIGHT_CHART: LIGHT, DARK_CHART: DARK}
    return {
        content_id: to_png(draw_chart(Chart.of(content), Wording(locale), scheme))
        for content_id, scheme in schemes.items()
        if f"cid:{content_id}" in page
    }


def standalone(page: Page) -> str:
    """Put a page's images into it, for a file or a browser."""
    html = page.html
    for content_id, image in page.images.items():
        address = f"data:image/png;base64,{b64encode(image).decode()}"
        html = html.replace(f"cid:{content_id}", address)
    return html


def _inline(page: str) -> str:
    import css_inline  # noqa: PLC0415 - the idle daemon does not carry it

    inliner = css_inline.CSSInliner(keep_style_tags=True, load_remote_stylesheets=False)
    return inliner.inline(page).strip() + "\n"


def _rendered(template: "Template", view: View) -> str:
    return template.render(view=view, columns=TEXT_COLUMNS)


def _template(name: str, source: str | None, *, autoescape: bool) -> "Template":
    environment = _environment(autoescape=autoescape)
    return environment.get_template(name) if source is None else environment.from_string(source)


@cache  # it keeps our own templates, which take longer to read than to fill in
def _environment(*, autoescape: bool) -> "SandboxedEnvironment":
    from jinja2 import PackageLoader, StrictUndefined  # noqa: PLC0415 - the idle daemon has no use
    from jinja2.sandbox import ImmutableSandboxedEnvironment  # noqa: PLC0415 - as above

    environment = ImmutableSandboxedEnvironment(
        loader=PackageLoader("salesdaemon.digest"),
        autoescape=autoescape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    # No mail needs large ones, and arithmetic that takes hours cannot be interrupted.
    environment.intercepted_binops = frozenset({"*", "**"})
    environment.binop_table.update({"*": _product, "**": _power})
    environment.filters.update(
        right=_right,
        widest=_widest,
        fit=fit,
        isolate=isolate,
        wrapped=_wrapped,
        lines=_lines,
        commands=_commands,
    )
    return environment


def _product(left: Any, right: Any) -> Any:  # noqa: ANN401 - a template may hold anything
    """Multiply numbers, or repeat what is not very long then."""
    numbers = [side for side in (left, right) if isinstance(side, int)]
    lengths = [len(side) for side in (left, right) if isinstance(side, str | list | tuple)]
    if lengths and numbers and lengths[0] * numbers[0] > _LONGEST_REPETITION:
        raise OverflowError("what is repeated gets too long")
    return left * right


def _power(left: Any, right: Any) -> Any:  # noqa: ANN401 - a template may hold anything
    """Raise to small powers alone."""
    if not (abs(left) <= _LARGEST_BASE and abs(right) <= _LARGEST_EXPONENT):
        raise OverflowError("the power is too large")
    return left**right


def _right(text: str, width: int) -> str:
    """Push text to the right edge of a column."""
    return " " * (width - columns(text)) + text


def _widest(texts: list[str]) -> int:
    return max((columns(text) for text in texts), default=0)


def _wrapped(text: str, width: int, indent: str = "") -> str:
    """Break a sentence into lines; those after the first are indented."""
    return f"\n{indent}".join(wrap(text, width - len(indent)))


def _lines(texts: list[str], width: int) -> list[str]:
    """Break each of some texts into lines of its own."""
    return [line for text in texts for line in wrap(text, width)]


def _commands(sentence: str) -> str:
    """Set what stands between backticks apart, as HTML; whatever else it holds is escaped."""
    from markupsafe import Markup, escape  # noqa: PLC0415 - the idle daemon does not carry it

    parts = str(escape(sentence)).split("`")
    if len(parts) % 2 == 0:
        return sentence
    marked = [f'<span class="command">{part}</span>' for part in parts[1::2]]
    told = [part for pair in zip(parts[::2], [*marked, ""], strict=True) for part in pair]
    return Markup("".join(told))  # noqa: S704 - every part was escaped above
