"""Names of processes that hold leases."""

import subprocess
import sys

from salesdaemon.store.engine import owner_name

HOST = owner_name().split(":", 1)[0]


def dead_owner() -> str:
    """Name a process of this machine that has ended."""
    ended = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"],
        capture_output=True,
        text=True,
        check=True,
    )
    return f"{HOST}:{ended.stdout.strip()}:x"
