"""A Gotify server on loopback.

Sources (read 2026-11-22): the OpenAPI document of version 2 of the server, `docs/spec.json` in
gotify/server, path /message and models CreateMessage, Message, Error; the words of its refusals
from the server's source; which priorities make a sound on Android from the README of
gotify/android.
"""

from http import HTTPStatus
from typing import ClassVar

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
    query,
    says,
)
from tests.notify.listener import Received, Reply

FIELDS = {
    "message": Field(required=True),
    "title": Field(),
    "priority": Field(int),
    "extras": Field(dict),
    "appid": Field(int),
}
_FIRST_WITH_SOUND = 4
_NO_TOKEN = "you need to provide a valid access token or user credentials to access this api"


class Gotify(LoopbackService):
    """One application with its token; the host is one that a seller may have given it."""

    hosts: ClassVar = frozenset({"gotify.example.com"})

    def __init__(self, token: str = "AbcdefghijklmnO", clock: Clock = machine_time) -> None:
        super().__init__(clock)
        self.token = token

    def take(self, received: Received) -> Reply:
        if (received.method, path(received)) != ("POST", "/message"):
            raise _error(404, "page not found")
        if _token(received) != self.token:
            raise _error(
                401,
                "you need to provide a valid access token or user credentials to access this api",
            )
        fields = json_object(received)
        if fields is None:
            raise _error(400, "invalid character in body")
        fault = self.inspect(fields, FIELDS)
        if fault is not None or not fields["message"]:
            name, problem = fault or ("message", "missing")
            raise _error(400, f"Field '{name}' is {_WORDS[problem]}")
        now = self.clock()
        priority = fields.get("priority", 0)
        shown = Shown(
            now, fields.get("title", ""), fields["message"], loud=priority >= _FIRST_WITH_SOUND
        )
        self.taken.append(Taken(fields, shown))
        return says({"id": len(self.taken), "appid": 1, "date": now.isoformat(), **fields})


_WORDS = {"missing": "required", "type": "not valid", "length": "not valid", "value": "not valid"}


def _token(received: Received) -> str | None:
    bearer = header(received, "Authorization") or ""
    if bearer.startswith("Bearer "):
        return bearer.removeprefix("Bearer ")
    return header(received, "X-Gotify-Key") or query(received).get("token")


def _error(status: int, words: str) -> RefusedError:
    return RefusedError(
        status,
        {"error": HTTPStatus(status).phrase, "errorCode": status, "errorDescription": words},
    )
