"""What the marketplaces' books tell beside the sales: payouts, and costs of the shops."""

from collections.abc import Iterator, Sequence

from salesdaemon.digest.content import DigestContent
from salesdaemon.digest.sections.sold import more
from salesdaemon.digest.titles import clean
from salesdaemon.digest.view import Line, Section
from salesdaemon.digest.wording import Wording, listing
from salesdaemon.domain.ledger import EntryKind, Payout, ShopLine

_NAME_LENGTH = 40
_MOST_LINES = 10
_MOST_SINGLE = 3


def tell_payouts(content: DigestContent, wording: Wording) -> Section | None:
    """List what went to the bank and what will; of a long period the sum of each shop."""
    sent: dict[tuple[str, str], list[Payout]] = {}
    waiting: list[tuple[str, Payout]] = []
    for shop, payout in content.books.payouts:
        if payout.amount_minor and payout.made_on is None:
            waiting.append((shop, payout))
        elif payout.amount_minor:
            sent.setdefault((shop, payout.currency), []).append(payout)
    lines = [
        *(line for (shop, _), payouts in sent.items() for line in _sent(shop, payouts, wording)),
        *(_expected(shop, payout, wording) for shop, payout in waiting),
    ]
    if not lines:
        return None
    hidden = more(len(lines) - _MOST_LINES, wording)
    return Section("Payouts", lines=tuple(lines[:_MOST_LINES]), more=hidden)


def _sent(shop: str, payouts: Sequence[Payout], wording: Wording) -> Iterator[Line]:
    name = clean(shop, _NAME_LENGTH)
    if len(payouts) > _MOST_SINGLE:
        total = sum(payout.amount_minor for payout in payouts)
        amount = wording.amount(total, payouts[0].currency)
        yield Line(
            name, (f"{wording.count(len(payouts), 'payout')}, sent to your bank",), (amount,)
        )
        return
    for payout in payouts:
        amount = wording.amount(payout.amount_minor, payout.currency)
        yield Line(name, (_way(payout, wording),), (amount,))


def _way(payout: Payout, wording: Wording) -> str:
    """Say how far a payout that was made has come."""
    status = clean(payout.status, _NAME_LENGTH)
    said = f"sent on {wording.short_day(payout.made_on)}" if payout.made_on is not None else ""
    if status not in {"", "sent"}:
        said += f" ({status})"
    if payout.arrives_on is None:
        return said
    guess = ", estimated" if payout.estimated else ""
    return f"{said}, arrives about {wording.short_day(payout.arrives_on)}{guess}"


def _expected(shop: str, payout: Payout, wording: Wording) -> Line:
    if payout.arrives_on is None:
        detail = "expected; no day is named"
    else:
        guess = ", estimated" if payout.estimated else ""
        detail = f"expected about {wording.day(payout.arrives_on)}{guess}"
    amount = wording.amount(payout.amount_minor, payout.currency)
    return Line(clean(shop, _NAME_LENGTH), (detail,), (amount,))


def tell_costs(content: DigestContent, wording: Wording) -> Section | None:
    """List what the shops themselves cost; none of it belongs to a sale, so it is in no net."""
    lines = (
        *_lines(content, wording, EntryKind.COST, "{names}"),
        *_lines(content, wording, EntryKind.OTHER, "not understood: {names}"),
    )
    if not lines:
        return None
    return Section("Beside the sales", "in no figure above", lines=lines)


def _lines(
    content: DigestContent, wording: Wording, kind: EntryKind, detail: str
) -> Iterator[Line]:
    sums: dict[tuple[str, str], list[ShopLine]] = {}
    for line in content.books.lines:
        if line.kind is kind:
            sums.setdefault((line.shop, line.currency), []).append(line)
    for (shop, currency), lines in sorted(sums.items()):
        total = sum(line.amount_minor for line in lines)
        names = sorted({clean(line.name, _NAME_LENGTH).replace("_", " ") for line in lines})
        yield Line(
            f"{'Costs of' if kind is EntryKind.COST else 'Entries of'} {clean(shop, _NAME_LENGTH)}",
            (detail.format(names=listing(names)),),
            (wording.change(total, currency),),
        )
