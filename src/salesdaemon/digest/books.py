"""Say in sentences what stands beside the sales: the home total, costs of shops, payouts."""

from collections.abc import Iterator

from salesdaemon.digest.content import DigestContent
from salesdaemon.digest.titles import clean
from salesdaemon.digest.wording import Wording, listing
from salesdaemon.domain.ledger import EntryKind, Payout, ShopLine

_NAME_LENGTH = 40
_MOST_PAYOUTS = 5


def book_notes(content: DigestContent, wording: Wording) -> Iterator[str]:
    """Yield a sentence for each thing worth knowing; nothing where nothing happened."""
    yield from _home(content, wording)
    yield from _lines(content, wording, EntryKind.COST, "Costs of {shop}: {amount} ({names}).")
    yield from _lines(
        content, wording, EntryKind.OTHER, "Not understood at {shop}: {amount} ({names})."
    )
    for shop, payout in content.books.payouts[:_MOST_PAYOUTS]:
        if payout.amount_minor:
            yield _payout(clean(shop, _NAME_LENGTH), payout, wording)


def _home(content: DigestContent, wording: Wording) -> Iterator[str]:
    summary = content.summary
    if set(summary.totals) <= {summary.home_currency}:
        return
    net = wording.amount(summary.home.net, summary.home_currency)
    passive = wording.amount(summary.home.passive_net, summary.home_currency)
    if set(summary.unconverted) != set(summary.totals):
        rates = "the rates of the day"
        if summary.provisional:
            rates = "the last known rates, which may still change"
        yield f"Together {net} net, {passive} of it passive, at {rates}."
    if summary.unconverted:
        verb = "is" if len(summary.unconverted) == 1 else "are"
        yield (
            f"{listing(list(summary.unconverted))} {verb} not in that: there is no rate. "
            "Run `salesdaemon rates` to see which are known."
        )


def _lines(
    content: DigestContent, wording: Wording, kind: EntryKind, sentence: str
) -> Iterator[str]:
    sums: dict[tuple[str, str], list[ShopLine]] = {}
    for line in content.books.lines:
        if line.kind is kind:
            sums.setdefault((line.shop, line.currency), []).append(line)
    for (shop, currency), lines in sorted(sums.items()):
        total = sum(line.amount_minor for line in lines)
        names = listing(sorted({clean(line.name, _NAME_LENGTH) for line in lines}))
        amount = wording.amount(-total if kind is EntryKind.COST else total, currency)
        yield sentence.format(shop=clean(shop, _NAME_LENGTH), amount=amount, names=names)


def _payout(shop: str, payout: Payout, wording: Wording) -> str:
    amount = wording.amount(payout.amount_minor, payout.currency)
    if payout.made_on is not None and not payout.arrives_on:
        return f"{amount} went out from {shop} to your bank ({clean(payout.status, _NAME_LENGTH)})."
    if payout.arrives_on is None:
        return f"{amount} of {shop} will be paid out; no day is named."
    day = wording.day(payout.arrives_on)
    guess = " (estimated)" if payout.estimated else ""
    return f"{amount} of {shop} will arrive about {day}{guess}."
