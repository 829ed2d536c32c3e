"""What becomes of Gumroad's bytes, the hostile ones above all."""

import json
from collections.abc import Callable
from dataclasses import dataclass

import msgspec
import pytest

from salesdaemon.errors import AuthError, UnavailableError
from salesdaemon.marketplaces.gumroad.adapter import to_sale
from salesdaemon.marketplaces.gumroad.wire import (
    Affiliate,
    BuyerPresentment,
    Failure,
    User,
    WirePage,
    WireSale,
    parse_page,
    parse_refusal,
    parse_summary,
    parse_user,
)
from tests.marketplaces.gumroad.replies import CANARY, page_body, raw_sale

PLANNER = WireSale(
    id="RRKkAAAAAAAAAAAAAAAAAA==",
    order_id=4711,
    created_at="2026-11-20T09:00:00Z",
    price=1200,
    gumroad_fee=235,
    product_id="32-nPainqpLj1B_WIwVlMw==",
    product_name="Planner",
    quantity=1,
    is_product_physical=False,
    country="Germany",
    country_iso2="DE",
    currency="usd",
    currency_symbol="$",
    formatted_total_price="$12",
    amount_refundable_in_currency="12",
    refunded=False,
    partially_refunded=False,
    disputed=False,
    dispute_won=False,
    chargedback=False,
    is_bundle_product_purchase=False,
    is_upgrade_purchase=False,
)


def test_a_page_of_sales_is_read_with_its_cursor() -> None:
    body = page_body(raw_sale(), next_page_key="2026-4711")
    assert parse_page(body) == WirePage((PLANNER,), "2026-4711")


def test_an_empty_page_is_the_last_one() -> None:
    assert parse_page(page_body()) == WirePage(())


def test_nested_amounts_are_read() -> None:
    body = page_body(
        raw_sale(
            affiliate={"email": f"{CANARY}@example.com", "amount": "$2.50"},
            buyer_presentment={"currency": "eur", "total_cents": 1100, "refunded_cents": 550},
        )
    )
    sale = parse_page(body).sales[0]
    assert (sale.affiliate, sale.buyer_presentment) == (
        Affiliate("$2.50"),
        BuyerPresentment(1100, 550, "eur"),
    )


def test_a_sale_without_any_field_is_left_to_the_adapter() -> None:
    assert parse_page(page_body({})) == WirePage((WireSale(),))


def test_a_page_without_success_is_believed() -> None:
    assert parse_page(b'{"sales": []}') == WirePage(())


@pytest.mark.parametrize(
    ("next_page", "key"),
    [
        pytest.param({"next_page_key": "2026-1"}, "2026-1", id="key"),
        pytest.param({"next_page_url": "/v2/sales?page_key=2026-1"}, "2026-1", id="url only"),
        pytest.param(
            {"next_page_url": "/v2/sales?after=2026-01-01&page_key=a%2Bb%3D"}, "a+b=", id="escaped"
        ),
        pytest.param({"next_page_key": "a", "next_page_url": "/?page_key=b"}, "a", id="both"),
        pytest.param({"next_page_key": None, "next_page_url": None}, None, id="null"),
        pytest.param({"next_page_key": "", "next_page_url": ""}, None, id="empty"),
    ],
)
def test_the_next_page_is_found(next_page: dict[str, object], key: str | None) -> None:
    assert parse_page(page_body(**next_page)).next_page_key == key


@pytest.mark.parametrize(
    "next_page",
    [
        pytest.param({"next_page_url": "/v2/sales?page=2"}, id="url without key"),
        pytest.param({"next_page_url": "http://[broken"}, id="broken url"),
        pytest.param({"next_page_key": 7}, id="number"),
        pytest.param({"next_page_url": ["page_key=1"]}, id="list"),
    ],
)
def test_a_list_that_goes_on_we_know_not_where_is_not_taken_for_its_end(
    next_page: dict[str, object],
) -> None:
    with pytest.raises(UnavailableError, match="goes on"):
        parse_page(page_body(**next_page))


@pytest.mark.parametrize(
    ("sent", "price"),
    [pytest.param(1200.0, 1200, id="1200.0"), pytest.param("1200", 1200, id='"1200"')],
)
def test_a_whole_number_in_another_dress_is_read(sent: object, price: int) -> None:
    assert parse_page(page_body(raw_sale(price=sent))).sales[0].price == price


def test_null_flags_count_as_absent() -> None:
    sale = parse_page(page_body(raw_sale(refunded=None, price=1200.0))).sales[0]
    assert (sale.refunded, sale.price) == (None, 1200)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"price": "12 EUR"}, "Expected int, got str (at price)", id="price text"),
        pytest.param({"price": 12.5}, "Expected int, got float (at price)", id="half a cent"),
        pytest.param({"price": 10**30}, "Expected int, got float (at price)", id="30 digits"),
        pytest.param({"price": float("nan")}, "Expected int, got float (at price)", id="NaN"),
        pytest.param({"price": float("inf")}, "Expected int, got float (at price)", id="Infinity"),
        pytest.param({"price": True}, "Expected int, got bool (at price)", id="price bool"),
        pytest.param({"refunded": "maybe"}, "Expected bool, got str (at refunded)", id="flag"),
        pytest.param(
            {"product_name": ["a"]}, "Expected str, got array (at product_name)", id="name"
        ),
        pytest.param({"affiliate": "x"}, "Expected object, got str (at affiliate)", id="affiliate"),
        pytest.param(
            {"buyer_presentment": {"total_cents": CANARY}},
            "Expected int, got str (at buyer_presentment.total_cents)",
            id="nested",
        ),
    ],
)
def test_one_bad_sale_is_set_aside_and_the_others_read(
    changes: dict[str, object], reason: str
) -> None:
    body = page_body(raw_sale(**changes), raw_sale(price=1200.0), next_page_key="2026-1")
    failure = Failure("RRKkAAAAAAAAAAAAAAAAAA==", reason, "2026-11-20T09:00:00Z")
    assert parse_page(body) == WirePage((PLANNER,), "2026-1", (failure,))


@pytest.mark.parametrize(
    ("sale", "failure"),
    [
        pytest.param(7, Failure("sales[0]", "Expected object, got int"), id="number"),
        pytest.param(None, Failure("sales[0]", "Expected object, got null"), id="null"),
        pytest.param(
            raw_sale(id=5, created_at=9),
            Failure("5", "Expected str, got int (at id)"),
            id="numeric id",
        ),
        pytest.param(
            raw_sale(id=..., price="x"),
            Failure("order 4711", "Expected int, got str (at price)", "2026-11-20T09:00:00Z"),
            id="no id",
        ),
        pytest.param(
            raw_sale(id="a buyer's words", order_id=..., price="x"),
            Failure("sales[0]", "Expected int, got str (at price)", "2026-11-20T09:00:00Z"),
            id="no id but words",
        ),
    ],
)
def test_a_bad_sale_is_named_as_well_as_can_be(sale: object, failure: Failure) -> None:
    assert parse_page(page_body(sale)) == WirePage((), None, (failure,))


def _with_name(name: bytes) -> bytes:
    return page_body(raw_sale(product_name="@@")).replace(b'"@@"', b'"' + name + b'"')


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        pytest.param(rb"a\ud800b", "a�b", id="lone surrogate"),
        pytest.param(rb"a\udc00\ud800b", "a��b", id="surrogates in the wrong order"),
        pytest.param(rb"\ud83d\ude00", "\U0001f600", id="emoji as a pair"),
        pytest.param(rb"\ud83d\ude00\ud83d", "\U0001f600�", id="emoji and a half"),
        pytest.param(b"a\xffb", "a�b", id="invalid UTF-8"),
        pytest.param(b"a\xed\xa0\x80b", "a���b", id="surrogate as UTF-8"),
        pytest.param(rb"a\u0000b", "ab", id="escaped NUL"),
        pytest.param(b"a\x00b", "ab", id="raw NUL"),
        pytest.param(b"a\nb\x01", "a\nb\x01", id="raw control characters"),
        pytest.param(rb"a\\u0000b", r"a\u0000b", id="backslash, not NUL"),
        pytest.param(
            "\u202e<b>\u05e9\u05dc</b>".encode(),
            "\u202e<b>\u05e9\u05dc</b>",
            id="right to left and HTML",
        ),
        pytest.param(b"x" * 6000, "x" * 6000, id="6,000 characters"),
        pytest.param(b"", "", id="nothing"),
    ],
)
def test_a_title_comes_out_as_valid_text_without_nul(sent: bytes, name: str) -> None:
    page = parse_page(_with_name(sent))
    assert page == WirePage((msgspec.structs.replace(PLANNER, product_name=name),))
    assert page.sales[0].product_name is not None
    page.sales[0].product_name.encode("utf-8")


@pytest.mark.parametrize(
    "value", [rb'"\ud800"', b'"\xff"', b"NaN", b'"a\x01"', rb'"\u0000"'], ids=ascii
)
def test_an_odd_value_in_a_field_we_do_not_read_changes_nothing(value: bytes) -> None:
    body = page_body(raw_sale(full_name="@@")).replace(b'"@@"', value)
    assert parse_page(body) == WirePage((PLANNER,))


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"   ", id="blank"),
        pytest.param(b"<!DOCTYPE html><html></html>", id="HTML"),
        pytest.param(b"Retry later", id="text"),
        pytest.param(b"[]", id="list"),
        pytest.param(b"null", id="null"),
        pytest.param(b"7", id="number"),
        pytest.param(b'{"success": true}', id="no sales"),
        pytest.param(b'{"success": true, "sales": null}', id="null sales"),
        pytest.param(b'{"success": true, "sales": {"0": {}}}', id="sales no list"),
        pytest.param(page_body(raw_sale())[:-40], id="truncated"),
        pytest.param(page_body(raw_sale()) + b"x", id="something behind"),
        pytest.param(b'{"sales": ' + b"[" * 100_000, id="too deep"),
        pytest.param(b'{"sales": [{"x":' + b"[" * 5000 + b"]" * 5000 + b"}]}", id="deep inside"),
    ],
)
def test_what_is_no_page_of_sales_counts_as_no_answer(body: bytes) -> None:
    with pytest.raises(UnavailableError) as caught:
        parse_page(body)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("parse", [parse_page, parse_user, parse_summary])
@pytest.mark.parametrize(
    ("message", "error"),
    [
        pytest.param("Something went wrong.", UnavailableError, id="trouble"),
        pytest.param("The sale was not found.", UnavailableError, id="not found"),
        pytest.param(None, UnavailableError, id="no message"),
        pytest.param({"a": 1}, UnavailableError, id="odd message"),
        pytest.param("Your access token is invalid.", AuthError, id="token"),
        pytest.param("This needs the view_sales scope.", AuthError, id="scope"),
    ],
)
def test_a_200_that_says_failure_is_one(
    parse: Callable[[bytes], object], message: object, error: type[Exception]
) -> None:
    body = json.dumps({"success": False, "message": message}).encode()
    with pytest.raises(error, match="request failed") as caught:
        parse(body)
    assert (str(message) in str(caught.value)) is isinstance(message, str)


def test_a_failure_is_not_quoted_when_it_may_hold_an_address_or_a_token() -> None:
    for message in (f"{CANARY}@example.com", "x" * 40, f"<b>{CANARY}</b>"):
        body = json.dumps({"success": False, "message": message}).encode()
        with pytest.raises(UnavailableError) as caught:
            parse_page(body)
        assert str(caught.value) == "Gumroad answered that the request failed."


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="fast path"),
        pytest.param({"product_name": "a\0b"}, id="careful path"),
        pytest.param({"price": CANARY}, id="bad price"),
        pytest.param({"id": [CANARY]}, id="bad id"),
        pytest.param({"created_at": {CANARY: 1}}, id="bad time"),
    ],
)
def test_nothing_about_the_buyer_leaves_the_bytes(changes: dict[str, object]) -> None:
    page = parse_page(page_body(raw_sale(affiliate={"email": CANARY, "amount": "$1"}, **changes)))
    assert CANARY not in repr(page)
    assert CANARY not in repr([to_sale(sale) for sale in page.sales])


def test_no_declared_field_is_one_of_the_buyers() -> None:
    personal = {"email", "purchase_email", "full_name", "card", "custom_fields", "variants", "city"}
    assert personal.isdisjoint(WireSale.__struct_fields__)


@pytest.mark.parametrize(
    ("user", "read"),
    [
        ({"user_id": "u1", "id": "x", "name": "Ann", "email": CANARY}, User("u1", "x", "Ann")),
        ({"id": 7, "display_name": "Shop"}, User(None, 7, None, "Shop")),
        ({"id": 7.0, "name": "a\0"}, User(None, 7, "a")),
    ],
    ids=["both ids", "old id only", "float id"],
)
def test_the_account_is_read(user: dict[str, object], read: User) -> None:
    assert parse_user(json.dumps({"success": True, "user": user}).encode()) == read


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"user": 5}', b'{"user": null}'])
def test_what_is_no_account_counts_as_no_answer(body: bytes) -> None:
    with pytest.raises(UnavailableError):
        parse_user(body)


TOTALS = {
    "gross_cents": 1200,
    "net_cents": 1100,
    "refunded_cents": 100,
    "units": 1,
    "refunded_units": 1.0,
}


@pytest.mark.parametrize(
    "breakdown",
    [
        pytest.param([{"date": "2026-11-01", **TOTALS}], id="list with date"),
        pytest.param([{"key": "2026-11-01", "label": "Sun", **TOTALS}], id="list with key"),
        pytest.param([{"start": "2026-11-01T00:00:00-08:00", **TOTALS}], id="list with moment"),
        pytest.param({"2026-11-01": TOTALS}, id="object"),
        pytest.param([7, {"date": "2026-11-01", **TOTALS}, {"date": "2026-11-02"}], id="mixed"),
    ],
)
def test_a_summary_is_read_whatever_the_shape_of_its_days(breakdown: object) -> None:
    body = json.dumps({"success": True, "breakdown": breakdown}).encode()
    assert parse_summary(body) == {"2026-11-01": (1200, 1100, 100, 1, 1)}


@pytest.mark.parametrize("breakdown", [None, 7, "x", [], {}, [{"date": "1 Nov"}], {"a": 1}])
def test_a_summary_without_days_is_empty(breakdown: object) -> None:
    assert parse_summary(json.dumps({"breakdown": breakdown}).encode()) == {}


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"[" * 100_000])
def test_what_is_no_summary_counts_as_no_answer(body: bytes) -> None:
    with pytest.raises(UnavailableError):
        parse_summary(body)


@dataclass(frozen=True)
class Refusal:
    """A body that came with an error's status, and the sentence in it."""

    body: bytes
    says: str


@pytest.mark.parametrize(
    "refusal",
    [
        Refusal(b'{"status": 400, "error": "Invalid date"}', "Invalid date"),
        Refusal(b'{"success": false, "message": "No"}', "No"),
        Refusal(b'{"success": false}', ""),
        Refusal(b"", ""),
        Refusal(b"[1]", ""),
        Refusal(b'{"error": 7}', ""),
        Refusal(b"Retry later", ""),
    ],
    ids=lambda refusal: refusal.body.decode(),
)
def test_the_sentence_of_a_refusal_is_found(refusal: Refusal) -> None:
    assert parse_refusal(refusal.body) == refusal.says
