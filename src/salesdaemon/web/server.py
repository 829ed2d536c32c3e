"""Serve the web application inside the daemon's own loop."""

import asyncio
import contextlib
import logging
import socket

import uvicorn
from starlette.applications import Starlette

log = logging.getLogger(__name__)

TRY_AGAIN_SECONDS = 30


class WebServer:
    """Listens on an address until told to stop; a busy port is tried again, not a reason to die."""

    def __init__(self, app: Starlette, host: str, port: int) -> None:
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=2,
            ws="none",
        )
        self._server = uvicorn.Server(config)
        # The daemon handles signals itself; uvicorn would take them over.
        self._server.capture_signals = contextlib.nullcontext  # type: ignore[assignment]  # a context manager that does nothing
        self._stopping = asyncio.Event()
        self._host = host
        self._port = port

    async def run(self) -> None:
        """Serve until `stop`."""
        while not self._server.should_exit:
            try:
                listening = _listen(self._host, self._port)
            except OSError as error:
                log.error(  # noqa: TRY400 - expected, and told with its reason
                    "web_not_listening address=%s:%d what=%s",
                    self._host,
                    self._port,
                    error.strerror,
                )
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), TRY_AGAIN_SECONDS)
                continue
            with listening:
                log.info("web_listening address=%s:%d", *listening.getsockname()[:2])
                await self._server.serve(sockets=[listening])
            return

    def stop(self) -> None:
        """Stop serving soon."""
        self._server.should_exit = True
        self._stopping.set()


def _listen(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listening = socket.socket(family, kind, protocol)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(64)
        listening.setblocking(False)  # noqa: FBT003 - the socket's own signature
    except OSError:
        listening.close()
        raise
    return listening
