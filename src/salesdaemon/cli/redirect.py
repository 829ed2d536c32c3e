"""A listener on loopback for the one request that brings a sign-in back."""

import asyncio
import hmac
from collections.abc import Callable, Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qs, urlsplit

READ_SECONDS: Final = 10
_IPV4, _IPV6 = "127.0.0.1", "::1"
_HOSTS: Final = {"localhost": (_IPV4, _IPV6), _IPV4: (_IPV4,), _IPV6: (_IPV6,)}
_DONE = ("Thank you", "You can close this page; the rest happens in the terminal.")
_REFUSED = ("Access was not allowed", "The terminal says how to try again.")
_STRANGER = ("Another sign-in", "This page belongs to an earlier attempt; open the newest address.")
_NOTHING = ("Nothing here", "The sign-in comes back to another address.")


def is_loopback(redirect_uri: str) -> bool:
    """Tell whether a browser on this machine can bring the answer here by itself."""
    parts = urlsplit(redirect_uri)
    return parts.scheme == "http" and parts.hostname in _HOSTS


async def receive_redirect(
    redirect_uri: str, state: str | None, when_ready: Callable[[], None]
) -> str:
    """Wait for the browser at the redirect address and return the whole address it asked for.

    A request with another `state` than the one that was sent out is turned away.

    Raises:
        OSError: the port cannot be listened on.
    """
    wanted = urlsplit(redirect_uri)
    arrived: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, TimeoutError, asyncio.IncompleteReadError, ValueError):
            target = await _read_target(reader)
            status, words, is_answer = _judge(target, wanted.path, state)
            writer.write(_page(status, *words))
            await writer.drain()
            if is_answer and not arrived.done():
                arrived.set_result(f"{wanted.scheme}://{wanted.netloc}{target}")
        writer.close()

    servers = await _listen(_HOSTS[wanted.hostname or _IPV4], wanted.port or 80, answer)
    try:
        when_ready()
        return await arrived
    finally:
        for server in servers:
            server.close()


async def _read_target(reader: asyncio.StreamReader) -> str:
    try:
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), READ_SECONDS)
    except asyncio.LimitOverrunError as error:
        raise ValueError("more than a browser sends") from error
    method, target, _ = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
    if method != "GET":
        raise ValueError("not what a redirect looks like")
    return target


def _judge(target: str, path: str, state: str | None) -> tuple[HTTPStatus, tuple[str, str], bool]:
    """Return how to answer a request, and whether it is the one that was waited for."""
    asked = urlsplit(target)
    fields = _fields(asked.query)
    if (asked.path or "/") != (path or "/") or not {"code", "error"} & fields.keys():
        return HTTPStatus.NOT_FOUND, _NOTHING, False
    if state is not None and not hmac.compare_digest(
        fields.get("state", "").encode(), state.encode()
    ):
        return HTTPStatus.BAD_REQUEST, _STRANGER, False
    return HTTPStatus.OK, (_REFUSED if "error" in fields else _DONE), True


def _fields(query: str) -> Mapping[str, str]:
    return {name: values[0] for name, values in parse_qs(query).items()}


def _page(status: HTTPStatus, title: str, text: str) -> bytes:
    body = (
        f'<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        f'<body style="font-family: sans-serif; margin: 4em auto; max-width: 30em">'
        f"<h1>{title}</h1><p>{text}</p></body></html>"
    ).encode()
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: text/html; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\nCache-Control: no-store\r\n"
        "Referrer-Policy: no-referrer\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body


async def _listen(
    hosts: tuple[str, ...],
    port: int,
    answer: Callable[[asyncio.StreamReader, asyncio.StreamWriter], object],
) -> list[asyncio.Server]:
    """Listen on the first of the hosts, and on the others where this machine has them."""
    servers: list[asyncio.Server] = []
    for host in hosts:
        try:
            servers.append(await asyncio.start_server(answer, host, port))  # type: ignore[arg-type]
        except OSError:
            if not servers:
                raise
    return servers
