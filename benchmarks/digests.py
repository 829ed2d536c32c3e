"""How soon a digest is a finished mail, of a history that is long, and how much memory it takes."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks import process, years
from benchmarks.figures import Figure, say

LARGE = 5_000_000
"""From so many sales on the target is that of ten million."""
MILLISECONDS = (150.0, 250.0)
MEBIBYTES = 40.0
SAMPLES = 15

_CONFIG = """\
timezone = "{zone}"
currency = "{home}"
[database]
url = "{url}"
[secrets]
key_file = "{folder}/secret.key"
[exchange]
source = "off"
[mail]
host = "127.0.0.1"
from = "salesdaemon@example.com"
to = ["me@example.com"]
[digest]
channels = []
[goals.rent]
amount = "850 {home}"
[put_aside.tax]
percent = 25
[shops.prints]
marketplace = "etsy"
keystring = "pretend-keystring"
shared_secret = "pretend-secret"
[shops.templates]
marketplace = "gumroad"
access_token = "pretend-token"
"""


def measure(sales: int) -> Iterator[Figure]:
    """Fill a database, sum it up, and make mails of it in a process of their own."""
    started = time.perf_counter()
    with years.years(sales) as store:
        years.sum_up(store)
        say(f"  {sales:,} sales written and summed in {time.perf_counter() - started:.0f} s")
        yield from look(store.url.render_as_string(), sales)


def look(url: str, sales: int) -> Iterator[Figure]:
    """Measure the digests of a database that is filled."""
    with TemporaryDirectory(prefix="salesdaemon-bench-") as folder:
        config = Path(folder) / "config.toml"
        config.write_text(
            _CONFIG.format(zone=years.BASIS.timezone, home=years.BASIS.home, url=url, folder=folder)
        )
        ended = process.run(
            ["-m", "benchmarks.finished_mail", str(SAMPLES), years.LAST.isoformat()],
            {"SALESDAEMON_CONFIG": str(config)},
        )
    yield from _figures(json.loads(ended.output), f"{sales:,} sales", MILLISECONDS[sales >= LARGE])


def _figures(made: dict[str, Any], name: str, target: float) -> Iterator[Figure]:
    taken = [_milliseconds(each) for each in made["warm"]]
    yield Figure(f"{name}: digest of a day, median", median(taken), "ms", target)
    yield Figure("  slowest", max(taken), "ms")
    for step, words in (
        ("collecting", "  of it facts, median"),
        ("writing", "  of it words, HTML and charts, median"),
        ("mailing", "  of it the mail, median"),
    ):
        yield Figure(words, median(each[step] for each in made["warm"]), "ms")
    yield Figure("  the first of a process", _milliseconds(made["cold"]), "ms")
    for each in made["longer"]:
        yield Figure(f"{name}: {each['kind']} digest", _milliseconds(each), "ms")
    yield Figure("  its mail", made["cold"]["mail_bytes"] / 1024, "KiB")
    memory = made["mebibytes"]
    yield Figure(f"{name}: memory on top of the daemon, a digest", memory["first"], "MiB")
    yield Figure(
        f"  {1 + SAMPLES} of days and one of each other kind", memory["later"], "MiB", MEBIBYTES
    )
    yield Figure("  peak meanwhile", memory["peak"], "MiB")


def _milliseconds(each: dict[str, float]) -> float:
    return each["collecting"] + each["writing"] + each["mailing"]
