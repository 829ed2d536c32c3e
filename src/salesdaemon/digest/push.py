"""Write a digest in a few lines for a phone. Pure: facts in, words out."""

from collections.abc import Iterator
from itertools import islice
from typing import Final

from salesdaemon.digest.content import DigestContent
from salesdaemon.digest.figures import is_estimated, is_quiet
from salesdaemon.digest.sections.compared import earlier_of
from salesdaemon.digest.sections.whole import build_view
from salesdaemon.digest.subject import news_counts, write_subject
from salesdaemon.digest.titles import isolate, shorten
from salesdaemon.digest.view import Headline, View
from salesdaemon.digest.wording import Wording, listing

MOST_LINES: Final = 6
"""The lines of a body; what needs attention is always among them."""
_PREVIEW: Final = "Preview: "
_NAME_LENGTH: Final = 40
_MOST_CURRENCIES: Final = 2


def render_push(content: DigestContent, locale: str) -> tuple[str, str]:
    """Write the title and the body of a short message: what came in, and what stands out."""
    wording = Wording(locale)
    view = build_view(content, wording, max_rows=1)
    quiet = is_quiet(content.summary)
    lines = list(view.quiet) if quiet else list(_lines(content, view, wording))
    concerns = list(_concerns(content, view, wording))
    body = [*lines[: MOST_LINES - len(concerns)], *concerns]
    return _title(content, wording, quiet=quiet), "\n".join(body)


def _title(content: DigestContent, wording: Wording, *, quiet: bool) -> str:
    subject = write_subject(content, wording)
    if quiet:
        return subject
    # Before its colon the subject says the net, and what it is of.
    preview = _PREVIEW if subject.startswith(_PREVIEW) else ""
    net = subject.removeprefix(_PREVIEW).partition(": ")[0]
    return f"{preview}{net}{' (fees estimated)' if is_estimated(content.summary) else ''}"


def _lines(content: DigestContent, view: View, wording: Wording) -> Iterator[str]:
    yield view.sales
    several = len(view.headlines) > 1
    for headline in view.headlines[:_MOST_CURRENCIES]:
        some = [part.name for part in headline.parts if part.is_some]
        if several and some:
            yield f"{headline.currency}: {_parts(headline)}"
        elif some and some != ["passive"]:  # which the line above says already
            yield _parts(headline)
    yield from islice(_comparisons(content, view), 1)
    if view.products is not None and len(content.summary.products) > 1:
        best = view.products.lines[0]
        yield f"Best: {isolate(shorten(best.name, _NAME_LENGTH))}, {listing(best.amounts)}"
    if content.news:
        yield f"News of earlier days: {news_counts(content, wording)}"
    if view.converted:
        yield view.converted


def _comparisons(content: DigestContent, view: View) -> Iterator[str]:
    """Set the net beside that of earlier periods that brought something."""
    lines = view.compared.lines if view.compared is not None else ()
    for (_, then), line in zip(earlier_of(content), lines, strict=False):
        if then.totals and len(line.amounts) == 1:
            than = "as" if line.amounts[0].startswith("=") else "than"
            yield f"{line.amounts[0]} {than} {line.name[0].lower()}{line.name[1:]}"


def _parts(headline: Headline) -> str:
    """Say how much of a net took no work, and how much some."""
    return ", ".join(f"{part.amount} {part.label}" for part in headline.parts if part.is_some)


def _concerns(content: DigestContent, view: View, wording: Wording) -> Iterator[str]:
    if content.gap is not None:
        missed = wording.count(content.gap.digests, f"{content.kind.value} digest")
        yield f"{missed} before this one did not go out: the daemon did not run."
    if view.attention:
        yield f"{view.attention.removesuffix('; see below.').removesuffix('.')}."
