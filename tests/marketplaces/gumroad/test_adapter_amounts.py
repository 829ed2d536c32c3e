"""What was given back of a sale, what it cost, and what an affiliate got, to the cent."""

from typing import Any

import pytest

from salesdaemon.domain.sale import Sale, Status
from tests.marketplaces.gumroad.replies import DISPUTED, ON_STRIPE, WON, adapt

EURO = {"currency": "eur", "currency_symbol": "€"}


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


def test_a_charge_in_dollars_makes_a_partial_refund_exact_whatever_was_listed() -> None:
    charged = {"currency": "usd", "total_cents": 1200, "refunded_cents": 401}
    partly = {**EURO, "partially_refunded": True, "amount_refundable_in_currency": "7.39"}
    sale = adapt(**partly, buyer_presentment=charged)
    assert (sale.refunded_minor, sale.refunded_exact) == (401, True)
    with_tax = adapt(**partly, buyer_presentment={**charged, "total_cents": 1428})
    assert with_tax.refunded_exact is False


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
        pytest.param({"refunded": True, "gumroad_fee": 10}, 10, -55, -65, id="more kept than fee"),
        pytest.param({"refunded": True, "gumroad_fee": 0}, 0, -65, -65, id="no fee"),
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
