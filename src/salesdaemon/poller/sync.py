"""How far `sync` has come, so that a second call resumes."""

import json
from collections.abc import Sequence
from datetime import datetime

from salesdaemon.marketplaces.base import Page
from salesdaemon.poller.pages import newest_of
from salesdaemon.poller.reading import Reading
from salesdaemon.store.accounts import find_setting, set_setting
from salesdaemon.store.engine import Store


class SyncProgress:
    """The progress of one account's `sync`, apart from what a daemon's own poller remembers."""

    def __init__(self, store: Store, account_id: int, first: datetime) -> None:
        self._store = store
        self._name = f"sync:{account_id}"
        self._first = first
        self.reading = Reading(((first, None),))
        self.newest: datetime | None = None
        self.orders = 0

    def load(self) -> Reading:
        """Return what is left to read."""
        with self._store.read() as connection:
            text = find_setting(connection, self._name)
        if text is not None:
            kept = json.loads(text)
            if kept["first"] == self._first.timestamp():
                self.reading = Reading.from_json(kept["reading"])
                self.newest = Reading.from_json(kept["newest"]).oldest
        return self.reading

    def note(self, reading: Reading, pages: Sequence[Page]) -> None:
        """Note what was read, and what is left."""
        self.reading = reading
        self.orders += sum(len(page.sales) for page in pages)
        for page in pages:
            self.newest = newest_of(page, self.newest)

    def save(self) -> None:
        """Keep it; a finished one is forgotten."""
        text = json.dumps(
            {
                "first": self._first.timestamp(),
                "reading": self.reading.to_json(),
                "newest": Reading((), None, self.newest).to_json(),
            }
        )
        with self._store.write() as connection:
            set_setting(connection, self._name, None if self.reading.finished else text)
