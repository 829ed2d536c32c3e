"""Every command that users rely on is there, and `--help` says so without importing it."""

import subprocess
import sys

import pytest
from typer import main as typer_main

from salesdaemon.cli.app import ENTRIES, Entry, app, load
from tests.cli.commands import Installation

PROMISED = {
    *("init", "auth", "check", "run", "demo", "poll", "sync", "import", "sales", "report"),
    *("products", "effort", "export", "digest", "test-alert", "alerts", "rules", "away", "back"),
    *("reconcile", "status", "config", "db", "rates"),
}
WITHIN = {
    "effort": {"add", "list", "remove"},
    "rates": {"fetch", "import"},
    "rules": {"explain"},
    "config": {"show", "check"},
    "db": {"upgrade", "backup", "check"},
}
HEAVY = {"pydantic", "sqlalchemy", "httpx", "rich", "apprise", "jinja2", "alembic", "asyncio"}


def test_every_command_of_the_product_is_there() -> None:
    assert {entry.name for entry in ENTRIES} == PROMISED


def test_the_help_names_every_command(cli: Installation) -> None:
    ran = cli.run("--help")
    listed = {line.split()[0] for line in ran.lines if line.startswith("  ")}
    assert (ran.code, ran.err) == (0, "")
    assert listed >= PROMISED


def test_the_help_imports_nothing_that_a_command_needs() -> None:
    code = (
        "import sys; from salesdaemon.cli.app import run_command_line as r; "
        "r(['--help']); print(*sys.modules, file=sys.stderr)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert HEAVY & set(ran.stderr.split()) == set()


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_a_command_describes_itself_as_the_help_does(entry: Entry) -> None:
    command = load(entry)
    assert (command.help or "").splitlines()[0] == entry.summary


@pytest.mark.parametrize("name", sorted(PROMISED))
def test_every_command_has_a_help_of_its_own(cli: Installation, name: str) -> None:
    ran = cli.run(name, "--help")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"Usage: salesdaemon {name} ")


@pytest.mark.parametrize(("name", "inner"), WITHIN.items(), ids=list(WITHIN))
def test_every_command_within_a_command_is_there(name: str, inner: set[str]) -> None:
    entry = next(entry for entry in ENTRIES if entry.name == name)
    group = load(entry)
    assert set(getattr(group, "commands", ())) == inner


def test_what_goes_before_the_command_is_known() -> None:
    options = {option for param in typer_main.get_command(app).params for option in param.opts}
    assert options == {"--config", "--verbose", "--version"}


def test_the_version_is_that_of_the_package(cli: Installation) -> None:
    ran = cli.run("--version")
    assert (ran.code, ran.out) == (0, "salesdaemon 0.1.0\n")
