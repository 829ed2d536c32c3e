import os
from pathlib import Path
from threading import Thread

import pytest

from salesdaemon.cli.files import write_text
from salesdaemon.errors import SalesDaemonError


def test_a_file_that_is_there_is_replaced(tmp_path: Path) -> None:
    file = tmp_path / "november.html"
    file.write_text("old and longer")
    write_text(file, "new")
    assert file.read_text() == "new"
    assert list(tmp_path.iterdir()) == [file]


def test_a_pipe_is_written_into_and_never_replaced(tmp_path: Path) -> None:
    # As root, /dev/stdout itself would be gone, for every program of the machine.
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = Thread(target=lambda: read.append(pipe.read_text()), daemon=True)
    reader.start()
    write_text(pipe, "new")
    reader.join(timeout=60)
    assert read == ["new"]
    assert pipe.is_fifo()


def test_a_link_goes_on_leading_to_its_file(tmp_path: Path) -> None:
    link, file = tmp_path / "latest.html", tmp_path / "elsewhere.html"
    file.write_text("old and longer")
    link.symlink_to(file)
    write_text(link, "new")
    assert link.is_symlink()
    assert file.read_text() == "new"


@pytest.mark.parametrize("name", ["", ".", "/", "no/such/folder.html"])
def test_where_no_file_can_be_it_is_said(tmp_path: Path, name: str) -> None:
    with pytest.raises(SalesDaemonError, match="cannot be written"):
        write_text(tmp_path / name if name.endswith("html") else Path(name), "new")
