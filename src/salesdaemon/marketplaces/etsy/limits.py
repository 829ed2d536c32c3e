"""Keep to the limits that Etsy names in its answers.

Source: Etsy Open API v3, essentials/rate-limits (read 2026-11). `x-remaining-this-second` was
seen one letter short, in answers and in the documentation.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta

from salesdaemon.marketplaces.base import Limits, Reply

_SECOND = timedelta(seconds=1)
_THIS_SECOND = ("x-remaining-this-second", "x-remaining-this-secon")


class Budget:
    """What is left of the limits of a login and of a key, which Etsy counts apart."""

    def __init__(
        self,
        clock: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._by_caller: dict[bool, Limits] = {}
        self._spent_at: datetime | None = None

    def note(self, reply: Reply, *, with_login: bool) -> None:
        """Read the limits of an answer."""
        per_day = _read(reply.headers, "x-limit-per-day")
        remaining = _read(reply.headers, "x-remaining-today")
        if per_day is not None or remaining is not None:
            self._by_caller[with_login] = Limits(per_day, remaining)
        if any(_read(reply.headers, name) == 0 for name in _THIS_SECOND):
            self._spent_at = reply.received_at

    async def wait(self) -> None:
        """Wait for the next second, at most one, where this one's requests are used up."""
        if self._spent_at is None:
            return
        passed = max(timedelta(), self._clock() - self._spent_at)
        self._spent_at = None
        if passed < _SECOND:
            await self._sleep((_SECOND - passed).total_seconds())

    def limits(self) -> Limits:
        """Tell the lower of what was said to the login and to the key."""
        seen = self._by_caller.values()
        return Limits(
            min((each.per_day for each in seen if each.per_day is not None), default=None),
            min(
                (each.remaining_today for each in seen if each.remaining_today is not None),
                default=None,
            ),
        )


def _read(headers: Mapping[str, str], name: str) -> int | None:
    text = headers.get(name, "").strip()
    return int(text) if text.isascii() and text.isdecimal() else None
