"""The pretend shop's products and its owner.

Source: Gumroad's public source (`links_controller.rb`, `User#as_json`), read 2026-11.
"""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from salesdaemon.marketplaces.gumroad.pretend_access import (
    PUBLIC_SCOPES,
    Access,
    bad_request,
    json_answer,
)
from salesdaemon.marketplaces.gumroad.pretend_ledger import PAGE_SIZE, Ledger
from salesdaemon.marketplaces.gumroad.pretend_sale import Product

_READABLE = PUBLIC_SCOPES


@dataclass(slots=True)
class ShopEndpoints:
    """Answers questions about everything but sales."""

    ledger: Ledger
    access: Access
    user_id: str

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


def _page(request: Request, name: str, items: list[dict[str, object]]) -> Response:
    """Answer ten items from the place that the opaque `page_key` names."""
    key = request.query_params.get("page_key") or "0"
    if not (key.isascii() and key.isdigit()):
        return bad_request("Invalid page_key.")
    first = int(key)
    shown = items[first : first + PAGE_SIZE]
    body: dict[str, object] = {"success": True, name: shown}
    if len(items) > first + PAGE_SIZE:
        following = str(first + PAGE_SIZE)
        path = request.scope["path"].removesuffix(".json")
        body |= {"next_page_key": following, "next_page_url": f"{path}?page_key={following}"}
    return json_answer(body)
