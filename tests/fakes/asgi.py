"""An HTTP client that calls an ASGI app in this process: a network without sockets or waiting."""

import asyncio
from collections.abc import Callable, Mapping, MutableMapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from starlette.types import ASGIApp

from salesdaemon.errors import UnavailableError
from tests.fakes.http import FakeReply

PATIENCE = 2000
"""Turns of the event loop after which an app counts as hanging, however busy the machine is."""


class AsgiHttp:
    """Leads every request to one app. `before` and `after` are called around each of them.

    Addresses that hold one of `missing` are not found, `hidden_headers` do not come through.
    """

    def __init__(self, app: ASGIApp, clock: Callable[[], datetime]) -> None:
        self.app = app
        self.asked = 0
        self.before: Callable[[], None] = lambda: None
        self.after: Callable[[], None] = lambda: None
        self.hidden_headers: frozenset[str] = frozenset()
        self.missing: tuple[str, ...] = ()
        self._clock = clock

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
        self.before()
        self.asked += 1
        if any(part in url for part in self.missing):
            return FakeReply(404, {}, b"Not found", self._clock())
        body = urlencode(form).encode() if form is not None else b""
        sent = {"host": "loopback", **(headers or {})}
        if form is not None:
            sent |= {"content-type": "application/x-www-form-urlencoded"}
        call = asyncio.ensure_future(self._call(_scope(method, url, params, sent), body))
        for _ in range(PATIENCE):
            if call.done():
                break
            await asyncio.sleep(0)
        if call.cancel():
            raise UnavailableError("The server did not answer in time.")
        try:
            reply = call.result()
        except ConnectionResetError as error:
            raise UnavailableError("The connection broke.") from error
        self.after()
        return reply

    async def _call(self, scope: MutableMapping[str, Any], body: bytes) -> FakeReply:
        start: dict[str, Any] = {}
        chunks: list[bytes] = []
        sent = False

        async def receive() -> dict[str, Any]:
            nonlocal sent
            if sent:
                await asyncio.Event().wait()  # the client stays until it has its answer
            sent = True
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                chunks.append(message.get("body", b""))

        await self.app(scope, receive, send)
        headers = {
            name.decode().lower(): value.decode()
            for name, value in start["headers"]
            if name.decode().lower() not in self.hidden_headers
        }
        return FakeReply(start["status"], headers, b"".join(chunks), self._clock())


def _scope(
    method: str,
    url: str,
    params: Mapping[str, str | int] | None,
    headers: Mapping[str, str],
) -> MutableMapping[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": urlsplit(url).path,
        "raw_path": urlsplit(url).path.encode(),
        "root_path": "",
        "query_string": urlencode(params or {}).encode(),
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "server": ("loopback", 80),
        "client": ("loopback", 1),
    }
