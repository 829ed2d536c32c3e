"""The pretend shop's `/sales` and `/sales/:id`.

Source: Gumroad's public source (`sales_controller.rb`), read 2026-11.
"""

import binascii
import itertools
import re
from base64 import urlsafe_b64decode
from calendar import timegm
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlencode

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from salesdaemon.marketplaces.gumroad.pretend_access import (
    Access,
    BadRequestError,
    bad_request,
    missing,
)
from salesdaemon.marketplaces.gumroad.pretend_faults import Fault, Faults
from salesdaemon.marketplaces.gumroad.pretend_json import BUYERS, SaleWriter, buyer
from salesdaemon.marketplaces.gumroad.pretend_ledger import PAGE_SIZE, Ledger, Span
from salesdaemon.marketplaces.gumroad.pretend_sale import Sale

JSON = "application/json; charset=utf-8"
_CURSOR = re.compile(r"(\d{14})\d{6}-(\d+)", re.ASCII)
_ID_BYTES = 16
_FILTERS = ("email", "product_id", "order_id", "name", "license_key")
_TIMED_OUT = (
    "Query timed out. Try narrowing your date range with 'after'/'before' or filtering by "
    "product_id."
)
_PAGE_DEPRECATED = (
    "The 'page' parameter is deprecated. Please use 'page_key' instead: "
    "https://gumroad.com/api#sales"
)
_WRONG_TYPES: dict[str, object] = {
    "price": "twelve dollars",
    "gumroad_fee": [],
    "created_at": 17,
    "product_name": {"name": 1},
    "quantity": "many",
    "refunded": "perhaps",
}
_NULL_FIELDS: dict[str, object] = {
    "price": None,
    "gumroad_fee": None,
    "created_at": None,
    "product_id": None,
    "product_name": None,
    "quantity": None,
}
_Spoiled = tuple[Sale, dict[str, object]]


@dataclass(slots=True)
class SalesEndpoints:
    """Answers questions about sales."""

    ledger: Ledger
    writer: SaleWriter
    access: Access
    faults: Faults
    now: Callable[[], datetime]
    _ticks: Iterator[int] = field(default_factory=itertools.count)
    _aliases: dict[str, str | None] = field(default_factory=dict)

    async def one(self, request: Request) -> Response:
        """Answer `/sales/:id`, whatever the sale's state."""
        if refusal := self.access.refusal(request, {"view_sales"}):
            return refusal
        with self.ledger.lock:
            sale = self.ledger.find(request.path_params["sale_id"])
            if sale is None:
                return missing("sale")
            spoiled = self._spoiled(request, [sale])
            body = self._write(sale, next(self._ticks), spoiled)
        return Response(b'{"success":true,"sale":%b}' % body, media_type=JSON)

    async def page(self, request: Request) -> Response:
        """Answer `/sales`: ten sales, newest first, and the way to the next ten."""
        if refusal := self.access.refusal(request, {"view_sales"}):
            return refusal
        params = request.query_params
        try:
            query = _Query.read(params, self._aliases)
        except BadRequestError as error:
            return bad_request(str(error))
        if self._times_out(request, query):
            return bad_request(_PAGE_DEPRECATED if "page" in params else _TIMED_OUT)
        with self.ledger.lock:
            sales, more = self._select(query)
            spoiled = self._spoiled(request, sales)
            tick = next(self._ticks)
            written = b",".join([self._write(sale, tick, spoiled) for sale in sales])
        tail = self._next(request, sales[-1]) if more else b""
        return Response(b'{"success":true,"sales":[%b]%b}' % (written, tail), media_type=JSON)

    def _select(self, query: "_Query") -> tuple[list[Sale], bool]:
        if not query.filters and query.page == 1:
            return self.ledger.page(query.span)
        fitting = (sale for sale in self.ledger.newest_first(query.span) if query.fits(sale))
        first = (query.page - 1) * PAGE_SIZE
        found = list(itertools.islice(fitting, first, first + PAGE_SIZE + 1))
        return found[:PAGE_SIZE], len(found) > PAGE_SIZE

    def _times_out(self, request: Request, query: "_Query") -> bool:
        days = query.days(self.now())

        def fits(fault: Fault) -> bool:
            if fault.kind == "big_account" and "page_key" in request.query_params:
                return False
            return fault.days is None or days is None or days > fault.days

        return bool(self.faults.take({"timed_out", "big_account"}, _target(request), fits))

    def _spoiled(self, request: Request, sales: list[Sale]) -> _Spoiled | None:
        """Pick the sale whose fields a fault spoils in this answer."""

        def victim(fault: Fault) -> Sale | None:
            if fault.sale_id is None:
                return sales[0] if sales else None
            return next((sale for sale in sales if sale.id == fault.sale_id), None)

        def fits(fault: Fault) -> bool:
            return victim(fault) is not None

        fault = self.faults.take({"wrong_types", "null_fields"}, _target(request), fits)
        sale = victim(fault) if fault else None
        if fault is None or sale is None:
            return None
        default = _WRONG_TYPES if fault.kind == "wrong_types" else _NULL_FIELDS
        return sale, fault.fields or default

    def _write(self, sale: Sale, tick: int, spoiled: _Spoiled | None) -> bytes:
        if spoiled and spoiled[0] is sale:
            return self.writer.write_with(sale, tick, spoiled[1])
        return self.writer.write(sale, tick)

    def _next(self, request: Request, last: Sale) -> bytes:
        asked = request.query_params.get("page_key")
        key = f"{datetime.fromtimestamp(last.created, UTC):%Y%m%d%H%M%S}000000-{last.order_id}"
        if asked and self.faults.take({"stuck"}, _target(request)):
            key = asked
        elif self.faults.take({"repeated"}, _target(request)):
            key = f"{key}{len(self._aliases):06}"
            self._aliases[key] = self._aliases.get(asked, asked) if asked else None
        kept = [
            (name, value)
            for name, value in request.query_params.multi_items()
            if name not in {"access_token", "page_key", "page"}
        ]
        path = request.scope["path"].removesuffix(".json")
        url = f"{path}?{urlencode([*kept, ('page_key', key)])}"
        return f',"next_page_key":"{key}","next_page_url":"{url}"'.encode()


@dataclass(frozen=True, slots=True)
class _Query:
    """What `/sales` was asked for."""

    span: Span
    filters: dict[str, str]
    page: int = 1

    @classmethod
    def read(cls, params: QueryParams, aliases: dict[str, str | None]) -> "_Query":
        """Read the parameters in the vendor's order of complaints."""
        page = _page(params.get("page"))
        before = _date(params, "before")
        after = _date(params, "after")
        filters = {name: params[name].strip() for name in _FILTERS if params.get(name)}
        _check_product_id(filters.get("product_id"))
        order_id = filters.get("order_id", "0")
        if not re.fullmatch(r"0|-?[1-9]\d*", order_id, re.ASCII):
            raise BadRequestError("Invalid order ID.")
        key = params.get("page_key") if "page" not in params else None
        cursor = _cursor(aliases.get(key, key) if key else None)
        return cls(Span(after, before, cursor), filters, page)

    def fits(self, sale: Sale) -> bool:
        """Tell whether a sale passes every filter."""
        person = buyer(sale.order_id % BUYERS)
        checks: dict[str, Callable[[str], bool]] = {
            "email": lambda wanted: person["purchase_email"] == wanted,
            "product_id": lambda wanted: sale.product.id == wanted,
            "order_id": lambda wanted: str(sale.order_id) == wanted,
            "name": lambda wanted: wanted.lower() in str(person["full_name"]).lower(),
            "license_key": lambda wanted: sale.license_key == wanted.upper(),
        }
        return all(checks[name](wanted) for name, wanted in self.filters.items())

    def days(self, now: datetime) -> int | None:
        """Count the days that were asked for; None where there is no first one."""
        if self.span.after is None:
            return None
        end = self.span.before or now.astimezone(UTC).date() + timedelta(days=1)
        return (end - self.span.after).days


def _target(request: Request) -> str:
    return f"{request.scope['path']}?{request.scope['query_string'].decode('latin-1')}"


def _page(text: str | None) -> int:
    if text is None:
        return 1
    number = int(text) if re.fullmatch(r"\d{1,9}", text, re.ASCII) else 0
    if number < 1:
        raise BadRequestError("Invalid page number. Page numbers start at 1.")
    return number


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


def _check_product_id(product_id: str | None) -> None:
    if product_id is None:
        return
    with suppress(binascii.Error, ValueError):
        if len(urlsafe_b64decode(product_id)) == _ID_BYTES:
            return
    raise BadRequestError("Invalid product ID.")


def _cursor(page_key: str | None) -> tuple[int, int] | None:
    if not page_key:
        return None
    match = _CURSOR.fullmatch(page_key)
    if match:
        with suppress(ValueError):
            moment = datetime.strptime(match[1], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
            return timegm(moment.timetuple()), int(match[2])
    raise BadRequestError("Invalid page_key.")
