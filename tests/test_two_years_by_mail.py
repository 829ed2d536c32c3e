"""Some weeks as they happen: digests leave each morning, and a real server takes the mails.

The pretend shops go by our clock: orders come in, refunds become known, and what each mail says is
what was to be known that morning.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from tests.databases import SqliteFiles
from tests.digest.browser import measure
from tests.end_to_end.post import PostOffice
from tests.years.checking import check_page, check_rows, check_subject
from tests.years.letters import sections, sources_of
from tests.years.mornings import READERS, Delta, Mornings, due_on, news_between, reckoner_at
from tests.years.reckoned_amounts import amounts, every_amount
from tests.years.reckoned_days import Span
from tests.years.reckoned_digest import Reckoner, Told, by_name
from tests.years.reckoned_spans import span_of
from tests.years.scenes import SCENES, Scene

DAY = timedelta(days=1)
PNG = b"\x89PNG\r\n\x1a\n"
CUT_OFF = 102_400
"""Gmail shows no more bytes of a page than these."""
SMALLEST_SCREEN = 320
WORDS = {"daily": "%Y-%m-%d", "monthly": "%Y-%m", "yearly": "%Y"}


@dataclass(frozen=True)
class Story:
    """Some weeks of a seller; her mail server is down on a morning, and she restarts on one."""

    scene: Scene
    first: date
    days: int
    down: date
    restarted: date


STORIES = {
    "a clock goes back and a month ends": Story(
        SCENES["Berlin"], date(2024, 10, 26), 7, date(2024, 10, 29), date(2024, 10, 30)
    ),
    "the year ends": Story(
        SCENES["New_York"], date(2024, 12, 28), 6, date(2025, 1, 2), date(2024, 12, 31)
    ),
    "a clock goes forward by half an hour": Story(
        SCENES["Lord_Howe"], date(2025, 10, 3), 4, date(2025, 10, 5), date(2025, 10, 4)
    ),
}


@pytest.fixture
def post() -> Iterator[PostOffice]:
    office = PostOffice()
    yield office
    office.stop()


@pytest.mark.parametrize("name", STORIES)
async def test_each_morning_brings_what_was_known_by_then(
    name: str, post: PostOffice, sqlite_files: SqliteFiles, tmp_path: Path
) -> None:
    story = STORIES[name]
    url = sqlite_files.create_migrated(tmp_path).render_as_string(hide_password=False)
    mornings = Mornings(story.scene, story.first, url, tmp_path, post)
    await mornings.begin()
    reckoners = {story.first: reckoner_at(story.scene, mornings.moments[story.first])}
    pages: dict[str, str] = {}
    last: dict[str, date] = {}
    expected: Counter[tuple[str, str]] = Counter()
    seen_news = 0
    for place in range(1, story.days + 1):
        day = story.first + place * DAY
        before = len(post.mails)
        await live(mornings, story, day, post)
        left = post.mails[before:]
        reckoners[day] = reckoner_at(story.scene, mornings.moments[day])
        due = list(due_on(day, story.first))
        assert len(left) == len(due) * len(READERS)
        for kind, of in due:
            span = span_of(kind, of)
            earlier = reckoners[last.get(kind, story.first)]
            said = read_json(mornings.files, kind, span)
            check_json(said, reckoners[day], kind, of)
            news = news_between(earlier, reckoners[day], span[0], mornings.began)
            assert told_news(said) == news, f"{kind} {of}"
            seen_news += len(news)
            mails = [mail for mail in left if mail["Subject"] == said["subject"]]
            assert sorted(mail["To"] for mail in mails) == sorted(READERS)
            for mail in mails:
                expected[str(mail["Message-ID"]), str(mail["To"])] += 1
                pages[f"{kind} {of}"] = check_mail(mail, said, reckoners[day])
            last[kind] = day
    await mornings.end()
    assert seen_news
    assert set(expected.values()) == {1}
    assert len({message_id for message_id, _ in expected}) == len(expected) == len(post.mails)
    check_widths(pages, tmp_path)


async def live(mornings: Mornings, story: Story, day: date, post: PostOffice) -> None:
    """Let a morning pass, and look twice more: nothing leaves again."""
    if day == story.restarted:
        mornings.restart()
    if day == story.down:
        post.close()
    await mornings.morning(day)
    if day == story.down:
        post.open()
    await mornings.later(minutes=2)
    await mornings.later(hours=1)


def read_json(folder: Path, kind: str, span: Span) -> Told:
    """Read the facts that were put into the folder with the mail."""
    year, week, _ = span[0].isocalendar()
    name = f"{year}-W{week:02}" if kind == "weekly" else span[0].strftime(WORDS[kind])
    found: Told = json.loads((folder / f"{kind}-{name}.json").read_text(encoding="utf-8"))
    return found


def check_json(said: Told, own: Reckoner, kind: str, day: date) -> None:
    """Hold every figure of a digest against what was to be known; news are held elsewhere."""
    said, expected = dict(said), own.digest(kind, day)
    for name in ("products", "trends"):
        said[name] = sorted(said[name], key=by_name)
    said["attention"] = sorted(said["attention"], key=lambda row: str(row["subject"]))
    for name in expected.keys() - {"news"}:
        assert said[name] == expected[name], f"{kind} {day}: {name}"


def told_news(said: Told) -> dict[tuple[str, str], Delta]:
    """Add up what a digest tells of earlier days, by shop and day."""
    found: dict[tuple[str, str], Delta] = {}
    for row in said["news"]:
        delta = found.setdefault((row["shop"], row["sold_on"]), Counter())
        for name in ("gross", "refunded", "net"):
            delta[name] += to_minor(row[f"{name}_delta"], row["currency"])
    return {key: delta for key, delta in found.items() if any(delta.values())}


def to_minor(text: str, currency: str) -> int:
    return int(Decimal(text) * (1 if currency == "JPY" else 100))


def check_mail(mail: EmailMessage, said: Told, own: Reckoner) -> str:
    """Take a mail apart; returns its page with the images in it."""
    assert mail["From"] == "shop@example.com"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["List-Unsubscribe"].startswith("<mailto:shop@example.com")
    assert re.fullmatch(r"<[^<>@\s]+@example\.com>", str(mail["Message-ID"]))
    assert mail["Date"].datetime == datetime.fromisoformat(said["written_at"])
    assert mail.get_content_type() == "multipart/alternative"
    text, page = content_of(mail, "plain"), content_of(mail, "html")
    images = {
        part["Content-ID"].strip("<>"): part.get_content()
        for part in mail.walk()
        if part.get_content_maintype() == "image"
    }
    named = {source.removeprefix("cid:") for source in sources_of(page)}
    assert named == images.keys()
    assert all(image.startswith(PNG) for image in images.values())
    assert len(page.encode()) < CUT_OFF
    ours = every_amount(own, said)
    assert not set(amounts(text)) - ours
    check_page(page, text, ours)
    if said["totals"]:
        check_rows(sections(text), said)
        check_subject(str(mail["Subject"]), said)
    return page


def content_of(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    content: Any = part.get_content()
    return str(content)


def check_widths(pages: dict[str, str], folder: Path) -> None:
    """Lay some pages out on the smallest screen: nothing reaches beyond it."""
    chosen = dict(list(pages.items())[:: max(1, len(pages) // 5)])
    measured = measure(chosen, SMALLEST_SCREEN, folder)
    assert {name: found["width"] for name, found in measured.items()} == dict.fromkeys(
        chosen, SMALLEST_SCREEN
    )
