"""A fortnight of a seller's life, its two thousand sales, and everything that may break in it.

Its diary is kept in `fortnight/diary.txt`: read it as the seller would. `--update-golden` writes
it anew; review the difference.
"""

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from salesdaemon.notify.message import Tone
from tests.databases import SqliteFiles
from tests.fakes.services.world import online
from tests.fortnight import diary, story
from tests.fortnight.home import PHONES
from tests.fortnight.stage import Stage
from tests.notify.accounts import Books

GOLDEN = Path(__file__).parent / "fortnight" / "diary.txt"
PAGE = Path(__file__).parents[1] / "docs" / "alerts.md"


@pytest.fixture(scope="module")
def lived(sqlite_files: SqliteFiles, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """Let the fortnight pass, once for all that is claimed of it."""
    folder = tmp_path_factory.mktemp("fortnight")
    url = sqlite_files.create_migrated(folder).render_as_string(hide_password=False)
    stage = Stage(folder, url)
    with online(*stage.services.values()):
        asyncio.run(stage.run())
    return stage


@pytest.fixture(scope="module")
def books(lived: Stage) -> Books:
    return Books(lived.app.store)


def test_every_order_was_judged_once_and_all_of_it_told_once(lived: Stage, books: Books) -> None:
    judged = [name for name, row in books.events.items() if row["external_id"] is not None]
    assert Counter(judged) == Counter(lived.expected)
    books.check_told()
    assert [row["event"] for row in books.entries if row["failed_at"] is not None] == []
    for name, taken in lived.taken.items():
        books.check_messages(name, taken)


def test_what_is_off_is_off_by_a_rule_of_the_owner(books: Books) -> None:
    entered = {row["event"] for row in books.entries}
    off = [row for name, row in books.events.items() if name not in entered]
    assert Counter(row["level"] for row in off) == {"off": len(off)}
    assert {row["rule"] for row in off if row["external_id"] is not None} == {
        "alerts.kinds.free",
        'alerts.rules[1] "small things"',
    }


def test_the_phones_showed_what_was_sent_as_loud_as_it_was_meant(lived: Stage) -> None:
    assert lived.killed == 1
    for name, service in lived.services.items():
        shown = [(each.title, each.loud) for each in service.shown]
        meant = [(each.title, not each.silent) for each in lived.taken[name]]
        # Only what was taken as the process was killed is there twice.
        repeated = Counter(shown) - Counter(meant)
        assert sum(repeated.values()) == (1 if name == "phone" else 0)
        assert Counter(meant) - Counter(shown) == Counter()


def test_every_ka_ching_and_nothing_else_plays_the_sound_of_a_till(lived: Stage) -> None:
    rings = [each.title for each in lived.taken["phone"] if each.tone is Tone.RING]
    tills = [each.title for each in lived.services["phone"].shown if each.sound == "cashregister"]
    assert set(tills) == set(rings)


def test_nothing_was_heard_at_night_nor_on_holiday(lived: Stage) -> None:
    assert lived.loud_while_resting == []


def test_the_services_got_what_their_documents_allow(lived: Stage) -> None:
    refused = {name: len(lived.services[name].refused) for name in PHONES}
    blocked = refused.pop("partner")
    assert blocked > 0
    assert refused == dict.fromkeys(refused, 0)
    assert {name for name, each in lived.services.items() if each.undocumented} == set()


def test_the_diary_is_the_one_that_was_read(
    lived: Stage, books: Books, request: pytest.FixtureRequest
) -> None:
    written = diary.write(lived.services, story.noted())
    text = "\n".join([*written, "", *diary.table(books), ""]).lstrip("\n")
    if request.config.getoption("--update-golden"):
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")


def test_what_the_page_shows_is_from_the_diary() -> None:
    shown = PAGE.read_text(encoding="utf-8").rpartition("```text\n")[2].partition("```")[0]
    rest = iter(GOLDEN.read_text(encoding="utf-8").splitlines())  # so that the order counts
    assert [line for line in shown.splitlines() if line not in rest] == []
    assert "While you were away" in shown
