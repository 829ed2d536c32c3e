"""Read a long stretch of orders page by page, recording in batches while the next page comes."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from salesdaemon.errors import PayloadError, UnavailableError, WindowTooWideError
from salesdaemon.marketplaces.base import Feed, Page, Window
from salesdaemon.poller.reading import Reading

BATCH_SALES = 300

Record = Callable[[Reading, Sequence[Page]], Awaitable[None]]


class Reader:
    """Reads windows of one feed. `failures` counts how often in a row reading broke off."""

    def __init__(self, feed: Feed, clock: Callable[[], datetime]) -> None:
        self._feed = feed
        self._clock = clock
        self.failures = 0
        self._failed_at: str | None = None  # other stretches may be read in between
        self._begun_again: Reading | None = None

    async def read(
        self, reading: Reading, record: Record, *, keep_going: Callable[[], bool]
    ) -> None:
        """Read until nothing is left or `keep_going` says no, handing batches to `record`.

        `record` gets the pages of a batch and what is left to read after them; one call ends
        before the next begins. After a failure, what was read until then is recorded.

        Raises:
            MarketplaceError: a page could not be had.
            StoreError: a batch could not be recorded.
        """
        pages: list[Page] = []
        recording: asyncio.Task[None] | None = None
        try:
            while not reading.finished:
                page, reading = await self._fetch(reading)
                if page is not None:
                    pages.append(page)
                stop = reading.finished or not keep_going()
                if stop or sum(len(each.sales) for each in pages) >= BATCH_SALES:
                    if recording is not None:
                        await recording
                    recording = asyncio.ensure_future(record(reading, pages))
                    pages = []
                if stop:
                    break
            self.failures = 0
        except Exception:
            self.failures += 1
            raise
        finally:
            if recording is not None:
                await recording
            if pages:
                await record(reading, pages)

    async def _fetch(self, reading: Reading) -> tuple[Page | None, Reading]:
        first, end = reading.windows[-1]
        try:
            page = await self._feed.fetch_window(Window(first, end), reading.cursor)
        except WindowTooWideError:
            return None, reading.narrowed(self._clock())
        except (PayloadError, UnavailableError) as error:
            failed_before = reading.cursor == self._failed_at
            self._failed_at = reading.cursor
            if reading.cursor is None or not (failed_before or isinstance(error, PayloadError)):
                raise
            return None, self._begin_again(reading, error)
        return page, reading.after(page.cursor, page.oldest)

    def _begin_again(self, reading: Reading, error: PayloadError | UnavailableError) -> Reading:
        """Begin from the last order read: the page that a cursor leads to cannot be had.

        Raises:
            MarketplaceError: that was done already and led no further.
        """
        again = reading.restarted()
        if again == self._begun_again:
            self._begun_again = None  # the next call may try once more
            raise error
        self._begun_again = again
        return again
