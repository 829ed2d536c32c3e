"""The truth about every pretend order and the account, in the words of the product's contract.

Written from the contract alone and from what was put in, never from the JSON that is served, so
that a daemon which reads that JSON can be held against it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

from salesdaemon.marketplaces.etsy.pretend_charges import (
    Posting,
    Role,
    Rules,
    events,
    goods,
    postings,
)
from salesdaemon.marketplaces.etsy.pretend_ledger import Ledger
from salesdaemon.marketplaces.etsy.pretend_orders import EXPONENTS, Item, Order, Shop

FIGURES = ("fees", "fees_refunded", "net")


def entry(order: Order, shop: Shop) -> dict[str, object]:
    """Say what one order is: exact decimal strings, UTC moments, items in the receipt's order."""
    gross = gross_of(order)
    paid_at = order.created if order.paid is None else order.paid
    return {
        "sale_id": str(order.receipt_id),
        "status": _status(order),
        "kind": "sale" if gross else "free",
        "currency": shop.currency,
        "gross": _decimal(gross, shop.currency),
        "refunded": _decimal(_refunded(order, gross), shop.currency),
        "paid_at": _moment(paid_at),
        "country": order.country,
        "items": [
            {
                "product_id": None if item.listing_id is None else str(item.listing_id),
                "product": item.title,
                "quantity": item.quantity,
                "gross": _decimal(share, shop.currency),
                "passive": item.is_digital and not item.personalised,
            }
            for item, share in zip(order.items, _shares(order.items, gross), strict=True)
        ],
    }


def settled_entry(order: Order, shop: Shop, rules: Rules, now: int) -> dict[str, object]:
    """Say the same with what the account holds by now: `fees`, `fees_refunded` and `net`.

    They are None until the account holds all that the contract asks for, and in a shop that is
    paid in another currency, where `settled` tells the net in that one.
    """
    found = entry(order, shop) | dict.fromkeys((*FIGURES, "settled"))
    posted = list(_posted(order, rules, now))
    complete = _is_complete(order, rules, now)
    found["fees_exact"] = complete and rules.currency == shop.currency
    if not complete:
        return found
    if rules.currency != shop.currency:
        net = sum(rules.converted(each.amount, shop) for each in posted)
        settled = {"currency": rules.currency, "net": _decimal(net, rules.currency)}
        return found | {"settled": settled}
    return found | _figures(posted, shop, gross_of(order))


def account(orders: Iterable[Order], shop: Shop, ledger: Ledger, now: int) -> dict[str, object]:
    """Say what stands on the account by now beside the sales: sums by type, and the balance.

    `sales` is all that belongs to orders. Payouts are positive, oldest first.
    """
    rules = ledger.rules
    sales = sum(
        rules.converted(posting.amount, shop)
        for order in orders
        for posting in _posted(order, rules, now)
    )
    lines = [(at, line) for at, line, _ in ledger.lines if at <= now]

    def by_type(role: Role) -> dict[str, str]:
        sums: Counter[str] = Counter()
        for _, line in lines:
            if line.role is role:
                sums[line.kind] += line.amount
        return {kind: _decimal(amount, rules.currency) for kind, amount in sorted(sums.items())}

    return {
        "currency": rules.currency,
        "sales": _decimal(sales, rules.currency),
        "costs": by_type(Role.COST),
        "transfers": by_type(Role.TRANSFER),
        "other": by_type(Role.OTHER),
        "payouts": [
            {"made_at": _moment(at), "amount": _decimal(-line.amount, rules.currency)}
            for at, line in lines
            if line.role is Role.PAYOUT
        ],
        "balance": _decimal(sales + sum(line.amount for _, line in lines), rules.currency),
    }


def gross_of(order: Order) -> int:
    """Find what the buyer paid for goods, shipping and gift wrap, without tax, in minor units."""
    from_total = order.grandtotal - order.tax - order.vat
    from_parts = order.total - order.discount + order.shipping + order.gift_wrap
    if from_parts + order.tax == order.grandtotal:  # VAT is shown beside the total, not in it
        return from_parts
    return from_total


def _posted(order: Order, rules: Rules, now: int) -> Iterator[Posting]:
    for event in events(order, rules):
        if event.at <= now:
            yield from postings(event, rules)


def _is_complete(order: Order, rules: Rules, now: int) -> bool:
    """Tell whether payment, processing fee, a fee for each item and one for shipping are there.

    A refund that the order shows has to be posted as well.
    """
    if order.paid is None or order.paid + rules.fees_after > now or not order.grandtotal:
        return False
    shares = _shares(order.items, gross_of(order))
    charged = all(
        goods(order, item) > 0 for item, share in zip(order.items, shares, strict=True) if share > 0
    )
    given = any(refund.created <= now for refund in (*order.refunds, *order.failed_refunds))
    return charged and (given or not (order.refunded or order.cancelled))


def _figures(posted: list[Posting], shop: Shop, gross: int) -> dict[str, object]:
    def total(*roles: Role, sign: int = 0) -> int:
        return sum(each.amount for each in posted if each.role in roles and sign * each.amount >= 0)

    refunded = -total(Role.GIVEN) - total(Role.TAX, sign=1)
    amounts = {
        "refunded": max(0, min(gross, refunded)),
        "fees": -total(Role.FEE),
        "fees_refunded": total(Role.FEE_BACK),
        "net": sum(each.amount for each in posted),
    }
    return {name: _decimal(amount, shop.currency) for name, amount in amounts.items()}


def _status(order: Order) -> str:
    if order.cancelled:
        return "cancelled"
    if order.refunded:
        return "refunded" if order.refunded == "fully" else "partially_refunded"
    return "unpaid" if order.paid is None else "paid"


def _refunded(order: Order, gross: int) -> int:
    listed = sum(refund.amount for refund in order.refunds if refund.listed)
    if order.cancelled and order.paid is not None:
        return gross
    if order.refunded == "fully" and not listed:
        return gross
    if not listed:
        return 0
    return min(gross, round(Fraction(listed * gross, order.grandtotal)))  # half to even


def _shares(items: list[Item], gross: int) -> list[int]:
    total = sum(item.total for item in items)
    shares = [gross * item.total // total if total else 0 for item in items]
    largest = max(range(len(items)), key=lambda index: items[index].total)
    shares[largest] += gross - sum(shares)
    return shares


def _decimal(amount: int, currency: str) -> str:
    decimals = EXPONENTS.get(currency, 2)
    return str(Decimal(amount).scaleb(-decimals).quantize(Decimal(1).scaleb(-decimals)))


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
