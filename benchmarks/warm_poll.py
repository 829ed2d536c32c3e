"""What a poll of a shop that is read already costs, with nothing new and with ten new orders."""

import json
from collections.abc import Iterator
from statistics import median

from benchmarks import process
from benchmarks.figures import Figure, percentile
from benchmarks.stage import SHOPS, home, pretend_shop

ORDERS = 1000
WRITES_A_MINUTE = 1.0
OWN_MILLISECONDS = 10.0


def measure() -> Iterator[Figure]:
    """Poll each marketplace from a process of its own, which looks at itself."""
    for marketplace, name in SHOPS.items():
        with pretend_shop(marketplace, ORDERS) as shop, home([shop], push_port=9) as made:
            inside = process.run(
                ["-m", "benchmarks.polling", name, marketplace, shop.url], made.environment
            )
        found = json.loads(inside.output)
        title = f"warm poll, {marketplace}"
        yield Figure(
            f"{title}: transactions that change something",
            found["writes_a_minute"],
            "/minute",
            WRITES_A_MINUTE,
        )
        yield Figure(f"{title}: CPU time, nothing new", found["idle_cpu_milliseconds"], "ms")
        own = [float(value) for value in found["own_milliseconds"]]
        yield Figure(
            f"{title}: from reply to outbox, 10 new orders, median",
            median(own),
            "ms",
            OWN_MILLISECONDS,
        )
        yield Figure("  95th percentile", percentile(own, 0.95), "ms")
