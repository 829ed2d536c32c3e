"""The owner's browser: an address to open, and the way back with the answer."""

import asyncio
import os
import sys
import threading
from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

from salesdaemon.cli.redirect import is_loopback, receive_redirect
from salesdaemon.cli.streams import print_line, say
from salesdaemon.domain.duration import format_duration
from salesdaemon.errors import AuthError


class TerminalBrowser:
    """Shows the address on stdout; the answer comes to a listener on loopback, or is pasted."""

    def __init__(self, shop: str, *, paste: bool, timeout: timedelta) -> None:
        self._again = f"salesdaemon auth {shop}"
        self._paste = paste
        self._timeout = timeout

    async def sign_in(self, url: str, redirect_uri: str) -> str:
        """Show the address to open and return the one the marketplace redirected to.

        Raises:
            AuthError: nobody signed in within the time, or the answer had no way back.
        """
        try:
            async with asyncio.timeout(self._timeout.total_seconds()):
                if self._paste or not is_loopback(redirect_uri):
                    return await self._pasted(url)
                return await self._received(url, redirect_uri)
        except TimeoutError as error:
            raise AuthError(
                f"Nobody signed in within {format_duration(self._timeout)}.",
                fix=f"Run `{self._again}` again.",
            ) from error

    async def _received(self, url: str, redirect_uri: str) -> str:
        def show() -> None:
            say("Open this address in a browser on this machine and allow access:")
            print_line(url)
            say(f"(If your browser is elsewhere: Ctrl-C, then `{self._again} --paste`.)")

        state = _fields(urlsplit(url).query).get("state")
        try:
            return await receive_redirect(redirect_uri, state, show)
        except OSError as error:
            port = urlsplit(redirect_uri).port or 80
            reason = os.strerror(error.errno).lower() if error.errno else "unknown host"
            raise AuthError(
                f"Port {port} of redirect_uri cannot be listened on ({reason}).",
                fix=f"Free it, or run `{self._again} --paste`.",
            ) from error

    async def _pasted(self, url: str) -> str:
        say("Open this address in a browser and allow access:")
        print_line(url)
        say("The browser ends up at an address that may not load. Paste that address here:")
        lines = _read_lines()
        while (line := await lines.get()) is not None:
            if _holds_answer(line):
                return line.strip()
            if line.strip():
                say("That holds no code. Paste the whole address from the browser:")
        raise AuthError("No address was pasted.", fix=f"Run `{self._again} --paste` again.")


def _read_lines() -> "asyncio.Queue[str | None]":
    """Read stdin in a thread that keeps nobody from leaving; None is its end."""
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[str | None] = asyncio.Queue()

    def read() -> None:
        for line in iter(sys.stdin.readline, ""):
            loop.call_soon_threadsafe(lines.put_nowait, line)
            if _holds_answer(line):
                return
        loop.call_soon_threadsafe(lines.put_nowait, None)

    threading.Thread(target=read, name="stdin", daemon=True).start()
    return lines


def _holds_answer(line: str) -> bool:
    text = line.strip()
    try:
        query = urlsplit(text).query
    except ValueError:
        query = ""
    fields = _fields(query or text.lstrip("?"))
    return "code" in fields or "error" in fields


def _fields(query: str) -> Mapping[str, str]:
    return {name: values[0] for name, values in parse_qs(query).items()}
