"""The pretend Etsy fails on demand, limits callers and obeys its remote control."""

from typing import Any

import httpx
import pytest

from salesdaemon.marketplaces.etsy.pretend import PretendEtsy
from tests.marketplaces.etsy.pretending import ME, RECEIPTS, Clock, ids, serving


def test_limits_are_told_in_headers_and_kept(clock: Clock) -> None:
    etsy = PretendEtsy(now=clock, per_second=2, per_day=3)
    with serving(etsy) as client:
        first = client.get(ME)
        told = {name: value for name, value in first.headers.items() if name.startswith("x-")}
        del told["x-etsy-request-uuid"]
        assert told == {
            "x-limit-per-second": "2",
            "x-remaining-this-second": "1",
            "x-limit-per-day": "3",
            "x-remaining-today": "2",
        }
        client.get(ME)
        hasty = client.get(ME)
        assert (hasty.status_code, hasty.json()) == (
            429,
            {"error": "Exceeded per second rate limit"},
        )
        assert hasty.headers["retry-after"] == "1"
        clock.advance(seconds=1)
        etsy.limits.misspelt = True
        assert client.get(ME).headers["x-remaining-this-secon"] == "1"
        spent = client.get(ME)
        assert (spent.status_code, spent.json()) == (429, {"error": "Exceeded daily rate limit"})
        assert spent.headers["x-remaining-today"] == "0"
        assert int(spent.headers["retry-after"]) == 86_400


HTML = {"content-type": "text/html; charset=utf-8"}
SPENT = {"retry-after": "86400", "x-remaining-today": "0"}


@pytest.mark.parametrize(
    ("fault", "status", "told"),
    [
        ({"kind": "429"}, 429, ({}, '{"error": "Exceeded per second rate limit"}')),
        (
            {"kind": "429", "daily": True, "seconds": 86400},
            429,
            (SPENT, '{"error": "Exceeded daily rate limit"}'),
        ),
        ({"kind": "500"}, 500, ({}, '{"error":"Server Error"}')),
        ({"kind": "503", "seconds": 7}, 503, ({"retry-after": "7"}, "Service Unavailable")),
        ({"kind": "502"}, 502, (HTML, "stitch")),
        ({"kind": "html"}, 200, (HTML, "stitch")),
        ({"kind": "empty_body"}, 200, ({"content-length": "0"}, "")),
        ({"kind": "wrong_json"}, 200, ({}, '[{"unexpected":"list"}]')),
        ({"kind": "500", "status": 504}, 504, ({}, "Server Error")),
    ],
)
def test_a_planted_refusal_happens_once(
    etsy: PretendEtsy,
    client: httpx.Client,
    fault: dict[str, Any],
    status: int,
    told: tuple[dict[str, str], str],
) -> None:
    headers, text = told
    etsy.faults.add(**fault)
    answer = client.get(RECEIPTS)
    assert answer.status_code == status
    assert {name: answer.headers.get(name) for name in headers} == headers
    assert ("retry-after" in answer.headers) == ("seconds" in fault)
    assert text in answer.text
    assert client.get(RECEIPTS).status_code == 200
    assert [request.fault for request in etsy.requests] == [fault["kind"], None]


def test_a_connection_breaks_in_the_middle_of_an_answer(
    etsy: PretendEtsy, client: httpx.Client
) -> None:
    etsy.fill_history(100)
    etsy.faults.add("truncated")
    with pytest.raises(httpx.RemoteProtocolError):
        client.get(RECEIPTS, params={"limit": 100})
    etsy.faults.add("reset")
    with pytest.raises(httpx.TransportError):
        client.get(RECEIPTS, params={"limit": 100})
    assert client.get(RECEIPTS).status_code == 200


def test_a_hanging_request_ends_with_the_server(etsy: PretendEtsy) -> None:
    etsy.faults.add("hang")
    with serving(etsy) as client, pytest.raises(httpx.ReadTimeout):
        client.get(RECEIPTS, timeout=0.2)
    assert etsy.requests[0].fault == "hang"


def test_one_order_of_a_page_gets_wrong_types_or_nulls(
    etsy: PretendEtsy, client: httpx.Client
) -> None:
    made = [etsy.add_receipt() for _ in range(3)]
    etsy.faults.add("wrong_types")
    page = client.get(RECEIPTS).json()["results"]
    assert [row["grandtotal"] == "twelve" for row in page] == [False, True, False]
    etsy.faults.add("null_fields", receipt_id=made[0], fields=["transactions"])
    page = client.get(RECEIPTS).json()["results"]
    assert [row["transactions"] is None for row in page] == [False, False, True]
    assert client.get(RECEIPTS).json()["results"][2]["transactions"] is not None


def test_a_fault_for_one_order_waits_until_it_is_on_a_page(
    etsy: PretendEtsy, client: httpx.Client
) -> None:
    older, _ = etsy.add_receipt(), etsy.add_receipt()
    etsy.faults.add("null_fields", receipt_id=older)
    newest = client.get(RECEIPTS, params={"limit": 1}).json()["results"]
    assert newest[0]["grandtotal"] is not None
    assert client.get(RECEIPTS).json()["results"][1]["grandtotal"] is None


def test_a_stuck_list_repeats_its_page_and_a_shifting_one_slips(
    etsy: PretendEtsy, client: httpx.Client
) -> None:
    etsy.fill_history(20)
    etsy.faults.add("stuck", times=2)
    pages = [ids(client.get(RECEIPTS, params={"limit": 5, "offset": at})) for at in (0, 5, 5)]
    assert pages[0] == pages[1] != pages[2]
    etsy.faults.add("shift", count=2)
    first = ids(client.get(RECEIPTS, params={"limit": 5}))
    second = ids(client.get(RECEIPTS, params={"limit": 5, "offset": 5}))
    assert second[:2] == first[3:]


def test_a_fault_strikes_only_the_path_it_names_and_may_be_taken_back(
    etsy: PretendEtsy, client: httpx.Client
) -> None:
    etsy.faults.add("500", path_contains="/receipts?offset=5", times=2)
    assert client.get(RECEIPTS).status_code == 200
    assert client.get(RECEIPTS, params={"offset": 5}).status_code == 500
    etsy.faults.clear()
    assert client.get(RECEIPTS, params={"offset": 5}).status_code == 200
    etsy.faults.add("503", probability=1.0)
    assert [client.get(ME).status_code for _ in range(3)] == [503] * 3
    with pytest.raises(ValueError, match="No fault is called 'flood'"):
        etsy.faults.add("flood")
