"""What stands around the program: pinned packages, make targets, image, unit."""

import ast
import json
import os
import re
import shlex
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

from salesdaemon.cli.app import ENTRIES
from salesdaemon.marketplaces import available
from salesdaemon.settings import settings_model
from salesdaemon.settings_models import Settings
from salesdaemon.settings_schema import Schema
from salesdaemon.settings_sources import read_secret_files

ROOT = Path(__file__).parents[1]
PIN = re.compile(r"([a-z0-9-]+)==(\S+)(?: ; (.+))?")
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")
OF_MAKE = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "PYTHON", "VENV", "NAME", "ARGS")
# What the contract names, then what the others are made of.
TARGETS = {"demo", "test", "check", "bench", "lint"} | {
    *("help", "format", "format-check", "types", "generated", "drift", "clean"),
    *("test-pg", "e2e", "golden", "sounds", "migration", "lock"),
}


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["make", "--no-print-directory", *arguments]
    # The tests may themselves be run by a make, which speaks to those below it.
    environment = {name: value for name, value in os.environ.items() if name not in OF_MAKE}
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def pins(name: str) -> dict[tuple[str, str], str]:
    """Return the version of each pin, by package and marker, and fail on any other line."""
    found = {}
    for requirement in read(name).replace(" \\\n", " ").splitlines():
        pin, *hashes = re.split(r"\s+(?=--hash=)", requirement)
        match = PIN.fullmatch(pin.strip())
        assert match, requirement
        assert hashes, requirement
        assert all(HASH.fullmatch(each) for each in hashes), requirement
        found[match[1], match[3] or ""] = match[2]
    return found


# Pinned packages


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_requirement_has_its_version_and_hashes_and_no_address(name: str) -> None:
    assert len(pins(name)) > 40
    assert "://" not in read(name)


def test_both_requirement_files_agree_on_what_they_share() -> None:
    use, work = pins("requirements.txt"), pins("requirements-dev.txt")
    shared = use.keys() & work.keys()
    assert {package for package, _ in use} <= {package for package, _ in work}
    assert {key: use[key] for key in shared} == {key: work[key] for key in shared}
    by_name = {package: version for (package, _), version in use.items()}
    assert {p: v for (p, _), v in work.items() if p in by_name} == by_name


def test_whatever_the_project_asks_for_is_pinned() -> None:
    project = tomllib.loads(read("pyproject.toml"))
    groups = project["dependency-groups"]
    asked = [
        *project["project"]["dependencies"],
        *project["project"]["optional-dependencies"]["postgresql"],
        *groups["build"],
    ]
    for name, wanted in (
        ("requirements.txt", asked),
        ("requirements-dev.txt", [*asked, *(each for each in groups["dev"] if str(each) == each)]),
    ):
        pinned = {package for package, _ in pins(name)}
        named = {re.split(r"[^A-Za-z0-9-]", each)[0].lower() for each in wanted}
        assert named - pinned == set(), name


# The Makefile


def test_make_alone_lists_every_target() -> None:
    listed = dict(re.findall(r"^  make (\S+) +(.+)$", make().stdout, re.MULTILINE))
    phony = re.search(r"^\.PHONY:((?:.*\\\n)*.*)$", read("Makefile"), re.MULTILINE)
    assert phony
    assert set(listed) == TARGETS == set(phony[1].replace("\\", " ").split())


@pytest.mark.parametrize("target", sorted(TARGETS - {"lock"}))
def test_every_target_can_be_planned(target: str) -> None:
    planned = make("--dry-run", target, "NAME=add payouts")
    assert (planned.returncode, planned.stderr) == (0, "")


def test_the_modules_that_make_runs_exist() -> None:
    recipes = re.findall(r"\$\(RUN\) -m ([\w.]+)", read("Makefile"))
    own = {module for module in recipes if module.startswith("salesdaemon")}
    assert own == {
        "salesdaemon",
        "salesdaemon.settings_example",
        "salesdaemon.sounds",
        "salesdaemon.store.revisions",
    }
    for module in own:
        path = ROOT / "src" / Path(*module.split("."))
        assert path.with_suffix(".py").is_file() or (path / "__main__.py").is_file()


@pytest.mark.parametrize(
    ("script", "told"),
    [
        (
            "#!/bin/sh\nexit 1\n",
            "salesdaemon needs Python 3.11 or newer; name one with make PYTHON=python3.11\n",
        ),
        (
            '#!/bin/sh\ncase "$*" in *ensurepip*) exit 1;; esac\n',
            "Python has no venv module here: install the package python3-venv\n",
        ),
    ],
    ids=["old Python", "no venv module"],
)
def test_a_python_that_will_not_do_is_refused_in_one_line(
    tmp_path: Path, script: str, told: str
) -> None:
    python = tmp_path / "python3"
    python.write_text(script, encoding="utf-8")
    python.chmod(0o755)
    asked = make("demo", f"VENV={tmp_path}/venv", f"PYTHON={python}")
    first, *rest = asked.stderr.splitlines(keepends=True)
    assert (asked.returncode, first) == (2, told)
    assert [line.startswith("make: ***") for line in rest] == [True]
    assert not (tmp_path / "venv").exists()


def test_ci_makes_all_that_check_does_and_the_demo() -> None:
    made = set(re.findall(r"\bmake ([a-z-]+)", read(".ci/run")))
    (parts,) = re.findall(r"^check: (.+?) ##", read("Makefile"), re.MULTILINE)
    assert made == {*parts.split(), "demo"}
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111


# The image


def instructions(keyword: str) -> list[str]:
    text = read("Dockerfile").replace("\\\n", " ")
    return re.findall(rf"^{keyword} +(.+)$", text, re.MULTILINE)


def test_the_image_runs_a_command_that_exists_as_a_user_of_its_own() -> None:
    (entry,), (command,) = instructions("ENTRYPOINT"), instructions("CMD")
    scripts = tomllib.loads(read("pyproject.toml"))["project"]["scripts"]
    assert json.loads(entry)[0] in scripts
    assert json.loads(command)[0] in {each.name for each in ENTRIES}
    assert instructions("USER") == ["salesdaemon"]
    assert instructions("VOLUME") == ["/var/lib/salesdaemon"]
    assert instructions("STOPSIGNAL") == ["SIGTERM"]


def test_the_image_installs_by_hash_from_a_pinned_python() -> None:
    assert instructions("ARG") == ["PYTHON=3.11.15-slim-bookworm"]
    assert [each.split(" ")[0] for each in instructions("FROM")] == ["python:${PYTHON}"] * 2
    installs = [each for each in instructions("RUN") if "pip" in each]
    assert "--require-hashes --no-build-isolation -r requirements.txt" in installs[0]
    assert "--no-build-isolation --no-deps" in installs[1]


def test_the_image_is_made_of_nothing_but_what_it_copies() -> None:
    allowed = {line[1:] for line in read(".dockerignore").splitlines() if line.startswith("!")}
    words = [shlex.split(each) for each in instructions("COPY")]
    copied = {source for each in words if "--from" not in each[0] for source in each[:-1]}
    assert copied == allowed
    assert all((ROOT / source).exists() for source in copied)
    assert read(".dockerignore").splitlines()[1] == "*"


def test_the_health_check_is_python_that_asks_the_port_of_the_default() -> None:
    (check,) = re.findall(r"HEALTHCHECK.*?CMD (\[.*\])", read("Dockerfile").replace("\\\n", " "))
    _python, _c, code = json.loads(check)
    ast.parse(code)
    assert f"'{Settings.model_fields['web'].default.port}'" in code
    assert "'/healthz'" in code


# The unit, and who may read what


def unit() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in read("deploy/salesdaemon.service").splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.startswith("# "):
            found.setdefault(key.lstrip("#"), []).append(value)
    return found


def test_the_unit_runs_a_command_that_exists_under_a_watchdog() -> None:
    (start,) = unit()["ExecStart"]
    program, *words = start.split()
    assert (Path(program).name, words) == (
        "salesdaemon",
        ["--config", "${CREDENTIALS_DIRECTORY}/config.toml", "run"],
    )
    assert {key: unit()[key] for key in ("Type", "StateDirectory", "DynamicUser")} == {
        "Type": ["notify"],
        "StateDirectory": ["salesdaemon"],
        "DynamicUser": ["yes"],
    }
    assert int(unit()["WatchdogSec"][0]) >= 60
    assert unit()["RestartPreventExitStatus"] == ["2 78"]


def secrets_of_compose() -> list[str]:
    return re.findall(r"^      - (salesdaemon_\w+)$", read("compose.yaml"), re.MULTILINE)


def secrets_of_unit() -> list[str]:
    return [
        value.partition(":")[0]
        for value in unit()["LoadCredential"]
        if value.startswith("salesdaemon_")
    ]


def test_unit_and_compose_name_secrets_that_the_settings_know(tmp_path: Path) -> None:
    assert secrets_of_compose() == secrets_of_unit()
    for name in secrets_of_compose():
        (tmp_path / name).write_text("a secret\n", encoding="utf-8")
    examples = example_shops()
    schema = Schema(Settings, {name: settings_model(slug) for name, slug in examples.items()})
    layer = read_secret_files(tmp_path, schema, [("shops", name) for name in examples])
    assert layer.problems == []
    for dotted in layer.origins:
        *table, key = dotted.split(".")
        assert key in schema.secrets(tuple(table)), dotted


def example_shops() -> dict[str, str]:
    example: dict[str, Any] = tomllib.loads(read("config.example.toml"))
    shops = {name: table["marketplace"] for name, table in example["shops"].items()}
    assert sorted(shops.values()) == sorted(available())
    return shops


def test_each_secret_of_compose_has_its_file() -> None:
    files = re.findall(
        r"^  (salesdaemon_\w+):\n    file: \./secrets/(\w+)$", read("compose.yaml"), re.MULTILINE
    )
    assert [name for name, _ in files] == secrets_of_compose()


def test_compose_takes_every_right_away() -> None:
    text = read("compose.yaml")
    wanted = ("read_only: true", "cap_drop:\n      - ALL", "no-new-privileges:true")
    assert [
        line for line in (*wanted, "restart: unless-stopped", "tmpfs:") if line not in text
    ] == []


@pytest.fixture
def systemd_run(tmp_path: Path) -> Path:
    """Put a stand-in for `systemd-run` into a folder: it prints what it is given."""
    fake = tmp_path / "systemd-run"
    fake.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n', encoding="utf-8")
    fake.chmod(0o755)
    return tmp_path


def run_salesdaemonctl(unit: Path, systemd_run: Path, *arguments: str) -> list[str]:
    done = subprocess.run(
        [ROOT / "deploy" / "salesdaemonctl", *arguments],
        env={"PATH": f"{systemd_run}:/usr/bin:/bin", "SALESDAEMON_UNIT": str(unit)},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def test_salesdaemonctl_runs_a_command_as_the_unit_would(systemd_run: Path) -> None:
    unit = ROOT / "deploy" / "salesdaemon.service"
    assert run_salesdaemonctl(unit, systemd_run, "sales", "--shop", "prints") == [
        *("--quiet", "--collect", "--wait", "--pipe"),
        *("--property=User=salesdaemon", "--property=DynamicUser=yes"),
        *("--property=StateDirectory=salesdaemon", "--property=StateDirectoryMode=0700"),
        "--property=UMask=0077",
        "--property=LoadCredential=config.toml:/etc/salesdaemon/config.toml",
        *("--", "/opt/salesdaemon/.venv/bin/salesdaemon"),
        *("--config", "${CREDENTIALS_DIRECTORY}/config.toml"),
        *("sales", "--shop", "prints"),
    ]


def test_salesdaemonctl_may_write_where_the_unit_may(systemd_run: Path, tmp_path: Path) -> None:
    unit = tmp_path / "salesdaemon.service"
    ours = read("deploy/salesdaemon.service")
    unit.write_text(ours.replace("UMask=", "ReadWritePaths=/srv/digests\nUMask="), "utf-8")
    assert "--property=ReadWritePaths=/srv/digests" in run_salesdaemonctl(
        unit, systemd_run, "digest", "daily", "--send"
    )
