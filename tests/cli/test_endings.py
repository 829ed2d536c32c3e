"""How commands end: the exit code, one line for what was to be expected, and no traceback."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.commands import GUMROAD, Installation
from tests.factories import sale

FULL = Path("/dev/full")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nope",), "There is no command 'nope'. Try `salesdaemon --help`."),
        (
            ("salse",),
            "There is no command 'salse'. Did you mean 'sales'? Try `salesdaemon --help`.",
        ),
        (
            ("sales", "--nope"),
            (
                "No such option: --nope (Possible options: --shop, --since). "
                "Try `salesdaemon sales --help`."
            ),
        ),
        (("config",), "Missing command. Try `salesdaemon config --help`."),
        (("auth",), "Missing argument 'SHOP'. Try `salesdaemon auth --help`."),
        (
            ("sales", "--since", "20.11.2026"),
            (
                "Invalid value for '--since': write a day as 2026-11-20. "
                "Try `salesdaemon sales --help`."
            ),
        ),
        (("sales", "--shop", "prints"), "There is no shop 'prints'. Known: templates."),
        (("poll", "prints"), "There is no shop 'prints'. Known: templates."),
        (("sync", "prints"), "There is no shop 'prints'. Known: templates."),
        (("auth", "prints"), "There is no shop 'prints'. Known: templates."),
        (("test-alert", "watch"), "There is no channel 'watch'. Known: none."),
        (
            ("digest", "daily", "--send", "--open"),
            "--out, --send and --open exclude one another. Keep one of them.",
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_wrong_usage_is_one_line_and_ends_with_2(
    cli: Installation, arguments: tuple[str, ...], said: str
) -> None:
    cli.configure()
    ran = cli.run(*arguments)
    assert (ran.code, ran.out, ran.err) == (2, "", f"{said}\n")


@pytest.mark.parametrize("command", ["sales", "report", "poll", "products", "alerts", "check"])
def test_an_unknown_format_ends_with_2(cli: Installation, command: str) -> None:
    cli.configure()
    ran = cli.run(command, "--format", "xml")
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)


def test_without_a_command_the_help_is_shown_and_it_ends_with_2(cli: Installation) -> None:
    ran = cli.run()
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("Usage: salesdaemon ")


def test_every_mistake_of_the_configuration_is_told_at_once(cli: Installation) -> None:
    cli.config.write_text(
        'timezone = "Europe/Berln"\nnope = 1\n[shops.prints]\nmarketplace = "etsy"\n',
        encoding="utf-8",
    )
    ran = cli.run("sales")
    assert (ran.code, ran.out) == (78, "")
    head, *problems = ran.err.splitlines()
    assert head == "4 problems in config.toml."
    assert sorted(problem.split(": ")[0] for problem in problems) == [
        "nope",
        "shops.prints.keystring",
        "shops.prints.shared_secret",
        "timezone",
    ]


def test_without_a_configuration_it_ends_with_78(cli: Installation) -> None:
    ran = cli.run("status")
    assert (ran.code, ran.out, ran.err.count("\n")) == (78, "", 1)
    assert "no configuration file found" in ran.err
    assert "`salesdaemon init`" in ran.err


def test_a_configuration_that_was_named_is_used(cli: Installation) -> None:
    elsewhere = cli.folder / "elsewhere.toml"
    cli.configure()
    cli.config.rename(elsewhere)
    assert cli.run("config", "check").code == 78
    assert cli.run("--config", str(elsewhere), "config", "check").code == 0


def test_a_database_out_of_reach_is_one_line_and_ends_with_1(cli: Installation) -> None:
    cli.configure()
    cli.database.write_bytes(b"This is no database at all, whatever its name says." * 100)
    ran = cli.run("sales")
    assert (ran.code, ran.out, ran.err) == (1, "", "The file is no SQLite database.\n")


def test_a_folder_that_cannot_be_made_is_one_line_and_ends_with_1(cli: Installation) -> None:
    cli.configure(url="sqlite:////proc/nowhere/sales.db")
    for command in (("sales",), ("db", "upgrade")):
        ran = cli.run(*command)
        assert (ran.code, ran.out, ran.err) == (
            1,
            "",
            (
                "The folder /proc/nowhere of the database cannot be made: "
                "no such file or directory. "
                "Set database.url to a place that can be written.\n"
            ),
        )


def test_the_installed_command_ends_as_it_should(cli: Installation) -> None:
    cli.configure(GUMROAD, "[nope]\n")
    ran = cli.spawn("sales")
    assert (ran.code, ran.out) == (78, "")
    assert "Traceback" not in ran.err
    assert "nope: " in ran.err


def test_a_reader_that_has_enough_is_no_mistake(cli: Installation) -> None:
    cli.configure()
    cli.keep(*(sale(f"s{number}") for number in range(2000)))
    with cli.start("sales", "--format", "jsonl") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(60) == 0


@pytest.mark.skipif(not FULL.exists(), reason="needs a disk that is always full")
@pytest.mark.parametrize("command", [("digest", "daily"), ("sales",), ("config", "show")])
def test_a_full_disk_behind_stdout_is_one_line_and_ends_with_1(
    cli: Installation, command: tuple[str, ...]
) -> None:
    cli.configure()
    cli.keep(sale())
    with FULL.open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "salesdaemon", "--config", str(cli.config), *command],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == "What was printed could not be written: no space left on device.\n"


def test_ctrl_c_ends_with_130(cli: Installation) -> None:
    with cli.start("init", start_new_session=True) as process:
        assert process.stderr is not None
        process.stderr.readline()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        assert process.returncode == 130
        assert "Traceback" not in err


def test_what_is_printed_needs_no_help_from_the_locale(cli: Installation) -> None:
    cli.configure()
    cli.keep(sale(items=()), sale("s2"))
    ran = subprocess.run(
        [sys.executable, "-m", "salesdaemon", "sales", "--format", "json"],
        env={**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        cwd=cli.folder,
        capture_output=True,
        check=True,
    )
    assert b'"product": "Weekly planner"' in ran.stdout
