"""Lengths of time as people write them: "60s", "15m", "2h", "1d", "200ms"."""

import re
from datetime import timedelta

from salesdaemon.errors import DomainError

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
_LONGEST_SECONDS = 10 * 366 * 86400
_PATTERN = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)")


def parse_duration(text: str) -> timedelta:
    """Read a length of time such as "90s" or "2h".

    Raises:
        DomainError: it is written in another way.
    """
    match = _PATTERN.fullmatch(text.strip().lower())
    if match is None:
        raise DomainError('Write a length of time as "60s", "15m", "2h" or "1d".')
    seconds = float(match[1]) * _UNITS[match[2]]
    if seconds > _LONGEST_SECONDS:
        raise DomainError("A length of time of more than ten years is a mistake.")
    return timedelta(seconds=seconds)


def format_duration(length: timedelta) -> str:
    """Write a length of time in its two largest units: "3 h 20 min"."""
    seconds = int(length.total_seconds())
    days, rest = divmod(seconds, 86400)
    hours, rest = divmod(rest, 3600)
    minutes, seconds = divmod(rest, 60)
    parts = [(days, "d"), (hours, "h"), (minutes, "min"), (seconds, "s")]
    shown = [f"{count} {unit}" for count, unit in parts if count][:2]
    return " ".join(shown) or "0 s"
