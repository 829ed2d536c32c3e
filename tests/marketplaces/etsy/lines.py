"""Lines of the payment account after Etsy's published schema (read 2026-11)."""

from typing import Any

POSTED = 1_760_000_000


def line(ledger_type: str, amount: int, **changes: Any) -> dict[str, Any]:
    return {
        "entry_id": 61_000_000_001,
        "ledger_id": 5_551_212,
        "sequence_number": 7,
        "amount": amount,
        "currency": "EUR",
        "description": ledger_type,
        "balance": 12_345,
        "create_date": POSTED,
        "created_timestamp": POSTED,
        "ledger_type": ledger_type,
        "reference_type": "receipt",
        "reference_id": "3400000001",
        "parent_entry_id": 0,
        "payment_adjustments": [],
    } | changes


def payment(payment_id: int, receipt_id: int) -> dict[str, Any]:
    return {
        "payment_id": payment_id,
        "receipt_id": receipt_id,
        "buyer_user_id": 99_990_001,
        "shipping_address_id": 99_990_002,
        "status": "settled",
    }
