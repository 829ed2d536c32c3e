"""The daemon against two pretend shops, as `salesdaemon demo` shows it.

The shops, the sign-in, the daemon, the lists and the digest are processes of their own, started
by the commands that a seller types. Pretended are the shops, the browser and the phone; nothing
leaves this machine, and nothing but the digest stays on it.
"""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any, Final
from urllib.request import ProxyHandler, Request, build_opener

from salesdaemon.demo_stage import Children, Phone, Screen, free_port, local_zone
from salesdaemon.errors import SalesDaemonError

OLD_ORDERS: Final = 40
OLD_DAYS: Final = 30
BURST: Final = 7
OUTPUT: Final = Path("demo-output/digest.html")
START_SECONDS: Final = 60
SETTLE_SECONDS: Final = 45
COUNTED: Final = ("sale", "renewal")
_LOOPBACK: Final = build_opener(ProxyHandler({}))
_CONFIG: Final = """\
timezone = {zone}
currency = "EUR"

[database]
url = {database}

[shops.prints]
marketplace = "etsy"
keystring = "pretend-keystring"
shared_secret = "pretend-secret"
poll_every = "1s"
redirect_uri = {redirect_uri}
api_url = {etsy}
auth_url = {etsy}

[shops.templates]
marketplace = "gumroad"
access_token = "pretend-token"
poll_every = "1s"
api_url = {gumroad}

[channels.phone]
url = {phone}

[exchange]
source = "off"

[web]
port = {web_port}
"""


def main(seconds: float | None = None, output: Path | None = None) -> int:
    """Show the daemon at work until Ctrl-C or for some seconds; returns the exit code.

    `output` is where the HTML digest goes. The code is 1 when the store and the shops' own books
    disagree in the end.

    Raises:
        SalesDaemonError: a part of the demo did not start or ended by itself, or there is no
            place for the digest.
    """
    digest = _prepare(output or OUTPUT)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="salesdaemon-demo-")))
        demo = Demo(folder, digest, stack)
        demo.start()
        with suppress(KeyboardInterrupt):
            demo.play(seconds)
        return demo.finish()


def _prepare(output: Path) -> Path:
    """Make the folder of the digest before anything else; the path is absolute."""
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise SalesDaemonError(
            f"The folder {output.parent} cannot be made ({reason}).",
            fix="Name another file with --out.",
        ) from error
    return output.absolute()


def _leave(number: int, _frame: FrameType | None) -> None:
    """End at once, through every `finally`; a second signal cannot cut that short."""
    signal.signal(number, signal.SIG_IGN)
    sys.exit(128 + number)


class Demo:
    """Everything that the demo starts; whatever is on the stack ends with it."""

    def __init__(self, folder: Path, output: Path, stack: ExitStack) -> None:
        self._output = output
        self._zone = local_zone()
        self._screen = Screen(self._zone)
        self._children = Children(folder)
        self._config = folder / "config.toml"
        self._stack = stack
        self._web_port, self._redirect_port = free_port(), free_port()
        stack.callback(self._children.stop_all)

    def start(self) -> None:
        """Open the shops, sign in, start the daemon and wait until it watches both shops.

        The phone starts last: until then there is one thread, as `Children.start` asks for.
        """
        self._screen.say("Two pretend shops, the real daemon and a phone; nothing leaves loopback.")
        redirect_uri = f"http://localhost:{self._redirect_port}/oauth/callback"
        # Of the last month, so that the digest's chart shows them.
        options = ("--redirect-uri", redirect_uri, "--days", str(OLD_DAYS))
        self._prints = self._open_shop("prints", "etsy", *options)
        self._templates = self._open_shop("templates", "gumroad")
        self._phone = Phone(self._screen)
        self._stack.callback(self._phone.close)
        self._write_config(redirect_uri)
        self._sign_in()
        self._daemon = self._children.start("daemon", *self._command("run"))
        self._phone.start()
        self._wait_until_ready()
        self._began = datetime.now(UTC).replace(microsecond=0)
        self._screen.say(
            f"Watching {len(self._shops)} shops with {OLD_ORDERS} old orders each, which do not "
            f"ring. Health: http://127.0.0.1:{self._web_port}/readyz. Ctrl-C ends it.\n"
        )

    def play(self, seconds: float | None) -> None:
        """Let buyers come until the time is over.

        Raises:
            SalesDaemonError: the daemon ended by itself.
        """
        end = None if seconds is None else time.monotonic() + seconds
        for happened, pause in story(self._prints, self._templates):
            self._screen.tell(happened)
            left = pause if end is None else min(pause, end - time.monotonic())
            with suppress(subprocess.TimeoutExpired):
                self._daemon.wait(max(0.0, left))
                raise self._children.failure("daemon")
            if end is not None and time.monotonic() >= end:
                return

    def finish(self) -> int:
        """Stop selling, wait until the daemon has seen it all, show the digest; the exit code."""
        self._screen.say("\nNobody buys any more. Does the daemon know all that happened?")
        outcome = self._settle()
        self._children.stop("daemon")
        today = datetime.now(self._zone).date().isoformat()
        rates = self._config.with_name("pretend-rates.csv")
        rates.write_text(f"date,currency,rate\n{today},USD,1.10\n", encoding="utf-8")
        self._ask("rates", "import", str(rates))
        digest = ("digest", "daily", "--date", today)
        text = self._ask(*digest, "--format", "text")
        self._ask(*digest, "--format", "html", "--out", str(self._output))
        self._screen.say(f"\n{text.rstrip()}\n\nThe same as a mail would show it: {self._output}\n")
        self._screen.say(outcome.summary())
        return 0 if outcome.agrees else 1

    @property
    def _shops(self) -> "tuple[PretendShop, PretendShop]":
        return self._prints, self._templates

    def _open_shop(self, name: str, vendor: str, *options: str) -> "PretendShop":
        module = f"salesdaemon.marketplaces.{vendor}.pretend"
        history = ("--history", str(OLD_ORDERS))
        child = self._children.start(name, "-m", module, "--port", "0", *history, *options)
        word, _, url = self._children.read_line(child).strip().partition(" ")
        if word != "ready":
            raise self._children.failure(name)
        return PretendShop(name, vendor.title(), url)

    def _write_config(self, redirect_uri: str) -> None:
        values = {
            "zone": self._zone.key,
            "database": f"sqlite:///{self._config.with_name('sales.db')}",
            "redirect_uri": redirect_uri,
            "etsy": self._prints.url,
            "gumroad": self._templates.url,
            "phone": f"json://127.0.0.1:{self._phone.port}/",
            "web_port": self._web_port,
        }
        # A JSON string is a TOML string, too.
        text = _CONFIG.format(**{key: json.dumps(value) for key, value in values.items()})
        self._config.touch(mode=0o600)
        self._config.write_text(text, encoding="utf-8")

    def _sign_in(self) -> None:
        """Run `auth` as a seller would, and be the browser that it asks for."""
        child = self._children.start("sign-in", *self._command("auth", "prints"))
        url = self._children.read_line(child, starting="http").strip()
        if not url:
            raise self._children.failure("sign-in")
        with _LOOPBACK.open(url, timeout=START_SECONDS) as page:
            page.read()
        if child.wait(START_SECONDS) != 0:
            raise self._children.failure("sign-in")

    def _wait_until_ready(self) -> None:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self._daemon.poll() is None:
            with suppress(OSError):
                _LOOPBACK.open(f"http://127.0.0.1:{self._web_port}/readyz", timeout=5).close()
                return
            time.sleep(0.1)
        raise self._children.failure("daemon")

    def _settle(self) -> "Outcome":
        """Compare until all is known and rung, or the time is up."""
        end = time.monotonic() + SETTLE_SECONDS
        while True:
            outcome = self._compare()
            if outcome.agrees or time.monotonic() > end:
                return outcome
            time.sleep(0.5)

    def _compare(self) -> "Outcome":
        rung = self._phone.rung()
        lines = self._ask("sales", "--format", "jsonl").splitlines()
        status = json.loads(self._ask("status", "--format", "json"))
        stored = [json.loads(line) for line in lines]
        waiting = sum(channel["waiting"] for channel in status["channels"])
        rows = tuple(
            compare(
                shop,
                [sale for sale in stored if sale["shop"] == shop.name],
                rung[shop.name],
                self._began,
            )
            for shop in self._shops
        )
        return Outcome(rows, waiting)

    def _command(self, *words: str) -> tuple[str, ...]:
        return ("-m", "salesdaemon", "--config", str(self._config), *words)

    def _ask(self, *words: str) -> str:
        return self._children.ask(*self._command(*words))


@dataclass(frozen=True, slots=True)
class PretendShop:
    """A pretend shop's remote control."""

    name: str
    vendor: str
    url: str

    def order(self, what: str, **details: object) -> dict[str, Any]:
        """Let something happen there; answers what the shop says."""
        answer: dict[str, Any] = self._ask(
            Request(  # noqa: S310 - an address on loopback
                f"{self.url}/_pretend/{what}",
                json.dumps(details).encode(),
                {"content-type": "application/json"},
            )
        )
        return answer

    def books(self) -> Sequence[Mapping[str, Any]]:
        """Read the truth about every order."""
        rows: Sequence[Mapping[str, Any]] = self._ask(
            Request(f"{self.url}/_pretend/books")  # noqa: S310 - as above
        )
        return rows

    def _ask(self, request: Request) -> Any:  # noqa: ANN401 - whatever JSON can say
        with _LOOPBACK.open(request, timeout=START_SECONDS) as answer:
            return json.load(answer)


PRINTS: Final = (
    (1_200_000_201, "Weekly planner, printable", 650, 0),
    (1_200_000_202, "Linocut “Heron”, signed", 3400, 490),
    (1_200_000_203, "Wedding invitation template", 1490, 0),
)
"""Listing, title, price and shipping in cents."""
TEMPLATES: Final = (("Icon pack", 1200), ("Budget spreadsheet", 1900), ("Brush set", 900))
LATE_LISTING, LATE = 1_200_000_204, "Star map, printable"


def story(prints: PretendShop, templates: PretendShop) -> Iterator[tuple[str, float]]:
    """Let buyers come and go for ever; says what happened and how long nothing else will.

    No more than five sales ring within a minute, by the daemon's default; what comes after a
    burst is told when the minute is over.
    """
    at_etsy, at_gumroad = cycle(PRINTS), cycle(TEMPLATES)
    while True:
        first, told = _sell_at_gumroad(templates, *next(at_gumroad))
        yield told, 3
        yield _sell_at_etsy(prints, *next(at_etsy)), 2.5
        item = {"title": LATE, "price": 1800, "listing_id": LATE_LISTING}
        late = prints.order("sell", items=[item], paid=False)["receipt_id"]
        yield f"A buyer at Etsy orders {LATE} and does not pay yet: no ring.", 2
        templates.order("sell", product="Sample page", price=0)
        yield "Somebody takes a free download at Gumroad: no ring.", 2
        prints.order(f"pay/{late}")
        yield "The buyer at Etsy pays late: now it rings.", 2
        templates.order("refund", sale_id=first, amount=400)
        yield "The first buyer gets $4.00 back: told without a sound.", 2
        prints.order("burst", count=BURST)
        yield f"{BURST} buyers at Etsy at once: one message, and then a minute's rest.", 20
        yield _sell_at_etsy(prints, *next(at_etsy)), 20
        yield _sell_at_gumroad(templates, *next(at_gumroad))[1], 30


def _sell_at_gumroad(shop: PretendShop, product: str, cents: int) -> tuple[str, str]:
    sold = shop.order("sell", product=product, price=cents)
    return sold["result"], f"A buyer at Gumroad pays ${cents / 100:.2f} for {product}."


def _sell_at_etsy(shop: PretendShop, listing: int, title: str, cents: int, shipping: int) -> str:
    item = {"title": title, "price": cents, "is_digital": not shipping, "listing_id": listing}
    shop.order("sell", items=[item], shipping=shipping)
    posted = ", by post" if shipping else ""
    return f"A buyer at Etsy pays €{(cents + shipping) / 100:.2f} for {title}{posted}."


@dataclass(frozen=True, slots=True)
class Row:
    """One shop in the end: what it knows, what is stored, what should have rung and what did."""

    shop: PretendShop
    orders: int
    stored: int
    differing: tuple[str, ...]
    sold: int
    rung: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the daemon did, with the number of rings that wait to be told together."""

    rows: tuple[Row, ...]
    waiting: int

    @property
    def agrees(self) -> bool:
        """Tell whether the store equals the shops' books and nothing rang too often or never."""
        complete = not any(row.differing for row in self.rows)
        unrung = [row.sold - row.rung for row in self.rows]
        return complete and min(unrung) >= 0 and sum(unrung) == self.waiting

    def summary(self) -> str:
        """Say it as a small table and a verdict."""
        lines = ["Shop                 orders  stored  sold meanwhile  rung"]
        for row in self.rows:
            name = f"{row.shop.name} ({row.shop.vendor})"
            lines.append(f"{name:<20} {row.orders:>6} {row.stored:>7} {row.sold:>15} {row.rung:>5}")
        if self.waiting:
            lines.append(f"{self.waiting} of them still waited for the end of that minute's rest.")
        differing = [sale for row in self.rows for sale in row.differing]
        if self.agrees:
            lines.append("The store equals the shops' own books, and every sale rang once.")
        elif differing:
            lines.append(f"The store differs from the shops' own books: {', '.join(differing)}.")
        else:
            lines.append("The rings do not add up to what was sold.")
        return "\n".join(lines)


def compare(
    shop: PretendShop, stored: Sequence[Mapping[str, Any]], rung: int, began: datetime
) -> Row:
    """Hold the stored sales of a shop against its own books, word by word."""
    books = shop.books()
    known = {sale["sale_id"]: sale for sale in stored}
    differing = [
        book["sale_id"]
        for book in books
        if any(known.get(book["sale_id"], {}).get(key) != told for key, told in book.items())
    ]
    sold = [
        book
        for book in books
        if book["kind"] in COUNTED
        and book["status"] != "unpaid"
        and datetime.fromisoformat(book["paid_at"]) >= began
    ]
    return Row(shop, len(books), len(stored), tuple(differing), len(sold), rung)
