"""Trouble is told once, again each day while it lasts, and told to be over if it was told."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesdaemon.domain.trouble import (
    FORGET_AFTER,
    SOONEST_AGAIN,
    TELL_AGAIN,
    Note,
    Remembered,
    Review,
    Spell,
    Step,
    Trouble,
    judge,
    note,
    review,
    span,
)

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
DISK = Trouble(
    title="The disk is nearly full",
    what="100 MB are left.",
    fix="Free some space.",
    over="The disk has space again",
)


def stamp(at: datetime) -> int:
    return int(at.timestamp())


def test_trouble_is_told_at_once_where_no_patience_is_asked_for() -> None:
    assert judge(Spell(), NOW, wrong=True) == (Spell(NOW, NOW), Step.FIRST)


def test_trouble_is_told_once_its_patience_is_over() -> None:
    spell, step = judge(Spell(), NOW, wrong=True, patience=10 * MINUTE)
    assert (spell, step) == (Spell(NOW), Step.NOTHING)
    assert judge(spell, NOW + 9 * MINUTE, wrong=True, patience=10 * MINUTE)[1] is Step.NOTHING
    then = NOW + 10 * MINUTE
    assert judge(spell, then, wrong=True, patience=10 * MINUTE) == (Spell(NOW, then), Step.FIRST)


def test_lasting_trouble_is_told_again_after_a_day() -> None:
    told = Spell(NOW - HOUR, NOW)
    assert judge(told, NOW + DAY - MINUTE, wrong=True)[1] is Step.NOTHING
    assert judge(told, NOW + DAY, wrong=True) == (Spell(NOW - HOUR, NOW + DAY), Step.AGAIN)


def test_the_end_is_told_if_the_trouble_was() -> None:
    assert judge(Spell(NOW - HOUR, NOW), NOW + HOUR, wrong=False) == (Spell(None, NOW), Step.OVER)
    assert judge(Spell(NOW - HOUR), NOW, wrong=False) == (Spell(), Step.NOTHING)
    assert judge(Spell(), NOW, wrong=False) == (Spell(), Step.NOTHING)


def test_trouble_that_comes_and_goes_is_told_once_an_hour_at_most() -> None:
    over = Spell(None, NOW)
    spell, step = judge(over, NOW + 5 * MINUTE, wrong=True)
    assert (spell, step) == (Spell(NOW + 5 * MINUTE, NOW), Step.NOTHING)
    assert judge(spell, NOW + 6 * MINUTE, wrong=False)[1] is Step.NOTHING
    assert judge(spell, NOW + HOUR, wrong=True)[1] is Step.FIRST


def test_a_clock_that_was_set_back_silences_nothing_for_longer_than_a_day() -> None:
    told = Spell(NOW + 900 * DAY, NOW + 900 * DAY)
    spell, step = judge(told, NOW, wrong=True)
    assert (spell, step) == (Spell(NOW, NOW), Step.NOTHING)
    assert judge(spell, NOW + DAY, wrong=True)[1] is Step.AGAIN


LOOKS = st.lists(st.tuples(st.integers(1, 40 * 3600), st.booleans()), min_size=1, max_size=60)


def told_steps(
    looks: list[tuple[int, bool]], patience: timedelta
) -> Iterator[tuple[datetime, bool, Step]]:
    spell, now = Spell(), NOW
    for seconds, wrong in looks:
        now += timedelta(seconds=seconds)
        spell, step = judge(spell, now, wrong=wrong, patience=patience)
        yield now, wrong, step


@given(looks=LOOKS, patience=st.integers(0, 7200).map(lambda seconds: timedelta(seconds=seconds)))
def test_whatever_happens_nothing_is_told_too_often_and_every_end_is_told(
    looks: list[tuple[int, bool]], patience: timedelta
) -> None:
    last: datetime | None = None
    begun: datetime | None = None
    known = False
    for now, wrong, step in told_steps(looks, patience):
        begun = (begun or now) if wrong else None
        if step is Step.FIRST:
            assert wrong
            assert not known
            assert begun is not None
            assert now - begun >= patience
            assert last is None or now - last >= SOONEST_AGAIN
        elif step is Step.AGAIN:
            assert known
            assert last is not None
            assert now - last >= TELL_AGAIN
        elif wrong and known:
            assert last is not None
            assert now - last < TELL_AGAIN
        assert (step is Step.OVER) == (known and not wrong)
        if step in {Step.FIRST, Step.AGAIN}:
            last = now
        known = wrong and (known or step is Step.FIRST)


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (
            Step.FIRST,
            Note(
                "disk",
                f"trouble:disk:{stamp(NOW)}",
                "The disk is nearly full",
                "100 MB are left. Free some space.",
            ),
        ),
        (
            Step.AGAIN,
            Note(
                "disk",
                f"trouble:disk:{stamp(NOW)}",
                "Still: The disk is nearly full",
                "For 2 days now. 100 MB are left. Free some space.",
            ),
        ),
        (
            Step.OVER,
            Note(
                "disk",
                f"works:disk:{stamp(NOW)}",
                "The disk has space again",
                "It lasted 2 days.",
                over=True,
            ),
        ),
    ],
)
def test_the_words_name_the_reason_the_fix_and_how_long_it_lasts(
    step: Step, expected: Note
) -> None:
    assert note("disk", DISK, step, Spell(NOW - 2 * DAY, NOW - DAY), NOW) == expected


def test_a_review_remembers_what_is_wrong_and_tells_each_thing_by_itself() -> None:
    first = review({"disk": DISK, "clock": None}, {}, NOW)
    assert first == Review(
        (note("disk", DISK, Step.FIRST, Spell(), NOW),),
        {"disk": Remembered(Spell(NOW, NOW), DISK.over)},
    )
    assert review({"disk": DISK, "clock": None}, first.remembered, NOW + HOUR).notes == ()
    later = NOW + 2 * HOUR
    assert review({"disk": None, "clock": None}, first.remembered, later) == Review(
        (
            Note(
                "disk",
                f"works:disk:{stamp(later)}",
                "The disk has space again",
                "It lasted 2 hours.",
                over=True,
            ),
        )
    )


def test_what_could_not_be_looked_at_stays_as_it_was_for_a_week() -> None:
    remembered = {"disk": Remembered(Spell(NOW, NOW), DISK.over)}
    assert review({}, remembered, NOW + DAY) == Review((), remembered)
    assert review({}, remembered, NOW + FORGET_AFTER) == Review()


@pytest.mark.parametrize(
    ("length", "expected"),
    [
        (timedelta(seconds=59), "less than a minute"),
        (MINUTE, "1 minute"),
        (40 * MINUTE, "40 minutes"),
        (HOUR, "1 hour"),
        (26 * HOUR, "26 hours"),
        (2 * DAY + HOUR, "2 days"),
    ],
)
def test_lengths_of_time_are_told_roughly(length: timedelta, expected: str) -> None:
    assert span(length) == expected
