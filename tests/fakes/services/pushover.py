"""Pushover's Message API on loopback.

The fields, answers and headers are those of https://pushover.net/api as client libraries for it
describe them; nobody compared them with the service itself. That all applications of an account
share one limit: https://blog.pushover.net/posts/2026/4/app-limits.
"""

from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import uuid4
from zoneinfo import ZoneInfo

from tests.fakes.services.base import (
    Clock,
    Field,
    LoopbackService,
    RefusedError,
    Shown,
    Taken,
    content_type,
    form_fields,
    json_object,
    machine_time,
    path,
    says,
)
from tests.notify.listener import Received, Reply

_SOUNDS = """
pushover bike bugle cashregister classical cosmic falling gamelan incoming intermission magic
mechanical pianobar siren spacealarm tugboat alien climb persistent echo updown vibrate none
"""
SOUNDS = frozenset(_SOUNDS.split())
KEY = "[A-Za-z0-9]{30}"
_ONE = frozenset({"1"})
_NUMBER = r"\d+"

FIELDS = {
    "token": Field(required=True, pattern=KEY),
    "user": Field(required=True, pattern=KEY),
    "message": Field(required=True, longest=1024),
    "attachment": Field(),
    "attachment_base64": Field(),
    "attachment_type": Field(),
    "device": Field(pattern="[A-Za-z0-9_-]{1,25}(,[A-Za-z0-9_-]{1,25})*"),
    "html": Field(allowed=_ONE),
    "monospace": Field(allowed=_ONE),
    "priority": Field(allowed=frozenset({"-2", "-1", "0", "1", "2"})),
    "retry": Field(pattern=_NUMBER),
    "expire": Field(pattern=_NUMBER),
    "sound": Field(),
    "timestamp": Field(pattern=_NUMBER),
    "title": Field(longest=250),
    "ttl": Field(pattern=_NUMBER),
    "url": Field(longest=512),
    "url_title": Field(longest=100),
    "callback": Field(),
    "tags": Field(),
}

# Months begin at midnight of Central Time.
_RESETS_IN = ZoneInfo("America/Chicago")
_WORDS = {
    "token": "application token is invalid",
    "user": "user identifier is invalid",
    "priority": "priority is invalid",
}
_SHORTEST_RETRY, _LONGEST_EXPIRE = 30, 10_800


class Pushover(LoopbackService):
    """One account with one application; `sounds` may hold uploaded ones as well."""

    hosts: ClassVar = frozenset({"api.pushover.net"})

    def __init__(
        self, token: str = "a" * 30, user: str = "u" * 30, clock: Clock = machine_time
    ) -> None:
        super().__init__(clock)
        self.token = token
        self.user = user
        self.sounds = set(SOUNDS)
        self.limit = 10_000
        self.sent_in_month = 0
        self._month = ""

    def take(self, received: Received) -> Reply:
        if (received.method, path(received)) != ("POST", "/1/messages.json"):
            raise RefusedError(404, {"errors": ["not found"], **self._end(0)})
        fields = self._fields(received)
        self._check(fields)
        self._count()
        self.taken.append(Taken(fields, self._show(fields)))
        return says(self._end(1), headers=self._limits())

    def _fields(self, received: Received) -> dict[str, Any]:
        if content_type(received) == "application/json":
            return {name: str(value) for name, value in (json_object(received) or {}).items()}
        return form_fields(received)

    def _check(self, fields: dict[str, Any]) -> None:
        fault = self.inspect(fields, FIELDS)
        if fault is not None:
            name, problem = fault
            raise self._invalid(name, _WORDS.get(name, _explain(name, problem)))
        if fields["token"] != self.token:
            raise self._invalid("token", _WORDS["token"])
        if fields["user"] != self.user:
            raise self._invalid("user", "user key is invalid")
        if not fields["message"].strip():
            raise self._invalid("message", "message cannot be blank")
        if fields.get("sound", "pushover") not in self.sounds:
            raise self._invalid("sound", "sound is invalid")
        if fields.get("priority") == "2":
            self._check_emergency(fields)

    def _check_emergency(self, fields: dict[str, Any]) -> None:
        if int(fields.get("retry", 0)) < _SHORTEST_RETRY:
            raise self._invalid("retry", "must be at least 30 seconds between retries")
        if not 0 < int(fields.get("expire", 0)) <= _LONGEST_EXPIRE:
            raise self._invalid("expire", "must be supplied with priority=2")

    def _invalid(self, name: str, words: str) -> RefusedError:
        return RefusedError(400, {name: "invalid", "errors": [words], **self._end(0)})

    def _count(self) -> None:
        month = f"{self.clock().astimezone(_RESETS_IN):%Y-%m}"
        if month != self._month:
            self._month, self.sent_in_month = month, 0
        if self.sent_in_month >= self.limit:
            words = "account has exceeded its monthly message limit"
            raise RefusedError(429, {"errors": [words], **self._end(0)}, self._limits())
        self.sent_in_month += 1

    def _limits(self) -> dict[str, str]:
        return {
            "X-Limit-App-Limit": str(self.limit),
            "X-Limit-App-Remaining": str(self.limit - self.sent_in_month),
            "X-Limit-App-Reset": str(int(self.resets_at().timestamp())),
        }

    def resets_at(self) -> datetime:
        """Return when the next month begins for Pushover."""
        local = self.clock().astimezone(_RESETS_IN)
        first = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        return (first + timedelta(days=32)).replace(day=1)

    def _end(self, status: int) -> dict[str, Any]:
        return {"status": status, "request": str(uuid4())}

    def _show(self, fields: dict[str, Any]) -> Shown:
        sound = fields.get("sound", "pushover")
        loud = int(fields.get("priority", "0")) >= 0 and sound != "none"
        return Shown(self.clock(), fields.get("title", ""), fields["message"], loud, sound)


def _explain(name: str, problem: str) -> str:
    if problem == "missing":
        return f"{name} cannot be blank"
    return f"{name} is too long" if problem == "length" else f"{name} is invalid"
