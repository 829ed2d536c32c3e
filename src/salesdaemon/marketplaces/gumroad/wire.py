"""Gumroad's answers as sent: only the fields we use, and none that says who the buyer is.

A field that is not declared here never becomes a Python object on the usual way, and is dropped
while reading on the careful one. Every field may be missing: Gumroad leaves out what is null.

Source: gumroad.com/api#sales, and `as_json` in app/models/purchase.rb of antiwork/gumroad
(read 2026-11).
"""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec

from salesdaemon.errors import AuthError, UnavailableError


class Affiliate(msgspec.Struct, frozen=True, gc=False):
    """Who sold it for the seller; `amount` is formatted US dollars: "$1,234", "$2.50"."""

    amount: str | None = None


class BuyerPresentment(msgspec.Struct, frozen=True, gc=False):
    """What the buyer was charged in a currency of their own; never what the seller gets."""

    total_cents: int | None = None
    refunded_cents: int | None = None
    currency: str | None = None


class WireSale(msgspec.Struct, frozen=True, gc=False):
    """One sale. `price` and `gumroad_fee` are US cents whatever `currency` says."""

    id: str | None = None
    order_id: int | None = None
    created_at: str | None = None
    price: int | None = None
    gumroad_fee: int | None = None
    product_id: str | None = None
    product_name: str | None = None
    quantity: int | None = None
    is_product_physical: bool | None = None
    country: str | None = None
    country_iso2: str | None = None
    currency: str | None = None
    currency_symbol: str | None = None
    formatted_total_price: str | None = None
    amount_refundable_in_currency: str | None = None
    buyer_presentment: BuyerPresentment | None = None
    affiliate: Affiliate | None = None
    payment_processor: str | None = None
    transaction_url_for_seller: str | None = None
    refunded: bool | None = None
    partially_refunded: bool | None = None
    disputed: bool | None = None
    dispute_won: bool | None = None
    chargedback: bool | None = None
    is_bundle_product_purchase: bool | None = None
    is_upgrade_purchase: bool | None = None
    subscription_id: str | None = None
    recurring_charge: bool | None = None
    free_trial_ends_on: str | None = None


class Failure(msgspec.Struct, frozen=True, gc=False):
    """A sale that could not be read: its id or place, the path and kind of the fault, no value."""

    external_id: str
    reason: str
    created_at: str | None = None


class WirePage(msgspec.Struct, frozen=True):
    """One page of sales, newest first; `next_page_key` is None on the last one."""

    sales: tuple[WireSale, ...]
    next_page_key: str | None = None
    failures: tuple[Failure, ...] = ()


class User(msgspec.Struct, frozen=True):
    """The seller's account."""

    user_id: str | int | None = None
    id: str | int | None = None
    name: str | None = None
    display_name: str | None = None


class _SalesEnvelope(msgspec.Struct, frozen=True):
    success: bool | None = None
    message: str | None = None
    sales: tuple[WireSale, ...] | None = None
    next_page_key: str | None = None
    next_page_url: str | None = None


DayTotals = tuple[int | None, ...]
"""Of one day: gross, net and refunded cents, units and refunded units."""

_TOTALS = ("gross_cents", "net_cents", "refunded_cents", "units", "refunded_units")
_ESCAPED_NUL = b"\\u0000"
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_KNOWN = frozenset(
    field
    for struct in (_SalesEnvelope, WireSale, Affiliate, BuyerPresentment, User)
    for field in struct.__struct_fields__
) | {"user"}
_LONGEST_INTEGER = 18
_ID = re.compile(r"[A-Za-z0-9_+/=-]{1,64}")
_FAULT = re.compile(r"(?P<kind>.*?)(?: - at `\$\.?(?P<path>.*)`)?")
_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ].*)?", re.ASCII | re.DOTALL)
_PLAIN_SENTENCE = re.compile(r"(?:[A-Za-z0-9,.;:'()/_-]{1,24}(?: |$)){1,30}")
_ABOUT_ACCESS = re.compile(
    r"token|scope|permi|authori[sz]|forbidden|log ?in|sign ?in", re.IGNORECASE
)

_RENEW = (
    "Make a new token at Gumroad under Settings > Advanced > Applications and put it into the "
    "shop's `access_token`."
)

_sales_decoder = msgspec.json.Decoder(_SalesEnvelope)


def parse_page(body: bytes) -> WirePage:
    """Read a page of sales, setting aside those that cannot be read.

    Text comes out as valid UTF-8 without NUL.

    Raises:
        UnavailableError: this is no page of sales, or Gumroad says it failed.
        AuthError: Gumroad says that access is what failed.
    """
    if _ESCAPED_NUL not in body:
        try:
            page = _sales_decoder.decode(body)
        except _UNREADABLE:
            pass
        else:
            expect_success(success=page.success, message=page.message)
            return _to_page(page.sales, page.next_page_key, page.next_page_url)
    return _read_carefully(body)


def parse_user(body: bytes) -> User:
    """Read the seller's account.

    Raises:
        UnavailableError: this is no account, or Gumroad says it failed.
        AuthError: Gumroad says that access is what failed.
    """
    answer = _load(body)
    expect_success(success=answer.get("success"), message=answer.get("message"))
    try:
        return msgspec.convert(answer.get("user"), User, strict=False)
    except msgspec.ValidationError as error:
        what = f"Gumroad's answer names no account: {_describe(error)}."
        raise UnavailableError(what) from None


def parse_summary(body: bytes) -> Mapping[str, DayTotals]:
    """Read a summary by day; days are ISO dates of the seller's own calendar.

    The shape of its `breakdown` is not documented, so every shape that names days will do.

    Raises:
        UnavailableError: this is no summary, or Gumroad says it failed.
        AuthError: Gumroad says that access is what failed.
    """
    try:
        answer = msgspec.json.decode(body)
    except _UNREADABLE:
        raise UnavailableError("Gumroad's summary is not readable.") from None
    if not isinstance(answer, dict):
        raise UnavailableError("Gumroad's summary is not readable.")
    expect_success(success=answer.get("success"), message=answer.get("message"))
    found = (_find_day(*entry) for entry in _entries(answer.get("breakdown")))
    return {day: totals for day, totals in found if day and any(n is not None for n in totals)}


def parse_refusal(body: bytes) -> str:
    """Return the sentence with which Gumroad refused a request; empty where there is none."""
    try:
        answer = msgspec.json.decode(body)
    except _UNREADABLE:
        return ""
    if not isinstance(answer, dict):
        return ""
    text = answer.get("error") or answer.get("message")
    return text if isinstance(text, str) else ""


def looks_like_id(text: str) -> bool:
    """Tell whether a text may be told as the id of a sale; anything else may be a buyer's."""
    return _ID.fullmatch(text) is not None


def _to_page(
    sales: tuple[WireSale, ...] | None,
    page_key: object,
    page_url: object,
    failures: tuple[Failure, ...] = (),
) -> WirePage:
    if sales is None:
        raise UnavailableError("Gumroad's answer holds no list of sales.")
    return WirePage(sales, next_page_key(page_key, page_url), failures)


def next_page_key(key: object, url: object) -> str | None:
    """Return where a list goes on; None at its end.

    Raises:
        UnavailableError: it goes on, but does not say where.
    """
    if key and isinstance(key, str):
        return key
    if not key and not url:
        return None
    try:
        query = parse_qs(urlsplit(url).query) if isinstance(url, str) else {}
    except ValueError:
        query = {}
    if "page_key" not in query:
        # Taking this for the last page would lose all that follows.
        raise UnavailableError("Gumroad's list goes on without saying where.")
    return query["page_key"][0]


def expect_success(*, success: object, message: object) -> None:
    """Refuse an answer that says of itself that it failed; many of those come with status 200.

    Raises:
        UnavailableError: it failed.
        AuthError: access is what failed.
    """
    # A missing `success` is no complaint: some answers have none.
    if success not in (False, "false"):
        return
    text = message if isinstance(message, str) else ""
    # Only a plain sentence is passed on: no address, token or foreign text slips into a log.
    said = f" It says: {text}" if _PLAIN_SENTENCE.fullmatch(text) else ""
    what = f"Gumroad answered that the request failed.{said}"
    if _ABOUT_ACCESS.search(text):
        raise AuthError(what, fix=_RENEW)
    raise UnavailableError(what)


def _read_carefully(body: bytes) -> WirePage:
    answer = _load(body)
    expect_success(success=answer.get("success"), message=answer.get("message"))
    rows = answer.get("sales")
    if not isinstance(rows, list):
        raise UnavailableError("Gumroad's answer holds no list of sales.")
    read = [_read_sale(row, f"sales[{place}]") for place, row in enumerate(rows)]
    return _to_page(
        tuple(entry for entry in read if isinstance(entry, WireSale)),
        answer.get("next_page_key"),
        answer.get("next_page_url"),
        tuple(entry for entry in read if isinstance(entry, Failure)),
    )


def _read_sale(row: object, place: str) -> WireSale | Failure:
    try:
        return msgspec.convert(row, WireSale, strict=False)
    except msgspec.ValidationError as error:
        facts = row if isinstance(row, dict) else {}
        created_at = facts.get("created_at")
        return Failure(
            external_id=_identify(facts, place),
            reason=_describe(error),
            created_at=created_at if isinstance(created_at, str) else None,
        )


def _identify(facts: Mapping[str, object], place: str) -> str:
    for field, prefix in (("id", ""), ("order_id", "order ")):
        text = str(facts.get(field) or "")
        if looks_like_id(text):
            return f"{prefix}{text}"
    return place


def _describe(error: msgspec.ValidationError) -> str:
    fault = _FAULT.fullmatch(str(error))
    if fault is None:
        return "unreadable"
    kind, path = fault["kind"].replace("`", "").replace(" | null", ""), fault["path"]
    return f"{kind} (at {path})" if path else kind


def _load(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(
            body.decode("utf-8-sig", "replace"),
            strict=False,
            parse_int=_to_integer,
            object_pairs_hook=_keep_known,
        )
    except (ValueError, RecursionError):
        # The cause would carry the whole answer, buyers included.
        raise UnavailableError("Gumroad's answer is not readable.") from None
    if not isinstance(answer, dict):
        raise UnavailableError("Gumroad's answer is not what its API promises.")
    return answer


def _to_integer(digits: str) -> int | float:
    # No amount has so many digits: not a number is refused for this one sale, later.
    return int(digits) if len(digits) <= _LONGEST_INTEGER else float("nan")


def _keep_known(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {key: clean(value) for key, value in pairs if key in _KNOWN}


def clean(value: object) -> object:
    """Make a text valid UTF-8 without NUL; leave anything else as it is."""
    if not isinstance(value, str):
        return value
    # Through UTF-16, where a lone surrogate is what cannot be read and becomes U+FFFD.
    text = value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text.replace("\0", "")


def _entries(breakdown: object) -> list[tuple[object, object]]:
    if isinstance(breakdown, dict):
        return list(breakdown.items())
    return [(None, entry) for entry in breakdown] if isinstance(breakdown, list) else []


def _find_day(key: object, entry: object) -> tuple[str | None, DayTotals]:
    facts = entry if isinstance(entry, dict) else {}
    matches = (_DAY.fullmatch(text) for text in (key, *facts.values()) if isinstance(text, str))
    day = next((match[1] for match in matches if match), None)
    return day, tuple(_to_count(facts.get(name)) for name in _TOTALS)


def _to_count(value: object) -> int | None:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) else None
