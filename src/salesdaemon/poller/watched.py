"""A shop to be watched, and what a poll of it brought."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from salesdaemon.domain.sale import Sale
from salesdaemon.marketplaces.base import Feed
from salesdaemon.store.logins import ShopLogin
from salesdaemon.store.recording import Recorded


@dataclass(frozen=True, slots=True)
class Shop:
    """A shop of the configuration, with everything its poller works with.

    `login` is None where the settings hold the credentials. `configured` are all shops of the
    configuration with their marketplaces.
    """

    name: str
    marketplace: str
    feed: Feed
    earliest: datetime
    poll_every: timedelta
    configured: Mapping[str, str]
    login: ShopLogin | None = None
    books_every: timedelta = timedelta(minutes=15)


@dataclass(slots=True)
class Polled:
    """What one poll brought."""

    new: list[Sale] = field(default_factory=list)
    changed: list[Sale] = field(default_factory=list)
    told: int = 0

    def add(self, recorded: Recorded) -> None:
        """Count in what was recorded."""
        self.new += recorded.new
        self.changed += recorded.changed
        self.told += recorded.told
