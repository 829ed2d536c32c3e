"""Write a first configuration from a few answers: what `init` does."""

import os
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Protocol
from zoneinfo import ZoneInfo

from pydantic import BaseModel, SecretStr, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from salesdaemon.domain.digests import DigestKind
from salesdaemon.errors import SalesDaemonError
from salesdaemon.marketplaces import available
from salesdaemon.marketplaces.fields import ASKED
from salesdaemon.settings import find_config, load_settings, settings_model, settings_module
from salesdaemon.settings_example import render_config
from salesdaemon.settings_models import ChannelSettings, MailSettings, Settings
from salesdaemon.settings_schema import NAME_RULE, Schema, fields_of, is_secret, to_problems
from salesdaemon.settings_text import plain
from salesdaemon.settings_values import is_name

LOCAL_TIME: Final = Path("/etc/localtime")
_CHANNEL: Final = "phone"
_CHANNEL_HELP: Final = """\
Where should it ring? Any Apprise URL will do, for example
  Pushover  pover://USER_KEY@APP_TOKEN
  ntfy      ntfys://ntfy.sh/A_TOPIC_NOBODY_GUESSES
  Telegram  tgram://BOT_TOKEN/CHAT_ID"""
_MAIL_KEYS: Final = ("host", "port", "security", "username", "password", "from", "to")
_MADE_FOR: Final = {"pover": "cashregister"}
"""The sound of a till, by the URLs of the services that have one."""


class Prompt(Protocol):
    """Whoever answers the questions. A prompt that has no more answers raises."""

    def tell(self, text: str) -> None:
        """Show a text."""
        ...

    def ask(self, text: str, default: str | None = None, *, hidden: bool = False) -> str:
        """Ask for one line. A blank answer is the default; None takes no blank answer.

        Hidden input is not echoed.
        """
        ...

    def confirm(self, text: str, *, default: bool) -> bool:
        """Ask for yes or no."""
        ...

    def choose(self, text: str, options: Mapping[str, str]) -> Sequence[str]:
        """Ask for any number of the options, which are labels by name; return the names."""
        ...


def initialise(
    path: Path,
    prompt: Prompt,
    environ: Mapping[str, str],
    *,
    local_time: Path = LOCAL_TIME,
) -> list[str]:
    """Ask, write the configuration with mode 0600 and return the next steps, a line each.

    A file that is there already is only replaced after a yes.

    Raises:
        SalesDaemonError: the file cannot be written.
        ConfigError: the file was written, but something in the environment is wrong.
    """
    replaces = path.exists()
    if replaces and not prompt.confirm(f"{path} is there already. Replace it?", default=False):
        return [f"{path} was left as it is."]
    values = _ask_everything(prompt, local_zone(environ, local_time))
    write_private(path, render_config(values), replace=replaces)
    load_settings(path, environ)
    return _next_steps(path, values, environ)


def local_zone(environ: Mapping[str, str], local_time: Path = LOCAL_TIME) -> str:
    """Return this machine's time zone by its IANA name, UTC where it has none."""
    linked = str(local_time.readlink()) if local_time.is_symlink() else ""
    for name in (environ.get("TZ", "").removeprefix(":"), linked.partition("zoneinfo/")[2]):
        if name and _is_zone(name):
            return name
    return "UTC"


def write_private(path: Path, text: str, *, replace: bool) -> None:
    """Write a file that its owner alone can read.

    Raises:
        SalesDaemonError: it cannot be written, or is there although nothing was to be replaced.
    """
    fresh = path.with_name(f"{path.name}.new") if replace else path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if replace:
            fresh.unlink(missing_ok=True)  # left behind where an earlier attempt was killed
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        if replace:
            fresh.replace(path)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise SalesDaemonError(f"{fresh} cannot be written: {reason}.") from error


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def _ask_everything(prompt: Prompt, zone: str) -> dict[str, Any]:
    values = {
        "timezone": _ask_key(prompt, Settings, "timezone", zone),
        "currency": _ask_key(prompt, Settings, "currency"),
        "shops": _ask_shops(prompt),
    }
    channel = _ask_channel(prompt)
    if channel:
        values["channels"] = {_CHANNEL: channel}
    if prompt.confirm("Send digests by mail: the day, the week, the month?", default=True):
        values["mail"] = _ask_keys(prompt, MailSettings, _MAIL_KEYS)
    else:
        values["digest"] = {kind.value: "off" for kind in DigestKind}
    return values


def _ask_shops(prompt: Prompt) -> dict[str, dict[str, Any]]:
    labels = {slug: _label(slug) for slug in available()}
    chosen = prompt.choose("Where do you sell?", labels)
    while not chosen:
        prompt.tell("Choose at least one.")
        chosen = prompt.choose("Where do you sell?", labels)
    shops: dict[str, dict[str, Any]] = {}
    for slug in chosen:
        name = _ask_shop_name(prompt, slug, taken=shops)
        shops[name] = {"marketplace": slug, **_ask_shop(prompt, slug)}
    return shops


def _ask_shop_name(prompt: Prompt, slug: str, *, taken: Mapping[str, object]) -> str:
    suggested = next(iter(settings_module(slug).EXAMPLE))
    while True:
        name = prompt.ask(f"A name of your own for your shop at {_label(slug)}", suggested).strip()
        if is_name(name) and name not in taken:
            return name
        prompt.tell(f"{name} is taken." if name in taken else NAME_RULE)


def _ask_shop(prompt: Prompt, slug: str) -> dict[str, Any]:
    model = settings_model(slug)
    if model.__doc__:
        prompt.tell(model.__doc__.split("\n")[0])
    asked = [key for key, info in fields_of(model).items() if _is_asked(info)]
    return _ask_keys(prompt, model, [key for key in asked if key != "marketplace"])


def _is_asked(info: FieldInfo) -> bool:
    extra = info.json_schema_extra
    return info.is_required() or (isinstance(extra, dict) and bool(extra.get(ASKED)))


def _label(slug: str) -> str:
    return settings_model(slug).model_config.get("title") or slug


def _ask_channel(prompt: Prompt) -> dict[str, Any] | None:
    prompt.tell(_CHANNEL_HELP)
    if not prompt.confirm("Do you have such a URL at hand?", default=True):
        return None
    url = _ask_key(prompt, ChannelSettings, "url")
    sound = _ask_key(prompt, ChannelSettings, "sound", _MADE_FOR.get(url.partition("://")[0]))
    return {"url": url, **({"sound": sound} if sound else {})}


def _ask_keys(prompt: Prompt, model: type[BaseModel], keys: Sequence[str]) -> dict[str, Any]:
    answers = {key: _ask_key(prompt, model, key) for key in keys}
    return {key: answer for key, answer in answers.items() if answer is not None}


def _ask_key(prompt: Prompt, model: type[BaseModel], key: str, default: str | None = None) -> Any:  # noqa: ANN401 - a value of the key's own type, as TOML writes it
    """Ask for the value of a key until its model takes it; None where it was left open."""
    info = fields_of(model)[key]
    if not default and not info.is_required():
        default = _as_answer(plain(info.get_default()))
    hidden = is_secret(info.annotation)
    prompt.tell(str(info.description))
    while True:
        answer = prompt.ask(key, default, hidden=hidden).strip()
        if not answer and not info.is_required():
            return None
        try:
            value = TypeAdapter(info.rebuild_annotation()).validate_python(answer)
        except ValidationError as error:
            prompt.tell(f"{key} {to_problems(error, Schema(model))[0].what}")
            continue
        return value.get_secret_value() if isinstance(value, SecretStr) else plain(value)


def _as_answer(value: object) -> str:
    return "" if value is None else str(value)


def _next_steps(path: Path, values: Mapping[str, Any], environ: Mapping[str, str]) -> list[str]:
    found = find_config(environ, None)
    known = found is not None and found.resolve() == path.resolve()
    command = "salesdaemon" if known else f"salesdaemon --config {shlex.quote(str(path))}"
    steps = [f"{command} auth {shop}: sign in, or check the token." for shop in values["shops"]]
    steps.append(f"{command} check: try the database, every shop and every channel.")
    if "channels" in values:
        steps.append(f"{command} test-alert: hear the first ka-ching.")
    written = f"{path} is written; nobody but you can read it. Next:"
    return [written, *steps, f"{command} run: start the daemon."]
