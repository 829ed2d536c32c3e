"""The pretend shop's products, its owner and its payouts.

Source: Gumroad's public source (`links_controller.rb`, `payouts_controller.rb`, `User#as_json`),
read 2026-11.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from starlette.requests import Request
from starlette.responses import Response

from salesdaemon.marketplaces.gumroad.pretend_access import (
    PUBLIC_SCOPES,
    Access,
    bad_request,
    json_answer,
    missing,
)
from salesdaemon.marketplaces.gumroad.pretend_books import net_of
from salesdaemon.marketplaces.gumroad.pretend_ledger import PAGE_SIZE, Ledger
from salesdaemon.marketplaces.gumroad.pretend_sale import Product, Sale

_READABLE = PUBLIC_SCOPES
_PAYDAY = 4  # Friday


@dataclass(slots=True)
class ShopEndpoints:
    """Answers questions about everything but sales."""

    ledger: Ledger
    access: Access
    user_id: str
    now: Callable[[], datetime]

    async def user(self, request: Request) -> Response:
        """Answer `/user`: whose token this is."""
        if refusal := self.access.refusal(request, _READABLE):
            return refusal
        user = {
            "name": "Pretend Shop",
            "bio": None,
            "twitter_handle": None,
            "id": self.ledger.opaque_id("user", "public"),
            "user_id": self.user_id,
            "url": "https://pretend.example.com",
            "links": [product.permalink for product in self.ledger.products],
            "profile_url": "https://pretend.example.com/picture.png",
            "display_name": "Pretend Shop",
        }
        if self.access.scopes & {"view_profile", "account"}:
            user |= {"email": "seller@example.com", "currency_type": "usd"}
        return json_answer({"success": True, "user": user})

    async def products(self, request: Request) -> Response:
        """Answer `/products`: ten at a time, the newest first."""
        if refusal := self.access.refusal(request, _READABLE):
            return refusal
        with self.ledger.lock:
            newest = [self._product(product) for product in reversed(self.ledger.products)]
        return _page(request, "products", newest)

    async def payouts(self, request: Request) -> Response:
        """Answer `/payouts`: what is to come first, then week by week into the past."""
        if refusal := self.access.refusal(request, {"view_payouts"}):
            return refusal
        with self.ledger.lock:
            upcoming, paid = self._payouts()
        if request.query_params.get("include_upcoming") == "false":
            return _page(request, "payouts", paid)
        return _page(request, "payouts", paid, lead=[upcoming])

    async def upcoming(self, request: Request) -> Response:
        """Answer `/payouts/upcoming`."""
        if refusal := self.access.refusal(request, {"view_payouts"}):
            return refusal
        with self.ledger.lock:
            return json_answer({"success": True, "payout": self._payouts()[0]})

    async def payout(self, request: Request) -> Response:
        """Answer `/payouts/:id` with the ids of the sales in it."""
        if refusal := self.access.refusal(request, {"view_payouts"}):
            return refusal
        with self.ledger.lock:
            weeks = self._weeks()
        for payday, sales in weeks.items():
            if self._payout_id(payday) == request.path_params["payout_id"]:
                return json_answer(
                    {"success": True, "payout": self._payout(payday, sales) | _ids(sales)}
                )
        return missing("payout")

    def _product(self, product: Product) -> dict[str, object]:
        fields: dict[str, object] = {
            "id": product.id,
            "name": product.name,
            "description": "<p>A pretend product.</p>",
            "price": product.price,
            "currency": "usd",
            "formatted_price": f"${product.price / 100:.2f}",
            "short_url": f"https://pretend.example.com/l/{product.permalink}",
            "tags": [],
            "published": True,
            "deleted": False,
            "is_tiered_membership": product.subscription,
            "require_shipping": product.physical,
            "variants": [],
            "custom_fields": [],
        }
        if self.access.scopes & {"view_sales", "account"}:
            sales = [sale for sale in self.ledger.listed() if sale.product is product]
            fields["sales_count"] = len(sales)
            fields["sales_usd_cents"] = sum(sale.charged for sale in sales)
        return fields

    def _weeks(self) -> dict[date, list[Sale]]:
        """Group the listed sales by the Friday at least a week later, the newest first."""
        weeks: dict[date, list[Sale]] = {}
        for sale in reversed(self.ledger.listed()):
            sold = datetime.fromtimestamp(sale.created, UTC).date()
            wait = 7 + (_PAYDAY - sold.weekday()) % 7
            weeks.setdefault(sold + timedelta(days=wait), []).append(sale)
        return weeks

    def _payouts(self) -> tuple[dict[str, object], list[dict[str, object]]]:
        today = self.now().astimezone(UTC).date()
        weeks = self._weeks()
        ahead = [sale for payday, sales in weeks.items() if payday > today for sale in sales]
        upcoming = self._payout(today + timedelta(days=(_PAYDAY - today.weekday()) % 7), ahead)
        upcoming |= {"id": None, "status": "payable", "processed_at": None}
        paid = [self._payout(day, sales) for day, sales in weeks.items() if day <= today]
        return upcoming, paid

    def _payout_id(self, payday: date) -> str:
        return self.ledger.opaque_id("payout", payday.isoformat())

    def _payout(self, payday: date, sales: Sequence[Sale]) -> dict[str, object]:
        cents = max(0, sum(net_of(sale) for sale in sales))
        return {
            "id": self._payout_id(payday),
            "amount": f"{cents // 100}.{cents % 100:02}",
            "currency": "usd",
            "status": "completed",
            "created_at": f"{payday.isoformat()}T10:00:00Z",
            "processed_at": f"{payday.isoformat()}T16:00:00Z",
            "payment_processor": "stripe",
            "bank_account_visual": "******6789",
            "paypal_email": None,
        }


def _ids(sales: Sequence[Sale]) -> dict[str, object]:
    return {
        "sales": [sale.id for sale in sales],
        "refunded_sales": [sale.id for sale in sales if sale.refunds],
        "disputed_sales": [sale.id for sale in sales if sale.disputed],
    }


def _page(
    request: Request,
    name: str,
    items: list[dict[str, object]],
    *,
    lead: Sequence[dict[str, object]] = (),
) -> Response:
    """Answer ten items from the place that the opaque `page_key` names; `lead` opens page one."""
    key = request.query_params.get("page_key") or "0"
    if not (key.isascii() and key.isdigit()):
        return bad_request("Invalid page_key.")
    first = int(key)
    shown = items[first : first + PAGE_SIZE]
    body: dict[str, object] = {"success": True, name: [*([] if first else lead), *shown]}
    if len(items) > first + PAGE_SIZE:
        following = str(first + PAGE_SIZE)
        path = request.scope["path"].removesuffix(".json")
        body |= {"next_page_key": following, "next_page_url": f"{path}?page_key={following}"}
    return json_answer(body)
