"""The outbox as the relay sees it: asynchronous, and with the facts to word each message."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from salesdaemon.domain.alerts import Due, Facts, Form, Group, Pace, Rest
from salesdaemon.domain.limits import UNLIMITED, Limits, free_at
from salesdaemon.errors import DeliveryError
from salesdaemon.store import outbox
from salesdaemon.store.away import with_holiday
from salesdaemon.store.channels import find_channel, note_failure, note_success, others
from salesdaemon.store.consequences import Telling
from salesdaemon.store.engine import Store
from salesdaemon.store.news import Announcement, announce
from salesdaemon.store.outbox import Sent
from salesdaemon.store.sales import find_sales
from salesdaemon.store.sent import (
    count_used,
    find_course,
    find_last_burst,
    keep_course,
    sent_lately,
)
from salesdaemon.store.totals import today_totals


class Worded(Protocol):
    """A message's words."""

    @property
    def title(self) -> str: ...  # noqa: D102 - see the class

    @property
    def body(self) -> str: ...  # noqa: D102 - see the class


@dataclass(frozen=True, slots=True)
class Habits:
    """How the owner wants to be told: the day, bursts, nights, and what each channel takes."""

    zone: ZoneInfo
    burst: int
    telling: Telling
    rest: Rest = field(default_factory=Rest)
    limits: Mapping[str, Limits] = field(default_factory=dict)


class RelayOutbox:
    """Questions and marks of the relay, each in a thread and a transaction of its own."""

    def __init__(self, store: Store, habits: Habits) -> None:
        self._store = store
        self._habits = habits

    async def due(self, channel: str, now: datetime) -> Due:
        """Say what may be sent now."""
        return await asyncio.to_thread(self._due, channel, now)

    def _due(self, channel: str, now: datetime) -> Due:
        with self._store.read() as connection:
            waiting = outbox.list_due(connection, channel, now)
            if not waiting:
                return Due((), Pace(self._habits.burst))
            return Due(
                waiting,
                self._pace(connection, channel, now),
                with_holiday(connection, self._habits.rest),
            )

    def _pace(self, connection: Connection, channel: str, now: datetime) -> Pace:
        record = find_channel(connection, channel)
        lately = sent_lately(connection, channel, now)
        limits = self._habits.limits.get(channel, UNLIMITED)
        used = count_used(connection, channel, limits, now)
        free, urgent = (
            free_at(limits, lately.sent, used.month, now, sent_today=used.day, trouble=trouble)
            for trouble in (False, True)
        )
        return Pace(
            burst=self._habits.burst,
            recent_sales=lately.sales,
            last_burst=lately.last_burst,
            recent_events=lately.events,
            free_at=_later(free, record.not_before),
            urgent_at=_later(urgent, record.not_before),
            failures=record.failures,
        )

    async def facts(self, channel: str, group: Group, now: datetime) -> Facts:
        """Find what a group is worded with."""
        return await asyncio.to_thread(self._facts, channel, group, now)

    def _facts(self, channel: str, group: Group, now: datetime) -> Facts:
        keys = [
            (entry.account_id, entry.external_id)
            for entry in group.entries
            if entry.account_id is not None and entry.external_id is not None
        ]
        with self._store.read() as connection:
            return Facts(
                sales=find_sales(connection, keys, self._habits.telling.overrides) if keys else {},
                today=today_totals(connection, now, self._habits.zone),
                course=_COURSES.get(group.form, _no_course)(connection, channel, now),
            )

    async def lease(self, ids: Sequence[int], now: datetime) -> bool:
        """Reserve entries for sending; False when another relay was quicker."""

        def _lease() -> bool:
            with self._store.write() as connection:
                return outbox.lease(connection, ids, self._store.owner, now)

        return await asyncio.to_thread(_lease)

    async def mark_sent(
        self, channel: str, group: Group, message: Worded, answer: str, now: datetime
    ) -> None:
        """Note that a message went out, and which events it stands for."""
        entries = group.entries
        sent = Sent(
            channel=channel,
            form=group.form.value,
            title=message.title,
            body=message.body,
            sales=sum(entry.rings for entry in entries),
            answer=answer,
        )

        def _mark() -> None:
            with self._store.write() as connection:
                outbox.mark_sent(connection, [entry.id for entry in entries], sent, now)
                keep_course(connection, channel, group.form, now)
                self._announce(connection, channel, note_success(connection, channel, now))

        await asyncio.to_thread(_mark)

    async def mark_retry(
        self,
        channel: str,
        ids: Sequence[int],
        error: DeliveryError,
        now: datetime,
        not_before: datetime,
    ) -> None:
        """Put entries back, and leave the channel alone until it is tried again."""

        def _mark() -> None:
            with self._store.write() as connection:
                outbox.mark_retry(connection, ids, str(error), not_before)
                told = note_failure(
                    connection, channel, str(error), now, permanent=False, not_before=not_before
                )
                self._announce(connection, channel, told)

        await asyncio.to_thread(_mark)

    async def mark_failed(
        self, channel: str, ids: Sequence[int], error: DeliveryError, now: datetime
    ) -> None:
        """Note that entries cannot be sent; the other channels tell it."""

        def _mark() -> None:
            with self._store.write() as connection:
                outbox.mark_failed(connection, ids, str(error), now)
                told = note_failure(connection, channel, str(error), now, permanent=True)
                self._announce(connection, channel, told)

        await asyncio.to_thread(_mark)

    def _announce(
        self, connection: Connection, channel: str, announcement: Announcement | None
    ) -> None:
        telling = self._habits.telling
        if announcement is not None:
            working = others(connection, channel, telling.book.all_channels)
            announce(connection, telling, announcement, only=working)

    async def wake(self, channel: str, now: datetime) -> None:
        """Let everything that waits for a later try be tried now."""

        def _wake() -> None:
            with self._store.write() as connection:
                outbox.wake(connection, channel, now)

        await asyncio.to_thread(_wake)


def _no_course(_connection: Connection, _channel: str, _now: datetime) -> None:
    return None


_COURSES = {Form.BURST: find_course, Form.BURST_END: find_last_burst}


def _later(first: datetime | None, second: datetime | None) -> datetime | None:
    return max((moment for moment in (first, second) if moment is not None), default=None)
