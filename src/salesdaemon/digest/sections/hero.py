"""What stands first: the net, how much of it took no work, or that nothing was sold."""

from collections.abc import Iterator

from salesdaemon.digest.content import DigestContent
from salesdaemon.digest.figures import (
    currencies_of,
    headlines_of,
    is_converted,
    is_quiet,
    nets_of,
    sales_of,
    units_of,
)
from salesdaemon.digest.periods import NOUNS, during
from salesdaemon.digest.sections.compared import earlier_of, name_comparisons
from salesdaemon.digest.subject import news_counts
from salesdaemon.digest.view import Headline, Part
from salesdaemon.digest.wording import Wording, listing
from salesdaemon.domain.summary import Summary, Totals

_LABELS = {
    "passive": "without any work",
    "active": "with work",
    "unclassified": "not yet classified",
}


def write_headlines(summary: Summary, wording: Wording) -> Iterator[Headline]:
    """Write the net of all in the home currency, or where that cannot be, of each currency."""
    totals = headlines_of(summary)
    for currency, line in totals:
        net = wording.amount(line.net, currency)
        yield Headline(
            currency=currency,
            net=net,
            caption=_caption(line),
            size=_size(net, len(totals)),
            parts=tuple(_parts(line, currency, wording)),
        )


def _caption(line: Totals) -> str:
    fees = "estimated fees" if line.estimated else "fees"
    return f"net, after refunds and {fees}" if line.refunded else f"net, after {fees}"


def _size(net: str, currencies: int) -> str:
    """Choose how large an amount is written, so that it stays on one line of a phone."""
    if currencies > 1 or len(net) > 14:  # noqa: PLR2004 - what 320 pixels hold
        return "small"
    return "large" if len(net) < 10 else "medium"  # noqa: PLR2004 - as above


def _parts(line: Totals, currency: str, wording: Wording) -> Iterator[Part]:
    """Passive and active always, so that both are answered; unclassified where there is any."""
    amounts = {
        "passive": line.passive_net,
        "active": line.active_net,
        "unclassified": line.unclassified_net,
    }
    for (name, minor), share in zip(
        amounts.items(), shares_of(list(amounts.values())), strict=True
    ):
        if minor or name != "unclassified":
            amount = wording.amount(minor, currency)
            yield Part(name, amount, _LABELS[name], share, is_some=minor != 0)


def shares_of(parts: list[int]) -> list[int]:
    """Give the percentage of each part, 1 at least where there is any; zeros if one is negative."""
    whole = sum(parts)
    if whole <= 0 or min(parts) < 0:
        return [0] * len(parts)
    shares = [max(part * 100 // whole, 1) if part else 0 for part in parts]
    shares[shares.index(max(shares))] += 100 - sum(shares)
    return shares


def name_nets(summary: Summary, wording: Wording) -> str:
    """Name the net of every currency that the headline is a conversion of."""
    currencies = currencies_of(summary)
    if not is_converted(summary) or set(currencies) <= {summary.home_currency}:
        return ""
    nets = [wording.amount(summary.totals[currency].net, currency) for currency in currencies]
    rates = "the rate of its day" if sales_of(summary) == 1 else "the rates of the day"
    if summary.provisional:
        rates = "the last known rates, which may still change"
    return f"Converted at {rates}: {listing(nets)} net."


def write_teaser(content: DigestContent, wording: Wording) -> str:
    """Write what a phone shows of the mail beside its subject."""
    if is_quiet(content.summary):
        return " ".join(write_quiet_sentences(content, wording))
    lines = [
        f"{listing([f'{part.amount} {part.label}' for part in headline.parts if part.is_some])}."
        for headline in write_headlines(content.summary, wording)
        if any(part.is_some for part in headline.parts)
    ]
    return " ".join([*lines, *name_comparisons(content, wording)])


def write_quiet_title(content: DigestContent) -> str:
    """Head a digest without sales."""
    return "No sales, but news" if content.news else f"A quiet {NOUNS[content.kind]}"


def write_quiet_sentences(content: DigestContent, wording: Wording) -> tuple[str, ...]:
    """Say in a few kind words that nothing was sold, and what the periods before brought."""
    summary, noun = content.summary, NOUNS[content.kind]
    when = during(content.kind, summary.period, wording)
    units = units_of(summary)
    free = f" {wording.count(units, 'item')} went out for free." if units else ""
    compared = _quiet_comparison(content, wording)
    if content.news:
        opening = f"Nothing was sold {when}, but there is news of earlier days: "
        return (f"{opening}{news_counts(content, wording)}.{free}", *compared)
    if content.stale:
        return (f"No sale was seen {when}.{free}", *compared)
    kind_word = f" Every shop has such {noun}s; the next sale rings as always."
    return (f"Nothing was sold {when}.{free}{kind_word}", *compared)


def _quiet_comparison(content: DigestContent, wording: Wording) -> tuple[str, ...]:
    (name, before), *others = earlier_of(content)
    if not any(summary.totals for summary in (before, *(other for _, other in others))):
        return ()
    told = [f"{name} brought {nets_of(before, wording)}"]
    told += [
        f"{other_name.lower()} it was {nets_of(other, wording)}" for other_name, other in others
    ]
    return (f"{'; '.join(told)}.",)
