"""The demo as a newcomer meets it: a command that shows the product alive and leaves nothing."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

MARK = "DEMO_UNDER_TEST"
TABLE = "Shop                 orders  stored  sold meanwhile  rung"
# What a seller's shell may hold, and the demo has to do without.
ASTRAY = {"SALESDAEMON_ALERTS__KINDS__SALE": "off", "HTTP_PROXY": "http://127.0.0.1:9/"}
VERDICT = "The store equals the shops' own books, and every sale rang once."


class Demos:
    """Starts demos whose processes can be told from all others by a mark in their environment."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mark = uuid4().hex
        self.digest = folder / "out" / "digest.html"
        self._started: list[subprocess.Popen[str]] = []

    def start(self, *options: str) -> subprocess.Popen[str]:
        child = subprocess.Popen(
            [sys.executable, "-m", "salesdaemon", "demo", "--out", str(self.digest), *options],
            cwd=self.folder,
            env={**os.environ, **ASTRAY, MARK: self.mark, "TMPDIR": str(self.folder)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        self._started.append(child)
        return child

    def survivors(self) -> list[int]:
        """Return the processes of this test's demos that still run."""
        wanted = f"{MARK}={self.mark}".encode()
        return [pid for pid in map(int, _pids()) if wanted in _environment_of(pid).split(b"\0")]

    def close(self) -> None:
        for child in self._started:
            child.kill()
            child.wait()
            if child.stdout is not None:
                child.stdout.close()
        for pid in self.survivors():
            os.kill(pid, signal.SIGKILL)


def _pids() -> Iterator[str]:
    return (entry.name for entry in Path("/proc").iterdir() if entry.name.isdigit())


def _environment_of(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return b""


@pytest.fixture
def demos(tmp_path: Path) -> Iterator[Demos]:
    demos = Demos(tmp_path)
    try:
        yield demos
    finally:
        demos.close()


def _read_until(child: subprocess.Popen[str], wanted: str) -> str:
    assert child.stdout is not None
    lines = []
    for line in child.stdout:
        lines.append(line)
        if wanted in line:
            return line
    pytest.fail(f"The demo ended without {wanted!r}: {''.join(lines)}")


def test_it_rings_for_sales_shows_the_digest_and_leaves_no_process_behind(demos: Demos) -> None:
    demo = demos.start("--seconds", "6")
    shown, _ = demo.communicate()
    assert demo.returncode == 0, shown
    rings = re.findall(
        r"^\d\d:\d\d:\d\d  🔔 (Ka-ching! .*?) \| (.*?) \| (\w+) \|", shown, re.MULTILINE
    )
    assert rings == [
        ("Ka-ching! US$12.00", "1 × Icon pack", "templates"),
        ("Ka-ching! €6.50", "1 × Weekly planner, printable", "prints"),
    ]
    assert "A buyer at Etsy orders Star map, printable and does not pay yet: no ring.\n" in shown
    assert "\n2 sales, all without any work\n" in shown
    assert "Weekly planner, printable\n" in shown
    assert "\nTHE LAST 30 DAYS" in shown
    assert f"The same as a mail would show it: {demos.digest}\n" in shown
    assert shown.splitlines()[-4:] == [
        TABLE,
        "prints (Etsy)            42      42               1     1",
        "templates (Gumroad)      41      41               1     1",
        VERDICT,
    ]
    assert demos.digest.read_text(encoding="utf-8").lstrip().lower().startswith("<!doctype html>")
    assert demos.survivors() == []
    assert [path.name for path in demos.folder.iterdir()] == ["out"]


def test_ctrl_c_ends_it_with_the_summary(demos: Demos) -> None:
    demo = demos.start()
    _read_until(demo, "Ka-ching!")
    demo.send_signal(signal.SIGINT)
    shown, _ = demo.communicate()
    assert (demo.returncode, shown.splitlines()[-1]) == (0, VERDICT)
    assert demos.survivors() == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_however_it_is_killed_its_children_end(demos: Demos, number: signal.Signals) -> None:
    demo = demos.start()
    _read_until(demo, "Watching 2 shops")
    assert len(demos.survivors()) >= 4  # itself, two shops, the daemon
    demo.send_signal(number)
    demo.communicate()
    while demos.survivors():
        time.sleep(0.05)


def test_a_digest_without_a_place_is_refused_before_anything_starts(demos: Demos) -> None:
    demos.digest.parent.write_text("not a folder", encoding="utf-8")
    demo = demos.start()
    shown, _ = demo.communicate()
    refusal = f"The folder {demos.digest.parent} cannot be made (file exists)."
    assert (demo.returncode, shown) == (1, f"{refusal} Name another file with --out.\n")
