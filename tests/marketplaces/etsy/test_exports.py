"""Etsy's own files become the sales and books that its API would have told of."""

import csv
import io
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesdaemon.domain.ledger import About, Entry, EntryKind, settle
from salesdaemon.domain.sale import Kind, LineItem, Sale, Status
from salesdaemon.errors import ExportError
from salesdaemon.marketplaces.base import BadRow, ExportFile, ExportRows
from salesdaemon.marketplaces.etsy.exports import read_export
from salesdaemon.marketplaces.etsy.settings import EtsySettings

FIXTURES = Path(__file__).parents[2] / "data" / "exports"
SETTINGS = EtsySettings.model_validate(
    {"marketplace": "etsy", "keystring": "key", "shared_secret": "secret"}
)
ITEM = {
    "Sale Date": "09/14/26",
    "Order ID": "1",
    "Quantity": "1",
    "Price": "10.00",
    "Currency": "EUR",
    "Transaction ID": "5001",
    "Listing ID": "1501",
    "Item Name": "Print",
    "Date Paid": "09/14/26",
}
ORDER = {
    "Sale Date": "09/14/26",
    "Order ID": "1",
    "Currency": "EUR",
    "Order Value": "10.00",
    "Order Total": "10.00",
    "Adjusted Order Total": "",
    "Status": "",
}
LINE = {
    "Date": "September 14, 2026",
    "Type": "Fee",
    "Title": "Processing fee",
    "Info": "Order #1",
    "Currency": "EUR",
    "Amount": "--",
    "Fees & Taxes": "-€1.00",
    "Net": "-€1.00",
}


def read(text: str) -> ExportRows:
    return read_export(ExportFile("export.csv", text), SETTINGS)


def fixture(name: str) -> str:
    return (FIXTURES / name).read_text("utf-8")


def table(default: Mapping[str, str], *rows: Mapping[str, str]) -> str:
    """Write rows that differ from the default only in what matters."""
    names = list(dict.fromkeys([*default, *(name for row in rows for name in row)]))
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, names, restval="")
    writer.writeheader()
    writer.writerows({**default, **row} for row in rows)
    return text.getvalue()


def one(default: Mapping[str, str], *rows: Mapping[str, str]) -> Sale:
    export = read(table(default, *rows))
    assert export.bad == ()
    (sale,) = export.sales
    return sale


def entry(row: Mapping[str, str]) -> Entry:
    export = read(table(LINE, row))
    assert export.bad == ()
    (found,) = export.entries
    return found


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


# Order items


def test_the_items_of_an_order_become_one_sale() -> None:
    export = read(fixture("etsy_sold_order_items.csv"))

    assert (export.kind, export.rows, export.bad) == ("order items", 6, ())
    assert export.sales[0] == Sale(
        external_id="4137418052",
        kind=Kind.SALE,
        status=Status.PAID,
        paid=True,
        created_at=noon(date(2026, 9, 14)),
        paid_at=noon(date(2026, 9, 14)),
        currency="EUR",
        gross_minor=3450,
        items=(
            LineItem("1501", "Meadow print, A4", 2, 2760, passive=False, line_id="5001"),
            LineItem("1502", "Weekly planner (download)", 1, 690, passive=True, line_id="5002"),
        ),
        fees_minor=SETTINGS.tariff().estimate(3450, "EUR", 3, charged_minor=3678),
        country="DE",
        charged_minor=3678,
        shipping_minor=450,
        sold_on=date(2026, 9, 14),
    )


def test_discounts_payment_and_country_are_read_of_each_order() -> None:
    sales = read(fixture("etsy_sold_order_items.csv")).sales
    facts = [
        (sale.gross_minor, sale.shipping_minor, sale.kind, sale.status, sale.sold_on, sale.country)
        for sale in sales
    ]

    assert facts == [
        (3450, 450, Kind.SALE, Status.PAID, date(2026, 9, 14), "DE"),
        (450, 0, Kind.SALE, Status.PAID, date(2026, 9, 16), "US"),
        (4000, 0, Kind.SALE, Status.PAID, date(2026, 9, 15), "NL"),
        (0, 0, Kind.FREE, Status.PAID, date(2026, 9, 16), None),
        (1650, 450, Kind.SALE, Status.UNPAID, date(2026, 9, 17), "FR"),
    ]
    assert [sale.paid for sale in sales] == [True, True, True, True, False]


@pytest.mark.parametrize(
    ("listing_type", "variations", "passive"),
    [
        ("digital", "", True),
        ("listing", "Size:A4", False),
        ("digital", "Personalization:For Jo", False),
        ("", "Size:A4,Personalisierung: Jo", False),
        ("", "Personnalisation :Jo", False),
        ("", "Size:A4", None),
    ],
)
def test_an_item_is_passive_as_far_as_the_file_tells(
    listing_type: str, variations: str, passive: bool | None
) -> None:
    sale = one(ITEM, {"Listings Type": listing_type, "Variations": variations})

    assert [item.passive for item in sale.items] == [passive]


@pytest.mark.parametrize(
    ("rows", "gross"),
    [
        pytest.param([{"Discount Amount": "2"}, {"Discount Amount": "2"}], 1800, id="of the order"),
        pytest.param(
            [
                {"Discount Amount": "2", "Item Total": "8.00"},
                {"Discount Amount": "2", "Item Total": "8.00"},
            ],
            1600,
            id="of each item, by its total",
        ),
        pytest.param([{"Discount Amount": "2"}, {"Discount Amount": "3"}], 1500, id="different"),
        pytest.param([{"Discount Amount": "-2"}, {"Discount Amount": "-2"}], 1800, id="negative"),
        pytest.param([{"Order Shipping": "4"}, {"Order Shipping": "4"}], 2400, id="shipping"),
        pytest.param([{"Order Shipping": "4"}, {"Order Shipping": ""}], 2400, id="on one row"),
        pytest.param(
            [{"Order Shipping": "0", "Shipping Discount": "4"}] * 2, 2000, id="taken off already"
        ),
        pytest.param([{"Order Sales Tax": "4", "VAT Paid by Buyer": "1"}] * 2, 2000, id="tax"),
        pytest.param([{"Quantity": "2"}, {"Quantity": "3"}], 5000, id="price is for one piece"),
    ],
)
def test_the_gross_counts_each_figure_of_the_order_once(
    rows: list[dict[str, str]], gross: int
) -> None:
    ids = [{"Transaction ID": str(place)} for place in range(len(rows))]
    sale = one(ITEM, *({**row, **own} for row, own in zip(rows, ids, strict=True)))

    assert sale.gross_minor == gross
    assert sum(item.gross_minor for item in sale.items) == gross


def test_rows_of_an_order_that_stand_apart_come_together() -> None:
    rows = [("1", "11"), ("2", "21"), ("1", "12"), ("2", "22"), ("1", "11")]
    export = read(table(ITEM, *({"Order ID": o, "Transaction ID": t} for o, t in rows)))

    assert {s.external_id: [i.line_id for i in s.items] for s in export.sales} == {
        "1": ["11", "12"],
        "2": ["21", "22"],
    }


def test_an_order_with_a_broken_row_is_set_aside_as_a_whole() -> None:
    export = read(
        table(
            ITEM,
            {"Order ID": "1", "Transaction ID": "11"},
            {"Order ID": "1", "Transaction ID": "12", "Price": "much"},
            {"Order ID": "2", "Transaction ID": "21"},
        )
    )

    assert [sale.external_id for sale in export.sales] == ["2"]
    assert export.rows == 3
    assert export.bad == (
        BadRow(2, "Order ID", "is that of row 3, which could not be read"),
        BadRow(3, "Price", "is no amount"),
    )


@pytest.mark.parametrize(
    ("fault", "column", "reason"),
    [
        ({"Order ID": ""}, "Order ID", "is empty"),
        (
            {"Order ID": "4.1E+09"},
            "Order ID",
            "is no whole number; a spreadsheet may have shortened it",
        ),
        ({"Sale Date": "soon"}, "Sale Date", "is no day"),
        ({"Date Paid": "soon"}, "Date Paid", "is no day"),
        ({"Quantity": "0"}, "Quantity", "makes no sense"),
        ({"Quantity": "1.5"}, "Quantity", "is no whole number"),
        ({"Price": ""}, "Price", "is empty"),
        ({"Price": "-1"}, "Price", "is negative"),
        ({"Price": "=1+1"}, "Price", "is no amount"),
        ({"Order Shipping": "-1"}, "Order Shipping", "is negative"),
        ({"Currency": "€"}, "Currency", "is no currency code of three letters"),
        ({"Discount Amount": "99"}, "Discount Amount", "exceeds the order"),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else None,
)
def test_a_broken_item_is_told_by_row_column_and_reason(
    fault: dict[str, str], column: str, reason: str
) -> None:
    export = read(table(ITEM, {"Order ID": "7"}, fault, {"Order ID": "8"}))

    assert export.bad == (BadRow(3, column, reason),)
    assert [sale.external_id for sale in export.sales] == ["7", "8"]


def test_an_order_in_two_currencies_is_set_aside() -> None:
    export = read(table(ITEM, {"Currency": "EUR"}, {"Currency": "USD", "Transaction ID": "2"}))

    reason = "differs within the order"
    assert export.bad == (BadRow(2, "Currency", reason), BadRow(3, "Currency", reason))


def test_a_file_without_most_columns_is_read() -> None:
    sale = read("Order ID,Sale Date,Quantity,Price,Currency\n1,09/14/26,2,5,USD\n").sales[0]

    assert (sale.gross_minor, sale.paid, sale.country) == (1000, True, None)
    assert sale.items == (LineItem(None, None, 2, 1000, passive=None),)


def test_a_hostile_title_is_text_and_nothing_else() -> None:
    sale = one(ITEM, {"Item Name": '=HYPERLINK("x")\0 &amp; <b>\ud800'})

    assert sale.items[0].product == '=HYPERLINK("x") & <b>'


def test_the_words_of_british_exports_are_known() -> None:
    row = {"Order Delivery": "4", "Delivery Discount": "1", "Delivery Country": "Ireland"}
    sale = one(ITEM, row)

    assert (sale.gross_minor, sale.shipping_minor, sale.country) == (1300, 300, "IE")


@given(
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 50)), min_size=1, max_size=6),
    st.integers(0, 10**5),
    st.integers(0, 10**5),
)
def test_the_items_always_add_up_to_the_gross(
    lines: list[tuple[int, int]], shipping: int, discount: int
) -> None:
    goods = sum(price * quantity for price, quantity in lines)
    discount = min(discount, goods)
    common = {
        "Order Shipping": f"{shipping / 100:.2f}",
        "Discount Amount": f"{discount / 100:.2f}",
    }
    rows = [
        {"Price": f"{price / 100:.2f}", "Quantity": str(quantity), "Transaction ID": str(place)}
        for place, (price, quantity) in enumerate(lines)
    ]
    sale = one({**ITEM, **common}, *rows)

    assert sale.gross_minor == goods - discount + shipping
    assert sum(item.gross_minor for item in sale.items) == sale.gross_minor


# Orders


def test_an_order_is_a_sale_without_items() -> None:
    export = read(fixture("etsy_sold_orders.csv"))

    assert (export.kind, export.rows, export.bad) == ("orders", 5, ())
    assert export.sales[0] == Sale(
        external_id="4137418052",
        kind=Kind.SALE,
        status=Status.PAID,
        paid=True,
        created_at=noon(date(2026, 9, 14)),
        paid_at=noon(date(2026, 9, 14)),
        currency="EUR",
        gross_minor=3450,
        items=(),
        fees_minor=SETTINGS.tariff().estimate(3450, "EUR", 3, charged_minor=3678),
        country="DE",
        charged_minor=3678,
        shipping_minor=450,
        sold_on=date(2026, 9, 14),
    )


def test_both_exports_tell_the_same_of_an_order() -> None:
    items = {sale.external_id: sale for sale in read(fixture("etsy_sold_order_items.csv")).sales}
    for order in read(fixture("etsy_sold_orders.csv")).sales[:2]:
        same = items[order.external_id]
        assert (order.gross_minor, order.charged_minor, order.fees_minor, order.country) == (
            same.gross_minor,
            same.charged_minor,
            same.fees_minor,
            same.country,
        )


def test_what_was_adjusted_is_a_refund_without_its_share_of_tax() -> None:
    sales = read(fixture("etsy_sold_orders.csv")).sales
    facts = {
        sale.external_id: (sale.status, sale.paid, sale.gross_minor, sale.refunded_minor)
        for sale in sales
    }

    assert facts["4137418057"] == (Status.PARTIALLY_REFUNDED, True, 2000, 1000)
    assert facts["4137418058"] == (Status.REFUNDED, True, 2500, 2500)
    assert facts["4137418059"] == (Status.CANCELLED, False, 2000, 0)


@pytest.mark.parametrize(
    ("facts", "status", "paid", "refunded"),
    [
        ({}, Status.PAID, True, 0),
        ({"Status": "Completed"}, Status.PAID, True, 0),
        ({"Adjusted Order Total": "10.00"}, Status.PAID, True, 0),
        ({"Adjusted Order Total": "7.50"}, Status.PARTIALLY_REFUNDED, True, 250),
        ({"Status": "Fully Refunded"}, Status.REFUNDED, True, 1000),
        ({"Status": "Partially Refunded"}, Status.PARTIALLY_REFUNDED, True, 0),
        ({"Status": "Canceled"}, Status.CANCELLED, False, 0),
        ({"Status": "Canceled", "Card Processing Fees": "0.70"}, Status.CANCELLED, True, 1000),
        ({"Status": "Open"}, Status.UNPAID, False, 0),
    ],
    ids=str,
)
def test_the_state_of_an_order(
    facts: dict[str, str], status: Status, paid: bool, refunded: int
) -> None:
    sale = one(ORDER, facts)

    assert (sale.status, sale.paid, sale.refunded_minor) == (status, paid, refunded)
    assert sale.refunded_exact is (facts != {"Status": "Partially Refunded"})


@pytest.mark.parametrize(
    ("others", "status"),
    [
        pytest.param("", Status.REFUNDED, id="others are empty"),
        pytest.param("0.00", Status.PAID, id="others are zero, too"),
    ],
)
def test_a_zero_is_a_full_refund_only_where_it_means_something(others: str, status: Status) -> None:
    rows = ({"Adjusted Order Total": "0.00"}, {"Order ID": "2", "Adjusted Order Total": others})

    assert read(table(ORDER, *rows)).sales[0].status is status


@pytest.mark.parametrize(
    ("facts", "gross", "charged"),
    [
        pytest.param({"Sales Tax": "2", "Order Total": "12"}, 1000, 1200, id="total with tax"),
        pytest.param({"Sales Tax": "2", "Order Total": "10"}, 1000, 1200, id="total without tax"),
        pytest.param({"Sales Tax": "2", "Order Total": "15"}, 1300, 1500, id="gift wrap"),
        pytest.param({"Sales Tax": "2", "Order Total": ""}, 1000, 1200, id="no total"),
    ],
)
def test_the_gross_of_an_order_is_checked_against_its_total(
    facts: dict[str, str], gross: int, charged: int
) -> None:
    sale = one(ORDER, facts)

    assert (sale.gross_minor, sale.charged_minor) == (gross, charged)


@pytest.mark.parametrize(
    ("fault", "column", "reason"),
    [
        ({"Order ID": "x"}, "Order ID", "is no whole number; a spreadsheet may have shortened it"),
        ({"Order Value": ""}, "Order Value", "is empty"),
        (
            {"Order Total": "1", "Sales Tax": "2"},
            "Order Total",
            "is less than its tax and discounts",
        ),
        ({"Adjusted Order Total": "?"}, "Adjusted Order Total", "is no amount"),
    ],
    ids=str,
)
def test_a_broken_order_is_told_by_row_column_and_reason(
    fault: dict[str, str], column: str, reason: str
) -> None:
    export = read(table(ORDER, fault, {"Order ID": "2"}))

    assert export.bad == (BadRow(2, column, reason),)
    assert [sale.external_id for sale in export.sales] == ["2"]


# The statement


def test_a_statement_is_the_books_oldest_first() -> None:
    export = read(fixture("etsy_statement.csv"))
    order = (About.SALE, "4137418052")
    shop = (About.SHOP, None)
    listing = (About.PRODUCT, "1501")

    assert (export.kind, export.rows, export.bad) == ("statement", 14, ())
    assert [
        (each.posted_at.day, each.kind, each.amount, (each.about, each.about_id))
        for each in export.entries
    ] == [
        (14, EntryKind.PAYMENT, 3678, order),
        (14, EntryKind.TAX, -228, order),
        (14, EntryKind.PROCESSING_FEE, -177, order),
        (14, EntryKind.ITEM_FEE, -156, order),
        (14, EntryKind.ITEM_FEE, -39, order),
        (14, EntryKind.SHIPPING_FEE, -29, order),
        (14, EntryKind.FEE, -414, order),
        (14, EntryKind.FEE, -34, order),
        (15, EntryKind.COST, -18, listing),
        (15, EntryKind.COST, -18, listing),
        (15, EntryKind.COST, -145, shop),
        (18, EntryKind.PROCESSING_FEE, 24, order),
        (18, EntryKind.REFUND, -600, order),
        (30, EntryKind.PAYOUT, -102050, shop),
    ]
    sequences = [each.sequence for each in export.entries]
    assert sequences == sorted(set(sequences))
    assert all(each.imported and each.currency == "EUR" for each in export.entries)


def test_a_statement_makes_the_fees_of_an_imported_order_exact() -> None:
    sale = read(fixture("etsy_sold_order_items.csv")).sales[0]
    entries = read(fixture("etsy_statement.csv")).entries
    settled = settle(sale, [each for each in entries if each.about is About.SALE], {})

    assert (settled.fees_exact, settled.fees_minor, settled.fees_refunded_minor) == (True, 849, 24)
    assert (settled.status, settled.refunded_minor) == (Status.PARTIALLY_REFUNDED, 563)


def test_two_lines_alike_are_two_fees_and_the_same_file_is_the_same_again() -> None:
    first, second = (read(fixture("etsy_statement.csv")).entries for _ in range(2))
    ids = [each.entry_id for each in first]

    assert len(set(ids)) == len(ids) == 14
    assert second == first


def test_the_order_of_lines_and_the_notation_of_amounts_make_no_other_entries() -> None:
    rows = [LINE, LINE, {**LINE, "Fees & Taxes": "-2,50 €", "Net": "-2,50"}]
    plain = [LINE, LINE, {**LINE, "Fees & Taxes": "-€2.50", "Net": "-€2.50"}]
    ids = {each.entry_id for each in read(table(LINE, *rows)).entries}

    assert ids == {each.entry_id for each in read(table(LINE, *reversed(plain))).entries}
    assert len(ids) == 3


def test_a_statement_in_spanish_with_semicolons_is_read() -> None:
    export = read(fixture("etsy_statement_spanish.csv"))

    assert (export.rows, export.bad) == (5, ())
    assert [
        (each.posted_at.day, each.kind, each.amount, each.about_id) for each in export.entries
    ] == [
        (1, EntryKind.PAYMENT, 104800, "1001"),
        (1, EntryKind.ITEM_FEE, -312, "1001"),
        (1, EntryKind.PROCESSING_FEE, -109, "1001"),
        (2, EntryKind.REFUND, -1000, "1004"),
        (4, EntryKind.PAYOUT, -3000, None),
    ]


# Type, title and info of a line; what it is, and what it is about.
LINES = """
Fee | Processing fee | Order #12 | processing_fee sale 12
Fee | Credit for processing fee | order: 12 | processing_fee sale 12
Fee | Transaction fee: Shipping | Order #12 | shipping_fee sale 12
Fee | Transaction fee: Shipping box | Order #12 | item_fee sale 12
Fee | Transaction fee: Order 66 poster |  | item_fee shop
Fee | Transaction fee: Mug | Listing #15 | item_fee product 15
Fee | Transaction fee: Mug | Transaction #9 | item_fee line 9
Fee | Credit for transaction fee on shipping | Order #12 | shipping_fee sale 12
Fee | Listing fee | Listing #15 | cost product 15
Fee | Regulatory operating fee | Order #12 | fee sale 12
Fee | Regulatory operating fee |  | cost shop
Fee | Etsy Plus subscription |  | cost shop
VAT | VAT: Processing Fee | Order #12 | fee sale 12
VAT | VAT: auto-renew sold |  | cost shop
VAT | VAT: renew sold auto credit | renew sold auto credit: 15 | fee product 15
VAT | VAT: Etsy Ads |  | cost shop
Tax | Sales tax paid by buyer | Order #12 | tax sale 12
Tax | Refund to buyer for sales tax | Order #12 | tax sale 12
Buyer Fee | Colorado Retail Delivery Fee (paid by buyer) | Order #12 | tax sale 12
Marketing | Etsy Ads | Bill for click-throughs on Jan 30, 2026 | cost shop
Marketing | Fee for sale made through Offsite Ads | Order #12 | fee sale 12
Shipping | USPS shipping label | Label #12 | cost shop
Refund | Refund for Order #12 |  | refund sale 12
Gebühr | Transaktionsgebühr: Versand | Bestellnr. 12 | shipping_fee sale 12
Gebühr | Zahlungsabwicklung | Bestellung Nr. 12 | processing_fee sale 12
Verkauf | Zahlung | #4137418052 | payment sale 4137418052
Mystery | For Jane Canary | Order #12 | other sale 12
"""


@pytest.mark.parametrize("line", LINES.strip().splitlines())
def test_a_line_is_known_by_its_words(line: str) -> None:
    line_type, title, info, meaning = line.split(" | ")
    found = entry({"Type": line_type, "Title": title, "Info": info})

    assert f"{found.kind} {found.about} {found.about_id or ''}".strip() == meaning
    assert "Canary" not in found.name


def test_the_fee_in_the_line_of_a_sale_is_an_entry_of_its_own() -> None:
    sale = {"Type": "Sale", "Title": "Payment for Order #1", "Info": ""}
    amounts = {"Amount": "€29.99", "Fees & Taxes": "-€1.44", "Net": "€28.55"}
    entries = read(table(LINE, {**sale, **amounts})).entries

    assert [(each.kind, each.amount, each.about_id) for each in entries] == [
        (EntryKind.PAYMENT, 2999, "1"),
        (EntryKind.PROCESSING_FEE, -144, "1"),
    ]
    assert len({each.entry_id for each in entries}) == 2


def test_a_sum_of_fees_in_the_line_of_a_sale_is_not_counted_twice() -> None:
    sale = {"Type": "Sale", "Title": "Payment for Order #1", "Info": ""}
    amounts = {"Amount": "48.00", "Fees & Taxes": "-4.21", "Net": "43.79"}
    item = {"Title": "Transaction fee: Mug", "Fees & Taxes": "-3.12", "Net": "-3.12"}
    processing = {"Fees & Taxes": "-1.09", "Net": "-1.09"}
    entries = read(table(LINE, {**sale, **amounts}, item, processing)).entries

    assert sum(each.amount for each in entries) == 4379


@pytest.mark.parametrize(
    ("fault", "column", "reason"),
    [
        ({"Date": "soon"}, "Date", "is no day"),
        ({"Currency": ""}, "Currency", "is no currency code of three letters"),
        ({"Amount": "x"}, "Amount", "is no amount"),
        ({"Net": "-€2.00"}, "Net", "is not the sum of Amount and Fees & Taxes"),
        (
            {"Type": "Deposit", "Title": "Sent", "Fees & Taxes": "--", "Net": "--"},
            "Title",
            "does not tell how much was paid out",
        ),
    ],
    ids=str,
)
def test_a_broken_line_is_told_by_row_column_and_reason(
    fault: dict[str, str], column: str, reason: str
) -> None:
    export = read(table(LINE, {}, fault, {}))

    assert export.bad == (BadRow(3, column, reason),)
    assert (export.rows, len(export.entries)) == (3, 2)


# Any of them


@pytest.mark.parametrize(
    "name",
    [
        "etsy_sold_order_items.csv",
        "etsy_sold_orders.csv",
        "etsy_statement.csv",
        "etsy_statement_spanish.csv",
    ],
)
def test_nothing_of_a_buyer_comes_out(name: str) -> None:
    text = fixture(name)
    export = read(text)
    broken = read("\n".join(line.replace("EUR", "Canary", 1) for line in text.split("\n")))

    assert "canary" not in repr(export).casefold()
    assert broken.bad
    assert "canary" not in repr(broken).casefold()


@pytest.mark.parametrize("default", [ITEM, ORDER, LINE], ids=["items", "orders", "statement"])
def test_a_header_alone_is_an_empty_export(default: Mapping[str, str]) -> None:
    export = read(table(default))

    assert (export.rows, export.sales, export.entries, export.bad) == (0, (), (), ())


def test_another_file_is_refused_by_name_with_what_was_expected_and_found() -> None:
    with pytest.raises(ExportError) as refusal:
        read("Sale Date,Order ID,Currency,Price\n")

    assert str(refusal.value) == (
        "export.csv has the columns 'Sale Date', 'Order ID', 'Currency', 'Price'. "
        "To be order items it lacks 'Quantity'. Expected one of Etsy's own exports, in English: "
        "order items (Sale Date, Order ID, Quantity, Price, Currency, …); "
        "orders (Sale Date, Order ID, Currency, Order Value, …); "
        "statement (Date, Type, Title, Currency, Amount, …)."
    )


@given(st.sampled_from([ITEM, ORDER, LINE]), st.data())
def test_no_text_in_any_cell_breaks_the_reading(
    default: Mapping[str, str], data: st.DataObject
) -> None:
    column = data.draw(st.sampled_from(sorted(default)))
    cell = data.draw(st.text(max_size=30))
    export = read(table(default, {column: cell}, {"Order ID": "2", "Title": "Processing fee"}))

    assert export.rows >= 1
    assert all(bad.number in {2, 3} for bad in export.bad)
