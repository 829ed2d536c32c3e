"""Etsy's export of orders: each row one order, without its items, and what a refund left of it."""

from typing import Final, NamedTuple

from salesdaemon.domain.money import proportion
from salesdaemon.domain.sale import Kind, Sale, Status
from salesdaemon.marketplaces.base import ODD_ORDER_ERRORS, ExportRows
from salesdaemon.marketplaces.etsy.export_items import BRITISH, read_discount
from salesdaemon.marketplaces.etsy.fees import Tariff
from salesdaemon.marketplaces.localised import (
    Calendar,
    find_country,
    find_id,
    noon,
    read_amount,
    read_currency,
    read_id,
    read_sum,
)
from salesdaemon.marketplaces.tabular import CellError, Layout, Table, Tally

ORDERS: Final = Layout("orders", ("Sale Date", "Order ID", "Currency", "Order Value"), BRITISH)

_MOST_UNITS = 10**6
_CANCELLED = {"canceled", "cancelled"}
_NOT_YET_PAID = {"open", "unpaid", "payment processing"}
_REFUNDED = {"refunded", "fully refunded"}
_PARTIALLY_REFUNDED = "partially refunded"


class _Row(NamedTuple):
    """The cells of a row; those of the buyer are not among them."""

    order_id: str
    sale_date: str
    currency: str
    value: str
    discount: str
    in_person_discount: str
    shipping_discount: str
    shipping: str
    tax: str
    total: str
    status: str
    card_fees: str
    adjusted: str
    units: str
    country: str


_COLUMNS = (
    *("Order ID", "Sale Date", "Currency", "Order Value", "Discount Amount"),
    *("InPerson Discount", "Shipping Discount", "Shipping", "Sales Tax", "Order Total"),
    *("Status", "Card Processing Fees", "Adjusted Order Total", "Number of Items"),
    "Ship Country",
)


class _Totals(NamedTuple):
    """Minor units: `gross` without tax, `charged` with it, `listed` as the file has it."""

    gross: int
    charged: int
    listed: int
    shipping: int


class _State(NamedTuple):
    """Where an order stands; `refunded` is the part of the gross given back."""

    status: Status
    paid: bool = True
    refunded: int = 0
    exact: bool = True


def read_orders(table: Table, tariff: Tariff) -> ExportRows:
    """Read the orders, each once, with the refunds that the adjusted columns tell."""
    tally = Tally()
    dates: set[str] = set()
    totals: set[str] = set()
    for _, (day, adjusted) in table.rows(("Sale Date", "Adjusted Order Total"), Tally()):
        dates.add(day)
        totals.add(adjusted.strip())
    calendar = Calendar(dates)
    sales: dict[str, Sale] = {}
    for number, cells in table.rows(_COLUMNS, tally):
        try:
            sale = _to_sale(_Row._make(cells), calendar, tariff, nothing_left="" in totals)
        except (CellError, *ODD_ORDER_ERRORS) as error:
            tally.set_aside(number, error)
        else:
            sales.setdefault(sale.external_id, sale)
    return ExportRows(
        ORDERS.kind,
        tally.rows,
        tuple(sales.values()),
        bad=tally.in_order(),
        parts=_parts(table),
    )


def _parts(table: Table) -> frozenset[str]:
    parts = {"order", "gross", "charged", "shipping", "fees"}
    if table.has("Ship Country"):
        parts.add("country")
    if table.has("Adjusted Order Total") or table.has("Status"):
        parts |= {"refund", "refunded", "refunded_exact", "fees_refunded", "status", "paid"}
    return frozenset(parts)


def _to_sale(row: _Row, calendar: Calendar, tariff: Tariff, *, nothing_left: bool) -> Sale:
    order_id = read_id(row.order_id, "Order ID")
    sold_on = calendar.read(row.sale_date, "Sale Date")
    currency = read_currency(row.currency, "Currency")
    totals = _read_totals(row, currency)
    state = _read_state(row, totals, currency, nothing_left=nothing_left)
    gross = totals.gross
    fees = 0
    if state.paid:
        fees = tariff.estimate(gross, currency, _units(row.units), charged_minor=totals.charged)
    return Sale(
        external_id=order_id,
        kind=Kind.SALE if gross else Kind.FREE,
        status=state.status,
        paid=state.paid,
        created_at=noon(sold_on),
        paid_at=noon(sold_on),
        currency=currency,
        gross_minor=gross,
        items=(),
        refunded_minor=state.refunded,
        refunded_exact=state.exact,
        fees_minor=fees,
        fees_refunded_minor=proportion(fees, state.refunded, gross) if fees else 0,
        country=find_country(row.country),
        charged_minor=totals.charged,
        shipping_minor=totals.shipping,
        sold_on=sold_on,
    )


def _units(text: str) -> int:
    found = find_id(text, "Number of Items")
    return min(int(found), _MOST_UNITS) if found else 1


def _read_totals(row: _Row, currency: str) -> _Totals:
    """Work out the gross from the parts, and check it against the order's total.

    Where the two disagree the total is believed: it holds what has no column, such as gift wrap.
    """
    value = read_amount(row.value, currency, "Order Value")
    if value is None:
        raise CellError("Order Value", "is empty")
    off = read_discount(row.discount, currency, "Discount Amount")
    off += read_discount(row.in_person_discount, currency, "InPerson Discount")
    shipping = read_sum(row.shipping, currency, "Shipping")
    shipping -= read_discount(row.shipping_discount, currency, "Shipping Discount")
    shipping = max(shipping, 0)  # else it is written with its discount taken off
    tax = read_sum(row.tax, currency, "Sales Tax")
    parts = value - off + shipping
    total = read_amount(row.total, currency, "Order Total")
    if total is None:
        total = parts + tax
    gross = parts if total in {parts, parts + tax} else total - tax
    if gross < 0:
        raise CellError("Order Total", "is less than its tax and discounts")
    return _Totals(gross, gross + tax, total, shipping)


def _read_state(row: _Row, totals: _Totals, currency: str, *, nothing_left: bool) -> _State:
    """Read the status, which is often empty, and what a refund left of the total.

    Some files fill the adjusted columns with zeros where nothing was adjusted: a zero counts
    as a full refund only where `nothing_left` says that the file leaves those others empty.
    """
    word = row.status.strip().casefold()
    left = read_amount(row.adjusted, currency, "Adjusted Order Total")
    if left is not None and left <= 0 and not nothing_left and word not in _REFUNDED:
        left = None
    if word in _CANCELLED:
        paid = left is not None or bool(
            read_amount(row.card_fees, currency, "Card Processing Fees")
        )
        return _State(Status.CANCELLED, paid, totals.gross if paid else 0)
    if word in _NOT_YET_PAID:
        return _State(Status.UNPAID, paid=False)
    if word in _REFUNDED and left is None:
        return _State(Status.REFUNDED, refunded=totals.gross)
    if left is None or left >= totals.listed:
        partly = word == _PARTIALLY_REFUNDED
        return _State(Status.PARTIALLY_REFUNDED, exact=False) if partly else _State(Status.PAID)
    given = totals.listed - max(left, 0)
    status = Status.REFUNDED if left <= 0 else Status.PARTIALLY_REFUNDED
    return _State(
        status, refunded=min(proportion(given, totals.gross, totals.listed), totals.gross)
    )
