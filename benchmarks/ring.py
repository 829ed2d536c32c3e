"""From a sale that the API shows to the push that tells of it."""

import random
import re
import time
from collections.abc import Iterator
from statistics import median

from benchmarks.figures import Figure, percentile, say
from benchmarks.stage import PretendShop, both_shops, daemon, home, phone

SALES = 100
POLL_EVERY_SECONDS = 1.0
TARGET_SECONDS = POLL_EVERY_SECONDS + 1.0
LONGEST_GAP_SECONDS = 1.0
HISTORY = 200
_NAME = re.compile(r"Bench planner (\d+)\b")


def measure() -> Iterator[Figure]:
    """Sell a hundred things at moments that have nothing to do with the polls."""
    with both_shops(HISTORY) as shops, phone() as pushed:
        with home(shops, poll_every="1s", push_port=pushed.port) as made, daemon(made):
            pushed.wait_for(1, 30)
            time.sleep(5)
            sold = _sell(shops)
            pushed.wait_for(1 + SALES, 30)
        arrived = {
            int(match[1]): at for at, text in pushed.arrivals if (match := _NAME.search(text))
        }
    missing = sorted(set(sold) - set(arrived))
    if missing:
        raise SystemExit(f"{len(missing)} sales did not ring.")
    seconds = [arrived[number] - at for number, at in sold.items()]
    say(f"  {len(pushed.arrivals)} pushes for {SALES} sales and the watch's beginning")
    name = "from the API to the phone, polled every second"
    yield Figure(f"{name}: 99th percentile", percentile(seconds, 0.99), "s", TARGET_SECONDS)
    yield Figure("  median", median(seconds), "s")
    yield Figure("  longest", max(seconds), "s")


def _sell(shops: list[PretendShop]) -> dict[int, float]:
    """Sell with gaps at random; returns when the API showed each sale."""
    drawn = random.Random(1)
    sold: dict[int, float] = {}
    for number in range(SALES):
        time.sleep(drawn.uniform(0, LONGEST_GAP_SECONDS))
        shops[number % len(shops)].sell(f"Bench planner {number}")
        sold[number] = time.perf_counter()
    return sold
