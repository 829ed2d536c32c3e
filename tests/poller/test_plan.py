"""What a poller remembers and decides, without a marketplace, a store or a clock."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesdaemon.errors import UnavailableError
from salesdaemon.poller.plan import (
    FIRST_ORDER,
    HALF_YEAR,
    HISTORY,
    MONTH,
    PACES,
    RECENT,
    Plan,
    Sweep,
)
from salesdaemon.poller.reading import EVERYTHING, Reading

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
EARLIEST = datetime(2005, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)

moments = st.timedeltas(timedelta(days=-9000), timedelta(days=27_000)).map(lambda by: NOW + by)
perhaps = st.none() | moments
readings = st.builds(
    Reading,
    windows=st.lists(st.tuples(perhaps, perhaps), max_size=4).map(tuple),
    cursor=st.none() | st.text(max_size=20),
    oldest=perhaps,
)
plans = st.builds(
    Plan,
    floor=perhaps,
    history=st.none() | readings,
    history_done=st.just(False),
    read_back_to=perhaps,
    sweeps=st.dictionaries(
        st.sampled_from([pace.name for pace in PACES]),
        st.builds(
            Sweep,
            due_at=moments,
            polls_left=st.integers(-5, 1440),
            reading=st.none() | readings,
        ),
    ),
    marks=st.dictionaries(st.text(max_size=10), st.text(max_size=10), max_size=4),
)


def begun() -> Plan:
    return Plan().begun(NOW, EARLIEST, None)


def read_all() -> Plan:
    return replace(begun(), history=None, history_done=True, read_back_to=EVERYTHING)


@given(plans, st.booleans())
def test_a_plan_survives_the_store(plan: Plan, done: bool) -> None:
    if done:
        plan = replace(plan, history=None, history_done=True, read_back_to=EVERYTHING)
    assert Plan.from_text(plan.to_text()) == plan


@pytest.mark.parametrize("text", [None, ""])
def test_no_plan_is_an_empty_one(text: str | None) -> None:
    assert Plan.from_text(text) == Plan()


def test_a_plan_of_an_older_version_with_a_sweep_we_no_longer_know_is_read() -> None:
    value = json.loads(begun().to_text())
    value["sweeps"]["decade"] = value["sweeps"]["month"]
    assert Plan.from_text(json.dumps(value)) == begun()


def test_nothing_is_due_before_the_first_poll() -> None:
    assert Plan().due(NOW + 99 * DAY) is None


def test_history_is_read_before_anything_else_and_all_at_once() -> None:
    plan = begun()
    assert plan.due(NOW) == HISTORY
    assert plan.reading(HISTORY, NOW) == Reading(((EARLIEST, None),))


def test_a_restart_in_the_middle_of_history_does_not_begin_it_again() -> None:
    half = Reading(((EARLIEST, None),), "cursor", NOW - 30 * DAY)
    plan = begun().progressed(HISTORY, half, NOW)
    assert plan.begun(NOW + DAY, EARLIEST, None).history == half
    assert read_all().begun(NOW + DAY, EARLIEST, None).history is None


def test_how_far_history_was_read_only_ever_goes_back() -> None:
    plan = begun()
    for days in (1, 10, 5, 40):
        plan = plan.progressed(HISTORY, Reading(((EARLIEST, None),), "c", NOW - days * DAY), NOW)
    assert plan.read_back_to == NOW - 40 * DAY
    assert plan.progressed(HISTORY, Reading(()), NOW).read_back_to == EVERYTHING


@pytest.mark.parametrize(
    ("polls", "passed", "due"),
    [
        pytest.param(14, 14 * MINUTE, None, id="neither polls nor minutes"),
        pytest.param(15, 15 * timedelta(seconds=1), "recent", id="fifteen quick polls"),
        pytest.param(3, 15 * MINUTE, "recent", id="fifteen minutes of slow polls"),
    ],
)
def test_recent_orders_are_due_after_polls_or_minutes_whichever_is_sooner(
    polls: int, passed: timedelta, due: str | None
) -> None:
    plan = read_all()
    for _ in range(polls):
        plan = plan.polled(NOW)
    assert plan.due(NOW + passed) == due


@pytest.mark.parametrize("polls", [1440, 0], ids=["polls", "time"])
def test_old_orders_are_due_after_as_many_polls_as_a_day_has_minutes_or_a_day(polls: int) -> None:
    plan = read_all()
    for _ in range(polls):
        plan = plan.polled(NOW)
    now = NOW if polls else NOW + DAY
    names = []
    while name := plan.due(now):
        names.append(name)
        plan = plan.progressed(name, Reading(()), now)
    assert names == ["recent", "month", "half_year"]
    assert plan.due(now) is None


def test_sweeps_cover_every_age_up_to_half_a_year_without_a_gap() -> None:
    windows = [pace.window(NOW) for pace in (HALF_YEAR, MONTH)]
    (oldest, end), (first, open_end) = windows
    assert oldest == NOW - 190 * DAY
    assert end is not None
    assert first is not None
    assert end > first
    assert open_end is None
    assert RECENT.window(NOW) == (NOW - 3 * DAY, None)


def test_a_sweep_under_way_is_due_until_it_is_done() -> None:
    part = Reading(((NOW - 30 * DAY, None),), "cursor", NOW - 5 * DAY)
    plan = read_all().progressed("month", part, NOW)
    assert plan.due(NOW) == "month"
    assert plan.reading("month", NOW + DAY) == part
    done = plan.progressed("month", Reading(()), NOW + MINUTE)
    assert done.due(NOW + MINUTE) is None
    assert done.sweeps["month"] == Sweep(NOW + MINUTE + DAY, 1440)


def test_recent_orders_come_before_history_and_history_before_older_ones() -> None:
    plan = begun()
    assert plan.due(NOW + DAY) == "recent"
    assert plan.progressed("recent", Reading(()), NOW + DAY).due(NOW + DAY) == HISTORY


def test_the_first_marks_of_a_tripwire_mean_nothing() -> None:
    plan = read_all().tripped({"2026-11-01": "1", "2026-11-02": "2"}, NOW)
    assert (plan.due(NOW), plan.marks) == (None, {"2026-11-01": "1", "2026-11-02": "2"})


def test_the_days_that_a_tripwire_says_moved_are_read_with_a_day_on_either_side() -> None:
    plan = read_all().tripped(dict.fromkeys(("2026-11-01", "2026-11-02", "2026-11-10"), "1"), NOW)
    plan = plan.tripped({"2026-11-01": "2", "2026-11-02": "2", "2026-11-10": "2"}, NOW)
    assert plan.due(NOW) == "month"
    assert plan.reading("month", NOW).windows == (
        (datetime(2026, 10, 31, tzinfo=UTC), datetime(2026, 11, 4, tzinfo=UTC)),
        (datetime(2026, 11, 9, tzinfo=UTC), datetime(2026, 11, 12, tzinfo=UTC)),
    )


def test_a_day_that_leaves_the_window_of_a_tripwire_has_not_moved() -> None:
    plan = read_all().tripped({"2026-10-01": "1", "2026-10-02": "1"}, NOW)
    assert plan.tripped({"2026-10-02": "1", "2026-10-03": "5"}, NOW).due(NOW) is None


def test_a_mark_without_a_day_sweeps_the_month() -> None:
    plan = read_all().tripped({"": "1"}, NOW).tripped({"": "2"}, NOW)
    assert plan.reading("month", NOW) == Reading((MONTH.window(NOW),))


def test_a_tripwire_that_moves_during_a_sweep_is_heeded_after_it() -> None:
    plan = read_all().tripped({"": "1"}, NOW)
    plan = plan.progressed("month", Reading((MONTH.window(NOW),), "c", NOW - 20 * DAY), NOW)
    plan = plan.tripped({"": "2"}, NOW)
    plan = plan.progressed("month", Reading(()), NOW)
    assert plan.due(NOW) is None
    assert plan.tripped({"": "2"}, NOW).due(NOW) == "month"


def test_a_poll_that_could_not_search_far_leaves_the_rest_to_the_sweep_of_recent_orders() -> None:
    plan = read_all().catching_up(NOW - 40 * DAY)
    assert plan.due(NOW) == "recent"
    assert plan.reading("recent", NOW) == Reading(((NOW - 40 * DAY, None),))


def test_how_far_behind_a_shop_is_follows_its_most_overdue_sweep() -> None:
    plan = read_all()
    assert plan.behind(NOW) == timedelta(0)
    assert plan.behind(NOW + DAY + MINUTE) == DAY - 14 * MINUTE


def test_history_read_by_other_means_is_not_read_again() -> None:
    plan = Plan().all_read(NOW).begun(NOW, EARLIEST, None)
    assert (plan.history, plan.history_done, plan.floor) == (None, True, NOW)


def test_a_page_without_a_next_one_ends_its_window() -> None:
    reading = Reading(((None, NOW), (NOW, None)), "c", NOW + DAY)
    assert reading.after(None, NOW + MINUTE) == Reading(((None, NOW),))
    assert reading.after("d", None) == Reading(((None, NOW), (NOW, None)), "d", NOW + DAY)
    assert Reading(((None, NOW),), "c").after(None, NOW).finished


def test_beginning_again_keeps_what_was_reached_and_reads_its_second_once_more() -> None:
    reading = Reading(((EARLIEST, None),), "c", NOW)
    assert reading.restarted() == Reading(((EARLIEST, NOW + timedelta(seconds=1)),))
    assert Reading(((EARLIEST, NOW),), "c").restarted() == Reading(((EARLIEST, NOW),))


@given(
    st.timedeltas(min_value=timedelta(hours=25), max_value=timedelta(days=9000)),
    moments,
    st.booleans(),
)
def test_narrower_windows_cover_what_the_wide_one_did(
    length: timedelta, start: datetime, is_open: bool
) -> None:
    now = start + length
    window = (start, None if is_open else now)
    reading = Reading((window,))
    narrowed = reading.narrowed(now)
    older, newer = narrowed.windows
    assert older[0] == start
    assert newer[1] == window[1]
    assert older[1] == newer[0]
    assert newer[0] is not None
    assert start < newer[0] < (window[1] or now + DAY)


@given(st.timedeltas(min_value=timedelta(hours=25), max_value=timedelta(days=9000)), moments)
def test_narrowing_ends_at_a_day(length: timedelta, start: datetime) -> None:
    reading = Reading(((start, start + length),))
    for _ in range(40):
        try:
            reading = reading.narrowed(start)
        except UnavailableError:
            break
    first, end = reading.windows[-1]
    assert first is not None
    assert end is not None
    assert end - first <= DAY


@pytest.mark.parametrize(
    "window", [(None, NOW), (NOW - DAY, NOW), (NOW, None)], ids=["open", "a day", "today"]
)
def test_a_window_that_cannot_be_narrowed_says_so(
    window: tuple[datetime | None, datetime | None],
) -> None:
    with pytest.raises(UnavailableError):
        Reading((window,)).narrowed(NOW)


def test_a_plan_kept_before_there_were_books_reads_all_orders_once_more_as_history() -> None:
    kept = json.loads(begun().all_read(NOW).to_text())
    del kept["books"]
    plan = Plan.from_text(json.dumps(kept))
    assert plan.history == Reading(((FIRST_ORDER, None),))
    assert (plan.history_done, plan.read_back_to) == (False, EVERYTHING)
    again = Plan.from_text(plan.progressed(HISTORY, Reading(()), NOW).to_text())
    assert (again.history, again.history_done) == (None, True)
