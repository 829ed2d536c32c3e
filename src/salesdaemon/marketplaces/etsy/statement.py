"""Etsy's monthly statement: each line of it is one entry of the books, or two.

Amounts are what they do to the balance: `Amount` and `Fees & Taxes` add up to `Net`. Titles and
types come in the shop's language; what is in none of those known here is kept as OTHER.

Source: titles, types and references as public importers took them from real statements,
2023-2026 (read 2026-11).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from hashlib import blake2b
from typing import Final, NamedTuple

from salesdaemon.domain.ledger import About, Entry, EntryKind
from salesdaemon.marketplaces.base import ODD_ORDER_ERRORS, ExportRows
from salesdaemon.marketplaces.etsy.statement_words import classify, find_reference
from salesdaemon.marketplaces.localised import (
    Calendar,
    find_amount,
    noon,
    read_amount,
    read_currency,
)
from salesdaemon.marketplaces.tabular import CellError, Layout, Table, Tally

_OTHER_NAMES = {
    "Date": "datum, fecha",
    "Type": "art, typ, tipo",
    "Title": "titel, título",
    "Info": "información",
    "Currency": "währung, moneda, divisa",
    "Amount": "betrag, importe",
    "Fees & Taxes": "gebühren & steuern, tarifas e impuestos",
    "Net": "netto, neto",
}
STATEMENT: Final = Layout(
    "statement",
    ("Date", "Type", "Title", "Currency", "Amount"),
    {other: name for name, others in _OTHER_NAMES.items() for other in others.split(", ")},
)

_COLUMNS = ("Date", "Type", "Title", "Info", "Currency", "Amount", "Fees & Taxes", "Net")
_LINES_A_DAY = 10**6
_OF_THE_SHOP = frozenset({EntryKind.COST, EntryKind.PAYOUT, EntryKind.TRANSFER})
_WITH_FEES = frozenset({EntryKind.PAYMENT, EntryKind.REFUND})


class _Row(NamedTuple):
    """The cells of a line."""

    day: str
    type: str
    title: str
    info: str
    currency: str
    amount: str
    fees: str
    net: str


class _Line(NamedTuple):
    """One line, read: what it is, what it is about, and one or two amounts in minor units."""

    day: date
    kind: EntryKind
    name: str
    about: About
    about_id: str | None
    currency: str
    amount: int
    fees: int
    content: str


def read_statement(table: Table) -> ExportRows:
    """Read the lines, every one of them, also those that are alike."""
    tally = Tally()
    calendar = Calendar(table.distinct(("Date", "Date")))
    lines: list[_Line] = []
    for number, cells in table.rows(_COLUMNS, tally):
        try:
            lines.append(_read_line(_Row._make(cells), calendar))
        except (CellError, *ODD_ORDER_ERRORS) as error:
            tally.set_aside(number, error)
    entries = tuple(_to_entries(lines, _orders_with_processing_fee(lines)))
    return ExportRows(STATEMENT.kind, tally.rows, entries=entries, bad=tally.in_order())


def _read_line(row: _Row, calendar: Calendar) -> _Line:
    day = calendar.read(row.day, "Date")
    currency = read_currency(row.currency, "Currency")
    about, about_id = find_reference(row.title, row.info)
    kind, name = classify(row.type, row.title, about)
    amount, fees = _amounts(row, currency, kind)
    if kind in _OF_THE_SHOP and about is not About.PRODUCT:
        about, about_id = About.SHOP, None
    words = "\x1f".join(" ".join(text.split()) for text in (row.type, row.title, row.info))
    content = f"{day}\x1f{words}\x1f{currency}\x1f{amount}\x1f{fees}"
    return _Line(day, kind, name, about, about_id, currency, amount, fees, content)


def _amounts(row: _Row, currency: str, kind: EntryKind) -> tuple[int, int]:
    amount = read_amount(row.amount, currency, "Amount")
    fees = read_amount(row.fees, currency, "Fees & Taxes")
    net = read_amount(row.net, currency, "Net")
    if kind is EntryKind.PAYOUT:
        return -abs(_paid_out(row.title, currency, net or amount)), 0
    if amount is None and fees is None:
        amount = net
    if net is not None and net != (amount or 0) + (fees or 0):
        raise CellError("Net", "is not the sum of Amount and Fees & Taxes")
    return (amount, fees or 0) if amount else (fees or 0, 0)


def _paid_out(title: str, currency: str, amount: int | None) -> int:
    """Return what went to the bank, which stands in the title and in no column."""
    found = amount or find_amount(title, currency)
    if found is None:
        raise CellError("Title", "does not tell how much was paid out")
    return found


def _orders_with_processing_fee(lines: Iterable[_Line]) -> Mapping[str, int]:
    """Add up the fees of each order that has a line for the processing fee."""
    sums: Counter[str] = Counter()
    processed: set[str] = set()
    for line in lines:
        if line.about_id is None or line.about is not About.SALE:
            continue
        if line.kind in {EntryKind.PROCESSING_FEE, EntryKind.ITEM_FEE, EntryKind.SHIPPING_FEE}:
            sums[line.about_id] += line.amount + line.fees
        if line.kind is EntryKind.PROCESSING_FEE:
            processed.add(line.about_id)
    return {order_id: sums[order_id] for order_id in processed}


def _to_entries(lines: Sequence[_Line], itemised: Mapping[str, int]) -> Iterable[Entry]:
    """Yield the entries, oldest first; files may begin with either end of the month."""
    newest_first = len(lines) > 1 and lines[0].day >= lines[-1].day
    copies: Counter[str] = Counter()
    places: Counter[date] = Counter()
    for line in reversed(lines) if newest_first else lines:
        copies[line.content] += 1
        places[line.day] += 1
        entry_id = _entry_id(line.content, copies[line.content])
        sequence = line.day.toordinal() * _LINES_A_DAY + 2 * places[line.day]
        if line.kind not in _WITH_FEES:
            yield _entry(line, entry_id, sequence, line.amount + line.fees)
            continue
        yield _entry(line, entry_id, sequence, line.amount)
        # A sale's own fees are a summary where its order has them on lines of their own.
        if line.fees and itemised.get(line.about_id or "") != line.fees:
            fees = _entry(line, f"{entry_id}-fees", sequence + 1, line.fees)
            yield replace(fees, kind=EntryKind.PROCESSING_FEE, name="processing fee")


def _entry(line: _Line, entry_id: str, sequence: int, amount: int) -> Entry:
    return Entry(
        entry_id=entry_id,
        sequence=sequence,
        posted_at=noon(line.day),
        kind=line.kind,
        name=line.name,
        amount=amount,
        currency=line.currency,
        about=line.about,
        about_id=line.about_id,
        imported=True,
    )


def _entry_id(content: str, copy: int) -> str:
    """Name a line by what it says and how many like it came before: the same file, the same ids."""
    text = f"{content}\x1f{copy}".encode(errors="replace")
    return f"csv-{blake2b(text, digest_size=15).hexdigest()}"
