"""The words of a message. Pure: events and facts in, plain text out; each channel escapes it.

Here are rings and bursts; `recaps` tells what was held back, `events` all that does not ring.
"""

from collections.abc import Mapping, Sequence

from salesdaemon.domain.alerts import BURST_END, Course, Facts, Form, Group, Waiting
from salesdaemon.domain.rules import Style
from salesdaemon.domain.sale import Kind
from salesdaemon.domain.summary import StoredSale, Totals
from salesdaemon.domain.sums import totals_by_currency
from salesdaemon.notify import events, recaps
from salesdaemon.notify.amounts import Voice, money_text, time_text
from salesdaemon.notify.escaping import clean_line
from salesdaemon.notify.message import Message, Tone
from salesdaemon.notify.sales import (
    amount_of,
    bought,
    count_of,
    counted,
    line_of,
    marked,
    one_sound,
    shop_of,
    shortened,
    sum_of,
    today_line,
    totals_text,
)
from salesdaemon.notify.templates import KA_CHING, Happening, own_ring_title, own_words

__all__ = ["Voice", "ring", "trial_ring", "word"]

_PLAIN = Style()


def word(group: Group, facts: Facts, voice: Voice) -> Message:
    """Word a group of events; whatever they hold, there is a message."""
    first, *others = told = events.with_sales(group.entries, facts)
    rings = [each for each in told if each.entry.rings]
    if group.form is Form.RECAP and rings:
        return recaps.recap(group, facts, voice)
    if group.form is Form.BURST_END or first.entry.kind == BURST_END:
        return _burst_end(facts, voice)
    if group.form in {Form.RING, Form.BURST} and len(rings) == len(told):
        sales = [each.sale for each in rings if each.sale is not None]
        if group.form is Form.RING and len(sales) == 1:
            return ring(sales[0], facts.today, voice, first.entry.style)
        return _many(group.entries, sales, facts, voice)
    return events.several(told, voice) if others else events.event(first, facts, voice)


def ring(
    sale: StoredSale, today: Mapping[str, Totals], voice: Voice, style: Style = _PLAIN
) -> Message:
    """Word the ring of one sale, in a rule's own words where it has some."""
    happening = Happening("renewal" if sale.kind is Kind.RENEWAL else "sale", sale, today)
    own_title = own_ring_title(style.title, happening, voice)
    title = own_title or marked(f"{KA_CHING} {amount_of(sale, voice)}", happening.kind, voice)
    body = own_words(style.body, happening, voice, rings=True)
    usual = f"{bought(sale)}\n{shop_of(sale)}\n{today_line(today, voice)}"
    return Message(clean_line(title), body or usual, Tone.RING, sound=style.sound)


def trial_ring(channel: str, voice: Voice) -> Message:
    """Word a ka-ching that only tries a channel."""
    amount = money_text(1200, "EUR", voice.locale)
    body = f"This is a test: 1 × Weekly planner\nChannel {channel} works."
    return Message(marked(f"{KA_CHING} {amount}", "sale", voice), body, Tone.RING)


def _many(
    entries: Sequence[Waiting], sales: Sequence[StoredSale], facts: Facts, voice: Voice
) -> Message:
    """Word the one ring of sales that came together."""
    title = ", ".join(filter(None, (f"{KA_CHING} {count_of(len(entries))}", sum_of(sales, voice))))
    lines = [
        *_so_far(facts.course, len(entries), sales, voice),
        *shortened([line_of(sale, voice) for sale in sales], len(entries)),
        today_line(facts.today, voice),
    ]
    return Message(
        marked(title, "burst", voice), "\n".join(lines), Tone.RING, sound=one_sound(entries)
    )


def _so_far(
    course: Course | None, count: int, sales: Sequence[StoredSale], voice: Voice
) -> list[str]:
    """Add what is told now to what was told of the same burst before."""
    if course is None:
        return []
    together = totals_by_currency(sales)
    for currency, totals in course.totals.items():
        together.setdefault(currency, Totals()).plus(totals)
    amount = totals_text(dict(sorted(together.items())), voice)
    since = time_text(course.since, voice)
    return [f"In this burst so far: {counted(course.sales + count, amount, voice)} since {since}"]


def _burst_end(facts: Facts, voice: Voice) -> Message:
    course, today = facts.course, today_line(facts.today, voice)
    if course is None:
        return Message(marked("The rush is over", BURST_END, voice), today, Tone.INFO, silent=True)
    total = counted(course.sales, totals_text(course.totals, voice), voice)
    since, until = time_text(course.since, voice), time_text(course.until, voice)
    span = f"At {since}" if since == until else f"From {since} to {until}"
    title = marked(f"The rush is over: {total}", BURST_END, voice)
    return Message(title, f"{span}\n{today}", Tone.INFO, silent=True)
