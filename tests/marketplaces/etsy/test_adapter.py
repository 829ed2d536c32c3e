import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesdaemon.domain.sale import Kind, LineItem, Sale, Status
from salesdaemon.errors import PayloadError
from salesdaemon.marketplaces.etsy.adapter import to_sale
from salesdaemon.marketplaces.etsy.wire import parse_receipt
from tests.marketplaces.etsy.receipts import CREATED, money, receipt, refund, transaction

CREATED_AT = datetime.fromtimestamp(CREATED, UTC)
PLANNER = LineItem("1200000101", "Weekly planner", 1, 1200, passive=True, line_id="4100000001")
PLAIN = Sale(
    external_id="3400000001",
    kind=Kind.SALE,
    status=Status.PAID,
    paid=True,
    created_at=CREATED_AT,
    paid_at=CREATED_AT,
    currency="EUR",
    gross_minor=1200,
    items=(PLANNER,),
    fees_minor=156,
    country="DE",
    charged_minor=1200,
)


def adapt(sent: Mapping[str, Any]) -> Sale:
    (row,) = parse_receipt(json.dumps(sent).encode()).receipts
    return to_sale(row)


def test_a_paid_receipt_becomes_a_sale() -> None:
    assert adapt(receipt()) == PLAIN


def totals(
    grandtotal: int | None,
    total_price: int | None,
    *,
    tax: int | None = None,
    vat: int | None = None,
    shipping: int | None = None,
    wrap: int | None = None,
    discount: int | None = None,
) -> dict[str, Any]:
    amounts = {
        "grandtotal": grandtotal,
        "total_price": total_price,
        "total_tax_cost": tax,
        "total_vat_cost": vat,
        "total_shipping_cost": shipping,
        "gift_wrap_price": wrap,
        "discount_amt": discount,
    }
    return {key: None if value is None else money(value) for key, value in amounts.items()}


@pytest.mark.parametrize(
    ("sent", "gross"),
    [
        pytest.param(totals(1200, 1200), 1200, id="nothing but the price"),
        pytest.param(
            totals(2059, 1500, tax=100, vat=59, shipping=400, wrap=250, discount=250),
            1900,
            id="both ways agree",
        ),
        pytest.param(
            totals(1300, 1000, tax=100, vat=190, shipping=200),
            1200,
            id="the grand total leaves the VAT out",
        ),
        pytest.param(
            totals(1390, 1000, tax=100, vat=190, shipping=200),
            1200,
            id="the grand total leaves the tax out",
        ),
        pytest.param(
            totals(1200, 1000, tax=100, vat=100, wrap=250),
            1250,
            id="the grand total leaves the gift wrap out",
        ),
        pytest.param(
            totals(1100, 1000, tax=100, vat=190, wrap=250),
            1250,
            id="the grand total leaves the gift wrap and the VAT out",
        ),
        pytest.param(totals(999, 1500, tax=99), 900, id="no reading of the parts adds up"),
        pytest.param(totals(1290, None, tax=90), 1200, id="only the grand total"),
        pytest.param(totals(None, 1200, tax=90, discount=200), 1000, id="only the parts"),
        pytest.param(totals(0, 1200, discount=1200), 0, id="a full discount"),
    ],
)
def test_the_gross_is_what_the_buyer_paid_without_tax(sent: dict[str, Any], gross: int) -> None:
    sale = adapt(receipt(**sent))
    assert (sale.gross_minor, sum(item.gross_minor for item in sale.items)) == (gross, gross)


@pytest.mark.parametrize(
    ("amount", "divisor", "currency", "minor"),
    [
        (1500, 1, "JPY", 1500),
        (150000, 100, "JPY", 1500),
        (1500, 1, "EUR", 150000),
        (15000, 1000, "EUR", 1500),
        (1500, 1000, "KWD", 1500),
        (1500, 100, "KWD", 15000),
    ],
)
def test_amounts_of_any_divisor_become_minor_units(
    amount: int, divisor: int, currency: str, minor: int
) -> None:
    paid = money(amount, currency, divisor)
    sale = adapt({"receipt_id": 1, "created_timestamp": CREATED, "grandtotal": paid})
    assert (sale.gross_minor, sale.currency) == (minor, currency)


UNPAID = replace(PLAIN, status=Status.UNPAID, paid=False, fees_minor=0)
CANCELLED = replace(PLAIN, status=Status.CANCELLED, refunded_minor=1200, fees_refunded_minor=156)
CANCELLED_UNPAID = replace(UNPAID, status=Status.CANCELLED)
REFUNDED = replace(CANCELLED, status=Status.REFUNDED)
HALF = replace(PLAIN, status=Status.PARTIALLY_REFUNDED, refunded_minor=600, fees_refunded_minor=78)
UNREADABLE = replace(PLAIN, status=Status.PARTIALLY_REFUNDED, refunded_exact=False)
NOT_PAID_FOR = [transaction(paid_timestamp=None)]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"status": "paid"}, PLAIN, id="paid"),
        pytest.param({"status": "COMPLETED"}, PLAIN, id="completed"),
        pytest.param({"status": "Shipped by drone"}, PLAIN, id="an unfamiliar word"),
        pytest.param({"status": "paid", "is_paid": None}, PLAIN, id="paid by the word alone"),
        pytest.param({"status": None}, PLAIN, id="paid by the flag alone"),
        pytest.param({"status": None, "is_paid": None}, PLAIN, id="paid by the time alone"),
        pytest.param({"status": "paid", "is_paid": False}, UNPAID, id="paid, says the word alone"),
        pytest.param({"status": "Open", "is_paid": False}, UNPAID, id="open"),
        pytest.param(
            {"status": "Payment Processing", "is_paid": None}, UNPAID, id="payment processing"
        ),
        pytest.param({"status": "Open", "is_paid": True}, PLAIN, id="the flag beats the word"),
        pytest.param({"status": "canceled"}, CANCELLED, id="cancelled after payment"),
        pytest.param(
            {"status": "Cancelled", "is_paid": False}, CANCELLED, id="cancelled, was paid once"
        ),
        pytest.param(
            {"status": "Canceled", "is_paid": False, "transactions": NOT_PAID_FOR},
            replace(CANCELLED_UNPAID, pays_late=True),
            id="cancelled before payment",
        ),
        pytest.param(
            {"status": "Canceled", "is_paid": None, "transactions": NOT_PAID_FOR},
            replace(CANCELLED_UNPAID, pays_late=True),
            id="cancelled, payment unknown",
        ),
        pytest.param(
            {
                "status": "Canceled",
                "is_paid": False,
                "transactions": NOT_PAID_FOR,
                "refunds": [refund(1200)],
            },
            replace(CANCELLED, pays_late=True),
            id="cancelled, with money given back",
        ),
        pytest.param({"status": "Fully Refunded"}, REFUNDED, id="fully refunded without a list"),
        pytest.param(
            {"status": "fully refunded", "is_paid": False, "refunds": [refund(5)]},
            REFUNDED,
            id="fully refunded, whatever the list says",
        ),
        pytest.param(
            {"status": "partially refunded", "refunds": [refund(600)]}, HALF, id="half refunded"
        ),
        pytest.param(
            {"status": "partially refunded", "is_paid": False}, UNREADABLE, id="without a list"
        ),
        pytest.param(
            {"status": "partially refunded", "refunds": [refund(0)]}, UNREADABLE, id="list of 0"
        ),
        pytest.param(
            {"status": "paid", "refunds": [{"status": "done"}]}, UNREADABLE, id="without an amount"
        ),
        pytest.param({"refunds": [refund(600)]}, HALF, id="the list beats completed"),
        pytest.param({"refunds": [refund(300), refund(300)]}, HALF, id="two refunds of a quarter"),
        pytest.param({"refunds": [refund(1200)]}, REFUNDED, id="a list of all of it"),
        pytest.param({"refunds": [refund(9999)]}, REFUNDED, id="more than was paid"),
        pytest.param(
            {"refunds": [refund(1200, status="Failed"), refund(600, status=None)]},
            HALF,
            id="a refund that failed",
        ),
        pytest.param({"refunds": [refund(1200, status="declined")]}, PLAIN, id="declined"),
        pytest.param({"receipt_type": 1}, PLAIN, id="a sale on Pattern"),
    ],
)
def test_the_status_says_where_an_order_stands(changes: dict[str, Any], expected: Sale) -> None:
    assert adapt(receipt(**changes)) == expected


def test_a_refund_is_taken_without_the_tax_in_it() -> None:
    sale = adapt(receipt(**totals(1428, 1200, tax=228), refunds=[refund(714)]))
    assert (sale.gross_minor, sale.refunded_minor, sale.status) == (
        1200,
        600,
        Status.PARTIALLY_REFUNDED,
    )


@pytest.mark.parametrize(("given", "rounded"), [(1, 0), (3, 2), (5, 2), (7, 4)])
def test_half_a_cent_of_a_refund_goes_to_the_even_one(given: int, rounded: int) -> None:
    sale = adapt(receipt(**totals(1000, 500, tax=500), refunds=[refund(given)]))
    assert sale.refunded_minor == rounded


def test_a_free_order_is_free_and_costs_nothing() -> None:
    sale = adapt(receipt(**totals(0, 1200, discount=1200)))
    assert sale == replace(
        PLAIN,
        kind=Kind.FREE,
        gross_minor=0,
        charged_minor=0,
        fees_minor=0,
        items=(replace(PLANNER, gross_minor=0),),
    )


def test_payment_is_the_earliest_of_its_transactions() -> None:
    lines = [transaction(paid_timestamp=CREATED + late) for late in (90, 60)]
    sale = adapt(receipt(transactions=[*lines, transaction(paid_timestamp=None)]))
    assert (sale.paid_at.timestamp(), sale.pays_late) == (CREATED + 60, False)


@pytest.mark.parametrize("timestamp", [None, 0])
def test_without_a_payment_time_the_creation_stands_in(timestamp: int | None) -> None:
    sale = adapt(receipt(transactions=[transaction(paid_timestamp=timestamp)]))
    assert sale == replace(PLAIN, pays_late=True)


def test_items_share_the_gross_by_price_times_quantity() -> None:
    lines = [
        transaction(transaction_id=5, price=money(1000), listing_id=1, title="A"),
        transaction(
            transaction_id=6,
            price=money(500),
            quantity=4,
            listing_id=2,
            title="B",
            is_digital=False,
        ),
        transaction(
            transaction_id=None,
            price=None,
            quantity=0,
            listing_id=None,
            title=None,
            is_digital=None,
        ),
    ]
    sale = adapt(receipt(**totals(2801, 3000, shipping=301, discount=500), transactions=lines))
    assert sale.items == (
        LineItem("1", "A", 1, 933, passive=True, line_id="5"),
        LineItem("2", "B", 4, 1868, passive=False, line_id="6"),
        LineItem(None, None, 1, 0, passive=None),
    )


def test_what_the_books_are_held_against_is_kept_with_the_sale() -> None:
    sale = adapt(receipt(**totals(1790, 1200, tax=190, shipping=400)))
    assert (sale.gross_minor, sale.charged_minor, sale.shipping_minor) == (1600, 1790, 400)


@pytest.mark.parametrize("sent", [None, []])
def test_an_order_without_transactions_has_one_unknown_item(sent: object) -> None:
    sale = adapt(receipt(transactions=sent))
    assert sale == replace(
        PLAIN, items=(LineItem(None, None, 1, 1200, passive=None),), pays_late=True
    )


@pytest.mark.parametrize(
    ("digital", "variation", "passive"),
    [
        pytest.param(True, {"property_id": 200, "formatted_name": "Size"}, True, id="a size"),
        pytest.param(True, {"property_id": 54, "formatted_name": "x"}, False, id="property 54"),
        pytest.param(True, {"question_id": 7}, False, id="a question answered"),
        pytest.param(True, {"formatted_name": "Personalization"}, False, id="by its name"),
        pytest.param(True, {"formatted_name": " PERSONALISATION "}, False, id="British, loud"),
        pytest.param(True, {"formatted_name": None, "question_id": None}, True, id="nothing"),
        pytest.param(False, {}, False, id="physical"),
        pytest.param(None, {"question_id": 7}, None, id="unknown"),
    ],
)
def test_digital_and_not_personalised_is_passive(
    digital: bool | None, variation: dict[str, Any], passive: bool | None
) -> None:
    sale = adapt(receipt(transactions=[transaction(is_digital=digital, variations=[variation])]))
    assert sale.items[0].passive is passive


@pytest.mark.parametrize(
    ("sent", "product"),
    [
        ("Tom &amp; Ada&#39;s &quot;Planner&quot;", 'Tom & Ada\'s "Planner"'),
        ("Tags &amp;lt;b&amp;gt;", "Tags &lt;b&gt;"),
        ("<b>&[x](link)", "<b>&[x](link)"),
        ("a\u0000b", "ab"),
        ("&#xD800;&#0;", "\ufffd\ufffd"),
        ("\u202eright to left", "\u202eright to left"),
        ("x" * 6000, "x" * 6000),
        ("\u0000", None),
        ("", None),
        (None, None),
    ],
)
def test_a_title_is_unescaped_once(sent: str | None, product: str | None) -> None:
    assert adapt(receipt(transactions=[transaction(title=sent)])).items[0].product == product


@pytest.mark.parametrize(
    ("sent", "country"),
    [
        ("de", "DE"),
        ("US", "US"),
        ("DEU", None),
        ("", None),
        ("1A", None),
        ("ß1", None),
        (None, None),
    ],
)
def test_a_country_is_two_letters_or_unknown(sent: str | None, country: str | None) -> None:
    assert adapt(receipt(country_iso=sent)).country == country


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"receipt_id": None}, "An order has no id. (at receipt_id)"),
        ({"receipt_id": -4}, "An order has no id. (at receipt_id)"),
        (
            {"created_timestamp": None, "create_timestamp": 0},
            "A time is missing. (at created_timestamp)",
        ),
        (
            {"created_timestamp": CREATED * 1000},
            "A time is not in epoch seconds. (at created_timestamp)",
        ),
        (
            {"transactions": [transaction(paid_timestamp=-1)]},
            "A time is not in epoch seconds. (at transactions[0].paid_timestamp)",
        ),
        (totals(None, None), "The order has no total. (at grandtotal)"),
        ({"grandtotal": {}}, "The currency is no ISO code. (at grandtotal.currency_code)"),
        (
            {"grandtotal": money(1, "euros")},
            "The currency is no ISO code. (at grandtotal.currency_code)",
        ),
        ({"grandtotal": {"currency_code": "EUR"}}, "An amount is missing. (at grandtotal)"),
        ({"total_price": money(1200, "USD")}, "The order mixes currencies. (at total_price)"),
        (
            {"transactions": [transaction(), transaction(price=money(5, "USD"))]},
            "The order mixes currencies. (at transactions[1].price)",
        ),
        (
            {"refunds": [refund(0), {"amount": money(5, "USD")}]},
            "The order mixes currencies. (at refunds[1].amount)",
        ),
        (
            {"grandtotal": money(1200, "EUR", 7)},
            "A divisor must be a power of ten, and EUR came with another. (at grandtotal)",
        ),
        (
            {"grandtotal": money(1200, "EUR", 0)},
            "A divisor must be a power of ten, and EUR came with another. (at grandtotal)",
        ),
        (
            {"grandtotal": money(1201, "EUR", 1000)},
            "An amount is finer than the smallest unit of EUR. (at grandtotal)",
        ),
        ({"grandtotal": money(-1)}, "An amount is negative or too large. (at grandtotal)"),
        ({"grandtotal": money(10**19)}, "An amount is negative or too large. (at grandtotal)"),
        ({"discount_amt": money(-1)}, "An amount is negative or too large. (at discount_amt)"),
        (
            totals(100, None, tax=200),
            "Taxes and discounts exceed the order's total. (at grandtotal)",
        ),
        (
            {"transactions": [transaction(quantity=-1)]},
            "A quantity makes no sense. (at transactions[0].quantity)",
        ),
        (
            {"transactions": [transaction(quantity=10**12)]},
            "A quantity makes no sense. (at transactions[0].quantity)",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_place(changes: dict[str, Any], fault: str) -> None:
    with pytest.raises(PayloadError) as raised:
        adapt(receipt(**changes))
    assert str(raised.value) == fault


@pytest.mark.parametrize(
    ("currency", "divisor", "units", "fees"),
    [
        pytest.param("USD", 100, 1, 950 + 25 + 20, id="USD"),
        pytest.param("USD", 100, 3, 950 + 25 + 60, id="USD, three renewals"),
        pytest.param("EUR", 100, 1, 1050 + 30, id="EUR"),
        pytest.param("GBP", 100, 1, 1050 + 32 + 20, id="GBP, with the regulatory fee"),
        pytest.param("CAD", 100, 1, 950 + 25, id="CAD"),
        pytest.param("AUD", 100, 1, 950 + 25, id="AUD"),
        pytest.param("SEK", 100, 1, 1050, id="another currency"),
        pytest.param("JPY", 1, 1, 1050, id="a currency without decimals"),
    ],
)
def test_fees_are_estimated_by_currency(currency: str, divisor: int, units: int, fees: int) -> None:
    sale = adapt(
        {
            "receipt_id": 1,
            "status": "paid",
            "created_timestamp": CREATED,
            "grandtotal": money(10_000, currency, divisor),
            "transactions": [{"quantity": units}],
        }
    )
    assert (sale.fees_minor, sale.fees_exact) == (fees, False)


amounts = st.integers(0, 10**7).map(money)
optional_amounts = st.none() | amounts
lines = st.lists(
    st.builds(
        transaction,
        price=optional_amounts,
        quantity=st.none() | st.integers(0, 50),
        is_digital=st.none() | st.booleans(),
        paid_timestamp=st.none() | st.integers(CREATED, CREATED + 10**6),
    ),
    max_size=5,
)
statuses = st.sampled_from(
    [
        *("open", "Payment Processing", "Paid", "completed", "canceled"),
        *("Fully Refunded", "partially refunded", "something new", None),
    ]
)
receipts = st.builds(
    receipt,
    status=statuses,
    is_paid=st.none() | st.booleans(),
    grandtotal=amounts,
    total_price=optional_amounts,
    total_shipping_cost=optional_amounts,
    total_tax_cost=st.none() | st.integers(0, 1000).map(money),
    gift_wrap_price=optional_amounts,
    transactions=lines,
    refunds=st.lists(st.integers(0, 10**7).map(refund), max_size=3),
)


@given(receipts)
def test_whatever_is_sent_adds_up_or_is_refused(sent: dict[str, Any]) -> None:
    try:
        sale = adapt(sent)
    except PayloadError:
        return  # taxes and discounts may exceed the total here
    assert sum(item.gross_minor for item in sale.items) == sale.gross_minor
    assert all(item.gross_minor >= 0 and item.quantity > 0 for item in sale.items)
    assert 0 <= sale.refunded_minor <= sale.gross_minor
    assert 0 <= sale.fees_refunded_minor <= sale.fees_minor
    assert (sale.kind is Kind.FREE) == (sale.gross_minor == 0)
    assert sale.paid or (sale.refunded_minor, sale.fees_minor) == (0, 0)
    if sale.status is not Status.CANCELLED:
        assert sale.paid == (sale.status is not Status.UNPAID)
    assert sale.paid_at >= sale.created_at
    assert adapt(sent).fingerprint == sale.fingerprint
