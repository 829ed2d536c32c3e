"""What the demo stands on: a screen, a pretended phone, and the processes that end with it."""

import ctypes
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from salesdaemon.errors import SalesDaemonError

STOP_SECONDS: Final = 15
ASK_SECONDS: Final = 60
LINES_OF_A_LOG: Final = 3
LINES_OF_A_PUSH: Final = 4
_DIE_WITH_PARENT: Final = 1  # PR_SET_PDEATHSIG of Linux
_MANY: Final = re.compile(r"(?:Ka-ching!|Sales recap:) \d+ sales?,")
_NOT_OURS: Final = ("CREDENTIALS_DIRECTORY", "STATE_DIRECTORY", "NOTIFY_SOCKET", "WATCHDOG_USEC")


class Screen:
    """The terminal, a line at a time from any thread; marks are plain where it is not UTF-8."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._encoding = sys.stdout.encoding or "ascii"
        fancy = self._encoding.lower().replace("-", "") == "utf8"
        self._bell, self._silent = ("🔔", "🔕") if fancy else ("(!)", "( )")

    def say(self, text: str) -> None:
        """Print a line or more at once."""
        fitting = f"{text}\n".encode(self._encoding, "replace").decode(self._encoding)
        sys.stdout.write(fitting)
        sys.stdout.flush()

    def tell(self, happened: str) -> None:
        """Print what happens in a shop."""
        self.say(f"{self._time()}     {happened}")

    def push(self, title: str, body: str, *, rings: bool) -> None:
        """Print what the phone shows."""
        *lines, last = body.splitlines() or [""]
        if len(lines) >= LINES_OF_A_PUSH:
            lines[2:] = [f"and {len(lines) - 2} more"]
        words = " | ".join([title, *lines, last])
        self.say(f"{self._time()}  {self._bell if rings else self._silent} {words}")

    def _time(self) -> str:
        return datetime.now(self._zone).strftime("%H:%M:%S")


class Phone:
    """A listener on loopback that takes pushes, prints them and counts what they stand for.

    It is there for connections at once, and answers them from `start` on.
    """

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._rung: Counter[str] = Counter()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self.port = self._server.server_port

    def start(self) -> None:
        """Take pushes from now on."""
        self._thread.start()

    def close(self) -> None:
        """Take no more."""
        if self._thread.is_alive():
            self._server.shutdown()
        self._server.server_close()

    def rung(self) -> Counter[str]:
        """Count the sales rung so far by shop; one message may stand for several."""
        return self._rung.copy()

    def _take(self, title: str, body: str, *, rings: bool) -> None:
        if rings:
            self._rung.update(_shops_in(title, body))
        self._screen.push(title, body, rings=rings)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        phone = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                """Take one push."""
                length = int(self.headers.get("content-length", 0))
                push = json.loads(self.rfile.read(length))
                phone._take(push["title"], push["message"], rings=push["type"] == "success")
                self.send_response(204)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
                """Keep quiet: the push itself is on the screen."""

        return Handler


def _shops_in(title: str, body: str) -> list[str]:
    """Name the shop of each sale that a ring stands for; its last line adds the day up."""
    *lines, _today = body.splitlines()
    if _MANY.match(title):
        return [line.rpartition(" · ")[2] for line in lines]
    return [lines[-1].partition(" (")[0]]


class Children:
    """Processes of this Python, each with a log in the folder; none outlives this one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: dict[str, subprocess.Popen[str]] = {}
        self._environment = _environment()

    def start(self, name: str, *arguments: str) -> subprocess.Popen[str]:
        """Start a process whose stdout can be read.

        To be called before there is a second thread: what runs between fork and exec would not be
        safe then.
        """
        with self._log(name).open("w", encoding="utf-8") as log:
            child = subprocess.Popen(  # noqa: S603 - our own commands
                [sys.executable, *arguments],
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                encoding="utf-8",
                start_new_session=True,  # Ctrl-C is for the demo, which stops the others in order
                preexec_fn=_die_with_parent(),  # noqa: PLW1509 - no thread yet; ends orphans of a kill -9
            )
        self._running[name] = child
        return child

    def ask(self, *arguments: str) -> str:
        """Run a command to its end and return what it printed.

        Raises:
            SalesDaemonError: it failed.
        """
        done = subprocess.run(  # noqa: S603 - our own commands
            [sys.executable, *arguments],
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=ASK_SECONDS,
            start_new_session=True,
            check=False,
        )
        if done.returncode != 0:
            raise SalesDaemonError(f"{' '.join(arguments)} failed: {done.stderr.strip()}")
        return done.stdout

    def read_line(self, child: subprocess.Popen[str], *, starting: str = "") -> str:
        """Return the next line of a child's stdout that starts so; empty at its end."""
        lines = iter(child.stdout or ())
        return next((line for line in lines if line.startswith(starting)), "")

    def failure(self, name: str) -> SalesDaemonError:
        """Say that a child did not do its part, with the end of its log."""
        code = self._running[name].poll()
        state = "does not answer" if code is None else f"ended with code {code}"
        log = self._log(name).read_text(encoding="utf-8", errors="replace").splitlines()
        return SalesDaemonError(
            f"The part '{name}' of the demo {state}. {' '.join(log[-LINES_OF_A_LOG:])}"
        )

    def stop(self, name: str) -> None:
        """Stop one child in order; by force, with whatever it has started, when it takes long."""
        child = self._running.pop(name)
        child.terminate()
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
        if child.stdout is not None:
            child.stdout.close()

    def stop_all(self) -> None:
        """Stop every child, the last started first; Ctrl-C does not interrupt it."""
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            for name in reversed(list(self._running)):
                self.stop(name)
        finally:
            signal.signal(signal.SIGINT, before)

    def _log(self, name: str) -> Path:
        return self._folder / f"{name}.log"


def free_port() -> int:
    """Find a port on loopback that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def local_zone() -> ZoneInfo:
    """Find the time zone of this machine; UTC where it does not say."""
    name = os.environ.get("TZ", "")
    with suppress(OSError, ValueError):
        name = name or str(Path("/etc/localtime").resolve()).partition("/zoneinfo/")[2]
    with suppress(OSError, ValueError, LookupError):
        return ZoneInfo(name)
    return ZoneInfo("UTC")


def _environment() -> dict[str, str]:
    """Return this environment without what would lead the children astray: settings, proxies."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("SALESDAEMON_")
        and not name.lower().endswith("_proxy")
        and name not in _NOT_OURS
    }


def _die_with_parent() -> Callable[[], object] | None:
    """Return what a child does before it begins: ask Linux for a SIGTERM when its parent dies."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl
    return lambda: prctl(_DIE_WITH_PARENT, int(signal.SIGTERM))
