"""An installation with one shop whose observer looks at what was recorded; time moves by hand."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import URL, select

from salesdaemon.application import Application
from salesdaemon.domain.changes import Watch
from salesdaemon.domain.sale import Sale
from salesdaemon.observing import Observer
from salesdaemon.poller.plan import Plan
from salesdaemon.store.accounts import change_shop, find_account_of_shop, save_plan
from salesdaemon.store.engine import Store
from salesdaemon.store.sums import refresh
from salesdaemon.store.tables import events, outbox
from tests.config_file import SHOP, loader
from tests.factories import UNWATCHED, WATCH_SINCE, account, batch, record_in, sale

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
NOW = datetime(2026, 11, 22, 15, tzinfo=UTC)  # four in the afternoon in Berlin
RENT = '[goals.rent]\namount = "850 EUR"\nlabel = "Rent covered"\n'


@dataclass
class World:
    """One shop that is polled well; `restart` is what the end of a process does."""

    open_app: Callable[["World"], Application]
    now: datetime = NOW
    apps: list[Application] = field(default_factory=list)
    observers: list[Observer] = field(default_factory=list)
    sold: int = 0

    @property
    def app(self) -> Application:
        return self.apps[-1]

    @property
    def store(self) -> Store:
        return self.app.store

    def restart(self) -> None:
        """Start the program again, as after a crash."""
        self.apps.append(self.open_app(self))
        self.observers.append(Observer(self.app))

    def close(self) -> None:
        for app in self.apps:
            app.store.close()

    # What was recorded

    def begin(self, *history: Sale, since: datetime = WATCH_SINCE) -> None:
        """Poll the shop for the first time: its past is history."""
        record_in(self.store, batch(*history, watch=UNWATCHED, begins_watch=since, seen_at=since))
        self.polled()

    def read_history(self, *history: Sale) -> None:
        """Store what is read of the past later on."""
        record_in(self.store, batch(*history, seen_at=self.now))

    def sell(self, count: int = 1, **changes: Any) -> None:
        """Record so many sales that were paid just now, in one page."""
        facts = {"paid_at": self.now, "fees_minor": 0, **changes}
        first, self.sold = self.sold, self.sold + count
        since = Watch(min(WATCH_SINCE, facts["paid_at"]))
        pages = batch(
            *(sale(f"n{first + number}", **facts) for number in range(count)),
            seen_at=self.now,
            watch=since,
        )
        record_in(self.store, pages, self.app.telling)

    def sum_up(self) -> None:
        """Make the sums of all days, as the daemon does in the background."""
        with self.store.write() as connection:
            refresh(connection, self.app.basis, days=10_000)

    def polled(self, shop: str = "templates", **changes: Any) -> None:
        """Note that the shop was read just now, or what else happened to it."""
        facts = {"last_good_poll": self.now, **changes}
        with self.store.write() as connection:
            change_shop(connection, shop, "gumroad", **facts)

    def syncing(self, *, begun: bool) -> None:
        """Let the shop's history still be read, or all of it have been."""
        plan = Plan().begun(self.now, self.now - 900 * DAY, None)
        if not begun:
            plan = plan.all_read(None)
        with self.store.write() as connection:
            found = find_account_of_shop(connection, "templates")
            assert found is not None
            save_plan(connection, found.id, plan.to_text())

    # What came of it

    async def tick(self, at: datetime | None = None) -> list[tuple[str, str]]:
        """Let the observer look; returns the titles and bodies that it announced."""
        self.now = at or self.now + 5 * timedelta(seconds=1)
        before = len(self.announced())
        told = await self.observers[-1].tick()
        news = self.announced()[before:]
        assert told == bool(news)
        return news

    async def titles(self, at: datetime | None = None) -> list[str]:
        return [title for title, _ in await self.tick(at)]

    def announced(self) -> list[tuple[str, str]]:
        """List title and body of all that waits to be told and is no order's event."""
        with self.store.read() as connection:
            rows = connection.execute(
                select(outbox).where(outbox.c.title.is_not(None)).order_by(outbox.c.id)
            )
            return [(row.title, row.body) for row in rows]

    def levels(self) -> list[tuple[str, str]]:
        """List the level of each event that is no sale's, by name."""
        with self.store.read() as connection:
            rows = connection.execute(
                select(events.c.event, events.c.level)
                .where(events.c.external_id.is_(None))
                .order_by(events.c.id)
            )
            return [(row.event, row.level) for row in rows]


def past(count: int, *, every: timedelta = DAY, until: datetime = WATCH_SINCE, **how: Any) -> Any:
    """Make sales that were paid before, the newest one step before `until`; each a good day."""
    facts = {"fees_minor": 0, "gross_minor": 1_000_000, **how}
    name = facts.pop("name", "h")
    return tuple(
        sale(f"{name}{number}", paid_at=until - every * (count - number), **facts)
        for number in range(count)
    )


def open_world(url: URL, folder: Path, config: str = "", shops: str = SHOP) -> World:
    """Make an installation that waits for its first poll."""
    written = (
        'timezone = "Europe/Berlin"\n'
        f'[database]\nurl = "{url.render_as_string(hide_password=False)}"\n{shops}'
        f'[channels.phone]\nurl = "json://127.0.0.1:9/"\n{config}'
    )
    settings = loader(folder)(written)
    made = World(lambda world: Application(settings, clock=lambda: world.now))
    made.restart()
    made.app.prepare_store(migrate=True)
    account(made.store)
    return made


def names(rows: Sequence[tuple[str, str]]) -> list[str]:
    return [name for name, _ in rows]
