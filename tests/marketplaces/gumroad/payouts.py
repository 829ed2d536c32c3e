"""Payouts as Gumroad sends them, built on its published source: the defaults are plain."""

import json
from collections.abc import Sequence
from typing import Any

from salesdaemon.domain.ledger import Entry
from salesdaemon.marketplaces.gumroad.ledger import to_entries
from salesdaemon.marketplaces.gumroad.wire_payouts import parse_payout
from tests.marketplaces.gumroad.connections import NOW
from tests.marketplaces.gumroad.replies import CANARY

SALE_ID = "RRKkAAAAAAAAAAAAAAAAAA=="
PAYOUT_ID = "cGF5b3V0AAAAAAAAAAAAAA=="
COLUMNS = (
    "type",
    "date",
    "purchase_id",
    "item_name",
    "buyer_name",
    "buyer_email",
    "taxes",
    "shipping",
    "sale_price",
    "gumroad_fees",
    "net_total",
)


def raw_row(kind: str = "Sale", *money: object, **changes: object) -> dict[str, Any]:
    """Build a row of a payout: the price, the fees and the net, all of a planner for $12.00."""
    price, fees, net = money or (12.0, 2.35, 9.65)
    return {
        "type": kind,
        "date": "2026-11-06",
        "purchase_id": SALE_ID,
        "item_name": f"{CANARY} Planner",
        "buyer_name": f"{CANARY} Name",
        "buyer_email": f"{CANARY}@example.com",
        "taxes": 0.0,
        "shipping": 0.0,
        "sale_price": price,
        "gumroad_fees": fees,
        "net_total": net,
        **changes,
    }


def shop_row(kind: str, *money: object, **changes: object) -> dict[str, Any]:
    """Build a row that names no sale."""
    empty = dict.fromkeys(("purchase_id", "item_name", "buyer_name", "buyer_email"), "")
    return raw_row(kind, *money, **{**empty, "taxes": "", "shipping": "", **changes})


def raw_payout(**changes: object) -> dict[str, Any]:
    """Build a payout that was made on a Friday and has arrived; `...` leaves a field out."""
    payout: dict[str, Any] = {
        "id": PAYOUT_ID,
        "amount": "9.65",
        "currency": "usd",
        "status": "completed",
        "created_at": "2026-11-13T10:00:00Z",
        "processed_at": "2026-11-17T16:00:00Z",
        "payment_processor": "stripe",
        "bank_account_visual": f"******{CANARY}",
        "paypal_email": f"{CANARY}@example.com",
    }
    payout.update(changes)
    return {field: value for field, value in payout.items() if value is not ...}


def payout_body(rows: Sequence[object] | None = None, **changes: object) -> bytes:
    """Write one payout as Gumroad's server does."""
    payout = raw_payout(**changes)
    if rows is not None:
        payout["transactions"] = rows
    return json.dumps({"success": True, "payout": payout}).encode()


def list_body(*payouts: object, **envelope: object) -> bytes:
    """Write a page of payouts as Gumroad's server does."""
    return json.dumps({"success": True, "payouts": payouts, **envelope}).encode()


def entries_of(*rows: object, **changes: object) -> tuple[Entry, ...]:
    """Read a payout of these rows from its bytes and turn it into entries."""
    payout = parse_payout(payout_body(rows, **changes))
    assert payout is not None
    return to_entries(payout, NOW)
