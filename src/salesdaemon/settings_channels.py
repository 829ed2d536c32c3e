"""What a configuration asks of channels that their services cannot do: addresses and sounds.

Nothing is sent, but the plugins of the services are loaded, so this is looked for when it is asked
for, not at every start.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from salesdaemon.errors import Problem
from salesdaemon.notify.channels import Channel
from salesdaemon.settings_alerts import AlertSettings, RuleSettings
from salesdaemon.settings_models import ChannelSettings
from salesdaemon.settings_rules import read_rules


def channel_problems(values: Mapping[str, Any]) -> Iterator[Problem]:
    """Find services and sounds that there are not; `values` are as the configuration holds them.

    A table that cannot be read is passed over, here as in `settings_rules`.
    """
    tables = _channels(values.get("channels"))
    channels = {
        name: Channel(name, table.url.get_secret_value(), None) for name, table in tables.items()
    }
    for name, table in tables.items():
        yield from _own_problems(channels[name], table)
    alerts = values.get("alerts")
    if isinstance(alerts, dict):
        rules = read_rules(alerts.get("rules", ()))
        yield from rule_sound_problems(rules, _ringing(alerts, list(channels)), channels)


def rule_sound_problems(
    rules: Mapping[int, RuleSettings], ringing: Sequence[str], channels: Mapping[str, Channel]
) -> Iterator[Problem]:
    """Find the sounds of rules that a channel they ring on cannot play; `rules` are by place."""
    for place, rule in rules.items():
        if rule.sound is None or rule.level in {"silent", "off"}:
            continue
        for name in rule.channels or ringing:
            found = channels[name].problems_with(rule.sound) if name in channels else []
            for what in found:
                yield Problem(f"alerts.rules[{place + 1}].sound", f"on channel {name}: {what}")


def _own_problems(channel: Channel, table: ChannelSettings) -> Iterator[Problem]:
    key = f"channels.{channel.name}"
    for what in channel.problems():
        yield Problem(f"{key}.url", what)
    for what in channel.problems_with(table.sound) if table.sound else ():
        yield Problem(f"{key}.sound", what)


def _channels(tables: object) -> dict[str, ChannelSettings]:
    found = {}
    for name, table in tables.items() if isinstance(tables, dict) else ():
        try:
            found[name] = ChannelSettings.model_validate(table)
        except ValidationError:
            continue
    return found


def _ringing(alerts: Mapping[str, Any], channels: Sequence[str]) -> Sequence[str]:
    try:
        table = {"channels": alerts.get("channels", channels)}
        return AlertSettings.model_validate(table).channels
    except ValidationError:
        return ()
