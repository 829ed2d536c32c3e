"""What may stand where in the configuration: the settings models, walked by key.

The table of a shop has the model of its marketplace, which only the configuration itself tells.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Final, get_args, get_origin

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from salesdaemon.errors import Problem
from salesdaemon.marketplaces.base import ShopSettings

Keys = tuple[str, ...]
"""Where a value stands: `("mail", "port")`."""

NAME_RULE: Final = "a name is up to 64 of a-z, 0-9 and _, and begins with a letter."

_SENTENCES: Final = {
    "missing": "is missing.",
    "string_type": "must be text in quotes.",
    "int_type": "must be a whole number.",
    "int_parsing": "must be a whole number.",
    "int_from_float": "must be a whole number.",
    "int_parsing_size": "is too large a number.",
    "bool_parsing": "must be true or false.",
    "bool_type": "must be true or false.",
    "path_type": "must be a path in quotes.",
    "model_type": "must be a table.",
    "dict_type": "must be a table.",
    "tuple_type": "must be a list.",
    "list_type": "must be a list.",
    "time_delta_type": 'Write a length of time as "60s", "15m", "2h" or "1d".',
    "string_pattern_mismatch": NAME_RULE,
}


@dataclass(frozen=True, slots=True)
class Schema:
    """The models below `root`; `shops` holds the model of each shop whose marketplace is known."""

    root: type[BaseModel]
    shops: Mapping[str, type[ShopSettings]] = field(default_factory=dict)

    def at(self, path: Keys) -> Any:  # noqa: ANN401 - an annotation: a class or a generic alias
        """Return the type of the value at a path, None where nothing may stand."""
        kind: Any = self.root
        for depth, key in enumerate(path):
            kind = _below(kind, key)
            if depth == 1 and path[0] == "shops":
                kind = self.shops.get(key, kind)
        return kind

    def model(self, path: Keys) -> type[BaseModel] | None:
        """Return the model of the table at a path, None where there is none of fixed keys."""
        kind = self.at(path)
        return kind if _is_model(kind) else None

    def is_table(self, path: Keys) -> bool:
        """Tell whether a table stands at that path."""
        kind = self.at(path)
        return _is_model(kind) or get_origin(kind) is dict

    def is_table_list(self, path: Keys) -> bool:
        """Tell whether a list of tables stands at that path."""
        kind = self.at(path)
        return get_origin(kind) is tuple and _is_model(get_args(kind)[0])

    def secrets(self, path: Keys) -> set[str]:
        """Return the keys of the table at a path that hold secrets."""
        model = self.model(path)
        found = fields_of(model).items() if model else ()
        return {key for key, info in found if is_secret(info.annotation)}

    def keys(self, path: Keys) -> list[str]:
        """Return every key that the table at a path may have."""
        model = self.model(path)
        if model is None:
            return []
        return [*fields_of(model), *(f"{key}_file" for key in sorted(self.secrets(path)))]


def to_problems(error: ValidationError, schema: Schema, prefix: Keys = ()) -> list[Problem]:
    """Say in plain sentences what a model did not accept, one for each key, without values."""
    details = error.errors(include_input=False, include_url=False)
    return [_to_problem(detail, schema, prefix) for detail in details]


def unknown_key(key: str, known: list[str]) -> str:
    """Say that a key is unknown and name the nearest one that is known."""
    return f"unknown key; {suggest(key, known)}"


def suggest(word: str, known: list[str]) -> str:
    """Name the known word that is nearest, or all of them where none is near."""
    near = get_close_matches(word.lower(), known, n=1, cutoff=0.5)
    if near:
        return f"did you mean `{near[0]}`?"
    return f"known here: {', '.join(known)}." if known else "there are none here."


def is_secret(kind: Any) -> bool:  # noqa: ANN401 - an annotation: a class or a generic alias
    """Tell whether values of a type are secrets."""
    return kind is SecretStr or any(is_secret(part) for part in get_args(kind))


def fields_of(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """Return the fields of a table by the keys that the configuration uses."""
    return {info.alias or name: info for name, info in model.model_fields.items()}


def _to_problem(detail: ErrorDetails, schema: Schema, prefix: Keys) -> Problem:
    path = (*prefix, *(part for part in detail["loc"] if part != "[key]"))
    keys = tuple(map(str, path))
    return Problem(_dotted(path), _sentence(detail, schema, keys))


def _dotted(path: Sequence[str | int]) -> str:
    """Write where a value stands; entries of a list are counted from 1."""
    parts = (f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in path)
    return "".join(parts).removeprefix(".")


def _sentence(detail: ErrorDetails, schema: Schema, path: Keys) -> str:
    context = detail.get("ctx", {})
    match detail["type"]:
        case "value_error":
            return str(context["error"])
        case "extra_forbidden":
            return unknown_key(path[-1], schema.keys(path[:-1]))
        case "literal_error":
            words = str(context["expected"]).replace("'", "").replace(" or ", ", ")
            return f"must be one of: {words}."
        case "greater_than_equal":
            return f"must be at least {context['ge']}."
        case "less_than_equal":
            return f"must be at most {context['le']}."
    return _SENTENCES.get(detail["type"], "is not a value that this key takes.")


def _is_model(kind: Any) -> bool:  # noqa: ANN401 - an annotation: a class or a generic alias
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _below(kind: Any, key: str) -> Any:  # noqa: ANN401 - an annotation: a class or a generic alias
    """Return the type under a key, looking through `X | None` and `Annotated`."""
    if _is_model(kind):
        info = fields_of(kind).get(key)
        return _table_in(info.annotation) if info else None
    if get_origin(kind) is tuple and key.isdecimal():
        return get_args(kind)[0]
    return _table_in(get_args(kind)[1]) if get_origin(kind) is dict else None


def _table_in(kind: Any) -> Any:  # noqa: ANN401 - an annotation: a class or a generic alias
    """Return the table among a type's parts, the type itself where none of them is one."""
    if _is_model(kind) or get_origin(kind) in {dict, tuple}:
        return kind
    parts = [_table_in(part) for part in get_args(kind)]
    tables = [part for part in parts if _is_model(part) or get_origin(part) is dict]
    return tables[0] if tables else kind
