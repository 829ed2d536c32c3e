"""How fast events go through the rules into the outbox, and how fast a relay empties it.

The channels are real ones of Apprise's `json://` against loopback; two of ten never answer.
"""

import asyncio
import multiprocessing
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from benchmarks.figures import Figure
from salesdaemon.domain.changes import EventKind, Watch
from salesdaemon.domain.money import Money
from salesdaemon.domain.rules import Rule, RuleBook
from salesdaemon.domain.sale import Kind, LineItem, Sale, Status
from salesdaemon.notify.channels import Channel
from salesdaemon.notify.relay import Relay
from salesdaemon.notify.texts import Voice
from salesdaemon.store.accounts import bind
from salesdaemon.store.consequences import Happening, Occasion, Telling, tell
from salesdaemon.store.engine import Store
from salesdaemon.store.migrate import upgrade
from salesdaemon.store.outbox import count_by_channel
from salesdaemon.store.recording import Batch, record
from salesdaemon.store.relaying import Habits, RelayOutbox
from salesdaemon.store.tables import messages

EVENTS = 10_000
EVENTS_WITHIN = 2.0
WAITING = 1_000
CHANNELS = 10
HANGING = 2
DEFAULT_BURST = 5
DELIVERED_WITHIN = 10.0
LOOK_EVERY_SECONDS = 0.1
NOW = datetime(2026, 7, 1, 9, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


def _rules() -> tuple[Rule, ...]:
    """Make ten rules that a sale has to be held against, of which the last fits."""
    near = tuple(Rule(products=(f"*{name}*",), level="silent") for name in "abcdefg")
    return (
        *near,
        Rule(shops=frozenset({"another"}), level="off"),
        Rule(min_amount=Money(500_00, "EUR"), level="on"),
        Rule(min_amount=Money(5_00, "USD"), level="on"),
    )


def measure() -> Iterator[Figure]:
    """Measure both on a new SQLite file."""
    with TemporaryDirectory(prefix="salesdaemon-bench-") as folder:
        store = Store(f"sqlite:///{Path(folder) / 'sales.db'}")
        try:
            upgrade(store)
            yield from _through_the_rules(store)
            yield from _through_the_relay(store, EventKind.SALE, DEFAULT_BURST)
            yield from _through_the_relay(store, EventKind.RENEWAL, 0)
        finally:
            store.close()


def _through_the_rules(store: Store) -> Iterator[Figure]:
    sales = [_sale(number) for number in range(EVENTS)]
    off = Telling(RuleBook({kind.value: "off" for kind in EventKind}, ()))
    with store.write() as connection:
        account = bind(
            connection,
            shop="templates",
            marketplace="gumroad",
            external_id="account",
            configured={"templates": "gumroad"},
        )
        record(connection, Batch(account.id, "templates", sales, Watch(None), NOW), off, BERLIN)
    levels = {kind.value: "on" for kind in EventKind}
    telling = Telling(RuleBook(levels, ("phone",), _rules(), BERLIN))
    happened = [Happening(EventKind.SALE, sale, arrival=True) for sale in sales]
    started = time.monotonic()
    with store.write() as connection:
        tell(connection, Occasion(account.id, NOW), happened, telling)
    seconds = time.monotonic() - started
    yield Figure(
        f"{EVENTS:,} events through ten rules into the outbox", seconds, "s", EVENTS_WITHIN
    )


def _sale(number: int) -> Sale:
    moment = NOW - timedelta(minutes=number)
    return Sale(
        external_id=f"s{number:06}",
        kind=Kind.SALE,
        status=Status.PAID,
        paid=True,
        created_at=moment,
        paid_at=moment,
        currency="USD",
        gross_minor=1200,
        items=(LineItem("p1", "WORKBOOK ONE", 1, 1200, passive=True),),
        fees_minor=235,
        fees_exact=True,
        country="DE",
    )


def _through_the_relay(store: Store, kind: EventKind, burst: int) -> Iterator[Figure]:
    names = [f"channel{number}" for number in range(CHANNELS)]
    telling = Telling(RuleBook({kind.value: "on"}, tuple(names), zone=BERLIN))
    renewed = [
        Happening(kind, _sale(EVENTS - 1 - number), arrival=False)
        for number in range(WAITING // CHANNELS)
    ]
    with store.write() as connection:
        tell(connection, Occasion(1, datetime.now(UTC)), renewed, telling)
    with _service() as port:
        seconds = asyncio.run(_drain(store, Habits(BERLIN, burst, telling), names, port))
    with store.read() as connection:
        sent = connection.scalar(select(func.count()).select_from(messages)) or 0
    how = f"burst = {burst}" if burst else "each a message of its own"
    name = f"{WAITING:,} rings wait on {CHANNELS} channels, {HANGING} hang, {how}"
    yield Figure(name, seconds, "s", DELIVERED_WITHIN if burst else None)
    yield Figure("  messages that left so far", sent, "")


async def _drain(store: Store, habits: Habits, names: list[str], port: int) -> float:
    paths = ["hang" if place < HANGING else "take" for place in range(CHANNELS)]
    channels = {
        name: Channel(name, f"json://127.0.0.1:{port}/{path}", None)
        for name, path in zip(names, paths, strict=True)
    }
    outbox = RelayOutbox(store, habits)
    relay = Relay(outbox, channels, Voice("gross", "en_GB"), clock=lambda: datetime.now(UTC))
    started = time.monotonic()
    running = [asyncio.create_task(relay.run(name)) for name in names]
    while await asyncio.to_thread(_left, store, names[HANGING:]):  # noqa: ASYNC110 - see below
        await asyncio.sleep(LOOK_EVERY_SECONDS)  # nothing else would tell that all is marked
    seconds = time.monotonic() - started
    relay.stop()
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    return seconds


def _left(store: Store, names: list[str]) -> int:
    with store.read() as connection:
        counts = count_by_channel(connection)
    return sum(counts.get(name, (0, 0))[0] for name in names)


@contextmanager
def _service() -> Iterator[int]:
    """Run a service that takes everything, but for what comes to /hang, as a process of its own."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(theirs,), daemon=True)
    process.start()
    try:
        yield ours.recv()
    finally:
        process.terminate()
        process.join()


def serve(told: Connection) -> None:
    """Serve for ever; tells its port first."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            if self.path.startswith("/hang"):
                threading.Event().wait()
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    told.send(int(server.server_address[1]))
    server.serve_forever()
