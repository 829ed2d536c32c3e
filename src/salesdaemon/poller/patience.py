"""When a marketplace or the store fails: whether to ask, how long to wait, what to tell."""

import asyncio
import logging
from datetime import datetime, timedelta

from salesdaemon.errors import AuthError, MarketplaceError, RateLimitError, StoreError
from salesdaemon.poller.budget import after_failures
from salesdaemon.poller.journal import Journal
from salesdaemon.store.logins import ShopLogin

log = logging.getLogger(__name__)

ASK_REFUSED_AGAIN = timedelta(minutes=15)
TELL_AFTER = timedelta(minutes=15)
TELL_AFTER_FAILURES = 15
SHORTEST_RATE_WAIT = timedelta(seconds=2)


class Patience:
    """The failures of one shop since its last good poll. Waits are kept over restarts."""

    def __init__(self, shop: str, journal: Journal, login: ShopLogin | None) -> None:
        self._shop = shop
        self._journal = journal
        self._login = login
        self._failures = 0
        self._ask_refused_at: datetime | None = None
        self._refused_generation: int | None = None

    async def may_ask(self, now: datetime) -> bool:
        """Tell whether the marketplace may be asked: nobody told us to wait, or refused us lately.

        Raises:
            StoreError: whether there is a new login could not be read.
        """
        waits = self._journal.record.not_before
        if waits is not None and now < waits:
            return False
        if not self._journal.record.login_needed:
            return True
        if self._ask_refused_at is None or now >= self._ask_refused_at:
            return True
        return self._login is not None and (
            await self._login.generation() != self._refused_generation
        )

    def note_good_poll(self) -> None:
        """Forget what went wrong."""
        self._failures = 0
        self._refused_generation = self._ask_refused_at = None

    async def note_failure(
        self, error: MarketplaceError | StoreError, now: datetime, interval: timedelta
    ) -> datetime | None:
        """Note a failure, tell it if it is time to, and return when to poll again.

        None leaves the next poll where it is: the wait that was asked for is stored.
        """
        self._failures += 1
        if isinstance(error, StoreError):
            log.error("store_failed shop=%s what=%s", self._shop, error.what)
        else:
            await self._write(error, now, interval)
        if isinstance(error, RateLimitError):
            return None
        if isinstance(error, AuthError):
            return now + interval  # `may_ask` says when; a new login is tried at once
        return now + after_failures(interval, self._failures)

    async def _write(self, error: MarketplaceError, now: datetime, interval: timedelta) -> None:
        try:
            if isinstance(error, RateLimitError):
                until = self._wait_until(error, now, interval)
                await asyncio.to_thread(self._journal.waiting, until, error.what)
            elif isinstance(error, AuthError):
                await self._note_refusal(error, now, interval)
            else:
                await asyncio.to_thread(self._note_outage, error, now)
        except StoreError as failure:
            log.error("store_failed shop=%s what=%s", self._shop, failure.what)  # noqa: TRY400 - expected

    async def _note_refusal(self, error: AuthError, now: datetime, interval: timedelta) -> None:
        self._ask_refused_at = now + min(ASK_REFUSED_AGAIN, 15 * interval)
        if self._login is not None:
            self._refused_generation = await self._login.generation()
        await asyncio.to_thread(self._journal.login_needed, error.what, error.fix, now)

    def _note_outage(self, error: MarketplaceError, now: datetime) -> None:
        since = self._journal.record.problem_since or now
        tell = self._failures >= TELL_AFTER_FAILURES or now - since >= TELL_AFTER
        self._journal.failed(error.what, error.fix, now, tell=tell)

    def _wait_until(self, error: RateLimitError, now: datetime, interval: timedelta) -> datetime:
        if error.retry_after_seconds is not None:
            return now + max(timedelta(seconds=error.retry_after_seconds), timedelta(seconds=1))
        return now + max(SHORTEST_RATE_WAIT, after_failures(interval / 2, self._failures))
