"""The pretend shop's payment account: ledger entries and payments, made from its orders.

Entries are posted when the ledger is first asked for, and never change afterwards: an order that
turns up later with an older date is posted after what stands there already, as on a real account.

Source: Etsy Open API v3, schemas PaymentAccountLedgerEntry and Payment (June 2026).
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from salesdaemon.marketplaces.etsy.pretend_orders import CANARY_BUYER, Order, Refund, Shop

FIRST_ENTRY = 61_000_000_000
LEDGER_ID = 5_551_212
PAYMENT_OFFSET = 180_000_000_000
DISBURSE_EVERY = 50
REFERENCES = ("shop_payment", "processing_fee", "transaction", "receipt", "listing", "etsy", "bank")
FEE_REFERENCES = {"PAYMENT_PROCESSING_FEE": "processing_fee", "transaction": "transaction"}
REFERENCE_NUMBERS = {name: number for number, name in enumerate(REFERENCES)}
TRANSACTION_PERMILLE = 65
PROCESSING_PERMILLE = 40
PROCESSING_FIXED = 30
LISTING_FEE = 18
VAT_PERMILLE = 200


class Posting(NamedTuple):
    """One line to be posted. `child_of_previous` is a tax on the line before it."""

    kind: str
    amount: int
    reference: str
    reference_id: int
    child_of_previous: bool = False


class Ledger:
    """Every entry in the order of its sequence number, which is also that of its time."""

    def __init__(self, shop: Shop, *, integer_references: bool = False) -> None:
        self._shop = shop
        self._integer_references = integer_references
        self._waiting: list[Order] = []
        self._posted: dict[int, int] = {}
        self._kinds: dict[str, int] = {}
        self._sales = 0
        self._created, self._kind, self._amount = array("q"), array("H"), array("q")
        self._reference, self._reference_id = array("H"), array("q")
        self._parent, self._balance = array("q"), array("q")

    def changed(self, order: Order) -> None:
        """Post what is new about an order when the ledger is next read."""
        self._waiting.append(order)

    def find(
        self, min_created: int, max_created: int, offset: int, limit: int
    ) -> tuple[int, list[dict[str, object]]]:
        """Answer the number of entries of a window, and a page of them, newest first."""
        self.post()
        low = bisect_left(self._created, min_created)
        high = max(low, bisect_right(self._created, max_created))
        first = high - 1 - offset
        page = range(first, max(low - 1, first - limit), -1)
        return high - low, [self._entry(index) for index in page]

    def post(self) -> None:
        """Post what is known now, which the first reading would otherwise do."""
        waiting, self._waiting = self._waiting, []
        events = [event for order in waiting for event in self._events(order)]
        for created, postings in sorted(events, key=lambda event: event[0]):
            for posting in postings:
                self._post(posting, created)

    def _events(self, order: Order) -> Iterator[tuple[int, list[Posting]]]:
        done = self._posted.get(order.receipt_id, 0)
        if order.paid is not None and not done:
            self._sales += 1
            yield order.paid, list(_sale(order))
            if self._sales % DISBURSE_EVERY == 0:
                yield order.paid, [Posting("prolist", -150, "etsy", 0)]
                yield order.paid, [Posting("DISBURSE2", 0, "bank", self._sales)]
        refunds = order.refunds[max(0, done - 1) :] if order.paid is not None else []
        for refund in refunds:
            yield refund.created, list(_refund(order, refund))
        if order.paid is not None:
            self._posted[order.receipt_id] = 1 + len(order.refunds)

    def _post(self, posting: Posting, created: int) -> None:
        balance = self._balance[-1] if self._balance else 0
        amount = self._shop.sent(posting.amount)
        if posting.kind == "DISBURSE2":
            amount = -max(0, balance)
        parent = FIRST_ENTRY + len(self._created) - 1 if posting.child_of_previous else 0
        self._created.append(max(created, self._created[-1] if self._created else 0))
        self._kind.append(self._kinds.setdefault(posting.kind, len(self._kinds)))
        self._amount.append(amount)
        self._reference.append(REFERENCE_NUMBERS[posting.reference])
        self._reference_id.append(posting.reference_id)
        self._parent.append(parent)
        self._balance.append(balance + amount)

    def _entry(self, index: int) -> dict[str, object]:
        reference_id = self._reference_id[index]
        kind = list(self._kinds)[self._kind[index]]
        return {
            "entry_id": FIRST_ENTRY + index,
            "ledger_id": LEDGER_ID,
            "sequence_number": index + 1,
            "amount": self._amount[index],
            "currency": self._shop.currency,
            "description": kind,
            "balance": self._balance[index],
            "create_date": self._created[index],
            "created_timestamp": self._created[index],
            "ledger_type": kind,
            "reference_type": REFERENCES[self._reference[index]],
            "reference_id": reference_id if self._integer_references else str(reference_id),
            "parent_entry_id": self._parent[index],
            "payment_adjustments": [],
        }


def payments(order: Order, shop: Shop) -> list[dict[str, object]]:
    """Write the payment of one receipt; none while it is unpaid or where nothing was charged."""
    gross = order.grandtotal
    if order.paid is None or not gross:
        return []
    fees = _processing(gross)
    amounts = _amounts("amount", gross, fees, shop)
    if order.shipped is not None:
        amounts |= _amounts("posted", gross, fees, shop)
    if order.refunds:
        left = gross - sum(refund.amount for refund in order.refunds)
        amounts |= _amounts("adjusted", left, fees * left // gross, shop)
    return [
        {
            "payment_id": PAYMENT_OFFSET + order.receipt_id,
            "buyer_user_id": CANARY_BUYER,
            "shop_id": shop.shop_id,
            "receipt_id": order.receipt_id,
            **amounts,
            "currency": shop.currency,
            "shop_currency": shop.currency,
            "buyer_currency": shop.currency,
            "shipping_user_id": CANARY_BUYER,
            "shipping_address_id": CANARY_BUYER + 1,
            "billing_address_id": CANARY_BUYER + 2,
            "status": "settled",
            "shipped_timestamp": order.shipped,
            "create_timestamp": order.paid,
            "created_timestamp": order.paid,
            "update_timestamp": order.updated,
            "updated_timestamp": order.updated,
            "payment_adjustments": [],
        }
    ]


def _amounts(word: str, gross: int, fees: int, shop: Shop) -> dict[str, object]:
    return {
        f"{word}_gross": shop.money(gross),
        f"{word}_fees": shop.money(fees),
        f"{word}_net": shop.money(gross - fees),
    }


def _sale(order: Order) -> Iterator[Posting]:
    payment = PAYMENT_OFFSET + order.receipt_id
    grandtotal = order.grandtotal
    if grandtotal:
        yield Posting("PAYMENT_GROSS", grandtotal, "shop_payment", payment)
        yield from _with_vat("PAYMENT_PROCESSING_FEE", _processing(grandtotal), payment)
    collected = order.tax + (order.vat if order.vat_in_grandtotal else 0)
    if collected:
        yield Posting("sales_tax", -collected, "receipt", order.receipt_id)
    for item in order.items:
        goods = item.total - (order.discount * item.total // order.total if order.total else 0)
        yield from _with_vat("transaction", _permille(goods), item.transaction_id)
        if item.listing_id is not None:
            yield Posting("renew_sold_auto", -LISTING_FEE, "listing", item.listing_id)
    if order.shipping:
        yield from _with_vat("shipping_transaction", _permille(order.shipping), order.receipt_id)
    if order.gift_wrap:
        yield from _with_vat("gift_wrap_fees", _permille(order.gift_wrap), order.receipt_id)


def _with_vat(kind: str, fee: int, reference_id: int) -> Iterator[Posting]:
    processing = kind == "PAYMENT_PROCESSING_FEE"
    if fee:
        yield Posting(kind, -fee, FEE_REFERENCES.get(kind, "receipt"), reference_id)
        tax = "vat_on_processing_fees" if processing else "vat_seller_services"
        yield Posting(tax, -(fee * VAT_PERMILLE // 1000), "etsy", 0, child_of_previous=True)


def _refund(order: Order, refund: Refund) -> Iterator[Posting]:
    payment = PAYMENT_OFFSET + order.receipt_id
    share = refund.amount
    whole = order.grandtotal
    if not whole:
        return
    yield Posting("REFUND", -share, "shop_payment", payment)
    back = _processing(whole) * share // whole
    yield Posting("REFUND_PROCESSING_FEE", back, "processing_fee", payment)
    collected = order.tax + (order.vat if order.vat_in_grandtotal else 0)
    if collected:
        yield Posting("sales_tax", collected * share // whole, "receipt", order.receipt_id)
    for item in order.items:
        fee = _permille(item.total) * share // whole
        yield Posting("transaction_refund", fee, "transaction", item.transaction_id)


def _permille(amount: int) -> int:
    return (amount * TRANSACTION_PERMILLE + 500) // 1000


def _processing(amount: int) -> int:
    return (amount * PROCESSING_PERMILLE + 500) // 1000 + PROCESSING_FIXED
