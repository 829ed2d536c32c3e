"""How a shop fares, kept for `status` and told to its owner once."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from salesdaemon.store.accounts import ShopRecord, find_shop, save_shop
from salesdaemon.store.engine import Connection, Store
from salesdaemon.store.outbox import OutboxEntry, enqueue

log = logging.getLogger(__name__)

LAST_POLL_GRAIN = timedelta(minutes=1)
"""The time of the last good poll is written at most this often."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """How trouble is told: its level, and the channels."""

    level: str
    channels: tuple[str, ...]


class Journal:
    """What is kept of one shop; reads are from memory, writes go through to the store."""

    def __init__(self, store: Store, shop: str, marketplace: str, trouble: Trouble) -> None:
        self._store = store
        self._trouble = trouble
        self.record = ShopRecord(shop=shop, marketplace=marketplace)
        self._written = self.record

    def load(self) -> ShopRecord:
        """Read what is stored."""
        with self._store.read() as connection:
            stored = find_shop(connection, self.record.shop)
        if stored is not None:
            self.record = replace(stored, marketplace=self.record.marketplace)
        self._written = self.record
        return self.record

    def polled(self, now: datetime, interval: timedelta) -> bool:
        """Note a good poll in memory; True when it is time to write it down."""
        recovered = self.record.problem is not None or self.record.not_before is not None
        self.record = replace(
            self.record,
            last_good_poll=now,
            interval_seconds=max(1, round(interval.total_seconds())),
            not_before=None,
            login_needed=False,
            problem=None,
            action=None,
            problem_since=None,
            told_at=None,
        )
        if recovered:
            log.info("shop_recovered shop=%s", self.record.shop)
        written = self._written.last_good_poll
        return recovered or written is None or now - written >= LAST_POLL_GRAIN

    def write(self, connection: Connection) -> None:
        """Keep what is in memory, inside a transaction of the caller."""
        save_shop(connection, self.record)
        self._written = self.record

    def waiting(self, until: datetime, what: str) -> None:
        """Note that the marketplace asked us to wait, over restarts too."""
        log.warning("shop_waits shop=%s until=%s", self.record.shop, until.isoformat())
        self.record = replace(self.record, not_before=until, problem=what)
        with self._store.write() as connection:
            self.write(connection)

    def failed(self, what: str, fix: str | None, now: datetime, *, tell: bool) -> None:
        """Note a failure; tell it once if it is time to."""
        log.warning("shop_failed shop=%s what=%s", self.record.shop, what)
        self.record = replace(
            self.record,
            problem=what,
            action=fix,
            problem_since=self.record.problem_since or now,
        )
        self._tell_once(now, f"{self.record.shop} does not answer", tell=tell)

    def login_needed(self, what: str, fix: str | None, now: datetime) -> None:
        """Note that the marketplace refuses us until the owner acts; told once."""
        log.error("shop_refused shop=%s what=%s", self.record.shop, what)
        self.record = replace(
            self.record,
            login_needed=True,
            problem=what,
            action=fix or f"Run `salesdaemon check` to see what {self.record.shop} needs.",
            problem_since=self.record.problem_since or now,
        )
        self._tell_once(now, f"{self.record.shop} needs you", tell=True)

    def _tell_once(self, now: datetime, title: str, *, tell: bool) -> None:
        told = self.record.told_at is not None
        if tell and not told:
            self.record = replace(self.record, told_at=now)
        with self._store.write() as connection:
            self.write(connection)
            if tell and not told:
                body = " ".join(part for part in (self.record.problem, self.record.action) if part)
                self.tell(connection, f"trouble:{self.record.shop}", title, body, now)

    def tell(self, connection: Connection, event: str, title: str, body: str, at: datetime) -> None:
        """Enter a message about trouble; the same event at the same second only once."""
        if self._trouble.level == "off":
            return
        enqueue(
            connection,
            [
                OutboxEntry(
                    channel=channel,
                    event=f"{event}:{int(at.timestamp())}",
                    kind="trouble",
                    level=self._trouble.level,
                    created_at=at,
                    title=title,
                    body=body,
                )
                for channel in self._trouble.channels
            ],
        )


def describe_set_aside(shop: str, orders: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """Word the message about orders that could not be read."""
    count = len(orders)
    title = f"{count} order{'s' if count != 1 else ''} of {shop} could not be read"
    shown = [f"{external_id}: {reason}" for external_id, reason in orders[:5]]
    more = [f"and {count - 5} more"] if count > len(shown) else []
    hint = "They are tried again by themselves; `salesdaemon status` lists them."
    return title, "\n".join([*shown, *more, hint])
