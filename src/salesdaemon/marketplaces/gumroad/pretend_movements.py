"""What each sale of the pretend shop moves in the seller's balance, and when.

Source: Gumroad's public source (`app/services/exports/payouts/base.rb`,
`decrement_balance_for_refund_or_chargeback!`), read 2026-11.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

from salesdaemon.marketplaces.gumroad.pretend_sale import Refund, Sale, retained_of

Key = tuple[str, str]
SOLD = "sale"


@dataclass(frozen=True, slots=True)
class Movement:
    """One row of a payout to be. US cents; None where the vendor leaves the field empty.

    `fees` has the vendor's sign: taken is positive. `affiliates` is what moves beside the row,
    in a sum of the day: below zero what own affiliates got. `processor` names the seller's own
    one, by which the vendor pays nothing out.
    """

    key: Key
    day: date
    type: str
    net: int
    price: int | None = None
    fees: int | None = None
    sale: Sale | None = None
    affiliates: int = 0
    processor: str | None = None


def movements_of(sale: Sale) -> Iterator[Movement]:
    """Tell all that a sale has moved so far, in the order of time."""
    if not sale.charged:
        return
    cut = sale.affiliate or 0
    yield _movement(sale, SOLD, sale.listed, "Sale", price=sale.charged, fees=sale.fee, cut=-cut)
    given = 0
    for refund in sale.refunds:
        yield _refund(sale, refund, given)
        given += refund.amount
    yield from _disputes(sale, given)


def day_of(at: float) -> date:
    """Tell the UTC day of a moment."""
    return datetime.fromtimestamp(at, UTC).date()


def processor_of(sale: Sale) -> str | None:
    """Name the seller's own processor that a sale ran on."""
    if not sale.own_processor:
        return None
    return "PayPal" if sale.order_id % 2 else "Stripe Connect"


def _refund(sale: Sale, refund: Refund, given: int) -> Movement:
    share = sale.fee * refund.amount // sale.charged
    back = _affiliate_back(sale, given + refund.amount) - _affiliate_back(sale, given)
    key, processor = f"refund {refund.number}", processor_of(sale)
    if processor:
        name = f"{processor} Refund"
        return _movement(
            sale, key, refund.at, name, price=-refund.amount, fees=share, cut=back, fee_sign=1
        )
    fees = retained_of(refund.amount, sale.charged) - share
    if refund.amount == sale.charged:
        return _movement(
            sale, key, refund.at, "Full Refund", price=-refund.amount, fees=fees, cut=back
        )
    return _movement(
        sale, key, refund.at, "Partial Refund", price=-refund.amount, fees=fees, inside=back
    )


def _disputes(sale: Sale, given: int) -> Iterator[Movement]:
    """Tell what disputes take and give; what was refunded before is not taken again."""
    price = given - sale.charged
    fees = sale.fee * price // sale.charged if price else 0
    cut = (sale.affiliate or 0) - _affiliate_back(sale, given)
    for number, step in enumerate(sale.dispute_steps):
        key = f"dispute {number}"
        if step.won:
            credit = fees - price
            yield Movement(
                key=(sale.id, key),
                day=day_of(step.at),
                type="Credit",
                net=credit,
                price=credit,
                sale=sale,
                affiliates=-cut,
                processor=processor_of(sale),
            )
        else:
            yield _movement(sale, key, step.at, "Chargeback", price=price, fees=fees, cut=cut)


def _affiliate_back(sale: Sale, given: int) -> int:
    return -(-(sale.affiliate or 0) * given // sale.charged)


def _movement(
    sale: Sale,
    key: str,
    at: float,
    name: str,
    *,
    price: int,
    fees: int,
    cut: int = 0,
    inside: int = 0,
    fee_sign: int = -1,
) -> Movement:
    """Make a row of a sale; `inside` is an affiliate's part that the row's own net holds."""
    return Movement(
        key=(sale.id, key),
        day=day_of(at),
        type=name,
        net=price + fee_sign * fees + inside,
        price=price,
        fees=fees,
        sale=sale,
        affiliates=cut,
        processor=processor_of(sale),
    )
