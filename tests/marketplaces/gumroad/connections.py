"""Connections of a shop to Gumroad, real or pretended, for the tests of what goes over one."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, cast

from salesdaemon.http import Http
from salesdaemon.marketplaces.base import Browser, Connection, LoginStore
from salesdaemon.marketplaces.gumroad.settings import GumroadSettings

TOKEN = "secret-token-93f1"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
NO_LOGINS = cast("LoginStore", None)  # Gumroad's token is in the settings
NO_BROWSER = cast("Browser", None)


@asynccontextmanager
async def connect(
    api_url: str = "https://api.gumroad.com",
    *,
    token: str = TOKEN,
    request_gap: str = "0s",
    clock: Callable[[], datetime] = lambda: NOW,
    attempts: int = 1,
) -> AsyncIterator[Connection]:
    """Connect the shop `templates` for the length of the block."""
    settings = GumroadSettings.model_validate(
        {
            "marketplace": "gumroad",
            "access_token": token,
            "request_gap": request_gap,
            "api_url": api_url,
        }
    )
    async with Http(user_agent="salesdaemon tests", attempts=attempts) as http:
        yield Connection("templates", settings, cast("Any", http), NO_LOGINS, clock)
