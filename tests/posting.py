"""Post to a marketplace's books: entries that are right in every field but those a test names."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from salesdaemon.domain.changes import Watch
from salesdaemon.domain.ledger import About, Entry, EntryKind
from salesdaemon.store.consequences import Telling
from salesdaemon.store.engine import Store
from salesdaemon.store.ledger import BooksContext, BooksRecorded, record_entries
from tests.factories import BERLIN, SEEN_AT, SOLD_AT, WATCHED, telling

NAMES = {
    EntryKind.PAYMENT: "payment_gross",
    EntryKind.TAX: "sales_tax",
    EntryKind.REFUND: "refund",
    EntryKind.PROCESSING_FEE: "processing_fee",
    EntryKind.ITEM_FEE: "transaction",
    EntryKind.SHIPPING_FEE: "shipping_transaction",
    EntryKind.FEE: "renewal",
    EntryKind.COST: "advertising",
    EntryKind.PAYOUT: "disbursement",
}


@dataclass
class Ledger:
    """Numbers what is posted; every entry is of the sale unless something else is said."""

    currency: str = "EUR"
    sale_id: str = "s1"
    at: datetime = SOLD_AT
    number: int = 0
    entries: list[Entry] = field(default_factory=list)

    def post(self, kind: EntryKind, amount: int, **changes: Any) -> Entry:
        self.number += 1
        facts: dict[str, Any] = {
            "entry_id": f"{self.sale_id}-{self.number}",
            "sequence": self.number,
            "posted_at": self.at + timedelta(seconds=self.number),
            "name": NAMES.get(kind, kind.value),
            "currency": self.currency,
            "about": About.SALE,
            "about_id": self.sale_id,
            **changes,
        }
        if facts["about"] is About.SHOP:
            facts["about_id"] = None
        posted = Entry(kind=kind, amount=amount, **facts)
        self.entries.append(posted)
        return posted

    def charge(
        self, paid: int, *, tax: int = 0, lines: tuple[str, ...] = (), fee: int = -50
    ) -> "Ledger":
        """Post all that makes the books of an order without shipping complete."""
        self.post(EntryKind.PAYMENT, paid)
        if tax:
            self.post(EntryKind.TAX, -tax)
        self.post(EntryKind.PROCESSING_FEE, fee)
        for line in lines:
            self.post(EntryKind.ITEM_FEE, -20, about=About.LINE, about_id=line)
        return self

    def give_back(self, amount: int, *, tax: int = 0, fee: int = 0) -> "Ledger":
        """Post a refund, or with negative amounts one that failed."""
        self.post(EntryKind.REFUND, -amount)
        if tax:
            self.post(EntryKind.TAX, tax)
        if fee:
            self.post(EntryKind.PROCESSING_FEE, fee)
        return self


def post_in(
    store: Store,
    *posted: Entry,
    account_id: int = 1,
    watch: Watch = WATCHED,
    told: Telling | None = None,
    seen_at: datetime = SEEN_AT,
) -> BooksRecorded:
    """Record entries in a transaction of their own."""
    context = BooksContext(seen_at, BERLIN, watch, told or telling())
    with store.write() as connection:
        return record_entries(connection, account_id, posted, context)
