"""What a person sees on a terminal."""

import os
import re
import subprocess
import sys

import pytest

from tests.cli.commands import Installation
from tests.factories import item, sale

_STYLE = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


def on_terminal(cli: Installation, *arguments: str, columns: int = 80) -> str:
    """Run a command whose stdout is a terminal, and return what it printed there."""
    ours, theirs = os.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "salesdaemon", *arguments],
        cwd=cli.folder,
        env={**os.environ, "COLUMNS": str(columns), "TERM": "xterm"},
        stdout=theirs,
        stderr=subprocess.DEVNULL,
    ) as process:
        os.close(theirs)
        printed = _read_all(ours)
        assert process.wait(60) == 0
    return printed.decode()


def _read_all(descriptor: int) -> bytes:
    found = b""
    try:
        while chunk := os.read(descriptor, 65536):
            found += chunk
    except OSError:  # Linux says so when the other side is closed
        pass
    finally:
        os.close(descriptor)
    return found


@pytest.mark.parametrize("columns", [20, 40, 80, 200])
def test_ids_and_amounts_are_never_cut(cli: Installation, columns: int) -> None:
    cli.configure()
    cli.keep(sale("RRKk-0123456789-abcdefghij==", gross_minor=123456789))
    printed = _STYLE.sub("", on_terminal(cli, "sales", columns=columns))
    assert "RRKk-0123456789-abcdefghij==" in printed
    assert "1234567.89" in printed
    assert "…" not in printed


def test_a_long_title_is_cut_and_harmless(cli: Installation) -> None:
    cli.configure()
    cli.keep(sale(items=(item(product="[red]\x1b[2J" + "x" * 500),)))
    printed = on_terminal(cli, "sales", columns=300)
    assert "1 × [red] [2Jxxx" in printed
    assert "\x1b[2J" not in printed
    assert "x" * 60 not in printed


def test_a_column_without_anything_in_it_is_left_out(cli: Installation) -> None:
    cli.configure()
    cli.keep(sale())
    printed = _STYLE.sub("", on_terminal(cli, "status", columns=200))
    assert "marketplace" in printed
    assert "waiting until" not in printed


def test_json_is_the_same_on_a_terminal(cli: Installation) -> None:
    cli.configure()
    cli.keep(sale())
    printed = on_terminal(cli, "sales", "--format", "jsonl", columns=20)
    assert printed.replace("\r\n", "\n") == cli.run("sales", "--format", "jsonl").out
