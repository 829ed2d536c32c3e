"""Decide which waiting events become one message now. Pure: facts and the time in, a group out.

A sale rings by itself; many within a minute are a burst; what could not ring in its time (a quiet
night, a holiday, a pause, a dead channel) becomes a recap. All else is told as it is, or together
where it is many. `relay` sends what is chosen here and asks again.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from salesdaemon.domain.changes import RING_KINDS, EventKind
from salesdaemon.domain.hours import Hours, quiet_until
from salesdaemon.domain.rules import Style
from salesdaemon.domain.summary import StoredSale, Totals

BURST_WINDOW = timedelta(minutes=1)
TOO_OLD_TO_RING = timedelta(minutes=10)
"""Several rings that waited longer than this (for a dead channel) are told in a recap."""
TOO_OLD_FOR_A_RING = timedelta(days=2)
"""After this even a single one is told in a recap, and so is any other event with a sound."""
LONGEST_HOLD_FOR_MISSED = timedelta(seconds=30)
LONGEST_HOLD_FOR_POLL = timedelta(seconds=2)
EVENTS_AT_ONCE = 5
"""More events than this within a minute are told together, where bursts of sales never are."""

_JOINED = 4
"""Nights that never end would be joined for ever."""

BURST_END = "burst_end"
"""The kind of the event that ends a burst; it stands for no sale."""
TROUBLE = "trouble"
RECOVERY = "recovery"
"""The kind of the news that trouble is over."""


class Form(StrEnum):
    """What sort of message a group of events becomes."""

    RING = "ring"
    BURST = "burst"
    BURST_END = BURST_END
    RECAP = "recap"
    EVENT = "event"
    SEVERAL = "several"


class Cause(StrEnum):
    """Why a recap was needed; of several, that of most of its sales is named."""

    AWAY = "away"
    QUIET = "quiet"
    PAUSED = "paused"
    LATE = "late"


@dataclass(frozen=True, slots=True)
class Waiting:
    """An event that waits to be told on one channel.

    `missed` marks a sale paid while the daemon did not run. Anything but a sale's event brings
    its own title and body. `style` is what a rule set for its words and sound.
    """

    id: int
    kind: str
    level: str
    account_id: int | None
    external_id: str | None
    title: str | None
    body: str | None
    missed: bool
    created_at: datetime
    attempts: int
    style: Style = field(default_factory=Style)

    @property
    def rings(self) -> bool:
        """Tell whether this ka-chings."""
        return self.kind in _RINGING and self.level == "on"

    @property
    def is_soft(self) -> bool:
        """Tell whether this makes no sound, so that it may be told at any time."""
        return self.level == "silent"


_RINGING = frozenset(kind.value for kind in RING_KINDS)
SALE_EVENTS = frozenset(kind.value for kind in EventKind)


@dataclass(frozen=True, slots=True)
class Pace:
    """What went out lately on a channel, and how much is too much.

    `recent_sales` and `recent_events` were told within the last minute. Nothing may be sent before
    `free_at`, for the service's limits or because it refused; trouble not before `urgent_at`.
    `failures` are those in a row.
    """

    burst: int
    recent_sales: int = 0
    last_burst: datetime | None = None
    recent_events: int = 0
    free_at: datetime | None = None
    urgent_at: datetime | None = None
    failures: int = 0


@dataclass(frozen=True, slots=True)
class Holding:
    """Why sales may have to wait a moment: polls under way may bring more of them."""

    first_polls: bool = False
    polls: bool = False


@dataclass(frozen=True, slots=True)
class Rest:
    """When the owner is not to be rung: every night, and on a holiday.

    A holiday lasts from `away_since` until before `away_until`; both stay known when it is over.
    """

    hours: Sequence[Hours] = ()
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    tell_trouble: bool = False
    away_since: datetime | None = None
    away_until: datetime | None = None

    def until(self, now: datetime) -> datetime | None:
        """Return when rings may be heard again; None where they may be heard now."""
        found: datetime | None = None
        for _ in range(_JOINED):  # a night may begin in a holiday, and a holiday in a night
            end = self._until(found or now)
            if end is None:
                break
            found = end
        return found

    def _until(self, moment: datetime) -> datetime | None:
        if self._is_away(moment):
            return self.away_until
        return quiet_until(self.hours, moment, self.zone)

    def _is_away(self, moment: datetime) -> bool:
        if self.away_until is None:
            return False
        begun = self.away_since is None or self.away_since <= moment
        return begun and moment < self.away_until

    def cause(self, moment: datetime) -> Cause | None:
        """Say why what happened at a moment was held back; None where it was not."""
        if self._is_away(moment):
            return Cause.AWAY
        if quiet_until(self.hours, moment, self.zone) is not None:
            return Cause.QUIET
        return None


@dataclass(frozen=True, slots=True)
class Group:
    """Events that are told in one message, oldest first; `cause` belongs to a recap."""

    form: Form
    entries: tuple[Waiting, ...]
    cause: Cause | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """What waits on a channel, oldest first, and what bears on when it may be told."""

    waiting: Sequence[Waiting]
    pace: Pace
    rest: Rest = field(default_factory=Rest)


@dataclass(frozen=True, slots=True)
class Course:
    """A burst so far: the sales told in its messages, their totals by currency, its first ring."""

    sales: int
    totals: Mapping[str, Totals]
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Facts:
    """What a group is worded with.

    `sales` maps account and id to the stored sale; `today` are the totals of the seller's day by
    currency; `course` is what was told of the same burst before.
    """

    sales: Mapping[tuple[int, str], StoredSale] = field(default_factory=dict)
    today: Mapping[str, Totals] = field(default_factory=dict)
    course: Course | None = None


def next_group(due: Due, now: datetime, holding: Holding) -> Group | None:
    """Choose what to send next; None if all of it has to wait."""
    resting = due.rest.until(now) is not None
    if not _is_over(due.pace.urgent_at, now):
        return None
    group = _about_trouble(due, TROUBLE, resting=resting)
    if group is not None or not _is_over(due.pace.free_at, now):
        return group
    # That trouble is over comes before the sales that only its end has brought.
    group = _soft(due) or _about_trouble(due, RECOVERY, resting=resting)
    if group is not None or resting:
        return group or _burst_end(due)
    causes = _causes(due, now)
    return (
        _late(due, causes, now, holding)
        or _fresh(due, causes, now, holding)
        or _loud(due)
        or (None if any(entry.rings for entry in due.waiting) else _burst_end(due))
    )


def _is_over(moment: datetime | None, now: datetime) -> bool:
    return moment is None or moment <= now


def _about_trouble(due: Due, kind: str, *, resting: bool) -> Group | None:
    if resting and not due.rest.tell_trouble:
        return None
    return _alone_or_together(due, lambda entry: entry.kind == kind and not entry.is_soft)


def _soft(due: Due) -> Group | None:
    return _alone_or_together(due, lambda entry: entry.is_soft and entry.kind != BURST_END)


def _loud(due: Due) -> Group | None:
    """Choose events with a sound that are no sales: a milestone, a refund that is switched on."""
    return _alone_or_together(due, _is_loud)


def _is_loud(entry: Waiting) -> bool:
    return not (entry.rings or entry.is_soft or entry.kind in {TROUBLE, RECOVERY, BURST_END})


def _alone_or_together(due: Due, belongs: Callable[[Waiting], bool]) -> Group | None:
    chosen = tuple(entry for entry in due.waiting if belongs(entry))
    if not chosen:
        return None
    if due.pace.recent_events + len(chosen) <= (due.pace.burst or EVENTS_AT_ONCE):
        return Group(Form.EVENT, chosen[:1])
    return Group(Form.SEVERAL if len(chosen) > 1 else Form.EVENT, chosen)


def _causes(due: Due, now: datetime) -> dict[int, Cause]:
    """Say of each waiting event that could not be told in its time why."""
    found = ((entry.id, _cause(entry, due.rest, now)) for entry in due.waiting)
    return {key: cause for key, cause in found if cause is not None}


def _cause(entry: Waiting, rest: Rest, now: datetime) -> Cause | None:
    held = rest.cause(entry.created_at)
    if held is not None:
        return held
    if entry.missed:
        return Cause.PAUSED
    old = TOO_OLD_TO_RING if entry.rings else TOO_OLD_FOR_A_RING
    return Cause.LATE if now - entry.created_at > old else None


def _late(due: Due, causes: Mapping[int, Cause], now: datetime, holding: Holding) -> Group | None:
    """Choose what could not be told in its time, as one recap; a single late ring still rings."""
    held = tuple(e for e in due.waiting if e.id in causes and (e.rings or _is_loud(e)))
    rings = tuple(entry for entry in held if entry.rings)
    if not rings:
        return Group(Form.SEVERAL, held) if len(held) > 1 else None
    if holding.first_polls and _all_younger(rings, now, LONGEST_HOLD_FOR_MISSED):
        return None
    cause = _main_cause([causes[entry.id] for entry in rings])
    may_ring = cause in {Cause.PAUSED, Cause.LATE} and _all_younger(rings, now, TOO_OLD_FOR_A_RING)
    if len(rings) == 1 and may_ring:
        return Group(Form.RING, rings)
    return Group(Form.RECAP, held, cause)


def _main_cause(causes: Sequence[Cause]) -> Cause:
    """Name the cause of most; a pause explains what was late, too."""
    paused = Cause.PAUSED in causes
    counts = Counter(Cause.PAUSED if paused and each is Cause.LATE else each for each in causes)
    return max(Cause, key=lambda cause: counts[cause])  # of equals the first


def _all_younger(entries: Iterable[Waiting], now: datetime, age: timedelta) -> bool:
    return all(now - entry.created_at < age for entry in entries)


def _fresh(due: Due, causes: Mapping[int, Cause], now: datetime, holding: Holding) -> Group | None:
    """Choose sales that came just now: one by one, or together where they are many."""
    fresh = tuple(entry for entry in due.waiting if entry.rings and entry.id not in causes)
    if not fresh or (holding.polls and _all_younger(fresh, now, LONGEST_HOLD_FOR_POLL)):
        return None
    pace = due.pace
    if pace.burst == 0 or pace.recent_sales + len(fresh) <= pace.burst:
        return Group(Form.RING, fresh[:1])
    if pace.last_burst is not None and now - pace.last_burst < BURST_WINDOW:
        return None  # the burst goes on: the next message tells all that came meanwhile
    return Group(Form.BURST, fresh)


def _burst_end(due: Due) -> Group | None:
    ends = tuple(entry for entry in due.waiting if entry.kind == BURST_END)
    return Group(Form.BURST_END, ends) if ends else None
