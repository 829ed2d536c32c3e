"""Carry what waits in the outbox to its channels: lease, send, mark."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Protocol

from salesdaemon.domain.alerts import Due, Facts, Group, Holding, next_group
from salesdaemon.errors import DeliveryError, StoreError
from salesdaemon.notify.amounts import Voice
from salesdaemon.notify.message import Message
from salesdaemon.notify.texts import word

log = logging.getLogger(__name__)

FIRST_RETRY = timedelta(seconds=5)
LONGEST_RETRY = timedelta(minutes=15)
LOOK_AGAIN_SECONDS = 2.0
"""How long a sleeping channel takes to notice what another process entered."""


class Outbox(Protocol):
    """Where events wait; every method may raise `StoreError`."""

    async def due(self, channel: str, now: datetime) -> Due:
        """Say what may be sent now."""
        ...

    async def facts(self, channel: str, group: Group, now: datetime) -> Facts:
        """Find what a group is worded with."""
        ...

    async def lease(self, ids: Sequence[int], now: datetime) -> bool:
        """Reserve entries for sending; False when another relay was quicker."""
        ...

    async def mark_sent(
        self, channel: str, group: Group, message: Message, answer: str, now: datetime
    ) -> None:
        """Note that a message went out."""
        ...

    async def mark_retry(
        self,
        channel: str,
        ids: Sequence[int],
        error: DeliveryError,
        now: datetime,
        not_before: datetime,
    ) -> None:
        """Put entries back, and leave the channel alone until it is tried again."""
        ...

    async def mark_failed(
        self, channel: str, ids: Sequence[int], error: DeliveryError, now: datetime
    ) -> None:
        """Note that entries cannot be sent, and have the other channels tell it."""
        ...

    async def wake(self, channel: str, now: datetime) -> None:
        """Let everything that waits for a later try be tried now."""
        ...


class Deliver(Protocol):
    """A channel."""

    async def deliver(self, message: Message) -> str:
        """Send a message and return the service's answer; raises `DeliveryError`."""
        ...


class Relay:
    """Delivers what waits, one message at a time for each channel, channels side by side."""

    def __init__(
        self,
        outbox: Outbox,
        channels: Mapping[str, Deliver],
        voice: Voice,
        *,
        clock: Callable[[], datetime],
        holding: Callable[[], Holding] = Holding,
    ) -> None:
        self._outbox = outbox
        self._channels = channels
        self._voice = voice
        self._clock = clock
        self._holding = holding
        self._look_again: dict[str, datetime] = {}
        self._woken = {name: asyncio.Event() for name in channels}
        self._stopping = False

    def wake(self) -> None:
        """Tell every channel that something may wait."""
        for event in self._woken.values():
            event.set()

    def stop(self) -> None:
        """Let every channel end once the message in hand is sent and marked."""
        self._stopping = True
        self.wake()

    async def run(self, channel: str) -> None:
        """Deliver on one channel until told to stop."""
        while not self._stopping:
            self._woken[channel].clear()
            try:
                while await self.deliver_one(channel):
                    pass
            except StoreError as error:
                log.error("relay_failed channel=%s what=%s", channel, error.what)  # noqa: TRY400 - expected
            except Exception:  # nothing that goes wrong may silence a channel until a restart
                log.exception("relay_step_failed channel=%s", channel)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken[channel].wait(), self._rest_seconds(channel))

    def _rest_seconds(self, channel: str) -> float:
        """Return how long to sleep: less than usual where a limit ends sooner."""
        free_at = self._look_again.get(channel)
        if free_at is None:
            return LOOK_AGAIN_SECONDS
        left = (free_at - self._clock()).total_seconds()
        return min(max(left, 0.01), LOOK_AGAIN_SECONDS)

    async def deliver_one(self, channel: str) -> bool:
        """Send the next message of a channel; False if nothing could be sent now.

        Raises:
            StoreError: the outbox could not be read or written.
        """
        if self._stopping:
            return False
        now = self._clock()
        # Asked before what waits is read: a poll that ends in between may have brought more.
        holding = self._holding()
        due = await self._outbox.due(channel, now)
        group = next_group(due, now, holding)
        if group is None:
            self._note_limit(channel, due, now)
            return False
        facts = await self._outbox.facts(channel, group, now)
        if not await self._outbox.lease([entry.id for entry in group.entries], now):
            return False
        return await self._send(channel, group, word(group, facts, self._voice), due.pace.failures)

    def _note_limit(self, channel: str, due: Due, now: datetime) -> None:
        free_at = due.pace.free_at
        if free_at is not None and free_at > now:
            self._look_again[channel] = free_at
        else:
            self._look_again.pop(channel, None)

    async def _send(self, channel: str, group: Group, message: Message, failures: int) -> bool:
        ids = [entry.id for entry in group.entries]
        try:
            answer = await self._channels[channel].deliver(message)
        except DeliveryError as error:
            await self._note_failure(channel, ids, error, failures + 1)
            return error.permanent  # what is refused for good keeps nothing else waiting
        now = self._clock()
        await self._outbox.mark_sent(channel, group, message, answer, now)
        log.info("message_sent channel=%s form=%s events=%d", channel, group.form, len(ids))
        if failures:
            await self._outbox.wake(channel, now)
        return True

    async def _note_failure(
        self, channel: str, ids: Sequence[int], error: DeliveryError, failures: int
    ) -> None:
        now = self._clock()
        log.warning(
            "message_failed channel=%s permanent=%s what=%s", channel, error.permanent, error.what
        )
        if error.permanent:
            await self._outbox.mark_failed(channel, ids, error, now)
            return
        wait = retry_wait(failures, error.retry_after_seconds)
        await self._outbox.mark_retry(channel, ids, error, now, now + wait)


def retry_wait(failures: int, retry_after_seconds: float | None) -> timedelta:
    """Return how long a channel is left alone after failing so many times in a row."""
    if retry_after_seconds is not None:
        return timedelta(seconds=max(retry_after_seconds, 1.0))
    doublings = min(failures - 1, 10)
    return min(FIRST_RETRY * float(2**doublings), LONGEST_RETRY)
