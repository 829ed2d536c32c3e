"""Decide which waiting events become one message now: single rings, a burst, or a recap. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from salesdaemon.domain.changes import RING_KINDS, EventKind
from salesdaemon.domain.summary import StoredSale, Totals

BURST_WINDOW = timedelta(minutes=1)
TOO_OLD_TO_RING = timedelta(minutes=10)
"""A ring that waited longer than this (a dead channel, a holiday) becomes part of a recap."""
LONGEST_HOLD_FOR_MISSED = timedelta(seconds=30)
LONGEST_HOLD_FOR_POLL = timedelta(seconds=2)


class Form(StrEnum):
    """What sort of message a group of events becomes."""

    RING = "ring"
    BURST = "burst"
    RECAP = "recap"
    EVENT = "event"


@dataclass(frozen=True, slots=True)
class Waiting:
    """An event that waits to be told on one channel.

    `missed` marks a sale paid while the daemon did not run. Anything but a sale's event brings
    its own title and body.
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

    @property
    def rings(self) -> bool:
        """Tell whether this ka-chings."""
        return self.kind in _RINGING and self.level == "on"


_RINGING = frozenset(kind.value for kind in RING_KINDS)
SALE_EVENTS = frozenset(kind.value for kind in EventKind)


@dataclass(frozen=True, slots=True)
class Pace:
    """What went out lately on a channel, and how many sales within a minute are too many."""

    burst: int
    recent_sales: int = 0
    last_burst: datetime | None = None


@dataclass(frozen=True, slots=True)
class Holding:
    """Why sales may have to wait a moment: polls under way may bring more of them."""

    first_polls: bool = False
    polls: bool = False
    away_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Events that are told in one message, oldest first."""

    form: Form
    entries: tuple[Waiting, ...]


@dataclass(frozen=True, slots=True)
class Due:
    """What waits on a channel, with the facts to word it.

    `sales` maps account and id to the stored sale; `today` are the totals of the seller's day.
    """

    waiting: Sequence[Waiting]
    pace: Pace
    away_until: datetime | None = None
    sales: Mapping[tuple[int, str], StoredSale] = field(default_factory=dict)
    today: Mapping[str, Totals] = field(default_factory=dict)


def next_group(
    waiting: Sequence[Waiting], now: datetime, pace: Pace, holding: Holding
) -> Group | None:
    """Choose what to send next of what waits, oldest first; None if all of it has to wait."""
    for entry in waiting:
        if not entry.rings:
            return Group(Form.EVENT, (entry,))
    if holding.away_until is not None and now < holding.away_until:
        return None
    missed = tuple(e for e in waiting if e.missed or now - e.created_at > TOO_OLD_TO_RING)
    if missed and not (holding.first_polls and _all_younger(missed, now, LONGEST_HOLD_FOR_MISSED)):
        return Group(Form.RECAP if len(missed) > 1 else Form.RING, missed)
    fresh = tuple(entry for entry in waiting if entry not in missed)
    if not fresh or (holding.polls and _all_younger(fresh, now, LONGEST_HOLD_FOR_POLL)):
        return None
    return _ring_or_burst(fresh, now, pace)


def _all_younger(entries: Sequence[Waiting], now: datetime, age: timedelta) -> bool:
    return all(now - entry.created_at < age for entry in entries)


def _ring_or_burst(fresh: tuple[Waiting, ...], now: datetime, pace: Pace) -> Group | None:
    if pace.burst == 0 or pace.recent_sales + len(fresh) <= pace.burst:
        return Group(Form.RING, fresh[:1])
    if pace.last_burst is not None and now - pace.last_burst < BURST_WINDOW:
        return None  # the burst goes on: the next message tells all that came meanwhile
    return Group(Form.BURST, fresh)
