"""An HTTP client that answers from a script and remembers what was asked."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

RECEIVED_AT = datetime(2026, 11, 20, 9, tzinfo=UTC)


@dataclass
class FakeReply:
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: {"content-type": "application/json"})
    body: bytes = b"{}"
    received_at: datetime = RECEIVED_AT


def says(document: object, status: int = 200, **headers: str) -> FakeReply:
    """Answer with JSON; underscores in header names stand for dashes."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return FakeReply(status, {"content-type": "application/json"} | named, body)


@dataclass(frozen=True)
class Asked:
    method: str
    url: str
    params: dict[str, Any]
    headers: dict[str, str]
    form: dict[str, str]
    repeat: bool


Scripted = FakeReply | Exception | Callable[[Asked], FakeReply]


class ScriptedHttp:
    """Answers one scripted reply a request; a request too many fails the test."""

    def __init__(self, *script: Scripted) -> None:
        self.script = list(script)
        self.asked: list[Asked] = []

    async def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        repeat: bool = True,
    ) -> FakeReply:
        asked = Asked(
            method, url, dict(params or {}), dict(headers or {}), dict(form or {}), repeat
        )
        self.asked.append(asked)
        assert self.script, f"nothing is scripted for {method} {url} {asked.params}"
        reply = self.script.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply(asked) if callable(reply) else reply
