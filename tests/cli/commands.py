"""Run the command line as a shell would, against a folder of the test's own."""

import json
import logging
import os
import subprocess
import sys
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from salesdaemon.cli.app import run_command_line
from salesdaemon.domain.sale import Sale
from salesdaemon.store.accounts import AccountRecord
from salesdaemon.store.engine import Store
from tests.databases import SqliteFiles
from tests.factories import account, batch, record_in

GUMROAD = """\
[shops.templates]
marketplace = "gumroad"
access_token = "pretend-token"
request_gap = "0s"
"""


def mail(port: int) -> str:
    """Configure a mail server on this machine."""
    return (
        f'[mail]\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"\n'
        'from = "me@example.com"\nto = ["me@example.com"]\n'
    )


@dataclass(frozen=True)
class Ran:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Installation:
    """A folder with a configuration and a database, in which commands are run."""

    def __init__(
        self,
        folder: Path,
        files: SqliteFiles,
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        self.folder = folder
        self._files = files
        self.config = folder / "config.toml"
        self.database = folder / "sales.db"
        self._capsys = capsys
        self._monkeypatch = monkeypatch

    def configure(
        self, *tables: str, url: str = "", timezone: str = "Europe/Berlin", migrated: bool = True
    ) -> None:
        """Write a configuration; without tables it has one shop.

        The database has its tables already, unless it is not to be `migrated`: the program would
        start a process for that.
        """
        head = f'timezone = "{timezone}"\n[database]\nurl = "{url or self.url}"\n'
        text = "\n".join([head, *(tables or (GUMROAD,))])
        self.config.write_text(text, encoding="utf-8")
        self.config.chmod(0o600)
        if migrated and not url and not self.database.exists():
            self._files.create_migrated(self.folder)

    @property
    def url(self) -> str:
        return f"sqlite:///{self.database}"

    def run(self, *arguments: str, stdin: str = "") -> Ran:
        """Run a command in this process."""
        self._monkeypatch.setattr(sys, "stdin", StringIO(stdin))
        self._capsys.readouterr()
        handlers, levels = logging.root.handlers[:], _levels()
        try:
            code = run_command_line(arguments)
        finally:
            logging.root.handlers[:] = handlers
            for name, level in levels.items():
                logging.getLogger(name).setLevel(level)
        said = self._capsys.readouterr()
        return Ran(code, said.out, said.err)

    def start(self, *arguments: str, **options: Any) -> "subprocess.Popen[str]":
        """Start a command in a process of its own."""
        streams = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(
            [sys.executable, "-m", "salesdaemon", *arguments],
            cwd=self.folder,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            text=True,
            encoding="utf-8",
            **{**streams, **options},
        )

    def spawn(self, *arguments: str, stdin: str = "", seconds: float = 60) -> Ran:
        """Run a command in a process of its own."""
        with self.start(*arguments) as process:
            out, err = process.communicate(stdin, timeout=seconds)
            return Ran(process.returncode, out, err)

    def open_store(self) -> Store:
        """Open the database, with its tables; close it before the test ends."""
        if not self.database.exists():
            self._files.create_migrated(self.folder)
        return Store(self.url)

    def keep(self, *sales: Sale, shop: str = "templates", **facts: Any) -> AccountRecord:
        """Store sales as a poll would, with what is told of them."""
        store = self.open_store()
        try:
            of = account(store, shop, facts.pop("external_id", "a1"))
            record_in(store, batch(*sales, account_id=of.id, **facts))
        finally:
            store.close()
        return of


def _levels() -> dict[str, int]:
    names = ("", "salesdaemon", "salesdaemon.poller", "apscheduler", "apprise")
    return {name: logging.getLogger(name).level for name in names}
