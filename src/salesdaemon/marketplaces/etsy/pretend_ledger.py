"""The pretend shop's payment account: a ledger made from its orders and from its own costs.

Entries are posted when the ledger is first asked for after they are due, and never change
afterwards: an order that turns up later with an older date is posted after what stands there
already, as on a real account.

Source: Etsy Open API v3, schema PaymentAccountLedgerEntry (June 2026).
"""

import heapq
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from salesdaemon.marketplaces.etsy.pretend_charges import (
    Event,
    Posting,
    Role,
    Rules,
    Step,
    events,
    postings,
)
from salesdaemon.marketplaces.etsy.pretend_orders import Order, Shop

FIRST_ENTRY = 61_000_000_000
LEDGER_ID = 5_551_212
DISBURSE_EVERY = 50
REFERENCES = (
    *("shop_payment", "processing_fee", "transaction", "receipt", "listing", "etsy", "bank"),
    *("shipping_label", "billing"),
)
REFERENCE_NUMBERS = {name: number for number, name in enumerate(REFERENCES)}


class ShopLine(NamedTuple):
    """Something on the account that belongs to no sale; minor units of the account's currency."""

    kind: str
    amount: int
    role: Role
    reference: str = "etsy"


# After how many paid orders what of the shop's own is posted, again and again.
CUSTOMS = {
    7: ShopLine("shipping_labels", -395, Role.COST, "shipping_label"),
    12: ShopLine("listing", -18, Role.COST, "listing"),
    16: ShopLine("prolist", -150, Role.COST),
    23: ShopLine("shipping_label_refund", 395, Role.COST, "shipping_label"),
    29: ShopLine("renew_expired", -18, Role.COST, "listing"),
    34: ShopLine("subscription", -833, Role.COST),
    41: ShopLine("etsy_plus_credit", 250, Role.OTHER),
    45: ShopLine("RESERVE", -500, Role.TRANSFER),
    46: ShopLine("RESERVE", 500, Role.TRANSFER),
}
BITS = {step: 1 << place for place, step in enumerate(Step)}
CUSTOM_LISTING = 1_200_000_101


class Ledger:
    """Every entry in the order of its sequence number, which is also that of its time."""

    def __init__(self, shop: Shop, rules: Rules, *, integer_references: bool = False) -> None:
        self.rules = rules
        self.lines: list[tuple[int, ShopLine, int]] = []
        self.balance = 0
        self.integer_references = integer_references
        self._shop = shop
        self._waiting: list[Order] = []
        self._due: list[tuple[int, int, Event]] = []
        self._numbers = 0
        self._kinds: dict[str, int] = {}
        self._kind_names: list[str] = []
        self._sales = 0
        self._created, self._kind, self._amount = array("q"), array("H"), array("q")
        self._reference, self._reference_id = array("H"), array("q")
        self._parent, self._balance = array("q"), array("q")

    def changed(self, order: Order) -> None:
        """Post what is new about an order when the ledger is next read."""
        self._waiting.append(order)

    def add_line(self, line: ShopLine, at: int) -> None:
        """Post a cost or the like of the shop, with the tax that Etsy adds to its own fees."""
        number = CUSTOM_LISTING if line.reference == "listing" else len(self.lines) + 1
        self._keep_line(line, at, 0 if line.reference == "etsy" else number)
        taxed = line.role is Role.COST and line.reference != "shipping_label"
        vat = abs(line.amount) * self.rules.vat // 1000
        if taxed and vat:
            tax = ShopLine("vat_seller_services", -vat if line.amount < 0 else vat, Role.COST)
            self._keep_line(tax, at, 0, child=True)

    def pay_out(self, at: int) -> int:
        """Send the balance to the bank; answers how much that was, in minor units."""
        amount = max(0, self.balance)
        if amount:
            self._keep_line(ShopLine("DISBURSE2", -amount, Role.PAYOUT, "bank"), at, self._sales)
        return amount

    def find(
        self, min_created: int, max_created: int, offset: int, limit: int
    ) -> tuple[int, list[dict[str, object]]]:
        """Answer the number of entries of a window, and a page of them, newest first.

        What is due has to be posted before.
        """
        low = bisect_left(self._created, min_created)
        high = max(low, bisect_right(self._created, max_created))
        first = high - 1 - offset
        page = range(first, max(low - 1, first - limit), -1)
        return high - low, [self._entry(index) for index in page]

    def payment_of(self, entry_id: int) -> int | None:
        """Tell which payment an entry is; None for entries that are none."""
        index = entry_id - FIRST_ENTRY
        if not 0 <= index < len(self._created):
            return None
        is_payment = self._kind_names[self._kind[index]] == "PAYMENT_GROSS"
        return self._reference_id[index] if is_payment else None

    def post(self, now: int) -> None:
        """Post what is due by now."""
        waiting, self._waiting = self._waiting, []
        found = [event for order in waiting for event in self._unscheduled(order)]
        if found:
            self._due += [(event.at, self._number(), event) for event in found]
            heapq.heapify(self._due)
        while self._due and self._due[0][0] <= now:
            event = heapq.heappop(self._due)[2]
            for posting in postings(event, self.rules):
                minor = self.rules.converted(posting.amount, self._shop)
                self._post(posting, minor, event.at)
            if event.step is Step.FEES:
                self._keep_customs(event.at)

    def _number(self) -> int:
        self._numbers += 1
        return self._numbers

    def _unscheduled(self, order: Order) -> Iterator[Event]:
        for event in events(order, self.rules):
            owner = order if event.refund is None else event.refund
            if not owner.scheduled & BITS[event.step]:
                owner.scheduled |= BITS[event.step]
                yield event

    def _keep_customs(self, at: int) -> None:
        self._sales += 1
        turn = self._sales % DISBURSE_EVERY
        if turn in CUSTOMS:
            self.add_line(CUSTOMS[turn], at)
        if not turn:
            self.pay_out(at)

    def _keep_line(self, line: ShopLine, at: int, number: int, *, child: bool = False) -> None:
        self.lines.append((at, line, number))
        posting = Posting(line.kind, line.amount, line.reference, number, line.role, child)
        self._post(posting, line.amount, at)

    def _post(self, posting: Posting, minor: int, created: int) -> None:
        self.balance += minor
        if posting.kind not in self._kinds:
            self._kinds[posting.kind] = len(self._kind_names)
            self._kind_names.append(posting.kind)
        parent = FIRST_ENTRY + len(self._created) - 1 if posting.child_of_previous else 0
        self._created.append(max(created, self._created[-1] if self._created else 0))
        self._kind.append(self._kinds[posting.kind])
        self._amount.append(self.rules.sent(minor))
        self._reference.append(REFERENCE_NUMBERS[posting.reference])
        self._reference_id.append(posting.reference_id)
        self._parent.append(parent)
        self._balance.append(self.rules.sent(self.balance))

    def _entry(self, index: int) -> dict[str, object]:
        reference_id = self._reference_id[index]
        kind = self._kind_names[self._kind[index]]
        return {
            "entry_id": FIRST_ENTRY + index,
            "ledger_id": LEDGER_ID,
            "sequence_number": index + 1,
            "amount": self._amount[index],
            "currency": self.rules.currency,
            "description": kind,
            "balance": self._balance[index],
            "create_date": self._created[index],
            "created_timestamp": self._created[index],
            "ledger_type": kind,
            "reference_type": REFERENCES[self._reference[index]],
            "reference_id": reference_id if self.integer_references else str(reference_id),
            "parent_entry_id": self._parent[index],
            "payment_adjustments": [],
        }
