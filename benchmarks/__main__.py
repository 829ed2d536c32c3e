"""Measure everything, or what is named: `python -m benchmarks [NAME…] [--orders N]`."""

import argparse
import os
import platform
from collections.abc import Callable, Iterator

from benchmarks import (
    alerts,
    digests,
    first_sync,
    idle,
    imports,
    reports,
    ring,
    start,
    sums,
    warm_poll,
)
from benchmarks.figures import Figure, keep, say


def main() -> int:
    """Measure, print, and add a line to the history; returns 1 where a target was missed."""
    wanted = _parser().parse_args()
    steps: dict[str, Callable[[], Iterator[Figure]]] = {
        "start": start.measure,
        "warm_poll": warm_poll.measure,
        "ring": ring.measure,
        "idle": lambda: idle.measure(wanted.watch),
        "first_sync": lambda: first_sync.measure(wanted.orders),
        "sums": sums.measure,
        "imports": imports.measure,
        "alerts": alerts.measure,
        "reports": lambda: reports.measure(wanted.sales),
        "digests": lambda: digests.measure(wanted.sales),
    }
    unknown = sorted(set(wanted.names) - set(steps))
    if unknown:
        say(f"There is no {', '.join(unknown)}. Known: {', '.join(steps)}.")
        return 2
    load = os.getloadavg()[0]
    say(f"Python {platform.python_version()}, {os.cpu_count()} CPUs, load {load:.1f}")
    figures: list[Figure] = []
    for name in wanted.names or steps:
        say(name)
        for figure in steps[name]():
            say(figure.line())
            figures.append(figure)
    keep(figures)
    return 0 if all(figure.met for figure in figures) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="what to measure; all by default")
    parser.add_argument("--orders", type=int, default=100_000, help="how long a history to sync")
    parser.add_argument(
        "--sales",
        type=int,
        default=1_000_000,
        help="how many sales to report and digest; also 10000000",
    )
    parser.add_argument(
        "--watch", type=float, default=120.0, metavar="SECONDS", help="how long to watch it idle"
    )
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
