"""Sales, shop costs and payouts as double-entry bookkeeping. Pure.

Every transaction balances in each of its currencies by itself. A shop's money lies in
assets:marketplaces until a payout moves it to assets:bank.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from salesdaemon.domain.ledger import FEE_KINDS, UPCOMING, EntryKind, Payout, ShopLine

# What marketplaces call a payout whose money has not left, or came back.
_NOT_PAID_OUT = frozenset(
    {"cancelled", "failed", "payable", "paused", "returned", "reversed", "unclaimed", "upcoming"}
)
_OWN_COSTS = FEE_KINDS | {EntryKind.COST}


@dataclass(frozen=True, slots=True)
class SalesDay:
    """What a shop's paid sales of one day came to in one currency, in minor units.

    `estimated` counts those whose fees are estimated, `derived` those whose refund is.
    """

    day: date
    shop: str
    currency: str
    sales: int
    gross: int
    refunded: int
    fees: int
    fees_refunded: int
    affiliate: int
    net: int
    estimated: int = 0
    derived: int = 0


@dataclass(frozen=True, slots=True)
class Settlement:
    """What sales of one day and currency brought in the other currency that a shop is paid in.

    `net` counts minor units of `currency`, `settled` those of `settled_currency`.
    """

    day: date
    shop: str
    currency: str
    net: int
    settled_currency: str
    settled: int


@dataclass(frozen=True, slots=True)
class Posting:
    """An amount on an account, in minor units; `account` names it in parts, outermost first."""

    account: tuple[str, ...]
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class Transaction:
    """Money that moved on one day. The postings of each currency add up to zero.

    `remarks` say what of it is estimated; empty where all of it is exact.
    """

    day: date
    shop: str
    what: str
    postings: tuple[Posting, ...]
    remarks: tuple[str, ...] = ()


def to_transactions(
    sales: Iterable[SalesDay],
    settlements: Iterable[Settlement] = (),
    lines: Iterable[ShopLine] = (),
    payouts: Iterable[tuple[str, Payout]] = (),
) -> list[Transaction]:
    """Turn what happened into transactions, oldest first; one without any amount is left out.

    Payouts come with their shop. The lines of the books that tell of the same payouts are left
    out, and payouts that are not made yet, or came back.
    """
    found = [
        *map(_of_sales, sales),
        *map(_of_settlement, settlements),
        *(_of_line(line) for line in lines if line.kind is not EntryKind.PAYOUT),
        *(_of_payout(shop, payout) for shop, payout in payouts),
    ]
    # Sorting keeps the order of equals: a day's sales come before what was done with their money.
    return sorted(
        (one for one in found if one is not None and one.postings),
        key=lambda one: (one.day, one.shop),
    )


def _of_sales(day: SalesDay) -> Transaction:
    count = f"{day.sales} sale{'s' if day.sales != 1 else ''}"
    postings = tuple(_sales_postings(day))
    return Transaction(day.day, day.shop, count, postings, tuple(_remarks(day)))


def _sales_postings(day: SalesDay) -> Iterator[Posting]:
    shop = day.shop
    amounts = [
        (("assets", "marketplaces", shop), day.net),
        (("income", "sales", shop), -day.gross),
        (("income", "refunds", shop), day.refunded),
        (("expenses", "fees", shop), day.fees),
        (("expenses", "fees", shop), -day.fees_refunded),
        (("expenses", "affiliates", shop), day.affiliate),
    ]
    # While a sale is disputed the marketplace holds everything back, whatever its other figures.
    amounts.append((("expenses", "disputes", shop), -sum(amount for _, amount in amounts)))
    return (Posting(account, amount, day.currency) for account, amount in amounts if amount)


def _remarks(day: SalesDay) -> Iterator[str]:
    if day.estimated:
        yield f"fees estimated for {day.estimated} of them"
    if day.derived:
        yield f"refund estimated for {day.derived} of them"


def _of_settlement(settlement: Settlement) -> Transaction:
    asset = ("assets", "marketplaces", settlement.shop)
    exchange = ("equity", "conversions", settlement.shop)
    amounts = [
        *_moved(asset, exchange, settlement.net, settlement.currency),
        *_moved(exchange, asset, settlement.settled, settlement.settled_currency),
    ]
    what = f"Paid in {settlement.settled_currency}"
    return Transaction(settlement.day, settlement.shop, what, tuple(amounts))


def _of_line(line: ShopLine) -> Transaction:
    asset = ("assets", "marketplaces", line.shop)
    other = (*_account_of(line.kind), line.shop, line.name)
    postings = tuple(_moved(other, asset, line.amount_minor, line.currency))
    return Transaction(line.day, line.shop, line.name, postings)


def _account_of(kind: EntryKind) -> tuple[str, str]:
    """Name the account that a shop's own entry is booked against.

    Payments, refunds and taxes are among them only where their order is not known.
    """
    if kind in _OWN_COSTS:
        return "expenses", "marketplaces"
    if kind is EntryKind.TRANSFER:
        return "assets", "transfers"
    return "equity", "uncategorised"


def is_paid_out(payout: Payout) -> bool:
    """Tell whether the money of a payout left the marketplace, and did not come back."""
    return payout.payout_id != UPCOMING and payout.status.lower() not in _NOT_PAID_OUT


def _of_payout(shop: str, payout: Payout) -> Transaction | None:
    if not is_paid_out(payout) or payout.made_on is None:
        return None
    asset, bank = ("assets", "marketplaces", shop), ("assets", "bank", shop)
    postings = tuple(_moved(asset, bank, payout.amount_minor, payout.currency))
    return Transaction(payout.made_on, shop, "Payout", postings)


def _moved(
    origin: tuple[str, ...], target: tuple[str, ...], amount_minor: int, currency: str
) -> Sequence[Posting]:
    if not amount_minor:
        return ()
    return (Posting(target, amount_minor, currency), Posting(origin, -amount_minor, currency))
