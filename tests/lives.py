"""What stateful tests share: how many lives are drawn, and what kills or breaks them midway."""

import os
import sqlite3
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from sqlalchemy.exc import OperationalError

EXPLORE = "STATEFUL_EXAMPLES"
"""In the environment: how many lives to draw by chance instead of the same few."""


def lives(count: int, *, steps: int) -> settings:
    """Return how lives are drawn: the same few each time, or as many by chance as are asked for."""
    return settings(
        phases=(Phase.explicit, Phase.reuse, Phase.generate),
        max_examples=int(os.environ.get(EXPLORE, str(count))),
        derandomize=EXPLORE not in os.environ,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )


class Killed(BaseException):
    """The process was killed here."""


class Fuse:
    """Strikes once, at the nth time that something passes."""

    def __init__(self) -> None:
        self._left: int | None = None
        self._strike: Callable[[], BaseException] = Killed

    def set(self, after: int, strike: Callable[[], BaseException]) -> None:
        self._left, self._strike = after, strike

    def clear(self) -> None:
        self._left = None

    def passing(self, *_: Any) -> None:
        if self._left is None:
            return
        self._left -= 1
        if self._left < 0:
            self._left = None
            raise self._strike()


def disk_failure() -> OperationalError:
    return OperationalError("", {}, sqlite3.OperationalError("disk I/O error"))
