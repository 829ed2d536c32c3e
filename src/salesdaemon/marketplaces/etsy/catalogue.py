"""Tell from a listing whether one more sale of it makes work: pure.

Source: Etsy Open API v3, schema ShopListing (read 2026-11).
"""

from collections.abc import Iterable, Mapping

from salesdaemon.marketplaces.base import CatalogueEntry
from salesdaemon.marketplaces.etsy.wire import Listing


def to_catalogue(listings: Iterable[Listing]) -> Mapping[str, CatalogueEntry]:
    """Turn listings into entries of the catalogue by their ids; one without an id is left out."""
    return {str(each.listing_id): to_entry(each) for each in listings if each.listing_id}


def to_entry(listing: Listing) -> CatalogueEntry:
    """Classify one listing."""
    if _word(listing.when_made) == "made_to_order":
        return CatalogueEntry(passive=False, reason="made to order")
    match _word(listing.listing_type):
        case "physical":
            return CatalogueEntry(passive=False, reason="physical")
        case "both":
            return CatalogueEntry(passive=None, reason="both digital and physical")
        case "download" if listing.is_personalizable:
            return CatalogueEntry(passive=None, reason="may be personalised")
        case "download":
            return CatalogueEntry(passive=True, reason="a download")
        case _:
            return CatalogueEntry(passive=None, reason="the listing does not tell")


def _word(text: str | None) -> str:
    return (text or "").strip().lower()
