"""A real HTTP server on loopback that takes notifications, and a way to lead services to it."""

import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit, urlunsplit

import requests

_ORIGINAL_URL = "X-Original-Url"


@dataclass(frozen=True)
class Received:
    method: str
    url: str  # as the plugin asked for it
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}


@dataclass
class Reply:
    status: int = 200
    body: str = '{"ok": true, "status": 1, "success": true, "errcode": 0, "code": 0}'
    headers: dict[str, str] = field(default_factory=dict)
    hold: threading.Event | None = None  # answers only when it is set


class Listener:
    """Keeps what it received; the last reply is given again and again."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.replies: list[Reply] = [Reply()]
        self.arrived = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def only(self) -> Received:
        assert len(self.received) == 1, [one.url for one in self.received]
        return self.received[0]

    @contextlib.contextmanager
    def serving(self) -> Iterator[None]:
        thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()

    def answer(self, received: Received) -> Reply:
        self.received.append(received)
        self.arrived.set()
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                pass

            def _take(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                url = self.headers.get(_ORIGINAL_URL) or f"http://{listener.host}{self.path}"
                reply = listener.answer(Received(self.command, url, dict(self.headers), body))
                if reply.hold is not None:
                    reply.hold.wait(60)
                content = reply.body.encode()
                with contextlib.suppress(OSError):
                    self.send_response_only(reply.status)  # no Date of its own
                    for name, value in reply.headers.items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", str(len(content)))
                    self.end_headers()
                    self.wfile.write(content)

            do_GET = do_POST = do_PUT = _take  # noqa: N815 - http.server looks for these names

        return Handler


class LoopbackAdapter(requests.adapters.HTTPAdapter):
    """Carries every request to the listener instead of the host it was meant for."""

    def __init__(self, listener: Listener) -> None:
        super().__init__()
        self._listener = listener

    def send(self, request: Any, *args: Any, **kwargs: Any) -> requests.Response:
        parts = urlsplit(request.url)
        request.headers[_ORIGINAL_URL] = request.url
        request.url = urlunsplit(("http", self._listener.host, parts.path, parts.query, ""))
        kwargs["verify"] = False
        return super().send(request, *args, **kwargs)
