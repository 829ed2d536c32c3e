"""What the pretend shop offers, as Etsy's JSON says it.

Source: Etsy Open API v3, schema ShopListing (June 2026).
"""

from dataclasses import dataclass
from typing import Literal

from salesdaemon.marketplaces.etsy.pretend_orders import Shop

CREATED = 1_600_000_000


@dataclass(slots=True)
class Offer:
    """One listing, as far as it tells whether one more sale of it makes work."""

    listing_type: Literal["physical", "download", "both"]
    when_made: str = "2020_2026"
    is_personalizable: bool = False
    title: str = "From the pretend shop"


def listing(listing_id: int, offer: Offer, shop: Shop) -> dict[str, object]:
    """Write one listing in the shape of ShopListing."""
    return {
        "listing_id": listing_id,
        "user_id": shop.user_id,
        "shop_id": shop.shop_id,
        "title": offer.title,
        "description": "From a small studio, made with care.",
        "state": "active",
        "creation_timestamp": CREATED,
        "created_timestamp": CREATED,
        "updated_timestamp": CREATED,
        "quantity": 999,
        "shop_section_id": None,
        "url": f"https://www.etsy.com/listing/{listing_id}",
        "is_customizable": offer.is_personalizable,
        "is_personalizable": offer.is_personalizable,
        "listing_type": offer.listing_type,
        "who_made": "i_did",
        "when_made": offer.when_made,
        "is_supply": False,
    }
