"""The owner at a terminal and a browser, signing in to the Etsy shop."""

import subprocess
from contextlib import closing
from http.client import HTTPConnection
from urllib.parse import urlsplit

from tests.end_to_end.stage import COMMAND, Stage


def start(stage: Stage, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, "--config", str(stage.config), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def sign_in(stage: Stage) -> str:
    """Sign in as an owner would who pastes; returns the last line that `auth` printed."""
    command = start(stage, "auth", "prints", "--paste")
    assert command.stdout is not None
    address = command.stdout.readline().strip()
    printed, said = command.communicate(approve(address) + "\n", timeout=60)
    assert command.returncode == 0, said
    return printed.splitlines()[-1]


def approve(address: str) -> str:
    """Allow access in the browser; returns the address it is sent to, which does not load."""
    parts = urlsplit(address)
    with closing(HTTPConnection(parts.netloc, timeout=10)) as browser:
        browser.request("GET", f"{parts.path}?{parts.query}")
        answer = browser.getresponse()
        assert answer.status == 302, answer.read()
        return answer.headers["location"]
