"""A sale of the pretend shop has the vendor's fields, with all their habits."""

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from salesdaemon.marketplaces.gumroad.pretend import ABSENT, PretendGumroad
from tests.marketplaces.gumroad.pretend_client import NOON, ask, one

BUYER_FIELDS = """email purchase_email full_name giftee_email gifter_email street_address city state
    zip_code purchaser_id referrer utm_source ip card custom_fields license_key license_id"""


def test_price_is_us_cents_whatever_the_listed_currency(
    shop: PretendGumroad, client: httpx.Client
) -> None:
    sale = one(client, shop.add_sale(price=1003, currency="jpy", listed_total=1500))
    shown = {
        key: sale[key]
        for key in ("price", "currency", "currency_symbol", "formatted_display_price")
    }
    assert shown == {
        "price": 1003,
        "currency": "jpy",
        "currency_symbol": "¥",
        "formatted_display_price": "¥1,500",
    }
    assert sale["amount_refundable_in_currency"] == "1,500"


def test_an_id_is_24_characters_and_works_url_encoded(
    shop: PretendGumroad, client: httpx.Client
) -> None:
    sale_id = shop.add_sale()
    assert (len(sale_id), sale_id[-2:]) == (24, "==")
    path = f"/v2/sales/{sale_id.replace('=', '%3D')}.json"
    assert client.get(path).json()["sale"]["id"] == sale_id


def test_nil_fields_are_absent_unless_asked_for(shop: PretendGumroad, client: httpx.Client) -> None:
    sale = one(client, shop.add_sale(country_iso2=None))
    absent = {"country", "country_iso2", "tip_cents", "affiliate", "discover_fee_percentage"}
    assert not absent & sale.keys()
    assert not {"subscription_id", "recurring_charge", "cancelled"} & sale.keys()
    explicit = PretendGumroad(explicit_nulls=True)
    answer = ask(explicit, f"/v2/sales/{explicit.add_sale(country_iso2=None)}").json()["sale"]
    assert {key: answer[key] for key in absent} == dict.fromkeys(absent)


def test_older_sales_name_no_currency() -> None:
    shop = PretendGumroad(omit_currency=True)
    sale = ask(shop, f"/v2/sales/{shop.add_sale(currency='eur')}").json()["sale"]
    assert "currency" not in sale
    assert sale["currency_symbol"] == "€"


@pytest.mark.parametrize(
    ("kwargs", "refunded"),
    [({}, False), ({"price": 0}, None), ({"trial": True}, None), ({"bundle_item": True}, None)],
    ids=["paid", "free", "trial", "bundle item"],
)
def test_refunded_is_absent_where_nothing_was_charged(
    shop: PretendGumroad, client: httpx.Client, kwargs: dict[str, Any], refunded: bool | None
) -> None:
    assert one(client, shop.add_sale(**kwargs)).get("refunded") is refunded


def test_a_trial_looks_paid(shop: PretendGumroad, client: httpx.Client) -> None:
    sale = one(client, shop.add_sale(trial=True))
    shown = ("paid", "price", "gumroad_fee", "amount_refundable_in_currency", "recurring_charge")
    assert [sale[key] for key in shown] == [True, 1200, 235, "12", False]
    assert sale["free_trial_ends_on"] == "Nov 29, 2026"


def test_what_the_vendor_moves_differs_from_read_to_read(
    shop: PretendGumroad, client: httpx.Client
) -> None:
    shop.add_sale(product="a")
    shop.add_sale(product="b")
    sale_id = shop.add_sale(product="c", recurring=True)
    first, second = one(client, sale_id), one(client, sale_id)
    moved = {key for key in first if first[key] != second[key]}
    assert moved >= {"timestamp", "reviews_count", "average_rating", "can_contact"}
    assert moved >= {"cancelled", "license_uses"}
    assert not moved & {"id", "price", "refunded", "amount_refundable_in_currency", "product_name"}


def test_every_field_of_the_buyer_holds_a_canary(
    shop: PretendGumroad, client: httpx.Client
) -> None:
    *_, sale_id = [shop.add_sale(product=name) for name in "abc"]  # every third is licensed
    sale = one(client, sale_id)
    silent = [name for name in BUYER_FIELDS.split() if "CANARY" not in json.dumps(sale[name])]
    assert silent == []


def test_raw_fields_can_be_hostile(shop: PretendGumroad, client: httpx.Client) -> None:
    hostile: dict[str, Any] = {
        "product_name": "\ud800\x00<b>\u202e" + "x" * 6000,
        "price": 1200.0,
        "quantity": None,
        "timestamp": ["not", "text"],
    }
    sale_id = shop.add_sale(raw=hostile, gumroad_fee=ABSENT)
    answer = client.get(f"/v2/sales/{sale_id}")
    sale = json.loads(answer.content)["sale"]
    assert {key: sale[key] for key in hostile} == hostile
    assert b'"price":1200.0' in answer.content
    assert "gumroad_fee" not in sale
    assert client.get("/_pretend/books").json() == shop.books()
    assert shop.books()[0]["gross"] == "12.00"


def test_a_product_may_have_any_name(shop: PretendGumroad, client: httpx.Client) -> None:
    name = "\ud800\x00<b>\u202e"
    sale_id = shop.add_sale(product=name)
    assert one(client, sale_id)["product_name"] == name
    assert client.get("/v2/products").json()["products"][0]["name"] == name


def test_a_renamed_product_changes_every_old_sale(
    shop: PretendGumroad, client: httpx.Client
) -> None:
    sale_id = shop.add_sale(product="Old", created_at=NOON - timedelta(days=400))
    before = one(client, sale_id)
    shop.rename_product("Old", "New")
    after = one(client, sale_id)
    assert (before["product_name"], after["product_name"]) == ("Old", "New")
    assert before["product_id"] == after["product_id"]
