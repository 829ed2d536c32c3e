"""A Bark server on loopback, with the size that Apple's service takes behind it.

Sources: `docs/API_V2.md` in Finb/bark-server (read 2026-11-22) for the fields, its README and its
source for the answers and their words; 4 KB for a notification is what Apple's page "Generating a
remote notification" is quoted with.
"""

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from tests.fakes.services.base import (
    Clock,
    Field,
    LoopbackService,
    RefusedError,
    Shown,
    Taken,
    content_type,
    json_object,
    machine_time,
    path,
    says,
)
from tests.notify.listener import Received, Reply

LEVELS = frozenset({"critical", "active", "timeSensitive", "passive"})
_ONE = frozenset({"1"})
FIELDS = {
    "title": Field(),
    "subtitle": Field(),
    "body": Field(),
    "device_key": Field(),
    "device_keys": Field(list),
    "level": Field(allowed=LEVELS),
    "volume": Field(),
    "badge": Field(int),
    "call": Field(allowed=_ONE),
    "autoCopy": Field(allowed=_ONE),
    "copy": Field(),
    "sound": Field(),
    "icon": Field(),
    "group": Field(),
    "ciphertext": Field(),
    "isArchive": Field(allowed=_ONE),
    "url": Field(),
    "action": Field(),
}
APPLES_LARGEST_BYTES = 4096


class Bark(LoopbackService):
    """One server with one phone registered."""

    hosts: ClassVar = frozenset({"api.day.app"})

    def __init__(
        self, device_key: str = "ynJ5Ft4atkMkWeo2PAvFhF", clock: Clock = machine_time
    ) -> None:
        super().__init__(clock)
        self.device_key = device_key

    def take(self, received: Received) -> Reply:
        if (received.method, path(received)) != ("POST", "/push"):
            raise self._failed(404, f"Cannot {received.method} {path(received)}")
        fields = json_object(received)
        if content_type(received) != "application/json" or fields is None:
            raise self._failed(400, "request bind failed")
        fault = self.inspect(fields, FIELDS)
        if fault is not None:
            raise self._failed(400, f"invalid {fault[1]} for {fault[0]}")
        self._push(fields)
        self.taken.append(Taken(fields, self._show(fields)))
        return says({"code": 200, "message": "success", "timestamp": self._timestamp()})

    def _push(self, fields: Mapping[str, Any]) -> None:
        if not fields.get("device_key"):
            raise self._failed(400, "device key is empty")
        if fields["device_key"] != self.device_key:
            key = fields["device_key"]
            words = f"failed to get device token: failed to get [{key}] device token from database"
            raise self._failed(400, words)
        if len(_for_apple(fields)) > APPLES_LARGEST_BYTES:
            raise self._failed(500, "push failed: PayloadTooLarge")

    def _failed(self, code: int, words: str) -> RefusedError:
        document = {"code": code, "message": words, "timestamp": self._timestamp()}
        return RefusedError(code, document)

    def _timestamp(self) -> int:
        return int(self.clock().timestamp())

    def _show(self, fields: Mapping[str, Any]) -> Shown:
        return Shown(
            self.clock(),
            fields.get("title", ""),
            fields.get("body", ""),
            loud=fields.get("level") != "passive",
            sound=fields.get("sound"),
        )


def _for_apple(fields: Mapping[str, Any]) -> bytes:
    """Return what such a server hands on: JSON with `<`, `>` and `&` as six bytes each."""
    alert = {name: fields[name] for name in ("title", "subtitle", "body") if name in fields}
    sound = fields.get("sound", "1107.caf")
    rest = {
        name: value
        for name, value in fields.items()
        if name not in {"device_key", "sound", "title", "subtitle", "body"}
    }
    aps = {
        "alert": alert,
        "sound": sound,
        "category": "myNotificationCategory",
        "mutable-content": 1,
    }
    text = json.dumps({"aps": aps, **rest}, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text.encode()
