"""What a shop's poller remembers between two requests, and what is due next. Pure.

A plan is kept as JSON in the row of its account, in the same transaction as the sales it
accounts for, so that a crash repeats some reading and skips none.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from salesdaemon.poller.books_plan import BooksPlan
from salesdaemon.poller.reading import EVERYTHING, Reading, instant_of, seconds_of

_DAY = timedelta(days=1)


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
FIRST_ORDER = datetime(2005, 1, 1, tzinfo=UTC)
"""Before any order of any marketplace."""


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
    books: BooksPlan = field(default_factory=BooksPlan)

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
        return replace(self, floor=floor, sweeps=sweeps, books=self.books.polled())

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

    def looking_back(self, now: datetime) -> "Plan":
        """Let the orders of the last month be read again at once: the books tell of a change."""
        month = self.sweeps.get(MONTH.name)
        if month is None:
            return self
        again = replace(month, reading=Reading((MONTH.window(now),)))
        return replace(self, sweeps={**self.sweeps, MONTH.name: again})

    def behind(self, now: datetime) -> timedelta:
        """Return how late the most overdue sweep is."""
        late = [now - sweep.due_at for sweep in self.sweeps.values() if sweep.due_at < now]
        return max(late, default=timedelta(0))

    def to_text(self) -> str:
        """Write it for the store."""
        return json.dumps(
            {
                "floor": seconds_of(self.floor),
                "history": self.history.to_json() if self.history else None,
                "history_done": self.history_done,
                "read_back_to": seconds_of(self.read_back_to),
                "sweeps": {
                    name: {
                        "due_at": seconds_of(sweep.due_at),
                        "polls_left": sweep.polls_left,
                        "reading": sweep.reading.to_json() if sweep.reading else None,
                    }
                    for name, sweep in self.sweeps.items()
                },
                "marks": dict(self.marks),
                "books": self.books.to_json(),
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
                instant_of(sweep["due_at"]) or EVERYTHING,
                sweep["polls_left"],
                Reading.from_json(sweep["reading"]) if sweep["reading"] else None,
            )
            for name, sweep in value["sweeps"].items()
            if name in _PACE
        }
        history = Reading.from_json(value["history"]) if value["history"] else None
        done = value["history_done"]
        if done and "books" not in value:
            # Kept before there were books: stored orders lack the ids that the books name.
            history, done = Reading(((FIRST_ORDER, None),)), False
        return cls(
            floor=instant_of(value["floor"]),
            history=history,
            history_done=done,
            read_back_to=EVERYTHING if value["history_done"] else instant_of(value["read_back_to"]),
            sweeps=sweeps,
            marks=value["marks"],
            books=BooksPlan.from_json(value.get("books")),
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
