"""Decide what a newly read order means: what changed, and what is worth telling."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from salesdaemon.domain.sale import Kind, Sale, Status


class EventKind(StrEnum):
    """What can be told of a sale; the names are those of `[alerts.kinds]`."""

    SALE = "sale"
    RENEWAL = "renewal"
    FREE = "free"
    REFUND = "refund"
    DISPUTE = "dispute"
    DISPUTE_WON = "dispute_won"
    CANCELLED = "cancelled"


RING_KINDS = frozenset({EventKind.SALE, EventKind.RENEWAL})
"""What may ka-ching at all; nothing else ever does, whatever is configured."""

_ARRIVAL = {
    Kind.SALE: EventKind.SALE,
    Kind.RENEWAL: EventKind.RENEWAL,
    Kind.FREE: EventKind.FREE,
}


@dataclass(frozen=True, slots=True)
class Known:
    """What the store remembers of a sale that is read again. Amounts in minor units.

    `told` says that its arrival has its own record: it rang, or was switched off.
    """

    status: Status
    paid: bool
    gross_minor: int
    refunded_minor: int
    net_minor: int
    told: bool


@dataclass(frozen=True, slots=True)
class Watch:
    """Since when a shop is watched, by the marketplace's clock; None before its first poll.

    `read_back_to` is how far the first reading of history has come: everything created after
    it has been seen once, so what turns up there later was listed late. None while nothing of
    the history has been read, `datetime.min` in UTC once all of it has.
    """

    since: datetime | None
    read_back_to: datetime | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What recording a sale amounts to.

    `arrival` is told once for each sale, guarded by its own record; `events` are told as they
    happen. `news` says that totals of its day changed after the shop's watch began.
    """

    arrival: EventKind | None = None
    events: tuple[EventKind, ...] = ()
    news: bool = False


def decide(
    known: Known | None, seen: Sale, watch: Watch, *, set_aside_before: bool = False
) -> Decision:
    """Compare a sale as read with what is stored of it.

    `set_aside_before` says that this order was met earlier but could not be read then, so that
    its first appearance is no sign of a late payment.
    """
    arrived_late = _paid_since(known, seen, watch, set_aside_before=set_aside_before)
    told = known is not None and known.told
    arrival = _ARRIVAL.get(seen.kind) if seen.paid and arrived_late and not told else None
    if known is None:
        return Decision(arrival=arrival, news=arrived_late and seen.paid)
    return Decision(
        arrival=arrival,
        events=_happened(known, seen) if watch.since is not None else (),
        news=watch.since is not None and _totals_moved(known, seen),
    )


def _paid_since(known: Known | None, seen: Sale, watch: Watch, *, set_aside_before: bool) -> bool:
    """Tell whether a sale was paid after the shop's watch began."""
    if watch.since is None:
        return False
    if seen.paid_at >= watch.since:
        return True
    if known is not None:
        return seen.paid and not known.paid
    # Not known, though this stretch of the list had been read: it was listed, so paid, later.
    read_before = watch.read_back_to is not None and seen.created_at > watch.read_back_to
    return seen.pays_late and read_before and not set_aside_before


def _happened(known: Known, seen: Sale) -> tuple[EventKind, ...]:
    events: list[EventKind] = []
    if not seen.paid:
        return ()
    if seen.status is Status.DISPUTED and known.status is not Status.DISPUTED:
        events.append(EventKind.DISPUTE)
    elif known.status is Status.DISPUTED and seen.status is not Status.DISPUTED:
        events.append(EventKind.DISPUTE_WON)
    elif seen.status is Status.CANCELLED and known.status is not Status.CANCELLED:
        events.append(EventKind.CANCELLED)
    elif _refunded_further(known, seen):
        events.append(EventKind.REFUND)
    return tuple(events)


def _refunded_further(known: Known, seen: Sale) -> bool:
    newly_marked = known.status is Status.PAID and seen.status in {
        Status.PARTIALLY_REFUNDED,
        Status.REFUNDED,
    }
    return newly_marked or seen.refunded_minor > known.refunded_minor


def _totals_moved(known: Known, seen: Sale) -> bool:
    if not (known.paid or seen.paid):
        return False  # in no total before, and in none now
    before = (known.paid, known.gross_minor, known.refunded_minor, known.net_minor)
    return before != (seen.paid, seen.gross_minor, seen.refunded_minor, seen.net_minor)
