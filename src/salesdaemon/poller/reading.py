"""A stretch of orders or entries that is being read, and how far that has come. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from salesdaemon.errors import UnavailableError

_DAY = timedelta(days=1)
EVERYTHING = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Reading:
    """A stretch of orders being read, newest first; resumable at any page.

    `windows` are pairs of first and end (None: open), the last one being read. `oldest` is how
    far the current window has come.
    """

    windows: tuple[tuple[datetime | None, datetime | None], ...]
    cursor: str | None = None
    oldest: datetime | None = None

    @property
    def finished(self) -> bool:
        """Tell whether nothing is left to read."""
        return not self.windows

    def after(self, cursor: str | None, oldest: datetime | None) -> "Reading":
        """Return what is left after a page that led to `cursor`."""
        oldest = oldest if oldest is not None else self.oldest
        if cursor is not None:
            return replace(self, cursor=cursor, oldest=oldest)
        return Reading(self.windows[:-1], None, None if self.windows[:-1] else oldest)

    def narrowed(self, now: datetime) -> "Reading":
        """Cut the current window in two, to read the newer half first.

        Raises:
            UnavailableError: it is a single day already.
        """
        first, end = self.windows[-1]
        start, stop = first or EVERYTHING, end or now + _DAY
        if first is None or stop - start <= _DAY:
            raise UnavailableError("The marketplace cannot even search a single day right now.")
        middle = (start + (stop - start) / 2).replace(hour=0, minute=0, second=0, microsecond=0)
        middle = min(max(middle, start + timedelta(hours=1)), stop - timedelta(hours=1))
        return Reading((*self.windows[:-1], (first, middle), (middle, end)))

    def restarted(self) -> "Reading":
        """Begin the current window again from where it had come to, without its cursor."""
        first, end = self.windows[-1]
        if self.oldest is not None:
            end = self.oldest + timedelta(seconds=1)
        return Reading((*self.windows[:-1], (first, end)))

    def to_json(self) -> dict[str, Any]:
        """Write it as JSON values."""
        return {
            "windows": [[seconds_of(first), seconds_of(end)] for first, end in self.windows],
            "cursor": self.cursor,
            "oldest": seconds_of(self.oldest),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Reading":
        """Read what `to_json` wrote."""
        windows = tuple((instant_of(first), instant_of(end)) for first, end in value["windows"])
        return cls(windows, value["cursor"], instant_of(value["oldest"]))


def seconds_of(instant: datetime | None) -> float | None:
    """Write an instant for JSON; the beginning of time is None."""
    if instant is None:
        return None
    return None if instant.year == 1 else instant.timestamp()


def instant_of(seconds: float | None) -> datetime | None:
    """Read what `seconds_of` wrote."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
