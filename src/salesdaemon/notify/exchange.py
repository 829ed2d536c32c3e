"""What a service really answered: a look at each HTTP answer that a plugin gets.

Apprise reports success or failure and no more; status and Retry-After stay inside its plugins.
Nearly all of them send through `requests`, so one wrapper around `Session.send` notes the answers
of the delivery that the current thread works on; mail goes through `smtplib`, which
`mail_exchange` watches. What is sent outside a delivery passes untouched.
"""

import contextlib
import functools
import importlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

_LARGEST_EXPLANATION_BYTES = 65_536
# ntfy names no time. Its bucket holds one request more after 5 s; its day ends at midnight, UTC:
# `docs/config.md`, and the numbers in `server/errors.go`, in binwiederhier/ntfy (read 2026-11).
_NTFY_TOO_MANY_REQUESTS, _NTFY_DAY_USED_UP = 42_901, 42_908
_NTFY_REFILL_SECONDS = 5.0
_LONGEST_WAIT_SECONDS = 32 * 86_400.0
"""Pushover's month is the longest wait that a service means; more is a mistake, and no wait."""
_LARGEST_NUMBER = 1e12
_WAITS_IN_BODY = {"retry_after": 1.0, "retry_after_ms": 0.001, "retryAfterSeconds": 1.0}
_EXPLANATIONS = (
    "errors",
    "errorDescription",
    "error",
    "message",
    "description",
    "detail",
    "reason",
)


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer; `explanation` is the service's own text, not yet fit to be shown."""

    status: int
    retry_after_seconds: float | None = None
    explanation: str = ""


@dataclass(slots=True)
class Exchange:
    """Everything that was said in one delivery, in order; of mail servers only the refusals."""

    answers: list[Answer] = field(default_factory=list)
    mail_refusals: list[Answer] = field(default_factory=list)
    faults: list[Exception] = field(default_factory=list)
    wait_seconds: float | None = None
    abandoned: bool = False

    @property
    def throttled(self) -> bool:
        """Say whether the service has told us to slow down: then nothing more is sent."""
        return any(answer.status == HTTPStatus.TOO_MANY_REQUESTS for answer in self.answers)


_current: ContextVar[Exchange | None] = ContextVar("salesdaemon_exchange", default=None)
_installing = threading.Lock()


def current() -> Exchange | None:
    """Return what this thread delivers at the moment."""
    return _current.get()


@contextlib.contextmanager
def watching(exchange: Exchange) -> Iterator[None]:
    """Note in `exchange` what this thread sends through requests."""
    _install()
    token = _current.set(exchange)
    try:
        yield
    finally:
        _current.reset(token)


class AskedToWaitError(Exception):
    """A plugin wants to sleep because its service told it so; we come back later instead."""


def never_wait(last_io: object = None, wait: float | None = None) -> None:
    """Take the place of a plugin's `throttle`, which sleeps seconds between two messages.

    A pause that the service itself asked for ends the delivery and is noted.

    Raises:
        AskedToWaitError: in place of the sleep; Apprise turns it into a failure.
    """
    del last_io
    exchange = _current.get()
    if wait and exchange is not None:
        exchange.wait_seconds = wait
        raise AskedToWaitError


def _install() -> None:
    requests = importlib.import_module("requests")
    with _installing:
        if not hasattr(requests.Session.send, "__wrapped__"):
            requests.Session.send = _watched(requests.Session.send, requests.ConnectionError)


def _watched(send: Callable[..., Any], refusal: type[Exception]) -> Callable[..., Any]:
    @functools.wraps(send)
    def watched(*args: object, **options: object) -> object:
        exchange = _current.get()
        if exchange is None:
            return send(*args, **options)
        if exchange.abandoned or exchange.throttled:
            # Some plugins try again by themselves; after a 429 that makes the wait longer, and
            # after our deadline the outbox may already be sending the same message.
            raise refusal("This delivery is over.")
        try:
            response = send(*args, **options)
        except Exception as error:
            exchange.faults.append(error)
            raise
        exchange.answers.append(_read(response, streamed=bool(options.get("stream"))))
        return response

    return watched


def _read(response: Any, *, streamed: bool) -> Answer:  # noqa: ANN401 - requests is not typed
    status = int(response.status_code)
    # A streamed body may be endless and is not ours to read.
    body = None if streamed or status < HTTPStatus.BAD_REQUEST else _parse(response.content)
    now = _moment(response.headers.get("Date")) or datetime.now(UTC)
    return Answer(status, _retry_after(status, response.headers, body, now), _explanation(body))


def _parse(content: bytes) -> object:
    if len(content) > _LARGEST_EXPLANATION_BYTES:
        return None
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return content.decode("utf-8", "replace")


def _retry_after(
    status: int, headers: Mapping[str, str], body: object, now: datetime
) -> float | None:
    """Return the wait that the service asked for, in seconds.

    `now` is by the service's own clock where it tells it: ours may be wrong.
    """
    seconds = _seconds(headers.get("Retry-After"), now)
    if seconds is None and status == HTTPStatus.TOO_MANY_REQUESTS:
        # Sent with every answer, so they ask for a wait only here.
        seconds = _seconds(headers.get("X-RateLimit-Reset-After"), now)
        if seconds is None:
            seconds = _until(headers.get("X-Limit-App-Reset"), now)
    return _wait_in(body, now) if seconds is None else seconds


def _seconds(value: str | None, now: datetime) -> float | None:
    if not value:
        return None
    with contextlib.suppress(ValueError):
        return _sane(float(value))
    moment = _moment(value)
    return None if moment is None else _sane(max(0.0, (moment - now).total_seconds()))


def _until(epoch: str | None, now: datetime) -> float | None:
    with contextlib.suppress(TypeError, ValueError):
        return _sane(max(0.0, float(epoch or "") - now.timestamp()))
    return None


def _moment(value: str | None) -> datetime | None:
    with contextlib.suppress(ValueError, TypeError):
        moment = parsedate_to_datetime(value or "")
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None


def _wait_in(body: object, now: datetime) -> float | None:
    """Find the wait in bodies such as Telegram's, Discord's and Matrix's."""
    for part in _objects(body):
        for name, factor in _WAITS_IN_BODY.items():
            value = part.get(name)
            if isinstance(value, int | float) and not isinstance(value, bool):
                # Compared first: an integer of JSON may be too large for the multiplication.
                return _sane(value * factor) if value <= _LARGEST_NUMBER else None
        if part.get("code") == _NTFY_TOO_MANY_REQUESTS:
            return _NTFY_REFILL_SECONDS
        if part.get("code") == _NTFY_DAY_USED_UP:
            midnight = datetime.combine(now.astimezone(UTC), time(), tzinfo=UTC)
            return (midnight + timedelta(days=1) - now).total_seconds()
    return None


def _sane(seconds: float) -> float | None:
    return seconds if 0 <= seconds <= _LONGEST_WAIT_SECONDS else None


def _objects(body: object) -> list[dict[str, object]]:
    if not isinstance(body, dict):
        return []
    inner = [body[name] for name in ("parameters", "error") if isinstance(body.get(name), dict)]
    return [body, *inner]


def _explanation(body: object) -> str:
    if isinstance(body, str):
        # A page of HTML explains nothing on one line.
        return "" if "<" in body else body
    for part in _objects(body):
        for name in _EXPLANATIONS:
            value = part.get(name)
            first = value[0] if isinstance(value, list) and value else value
            if isinstance(first, str) and first.strip():
                return first
    return ""
