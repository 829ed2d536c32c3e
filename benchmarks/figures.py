"""Figures and how they are printed and kept."""

import json
import os
import sys
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

HISTORY = Path(__file__).with_name("history.jsonl")


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured number, and the largest that it may be; `target` None is for orientation."""

    name: str
    value: float
    unit: str
    target: float | None = None

    @property
    def met(self) -> bool:
        """Tell whether the target is met."""
        return self.target is None or self.value <= self.target

    def line(self) -> str:
        """Write it for a person."""
        target = "" if self.target is None else f"at most {self.target:g}"
        verdict = "" if self.target is None else ("met" if self.met else "MISSED")
        return (
            f"  {self.name:<66} {self.value:>9.2f} {self.unit:<8} {target:<14} {verdict}".rstrip()
        )


def say(text: str) -> None:
    """Print a line at once."""
    print(text, flush=True)


def keep(figures: list[Figure]) -> None:
    """Add a run to the history beside this file, which is not committed."""
    line = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": sys.version.split()[0],
        "load": round(os.getloadavg()[0], 2),
        "figures": [asdict(figure) for figure in figures],
    }
    with HISTORY.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def percentile(values: list[float], share: float) -> float:
    """Return the value that this share of all do not exceed; `values` is not empty."""
    return sorted(values)[max(0, -int(-len(values) * share // 1) - 1)]
