"""Tell systemd how the service fares: a datagram to the socket it names, nothing elsewhere."""

import os
import socket


def notify(*facts: str) -> None:
    """Send facts such as "READY=1"; does nothing when no supervisor listens."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
            channel.connect(address)
            channel.sendall("\n".join(facts).encode())
    except OSError:
        return  # a supervisor that went away is no reason to stop ringing


def watchdog_seconds() -> float | None:
    """Return how often systemd wants a sign of life; None where it watches nothing."""
    microseconds = os.environ.get("WATCHDOG_USEC", "")
    meant_for = os.environ.get("WATCHDOG_PID", str(os.getpid()))
    if not microseconds.isdecimal() or meant_for != str(os.getpid()):
        return None
    return int(microseconds) / 1_000_000
