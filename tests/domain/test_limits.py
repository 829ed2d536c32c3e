"""When the next message may leave: never more than the service takes, never longer than needed."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesdaemon.domain.limits import UNLIMITED, Limits, free_at, warn_at

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
MONTHLY = Limits(per_month=10_000)
DAILY = Limits(per_day=250)


def ago(*seconds: float) -> list[datetime]:
    return [NOW - timedelta(seconds=each) for each in seconds]


@pytest.mark.parametrize(
    ("limits", "sent", "wait_seconds"),
    [
        (Limits(), [], None),
        (UNLIMITED, ago(*[0.0] * 500), None),
        (Limits(gap=timedelta(seconds=1)), ago(0.25), 0.75),
        (Limits(gap=timedelta(seconds=1)), ago(30, 1), None),
        (Limits(per_minute=3), ago(50, 10), None),
        (Limits(per_minute=3), ago(50, 10, 5), 10.0),
        (Limits(per_minute=3), ago(50, 40, 30, 5), 20.0),
        (Limits(per_minute=3), ago(60, 40, 5), None),
        (Limits(gap=timedelta(seconds=9), per_minute=3), ago(59, 10, 0.5), 8.5),
        (Limits(gap=timedelta(seconds=1), per_minute=1), ago(-3600), None),
    ],
    ids=[
        "nothing sent",
        "no limit",
        "in the gap",
        "after the gap",
        "room in the minute",
        "a full minute",
        "more than a full minute",
        "a minute ago is over",
        "the later of two",
        "a clock put back",
    ],
)
def test_a_message_waits_until_the_gap_and_the_minute_have_room(
    limits: Limits, sent: list[datetime], wait_seconds: float | None
) -> None:
    expected = None if wait_seconds is None else NOW + timedelta(seconds=wait_seconds)

    assert free_at(limits, sent, 0, NOW) == expected


@pytest.mark.parametrize(
    ("sent", "moment", "free"),
    [
        (4749, datetime(2026, 11, 1, tzinfo=UTC), None),
        (4750, datetime(2026, 11, 1, tzinfo=UTC), None),
        (4751, datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 1, 0, 9, 5, tzinfo=UTC)),
        (7125, datetime(2026, 11, 16, tzinfo=UTC), None),
        (7125, datetime(2026, 11, 10, tzinfo=UTC), datetime(2026, 11, 16, tzinfo=UTC)),
        (9499, datetime(2026, 11, 30, 23, 59, tzinfo=UTC), None),
        (9500, datetime(2026, 11, 30, 23, 59, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)),
        (9500, datetime(2026, 12, 31, 23, 59, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)),
        (12000, datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)),
    ],
)
def test_half_a_month_may_go_at_once_and_the_rest_is_earned(
    sent: int, moment: datetime, free: datetime | None
) -> None:
    found = free_at(MONTHLY, [], sent, moment)

    assert (found and found.replace(microsecond=0)) == free


def test_a_day_is_shared_out_like_a_month() -> None:
    hundred = Limits(per_day=100)

    assert free_at(hundred, [], 0, NOW, sent_today=47) is None
    assert free_at(hundred, [], 0, NOW, sent_today=71) == NOW.replace(hour=12)
    assert free_at(hundred, [], 0, NOW.replace(hour=12), sent_today=71) is None
    assert free_at(hundred, [], 0, NOW, sent_today=95) == NOW.replace(day=21, hour=0)


def test_days_and_months_are_those_of_utc() -> None:
    east = datetime.fromisoformat("2026-12-01T01:00:00+02:00")  # still November

    assert free_at(MONTHLY, [], 9_500, east) == datetime(2026, 12, 1, tzinfo=UTC)


def test_the_last_twentieth_is_kept_for_trouble() -> None:
    month_end = datetime(2026, 12, 1, tzinfo=UTC)

    assert free_at(MONTHLY, [], 9_500, NOW) == month_end
    assert free_at(MONTHLY, [], 9_500, NOW, trouble=True) is None
    assert free_at(MONTHLY, [], 9_999, NOW, trouble=True) is None
    assert free_at(MONTHLY, [], 10_000, NOW, trouble=True) == month_end
    assert free_at(DAILY, [], 0, NOW, sent_today=237) == NOW.replace(day=21, hour=0)
    assert free_at(DAILY, [], 0, NOW, sent_today=237, trouble=True) is None


def test_trouble_keeps_the_gap_as_well() -> None:
    limits = Limits(gap=timedelta(seconds=1))

    assert free_at(limits, ago(0), 0, NOW, trouble=True) == NOW + timedelta(seconds=1)


ONLY_TROUBLE = "until it is over only trouble goes out."
MORE_SLOWLY = "the rest go out more slowly, several sales in one message."


@pytest.mark.parametrize(
    ("limits", "today", "month", "told"),
    [
        (Limits(), 900, 90_000, None),
        (MONTHLY, 0, 7_999, None),
        (MONTHLY, 0, 8_000, f"8,000 of this month's 10,000 messages are sent; {MORE_SLOWLY}"),
        (
            MONTHLY,
            0,
            9_500,
            f"9,500 of this month's 10,000 messages are sent; {ONLY_TROUBLE}",
        ),
        (
            DAILY,
            400,
            400,
            f"250 of this day's 250 messages are sent; {ONLY_TROUBLE}",
        ),
        (
            replace(DAILY, per_month=1_000),
            200,
            800,
            f"800 of this month's 1,000 messages are sent; {MORE_SLOWLY}",
        ),
    ],
)
def test_the_owner_is_warned_before_a_service_refuses(
    limits: Limits, today: int, month: int, told: str | None
) -> None:
    assert warn_at(limits, today, month) == told


@given(st.lists(st.integers(0, 120_000), max_size=60), st.integers(1, 5), st.integers(0, 5_000))
def test_who_waits_as_told_never_sends_too_much(
    wanted: list[int], per_minute: int, gap_milliseconds: int
) -> None:
    limits = Limits(timedelta(milliseconds=gap_milliseconds), per_minute)
    sent: list[datetime] = []
    clock = NOW
    for milliseconds in sorted(wanted):
        clock = max(clock, NOW + timedelta(milliseconds=milliseconds))
        waits = 0
        while (free := free_at(limits, sent, 0, clock)) is not None:
            assert free > clock
            clock = free
            waits += 1
        assert waits <= 2
        sent.append(clock)
    for first, then in itertools.pairwise(sent):
        assert then - first >= limits.gap
    for first, later in zip(sent, sent[per_minute:], strict=False):
        assert later - first >= timedelta(minutes=1)


@given(st.integers(1, 400), st.integers(0, 86_399))
def test_a_whole_day_of_messages_never_goes_over_its_limit(per_day: int, start: int) -> None:
    limits = Limits(per_minute=None, per_day=per_day)
    midnight = NOW.replace(hour=0)
    clock = midnight + timedelta(seconds=start)
    sent = 0
    while clock < midnight + timedelta(days=1):
        clock = free_at(limits, [], 0, clock, sent_today=sent) or clock
        if clock < midnight + timedelta(days=1):
            sent += 1
    assert sent == max(0, per_day - -(-per_day // 20))
