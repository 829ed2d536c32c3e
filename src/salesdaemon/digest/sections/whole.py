"""Put all that a digest shows together, in its order."""

from dataclasses import replace

from salesdaemon.digest.content import DigestContent
from salesdaemon.digest.figures import count_sales, is_quiet
from salesdaemon.digest.periods import title_of
from salesdaemon.digest.sections.books import tell_costs, tell_payouts
from salesdaemon.digest.sections.compared import compare, draw
from salesdaemon.digest.sections.concerns import (
    list_concerns,
    list_missing,
    list_notes,
    summarise_concerns,
)
from salesdaemon.digest.sections.hero import (
    name_nets,
    write_headlines,
    write_quiet_sentences,
    write_quiet_title,
    write_teaser,
)
from salesdaemon.digest.sections.news import tell_news
from salesdaemon.digest.sections.outlook import follow_goals, put_aside, tell_streak
from salesdaemon.digest.sections.products import (
    list_products,
    tell_concentration,
    tell_hourly_rates,
    tell_movements,
)
from salesdaemon.digest.sections.sold import (
    add_up,
    list_countries,
    list_extras,
    list_shops,
)
from salesdaemon.digest.subject import write_subject
from salesdaemon.digest.titles import clean
from salesdaemon.digest.view import View
from salesdaemon.digest.wording import Wording
from salesdaemon.domain.digests import DigestKind

MAX_ROWS = 20
_MAX_ROWS_OF_A_DAY = 10
_NAME_LENGTH = 40
_PREVIEW = "A preview, made on request: this is what the digest would say now."


def build_view(content: DigestContent, wording: Wording, max_rows: int = MAX_ROWS) -> View:
    """Write down everything that the digest shows, with at most so many lines a section."""
    if content.kind is DigestKind.DAILY:
        max_rows = min(max_rows, _MAX_ROWS_OF_A_DAY)
    view = _in_any_digest(content, wording, max_rows)
    if not is_quiet(content.summary):
        return _with_sales(view, content, wording, max_rows)
    # A quiet digest is short; one day without a sale says nothing of a goal.
    return replace(
        view,
        quiet_title=write_quiet_title(content),
        quiet=write_quiet_sentences(content, wording),
        goals=None if content.kind is DigestKind.DAILY else follow_goals(content, wording),
    )


def _in_any_digest(content: DigestContent, wording: Wording, max_rows: int) -> View:
    return View(
        kind=content.kind.value,
        subject=write_subject(content, wording),
        title=title_of(content.kind, content.summary.period, wording),
        preview=_PREVIEW if content.preview else "",
        teaser=write_teaser(content, wording),
        attention=summarise_concerns(content, wording),
        timezone=clean(content.timezone, _NAME_LENGTH),
        news=tell_news(content, wording, max_rows),
        payouts=tell_payouts(content, wording),
        costs=tell_costs(content, wording),
        concerns=list_concerns(content, wording),
        missing=list_missing(content, wording),
        notes=list_notes(content, wording),
    )


def _with_sales(view: View, content: DigestContent, wording: Wording, max_rows: int) -> View:
    summary = content.summary
    return replace(
        view,
        headlines=tuple(write_headlines(summary, wording)),
        converted=name_nets(summary, wording),
        sales=count_sales(summary, wording),
        compared=compare(content, wording),
        chart=draw(content, wording),
        sums=tuple(add_up(summary, wording)),
        shops=list_shops(content, wording, max_rows),
        products=list_products(content, wording, max_rows),
        extras=list_extras(content, wording),
        countries=list_countries(content, wording, max_rows),
        goals=follow_goals(content, wording),
        streak=tell_streak(content, wording),
        movements=tell_movements(content, wording),
        concentration=tell_concentration(content, wording),
        hourly=tell_hourly_rates(content, wording),
        put_aside=put_aside(content, wording),
    )
