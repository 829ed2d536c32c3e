"""The daemon idles all day: what only a digest needs is loaded when a digest is made."""

import subprocess
import sys

import pytest

DIGEST_ONLY = ("aiosmtplib", "babel", "css_inline", "jinja2", "resvg_py")


@pytest.mark.parametrize("module", ["salesdaemon.daemon", "salesdaemon.digest.overrides"])
def test_what_only_a_digest_needs_is_not_loaded_at_the_start(module: str) -> None:
    program = f"import sys, {module}; print(sorted(set({DIGEST_ONLY!r}) & set(sys.modules)))"
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert ran.stdout == "[]\n"


def test_the_daemon_does_not_load_the_words_and_charts_of_digests_either() -> None:
    program = (
        "import sys, salesdaemon.daemon;"
        "print([name for name in sys.modules if name.startswith('salesdaemon.digest.')])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    loaded = {name.strip(" '[]\n") for name in ran.stdout.split(",")}
    assert loaded <= {"salesdaemon.digest.content"}
