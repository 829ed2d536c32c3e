"""Which change of an order means what: the rules of `decide`, one by one."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesdaemon.domain.changes import (
    RING_KINDS,
    Decision,
    EventKind,
    Known,
    Watch,
    decide,
)
from salesdaemon.domain.sale import Kind, Sale, Status
from tests.factories import UNWATCHED, WATCH_SINCE, WATCHED, sale

SECOND = timedelta(seconds=1)
BEFORE = WATCH_SINCE - SECOND
ALL_READ = Watch(WATCH_SINCE, datetime.min.replace(tzinfo=UTC))
RINGS = Decision(EventKind.SALE, (), news=True)
NEWS = Decision(news=True)
NOTHING = Decision()


def known(of: Sale, *, told: bool = True) -> Known:
    """Return what the store remembers of a sale."""
    return Known(of.status, of.paid, of.gross_minor, of.refunded_minor, of.net_minor, told)


HISTORY = sale(paid_at=BEFORE)
UNPAID = sale(status=Status.UNPAID)
UNPAID_OF_HISTORY = sale(status=Status.UNPAID, paid_at=BEFORE)
LATE = sale(paid_at=BEFORE, pays_late=True)


@pytest.mark.parametrize(
    ("seen", "watch", "decision"),
    [
        pytest.param(sale(), WATCHED, RINGS, id="a paid sale rings"),
        pytest.param(sale(paid_at=WATCH_SINCE), WATCHED, RINGS, id="in the watch's first second"),
        pytest.param(HISTORY, WATCHED, NOTHING, id="history is silent"),
        pytest.param(sale(), UNWATCHED, NOTHING, id="before the first poll all is history"),
        pytest.param(UNPAID, WATCHED, NOTHING, id="an unpaid order waits"),
        pytest.param(
            sale(status=Status.REFUNDED, refunded_minor=1200),
            WATCHED,
            RINGS,
            id="a sale refunded before it was met rings as the sale it was",
        ),
        pytest.param(
            sale(status=Status.CANCELLED, paid=False), WATCHED, NOTHING, id="cancelled unpaid"
        ),
        pytest.param(
            sale(kind=Kind.RENEWAL),
            WATCHED,
            Decision(EventKind.RENEWAL, (), news=True),
            id="a renewal",
        ),
        pytest.param(
            sale(kind=Kind.FREE, gross_minor=0, fees_minor=0),
            WATCHED,
            Decision(EventKind.FREE, (), news=True),
            id="a free download is told as such",
        ),
        pytest.param(sale(kind=Kind.TRIAL), WATCHED, NEWS, id="a trial is not told"),
        pytest.param(sale(kind=Kind.BUNDLE_ITEM), WATCHED, NEWS, id="nor is a part of a bundle"),
    ],
)
def test_an_order_that_was_never_met(seen: Sale, watch: Watch, decision: Decision) -> None:
    assert decide(None, seen, watch) == decision


@pytest.mark.parametrize(
    ("seen", "watch", "set_aside_before", "decision"),
    [
        pytest.param(LATE, ALL_READ, False, RINGS, id="listed late, so paid late: it rings"),
        pytest.param(LATE, WATCHED, False, NOTHING, id="nothing of history was read yet"),
        pytest.param(LATE, Watch(None, ALL_READ.read_back_to), False, NOTHING, id="no watch yet"),
        pytest.param(LATE, ALL_READ, True, NOTHING, id="it was there but could not be read"),
        pytest.param(HISTORY, ALL_READ, False, NOTHING, id="this marketplace lists no sale late"),
        pytest.param(
            LATE,
            Watch(WATCH_SINCE, BEFORE - SECOND),
            False,
            RINGS,
            id="created after the point that was read back to",
        ),
        pytest.param(
            LATE, Watch(WATCH_SINCE, BEFORE), False, NOTHING, id="created at that point: not read"
        ),
        pytest.param(
            replace(LATE, status=Status.UNPAID, paid=False),
            ALL_READ,
            False,
            NOTHING,
            id="listed late and unpaid",
        ),
        pytest.param(sale(), ALL_READ, True, RINGS, id="set aside, but paid since the watch began"),
    ],
)
def test_an_order_that_turns_up_late(
    seen: Sale, watch: Watch, *, set_aside_before: bool, decision: Decision
) -> None:
    assert decide(None, seen, watch, set_aside_before=set_aside_before) == decision


@pytest.mark.parametrize(
    ("before", "seen", "decision"),
    [
        pytest.param(known(UNPAID, told=False), sale(), RINGS, id="paid at last"),
        pytest.param(
            known(UNPAID_OF_HISTORY, told=False), HISTORY, RINGS, id="of history, paid since"
        ),
        pytest.param(known(UNPAID, told=False), UNPAID, NOTHING, id="still unpaid"),
        pytest.param(
            known(UNPAID, told=False),
            sale(status=Status.CANCELLED, paid=False),
            NOTHING,
            id="never paid",
        ),
        pytest.param(
            known(sale(), told=False),
            sale(),
            Decision(EventKind.SALE),
            id="stored by sync first: its ring record decides",
        ),
        pytest.param(known(sale()), sale(), NOTHING, id="told already"),
        pytest.param(known(HISTORY, told=False), HISTORY, NOTHING, id="history again"),
        pytest.param(
            known(UNPAID), sale(), NEWS, id="switched off or told while it was thought unpaid"
        ),
    ],
)
def test_a_known_order_rings_once_and_only_if_it_was_paid_since(
    before: Known, seen: Sale, decision: Decision
) -> None:
    assert decide(before, seen, WATCHED) == decision


PART = sale(status=Status.PARTIALLY_REFUNDED, refunded_minor=500)
MORE = sale(status=Status.PARTIALLY_REFUNDED, refunded_minor=700)
ALL = sale(status=Status.REFUNDED, refunded_minor=1200)
DISPUTED = sale(status=Status.DISPUTED, refunded_minor=1200)
CANCELLED = sale(status=Status.CANCELLED, refunded_minor=1200)
MARKED = sale(status=Status.REFUNDED, refunded_minor=0)


@dataclass(frozen=True)
class Step:
    """What was stored, what is seen now, and the events that follow."""

    stored: Sale
    seen: Sale
    events: tuple[EventKind, ...]


STEPS = {
    "a part refunded": Step(sale(), PART, (EventKind.REFUND,)),
    "more refunded": Step(PART, MORE, (EventKind.REFUND,)),
    "all refunded": Step(MORE, ALL, (EventKind.REFUND,)),
    "the same refund": Step(PART, PART, ()),
    "a refund that failed": Step(PART, sale(), ()),
    "marked as refunded without an amount": Step(sale(), MARKED, (EventKind.REFUND,)),
    "the amount comes later": Step(MARKED, ALL, (EventKind.REFUND,)),
    "disputed": Step(sale(), DISPUTED, (EventKind.DISPUTE,)),
    "disputed after a refund": Step(PART, DISPUTED, (EventKind.DISPUTE,)),
    "still disputed": Step(DISPUTED, DISPUTED, ()),
    "won": Step(DISPUTED, sale(), (EventKind.DISPUTE_WON,)),
    "won, with the refund before it": Step(DISPUTED, PART, (EventKind.DISPUTE_WON,)),
    "cancelled after payment": Step(sale(), CANCELLED, (EventKind.CANCELLED,)),
    "still cancelled": Step(CANCELLED, CANCELLED, ()),
}


@pytest.mark.parametrize("step", STEPS.values(), ids=list(STEPS))
def test_what_happens_to_a_paid_sale_is_told_and_never_rings(step: Step) -> None:
    decision = decide(known(step.stored), step.seen, WATCHED)
    assert (decision.arrival, decision.events) == (None, step.events)
    assert RING_KINDS.isdisjoint(step.events)
    assert decide(known(step.seen), step.seen, WATCHED) == NOTHING


@pytest.mark.parametrize("step", STEPS.values(), ids=list(STEPS))
def test_before_the_watch_nothing_is_told(step: Step) -> None:
    assert decide(known(step.stored), step.seen, UNWATCHED) == NOTHING


def test_what_happened_to_a_sale_while_it_was_unpaid_is_told_with_its_ring() -> None:
    assert decide(known(UNPAID, told=False), PART, WATCHED) == Decision(
        EventKind.SALE, (EventKind.REFUND,), news=True
    )


@pytest.mark.parametrize(
    ("changes", "news"),
    [
        ({"gross_minor": 1300}, True),
        ({"fees_minor": 240}, True),
        ({"refunded_minor": 1}, True),
        ({"fees_exact": False}, False),
        ({"country": "AT"}, False),
        ({"items": ()}, False),
    ],
)
def test_news_is_what_moves_a_days_totals(changes: dict[str, Any], *, news: bool) -> None:
    assert decide(known(sale()), sale(**changes), WATCHED).news is news


def test_an_unpaid_order_is_in_no_total_and_so_no_news() -> None:
    dearer = sale(status=Status.UNPAID, gross_minor=5000)
    assert decide(known(UNPAID, told=False), dearer, WATCHED) == NOTHING


@given(
    st.lists(
        st.sampled_from(
            [UNPAID, sale(), PART, ALL, DISPUTED, CANCELLED, sale(fees_minor=250), MORE]
        ),
        min_size=1,
        max_size=8,
    ),
    st.booleans(),
)
def test_whatever_happens_to_a_sale_it_rings_at_most_once(
    seen: list[Sale], watched_from_the_first: bool
) -> None:
    before: Known | None = None
    arrivals = 0
    for place, each in enumerate(seen):
        watch = WATCHED if watched_from_the_first or place else UNWATCHED
        decision = decide(before, each, watch)
        told = (before is not None and before.told) or decision.arrival is not None
        arrivals += decision.arrival is not None
        assert RING_KINDS.isdisjoint(decision.events)
        before = known(each, told=told)
    watched = seen if watched_from_the_first else seen[1:]
    assert arrivals == any(each.paid for each in watched)
