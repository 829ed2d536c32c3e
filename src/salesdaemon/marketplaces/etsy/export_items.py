"""Etsy's export of order items: each row one item, the rows of one order become one sale."""

import html
import re
from collections.abc import Callable, Sequence
from datetime import date
from functools import lru_cache
from operator import attrgetter
from typing import Final, NamedTuple

from salesdaemon.domain.money import split
from salesdaemon.domain.sale import Kind, LineItem, Sale, Status
from salesdaemon.marketplaces.base import ODD_ORDER_ERRORS, ExportRows
from salesdaemon.marketplaces.etsy.fees import Tariff
from salesdaemon.marketplaces.localised import (
    LARGEST_AMOUNT,
    Calendar,
    find_country,
    find_id,
    noon,
    read_amount,
    read_currency,
    read_id,
    read_sum,
)
from salesdaemon.marketplaces.tabular import CellError, Layout, Table, Tally, clean

BRITISH: Final = {
    # Shops whose language is British English post and deliver.
    "delivery discount": "Shipping Discount",
    "order delivery": "Order Shipping",
    "delivery": "Shipping",
    "delivery country": "Ship Country",
    "order vat": "VAT Paid by Buyer",
}
ITEMS: Final = Layout(
    "order items", ("Sale Date", "Order ID", "Quantity", "Price", "Currency"), BRITISH
)

_MOST_UNITS = 10**6
_DIGITAL = {"digital", "download", "digital download"}
_TANGIBLE = {"listing", "physical"}
# "Personalization:" in front of what the buyer wrote, in the languages of the shop.
_PERSONALISED = re.compile(r"personn?ali[sz]\w*\s*:", re.IGNORECASE)


class _Row(NamedTuple):
    """The cells of a row; those of the buyer are not among them."""

    order_id: str
    sale_date: str
    date_paid: str
    title: str
    quantity: str
    price: str
    discount: str
    in_person_discount: str
    shipping_discount: str
    shipping: str
    tax: str
    vat: str
    total: str
    currency: str
    line_id: str
    product_id: str
    country: str
    variations: str
    listing_type: str


_COLUMNS = (
    *("Order ID", "Sale Date", "Date Paid", "Item Name", "Quantity", "Price"),
    *("Discount Amount", "InPerson Discount", "Shipping Discount", "Order Shipping"),
    *("Order Sales Tax", "VAT Paid by Buyer", "Item Total", "Currency", "Transaction ID"),
    *("Listing ID", "Ship Country", "Variations", "Listings Type"),
)


class _Line(NamedTuple):
    """One item, read. Amounts are minor units."""

    number: int
    currency: str
    sold_on: date
    paid_on: date | None
    goods: int
    discount: int
    shipping_discount: int
    shipping: int
    tax: int
    vat: int
    total: int | None
    country: str | None
    quantity: int
    product_id: str | None
    title: str | None
    passive: bool | None
    line_id: str | None


def read_items(table: Table, tariff: Tariff) -> ExportRows:
    """Read the items and put those of one order together.

    An order of which a row is broken is set aside as a whole: its total would be wrong.
    """
    tally = Tally()
    days, scattered = _look_through(table)
    orders = _Orders(tariff, tally, knows_payment=table.has("Date Paid"))
    calendar = Calendar(days)
    for number, cells in table.rows(_COLUMNS, tally):
        row = _Row._make(cells)
        try:
            order_id = read_id(row.order_id, "Order ID")
        except CellError as error:
            tally.set_aside(number, error)
            continue
        orders.turn_to(order_id, wait=order_id in scattered)
        try:
            orders.add(order_id, _read_line(number, row, calendar))
        except (CellError, *ODD_ORDER_ERRORS) as error:
            tally.set_aside(number, error)
            orders.spoil(order_id, number)
    sales = orders.finish()
    return ExportRows(ITEMS.kind, tally.rows, sales, bad=tally.in_order(), parts=_parts(table))


def read_discount(text: str, currency: str, column: str) -> int:
    """Read a discount, whichever sign it is written with.

    Raises:
        CellError: it cannot be read.
    """
    return abs(read_amount(text, currency, column) or 0)


def _parts(table: Table) -> frozenset[str]:
    """Tell what it knows better than the export of orders, which checks its sums."""
    parts = {"order", "items"}
    if table.has("Ship Country"):
        parts.add("country")
    if table.has("Date Paid"):
        parts |= {"paid_at", "sold_on"}
    return frozenset(parts)


def _look_through(table: Table) -> tuple[set[str], set[str]]:
    """Return the days as written, and the orders whose rows do not follow one another."""
    days: set[str] = set()
    seen: set[str] = set()
    scattered: set[str] = set()
    previous = ""
    for _, (order_id, sold, paid) in table.rows(("Order ID", "Sale Date", "Date Paid"), Tally()):
        days.add(sold)
        days.add(paid)
        if order_id != previous:
            if order_id in seen:
                scattered.add(order_id.strip().removeprefix("#"))
            seen.add(order_id)
            previous = order_id
    return days, scattered


class _Orders:
    """Collects rows into orders; one is finished as soon as the next begins, to save memory."""

    def __init__(self, tariff: Tariff, tally: Tally, *, knows_payment: bool) -> None:
        self._tariff = tariff
        self._tally = tally
        self._knows_payment = knows_payment
        self._open: dict[str, list[_Line]] = {}
        self._broken: dict[str, int] = {}
        self._current: str | None = None
        self._sales: list[Sale] = []

    def turn_to(self, order_id: str, *, wait: bool) -> None:
        """Go on with an order; one that has to `wait` is left open until the end."""
        if self._current is not None and self._current != order_id:
            self._close(self._current)
        self._current = None if wait else order_id

    def add(self, order_id: str, line: _Line) -> None:
        """Add an item to its order."""
        self._open.setdefault(order_id, []).append(line)

    def spoil(self, order_id: str, number: int) -> None:
        """Note that a row of an order could not be read."""
        self._broken.setdefault(order_id, number)

    def finish(self) -> tuple[Sale, ...]:
        """Close what is still open and return the sales."""
        for order_id in list(self._open):
            self._close(order_id)
        return tuple(self._sales)

    def _close(self, order_id: str) -> None:
        lines = _without_repeats(self._open.pop(order_id, []))
        try:
            self._check(order_id)
            if lines:
                sale = _to_sale(order_id, lines, self._tariff, knows_payment=self._knows_payment)
                self._sales.append(sale)
        except (CellError, *ODD_ORDER_ERRORS) as error:
            for line in lines:
                self._tally.set_aside(line.number, error)

    def _check(self, order_id: str) -> None:
        if order_id in self._broken:
            other = self._broken.pop(order_id)
            raise CellError("Order ID", f"is that of row {other}, which could not be read")


def _read_line(number: int, row: _Row, calendar: Calendar) -> _Line:
    currency = read_currency(row.currency, "Currency")
    quantity = _quantity(row.quantity)
    price = read_amount(row.price, currency, "Price")
    if price is None or price < 0:
        raise CellError("Price", "is empty" if price is None else "is negative")
    goods = price * quantity
    if goods > LARGEST_AMOUNT:
        raise CellError("Price", "is too large")
    return _Line(
        number=number,
        currency=currency,
        sold_on=calendar.read(row.sale_date, "Sale Date"),
        paid_on=calendar.read(row.date_paid, "Date Paid") if row.date_paid.strip() else None,
        goods=goods,
        discount=read_discount(row.discount, currency, "Discount Amount")
        + read_discount(row.in_person_discount, currency, "InPerson Discount"),
        shipping_discount=read_discount(row.shipping_discount, currency, "Shipping Discount"),
        shipping=read_sum(row.shipping, currency, "Order Shipping"),
        tax=read_sum(row.tax, currency, "Order Sales Tax"),
        vat=read_sum(row.vat, currency, "VAT Paid by Buyer"),
        total=read_amount(row.total, currency, "Item Total"),
        country=find_country(row.country),
        quantity=quantity,
        product_id=_product_id(row.product_id),
        title=_title(row.title),
        passive=_passive(row.listing_type, row.variations),
        line_id=find_id(row.line_id, "Transaction ID"),
    )


def _quantity(text: str) -> int:
    plain = text.strip()
    if not (plain.isascii() and plain.isdecimal() and len(plain) <= len(str(_MOST_UNITS))):
        raise CellError("Quantity", "is no whole number")
    if not 0 < int(plain) <= _MOST_UNITS:
        raise CellError("Quantity", "makes no sense")
    return int(plain)


@lru_cache(maxsize=4096)  # so that the same few products are not kept a thousand times
def _product_id(text: str) -> str | None:
    return find_id(text, "Listing ID")


@lru_cache(maxsize=4096)
def _title(text: str) -> str | None:
    return clean(html.unescape(text))


def _passive(listing_type: str, variations: str) -> bool | None:
    """Tell whether one more sale makes no work, as far as the file says."""
    if _PERSONALISED.search(variations):
        return False
    plain = listing_type.strip().casefold()
    if plain in _DIGITAL:
        return True
    return False if plain in _TANGIBLE else None


def _without_repeats(lines: list[_Line]) -> list[_Line]:
    """Keep one of each item: files that overlap may have been joined by hand."""
    if len(lines) == 1:
        return lines
    seen: set[str] = set()
    kept = []
    for line in lines:
        if line.line_id is None or line.line_id not in seen:
            kept.append(line)
            seen.add(line.line_id or "")
    return kept


def _to_sale(order_id: str, lines: Sequence[_Line], tariff: Tariff, *, knows_payment: bool) -> Sale:
    first = lines[0]
    if any(line.currency != first.currency for line in lines):
        raise CellError("Currency", "differs within the order")
    shipping = _of_order(lines, _SHIPPING) - _of_order(lines, _SHIPPING_DISCOUNT)
    shipping = max(shipping, 0)  # else it is written with its discount taken off
    gross = sum(line.goods for line in lines) - _discount(lines) + shipping
    if gross < 0:
        raise CellError("Discount Amount", "exceeds the order")
    gross = _shared(gross)
    charged = _shared(gross + _of_order(lines, _TAX) + _of_order(lines, _VAT))
    paid_on = min((line.paid_on for line in lines if line.paid_on), default=None)
    paid = paid_on is not None or not knows_payment or not gross
    sold_on = paid_on or first.sold_on
    fees = 0
    if paid:
        units = sum(line.quantity for line in lines)
        fees = _shared(tariff.estimate(gross, first.currency, units, charged_minor=charged))
    return Sale(
        external_id=order_id,
        kind=Kind.SALE if gross else Kind.FREE,
        status=Status.PAID if paid else Status.UNPAID,
        paid=paid,
        created_at=noon(first.sold_on),
        paid_at=noon(sold_on),
        currency=first.currency,
        gross_minor=gross,
        items=_share(gross, lines),
        fees_minor=fees,
        country=first.country,
        charged_minor=charged,
        shipping_minor=shipping,
        sold_on=sold_on,
    )


_SHIPPING = attrgetter("shipping")
_SHIPPING_DISCOUNT = attrgetter("shipping_discount")
_TAX = attrgetter("tax")
_VAT = attrgetter("vat")
_DISCOUNT = attrgetter("discount")


@lru_cache(maxsize=8192)
def _shared(amount: int) -> int:
    """Return the same object for the same amount: a large export holds each many times."""
    return amount


def _of_order(lines: Sequence[_Line], figure: Callable[[_Line], int]) -> int:
    """Return a figure of the order that stands on each of its rows, or on some of them."""
    if len(lines) == 1:
        return figure(lines[0])
    values = [figure(line) for line in lines]
    return values[0] if len(set(values)) == 1 else sum(values)


def _discount(lines: Sequence[_Line]) -> int:
    """Return what was taken off the goods.

    It usually stands on each row of the order as a whole; where the items' totals have it
    taken off each one, it is the item's own.
    """
    if all(line.total == line.goods - line.discount for line in lines):
        return sum(line.discount for line in lines)
    return _of_order(lines, _DISCOUNT)


def _share(gross: int, lines: Sequence[_Line]) -> tuple[LineItem, ...]:
    shares = [gross] if len(lines) == 1 else split(gross, [line.goods for line in lines])
    return tuple(
        LineItem(line.product_id, line.title, line.quantity, share, line.passive, line.line_id)
        for line, share in zip(lines, shares, strict=True)
    )
