"""Write what a command made into a file."""

import os
from pathlib import Path

from salesdaemon.errors import SalesDaemonError


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all; one that is there is replaced.

    Raises:
        SalesDaemonError: it cannot be written.
    """
    fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(path)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        reason = (error.strerror or type(error).__name__).lower()
        raise SalesDaemonError(f"{path} cannot be written: {reason}.") from error
