"""The vendor's shapes exactly as sent, of which only the fields in use are declared.

What is not declared is skipped by the parser and never becomes a Python object. So no buyer's
name, address, e-mail, message, gift note, refund note or personalisation text can leave this
module: the country is all there is of the buyer. Every field may be missing, unknown fields are
ignored, and both spellings of a timestamp are read.

Source: Etsy Open API v3, schemas ShopReceipt, ShopReceiptTransaction, ShopRefund, Money,
TransactionVariations, PaymentAccountLedgerEntry, Payment, ShopListing, Self and Shop (read
2026-11).
"""

import json
import math
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

import msgspec

from salesdaemon.errors import PayloadError, UnavailableError

EARLIEST_TIMESTAMP = 946684800
"""The earliest moment that the API takes or names: 2000-01-01."""
_LATEST_TIMESTAMP = 4102444800  # the year 2100; beyond it are milliseconds taken for seconds

# Above the 19 digits of a 64-bit number there is nothing to read, and CPython refuses to
# convert more than 4,300 of them, which would cost the whole page. Infinity then fails
# where a whole number is expected.
_LONGEST_INTEGER = 20
_FAULT = re.compile(r"(?P<kind>.*?)(?: - at `\$\.?(?P<path>.*)`)?", re.DOTALL)

AnyStruct = TypeVar("AnyStruct", bound=msgspec.Struct)


class Amount(msgspec.Struct, frozen=True, gc=False):
    """The schema Money: `amount / divisor` whole units of a currency."""

    amount: int | None = None
    divisor: int | None = None
    currency_code: str | None = None


class Variation(msgspec.Struct, frozen=True, gc=False):
    """What was chosen of a listing; a `question_id` marks a personalisation."""

    property_id: int | None = None
    formatted_name: str | None = None
    question_id: int | None = None


class Transaction(msgspec.Struct, frozen=True, gc=False):
    """One listing bought within a receipt; `price` is per unit."""

    transaction_id: int | None = None
    title: str | None = None
    listing_id: int | None = None
    quantity: int | None = None
    price: Amount | None = None
    paid_timestamp: int | None = None
    is_digital: bool | None = None
    variations: Sequence[Variation] | None = None


class Refund(msgspec.Struct, frozen=True, gc=False):
    """An amount given back, tax included; its note and reason are the buyer's affair."""

    amount: Amount | None = None
    status: str | None = None


class Receipt(msgspec.Struct, frozen=True, gc=False):
    """One order. Timestamps are epoch seconds."""

    receipt_id: int | None = None
    status: str | None = None
    is_paid: bool | None = None
    country_iso: str | None = None
    created_timestamp: int | None = None
    create_timestamp: int | None = None
    grandtotal: Amount | None = None
    total_price: Amount | None = None
    total_shipping_cost: Amount | None = None
    total_tax_cost: Amount | None = None
    total_vat_cost: Amount | None = None
    discount_amt: Amount | None = None
    gift_wrap_price: Amount | None = None
    transactions: Sequence[Transaction] | None = None
    refunds: Sequence[Refund] | None = None

    @property
    def created(self) -> int | None:
        """Whichever spelling of the creation was sent, in epoch seconds."""
        return self.created_timestamp or self.create_timestamp


class Failure(msgspec.Struct, frozen=True):
    """An order that could not be read: its id or place, the kind of fault, its creation."""

    external_id: str
    reason: str
    created: int | None = None


class WirePage(msgspec.Struct, frozen=True):
    """A page of receipts in the order sent; `count` is how many the query matched in all."""

    count: int | None
    receipts: Sequence[Receipt]
    failures: Sequence[Failure] = ()


class Adjustment(msgspec.Struct, frozen=True, gc=False):
    """A later change of a payment; which payment is all we read."""

    payment_id: int | str | None = None


class LedgerEntry(msgspec.Struct, frozen=True, gc=False):
    """One line of the payment account. `sequence_number` only ever grows; `amount` is signed.

    `reference_id` is text in the schema and a number in practice.
    """

    entry_id: int | str | None = None
    sequence_number: int | None = None
    amount: int | None = None
    currency: str | None = None
    description: str | None = None
    created_timestamp: int | None = None
    create_date: int | None = None
    ledger_type: str | None = None
    reference_type: str | None = None
    reference_id: int | str | None = None
    parent_entry_id: int | str | None = None
    payment_adjustments: Sequence[Adjustment] | None = None

    @property
    def created(self) -> int | None:
        """Whichever spelling of the posting's time was sent, in epoch seconds."""
        return self.created_timestamp or self.create_date


class Payment(msgspec.Struct, frozen=True, gc=False):
    """A payment, of which the ledger knows the number and the orders another."""

    payment_id: int | None = None
    receipt_id: int | None = None


class Listing(msgspec.Struct, frozen=True, gc=False):
    """What is offered, as far as it tells whether one more sale of it makes work."""

    listing_id: int | None = None
    listing_type: str | None = None
    when_made: str | None = None
    is_personalizable: bool | None = None


@dataclass(frozen=True, slots=True)
class Rows(Generic[AnyStruct]):
    """A page of rows, each read as far as it can be; `count` is how many matched in all."""

    count: int | None
    rows: tuple[AnyStruct, ...]


class Self(msgspec.Struct, frozen=True):
    """Who is signed in, and which shop is theirs."""

    user_id: int | None = None
    shop_id: int | None = None


class Shop(msgspec.Struct, frozen=True):
    """A shop's public face."""

    shop_name: str | None = None


class TokenPair(msgspec.Struct, frozen=True):
    """What the token endpoint answers.

    `expires_in` is seconds, of any type: the pair must not be lost over it.
    """

    access_token: str | None = None
    refresh_token: str | None = None
    expires_in: Any = None

    def __repr__(self) -> str:
        return "TokenPair()"  # its fields are secrets


class Refusal(msgspec.Struct, frozen=True):
    """What Etsy says instead of an answer; OAuth's refusals have a description."""

    error: str | None = None
    error_description: str | None = None


class _Receipts(msgspec.Struct):
    count: int | None = None
    results: list[Receipt] | None = None


_RECEIPTS = msgspec.json.Decoder(_Receipts)


def parse_page(body: bytes) -> WirePage:
    """Read a page of receipts; one that cannot be read becomes a failure and blocks no other.

    Raises:
        UnavailableError: the answer is no JSON object.
        PayloadError: it is one without a list of results.
    """
    page = None
    # One wrong type, lone surrogate or byte that is no UTF-8 anywhere fails the whole page. The
    # second reading is outside the handler, for the parser's error may hold what it read.
    with suppress(msgspec.MsgspecError, ValueError, RecursionError):
        page = _RECEIPTS.decode(body)
    if page is None:
        return _parse_row_by_row(_parse_loosely(body))
    if page.results is None:
        raise PayloadError("Etsy's answer holds no list of orders.", path="results")
    return WirePage(page.count, page.results)


def parse_receipt(body: bytes) -> WirePage:
    """Read the answer for a single receipt as a page of one.

    Raises:
        UnavailableError: the answer is no JSON object.
    """
    return _parse_row_by_row({"results": [_parse_loosely(body)]})


class _Results(msgspec.Struct):
    count: Any = None
    results: list[msgspec.Raw] | None = None


def parse_rows(body: bytes, shape: type[AnyStruct]) -> Rows[AnyStruct]:
    """Read a page of anything else; of a row that is of the wrong type the rest is kept.

    Raises:
        UnavailableError: the answer is no JSON object.
        PayloadError: it is one without a list of results.
    """
    with suppress(msgspec.MsgspecError, ValueError, RecursionError):
        page = msgspec.json.decode(body, type=_Results)
        rows = [msgspec.json.decode(row, type=shape, strict=False) for row in page.results or ()]
        if page.results is not None:
            return Rows(_whole_number(page.count), tuple(rows))
    document = _parse_loosely(body)
    found = document.get("results")
    if not isinstance(found, list):
        raise PayloadError("Etsy's answer holds no list.", path="results")
    salvaged = tuple(_salvage(row, shape) for row in found)
    return Rows(_whole_number(document.get("count")), salvaged)


def _salvage(row: object, shape: type[AnyStruct]) -> AnyStruct:
    """Read each field of a row by itself; one that cannot be read counts as missing."""
    sent = row if isinstance(row, dict) else {}
    fields: dict[str, Any] = {}
    for field in msgspec.structs.fields(shape):
        with suppress(msgspec.ValidationError, RecursionError):
            fields[field.name] = msgspec.convert(sent.get(field.name), field.type, strict=False)
    return shape(**fields)


def parse_object(body: bytes, shape: type[AnyStruct]) -> AnyStruct:
    """Read any other answer.

    Raises:
        UnavailableError: the answer is no JSON object.
        PayloadError: a field of it is of the wrong type.
    """
    document = _parse_loosely(body)
    try:
        return msgspec.convert(document, shape, strict=False)
    except msgspec.ValidationError as error:
        kind, path = _describe(error)
    # Raised outside the handler: the parser's own error may quote what it read.
    raise PayloadError(f"Etsy's answer could not be read: {kind}", path=path)


def to_moment(timestamp: int | None) -> datetime | None:
    """Turn epoch seconds into an aware UTC datetime; None where they make no sense."""
    if timestamp is None or not EARLIEST_TIMESTAMP <= timestamp <= _LATEST_TIMESTAMP:
        return None
    return datetime.fromtimestamp(timestamp, UTC)


def _parse_loosely(body: bytes) -> dict[str, Any]:
    document: object = None
    with suppress(ValueError, RecursionError):
        text = body.decode("utf-8-sig", errors="replace")
        document = json.loads(text, strict=False, parse_int=_parse_integer)
    if not isinstance(document, dict):
        raise UnavailableError("Etsy's answer is no JSON object.")
    return document


def _parse_integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= _LONGEST_INTEGER else math.inf


def _parse_row_by_row(document: dict[str, Any]) -> WirePage:
    rows = document.get("results")
    if not isinstance(rows, list):
        raise PayloadError("Etsy's answer holds no list of orders.", path="results")
    receipts: list[Receipt] = []
    failures: list[Failure] = []
    for place, row in enumerate(rows):
        try:
            receipts.append(msgspec.convert(row, Receipt, strict=False))
        except (msgspec.ValidationError, RecursionError) as error:
            failures.append(_failure(row, place, error))
    return WirePage(_whole_number(document.get("count")), receipts, failures)


def _failure(row: object, place: int, error: Exception) -> Failure:
    fields = row if isinstance(row, dict) else {}
    created = _whole_number(fields.get("created_timestamp"))
    if created is None:
        created = _whole_number(fields.get("create_timestamp"))
    receipt_id = _whole_number(fields.get("receipt_id"))
    kind, path = _describe(error)
    return Failure(
        name_place(receipt_id, created, place), f"{kind} (at {path})" if path else kind, created
    )


def name_place(receipt_id: int | None, created: int | None, place: int) -> str:
    """Name an order that may have no id: by its creation, else by its place on the page."""
    if receipt_id:
        return str(receipt_id)
    return f"created {created}" if created else f"results[{place}]"


def _whole_number(value: object) -> int | None:
    try:
        return msgspec.convert(value, int | None, strict=False)
    except msgspec.ValidationError:
        return None


def _describe(error: Exception) -> tuple[str, str]:
    """Tell the kind of a fault and its path; the parser names types here, never values."""
    if not isinstance(error, msgspec.ValidationError):
        return "Nested too deeply.", ""
    match = _FAULT.fullmatch(str(error))
    if match is None:  # pragma: no cover - the pattern fits every text
        return "Of the wrong type.", ""
    kind = match["kind"].replace("`", "").replace(" | null", "")
    return f"{kind}.", match["path"] or ""
