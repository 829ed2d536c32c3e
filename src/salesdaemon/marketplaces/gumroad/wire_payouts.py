"""Gumroad's payouts as sent: what was or will be paid out, and the rows that add up to it.

A row names its buyer. Those fields are dropped while reading, and so is everything else that is
not declared here.

Source: `as_json` in app/models/payment.rb and app/services/exports/payouts/{api,base}.rb of
antiwork/gumroad (read 2026-11).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from salesdaemon.errors import UnavailableError
from salesdaemon.marketplaces.gumroad.wire import clean, expect_success, next_page_key

Amount = Decimal | None


@dataclass(frozen=True, slots=True)
class WireRow:
    """One row of a payout. Amounts are US dollars; None where the field is empty or unreadable.

    `gumroad_fees` is positive where the fee was taken and negative where it was given back.
    """

    type: str = ""
    date: str = ""
    purchase_id: str = ""
    sale_price: Amount = None
    gumroad_fees: Amount = None
    net_total: Amount = None


@dataclass(frozen=True, slots=True)
class WirePayout:
    """One payout; `id` is None for one that is not made yet. `amount` is in whole units.

    `rows` is None where they were not sent: not asked for, or an API of before there were any.
    """

    id: str | None
    amount: Amount
    currency: str
    status: str
    created_at: str | None = None
    processed_at: str | None = None
    rows: tuple[WireRow, ...] | None = None


@dataclass(frozen=True, slots=True)
class WirePayouts:
    """One page of payouts, the newest first, after those that are to come."""

    payouts: tuple[WirePayout, ...]
    next_page_key: str | None = None


_OF_PAYOUT = ("id", "amount", "currency", "status", "created_at", "processed_at", "transactions")
_OF_ROW = ("type", "date", "purchase_id", "sale_price", "gumroad_fees", "net_total")
_OF_ANSWER = ("success", "message", "payout", "payouts", "next_page_key", "next_page_url")
_KNOWN = frozenset((*_OF_PAYOUT, *_OF_ROW, *_OF_ANSWER))
_SHORTEST_ROW = 6
_LARGEST = Decimal(10**13)


def parse_payouts(body: bytes) -> WirePayouts:
    """Read a page of payouts, or those to come, which older answers tell as one `payout`.

    Raises:
        UnavailableError: this is no list of payouts, or Gumroad says it failed.
        AuthError: Gumroad says that access is what failed.
    """
    answer = _load(body)
    expect_success(success=answer.get("success"), message=answer.get("message"))
    listed = answer.get("payouts")
    if listed is None and isinstance(answer.get("payout"), dict):
        listed = [answer["payout"]]
    if not isinstance(listed, list):
        raise UnavailableError("Gumroad's answer holds no list of payouts.")
    payouts = tuple(_to_payout(each) for each in listed if isinstance(each, dict))
    key = next_page_key(answer.get("next_page_key"), answer.get("next_page_url"))
    return WirePayouts(payouts, key)


def parse_payout(body: bytes) -> WirePayout | None:
    """Read one payout with its rows; None where Gumroad says that there is no such payout.

    Raises:
        UnavailableError: this is no payout, or Gumroad says that it failed otherwise.
        AuthError: Gumroad says that access is what failed.
    """
    answer = _load(body)
    message = answer.get("message")
    if answer.get("success") is False and "was not found" in str(message):
        return None
    expect_success(success=answer.get("success"), message=message)
    payout = answer.get("payout")
    if not isinstance(payout, dict):
        raise UnavailableError("Gumroad's answer holds no payout.")
    return _to_payout(payout)


def _load(body: bytes) -> Mapping[str, object]:
    try:
        answer = json.loads(
            body.decode("utf-8-sig", "replace"),
            strict=False,
            # Exact: a float would already have been rounded.
            parse_float=Decimal,
            parse_int=Decimal,
            parse_constant=str,
            object_pairs_hook=_keep_known,
        )
    except (ValueError, RecursionError, InvalidOperation):
        # The cause would carry the whole answer, buyers included.
        raise UnavailableError("Gumroad's answer is not readable.") from None
    if not isinstance(answer, dict):
        raise UnavailableError("Gumroad's answer is not what its API promises.")
    return answer


def _keep_known(pairs: list[tuple[str, object]]) -> dict[str, object]:
    return {key: clean(value) for key, value in pairs if key in _KNOWN}


def _to_payout(facts: Mapping[str, object]) -> WirePayout:
    rows = facts.get("transactions")
    return WirePayout(
        id=_text(facts.get("id")) or None,
        amount=_amount(facts.get("amount")),
        currency=_text(facts.get("currency")),
        status=_text(facts.get("status")),
        created_at=_text(facts.get("created_at")) or None,
        processed_at=_text(facts.get("processed_at")) or None,
        rows=tuple(map(_to_row, rows)) if isinstance(rows, list) else None,
    )


def _to_row(row: object) -> WireRow:
    """Read a row by its names, or by its places as the exported file has them."""
    if isinstance(row, list):
        return _to_row(_by_place(row))
    facts = row if isinstance(row, dict) else {}
    return WireRow(
        type=_text(facts.get("type")),
        date=_text(facts.get("date")),
        purchase_id=_text(facts.get("purchase_id")),
        sale_price=_amount(facts.get("sale_price")),
        gumroad_fees=_amount(facts.get("gumroad_fees")),
        net_total=_amount(facts.get("net_total")),
    )


def _by_place(cells: list[object]) -> dict[str, object]:
    """Name the first three and the last three cells: between them buyers may be left out."""
    if len(cells) < _SHORTEST_ROW:
        return {}
    return dict(zip(_OF_ROW, [*cells[:3], *cells[-3:]], strict=True))


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _amount(value: object) -> Amount:
    if isinstance(value, str):
        try:
            value = Decimal(value.strip().replace(",", ""))
        except InvalidOperation:
            return None
    if isinstance(value, Decimal) and value.is_finite() and abs(value) < _LARGEST:
        return value
    return None
