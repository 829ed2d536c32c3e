"""From which figure on something is trouble, and what is then said."""

from datetime import UTC, datetime, timedelta

import pytest

from salesdaemon.domain.conditions import (
    MEGABYTE,
    clock_trouble,
    disk_trouble,
    key_trouble,
    limit_trouble,
    login_trouble,
    schema_trouble,
    wait_trouble,
)

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
GIGABYTE = 1000 * MEGABYTE
NINETY = 90 * DAY
HALF_A_YEAR = 180 * DAY


@pytest.mark.parametrize(
    ("total", "free", "known", "wrong"),
    [
        pytest.param(500 * GIGABYTE, 201 * MEGABYTE, False, False, id="large disk"),
        pytest.param(500 * GIGABYTE, 199 * MEGABYTE, False, True, id="large disk, too little"),
        pytest.param(500 * GIGABYTE, 249 * MEGABYTE, True, True, id="not much more"),
        pytest.param(500 * GIGABYTE, 251 * MEGABYTE, True, False, id="enough again"),
        pytest.param(2 * GIGABYTE, 101 * MEGABYTE, False, False, id="small card"),
        pytest.param(2 * GIGABYTE, 99 * MEGABYTE, False, True, id="small card, too little"),
    ],
)
def test_a_disk_is_nearly_full_below_the_lesser_of_both_limits(
    total: int, free: int, known: bool, wrong: bool
) -> None:
    assert (disk_trouble("sales.db", total, free, known=known) is not None) == wrong


@pytest.mark.parametrize(
    ("behind", "known", "wrong"),
    [
        (2 * MINUTE, False, False),
        (-2 * MINUTE, False, False),
        (121 * MINUTE / 60, False, True),
        (-121 * MINUTE / 60, False, True),
        (100 * MINUTE / 60, True, True),
        (95 * MINUTE / 60, True, False),
    ],
)
def test_a_clock_is_wrong_from_two_minutes_on(behind: timedelta, known: bool, wrong: bool) -> None:
    assert (clock_trouble(behind, known=known) is not None) == wrong


def test_the_login_is_told_two_weeks_before_its_end() -> None:
    def title(ago: timedelta) -> str | None:
        trouble = login_trouble("prints", "Vendor", NINETY, NOW - ago, NOW)
        return trouble.title if trouble else None

    assert title(75 * DAY) is None
    assert title(76 * DAY) == "The login of prints ends in 14 days"
    assert title(90 * DAY - HOUR) == "The login of prints ends in 1 hour"
    assert title(91 * DAY) == "The login of prints has ended"


def test_the_key_is_told_a_month_before_it_is_put_to_sleep() -> None:
    def wrong(ago: timedelta) -> bool:
        return key_trouble("prints", "Vendor", HALF_A_YEAR, NOW - ago, NOW) is not None

    assert [wrong(149 * DAY), wrong(150 * DAY), wrong(200 * DAY)] == [False, True, True]


def test_the_days_requests_are_told_when_a_fifth_is_left() -> None:
    def wrong(remaining: int, *, known: bool = False) -> bool:
        return limit_trouble("prints", "Vendor", 5000, remaining, MINUTE, known=known) is not None

    assert [wrong(1001), wrong(1000), wrong(0)] == [False, True, True]
    assert [wrong(1250, known=True), wrong(1251, known=True)] == [True, False]


@pytest.mark.parametrize(
    ("until", "last_good_poll", "wrong"),
    [
        pytest.param(NOW + 14 * MINUTE, NOW - MINUTE / 2, False, id="short"),
        pytest.param(NOW + HOUR, NOW - MINUTE, True, id="long"),
        pytest.param(NOW + 2 * MINUTE, NOW - HOUR, True, id="again and again"),
        pytest.param(NOW + HOUR, None, True, id="never polled"),
        pytest.param(NOW, NOW - HOUR, False, id="over"),
    ],
)
def test_a_wait_of_a_quarter_of_an_hour_is_told(
    until: datetime, last_good_poll: datetime | None, wrong: bool
) -> None:
    assert (wait_trouble("prints", None, until, last_good_poll, NOW) is not None) == wrong


def test_the_words_say_what_is_wrong_and_what_to_do() -> None:
    found = [
        disk_trouble("/data/sales.db", 500 * GIGABYTE, 150 * MEGABYTE, known=False),
        clock_trouble(-7 * MINUTE, known=False),
        schema_trouble("The database is at revision 0009, and this version knows up to 0003."),
        login_trouble("prints", "Vendor", NINETY, NOW - 80 * DAY, NOW),
        key_trouble("prints", "Vendor", HALF_A_YEAR, NOW - 160 * DAY, NOW),
        limit_trouble("prints", "Vendor", 5000, 400, 5 * MINUTE, known=False),
        wait_trouble("prints", "Today's requests are used up.", NOW + 3 * HOUR, NOW, NOW),
    ]
    assert [trouble and f"{trouble.title}: {trouble.what}" for trouble in found] == [
        "The disk is nearly full: 150 MB are left where /data/sales.db is kept.",
        "The clock of this computer is wrong: It is 7 minutes ahead, say the marketplaces.",
        (
            "The database and the program are of different versions: The database is at revision"
            " 0009, and this version knows up to 0003."
        ),
        (
            "The login of prints ends in 10 days: It was last renewed 80 days ago, and Vendor ends"
            " a login that is not renewed for 90 days."
        ),
        (
            "The key of prints is about to be put to sleep: Vendor does that after 180 days without"
            " a request, and prints was last polled 160 days ago."
        ),
        (
            "The requests of prints are nearly used up: Vendor grants 5000 a day, and 400 are left."
            " prints is polled every 5 minutes until there are more."
        ),
        "prints has to wait: Today's requests are used up. prints is polled again in 3 hours.",
    ]
    assert all(trouble and trouble.fix and trouble.over for trouble in found)
