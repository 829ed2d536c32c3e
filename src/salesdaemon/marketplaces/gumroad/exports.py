"""Gumroad's own CSV export of sales: each row becomes what the API would have sent of it.

Source: antiwork/gumroad app/services/exports/purchase_export_service.rb (read 2026-11).
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final, NamedTuple

from salesdaemon.domain.money import to_text
from salesdaemon.domain.sale import LineItem, Sale
from salesdaemon.errors import PayloadError
from salesdaemon.marketplaces.base import ODD_ORDER_ERRORS, ExportFile, ExportRows
from salesdaemon.marketplaces.gumroad.adapter import to_sale
from salesdaemon.marketplaces.gumroad.settings import GumroadSettings
from salesdaemon.marketplaces.gumroad.wire import Affiliate, WireSale, looks_like_id
from salesdaemon.marketplaces.localised import (
    Calendar,
    find_country,
    find_id,
    noon,
    read_amount,
    read_sum,
)
from salesdaemon.marketplaces.tabular import (
    CellError,
    Layout,
    Table,
    Tally,
    clean,
    open_table,
    unguard,
)

SALES: Final = Layout("sales", ("Purchase ID", "Item Name", "Purchase Date", "Sale Price ($)"))

_USD = "USD"
_TOTALS = "totals"
_YES = {"1", "true", "yes", "t"}
_NO = {"", "0", "false", "no", "f"}
_CLOCK = re.compile(
    r"(?:(\d{4})-(\d\d)-(\d\d)[T ])?(\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?"
    r" ?(?:UTC|Z|([+-])(\d\d):?(\d\d))?",
    re.ASCII,
)
_ISO_DAY = re.compile(r"\s*\d{4}-\d\d-\d\d")
_PRESENT = "1"  # that there is a subscription, whichever it is


class _Row(NamedTuple):
    """The cells of a row; those of the buyer are not among them."""

    purchase_id: str
    title: str
    day: str
    clock: str
    price: str
    fees: str
    shipping: str
    country: str
    refunded: str
    partial_refund: str
    fully_refunded: str
    disputed: str
    dispute_won: str
    recurring: str
    free_trial: str
    preorder: str
    quantity: str
    affiliate: str
    paypal: str
    stripe: str
    product_id: str


_COLUMNS = (
    *("Purchase ID", "Item Name", "Purchase Date", "Purchase Time (UTC timezone)"),
    *("Sale Price ($)", "Fees ($)", "Shipping ($)", "Country", "Refunded?", "Partial Refund ($)"),
    *("Fully Refunded?", "Disputed?", "Dispute Won?", "Recurring Charge?"),
    *("Free trial purchase?", "Pre-order authorization?", "Quantity"),
    *("Affiliate commission ($)", "PayPal Transaction ID", "Stripe Transaction ID", "Product ID"),
)


def read_export(file: ExportFile, settings: GumroadSettings) -> ExportRows:  # noqa: ARG001 - the signature of `Marketplace.read_export`
    """Read a sales export.

    Bundle parts are not in it, and pre-order authorisations, of which nothing was charged, are
    set aside. The totals at its end are no sale.

    Raises:
        ExportError: the file is none.
    """
    table = open_table(file, "Gumroad", (SALES,))
    tally = Tally()
    calendar = _calendar(table)
    sales: dict[str, Sale] = {}
    totals = 0
    for number, cells in table.rows(_COLUMNS, tally):
        row = _Row._make(cells)
        if row.purchase_id.strip().casefold() == _TOTALS:
            totals += 1
            continue
        try:
            sale = _read_sale(row, calendar)
        except PayloadError as error:
            tally.set_aside(number, CellError("", str(error)))
        except (CellError, *ODD_ORDER_ERRORS) as error:
            tally.set_aside(number, error)
        else:
            sales.setdefault(sale.external_id, sale)
    rows = tally.rows - totals
    return ExportRows(SALES.kind, rows, tuple(sales.values()), bad=tally.in_order())


def _calendar(table: Table) -> Calendar:
    """Look through the days only where they are not written as Gumroad does: 2026-11-20."""
    columns = ("Purchase Date", "Purchase Date")
    _, (day, _) = next(table.rows(columns, Tally()), (0, ("", "")))
    return Calendar() if _ISO_DAY.match(day) else Calendar(table.distinct(columns))


def _read_sale(row: _Row, calendar: Calendar) -> Sale:
    if _flag(row.preorder, "Pre-order authorization?"):
        raise CellError("Pre-order authorization?", "says that nothing was charged yet")
    created_at, sold_on = _read_time(row, calendar)
    sale = to_sale(_to_wire(row, created_at))
    shipped = read_sum(row.shipping, _USD, "Shipping ($)")
    # Whether it is sent by post is not told; only that something was paid for it.
    passive = False if shipped else None
    items = tuple(
        LineItem(item.product_id, item.product, item.quantity, item.gross_minor, passive)
        for item in sale.items
    )
    # `dataclasses.replace` takes longer than all the rest of a row.
    own = {"items": items, "shipping_minor": shipped, "sold_on": sold_on}
    return Sale(**(vars(sale) | own))


def _to_wire(row: _Row, created_at: datetime) -> WireSale:
    """Write a row the way the API does. `Product ID` is a short code here and no id there."""
    price = read_sum(row.price, _USD, "Sale Price ($)")
    partial = read_sum(row.partial_refund, _USD, "Partial Refund ($)")
    refunded = _flag(row.refunded, "Refunded?") or partial > 0
    fully = _flag(row.fully_refunded, "Fully Refunded?") or 0 < price <= partial
    if refunded and not partial and not row.fully_refunded.strip():
        fully = True  # an older export, without the column
    trial = _PRESENT if _flag(row.free_trial, "Free trial purchase?") else None
    return WireSale(
        id=_read_id(row.purchase_id),
        created_at=created_at.isoformat(),
        price=price,
        gumroad_fee=read_amount(row.fees, _USD, "Fees ($)"),
        product_id=_product_id(row.product_id),
        product_name=_title(row.title),
        quantity=_quantity(row.quantity),
        country_iso2=find_country(row.country),
        currency="usd",
        amount_refundable_in_currency=to_text(price - partial, _USD) if partial else None,
        affiliate=_affiliate(row.affiliate),
        payment_processor=_PRESENT if row.paypal.strip() or row.stripe.strip() else None,
        refunded=fully,
        partially_refunded=refunded and not fully,
        disputed=_flag(row.disputed, "Disputed?"),
        dispute_won=_flag(row.dispute_won, "Dispute Won?"),
        recurring_charge=_flag(row.recurring, "Recurring Charge?"),
        subscription_id=trial,
        free_trial_ends_on=trial,
    )


@lru_cache(maxsize=4096)
def _title(text: str) -> str | None:
    return clean(unguard(text))


def _read_id(text: str) -> str:
    found = unguard(text.strip())
    if not looks_like_id(found):
        raise CellError("Purchase ID", "is empty or no id")
    return found


def _product_id(text: str) -> str | None:
    """Return the product's id where it is the one that the API uses, else nothing."""
    found = unguard(text.strip())
    return found if found.endswith("=") and looks_like_id(found) else None


def _affiliate(text: str) -> Affiliate | None:
    cents = read_sum(text, _USD, "Affiliate commission ($)")
    return Affiliate(amount=f"${to_text(cents, _USD)}") if cents else None


def _quantity(text: str) -> int | None:
    found = find_id(text, "Quantity")
    return int(found) if found else None


def _flag(text: str, column: str) -> bool:
    if text == "0":
        return False
    word = text.strip().casefold()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise CellError(column, "is neither yes nor no")


def _read_time(row: _Row, calendar: Calendar) -> tuple[datetime, date | None]:
    """Read when it was sold; where the export tells no time of day, the day itself as well."""
    if not row.clock.strip():
        day = calendar.read(row.day, "Purchase Date")
        return noon(day), day
    column = "Purchase Time (UTC timezone)"
    match = _CLOCK.fullmatch(row.clock.strip())
    if match is None:
        raise CellError(column, "is no time")
    year, month, dom, hour, minute, second, sign, hours, minutes = match.groups()
    try:
        clock = time(int(hour), int(minute), int(second or 0), tzinfo=UTC)
        if year:
            day = date(int(year), int(month), int(dom))
        else:
            day = calendar.read(row.day, "Purchase Date")
    except ValueError:
        raise CellError(column, "is no time") from None
    ahead = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    return datetime.combine(day, clock) - (-ahead if sign == "-" else ahead), None
