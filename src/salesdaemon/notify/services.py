"""What differs from one service to the next: the table, and nothing that imports Apprise.

A service without a line in `SERVICES` still works: its text goes out as it is and its quiet side
is derived from what its plugin declares (`plugins.quieten`).
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from salesdaemon.notify.escaping import break_mentions, escape_markdown, escape_rocket_chat

# Apprise's module and class for every scheme that is worth not loading all 183 plugins for.
_PLUGINS = {
    "apprise_api:NotifyAppriseAPI": "apprise apprises",
    "bark:NotifyBark": "bark barks",
    "bluesky:NotifyBlueSky": "bluesky bsky",
    "chanify:NotifyChanify": "chanify",
    "cliq:NotifyCliq": "cliq zcliq zohocliq",
    "custom_form:NotifyForm": "form forms",
    "custom_json:NotifyJSON": "json jsons",
    "custom_xml:NotifyXML": "xml xmls",
    "dingtalk:NotifyDingTalk": "dingtalk",
    "discord:NotifyDiscord": "discord",
    "email:NotifyEmail": "mailto mailtos",
    "evolution:NotifyEvolution": "evolution evolutions",
    "fcm:NotifyFCM": "fcm",
    "feishu:NotifyFeishu": "feishu",
    "flock:NotifyFlock": "flock",
    "fluxer:NotifyFluxer": "fluxer fluxers",
    "github:NotifyGitHub": "github",
    "google_chat:NotifyGoogleChat": "gchat",
    "gorush:NotifyGorush": "gorush gorushs",
    "gotify:NotifyGotify": "gotify gotifys",
    "guilded:NotifyGuilded": "guilded",
    "home_assistant:NotifyHomeAssistant": "hassio hassios",
    "humhub:NotifyHumHub": "humhub humhubs",
    "ifttt:NotifyIFTTT": "ifttt",
    "join:NotifyJoin": "join",
    "kodi:NotifyXBMC": "kodi kodis xbmc xbmcs",
    "kook:NotifyKook": "kook",
    "lametric:NotifyLametric": "lametric lametrics",
    "lark:NotifyLark": "lark",
    "lauther:NotifyLauther": "lauther",
    "line:NotifyLine": "line",
    "mastodon:NotifyMastodon": "mastodon mastodons toot toots",
    "matrix:NotifyMatrix": "matrix matrixs",
    "mattermost:NotifyMattermost": "mmost mmosts",
    "misskey:NotifyMisskey": "misskey misskeys",
    "mqtt:NotifyMQTT": "mqtt mqtts",
    "nextcloud:NotifyNextcloud": "ncloud nclouds",
    "nextcloudtalk:NotifyNextcloudTalk": "nctalk nctalks",
    "notica:NotifyNotica": "notica noticas",
    "notifiarr:NotifyNotifiarr": "notifiarr",
    "ntfy:NotifyNtfy": "ntfy ntfys",
    "one_signal:NotifyOneSignal": "onesignal",
    "opsgenie:NotifyOpsgenie": "opsgenie",
    "pagerduty:NotifyPagerDuty": "pagerduty",
    "prowl:NotifyProwl": "prowl",
    "pushbullet:NotifyPushBullet": "pbul",
    "pushdeer:NotifyPushDeer": "pushdeer pushdeers",
    "pushed:NotifyPushed": "pushed",
    "pushjet:NotifyPushjet": "pjet pjets",
    "pushme:NotifyPushMe": "pushme",
    "pushover:NotifyPushover": "pover",
    "pushsafer:NotifyPushSafer": "psafer psafers",
    "pushward:NotifyPushWard": "pushward",
    "pushy:NotifyPushy": "pushy",
    "revolt:NotifyRevolt": "revolt",
    "rocketchat:NotifyRocketChat": "rocket rockets",
    "ryver:NotifyRyver": "ryver",
    "serverchan:NotifyServerChan": "schan",
    "signal_api:NotifySignalAPI": "signal signals",
    "simplepush:NotifySimplePush": "simplepush spush",
    "slack:NotifySlack": "slack",
    "sns:NotifySNS": "sns",
    "streamlabs:NotifyStreamlabs": "strmlabs",
    "synology:NotifySynology": "synology synologys",
    "syslog:NotifySyslog": "syslog",
    "techuluspush:NotifyTechulusPush": "push",
    "telegram:NotifyTelegram": "tgram",
    "threema:NotifyThreema": "threema",
    "twilio:NotifyTwilio": "twilio",
    "twist:NotifyTwist": "twist",
    "twitter:NotifyTwitter": "tweet twitter x",
    "viber:NotifyViber": "viber",
    "vonage:NotifyVonage": "nexmo vonage",
    "webexteams:NotifyWebexTeams": "webex wxteams",
    "wecombot:NotifyWeComBot": "wecombot",
    "whapi:NotifyWhapi": "whapi",
    "whatsapp:NotifyWhatsApp": "whatsapp",
    "workflows:NotifyWorkflows": "workflow workflows",
    "youlmk:NotifyYouLMK": "youlmk",
    "zoom:NotifyZoom": "zoom",
    "zulip:NotifyZulip": "zulip",
}

PLUGINS: Mapping[str, tuple[str, str]] = {
    scheme: (path.partition(":")[0], path.partition(":")[2])
    for path, schemes in _PLUGINS.items()
    for scheme in schemes.split()
}

# What people write for a service that Apprise calls otherwise.
OTHER_NAMES: Mapping[str, str] = {
    "email": "mailtos",
    "googlechat": "gchat",
    "homeassistant": "hassios",
    "mail": "mailtos",
    "mattermost": "mmosts",
    "msteams": "workflows",
    "pushbullet": "pbul",
    "pushover": "pover",
    "pushsafer": "psafers",
    "rocketchat": "rockets",
    "smtp": "mailtos",
    "smtps": "mailtos",
    "teams": "workflows",
    "telegram": "tgram",
}

# Arguments of a plugin's constructor; what they hold is the plugin's own business.
Arguments = Mapping[str, object]
Escape = Callable[[str], str]
Weigh = Callable[[str], int]


def as_it_is(text: str) -> str:
    """Return the text unchanged: this field carries no markup."""
    return text


def utf8_bytes(text: str) -> int:
    """Return how many bytes the text is as UTF-8."""
    return len(text.encode())


def ntfy_bytes(text: str) -> int:
    """Return the bytes of the text as JSON, or twice those as UTF-8: each has a limit at ntfy.

    The plugin's JSON is ASCII, where a letter that is none takes six bytes and an emoji twelve.
    """
    return max(len(json.dumps(text)), 2 * utf8_bytes(text))


def apple_bytes(text: str) -> int:
    """Return the bytes that the text takes in what a Bark server hands on to Apple.

    Its JSON is UTF-8, with `<`, `>` and `&` as six bytes each.
    """
    marked = sum(text.count(character) for character in "<>&")
    return utf8_bytes(json.dumps(text, ensure_ascii=False)) + 5 * marked


@dataclass(frozen=True, slots=True)
class Service:
    """How one service wants its text, and what else makes a message silent there.

    `plain_format` keeps Apprise from turning the text into Markdown itself, which it escapes
    down to full stops, or from sending it as an embed. `max_bytes` holds title and body together,
    each measured by `weigh`.
    """

    escape_title: Escape = as_it_is
    escape_body: Escape = as_it_is
    mentions: bool = False
    plain_format: bool = False
    max_bytes: int | None = None
    weigh: Weigh = utf8_bytes
    silent: Arguments = field(default_factory=dict)
    silent_flags: int = 0
    silent_headers: Mapping[str, str] = field(default_factory=dict)

    def title(self, text: str) -> str:
        """Return the title as this service may get it."""
        return self.escape_title(break_mentions(text) if self.mentions else text)

    def body(self, text: str) -> str:
        """Return the body as this service may get it."""
        return self.escape_body(break_mentions(text) if self.mentions else text)


_MENTIONS = Service(mentions=True)
_MARKDOWN = Service(
    escape_title=escape_markdown, escape_body=escape_markdown, mentions=True, plain_format=True
)
_SUPPRESS_NOTIFICATIONS = 1 << 12  # Discord's message flag, which Fluxer copied

# Keyed by Apprise's module name. Read in the plugins of Apprise 2.2.0 (2026-11).
SERVICES: Mapping[str, Service] = {
    # Raw Markdown: the plugin hands the text over as it gets it.
    "discord": Service(
        escape_title=escape_markdown,
        escape_body=escape_markdown,
        mentions=True,
        plain_format=True,
        silent={"tts": False},
        silent_flags=_SUPPRESS_NOTIFICATIONS,
    ),
    "fluxer": Service(
        escape_title=escape_markdown,
        escape_body=escape_markdown,
        mentions=True,
        plain_format=True,
        silent={"tts": False},
        silent_flags=_SUPPRESS_NOTIFICATIONS,
    ),
    "guilded": Service(
        escape_title=escape_markdown,
        escape_body=escape_markdown,
        mentions=True,
        plain_format=True,
        silent={"tts": False},
    ),
    "humhub": _MARKDOWN,
    "mattermost": _MARKDOWN,
    "nextcloudtalk": _MARKDOWN,
    "notifiarr": _MARKDOWN,
    "ryver": _MARKDOWN,
    "workflows": _MARKDOWN,
    # The title is Zulip's topic, which is no Markdown.
    "zulip": Service(escape_body=escape_markdown, mentions=True, plain_format=True),
    "rocketchat": Service(
        escape_title=escape_rocket_chat,
        escape_body=escape_rocket_chat,
        mentions=True,
        plain_format=True,
    ),
    # Escaped by the plugin, or plain; mentions are live all the same.
    "bluesky": _MENTIONS,
    "cliq": _MENTIONS,
    "dingtalk": _MENTIONS,
    "feishu": _MENTIONS,
    "github": _MENTIONS,
    "google_chat": _MENTIONS,
    "kook": _MENTIONS,
    "lark": _MENTIONS,
    "mastodon": _MENTIONS,
    "matrix": Service(mentions=True, silent={"msgtype": "notice"}),
    "misskey": _MENTIONS,
    "revolt": _MENTIONS,
    "slack": Service(mentions=True, plain_format=True),
    "synology": _MENTIONS,
    "telegram": _MENTIONS,
    "twist": _MENTIONS,
    "twitter": _MENTIONS,
    "webexteams": _MENTIONS,
    "wecombot": _MENTIONS,
    # Vendors' limits in bytes where Apprise counts characters or allows more: Apple takes 4,096 for
    # the whole payload, ntfy turns a message over 4,096 into an attachment and refuses JSON over
    # 8,192, Pushy's 4 KB hold the body twice.
    "bark": Service(max_bytes=3600, weigh=apple_bytes, silent={"call": False}),
    "ntfy": Service(max_bytes=8000, weigh=ntfy_bytes),
    "pushy": Service(max_bytes=1500),
    "email": Service(silent_headers={"X-Priority": "5 (Lowest)", "Importance": "low"}),
    "pushsafer": Service(silent={"sound": 0, "vibration": None}),
    "pushover": Service(silent={"sound": "none"}),
    "simplepush": Service(silent={"critical_volume": None}),
}

UNKNOWN_SERVICE = Service()
