"""What each push service takes from one sender: read from a channel's URL, without Apprise."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from salesdaemon.domain.limits import UNLIMITED, Limits

Read = Callable[[SplitResult], Limits]

# One message a second in a chat, 20 a minute to a group: core.telegram.org/bots/faq, as libraries
# for bots quote it.
_TELEGRAM_CHAT = Limits(gap=timedelta(seconds=1))
_TELEGRAM_GROUP = Limits(gap=timedelta(seconds=1), per_minute=20)
# Five in 2 s by its headers, and 30 a minute for the channel, which no header tells:
# https://github.com/discord/discord-api-docs/issues/367 (read 2026-11).
_DISCORD = Limits(gap=timedelta(milliseconds=500), per_minute=30)
# 10,000 a month without a fee, shared by all applications of an account since May 2026, says
# Pushover's article https://support.pushover.net/i12-message-size-and-frequency-limitations.
_PUSHOVER = Limits(per_month=10_000)
# One message a second: https://docs.slack.dev/apis/web-api/rate-limits.
_SLACK = Limits(gap=timedelta(seconds=1))
# The public server takes 60 requests at once, then one every 5 s, and 250 messages a day:
# `docs/publish.md`, "Limitations", in binwiederhier/ntfy (read 2026-11). Twelve a minute never
# empty the 60.
_NTFY_PUBLIC = Limits(per_minute=12, per_day=250)
_MAIL = Limits(per_minute=20)
_OTHERS = Limits()


def limits_of(url: str) -> Limits:
    """Return what the service behind an Apprise URL takes; an unknown one gets 60 a minute.

    A message to several ntfy topics counts there once for each, so such a URL may send fewer.
    """
    try:
        parts = urlsplit(url.strip())
        host = parts.hostname or ""
    except ValueError:  # an unfinished IPv6 address; the channel itself says what is wrong
        return _OTHERS
    key = f"https://{host}" if parts.scheme in {"http", "https"} else parts.scheme
    return _READ.get(key, _any_other)(parts)


def _any_other(_parts: SplitResult) -> Limits:
    return _OTHERS


def _telegram(parts: SplitResult) -> Limits:
    # The number of a group or a channel is negative; a name is one of theirs as well.
    grouped = any(chat[0] in "-@" for chat in _targets(parts))
    return _TELEGRAM_GROUP if grouped else _TELEGRAM_CHAT


def _ntfy(parts: SplitResult) -> Limits:
    topics = len(_targets(parts))
    asked = parse_qs(parts.query).get("mode", [""])[0].lower()
    # ntfy://TOPIC alone means the public server.
    public = parts.hostname == "ntfy.sh" or asked == "cloud" or (topics == 0 and asked != "private")
    if not public:
        return UNLIMITED
    share = max(1, topics + (parts.hostname != "ntfy.sh"))
    return replace(
        _NTFY_PUBLIC,
        per_minute=max(1, (_NTFY_PUBLIC.per_minute or 0) // share),
        per_day=max(1, (_NTFY_PUBLIC.per_day or 0) // share),
    )


def _targets(parts: SplitResult) -> list[str]:
    more = [name for each in parse_qs(parts.query).get("to", []) for name in each.split(",")]
    return [name for name in (*unquote(parts.path).split("/"), *more) if name]


def _always(limits: Limits) -> Read:
    return lambda _parts: limits


# Servers of the owner's own, which take what they are given.
_OWN = (
    *("apprise", "apprises", "bark", "barks", "form", "forms", "gotify", "gotifys"),
    *("json", "jsons", "mqtt", "mqtts", "syslog", "xml", "xmls"),
)
_READ: Mapping[str, Read] = {
    **dict.fromkeys(_OWN, _always(UNLIMITED)),
    "discord": _always(_DISCORD),
    "https://discord.com": _always(_DISCORD),
    "https://discordapp.com": _always(_DISCORD),
    "mailto": _always(_MAIL),
    "mailtos": _always(_MAIL),
    "ntfy": _ntfy,
    "ntfys": _ntfy,
    "https://ntfy.sh": _ntfy,
    "pover": _always(_PUSHOVER),
    "slack": _always(_SLACK),
    "https://hooks.slack.com": _always(_SLACK),
    "tgram": _telegram,
}
