"""Which sale becomes of what Gumroad sends, rule by rule."""

import contextlib
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesdaemon.domain.sale import Kind, LineItem, Sale, Status
from salesdaemon.errors import PayloadError
from salesdaemon.marketplaces.gumroad.adapter import read_time, to_sale
from salesdaemon.marketplaces.gumroad.wire import (
    Affiliate,
    BuyerPresentment,
    WireSale,
    parse_page,
)
from tests.marketplaces.gumroad.replies import CANARY, page_body, raw_sale, raw_trial

NINE = datetime(2026, 11, 20, 9, tzinfo=UTC)
EURO = {"currency": "eur", "currency_symbol": "€"}
DISPUTED = {"disputed": True, "chargedback": True}
WON = {"disputed": True, "dispute_won": True}
ON_STRIPE = {"payment_processor": "stripe"}


def adapt(**changes: Any) -> Sale:
    """Read one sale from its bytes and turn it into ours."""
    page = parse_page(page_body(raw_sale(**changes)))
    assert page.failures == ()
    return to_sale(page.sales[0])


def adapt_trial(**changes: Any) -> Sale:
    return adapt(**raw_trial(**changes))


def test_a_plain_sale_becomes_ours() -> None:
    assert adapt() == Sale(
        external_id="RRKkAAAAAAAAAAAAAAAAAA==",
        kind=Kind.SALE,
        status=Status.PAID,
        paid=True,
        created_at=NINE,
        paid_at=NINE,
        currency="USD",
        gross_minor=1200,
        items=(LineItem("32-nPainqpLj1B_WIwVlMw==", "Planner", 1, 1200, passive=True),),
        refunded_minor=0,
        refunded_exact=True,
        fees_minor=235,
        fees_refunded_minor=0,
        fees_exact=True,
        affiliate_minor=0,
        country="DE",
        pays_late=True,
    )


def test_a_sale_with_nothing_but_what_it_must_have_is_read() -> None:
    assert to_sale(WireSale(id="a", created_at="2026-11-20T09:00:00Z", price=500)) == Sale(
        external_id="a",
        kind=Kind.SALE,
        status=Status.PAID,
        paid=True,
        created_at=NINE,
        paid_at=NINE,
        currency="USD",
        gross_minor=500,
        items=(LineItem(None, None, 1, 500, passive=True),),
        fees_exact=False,
        pays_late=True,
    )


@pytest.mark.parametrize("currency", ["jpy", "eur", "krw", "usd", None])
def test_the_price_is_us_cents_whatever_the_listed_currency(currency: str | None) -> None:
    sale = adapt(price=1003, currency=currency, formatted_total_price="¥1,500")
    assert (sale.gross_minor, sale.currency) == (1003, "USD")


UPGRADE = {"is_upgrade_purchase": True}
SUBSCRIBED = {"subscription_id": "sub", "recurring_charge": False}


@pytest.mark.parametrize(
    ("sale", "kind"),
    [
        pytest.param(raw_sale(), Kind.SALE, id="sale"),
        pytest.param(raw_sale(**SUBSCRIBED), Kind.SALE, id="first charge"),
        pytest.param(
            raw_sale(subscription_id="sub", recurring_charge=True), Kind.RENEWAL, id="renewal"
        ),
        pytest.param(
            raw_sale(subscription_id="sub", recurring_charge=True, **UPGRADE),
            Kind.SALE,
            id="upgrade charged as recurring",
        ),
        pytest.param(raw_sale(price=0, gumroad_fee=0), Kind.FREE, id="free"),
        pytest.param(
            raw_sale(price=0, subscription_id="sub", recurring_charge=True),
            Kind.FREE,
            id="free renewal",
        ),
        pytest.param(raw_trial(), Kind.TRIAL, id="trial"),
        pytest.param(raw_trial(price=0), Kind.TRIAL, id="trial of nothing"),
        pytest.param(raw_trial(recurring_charge=...), Kind.TRIAL, id="trial, recurring absent"),
        pytest.param(raw_trial(recurring_charge=None), Kind.TRIAL, id="trial, recurring null"),
        pytest.param(raw_trial(recurring_charge=True), Kind.RENEWAL, id="renewal after a trial"),
        pytest.param(raw_trial(free_trial_ends_on=None), Kind.SALE, id="no trial granted"),
        pytest.param(raw_trial(free_trial_ends_on=""), Kind.SALE, id="no trial granted, empty"),
        pytest.param(raw_trial(subscription_id=...), Kind.SALE, id="trial date alone"),
        pytest.param(raw_trial(**UPGRADE), Kind.SALE, id="paid upgrade in a trial"),
        pytest.param(
            raw_sale(is_bundle_product_purchase=True, price=0), Kind.BUNDLE_ITEM, id="bundle item"
        ),
        pytest.param(
            raw_trial(is_bundle_product_purchase=True), Kind.BUNDLE_ITEM, id="trial in a bundle"
        ),
        pytest.param(raw_sale(is_bundle_purchase=True), Kind.SALE, id="the bundle itself"),
    ],
)
def test_the_first_kind_that_fits_is_taken(sale: dict[str, Any], kind: Kind) -> None:
    assert adapt(**sale).kind is kind


@pytest.mark.parametrize(
    "sale",
    [
        pytest.param(raw_trial(affiliate={"amount": "$2.50"}), id="trial"),
        pytest.param(raw_trial(**DISPUTED), id="disputed trial"),
        pytest.param(raw_trial(**ON_STRIPE), id="trial on own processor"),
        pytest.param(
            raw_sale(is_bundle_product_purchase=True, affiliate={"amount": "$1"}), id="bundle item"
        ),
        pytest.param(raw_sale(is_bundle_product_purchase=True, refunded=True), id="refunded item"),
        pytest.param(raw_sale(price=0, gumroad_fee=80, affiliate={"amount": "$0"}), id="free"),
    ],
)
def test_what_was_not_charged_has_no_amounts(sale: dict[str, Any]) -> None:
    ours = adapt(**sale)
    amounts = (
        *(ours.gross_minor, ours.refunded_minor, ours.fees_minor, ours.fees_refunded_minor),
        *(ours.affiliate_minor, ours.net_minor, ours.items[0].gross_minor),
    )
    assert amounts == (0,) * 7
    assert (ours.refunded_exact, ours.fees_exact, ours.paid) == (True, True, True)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        pytest.param({}, Status.PAID, id="paid"),
        pytest.param({"refunded": ...}, Status.PAID, id="marks absent"),
        pytest.param({"refunded": None, "disputed": None}, Status.PAID, id="marks null"),
        pytest.param({"refunded": True}, Status.REFUNDED, id="refunded"),
        pytest.param({"partially_refunded": True}, Status.PARTIALLY_REFUNDED, id="partially"),
        pytest.param(
            {"refunded": True, "partially_refunded": True}, Status.REFUNDED, id="both refund marks"
        ),
        pytest.param({"disputed": True}, Status.DISPUTED, id="disputed"),
        pytest.param({"chargedback": True}, Status.DISPUTED, id="charged back"),
        pytest.param({**DISPUTED, "refunded": True}, Status.DISPUTED, id="disputed and refunded"),
        pytest.param(WON, Status.PAID, id="won"),
        pytest.param({**WON, "refunded": True}, Status.REFUNDED, id="won and refunded"),
    ],
)
def test_a_dispute_beats_refund_marks_until_it_is_won(
    changes: dict[str, Any], status: Status
) -> None:
    assert adapt(**changes).status is status


def partial(left: object, **changes: Any) -> Sale:
    """Adapt a sale of $12.00 of which `left` can still be refunded."""
    return adapt(partially_refunded=True, amount_refundable_in_currency=left, **changes)


@pytest.mark.parametrize(
    ("changes", "refunded"),
    [
        pytest.param({"amount_refundable_in_currency": "7.51"}, 449, id="cents"),
        pytest.param({"amount_refundable_in_currency": "7"}, 500, id="whole"),
        pytest.param({"amount_refundable_in_currency": "7.5"}, 450, id="one decimal"),
        pytest.param({"amount_refundable_in_currency": " 7.51 "}, 449, id="blanks"),
        pytest.param({"amount_refundable_in_currency": "0.01"}, 1199, id="one cent left"),
        pytest.param({"amount_refundable_in_currency": "7.51", "currency": "USD"}, 449, id="USD"),
        pytest.param({"amount_refundable_in_currency": "7.51", "currency": ...}, 449, id="sign"),
        pytest.param(
            {"amount_refundable_in_currency": "1,907", "price": 200_000}, 9_300, id="thousands"
        ),
        pytest.param(
            {"amount_refundable_in_currency": "1,234,567.89", "price": 123_456_790},
            1,
            id="millions",
        ),
        pytest.param(
            {
                "amount_refundable_in_currency": "7.51",
                "buyer_presentment": {"total_cents": 100, "refunded_cents": 99},
            },
            449,
            id="better than what the buyer was charged",
        ),
    ],
)
def test_a_partial_refund_in_dollars_is_exact(changes: dict[str, Any], refunded: int) -> None:
    sale = adapt(partially_refunded=True, **changes)
    assert (sale.refunded_minor, sale.refunded_exact) == (refunded, True)


CHARGED = {"currency": "eur", "total_cents": 1100, "refunded_cents": 550}
YEN = {"currency": "jpy", "currency_symbol": "¥", "price": 1003}
WON_CURRENCY = {"currency": "krw", "currency_symbol": "₩", "price": 1003}


@pytest.mark.parametrize(
    ("left", "changes", "refunded"),
    [
        pytest.param("0", {}, 0, id="processor gone"),
        pytest.param("0.00", {}, 0, id="processor gone, with cents"),
        pytest.param("0", {"buyer_presentment": CHARGED}, 600, id="processor gone, charge known"),
        pytest.param("0", {**EURO, "formatted_total_price": "€11"}, 0, id="gone, in euros"),
        pytest.param(None, {}, 0, id="missing"),
        pytest.param("", {}, 0, id="empty"),
        pytest.param("seven", {}, 0, id="words"),
        pytest.param("-5", {}, 0, id="negative"),
        pytest.param("7.515", {}, 0, id="three decimals"),
        pytest.param("7,51", {}, 0, id="decimal comma"),
        pytest.param("1" * 5000, {}, 0, id="5,000 digits"),
        pytest.param("\u0667", {}, 0, id="other digits"),
        pytest.param("12", {}, 0, id="nothing gone"),
        pytest.param("99", {}, 0, id="more than the price"),
        pytest.param("99", {"buyer_presentment": CHARGED}, 600, id="more, charge known"),
        pytest.param("5.50", {**EURO, "buyer_presentment": CHARGED}, 600, id="charge known"),
        pytest.param(
            "2.75",
            {**EURO, "buyer_presentment": {"total_cents": 1100}, "formatted_total_price": "€11"},
            900,
            id="charge without refund",
        ),
        pytest.param(
            "2.75",
            {
                **EURO,
                "buyer_presentment": {"total_cents": 0, "refunded_cents": 5},
                "formatted_total_price": "€11",
            },
            900,
            id="charge of nothing",
        ),
        pytest.param(
            "1",
            {**EURO, "buyer_presentment": {"total_cents": 10, "refunded_cents": 11}},
            1200,
            id="charge refunded beyond itself",
        ),
        pytest.param(
            "1",
            {**EURO, "buyer_presentment": {"total_cents": -10, "refunded_cents": 5}},
            0,
            id="negative charge",
        ),
        pytest.param("5.50", {**EURO, "formatted_total_price": "€11"}, 600, id="euros"),
        pytest.param(
            "5.50", {**EURO, "formatted_total_price": "€11 a month"}, 600, id="euros a month"
        ),
        pytest.param(
            "10", {**EURO, "formatted_total_price": "€20 every 3 months"}, 600, id="other numbers"
        ),
        pytest.param(
            "10", {"currency": "cad", "formatted_total_price": "CAD$20.00"}, 600, id="CAD"
        ),
        pytest.param(
            "0.33", {"currency": "aud", "formatted_total_price": "99¢"}, 800, id="cents sign"
        ),
        pytest.param("750", {**YEN, "formatted_total_price": "¥1,500"}, 502, id="yen, half even"),
        pytest.param("500", {**YEN, "formatted_total_price": "¥1,500"}, 669, id="yen"),
        pytest.param(
            "5,000", {**WON_CURRENCY, "formatted_total_price": "₩15,000"}, 669, id="South Korea"
        ),
        pytest.param(
            "5,000.50", {**WON_CURRENCY, "formatted_total_price": "₩15,000"}, 669, id="its parts"
        ),
        pytest.param("20", {**EURO, "formatted_total_price": "€11"}, 0, id="left above total"),
        pytest.param("5", {**EURO, "formatted_total_price": "€1.907,50"}, 0, id="unreadable total"),
        pytest.param("5", {**EURO, "formatted_total_price": "free"}, 0, id="no number"),
        pytest.param("5", {**EURO, "formatted_total_price": "€0"}, 0, id="total of nothing"),
        pytest.param("5", {**EURO, "formatted_total_price": ...}, 0, id="no total"),
        pytest.param(
            "6", {"currency": ..., "currency_symbol": ...}, 600, id="no currency: the ratio"
        ),
        pytest.param(
            "5.50",
            {"currency": ..., "currency_symbol": "€", "formatted_total_price": "€11"},
            600,
            id="currency by its sign",
        ),
    ],
)
def test_a_derived_partial_refund_says_that_it_is_one(
    left: object, changes: dict[str, Any], refunded: int
) -> None:
    sale = partial(left, **changes)
    assert sale.status is Status.PARTIALLY_REFUNDED
    assert (sale.refunded_minor, sale.refunded_exact) == (refunded, False)
    assert sale.fees_exact is False


@pytest.mark.parametrize("changes", [{"refunded": True}, DISPUTED], ids=["refunded", "disputed"])
def test_a_full_refund_or_dispute_takes_all_of_it(changes: dict[str, Any]) -> None:
    sale = adapt(amount_refundable_in_currency="0", **EURO, **changes)
    assert (sale.refunded_minor, sale.refunded_exact) == (1200, True)


@pytest.mark.parametrize(
    ("changes", "fees", "returned", "net"),
    [
        pytest.param({}, 235, 0, 965, id="sale"),
        pytest.param({"refunded": True}, 235, 170, -65, id="the documented refund"),
        # Half back: 235 * 600 / 1200 = 117.5, down 117; retained 17.4 + 15 = 32.4, rounded 32.
        pytest.param(
            {"partially_refunded": True, "amount_refundable_in_currency": "6"},
            *(235, 85, 1200 - 600 - 235 + 85),
            id="half",
        ),
        # One cent back: 0.1958 of the fee, down 0; retained 0.029 + 0.025, rounded 0.
        pytest.param(
            {"partially_refunded": True, "amount_refundable_in_currency": "11.99"},
            *(235, 0, 1200 - 1 - 235),
            id="one cent",
        ),
        # 500 of 1000 back: retained 14.5 + 15 = 29.5, half up 30; share 90.
        pytest.param(
            {
                "partially_refunded": True,
                "price": 1000,
                "gumroad_fee": 180,
                "amount_refundable_in_currency": "5",
            },
            *(180, 60, 1000 - 500 - 180 + 60),
            id="half a cent goes up",
        ),
        pytest.param({"refunded": True, "gumroad_fee": 10}, 10, 0, -10, id="never below nothing"),
        pytest.param({"refunded": True, "gumroad_fee": 0}, 0, 0, 0, id="no fee"),
        pytest.param({"refunded": True, **ON_STRIPE}, 235, 235, 0, id="own processor"),
        pytest.param(
            {"refunded": True, "transaction_url_for_seller": "https://example.com"},
            *(235, 235, 0),
            id="own processor by its link",
        ),
        pytest.param(
            {"partially_refunded": True, "amount_refundable_in_currency": "6", **ON_STRIPE},
            *(235, 117, 1200 - 600 - 235 + 117),
            id="own processor, half",
        ),
        pytest.param(DISPUTED, 235, 235, 0, id="dispute"),
        pytest.param(WON, 235, 0, 965, id="won"),
        pytest.param({"gumroad_fee": ...}, 0, 0, 1200, id="fee missing"),
        pytest.param(
            {"partially_refunded": True, "amount_refundable_in_currency": "0"},
            *(235, 0, 965),
            id="refund unknown",
        ),
    ],
)
def test_fees_and_what_comes_back_of_them(
    changes: dict[str, Any], fees: int, returned: int, net: int
) -> None:
    sale = adapt(**changes)
    assert (sale.fees_minor, sale.fees_refunded_minor, sale.net_minor) == (fees, returned, net)


@pytest.mark.parametrize(
    ("changes", "exact"),
    [
        pytest.param({}, True, id="sale"),
        pytest.param(WON, True, id="won"),
        pytest.param({"price": 0}, True, id="free"),
        pytest.param({"price": 0, **ON_STRIPE}, True, id="free on own processor"),
        pytest.param({"refunded": True}, False, id="refund"),
        pytest.param(DISPUTED, False, id="dispute"),
        pytest.param(
            {"partially_refunded": True, "amount_refundable_in_currency": "0"},
            False,
            id="refund of unknown size",
        ),
        pytest.param(ON_STRIPE, False, id="own processor"),
        pytest.param({"transaction_url_for_seller": "x"}, False, id="own processor by its link"),
        pytest.param({"payment_processor": ""}, True, id="no processor named"),
        pytest.param({"gumroad_fee": None}, False, id="fee missing"),
    ],
)
def test_fees_are_exact_for_a_sale_on_gumroads_own_processor_without_refund(
    changes: dict[str, Any], *, exact: bool
) -> None:
    assert adapt(**changes).fees_exact is exact


@pytest.mark.parametrize(
    ("amount", "cents"),
    [
        pytest.param("$2.50", 250, id="cents"),
        pytest.param("$2", 200, id="whole"),
        pytest.param("$1,234", 123_400, id="thousands"),
        pytest.param("$1,234.56", 123_456, id="thousands and cents"),
        pytest.param("$0", 0, id="nothing"),
        pytest.param("99¢", 99, id="cents sign"),
        pytest.param(None, 0, id="missing"),
    ],
)
def test_the_affiliates_share_is_read_from_its_text(amount: str | None, cents: int) -> None:
    assert adapt(price=200_000, affiliate={"amount": amount}).affiliate_minor == cents


@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        pytest.param({}, 250, id="nothing back"),
        pytest.param({"refunded": True}, 0, id="all back"),
        pytest.param(DISPUTED, 0, id="disputed"),
        pytest.param(WON, 250, id="won"),
        # 250 * 751 / 1200 = 156.46, down.
        pytest.param(
            {"partially_refunded": True, "amount_refundable_in_currency": "7.51"}, 156, id="in part"
        ),
    ],
)
def test_the_affiliate_keeps_what_was_not_given_back(changes: dict[str, Any], kept: int) -> None:
    assert adapt(affiliate={"amount": "$2.50"}, **changes).affiliate_minor == kept


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        pytest.param("2026-11-20T09:00:00Z", NINE, id="as sent"),
        pytest.param("2026-11-20T09:00:00.000Z", NINE, id="fraction"),
        pytest.param(
            "2026-11-20T09:00:00.25Z", NINE + timedelta(milliseconds=250), id="short fraction"
        ),
        pytest.param("2026-11-20T01:00:00-08:00", NINE, id="offset"),
        pytest.param("2026-11-20T09:00:00+00:00", NINE, id="no offset"),
    ],
)
def test_times_are_read(text: str, moment: datetime) -> None:
    read = read_time(text)
    assert read == moment
    assert read.tzinfo is UTC


def test_another_zone_becomes_utc() -> None:
    tokyo = NINE.astimezone(timezone(timedelta(hours=9))).isoformat()
    assert adapt(created_at=tokyo).paid_at.isoformat() == "2026-11-20T09:00:00+00:00"


@pytest.mark.parametrize(
    ("changes", "country"),
    [
        pytest.param({"country_iso2": "de"}, "DE", id="lower case"),
        pytest.param({"country_iso2": ..., "country": "fr"}, "FR", id="two letters"),
        pytest.param({"country_iso2": ..., "country": "France"}, None, id="name only"),
        pytest.param({"country_iso2": "", "country": ...}, None, id="empty"),
        pytest.param({"country_iso2": "DEU", "country": "DE"}, "DE", id="three letters"),
        pytest.param({"country_iso2": "ßß", "country": ...}, None, id="no such letters"),
        pytest.param({"country_iso2": "12", "country": ...}, None, id="digits"),
        pytest.param({"country_iso2": None, "country": None}, None, id="null"),
    ],
)
def test_the_country_is_two_letters_or_unknown(
    changes: dict[str, Any], country: str | None
) -> None:
    assert adapt(**changes).country == country


@pytest.mark.parametrize(
    ("changes", "item"),
    [
        pytest.param({"quantity": 3}, LineItem("p", "Planner", 3, 1200, passive=True), id="three"),
        pytest.param({"quantity": 0}, LineItem("p", "Planner", 1, 1200, passive=True), id="none"),
        pytest.param({"quantity": ...}, LineItem("p", "Planner", 1, 1200, passive=True), id="n/a"),
        pytest.param({"quantity": -2}, LineItem("p", "Planner", 1, 1200, passive=True), id="minus"),
        pytest.param(
            {"is_product_physical": True},
            LineItem("p", "Planner", 1, 1200, passive=False),
            id="mug",
        ),
        pytest.param(
            {"is_product_physical": ...}, LineItem("p", "Planner", 1, 1200, passive=True), id="file"
        ),
        pytest.param({"product_name": ...}, LineItem("p", None, 1, 1200, passive=True), id="name"),
        pytest.param({"product_name": ""}, LineItem("p", None, 1, 1200, passive=True), id="empty"),
        pytest.param(
            {"product_id": None}, LineItem(None, "Planner", 1, 1200, passive=True), id="no product"
        ),
    ],
)
def test_the_item_is_the_product(changes: dict[str, Any], item: LineItem) -> None:
    assert adapt(**{"product_id": "p", **changes}).items == (item,)


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        pytest.param({"id": ...}, "id", id="no id"),
        pytest.param({"id": ""}, "id", id="empty id"),
        pytest.param({"id": CANARY * 100}, "id", id="endless id"),
        pytest.param({"created_at": ...}, "created_at", id="no time"),
        pytest.param({"created_at": CANARY}, "created_at", id="no time but words"),
        pytest.param({"created_at": "2026-11-20T09:00:00"}, "created_at", id="no zone"),
        pytest.param({"created_at": "2026-11-20"}, "created_at", id="a day"),
        pytest.param({"created_at": "0001-01-01T00:00:00+23:00"}, "created_at", id="year 0"),
        pytest.param({"created_at": "2026-02-30T09:00:00Z"}, "created_at", id="no such day"),
        pytest.param({"price": ...}, "price", id="no price"),
        pytest.param({"price": None}, "price", id="null price"),
        pytest.param({"price": -1}, "price", id="negative price"),
        pytest.param({"price": 10**18}, "price", id="price of the world"),
        pytest.param({"gumroad_fee": -1}, "gumroad_fee", id="negative fee"),
        pytest.param({"gumroad_fee": 10**18}, "gumroad_fee", id="endless fee"),
        pytest.param({"quantity": 2**31}, "quantity", id="endless quantity"),
        pytest.param({"affiliate": {"amount": CANARY}}, "affiliate.amount", id="affiliate, words"),
        pytest.param({"affiliate": {"amount": ""}}, "affiliate.amount", id="affiliate, empty"),
    ],
)
def test_a_sale_that_makes_no_sense_is_refused_by_its_path_without_its_value(
    changes: dict[str, Any], path: str
) -> None:
    with pytest.raises(PayloadError) as caught:
        adapt(**changes)
    assert caught.value.path == path
    assert CANARY not in str(caught.value)
    assert caught.value.__cause__ is None


cents = st.integers(0, 10**9)
flags = st.none() | st.booleans()
numbers = cents.map(lambda amount: f"{amount // 100:,}.{amount % 100:02}") | st.sampled_from(
    ["0", "7.51", "1,907", "", "x", "99¢", "-3"]
)
texts = st.none() | numbers | numbers.map(lambda number: f"€{number} a month")
wire_sales = st.builds(
    WireSale,
    id=st.just("a"),
    created_at=st.just("2026-11-20T09:00:00Z"),
    price=st.just(0) | cents,
    gumroad_fee=st.none() | cents,
    quantity=st.none() | st.integers(-5, 2**31 - 1),
    is_product_physical=flags,
    currency=st.sampled_from([None, "usd", "eur", "jpy"]),
    currency_symbol=st.sampled_from([None, "$", "€"]),
    formatted_total_price=texts,
    amount_refundable_in_currency=texts,
    buyer_presentment=st.none()
    | st.builds(
        BuyerPresentment,
        total_cents=st.none() | st.integers(-5, 10**9),
        refunded_cents=st.none() | st.integers(-5, 10**9),
    ),
    affiliate=st.none() | st.builds(Affiliate, amount=st.none() | cents.map(lambda c: f"${c:,}")),
    payment_processor=st.sampled_from([None, "paypal"]),
    refunded=flags,
    partially_refunded=flags,
    disputed=flags,
    dispute_won=flags,
    chargedback=flags,
    is_bundle_product_purchase=flags,
    is_upgrade_purchase=flags,
    subscription_id=st.sampled_from([None, "sub"]),
    recurring_charge=flags,
    free_trial_ends_on=st.sampled_from([None, "Jan 5, 2027"]),
)


@given(wire_sales)
def test_no_amount_is_negative_or_more_than_it_is_part_of(wire: WireSale) -> None:
    sale = to_sale(wire)
    assert 0 <= sale.refunded_minor <= sale.gross_minor
    assert 0 <= sale.fees_refunded_minor <= sale.fees_minor
    assert sale.affiliate_minor >= 0
    assert sum(item.gross_minor for item in sale.items) == sale.gross_minor


@given(wire_sales)
def test_the_parts_of_a_sale_agree_with_its_status(wire: WireSale) -> None:
    sale = to_sale(wire)
    if sale.status is Status.PAID:
        assert (sale.refunded_minor, sale.fees_refunded_minor) == (0, 0)
        assert sale.net_minor == sale.gross_minor - sale.fees_minor - sale.affiliate_minor
    if sale.status in {Status.REFUNDED, Status.DISPUTED}:
        assert (sale.refunded_minor, sale.affiliate_minor) == (sale.gross_minor, 0)
    if sale.status is Status.DISPUTED:
        assert (sale.net_minor, sale.fees_refunded_minor) == (0, sale.fees_minor)
    if sale.refunded_minor or not sale.refunded_exact:
        assert not sale.fees_exact


@given(wire_sales)
def test_reading_a_sale_again_changes_nothing(wire: WireSale) -> None:
    assert to_sale(wire).fingerprint == to_sale(wire).fingerprint


@given(st.integers(2, 10**7), st.data())
def test_a_refund_in_dollars_is_price_less_what_can_still_be_refunded(
    price: int, data: st.DataObject
) -> None:
    left = data.draw(st.integers(1, price - 1))
    sale = adapt(
        price=price,
        partially_refunded=True,
        amount_refundable_in_currency=f"{left // 100:,}.{left % 100:02}",
    )
    assert (sale.refunded_minor, sale.refunded_exact) == (price - left, True)


words = st.text("a1$.,¢T:-Z\0\ud800", max_size=8)
plain_values = st.none() | st.booleans() | st.integers() | st.floats() | words
values = plain_values | st.lists(plain_values, max_size=2) | st.dictionaries(words, plain_values)


@given(st.dictionaries(st.sampled_from(WireSale.__struct_fields__), values, max_size=5))
def test_any_json_is_a_sale_or_set_aside(changes: dict[str, Any]) -> None:
    page = parse_page(json.dumps({"sales": [{**raw_sale(), **changes}]}).encode())
    assert len(page.sales) + len(page.failures) == 1
    for wire in page.sales:
        with contextlib.suppress(PayloadError):
            assert to_sale(wire).currency == "USD"
