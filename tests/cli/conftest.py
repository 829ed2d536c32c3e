from pathlib import Path

import pytest

from tests.cli.commands import Installation
from tests.databases import SqliteFiles


@pytest.fixture
def cli(
    tmp_path: Path,
    sqlite_files: SqliteFiles,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Installation:
    """Give an empty folder, as the home of a seller who is in it, and a way to run commands."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("SALESDAEMON_CONFIG", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "STATE_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)
    return Installation(tmp_path, sqlite_files, capsys, monkeypatch)
