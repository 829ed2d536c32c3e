"""An installation whose digests leave by a real mail server, and that may be configured anew."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

from sqlalchemy import URL

from salesdaemon import digesting
from salesdaemon.application import Application
from salesdaemon.domain.changes import Watch
from salesdaemon.domain.sale import Sale
from salesdaemon.settings import Settings
from salesdaemon.store import outbox
from salesdaemon.store.accounts import change_shop
from tests.config_file import SHOP, loader
from tests.end_to_end.post import PostOffice
from tests.factories import account, batch, record_in

DAY = timedelta(days=1)
STARTED = datetime(2026, 11, 18, 8, tzinfo=UTC)  # a Wednesday
LONG_WATCHED = Watch(STARTED - 365 * DAY)
ALL = (
    '[digest]\ndaily = "07:30"\nweekly = "mon 08:00"\nmonthly = "1 08:00"\nyearly = "01-01 08:00"\n'
)


@dataclass
class World:
    """An installation with one shop and a mail server; it may be configured anew."""

    url: str
    folder: Path
    post: PostOffice
    digest: str = ALL
    mail: bool = True
    to: tuple[str, ...] = ("me@example.com",)
    now: datetime = STARTED
    apps: list[Application] = field(default_factory=list)

    @property
    def app(self) -> Application:
        return self.apps[-1]

    def settings(self) -> Settings:
        mail = (
            f'[mail]\nhost = "127.0.0.1"\nport = {self.post.port}\nsecurity = "none"\n'
            f'from = "shop@example.com"\nto = {json.dumps(self.to)}\n'
        )
        return loader(self.folder)(
            f'timezone = "Europe/Berlin"\n[database]\nurl = "{self.url}"\n{SHOP}'
            f"{mail if self.mail else ''}"
            f'[channels.phone]\nurl = "json://127.0.0.1:9/"\n{self.digest}'
        )

    def start(self) -> None:
        """Start the daemon, with the configuration as it is now."""
        self.apps.append(Application(self.settings(), clock=lambda: self.now))
        self.app.prepare_store(migrate=True)
        with self.app.store.write() as connection:
            digesting.note_start(connection, self.app.settings, self.now)

    async def tick(self, at: datetime, *, polled: bool = True) -> list[EmailMessage]:
        """Let the clock strike; returns the mails that left."""
        self.now = at
        before = len(self.post.mails)
        if polled:
            with self.app.store.write() as connection:
                change_shop(connection, "templates", "gumroad", last_good_poll=at)
        await digesting.tick(self.app)
        return self.post.mails[before:]

    def sold(self, *sales: Sale) -> None:
        record_in(self.app.store, batch(*sales, seen_at=self.now, watch=LONG_WATCHED))

    async def run(self, days: int) -> list[str]:
        """Let the daemon run for some days, and look at it often; returns which left when."""
        left = []
        midnight = self.now.replace(hour=0, minute=0)
        clocks = [timedelta(hours=hours) for hours in (0, 6, 6.5, 7, 8, 23)]
        moments = [midnight + day * DAY + clock for day in range(days + 1) for clock in clocks]
        for moment in moments:
            if self.now < moment <= midnight + days * DAY + timedelta(hours=8):
                mails = await self.tick(moment)
                left += [f"{moment:%m-%d %H} {kind_of(mail)}" for mail in mails]
        return left

    def pushes(self) -> list[str]:
        with self.app.store.read() as connection:
            waiting = outbox.list_due(connection, "phone", self.now)
        return [each.title or "" for each in waiting if each.kind == "digest"]


def words(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return " ".join(str(body.get_content()).split())


def kind_of(mail: EmailMessage) -> str:
    return str(mail["Message-ID"]).removeprefix("<").partition(".")[0]


def started_world(store_url: URL, folder: Path) -> Iterator[World]:
    """Start an installation, and end it."""
    office = PostOffice()
    made = World(store_url.render_as_string(hide_password=False), folder, office)
    made.start()
    account(made.app.store)
    yield made
    for app in made.apps:
        app.store.close()
    office.stop()
