"""Poll one shop and look at it from inside: `python -m benchmarks.polling SHOP MARKETPLACE URL`.

Prints JSON for `warm_poll`. It runs `ShopPoller` as the daemon does, on a clock that is moved on
by a second for each poll without anything new.
"""

import asyncio
import json
import os
import sqlite3
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from statistics import median

from sqlalchemy import event

from benchmarks.stage import PretendShop
from salesdaemon.application import Application
from salesdaemon.http import Http, Reply
from salesdaemon.poller.shop import ShopPoller
from salesdaemon.settings import find_config, load_settings

POLLS = 180
ROUNDS = 30
NEW_ORDERS = 10


class MovedClock:
    """The machine's clock, moved on by hand."""

    def __init__(self) -> None:
        self.offset = timedelta(0)

    def __call__(self) -> datetime:
        """Read it."""
        return datetime.now(UTC) + self.offset


class Watcher:
    """Notes when replies came and when transactions that changed something were over."""

    def __init__(self, app: Application) -> None:
        self.replies: list[float] = []
        self.commits: list[float] = []
        self._changes: dict[int, int] = {}
        self._request = app.http.request
        app.http.request = self._noted  # type: ignore[method-assign]  # a look at the edge
        event.listen(app.store.engine, "checkin", self._note_checkin)

    async def _noted(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        repeat: bool = True,
    ) -> Reply:
        reply = await self._request(
            method, url, params=params, headers=headers, form=form, repeat=repeat
        )
        self.replies.append(time.perf_counter())
        return reply

    def _note_checkin(self, connection: sqlite3.Connection, _record: object) -> None:
        # A connection goes back to the pool right behind its commit, and counts its own changes.
        before = self._changes.get(id(connection), 0)
        self._changes[id(connection)] = connection.total_changes
        if connection.total_changes != before:
            self.commits.append(time.perf_counter())

    def clear(self) -> None:
        """Forget what was noted."""
        self.replies.clear()
        self.commits.clear()


async def read_history(poller: ShopPoller) -> None:
    """Begin the watch and read the whole history, as the daemon's first minutes do."""
    await poller.attempt()
    while not poller.plan.history_done:
        await poller.tick(timedelta(seconds=60))
    await poller.attempt()


async def poll_in_vain(
    poller: ShopPoller, clock: MovedClock, watcher: Watcher
) -> tuple[float, float]:
    """Poll with nothing new; returns writing transactions a minute, and CPU milliseconds a poll."""
    watcher.clear()
    used = []
    for _ in range(POLLS):
        clock.offset += timedelta(seconds=1)
        before = time.process_time()
        await poller.attempt()
        used.append(1000 * (time.process_time() - before))
    return len(watcher.commits) * 60 / POLLS, median(used)


async def poll_orders(poller: ShopPoller, shop: PretendShop, watcher: Watcher) -> list[float]:
    """Poll with ten new orders; returns the milliseconds between each reply and its commit."""
    own = []
    for _ in range(ROUNDS):
        await asyncio.to_thread(shop.post, "burst", count=NEW_ORDERS)
        watcher.clear()
        polled = await poller.attempt()
        if len(polled.new) != NEW_ORDERS or polled.told < 1:
            raise SystemExit(f"{len(polled.new)} of {NEW_ORDERS} orders came in.")
        committed = watcher.commits[0]
        replied = max(at for at in watcher.replies if at < committed)
        own.append(1000 * (committed - replied))
    return own


async def main(name: str, marketplace: str, url: str) -> None:
    """Measure one shop."""
    settings = load_settings(find_config(os.environ, None), os.environ)
    clock = MovedClock()
    async with Application(settings, clock=clock) as app:
        if not isinstance(app.http, Http):
            raise TypeError
        watcher = Watcher(app)
        poller = app.poller(name)
        await read_history(poller)
        writes, cpu = await poll_in_vain(poller, clock, watcher)
        clock.offset = timedelta(0)
        own = await poll_orders(poller, PretendShop(marketplace, url), watcher)
    found = {
        "writes_a_minute": writes,
        "idle_cpu_milliseconds": cpu,
        "own_milliseconds": own,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
