"""What the tests of the pretend shop share: a clock, and ways to ask."""

from datetime import UTC, datetime
from typing import Any

import httpx

from salesdaemon.marketplaces.gumroad.pretend import PretendGumroad
from salesdaemon.marketplaces.loopback import serve

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
TOKEN = {"Authorization": "Bearer pretend-token"}


class Clock:
    """A clock that tests move by hand."""

    def __init__(self) -> None:
        self.time = NOON

    def __call__(self) -> datetime:
        return self.time


def ask(shop: PretendGumroad, path: str, **params: str) -> httpx.Response:
    """Ask a shop of the test's own making one question."""
    with serve(shop.app) as url:
        return httpx.get(url + path, params=params, headers=TOKEN)


def all_pages(client: httpx.Client, **params: str) -> list[dict[str, Any]]:
    """Follow the cursor to the end."""
    pages = [client.get("/v2/sales", params=params).json()]
    while "next_page_key" in pages[-1]:
        key = pages[-1]["next_page_key"]
        pages.append(client.get("/v2/sales", params={**params, "page_key": key}).json())
    return pages


def ids(page: dict[str, Any]) -> list[str]:
    return [sale["id"] for sale in page["sales"]]


def one(client: httpx.Client, sale_id: str) -> dict[str, Any]:
    sale: dict[str, Any] = client.get(f"/v2/sales/{sale_id}").json()["sale"]
    return sale
