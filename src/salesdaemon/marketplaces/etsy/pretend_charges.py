"""What the pretend Etsy charges: the postings that an order and its refunds lead to.

Amounts are signed minor units of the shop's currency, from the seller's view. Each posting knows
its role beside its type, so that the books add up what was meant and not what is served.

Source: Etsy's Fees & Payments Policy, and the types seen in etsy/open-api issues 442 and 531.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

from salesdaemon.marketplaces.etsy.pretend_orders import DAY, EXPONENTS, Item, Order, Refund, Shop

PAYMENT_OFFSET = 180_000_000_000
TRANSACTION_PERMILLE = 65
PROCESSING_PERMILLE = 40
PROCESSING_FIXED = 30
RENEWAL_FEE = 18


class Role(StrEnum):
    """What a posting is to the seller."""

    PAID = "paid"
    TAX = "tax"
    GIVEN = "given"
    FEE = "fee"
    FEE_BACK = "fee back"
    COST = "cost"
    PAYOUT = "payout"
    TRANSFER = "transfer"
    OTHER = "other"


class Step(StrEnum):
    """What happened to an order that is posted together."""

    PAYMENT = "payment"
    FEES = "fees"
    ADS = "ads"
    REFUND = "refund"
    FAILURE = "failure"


class Posting(NamedTuple):
    """One line to be posted. `child_of_previous` is a tax on the line before it."""

    kind: str
    amount: int
    reference: str
    reference_id: int
    role: Role
    child_of_previous: bool = False


class Event(NamedTuple):
    """Postings of one order that are due at an epoch second."""

    at: int
    step: Step
    order: Order
    refund: Refund | None = None


@dataclass(slots=True)
class Rules:
    """How the account charges and in what it counts.

    `currency` is that of the payment account, `rate` how much of it one whole unit of the shop's
    currency makes, `units` how many of the ledger's integers do. Shares are per mille, but
    `regulatory` per 100,000. Fees are posted `fees_after` seconds after the payment, the fee of
    an advertised order `ads_after` seconds.
    """

    currency: str
    units: int
    rate: Fraction = Fraction(1)
    vat: int = 200
    regulatory: int = 400
    ads: int = 150
    fees_after: int = 0
    ads_after: int = 2 * DAY

    @property
    def exponent(self) -> int:
        """Decimals of the account's currency."""
        return EXPONENTS.get(self.currency, 2)

    def converted(self, amount: int, shop: Shop) -> int:
        """Turn minor units of the shop's currency into those of the account's."""
        if self.currency == shop.currency:
            return amount
        exact = amount * self.rate * 10**self.exponent / 10**shop.exponent
        whole = int(abs(exact) + Fraction(1, 2))  # half away from zero
        return -whole if exact < 0 else whole

    def sent(self, minor: int) -> int:
        """Turn minor units of the account's currency into the ledger's integers."""
        return int(minor * self.units // 10**self.exponent)


def payment_id(order: Order) -> int:
    """Number the payment of an order."""
    return PAYMENT_OFFSET + order.receipt_id


def processing_fee(amount: int) -> int:
    """Charge for a payment of this much, tax included."""
    return (amount * PROCESSING_PERMILLE + 500) // 1000 + PROCESSING_FIXED


def collected_tax(order: Order) -> int:
    """Tax in the payment that Etsy hands on."""
    return order.tax + (order.vat if order.vat_in_grandtotal else 0)


def goods(order: Order, item: Item) -> int:
    """What was paid for an item after its share of the discount: the base of its fee."""
    return item.total - (order.discount * item.total // order.total if order.total else 0)


def events(order: Order, rules: Rules) -> Iterator[Event]:
    """List all that is posted for an order, ever."""
    if order.paid is None:
        return
    yield Event(order.paid, Step.PAYMENT, order)
    yield Event(order.paid + rules.fees_after, Step.FEES, order)
    if order.advertised:
        yield Event(order.paid + rules.ads_after, Step.ADS, order)
    for refund in (*order.refunds, *order.failed_refunds):
        yield Event(refund.created, Step.REFUND, order, refund)
        if refund.failed is not None:
            yield Event(refund.failed, Step.FAILURE, order, refund)


def postings(event: Event, rules: Rules) -> list[Posting]:
    """Write down what one event posts, in the order of the ledger."""
    order = event.order
    if not order.grandtotal:
        return list(_renewals(order)) if event.step is Step.FEES else []
    if event.refund is not None:
        write = _failure if event.step is Step.FAILURE else _refund
        return list(write(order, event.refund, rules))
    by_step = {Step.PAYMENT: _payment, Step.FEES: _fees, Step.ADS: _ads}
    return list(by_step[event.step](order, rules))


def _payment(order: Order, rules: Rules) -> Iterator[Posting]:
    payment = payment_id(order)
    whole = order.grandtotal
    yield Posting("PAYMENT_GROSS", whole, "shop_payment", payment, Role.PAID)
    fee = processing_fee(whole)
    yield from _charged("PAYMENT_PROCESSING_FEE", fee, "processing_fee", payment, rules)
    if tax := collected_tax(order):
        yield Posting("sales_tax", -tax, "receipt", order.receipt_id, Role.TAX)


def _fees(order: Order, rules: Rules) -> Iterator[Posting]:
    receipt = order.receipt_id
    for item in order.items:
        fee = _transaction_fee(goods(order, item))
        yield from _charged("transaction", fee, "transaction", item.transaction_id, rules)
    yield from _renewals(order)
    shipping = _transaction_fee(order.shipping)
    yield from _charged("shipping_transaction", shipping, "receipt", receipt, rules)
    wrap = _transaction_fee(order.gift_wrap)
    yield from _charged("gift_wrap_fees", wrap, "receipt", receipt, rules)
    regulatory = _regulatory_fee(order, rules)
    yield from _charged("regulatory_operating_fee", regulatory, "receipt", receipt, rules)


def _renewals(order: Order) -> Iterator[Posting]:
    for item in order.items:
        if item.listing_id is None:
            continue
        yield Posting("renew_sold_auto", -RENEWAL_FEE, "listing", item.listing_id, Role.FEE)
        if more := item.quantity - 1:
            fee = -RENEWAL_FEE * more
            line = item.transaction_id
            yield Posting("transaction_quantity", fee, "transaction", line, Role.FEE)


def _ads(order: Order, rules: Rules) -> Iterator[Posting]:
    yield from _charged(
        "offsite_ads_fee", _ads_fee(order, rules), "receipt", order.receipt_id, rules
    )


def _refund(order: Order, refund: Refund, rules: Rules) -> Iterator[Posting]:
    share = _Share(refund, order.grandtotal)
    payment = payment_id(order)
    yield Posting("REFUND", -refund.amount, "shop_payment", payment, Role.GIVEN)
    for kind, fee, reference, number in _refundable(order, refund, rules):
        yield from _given_back(kind, fee, share, reference, number, rules)
    if tax := share.beside(order.grandtotal - collected_tax(order)):
        yield Posting("sales_tax", tax, "receipt", order.receipt_id, Role.TAX)


def _failure(order: Order, refund: Refund, rules: Rules) -> Iterator[Posting]:
    """Take a refund back: the money returns and the fees are charged once more."""
    charged = {"REFUND_PROCESSING_FEE": "PAYMENT_PROCESSING_FEE"}
    for posting in _refund(order, refund, rules):
        role = Role.FEE if posting.role is Role.FEE_BACK else posting.role
        kind = charged.get(posting.kind, posting.kind.removesuffix("_refund"))
        yield posting._replace(kind=kind, amount=-posting.amount, role=role)


def _refundable(order: Order, refund: Refund, rules: Rules) -> Iterator[tuple[str, int, str, int]]:
    """List what is given back in the share of a refund: type, whole fee, reference."""
    receipt = order.receipt_id
    processing = processing_fee(order.grandtotal)
    yield "REFUND_PROCESSING_FEE", processing, "processing_fee", payment_id(order)
    for item in order.items:
        fee = _transaction_fee(goods(order, item))
        yield "transaction_refund", fee, "transaction", item.transaction_id
    yield "shipping_transaction_refund", _transaction_fee(order.shipping), "receipt", receipt
    advertised = order.advertised and order.paid is not None
    if advertised and refund.created >= (order.paid or 0) + rules.ads_after:
        yield "offsite_ads_fee_refund", _ads_fee(order, rules), "receipt", receipt


class _Share:
    """The part of an order that one refund gives back; several add up to the whole."""

    def __init__(self, refund: Refund, whole: int) -> None:
        self._before = refund.before
        self._after = refund.before + refund.amount
        self._whole = whole

    def of(self, amount: int) -> int:
        return amount * self._after // self._whole - amount * self._before // self._whole

    def beside(self, goods: int) -> int:
        """Give back what is left of the refund beside the share of the goods, half to even."""
        before, after = (
            given - round(Fraction(given * goods, self._whole))
            for given in (self._before, self._after)
        )
        return after - before


def _given_back(  # noqa: PLR0917 - one line of the ledger, in the order of its parts
    kind: str, fee: int, share: _Share, reference: str, number: int, rules: Rules
) -> Iterator[Posting]:
    back = share.of(fee)
    if not back:
        return
    yield Posting(kind, back, reference, number, Role.FEE_BACK)
    if vat := share.of(_vat(fee, rules)):
        yield Posting(_vat_kind(kind), vat, "etsy", 0, Role.FEE_BACK, child_of_previous=True)


def _charged(kind: str, fee: int, reference: str, number: int, rules: Rules) -> Iterator[Posting]:
    if not fee:
        return
    yield Posting(kind, -fee, reference, number, Role.FEE)
    if vat := _vat(fee, rules):
        yield Posting(_vat_kind(kind), -vat, "etsy", 0, Role.FEE, child_of_previous=True)


def _vat_kind(kind: str) -> str:
    return "vat_on_processing_fees" if "PROCESSING" in kind else "vat_seller_services"


def _vat(fee: int, rules: Rules) -> int:
    return fee * rules.vat // 1000


def _transaction_fee(amount: int) -> int:
    """Charge at least the smallest coin for what was paid at all."""
    return max(1, (amount * TRANSACTION_PERMILLE + 500) // 1000) if amount > 0 else 0


def _regulatory_fee(order: Order, rules: Rules) -> int:
    base = order.total - order.discount + order.shipping + order.gift_wrap
    return base * rules.regulatory // 100_000


def _ads_fee(order: Order, rules: Rules) -> int:
    return (order.total - order.discount + order.shipping) * rules.ads // 1000
