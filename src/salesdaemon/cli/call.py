"""What was said before the command's name."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Call:
    """The options that every command shares."""

    config: Path | None
    verbose: bool
