"""The owner's phone: a listener on loopback that takes what a `json://` channel posts."""

import contextlib
import json
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_RING = "Ka-ching!"
_MANY = re.compile(r"(?:Ka-ching!|Sales recap:) (\d+) sales?, ")
_PRODUCT = re.compile(r"\d+ × (.+?)(?: and \d+ more)?$")


@dataclass(frozen=True, slots=True)
class Push:
    """One message as it arrived. `kind` is Apprise's type."""

    title: str
    body: str
    kind: str

    @property
    def is_recap(self) -> bool:
        return "recap" in self.title

    @property
    def sales(self) -> int:
        """How many sales it rings for."""
        if self.is_recap or self.title.startswith(_RING):
            many = _MANY.match(self.title)
            return int(many[1]) if many else 1
        return 0

    @property
    def products(self) -> list[str]:
        """Name the product of each sale it rings for; a long list stops after fifteen."""
        if not self.sales:
            return []
        if not _MANY.match(self.title):
            return [_product(self.body.splitlines()[0])]
        return [_product(line.split(" · ")[1]) for line in self.body.splitlines() if " · " in line]


def _product(text: str) -> str:
    found = _PRODUCT.match(text)
    assert found is not None, text
    return found[1]


def count_rings(pushes: Iterable[Push]) -> int:
    return sum(push.sales for push in pushes)


def count_products(pushes: Iterable[Push]) -> Counter[str]:
    return Counter(product for push in pushes for product in push.products)


class Phone:
    """Keeps every push in order. A hook may strike between the steps of a delivery.

    `on_accept` may say that the caller is to be hung up on, unheard.
    """

    def __init__(self) -> None:
        self.pushes: list[Push] = []
        self.on_accept: Callable[[], bool] = _listen
        self.on_read: Callable[[Push], None] = _ignore
        self.refuses_with: int | None = None
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self._server.accepted = lambda: self.on_accept()  # noqa: PLW0108 - it may be set later
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    @property
    def url(self) -> str:
        """The address for a channel of the configuration."""
        return f"json://127.0.0.1:{self._server.server_address[1]}/"

    @property
    def rings(self) -> list[Push]:
        return [push for push in list(self.pushes) if push.sales]

    @property
    def others(self) -> list[Push]:
        return [push for push in list(self.pushes) if not push.sales]

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        phone = self

        class Handler(BaseHTTPRequestHandler):
            timeout = 10

            def do_POST(self) -> None:
                length = int(self.headers["content-length"])
                raw = self.rfile.read(length)
                if len(raw) < length:  # the sender died while it wrote
                    return
                told = json.loads(raw)
                push = Push(told["title"], told["message"], told["type"])
                phone.on_read(push)
                if phone.refuses_with is None:
                    phone.pushes.append(push)
                with contextlib.suppress(OSError):
                    self.send_response_only(phone.refuses_with or 200)
                    self.send_header("content-length", "0")
                    self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    accepted: Callable[[], bool]

    def verify_request(self, request: object, client_address: object) -> bool:
        return not self.accepted()

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of senders that were killed."""


def _listen() -> bool:
    return False


def _ignore(_push: Push) -> None:
    pass
