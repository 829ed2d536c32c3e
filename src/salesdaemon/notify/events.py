"""The words of what is no ring: what happened to an order, a milestone, trouble; one or many."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from salesdaemon.domain.alerts import RECOVERY, SALE_EVENTS, TROUBLE, Facts, Waiting
from salesdaemon.domain.changes import RING_KINDS
from salesdaemon.domain.sale import Status
from salesdaemon.domain.summary import StoredSale
from salesdaemon.notify.amounts import Voice, count_text, day_text, money_text
from salesdaemon.notify.escaping import clean, clean_line
from salesdaemon.notify.message import Message, Tone
from salesdaemon.notify.sales import (
    amount_of,
    bought,
    cut,
    marked,
    shop_of,
    shortened,
    today_line,
)
from salesdaemon.notify.templates import Happening, own_words

LONGEST_EXCERPT = 300

_NOUNS = {
    "sale": "sale",
    "renewal": "renewal",
    "free": "free download",
    "refund": "refund",
    "dispute": "dispute",
    "dispute_won": "won dispute",
    "cancelled": "cancellation",
    "payout": "payout",
    "milestone": "milestone",
    "silence": "quiet shop",
    TROUBLE: "problem",
    RECOVERY: "recovery",
}


@dataclass(frozen=True, slots=True)
class Told:
    """An event to be told, and its sale where it is about one that is stored."""

    entry: Waiting
    sale: StoredSale | None

    @property
    def is_loud_trouble(self) -> bool:
        """Tell whether this asks for its owner now."""
        return self.entry.kind == TROUBLE and not self.entry.is_soft


def with_sales(entries: Sequence[Waiting], facts: Facts) -> list[Told]:
    """Find the sale of each event."""
    return [Told(entry, _find_sale(entry, facts)) for entry in entries]


def event(told: Told, facts: Facts, voice: Voice) -> Message:
    """Word a single event; it never ka-chings."""
    entry, sale = told.entry, told.sale
    title, body = marked(_title(told, voice), entry.kind, voice), clean(entry.body or "")
    if sale is not None:
        happening = Happening(entry.kind, sale, facts.today)
        own_title = own_words(entry.style.title, happening, voice, rings=False)
        own_body = own_words(entry.style.body, happening, voice, rings=False)
        title = clean_line(own_title or title)
        body = own_body or _body(entry.kind, sale, facts, voice)
    tone = Tone.WARNING if told.is_loud_trouble else Tone.INFO
    return Message(title, body, tone, silent=entry.is_soft)


def several(all_told: Sequence[Told], voice: Voice) -> Message:
    """Word many events in one message: how many of what, and each on a line."""
    only_trouble = all(told.entry.kind == TROUBLE for told in all_told)
    if only_trouble:
        title = f"{count_text(len(all_told), 'thing', voice.locale)} need you"
        body = "\n\n".join(shortened([_with_advice(told, voice) for told in all_told]))
    else:
        title = _count_kinds(all_told, voice)
        body = "\n".join(shortened([line(told, voice) for told in all_told]))
    loud = any(told.is_loud_trouble for told in all_told)
    return Message(
        marked(title, TROUBLE if only_trouble else "several", voice),
        body,
        Tone.WARNING if loud else Tone.INFO,
        silent=all(told.entry.is_soft for told in all_told),
    )


def line(told: Told, voice: Voice) -> str:
    """Write an event on one line."""
    title = _title(told, voice)
    if told.sale is not None:
        return f"{title} · {bought(told.sale)} · {told.sale.shop}"
    more = clean(told.entry.body or "").partition("\n")[0]
    return f"{title} · {cut(more, LONGEST_EXCERPT)}" if more else title


def _find_sale(entry: Waiting, facts: Facts) -> StoredSale | None:
    if entry.kind not in SALE_EVENTS or entry.account_id is None or entry.external_id is None:
        return None
    return facts.sales.get((entry.account_id, entry.external_id))


def _title(told: Told, voice: Voice) -> str:
    if told.sale is not None:
        return _sale_title(told.entry.kind, told.sale, voice)
    noun = _NOUNS.get(told.entry.kind, "notice")
    return cut(clean_line(told.entry.title or ""), LONGEST_EXCERPT) or noun.capitalize()


def _sale_title(kind: str, sale: StoredSale, voice: Voice) -> str:
    amount = money_text(sale.gross_minor, sale.currency, voice.locale)
    refunded = money_text(sale.refunded_minor, sale.currency, voice.locale)
    part = f" of {amount}" if sale.status is Status.PARTIALLY_REFUNDED else ""
    titles = {
        "sale": f"Sold: {amount_of(sale, voice)}",
        "renewal": f"Renewed: {amount_of(sale, voice)}",
        "free": "A free download",
        "refund": f"Refunded: {refunded}{part}",
        "dispute": f"Disputed: {amount}",
        "dispute_won": f"Dispute won: {amount}",
        "cancelled": f"Cancelled: {amount}",
    }
    return titles[kind]


def _body(kind: str, sale: StoredSale, facts: Facts, voice: Voice) -> str:
    if kind in RING_KINDS:
        return f"{bought(sale)}\n{shop_of(sale)}\n{today_line(facts.today, voice)}"
    return f"{bought(sale)}\n{sale.shop}, sold on {day_text(sale.sold_on, voice.locale)}"


def _count_kinds(all_told: Sequence[Told], voice: Voice) -> str:
    kinds = Counter(_NOUNS.get(told.entry.kind, "notice") for told in all_told)
    counts = [count_text(count, noun, voice.locale) for noun, count in kinds.most_common()]
    if len(counts) == 1:
        return counts[0]
    return f"{count_text(len(all_told), 'update', voice.locale)}: {', '.join(counts)}"


def _with_advice(told: Told, voice: Voice) -> str:
    advice = cut(clean_line(told.entry.body or ""), LONGEST_EXCERPT)
    return "\n".join(filter(None, (_title(told, voice), advice)))
