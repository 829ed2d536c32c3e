"""How long the marketplaces' own files take to come in, and how much memory."""

import csv
import json
import random
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path

from benchmarks import process
from benchmarks.figures import Figure
from benchmarks.stage import SHOPS, PretendShop, home

ROWS = 100_000
SECONDS, MEBIBYTES = 10.0, 150.0
_FIRST = date(2023, 7, 1)
_ROWS_A_DAY = 100

_GUMROAD = (
    *("Purchase ID", "Item Name", "Buyer Name", "Purchase Email", "Purchase Date"),
    *("Purchase Time (UTC timezone)", "Subtotal ($)", "Taxes ($)", "Shipping ($)"),
    *("Sale Price ($)", "Fees ($)", "Net Total ($)", "City", "State", "Country", "Refunded?"),
    *("Partial Refund ($)", "Fully Refunded?", "Disputed?", "Dispute Won?", "Recurring Charge?"),
    *("Free trial purchase?", "Pre-order authorization?", "Product ID", "Order Number"),
    *("Quantity", "Affiliate", "Affiliate commission ($)", "Payment Type"),
)
_ITEMS = (
    *("Sale Date", "Item Name", "Buyer", "Quantity", "Price", "Coupon Code", "Discount Amount"),
    *("Shipping Discount", "Order Shipping", "Order Sales Tax", "Item Total", "Currency"),
    *("Transaction ID", "Listing ID", "Date Paid", "Date Shipped", "Ship Name", "Ship City"),
    *("Ship Country", "Order ID", "Variations", "Order Type", "Listings Type"),
)
_STATEMENT = (
    *("Date", "Type", "Title", "Info", "Currency", "Amount", "Fees & Taxes", "Net", "Tax Details"),
)
Row = Sequence[object]


def measure() -> Iterator[Figure]:
    """Import each kind of file into a new database, by the command that people use."""
    for marketplace, kind, header, rows in (
        ("gumroad", "sales", _GUMROAD, _gumroad()),
        ("etsy", "order items", _ITEMS, _items()),
        ("etsy", "statement", _STATEMENT, _statement()),
    ):
        with home([PretendShop(marketplace, "http://127.0.0.1:9")]) as made:
            file = made.folder / "export.csv"
            _write(file, header, rows)
            ended = process.run(
                ["-m", "salesdaemon", "import", SHOPS[marketplace], str(file), "--format", "json"],
                made.environment,
            )
            _check(ended.output)
        name = f"import of {ROWS:,} rows, {marketplace} {kind}"
        yield Figure(name, ended.seconds, "s", SECONDS)
        yield Figure("  of it on the CPU", ended.cpu_seconds, "s")
        yield Figure("  peak memory", ended.peak_mebibytes, "MiB", MEBIBYTES)


def _check(output: str) -> None:
    (report,) = json.loads(output)
    if report["rows"] != ROWS or report["set_aside"]:
        raise SystemExit(f"{report['rows']} of {ROWS} rows were read: the figure is void.")


def _write(file: Path, header: Row, rows: Iterable[Row]) -> None:
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(header)
        writer.writerows(rows)


def _day(number: int) -> date:
    return _FIRST + timedelta(days=number // _ROWS_A_DAY)


def _gumroad() -> Iterator[Row]:
    drawn = random.Random(1)
    for number in range(ROWS):
        price = drawn.randrange(300, 4000) / 100
        day = _day(number)
        refund = drawn.choice((0, 0, 0, 0, 0, 0, 0, 0, 1, 2))
        yield (
            *(f"{number:022d}==", f"Planner no. {number % 200}", "Name", "name@example.com"),
            *(day, f"{day} 09:{number % 60:02}:00 UTC", price, "0.0", "0.0", price),
            *(f"{0.5 + price / 10:.2f}", f"{price * 0.9 - 0.5:.2f}", "City", "", "Germany"),
            *(int(refund > 0), f"{price / 2:.2f}" if refund == 1 else "0.0", int(refund > 1)),
            *(0, 0, 0, 0, 0, "abcde", number, 1, "", "", "card"),
        )


def _items() -> Iterator[Row]:
    """Yield items: of three orders, one has two."""
    drawn = random.Random(1)
    for number in range(ROWS):
        day = f"{_day(number):%m/%d/%y}"
        price = drawn.randrange(300, 4000) / 100
        order = 3_000_000_000 + number * 3 // 4
        yield (
            *(day, f"Planner no. {number % 200}", "buyer", 1, f"{price:.2f}", "", "0.00"),
            *("0.00", "0.00", "0.00", f"{price:.2f}", "EUR", 5_000_000_000 + number),
            *(1500 + number % 200, day, "", "Name", "City", "Germany", order, "", "online"),
            "digital",
        )


def _statement() -> Iterator[Row]:
    """Yield five lines for each order: the payment, its tax, and three fees."""
    for number in range(ROWS // 5):
        day = f"{_day(5 * number):%B %-d, %Y}"
        order = f"Order #{3_000_000_000 + number}"
        yield (day, "Sale", f"Payment for {order}", "", "EUR", "€12.00", "--", "€12.00", "--")
        yield (day, "Tax", "Sales tax paid by buyer", order, "EUR", "--", "-€1.00", "-€1.00", "--")
        for title, fee in (
            ("Transaction fee: Planner", "-€0.78"),
            ("Processing fee", "-€0.78"),
            ("Listing fee", "-€0.18"),
        ):
            yield (day, "Fee", title, order, "EUR", "--", fee, fee, "--")
