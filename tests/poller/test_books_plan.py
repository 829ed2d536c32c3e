"""What is read of the books and when, without a marketplace, a store or a clock."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesdaemon.poller.books_plan import WIDEST, BooksPlan, Limits
from salesdaemon.poller.reading import Reading

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
EARLIEST = datetime(2005, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
QUARTER = 15 * MINUTE


@dataclass
class Reader:
    """Carries a plan out as the poller does, through JSON at every step.

    `entries` says how many entries a window holds, `pages` over how many pages they come.
    """

    now: datetime = NOW
    oldest_order: datetime | None = NOW - 40 * DAY
    entries: Callable[[datetime, datetime], int] = lambda _first, _end: 0
    pages: int = 1
    history_read: bool = True
    earliest: datetime = EARLIEST
    plan: BooksPlan = field(default_factory=BooksPlan)
    windows: list[tuple[datetime, datetime]] = field(default_factory=list)
    requests: int = 0

    def step(self) -> bool:
        """Ask for one page; False where nothing is due."""
        plan = self.plan.next_reading(self.now, history_read=self.history_read)
        if plan is None or plan.reading is None:
            return False
        first, end = plan.reading.windows[-1]
        assert first is not None
        assert end is not None
        page = int(plan.reading.cursor or 0) + 1
        self.requests += 1
        if page == 1:
            self.windows.append((first, end))
        # The first page holds all of the entries: the others may be empty.
        found = self.entries(first, end) if page == 1 else 0
        reading = plan.reading.after(str(page) if page < self.pages else None, None)
        limits = Limits(self.now, QUARTER, 15, self.earliest, self.oldest_order)
        self._keep(plan.progressed(reading, found, limits))
        return True

    def _keep(self, plan: BooksPlan) -> None:
        self.plan = BooksPlan.from_json(json.loads(json.dumps(plan.to_json())))
        assert self.plan == plan

    def all_due(self, at_most: int = 500) -> list[tuple[datetime, datetime]]:
        """Read until nothing is due; returns the windows, in order."""
        self.windows = []
        for _ in range(at_most):
            if not self.step():
                return self.windows
        raise AssertionError("It never ends.")

    def refuse(self) -> None:
        plan = self.plan.next_reading(self.now, history_read=self.history_read)
        assert plan is not None
        self.requests += 1
        self._keep(plan.refused(self.now))

    def poll(self, times: int = 1, every: timedelta = MINUTE) -> None:
        for _ in range(times):
            self.now += every
            self._keep(self.plan.polled())


def settled(**how: object) -> Reader:
    """Make a reader that has read everything and has just looked."""
    reader = Reader(**how)  # type: ignore[arg-type]  # facts of the test
    reader.all_due()
    reader.windows, reader.requests = [], 0
    return reader


# The first reading


def test_the_last_thirty_days_are_read_first() -> None:
    reader = Reader(history_read=False)
    assert reader.all_due() == [(NOW - 30 * DAY + HOUR, NOW + HOUR)]
    assert (reader.plan.until, reader.plan.back_to) == (NOW, NOW - 30 * DAY + HOUR)


def test_the_past_waits_for_its_orders() -> None:
    reader = Reader(history_read=False)
    reader.all_due()
    assert not reader.step()
    reader.history_read = True
    assert reader.step()


def test_the_past_is_read_month_by_month_until_a_year_before_the_oldest_order_is_empty() -> None:
    reader = Reader(oldest_order=NOW - 400 * DAY)
    first, *months = reader.all_due()
    assert [end for _, end in months] == [first[0], *(start for start, _ in months[:-1])]
    assert {end - start for start, end in months} == {WIDEST}
    beyond = [start for start, _ in months if start < NOW - 400 * DAY]
    assert (len(beyond), reader.plan.whole) == (12, True)
    assert len(months) == 24


def test_an_entry_beyond_the_oldest_order_begins_the_year_anew() -> None:
    posted = NOW - 300 * DAY
    reader = Reader(entries=lambda first, end: int(first <= posted < end))
    months = reader.all_due()
    assert len([start for start, _ in months if start < posted]) == 12 + 1
    assert reader.plan.whole


def test_a_month_whose_last_page_is_empty_is_not_an_empty_month() -> None:
    posted = NOW - 300 * DAY
    reader = Reader(entries=lambda first, end: int(first <= posted < end), pages=3)
    months = reader.all_due()
    assert len([start for start, _ in months if start < posted]) == 12 + 1


def test_the_past_ends_where_no_order_can_be_older() -> None:
    reader = Reader(entries=lambda _first, _end: 5, earliest=NOW - 100 * DAY)
    reader.all_due()
    assert reader.windows[-1][0] <= NOW - 100 * DAY < reader.windows[-1][1]
    assert reader.plan.whole


def test_a_shop_without_orders_is_read_for_a_year() -> None:
    reader = Reader(oldest_order=None)
    assert len(reader.all_due()) == 1 + 12


# Looking again


def test_a_still_shop_is_looked_at_once_in_fifteen_polls() -> None:
    reader = settled()
    for _ in range(150):
        reader.poll(every=timedelta(seconds=10))
        reader.all_due()
    assert reader.requests == 10


def test_a_shop_that_is_polled_seldom_is_looked_at_each_quarter_of_an_hour() -> None:
    reader = settled()
    for _ in range(48):
        reader.poll(every=5 * MINUTE)
        reader.all_due()
    assert reader.requests == 16


def test_a_look_begins_an_hour_before_the_last_one() -> None:
    reader = settled()
    reader.poll(15)
    assert reader.all_due() == [(NOW - HOUR, reader.now + HOUR)]
    assert reader.plan.until == reader.now


def test_once_a_day_a_look_goes_back_eight_days() -> None:
    reader = settled()
    starts: list[timedelta] = []
    for _ in range(3 * 96):
        reader.poll(15)
        before = reader.plan.until
        assert before is not None
        starts += [before - first for first, _ in reader.all_due()]
    assert starts.count(8 * DAY) == 3
    assert set(starts) == {HOUR, 8 * DAY}


@pytest.mark.parametrize("days", [1, 22, 29, 30, 31, 100, 365])
def test_a_gap_of_any_length_is_read_whole_in_windows_of_thirty_days(days: int) -> None:
    reader = settled()
    reader.now = NOW + days * DAY
    windows = reader.all_due()
    assert windows[0][0] == NOW - 8 * DAY
    assert windows[-1][1] == reader.now + HOUR
    assert all(end == start for (_, end), (start, _) in pairwise(windows))
    assert all(end - start <= WIDEST for start, end in windows)
    assert reader.plan.until == reader.now


def test_a_look_stopped_within_a_gap_goes_on_and_leaves_none() -> None:
    reader = settled(pages=3)
    reader.now = NOW + 100 * DAY
    for _ in range(5):
        assert reader.step()
    assert reader.plan.until == NOW
    reader.now += 3 * DAY
    seen = reader.windows + reader.all_due()
    assert seen[0][0] == NOW - 8 * DAY
    assert all(end == start for (_, end), (start, _) in pairwise(seen[:4]))
    # What was posted meanwhile is looked for again from the beginning of that look.
    assert reader.plan.until == NOW + 100 * DAY
    reader.poll(15)
    (last,) = reader.all_due()[-1:]
    assert last[1] == reader.now + HOUR


# Refused


def test_books_that_may_not_be_read_are_asked_for_again_after_a_day() -> None:
    reader = Reader()
    reader.refuse()
    for _ in range(1439):
        reader.poll()
        assert not reader.step()
    reader.poll()
    assert reader.step()


def test_what_was_posted_while_they_were_refused_is_read_once_they_may_be() -> None:
    reader = Reader(history_read=True, oldest_order=NOW - 100 * DAY)
    for _ in range(40):
        reader.refuse()
        reader.poll(every=DAY)
    windows = reader.all_due()
    assert all(end - start <= WIDEST for start, end in windows)
    covered = sorted(windows)
    assert covered[0][0] < NOW - 100 * DAY - 300 * DAY
    assert covered[-1][1] == reader.now + HOUR
    assert all(start <= end for (_, end), (start, _) in pairwise(covered))


def test_books_refused_while_the_past_is_read_are_left_alone_for_a_day() -> None:
    reader = Reader(oldest_order=NOW - 400 * DAY)
    for _ in range(4):
        reader.step()
    back_to = reader.plan.back_to
    reader.refuse()
    assert not reader.step()
    reader.poll(every=DAY)
    assert reader.plan.back_to == back_to
    windows = reader.all_due()
    assert reader.plan.whole
    assert any(end == back_to for _, end in windows)


# Restarts


moments = st.timedeltas(timedelta(days=-9000), timedelta(days=9000)).map(lambda by: NOW + by)
perhaps = st.none() | moments
readings = st.builds(
    Reading,
    windows=st.lists(st.tuples(perhaps, perhaps), min_size=1, max_size=4).map(tuple),
    cursor=st.none() | st.text(max_size=20),
    oldest=perhaps,
)
plans = st.builds(
    BooksPlan,
    until=perhaps,
    back_to=perhaps,
    quiet=st.integers(0, 12),
    whole=st.booleans(),
    due_at=perhaps,
    polls_left=st.integers(-5, 10**9),
    deep_at=perhaps,
    reading=st.none() | readings,
    reads_to=perhaps,
    found=st.integers(0, 1000),
    allowed=st.booleans(),
)


@given(plans)
def test_a_plan_survives_the_store(plan: BooksPlan) -> None:
    assert BooksPlan.from_json(json.loads(json.dumps(plan.to_json()))) == plan


def test_where_nothing_is_stored_nothing_was_read() -> None:
    assert BooksPlan.from_json(None) == BooksPlan()


@given(st.data())
def test_whatever_happens_no_stretch_is_left_out(data: st.DataObject) -> None:
    """Stop, wait, poll and be refused at random: all between the ends was read once."""
    reader = Reader(
        oldest_order=NOW - 90 * DAY,
        pages=data.draw(st.integers(1, 3), "pages"),
        entries=lambda _first, end: int(end > NOW - 120 * DAY),
    )
    begun = False
    for _ in range(data.draw(st.integers(1, 25), "steps")):
        what = data.draw(st.sampled_from(["step", "step", "step", "poll", "wait", "refused"]))
        if what == "step":
            begun |= reader.step()
        elif what == "poll":
            reader.poll(data.draw(st.integers(1, 20)))
        elif what == "wait":
            reader.poll(1, data.draw(st.timedeltas(HOUR, 70 * DAY)))
        elif reader.plan.next_reading(reader.now, history_read=True) is not None:
            reader.refuse()
    seen = list(reader.windows)
    reader.poll(1, 2 * DAY)
    seen += reader.all_due()
    assert all(end - start <= WIDEST for start, end in seen)
    plan = reader.plan
    assert plan.whole
    assert plan.until is not None
    assert plan.back_to is not None
    covered = sorted(seen)
    assert covered[0][0] == plan.back_to
    reach = covered[0][1]
    for start, end in covered:
        assert start <= reach
        reach = max(reach, end)
    assert reach >= plan.until


def test_a_reading_under_way_is_gone_on_with_before_anything_else() -> None:
    reader = Reader(pages=2)
    reader.step()
    half_read = reader.plan
    assert half_read.next_reading(NOW + 9 * DAY, history_read=True) == half_read
    assert half_read.reading == replace(half_read.reading or Reading(()), cursor="1")
