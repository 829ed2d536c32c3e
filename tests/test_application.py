"""The database is made ready before anything else happens."""

import stat
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import URL

from salesdaemon.application import INSTALLATION, Application
from salesdaemon.errors import SchemaOutdatedError, UsageError
from salesdaemon.store.accounts import find_setting
from salesdaemon.store.engine import Store
from salesdaemon.store.migrate import is_current
from salesdaemon.store.sales import SaleFilter, list_sales
from tests.config_file import SHOP, loader
from tests.factories import FRIDAY, SOLD_AT, account, batch, record_in, sale

Open = Callable[..., Application]


@pytest.fixture
def application(tmp_path: Path) -> Open:
    def _open(url: URL, text: str = "", zone: str = "Europe/Berlin") -> Application:
        address = url.render_as_string(hide_password=False)
        head = f'timezone = "{zone}"\n[database]\nurl = "{address}"\n'
        return Application(loader(tmp_path)(head + SHOP + text))

    return _open


@pytest.mark.parametrize("database", ["sqlite"])
async def test_an_sqlite_file_is_made_and_migrated_by_itself(
    empty_url: URL, application: Open, tmp_path: Path
) -> None:
    url = empty_url.set(database=str(tmp_path / "new" / "folder" / "sales.db"))
    async with application(url) as app:
        app.prepare_store(migrate=True)
        assert is_current(app.store)
        files = sorted(Path(str(url.database)).parent.iterdir())
        assert {stat.filemode(each.stat().st_mode) for each in files} == {"-rw-------"}


@pytest.mark.parametrize("migrate", [True, False])
@pytest.mark.parametrize("database", ["postgresql"])
async def test_an_outdated_postgresql_is_refused_and_the_command_named(
    empty_url: URL, application: Open, *, migrate: bool
) -> None:
    async with application(empty_url) as app:
        with pytest.raises(SchemaOutdatedError) as caught:
            app.prepare_store(migrate=migrate)
        assert caught.value.fix == "Run `salesdaemon db upgrade`."
        assert not is_current(app.store)


async def test_a_command_that_only_reads_leaves_an_outdated_database_as_it_is(
    empty_url: URL, application: Open
) -> None:
    async with application(empty_url) as app:
        with pytest.raises(SchemaOutdatedError, match="salesdaemon db upgrade"):
            app.prepare_store(migrate=False)
        assert not is_current(app.store)


async def test_an_installation_keeps_its_name(store_url: URL, application: Open) -> None:
    names = []
    for _ in range(2):
        async with application(store_url) as app:
            app.prepare_store(migrate=True)
            with app.store.read() as connection:
                names.append(find_setting(connection, INSTALLATION))
    assert names == [names[0]] * 2
    assert names[0]


def days(store: Store) -> list[date]:
    with store.read() as connection:
        return [one.sold_on for one in list_sales(connection, SaleFilter(), {})]


async def test_another_time_zone_in_the_configuration_moves_the_days(
    store: Store, store_url: URL, application: Open
) -> None:
    account(store)
    record_in(store, batch(sale(paid_at=SOLD_AT.replace(hour=15, minute=30))))
    seen: list[date] = []
    for zone in ("Europe/Berlin", "Asia/Tokyo", "Europe/Berlin"):
        async with application(store_url, zone=zone) as app:
            app.prepare_store(migrate=True)
            seen += days(app.store)
    assert seen == [FRIDAY, date(2026, 11, 21), FRIDAY]


@pytest.mark.parametrize("database", ["sqlite"])
async def test_an_unknown_shop_is_named_with_those_that_there_are(
    store_url: URL, application: Open
) -> None:
    async with application(store_url) as app:
        assert app.select_shops(None) == ["templates"]
        with pytest.raises(UsageError, match=r"^There is no shop 'prints'\. Known: templates\.$"):
            app.select_shops(["prints"])


@pytest.mark.parametrize("database", ["sqlite"])
async def test_what_is_told_follows_the_configuration(store_url: URL, application: Open) -> None:
    text = '[channels.phone]\nurl = "json://127.0.0.1:9/"\n[alerts.kinds]\nfree = "silent"\n'
    async with application(store_url, text) as app:
        book = app.telling.book
        assert book.channels == ("phone",)
        assert dict(book.levels) == {
            "sale": "on",
            "renewal": "on",
            "free": "silent",
            "refund": "silent",
            "dispute": "silent",
            "dispute_won": "silent",
            "cancelled": "silent",
            "payout": "silent",
            "milestone": "on",
            "silence": "on",
            "trouble": "on",
        }


@pytest.mark.parametrize("database", ["sqlite"])
async def test_channels_that_only_rules_name_are_told_as_well(
    store_url: URL, application: Open
) -> None:
    text = """
[channels]
phone.url = "json://127.0.0.1/phone"
desk.url = "json://127.0.0.1/desk"
unused.url = "json://127.0.0.1/unused"
pager.url = "json://127.0.0.1/pager"
[alerts]
channels = ["desk"]
[[alerts.rules]]
kind = "trouble"
channels = ["pager", "desk", "phone"]
"""
    async with application(store_url, text) as app:
        assert app.ringing_channels == ("desk", "pager", "phone")
