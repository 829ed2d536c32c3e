"""Which sounds a service plays, by name."""

import difflib
import importlib
from collections.abc import Mapping
from typing import Any

from salesdaemon.notify.plugins import (
    OWN_SOUND,
    OWN_SOUNDS,
    Plugin,
    declared_arguments,
    module_name,
    own_sound,
)

# The argument that carries a sound; Streamlabs wants the address of a file.
_SOUND_ARGUMENTS = ("sound", "sound_href")
_SHOWN = 8
# When a service plays our own sound.
_OWN_IS_THERE = {
    "bark": "if you imported it into the app: docs/phones/bark.md",
    "pushover": "if you uploaded it: docs/phones/pushover.md",
    "pushy": "if the app that you built holds it",
}


def sound_argument(plugin: type[Plugin]) -> str | None:
    """Return the constructor's argument for a sound, None where the service takes none."""
    declared = declared_arguments(plugin)
    return next((name for name in _SOUND_ARGUMENTS if name in declared), None)


def known_sounds(plugin: type[Plugin]) -> Mapping[str, object] | None:
    """Return the names a service knows with what its plugin wants for each.

    None where the list is not known to us, as where an app brings sounds of its own. The values
    are exact: given a name, Pushsafer's and Bark's plugins take the first that begins like it.
    """
    read = _LISTS.get(module_name(plugin))
    return read(plugin) if read else None


def sound_value(plugin: type[Plugin], sound: str) -> object | None:
    """Return what the plugin wants for this sound, None where the service does not know it."""
    if sound_argument(plugin) == "sound_href":
        return sound if sound.startswith(("http://", "https://")) else None
    if own := own_sound(plugin, sound):
        return own
    known = known_sounds(plugin)
    return sound if known is None else known.get(sound.strip().lower().removesuffix(".caf"))


def unknown_sound(plugin: type[Plugin], sound: str) -> str:
    """Say in one sentence or two that the service does not play this, and what it does play."""
    name = str(plugin.service_name)
    if sound_argument(plugin) == "sound_href":
        return f"{name} plays a sound from the web: set `sound` to the https:// address of a file."
    known = list(known_sounds(plugin) or ())
    own = [OWN_SOUND] if module_name(plugin) in OWN_SOUNDS else []
    close = _close(sound.lower(), [*known, *own])
    nearest = f" Did you mean {_either(close)}?" if close else ""
    also = ", ".join([one for one in known if one not in close][:_SHOWN])
    return f"{name} knows no sound {sound!r}.{nearest} It plays {also} and others.{_own(plugin)}"


def own_sound_note(plugin: type[Plugin], sound: str) -> str | None:
    """Say when our own sound will be heard; None for any other sound.

    Which sounds their owner has put there is not asked of the services.
    """
    own = own_sound(plugin, sound)
    return (
        f"{plugin.service_name} plays {own} {_OWN_IS_THERE[module_name(plugin)]}." if own else None
    )


def _own(plugin: type[Plugin]) -> str:
    if module_name(plugin) == "pushover":
        return " A sound that you uploaded there yourself goes into the URL, as ?sound=NAME."
    if module_name(plugin) == "bark":
        return f' A sound that you imported as {OWN_SOUNDS["bark"]} is "{OWN_SOUND}".'
    return ""


def _close(sound: str, known: list[str]) -> list[str]:
    inside = [name for name in known if sound in name]
    alike = difflib.get_close_matches(sound, known, n=3, cutoff=0.6)
    return list(dict.fromkeys([*alike, *inside]))[:3]


def _either(names: list[str]) -> str:
    return " or ".join(repr(name) for name in names)


def _pushover(plugin: type[Plugin]) -> dict[str, object]:
    return {name: name for name in _constant(plugin, "PUSHOVER_SOUNDS")}


def _pushsafer(plugin: type[Plugin]) -> dict[str, object]:
    return dict(_constant(plugin, "PUSHSAFER_SOUND_MAP"))


def _bark(plugin: type[Plugin]) -> dict[str, object]:
    return {name.removesuffix(".caf"): name for name in _constant(plugin, "BARK_SOUNDS")}


def _lametric(plugin: type[Plugin]) -> dict[str, object]:
    # Apprise takes the first sound with a name that begins like ours: "dog" is dog2 and "alarm1"
    # is alarm13. So each name stands for the alias that really leads to its sound. The one entry
    # without such an alias is a slip in Apprise's table, which cannot be played.
    find = plugin.sound_lookup
    names: dict[str, object] = {}
    for sound in _constant(plugin, "LAMETRIC_SOUNDS"):
        exact = next((alias for alias in sound[1] if find(alias) is sound), None)
        if exact is not None and isinstance(sound[1], tuple):
            names.update(dict.fromkeys(sound[1], exact))
    return names


def _constant(plugin: type[Plugin], name: str) -> Any:  # noqa: ANN401 - Apprise's own tables
    return getattr(importlib.import_module(plugin.__module__), name)


_LISTS = {
    "pushover": _pushover,
    "pushsafer": _pushsafer,
    "bark": _bark,
    "lametric": _lametric,
}
