"""Pretend shops in processes of their own, and a configuration that names them."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from benchmarks import process

ACCESS, REFRESH = "90210.bench-access", "90210.bench-refresh"
SHOPS = {"etsy": "prints", "gumroad": "templates"}
"""The marketplaces, and what their shop is called in the configuration."""
_LATEST_READY_SECONDS = 30
_PROGRAM = {
    "etsy": ["--access-token", ACCESS, "--refresh-token", REFRESH],
    "gumroad": ["--access-token", ACCESS],
}
_CREDENTIALS = {
    "etsy": 'keystring = "pretend-keystring"\nshared_secret = "pretend-secret"\nauth_url = "{url}"',
    "gumroad": f'access_token = "{ACCESS}"\nrequest_gap = "0s"',
}


@dataclass(frozen=True, slots=True)
class PretendShop:
    """A marketplace that runs on loopback."""

    marketplace: str
    url: str

    def post(self, name: str, **body: object) -> Any:  # noqa: ANN401 - JSON
        """Have something happen in the shop."""
        request = urllib.request.Request(
            f"{self.url}/_pretend/{name}",
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read())

    def sell(self, product: str) -> None:
        """Sell one piece of a product."""
        self.post("sell", **{"title" if self.marketplace == "etsy" else "product": product})


@contextmanager
def pretend_shop(marketplace: str, orders: int) -> Iterator[PretendShop]:
    """Run a pretend shop with a history."""
    module = f"salesdaemon.marketplaces.{marketplace}.pretend"
    server = subprocess.Popen(
        [sys.executable, "-m", module, "--history", str(orders), *_PROGRAM[marketplace]],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        words = server.stdout.readline().split() if server.stdout is not None else []
        if words[:1] != ["ready"]:
            raise SystemExit(f"{module} did not start.")
        yield PretendShop(marketplace, words[1])
    finally:
        server.terminate()
        server.wait()


@dataclass(frozen=True, slots=True)
class Home:
    """A folder with a configuration, and a database that knows the logins."""

    folder: Path
    port: int

    @property
    def environment(self) -> dict[str, str]:
        """What the program finds its configuration by."""
        return {"SALESDAEMON_CONFIG": str(self.folder / "config.toml")}

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.folder / "sales.db"


@contextmanager
def home(
    shops: list[PretendShop], *, poll_every: str = "60s", push_port: int | None = None
) -> Iterator[Home]:
    """Make a home for some shops in a folder of its own, which goes at the end."""
    with tempfile.TemporaryDirectory(prefix="salesdaemon-bench-") as name:
        made = Home(Path(name), _unused_port())
        config = _config(made, shops, poll_every, push_port)
        (made.folder / "config.toml").write_text(config, encoding="utf-8")
        process.run(["-m", "benchmarks.seed", ACCESS, REFRESH], made.environment)
        yield made


def _config(made: Home, shops: list[PretendShop], poll_every: str, push_port: int | None) -> str:
    parts = [
        'timezone = "Europe/Berlin"\ncurrency = "EUR"',
        f'[database]\nurl = "sqlite:///{made.database}"',
        f'[secrets]\nkey_file = "{made.folder / "secret.key"}"',
        '[exchange]\nsource = "off"',
        f"[web]\nport = {made.port}",
        "[alerts]\nburst = 0",
    ]
    if push_port is not None:
        parts.append(f'[channels.phone]\nurl = "json://127.0.0.1:{push_port}/"')
    for shop in shops:
        credentials = _CREDENTIALS[shop.marketplace].replace("{url}", shop.url)
        parts.append(
            f"[shops.{SHOPS[shop.marketplace]}]\n"
            f'marketplace = "{shop.marketplace}"\npoll_every = "{poll_every}"\n'
            f'api_url = "{shop.url}"\n{credentials}'
        )
    return "\n".join(parts)


def _unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(frozen=True, slots=True)
class Daemon:
    """A running daemon; `ready_seconds` is from its start to the first 200 of /readyz."""

    pid: int
    ready_seconds: float


@contextmanager
def daemon(made: Home) -> Iterator[Daemon]:
    """Run the daemon until the block ends.

    Raises:
        SystemExit: it was not ready in time.
    """
    started = time.perf_counter()
    with (made.folder / "daemon.log").open("a", encoding="utf-8") as log:
        running = subprocess.Popen(
            [sys.executable, "-m", "salesdaemon", "run"],
            env={**os.environ, **made.environment},
            stderr=log,
        )
    try:
        while not _is_ready(made.port):
            late = time.perf_counter() - started > _LATEST_READY_SECONDS
            if late or running.poll() is not None:
                raise SystemExit(f"No daemon: {(made.folder / 'daemon.log').read_text()[-2000:]}")
            time.sleep(0.01)
        yield Daemon(running.pid, time.perf_counter() - started)
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait()


def _is_ready(port: int) -> bool:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5).close()
    except (urllib.error.URLError, OSError):
        return False
    return True


@dataclass(slots=True)
class Phone:
    """Takes pushes; `arrivals` are the time on `perf_counter` and the text of each."""

    port: int
    arrivals: list[tuple[float, str]] = field(default_factory=list)

    def wait_for(self, count: int, seconds: float) -> None:
        """Wait until so many pushes have come, or give up."""
        until = time.perf_counter() + seconds
        while len(self.arrivals) < count and time.perf_counter() < until:
            time.sleep(0.05)


@contextmanager
def phone() -> Iterator[Phone]:
    """Listen on loopback for what the channel sends."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            taken.arrivals.append((time.perf_counter(), f"{body['title']} {body['message']}"))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    taken = Phone(server.server_port)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield taken
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def both_shops(orders: int) -> Iterator[list[PretendShop]]:
    """Run one shop of each marketplace, with as many orders."""
    with ExitStack() as stack:
        yield [stack.enter_context(pretend_shop(name, orders)) for name in SHOPS]
