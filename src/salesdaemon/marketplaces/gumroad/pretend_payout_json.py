"""The pretend shop's `/payouts`, `/payouts/upcoming` and `/payouts/:id`.

Source: Gumroad's public source (`payouts_controller.rb`, `Payment#as_json`,
`app/services/exports/payouts/api.rb`), read 2026-11.
"""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from salesdaemon.marketplaces.gumroad.pretend_access import (
    Access,
    BadRequestError,
    bad_request,
    json_answer,
    missing,
)
from salesdaemon.marketplaces.gumroad.pretend_json import BUYERS, buyer
from salesdaemon.marketplaces.gumroad.pretend_ledger import PAGE_SIZE
from salesdaemon.marketplaces.gumroad.pretend_movements import Movement
from salesdaemon.marketplaces.gumroad.pretend_payouts import Payout, PayoutBook

_KEY = re.compile(r"\d{20}-(\d{1,9})", re.ASCII)


@dataclass(slots=True)
class PayoutEndpoints:
    """Answers questions about payouts.

    `rows` says how a payout's rows are sent: as "objects", as "lists", or "absent" as before
    there were any. Rows of one day come in another order each time, as the vendor sorts them.
    """

    book: PayoutBook
    access: Access
    now: Callable[[], datetime]
    rows: str
    _random: random.Random = field(default_factory=lambda: random.Random(1))

    async def page(self, request: Request) -> Response:
        """Answer `/payouts`: what is to come, the last first, then the past, the newest first."""
        if refusal := self.access.refusal(request, {"view_payouts"}):
            return refusal
        params = request.query_params
        try:
            first, end = _date(params, "after"), _date(params, "before")
            below = _number(params.get("page_key"))
        except BadRequestError as error:
            return bad_request(str(error))
        with self.book.ledger.lock:
            shown: list[Payout] = []
            if below is None and params.get("include_upcoming") != "false":
                shown = self.book.upcoming()[::-1]
            newest = sorted(self.book.payouts, key=_order, reverse=True)
            last = next((each for each in newest if each.number == below), None)
            shown += [each for each in newest if last is None or _order(each) < _order(last)]
            within = [each for each in shown if _is_within(each, first, end)]
            answered = [self._payout(each) for each in within[:PAGE_SIZE]]
        body: dict[str, object] = {"success": True, "payouts": answered}
        if len(within) > PAGE_SIZE:
            last = within[PAGE_SIZE - 1]
            key = f"{last.made_at:%Y%m%d%H%M%S}000000-{last.number}"
            path = request.scope["path"].removesuffix(".json")
            body |= {"next_page_key": key, "next_page_url": f"{path}?page_key={key}"}
        return json_answer(body)

    async def upcoming(self, request: Request) -> Response:
        """Answer `/payouts/upcoming`: the next one first."""
        if refusal := self.access.refusal(request, {"view_payouts"}):
            return refusal
        with self.book.ledger.lock:
            ahead = [self._whole(each, request) for each in self.book.upcoming()]
        return json_answer({"success": True, "payouts": ahead})

    async def one(self, request: Request) -> Response:
        """Answer `/payouts/:id` with the ids of the sales in it, and its rows if asked for."""
        if refusal := self.access.refusal(request, {"view_payouts"}):
            return refusal
        with self.book.ledger.lock:
            for payout in self.book.payouts:
                if payout.id == request.path_params["payout_id"]:
                    return json_answer({"success": True, "payout": self._whole(payout, request)})
        return missing("payout")

    def _payout(self, payout: Payout) -> dict[str, object]:
        now = self.now().astimezone(UTC)
        made = bool(payout.id)
        processed_at = payout.processed_at(now) if made else None
        return {
            "id": payout.id or None,
            "amount": f"{payout.amount / 100:.2f}",
            "currency": "usd",
            "status": payout.status(now) if made else "payable",
            "created_at": _time(payout.made_at),
            "processed_at": _time(processed_at) if processed_at else None,
            "payment_processor": "stripe",
            "bank_account_visual": "******6789",
            "paypal_email": None,
        }

    def _whole(self, payout: Payout, request: Request) -> dict[str, object]:
        params = request.query_params
        whole = self._payout(payout)
        sees_sales = self.access.scopes & {"view_sales", "account"}
        if sees_sales and params.get("include_sales") != "false":
            whole |= _ids(payout)
        if params.get("include_transactions") == "true" and self.rows != "absent":
            shuffled = self._random.sample(payout.rows, len(payout.rows))
            rows = [_row(each) for each in sorted(shuffled, key=lambda row: row.day)]
            as_lists = self.rows == "lists"
            whole["transactions"] = [[*row.values()] for row in rows] if as_lists else rows
        return whole


def _row(movement: Movement) -> dict[str, object]:
    sale = movement.sale
    named = sale is not None and movement.type != "Credit"
    person = buyer(sale.order_id % BUYERS) if sale else {}
    nothing: object = 0.0 if named else ""
    return {
        "type": movement.type,
        "date": movement.day.isoformat(),
        "purchase_id": sale.id if sale else "",
        "item_name": sale.product.name if sale and named else "",
        "buyer_name": person["full_name"] if named else "",
        "buyer_email": person["email"] if named else "",
        "taxes": nothing,
        "shipping": nothing,
        "sale_price": _dollars(movement.price),
        "gumroad_fees": _dollars(movement.fees),
        "net_total": _dollars(movement.net),
    }


def _ids(payout: Payout) -> dict[str, object]:
    by_type: dict[str, list[str]] = {"sales": [], "refunded_sales": [], "disputed_sales": []}
    for row in payout.rows:
        if row.sale is None or row.processor:
            continue
        if row.type == "Sale":
            by_type["sales"].append(row.sale.id)
        elif row.type.endswith("Refund"):
            by_type["refunded_sales"].append(row.sale.id)
        elif row.type == "Chargeback":
            by_type["disputed_sales"].append(row.sale.id)
    return dict(by_type)


def _dollars(cents: int | None) -> object:
    return "" if cents is None else cents / 100


def _order(payout: Payout) -> tuple[datetime, int]:
    return (payout.made_at, payout.number)


def _is_within(payout: Payout, first: date | None, end: date | None) -> bool:
    day = payout.made_at.date()
    return (first is None or day >= first) and (end is None or day < end)


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _number(key: str | None) -> int | None:
    if not key:
        return None
    match = _KEY.fullmatch(key)
    if match is None:
        raise BadRequestError("Invalid page_key.")
    return int(match[1])


def _date(params: QueryParams, name: str) -> date | None:
    text = params.get(name)
    if text is None:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError:
        raise BadRequestError(
            f"Invalid date format provided in field '{name}'. "
            "Dates must be in the format YYYY-MM-DD."
        ) from None
