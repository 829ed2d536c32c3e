"""What goes wrong as expected is told once, in a line."""

import logging
import sqlite3
from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine

from salesdaemon import log

LOGGERS = ("", "salesdaemon", "apscheduler", "apprise", "sqlalchemy.pool")


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    """Put the loggers back, which belong to the whole process."""
    handlers = list(logging.getLogger().handlers)
    levels = {name: logging.getLogger(name).level for name in LOGGERS}
    yield
    logging.getLogger().handlers[:] = handlers
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def test_what_sqlalchemy_says_of_a_cursor_that_was_cut_is_left_to_the_step_that_lost_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    log.configure(verbose=True)
    pool = create_engine("sqlite://").pool
    pool.logger.error("Error closing cursor", exc_info=sqlite3.OperationalError("it was cut"))
    assert capsys.readouterr().err == ""
