"""What a shop's poller remembers between two requests, and what is due next. Pure.

A plan is kept as JSON in the row of its account, in the same transaction as the sales it
accounts for, so that a crash repeats some reading and skips none.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from salesdaemon.errors import UnavailableError

_DAY = timedelta(days=1)
EVERYTHING = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Reading:
    """A stretch of orders being read, newest first; resumable at any page.

    `windows` are pairs of first and end (None: open), the last one being read. `oldest` is how
    far the current window has come.
    """

    windows: tuple[tuple[datetime | None, datetime | None], ...]
    cursor: str | None = None
    oldest: datetime | None = None

    @property
    def finished(self) -> bool:
        """Tell whether nothing is left to read."""
        return not self.windows

    def after(self, cursor: str | None, oldest: datetime | None) -> "Reading":
        """Return what is left after a page that led to `cursor`."""
        oldest = oldest if oldest is not None else self.oldest
        if cursor is not None:
            return replace(self, cursor=cursor, oldest=oldest)
        return Reading(self.windows[:-1], None, None if self.windows[:-1] else oldest)

    def narrowed(self, now: datetime) -> "Reading":
        """Cut the current window in two, to read the newer half first.

        Raises:
            UnavailableError: it is a single day already.
        """
        first, end = self.windows[-1]
        start, stop = first or EVERYTHING, end or now + _DAY
        if first is None or stop - start <= _DAY:
            raise UnavailableError("The marketplace cannot even search a single day right now.")
        middle = (start + (stop - start) / 2).replace(hour=0, minute=0, second=0, microsecond=0)
        middle = min(max(middle, start + timedelta(hours=1)), stop - timedelta(hours=1))
        return Reading((*self.windows[:-1], (first, middle), (middle, end)))

    def restarted(self) -> "Reading":
        """Begin the current window again from where it had come to, without its cursor."""
        first, end = self.windows[-1]
        if self.oldest is not None:
            end = self.oldest + timedelta(seconds=1)
        return Reading((*self.windows[:-1], (first, end)))

    def to_json(self) -> dict[str, Any]:
        """Write it as JSON values."""
        return {
            "windows": [[_seconds(first), _seconds(end)] for first, end in self.windows],
            "cursor": self.cursor,
            "oldest": _seconds(self.oldest),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Reading":
        """Read what `to_json` wrote."""
        windows = tuple((_instant(first), _instant(end)) for first, end in value["windows"])
        return cls(windows, value["cursor"], _instant(value["oldest"]))


@dataclass(frozen=True, slots=True)
class Pace:
    """A sweep: how far it looks back, and how often; polls or time, whichever is sooner."""

    name: str
    newest_age: timedelta
    oldest_age: timedelta
    polls: int
    every: timedelta

    def window(self, now: datetime) -> tuple[datetime | None, datetime | None]:
        """Return the window it reads."""
        end = None if not self.newest_age else now - self.newest_age + _DAY
        return (now - self.oldest_age, end)


RECENT = Pace("recent", timedelta(0), timedelta(days=3), 15, timedelta(minutes=15))
MONTH = Pace("month", timedelta(0), timedelta(days=30), 1440, _DAY)
HALF_YEAR = Pace("half_year", timedelta(days=30), timedelta(days=190), 1440, _DAY)
PACES = (RECENT, MONTH, HALF_YEAR)
HISTORY = "history"


@dataclass(frozen=True, slots=True)
class Sweep:
    """When a sweep is due, and what is left of the one under way."""

    due_at: datetime
    polls_left: int
    reading: Reading | None = None

    def is_due(self, now: datetime) -> bool:
        """Tell whether there is something to read."""
        return self.reading is not None or self.polls_left <= 0 or now >= self.due_at


@dataclass(frozen=True, slots=True)
class Plan:
    """What a shop's poller remembers.

    `floor` is the creation of the newest order seen by the last complete poll: a poll follows
    pages until it is past it. `read_back_to` is how far the history has been read.
    """

    floor: datetime | None = None
    history: Reading | None = None
    history_done: bool = False
    read_back_to: datetime | None = None
    sweeps: Mapping[str, Sweep] = field(default_factory=dict)
    marks: Mapping[str, str] = field(default_factory=dict)

    def begun(self, now: datetime, earliest: datetime, read_to: datetime | None) -> "Plan":
        """Start the reading of history and set all sweeps for later: all of it is read now.

        `read_to` is how far back the very first page reached.
        """
        sweeps = {pace.name: Sweep(now + pace.every, pace.polls) for pace in PACES}
        if self.history_done or self.history is not None:
            return replace(self, sweeps=sweeps)
        history = Reading(((earliest, None),))
        return replace(self, history=history, sweeps=sweeps, read_back_to=read_to)

    def all_read(self, newest: datetime | None) -> "Plan":
        """Note that all history up to `newest` has been read by other means."""
        return replace(
            self,
            floor=self.floor or newest,
            history=None,
            history_done=True,
            read_back_to=EVERYTHING,
        )

    def polled(self, floor: datetime | None) -> "Plan":
        """Count a complete poll."""
        sweeps = {
            name: replace(sweep, polls_left=sweep.polls_left - 1)
            for name, sweep in self.sweeps.items()
        }
        return replace(self, floor=floor, sweeps=sweeps)

    def catching_up(self, first: datetime | None) -> "Plan":
        """Let the next sweep of recent orders begin as early as `first`."""
        sweep = self.sweeps.get(RECENT.name)
        if sweep is None or sweep.reading is not None:
            return self
        reading = Reading(((first, None),))
        return replace(self, sweeps={**self.sweeps, RECENT.name: replace(sweep, reading=reading)})

    def due(self, now: datetime) -> str | None:
        """Name what to read next: recent orders, then history, then older ones; None if nothing."""
        if self._sweep_due(RECENT.name, now):
            return RECENT.name
        if self.history is not None:
            return HISTORY
        return next((p.name for p in (MONTH, HALF_YEAR) if self._sweep_due(p.name, now)), None)

    def _sweep_due(self, name: str, now: datetime) -> bool:
        return name in self.sweeps and self.sweeps[name].is_due(now)

    def reading(self, name: str, now: datetime) -> Reading:
        """Return what is to be read for a task, beginning it if it is not under way."""
        if name == HISTORY:
            return self.history or Reading(())
        under_way = self.sweeps[name].reading
        return under_way or Reading((_PACE[name].window(now),))

    def progressed(self, name: str, reading: Reading, now: datetime) -> "Plan":
        """Note how far a task has come."""
        if name == HISTORY:
            return self._history_progressed(reading)
        pace = _PACE[name]
        sweep = (
            Sweep(now + pace.every, pace.polls)
            if reading.finished
            else replace(self.sweeps[name], reading=reading)
        )
        return replace(self, sweeps={**self.sweeps, name: sweep})

    def _history_progressed(self, reading: Reading) -> "Plan":
        if reading.finished:
            return replace(self, history=None, history_done=True, read_back_to=EVERYTHING)
        reached = [at for at in (reading.oldest, self.read_back_to) if at is not None]
        return replace(self, history=reading, read_back_to=min(reached, default=None))

    def tripped(self, marks: Mapping[str, str], now: datetime) -> "Plan":
        """Compare a tripwire's marks with the last ones; what moved is swept at once."""
        moved = [day for day, mark in marks.items() if self.marks.get(day, mark) != mark]
        plan = replace(self, marks=dict(marks))
        month = self.sweeps.get(MONTH.name)
        if not moved or month is None or month.reading is not None:
            # A sweep that is under way already may have passed there: keep the old marks.
            return self if moved else plan
        reading = Reading(_moved_windows(moved, now))
        sweeps = {**plan.sweeps, MONTH.name: replace(month, reading=reading)}
        return replace(plan, sweeps=sweeps)

    def behind(self, now: datetime) -> timedelta:
        """Return how late the most overdue sweep is."""
        late = [now - sweep.due_at for sweep in self.sweeps.values() if sweep.due_at < now]
        return max(late, default=timedelta(0))

    def to_text(self) -> str:
        """Write it for the store."""
        return json.dumps(
            {
                "floor": _seconds(self.floor),
                "history": self.history.to_json() if self.history else None,
                "history_done": self.history_done,
                "read_back_to": _seconds(self.read_back_to),
                "sweeps": {
                    name: {
                        "due_at": _seconds(sweep.due_at),
                        "polls_left": sweep.polls_left,
                        "reading": sweep.reading.to_json() if sweep.reading else None,
                    }
                    for name, sweep in self.sweeps.items()
                },
                "marks": dict(self.marks),
            },
            separators=(",", ":"),
        )

    @classmethod
    def from_text(cls, text: str | None) -> "Plan":
        """Read what `to_text` wrote; an empty plan where there is none."""
        if not text:
            return cls()
        value = json.loads(text)
        sweeps = {
            name: Sweep(
                _instant(sweep["due_at"]) or EVERYTHING,
                sweep["polls_left"],
                Reading.from_json(sweep["reading"]) if sweep["reading"] else None,
            )
            for name, sweep in value["sweeps"].items()
            if name in _PACE
        }
        return cls(
            floor=_instant(value["floor"]),
            history=Reading.from_json(value["history"]) if value["history"] else None,
            history_done=value["history_done"],
            read_back_to=EVERYTHING if value["history_done"] else _instant(value["read_back_to"]),
            sweeps=sweeps,
            marks=value["marks"],
        )


_PACE = {pace.name: pace for pace in PACES}


def _moved_windows(
    days: list[str], now: datetime
) -> tuple[tuple[datetime | None, datetime | None], ...]:
    """Return the windows around days that moved, the oldest first in the stack.

    A day is the seller's, in a zone we are not told, so a day on either side is read as well.
    """
    if "" in days:
        return (MONTH.window(now),)
    starts = [datetime.fromisoformat(day).replace(tzinfo=UTC) for day in sorted(days)]
    windows: list[tuple[datetime, datetime]] = []
    for start in starts:
        first, end = start - _DAY, start + 2 * _DAY
        if windows and first <= windows[-1][1]:
            windows[-1] = (windows[-1][0], end)
        else:
            windows.append((first, end))
    return tuple(windows)


def _seconds(instant: datetime | None) -> float | None:
    if instant is None:
        return None
    return None if instant.year == 1 else instant.timestamp()


def _instant(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
