"""Keep the tests on this machine: a connection to anywhere else fails the test that made it."""

import ipaddress
import socket
import sys
from typing import Any

LOCAL_NAMES = {"", "localhost", socket.gethostname()}

_refused: list[str] = []
_EVENTS = {"socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo"}


class OutboundConnectionError(OSError):
    """A test tried to reach something beyond this machine."""


def take_refused() -> list[str]:
    """Return where connections were tried since the last call."""
    refused = list(_refused)
    _refused.clear()
    return refused


def install() -> None:
    """Watch every socket of this process from now on; there is no way back."""
    sys.addaudithook(_watch)


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if event not in _EVENTS:
        return
    if event == "socket.getaddrinfo":
        _check_name(arguments[0])
    else:
        _check_address(arguments[0], arguments[1])


def _check_name(host: str | bytes | None) -> None:
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else host or ""
    if name.endswith(".invalid"):  # reserved for names that exist nowhere; nobody need be asked
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    if name not in LOCAL_NAMES and not _is_local(name):
        _refuse(f"the name {name!r}")


def _check_address(sock: socket.socket, address: Any) -> None:
    if sock.family not in {socket.AF_INET, socket.AF_INET6} or not isinstance(address, tuple):
        return
    host = str(address[0])
    if host not in LOCAL_NAMES and not _is_local(host):
        _refuse(f"{host}:{address[1]}")


def _is_local(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _refuse(what: str) -> None:
    _refused.append(what)
    raise OutboundConnectionError(f"A test must not leave this machine, and asked for {what}.")
