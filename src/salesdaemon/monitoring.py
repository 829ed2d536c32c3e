"""Look after everything that the daemon stands on, and tell its owner when something is wrong.

Shops and channels speak for themselves where they fail; here is the rest: the disk, the clock, the
database and its version, logins and keys near their end, a marketplace's limits, and channels that
go on failing. What is told once is remembered over restarts. Where the database itself does not
work, nothing can be entered: then the channels are told directly.
"""

import asyncio
import json
import logging
import shutil
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from salesdaemon.application import Application
from salesdaemon.domain import conditions
from salesdaemon.domain.limits import warn_at
from salesdaemon.domain.rules import News
from salesdaemon.domain.trouble import (
    Note,
    Remembered,
    Review,
    Spell,
    Step,
    Trouble,
    judge,
    note,
    review,
)
from salesdaemon.errors import DeliveryError, SchemaOutdatedError, StoreError
from salesdaemon.notify.message import Message, Tone
from salesdaemon.poller.shop import ShopPoller
from salesdaemon.store.accounts import find_setting, set_setting
from salesdaemon.store.channels import others, review_channels
from salesdaemon.store.consequences import no_rate
from salesdaemon.store.engine import Connection
from salesdaemon.store.migrate import is_current
from salesdaemon.store.news import Announcement, announce
from salesdaemon.store.sent import count_used

log = logging.getLogger(__name__)

LOOK_EVERY = timedelta(minutes=1)
ANSWER_WITHIN = timedelta(seconds=30)
"""A database that takes longer is out of reach, though it has not said so."""
OUTAGE_AFTER = timedelta(minutes=5)
REMEMBERED = "trouble"

Found = dict[str, Trouble | None]


class DiskUsage(Protocol):
    """What a disk holds, in bytes."""

    @property
    def total(self) -> int: ...  # noqa: D102 - see the class

    @property
    def free(self) -> int: ...  # noqa: D102 - see the class


class Monitor:
    """Looks at everything once a minute. What it tells goes the way of any other alert."""

    def __init__(
        self,
        app: Application,
        pollers: Sequence[ShopPoller],
        *,
        on_told: Callable[[], None] = lambda: None,
        disk_usage: Callable[[Path], DiskUsage] = shutil.disk_usage,
        answer_within: timedelta = ANSWER_WITHIN,
    ) -> None:
        """Make a monitor; `on_told` hears when something was entered to be told."""
        self._app = app
        self._pollers = pollers
        self._on_told = on_told
        self._disk_usage = disk_usage
        self._answer_within = answer_within
        self._remembered: Mapping[str, Remembered] | None = None
        self._outage = Spell()
        self._outage_reason: str | None = None

    @property
    def outage(self) -> str | None:
        """Why the database could not be read or written at the last look; None where it could.

        A full disk shows here alone: reading goes on.
        """
        return self._outage_reason

    async def tick(self) -> None:
        """Look at everything once; never raises for anything that is expected to go wrong."""
        looking = asyncio.ensure_future(self._look())
        try:
            while not (await asyncio.wait([looking], timeout=self._patience))[0]:
                await self._note_outage("The database does not answer.")
            told = looking.result()
        except StoreError as error:
            await self._note_outage(error.what)
        else:
            self._outage_reason = None
            if told:
                self._on_told()
        finally:
            looking.cancel()

    @property
    def _patience(self) -> float:
        return self._answer_within.total_seconds()

    async def _look(self) -> bool:
        """Find what is wrong and enter what is to be told; True if there was something.

        Raises:
            StoreError: the database could not be read or written.
        """
        if self._remembered is None:
            self._remembered = await asyncio.to_thread(self._load)
        now = self._app.clock()
        found = self._find_here(now) | await self._find_version() | await self._find_logins(now)
        found |= await asyncio.to_thread(self._find_allowances, now)
        reviewed = review(found, self._remembered, now)
        told = await asyncio.to_thread(self._record, reviewed, now)
        self._remembered = reviewed.remembered
        return await self._note_recovery() or told

    # What is wrong

    def _knows(self, key: str) -> bool:
        before = (self._remembered or {}).get(key)
        return before is not None and before.spell.since is not None

    def _find_here(self, now: datetime) -> Found:
        """Look at what needs no database."""
        found = self._find_disk()
        behind = self._app.http.clock_offset()
        if behind is not None:
            found["clock"] = conditions.clock_trouble(behind, known=self._knows("clock"))
        for poller in self._pollers:
            found |= self._find_limit(poller, now) | self._find_key(poller, now)
        return found

    def _find_disk(self) -> Found:
        place = self._app.store.path
        if place is None:
            return {}
        try:
            usage = self._disk_usage(place.parent)
        except OSError as error:
            log.warning("disk_unknown what=%s", error.strerror)
            return {}
        known = self._knows("disk")
        return {"disk": conditions.disk_trouble(str(place), usage.total, usage.free, known=known)}

    def _find_limit(self, poller: ShopPoller, now: datetime) -> Found:
        shop, record = poller.shop.name, poller.journal.record
        key, limits = f"limit:{shop}", poller.shop.feed.limits()
        if record.not_before is not None and record.not_before > now:
            waits = conditions.wait_trouble(
                shop, record.problem, record.not_before, record.last_good_poll, now
            )
            return {key: waits}
        if limits.per_day is None or limits.remaining_today is None:
            return {key: None} if poller.first_poll_done else {}
        trouble = conditions.limit_trouble(
            shop,
            self._app.marketplace(shop).label,
            limits.per_day,
            limits.remaining_today,
            poller.interval,
            known=self._knows(key),
        )
        return {key: trouble}

    def _find_key(self, poller: ShopPoller, now: datetime) -> Found:
        shop = poller.shop.name
        marketplace = self._app.marketplace(shop)
        used, rests = poller.journal.record.last_good_poll, marketplace.key_dormant_after
        if used is None or rests is None:
            return {}
        return {f"key:{shop}": conditions.key_trouble(shop, marketplace.label, rests, used, now)}

    def _find_allowances(self, now: datetime) -> Found:
        """Look at how much of a day's or a month's messages each channel has sent."""
        found: Found = {}
        with self._app.store.read() as connection:
            for name in self._app.told_channels:
                limits = self._app.channels[name].limits
                if limits.per_day is None and limits.per_month is None:
                    continue
                used = count_used(connection, name, limits, now)
                used_up = warn_at(limits, used.day, used.month)
                # Without a colon: what stands behind one is a shop.
                found[f"messages-{name}"] = conditions.allowance_trouble(name, used_up)
        return found

    async def _find_version(self) -> Found:
        try:
            if await asyncio.to_thread(is_current, self._app.store):
                return {"schema": None}
        except SchemaOutdatedError as error:
            return {"schema": conditions.schema_trouble(error.what)}
        older = "The database has the tables of an older version than the one installed."
        return {"schema": conditions.schema_trouble(older)}

    async def _find_logins(self, now: datetime) -> Found:
        found: Found = {}
        for poller in self._pollers:
            shop, login = poller.shop.name, poller.shop.login
            marketplace = self._app.marketplace(shop)
            if login is None or marketplace.login_lasts is None:
                continue
            # Renewed a little earlier, by as long as an access token lasts: an hour at most.
            renewed_at = await login.expiry()
            if renewed_at is not None:
                found[f"login:{shop}"] = conditions.login_trouble(
                    shop, marketplace.label, marketplace.login_lasts, renewed_at, now
                )
        return found

    # What is remembered and told

    def _load(self) -> Mapping[str, Remembered]:
        with self._app.store.read() as connection:
            text = find_setting(connection, REMEMBERED)
        return {key: _read(kept) for key, kept in json.loads(text or "{}").items()}

    def _record(self, reviewed: Review, now: datetime) -> bool:
        with self._app.store.write() as connection:
            for each in reviewed.notes:
                self._announce(connection, each, now)
            told = self._announce_channels(connection, now)
            # Written each time, changed or not: that is how a full disk is noticed.
            kept = {key: _write(each) for key, each in reviewed.remembered.items()}
            set_setting(connection, REMEMBERED, json.dumps(kept))
        return told or bool(reviewed.notes)

    def _announce(self, connection: Connection, told: Note, now: datetime) -> None:
        shop = told.key.partition(":")[2] or None
        announcement = Announcement(
            kind="trouble",
            event=told.event,
            title=told.title,
            body=told.body,
            at=now,
            shop=shop,
            marketplace=self._app.configured.get(shop) if shop else None,
            over=told.over,
        )
        announce(connection, self._app.telling, announcement)

    def _announce_channels(self, connection: Connection, now: datetime) -> bool:
        names = self._app.told_channels
        reviewed = review_channels(connection, names, now)
        for channel, announcement in reviewed:
            working = others(connection, channel, names)
            announce(connection, self._app.telling, announcement, only=working)
        return bool(reviewed)

    # Where the database does not work

    async def _note_outage(self, what: str) -> None:
        now = self._app.clock()
        log.error("monitoring_failed what=%s", what)
        self._outage_reason = what
        trouble = self._outage_trouble(what)
        spell, step = judge(self._outage, now, wrong=True, patience=trouble.patience)
        if step is not Step.NOTHING:
            told = await self._deliver(note("database", trouble, step, self._outage, now), now)
            if not told:  # nobody took it: it is tried again with the next look
                spell = Spell(spell.since, self._outage.told_at)
        self._outage = spell

    async def _note_recovery(self) -> bool:
        """Enter that the database works again, if that it did not was told."""
        if self._outage.since is None:
            return False
        now = self._app.clock()
        spell, step = judge(self._outage, now, wrong=False)
        if step is Step.OVER:
            over = note("database", self._outage_trouble(""), step, self._outage, now)
            await asyncio.to_thread(self._record_recovery, over, now)
        self._outage = spell
        return step is Step.OVER

    def _record_recovery(self, over: Note, now: datetime) -> None:
        with self._app.store.write() as connection:
            self._announce(connection, over, now)

    def _outage_trouble(self, what: str) -> Trouble:
        place = self._app.store.path
        fix = (
            f"Look whether the disk is full and whether {place} can be written."
            if place is not None
            else "Look whether PostgreSQL runs and can be reached from here."
        )
        return Trouble(
            title="The database does not work",
            what=what,
            fix=f"{fix} Until then nothing rings; no sale is lost.",
            over="The database works again",
            patience=OUTAGE_AFTER,
        )

    async def _deliver(self, told: Note, now: datetime) -> bool:
        """Tell the channels directly; True if one of them took it, or nobody wants to know."""
        verdict = self._app.telling.book.judge(News("trouble", now), no_rate)
        silent = verdict.level == "silent"
        if verdict.level == "off" or not verdict.channels:
            return True
        rest = self._app.rest
        if not (silent or rest.tell_trouble) and rest.until(now) is not None:
            return False
        tone = Tone.INFO if silent else Tone.WARNING
        message = Message(told.title, told.body, tone, silent=silent)
        sending = [self._send(channel, message) for channel in verdict.channels]
        return any(await asyncio.gather(*sending))

    async def _send(self, channel: str, message: Message) -> bool:
        try:
            await self._app.channels[channel].deliver(message)
        except DeliveryError as error:
            log.warning("message_failed channel=%s what=%s", channel, error.what)
            return False
        log.info("message_sent channel=%s form=trouble", channel)
        return True


def _write(kept: Remembered) -> dict[str, str | None]:
    since, told_at = kept.spell.since, kept.spell.told_at
    return {
        "since": since.isoformat() if since else None,
        "told_at": told_at.isoformat() if told_at else None,
        "over": kept.over,
    }


def _read(kept: Mapping[str, str | None]) -> Remembered:
    since, told_at = kept["since"], kept["told_at"]
    spell = Spell(
        datetime.fromisoformat(since) if since else None,
        datetime.fromisoformat(told_at) if told_at else None,
    )
    return Remembered(spell, kept["over"] or "")
