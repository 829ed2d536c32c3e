"""Turn lines of the payment account into entries of the books: pure.

The account names what a line is by `ledger_type`, of which Etsy publishes no list, and what it is
about by a reference: a receipt, a transaction, a listing, a payment, or the line above it.

Source: Etsy Open API v3, schema PaymentAccountLedgerEntry; the types that were seen in
etsy/open-api issues 442 and 531, and in others' exports (read 2026-11).
"""

import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Final

from salesdaemon.domain.ledger import SALE_KINDS, About, Entry, EntryKind
from salesdaemon.marketplaces.etsy.wire import LedgerEntry, to_moment

_LARGEST = 2**63 - 1
_LARGEST_AMOUNT = 10**15
_NAME = re.compile(r"[A-Za-z0-9_ .:-]{1,64}")
_UNREADABLE = "unreadable"
_CURRENCY = re.compile(r"[A-Z]{3}")

KINDS: Final[Mapping[str, EntryKind]] = {
    "payment_gross": EntryKind.PAYMENT,
    "payment": EntryKind.PAYMENT,
    "sales_tax": EntryKind.TAX,
    "refund": EntryKind.REFUND,
    "refund_gross": EntryKind.REFUND,
    "payment_processing_fee": EntryKind.PROCESSING_FEE,
    "refund_processing_fee": EntryKind.PROCESSING_FEE,
    "transaction": EntryKind.ITEM_FEE,
    "shipping_transaction": EntryKind.SHIPPING_FEE,
    "transaction_quantity": EntryKind.FEE,
    "renew_sold": EntryKind.FEE,
    "renew_sold_auto": EntryKind.FEE,
    "gift_wrap_fees": EntryKind.FEE,
    "regulatory_operating_fee": EntryKind.FEE,
    "offsite_ads_fee": EntryKind.FEE,
    "renew_expired": EntryKind.COST,
    "auto_renew_expired": EntryKind.COST,
    "prolist": EntryKind.COST,
    "shipping_label": EntryKind.COST,
    "shipping_labels": EntryKind.COST,
    "subscription": EntryKind.COST,
    "deposit_fee": EntryKind.COST,
    "seller_onboarding_fee": EntryKind.COST,
    "disburse2": EntryKind.PAYOUT,
    "billing_payment": EntryKind.TRANSFER,
    "reserve": EntryKind.TRANSFER,
    "seller_onboarding_fee_payment": EntryKind.TRANSFER,
}
"""By the type in lower case; what is given back of one is called the same with `_refund`."""
_FAMILIES = {"vat_": EntryKind.FEE, "listing": EntryKind.COST}

_ABOUT = {"receipt": About.SALE, "transaction": About.LINE, "listing": About.PRODUCT}
_PAYMENT_REFERENCES = {"shop_payment", "processing_fee", "payment"}
_ASKED_FOR = SALE_KINDS | {EntryKind.OTHER}


@lru_cache(maxsize=256)
def kind_of(ledger_type: str) -> EntryKind:
    """Tell what a type of line is, in whatever case it is written; unknown ones are OTHER."""
    word = ledger_type.strip().lower()
    kind = KINDS.get(word) or KINDS.get(word.removesuffix("_refund"))
    if kind is not None:
        return kind
    for beginning, family in _FAMILIES.items():
        if word.startswith(beginning):
            return family
    return EntryKind.OTHER


def payment_of(row: LedgerEntry) -> str | None:
    """Return the payment that a line refers to, where only that leads to its order."""
    word = _word(row.reference_type)
    reference = _number(row.reference_id)
    if reference is not None and word in _ABOUT:
        return None
    if kind_of(_type(row)) not in _ASKED_FOR:
        return None
    if reference is not None and word in _PAYMENT_REFERENCES:
        return reference
    adjusted = (_number(each.payment_id) for each in row.payment_adjustments or ())
    return next(filter(None, adjusted), None)


def to_entry(row: LedgerEntry, receipts: Mapping[str, str], otherwise: datetime) -> Entry | None:
    """Turn one line into an entry; None where its id, amount or currency cannot be read.

    `receipts` names the order of each payment, as far as that is known. `otherwise` stands for
    a time that is missing.
    """
    entry_id = _number(row.entry_id)
    currency = _currency(row.currency)
    if entry_id is None or row.amount is None or currency is None:
        return None
    if abs(row.amount) > _LARGEST_AMOUNT:
        return None
    about, about_id = _about(row, receipts)
    return Entry(
        entry_id=entry_id,
        sequence=_sequence(row, entry_id),
        posted_at=to_moment(row.created) or otherwise,
        kind=kind_of(_type(row)),
        name=_name(_type(row)),
        amount=row.amount,
        currency=currency,
        about=about,
        about_id=about_id,
    )


def is_payment(row: LedgerEntry) -> bool:
    """Tell whether a line is the payment itself, by which Etsy can name the payment too."""
    return kind_of(_type(row)) is EntryKind.PAYMENT and _number(row.entry_id) is not None


def _about(row: LedgerEntry, receipts: Mapping[str, str]) -> tuple[About, str | None]:
    about = _ABOUT.get(_word(row.reference_type))
    reference = _number(row.reference_id)
    if about is not None and reference is not None:
        return about, reference
    payment = payment_of(row)
    if payment is not None and payment in receipts:
        return About.SALE, receipts[payment]
    parent = _number(row.parent_entry_id)
    return (About.SHOP, None) if parent is None else (About.ENTRY, parent)


def _type(row: LedgerEntry) -> str:
    # The description carries the same word (seen in a real month; read 2026-11).
    return row.ledger_type or row.description or ""


# A shop's account holds a handful of words, and of each very many.
@lru_cache(maxsize=256)
def _word(text: str | None) -> str:
    return (text or "").strip().lower()


@lru_cache(maxsize=256)
def _currency(text: str | None) -> str | None:
    code = (text or "").strip().upper()
    return code if _CURRENCY.fullmatch(code) else None


@lru_cache(maxsize=256)
def _name(ledger_type: str) -> str:
    word = ledger_type.strip()
    return word if _NAME.fullmatch(word) else _UNREADABLE


def _sequence(row: LedgerEntry, entry_id: str) -> int:
    number = row.sequence_number
    return number if number is not None and 0 <= number <= _LARGEST else int(entry_id)


def _number(value: int | str | None) -> str | None:
    """Write an id as text, whether it came as a number or as text; None for 0 and nonsense."""
    if isinstance(value, int):
        return str(value) if 0 < value <= _LARGEST else None
    text = (value or "").strip()
    if not (text.isascii() and text.isdecimal()) or len(text) > len(str(_LARGEST)):
        return None
    number = int(text)
    return str(number) if 0 < number <= _LARGEST else None
