"""What stands before every answer of the pretend shop: log of requests, clock and faults."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import parse_qsl

from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from salesdaemon.marketplaces.gumroad.pretend_faults import WHOLE_ANSWER, Fault, Faults
from salesdaemon.marketplaces.loopback import reset_connection

CONTROL = "/_pretend/"
_KNOWN = frozenset(
    {
        "access_token",
        "after",
        "before",
        "email",
        "product_id",
        "order_id",
        "name",
        "license_key",
        "page_key",
        "page",
        "from",
        "to",
        "group_by",
        "include_upcoming",
        "include_sales",
        "include_transactions",
        "year",
    }
)
_ERROR_PAGE = "<!DOCTYPE html><html><body><h1>We're sorry, but something went wrong.</h1></body>"


@dataclass(frozen=True, slots=True)
class PretendRequest:
    """A request as it came; `bearer` tells whether the token was in the header."""

    method: str
    path: str
    query: dict[str, str]
    bearer: bool

    @property
    def unknown_parameters(self) -> list[str]:
        """The parameters that the vendor ignores silently."""
        return sorted(self.query.keys() - _KNOWN)


class Gate:
    """Wraps the app: writes each request down, dates each answer, commits the faults."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        requests: list[PretendRequest],
        faults: Faults,
        now: Callable[[], datetime],
    ) -> None:
        self._app = app
        self._requests = requests
        self._faults = faults
        self._now = now

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["path"].startswith(CONTROL):
            await self._app(scope, receive, send)
            return
        self._requests.append(_record(scope))
        target = f"{scope['path']}?{scope['query_string'].decode('latin-1')}"
        fault = self._faults.take(WHOLE_ANSWER, target)
        dated = self._dated(send)
        if fault is None:
            await self._app(scope, receive, dated)
        elif fault.kind == "hang":
            await _hang(fault.seconds or 0, receive)
            await self._app(scope, receive, dated)
        elif fault.kind in {"reset", "truncated"}:
            await self._halve(fault, scope, receive, dated)
        else:
            await _replacement(fault)(scope, receive, dated)

    def _dated(self, send: Send) -> Send:
        async def dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                date = format_datetime(self._now().astimezone(UTC), usegmt=True)
                message["headers"].append((b"date", date.encode()))
            await send(message)

        return dated

    async def _halve(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        """Send half of the answer: then break the connection, or pretend that this was all."""
        start: Message = {}
        body = b""

        async def keep(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                start = message
            else:
                body += message.get("body", b"")

        await self._app(scope, receive, keep)
        half = body[: len(body) // 2]
        if fault.kind == "truncated":
            await send({**start, "headers": _with_length(start["headers"], len(half))})
            await send({"type": "http.response.body", "body": half})
            return
        await send(start)
        await send({"type": "http.response.body", "body": half, "more_body": True})
        await reset_connection(scope, receive)


def _record(scope: Scope) -> PretendRequest:
    return PretendRequest(
        method=scope["method"],
        path=scope["path"],
        query=dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)),
        bearer=any(
            name == b"authorization" and value[:7].lower() == b"bearer "
            for name, value in scope["headers"]
        ),
    )


async def _hang(seconds: float, receive: Receive) -> None:
    """Wait, but not for a client that has gone."""
    gone = asyncio.ensure_future(_until_gone(receive))
    await asyncio.wait([gone], timeout=seconds)
    gone.cancel()


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _with_length(headers: list[tuple[bytes, bytes]], length: int) -> list[tuple[bytes, bytes]]:
    kept = [(name, value) for name, value in headers if name != b"content-length"]
    return [*kept, (b"content-length", str(length).encode())]


def _replacement(fault: Fault) -> Response:
    """Make the answer that a fault gives instead of the right one."""
    wait = None if fault.seconds is None else {"Retry-After": f"{fault.seconds:g}"}
    if fault.kind == "429":
        return PlainTextResponse("Retry later\n", 429, wait)
    if fault.kind.isdigit():
        return HTMLResponse(_ERROR_PAGE, int(fault.kind), wait)
    status = fault.status or 200
    if fault.kind == "html":
        return HTMLResponse("<!DOCTYPE html><html><body>Just a moment…</body></html>", status)
    if fault.kind == "success_false":
        return JSONResponse({"success": False, "message": "Something is not as it was."}, status)
    if fault.kind == "wrong_json":
        return JSONResponse([{"success": True}], status)
    return Response(b"", status, media_type="application/json")
