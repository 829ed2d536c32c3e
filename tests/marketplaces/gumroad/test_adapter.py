"""Which sale becomes of what Gumroad sends: what it is, when, where and of what."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from salesdaemon.domain.sale import Kind, LineItem, Sale, Status
from salesdaemon.errors import PayloadError
from salesdaemon.marketplaces.gumroad.adapter import read_time, to_sale
from salesdaemon.marketplaces.gumroad.wire import WireSale
from tests.marketplaces.gumroad.replies import (
    CANARY,
    DISPUTED,
    ON_STRIPE,
    WON,
    adapt,
    raw_sale,
    raw_trial,
)

NINE = datetime(2026, 11, 20, 9, tzinfo=UTC)


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
