"""How much a push service takes from us, and when the next message may leave. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)
_KEPT_FOR_TROUBLE = 20  # one message in so many
_AT_ONCE = 2  # one in so many of the others needs no pacing
_TOLD_FROM = 0.8


@dataclass(frozen=True, slots=True)
class Limits:
    """What one channel may send: `gap` after each message, and at most so many in a time.

    Days and months are those of UTC. None stands for no limit.
    """

    gap: timedelta = timedelta(0)
    per_minute: int | None = 60
    per_day: int | None = None
    per_month: int | None = None


UNLIMITED = Limits(per_minute=None)


def free_at(
    limits: Limits,
    sent: Sequence[datetime],
    sent_this_month: int,
    now: datetime,
    *,
    sent_today: int = 0,
    trouble: bool = False,
) -> datetime | None:
    """Return when the next message may leave, None for now.

    `sent` are the messages of the last minute, oldest first; what lies outside that minute is
    ignored. Half of what a day or a month allows may go at once, the rest is earned evenly as the
    time passes, and the last 5 % are kept for trouble.
    """
    lately = [moment for moment in sent if now - MINUTE < moment <= now]
    month, next_month = _month_of(now)
    today = start_of_day(now)
    moments = (
        _after_gap(limits, lately),
        _after_minute(limits, lately),
        _earned(limits.per_day, sent_today, (today, today + _DAY), trouble=trouble),
        _earned(limits.per_month, sent_this_month, (month, next_month), trouble=trouble),
    )
    latest = max((moment for moment in moments if moment is not None), default=now)
    return latest if latest > now else None


def warn_at(limits: Limits, sent_today: int, sent_this_month: int) -> str | None:
    """Say that most of a day's or a month's messages are used up, None while they are not."""
    told = (
        _used_up(limits.per_month, sent_this_month, "month"),
        _used_up(limits.per_day, sent_today, "day"),
    )
    return next((sentence for sentence in told if sentence is not None), None)


def _after_gap(limits: Limits, lately: Sequence[datetime]) -> datetime | None:
    return lately[-1] + limits.gap if lately else None


def _after_minute(limits: Limits, lately: Sequence[datetime]) -> datetime | None:
    if limits.per_minute is None or len(lately) < limits.per_minute:
        return None
    return lately[-limits.per_minute] + MINUTE


def _earned(
    limit: int | None, sent: int, period: tuple[datetime, datetime], *, trouble: bool
) -> datetime | None:
    if limit is None:
        return None
    begin, end = period
    usable = limit if trouble else limit - math.ceil(limit / _KEPT_FOR_TROUBLE)
    if sent >= usable:
        return end
    at_once = usable if trouble else usable // _AT_ONCE
    if sent < at_once:
        return None
    return begin + (end - begin) * (sent - at_once) / (usable - at_once)


def _used_up(limit: int | None, sent: int, period: str) -> str | None:
    if limit is None or sent < limit * _TOLD_FROM:
        return None
    used = f"{min(sent, limit):,} of this {period}'s {limit:,} messages are sent"
    if sent >= limit - math.ceil(limit / _KEPT_FOR_TROUBLE):
        return f"{used}; until it is over only trouble goes out."
    return f"{used}; the rest go out more slowly, several sales in one message."


def start_of_day(now: datetime) -> datetime:
    """Return when the day that limits are counted by began."""
    return datetime.combine(now.astimezone(UTC), time(), tzinfo=UTC)


def _month_of(now: datetime) -> tuple[datetime, datetime]:
    first = start_of_day(now).replace(day=1)
    return first, (first + timedelta(days=32)).replace(day=1)
