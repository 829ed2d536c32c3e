"""A pretend Etsy with a clock that stands still, and a client that is logged in to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import httpx

from salesdaemon.marketplaces.etsy.pretend import PretendEtsy
from salesdaemon.marketplaces.loopback import serve

RECEIPTS = "/v3/application/shops/48291736/receipts"
LEDGER = "/v3/application/shops/48291736/payment-account/ledger-entries"
TOKEN = "/v3/public/oauth/token"
ME = "/v3/application/users/me"


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        self.now += timedelta(**by)


@contextmanager
def serving(etsy: PretendEtsy) -> Iterator[httpx.Client]:
    access, _ = etsy.issue_login()
    headers = {"x-api-key": etsy.x_api_key, "authorization": f"Bearer {access}"}
    with serve(etsy.app) as url, httpx.Client(base_url=url, headers=headers) as client:
        yield client


def ids(answer: httpx.Response) -> list[int]:
    return [row["receipt_id"] for row in answer.json()["results"]]
