"""What a plugin gets wrong about its service, put right on the instance that we built."""

from collections.abc import Callable, Mapping
from typing import Any


def correct(plugin: Any, module: str) -> None:  # noqa: ANN401 - Apprise's plugins are not typed
    """Make this instance speak as its service's documents ask for, where it does not by itself."""
    correction = _CORRECTIONS.get(module)
    if correction is not None:
        correction(plugin)


def _correct_discord(plugin: Any) -> None:  # noqa: ANN401 - Apprise's plugins are not typed
    """Have Discord confirm each message, and notify nobody but whom the URL's `ping` names.

    The plugin puts `wait` into the message, where Discord does not look for it and so answers
    before it knows whether it keeps the message; and it misspells `allowed_mentions`.
    Source: https://docs.discord.com/developers/resources/webhook, Execute Webhook (2026-11).
    """
    send = plugin._send  # noqa: SLF001 - the only place that has both the message and the address

    def send_corrected(
        payload: Mapping[str, Any],
        attach: object = None,
        params: Mapping[str, str] | None = None,
        **rest: object,
    ) -> object:
        corrected = {
            name: value for name, value in payload.items() if name not in {"wait", "allow_mentions"}
        }
        kinds = ["users", "roles", "everyone"] if plugin.ping else []
        corrected["allowed_mentions"] = {"parse": kinds}
        return send(corrected, attach, {**(params or {}), "wait": "true"}, **rest)

    plugin._send = send_corrected  # noqa: SLF001 - an attribute of the instance hides the method


_CORRECTIONS: Mapping[str, Callable[[Any], None]] = {"discord": _correct_discord}
