"""Serve an ASGI app on loopback: how the pretend marketplaces come alive.

`serve` runs an app in a thread, for tests and the demo; `run_until_signalled` runs it in the main
thread of a process of its own. An app that wants to break its connection awaits `reset_connection`.
"""

import asyncio
import contextlib
import signal
import socket
import struct
import threading
from collections.abc import Awaitable, Callable, Iterator

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

EXTENSION = "salesdaemon.loopback"
LINGER_ZERO = struct.pack("ii", 1, 0)
STOP_SECONDS = 10


async def reset_connection(scope: Scope, receive: Receive, *, abruptly: bool = True) -> None:
    """Break the connection of this request; nothing more can be sent on it.

    Abruptly is a TCP reset: bytes that were sent before may or may not reach the client, as on a
    real network. Otherwise they do, and the end comes as if the server had hung up.

    Raises:
        ConnectionResetError: the app runs without a connection, called in process.
    """
    transport = scope.get("extensions", {}).get(EXTENSION)
    if transport is None:
        raise ConnectionResetError
    if abruptly:
        peer = transport.get_extra_info("socket")
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_ZERO)
        transport.abort()
    else:
        transport.close()
    while (await receive())["type"] != "http.disconnect":
        pass


class Running:
    """An app that answers on `url` from a background thread until `stop` is called."""

    def __init__(self, app: ASGIApp, *, port: int = 0) -> None:
        self._listener = _Listener(app, port=port)
        self.url = self._listener.url
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="loopback", daemon=True)
        self._thread.start()
        if not self._listener.listening.wait(STOP_SECONDS):
            raise RuntimeError("The loopback server did not start.")

    @property
    def requests_open(self) -> int:
        """How many requests have come in and not been answered yet."""
        return self._listener.requests_open

    def stop(self) -> None:
        """Stop answering: open requests, also hanging ones, lose their connection."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._listener.stop)
            self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._listener.serve())


@contextlib.contextmanager
def serve(app: ASGIApp, port: int = 0) -> Iterator[str]:
    """Serve an app on 127.0.0.1 while the block runs; yields its base URL, without a last slash.

    The port is free to connect to when the block begins; port 0 picks an unused one.
    """
    running = Running(app, port=port)
    try:
        yield running.url
    finally:
        running.stop()


async def run_until_signalled(
    app: ASGIApp,
    *,
    port: int = 0,
    ready: Callable[[str], None],
    beside: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Serve an app until SIGTERM or SIGINT; `ready` is told the base URL when it listens.

    `beside` is a coroutine that runs at the same time and is cancelled at the end.
    """
    listener = _Listener(app, port=port)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, listener.stop)
    companion = asyncio.ensure_future(beside()) if beside else None
    try:
        await listener.serve(ready=ready)
    finally:
        if companion:
            companion.cancel()
            await asyncio.wait([companion])


class _Listener:
    """uvicorn's HTTP protocol on a listening socket, without uvicorn's signals and waits."""

    def __init__(self, app: ASGIApp, *, port: int) -> None:
        self._app = app
        # asyncio turns Nagle's algorithm off only where the protocol is named: without it every
        # small answer waits 40 ms for the client's delayed acknowledgement.
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", port))
        self._socket.listen(128)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.listening = threading.Event()
        self._state = ServerState()
        self._requests: set[asyncio.Task[None]] = set()
        self._stopped = asyncio.Event()

    @property
    def requests_open(self) -> int:
        return len(self._requests)

    def stop(self) -> None:
        self._stopped.set()

    async def serve(self, *, ready: Callable[[str], None] | None = None) -> None:
        config = uvicorn.Config(
            self._handle,
            interface="asgi3",
            proxy_headers=False,
            http="h11",
            ws="none",
            lifespan="off",
            access_log=False,
            log_config=None,
            date_header=False,
            server_header=False,
            timeout_keep_alive=75,
        )
        config.load()
        server = await asyncio.get_running_loop().create_server(
            lambda: H11Protocol(config=config, server_state=self._state, app_state={}),
            sock=self._socket,
        )
        self.listening.set()
        if ready:
            ready(self.url)
        await self._stopped.wait()
        server.close()
        await self._drop_connections()

    async def _handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        task = asyncio.current_task()
        if task is None:  # pragma: no cover - uvicorn always calls from a task
            raise RuntimeError("The app must be called from a task.")
        # uvicorn hands its request cycle's own bound method as `send`; the cycle holds the
        # transport, which is the only way to a real connection reset.
        cycle = getattr(send, "__self__", None)
        scope.setdefault("extensions", {})[EXTENSION] = getattr(cycle, "transport", None)
        self._requests.add(task)
        try:
            await self._app(scope, receive, send)
        except asyncio.CancelledError:
            if not self._stopped.is_set():
                raise
        finally:
            self._requests.discard(task)

    async def _drop_connections(self) -> None:
        for connection in list(self._state.connections):
            if connection.transport is not None:
                connection.transport.abort()
        await asyncio.sleep(0)  # the protocols hear of it before their requests are cancelled
        requests = list(self._requests)
        for task in requests:
            task.cancel()
        if requests:
            await asyncio.wait(requests, timeout=STOP_SECONDS)
