"""A daemon that has nothing to do: its memory, its CPU time, and how soon it was ready."""

import time
from collections.abc import Iterator
from statistics import median

from benchmarks import process
from benchmarks.figures import Figure
from benchmarks.stage import Home, both_shops, daemon, home, phone

ORDERS = 1000
RESIDENT_MEBIBYTES = 85.0
CPU_SECONDS_A_MINUTE = 0.3
READY_SECONDS = 2.0
STARTS = 5
SETTLE_SECONDS = 30.0
RINGS = 10


def measure(watch_seconds: float) -> Iterator[Figure]:
    """Watch a daemon with two shops at 60 s whose history is read and whose phone has rung."""
    with both_shops(ORDERS) as shops, phone() as pushed, home(shops, push_port=pushed.port) as made:
        with daemon(made) as first:
            pushed.wait_for(1, SETTLE_SECONDS)  # that the watch began
            time.sleep(SETTLE_SECONDS)
            used = process.cpu_seconds(first.pid)
            time.sleep(watch_seconds)
            used = process.cpu_seconds(first.pid) - used
            resident = process.resident_mebibytes(first.pid)
            for number in range(RINGS):
                shops[number % len(shops)].sell(f"Planner {number}")
            pushed.wait_for(1 + RINGS, 120)
            rung = process.resident_mebibytes(first.pid)
        name = "idle daemon, two shops at 60 s"
        yield Figure(f"{name}: resident memory", resident, "MiB", RESIDENT_MEBIBYTES)
        yield Figure(f"  after {RINGS} rings", rung, "MiB", RESIDENT_MEBIBYTES)
        a_minute = used * 60 / watch_seconds
        yield Figure(f"{name}: CPU time a minute", a_minute, "s", CPU_SECONDS_A_MINUTE)
        again = median(_start(made) for _ in range(STARTS))
        yield Figure("ready after a start with everything read, median", again, "s", READY_SECONDS)
        yield Figure("ready after the very first start", first.ready_seconds, "s", READY_SECONDS)


def _start(made: Home) -> float:
    with daemon(made) as running:
        return running.ready_seconds
