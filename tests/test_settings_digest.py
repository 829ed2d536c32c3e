"""The tables of the digest: when it comes, where it goes and what it puts aside."""

from datetime import time
from pathlib import Path

import pytest

from salesdaemon.domain.digests import DigestKind, Schedule
from salesdaemon.settings_text import mask
from tests.config_file import SHOP, Load, loader, problems


@pytest.fixture
def load(tmp_path: Path) -> Load:
    return loader(tmp_path)


def test_every_kind_of_digest_has_a_schedule_of_its_own(load: Load) -> None:
    assert load(SHOP).digest.schedules == {
        DigestKind.DAILY: Schedule(DigestKind.DAILY, time(7, 30)),
        DigestKind.WEEKLY: Schedule(DigestKind.WEEKLY, time(8)),
        DigestKind.MONTHLY: Schedule(DigestKind.MONTHLY, time(8)),
        DigestKind.YEARLY: Schedule(DigestKind.YEARLY, time(8)),
    }


def test_a_digest_that_is_off_has_no_schedule(load: Load) -> None:
    settings = load(f'{SHOP}[digest]\nweekly = "off"\nyearly = " Off "\n')
    assert list(settings.digest.schedules) == [DigestKind.DAILY, DigestKind.MONTHLY]
    assert mask(settings)["digest"]["yearly"] == "off"


@pytest.mark.parametrize("written", ['"7:05"', '"07:05"', '" 07:05 "', "07:05:00"])
def test_the_time_of_the_daily_digest_is_a_time_of_the_day(load: Load, written: str) -> None:
    settings = load(f"{SHOP}[digest]\ndaily = {written}\n")
    assert settings.digest.schedules[DigestKind.DAILY] == Schedule(DigestKind.DAILY, time(7, 5))


@pytest.mark.parametrize(
    ("key", "written", "shown"),
    [
        ("weekly", "Sunday 9:00", "sun 09:00"),
        ("weekly", "FRI  09:00", "fri 09:00"),
        ("monthly", "31 08:00", "31 08:00"),
        ("monthly", "01 08:00", "1 08:00"),
        ("yearly", "1-2 08:00", "01-02 08:00"),
        ("yearly", "02-29 08:00", "02-29 08:00"),
    ],
)
def test_a_schedule_is_shown_as_we_write_it(load: Load, key: str, written: str, shown: str) -> None:
    settings = load(f'{SHOP}[digest]\n{key} = "{written}"\n')
    assert mask(settings)["digest"][key] == shown


def test_a_schedule_may_come_from_the_environment(load: Load) -> None:
    settings = load(SHOP, SALESDAEMON_DIGEST__WEEKLY="tue 6:00")
    assert str(settings.digest.schedules[DigestKind.WEEKLY]) == "tue 06:00"


DAILY = 'must be a time of the day such as "07:30", or "off".'
WEEKLY = 'must be a weekday and a time such as "mon 08:00", or "off".'
MONTHLY = 'must be a day of the month and a time such as "1 08:00", or "off".'
YEARLY = 'must be a month, a day and a time such as "01-01 08:00", or "off".'


@pytest.mark.parametrize(
    ("key", "written", "problem"),
    [
        ("daily", '"24:00"', DAILY),
        ("daily", '"mon 07:30"', DAILY),
        ("daily", '""', DAILY),
        ("daily", "730", DAILY),
        ("daily", '["07:30"]', DAILY),
        ("daily", "false", DAILY),
        ("weekly", '"mon 25:00"', WEEKLY),
        ("weekly", '"mon"', WEEKLY),
        ("weekly", '"08:00"', WEEKLY),
        ("weekly", "08:00:00", WEEKLY),
        (
            "weekly",
            '"funday 08:00"',
            "must begin with one of: mon, tue, wed, thu, fri, sat, sun.",
        ),
        ("monthly", '"first 08:00"', MONTHLY),
        ("monthly", "1", MONTHLY),
        ("monthly", '"32 08:00"', "never comes: a month has no day 32."),
        ("monthly", '"0 08:00"', "never comes: a month has no day 0."),
        ("yearly", '"1 08:00"', YEARLY),
        ("yearly", "2026-01-01T08:00:00", YEARLY),
        ("yearly", '"02-30 08:00"', "never comes: February has no day 30."),
        ("yearly", '"04-31 08:00"', "never comes: April has no day 31."),
        ("yearly", '"13-01 08:00"', "never comes: there is no month 13."),
        ("yearly", '"0-01 08:00"', "never comes: there is no month 0."),
    ],
)
def test_a_schedule_that_is_none_or_never_comes_is_a_mistake(
    load: Load, key: str, written: str, problem: str
) -> None:
    assert problems(load, f"{SHOP}[digest]\n{key} = {written}\n") == [f"digest.{key}: {problem}"]
