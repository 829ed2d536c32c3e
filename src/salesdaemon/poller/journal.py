"""How a shop fares, kept for `status`; its owner hears when it fails and when it works again."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from salesdaemon.domain.trouble import Note, Spell, Step, Trouble, judge, note
from salesdaemon.store.accounts import ShopRecord, find_shop, save_shop
from salesdaemon.store.consequences import Telling
from salesdaemon.store.engine import Connection, Store
from salesdaemon.store.news import Announcement, announce

log = logging.getLogger(__name__)

LAST_POLL_GRAIN = timedelta(minutes=1)
"""The time of the last good poll is written at most this often."""


class Journal:
    """What is kept of one shop; reads are from memory, writes go through to the store."""

    def __init__(self, store: Store, shop: str, marketplace: str, telling: Telling) -> None:
        self._store = store
        self._telling = telling
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
        )
        if recovered:
            log.info("shop_recovered shop=%s", self.record.shop)
        written = self._written.last_good_poll
        return recovered or written is None or now - written >= LAST_POLL_GRAIN

    def write(self, connection: Connection) -> None:
        """Keep what is in memory, inside a transaction of the caller.

        Tells that the shop works again where the store says that its failing was told.
        """
        now, wrong = self.record.last_good_poll, self.record.problem or self.record.problem_since
        if now is not None and wrong is None:
            self._tell(connection, self._trouble(""), now, wrong=False)
        save_shop(connection, self.record)
        self._written = self.record

    def waiting(self, until: datetime, what: str) -> None:
        """Note that the marketplace asked us to wait, over restarts too."""
        log.warning("shop_waits shop=%s until=%s", self.record.shop, until.isoformat())
        self.record = replace(self.record, not_before=until, problem=what)
        with self._store.write() as connection:
            self.write(connection)

    def failed(self, what: str, fix: str | None, now: datetime, *, tell: bool) -> None:
        """Note a failure; told if it is time to, and again after a day."""
        log.warning("shop_failed shop=%s what=%s", self.record.shop, what)
        self.record = replace(
            self.record,
            problem=what,
            action=fix,
            problem_since=self.record.problem_since or now,
        )
        self._keep_failure(now, "does not answer", tell=tell)

    def login_needed(self, what: str, fix: str | None, now: datetime) -> None:
        """Note a refusal that lasts until the owner acts; told, and again after a day."""
        log.error("shop_refused shop=%s what=%s", self.record.shop, what)
        self.record = replace(
            self.record,
            login_needed=True,
            problem=what,
            action=fix or f"Run `salesdaemon check` to see what {self.record.shop} needs.",
            problem_since=self.record.problem_since or now,
        )
        self._keep_failure(now, "needs you", tell=True)

    def _keep_failure(self, now: datetime, how: str, *, tell: bool) -> None:
        with self._store.write() as connection:
            if tell:
                self._tell(connection, self._trouble(how), now, wrong=True)
            save_shop(connection, self.record)
        self._written = self.record

    def _trouble(self, how: str) -> Trouble:
        shop = self.record.shop
        return Trouble(
            title=f"{shop} {how}",
            what=self.record.problem or "",
            fix=self.record.action or "It is tried again by itself.",
            over=f"{shop} works again",
            after="What was sold meanwhile is told now.",
        )

    def _tell(
        self, connection: Connection, trouble: Trouble, now: datetime, *, wrong: bool
    ) -> None:
        """Tell what is due. What was told is asked of the store: a command may have told it."""
        stored = find_shop(connection, self.record.shop) or self.record
        since = self.record.problem_since if wrong else stored.problem_since
        before = Spell(since, stored.told_at)
        spell, step = judge(before, now, wrong=wrong)
        self.record = replace(self.record, told_at=spell.told_at)
        if step is not Step.NOTHING:
            told = note(self.record.shop, trouble, step, before, now)
            self._announce(connection, told, now)

    def tell(self, connection: Connection, event: str, title: str, body: str, at: datetime) -> None:
        """Enter a message about trouble; the same event at the same second only once."""
        told = Note(self.record.shop, f"{event}:{int(at.timestamp())}", title, body)
        self._announce(connection, told, at)

    def _announce(self, connection: Connection, told: Note, at: datetime) -> None:
        announcement = Announcement(
            kind="trouble",
            event=told.event,
            title=told.title,
            body=told.body,
            at=at,
            shop=self.record.shop,
            marketplace=self.record.marketplace,
            over=told.over,
        )
        announce(connection, self._telling, announcement)


def describe_set_aside(shop: str, orders: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """Word the message about orders that could not be read."""
    count = len(orders)
    title = f"{count} order{'s' if count != 1 else ''} of {shop} could not be read"
    shown = [f"{external_id}: {reason}" for external_id, reason in orders[:5]]
    more = [f"and {count - 5} more"] if count > len(shown) else []
    hint = "They are tried again by themselves; `salesdaemon status` lists them."
    return title, "\n".join([*shown, *more, hint])
