"""Prepare a database and leave a login in it, as `auth` would: `python -m benchmarks.seed A R`."""

import asyncio
import os
import sys
from datetime import UTC, datetime, timedelta

from salesdaemon.application import Application
from salesdaemon.domain.login import Login
from salesdaemon.settings import find_config, load_settings


async def seed(access_token: str, refresh_token: str) -> None:
    """Make the tables and keep the login of every shop that needs one."""
    settings = load_settings(find_config(os.environ, None), os.environ)
    async with Application(settings) as app:
        app.prepare_store(migrate=True)
        expires = datetime.now(UTC) + timedelta(days=1)
        for shop in settings.shops:
            if app.marketplace(shop).login_key is not None:
                await app.login(shop).save(Login(access_token, refresh_token, expires))


if __name__ == "__main__":
    asyncio.run(seed(*sys.argv[1:]))
