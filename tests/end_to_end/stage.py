"""A whole installation on loopback: shops, phone and mail as processes and threads, and the
installed command between them, with nothing of it patched."""

import http.client
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from tests.end_to_end.phone import Phone
from tests.end_to_end.post import PostOffice, reserve_port
from tests.end_to_end.shops import TOKEN, Prints, ShopProcess, Templates

Answer = TypeVar("Answer")

_MAIL = """[mail]
host = "127.0.0.1"
port = {port}
security = "none"
from = "salesdaemon@example.com"
to = ["me@example.com"]"""
COMMAND = (sys.executable, "-m", "salesdaemon")


def eventually(look: Callable[[], Answer], what: str, *, within: float = 40.0) -> Answer:
    """Look again and again until there is something to see, and return it."""
    deadline = time.monotonic() + within
    while True:
        began = time.monotonic()
        seen = look()
        if seen:
            return seen
        assert time.monotonic() < deadline, f"Not within {within:.0f} s: {what} ({seen!r})"
        rest_after(began, at_least=0.05)


def rest_after(began: float, *, at_least: float) -> None:
    """Wait twice as long as a look took, and leave the processor to what is waited for."""
    time.sleep(max(at_least, 2 * (time.monotonic() - began)))


class Daemon:
    """`salesdaemon run` as a process; its stderr goes on in one file over all its lives."""

    def __init__(self, config: Path, port: int) -> None:
        self._config = config
        self._url = f"http://127.0.0.1:{port}"
        self.log = config.with_name("daemon.log")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, **popen: Any) -> None:
        assert self.process is None
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*COMMAND, "--config", str(self._config), "run"],
                cwd=self._config.parent,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                **popen,
            )

    def start_and_watch(self, **popen: Any) -> None:
        self.start(**popen)
        eventually(self.is_ready, f"ready; its log is {self.log}", within=60)

    def is_up(self) -> bool:
        return self._answers("/healthz")

    def is_ready(self) -> bool:
        return self._answers("/readyz")

    def _answers(self, path: str) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, f"{self.process.returncode}: {self.said()[-3000:]}"
        try:
            with urllib.request.urlopen(f"{self._url}{path}", timeout=5):
                return True
        except urllib.error.HTTPError as error:
            error.close()
        except (OSError, http.client.HTTPException):
            pass
        return False

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8") if self.log.exists() else ""

    def kill(self) -> None:
        """Kill -9; harmless where it is gone already."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(20)
        self.process = None

    def wait_until_killed(self, within: float = 40.0) -> None:
        """Wait until somebody else has killed it."""
        assert self.process is not None
        assert self.process.wait(within) == -signal.SIGKILL, self.said()
        self.process = None

    def stop(self, within: float = 25.0) -> int:
        """SIGTERM; returns the exit code."""
        assert self.process is not None
        self.process.terminate()
        code = self.process.wait(within)
        self.process = None
        return code


class Stage:
    """One installation in a folder of its own; start only what a test needs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = folder / "sales.db"
        self.config = folder / "config.toml"
        self.phone = Phone()
        self.post = PostOffice()
        self.shops: list[ShopProcess] = []
        self._reserved = reserve_port()
        self.web_port: int = self._reserved.getsockname()[1]
        self.daemon = Daemon(self.config, self.web_port)

    def close(self) -> None:
        self.daemon.kill()
        for shop in self.shops:
            shop.stop()
        self.phone.stop()
        self.post.stop()
        self._reserved.close()

    def open_prints(self, *arguments: str) -> Prints:
        shop = Prints(*arguments)
        self.shops.append(shop)
        return shop

    def open_templates(self, *arguments: str) -> Templates:
        shop = Templates(*arguments)
        self.shops.append(shop)
        return shop

    def configure(
        self,
        *,
        alerts: str = 'burst = 0\nkinds = {milestone = "off"}',
        digest: str = 'daily = "off"',
        poll_every: str = "1s",
        timezone: str = "Europe/Berlin",
        urls: dict[str, str] | None = None,
        database: str | None = None,
    ) -> None:
        """Write the configuration; `urls` puts something else in the place of a shop's API."""
        addresses = {shop.name: shop.url for shop in self.shops} | (urls or {})
        own = {shop.name: shop.url for shop in self.shops}
        tables = [
            f'timezone = "{timezone}"\ncurrency = "EUR"\nlocale = "en_GB"',
            f'[database]\nurl = "{database or f"sqlite:///{self.database}"}"',
            f'[secrets]\nkey_file = "{self.folder / "secret.key"}"',
            f'[channels.phone]\nurl = "{self.phone.url}"',
            f"[alerts]\n{alerts}",
            f"[digest]\n{digest}",
            '[exchange]\nsource = "off"',
            f"[web]\nport = {self.web_port}",
            _MAIL.format(port=self.post.port),
        ]
        if "prints" in addresses:
            tables.append(
                '[shops.prints]\nmarketplace = "etsy"\nkeystring = "pretend-keystring"\n'
                f'shared_secret = "pretend-secret"\npoll_every = "{poll_every}"\n'
                f'api_url = "{addresses["prints"]}"\nauth_url = "{own["prints"]}"'
            )
        if "templates" in addresses:
            tables.append(
                f'[shops.templates]\nmarketplace = "gumroad"\naccess_token = "{TOKEN}"\n'
                f'poll_every = "{poll_every}"\nrequest_gap = "0s"\n'
                f'api_url = "{addresses["templates"]}"'
            )
        self.config.write_text("\n\n".join(tables) + "\n", encoding="utf-8")
        self.config.chmod(0o600)

    def sign_in_beforehand(self, signed_in: Path) -> None:
        """Begin with a database and a key in which the Etsy login is there already."""
        for file in signed_in.iterdir():
            shutil.copy2(file, self.folder)

    def command(
        self, *arguments: str, stdin: str | None = None, within: float = 30.0
    ) -> subprocess.CompletedProcess[str]:
        """Run one command of the program to its end."""
        return subprocess.run(
            [*COMMAND, "--config", str(self.config), *arguments],
            cwd=self.folder,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=within,
            check=False,
        )

    def printed(self, *arguments: str) -> Any:
        """Run a command that has to work and return the JSON, or list of JSON lines, it prints."""
        done = self.command(*arguments)
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        if "jsonl" in arguments:
            return [json.loads(line) for line in done.stdout.splitlines()]
        return json.loads(done.stdout)

    # The store, as somebody else sees it

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Read from the database file, without a right to write."""
        address = f"file:{self.database}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=10)) as connection:
            return connection.execute(query, values).fetchall()

    def value(self, query: str, *values: object) -> Any:
        ((value,),) = self.rows(query, *values)
        return value

    # The clock, which nobody can turn: what depends on days is moved in the store instead

    def start_earlier(self, days: int) -> None:
        """Let the installation be some days old: no digest is due for days before it began."""
        started = datetime.now(UTC) - timedelta(days=days)
        self._set(
            "INSERT OR REPLACE INTO settings (name, value) VALUES ('first_started_at', ?)",
            started.isoformat(),
        )

    def _set(self, statement: str, *values: object) -> None:
        with closing(sqlite3.connect(self.database, timeout=10)) as connection, connection:
            connection.execute(statement, values)

    @contextmanager
    def locked_database(self) -> Iterator[None]:
        """Hold the database's write lock, as another program would."""
        connection = sqlite3.connect(self.database, timeout=20, isolation_level=None)
        with closing(connection):
            connection.execute("BEGIN IMMEDIATE")
            yield
            connection.execute("ROLLBACK")

    # Waiting

    def wait_for_rings(self, products: Sequence[str], *, within: float = 40.0) -> None:
        """Wait until every one of these sales has rung at least once."""

        def missing() -> set[str]:
            told = {product for push in self.phone.rings for product in push.products}
            return set(products) - told

        eventually(lambda: not missing(), f"rings: {self.daemon.said()[-3000:]}", within=within)


def pid_of(daemon: Daemon) -> int:
    assert daemon.process is not None
    return daemon.process.pid


def kill_now(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
