"""Read a long history for the first time: how long against the raw pipeline, and how large."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from benchmarks import process
from benchmarks.figures import Figure, say
from benchmarks.process import Ended
from benchmarks.stage import SHOPS, PretendShop, home, pretend_shop

TARGETS = {"gumroad": 1.7, "etsy": 2.5}
PEAK_MEBIBYTES = 120.0
ROUNDS = 2


def measure(orders: int) -> Iterator[Figure]:
    """Sync each marketplace's history of `orders`, and a tenth of it to see that memory is flat."""
    for marketplace, target in TARGETS.items():
        peak = _peak_of_few(marketplace, orders // 10)
        with pretend_shop(marketplace, orders) as shop:
            # In turns, and the better of each: what others do on this machine comes and goes.
            rounds = [(_raw(shop, orders), _ours(shop, orders)) for _ in range(ROUNDS)]
        raw = min((one for one, _ in rounds), key=lambda ended: ended.seconds)
        ours = min((one for _, one in rounds), key=lambda ended: ended.seconds)
        for name, ended in (("raw", raw), ("sync", ours)):
            say(
                f"  {marketplace} {name}: {ended.seconds:.1f} s, of them {ended.cpu_seconds:.1f} s "
                f"on the CPU, peak {ended.peak_mebibytes:.0f} MiB"
            )
        name = f"first sync of {orders:,} orders, {marketplace}"
        yield Figure(f"{name}: against raw", ours.seconds / raw.seconds, "x", target)
        yield Figure("  the same in CPU time", ours.cpu_seconds / raw.cpu_seconds, "x")
        yield Figure(f"{name}: orders a second", orders / ours.seconds, "/s")
        yield Figure(f"{name}: peak memory", ours.peak_mebibytes, "MiB", PEAK_MEBIBYTES)
        yield Figure(f"  the same of {orders // 10:,} orders", peak, "MiB", PEAK_MEBIBYTES)


def _peak_of_few(marketplace: str, orders: int) -> float:
    with pretend_shop(marketplace, orders) as shop:
        return _ours(shop, orders).peak_mebibytes


def _raw(shop: PretendShop, orders: int) -> Ended:
    with home([shop]) as made:
        database = str(made.folder / "raw.db")
        ended = process.run(["-m", "benchmarks.raw", shop.marketplace, shop.url, database])
    _expect(int(ended.output), orders)
    return ended


def _ours(shop: PretendShop, orders: int) -> Ended:
    with home([shop]) as made:
        arguments = ["-m", "salesdaemon", "sync", SHOPS[shop.marketplace], "--format", "json"]
        ended = process.run(arguments, made.environment)
        _expect(_count(made.database), orders)
    return ended


def _count(database: Path) -> int:
    connection = sqlite3.connect(database)
    (count,) = connection.execute("SELECT count(*) FROM sales").fetchone()
    connection.close()
    return int(count)


def _expect(found: int, orders: int) -> None:
    if found != orders:
        raise SystemExit(f"{found} of {orders} orders were read: the figure would mean nothing.")
