"""The pretend Etsy is driven from outside as by its methods."""

import json
import signal
import subprocess
import sys
import time
from typing import Any

import httpx

from salesdaemon.marketplaces.etsy.pretend import PretendEtsy
from tests.marketplaces.etsy.pretending import ME, RECEIPTS


def test_the_remote_control_does_what_the_methods_do(
    etsy: PretendEtsy, client: httpx.Client
) -> None:
    def post(path: str, body: object = None) -> Any:
        # httpx writes JSON as UTF-8, which cannot hold a lone surrogate.
        answer = client.post(f"/_pretend/{path}", content=json.dumps(body))
        assert answer.status_code == 200, answer.text
        return answer.json()

    item = {"title": "Mug \ud800", "price": 100}
    made = post("sell", {"items": [item], "paid": False})["receipt_id"]
    post(f"pay/{made}", {})
    post(f"refund/{made}", {"amount": 40})
    other = post("sell", {})["receipt_id"]
    post(f"cancel/{other}")
    post(f"fail-refund/{made}", {})
    post(f"refund/{made}", {"amount": 40})
    post("spend", {"kind": "prolist", "amount": -100})
    assert post("pay-out") == {"amount": 0}
    post("offer/55", {"listing_type": "both"})
    assert etsy.offers[55].listing_type == "both"
    post("offer/55")
    assert 55 not in etsy.offers
    for name, truth in (("account", etsy.account()), ("settled-books", etsy.settled_books())):
        assert client.get(f"/_pretend/{name}").json() == json.loads(json.dumps(truth))
    assert len(post("burst", {"count": 5})["receipt_ids"]) == 5
    post("fault", {"kind": "500", "times": 1})
    assert client.get(ME).status_code == 500
    books = client.get("/_pretend/books").json()
    assert books == json.loads(json.dumps(etsy.books()))
    assert [entry["status"] for entry in books[:2]] == ["partially_refunded", "cancelled"]
    pair = post("login", {})
    bearer = {"authorization": f"Bearer {pair['access_token']}"}
    assert client.get(ME, headers=bearer).status_code == 200
    assert [row["path"] for row in client.get("/_pretend/requests").json()] == [ME, ME]
    post("reset-requests")
    assert client.get("/_pretend/requests").json() == []
    wrong = client.post("/_pretend/sell", json={"items": [{"colour": "red"}]})
    assert (wrong.status_code, wrong.json()) == (
        400,
        {"error": "TypeError: An item has no colour."},
    )


def test_it_runs_as_a_process_of_its_own_until_it_is_told_to_stop() -> None:
    command = [sys.executable, "-m", "salesdaemon.marketplaces.etsy.pretend"]
    options = ["--history", "30", "--access-token", "90210.abc", "--sales-every", "0.05"]
    options += ["--payment-currency", "USD", "--rate", "1.1", "--ledger-divisor", "100"]
    options += ["--fees-after", "60", "--integer-references"]
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        word, url = process.stdout.readline().split()
        headers = {
            "x-api-key": "pretend-keystring:pretend-secret",
            "authorization": "Bearer 90210.abc",
        }
        with httpx.Client(base_url=url, headers=headers) as client:
            while client.get(RECEIPTS).json()["count"] < 32:
                time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        assert (word, process.wait(10)) == ("ready", 0)
