"""How soon the command line answers."""

from collections.abc import Iterator
from statistics import median

from benchmarks import process
from benchmarks.figures import Figure

HELP_SECONDS = 0.3
ROUNDS = 11


def measure() -> Iterator[Figure]:
    """Ask for help several times."""
    ends = [process.run(["-m", "salesdaemon", "--help"]) for _ in range(ROUNDS)]
    seconds = median(ended.seconds for ended in ends)
    yield Figure("salesdaemon --help, median", seconds, "s", HELP_SECONDS)
    yield Figure("  of it on the CPU", median(ended.cpu_seconds for ended in ends), "s")
