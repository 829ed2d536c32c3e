"""Processes: run to their end and measured, or watched while they run."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Ended:
    """A process from its start to its end: seconds on the clock and on the CPU, and its peak."""

    seconds: float
    cpu_seconds: float
    peak_mebibytes: float
    output: str


def run(arguments: Sequence[str], environment: Mapping[str, str] | None = None) -> Ended:
    """Run a Python program to its end.

    Raises:
        SystemExit: it failed; its own words are on stderr.
    """
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *arguments],
        env={**os.environ, **(environment or {})},
        stdout=subprocess.PIPE,
        text=True,
    )
    output = process.stdout.read() if process.stdout is not None else ""
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(arguments)} ended with {process.returncode}.")
    peak = usage.ru_maxrss / 1024  # Linux counts it in KiB
    return Ended(seconds, usage.ru_utime + usage.ru_stime, peak, output)


def resident_mebibytes(pid: int) -> float:
    """Return how much of a running process is in memory: VmRSS, in MiB."""
    return _mebibytes(pid, "VmRSS")


def peak_mebibytes(pid: int) -> float:
    """Return how much of a running process was in memory at most, since its program started."""
    return _mebibytes(pid, "VmHWM")


def _mebibytes(pid: int, name: str) -> float:
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 1024
    raise SystemExit(f"Process {pid} runs no more.")


def cpu_seconds(pid: int) -> float:
    """Return what a running process has used of the CPU, its threads included."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS
