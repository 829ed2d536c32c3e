"""Which waiting events become one message now."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from salesdaemon.domain.alerts import (
    BURST_WINDOW,
    LONGEST_HOLD_FOR_MISSED,
    LONGEST_HOLD_FOR_POLL,
    TOO_OLD_FOR_A_RING,
    TOO_OLD_TO_RING,
    Cause,
    Due,
    Form,
    Group,
    Holding,
    Pace,
    Rest,
    Waiting,
    next_group,
)
from salesdaemon.domain.hours import parse_hours
from tests.factories import BERLIN
from tests.factories import SEEN_AT as NOW

SECOND = timedelta(seconds=1)
NO_LIMIT = Pace(burst=0)
FIVE = Pace(burst=5)
AT_REST = Holding()
NEVER = Rest()
HOLIDAY = Rest(away_since=NOW - timedelta(days=3), away_until=NOW + SECOND)
OVER = Rest(away_since=NOW - timedelta(days=3), away_until=NOW)
# NOW is half a minute past ten in Berlin.
NIGHT = Rest((parse_hours("22:30-11:00"),), BERLIN)
MORNING = Rest((parse_hours("22:30-10:00"),), BERLIN)


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


def choose(
    entries: Sequence[Waiting],
    pace: Pace = FIVE,
    holding: Holding = AT_REST,
    rest: Rest = NEVER,
) -> Group | None:
    return next_group(Due(entries, pace, rest), NOW, holding)


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
        waiting(9, kind="refund", level="silent"),
        waiting(9, kind="trouble", level="silent", account_id=None, external_id=None, title="X"),
    ],
    ids=["a silent sale", "a refund", "trouble"],
)
@pytest.mark.parametrize(
    ("holding", "rest"),
    [
        (AT_REST, NEVER),
        (Holding(first_polls=True, polls=True), NEVER),
        (AT_REST, HOLIDAY),
        (AT_REST, NIGHT),
    ],
    ids=["at rest", "while polls run", "on holiday", "in the night"],
)
def test_what_makes_no_sound_goes_at_once_and_alone(
    quiet: Waiting, holding: Holding, rest: Rest
) -> None:
    entries = (*several(20), quiet)
    assert choose(entries, holding=holding, rest=rest) == Group(Form.EVENT, (quiet,))


TROUBLE = waiting(9, kind="trouble", account_id=None, external_id=None, title="A shop is gone")


@pytest.mark.parametrize("rest", [HOLIDAY, NIGHT], ids=["on holiday", "in the night"])
def test_trouble_breaks_through_where_its_owner_says_so(rest: Rest) -> None:
    assert choose((*several(3), TROUBLE), rest=rest) is None
    breaking = replace(rest, tell_trouble=True)
    assert choose((*several(3), TROUBLE), rest=breaking) == Group(Form.EVENT, (TROUBLE,))


def test_many_events_of_one_sort_become_one_message() -> None:
    refunds = several(6, kind="refund", level="silent")
    assert choose(refunds) == Group(Form.SEVERAL, refunds)
    lately = Pace(burst=5, recent_events=5)
    assert choose(refunds[:1], lately) == Group(Form.EVENT, refunds[:1])
    assert choose(refunds[:2], lately) == Group(Form.SEVERAL, refunds[:2])


def test_a_channel_at_its_limit_waits_and_keeps_its_last_messages_for_trouble() -> None:
    full = Pace(burst=5, free_at=NOW + SECOND)
    assert choose(several(3), full) is None
    assert choose(several(3, level="silent"), full) is None
    assert choose((*several(3), TROUBLE), full) == Group(Form.EVENT, (TROUBLE,))
    refusing = Pace(burst=5, free_at=NOW + SECOND, urgent_at=NOW + SECOND)
    assert choose((*several(3), TROUBLE), refusing) is None
    assert choose(several(3), Pace(burst=5, free_at=NOW)) == Group(Form.RING, several(1))


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
    assert choose((*missed, waiting(31))) == Group(Form.RECAP, missed, Cause.PAUSED)


def test_a_single_missed_sale_just_rings() -> None:
    assert choose(several(1, missed=True)) == Group(Form.RING, several(1, missed=True))


def test_what_could_not_ring_for_long_comes_as_a_recap_with_what_was_missed() -> None:
    old = several(2, age=TOO_OLD_TO_RING + SECOND)
    missed = waiting(3, missed=True)
    assert choose((*old, missed, waiting(4))) == Group(Form.RECAP, (*old, missed), Cause.PAUSED)
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
        None if held else Group(Form.RECAP, missed, Cause.PAUSED)
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
    assert choose(entries, rest=HOLIDAY) is None
    assert choose(entries, rest=OVER) == Group(Form.RECAP, entries[:3], Cause.AWAY)


def test_a_night_is_told_in_the_morning_also_a_single_sale() -> None:
    slept = several(1, age=timedelta(hours=3))
    assert choose(slept, rest=NIGHT) is None
    assert choose((*slept, waiting(2)), rest=MORNING) == Group(Form.RECAP, slept, Cause.QUIET)


@pytest.mark.parametrize(
    ("slept", "late", "missed", "cause"),
    [
        (4, 11, 0, Cause.LATE),
        (11, 4, 0, Cause.QUIET),
        (2, 2, 0, Cause.QUIET),
        (3, 0, 9, Cause.PAUSED),
        (3, 5, 1, Cause.PAUSED),
    ],
)
def test_a_recap_names_the_cause_of_most_of_its_sales(
    slept: int, late: int, missed: int, cause: Cause
) -> None:
    entries = (
        *(waiting(number, age=timedelta(hours=3)) for number in range(slept)),
        *(waiting(100 + number, age=timedelta(minutes=11)) for number in range(late)),
        *(waiting(200 + number, missed=True) for number in range(missed)),
    )
    until_eight = Rest((parse_hours("22:30-08:00"),), BERLIN)
    assert choose(entries, rest=until_eight) == Group(Form.RECAP, entries, cause)


def test_that_trouble_is_over_is_told_before_the_sales_that_its_end_brought() -> None:
    over = waiting(9, kind="recovery", account_id=None, external_id=None, title="It works again")
    assert choose((*several(9), over)) == Group(Form.EVENT, (over,))
    assert choose((*several(9), over), rest=NIGHT) is None
    breaking = replace(NIGHT, tell_trouble=True)
    assert choose((*several(9), over), rest=breaking) == Group(Form.EVENT, (over,))


def test_what_else_was_held_back_with_sales_is_told_in_their_recap() -> None:
    night = {"age": timedelta(hours=3)}
    held = (waiting(1, **night), waiting(2, kind="milestone", title="The 100th sale", **night))
    assert choose((*held, waiting(3)), rest=MORNING) == Group(Form.RECAP, held, Cause.QUIET)
    assert choose(held[1:], rest=MORNING) == Group(Form.EVENT, held[1:])
    twice = (held[1], waiting(4, kind="milestone", title="Rent covered", **night))
    assert choose(twice, rest=MORNING) == Group(Form.SEVERAL, twice)


def test_a_ring_that_is_two_days_old_is_a_line_of_a_recap() -> None:
    old = several(1, age=TOO_OLD_FOR_A_RING)
    assert choose(old) == Group(Form.RECAP, old, Cause.LATE)
    younger = several(1, age=TOO_OLD_FOR_A_RING - SECOND)
    assert choose(younger) == Group(Form.RING, younger)


@pytest.mark.parametrize(
    ("rest", "until"),
    [
        (NEVER, None),
        (NIGHT, datetime(2026, 11, 20, 10, tzinfo=UTC)),
        (replace(NIGHT, away_until=NOW + SECOND), datetime(2026, 11, 20, 10, tzinfo=UTC)),
        (
            replace(NIGHT, away_until=datetime(2026, 12, 1, 23, tzinfo=UTC)),
            datetime(2026, 12, 2, 10, tzinfo=UTC),
        ),
    ],
    ids=["never", "a night", "a holiday that ends in a night", "a night after a holiday"],
)
def test_rest_ends_with_the_last_of_nights_and_holidays(rest: Rest, until: datetime | None) -> None:
    assert rest.until(NOW) == until


def test_quiet_round_the_clock_never_ends_and_is_still_answered() -> None:
    until = Rest((parse_hours("00:00-24:00"),), BERLIN).until(NOW)
    assert until is not None
    assert until > NOW + timedelta(days=7)


def test_a_burst_is_ended_when_no_ring_waits() -> None:
    end = waiting(9, kind="burst_end", level="silent", external_id=None)
    assert choose((waiting(1), end)) == Group(Form.RING, several(1))
    assert choose((end,)) == Group(Form.BURST_END, (end,))
    assert choose((*several(3), end), rest=NIGHT) == Group(Form.BURST_END, (end,))


def test_in_the_end_every_event_is_told_exactly_once() -> None:
    left = [
        *several(3, missed=True),
        *(waiting(number) for number in range(4, 14)),
        waiting(14, kind="refund", level="silent"),
    ]
    told: list[tuple[Form, int]] = []
    while (group := choose(left)) is not None:
        told.append((group.form, len(group.entries)))
        left = [entry for entry in left if entry not in group.entries]
    assert (told, left) == ([(Form.EVENT, 1), (Form.RECAP, 3), (Form.BURST, 10)], [])
