"""What the daemon stands on is looked after, and its owner told once when it fails."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
import respx
from sqlalchemy import URL, event, insert, select, text

from salesdaemon.application import Application
from salesdaemon.domain.login import Login
from salesdaemon.errors import StoreError
from salesdaemon.monitoring import Monitor
from salesdaemon.store.channels import note_failure
from salesdaemon.store.engine import Store
from salesdaemon.store.tables import messages, outbox, settings
from tests.config_file import loader
from tests.databases import PostgreSQL
from tests.marketplaces.etsy.harness import Harness
from tests.marketplaces.harness import Clock
from tests.notify.listener import Listener, Reply
from tests.poller.world import World

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
GIGABYTE = 10**9

Open = Callable[..., Application]
sqlite = pytest.mark.parametrize("database", ["sqlite"])
postgresql = pytest.mark.parametrize("database", ["postgresql"])


@dataclass
class Disk:
    """A disk of a terabyte."""

    free: int = 500 * GIGABYTE
    total: int = 1000 * GIGABYTE

    def __call__(self, _folder: Path) -> "Disk":
        return self


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def phone() -> Iterator[Listener]:
    server = Listener()
    with server.serving():
        yield server


@pytest.fixture
async def open_app(
    store_url: URL, tmp_path: Path, clock: Clock, phone: Listener, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Open]:
    """Return what makes the application of one Etsy shop and two channels."""
    monkeypatch.setenv("NO_PROXY", "*")
    opened: list[Application] = []

    def _open(alerts: str = "") -> Application:
        config = f"""
            timezone = "Europe/Berlin"
            [database]
            url = "{store_url.render_as_string(hide_password=False)}"
            [secrets]
            key_file = "{tmp_path}/secret.key"
            [shops.prints]
            marketplace = "etsy"
            keystring = "k"
            shared_secret = "s"
            redirect_uri = "http://localhost:3003/oauth/callback"
            [channels.phone]
            url = "json://{phone.host}/"
            [channels.desk]
            url = "json://{phone.host}/"
            [alerts]
            {alerts}
        """
        opened.append(Application(loader(tmp_path)(config), clock=clock))
        return opened[-1]

    yield _open
    for app in opened:
        await app.__aexit__()


class Watched:
    """A monitor with the application's one shop, and what it told on the phone."""

    def __init__(self, app: Application, clock: Clock, **how: Any) -> None:
        self.app = app
        self.clock = clock
        self.disk = Disk()
        self.how = how
        self.poller = app.poller("prints")
        self.polled()
        self.woken = 0
        self.restart()

    def restart(self) -> None:
        """Forget everything that is not stored."""
        how = {"disk_usage": self.disk, **self.how}
        self.monitor = Monitor(self.app, [self.poller], on_told=self._wake, **how)

    def _wake(self) -> None:
        self.woken += 1

    def polled(self, ago: timedelta = timedelta(0), **changes: Any) -> None:
        journal = self.poller.journal
        changes["last_good_poll"] = self.clock() - ago
        journal.record = replace(journal.record, **changes)

    async def after(self, *waits: timedelta) -> list[tuple[str, str]]:
        """Let time pass and look, for each wait; returns all that was told on the phone so far."""
        for wait in waits:
            self.clock.now += wait
            await self.monitor.tick()
        return self.told()

    def told(self, channel: str = "phone") -> list[tuple[str, str]]:
        with self.app.store.read() as connection:
            rows = connection.execute(
                select(outbox).where(outbox.c.channel == channel).order_by(outbox.c.id)
            ).all()
        assert {(row.kind, row.level) for row in rows} <= {("trouble", "on"), ("recovery", "on")}
        return [(row.title, row.body) for row in rows]

    def titles(self) -> list[str]:
        return [title for title, _ in self.told()]


@pytest.fixture
def watched(open_app: Open, clock: Clock) -> Watched:
    return Watched(open_app(), clock)


async def test_while_all_is_well_nothing_is_told(watched: Watched) -> None:
    assert await watched.after(MINUTE, HOUR, DAY) == []
    assert watched.woken == 0


@sqlite
async def test_a_disk_nearly_full_is_told_once_a_day_and_when_it_has_space(
    watched: Watched,
) -> None:
    watched.disk.free = 150_000_000
    await watched.after(MINUTE, MINUTE, HOUR)
    assert watched.titles() == ["The disk is nearly full"]
    watched.restart()
    await watched.after(HOUR)
    assert (watched.titles(), watched.woken) == (["The disk is nearly full"], 1)
    await watched.after(22 * HOUR)
    assert watched.titles()[1:] == ["Still: The disk is nearly full"]
    watched.disk.free = 230_000_000  # above the limit, but not by much
    await watched.after(MINUTE)
    watched.disk.free = 500 * GIGABYTE
    watched.restart()
    await watched.after(MINUTE, MINUTE, DAY)
    assert watched.told()[2:] == [("The disk has space again", "It lasted 24 hours.")]


@sqlite
async def test_a_disk_that_cannot_be_asked_is_neither_full_nor_empty(watched: Watched) -> None:
    watched.disk.free = 0
    await watched.after(MINUTE)

    def gone(_folder: Path) -> Disk:
        raise OSError(5, "Input/output error")

    watched.how["disk_usage"] = gone
    watched.restart()
    await watched.after(HOUR)
    assert watched.titles() == ["The disk is nearly full"]


async def hear_the_time(watched: Watched, behind: timedelta) -> None:
    """Ask a server whose clock is right where ours is behind."""
    date = format_datetime(watched.clock() + behind, usegmt=True)
    with respx.mock:
        respx.get("https://api.example.com/").respond(200, headers={"Date": date})
        await watched.app.http.request("GET", "https://api.example.com/")


@sqlite
async def test_a_clock_that_is_wrong_for_ten_minutes_is_told(watched: Watched) -> None:
    async def hear(behind: timedelta, *waits: timedelta) -> list[str]:
        for wait in waits:
            await hear_the_time(watched, behind)
            await watched.after(wait)
        return watched.titles()

    assert await hear(5 * MINUTE, MINUTE, 5 * MINUTE) == []
    assert await hear(timedelta(0), MINUTE) == []
    assert await hear(-5 * MINUTE, MINUTE, 11 * MINUTE) == ["The clock of this computer is wrong"]
    assert watched.told()[0][1].startswith("It is 5 minutes ahead")
    assert await hear(timedelta(0), MINUTE) == [
        "The clock of this computer is wrong",
        "The clock of this computer is right again",
    ]


@pytest.mark.parametrize(
    ("revision", "what"),
    [
        ("9999", "The database is at revision 9999, and this version knows up to "),
        ("0000", "The database has the tables of an older version than the one installed."),
    ],
    ids=["newer", "older"],
)
async def test_a_database_changed_by_another_version_is_told(
    watched: Watched, store: Store, revision: str, what: str
) -> None:
    with store.write() as connection:
        connection.execute(text(f"UPDATE alembic_version SET version_num = '{revision}'"))
    assert await watched.after(MINUTE, 5 * MINUTE) == []
    ((title, body),) = await watched.after(5 * MINUTE)
    assert title == "The database and the program are of different versions"
    assert body.startswith(what)


async def test_a_login_near_its_end_is_told_and_that_it_was_renewed(watched: Watched) -> None:
    async def renew(ago: timedelta) -> None:
        await watched.app.login("prints").save(Login("a", "r", watched.clock() - ago))

    await renew(75 * DAY)
    assert await watched.after(MINUTE, HOUR) == []
    await watched.after(23 * HOUR, 10 * MINUTE)
    assert watched.titles() == ["The login of prints ends in 13 days"]
    await watched.after(2 * DAY)
    assert watched.titles()[1:] == ["Still: The login of prints ends in 11 days"]
    await renew(-HOUR)
    await watched.after(MINUTE)
    assert watched.titles()[2:] == ["The login of prints was renewed"]


async def test_a_key_about_to_be_put_to_sleep_is_told(watched: Watched) -> None:
    watched.polled(ago=149 * DAY)
    assert await watched.after(MINUTE, HOUR) == []
    await watched.after(DAY, 10 * MINUTE)
    assert watched.titles() == ["The key of prints is about to be put to sleep"]
    watched.polled()
    await watched.after(MINUTE)
    assert watched.titles()[1:] == ["The key of prints is in use again"]


@sqlite
async def test_a_long_wait_that_a_marketplace_asked_for_is_told(watched: Watched) -> None:
    until = watched.clock() + 3 * HOUR
    watched.polled(not_before=until, problem="Today's requests to Etsy are used up.")
    body = (
        "Today's requests to Etsy are used up. prints is polled again in 3 hours. No sale is lost,"
        " but rings come later. If it happens again, raise `poll_every` in [shops.prints], and look"
        " what else uses the same key."
    )
    assert await watched.after(timedelta(0), HOUR) == [("prints has to wait", body)]
    watched.clock.now += 2 * HOUR
    watched.poller.first_poll_done = True
    watched.polled(not_before=None, problem=None)
    await watched.after(MINUTE)
    assert watched.titles()[1:] == ["prints is polled as usual again"]


@sqlite
async def test_a_days_limit_nearly_used_up_is_told_with_what_it_means(
    watched: Watched, store: Store, clock: Clock, tmp_path: Path
) -> None:
    world = World(Harness(clock, per_day=200), store, clock, tmp_path)
    watched.poller = world.poller
    watched.restart()
    asked = 0
    while asked < 170:
        await world.poller.attempt()
        asked = world.http.asked
    ((title, body),) = await watched.after(timedelta(0))
    assert title == "The requests of prints are nearly used up"
    assert body.startswith("Etsy grants 200 a day, and ")
    world.restart()  # what is left is not known before the first poll
    watched.poller = world.poller
    watched.restart()
    assert len(await watched.after(MINUTE)) == 1
    clock.now += DAY
    await world.poller.attempt()
    await watched.after(timedelta(0))
    assert watched.titles()[1:] == ["prints is polled as usual again"]


@sqlite
async def test_a_service_that_takes_few_more_messages_is_told(open_app: Open, clock: Clock) -> None:
    alerts = 'channels = ["phone", "cloud"]\n[channels.cloud]\nurl = "ntfys://ntfy.sh/topic"'
    watched = Watched(open_app(alerts), clock)
    for count, told in ((199, 0), (1, 1)):
        sent = {"channel": "cloud", "form": "ring", "title": "", "body": "", "answer": ""}
        with watched.app.store.write() as connection:
            rows = [{**sent, "sales": 1, "sent_at": NOW - HOUR}] * count
            connection.execute(insert(messages), rows)
        assert len(await watched.after(MINUTE)) == told
    ((title, body),) = watched.told()
    assert title == "Channel cloud has few messages left"
    assert body.startswith("200 of this day's 250 messages are sent; the rest go out more slowly")
    await watched.after(DAY)
    assert watched.titles()[1:] == ["Channel cloud has messages again"]


async def test_a_channel_that_goes_on_failing_is_told_on_the_others(watched: Watched) -> None:
    with watched.app.store.write() as connection:
        note_failure(connection, "desk", "Gotify answered 503.", NOW, permanent=False)
    assert await watched.after(9 * MINUTE) == []
    ((title, _),) = await watched.after(MINUTE, MINUTE, HOUR)
    assert (title, watched.told("desk")) == ("Channel desk does not work", [])
    await watched.after(DAY)
    assert watched.titles()[1:] == ["Still: Channel desk does not work"]


@sqlite
async def test_trouble_of_a_shop_is_judged_by_the_rules_for_it(
    open_app: Open, clock: Clock
) -> None:
    rule = 'rules = [{kind = "trouble", shop = "prints", channels = ["desk"]}]'
    watched = Watched(open_app(rule), clock)
    watched.disk.free = 0
    watched.polled(not_before=clock() + DAY)
    await watched.after(timedelta(0))
    assert watched.titles() == ["The disk is nearly full"]
    assert [title for title, _ in watched.told("desk")] == [
        "The disk is nearly full",
        "prints has to wait",
    ]


# A database that does not work


@contextmanager
def full(store: Store) -> Iterator[None]:
    """Fill an SQLite file so that nothing more goes into it."""

    def limit(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA max_page_count=1")  # it may not grow any more

    event.listen(store.engine, "connect", limit)
    store.engine.dispose()
    with pytest.raises(StoreError, match="is full"):
        fill(store)
    yield
    event.remove(store.engine, "connect", limit)
    store.engine.dispose()


def fill(store: Store) -> None:
    """Write small rows until one does not fit."""
    for number in range(100_000):
        with store.write() as connection:
            connection.execute(insert(settings).values(name=f"n{number}", value=""))


def pushed(phone: Listener) -> list[tuple[str, str]]:
    return [(one.json()["title"], one.json()["type"]) for one in phone.received]


@sqlite
async def test_a_full_disk_is_told_directly_and_the_end_as_usual(
    watched: Watched, phone: Listener
) -> None:
    with full(watched.app.store):
        await watched.after(MINUTE, 4 * MINUTE)
        assert pushed(phone) == []
        assert watched.monitor.outage == "The disk that holds the database is full."
        await watched.after(MINUTE, MINUTE, HOUR)
        assert pushed(phone) == [("The database does not work", "warning")] * 2  # two channels
        message = phone.received[0].json()["message"]
        assert message.startswith("The disk that holds the database is full. Look whether")
        await watched.after(DAY)
        assert pushed(phone)[2:] == [("Still: The database does not work", "warning")] * 2
    await watched.after(MINUTE, MINUTE)
    assert watched.told() == [("The database works again", "It lasted 25 hours.")]
    assert watched.monitor.outage is None


@postgresql
async def test_a_database_out_of_reach_is_told_directly(
    watched: Watched, phone: Listener, postgresql_server: PostgreSQL, store_url: URL
) -> None:
    await watched.monitor.tick()
    postgresql_server.drop(store_url)
    for _ in range(10):
        watched.clock.now += MINUTE
        await watched.monitor.tick()
    assert pushed(phone) == [("The database does not work", "warning")] * 2
    assert phone.received[0].json()["message"] == (
        "The database is out of reach. Look whether PostgreSQL runs and can be reached from here."
        " Until then nothing rings; no sale is lost."
    )


@postgresql
async def test_a_database_that_hangs_is_out_of_reach_as_well(
    open_app: Open, clock: Clock, store: Store, phone: Listener
) -> None:
    watched = Watched(open_app(), clock, answer_within=timedelta(milliseconds=50))
    await watched.monitor.tick()
    released = clock() + 20 * MINUTE

    def hang() -> datetime:
        # Each reading is a minute later than the one before: there is no other way to move on.
        clock.now += MINUTE
        if clock.now > released:
            lock.close()
        return clock.now

    lock = store.engine.connect()
    lock.execute(text("LOCK TABLE settings IN ACCESS EXCLUSIVE MODE"))
    watched.app.clock = hang
    await watched.monitor.tick()
    assert pushed(phone) == [("The database does not work", "warning")] * 2
    assert watched.titles() == ["The database works again"]


@sqlite
@pytest.mark.parametrize(
    ("alerts", "expected"),
    [
        ('quiet_hours = "13:00-15:00"', []),
        (
            'quiet_hours = "13:00-15:00"\ntrouble_in_quiet_hours = "tell"',
            [("The database does not work", "warning")] * 2,
        ),
        ('kinds = {trouble = "off"}', []),
        ('kinds = {trouble = "silent"}', [("The database does not work", "info")] * 2),
        (
            'channels = ["desk"]\nquiet_hours = "09:00-10:00"',
            [("The database does not work", "warning")],
        ),
    ],
    ids=["quiet", "trouble breaks through", "off", "silent", "one channel"],
)
async def test_what_is_told_directly_keeps_to_the_owners_wishes(
    open_app: Open,
    clock: Clock,
    phone: Listener,
    alerts: str,
    expected: list[tuple[str, str]],
) -> None:
    watched = Watched(open_app(alerts), clock)
    with full(watched.app.store):
        await watched.after(MINUTE, 5 * MINUTE, MINUTE)
        assert pushed(phone) == expected
        if expected == [] and "quiet" in alerts:
            await watched.after(2 * HOUR)
            assert len(pushed(phone)) == 2


@sqlite
async def test_what_no_channel_took_is_tried_again(watched: Watched, phone: Listener) -> None:
    phone.replies = [Reply(503), Reply(503), Reply()]
    with full(watched.app.store):
        await watched.after(MINUTE, 5 * MINUTE, MINUTE, MINUTE)
    assert len(phone.received) == 4
