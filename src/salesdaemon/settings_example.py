"""Write `config.example.toml`, the manual of the configuration, from the settings models.

`python -m salesdaemon.settings_example` prints it; with `--check` it exits 1 when the file in
the current folder is not current. `init` writes its file by the same rules.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from textwrap import wrap
from types import MappingProxyType
from typing import Any, Final, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from salesdaemon.marketplaces import available
from salesdaemon.settings import settings_model, settings_module
from salesdaemon.settings_models import Settings
from salesdaemon.settings_schema import Keys, Schema, fields_of
from salesdaemon.settings_text import plain, toml_header, toml_value

FILE: Final = Path("config.example.toml")
_WIDTH: Final = 98
_HEAD: Final = """\
Configuration of salesdaemon. A line that begins with # and no space is a key switched off.
A key that is switched off or left out has its default: what is shown, unless its comment says
otherwise. Lengths of time are written as "200ms", "60s", "15m", "2h" or "1d".

Every key may also come from the environment, which wins: SALESDAEMON_MAIL__PORT is port in
[mail], SALESDAEMON_SHOPS__PRINTS__POLL_EVERY is poll_every in [shops.prints]. A secret may stand
in a file of its own: password_file = "/path" instead of password, or a file named like the
variable in lower case in $CREDENTIALS_DIRECTORY or /run/secrets."""
_NAMES: Final = {
    "channels": "phone",
    "goals": "rent",
    "put_aside": "tax",
    "products": "templates:Logo commission*",
}


def example_values() -> dict[str, Any]:
    """Return the settings that the example shows, as plain values."""
    values = _example_table(Settings)
    values["shops"] = {
        name: dict(table)
        for slug in available()
        for name, table in settings_module(slug).EXAMPLE.items()
    }
    for section in ("channels", "products"):
        values[section] = _named_example(section)
    del values["heartbeat"]
    return values


def _named_example(section: str) -> dict[str, Any]:
    """Return the one table that stands for a section whose tables have names of their own."""
    name = _NAMES[section]
    model = Schema(Settings).model((section, name))
    return {name: _example_table(model) if model else {}}


def render_config(values: Mapping[str, Any]) -> str:
    """Write settings as commented TOML; what they leave out is shown switched off.

    Every shop in them has to name its marketplace.
    """
    shops = {
        name: settings_model(table["marketplace"])
        for name, table in values.get("shops", {}).items()
    }
    schema = Schema(Settings, shops)
    blocks = [_comment(_HEAD), *_own_keys(Settings, values)]
    for section in fields_of(Settings):
        if schema.is_table((section,)):
            blocks += _section(section, values.get(section), schema)
    return "\n\n".join(blocks) + "\n"


def main(arguments: Sequence[str]) -> int:
    """Print the example, or compare it with the file; returns the exit code."""
    text = render_config(example_values())
    if "--check" not in arguments:
        sys.stdout.write(text)
        return 0
    if FILE.is_file() and FILE.read_text(encoding="utf-8") == text:
        return 0
    command = f"python -m salesdaemon.settings_example > {FILE}"
    sys.stderr.write(f"{FILE} is not current. Run `{command}`.\n")
    return 1


def _example_table(model: type[BaseModel]) -> dict[str, Any]:
    found = {key: _shown(info) for key, info in fields_of(model).items() if _is_shown(info)}
    for key in fields_of(model):
        inner = Schema(model).model((key,))
        if inner:
            found[key] = _example_table(inner)
    return found


def _is_shown(info: FieldInfo) -> bool:
    """Tell whether the example shows a key; one whose default no file can hold is switched off."""
    return _told_default(info) is None and _shown(info) is not None


def _shown(info: FieldInfo) -> Any:  # noqa: ANN401 - whatever TOML can say
    """Return the value that stands for a key: its example, else its default."""
    if info.examples:
        return info.examples[0]
    return None if info.is_required() else plain(info.get_default())


def _told_default(info: FieldInfo) -> str | None:
    extra = info.json_schema_extra
    told = extra.get("default") if isinstance(extra, dict) else None
    return str(told) if told else None


def _section(section: str, given: Mapping[str, Any] | None, schema: Schema) -> Iterator[str]:
    """Write one section, switched off where nothing is given for it."""
    if get_origin(schema.at((section,))) is dict:
        for name, table in (given or _shown_instead(section)).items():
            yield from _tables(schema, (section, name), table if given else None)
    else:
        yield from _tables(schema, (section,), given)


def _shown_instead(section: str) -> Mapping[str, Any]:
    """Return the tables that are shown, switched off, for a section that has none."""
    return _named_example(section) if section in _NAMES else example_values()[section]


def _tables(schema: Schema, path: Keys, given: Mapping[str, Any] | None) -> Iterator[str]:
    """Write a table under its header, then the tables in it."""
    model = schema.model(path)
    if model is None:
        return
    head = toml_header(path) if given is not None else f"#{toml_header(path)}"
    intro = (model.__doc__ or "").split("\n")[0]
    yield "\n".join([_comment(intro), head, *_own_keys(model, given or {})])
    for key in fields_of(model):
        if schema.is_table((*path, key)):
            yield from _tables(schema, (*path, key), (given or {}).get(key))
        elif schema.is_table_list((*path, key)):
            yield _list_entry(schema, (*path, key))


def _list_entry(schema: Schema, path: Keys) -> str:
    """Write one entry of a list of tables, switched off: it shows which keys there are."""
    model = schema.model((*path, "0"))
    if model is None:
        return ""
    shop, table = next(iter(example_values()["shops"].items()))
    shown = {"shop": shop, "marketplace": table["marketplace"]}
    intro = (model.__doc__ or "").split("\n")[0]
    return "\n".join([_comment(intro), f"#[{toml_header(path)}]", *_own_keys(model, {}, shown)])


def _own_keys(
    model: type[BaseModel],
    given: Mapping[str, Any],
    examples: Mapping[str, Any] = MappingProxyType({}),
) -> Iterator[str]:
    """Write the keys of a table; those that are not given show an example, switched off."""
    schema = Schema(model)
    for key, info in fields_of(model).items():
        if not schema.is_table((key,)) and not schema.is_table_list((key,)):
            value = given.get(key, examples.get(key, _shown(info)))
            line = f"{key} = {toml_value(value)}"
            yield "\n".join([_comment(_manual(info, value)), line if key in given else f"#{line}"])


def _manual(info: FieldInfo, value: object) -> str:
    """Return a key's sentence, with its default where another value is shown."""
    sentence = str(info.description)
    note = _note(info, value)
    between = "\n" if len(sentence) + len(note) >= _WIDTH else " "
    return f"{sentence}{between}{note}".rstrip()


def _note(info: FieldInfo, value: object) -> str:
    told = _told_default(info)
    if told:
        return f"Default: {told}."
    if info.is_required():
        return "Required."
    default = plain(info.get_default())
    if default is None:
        return "Optional."
    return "" if default == value else f"Default: {toml_value(default)}."


def _comment(*paragraphs: str) -> str:
    lines = [line for paragraph in paragraphs for line in paragraph.split("\n")]
    wrapped = [part for line in lines for part in wrap(line, _WIDTH) or [""]]
    return "\n".join(f"# {line}".rstrip() for line in wrapped)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
