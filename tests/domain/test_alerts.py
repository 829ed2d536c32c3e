"""Which waiting events become one message now."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from salesdaemon.domain.alerts import (
    BURST_WINDOW,
    LONGEST_HOLD_FOR_MISSED,
    LONGEST_HOLD_FOR_POLL,
    TOO_OLD_TO_RING,
    Form,
    Group,
    Holding,
    Pace,
    Waiting,
    next_group,
)
from tests.factories import SEEN_AT as NOW

SECOND = timedelta(seconds=1)
NO_LIMIT = Pace(burst=0)
FIVE = Pace(burst=5)
QUIET = Holding()


def waiting(number: int = 1, *, age: timedelta = timedelta(0), **changes: Any) -> Waiting:
    facts: dict[str, Any] = {
        "kind": "sale",
        "level": "on",
        "account_id": 1,
        "external_id": f"s{number}",
        "title": None,
        "body": None,
        "missed": False,
        "created_at": NOW - age,
        "attempts": 0,
        **changes,
    }
    return Waiting(id=number, **facts)


def several(count: int, **changes: Any) -> tuple[Waiting, ...]:
    return tuple(waiting(number, **changes) for number in range(1, count + 1))


def choose(entries: Sequence[Waiting], pace: Pace = FIVE, holding: Holding = QUIET) -> Group | None:
    return next_group(entries, NOW, pace, holding)


def test_nothing_waits_nothing_is_sent() -> None:
    assert choose(()) is None


@pytest.mark.parametrize("kind", ["sale", "renewal"])
def test_a_few_sales_ring_one_by_one_oldest_first(kind: str) -> None:
    entries = several(5, kind=kind)
    assert choose(entries) == Group(Form.RING, entries[:1])


@pytest.mark.parametrize(
    "quiet",
    [
        waiting(9, level="silent"),
        waiting(9, kind="refund"),
        waiting(9, kind="free"),
        waiting(9, kind="trouble", account_id=None, external_id=None, title="A shop is gone"),
    ],
    ids=["a silent sale", "a refund", "a free download", "trouble"],
)
@pytest.mark.parametrize(
    "holding",
    [QUIET, Holding(first_polls=True, polls=True), Holding(away_until=NOW + SECOND)],
    ids=["at rest", "while polls run", "on holiday"],
)
def test_what_does_not_ring_goes_at_once_and_alone(quiet: Waiting, holding: Holding) -> None:
    entries = (*several(20), quiet)
    assert choose(entries, holding=holding) == Group(Form.EVENT, (quiet,))


def test_more_sales_than_the_burst_within_a_minute_become_one_message() -> None:
    assert choose(several(6)) == Group(Form.BURST, several(6))
    lately = Pace(burst=5, recent_sales=4)
    assert choose(several(1), lately) == Group(Form.RING, several(1))
    assert choose(several(2), lately) == Group(Form.BURST, several(2))


def test_without_a_burst_every_sale_rings_by_itself() -> None:
    assert choose(several(500), NO_LIMIT) == Group(Form.RING, several(1))


@pytest.mark.parametrize(
    ("since", "goes"), [(BURST_WINDOW - SECOND, False), (BURST_WINDOW, True)], ids=["on", "over"]
)
def test_while_a_burst_goes_on_its_sales_wait_for_the_next_message(
    since: timedelta, *, goes: bool
) -> None:
    pace = Pace(burst=5, recent_sales=8, last_burst=NOW - since)
    assert choose(several(3), pace) == (Group(Form.BURST, several(3)) if goes else None)


def test_what_was_missed_comes_as_one_recap() -> None:
    missed = several(30, missed=True)
    assert choose((*missed, waiting(31))) == Group(Form.RECAP, missed)


def test_a_single_missed_sale_just_rings() -> None:
    assert choose(several(1, missed=True)) == Group(Form.RING, several(1, missed=True))


def test_what_could_not_ring_for_long_comes_as_a_recap_with_what_was_missed() -> None:
    old = several(2, age=TOO_OLD_TO_RING + SECOND)
    missed = waiting(3, missed=True)
    assert choose((*old, missed, waiting(4))) == Group(Form.RECAP, (*old, missed))
    assert choose(several(2, age=TOO_OLD_TO_RING)) == Group(
        Form.RING, several(1, age=TOO_OLD_TO_RING)
    )


@pytest.mark.parametrize(
    ("age", "held"),
    [(LONGEST_HOLD_FOR_MISSED - SECOND, True), (LONGEST_HOLD_FOR_MISSED, False)],
    ids=["for a while", "not for ever"],
)
def test_a_recap_waits_for_the_first_polls_of_all_shops(age: timedelta, *, held: bool) -> None:
    missed = (waiting(1, age=age, missed=True), waiting(2, missed=True))
    assert choose(missed, holding=Holding(first_polls=True)) == (
        None if held else Group(Form.RECAP, missed)
    )


def test_a_new_sale_need_not_wait_for_a_recap_that_is_held() -> None:
    entries = (waiting(1, missed=True), waiting(2))
    assert choose(entries, holding=Holding(first_polls=True)) == Group(Form.RING, entries[1:])


@pytest.mark.parametrize(
    ("age", "held"),
    [(LONGEST_HOLD_FOR_POLL - SECOND, True), (LONGEST_HOLD_FOR_POLL, False)],
    ids=["for a moment", "not longer"],
)
def test_a_ring_waits_for_the_poll_under_way(age: timedelta, *, held: bool) -> None:
    entries = several(2, age=age)
    assert choose(entries, holding=Holding(polls=True)) == (
        None if held else Group(Form.RING, entries[:1])
    )


def test_nothing_rings_on_holiday_and_all_of_it_is_told_afterwards() -> None:
    entries = (*several(3, age=timedelta(days=2)), waiting(4))
    assert choose(entries, holding=Holding(away_until=NOW + SECOND)) is None
    assert choose(entries, holding=Holding(away_until=NOW)) == Group(Form.RECAP, entries[:3])


def test_in_the_end_every_event_is_told_exactly_once() -> None:
    left = [
        *several(3, missed=True),
        *(waiting(number) for number in range(4, 14)),
        waiting(14, kind="refund"),
    ]
    told: list[tuple[Form, int]] = []
    while (group := choose(left)) is not None:
        told.append((group.form, len(group.entries)))
        left = [entry for entry in left if entry not in group.entries]
    assert (told, left) == ([(Form.EVENT, 1), (Form.RECAP, 3), (Form.BURST, 10)], [])
