"""Gumroad's own file becomes the sales that its API would have told of."""

import csv
import io
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesdaemon.domain.sale import Kind, LineItem, Sale, Status
from salesdaemon.errors import ExportError
from salesdaemon.marketplaces.base import BadRow, ExportFile, ExportRows
from salesdaemon.marketplaces.gumroad.adapter import to_sale
from salesdaemon.marketplaces.gumroad.exports import read_export
from salesdaemon.marketplaces.gumroad.settings import GumroadSettings
from salesdaemon.marketplaces.gumroad.wire import WireSale

FIXTURE = Path(__file__).parents[2] / "data" / "exports" / "gumroad_sales.csv"
SETTINGS = GumroadSettings.model_validate({"marketplace": "gumroad", "access_token": "token"})
NINE = datetime(2026, 11, 20, 9, tzinfo=UTC)
ROW = {
    "Purchase ID": "AAAAAAAAAAAAAAAAAAAAAA==",
    "Item Name": "Planner",
    "Purchase Date": "2026-11-20",
    "Purchase Time (UTC timezone)": "2026-11-20 09:00:00 UTC",
    "Sale Price ($)": "12.0",
    "Fees ($)": "2.35",
    "Fully Refunded?": "0",
}


def read(text: str) -> ExportRows:
    return read_export(ExportFile("sales.csv", text), SETTINGS)


def table(*rows: Mapping[str, str]) -> str:
    """Write rows that differ from the default only in what matters."""
    names = list(dict.fromkeys([*ROW, *(name for row in rows for name in row)]))
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, names, restval="")
    writer.writeheader()
    writer.writerows({**ROW, **row} for row in rows)
    return text.getvalue()


def one(row: Mapping[str, str]) -> Sale:
    export = read(table(row))
    assert export.bad == ()
    (sale,) = export.sales
    return sale


def test_a_row_becomes_a_sale_that_knows_its_second() -> None:
    export = read(FIXTURE.read_text("utf-8"))

    assert (export.kind, export.rows, export.bad, export.parts) == ("sales", 10, (), frozenset())
    assert export.sales[0] == Sale(
        external_id="AAAAAAAAAAAAAAAAAAAAAA==",
        kind=Kind.SALE,
        status=Status.PAID,
        paid=True,
        created_at=NINE,
        paid_at=NINE,
        currency="USD",
        gross_minor=1200,
        items=(LineItem(None, "Planner", 1, 1200, passive=None),),
        fees_minor=235,
        fees_exact=True,
        country="DE",
        pays_late=True,
    )


def test_every_kind_and_state_is_told_apart() -> None:
    facts = [
        (sale.external_id[:2], sale.kind, sale.status, sale.gross_minor, sale.refunded_minor)
        for sale in read(FIXTURE.read_text("utf-8")).sales
    ]

    assert facts == [
        ("AA", Kind.SALE, Status.PAID, 1200, 0),
        ("-B", Kind.SALE, Status.REFUNDED, 1200, 1200),
        ("CA", Kind.SALE, Status.PARTIALLY_REFUNDED, 1200, 400),
        ("DA", Kind.SALE, Status.DISPUTED, 1200, 1200),
        ("EA", Kind.SALE, Status.PAID, 1200, 0),
        ("FA", Kind.TRIAL, Status.PAID, 0, 0),
        ("GA", Kind.RENEWAL, Status.PAID, 900, 0),
        ("HA", Kind.FREE, Status.PAID, 0, 0),
        ("IA", Kind.SALE, Status.PAID, 3000, 0),
        ("JA", Kind.SALE, Status.PAID, 1200, 0),
    ]


def test_refunds_give_back_of_the_fees_what_the_processor_does_not_keep() -> None:
    sales = {sale.external_id[:2]: sale for sale in read(FIXTURE.read_text("utf-8")).sales}
    facts = {
        key: (sale.refunded_exact, sale.fees_minor, sale.fees_refunded_minor, sale.net_minor)
        for key, sale in sales.items()
    }

    assert facts["-B"] == (True, 235, 170, -65)
    assert facts["CA"] == (True, 235, 56, 621)
    assert facts["DA"] == (True, 235, 235, 0)


def test_an_own_processor_and_an_affiliate_are_counted() -> None:
    sale = read(FIXTURE.read_text("utf-8")).sales[-1]

    assert (sale.fees_exact, sale.affiliate_minor, sale.net_minor) == (False, 250, 780)
    assert [item.quantity for item in sale.items] == [2]


def test_what_was_shipped_is_not_passive_and_the_rest_cannot_be_told() -> None:
    poster = read(FIXTURE.read_text("utf-8")).sales[8]

    assert (poster.items[0].passive, poster.shipping_minor, poster.country) == (False, 500, "KR")
    assert one({"Shipping ($)": "0.0"}).items[0].passive is None


@pytest.mark.parametrize(
    ("row", "wire"),
    [
        ({}, {}),
        ({"Refunded?": "1", "Fully Refunded?": "1"}, {"refunded": True}),
        (
            {"Refunded?": "1", "Partial Refund ($)": "3.5"},
            {"partially_refunded": True, "amount_refundable_in_currency": "8.50"},
        ),
        ({"Disputed?": "1"}, {"disputed": True}),
        ({"Disputed?": "1", "Dispute Won?": "1"}, {"disputed": True, "dispute_won": True}),
        ({"Affiliate commission ($)": "2.5"}, {"affiliate": {"amount": "$2.50"}}),
        ({"Stripe Transaction ID": "x"}, {"payment_processor": "stripe"}),
        ({"Recurring Charge?": "1"}, {"recurring_charge": True, "subscription_id": "x"}),
        (
            {"Free trial purchase?": "1"},
            {"free_trial_ends_on": "Jan 5, 2027", "subscription_id": "x"},
        ),
        ({"Country": "Germany"}, {"country_iso2": "DE"}),
    ],
    ids=str,
)
def test_an_import_tells_what_a_poll_would(row: dict[str, str], wire: dict[str, object]) -> None:
    known = {
        "id": ROW["Purchase ID"],
        "created_at": "2026-11-20T09:00:00Z",
        "price": 1200,
        "gumroad_fee": 235,
        "product_name": "Planner",
        "currency": "usd",
    }
    polled, imported = to_sale(msgspec.convert({**known, **wire}, WireSale)), one(row)
    names = [name for name in vars(polled) if name != "items"]

    assert [getattr(imported, name) for name in names] == [getattr(polled, name) for name in names]


@pytest.mark.parametrize(
    ("row", "status", "refunded"),
    [
        ({"Refunded?": "1", "Fully Refunded?": ""}, Status.REFUNDED, 1200),
        ({"Partial Refund ($)": "12.0"}, Status.REFUNDED, 1200),
        ({"Partial Refund ($)": "0.01"}, Status.PARTIALLY_REFUNDED, 1),
        ({"Refunded?": "true", "Partial Refund ($)": "$1,2.00"}, None, None),
    ],
    ids=str,
)
def test_a_refund_is_full_or_partial(
    row: dict[str, str], status: Status | None, refunded: int | None
) -> None:
    export = read(table(row))

    if status is None:
        assert export.bad == (BadRow(2, "Partial Refund ($)", "is no amount"),)
    else:
        assert (export.sales[0].status, export.sales[0].refunded_minor) == (status, refunded)


@pytest.mark.parametrize(
    ("clock", "moment"),
    [
        ("2026-11-20 09:00:00 UTC", NINE),
        ("2026-11-20T09:00:00Z", NINE),
        ("2026-11-20 10:00:00 +0100", NINE),
        ("2026-11-20 01:00:00 -08:00", NINE),
        ("09:00:00", NINE),
        ("09:00", NINE),
    ],
)
def test_the_time_is_read_to_the_second(clock: str, moment: datetime) -> None:
    sale = one({"Purchase Time (UTC timezone)": clock})

    assert (sale.paid_at, sale.sold_on) == (moment, None)


@pytest.mark.parametrize("day", ["2026-11-20", "11/20/26", "November 20, 2026"])
def test_without_a_time_the_day_is_what_is_known(day: str) -> None:
    sale = one({"Purchase Time (UTC timezone)": "", "Purchase Date": day})

    assert sale.sold_on == date(2026, 11, 20)
    assert sale.paid_at == datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_what_an_export_guards_against_spreadsheets_is_itself_again() -> None:
    sale = one({"Purchase ID": "'-abc==", "Item Name": "'=SUM(A1)\0"})

    assert (sale.external_id, sale.items[0].product) == ("-abc==", "=SUM(A1)")


def test_a_products_short_code_is_not_taken_for_its_id() -> None:
    products = [
        one({"Product ID": text}).items[0].product_id
        for text in ("abcde", "32-nPainqpLj1B_WIwVlMw==", "")
    ]

    assert products == [None, "32-nPainqpLj1B_WIwVlMw==", None]


def test_a_custom_field_named_like_a_column_is_not_read() -> None:
    text = table({"Country": "Germany"}).replace("Fully Refunded?,Country", "Country,Country", 1)

    assert read(text.replace("0,Germany", "France,Canary")).sales[0].country == "FR"


@pytest.mark.parametrize(
    ("fault", "column", "reason"),
    [
        ({"Purchase ID": ""}, "Purchase ID", "is empty or no id"),
        ({"Purchase ID": "canary@example.com"}, "Purchase ID", "is empty or no id"),
        ({"Sale Price ($)": "free"}, "Sale Price ($)", "is no amount"),
        ({"Sale Price ($)": "-1.0"}, "Sale Price ($)", "is negative"),
        ({"Fees ($)": "?"}, "Fees ($)", "is no amount"),
        ({"Fully Refunded?": "perhaps"}, "Fully Refunded?", "is neither yes nor no"),
        (
            {"Purchase Time (UTC timezone)": "25:00:00"},
            "Purchase Time (UTC timezone)",
            "is no time",
        ),
        (
            {"Purchase Time (UTC timezone)": "", "Purchase Date": "soon"},
            "Purchase Date",
            "is no day",
        ),
        (
            {"Pre-order authorization?": "1"},
            "Pre-order authorization?",
            "says that nothing was charged yet",
        ),
    ],
    ids=str,
)
def test_a_broken_row_is_told_by_row_column_and_reason(
    fault: dict[str, str], column: str, reason: str
) -> None:
    export = read(table({"Purchase ID": "A=="}, fault, {"Purchase ID": "B=="}))

    assert export.bad == (BadRow(3, column, reason),)
    assert [sale.external_id for sale in export.sales] == ["A==", "B=="]


def test_nothing_of_a_buyer_comes_out() -> None:
    text = FIXTURE.read_text("utf-8")
    broken = read(text.replace(",12.0,", ",Canary,"))

    assert "canary" not in repr(read(text)).casefold()
    assert broken.bad
    assert "canary" not in repr(broken).casefold()


def test_the_totals_are_no_sale_even_alone() -> None:
    export = read(table({"Purchase ID": "Totals", "Purchase Date": "", "Sale Price ($)": "99.0"}))

    assert (export.rows, export.sales, export.bad) == (0, (), ())


def test_another_file_is_refused_with_what_was_expected_and_found() -> None:
    with pytest.raises(ExportError) as refusal:
        read("Purchase ID,Item Name\n")

    assert str(refusal.value) == (
        "sales.csv has the columns 'Purchase ID', 'Item Name'. "
        "To be sales it lacks 'Purchase Date', 'Sale Price ($)'. "
        "Expected one of Gumroad's own exports, in English: "
        "sales (Purchase ID, Item Name, Purchase Date, Sale Price ($), …)."
    )


@given(st.integers(1, 10**7), st.data())
def test_dollars_come_out_as_the_cents_that_went_in(price: int, data: st.DataObject) -> None:
    refunded = data.draw(st.integers(0, price))
    sale = one({"Sale Price ($)": str(price / 100), "Partial Refund ($)": str(refunded / 100)})

    assert (sale.gross_minor, sale.refunded_minor) == (price, refunded)


@given(st.sampled_from(sorted(ROW)), st.text(max_size=30))
def test_no_text_in_any_cell_breaks_the_reading(column: str, cell: str) -> None:
    export = read(table({column: cell}, {"Purchase ID": "B=="}))

    assert export.rows >= 1
    assert all(bad.number in {2, 3} for bad in export.bad)
