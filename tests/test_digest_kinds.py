"""Weeks, months and years have digests of their own, each on its schedule and to each recipient."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import URL

from salesdaemon import digesting
from salesdaemon.digesting import FIRST_START, SWITCHED_ON
from salesdaemon.domain.digests import DigestKind
from salesdaemon.store import digests, outbox
from salesdaemon.store.accounts import change_shop, find_setting, set_setting
from tests.digest_world import ALL, DAY, STARTED, World, kind_of, started_world, words
from tests.factories import batch, record_in, sale

SECOND = timedelta(seconds=1)


@pytest.fixture
def world(store_url: URL, tmp_path: Path) -> Iterator[World]:
    yield from started_world(store_url, tmp_path)


async def test_each_kind_leaves_once_on_its_own_schedule(world: World) -> None:
    left = await world.run(50)
    daily = [each for each in left if each.endswith("daily")]
    assert len(daily) == 50
    assert [each for each in left if not each.endswith("daily")] == [
        *(f"{day} 07 weekly" for day in ("11-23", "11-30")),
        "12-01 07 monthly",
        *(f"{day} 07 weekly" for day in ("12-07", "12-14", "12-21", "12-28")),
        *("01-01 07 monthly", "01-01 07 yearly", "01-04 07 weekly"),
    ]
    assert len({mail["Message-ID"] for mail in world.post.mails}) == len(left)


async def test_a_digest_leaves_in_the_tick_that_claims_it_though_clocks_go_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await world.tick(STARTED) == []  # the shop was polled
    world.now = STARTED + DAY

    def clock() -> datetime:
        world.now += timedelta(milliseconds=1)
        return world.now

    monkeypatch.setattr(world.app, "clock", clock)
    with world.app.store.write() as connection:
        change_shop(connection, "templates", "gumroad", last_good_poll=world.now)
    await digesting.tick(world.app)
    assert [kind_of(mail) for mail in world.post.mails] == ["daily"]


async def test_after_a_long_pause_the_latest_of_each_kind_goes_out_and_names_the_gap(
    world: World,
) -> None:
    await world.tick(STARTED + DAY)
    mails = await world.tick(datetime(2027, 2, 17, 12, tzinfo=UTC))
    gaps = {kind_of(mail): "did not go out" in words(mail) for mail in mails}
    assert (len(mails), gaps) == (
        4,
        {"daily": True, "weekly": True, "monthly": True, "yearly": False},
    )
    assert await world.tick(world.now + SECOND) == []


async def test_a_kind_that_is_switched_on_later_begins_with_the_period_of_that_day(
    world: World,
) -> None:
    world.digest = '[digest]\nweekly = "off"\nmonthly = "off"\nyearly = "off"\n'
    world.start()
    await world.run(20)
    world.digest = ALL
    world.start()  # on Tuesday, 8 December
    assert [each[-6:] for each in await world.run(1)] == [" daily"]
    left = [each for each in await world.run(6) if not each.endswith("daily")]
    assert left == ["12-14 07 weekly"]
    assert "did not go out" not in words(world.post.mails[-1])


async def test_an_installation_of_an_older_version_gets_no_digests_of_the_past(
    world: World,
) -> None:
    with world.app.store.write() as connection:
        set_setting(connection, FIRST_START, datetime(2025, 1, 1, tzinfo=UTC).isoformat())
        set_setting(connection, SWITCHED_ON, None)
    world.start()
    mails = await world.tick(STARTED)
    assert [kind_of(mail) for mail in mails] == ["daily"]
    with world.app.store.read() as connection:
        assert len(digests.list_for(connection, DigestKind.DAILY, date(2026, 11, 17))) == 1
        since = json.loads(find_setting(connection, SWITCHED_ON) or "")
    assert since["daily"] == "2025-01-01T00:00:00+00:00"
    assert since["weekly"] == STARTED.isoformat()


async def test_news_of_a_week_are_those_since_the_last_weekly_digest(world: World) -> None:
    monday = datetime(2026, 11, 23, 7, tzinfo=UTC)
    saturday, tuesday = monday - 2 * DAY, monday + DAY
    record_in(world.app.store, batch(sale(paid_at=saturday), seen_at=saturday))
    await world.tick(monday)
    record_in(world.app.store, batch(sale("late", paid_at=saturday), seen_at=tuesday))
    await world.tick(tuesday)
    (daily,) = [each for each in world.post.mails[-1:] if kind_of(each) == "daily"]
    assert "Late sale" in words(daily)
    await world.tick(monday + 6 * DAY)
    assert "Late sale" not in words(world.post.mails[-1])
    (weekly,) = [each for each in await world.tick(monday + 7 * DAY) if kind_of(each) == "weekly"]
    assert "Late sale" in words(weekly)


async def test_a_digest_is_pushed_once_without_sound(world: World) -> None:
    world.digest = '[digest]\nchannels = ["phone"]\n'
    world.start()
    record_in(world.app.store, batch(sale(paid_at=STARTED), seen_at=STARTED))
    await world.tick(STARTED + DAY)
    await world.tick(STARTED + DAY + SECOND)
    assert len(world.pushes()) == 1
    assert "€9.65" in world.pushes()[0]
    assert not world.pushes()[0].startswith("Ka-ching!")


async def test_without_mail_digests_still_leave_by_other_ways(world: World) -> None:
    target = world.folder / "digests"
    world.mail = False
    world.digest = f'[digest]\nchannels = ["phone"]\nfolder = "{target}"\n'
    world.start()
    record_in(world.app.store, batch(sale(paid_at=STARTED), seen_at=STARTED))
    await world.tick(STARTED + DAY)
    assert len(world.pushes()) == 1
    assert {path.name for path in target.iterdir()} == {
        *(f"daily-2026-11-18.{suffix}" for suffix in ("html", "json", "txt")),
        "feed.xml",
    }
    assert world.post.mails == []


async def test_a_folder_that_cannot_be_written_is_tried_again_and_told(world: World) -> None:
    target = world.folder / "digests"
    target.write_text("a file where the folder should be")
    world.digest = f'[digest]\nfolder = "{target}"\n'
    world.start()
    assert len(await world.tick(STARTED + DAY)) == 1
    target.unlink()
    await world.tick(world.now + timedelta(minutes=20))
    assert (target / "daily-2026-11-18.html").exists()


@pytest.fixture
def own_templates(tmp_path: Path) -> Path:
    folder = tmp_path / "templates"
    folder.mkdir()
    return folder


async def test_a_template_with_a_mistake_is_told_once_and_ours_is_used(
    world: World, own_templates: Path
) -> None:
    (own_templates / "subject.txt.jinja").write_text("{{ nobody.knows }}")
    world.digest = f'[digest]\ntemplates = "{own_templates}"\n'
    world.start()
    record_in(world.app.store, batch(sale(paid_at=STARTED), seen_at=STARTED))
    (first,) = await world.tick(STARTED + DAY)
    assert "€9.65" in first["Subject"]
    await world.tick(STARTED + 2 * DAY)
    with world.app.store.read() as connection:
        waiting = outbox.list_due(connection, "phone", world.now)
    told = [each.title for each in waiting if each.kind == "trouble"]
    assert told == ["A template of the digest has a mistake"]


async def test_an_own_template_is_used(world: World, own_templates: Path, tmp_path: Path) -> None:
    (own_templates / "subject.txt.jinja").write_text("Mine: {{ view.subject }}")
    world.digest = f'[digest]\ntemplates = "{own_templates}"\n'
    world.start()
    (mail,) = await world.tick(STARTED + DAY)
    assert mail["Subject"].startswith("Mine: A quiet day")
