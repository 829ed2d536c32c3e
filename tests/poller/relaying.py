"""A feed that passes everything on, for tests that change one answer."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from salesdaemon.marketplaces.base import (
    Account,
    CatalogueEntry,
    Feed,
    LedgerPage,
    Limits,
    Page,
    Window,
)


class Relaying:
    """Asks the feed that it wraps."""

    def __init__(self, feed: Feed) -> None:
        self.feed = feed

    async def identify(self) -> Account:
        return await self.feed.identify()

    async def fetch_newest(self, window: Window, cursor: str | None) -> Page:
        return await self.feed.fetch_newest(window, cursor)

    async def fetch_window(self, window: Window, cursor: str | None) -> Page:
        return await self.feed.fetch_window(window, cursor)

    async def fetch_unpaid(self, known: Mapping[str, datetime]) -> Page:
        return await self.feed.fetch_unpaid(known)

    async def fetch_tripwire(self, today: date) -> Mapping[str, str]:
        return await self.feed.fetch_tripwire(today)

    async def fetch_ledger(self, window: Window, cursor: str | None) -> LedgerPage | None:
        return await self.feed.fetch_ledger(window, cursor)

    async def fetch_catalogue(self, product_ids: Sequence[str]) -> Mapping[str, CatalogueEntry]:
        return await self.feed.fetch_catalogue(product_ids)

    def limits(self) -> Limits:
        return self.feed.limits()
