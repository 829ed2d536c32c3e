"""Discord's webhooks on loopback.

Sources: https://docs.discord.com/developers/resources/webhook ("Execute Webhook"), .../resources/
message ("Allowed Mentions Object", "Message Flags"), .../topics/rate-limits, .../topics/
opcodes-and-status-codes (all read 2026-11-22); the limits of a webhook, five in 2 s and 30 in a
minute: https://github.com/discord/discord-api-docs/issues/367 (read 2026-11-22).
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar

from tests.fakes.services.base import (
    Clock,
    Field,
    LoopbackService,
    RefusedError,
    Shown,
    Taken,
    Window,
    content_type,
    json_object,
    machine_time,
    path,
    query,
    says,
    whole_seconds,
)
from tests.notify.listener import Received, Reply

SUPPRESS_EMBEDS, SUPPRESS_NOTIFICATIONS, IS_COMPONENTS_V2 = 1 << 2, 1 << 12, 1 << 15
_SETTABLE = SUPPRESS_EMBEDS | SUPPRESS_NOTIFICATIONS | IS_COMPONENTS_V2
LONGEST_CONTENT = 2000
FIELDS = {
    "content": Field(longest=LONGEST_CONTENT),
    "username": Field(longest=80),
    "avatar_url": Field(),
    "tts": Field(bool),
    "embeds": Field(list, longest=10),
    "allowed_mentions": Field(dict),
    "components": Field(list),
    "payload_json": Field(),
    "attachments": Field(list),
    "flags": Field(int, allowed=[bits for bits in range(1 << 16) if bits & ~_SETTABLE == 0]),
    "thread_name": Field(),
    "applied_tags": Field(list),
    "poll": Field(dict),
}
QUERY = {
    "wait": Field(allowed=frozenset({"true", "false", "1", "0", "True", "False"})),
    "thread_id": Field(pattern=r"\d+"),
    "with_components": Field(allowed=frozenset({"true", "false", "1", "0", "True", "False"})),
}
MENTION_TYPES = frozenset({"roles", "users", "everyone"})
MENTIONS_KEYS = frozenset({"parse", "roles", "users", "replied_user"})

_LIVE = {
    "everyone": re.compile("@(?:everyone|here)"),
    "users": re.compile(r"<@!?\d+>"),
    "roles": re.compile(r"<@&\d+>"),
}
_ESCAPE = re.compile(r"\\([\\`*_~|\[\]#>+=.)-])")
_PROBLEMS = {
    "type": ("BASE_TYPE_INVALID", "Could not be interpreted as the type of the field."),
    "length": ("BASE_TYPE_MAX_LENGTH", f"Must be {LONGEST_CONTENT} or fewer in length."),
    "value": ("BASE_TYPE_CHOICES", "Not a valid choice."),
}


class Discord(LoopbackService):
    """One webhook of one channel. `pinged` keeps every mention that would have notified."""

    hosts: ClassVar = frozenset({"discord.com", "discordapp.com"})

    def __init__(
        self,
        webhook_id: str = "123456789012345678",
        token: str = "w" * 68,
        clock: Clock = machine_time,
    ) -> None:
        super().__init__(clock)
        self.webhook_id = webhook_id
        self.token = token
        self.deleted = False
        self.pinged: list[str] = []
        self._burst = Window(timedelta(seconds=2), 5)
        self._minute = Window(timedelta(minutes=1), 30)

    def take(self, received: Received) -> Reply:
        self._find_webhook(received)
        self._limit()
        fields = self._fields(received)
        self.pinged += live_mentions(fields)
        self.taken.append(Taken({**fields, **query(received)}, self._show(fields)))
        if query(received).get("wait", "false").lower() not in {"true", "1"}:
            return Reply(204, "", self._headers())
        return says(self._message(fields), headers=self._headers())

    def _find_webhook(self, received: Received) -> None:
        found = re.fullmatch(r"/api(?:/v\d+)?/webhooks/(\d+)/([\w-]+)/?", path(received))
        if received.method != "POST" or not found:
            raise RefusedError(404, {"message": "404: Not Found", "code": 0})
        if self.deleted or found[1] != self.webhook_id:
            raise RefusedError(404, {"message": "Unknown Webhook", "code": 10015}, self._headers())
        if found[2] != self.token:
            raise RefusedError(
                401, {"message": "Invalid Webhook Token", "code": 50027}, self._headers()
            )

    def _fields(self, received: Received) -> dict[str, Any]:
        fields = json_object(received)
        if content_type(received) != "application/json" or fields is None:
            raise self._bad("The request body contains invalid JSON.", 50109)
        fault = self.inspect(query(received), QUERY) or self.inspect(fields, FIELDS)
        if fault is None and "allowed_mentions" in fields:
            fault = _mentions_fault(fields["allowed_mentions"])
        if fault is not None:
            code, words = _PROBLEMS[fault[1]]
            errors = {fault[0]: {"_errors": [{"code": code, "message": words}]}}
            raise self._bad("Invalid Form Body", 50035, errors=errors)
        if not any(fields.get(name) for name in ("content", "embeds", "components", "poll")):
            raise self._bad("Cannot send an empty message", 50006)
        return fields

    def _limit(self) -> None:
        now = self.clock()
        burst, minute = self._burst.full_for(now), self._minute.full_for(now)
        if burst is None and minute is None:
            self._burst.sent.append(now)
            self._minute.sent.append(now)
            return
        seconds = max(burst or 0.0, minute or 0.0)
        # The minute's limit is the channel's, shared by all of its webhooks.
        headers = {
            **self._headers(),
            "Retry-After": str(whole_seconds(seconds)),
            "X-RateLimit-Scope": "shared" if minute is not None else "user",
        }
        document = {
            "message": "You are being rate limited.",
            "retry_after": round(seconds, 3),
            "global": False,
        }
        raise RefusedError(429, document, headers)

    def _headers(self) -> dict[str, str]:
        now = self.clock()
        full = self._burst.full_for(now)
        left = self._burst.limit - len(self._burst.sent)
        after = full if full is not None else self._burst.length.total_seconds()
        return {
            "X-RateLimit-Limit": str(self._burst.limit),
            "X-RateLimit-Remaining": str(left),
            "X-RateLimit-Reset": f"{now.timestamp() + after:.3f}",
            "X-RateLimit-Reset-After": f"{after:.3f}",
            "X-RateLimit-Bucket": "abcd1234",
        }

    def _bad(self, words: str, code: int, **more: object) -> RefusedError:
        return RefusedError(400, {"message": words, "code": code, **more}, self._headers())

    def _message(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "id": str(10**18 + len(self.taken)),
            "type": 0,
            "content": fields.get("content", ""),
            "channel_id": "199737254929760256",
            "timestamp": self.clock().isoformat(),
            "webhook_id": self.webhook_id,
            "flags": fields.get("flags", 0),
        }

    def _show(self, fields: Mapping[str, Any]) -> Shown:
        # Discord knows no title: its first line is what stands out.
        text = _ESCAPE.sub(r"\1", fields.get("content", "")).replace("\r\n", "\n")
        title, _, body = text.partition("\n")
        loud = not fields.get("flags", 0) & SUPPRESS_NOTIFICATIONS
        return Shown(self.clock(), title, body, loud)


def live_mentions(fields: Mapping[str, Any]) -> list[str]:
    """Return the mentions in a webhook's message that notify somebody."""
    allowed = fields.get("allowed_mentions", {"parse": ["users"]})
    content = fields.get("content", "")
    return [
        mention
        for kind, form in _LIVE.items()
        for mention in form.findall(content)
        if kind in allowed.get("parse", []) or re.sub(r"\D", "", mention) in allowed.get(kind, [])
    ]


def _mentions_fault(mentions: Mapping[str, Any]) -> tuple[str, str] | None:
    parse = mentions.get("parse", [])
    doubled = any(kind in parse and mentions.get(kind) for kind in ("users", "roles"))
    if mentions.keys() - MENTIONS_KEYS or set(parse) - MENTION_TYPES or doubled:
        return "allowed_mentions", "value"
    return None
