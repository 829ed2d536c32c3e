import errno
import json
import os
import stat
import unicodedata
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesdaemon.digest.files import (
    FinishedDigest,
    find_named,
    name_of,
    write_digest,
)
from salesdaemon.domain.digests import DigestKind, period_of
from salesdaemon.domain.period import Period
from salesdaemon.errors import DeliveryError
from tests.digest.cases import HOSTILE

AT = datetime(2026, 11, 21, 6, 30, tzinfo=UTC)
DAY = date(2026, 11, 20)
ATOM = "{http://www.w3.org/2005/Atom}"


def finished(
    kind: DigestKind = DigestKind.DAILY, day: date = DAY, **changes: Any
) -> FinishedDigest:
    made = FinishedDigest(
        kind=kind,
        period=period_of(kind, day),
        subject="€86.40 while you slept",
        text="Friday 20 November 2026\n",
        page="<html><body><p>€86.40</p></body></html>\n",
        facts={"kind": kind, "totals": {"EUR": {"net": "86.40"}}},
        written_at=AT,
    )
    return replace(made, **changes)


def feed_titles(folder: Path) -> list[str | None]:
    return [
        title.text for title in ET.parse(folder / "feed.xml").iterfind(f"{ATOM}entry/{ATOM}title")
    ]


# Names


@pytest.mark.parametrize(
    ("kind", "day", "name"),
    [
        (DigestKind.DAILY, DAY, "daily-2026-11-20"),
        (DigestKind.WEEKLY, DAY, "weekly-2026-W47"),
        (DigestKind.WEEKLY, date(2027, 1, 1), "weekly-2026-W53"),
        (DigestKind.WEEKLY, date(2029, 12, 31), "weekly-2030-W01"),
        (DigestKind.MONTHLY, DAY, "monthly-2026-11"),
        (DigestKind.YEARLY, DAY, "yearly-2026"),
    ],
)
def test_files_are_named_by_their_period(kind: DigestKind, day: date, name: str) -> None:
    assert name_of(kind, period_of(kind, day)) == name


DAYS = st.dates(date(1970, 1, 5), date(9999, 12, 25))


@given(st.sampled_from(DigestKind), DAYS, DAYS)
def test_names_sort_by_time_and_say_their_period(kind: DigestKind, day: date, other: date) -> None:
    periods = sorted((period_of(kind, day), period_of(kind, other)), key=lambda each: each.first)
    names = [name_of(kind, period) for period in periods]
    assert names == sorted(names)
    assert [find_named(name) for name in names] == [(kind, period) for period in periods]


@pytest.mark.parametrize(
    "name",
    ["daily-2026-13-01", "weekly-2026-W54", "monthly-2026-11-20", "feed", "yearly-0000", "daily-"],
)
def test_other_names_stand_for_no_digest(name: str) -> None:
    assert find_named(name) is None


# What is kept


def test_a_digest_is_kept_as_a_page_as_text_and_as_json(tmp_path: Path) -> None:
    folder = tmp_path / "digests"
    page = write_digest(folder, finished(), "i1")
    assert page == folder / "daily-2026-11-20.html"
    assert sorted(path.name for path in folder.iterdir()) == [
        "daily-2026-11-20.html",
        "daily-2026-11-20.json",
        "daily-2026-11-20.txt",
        "feed.xml",
    ]
    assert page.read_text(encoding="utf-8") == finished().page
    assert page.with_suffix(".txt").read_text(encoding="utf-8") == (
        "€86.40 while you slept\n\nFriday 20 November 2026\n"
    )
    assert json.loads(page.with_suffix(".json").read_text(encoding="utf-8")) == {
        "kind": "daily",
        "totals": {"EUR": {"net": "86.40"}},
        "subject": "€86.40 while you slept",
        "written_at": "2026-11-21T06:30:00Z",
    }


def test_a_digest_that_is_kept_again_changes_nothing(tmp_path: Path) -> None:
    write_digest(tmp_path, finished(), "i1")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    write_digest(tmp_path, finished(), "i1")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_files_are_open_to_the_group_alone_whatever_the_umask(tmp_path: Path) -> None:
    previous = os.umask(0o077)
    try:
        write_digest(tmp_path, finished(), "i1")
    finally:
        os.umask(previous)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == {0o640}


def test_hostile_titles_are_kept_as_json_that_any_program_reads(tmp_path: Path) -> None:
    written = finished(facts={"product": HOSTILE}, text=HOSTILE, page=HOSTILE, subject=HOSTILE)
    path = write_digest(tmp_path, written, "i1").with_suffix(".json")
    kept = path.read_text(encoding="utf-8")
    assert json.loads(kept)["product"] == HOSTILE.replace("\ud800", "?")
    assert [each for each in kept if unicodedata.category(each) == "Cc" and each != "\n"] == []


# The feed beside them


def test_the_feed_lists_the_latest_thirty_newest_first(tmp_path: Path) -> None:
    for number in range(33):
        day = DAY - timedelta(days=number)
        write_digest(tmp_path, finished(day=day, subject=f"{day}"), "i1")
    assert feed_titles(tmp_path) == [str(DAY - timedelta(days=number)) for number in range(30)]


def test_longer_periods_stand_before_the_days_they_end_with(tmp_path: Path) -> None:
    for kind in DigestKind:
        write_digest(tmp_path, finished(kind, date(2023, 12, 31), subject=kind), "i1")
    write_digest(tmp_path, finished(day=date(2023, 12, 30), subject="earlier"), "i1")
    assert feed_titles(tmp_path) == ["yearly", "monthly", "weekly", "daily", "earlier"]


@pytest.mark.parametrize(
    "damage",
    [
        "",
        "[]",
        "{}",
        '{"subject": "x", "written_at": 5}',
        '{"subject": "x", "written_at": "soon"}',
        "\x00",
        "[" * 100_000,
    ],
    ids=["empty", "list", "nothing", "number", "no time", "nul", "deep"],
)
def test_a_damaged_file_costs_its_own_entry_alone(tmp_path: Path, damage: str) -> None:
    write_digest(tmp_path, finished(), "i1")
    (tmp_path / "daily-2026-11-20.json").write_text(damage, encoding="utf-8")
    (tmp_path / "daily-mine.json").write_text("{}", encoding="utf-8")
    write_digest(tmp_path, finished(day=date(2026, 11, 21), subject="next"), "i1")
    assert feed_titles(tmp_path) == ["next"]


def test_what_is_removed_is_gone_from_the_feed(tmp_path: Path) -> None:
    write_digest(tmp_path, finished(), "i1").unlink()
    write_digest(tmp_path, finished(day=date(2026, 11, 21), subject="next"), "i1")
    assert feed_titles(tmp_path) == ["next"]


# Trouble


def refused(folder: Path) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        write_digest(folder, finished(), "i1")
    assert caught.value.fix
    return caught.value


def test_a_folder_that_is_missing_is_made(tmp_path: Path) -> None:
    page = write_digest(tmp_path / "shop" / "digests", finished(), "i1")
    assert page.exists()
    assert stat.S_IMODE(page.parent.stat().st_mode) & 0o007 == 0


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a place that takes no folder")
def test_a_folder_that_cannot_be_made_is_named() -> None:
    told = refused(Path("/proc/nowhere/digests"))
    assert (told.permanent, told.what) == (
        True,
        "The digest cannot be kept in /proc/nowhere/digests: it cannot be made there.",
    )


def test_a_file_in_place_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "digests").write_text("mine", encoding="utf-8")
    told = refused(tmp_path / "digests")
    assert (told.permanent, told.what) == (
        True,
        f"The digest cannot be kept in {tmp_path}/digests: it is no folder.",
    )
    assert refused(tmp_path / "digests" / "deeper").what.endswith("it is no folder.")


def test_a_folder_in_place_of_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "daily-2026-11-20.txt").mkdir()
    with pytest.raises(DeliveryError, match="a folder has the name of a file of it"):
        write_digest(tmp_path, finished(), "i1")
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a file that is always full")
def test_a_full_disk_leaves_the_file_that_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = write_digest(tmp_path, finished(), "i1")
    real_open = os.open
    monkeypatch.setattr(
        os, "open", lambda path, flags, mode=0o777, **_: real_open("/dev/full", os.O_WRONLY)
    )
    monkeypatch.setattr(os, "fchmod", lambda *_: None)
    with pytest.raises(DeliveryError) as caught:
        write_digest(tmp_path, finished(page="other"), "i1")
    assert (caught.value.permanent, caught.value.what) == (
        False,
        f"The digest cannot be kept in {tmp_path}: the disk is full.",
    )
    assert page.read_text(encoding="utf-8") == finished().page


@pytest.mark.parametrize(
    ("number", "permanent", "reason"),
    [
        (errno.EACCES, True, "it may not be written to"),
        (errno.EROFS, True, "it can only be read"),
        (errno.EIO, False, "input/output error"),
    ],
)
def test_what_the_system_says_is_told_plainly(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    permanent: bool,
    reason: str,
) -> None:
    def refuse(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "open", refuse)  # whoever tests as root may write anywhere
    told = refused(tmp_path)
    assert (told.permanent, told.what) == (
        permanent,
        f"The digest cannot be kept in {tmp_path}: {reason}.",
    )


def test_the_period_of_a_name_is_whole() -> None:
    assert find_named("monthly-2024-02") == (
        DigestKind.MONTHLY,
        Period(date(2024, 2, 1), date(2024, 2, 29)),
    )
