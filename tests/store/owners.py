"""Names of processes that hold leases."""

import os
import subprocess
import sys

from salesdaemon.store.engine import _started, owner_name

HOST = owner_name().split(":", 1)[0]


def dead_owner() -> str:
    """Name a process of this machine that has ended."""
    ended = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"],
        capture_output=True,
        text=True,
        check=True,
    )
    return f"{HOST}:{ended.stdout.strip()}:1:x"


def living_owner(pid: int) -> str:
    """Name a process of this machine that runs."""
    return f"{HOST}:{pid}:{_started(pid)}:x"


def namesake() -> str:
    """Name a process that had this one's number before it, as in a container started again."""
    return f"{HOST}:{os.getpid()}:1:x"
