"""The digest leaves once for each day and recipient, through a real mail server."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, text

from salesdaemon import digesting
from salesdaemon.application import Application
from salesdaemon.collecting import Wanted, collect
from salesdaemon.digest.content import DigestContent
from salesdaemon.digesting import FIRST_START
from salesdaemon.dispatching import UNHEARD
from salesdaemon.domain.digests import DigestKind
from salesdaemon.domain.period import Period
from salesdaemon.domain.sale import Status
from salesdaemon.errors import SalesDaemonError, StoreError, UsageError
from salesdaemon.store import digests, outbox
from salesdaemon.store.accounts import change_shop, set_setting
from salesdaemon.store.engine import Store
from tests.config_file import SHOP, loader
from tests.end_to_end.post import PostOffice
from tests.factories import FRIDAY, account, batch, item, record_in, sale

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
STARTED = datetime(2026, 11, 20, 8, tzinfo=UTC)
DUE = datetime(2026, 11, 21, 6, 30, tzinfo=UTC)  # half past seven in Berlin
SATURDAY = FRIDAY + DAY
DAILY_ALONE = '[digest]\nweekly = "off"\nmonthly = "off"\nyearly = "off"\n'


@dataclass
class World:
    """An installation with one shop, its mail server, and the time on it."""

    open_app: Callable[["World"], Application]
    post: PostOffice
    now: datetime = STARTED
    apps: list[Application] = field(default_factory=list)

    @property
    def app(self) -> Application:
        return self.apps[-1]

    @property
    def store(self) -> Store:
        return self.app.store

    def restart(self) -> None:
        """Start the program again, as after a crash."""
        self.apps.append(self.open_app(self))

    def polled(self) -> None:
        """Note that the shop was read just now."""
        with self.store.write() as connection:
            change_shop(connection, "templates", "gumroad", last_good_poll=self.now)

    def sold(self, *sales: Any) -> None:
        record_in(self.store, batch(*sales, seen_at=self.now))

    async def tick(
        self, at: datetime, *, polled: bool = True, awake_since: datetime | None = None
    ) -> list[EmailMessage]:
        """Let the clock strike; returns the mails that left."""
        self.now = at
        if polled:
            self.polled()
        before = len(self.post.mails)
        await digesting.tick(self.app, awake_since)
        return self.post.mails[before:]

    def news_of(self, day: date) -> list[tuple[str, str]]:
        """List the news that the digest of a day told: kind and sale."""
        return [(news.kind, news.sale_id) for news in self.content_of(day).news]

    def content_of(self, day: date) -> DigestContent:
        wanted = Wanted(DigestKind.DAILY, Period.one_day(day), self.now)
        with self.store.read() as connection:
            return collect(connection, self.app.settings, {}, wanted)

    def trouble(self) -> list[str]:
        with self.store.read() as connection:
            waiting = outbox.list_due(connection, "phone", self.now)
            return [each.title or "" for each in waiting if each.kind == "trouble"]


@pytest.fixture
def post() -> Iterator[PostOffice]:
    office = PostOffice()
    yield office
    office.stop()


@pytest.fixture
def config() -> str:
    """Return what a test adds to the configuration."""
    return DAILY_ALONE


@pytest.fixture
def world(store_url: URL, tmp_path: Path, post: PostOffice, config: str) -> Iterator[World]:
    written = (
        'timezone = "Europe/Berlin"\n'
        f'[database]\nurl = "{store_url.render_as_string(hide_password=False)}"\n{SHOP}'
        f'[mail]\nhost = "127.0.0.1"\nport = {post.port}\nsecurity = "none"\n'
        'from = "shop@example.com"\nto = ["me@example.com", "you@example.com"]\n'
        f'[channels.phone]\nurl = "json://127.0.0.1:9/"\n{config}'
    )
    settings = loader(tmp_path)(written)
    made = World(lambda world: Application(settings, clock=lambda: world.now), post)
    made.restart()
    made.app.prepare_store(migrate=True)
    account(made.store)
    with made.store.write() as connection:
        set_setting(connection, FIRST_START, STARTED.isoformat())
    yield made
    for app in made.apps:
        app.store.close()


def words(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return " ".join(str(body.get_content()).split())


async def test_a_digest_leaves_once_for_each_recipient_when_it_is_due(world: World) -> None:
    world.sold(sale())
    assert await world.tick(DUE - SECOND) == []
    mails = await world.tick(DUE)
    assert [mail["To"] for mail in mails] == ["me@example.com", "you@example.com"]
    assert len({mail["Message-ID"] for mail in mails}) == 2
    assert all("€9.65" in words(mail) for mail in mails)
    for minutes in (0, 1, 10, 600):
        assert await world.tick(DUE + minutes * MINUTE) == []
    world.restart()
    assert await world.tick(DUE + 11 * HOUR) == []
    assert len(await world.tick(DUE + DAY)) == 2


async def test_no_digest_tells_of_a_day_before_the_first_start(world: World) -> None:
    world.sold(sale(paid_at=STARTED - DAY))
    assert await world.tick(STARTED + HOUR) == []


async def test_a_mail_server_that_is_down_is_tried_again_at_growing_waits(world: World) -> None:
    world.sold(sale())
    world.post.close()
    now, waits = DUE, []
    assert await world.tick(now) == []
    for _ in range(8):
        with world.store.read() as connection:
            rows = digests.list_for(connection, DigestKind.DAILY, FRIDAY)
        (until,) = {row.not_before for row in rows}
        assert await world.tick(until - SECOND) == []
        await world.tick(until)
        waits.append((until - now).total_seconds())
        now = until
    assert waits == [30, 60, 120, 240, 480, 900, 900, 900]
    assert world.trouble() == ["The digest could not be mailed"]
    world.post.open()
    assert len(await world.tick(now + 15 * MINUTE)) == 2
    assert await world.tick(now + HOUR) == []


async def test_one_recipient_that_is_refused_keeps_the_mail_from_no_other(world: World) -> None:
    async def refuse_me(_server: Any, _session: Any, envelope: Any, address: str, _o: Any) -> str:
        if address == "me@example.com":
            return "450 4.2.1 mailbox busy"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    world.sold(sale())
    world.post.handle_RCPT = refuse_me  # type: ignore[attr-defined]  # the server looks for it
    assert [mail["To"] for mail in await world.tick(DUE)] == ["you@example.com"]
    del world.post.handle_RCPT  # type: ignore[attr-defined]  # as above
    assert [mail["To"] for mail in await world.tick(DUE + MINUTE)] == ["me@example.com"]


def rename(store: Store, old: str, new: str) -> None:
    with store.write() as connection:
        connection.execute(text(f"ALTER TABLE {old} RENAME TO {new}"))


async def test_a_crash_between_mail_and_mark_repeats_the_same_mail(
    world: World, another_store: Callable[[], Store]
) -> None:
    world.sold(sale())
    elsewhere = another_store()
    world.post.on_accepted = lambda: rename(elsewhere, "digests", "gone")
    with pytest.raises(StoreError):
        await world.tick(DUE)
    (first,) = world.post.mails
    world.post.on_accepted = lambda: None
    rename(elsewhere, "gone", "digests")
    world.restart()
    world.sold(sale("s2"))  # what came meanwhile does not change the mail
    assert [mail["To"] for mail in await world.tick(DUE + SECOND)] == ["you@example.com"]
    (again,) = await world.tick(DUE + UNHEARD)
    assert (again["Message-ID"], again["To"]) == (first["Message-ID"], "me@example.com")
    assert (again["Date"], words(again)) == (first["Date"], words(first))
    assert await world.tick(DUE + HOUR) == []


async def test_a_crash_between_claim_and_mail_loses_nothing(world: World) -> None:
    world.sold(sale())
    world.now = DUE
    world.polled()
    assert digesting.claim_due(world.app, DigestKind.DAILY, DUE) is True
    world.restart()
    assert len(await world.tick(DUE + SECOND)) == 2


async def test_a_digest_waits_for_a_stale_shop_and_then_says_which_is_missing(
    world: World,
) -> None:
    world.now = STARTED + HOUR
    world.polled()
    world.sold(sale())
    assert await world.tick(DUE, polled=False) == []
    assert await world.tick(DUE + 2 * HOUR - SECOND, polled=False) == []
    mails = await world.tick(DUE + 2 * HOUR, polled=False)
    assert len(mails) == 2
    assert "templates has not answered since Friday 20 November, 10:00." in words(mails[0])


async def test_a_stale_shop_that_comes_back_ends_the_wait(world: World) -> None:
    world.sold(sale())
    assert await world.tick(DUE, polled=False) == []
    mails = await world.tick(DUE + HOUR)
    assert len(mails) == 2
    assert "has not answered" not in words(mails[0])


async def test_at_a_late_start_a_shop_has_a_minute_to_answer_before_it_is_missing(
    world: World,
) -> None:
    world.polled()
    world.sold(sale())
    started = DUE + 8 * HOUR
    assert await world.tick(started, polled=False, awake_since=started) == []
    mails = await world.tick(started + 5 * SECOND, awake_since=started)
    assert len(mails) == 2
    assert "has not answered" not in words(mails[0])


async def test_a_shop_that_is_still_silent_after_a_late_start_is_missing(world: World) -> None:
    world.sold(sale())
    started = DUE + 8 * HOUR
    assert not await world.tick(started + MINUTE - SECOND, polled=False, awake_since=started)
    mails = await world.tick(started + MINUTE, polled=False, awake_since=started)
    assert "templates could not be read yet" in words(mails[0])


async def test_after_days_of_silence_the_latest_goes_out_and_names_the_gap(world: World) -> None:
    world.sold(sale())
    await world.tick(DUE)
    mails = await world.tick(DUE + 4 * DAY)
    assert len(mails) == 2
    assert "Tuesday 24 November 2026" in words(mails[0])
    gap = "3 daily digests did not go out, for Saturday 21 November to Monday 23 November"
    assert gap in words(mails[0])
    assert "salesdaemon report --from 2026-11-21 --to 2026-11-23" in words(mails[0])
    assert await world.tick(DUE + 4 * DAY + HOUR) == []


async def test_what_becomes_known_later_is_news_once_and_in_no_total(world: World) -> None:
    world.sold(sale(), sale("s2"))
    await world.tick(DUE)
    world.now = DUE + HOUR
    world.sold(
        sale("late", items=(item(product="Late poster"),)),
        sale("s2", status=Status.REFUNDED, refunded_minor=1200),
        sale("today", paid_at=DUE + HOUR, gross_minor=5000, items=()),
    )
    first, _ = await world.tick(DUE + DAY)
    assert world.news_of(SATURDAY) == [("sale", "late"), ("refund", "s2")]
    assert "Late poster" in words(first)
    content = world.content_of(SATURDAY)
    assert (content.summary.totals["EUR"].sales, content.summary.totals["EUR"].gross) == (1, 5000)
    second, _ = await world.tick(DUE + 2 * DAY)
    assert world.news_of(SATURDAY + DAY) == []
    assert "Late poster" not in words(second)


async def test_what_came_in_on_days_without_a_digest_is_news_of_the_next(world: World) -> None:
    await world.tick(DUE)
    world.now = DUE + HOUR
    world.sold(sale("s1", paid_at=DUE + HOUR))
    await world.tick(DUE + 3 * DAY)
    assert world.news_of(SATURDAY + 2 * DAY) == [("sale", "s1")]


@pytest.mark.parametrize("config", [f'{DAILY_ALONE}empty_day = "skip"\n'])
async def test_an_empty_day_may_be_skipped_and_leaves_no_gap(world: World) -> None:
    assert await world.tick(DUE) == []
    world.now = DUE + HOUR
    world.sold(sale(paid_at=DUE + HOUR))
    mails = await world.tick(DUE + DAY)
    assert len(mails) == 2
    assert "did not go out" not in words(mails[0])


async def test_an_empty_day_has_a_short_mail(world: World) -> None:
    assert len(await world.tick(DUE)) == 2


async def test_one_sent_by_hand_is_not_sent_again(world: World) -> None:
    world.sold(sale())
    world.now = DUE - HOUR
    lines = await digesting.send_now(world.app, DigestKind.DAILY, FRIDAY)
    assert lines == [f"{name}@example.com: 2.0.0 queued as 4711" for name in ("me", "you")]
    assert await world.tick(DUE) == []
    again = await digesting.send_now(world.app, DigestKind.DAILY, FRIDAY)
    assert again == [
        f"{name}@example.com: went out already at 2026-11-21T05:30:00+00:00"
        for name in ("me", "you")
    ]
    assert len(world.post.mails) == 2


async def test_a_day_that_is_not_over_cannot_be_sent_yet(world: World) -> None:
    world.now = STARTED + HOUR
    world.sold(sale())
    with pytest.raises(UsageError, match="2026-11-20 is not over yet"):
        await digesting.send_now(world.app, DigestKind.DAILY, FRIDAY)
    assert len(await world.tick(DUE)) == 2


async def test_sending_by_hand_says_why_it_failed(world: World) -> None:
    world.now = DUE
    world.post.close()
    with pytest.raises(SalesDaemonError, match=r"me@example\.com: not sent: "):
        await digesting.send_now(world.app, DigestKind.DAILY, FRIDAY)
