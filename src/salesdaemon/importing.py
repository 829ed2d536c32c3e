"""Take a marketplace's own files in: read, part the readable rows, store them, and sum up."""

import csv
import logging
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import islice
from pathlib import Path
from typing import TypeVar

from salesdaemon.application import Application
from salesdaemon.domain.ledger import Entry
from salesdaemon.domain.period import day_of
from salesdaemon.domain.sale import COUNTED_KINDS, Sale
from salesdaemon.errors import SalesDaemonError, UsageError
from salesdaemon.marketplaces.base import ODD_ORDER_ERRORS, BadRow, ExportFile, ExportRows
from salesdaemon.poller.pages import part_storable
from salesdaemon.store.imports import account_for_import, record_imported
from salesdaemon.store.ledger import BooksContext, record_entries
from salesdaemon.store.sale_rows import sold_on

log = logging.getLogger(__name__)
Value = TypeVar("Value")

LARGEST_FILE = 200 * 2**20
_AT_ONCE = 2000  # rows in one transaction: a running daemon waits no longer for its turn
_ZIP = b"PK\x03\x04"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(slots=True)
class FileTotals:
    """What a file holds in one currency: sales in minor units, lines of the books as sent."""

    sales: int = 0
    gross: int = 0
    refunded: int = 0
    entries: int = 0
    booked: int = 0


@dataclass(slots=True)
class ImportedFile:
    """What became of one file. `stored`, `merged` and `known` count sales and lines of the books.

    `first` and `last` are the seller's days between which its rows lie.
    """

    name: str
    kind: str
    rows: int = 0
    bad: list[BadRow] = field(default_factory=list)
    stored: int = 0
    merged: int = 0
    known: int = 0
    first: date | None = None
    last: date | None = None
    totals: dict[str, FileTotals] = field(default_factory=dict)

    def count_sale(self, day: date, sale: Sale) -> None:
        """Count a sale in; an unpaid one only by its day."""
        totals = self._totals(day, sale.currency)
        if sale.paid:
            totals.sales += sale.kind in COUNTED_KINDS
            totals.gross += sale.gross_minor
            totals.refunded += sale.refunded_minor

    def count_entry(self, day: date, entry: Entry) -> None:
        """Count a line of the books in."""
        totals = self._totals(day, entry.currency)
        totals.entries += 1
        totals.booked += entry.amount

    def _totals(self, day: date, currency: str) -> FileTotals:
        self.first = min(self.first or day, day)
        self.last = max(self.last or day, day)
        return self.totals.setdefault(currency, FileTotals())


def require_files(app: Application, shop: str, paths: Sequence[Path]) -> None:
    """Make sure that there is something to read before anything is read.

    Raises:
        UsageError: a file is not there, or the marketplace has no files that can be read.
    """
    (name,) = app.select_shops([shop])
    marketplace = app.marketplace(name)
    if marketplace.read_export is None:
        raise UsageError(f"{marketplace.label} has no files that could be imported.")
    for path in paths:
        if not path.is_file():
            raise UsageError(f"There is no file {path}.")


def import_file(app: Application, shop: str, path: Path) -> ImportedFile:
    """Read one file into the store. What was stored before a crash is known the next time.

    Raises:
        SalesDaemonError: the file is none of this marketplace's, or cannot be read.
        StoreError: the database could not be written.
    """
    export = _read_export(app, shop, path)
    with app.store.write() as connection:
        account_id = account_for_import(connection, shop, app.configured[shop])
    imported = ImportedFile(path.name, export.kind)
    for sales in _batches(export.sales):
        _record_sales(app, account_id, sales, export.parts, imported)
    for entries in _batches(export.entries):
        _record_entries(app, account_id, entries, imported)
    imported.rows = export.rows
    imported.bad = [*export.bad, *imported.bad]
    return imported


def _record_sales(
    app: Application,
    account_id: int,
    sales: Sequence[Sale],
    parts: Collection[str],
    imported: ImportedFile,
) -> None:
    zone = app.settings.zone
    good, unstorable = part_storable(sales)
    imported.bad += (BadRow(0, "", each.reason) for each in unstorable)
    with app.store.write() as connection:
        counts = record_imported(connection, account_id, good, parts, zone)
    imported.stored += counts.stored
    imported.merged += counts.merged
    imported.known += counts.known
    for sale in good:
        imported.count_sale(sold_on(sale, zone), sale)


def _record_entries(
    app: Application, account_id: int, entries: Sequence[Entry], imported: ImportedFile
) -> None:
    context = BooksContext(seen_at=app.clock(), zone=app.settings.zone)
    with app.store.write() as connection:
        recorded = record_entries(
            connection,
            account_id,
            [each if each.imported else replace(each, imported=True) for each in entries],
            context,
        )
    imported.stored += recorded.new
    imported.known += len(entries) - recorded.new
    for entry in entries:
        imported.count_entry(day_of(entry.posted_at, app.settings.zone), entry)


def _read_export(app: Application, shop: str, path: Path) -> ExportRows:
    read = app.marketplace(shop).read_export
    if read is None:
        raise UsageError(f"{app.marketplace(shop).label} has no files that could be imported.")
    file = ExportFile(path.name, read_text(path))
    try:
        return read(file, app.settings.shops[shop])
    except csv.Error as error:
        raise SalesDaemonError("It is no CSV file, or is cut short.") from error
    except ODD_ORDER_ERRORS as error:
        log.debug("import_failed file=%s", path.name, exc_info=True)
        raise SalesDaemonError(f"It cannot be read ({type(error).__name__}).") from error


def _batches(values: Iterable[Value]) -> Iterator[list[Value]]:
    left = iter(values)
    while batch := list(islice(left, _AT_ONCE)):
        yield batch


# Files


def read_text(path: Path) -> str:
    """Read a file that a spreadsheet or a website may have written.

    UTF-8 or UTF-16 by its first bytes, else UTF-8, else what Windows writes in the west.

    Raises:
        SalesDaemonError: it cannot be read, is too large, or is no text.
    """
    try:
        size = path.stat().st_size
        if size > LARGEST_FILE:
            largest = LARGEST_FILE // 2**20
            raise SalesDaemonError(
                f"It is larger than {largest} MB.", fix="Download it in parts, such as by year."
            )
        data = path.read_bytes()
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise SalesDaemonError(f"It cannot be read: {reason}.") from error
    return decode(data)


def decode(data: bytes) -> str:
    """Decode what `read_text` has read.

    Raises:
        SalesDaemonError: it is no text.
    """
    if data.startswith(_ZIP):
        raise SalesDaemonError("It is an archive or a workbook.", fix="Unpack it, or save as CSV.")
    try:
        if data.startswith(_UTF_16):
            return data.decode("utf-16")
        if b"\0" in data:
            raise SalesDaemonError("It is no text file.")
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if data.startswith(_UTF_16):
            raise SalesDaemonError("It is no text file.") from error
        return data.decode("cp1252", errors="replace")
