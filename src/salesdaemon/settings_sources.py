"""Where settings come from: environment variables, files of secrets, the TOML file.

Each source becomes a `Layer` of nested plain values; `settings` lays the strongest on top.
"""

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from salesdaemon.errors import ConfigError, Problem
from salesdaemon.settings_schema import Keys, Schema

PREFIX: Final = "SALESDAEMON_"
CONFIG_VARIABLE: Final = "SALESDAEMON_CONFIG"
_NAMED_TABLES: Final = ("shops", "channels", "goals", "put_aside")
_PLACE: Final = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


@dataclass(frozen=True, slots=True)
class Layer:
    """The settings of one source. `origins` says by dotted key which variable or file gave it."""

    values: dict[str, Any] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def find_config(environ: Mapping[str, str], explicit: Path | None) -> Path | None:
    """Return the configuration file to read, None where there is none.

    A path that was named, in the call or in `SALESDAEMON_CONFIG`, is returned unseen.
    """
    if explicit is not None:
        return explicit
    if environ.get(CONFIG_VARIABLE):
        return Path(environ[CONFIG_VARIABLE])
    return next((path for path in config_places(environ) if _is_file(path)), None)


def config_places(environ: Mapping[str, str]) -> list[Path]:
    """Return where the configuration is looked for, in this order."""
    return [
        Path("config.toml"),
        _base_directory(environ, "XDG_CONFIG_HOME", ".config") / "salesdaemon" / "config.toml",
        Path("/etc/salesdaemon/config.toml"),
    ]


def data_directory(environ: Mapping[str, str]) -> Path:
    """Return where the store and its key are kept unless the configuration says otherwise."""
    given_by_systemd = environ.get("STATE_DIRECTORY", "").split(":")[0]
    if given_by_systemd:
        return Path(given_by_systemd)
    return _base_directory(environ, "XDG_DATA_HOME", ".local/share") / "salesdaemon"


def read_toml(path: Path) -> Layer:
    """Read the configuration file.

    Raises:
        ConfigError: it is missing, cannot be read or is no TOML.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
        return Layer(_parse(text))
    except FileNotFoundError:
        what = f"there is no file {path}. Run `salesdaemon init` to write one."
    except OSError as error:
        what = f"{path} cannot be read: {_reason(error)}."
    except UnicodeDecodeError:
        what = f"{path} is not UTF-8 text."
    except ValueError as error:
        what = f"{path} is not valid TOML: {error}"
    raise ConfigError([Problem("", what)])


def read_environment(environ: Mapping[str, str], schema: Schema, named: Iterable[Keys]) -> Layer:
    """Gather the variables `SALESDAEMON_SECTION__KEY`; `named` are tables with names of their own.

    A variable without `__` that is no setting is somebody else's.
    """
    layer = Layer()
    for variable in sorted(environ):
        if variable.startswith(PREFIX) and variable != CONFIG_VARIABLE:
            _place(layer, variable, environ[variable], schema, named)
    return layer


def read_secret_files(directory: Path, schema: Schema, named: Iterable[Keys]) -> Layer:
    """Gather the files named like a variable in lower case: systemd's and Docker's secrets."""
    layer = Layer()
    try:
        paths = sorted(directory.glob(f"{PREFIX.lower()}*"))
    except OSError:
        return layer
    for path in paths:
        try:
            _place(layer, path.name, _read_secret(path), schema, named, origin=str(path))
        except ValueError as error:
            layer.problems.append(Problem("", str(error)))
    return layer


def take_from_files(layer: Layer, schema: Schema) -> None:
    """Put a secret's value in the place of each `KEY_file` that names where it stands."""
    _take(layer, schema, (), layer.values)


def expand(path: str) -> Path:
    """Read a path with `~` for the home directory, where there is one."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


def merge(weaker: dict[str, Any], stronger: Mapping[str, Any]) -> dict[str, Any]:
    """Lay one source on top of another, table by table, in a new dictionary."""
    merged = dict(weaker)
    for key, value in stronger.items():
        below = merged.get(key)
        merged[key] = (
            merge(below if isinstance(below, dict) else {}, value)
            if isinstance(value, dict)
            else value
        )
    return merged


def _base_directory(environ: Mapping[str, str], variable: str, default: str) -> Path:
    """Follow the XDG base directory rules: a relative path counts as none."""
    given = environ.get(variable, "")
    if given.startswith("/"):
        return Path(given)
    return Path(environ.get("HOME") or "/") / default


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a folder that we may not look into, such as root's
        return False


def _parse(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(_toml_fault(str(error), text)) from None


def _toml_fault(message: str, text: str) -> str:
    """Put the place first; the parser's message quotes no more of the file than one character."""
    place = _PLACE.search(message)
    what = message[: place.start()] if place else message
    *lines, last = text.split("\n")
    line, column = (place[1], place[2]) if place and place[1] else (len(lines) + 1, len(last) + 1)
    return f"line {line}, column {column}: {what[:1].lower()}{what[1:]}."


def _place(
    layer: Layer,
    name: str,
    text: str,
    schema: Schema,
    named: Iterable[Keys],
    *,
    origin: str | None = None,
) -> None:
    """Put the value of a variable, or of a file named like one, where its name says."""
    keys = _keys(name[len(PREFIX) :].lower(), named)
    if len(keys) == 1 and schema.at(keys) is None:
        return
    dotted = ".".join(keys)
    layer.origins[dotted] = origin or name
    try:
        value = _table(text) if schema.is_table(keys) else text
    except ValueError as error:
        layer.problems.append(Problem(dotted, str(error)))
        return
    table: Any = layer.values
    for key in keys[:-1]:
        table = table.setdefault(key, {}) if isinstance(table, dict) else None
    if isinstance(table, dict):
        table[keys[-1]] = value
    else:
        layer.problems.append(Problem(dotted, "stands below a key that is no table."))


def _keys(name: str, named: Iterable[Keys]) -> Keys:
    """Split a variable's name at `__`, but not within a name of the seller's own."""
    for keys in sorted(named, key=lambda keys: len(keys[1]), reverse=True):
        start = "__".join(keys) + "__"
        if name.startswith(start):
            return (*keys, *name[len(start) :].split("__"))
    return tuple(name.split("__"))


def names_in(values: Mapping[str, Any]) -> list[Keys]:
    """Return the tables whose names are the seller's own: `("shops", "prints")`."""
    return [
        (section, name)
        for section in _NAMED_TABLES
        if isinstance(values.get(section), dict)
        for name in values[section]
    ]


def _table(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise ValueError("is a table: name the key after two more underscores, or give JSON.")  # noqa: TRY004 - one kind of error for one kind of reader
    return value


def _take(layer: Layer, schema: Schema, path: Keys, table: dict[str, Any]) -> None:
    for key in sorted(schema.secrets(path)):
        _take_one(layer, path, table, key)
    for key, value in table.items():
        if isinstance(value, dict):
            _take(layer, schema, (*path, key), value)


def _take_one(layer: Layer, path: Keys, table: dict[str, Any], key: str) -> None:
    named = f"{key}_file"
    if named not in table:
        return
    dotted = ".".join((*path, named))
    source = table.pop(named)
    if key in table:
        what = f"is given beside `{key}`; keep one of the two."
        layer.problems.append(Problem(dotted, what))
        return
    try:
        table[key] = _read_named(source)
    except ValueError as error:
        layer.problems.append(Problem(dotted, str(error)))


def _read_named(source: object) -> str:
    if not isinstance(source, str):
        raise ValueError("must be a path in quotes.")  # noqa: TRY004 - one kind of error for one kind of reader
    return _read_secret(expand(source))


def _read_secret(path: Path) -> str:
    try:
        return path.read_bytes().decode().rstrip("\r\n")
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {_reason(error)}.") from error
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not UTF-8 text.") from None


def _reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()
