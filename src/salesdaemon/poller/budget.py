"""How fast to ask, by what the marketplace still grants for the day.

The day is a rolling one: what was spent 24 hours ago comes back. Half of it may be spent
freely; after that the rest is spread so that it lasts, which settles at half the limit a day.
Work in the background (sweeps, history) gives way first.
"""

from datetime import datetime, timedelta

_DAY_SECONDS = 86_400
_FREE_SHARE = 0.5
_BACKGROUND_FREE_SHARE = 0.6
_BACKGROUND_SHARE = 0.2


def effective_interval(
    poll_every: timedelta, per_day: int | None, remaining_today: int | None
) -> timedelta:
    """Return how often to poll: as configured, or more slowly where little is left."""
    if not per_day or remaining_today is None or remaining_today > per_day * _FREE_SHARE:
        return poll_every
    return max(poll_every, timedelta(seconds=_DAY_SECONDS / max(remaining_today, 1)))


def background_gap(per_day: int | None, remaining_today: int | None) -> timedelta:
    """Return how long to leave between two requests in the background; zero while all is well."""
    if not per_day or remaining_today is None or remaining_today > per_day * _BACKGROUND_FREE_SHARE:
        return timedelta(0)
    return timedelta(seconds=_DAY_SECONDS / (per_day * _BACKGROUND_SHARE))


def after_failures(interval: timedelta, failures: int) -> timedelta:
    """Return how long to wait after some failures in a row.

    Doubles from the interval up to 15 intervals or five minutes, whichever is shorter, and is
    never shorter than the interval itself.
    """
    longest = max(interval, min(15 * interval, timedelta(minutes=5)))
    return min(longest, interval * (1 << min(max(failures - 1, 0), 10)))


def next_on_grid(due: datetime | None, started: datetime, interval: timedelta) -> datetime:
    """Return when to poll after a poll that started now, on the interval's grid, undrifted."""
    on_grid = due is not None and due <= started < due + interval
    return (due if due is not None and on_grid else started) + interval
