"""Apprise's plugins: found, built and quietened one class at a time.

Apprise is imported by the first call, never by importing this module. A scheme in
`services.PLUGINS` costs its own module alone; any other makes Apprise load all of them.
"""

import contextlib
import difflib
import importlib
import logging
import re
import sys
import threading
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from types import ModuleType
from typing import Any, Protocol, cast

from salesdaemon.errors import DeliveryError
from salesdaemon.notify.corrections import correct
from salesdaemon.notify.exchange import never_wait
from salesdaemon.notify.services import OTHER_NAMES, PLUGINS, SERVICES, UNKNOWN_SERVICE, Service

CONNECT_TIMEOUT_SECONDS = 4
READ_TIMEOUT_SECONDS = 10

# Our own sound, under the name that each service sends it by once its owner has put it there.
OWN_SOUND = "kaching"
OWN_SOUNDS: Mapping[str, str] = {
    "bark": f"{OWN_SOUND}.caf",
    "pushover": OWN_SOUND,
    "pushy": f"{OWN_SOUND}.caf",
}

_SCHEME = re.compile(r"\s*([A-Za-z0-9]{1,15})://", re.ASCII)
_URGENCY_ARGUMENTS = ("priority", "urgency", "level", "severity")
_QUIETEST_FIRST = (
    "min",
    "silent",
    "passive",
    "lowest",
    "low",
    "info",
    "p5",
    "normal",
    "standard",
    "default",
)


class Plugin(Protocol):
    """What we use of Apprise's NotifyBase."""

    service_name: object  # a string or a translation that becomes one
    protocol: str | tuple[str, ...] | None
    secure_protocol: str | tuple[str, ...] | None
    templates: tuple[str, ...]
    template_args: Mapping[str, Mapping[str, Any]]
    requirements: Mapping[str, Any]
    enabled: bool
    title_maxlen: int
    body_maxlen: int
    overflow_amalgamate_title: bool
    schema: str
    host: str
    secure: bool

    def resolve_format(self, body_format: str) -> object:
        """Return the format that text of `body_format` is sent in."""

    def dialect_convert(self, body: str, body_format: object) -> str:
        """Turn a body into the service's own markup."""

    @staticmethod
    def sound_lookup(lookup: str) -> object:
        """Return LaMetric's sound with a name that begins like this."""


class Loudness(Enum):
    """How a message is to be heard; each leaves through a plugin instance of its own."""

    RING = auto()
    PLAIN = auto()
    SILENT = auto()


@dataclass(frozen=True, slots=True)
class Address:
    """A channel's URL as Apprise reads it: a plugin class and what its constructor gets."""

    channel: str
    plugin: type[Plugin]
    arguments: Mapping[str, Any]

    @property
    def service(self) -> Service:
        """Return our line on the service, an empty one where there is none."""
        return SERVICES.get(module_name(self.plugin), UNKNOWN_SERVICE)


def module_name(plugin: type[Plugin]) -> str:
    """Return Apprise's name for a plugin's module or package, such as `pushover`."""
    return plugin.__module__.removeprefix("apprise.plugins.").partition(".")[0]


def declared_arguments(plugin: type[Plugin]) -> Mapping[str, Mapping[str, Any]]:
    """Return what may stand behind the question mark of the plugin's URLs."""
    return plugin.template_args


def declared_schemes(plugin: Plugin | type[Plugin]) -> tuple[str, ...]:
    """Return the schemes a plugin answers to, the encrypted ones first."""
    found: list[str] = []
    for declared in (plugin.secure_protocol, plugin.protocol):
        found.extend([declared] if isinstance(declared, str) else declared or ())
    return tuple(found)


def read_address(channel: str, url: str) -> Address:
    """Read a channel's URL without opening a connection.

    Raises:
        DeliveryError: permanent; the URL cannot be used, in words that do not show it.
    """
    match = _SCHEME.match(url)
    if match is None:
        raise _unusable(
            f"The url of channel '{channel}' is not an Apprise URL.",
            "It begins with the service's scheme, as in pover://USER_KEY@TOKEN.",
        )
    scheme = match[1].lower()
    if scheme not in PLUGINS:
        return _read_any(channel, url, scheme)
    module, name = PLUGINS[scheme]
    plugin = cast("type[Plugin]", getattr(_plugin_module(module), name))
    return _usable(channel, plugin, cast("Any", plugin).parse_url(url.replace("/#", "/%23")))


@dataclass(frozen=True, slots=True)
class Sound:
    """A constructor's argument for a sound and its value; `beats_url` puts it before the URL's."""

    argument: str
    value: object
    beats_url: bool = False


def build(address: Address, loudness: Loudness, sound: Sound | None = None) -> Plugin:
    """Build the plugin for one loudness, with a sound for a ring.

    A sound and a priority in the owner's URL stay for a ring, the priority for every message
    that is not silent.

    Raises:
        DeliveryError: permanent; the plugin refuses the URL.
    """
    arguments = _common_arguments(address)
    if loudness is Loudness.RING and sound is not None:
        if sound.beats_url:
            arguments.pop(sound.argument, None)
        arguments.setdefault(sound.argument, sound.value)
    if loudness is not Loudness.RING:
        arguments.pop("sound", None)
        arguments.pop("sound_href", None)
    if loudness is Loudness.SILENT:
        quieten(address, arguments)
    built = _construct(address.channel, address.plugin, arguments)
    if own := own_sound(address.plugin, arguments.get("sound")):
        # Bark's plugin drops a sound that the app does not come with.
        cast("Any", built).sound = own
    return built


def own_sound(plugin: type[Plugin], sound: object) -> str | None:
    """Return what the service calls our own sound if that is meant and can be sent there."""
    if str(sound).strip().lower().removesuffix(".caf") != OWN_SOUND:
        return None
    return OWN_SOUNDS.get(module_name(plugin))


def quieten(address: Address, arguments: dict[str, Any]) -> None:
    """Set everything that makes the service as quiet as its plugin can ask for."""
    for name, declared in declared_arguments(address.plugin).items():
        target = declared.get("map_to", name)
        if name in _URGENCY_ARGUMENTS and declared.get("values"):
            arguments[target] = quietest(declared["values"])
        elif name == "silent" and declared.get("type") == "bool":
            arguments[target] = True
    service = address.service
    arguments.update(service.silent)
    if service.silent_flags:
        arguments["flags"] = _number(arguments.get("flags")) | service.silent_flags
    if service.silent_headers:
        arguments["headers"] = {**arguments.get("headers", {}), **service.silent_headers}


def quietest(values: Mapping[object, str] | tuple[object, ...]) -> object:
    """Return the value of lowest urgency: by its name, or the smallest number."""
    names = values.values() if isinstance(values, Mapping) else values
    words = {str(name).lower(): name for name in names}
    known = next((words[word] for word in _QUIETEST_FIRST if word in words), None)
    return known if known is not None else str(min(values, key=_number))


def _number(value: object) -> int:
    with contextlib.suppress(TypeError, ValueError):
        return int(cast("str", value))
    return 0


def _common_arguments(address: Address) -> dict[str, Any]:
    arguments = {
        # Copied one level down: constructors may empty the lists they get.
        name: value.copy() if isinstance(value, list | dict | set) else value
        for name, value in address.arguments.items()
    }
    arguments.setdefault("cto", CONNECT_TIMEOUT_SECONDS)
    arguments.setdefault("rto", READ_TIMEOUT_SECONDS)
    # Our outbox tries again, for as long as it takes; an "optional" service would report success
    # for a push that failed; a message that we cut to size needs no splitting.
    arguments.update(retry=0, optional=False, overflow="upstream", asset=_asset())
    if address.service.plain_format:
        arguments["format"] = "text"
    return arguments


def _asset() -> object:
    # The default icons and links are addresses at GitHub, which the service or the phone would
    # fetch. With a time limit of its own Apprise sends from a pool, and the interpreter waits for
    # the pool's threads when it ends; the channel has a limit and a daemon thread instead.
    return importlib.import_module("apprise").AppriseAsset(
        app_id="salesdaemon",
        app_desc="salesdaemon",
        app_url="",
        image_url_mask="",
        image_url_logo="",
        http_redirects=False,
        service_timeout=0,
    )


def _construct(channel: str, plugin: type[Plugin], arguments: dict[str, Any]) -> Plugin:
    try:
        built = cast("Any", plugin)(**arguments)
    except Exception as error:  # noqa: BLE001 - a plugin may raise anything over a strange URL
        # Its text holds the token that it did not like, so only its name goes on.
        raise _refused(channel, plugin) from _without_text(error)
    built.throttle = never_wait  # an attribute of the instance hides the method
    correct(built, module_name(plugin))
    return cast("Plugin", built)


def _read_any(channel: str, url: str, scheme: str) -> Address:
    manager = _all_plugins()
    # Without a scheme of its own it may be an address copied from the service's own pages.
    arguments = _plugin_module().url_to_dict(url)
    if not arguments and scheme not in manager:
        raise _unknown_scheme(channel, scheme, sorted(manager.schemas()))
    plugin = manager[arguments["schema"] if arguments else scheme]
    return _usable(channel, plugin, arguments)


def _usable(channel: str, plugin: type[Plugin], arguments: dict[str, Any] | None) -> Address:
    if not plugin.enabled:
        raise _unusable(
            f"{plugin.service_name} cannot be used on this machine (channel '{channel}').",
            _missing_package(plugin),
        )
    if not arguments:
        raise _refused(channel, plugin)
    return Address(channel, plugin, arguments)


def _missing_package(plugin: type[Plugin]) -> str:
    wanted = plugin.requirements.get("packages_required")
    packages = [wanted] if isinstance(wanted, str) else list(wanted or ())
    if not packages:
        return "It needs a desktop or a system that this machine does not have."
    return f"Install {' and '.join(packages)} into the environment of salesdaemon."


def _unknown_scheme(channel: str, scheme: str, known: list[str]) -> DeliveryError:
    near = OTHER_NAMES.get(scheme) or next(_nearest(scheme, known), None)
    return _unusable(
        f"Apprise knows no service {scheme}:// (channel '{channel}').",
        f"Did you mean {near}://?" if near else "Its list of services names the scheme to use.",
    )


def _nearest(scheme: str, known: list[str]) -> Iterator[str]:
    for names in (list(PLUGINS), known):
        yield from difflib.get_close_matches(scheme, names, n=1, cutoff=0.6)


def _refused(channel: str, plugin: type[Plugin]) -> DeliveryError:
    shape = re.sub(r"{(\w+)}", lambda part: part[1].upper(), plugin.templates[0][len("{schema}") :])
    example = f"{declared_schemes(plugin)[0]}{shape}"
    return _unusable(
        f"{plugin.service_name} cannot use the url of channel '{channel}'.",
        f"It should look like {example}.",
    )


def _unusable(what: str, fix: str) -> DeliveryError:
    return DeliveryError(what, permanent=True, fix=fix)


def _without_text(error: Exception) -> Exception:
    return Exception(type(error).__name__)


_loading = threading.Lock()


def _plugin_module(name: str = "") -> Any:  # noqa: ANN401 - Apprise's modules are not typed
    with _quietly_loading():
        return importlib.import_module(f"apprise.plugins.{name}" if name else "apprise.plugins")


def _all_plugins() -> Any:  # noqa: ANN401 - Apprise's manager is not typed
    manager = _plugin_module().N_MGR
    with _quietly_loading():
        manager.load_modules()
    return manager


@contextlib.contextmanager
def _quietly_loading() -> Iterator[None]:
    """Keep from the owner that some plugins import deprecated modules; `email` is one."""
    _hush()
    with _loading, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        _import_requests()
        yield


def _import_requests() -> None:
    """Import what Apprise sends with, but not what that guesses encodings with.

    The guessers take 3 MB; without them an answer that names no encoding is read as UTF-8.
    """
    if "requests" in sys.modules:
        return
    absent = {name for name in ("chardet", "charset_normalizer") if name not in sys.modules}
    sys.modules.update(dict.fromkeys(absent, cast("ModuleType", None)))  # "not installed"
    try:
        warnings.filterwarnings("ignore", "Unable to find acceptable character detection")
        importlib.import_module("requests")
    finally:
        for name in absent:
            del sys.modules[name]


def _hush() -> None:
    """Keep both libraries' log lines out of ours: theirs hold tokens, addresses and payloads."""
    for name in ("apprise", "urllib3"):
        logger = logging.getLogger(name)
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())
        logger.propagate = False
