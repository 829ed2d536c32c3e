"""What is read of a marketplace's books, and when it is due next. Pure.

New entries are looked for again and again; the history is read backwards, a month at a time,
until a year shows nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from salesdaemon.poller.reading import Reading, instant_of, seconds_of

WIDEST = timedelta(days=30)
AHEAD = timedelta(hours=1)  # the marketplace's clock may be ahead of ours
# Entries are posted late, so each look begins before the end of the last one.
OVERLAP = timedelta(hours=1)
DEEP_OVERLAP = timedelta(days=8)
DEEP_EVERY = timedelta(days=1)
REFUSED_FOR = timedelta(days=1)
QUIET_YEAR = 12


@dataclass(frozen=True, slots=True)
class BooksPlan:
    """How far the books have been read.

    Everything posted between `back_to` and `until` has been read once. `quiet` counts the empty
    months in a row at the far end. `reading` is under way, and `found` counts the entries that its
    window had so far; `reads_to` is what `until` becomes once it is finished, None while it reads
    backwards. `allowed` is False while these credentials may not read the books.
    """

    until: datetime | None = None
    back_to: datetime | None = None
    quiet: int = 0
    whole: bool = False
    due_at: datetime | None = None
    polls_left: int = 0
    deep_at: datetime | None = None
    reading: Reading | None = None
    reads_to: datetime | None = None
    found: int = 0
    allowed: bool = True

    def polled(self) -> "BooksPlan":
        """Count a complete poll."""
        return replace(self, polls_left=self.polls_left - 1)

    def next_reading(self, now: datetime, *, history_read: bool) -> "BooksPlan | None":
        """Return the plan with what is to be read next; None while nothing is due.

        `history_read` says that the orders of the past are known, so that entries find theirs.
        """
        if self.reading is not None:
            return self
        if self.until is None:
            first = Reading(((now - WIDEST + AHEAD, now + AHEAD),))
            return replace(self, reading=first, reads_to=now, deep_at=now + DEEP_EVERY)
        if self.due_at is None or now >= self.due_at or self.polls_left <= 0:
            return self._look_again(self.until, now)
        if self.back_to is not None and history_read and self.allowed and not self.whole:
            month = (self.back_to - WIDEST, self.back_to)
            return replace(self, reading=Reading((month,)), reads_to=None)
        return None

    def _look_again(self, until: datetime, now: datetime) -> "BooksPlan":
        deep = self.deep_at is None or now >= self.deep_at
        start = until - (DEEP_OVERLAP if deep else OVERLAP)
        return replace(
            self,
            reading=Reading(windows_between(start, now + AHEAD)),
            reads_to=now,
            deep_at=now + DEEP_EVERY if deep else self.deep_at,
        )

    def progressed(self, reading: Reading, entries: int, limits: "Limits") -> "BooksPlan":
        """Note how far the reading under way has come, and how many entries this page had."""
        if not reading.finished:
            return replace(self, reading=reading, found=self.found + entries)
        if self.reads_to is None:
            return self._went_back(self.found + entries, limits)
        first = self.reading.windows[0][0] if self.reading is not None else None
        return replace(
            self,
            reading=None,
            reads_to=None,
            until=self.reads_to,
            back_to=self.back_to if self.back_to is not None else first,
            due_at=limits.now + limits.every,
            polls_left=limits.polls,
            found=0,
            allowed=True,
        )

    def _went_back(self, entries: int, limits: "Limits") -> "BooksPlan":
        back_to = (self.back_to or limits.now) - WIDEST
        beyond = limits.oldest_order is None or back_to < limits.oldest_order
        quiet = self.quiet + 1 if beyond and not entries else 0
        whole = quiet >= QUIET_YEAR or back_to <= limits.earliest
        return replace(self, reading=None, found=0, back_to=back_to, quiet=quiet, whole=whole)

    def refused(self, now: datetime) -> "BooksPlan":
        """Note that these credentials may not read the books; ask again in a day."""
        return replace(
            self,
            reading=None,
            reads_to=None,
            until=self.until or now,
            due_at=now + REFUSED_FOR,
            polls_left=10**9,
            found=0,
            allowed=False,
        )

    def to_json(self) -> dict[str, Any]:
        """Write it as JSON values."""
        return {
            "until": seconds_of(self.until),
            "back_to": seconds_of(self.back_to),
            "quiet": self.quiet,
            "whole": self.whole,
            "due_at": seconds_of(self.due_at),
            "polls_left": self.polls_left,
            "deep_at": seconds_of(self.deep_at),
            "reading": self.reading.to_json() if self.reading is not None else None,
            "reads_to": seconds_of(self.reads_to),
            "found": self.found,
            "allowed": self.allowed,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any] | None) -> "BooksPlan":
        """Read what `to_json` wrote; an empty plan where there is none."""
        if value is None:
            return cls()
        return cls(
            until=instant_of(value["until"]),
            back_to=instant_of(value["back_to"]),
            quiet=value["quiet"],
            whole=value["whole"],
            due_at=instant_of(value["due_at"]),
            polls_left=value["polls_left"],
            deep_at=instant_of(value["deep_at"]),
            reading=Reading.from_json(value["reading"]) if value["reading"] else None,
            reads_to=instant_of(value["reads_to"]),
            found=value["found"],
            allowed=value["allowed"],
        )


def windows_between(
    start: datetime, end: datetime
) -> tuple[tuple[datetime | None, datetime | None], ...]:
    """Part a stretch of time into windows; the last one, which is read first, is the oldest.

    A crash in between then leaves no gap behind.
    """
    windows: list[tuple[datetime | None, datetime | None]] = []
    while end - start > WIDEST:
        windows.append((end - WIDEST, end))
        end -= WIDEST
    return (*windows, (start, end))


@dataclass(frozen=True, slots=True)
class Limits:
    """What a shop's marketplace and orders set: how often to look, and how far back."""

    now: datetime
    every: timedelta
    polls: int
    earliest: datetime
    oldest_order: datetime | None = None
