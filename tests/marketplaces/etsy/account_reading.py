"""The payment account of a pretend Etsy read by our feed, and what its lines make of each sale.

Which sale a line belongs to is decided here in the plainest way, for whole accounts read at once.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from salesdaemon.domain.ledger import About, Entry, EntryKind, settle
from salesdaemon.domain.money import to_text
from salesdaemon.domain.sale import Sale
from salesdaemon.marketplaces.base import Feed, Window
from salesdaemon.marketplaces.etsy.adapter import to_sale
from salesdaemon.marketplaces.etsy.ledger import payment_of, to_entry
from salesdaemon.marketplaces.etsy.pretend import PretendEtsy
from salesdaemon.marketplaces.etsy.pretend_orders import encode
from salesdaemon.marketplaces.etsy.wire import LedgerEntry, parse_receipt, parse_rows

OFFSET = 180_000_000_000  # from an order's number to its payment's


@dataclass(frozen=True)
class Reading:
    """All orders and all lines of the account, as our side reads them."""

    sales: tuple[Sale, ...]
    entries: tuple[Entry, ...]


def read_directly(etsy: PretendEtsy) -> Reading:
    """Read the shop without HTTP: as its JSON says it, through our wire and adapter."""
    etsy.ledger.post(etsy.now_seconds)
    _, rows = etsy.ledger.find(0, 1 << 40, 0, 10**6)
    body = json.dumps({"count": len(rows), "results": rows}).encode()
    lines = parse_rows(body, LedgerEntry).rows
    payments = {found for row in lines if (found := payment_of(row)) is not None}
    receipts = {payment: str(int(payment) - OFFSET) for payment in payments}
    entries = [to_entry(row, receipts, datetime.max.replace(tzinfo=UTC)) for row in lines]
    orders = [encode(order, etsy.shop) for order in etsy.shelf.orders.values()]
    sales = [to_sale(row) for order in orders for row in parse_receipt(order).receipts]
    return Reading(tuple(sales), tuple(entry for entry in entries if entry is not None))


async def read_ledger(feed: Feed, first: datetime, end: datetime) -> list[Entry]:
    """Read the account in windows of 30 days, page by page."""
    found: list[Entry] = []
    while first < end:
        window = Window(first, min(end, first + timedelta(days=30)))
        cursor = None
        while True:
            page = await feed.fetch_ledger(window, cursor)
            assert page is not None
            found += page.entries
            cursor = page.cursor
            if cursor is None:
                break
        first += timedelta(days=30)
    return found


def attribute(sales: Iterable[Sale], entries: Iterable[Entry]) -> dict[str | None, list[Entry]]:
    """Put each line to its sale, under None to the shop; a repeated line counts once."""
    ordered = sorted({entry.entry_id: entry for entry in entries}.values(), key=_sequence)
    unique = {sale.external_id: sale for sale in sales}.values()
    known = sorted(unique, key=lambda sale: (sale.paid_at, sale.external_id))
    by_line = {item.line_id: sale.external_id for sale in known for item in sale.items}
    renewing = defaultdict[str | None, list[str]](list)
    for sale in known:
        for item in sale.items if sale.paid else ():
            renewing[item.product_id].append(sale.external_id)
    found: dict[str | None, list[Entry]] = defaultdict(list)
    of_entry: dict[str | None, str | None] = {}
    for entry in ordered:
        owner = None
        match entry.about:
            case About.SALE:
                owner = entry.about_id
            case About.LINE:
                owner = by_line[entry.about_id]
            case About.ENTRY:
                owner = of_entry[entry.about_id]
            case About.PRODUCT if entry.kind is EntryKind.FEE:
                owner = renewing[entry.about_id].pop(0)
        of_entry[entry.entry_id] = owner
        found[owner].append(entry)
    return found


def _sequence(entry: Entry) -> int:
    return entry.sequence


def settle_all(reading: Reading, scales: Mapping[str, int] | None = None) -> dict[str, Sale]:
    """Settle every sale by the lines that are its own."""
    own = attribute(reading.sales, reading.entries)
    return {
        sale.external_id: settle(sale, own.get(sale.external_id, ()), scales or {})
        for sale in reading.sales
    }


def as_settled(sale: Sale, book: Mapping[str, Any]) -> dict[str, Any]:
    """Write the figures of a sale in the words of the books; an estimate counts as unknown."""
    figures = {
        name: to_text(getattr(sale, f"{name}_minor"), sale.currency) if sale.fees_exact else None
        for name in ("fees", "fees_refunded", "net")
    }
    settled = None
    if sale.settled_currency is not None and sale.settled_net_minor is not None:
        net = to_text(sale.settled_net_minor, sale.settled_currency)
        settled = {"currency": sale.settled_currency, "net": net}
    facts = {
        "sale_id": sale.external_id,
        "status": sale.status.value,
        "refunded": to_text(sale.refunded_minor, sale.currency),
        "fees_exact": sale.fees_exact,
        "settled": settled,
        **figures,
    }
    return {name: facts.get(name, value) for name, value in book.items()}


def sum_by_name(entries: Sequence[Entry], *kinds: EntryKind, scale: int = 1) -> dict[str, str]:
    """Add up lines by Etsy's word for them, as decimal text."""
    sums: dict[str, int] = defaultdict(int)
    for entry in entries:
        if entry.kind in kinds:
            sums[entry.name] += entry.amount
    currency = entries[0].currency
    return {name: to_text(amount // scale, currency) for name, amount in sorted(sums.items())}
