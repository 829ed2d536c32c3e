"""Turn receipts into sales: pure, and the only place that knows what a receipt means."""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from salesdaemon.domain.money import exponent, proportion, rescale, split
from salesdaemon.domain.sale import Kind, LineItem, Sale, Status
from salesdaemon.errors import DomainError, PayloadError
from salesdaemon.marketplaces.etsy.fees import STANDARD, Tariff
from salesdaemon.marketplaces.etsy.wire import Amount, Receipt, Refund, Transaction, to_moment

_LARGEST_AMOUNT = 10**15
_MOST_UNITS = 10**6

_CANCELLED = {"canceled", "cancelled"}
_NOT_YET_PAID = {"open", "payment processing"}
_FULLY_REFUNDED = "fully refunded"
_PARTIALLY_REFUNDED = "partially refunded"
_REFUND_CAME_TO_NOTHING = {
    *("failed", "failure", "cancelled", "canceled", "declined", "rejected", "denied"),
}
_PERSONALISATION_NAMES = {"personalization", "personalisation"}
_PERSONALISATION_PROPERTY = 54
_SURROGATE = re.compile("[\ud800-\udfff]")


def to_sale(receipt: Receipt, tariff: Tariff = STANDARD) -> Sale:
    """Turn one Etsy receipt into a sale.

    Gross is what the buyer paid without the tax that Etsy collects, before Etsy's fees.
    Line items keep the receipt's order. Fees are estimates by the shop's tariff.

    Raises:
        PayloadError: an id, creation or amount is missing or makes no sense, or the receipt
            mixes currencies.

    Source: Etsy Open API v3, schemas ShopReceipt and Money (read 2026-11).
    """
    if not receipt.receipt_id or receipt.receipt_id < 0:
        raise PayloadError("An order has no id.", path="receipt_id")
    created_at = _moment(receipt.created, "created_timestamp")
    transactions = receipt.transactions or ()
    currency = _currency(receipt)
    totals = _read_totals(receipt, currency)
    shipping = _optional(receipt.total_shipping_cost, currency, "total_shipping_cost")
    state = _read_state(receipt, totals, currency)
    items = _line_items(transactions, totals.gross, currency)
    fees = 0
    if state.paid:
        units = sum(item.quantity for item in items)
        fees = tariff.estimate(totals.gross, currency.code, units, charged_minor=totals.charged)
    paid_at = _earliest_payment(transactions)
    return Sale(
        external_id=str(receipt.receipt_id),
        kind=Kind.SALE if totals.gross else Kind.FREE,
        status=state.status,
        paid=state.paid,
        created_at=created_at,
        paid_at=paid_at or created_at,
        currency=currency.code,
        gross_minor=totals.gross,
        items=items,
        refunded_minor=state.refunded,
        refunded_exact=state.exact,
        fees_minor=fees,
        fees_refunded_minor=proportion(fees, state.refunded, totals.gross) if fees else 0,
        country=_country(receipt.country_iso),
        pays_late=paid_at is None,
        charged_minor=totals.charged,
        shipping_minor=shipping,
    )


@dataclass(frozen=True, slots=True)
class _Currency:
    """The one currency of a receipt; `scale` is how many minor units make a whole one."""

    code: str
    scale: int

    def minor(self, money: Amount, path: str) -> int:
        """Read an amount in minor units, not negative."""
        if money.currency_code != self.code and money.currency_code is not None:
            raise PayloadError("The order mixes currencies.", path=path)
        amount = money.amount
        if amount is None or money.divisor is None:
            raise PayloadError("An amount is missing.", path=path)
        if money.divisor != self.scale:
            amount = self._rescale(amount, money.divisor, path)
        if not 0 <= amount <= _LARGEST_AMOUNT:
            raise PayloadError("An amount is negative or too large.", path=path)
        return amount

    def _rescale(self, amount: int, divisor: int, path: str) -> int:
        try:
            return rescale(amount, divisor, self.code)
        except DomainError as error:
            raise PayloadError(error.what, path=path) from error


def _currency(receipt: Receipt) -> _Currency:
    money = receipt.grandtotal or receipt.total_price
    if money is None:
        raise PayloadError("The order has no total.", path="grandtotal")
    code = money.currency_code
    if code is None or not (len(code) == 3 and code.isascii() and code.isupper()):  # noqa: PLR2004 - ISO 4217
        raise PayloadError("The currency is no ISO code.", path="grandtotal.currency_code")
    return _Currency(code, 10 ** exponent(code))


@dataclass(frozen=True, slots=True)
class _Totals:
    """Minor units: `gross` as the contract has it, `charged` what the buyer paid with tax."""

    gross: int
    charged: int


def _read_totals(receipt: Receipt, currency: _Currency) -> _Totals:
    """Work out the gross in two ways and take the one that fits the grand total.

    Etsy's pages leave open whether `grandtotal` holds the VAT and the gift wrap, so where the
    two ways disagree the parts are believed if any reading of them adds up to it.
    """
    tax = _optional(receipt.total_tax_cost, currency, "total_tax_cost")
    vat = _optional(receipt.total_vat_cost, currency, "total_vat_cost")
    wrap = _optional(receipt.gift_wrap_price, currency, "gift_wrap_price")
    parts = _add_parts(receipt, currency, wrap)
    if receipt.grandtotal is not None:
        charged = currency.minor(receipt.grandtotal, "grandtotal")
    else:
        charged = (parts or 0) + tax + vat
    gross = charged - tax - vat
    if parts is None or parts == gross:
        return _checked(gross, charged)
    bare = parts - wrap
    adds_up = charged in {parts + tax, parts + vat, bare + tax + vat, bare + tax}
    return _checked(parts if adds_up else gross, charged)


def _add_parts(receipt: Receipt, currency: _Currency, wrap: int) -> int | None:
    if receipt.total_price is None:
        return None
    return (
        currency.minor(receipt.total_price, "total_price")
        - _optional(receipt.discount_amt, currency, "discount_amt")
        + _optional(receipt.total_shipping_cost, currency, "total_shipping_cost")
        + wrap
    )


def _checked(gross: int, charged: int) -> _Totals:
    if gross < 0:
        raise PayloadError("Taxes and discounts exceed the order's total.", path="grandtotal")
    return _Totals(gross, charged)


def _optional(money: Amount | None, currency: _Currency, path: str) -> int:
    return 0 if money is None else currency.minor(money, path)


@dataclass(frozen=True, slots=True)
class _State:
    """Where an order stands; `refunded` is the part of the gross given back, in minor units."""

    status: Status
    paid: bool
    refunded: int = 0
    exact: bool = True


_PAID = _State(Status.PAID, paid=True)
_UNPAID = _State(Status.UNPAID, paid=False)


def _read_state(receipt: Receipt, totals: _Totals, currency: _Currency) -> _State:
    """Read the status; any word is accepted, in any case, and an unfamiliar one means paid.

    Where the word and the flag contradict each other the flag is believed: the words have changed
    over the years, and the flag is what Etsy's own filter of paid orders goes by.

    Source: etsy/open-api issues 481 (meaning of the words) and 806 (words outside the schema),
    read 2026-11.
    """
    word = (receipt.status or "").strip().lower()
    refunds = _read_refunds(receipt.refunds, currency) if receipt.refunds else None
    if word in _CANCELLED:
        if _was_paid(receipt) or refunds is not None:
            return _State(Status.CANCELLED, paid=True, refunded=totals.gross)
        return _State(Status.CANCELLED, paid=False)
    if word == _FULLY_REFUNDED:
        return _State(Status.REFUNDED, paid=True, refunded=totals.gross)
    if word == _PARTIALLY_REFUNDED or refunds is not None:
        return _refunded_state(word, refunds, totals)
    by_word = word not in _NOT_YET_PAID and bool(word or _was_paid(receipt))
    paid = by_word if receipt.is_paid is None else receipt.is_paid
    return _PAID if paid else _UNPAID


def _was_paid(receipt: Receipt) -> bool:
    return bool(receipt.is_paid) or any(
        transaction.paid_timestamp for transaction in receipt.transactions or ()
    )


@dataclass(frozen=True, slots=True)
class _Refunds:
    """What was given back, tax included, in minor units; not `exact` if an amount is missing."""

    total: int
    exact: bool


def _read_refunds(refunds: Sequence[Refund], currency: _Currency) -> _Refunds | None:
    """Add up the refunds that were not turned down; None where there is none of them."""
    total = 0
    exact = True
    standing = 0
    for place, refund in enumerate(refunds):
        if (refund.status or "").strip().lower() in _REFUND_CAME_TO_NOTHING:
            continue
        standing += 1
        if refund.amount is None or refund.amount.amount is None:
            exact = False
        else:
            total += currency.minor(refund.amount, f"refunds[{place}].amount")
    if not standing or (exact and not total):
        return None
    return _Refunds(total, exact)


def _refunded_state(word: str, refunds: _Refunds | None, totals: _Totals) -> _State:
    if refunds is None:
        return _State(Status.PARTIALLY_REFUNDED, paid=True, exact=False)
    everything = 0 < refunds.total >= totals.charged
    status = Status.PARTIALLY_REFUNDED
    if everything and word != _PARTIALLY_REFUNDED:
        status = Status.REFUNDED
    refunded = refunds.total
    if totals.charged > 0:
        refunded = proportion(refunds.total, totals.gross, totals.charged)
    return _State(status, paid=True, refunded=min(refunded, totals.gross), exact=refunds.exact)


def _line_items(
    transactions: Sequence[Transaction], gross: int, currency: _Currency
) -> tuple[LineItem, ...]:
    if not transactions:
        return (LineItem(None, None, 1, gross, None),)
    quantities = [_quantity(item, place) for place, item in enumerate(transactions)]
    if len(transactions) == 1:
        shares = [gross]
    else:
        shares = split(
            gross,
            [
                _optional(item.price, currency, f"transactions[{place}].price") * quantities[place]
                for place, item in enumerate(transactions)
            ],
        )
    return tuple(
        LineItem(
            str(item.listing_id) if item.listing_id else None,
            _title(item.title),
            quantity,
            share,
            _passive(item),
            str(item.transaction_id) if item.transaction_id else None,
        )
        for item, quantity, share in zip(transactions, quantities, shares, strict=True)
    )


def _quantity(transaction: Transaction, place: int) -> int:
    quantity = transaction.quantity or 1
    if not 0 < quantity <= _MOST_UNITS:
        raise PayloadError("A quantity makes no sense.", path=f"transactions[{place}].quantity")
    return quantity


def _title(title: str | None) -> str | None:
    """Clean a title: entities unescaped once, valid UTF-8, no NUL; None where it is empty.

    Whether titles come with entities is not confirmed (read 2026-11); unescaping once is right
    for both, but for a title that is about entities.
    """
    if not title:
        return None
    text = html.unescape(title).replace("\0", "")
    if not text.isascii():
        text = _SURROGATE.sub("\ufffd", text)
    return text or None


def _passive(transaction: Transaction) -> bool | None:
    """Tell whether one more sale makes no work; a personalised file has to be made by hand."""
    if transaction.is_digital is None:
        return None
    return transaction.is_digital and not _personalised(transaction)


def _personalised(transaction: Transaction) -> bool:
    return any(
        variation.question_id is not None
        or variation.property_id == _PERSONALISATION_PROPERTY
        or (variation.formatted_name or "").strip().lower() in _PERSONALISATION_NAMES
        for variation in transaction.variations or ()
    )


def _earliest_payment(transactions: Sequence[Transaction]) -> datetime | None:
    paid = [
        (item.paid_timestamp, place)
        for place, item in enumerate(transactions)
        if item.paid_timestamp
    ]
    if not paid:
        return None
    timestamp, place = min(paid)
    return _moment(timestamp, f"transactions[{place}].paid_timestamp")


def _moment(timestamp: int | None, path: str) -> datetime:
    if not timestamp:
        raise PayloadError("A time is missing.", path=path)
    moment = to_moment(timestamp)
    if moment is None:
        raise PayloadError("A time is not in epoch seconds.", path=path)
    return moment


def _country(code: str | None) -> str | None:
    if code is None or len(code) != 2 or not (code.isascii() and code.isalpha()):  # noqa: PLR2004 - ISO 3166-1 alpha-2
        return None
    return code.upper()
