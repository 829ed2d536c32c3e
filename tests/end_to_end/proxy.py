"""A proxy in front of a pretend shop, to strike right after an answer has left."""

import http.client
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

_KEPT = ("content-type", "retry-after", "date")


class Proxy:
    """Hands requests on; `on_reply` gets the body of each answer once all of it was written."""

    def __init__(self, upstream: str) -> None:
        self.on_reply: Callable[[bytes], None] = _ignore
        self._upstream = urlsplit(upstream).netloc
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                upstream = http.client.HTTPConnection(proxy._upstream, timeout=20)
                try:
                    headers = {"authorization": self.headers["authorization"]}
                    upstream.request("GET", self.path, headers=headers)
                    answer = upstream.getresponse()
                    body = answer.read()
                finally:
                    upstream.close()
                self.send_response_only(answer.status)
                for name in _KEPT:
                    if answer.headers[name]:
                        self.send_header(name, answer.headers[name])
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
                proxy.on_reply(body)

            def log_message(self, *_: object) -> None:
                pass

        return Handler


def _ignore(_body: bytes) -> None:
    pass
