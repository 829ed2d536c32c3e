"""An ntfy server on loopback.

Sources, all in binwiederhier/ntfy (read 2026-11-22): `docs/publish.md` ("Publish as JSON",
"Message priority", "Authentication", "Limitations", "List of all parameters") and `docs/config.md`
("Rate limiting"), which docs.ntfy.sh shows; the numbers and words of its errors and the largest
JSON body, which no page tells, from `server/errors.go` and `server/server.go`.
"""

import base64
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from email.header import decode_header, make_header
from secrets import token_urlsafe
from typing import Any, ClassVar

from tests.fakes.services.base import (
    Clock,
    Field,
    LoopbackService,
    RefusedError,
    Shown,
    Taken,
    header,
    json_object,
    machine_time,
    path,
    says,
)
from tests.notify.listener import Received, Reply

LARGEST_MESSAGE_BYTES = 4096
LARGEST_JSON_BYTES = 2 * LARGEST_MESSAGE_BYTES
TOPIC = "[-_A-Za-z0-9]{1,64}"
FIELDS = {
    "topic": Field(required=True, pattern=TOPIC),
    "message": Field(),
    "title": Field(),
    "tags": Field(list),
    "priority": Field(int, allowed=range(1, 6)),
    "actions": Field(list),
    "click": Field(),
    "attach": Field(),
    "markdown": Field(bool),
    "icon": Field(),
    "filename": Field(),
    "delay": Field(),
    "email": Field(),
    "call": Field(),
}
PRIORITIES = {
    name: number
    for number, names in enumerate(("min", "low", "default", "high", "max urgent"), 1)
    for name in (*names.split(), str(number))
}
_DEFAULT_PRIORITY = 3
_DOCS = "https://ntfy.sh/docs/publish/"


class Ntfy(LoopbackService):
    """One server; `protected` topics need one of `logins`, an `Authorization` header each.

    `daily_limit` is ntfy.sh's for who has no account; a server of one's own has none.
    """

    hosts: ClassVar = frozenset({"ntfy.sh"})

    def __init__(self, clock: Clock = machine_time, daily_limit: int | None = None) -> None:
        super().__init__(clock)
        self.protected: set[str] = set()
        self.logins: set[str] = set()
        self.daily_limit = daily_limit
        self.bucket = Bucket()
        self._today: date | None = None
        self.sent_today = 0

    def allow(self, user: str, password: str) -> None:
        """Let a user publish to protected topics."""
        encoded = base64.b64encode(f"{user}:{password}".encode()).decode()
        self.logins.add(f"Basic {encoded}")

    def take(self, received: Received) -> Reply:
        if received.method not in {"POST", "PUT"}:
            raise error(404, 40401, "page not found")
        if not self.bucket.take_one(self.clock()):
            raise error(429, 42901, "limit reached: too many requests", "#limitations")
        fields = self._fields(received)
        self._authorize(received, fields["topic"])
        self._count()
        self.taken.append(Taken(fields, self._show(fields)))
        return says(self._event(fields))

    def _fields(self, received: Received) -> dict[str, Any]:
        topic = path(received).strip("/")
        if topic:
            fields: dict[str, Any] = {"topic": topic, "message": received.body.decode()}
        else:
            fields = self._published_as_json(received)
        for name in ("title", "message", "click", "icon"):
            if (value := header(received, f"X-{name}", name)) is not None:
                fields[name] = str(make_header(decode_header(value)))
        priority = header(received, "X-Priority", "Priority", "prio", "p")
        if priority is not None and "priority" not in fields:
            if priority.lower() not in PRIORITIES:
                raise error(400, 40007, "invalid priority parameter", "#message-priority")
            fields["priority"] = PRIORITIES[priority.lower()]
        return {**fields, "message": fields.get("message") or "triggered"}

    def _published_as_json(self, received: Received) -> dict[str, Any]:
        if len(received.body) > LARGEST_JSON_BYTES:
            raise error(413, 41303, "JSON body too large")
        document = json_object(received)
        if document is None:
            raise error(400, 40024, "invalid request: request body must be valid JSON")
        fault = self.inspect(document, FIELDS)
        if fault is not None and fault[0] == "topic":
            raise error(400, 40009, "invalid request: topic invalid")
        if fault is not None and fault[0] == "priority":
            raise error(400, 40007, "invalid priority parameter", "#message-priority")
        if fault is not None:
            raise error(400, 40017, "invalid request: request body must be message JSON")
        return document

    def _authorize(self, received: Received, topic: str) -> None:
        login = header(received, "Authorization")
        if login is not None and login not in self.logins:
            raise error(401, 40101, "unauthorized", "#authentication")
        if topic in self.protected and login is None:
            raise error(403, 40301, "forbidden", "#authentication")

    def _count(self) -> None:
        today = self.clock().date()
        if today != self._today:
            self._today, self.sent_today = today, 0
        if self.daily_limit is not None and self.sent_today >= self.daily_limit:
            raise error(429, 42908, "limit reached: daily message quota reached", "#limitations")
        self.sent_today += 1

    def _event(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        now = int(self.clock().timestamp())
        event = {"id": token_urlsafe(9)[:12], "time": now, "expires": now + 43_200}
        return {**event, "event": "message", **fields, **self._attachment(fields)}

    def _attachment(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        size = len(fields["message"].encode())
        if size <= LARGEST_MESSAGE_BYTES:
            return {}
        attachment = {"name": "attachment.txt", "type": "text/plain", "size": size}
        return {"message": "You received a file: attachment.txt", "attachment": attachment}

    def _show(self, fields: Mapping[str, Any]) -> Shown:
        body = self._attachment(fields).get("message", fields["message"])
        loud = fields.get("priority", _DEFAULT_PRIORITY) >= _DEFAULT_PRIORITY
        return Shown(self.clock(), fields.get("title", ""), body, loud)


class Bucket:
    """Sixty requests at once, and one more every five seconds."""

    def __init__(self, size: int = 60, refill: timedelta = timedelta(seconds=5)) -> None:
        self.size = size
        self.refill = refill
        self.left = float(size)
        self._at: datetime | None = None

    def take_one(self, now: datetime) -> bool:
        if self._at is not None:
            self.left = min(self.size, self.left + (now - self._at) / self.refill)
        self._at = now
        if self.left < 1:
            return False
        self.left -= 1
        return True


def error(status: int, code: int, words: str, page: str | None = None) -> RefusedError:
    link = {"link": f"{_DOCS}{page}"} if page else {}
    return RefusedError(status, {"code": code, "http": status, "error": words, **link})
