"""Turn the lines of a marketplace's books into what each sale brought. Pure.

Books tell every movement of money: payments, taxes, fees, refunds, payouts. Their amounts come as
sent, which for some currencies is not in minor units; a payment's own amount shows the scale.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from salesdaemon.domain.money import exponent, proportion
from salesdaemon.domain.sale import Sale, Status


class EntryKind(StrEnum):
    """What a line of the books is; the first nine belong to a sale, the others to the shop."""

    PAYMENT = "payment"  # what the buyer paid, tax included
    TAX = "tax"  # tax that the marketplace collects and hands on, out or in again
    REFUND = "refund"  # given back to the buyer, tax included
    PROCESSING_FEE = "processing_fee"
    ITEM_FEE = "item_fee"
    SHIPPING_FEE = "shipping_fee"
    FEE = "fee"  # any other fee of a sale, the tax on its fees and what is given back of them
    AFFILIATE = "affiliate"
    DISPUTE = "dispute"  # taken by a buyer's bank, or given back; in no figure: the status decides
    COST = "cost"  # of the shop: ads, listings, labels, subscription
    PAYOUT = "payout"
    TRANSFER = "transfer"  # money moved otherwise: a reserve, a bill paid
    OTHER = "other"  # a kind that nobody has named yet


FEE_KINDS = frozenset(
    {EntryKind.PROCESSING_FEE, EntryKind.ITEM_FEE, EntryKind.SHIPPING_FEE, EntryKind.FEE}
)
SALE_KINDS = FEE_KINDS | {
    EntryKind.PAYMENT,
    EntryKind.TAX,
    EntryKind.REFUND,
    EntryKind.AFFILIATE,
    EntryKind.DISPUTE,
}


class About(StrEnum):
    """What a line refers to: a sale, one line of an order, a product, another entry, the shop."""

    SALE = "sale"
    LINE = "line"
    PRODUCT = "product"
    ENTRY = "entry"
    SHOP = "shop"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the books. `amount` is signed and as sent; from the seller's view.

    `name` is the marketplace's own word. `sequence` orders entries in time. `of_sale` is the sale
    it was attributed to, once that is known; `imported` says that it came from a file.
    """

    entry_id: str
    sequence: int
    posted_at: datetime
    kind: EntryKind
    name: str
    amount: int
    currency: str
    about: About
    about_id: str | None = None
    of_sale: str | None = None
    imported: bool = False


@dataclass(frozen=True, slots=True)
class Payout:
    """Money sent, or to be sent, to the seller's bank. Amount in minor units.

    `payout_id` is "upcoming" for the one that is not made yet. `arrives_on` is what the
    marketplace says, or an estimate where `estimated`.
    """

    payout_id: str
    amount_minor: int
    currency: str
    status: str
    made_on: date | None = None
    arrives_on: date | None = None
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class ShopLine:
    """What a kind of entry came to on one of the seller's days. Minor units, the seller's view."""

    shop: str
    day: date
    kind: EntryKind
    name: str
    currency: str
    amount_minor: int


UPCOMING = "upcoming"


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Where the books and the order differ: which figure, and both values in minor units."""

    figure: str
    listed_minor: int
    booked_minor: int


def settle(sale: Sale, entries: Iterable[Entry], scales: Mapping[str, int]) -> Sale:
    """Return a sale as listed with the figures that the books give it, where they are complete.

    The order and number of entries make no difference, and a repeated entry counts once.
    `scales` says by currency how many of the books' units make one minor unit, where that is
    known; a payment in the sale's own currency shows it by itself.
    """
    own = entries_of_sale(entries)
    currencies = {entry.currency for entry in own}
    if sale.status is Status.DISPUTED or not is_complete(sale, own):
        free = not (sale.gross_minor or sale.charged_minor) and currencies == {sale.currency}
        known = _with_fees(sale, own, scales) if free else sale
        return replace(known, settled_currency=None, settled_net_minor=None)
    if currencies == {sale.currency}:
        scale = scale_of(sale, own) or scales.get(sale.currency, 1)
        return _settle_in_own_currency(sale, own, scale)
    if len(currencies) > 1:
        return replace(sale, settled_currency=None, settled_net_minor=None)
    (currency,) = currencies
    total = sum(entry.amount for entry in own)
    return replace(
        sale, settled_currency=currency, settled_net_minor=_minor(total, scales.get(currency, 1))
    )


def entries_of_sale(entries: Iterable[Entry]) -> list[Entry]:
    """Return the entries that make up a sale's figures, each once, in the order of the books.

    What the marketplace itself answers beats what was imported from files.
    """
    known = {entry.entry_id: entry for entry in entries if entry.kind in SALE_KINDS}
    ordered = sorted(known.values(), key=lambda entry: (entry.sequence, entry.entry_id))
    answered = [entry for entry in ordered if not entry.imported]
    if any(entry.kind is EntryKind.PAYMENT for entry in answered):
        return answered
    imported = [entry for entry in ordered if entry.imported]
    return imported or answered


def is_complete(sale: Sale, own: Sequence[Entry]) -> bool:
    """Tell whether the books hold all that a paid sale must have brought: see the figures' page.

    The payment, the processing fee, a fee for each item that was paid for, and one for shipping
    where there was any. A fee that names no item of an order stands for any one of them.
    """
    # The amount of a fee that was given back is positive, and the fee itself may be yet to come.
    taken = [entry for entry in own if entry.kind not in FEE_KINDS or entry.amount <= 0]
    kinds = {entry.kind for entry in taken}
    if not {EntryKind.PAYMENT, EntryKind.PROCESSING_FEE} <= kinds:
        return False
    if sale.shipping_minor and EntryKind.SHIPPING_FEE not in kinds:
        return False
    fees = [entry for entry in taken if entry.kind is EntryKind.ITEM_FEE]
    named = {entry.about_id for entry in fees if entry.about is About.LINE}
    unnamed = sum(entry.about is not About.LINE for entry in fees)
    lines = [item for item in sale.items if item.line_id is not None and item.gross_minor > 0]
    missing = sum(item.line_id not in named for item in lines)
    return missing <= unnamed


def scale_of(sale: Sale, own: Iterable[Entry]) -> int | None:
    """Return how many of the books' units make one minor unit, by the sale's own payment.

    Only currencies without two decimals are in doubt. None where the payment does not tell.
    """
    if exponent(sale.currency) == 2:  # noqa: PLR2004 - cents are cents
        return 1
    paid = sum(
        entry.amount
        for entry in own
        if entry.kind is EntryKind.PAYMENT and entry.currency == sale.currency
    )
    charged = sale.charged_minor if sale.charged_minor is not None else sale.gross_minor
    if not paid or not charged:
        return None
    ratio, rest = divmod(paid, charged)
    return ratio if not rest and ratio in {1, 10, 100, 1000} else None


def contradictions(
    sale: Sale, entries: Iterable[Entry], scales: Mapping[str, int]
) -> list[Contradiction]:
    """List where complete books differ from the order as listed: payment, gross, refund."""
    own = entries_of_sale(entries)
    if not is_complete(sale, own) or {entry.currency for entry in own} != {sale.currency}:
        return []
    scale = scale_of(sale, own) or scales.get(sale.currency, 1)
    sums = _Sums.of(own, scale)
    charged = sale.charged_minor if sale.charged_minor is not None else sale.gross_minor
    found = [
        Contradiction("charged", charged, sums.paid),
        Contradiction("gross", sale.gross_minor, sums.paid - sums.tax_taken),
    ]
    if sums.refund_posted:
        found.append(Contradiction("refunded", sale.refunded_minor, _refunded(sale, sums)))
    # Listed refunds may include tax, so that their share of the gross was rounded once more.
    refunds = sum(entry.kind is EntryKind.REFUND and entry.amount < 0 for entry in own)
    slack = {"refunded": refunds}
    return [
        each
        for each in found
        if abs(each.listed_minor - each.booked_minor) > slack.get(each.figure, 0)
    ]


@dataclass(frozen=True, slots=True)
class _Sums:
    """Minor units, none of them negative unless the books are odd."""

    paid: int
    tax_taken: int
    tax_back: int
    given: int
    refund_posted: bool
    fees: int
    fees_back: int
    affiliate: int
    affiliate_posted: bool

    @classmethod
    def of(cls, own: Sequence[Entry], scale: int) -> "_Sums":
        def total(*kinds: EntryKind, sign: int = 0) -> int:
            amounts = (entry.amount for entry in own if entry.kind in kinds)
            return _minor(sum(each for each in amounts if sign * each >= 0), scale)

        taken, back = _taxes(own)
        return cls(
            paid=total(EntryKind.PAYMENT),
            tax_taken=_minor(taken, scale),
            tax_back=_minor(back, scale),
            given=-total(EntryKind.REFUND),
            refund_posted=any(entry.kind is EntryKind.REFUND for entry in own),
            fees=-total(*FEE_KINDS, sign=-1),
            fees_back=total(*FEE_KINDS, sign=1),
            affiliate=-total(EntryKind.AFFILIATE),
            affiliate_posted=any(entry.kind is EntryKind.AFFILIATE for entry in own),
        )


def _taxes(own: Sequence[Entry]) -> tuple[int, int]:
    """Return the tax that was taken out of the payment, and what of it came back with refunds.

    A refund that failed takes its tax once more; then what follows the first refund is netted.
    """
    places = [place for place, entry in enumerate(own) if entry.kind is EntryKind.REFUND]
    taxes = [
        (place, entry.amount) for place, entry in enumerate(own) if entry.kind is EntryKind.TAX
    ]
    if any(own[place].amount > 0 for place in places):
        taken = -sum(amount for place, amount in taxes if place < places[0])
        return taken, sum(amount for place, amount in taxes if place > places[0])
    taken = -sum(amount for _, amount in taxes if amount < 0)
    return taken, sum(amount for _, amount in taxes if amount > 0)


def _with_fees(sale: Sale, own: Sequence[Entry], scales: Mapping[str, int]) -> Sale:
    """Return a free order with the fees that the books hold; no payment ever completes them."""
    sums = _Sums.of(own, scales.get(sale.currency, 1))
    return replace(sale, fees_minor=sums.fees, fees_refunded_minor=sums.fees_back)


def _settle_in_own_currency(sale: Sale, own: Sequence[Entry], scale: int) -> Sale:
    sums = _Sums.of(own, scale)
    settled = replace(
        sale,
        fees_minor=sums.fees,
        fees_refunded_minor=sums.fees_back,
        # Books that tell no sale's affiliate leave that to the order.
        affiliate_minor=sums.affiliate if sums.affiliate_posted else sale.affiliate_minor,
        settled_currency=None,
        settled_net_minor=None,
    )
    if sale.refunded_minor > _posted(sale, own, scale):
        # The order shows a refund that is not in the books yet, or a further one.
        back = max(sums.fees_back, _estimated_back(sale, sums))
        return replace(settled, fees_refunded_minor=back, fees_exact=False)
    refunded = _refunded(sale, sums)
    return replace(
        settled,
        status=_status(sale, refunded),
        refunded_minor=refunded,
        refunded_exact=True,
        fees_exact=True,
    )


def _posted(sale: Sale, own: Sequence[Entry], scale: int) -> int:
    """Return how much may be listed as refunded with no refund missing in the books.

    A refund that failed was posted too, and rounding may list each a minor unit higher.
    """
    refunds = [entry for entry in own if entry.kind is EntryKind.REFUND and entry.amount < 0]
    if not refunds:
        return 0
    failures = {
        entry.entry_id
        for entry in own[own.index(refunds[0]) :]
        if (entry.kind is EntryKind.REFUND and entry.amount > 0)
        or (entry.kind is EntryKind.TAX and entry.amount < 0)
    }
    outgoing = [entry for entry in own if entry.entry_id not in failures]
    derived = 0 if sale.refunded_exact else 1
    return _refunded(sale, _Sums.of(outgoing, scale)) + len(refunds) + derived


def _estimated_back(sale: Sale, sums: _Sums) -> int:
    """Return the part of the fees that comes back: in the order's own estimate where it has one."""
    if sale.fees_minor and sale.fees_refunded_minor:
        return proportion(sums.fees, sale.fees_refunded_minor, sale.fees_minor)
    return proportion(sums.fees, sale.refunded_minor, sale.gross_minor)


def _refunded(sale: Sale, sums: _Sums) -> int:
    """Return the part of the gross given back.

    The books give the tax back on a line of its own; until they have, its share is taken out.
    """
    charged = sale.charged_minor if sale.charged_minor is not None else sale.gross_minor
    if sums.tax_taken and not sums.tax_back and charged > 0:
        refunded = proportion(sums.given, sale.gross_minor, charged)
    else:
        refunded = sums.given - sums.tax_back
    return max(0, min(refunded, sale.gross_minor))


def _status(sale: Sale, refunded: int) -> Status:
    """Return the status; a refund may be in the books long before the order is read again."""
    if sale.status is not Status.PAID or not refunded:
        return sale.status
    return Status.REFUNDED if refunded >= sale.gross_minor else Status.PARTIALLY_REFUNDED


def _minor(amount: int, scale: int) -> int:
    """Turn the books' units into minor units, half to even where they are finer."""
    return amount if scale == 1 else proportion(amount, 1, scale)
