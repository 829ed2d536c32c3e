"""Sales as bookkeeping: one balanced transaction for each day, shop and currency. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from salesdaemon.domain.money import to_text
from salesdaemon.domain.summary import StoredSale, Totals


class Ledger(StrEnum):
    """A plain-text accounting program."""

    BEANCOUNT = "beancount"
    HLEDGER = "hledger"


@dataclass(frozen=True, slots=True)
class Posting:
    """An amount on an account, in minor units; `account` names it in parts, outermost first."""

    account: tuple[str, ...]
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A shop's day in one currency. The postings add up to zero."""

    day: date
    shop: str
    currency: str
    totals: Totals
    postings: tuple[Posting, ...]


def to_entries(sales: Iterable[StoredSale]) -> list[Entry]:
    """Turn paid sales into entries, oldest first; a day without any amount is left out."""
    days: dict[tuple[date, str, str], Totals] = {}
    for sale in sales:
        if sale.paid:
            key = (sale.sold_on, sale.shop, sale.currency)
            days.setdefault(key, Totals()).add(sale)
    entries = (
        Entry(day, shop, currency, totals, tuple(_postings(shop, totals)))
        for (day, shop, currency), totals in sorted(days.items(), key=lambda item: item[0])
    )
    return [entry for entry in entries if entry.postings]


def _postings(shop: str, totals: Totals) -> Iterator[Posting]:
    amounts = [
        (("assets", "marketplaces", shop), totals.net),
        (("income", "sales", shop), -totals.gross),
        (("income", "refunds", shop), totals.refunded),
        (("expenses", "fees", shop), totals.fees),
        (("expenses", "fees", shop), -totals.fees_refunded),
        (("expenses", "affiliates", shop), totals.affiliate),
    ]
    # While a sale is disputed the marketplace holds everything back, whatever its other figures.
    amounts.append((("expenses", "disputes", shop), -sum(amount for _, amount in amounts)))
    return (Posting(account, amount) for account, amount in amounts if amount)


def render(entries: Iterable[Entry], ledger: Ledger) -> str:
    """Write entries for an accounting program; fees that are estimated carry a comment."""
    listed = list(entries)
    blocks = [_render_entry(entry, ledger) for entry in listed]
    if ledger is Ledger.BEANCOUNT and listed:
        accounts = sorted({posting.account for entry in listed for posting in entry.postings})
        opened = [f"{listed[0].day} open {_account(account, ledger)}" for account in accounts]
        blocks.insert(0, "\n".join(opened) + "\n")
    return "\n".join(blocks)


def _render_entry(entry: Entry, ledger: Ledger) -> str:
    count = f"{entry.totals.sales} sale{'s' if entry.totals.sales != 1 else ''}"
    if ledger is Ledger.BEANCOUNT:
        head = f'{entry.day} * "{entry.shop}" "{count}"'
    else:
        head = f"{entry.day} * {entry.shop} | {count}"
    lines = [head]
    if entry.totals.estimated:
        lines.append(f"    ; fees estimated for {entry.totals.estimated} of them")
    for posting in entry.postings:
        amount = f"{to_text(posting.amount_minor, entry.currency)} {entry.currency}"
        lines.append(f"    {_account(posting.account, ledger):<44}  {amount:>16}")
    return "\n".join(lines) + "\n"


def _account(parts: tuple[str, ...], ledger: Ledger) -> str:
    if ledger is Ledger.HLEDGER:
        return ":".join(parts)
    # Beancount's names begin with a capital and know no underscore.
    return ":".join(part.replace("_", "-").capitalize() for part in parts)
