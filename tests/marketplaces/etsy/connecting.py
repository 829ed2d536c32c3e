"""A connection to a shop named prints, with a login that is good for an hour."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from salesdaemon.domain.login import Login
from salesdaemon.marketplaces.base import Connection, HttpClient
from salesdaemon.marketplaces.etsy.client import EtsyClient
from salesdaemon.marketplaces.etsy.feed import EtsyFeed
from salesdaemon.marketplaces.etsy.oauth import Tokens
from salesdaemon.marketplaces.etsy.settings import EtsySettings
from tests.fakes.logins import LoginBook, MemoryLogins

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
SHOP_ID = 48_291_736
ACCESS = "90210.ACCESS-CANARY"
REFRESH = "90210.REFRESH-CANARY"
SECRETS = ("pretend-keystring", "pretend-secret", "CANARY")


class Naps:
    """A sleep that only writes down how long it would have been."""

    def __init__(self, *, then: Callable[[], None] = lambda: None) -> None:
        self.taken: list[float] = []
        self._then = then

    async def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)
        self._then()


def login(*, access: str = ACCESS, lasts: float = 3600, generation: int = 1) -> Login:
    return Login(access, REFRESH, NOW + timedelta(seconds=lasts), generation)


def connection(
    http: HttpClient,
    book: LoginBook | None = None,
    *,
    owner: str = "daemon",
    clock: Callable[[], datetime] = lambda: NOW,
    **settings: Any,
) -> Connection:
    keys = {"keystring": "pretend-keystring", "shared_secret": "pretend-secret"}
    return Connection(
        shop="prints",
        settings=EtsySettings.model_validate({"marketplace": "etsy", **keys, **settings}),
        http=http,
        logins=MemoryLogins(book or LoginBook(login()), owner),
        clock=clock,
    )


def feed_of(connected: Connection, naps: Naps | None = None) -> EtsyFeed:
    sleep = naps or Naps()
    tokens = Tokens(connected, sleep=sleep)
    return EtsyFeed(connected, EtsyClient(connected, tokens, sleep=sleep))
