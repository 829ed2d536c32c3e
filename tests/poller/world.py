"""A shop of a pretend vendor, our store, and the poller between them; time moves by hand."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import select

from salesdaemon.domain.login import Login
from salesdaemon.domain.rules import RuleBook
from salesdaemon.domain.summary import StoredSale
from salesdaemon.marketplaces.base import Connection, Feed, HttpClient
from salesdaemon.poller.shop import ShopPoller
from salesdaemon.poller.watched import Shop
from salesdaemon.store.accounts import ShopRecord, find_shop, list_set_aside
from salesdaemon.store.consequences import Telling
from salesdaemon.store.engine import Store
from salesdaemon.store.logins import Cipher, ShopLogin
from salesdaemon.store.sales import SaleFilter, list_sales
from salesdaemon.store.tables import accounts, arrivals, outbox
from tests.fakes.asgi import AsgiHttp
from tests.marketplaces.harness import BaseHarness, Clock, as_booked

CHANNELS = ("phone", "desk")
ZONE = ZoneInfo("Europe/Berlin")
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
TELLING = Telling(
    RuleBook(
        {
            "sale": "on",
            "renewal": "on",
            "free": "off",
            "refund": "silent",
            "dispute": "silent",
            "dispute_won": "silent",
            "cancelled": "silent",
            "trouble": "on",
        },
        CHANNELS,
        zone=ZONE,
    )
)


class World:
    """One shop and its poller. `restart` does what the end of a process does: it forgets."""

    def __init__(
        self,
        vendor: BaseHarness,
        store: Store,
        clock: Clock,
        folder: Path,
        *,
        every: timedelta = MINUTE,
        shop: str = "prints",
    ) -> None:
        self.vendor = vendor
        self.store = store
        self.clock = clock
        self.every = every
        self.shop = shop
        self.configured: Mapping[str, str] = {shop: vendor.marketplace.slug}
        self.http = AsgiHttp(vendor.app, clock)
        self.wrap: Callable[[Feed], Feed] = lambda feed: feed
        self.telling = TELLING
        self.told = 0
        self.folder = folder
        self._cipher = Cipher(folder / "secret.key")
        login = vendor.login()
        if login is not None:
            self.keep_login(login)
        self.poller = self.new_poller()

    @property
    def logins(self) -> ShopLogin:
        return ShopLogin(
            self.store,
            self._cipher,
            shop=self.shop,
            marketplace=self.vendor.marketplace.slug,
            login_key="key",
            configured=tuple(self.configured),
            clock=self.clock,
        )

    def keep_login(self, login: Login) -> None:
        """Sign in, as `salesdaemon auth` does from another process."""
        self.logins._save(login)

    def new_poller(
        self, *, started_at: datetime | None = None, http: HttpClient | None = None
    ) -> ShopPoller:
        marketplace = self.vendor.marketplace
        settings = self.vendor.settings("http://127.0.0.1")
        connection = Connection(
            self.shop, settings, http or cast("Any", self.http), self.logins, self.clock
        )
        poller = ShopPoller(
            Shop(
                name=self.shop,
                marketplace=marketplace.slug,
                feed=self.wrap(marketplace.connect(connection)),
                earliest=marketplace.earliest,
                poll_every=self.every,
                configured=self.configured,
                login=self.logins if marketplace.login_key is not None else None,
            ),
            self.store,
            telling=self.telling,
            zone=ZONE,
            clock=self.clock,
            started_at=started_at,
            on_told=self._on_told,
        )
        poller.journal.load()
        return poller

    def _on_told(self) -> None:
        self.told += 1

    def restart(self) -> None:
        """Drop the poller and everything it remembers; a new one starts from the store."""
        self.poller = self.new_poller(started_at=self.clock())

    # Time

    async def tick(self) -> None:
        """Do what the scheduler does once an interval."""
        await self.poller.tick(min(self.every, MINUTE))

    async def polls(self, count: int, *, every: timedelta | None = None) -> None:
        """Let time pass and poll, so many times."""
        for _ in range(count):
            self.clock.now += every or self.every
            await self.tick()

    async def settle(self) -> None:
        """Let days pass until every wait is over and every sweep has been done."""
        for _ in range(3):
            await self.polls(1, every=DAY + MINUTE)
            await self.polls(1)

    # What came of it

    def sales(self) -> dict[str, StoredSale]:
        with self.store.read() as connection:
            return {sale.sale_id: sale for sale in list_sales(connection, SaleFilter(), {})}

    def differences(self) -> list[tuple[object, object]]:
        """List where the store and the vendor's books disagree, as pairs of both."""
        stored = self.sales()
        booked = {str(book["sale_id"]): dict(book) for book in self.vendor.books()}
        return [
            (found, booked.get(key))
            for key in sorted(stored.keys() | booked.keys())
            if (
                found := as_booked(stored[key], booked.get(key) or {"sale_id": key})
                if key in stored
                else None
            )
            != booked.get(key)
        ]

    def messages(self) -> list[Any]:
        """List what was entered to be told, oldest first."""
        with self.store.read() as connection:
            return list(connection.execute(select(outbox).order_by(outbox.c.id)))

    def rings(self) -> Counter[str]:
        """Count the ka-chings of each sale on the first channel; the others ring alike."""
        ringing = [row for row in self.messages() if row.level == "on" and row.kind in RINGING]
        by_channel = {
            channel: Counter(str(row.external_id) for row in ringing if row.channel == channel)
            for channel in CHANNELS
        }
        assert by_channel[CHANNELS[0]] == by_channel[CHANNELS[1]]
        return by_channel[CHANNELS[0]]

    def kinds(self) -> Counter[str]:
        """Count what was entered on the first channel, by kind."""
        return Counter(row.kind for row in self.messages() if row.channel == CHANNELS[0])

    def troubles(self) -> list[tuple[str, str]]:
        """List the titles and bodies of what was told about trouble on the first channel."""
        return [
            (row.title, row.body)
            for row in self.messages()
            if row.kind in {"trouble", "recovery"} and row.channel == CHANNELS[0]
        ]

    def arrived(self) -> dict[str, str]:
        """Return the level at which each sale's arrival was decided."""
        with self.store.read() as connection:
            rows = connection.execute(select(arrivals.c.external_id, arrivals.c.level))
            return {row.external_id: row.level for row in rows}

    def record(self) -> ShopRecord:
        with self.store.read() as connection:
            found = find_shop(connection, self.shop)
        assert found is not None
        return found

    def watch_since(self) -> datetime | None:
        with self.store.read() as connection:
            since: datetime | None = connection.scalar(select(accounts.c.watch_since))
            return since

    def set_aside(self) -> Sequence[tuple[str, str]]:
        with self.store.read() as connection:
            return list_set_aside(connection, self.poller.account.id)

    def ago(self, **by: float) -> datetime:
        return self.clock() - timedelta(**by)


RINGING = ("sale", "renewal")
START = datetime(2026, 11, 20, 9, tzinfo=UTC)
