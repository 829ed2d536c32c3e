"""The pretend shop's `/sales/summary`, served from an index that may lag behind the list.

Source: Gumroad's public source (class `Api::V2::SalesSummary`), read 2026-11.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from salesdaemon.marketplaces.gumroad.pretend_access import (
    Access,
    BadRequestError,
    bad_request,
    json_answer,
    not_found,
)
from salesdaemon.marketplaces.gumroad.pretend_ledger import Ledger, Span
from salesdaemon.marketplaces.gumroad.pretend_sale import Sale

_GROUPS = ("product", "day", "week", "month", "hour")
_DAYS = 30
_HOURLY_DAYS = 31


@dataclass(slots=True)
class SummaryEndpoint:
    """Adds up sales by the seller's days; `lag` is how far the index is behind."""

    ledger: Ledger
    access: Access
    zone: ZoneInfo
    now: Callable[[], datetime]
    exists: bool
    lag: timedelta

    async def answer(self, request: Request) -> Response:
        """Answer `/sales/summary`."""
        if not self.exists:
            return await not_found(request, LookupError())
        if refusal := self.access.refusal(request, {"view_sales"}):
            return refusal
        try:
            first, last, group_by = self._read(request.query_params)
        except BadRequestError as error:
            return bad_request(str(error))
        with self.ledger.lock:
            sales = self._seen(first, last)
            body = {"success": True, **self._sum(sales)}
            body |= {"currency": "usd", "from": first.isoformat(), "to": last.isoformat()}
            if group_by:
                body["breakdown"] = self._breakdown(sales, group_by)
        return json_answer(body)

    def _read(self, params: QueryParams) -> tuple[date, date, str | None]:
        group_by = params.get("group_by") or None
        if group_by not in {*_GROUPS, None}:
            known = ", ".join(_GROUPS)
            raise BadRequestError(f"Invalid group_by. Valid values are: {known}.")
        first = _day(params, "from")
        last = _day(params, "to") or self.now().astimezone(self.zone).date()
        first = first or last - timedelta(days=_DAYS - 1)
        if first > last:
            raise BadRequestError("'from' must be on or before 'to'.")
        if group_by == "hour" and (last - first).days > _HOURLY_DAYS:
            raise BadRequestError(
                f"Date range cannot exceed {_HOURLY_DAYS} days when grouping by hour."
            )
        return first, last, group_by

    def _seen(self, first: date, last: date) -> list[Sale]:
        """Return what the index holds of some of the seller's days, without bundle parts."""
        start = datetime.combine(first, time(), self.zone).timestamp()
        end = datetime.combine(last + timedelta(days=1), time(), self.zone).timestamp()
        day = timedelta(days=1)  # the list is cut at midnight in UTC, so a day more on both sides
        span = Span(after=first - day, before=last + 2 * day)
        return [
            sale
            for sale in self.ledger.newest_first(span)
            if start <= sale.created < end
            and sale.listed <= self._horizon
            and not (sale.bundle_item or sale.only_a_trial)
        ]

    @property
    def _horizon(self) -> float:
        return (self.now() - self.lag).timestamp()

    def _refunded(self, sale: Sale) -> int:
        known = [total for at, total in sale.refund_log if at <= self._horizon]
        return known[-1] if known else 0

    def _sum(self, sales: Iterable[Sale]) -> dict[str, object]:
        counted = [(sale.price, self._refunded(sale)) for sale in sales]
        gross = sum(price for price, _ in counted)
        refunded = sum(amount for _, amount in counted)
        return {
            "gross_cents": gross,
            "net_cents": gross - refunded,
            "units": len(counted),
            "refunded_cents": refunded,
            "refunded_units": sum(amount > 0 for _, amount in counted),
        }

    def _breakdown(self, sales: list[Sale], group_by: str) -> list[dict[str, object]]:
        groups: dict[tuple[str, str], list[Sale]] = {}
        for sale in sales:
            groups.setdefault(self._group(sale, group_by), []).append(sale)
        return [
            {**self._sum(groups[key, label]), "key": key, "label": label}
            for key, label in sorted(groups)
        ]

    def _group(self, sale: Sale, group_by: str) -> tuple[str, str]:
        if group_by == "product":
            return sale.product.id, sale.product.name
        local = datetime.fromtimestamp(sale.created, UTC).astimezone(self.zone)
        monday = local - timedelta(days=local.weekday())
        key = {
            "hour": f"{local:%Y-%m-%dT%H}:00",
            "day": f"{local:%Y-%m-%d}",
            "week": f"{monday:%Y-%m-%d}",
            "month": f"{local:%Y-%m}",
        }[group_by]
        return key, key


def _day(params: QueryParams, name: str) -> date | None:
    text = params.get(name)
    if not text:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError:
        raise BadRequestError(
            f"Invalid date format provided in field '{name}'. "
            "Dates must be in the format YYYY-MM-DD."
        ) from None
