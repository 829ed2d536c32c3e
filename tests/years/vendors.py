"""Serve raw orders as Etsy and Gumroad do, to pollers that believe they ask them.

What is listed depends on a clock: an order shows up when it is listed and changes when it does.
"""

import json
from bisect import bisect_left
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.years.history import SHOPS, History, Order

Raw = dict[str, Any]
Clock = Callable[[], datetime]
GUMROAD_PAGE = 10
SHOP = "/v3/application/shops/{shop_id:int}"


def _sent(rows: Iterable[bytes], **envelope: Any) -> Response:
    """Write a page; rows were written before, as each is sent many times."""
    (name,) = (key for key, value in envelope.items() if value is ...)
    others = {key: value for key, value in envelope.items() if value is not ...}
    head = json.dumps(others)[:-1] + (", " if others else "") + f'"{name}": ['
    return Response(
        head.encode() + b",".join(rows) + b"]}", media_type="application/json; charset=utf-8"
    )


class Shelf:
    """Orders by creation, oldest first; what has not been listed yet is passed over."""

    def __init__(self, orders: Iterable[Order], key: Callable[[Raw], tuple[int, int]]) -> None:
        pairs = sorted(((key(order.last), order) for order in orders), key=lambda pair: pair[0])
        self.keys = [pair[0] for pair in pairs]
        self._orders = [pair[1] for pair in pairs]
        self._listed = [order.versions[0][0] for order in self._orders]
        self._written: dict[tuple[int, int], bytes] = {}

    def between(self, first: int, end: int, now: int) -> list[int]:
        """Return the places of what was created from one second to before another."""
        low, high = bisect_left(self.keys, (first, 0)), bisect_left(self.keys, (end, 0))
        return [place for place in range(low, high) if self._listed[place] <= now]

    def raw(self, place: int, now: int) -> Raw:
        found = self._orders[place].at(now)
        assert found is not None
        return found

    def written(self, place: int, now: int) -> bytes:
        raw = self.raw(place, now)
        key = (place, id(raw))
        if key not in self._written:
            self._written[key] = json.dumps(raw).encode()
        return self._written[key]


class Etsy:
    """One shop at Etsy."""

    def __init__(self, history: History, shop: str, clock: Clock) -> None:
        self._shop_id = SHOPS[shop][0]
        self._clock = clock
        self._shelf = Shelf(
            history.orders[shop], lambda raw: (raw["created_timestamp"], raw["receipt_id"])
        )
        self._account = history.accounts.get(shop, ())
        self._payments = history.payments
        self._listings = history.listings
        self.app = Starlette(
            routes=[
                Route("/v3/application/users/me", self._me),
                Route("/v3/application/listings/batch", self._batch),
                Route(f"{SHOP}/receipts", self._receipts),
                Route(f"{SHOP}/receipts/{{receipt_id:int}}", self._receipt),
                Route(f"{SHOP}/payment-account/ledger-entries", self._entries),
                Route(f"{SHOP}/payments", self._pay),
            ]
        )

    @property
    def _now(self) -> int:
        return int(self._clock().timestamp())

    async def _me(self, request: Request) -> Response:
        return JSONResponse({"user_id": 11, "shop_id": self._shop_id})

    async def _receipts(self, request: Request) -> Response:
        asked = request.query_params
        now = self._now
        first = int(asked.get("min_created", 0))
        last = int(asked.get("max_created", now))
        found = self._shelf.between(first, last + 1, now)[::-1]
        if "was_paid" in asked:
            paid = asked["was_paid"] == "true"
            found = [place for place in found if self._shelf.raw(place, now)["is_paid"] == paid]
        offset, limit = int(asked.get("offset", 0)), int(asked.get("limit", 25))
        page = (self._shelf.written(place, now) for place in found[offset : offset + limit])
        return _sent(page, count=len(found), results=...)

    async def _receipt(self, request: Request) -> Response:
        now = self._now
        for place, (_, number) in enumerate(self._shelf.keys):
            if number == request.path_params["receipt_id"]:
                return JSONResponse(self._shelf.raw(place, now))
        return JSONResponse({"error": "Could not find a Shop Receipt."}, 404)

    async def _entries(self, request: Request) -> Response:
        asked = request.query_params
        first, last = int(asked["min_created"]), min(int(asked["max_created"]), self._now)
        found = [row for row in self._account if first <= row["created_timestamp"] <= last][::-1]
        offset, limit = int(asked.get("offset", 0)), int(asked.get("limit", 25))
        return JSONResponse({"count": len(found), "results": found[offset : offset + limit]})

    async def _pay(self, request: Request) -> Response:
        asked = [int(each) for each in request.query_params["payment_ids"].split(",")]
        found = [self._payments[each] for each in asked if each in self._payments]
        return JSONResponse({"count": len(found), "results": found})

    async def _batch(self, request: Request) -> Response:
        asked = {int(each) for each in request.query_params["listing_ids"].split(",")}
        found = [each for each in self._listings if each["listing_id"] in asked]
        return JSONResponse({"count": len(found), "results": found})


class Gumroad:
    """The account at Gumroad: whole UTC days, ten rows a page, newest first; no payouts."""

    def __init__(self, orders: Iterable[Order], clock: Clock) -> None:
        self._clock = clock
        self._shelf = Shelf(orders, _gumroad_key)
        self.app = Starlette(
            routes=[
                Route("/v2/user", self._user),
                Route("/v2/sales", self._sales),
                Route("/v2/sales/summary", self._none),
                Route("/v2/payouts", self._payouts),
            ]
        )

    async def _user(self, request: Request) -> Response:
        return JSONResponse({"success": True, "user": {"user_id": "seller1==", "name": "Me"}})

    async def _none(self, request: Request) -> Response:
        return JSONResponse({"success": False, "error": "Not found"}, 404)

    async def _payouts(self, request: Request) -> Response:
        return JSONResponse({"success": True, "payouts": []})

    async def _sales(self, request: Request) -> Response:
        asked = request.query_params
        now = int(self._clock().timestamp())
        first = _midnight(asked["after"]) if "after" in asked else 0
        end = _midnight(asked["before"]) if "before" in asked else now + 1
        found = self._shelf.between(first, end, now)[::-1]
        if "page_key" in asked:
            number = int(asked["page_key"].rpartition("-")[2])
            found = found[[self._shelf.keys[place][1] for place in found].index(number) + 1 :]
        page = [self._shelf.written(place, now) for place in found[:GUMROAD_PAGE]]
        if len(found) <= GUMROAD_PAGE:
            return _sent(page, success=True, sales=...)
        created, number = self._shelf.keys[found[GUMROAD_PAGE - 1]]
        key = f"{datetime.fromtimestamp(created, UTC):%Y%m%d%H%M%S}000000-{number}"
        return _sent(page, success=True, next_page_key=key, sales=...)


def _gumroad_key(raw: Raw) -> tuple[int, int]:
    return (int(datetime.fromisoformat(raw["created_at"]).timestamp()), raw["order_id"])


def _midnight(day: str) -> int:
    return int(datetime.combine(date.fromisoformat(day), time(), UTC).timestamp())
