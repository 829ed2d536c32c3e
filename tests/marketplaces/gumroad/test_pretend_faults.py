"""The pretend shop misbehaves on demand, and obeys another process."""

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from typing import Any

import httpx
import pytest

from salesdaemon.marketplaces.gumroad.pretend import PretendGumroad
from tests.marketplaces.gumroad.pretend_client import all_pages, ids


@pytest.mark.parametrize(
    ("fault", "status", "starts"),
    [
        ({"kind": "429"}, 429, "Retry later"),
        ({"kind": "500"}, 500, "<!DOCTYPE html>"),
        ({"kind": "502"}, 502, "<!DOCTYPE html>"),
        ({"kind": "503"}, 503, "<!DOCTYPE html>"),
        ({"kind": "html"}, 200, "<!DOCTYPE html>"),
        ({"kind": "html", "status": 403}, 403, "<!DOCTYPE html>"),
        ({"kind": "success_false"}, 200, '{"success":false,"message":'),
        ({"kind": "empty_body"}, 200, ""),
        ({"kind": "wrong_json"}, 200, "["),
        ({"kind": "timed_out"}, 400, '{"status":400,"error":"Query timed out. Try'),
    ],
    ids=lambda value: value["kind"] if isinstance(value, dict) else "",
)
def test_a_fault_spoils_one_answer(
    shop: PretendGumroad, client: httpx.Client, fault: dict[str, Any], status: int, starts: str
) -> None:
    shop.faults.add(**fault, path_contains="/sales")
    assert client.get("/v2/user").status_code == 200
    answer = client.get("/v2/sales")
    assert answer.status_code == status
    assert answer.text.startswith(starts)
    assert "retry-after" not in answer.headers
    assert client.get("/v2/sales").json() == {"success": True, "sales": []}
    assert shop.faults.fired == {fault["kind"]: 1}


@pytest.mark.parametrize("kind", ["429", "503"])
def test_a_fault_may_say_how_long_to_wait(
    shop: PretendGumroad, client: httpx.Client, kind: str
) -> None:
    shop.faults.add(kind, seconds=86_400)
    assert client.get("/v2/sales").headers["retry-after"] == "86400"


def test_a_hanging_answer_outlasts_an_impatient_client(
    shop: PretendGumroad, client: httpx.Client
) -> None:
    shop.faults.add("hang", seconds=60)
    with pytest.raises(httpx.ReadTimeout):
        client.get("/v2/sales", timeout=0.2)
    assert client.get("/v2/sales").status_code == 200


def test_a_reset_breaks_the_connection_midway(shop: PretendGumroad, client: httpx.Client) -> None:
    shop.add_sale()
    shop.faults.add("reset")
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        client.get("/v2/sales")
    assert client.get("/v2/sales").status_code == 200


def test_a_truncated_answer_is_whole_for_http_and_half_for_json(
    shop: PretendGumroad, client: httpx.Client
) -> None:
    shop.add_sale()
    shop.faults.add("truncated")
    answer = client.get("/v2/sales")
    assert answer.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        answer.json()
    assert len(client.get("/v2/sales").json()["sales"]) == 1


def test_a_fault_may_happen_by_chance_until_it_is_cleared(
    shop: PretendGumroad, client: httpx.Client
) -> None:
    shop.faults.add("500", probability=0.5)
    statuses = Counter(client.get("/v2/user").status_code for _ in range(60))
    assert statuses.keys() == {200, 500}
    shop.faults.clear()
    assert {client.get("/v2/user").status_code for _ in range(10)} == {200}


@pytest.mark.parametrize("kind", ["wrong_types", "null_fields"])
def test_one_sale_of_a_page_is_spoiled_and_keeps_its_id(
    shop: PretendGumroad, client: httpx.Client, kind: str
) -> None:
    sold = [shop.add_sale() for _ in range(3)]
    shop.faults.add(kind, sale_id=sold[1])
    spoiled = client.get("/v2/sales").json()
    assert ids(spoiled) == sold[::-1]
    assert [sale["price"] == 1200 for sale in spoiled["sales"]] == [True, False, True]
    healed = client.get("/v2/sales").json()
    assert [sale["price"] for sale in healed["sales"]] == [1200] * 3


def test_a_stuck_cursor_leads_to_the_same_page_again(
    shop: PretendGumroad, client: httpx.Client
) -> None:
    for _ in range(31):
        shop.add_sale()
    shop.faults.add("stuck", times=2)
    key = client.get("/v2/sales").json()["next_page_key"]
    answers = [client.get("/v2/sales", params={"page_key": key}).json() for _ in range(3)]
    assert [answer["next_page_key"] == key for answer in answers] == [True, True, False]


def test_a_repeated_page_comes_under_a_new_key(shop: PretendGumroad, client: httpx.Client) -> None:
    for _ in range(31):
        shop.add_sale()
    shop.faults.add("repeated", times=3)
    pages = all_pages(client)
    keys = [page.get("next_page_key") for page in pages]
    assert len(set(keys)) == len(keys) == 7
    assert [ids(page) for page in pages[:4]] == [ids(pages[0])] * 4
    assert len({sale_id for page in pages for sale_id in ids(page)}) == 31


def test_a_big_account_answers_only_narrow_windows(
    shop: PretendGumroad, client: httpx.Client
) -> None:
    for _ in range(11):
        shop.add_sale()
    shop.faults.add("big_account", days=30)

    def status(**params: str) -> int:
        return client.get("/v2/sales", params=params).status_code

    assert status() == 400
    assert status(after="2026-10-23") == 400
    assert status(after="2026-10-24") == 200
    assert status(after="2025-01-01", before="2025-01-31") == 200
    assert status(after="2025-01-01", before="2025-02-01") == 400
    assert status(before="2025-01-31") == 400
    key = client.get("/v2/sales", params={"after": "2026-11-01"}).json()["next_page_key"]
    assert status(page_key=key) == 200


def test_a_query_times_out_until_the_window_is_narrow_enough(
    shop: PretendGumroad, client: httpx.Client
) -> None:
    shop.faults.add("timed_out", times=2, days=7)
    windows = ["2026-11-01", "2026-11-20", "2026-11-01", "2026-11-01"]
    statuses = [client.get("/v2/sales", params={"after": day}).status_code for day in windows]
    assert statuses == [400, 200, 400, 200]


def test_an_unknown_fault_is_refused(shop: PretendGumroad) -> None:
    with pytest.raises(ValueError, match="no fault 'rain'"):
        shop.faults.add("rain")


def test_another_process_can_make_things_happen(shop: PretendGumroad, client: httpx.Client) -> None:
    def post(name: str, **body: object) -> object:
        answer = client.post(f"/_pretend/{name}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()["result"]

    sold = post("sell", price=1500, created_at="2026-11-20T09:00:00Z", product_name="<b>")
    assert len(post("burst", count=3)) == 3  # type: ignore[arg-type]  # a list of ids
    post("refund", sale_id=sold, amount=500)
    post("dispute", sale_id=sold)
    post("win-dispute", sale_id=sold)
    post("fault", kind="500")
    assert client.get("/v2/sales").status_code == 500
    assert client.get("/_pretend/requests").json() == [
        {"method": "GET", "path": "/v2/sales", "query": {}, "bearer": True}
    ]
    post("reset-requests")
    assert client.get("/_pretend/requests").json() == []
    books = client.get("/_pretend/books").json()
    assert books == shop.books()
    assert (books[0]["sale_id"], books[0]["refunded"]) == (sold, "5.00")
    assert client.post("/_pretend/refund", json={"sale_id": "none"}).status_code == 400


def test_the_shop_runs_as_a_process_of_its_own() -> None:
    command = [sys.executable, "-m", "salesdaemon.marketplaces.gumroad.pretend"]
    options = ["--history", "30", "--seed", "3", "--access-token", "other", "--no-summary"]
    trickle = ["--sales-every", "0.05"]
    with subprocess.Popen([*command, *options, *trickle], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        word, url = process.stdout.readline().decode().split()
        assert word == "ready"
        headers = {"Authorization": "Bearer other"}
        assert httpx.get(f"{url}/v2/sales/summary", headers=headers).status_code == 404
        assert len(httpx.get(f"{url}/v2/sales", headers=headers).json()["sales"]) == 10
        while len(httpx.get(f"{url}/_pretend/books").json()) < 31:
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
