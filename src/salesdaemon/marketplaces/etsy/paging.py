"""Walk through receipts from the newest to the oldest by their creation.

Offsets shift under our feet when orders come in and end at 12,000, so each page asks for what is
no newer than the last one's end. Only where a page holds nothing but one second or two does the
walk step by offset. Whether Etsy's bounds belong to the window is not documented (read 2026-11):
asking for one second more is right for both, and brings an order twice at worst.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Self

from salesdaemon.marketplaces.etsy.wire import Failure, Receipt, WirePage, to_moment

_CURSOR = re.compile(r"(\d{0,12}):(\d{1,6})")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins: not newer than `max_created` (epoch seconds), `offset` orders on."""

    max_created: int | None = None
    offset: int = 0

    @classmethod
    def parse(cls, cursor: str) -> Self | None:
        """Read a cursor's text; None where it is none of ours."""
        match = _CURSOR.fullmatch(cursor)
        return cls(int(match[1]) if match[1] else None, int(match[2])) if match else None

    def __str__(self) -> str:
        return f"{'' if self.max_created is None else self.max_created}:{self.offset}"


@dataclass(frozen=True, slots=True)
class Stretch:
    """What one request asks for; None leaves a side open."""

    place: Place
    limit: int
    min_created: int | None = None

    def query(self) -> dict[str, str | int]:
        """Write the request's parameters."""
        query: dict[str, str | int] = {"limit": self.limit}
        if self.place.offset:
            query["offset"] = self.place.offset
        if self.min_created is not None:
            query["min_created"] = self.min_created
        if self.place.max_created is not None:
            query["max_created"] = self.place.max_created
        return query

    def following(self, page: WirePage) -> Place | None:
        """Tell where the next page begins; None where this one was the last.

        The number of matches is believed only where it says that more is to come.
        """
        length = len(page.receipts) + len(page.failures)
        reached = self.place.offset + length
        if not length or (length < self.limit and (page.count is None or reached >= page.count)):
            return None
        by_offset = replace(self.place, offset=reached)
        oldest = min(creations(page), default=None)
        if oldest is None:
            return by_offset
        if self.min_created is not None and oldest < self.min_created:
            return None
        if self.place.max_created is None or oldest + 1 < self.place.max_created:
            return Place(oldest + 1)
        return by_offset

    def repeats(self, page: WirePage, before: frozenset[str]) -> bool:
        """Tell whether a page only holds orders of the page before, and not for a good reason.

        The good one: the page before was full of a single second.
        """
        if not before or not before.issuperset(identities(page)) or not identities(page):
            return False
        newest = self.place.max_created
        return self.place.offset > 0 or any(
            newest is not None and created > newest for created in creations(page)
        )


def creations(page: WirePage) -> Iterator[int]:
    """Go through the creations that make sense, in epoch seconds."""
    rows: tuple[Receipt | Failure, ...] = (*page.receipts, *page.failures)
    return (row.created for row in rows if row.created is not None and to_moment(row.created))


def identities(page: WirePage) -> frozenset[str]:
    """Collect the ids of a page's orders, also of those that could not be read."""
    return frozenset(str(row.receipt_id) for row in page.receipts) | {
        failure.external_id for failure in page.failures
    }
