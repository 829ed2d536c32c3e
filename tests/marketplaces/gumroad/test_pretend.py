"""The pretend shop lists, refuses and pages as the vendor does."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from salesdaemon.marketplaces.gumroad.pretend import PretendGumroad
from salesdaemon.marketplaces.loopback import serve
from tests.marketplaces.gumroad.pretend_client import NOON, Clock, all_pages, ask, ids, one


def test_pages_hold_ten_newest_first_and_the_last_has_no_key(
    shop: PretendGumroad, client: httpx.Client
) -> None:
    sold = [shop.add_sale(created_at=NOON - timedelta(minutes=age)) for age in range(23)]
    pages = all_pages(client)
    assert [len(page["sales"]) for page in pages] == [10, 10, 3]
    assert [sale_id for page in pages for sale_id in ids(page)] == sold
    assert pages[-1].keys() == {"success", "sales"}


def test_sales_of_one_second_are_all_listed_newest_id_first(
    shop: PretendGumroad, client: httpx.Client
) -> None:
    sold = [shop.add_sale() for _ in range(25)]
    assert [sale_id for page in all_pages(client) for sale_id in ids(page)] == sold[::-1]


def test_a_sale_that_comes_in_between_does_not_shift_later_pages(
    shop: PretendGumroad, client: httpx.Client
) -> None:
    sold = [shop.add_sale(created_at=NOON - timedelta(days=1)) for _ in range(20)]
    first = client.get("/v2/sales").json()
    shop.add_sale()
    second = client.get("/v2/sales", params={"page_key": first["next_page_key"]}).json()
    assert ids(first) + ids(second) == sold[::-1]


def test_an_empty_list_is_no_error(client: httpx.Client) -> None:
    assert client.get("/v2/sales").json() == {"success": True, "sales": []}


def test_a_key_tells_the_last_row_and_the_url_is_relative_without_the_token(
    shop: PretendGumroad, client: httpx.Client
) -> None:
    for _ in range(11):
        shop.add_sale(created_at=datetime(2026, 11, 20, 9, 0, 5, tzinfo=UTC))
    asked = {"after": "2026-11-20", "access_token": "pretend-token"}
    page = client.get("/api/v2/sales.json", params=asked).json()
    key = f"20261120090005000000-{page['sales'][-1]['order_id']}"
    assert page["next_page_key"] == key
    assert page["next_page_url"] == f"/api/v2/sales?after=2026-11-20&page_key={key}"


@pytest.mark.parametrize(
    ("params", "listed"),
    [
        ({}, ["late", "noon", "midnight", "before"]),
        ({"after": "2026-11-20"}, ["late", "noon", "midnight"]),
        ({"before": "2026-11-20"}, ["before"]),
        ({"before": "2026-11-21"}, ["noon", "midnight", "before"]),
        ({"after": "2026-11-20", "before": "2026-11-21"}, ["noon", "midnight"]),
        ({"after": "2026-11-21", "before": "2026-11-20"}, []),
    ],
    ids="-".join,
)
def test_a_window_includes_its_first_day_and_not_its_last(
    shop: PretendGumroad, client: httpx.Client, params: dict[str, str], listed: list[str]
) -> None:
    moments = {
        "before": datetime(2026, 11, 19, 23, 59, 59, tzinfo=UTC),
        "midnight": datetime(2026, 11, 20, tzinfo=UTC),
        "noon": datetime(2026, 11, 20, 12, tzinfo=UTC),
        "late": datetime(2026, 11, 21, tzinfo=UTC),
    }
    names = {shop.add_sale(created_at=moment): name for name, moment in moments.items()}
    page = client.get("/v2/sales", params=params).json()
    assert [names[sale_id] for sale_id in ids(page)] == listed


def test_a_sale_is_listed_late_under_its_old_creation(
    shop: PretendGumroad, client: httpx.Client, clock: Clock
) -> None:
    begun, listed_at = NOON - timedelta(days=6), NOON + timedelta(hours=1)
    late = shop.add_sale(created_at=begun, listed_at=listed_at)
    newer = shop.add_sale()
    assert ids(client.get("/v2/sales").json()) == [newer]
    assert [book["sale_id"] for book in shop.books()] == [newer]
    assert one(client, late)["id"] == late
    clock.time = listed_at
    assert ids(client.get("/v2/sales").json()) == [newer, late]
    assert one(client, late)["created_at"] == "2026-11-16T12:00:00Z"


def test_filters_narrow_the_list(shop: PretendGumroad, client: httpx.Client) -> None:
    wanted = [shop.add_sale(product="Brush set") for _ in range(12)]
    shop.add_sale()
    sale = one(client, wanted[0])
    pages = all_pages(client, product_id=sale["product_id"])
    assert [sale_id for page in pages for sale_id in ids(page)] == wanted[::-1]
    found = client.get("/v2/sales", params={"order_id": str(sale["order_id"])}).json()
    assert ids(found) == [wanted[0]]


def test_the_old_page_numbers_still_work(shop: PretendGumroad, client: httpx.Client) -> None:
    sold = [shop.add_sale() for _ in range(12)]
    assert ids(client.get("/v2/sales", params={"page": "2"}).json()) == sold[1::-1]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"after": ""}, "Invalid date format provided in field 'after'."),
        ({"before": ""}, "Invalid date format provided in field 'before'."),
        ({"after": "2026-11-20T00:00:00Z"}, "Invalid date format provided in field 'after'."),
        ({"before": "yesterday", "after": ""}, "Invalid date format provided in field 'before'."),
        ({"product_id": "nonsense"}, "Invalid product ID."),
        ({"order_id": "12a"}, "Invalid order ID."),
        ({"page_key": "2026-1"}, "Invalid page_key."),
        ({"page_key": "20261399000000000000-1"}, "Invalid page_key."),
        ({"page": "0", "after": ""}, "Invalid page number."),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(value),
)
def test_a_parameter_that_cannot_be_read_is_a_400_of_the_third_shape(
    client: httpx.Client, params: dict[str, str], message: str
) -> None:
    answer = client.get("/v2/sales", params=params)
    assert answer.status_code == 400
    assert answer.json().keys() == {"status", "error"}
    assert answer.json()["status"] == 400
    assert answer.json()["error"].startswith(message)


def test_unknown_parameters_are_ignored_but_written_down(
    shop: PretendGumroad, client: httpx.Client
) -> None:
    shop.add_sale()
    page = client.get("/v2/sales", params={"next_page_key": "1", "after": "2026-01-01"}).json()
    assert len(page["sales"]) == 1
    (request,) = shop.requests
    assert (request.method, request.path, request.bearer) == ("GET", "/v2/sales", True)
    assert request.query == {"next_page_key": "1", "after": "2026-01-01"}
    assert request.unknown_parameters == ["next_page_key"]


def test_a_wrong_token_is_an_empty_401(client: httpx.Client) -> None:
    answer = client.get("/v2/sales", headers={"Authorization": "Bearer wrong"})
    assert (answer.status_code, answer.content) == (401, b"")
    assert answer.headers["www-authenticate"] == (
        'Bearer realm="Doorkeeper", error="invalid_token", '
        'error_description="The access token is invalid"'
    )


def test_a_missing_scope_is_an_empty_403() -> None:
    shop = PretendGumroad(scopes={"view_sales"})
    answer = ask(shop, "/v2/payouts")
    assert (answer.status_code, answer.content) == (403, b"")
    assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]
    assert ask(shop, "/v2/sales").status_code == 200
    assert ask(shop, "/v2/user").status_code == 200


def test_a_token_in_the_query_works_and_is_told_apart(shop: PretendGumroad) -> None:
    with serve(shop.app) as url:
        answer = httpx.get(f"{url}/v2/user", params={"access_token": "pretend-token"})
    assert answer.json()["success"] is True
    assert [request.bearer for request in shop.requests] == [False]


def test_a_sale_that_does_not_exist_is_a_200_without_success(client: httpx.Client) -> None:
    answer = client.get("/v2/sales/AAAAAAAAAAAAAAAAAAAAAA%3D%3D")
    assert answer.status_code == 200
    assert answer.json() == {"success": False, "message": "The sale was not found."}


def test_an_unknown_route_is_json_under_the_api_and_a_page_elsewhere(client: httpx.Client) -> None:
    answer = client.get("/v2/nothing")
    assert (answer.status_code, answer.json()) == (404, {"success": False, "error": "Not found"})
    assert client.get("/sales").headers["content-type"].startswith("text/html")
    assert client.post("/v2/sales").status_code == 404


def test_an_api_without_a_summary_answers_404() -> None:
    answer = ask(PretendGumroad(summary=False), "/v2/sales/summary")
    assert (answer.status_code, answer.json()) == (404, {"success": False, "error": "Not found"})


def test_every_answer_carries_the_shops_own_time(client: httpx.Client, clock: Clock) -> None:
    clock.time = datetime(2027, 3, 1, 5, 6, 7, tzinfo=UTC)
    for path in ("/v2/sales", "/v2/nothing"):
        assert client.get(path).headers.get_list("date") == ["Mon, 01 Mar 2027 05:06:07 GMT"]


def test_the_summary_counts_the_sellers_days(shop: PretendGumroad, client: httpx.Client) -> None:
    shop.add_sale(created_at=datetime(2026, 11, 20, 7, 59, tzinfo=UTC))  # still the 19th there
    refunded = shop.add_sale(created_at=datetime(2026, 11, 20, 8, tzinfo=UTC))
    shop.add_sale(created_at=datetime(2026, 11, 20, 9, tzinfo=UTC), bundle_item=True)
    shop.refund(refunded, 400)
    asked = {"from": "2026-11-20", "to": "2026-11-20", "group_by": "day"}
    figures = {
        "gross_cents": 1200,
        "net_cents": 800,
        "units": 1,
        "refunded_cents": 400,
        "refunded_units": 1,
    }
    assert client.get("/v2/sales/summary", params=asked).json() == {
        "success": True,
        **figures,
        "currency": "usd",
        "from": "2026-11-20",
        "to": "2026-11-20",
        "breakdown": [{**figures, "key": "2026-11-20", "label": "2026-11-20"}],
    }


def test_the_summary_covers_thirty_days_unless_told(client: httpx.Client) -> None:
    summary = client.get("/v2/sales/summary").json()
    assert (summary["from"], summary["to"]) == ("2026-10-24", "2026-11-22")


def test_the_summary_may_lag_behind_the_list(clock: Clock) -> None:
    shop = PretendGumroad(now=clock, summary_lag=timedelta(minutes=2))
    sale_id = shop.add_sale()
    seen = []
    for _ in range(3):
        summary = ask(shop, "/v2/sales/summary").json()
        seen.append((summary["gross_cents"], summary["refunded_cents"]))
        if len(shop.requests) == 1:
            clock.time += timedelta(minutes=2)
            shop.refund(sale_id)
        else:
            clock.time += timedelta(minutes=2)
    assert seen == [(0, 0), (1200, 0), (1200, 1200)]


def test_products_are_paged_by_ten_newest_first(shop: PretendGumroad, client: httpx.Client) -> None:
    for number in range(12):
        shop.add_sale(product=f"Product {number}")
    first = client.get("/v2/products").json()
    rest = client.get("/v2/products", params={"page_key": first["next_page_key"]}).json()
    names = [product["name"] for page in (first, rest) for product in page["products"]]
    assert names == [f"Product {number}" for number in reversed(range(12))]
    assert "next_page_key" not in rest
    assert first["products"][0]["sales_usd_cents"] == 1200


def test_the_user_tells_whose_token_it_is(client: httpx.Client) -> None:
    answer = client.get("/v2/user").json()
    assert answer["success"] is True
    assert answer["user"]["user_id"] == "cHJldGVuZCBzZWxsZXIgMQ=="
