"""What holds for every sale, whatever Gumroad sends."""

import contextlib
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from salesdaemon.domain.sale import Status
from salesdaemon.errors import PayloadError
from salesdaemon.marketplaces.gumroad.adapter import to_sale
from salesdaemon.marketplaces.gumroad.wire import (
    Affiliate,
    BuyerPresentment,
    WireSale,
    parse_page,
)
from tests.marketplaces.gumroad.replies import adapt, raw_sale

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
    assert sale.fees_refunded_minor <= sale.fees_minor
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
