"""The configuration: read from every source, checked as a whole, all problems told at once.

Sources, the strongest first: environment variables, files of secrets, the TOML file. Start here;
`settings_models` holds the tables, `settings_values` how single values are written,
`settings_sources` reads and `settings_schema` knows which key may stand where.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from pydantic import ValidationError

from salesdaemon.errors import ConfigError, DomainError, Problem
from salesdaemon.marketplaces import available
from salesdaemon.marketplaces.base import ShopSettings
from salesdaemon.marketplaces.fields import TELLS_ACCOUNT
from salesdaemon.settings_digest import DigestSettings, put_aside_problems
from salesdaemon.settings_models import DatabaseSettings, Settings
from salesdaemon.settings_rules import Known, goal_problems, rule_problems
from salesdaemon.settings_schema import NAME_RULE, Schema, suggest, to_problems, unknown_key
from salesdaemon.settings_sources import (
    Layer,
    config_places,
    data_directory,
    find_config,
    merge,
    names_in,
    read_environment,
    read_secret_files,
    read_toml,
    take_from_files,
)
from salesdaemon.settings_values import is_name, sqlite_path

__all__ = ["Settings", "find_config", "load_settings", "settings_model"]

HOME_CURRENCY: Final = Settings.model_fields["currency"].default
SECRETS_DIRECTORY: Final = Path("/run/secrets")

Values = dict[str, Any]
LookFurther = Callable[[Mapping[str, Any]], Iterable[Problem]]
"""Finds more problems in the values of all sources together."""


def _no_further(_values: Mapping[str, Any]) -> Iterable[Problem]:
    return ()


def load_settings(
    path: Path | None,
    environ: Mapping[str, str],
    *,
    secrets_directory: Path = SECRETS_DIRECTORY,
    look_further: LookFurther = _no_further,
) -> Settings:
    """Read the configuration from a TOML file, files of secrets and the environment.

    Without a file the environment has to name a shop. `look_further` may find problems that take
    longer to find than a start may last.

    Raises:
        ConfigError: something is wrong or missing; holds every problem found.
    """
    layers = _read_layers(path, environ, secrets_directory)
    if path is None and "shops" not in _merged(layers):
        raise ConfigError([_no_file(environ)])
    schema = Schema(Settings, _shop_models(_merged(layers)))
    for layer in layers:
        take_from_files(layer, schema)
    settings, problems = _check(_merged(layers), schema, environ)
    problems = _explain([*problems, *look_further(_merged(layers))], layers)
    if settings is None or problems:
        raise ConfigError(problems, source=str(path) if path else None)
    return settings


def settings_model(slug: str) -> type[ShopSettings]:
    """Return the model of a marketplace's tables, without importing the rest of it.

    Raises:
        DomainError: there is no marketplace of that name.
    """
    if slug not in available():
        raise DomainError(f"There is no marketplace {slug!r}.", fix=f"Known: {available()}.")
    model: type[ShopSettings] = settings_module(slug).SETTINGS
    return model


def settings_module(slug: str) -> ModuleType:
    """Import the module that holds a marketplace's `SETTINGS` and `EXAMPLE`."""
    return import_module(f"salesdaemon.marketplaces.{slug}.settings")


def _read_layers(
    path: Path | None, environ: Mapping[str, str], secrets_directory: Path
) -> list[Layer]:
    """Read every source, the strongest first."""
    file = read_toml(path) if path else Layer()
    schema, named = Schema(Settings), names_in(file.values)
    given_by_systemd = environ.get("CREDENTIALS_DIRECTORY")
    folders = [Path(given_by_systemd)] if given_by_systemd else []
    return [
        read_environment(environ, schema, named),
        *(read_secret_files(each, schema, named) for each in [*folders, secrets_directory]),
        file,
    ]


def _merged(layers: Sequence[Layer]) -> Values:
    values: Values = {}
    for layer in reversed(layers):
        values = merge(values, layer.values)
    return values


def _no_file(environ: Mapping[str, str]) -> Problem:
    places = ", ".join(str(place) for place in config_places(environ))
    what = f"no configuration file found; looked for $SALESDAEMON_CONFIG, {places}."
    return Problem("", f"{what} Run `salesdaemon init` to write one.")


def _tables(values: Values, section: str) -> dict[str, Any]:
    tables = values.get(section)
    return tables if isinstance(tables, dict) else {}


def _shop_models(values: Values) -> dict[str, type[ShopSettings]]:
    """Find the model of each shop that names a marketplace we know."""
    slugs = {
        name: table.get("marketplace")
        for name, table in _tables(values, "shops").items()
        if isinstance(table, dict)
    }
    return {name: settings_model(slug) for name, slug in slugs.items() if slug in available()}


def _check(
    values: Values, schema: Schema, environ: Mapping[str, str]
) -> tuple[Settings | None, list[Problem]]:
    """Make the settings of merged values, or else find everything that is wrong with them."""
    problems = [*_take_unknown(values, schema), *_no_shops(values)]
    problems += [*_unknown_channels(values), *_rule_problems(values)]
    problems += goal_problems(_tables(values, "goals"), values.get("currency", HOME_CURRENCY))
    problems += put_aside_problems(_tables(values, "put_aside"))
    shops, shop_problems = _read_shops(values, schema)
    problems += [*shop_problems, *_shared_accounts(shops)]
    if isinstance(values.get("shops", {}), dict):
        values["shops"] = shops
    try:
        return Settings(**merge(_defaults(values, environ), values)), problems
    except ValidationError as error:
        return None, [*problems, *to_problems(error, schema)]


def _take_unknown(values: Values, schema: Schema) -> list[Problem]:
    """Take the sections away that do not exist; the root model would take some as its options."""
    known = schema.keys(())
    unknown = [key for key in values if key not in known]
    for key in unknown:
        del values[key]
    return [Problem(key, unknown_key(key, known)) for key in unknown]


def _no_shops(values: Values) -> list[Problem]:
    if values.get("shops"):
        return []
    return [Problem("shops", "no [shops.<name>] table; run `salesdaemon init`.")]


def _unknown_channels(values: Values) -> list[Problem]:
    """Find the channels to use that have no table; a broken list is reported elsewhere."""
    known = list(_tables(values, "channels"))
    return [
        Problem(f"{section}.channels", f"there is no [channels.{name}]; {suggest(name, known)}")
        for section in ("alerts", "digest")
        for name in _channels_of(_tables(values, section))
        if name not in known
    ]


def _channels_of(table: Values) -> tuple[str, ...]:
    try:
        return DigestSettings.model_validate({"channels": table.get("channels", ())}).channels
    except ValidationError:
        return ()


def _rule_problems(values: Values) -> Iterator[Problem]:
    """Find what is wrong with rules taken together; a broken table is reported elsewhere."""
    slugs = {
        name: str(table.get("marketplace")) if isinstance(table, dict) else ""
        for name, table in _tables(values, "shops").items()
    }
    known = Known(slugs, available(), list(_tables(values, "channels")))
    return rule_problems(_tables(values, "alerts").get("rules", ()), known)


def _read_shops(values: Values, schema: Schema) -> tuple[dict[str, ShopSettings], list[Problem]]:
    """Read each shop's table with the model of its marketplace."""
    shops: dict[str, ShopSettings] = {}
    problems: list[Problem] = []
    for name, table in _tables(values, "shops").items():
        if not is_name(name):
            problems.append(Problem(f"shops.{name}", NAME_RULE))
            continue
        try:
            shops[name] = _read_shop(name, table, schema)
        except ConfigError as error:
            problems += error.problems
    return shops, problems


def _read_shop(name: str, table: object, schema: Schema) -> ShopSettings:
    path = ("shops", name)
    if not isinstance(table, dict):
        raise ConfigError([Problem(".".join(path), "must be a table.")])
    if name not in schema.shops:
        raise ConfigError([_no_marketplace(name, table.get("marketplace"))])
    try:
        return schema.shops[name].model_validate(table)
    except ValidationError as error:
        raise ConfigError(to_problems(error, schema, path)) from None


def _no_marketplace(shop: str, slug: object) -> Problem:
    key = f"shops.{shop}.marketplace"
    if slug is None:
        return Problem(key, f"is missing; known: {', '.join(available())}.")
    if not isinstance(slug, str):
        return Problem(key, "must be text in quotes.")
    return Problem(key, f"unknown marketplace; {suggest(slug, available())}")


def _shared_accounts(shops: Mapping[str, ShopSettings]) -> list[Problem]:
    """Find shops whose tables show the same account of a marketplace."""
    first: dict[tuple[str, str, object], str] = {}
    problems = []
    for name, shop in shops.items():
        for key, value in _accounts(shop):
            other = first.setdefault((shop.marketplace, key, value), name)
            if other != name:
                what = f"is the same as in [shops.{other}]; an account belongs in one table."
                problems.append(Problem(f"shops.{name}.{key}", what))
    return problems


def _accounts(shop: ShopSettings) -> Iterator[tuple[str, object]]:
    for key, info in type(shop).model_fields.items():
        extra = info.json_schema_extra
        value = getattr(shop, key)
        if value is not None and isinstance(extra, dict) and extra.get(TELLS_ACCOUNT):
            yield key, value


def _defaults(values: Values, environ: Mapping[str, str]) -> Values:
    """Fill in what depends on the machine or on other keys."""
    folder = data_directory(environ)
    defaults = {"database": {"url": f"sqlite:///{folder / 'sales.db'}"}}
    try:
        database = DatabaseSettings.model_validate(
            {**defaults["database"], **_tables(values, "database")}
        )
        file = sqlite_path(database.url.get_secret_value())
    except ValidationError:
        file = None
    key_file = (file.parent if file else folder) / "secret.key"
    channels = list(_tables(values, "channels"))
    return {**defaults, "secrets": {"key_file": key_file}, "alerts": {"channels": channels}}


def _explain(problems: Sequence[Problem], layers: Sequence[Layer]) -> list[Problem]:
    """Add the sources' own problems, leave out what a lost file explains, name the variables."""
    own = [problem for layer in layers for problem in layer.problems]
    lost = {problem.key.removesuffix("_file") for problem in own}
    others = [problem for problem in problems if problem.key not in lost]
    return [_with_origin(problem, layers) for problem in (*own, *others)]


def _with_origin(problem: Problem, layers: Sequence[Layer]) -> Problem:
    origins = (
        origin
        for layer in layers
        for key, origin in layer.origins.items()
        if key == problem.key
        or key.startswith(f"{problem.key}.")
        or problem.key.startswith(f"{key}[")
    )
    origin = next(origins, None)
    return Problem(problem.key, f"{problem.what} (Set by {origin}.)") if origin else problem
