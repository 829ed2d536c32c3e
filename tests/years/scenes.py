"""The three sellers: each in a zone of her own, with a home currency of her own."""

import asyncio
import fcntl
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from salesdaemon.application import Application
from tests.databases import SqliteFiles
from tests.marketplaces.harness import Clock
from tests.years import rates
from tests.years.calendar import ZONES
from tests.years.history import two_years
from tests.years.installation import (
    KEY,
    NOW,
    keep_rates,
    open_application,
    read_everything,
    sum_up,
)
from tests.years.reckoned_days import Days
from tests.years.reckoned_digest import Reckoner, Wishes
from tests.years.reckoned_history import Goal, Share
from tests.years.reckoned_rates import Bank
from tests.years.reckoned_sales import sort_account
from tests.years.reckoned_shops import reckon

WISHES = Wishes(
    goals=(Goal("rent", 90_000, "net"), Goal("dream", 150_000, "passive_net")),
    shares=(Share("tax", "25", "net"), Share("rainy_day", "7.5", "gross")),
    spent={("prints", "1011"): 615, ("templates", "prodTemplate=="): 340, ("london", "2011"): 95},
)
"""What the configuration and the hours of the installation say, in the words of the reckoning."""


DATABASE = "sales.db"


@dataclass(frozen=True)
class Scene:
    """A seller: where she lives and what she counts in."""

    zone: str
    home: str


SCENES = {
    zone.rpartition("/")[2]: Scene(zone, home)
    for zone, home in zip(ZONES, ("EUR", "USD", "AUD"), strict=True)
}


@cache
def reckoner(scene: Scene) -> Reckoner:
    """Work the whole history out from its raw orders."""
    history = two_years()
    raw = history.raw()
    days = Days(ZoneInfo(scene.zone), Bank(rates.table(), scene.home))
    sold = reckon(raw, history.accounts, history.payments, history.listings, ("Logo commission",))
    for each in sold:
        days.add(each)
    beside = {
        shop: sort_account(lines, history.payments, raw[shop])[0]
        for shop, lines in history.accounts.items()
    }
    return Reckoner(days, WISHES, beside)


def application(scene: Scene, factory: pytest.TempPathFactory) -> Application:
    """Open the seller's installation; the first of all workers that asks fills it."""
    base = factory.getbasetemp()
    shared = base.parent if base.name.startswith("popen-") else base
    return _open(scene, _filled(scene, shared), Clock(NOW))


def _filled(scene: Scene, shared: Path) -> Path:
    """Return the folder of the seller's installation.

    The first seller's reads the shops. To the others it moved: a copy, with another zone and
    another home currency, whose days are made anew as they start.
    """
    folder = shared / f"years-{scene.home}"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            first = next(iter(SCENES.values()))
            if scene == first:
                asyncio.run(_fill(scene, folder))
            else:
                _move(_filled(first, shared), scene, folder)
            (folder / "done").touch()
    return folder


def _open(scene: Scene, folder: Path, clock: Clock) -> Application:
    url = f"sqlite:///{folder / DATABASE}"
    return open_application(two_years(), clock, folder, url, zone=scene.zone, home=scene.home)


async def _fill(scene: Scene, folder: Path) -> None:
    SqliteFiles(folder).create_migrated(folder)
    clock = Clock(NOW)
    app = _open(scene, folder, clock)
    keep_rates(app, rates.table())
    await read_everything(app, clock)
    app.store.close()


def _move(old: Path, scene: Scene, folder: Path) -> None:
    shutil.copy(old / KEY, folder)
    with (
        closing(sqlite3.connect(old / DATABASE)) as source,
        closing(sqlite3.connect(folder / DATABASE)) as target,
    ):
        source.backup(target)
    app = _open(scene, folder, Clock(NOW))
    sum_up(app)
    app.store.close()
