"""The calls of Etsy's Open API v3 that a sales notifier needs, answered from the pretend shop."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from itertools import count
from typing import Literal
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from salesdaemon.marketplaces.etsy import pretend_query as asked
from salesdaemon.marketplaces.etsy.pretend_faults import Fault, Faults, refusal, spoil
from salesdaemon.marketplaces.etsy.pretend_limits import Limits, Verdict
from salesdaemon.marketplaces.etsy.pretend_listings import listing
from salesdaemon.marketplaces.etsy.pretend_oauth import OAuth, Refused
from salesdaemon.marketplaces.etsy.pretend_orders import encode, to_json
from salesdaemon.marketplaces.etsy.pretend_payments import payments, receipt_of
from salesdaemon.marketplaces.etsy.pretend_shop import PretendShop

JSON = "application/json"
APPLICATION_ID = 1_440_011_223
KEEP_REQUESTS = 100_000
SHOP_OPENED = 1_500_000_000
FOR_EVER = 3600.0


class Answer(Exception):  # noqa: N818 - a refusal is an answer, not a fault of the program
    """A refusal of the API: its status and JSON body."""

    def __init__(self, status: int, body: Mapping[str, object] | str) -> None:
        super().__init__(f"{status}: {body}")
        self.status = status
        self.body = {"error": body} if isinstance(body, str) else dict(body)


@dataclass(slots=True)
class RecordedRequest:
    """One request as it came in, and how it was answered.

    `headers` are names in lower case; `key_ok` and `bearer_ok` say whether `x-api-key` and the
    access token were right; `problems` lists what a careful client would not have sent.
    """

    method: str
    path: str
    query: dict[str, str]
    headers: tuple[str, ...]
    key_ok: bool
    bearer_ok: bool
    at: datetime
    status: int = 0
    fault: str | None = None
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Call:
    """What one operation needs, and the method that answers it with JSON."""

    answer: Callable[["Api", Request], Awaitable[bytes]]
    allowed: frozenset[str] = asked.NOTHING
    scope: str | None = None


class Api:
    """Answers requests: records them, lets faults strike, checks key, login, limits and query."""

    def __init__(
        self,
        shop: PretendShop,
        oauth: OAuth,
        limits: Limits,
        faults: Faults,
        *,
        keystring: str,
        shared_secret: str,
    ) -> None:
        self.shop = shop
        self.oauth = oauth
        self.limits = limits
        self.faults = faults
        self.keystring = keystring
        self.shared_secret = shared_secret
        self.key_active = True
        self.has_shop = True
        self.shops_as: Literal["object", "list"] = "object"
        self.bounds: asked.Bounds = "inclusive"
        self.strict_payments = False
        self.requests: list[RecordedRequest] = []
        self._numbers = count(1)

    def routes(self) -> list[Route]:
        """List the addresses that are answered; all others below /v3 are a 404."""
        own = "/v3/application/shops/{shop_id:int}"
        money = "transactions_r"
        return [
            self._route("/v3/application/openapi-ping", Call(Api._ping)),
            self._route("/v3/application/users/me", Call(Api._me, scope="shops_r")),
            self._route("/v3/application/users/{user_id:int}/shops", Call(Api._shop_of)),
            self._route(own, Call(Api._shop)),
            self._route(f"{own}/receipts", Call(Api._receipts, asked.RECEIPTS, money)),
            self._route(
                f"{own}/receipts/{{receipt_id:int}}", Call(Api._receipt, asked.RECEIPT, money)
            ),
            self._route(
                f"{own}/receipts/{{receipt_id:int}}/payments", Call(Api._payments, scope=money)
            ),
            self._route(f"{own}/payments", Call(Api._payments_by_id, asked.PAYMENTS, money)),
            self._route(
                f"{own}/payment-account/ledger-entries", Call(Api._ledger, asked.LEDGER, money)
            ),
            self._route(
                f"{own}/payment-account/ledger-entries/payments",
                Call(Api._payments_by_entry, asked.LEDGER_PAYMENTS, money),
            ),
            self._route("/v3/application/listings/batch", Call(Api._listings, asked.LISTINGS)),
            self._route("/v3/application/scopes", Call(Api._scopes), method="POST"),
            self._route("/v3/{rest:path}", Call(Api._unknown), method="*"),
        ]

    def record(self, request: Request) -> RecordedRequest:
        """Remember a request before anything can go wrong with it."""
        query = parse_qsl(request.url.query, keep_blank_values=True)
        recorded = RecordedRequest(
            request.method,
            request.url.path,
            dict(query),
            tuple(sorted({name.lower() for name in request.headers})),
            self._key_refusal(request) is None,
            self._bearer_ok(request),
            self.shop.now(),
        )
        self.requests.append(recorded)
        if len(self.requests) > KEEP_REQUESTS:
            del self.requests[: KEEP_REQUESTS // 2]
        return recorded

    async def answered(
        self,
        request: Request,
        recorded: RecordedRequest,
        answer: Callable[[], Awaitable[Response]],
    ) -> Response:
        """Answer a request, with the fault that strikes it if one does."""
        target = f"{request.url.path}?{request.url.query}"
        fault = self.faults.strike(target)
        if fault is None:
            response = await answer()
        else:
            recorded.fault = fault.kind
            response = await self._faulty(fault, request, answer)
        recorded.status = response.status_code
        response.headers["date"] = format_datetime(self.shop.now(), usegmt=True)
        response.headers["x-etsy-request-uuid"] = f"pretend-{next(self._numbers)}"
        return response

    async def _faulty(
        self, fault: Fault, request: Request, answer: Callable[[], Awaitable[Response]]
    ) -> Response:
        if fault.kind == "hang":
            await asyncio.sleep(FOR_EVER if fault.seconds is None else fault.seconds)
        refused = refusal(fault)
        if refused is not None:
            return refused
        response = spoil(fault, await answer(), request.url.path)
        if fault.kind == "shift":
            for _ in range(fault.count):
                self.shop.sell_one()
        return response

    def _route(self, path: str, call: Call, *, method: str = "GET") -> Route:
        async def endpoint(request: Request) -> Response:
            recorded = self.record(request)
            return await self.answered(
                request, recorded, lambda: self._respond(call, request, recorded)
            )

        methods = ["GET", "POST", "PUT", "PATCH", "DELETE"] if method == "*" else [method]
        return Route(path, endpoint, methods=methods)

    async def _respond(self, call: Call, request: Request, recorded: RecordedRequest) -> Response:
        verdict = self._take(call, request)
        try:
            self._check(call, request, recorded, verdict)
            body = await call.answer(self, request)
        except Answer as refused:
            return Response(to_json(refused.body), refused.status, verdict.headers, JSON)
        except asked.BadRequest as wrong:
            recorded.problems.append(str(wrong))
            return Response(to_json({"error": str(wrong)}), 400, verdict.headers, JSON)
        return Response(body, 200, verdict.headers, JSON)

    def _take(self, call: Call, request: Request) -> Verdict:
        caller = "" if call.scope is None else request.headers.get("authorization", "")
        return self.limits.take(caller, self.shop.now().timestamp())

    def _check(
        self, call: Call, request: Request, recorded: RecordedRequest, verdict: Verdict
    ) -> None:
        if refused := self._key_refusal(request):
            raise refused
        if verdict.refused:
            which = "daily" if verdict.refused == "day" else "per second"
            raise Answer(429, f"Exceeded {which} rate limit")
        if call.scope is not None:
            self._check_login(call.scope, request)
        query = parse_qsl(request.url.query, keep_blank_values=True)
        if found := asked.problems(query, call.allowed):
            recorded.problems += found[1:]
            raise asked.BadRequest(found[0])

    def _key_refusal(self, request: Request) -> Answer | None:
        key = request.headers.get("x-api-key")
        if key is None:
            return Answer(401, "Missing or invalid API key.")
        if ":" not in key:
            return Answer(403, "Shared secret is required in x-api-key header.")
        if key != f"{self.keystring}:{self.shared_secret}" or not self.key_active:
            return Answer(
                403,
                "API key not found or not active, or incorrect shared secret for API key.",
            )
        return None

    def _bearer_ok(self, request: Request) -> bool:
        try:
            self.oauth.scopes_of(_bearer(request))
        except Refused:
            return False
        return True

    def _check_login(self, scope: str, request: Request) -> None:
        try:
            scopes = self.oauth.scopes_of(_bearer(request))
        except Refused as refused:
            raise Answer(401, refused.body) from refused
        if scope not in scopes:
            what = f"access token does not have the required scope {scope}"
            raise Answer(403, {"error": "insufficient_scope", "error_description": what})
        shop_id = request.path_params.get("shop_id")
        if shop_id not in (None, self.shop.shop.shop_id) or not self.has_shop:
            raise Answer(403, f"User does not own Shop {shop_id}")

    async def _ping(self, _request: Request) -> bytes:
        return to_json({"application_id": APPLICATION_ID})

    async def _me(self, _request: Request) -> bytes:
        if not self.has_shop:
            raise Answer(404, "Could not find a shop for the user.")
        shop = self.shop.shop
        return to_json({"user_id": shop.user_id, "shop_id": shop.shop_id})

    async def _shop_of(self, request: Request) -> bytes:
        user_id = request.path_params["user_id"]
        if user_id != self.shop.shop.user_id or not self.has_shop:
            raise Answer(404, f"Could not find a shop for user with user_id = {user_id}")
        body = self._shop_body()
        return to_json({"count": 1, "results": [body]} if self.shops_as == "list" else body)

    async def _shop(self, request: Request) -> bytes:
        shop_id = request.path_params["shop_id"]
        if shop_id != self.shop.shop.shop_id:
            raise Answer(404, f"Could not find a Shop with shop_id = {shop_id}")
        return to_json(self._shop_body())

    def _shop_body(self) -> dict[str, object]:
        shop = self.shop.shop
        with self.shop.lock:
            paid = [order for order in self.shop.shelf.orders.values() if order.paid is not None]
            sold = sum(len(order.items) for order in paid)
        return {
            "shop_id": shop.shop_id,
            "user_id": shop.user_id,
            "shop_name": "PretendPaperStudio",
            "create_date": SHOP_OPENED,
            "created_timestamp": SHOP_OPENED,
            "title": "Paper things, printed and printable",
            "currency_code": shop.currency,
            "is_vacation": False,
            "update_date": self.shop.now_seconds,
            "updated_timestamp": self.shop.now_seconds,
            "listing_active_count": 10,
            "digital_listing_count": 6,
            "url": "https://www.etsy.com/shop/PretendPaperStudio",
            "languages": ["en-US"],
            "is_etsy_payments_onboarded": True,
            "transaction_sold_count": sold,
            "review_count": 12,
            "review_average": 4.9,
        }

    async def _receipts(self, request: Request) -> bytes:
        window = asked.receipts_window(request.query_params, self.bounds)
        with self.shop.lock:
            found, orders = self.shop.shelf.find(window, self.shop.now_seconds)
            rows = b",".join([encode(order, self.shop.shop) for order in orders])
        return b'{"count":%d,"results":[%b]}' % (found, rows)

    async def _receipt(self, request: Request) -> bytes:
        asked.receipts_window(request.query_params, self.bounds)
        with self.shop.lock:
            receipt_id = self._known(request)
            return encode(self.shop.shelf.orders[receipt_id], self.shop.shop)

    async def _payments(self, request: Request) -> bytes:
        with self.shop.lock:
            order = self.shop.shelf.orders[self._known(request)]
            found = payments(order, self.shop.shop)
        return to_json({"count": len(found), "results": found})

    async def _ledger(self, request: Request) -> bytes:
        window = asked.ledger_window(request.query_params, self.bounds)
        ledger = self.shop.ledger
        with self.shop.lock:
            ledger.post(self.shop.now_seconds)
            found, entries = ledger.find(
                window.min_created, window.max_created, window.offset, window.limit
            )
        return to_json({"count": found, "results": entries})

    async def _payments_by_id(self, request: Request) -> bytes:
        wanted = asked.ids(request.query_params, "payment_ids")
        return self._payments_of(wanted, strictly=self.strict_payments)

    async def _payments_by_entry(self, request: Request) -> bytes:
        wanted = asked.ids(request.query_params, "ledger_entry_ids")
        paid = (self.shop.ledger.payment_of(entry_id) for entry_id in wanted)
        return self._payments_of([each for each in paid if each is not None])

    def _payments_of(self, wanted: list[int], *, strictly: bool = False) -> bytes:
        found: list[dict[str, object]] = []
        with self.shop.lock:
            for payment in wanted:
                order = self.shop.shelf.orders.get(receipt_of(payment))
                if strictly and order is None:
                    raise Answer(404, f"Could not find a Payment with payment_id = {payment}")
                found += payments(order, self.shop.shop) if order is not None else []
        return to_json({"count": len(found), "results": found})

    async def _listings(self, request: Request) -> bytes:
        wanted = asked.ids(request.query_params, "listing_ids")
        with self.shop.lock:
            offers = self.shop.offers
            found = [
                listing(each, offers[each], self.shop.shop) for each in wanted if each in offers
            ]
        return to_json({"count": len(found), "results": found})

    async def _scopes(self, request: Request) -> bytes:
        form = dict(parse_qsl((await request.body()).decode()))
        try:
            scopes = self.oauth.scopes_of(form.get("token", ""))
        except Refused as refused:
            raise Answer(401, refused.body) from refused
        return to_json({"scopes": sorted(scopes)})

    async def _unknown(self, request: Request) -> bytes:
        raise Answer(404, f"Resource not found: {request.url.path}")

    def _known(self, request: Request) -> int:
        receipt_id = int(request.path_params["receipt_id"])
        if receipt_id not in self.shop.shelf.orders:
            raise Answer(
                404,
                f"Could not find a Shop Receipt with receipt_id = {receipt_id} "
                f"associated with shop_id = {self.shop.shop.shop_id}",
            )
        return receipt_id


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise Refused("invalid_request", "access token is missing")
    return token
