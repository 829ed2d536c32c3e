"""The one place that talks HTTP: one client, its timeouts and its second tries.

`httpx` is imported here and nowhere else, so a change of library stays in this file.
"""

import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache, partial
from http import HTTPStatus
from statistics import median_high, median_low
from types import ModuleType, TracebackType
from typing import Self, cast

# None says "not installed". httpx looks for a command line of its own, and with it for rich and
# click: 5 MB that a daemon has no use for. Its transport looks four times a request for sniffio,
# which would tell it what it takes for granted otherwise, that asyncio runs.
for _name in ("httpx._main", "sniffio"):
    sys.modules.setdefault(_name, cast("ModuleType", None))

import httpx  # noqa: E402 - see above

from salesdaemon.errors import UnavailableError  # noqa: E402 - sorted behind httpx

MAX_BODY_BYTES = 32 * 1024 * 1024
TRANSIENT_STATUSES = frozenset({408, 500, 502, 503, 504})
LONGEST_WAIT_IN_PLACE_SECONDS = 3.0
"""A longer Retry-After is the caller's: it is stored, and nobody sleeps on it."""
CLOCKS_ARE_GOOD_FOR = timedelta(minutes=30)
"""What a server said of the time longer ago than this tells nothing of our clock now."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer. Header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    received_at: datetime


class _TransientStatusError(Exception):
    """A status that a second try may mend; never leaves this module."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


class Http:
    """A client for all marketplaces; close it when done. Redirects are not followed."""

    def __init__(
        self,
        *,
        user_agent: str,
        timeout_seconds: float = 20.0,
        attempts: int = 2,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._client = httpx.AsyncClient(
            follow_redirects=False,
            timeout=httpx.Timeout(timeout_seconds, connect=min(10.0, timeout_seconds)),
            headers={"User-Agent": user_agent, "Accept": "application/json"},
            limits=httpx.Limits(max_keepalive_connections=8, keepalive_expiry=90),
        )
        self._attempts = attempts
        self._clock = clock
        self._dates: dict[str, tuple[str, datetime]] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    def clock_offset(self) -> timedelta | None:
        """Tell by how much our clock is behind those of the servers that answered lately.

        Negative when ours is ahead. The median of all servers, of two the one that is nearer to
        ours; None where none told the time.
        """
        now = self._clock()
        offsets = [
            told - received_at
            for date, received_at in self._dates.values()
            if abs(now - received_at) <= CLOCKS_ARE_GOOD_FOR and (told := _parse_date(date))
        ]
        return min(median_low(offsets), median_high(offsets), key=abs) if offsets else None

    async def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        repeat: bool = True,
    ) -> Reply:
        """Send a request and return the answer, whatever its status.

        `repeat` allows a second try after a broken connection, a 5xx or a short Retry-After.

        Raises:
            UnavailableError: no whole answer came.
        """
        send = partial(self._send, method, url, params, headers, form)
        try:
            return await (self._send_repeatedly(send) if repeat else send())
        except _TransientStatusError as error:
            return error.reply
        except httpx.TimeoutException as error:
            raise UnavailableError(f"{httpx.URL(url).host} did not answer in time.") from error
        except httpx.HTTPError as error:
            what = type(error).__name__
            raise UnavailableError(
                f"The connection to {httpx.URL(url).host} broke ({what})."
            ) from error

    async def _send_repeatedly(self, send: Callable[[], Awaitable[Reply]]) -> Reply:
        """Send a request, and once more where that may help."""
        try:
            # Nearly all succeed at once, and making the context below takes a fifth of a request.
            return await send()
        except (_TransientStatusError, httpx.TransportError) as error:
            failure = error
        import stamina  # noqa: PLC0415 - most days it is not needed
        import stamina.instrumentation  # noqa: PLC0415 - as above

        stamina.instrumentation.set_on_retry_hooks([])  # its lines would name addresses
        async for attempt in stamina.retry_context(
            on=_worth_repeating,
            attempts=self._attempts,
            timeout=None,
            wait_initial=0.3,
            wait_max=2.0,
            wait_jitter=0.5,
        ):
            with attempt:
                if attempt.num == 1:
                    raise failure
                return await send()
        raise AssertionError("a retry context ends with a result or an exception")

    async def _send(
        self,
        method: str,
        url: str,
        params: Mapping[str, str | int] | None,
        headers: Mapping[str, str] | None,
        form: Mapping[str, str] | None,
    ) -> Reply:
        request = self._client.build_request(
            method, _parse_url(url), params=params, headers=headers, data=form
        )
        response = await self._client.send(request, stream=True)
        try:
            length = response.headers.get("content-length", "0")
            if length.isdecimal() and int(length) > MAX_BODY_BYTES:
                raise UnavailableError(f"{request.url.host} sent more than anyone can read.")
            body = await response.aread()
        finally:
            await response.aclose()
        reply = Reply(response.status_code, dict(response.headers), body, self._clock())
        self._note_date(request.url.host, reply)
        if reply.status in TRANSIENT_STATUSES or reply.status == HTTPStatus.TOO_MANY_REQUESTS:
            raise _TransientStatusError(reply)
        return reply

    def _note_date(self, host: str, reply: Reply) -> None:
        # A cache hands on the date of when it asked itself, and says how old that is.
        if "date" in reply.headers and "age" not in reply.headers:
            self._dates[host] = (reply.headers["date"], reply.received_at)


def _parse_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None


_parse_url = lru_cache(maxsize=64)(httpx.URL)
"""A marketplace's few addresses are asked again and again."""


def _worth_repeating(error: Exception) -> bool | float:
    if isinstance(error, _TransientStatusError):
        wait = error.reply.headers.get("retry-after", "")
        if wait.isdecimal():
            seconds = float(wait)
            return seconds if seconds <= LONGEST_WAIT_IN_PLACE_SECONDS else False
        return error.reply.status in TRANSIENT_STATUSES
    return isinstance(error, httpx.TransportError) and not isinstance(error, httpx.ReadTimeout)
