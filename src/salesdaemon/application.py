"""Put the parts together for the settings at hand; `daemon` and the commands both start here."""

import logging
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from typing import Self

from salesdaemon import marketplaces
from salesdaemon.domain.alerts import Rest
from salesdaemon.errors import SchemaOutdatedError, StoreError, UsageError
from salesdaemon.http import Http
from salesdaemon.marketplaces.base import Connection, Marketplace
from salesdaemon.notify.channels import Channel
from salesdaemon.notify.texts import Voice
from salesdaemon.poller.shop import ShopPoller
from salesdaemon.poller.watched import Shop
from salesdaemon.settings_models import Settings
from salesdaemon.store.accounts import find_setting, set_setting
from salesdaemon.store.consequences import Telling
from salesdaemon.store.engine import Store
from salesdaemon.store.logins import Cipher, ShopLogin
from salesdaemon.store.migrate import is_current, upgrade_in_child
from salesdaemon.store.relaying import Habits, RelayOutbox
from salesdaemon.store.sales import recompute_days
from salesdaemon.store.sums import Basis, adopt_basis

log = logging.getLogger(__name__)

INSTALLATION = "installation"


def utc_now() -> datetime:
    """Read the clock; the one place that does, handed to everything else."""
    return datetime.now(UTC)


def basis_of(settings: Settings, overrides: Mapping[str, bool]) -> Basis:
    """Return what sums are made with."""
    return Basis(settings.currency, settings.timezone, overrides)


class Application:
    """The settings and the objects made of them. Making one opens no connection."""

    def __init__(self, settings: Settings, *, clock: Callable[[], datetime] = utc_now) -> None:
        self.settings = settings
        self.clock = clock
        self.store = Store(settings.database.url.get_secret_value())
        self.http = Http(user_agent=f"salesdaemon/{version('salesdaemon')}", clock=clock)
        self.cipher = Cipher(settings.secrets.key_file)
        self.voice = Voice(
            settings.alerts.amount, settings.locale, settings.alerts.emoji, settings.zone
        )
        self.channels = {
            name: Channel(name, channel.url.get_secret_value(), channel.sound)
            for name, channel in settings.channels.items()
        }

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.http.close()
        self.store.close()

    # The database

    def prepare_store(self, *, migrate: bool) -> None:
        """Make sure the schema is current and every sale is on its day in today's time zone.

        `migrate` brings an SQLite file up to date; PostgreSQL is the owner's to upgrade.

        Raises:
            StoreError: the database cannot be used as it is.
        """
        _make_private_file(self.store.path)
        if not is_current(self.store):
            if not migrate or not self.store.is_sqlite:
                raise SchemaOutdatedError(
                    "The database has not the tables of this version.",
                    fix="Run `salesdaemon db upgrade`.",
                )
            upgrade_in_child(self.store)
        with self.store.write() as connection:
            if recompute_days(connection, self.settings.zone):
                log.info("days_recomputed timezone=%s", self.settings.timezone)
            if adopt_basis(connection, self.basis):
                log.info("sums_marked currency=%s", self.settings.currency)
            if find_setting(connection, INSTALLATION) is None:
                set_setting(connection, INSTALLATION, self.store.owner.rpartition(":")[2])

    @property
    def overrides(self) -> Mapping[str, bool]:
        """The owner's word on products: pattern to passive."""
        return {
            pattern: product.effort == "passive"
            for pattern, product in self.settings.products.items()
        }

    @property
    def basis(self) -> Basis:
        """What sums are made with."""
        return basis_of(self.settings, self.overrides)

    # Shops

    @property
    def configured(self) -> Mapping[str, str]:
        """The shops of the configuration with their marketplaces."""
        return {name: shop.marketplace for name, shop in self.settings.shops.items()}

    def select_shops(self, names: list[str] | None) -> list[str]:
        """Return the shops named, or all of them.

        Raises:
            UsageError: there is no shop of that name.
        """
        for name in names or ():
            if name not in self.settings.shops:
                known = ", ".join(self.settings.shops)
                raise UsageError(f"There is no shop {name!r}.", fix=f"Known: {known}.")
        return list(names or self.settings.shops)

    def marketplace(self, shop: str) -> Marketplace:
        """Return the marketplace of a shop."""
        return marketplaces.load(self.settings.shops[shop].marketplace)

    def login(self, shop: str) -> ShopLogin:
        """Return where the login of a shop is kept."""
        settings = self.settings.shops[shop]
        key = self.marketplace(shop).login_key
        name = key(settings) if key is not None else ""
        return ShopLogin(
            self.store,
            self.cipher,
            shop=shop,
            marketplace=settings.marketplace,
            login_key=blake2b(name.encode(), digest_size=16).hexdigest(),
            configured=tuple(self.settings.shops),
            clock=self.clock,
        )

    def connection(self, shop: str) -> Connection:
        """Return what a marketplace needs to reach a shop."""
        return Connection(
            shop=shop,
            settings=self.settings.shops[shop],
            http=self.http,
            logins=self.login(shop),
            clock=self.clock,
        )

    def poller(
        self,
        shop: str,
        *,
        started_at: datetime | None = None,
        on_told: Callable[[], None] = lambda: None,
    ) -> ShopPoller:
        """Make the poller of a shop, its stored state loaded.

        Raises:
            StoreError: the database cannot be read.
        """
        marketplace = self.marketplace(shop)
        settings = self.settings.shops[shop]
        poller = ShopPoller(
            Shop(
                name=shop,
                marketplace=marketplace.slug,
                feed=marketplace.connect(self.connection(shop)),
                earliest=marketplace.earliest,
                poll_every=settings.poll_every,
                configured=self.configured,
                books_every=marketplace.books_every,
                login=self.login(shop) if marketplace.login_key is not None else None,
            ),
            self.store,
            telling=self.telling,
            zone=self.settings.zone,
            clock=self.clock,
            started_at=started_at,
            on_told=on_told,
        )
        poller.journal.load()
        return poller

    # Telling

    @property
    def ringing_channels(self) -> tuple[str, ...]:
        """The channels that are told: those of `[alerts]`, then those that only rules name."""
        return self.settings.rule_book().all_channels

    @property
    def told_channels(self) -> tuple[str, ...]:
        """The channels on which anything may wait: those that ring, then those of digests."""
        return tuple(dict.fromkeys((*self.ringing_channels, *self.settings.digest.channels)))

    @property
    def telling(self) -> Telling:
        """Which events are told, where and how."""
        return Telling(self.settings.rule_book(), self.overrides)

    @property
    def rest(self) -> Rest:
        """When the owner is not to be rung, as far as the configuration knows."""
        return Rest(
            hours=self.settings.quiet,
            zone=self.settings.zone,
            tell_trouble=self.settings.alerts.trouble_in_quiet_hours == "tell",
        )

    def outbox(self) -> RelayOutbox:
        """Return the outbox as the relay sees it."""
        habits = Habits(
            zone=self.settings.zone,
            burst=self.settings.alerts.burst,
            telling=self.telling,
            rest=self.rest,
            limits={name: channel.limits for name, channel in self.channels.items()},
        )
        return RelayOutbox(self.store, habits)


def _make_private_file(database: Path | None) -> None:
    """Make a new SQLite file that its owner alone can read; what lies beside it follows suit."""
    if database is None:
        return
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
        if not database.exists():
            os.close(os.open(database, os.O_WRONLY | os.O_CREAT, 0o600))
    except OSError as error:
        raise StoreError(
            f"The database {database} cannot be made ({error.strerror}).",
            fix="Set `url` in [database] to a place that can be written.",
        ) from error
