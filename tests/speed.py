"""Spare the tests work that is no part of any claim: what one did already, or what nobody needs."""

import gc
import os
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import Compiled

NOBODY = Path(__file__).parent / "data" / "nobody.pem"
"""An authority that expired and whose key is gone."""


def install() -> None:
    """Hurry this process and those that it starts."""
    _keep_bytecode()
    _trust_nobody()
    event.listen(Engine, "engine_connect", _share_statements)


def spare_what_stays() -> None:
    """Leave what is there by now, the tests and what they import, out of garbage collection."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def _keep_bytecode() -> None:
    """Let workers, and programs that tests start, read modules that were compiled before."""
    sys.dont_write_bytecode = False
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def _trust_nobody() -> None:
    """Give HTTP clients one authority to read, not all 140 that the world trusts.

    No test leaves this machine, and reading those takes 20 ms for each client.
    """
    os.environ["SSL_CERT_FILE"] = str(NOBODY)


class _Statements(dict[tuple[Any, ...], Compiled]):
    """Compiled statements, by all of SQLAlchemy's key but the dialect: each engine has its own."""

    def get(self, key: tuple[Any, ...], default: Any = None) -> Any:
        return super().get(key[1:], default)

    def __setitem__(self, key: tuple[Any, ...], compiled: Compiled) -> None:
        super().__setitem__(key[1:], compiled)


_STATEMENTS: dict[str, _Statements] = {}


def _share_statements(connection: Connection) -> None:
    """Compile a statement once for all engines of a kind of database; each test opens some."""
    statements = _STATEMENTS.setdefault(connection.dialect.name, _Statements())
    connection.execution_options(compiled_cache=statements)
