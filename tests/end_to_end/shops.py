"""The two pretend shops as processes of their own, led through their control endpoints."""

import json
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
ACCESS, REFRESH = "stage-access", "stage-refresh"
TOKEN = "stage-token"


def ask(url: str, body: dict[str, Any] | None = None) -> Any:
    """Get a URL, or post JSON to it, and return the JSON that it answers."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"content-type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            raise AssertionError(f"{url}: {error.read().decode()}") from error


class ShopProcess:
    """A pretend shop on loopback. `url` is where its API is."""

    name: str
    module: str
    currency: str

    def __init__(self, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", self.module, "--port", "0", *arguments],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        word, _, self.url = self._process.stdout.readline().strip().partition(" ")
        assert word == "ready", word

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(20)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def tell(self, action: str, **body: Any) -> Any:
        """Make something happen; returns what the control endpoint answers."""
        return ask(f"{self.url}/_pretend/{action}", body)

    def books(self) -> list[dict[str, Any]]:
        """Return the truth about every order, oldest first."""
        books: list[dict[str, Any]] = ask(f"{self.url}/_pretend/books")
        return books

    def requests(self) -> list[dict[str, Any]]:
        requests: list[dict[str, Any]] = ask(f"{self.url}/_pretend/requests")
        return requests

    def sell(self, product: str, **more: Any) -> str:
        """Sell a product of this title for money and return the id of the sale."""
        raise NotImplementedError

    def fault(self, kind: str, **more: Any) -> None:
        self.tell("fault", kind=kind, **more)

    def mend(self) -> None:
        """Let everything work again."""
        raise NotImplementedError

    def strikes(self) -> int:
        """Count the answers so far that a fault has spoilt."""
        raise NotImplementedError


class Prints(ShopProcess):
    """The Etsy shop of the stage; sells in euros."""

    name = "prints"
    module = "tests.end_to_end.etsy_process"
    currency = "EUR"

    def __init__(self, *arguments: str) -> None:
        super().__init__("--access-token", ACCESS, "--refresh-token", REFRESH, *arguments)

    def sell(self, product: str, **more: Any) -> str:
        return str(self.tell("sell", title=product, **more)["receipt_id"])

    def mend(self) -> None:
        self.tell("fault")

    def strikes(self) -> int:
        return sum(seen["fault"] is not None for seen in self.requests())

    def refreshes(self) -> list[int]:
        """List the status of every answer of the token endpoint so far."""
        return [seen["status"] for seen in self.requests() if seen["path"].endswith("/token")]


class Templates(ShopProcess):
    """The Gumroad account of the stage; sells in dollars."""

    name = "templates"
    module = "salesdaemon.marketplaces.gumroad.pretend"
    currency = "USD"

    def __init__(self, *arguments: str) -> None:
        super().__init__("--access-token", TOKEN, *arguments)

    def sell(self, product: str, **more: Any) -> str:
        return str(self.tell("sell", product=product, **more)["result"])

    def mend(self) -> None:
        self.tell("clear-faults")

    def strikes(self) -> int:
        return sum(ask(f"{self.url}/_pretend/faults").values())
