"""Settings as text: for `config show`, for the example file and for the file `init` writes."""

import json
import re
import stat
from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, SecretStr

from salesdaemon.domain.digests import Schedule
from salesdaemon.settings_models import Settings
from salesdaemon.settings_schema import fields_of
from salesdaemon.settings_values import MASK, mask_url

_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")
_UNITS: Final = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))
"""The largest unit wins that a length holds twice: "60s" stays what it is."""


def mask(settings: Settings) -> dict[str, Any]:
    """Return the settings as plain values in the order of the manual, secrets hidden.

    Of a database's address only the password is hidden. Keys without a value are left out.
    """
    values = _table(settings)
    values["database"]["url"] = mask_url(settings.database.url.get_secret_value())
    return values


def render_toml(values: Mapping[str, Any]) -> str:
    """Write plain values as TOML; empty tables are left out."""
    return "\n".join(_blocks(values, ())).lstrip("\n")


def toml_value(value: object) -> str:
    """Write one value as TOML: text, a number, true or false, or a list of these."""
    if isinstance(value, list):
        return f"[{', '.join(toml_value(each) for each in value)}]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def toml_header(path: tuple[str, ...]) -> str:
    """Write the header of a table: `[shops.prints]`."""
    return f"[{'.'.join(_key(part) for part in path)}]"


def plain(value: object) -> Any:  # noqa: ANN401 - whatever JSON and TOML can say
    """Return a setting's value as it is written in the configuration, secrets hidden."""
    for kind, write in _WRITERS:
        if isinstance(value, kind):
            return write(value)
    return value


def others_can_read(path: Path) -> bool:
    """Tell whether any user of this machine can read a file; its group may be the daemon's."""
    return bool(path.stat().st_mode & stat.S_IROTH)


def _table(model: BaseModel) -> dict[str, Any]:
    names = fields_of(type(model)), type(model).model_fields
    found = {key: getattr(model, name) for key, name in zip(*names, strict=True)}
    return {key: plain(value) for key, value in found.items() if value is not None}


def _duration(length: timedelta) -> str:
    seconds = length.total_seconds()
    if seconds == 0:
        return "0s"
    for unit, size in _UNITS:
        if seconds % size == 0 and (seconds >= 2 * size or size == 1):
            return f"{int(seconds // size)}{unit}"
    return f"{seconds * 1000:g}ms"


def _number(value: Decimal) -> int | str:
    return int(value) if value == int(value) else str(value)


def _blocks(values: Mapping[str, Any], path: tuple[str, ...]) -> list[str]:
    """Write a table's own keys, then the tables in it; each block begins with an empty line."""
    own = {key: value for key, value in values.items() if not _holds_tables(value)}
    lines = [f"{_key(key)} = {toml_value(value)}\n" for key, value in own.items()]
    head = [f"{toml_header(path)}\n"] if path else []
    blocks = ["".join([*head, *lines])] if lines else []
    for key, value in values.items():
        if isinstance(value, dict):
            blocks += _blocks(value, (*path, key))
        elif _holds_tables(value):
            blocks += [_entry(each, (*path, key)) for each in value]
    return blocks


def _holds_tables(value: object) -> bool:
    """Tell whether a value is a table, or a list of tables."""
    return isinstance(value, dict) or (
        isinstance(value, list) and any(isinstance(each, dict) for each in value)
    )


def _entry(table: Mapping[str, Any], path: tuple[str, ...]) -> str:
    """Write one of a list of tables."""
    lines = [f"{_key(key)} = {toml_value(value)}\n" for key, value in table.items()]
    return "".join([f"[{toml_header(path)}]\n", *lines])


def _key(key: str) -> str:
    return key if _BARE_KEY.fullmatch(key) else toml_value(key)


_WRITERS: Final[tuple[tuple[type, Callable[[Any], Any]], ...]] = (
    (BaseModel, _table),
    (dict, lambda values: {key: plain(value) for key, value in values.items()}),
    (tuple, lambda values: [plain(value) for value in values]),
    (SecretStr, lambda _: MASK),
    (timedelta, _duration),
    (Schedule, str),
    (Decimal, _number),
    (Path, str),
)
