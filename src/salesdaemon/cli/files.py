"""Write what a command made into a file."""

import os
from pathlib import Path

from salesdaemon.errors import SalesDaemonError


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all; one that is there is replaced.

    A link, a pipe or a device, such as /dev/stdout, stays what it is, and is written into.

    Raises:
        SalesDaemonError: it cannot be written.
    """
    try:
        if path.is_symlink() or (path.exists() and not path.is_file()):
            path.write_text(text, encoding="utf-8")
        else:
            _replace(path, text)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise SalesDaemonError(f"{path} cannot be written: {reason}.") from error


def _replace(path: Path, text: str) -> None:
    fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(path)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise
