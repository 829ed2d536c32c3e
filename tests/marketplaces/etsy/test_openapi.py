"""The pretend Etsy answers as Etsy's published document says, and asks for what it asks for."""

from collections.abc import Iterator

import httpx
import pytest
from openapi_core.exceptions import OpenAPIError

from salesdaemon.marketplaces.etsy.pretend import PretendEtsy
from salesdaemon.marketplaces.loopback import serve
from tests.openapi import check_answer, check_exchange

SHOP = "/v3/application/shops/48291736"


@pytest.fixture
def etsy() -> PretendEtsy:
    etsy = PretendEtsy()
    etsy.fill_history(300)
    paid = etsy.add_receipt(
        items=[
            {"title": "Mug", "is_digital": False, "price": 2000, "quantity": 2},
            {"title": "Plan", "personalised": True, "listing_id": None},
            {"title": None, "personalised": "property"},
        ],
        discount=100,
        shipping=500,
        tax=80,
        vat=90,
        gift_wrap=150,
    )
    etsy.refund(paid, 300)
    etsy.cancel(etsy.add_receipt())
    etsy.add_receipt(paid=False, country=None)
    return etsy


@pytest.fixture
def client(etsy: PretendEtsy) -> Iterator[httpx.Client]:
    access, _ = etsy.issue_login()
    headers = {"x-api-key": etsy.x_api_key, "authorization": f"Bearer {access}"}

    def check(response: httpx.Response) -> None:
        request = response.request
        check_exchange(
            request.method,
            str(request.url),
            request.headers,
            request.content,
            response.status_code,
            response.headers,
            response.read(),
        )

    with (
        serve(etsy.app) as url,
        httpx.Client(base_url=url, headers=headers, event_hooks={"response": [check]}) as client,
    ):
        yield client


def window(etsy: PretendEtsy) -> dict[str, int]:
    return {"min_created": etsy.now_seconds - 86_400 * 30, "max_created": etsy.now_seconds}


@pytest.mark.parametrize(
    "path",
    [
        "/v3/application/openapi-ping",
        "/v3/application/users/me",
        "/v3/application/users/90210/shops",
        SHOP,
        f"{SHOP}/receipts?limit=100",
        f"{SHOP}/receipts?limit=100&offset=100&sort_on=updated&sort_order=asc&was_paid=true",
        f"{SHOP}/receipts?was_shipped=false&was_delivered=false&was_canceled=true&legacy=false",
        f"{SHOP}/receipts?min_last_modified=946684800&max_last_modified=4000000000",
    ],
)
def test_every_read_is_answered_as_documented(client: httpx.Client, path: str) -> None:
    assert client.get(path).status_code == 200


def test_a_receipt_its_payments_and_the_ledger_are_answered_as_documented(
    client: httpx.Client, etsy: PretendEtsy
) -> None:
    for row in client.get(f"{SHOP}/receipts", params={"limit": 20}).json()["results"]:
        receipt = f"{SHOP}/receipts/{row['receipt_id']}"
        assert client.get(receipt).json() == row
        assert client.get(f"{receipt}/payments").status_code == 200
    ledger = client.get(
        f"{SHOP}/payment-account/ledger-entries", params={"limit": 100, **window(etsy)}
    )
    assert ledger.json()["count"] > 50


def test_payments_and_listings_are_answered_as_documented(
    client: httpx.Client, etsy: PretendEtsy
) -> None:
    account = f"{SHOP}/payment-account/ledger-entries"
    entries = client.get(account, params={"limit": 100, **window(etsy)}).json()["results"]
    paid = [row for row in entries if row["ledger_type"] == "PAYMENT_GROSS"]
    numbers = ",".join(row["reference_id"] for row in paid)
    by_id = client.get(f"{SHOP}/payments", params={"payment_ids": numbers})
    lines = ",".join(str(row["entry_id"]) for row in entries)
    by_line = client.get(f"{account}/payments", params={"ledger_entry_ids": lines})
    assert by_id.json() == by_line.json()
    assert by_id.json()["count"] == len(paid) > 1
    listings = client.get(
        "/v3/application/listings/batch", params={"listing_ids": "1200000101,1200000203,5"}
    )
    assert [row["when_made"] for row in listings.json()["results"]] == [
        "2020_2026",
        "made_to_order",
    ]


def test_the_scopes_of_a_token_are_answered_as_documented(
    client: httpx.Client, etsy: PretendEtsy
) -> None:
    access, _ = etsy.issue_login("shops_r")
    answer = client.post("/v3/application/scopes", data={"token": access})
    assert answer.json() == {"scopes": ["shops_r"]}


def test_every_refusal_is_answered_as_documented(client: httpx.Client, etsy: PretendEtsy) -> None:
    etsy.api.strict_payments = True
    too_wide = {"min_created": etsy.now_seconds - 3_000_000, "max_created": etsy.now_seconds}
    assert [
        client.get(f"{SHOP}/receipts/1").status_code,
        client.get(f"{SHOP}/receipts", params={"offset": 12_001}).status_code,
        client.get("/v3/application/shops/1/receipts").status_code,
        client.get("/v3/application/users/1/shops").status_code,
        client.get(f"{SHOP}/payment-account/ledger-entries", params=too_wide).status_code,
        client.get(f"{SHOP}/payments", params={"payment_ids": "1"}).status_code,
    ] == [404, 400, 403, 404, 400, 404]
    etsy.revoke_all()
    assert client.get(f"{SHOP}/receipts").status_code == 401
    for kind in ("429", "500", "502", "503"):
        etsy.faults.add(kind)
        assert client.get("/v3/application/users/me").status_code == int(kind)


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/v3/application/openapi-ping?limit=1", {"x-api-key": "a:b"}),
        (f"{SHOP}/receipts?includes=transactions", {"x-api-key": "a:b"}),
        (f"{SHOP}/receipts?limit=1&limit=2", {"x-api-key": "a:b"}),
        ("/v3/application/listings", {"x-api-key": "a:b"}),
    ],
)
def test_a_parameter_or_path_that_is_not_documented_fails_the_check(
    path: str, headers: dict[str, str]
) -> None:
    with pytest.raises(AssertionError):
        check_exchange("GET", f"https://openapi.etsy.com{path}", headers, b"", 404, {}, b"{}")


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        (f"{SHOP}/receipts?limit=101", {"x-api-key": "a:b", "authorization": "Bearer 1.a"}),
        (f"{SHOP}/receipts?min_created=5", {"x-api-key": "a:b", "authorization": "Bearer 1.a"}),
        (f"{SHOP}/receipts?sort_on=paid", {"x-api-key": "a:b", "authorization": "Bearer 1.a"}),
        (
            f"{SHOP}/payment-account/ledger-entries?min_created=946684800",
            {"x-api-key": "a:b", "authorization": "Bearer 1.a"},
        ),
        ("/v3/application/openapi-ping", {}),
        (f"{SHOP}/receipts", {"x-api-key": "a:b"}),
        (f"{SHOP}/receipts", {"authorization": "Bearer 1.a"}),
    ],
)
def test_a_wrong_value_or_a_missing_login_fails_the_check(
    path: str, headers: dict[str, str]
) -> None:
    with pytest.raises(OpenAPIError):
        check_exchange("GET", f"https://openapi.etsy.com{path}", headers, b"", 404, {}, b"{}")


@pytest.mark.parametrize(
    "body",
    [
        b'{"count":1,"results":[{"receipt_id":"12"}]}',
        b'{"count":1,"results":[{"receipt_type":0,"status":"Lost"}]}',
        b'{"count":1,"results":[{"grandtotal":{"amount":1.5}}]}',
    ],
)
def test_an_answer_of_the_wrong_shape_fails_the_check(body: bytes) -> None:
    with pytest.raises(OpenAPIError):
        check_answer("GET", f"{SHOP}/receipts", 200, {"content-type": "application/json"}, body)
