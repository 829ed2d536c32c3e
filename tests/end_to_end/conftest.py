import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from salesdaemon.application import Application
from salesdaemon.domain.login import Login
from salesdaemon.settings import load_settings
from tests.end_to_end.shops import ACCESS, REFRESH
from tests.end_to_end.stage import Stage

UNREACHED = "http://127.0.0.1:9"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(tmp_path)
    yield stage
    stage.close()
    assert "Traceback" not in stage.daemon.said(), stage.daemon.said()


@pytest.fixture(scope="session")
def signed_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a fresh database and its key, in which the Etsy shop's login is stored."""
    folder = tmp_path_factory.mktemp("signed_in")
    config = tmp_path_factory.mktemp("config") / "config.toml"
    config.write_text(
        f'[database]\nurl = "sqlite:///{folder}/sales.db"\n'
        f'[secrets]\nkey_file = "{folder}/secret.key"\n'
        '[shops.prints]\nmarketplace = "etsy"\nkeystring = "pretend-keystring"\n'
        f'shared_secret = "pretend-secret"\napi_url = "{UNREACHED}"\nauth_url = "{UNREACHED}"\n',
        encoding="utf-8",
    )

    async def store_login() -> None:
        async with Application(load_settings(config, {})) as app:
            app.prepare_store(migrate=True)
            expires = datetime.now(UTC) + timedelta(hours=1)
            await app.login("prints").save(Login(ACCESS, REFRESH, expires))

    asyncio.run(store_login())
    return folder
