"""What the owner does about a refusal that trying again cannot help: the table.

The words are compared with the service's own explanation, without regard to case.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Remedy:
    """What to do when a service answers `status` and its explanation holds `words`."""

    status: int
    words: str
    fix: str


_ASK_BOTFATHER = (
    "Ask @BotFather for the bot's token (/mybots) and put it into the url of channel '{channel}'."
)
_DISCORD_GONE = (
    "Make a new webhook in the settings of the Discord channel (Integrations) and put its address "
    "into the url of channel '{channel}'."
)
_SLACK_GONE = (
    "Make a new incoming webhook in the settings of your Slack app and put its address into the "
    "url of channel '{channel}'."
)
_GOTIFY_APPLICATION = (
    "Make an application in Gotify (Apps) and put its token into the url of channel '{channel}'."
)
_NTFY_ACCESS = (
    "Put a login that may write to the topic into the url of channel '{channel}', or take another "
    "topic."
)
_MATRIX_ACCESS = "Put a fresh access token into the url of channel '{channel}'."

# Keyed by Apprise's module name; the first one that fits counts.
REMEDIES: Mapping[str, tuple[Remedy, ...]] = {
    "pushover": (
        Remedy(
            400,
            "token",
            "Copy the token from your application's page at pushover.net to behind the @ in the "
            "url of channel '{channel}'.",
        ),
        Remedy(
            400,
            "user",
            "Copy the user key from the first page of pushover.net to before the @ in the url of "
            "channel '{channel}'.",
        ),
        Remedy(
            400,
            "sound",
            "Upload the sound on your application's page at pushover.net, or choose another for "
            "channel '{channel}'.",
        ),
    ),
    "telegram": (
        Remedy(401, "", _ASK_BOTFATHER),
        Remedy(404, "", _ASK_BOTFATHER),
        Remedy(403, "blocked", "Open the chat with your bot in Telegram and unblock it."),
        Remedy(403, "initiate", "Open the chat with your bot in Telegram and press Start."),
        Remedy(403, "", "Add the bot to the chat again and let it write there."),
        Remedy(
            400,
            "chat not found",
            "Open the chat with your bot and press Start; then compare the chat's number with the "
            "url of channel '{channel}'.",
        ),
        Remedy(
            400,
            "upgraded",
            "The group has a new number now: look it up as for a new group and put it into the url "
            "of channel '{channel}'.",
        ),
    ),
    "discord": (Remedy(404, "", _DISCORD_GONE), Remedy(401, "", _DISCORD_GONE)),
    "slack": (
        Remedy(403, "", _SLACK_GONE),
        Remedy(404, "", _SLACK_GONE),
        Remedy(410, "", "The Slack channel is archived. " + _SLACK_GONE),
    ),
    "gotify": (Remedy(401, "", _GOTIFY_APPLICATION), Remedy(403, "", _GOTIFY_APPLICATION)),
    "ntfy": (
        Remedy(401, "", "Check the login in the url of channel '{channel}'."),
        Remedy(403, "", _NTFY_ACCESS),
    ),
    "bark": (
        Remedy(
            400,
            "device",
            "Open the Bark app, copy the key from the address that it shows and put it into the "
            "url of channel '{channel}'.",
        ),
    ),
    "matrix": (
        Remedy(401, "", _MATRIX_ACCESS),
        Remedy(
            403, "", "Invite the account into the room, or check the login of channel '{channel}'."
        ),
    ),
}


def find_remedy(module: str, channel: str, status: int, explanation: str) -> str | None:
    """Return what to do about a refusal, None where there is nothing special to say."""
    said = explanation.lower()
    return next(
        (
            each.fix.format(channel=channel)
            for each in REMEDIES.get(module, ())
            if each.status == status and each.words in said
        ),
        None,
    )
