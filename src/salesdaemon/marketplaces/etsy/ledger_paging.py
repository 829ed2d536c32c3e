"""Walk through the payment account in windows that Etsy answers.

The end of a walk is frozen when it begins, so that what is posted meanwhile shifts no page. A
window with more lines than offsets reach is halved. Whether Etsy's bounds belong to the window is
not documented (read 2026-11): a second more on either side is right for both, and brings a line
twice at worst.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from salesdaemon.marketplaces.etsy.wire import EARLIEST_TIMESTAMP

LIMIT = 100
FARTHEST_OFFSET = 12_000
# Etsy answers 31 days at most; a month with a change of clocks is longer by an hour somewhere.
WIDEST_SECONDS = 30 * 86_400
_CURSOR = re.compile(r"(\d{9,10}):(\d{9,10}):(\d{9,10}):(\d{1,6})")


@dataclass(frozen=True, slots=True)
class LedgerPlace:
    """A page from `offset` on of what was posted from `first` to `last`, on the way to `end`.

    All but the offset are epoch seconds.
    """

    first: int
    last: int
    end: int
    offset: int = 0

    @classmethod
    def starting(cls, first: datetime, end: datetime) -> Self:
        """Begin a walk; what is wider than Etsy answers is walked in parts."""
        start = max(EARLIEST_TIMESTAMP, int(first.timestamp()))
        stop = max(start, int(end.timestamp()))
        return cls(start, min(stop, start + WIDEST_SECONDS), stop)

    @classmethod
    def parse(cls, cursor: str) -> Self | None:
        """Read a cursor's text; None where it is none of ours."""
        match = _CURSOR.fullmatch(cursor)
        return cls(*map(int, match.groups())) if match else None

    def __str__(self) -> str:
        return f"{self.first}:{self.last}:{self.end}:{self.offset}"

    def query(self) -> dict[str, str | int]:
        """Write the request's parameters."""
        return {
            "min_created": max(EARLIEST_TIMESTAMP, self.first - 1),
            "max_created": self.last + 1,
            "limit": LIMIT,
            "offset": self.offset,
        }

    def following(self, sent: int, count: int | None) -> Self | None:
        """Tell where the next page begins after one of `sent` lines; None after the last one.

        `count` is how many lines matched; it is believed only where it says that more is to come.
        """
        reached = self.offset + sent
        if sent and (sent >= LIMIT or (count is not None and reached < count)):
            single = self.first == self.last
            if (reached if single else max(reached, count or 0)) <= FARTHEST_OFFSET:
                return replace(self, offset=reached)
            if not single:
                return replace(self, last=(self.first + self.last) // 2, offset=0)
        if self.last >= self.end:
            return None
        first = self.last + 1
        return replace(self, first=first, last=min(self.end, first + WIDEST_SECONDS), offset=0)
