"""A seller's life with alerts, drawn by chance: sales, rules, nights, broken channels, deaths.

Whatever happens, every event is judged once, and in the end told once on each of its channels:
as a ring, in a burst or a recap, or as what it is. Else it is off by a rule that `explain` names,
or was refused for good, and its owner knows.
"""

import asyncio
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from salesdaemon.domain.alerts import Holding
from salesdaemon.domain.hours import parse_hours
from salesdaemon.domain.limits import UNLIMITED, Limits
from salesdaemon.domain.money import Money
from salesdaemon.domain.rules import LEVELS, ORDER_KINDS, Rule, RuleBook, Style
from salesdaemon.domain.sale import Kind, Sale, Status
from salesdaemon.errors import DeliveryError
from tests.databases import SqliteFiles
from tests.factories import BERLIN, item, sale
from tests.lives import Killed, disk_failure, lives
from tests.notify.accounts import Books
from tests.notify.household import (
    HOUR,
    SECOND,
    SHOPS,
    Customs,
    Household,
)

PROFILE = lives(25, steps=12)
CHANNELS = ("phone", "desk", "wall")
ANNOUNCED = ("payout", "milestone", "silence", "trouble")
KINDS = (*sorted(ORDER_KINDS), *ANNOUNCED)
OWN_WORDS = Style(sound="cash", body="{{ product }}: ka-ching {{ gross }}")
PRODUCTS = ("Weekly planner", "Logo commission", "Sticker sheet")
STARTS = (
    datetime(2026, 10, 24, 18, tzinfo=UTC),  # the clocks go back that night
    datetime(2027, 3, 27, 18, tzinfo=UTC),  # and forth
    datetime(2026, 11, 20, 9, tzinfo=UTC),
    datetime(2026, 12, 31, 21, 55, tzinfo=UTC),
)
NIGHTS = (
    (),
    ("22:30-07:00",),
    ("mon-fri 22:30-07:00", "fri,sat 23:59-10:00"),
    ("22:00-24:00", "00:00-06:30"),
    ("00:00-02:30",),
    ("02:30-23:00",),
)

levels = st.sampled_from(LEVELS)
shops = st.sampled_from(sorted(SHOPS))
picks = st.integers(0, 10**6)
relays = st.integers(0, 1)
waits = st.sampled_from([1, 4, 20, 59, 61, 150, 700, 3700, 9 * 3600, 30 * 3600, 60 * 3600])
rules = st.builds(
    Rule,
    name=st.sampled_from([None, "Mine"]),
    kinds=st.none() | st.frozensets(st.sampled_from(KINDS), min_size=1),
    shops=st.none() | st.frozensets(shops, min_size=1, max_size=1),
    products=st.sampled_from([(), (), ("*PLANNER*",), ("nothing", "logo*")]),
    min_amount=st.sampled_from([None, None, Money(1500, "EUR"), Money(2000, "USD")]),
    passive=st.sampled_from([None, None, True, False]),
    first_of_product=st.sampled_from([False, False, True]),
    first_in_country=st.sampled_from([False, False, True]),
    hours=st.sampled_from([(), (), (parse_hours("mon-fri 08:00-18:00"),)]),
    level=st.none() | levels,
    channels=st.none() | st.sampled_from([("desk",), ("phone", "wall")]),
    style=st.sampled_from([Style(), OWN_WORDS]),
)
# What a kind is told as where no rule says otherwise: rather loud, so that there is much to tell.
books = st.builds(
    RuleBook,
    st.fixed_dictionaries(
        {kind: st.sampled_from(["on", "on", "silent", "off"]) for kind in KINDS}
        | {"sale": st.sampled_from(["on"] * 5 + ["silent"])}
    ),
    st.sampled_from([("wall",), ("phone", "wall"), CHANNELS]),
    st.lists(rules, max_size=2).map(tuple),
    zone=st.just(BERLIN),
)
limits = st.sampled_from(
    [
        UNLIMITED,
        Limits(),
        Limits(per_minute=3),
        Limits(gap=4 * SECOND, per_minute=20, per_day=40),
        Limits(per_minute=10, per_month=400),
    ]
)
customs = st.builds(
    Customs,
    book=books,
    burst=st.sampled_from([0, 1, 3, 5]),
    quiet=st.sampled_from(NIGHTS).map(lambda texts: tuple(map(parse_hours, texts))),
    tell_trouble=st.booleans(),
    limits=st.fixed_dictionaries({"phone": limits, "desk": limits}),
)
FAULTS: dict[str, Callable[[], BaseException]] = {
    "busy": lambda: DeliveryError("It answered 503.", permanent=False),
    "hangs": lambda: DeliveryError("No answer within 30 seconds.", permanent=False),
    "limited": lambda: DeliveryError("429.", permanent=False, retry_after_seconds=90.0),
    "limited for long": lambda: DeliveryError("429.", permanent=False, retry_after_seconds=2e4),
    "refuses": lambda: DeliveryError("It answered 401.", permanent=True, fix="Check the token."),
    "kills": Killed,
}
faults = st.sampled_from([*sorted(FAULTS), "refuses"])


@dataclass(frozen=True)
class Order:
    """What somebody buys; the nth order costs what no other does."""

    kind: Kind
    product: str
    currency: str

    def to_sale(self, number: int, at: datetime) -> Sale:
        gross = 1000 + number * 7 if self.kind in {Kind.SALE, Kind.RENEWAL} else 0
        passive = {"Weekly planner": True, "Logo commission": False}.get(self.product)
        line = item(gross, product=self.product, product_id=self.product, passive=passive)
        return sale(
            f"s{number}",
            kind=self.kind,
            paid_at=at,
            currency=self.currency,
            gross_minor=gross,
            fees_minor=gross // 10,
            items=(line,),
            country=["DE", "US", "FR", None][number % 4],
        )


PLANNER = Order(Kind.SALE, "Weekly planner", "EUR")


def undone(known: Sale, what: str) -> Sale:
    if what == "dispute":
        return replace(known, status=Status.DISPUTED)
    if what == "part":
        left = known.gross_minor - known.refunded_minor
        given_back = known.refunded_minor + (left + 1) // 2
        whole = given_back == known.gross_minor
        status = Status.REFUNDED if whole else Status.PARTIALLY_REFUNDED
        return replace(known, status=status, refunded_minor=given_back)
    status = Status.CANCELLED if what == "cancelled" else Status.REFUNDED
    return replace(known, status=status, refunded_minor=known.gross_minor)


orders = st.builds(
    Order,
    st.sampled_from([Kind.SALE, Kind.SALE, Kind.SALE, *Kind]),
    st.sampled_from(PRODUCTS),
    st.sampled_from(["EUR", "EUR", "USD"]),
)


class SellerLife(RuleBasedStateMachine):
    """One owner with three channels and two shops. `files` is set by the test."""

    files: SqliteFiles
    house: Household

    def __init__(self) -> None:
        super().__init__()
        self._runner = asyncio.Runner()
        self._folder = tempfile.TemporaryDirectory()
        self.sold: dict[str, tuple[str, Sale]] = {}
        self.count = 0

    @initialize(chosen=customs, start=st.sampled_from(STARTS))
    def a_shop_is_opened(self, chosen: Customs, start: datetime) -> None:
        url = self.files.create_migrated(Path(self._folder.name))
        self.house = Household(url, chosen, start, CHANNELS)

    def teardown(self) -> None:
        try:
            if hasattr(self, "house"):
                self._runner.run(self._end())
        finally:
            if hasattr(self, "house"):
                self.house.close_relays()
                self.house.store.close()
            self._runner.close()
            self._folder.cleanup()

    # What happens

    @rule(
        count=st.sampled_from([1, 1, 1, 2, 4, 9, 30]),
        shop=shops,
        order=orders,
        missed=st.sampled_from([False, False, False, True]),
    )
    def sales_come_in(self, count: int, shop: str, order: Order, missed: bool) -> None:
        self._sell(count, shop, order, missed=missed)

    def _sell(self, count: int, shop: str, order: Order, *, missed: bool = False) -> None:
        self._tick()
        house = self.house
        sold = [order.to_sale(self._next(), house.now - SECOND) for _ in range(count)]
        house.record(shop, sold, missed_before=house.now if missed else None)
        for each in sold:
            if each.kind in {Kind.SALE, Kind.RENEWAL, Kind.FREE}:
                name = f"{each.kind.value}:{house.accounts[shop]}:{each.external_id}"
                house.expect(name, shop, each.kind.value, each.external_id)
            if each.kind in {Kind.SALE, Kind.RENEWAL}:
                self.sold[each.external_id] = (shop, each)

    @rule(count=st.integers(3, 9), times=st.integers(4, 12))
    def a_rush_comes(self, count: int, times: int) -> None:
        for _ in range(times):
            self._sell(count, "prints", PLANNER)
            self.house.now += 20 * SECOND
            self._drain()

    def _sell_something(self) -> None:
        self._sell(1, "templates", PLANNER)

    @precondition(lambda self: self.sold)
    @rule(pick=picks, what=st.sampled_from(["refund", "refund", "part", "dispute", "cancelled"]))
    def an_order_is_undone(self, pick: int, what: str) -> None:
        chosen = sorted(self.sold)[pick % len(self.sold)]
        shop, known = self.sold[chosen]
        if known.status is Status.DISPUTED:
            self._change(shop, replace(known, status=Status.PAID), "dispute_won")
        elif known.refunded_minor < known.gross_minor:
            self._change(shop, undone(known, what), "refund" if what == "part" else what)
        now = self.sold[chosen][1]
        if now.status is Status.DISPUTED and pick % 2:
            self._change(shop, replace(now, status=Status.PAID), "dispute_won")
        self._drain()

    def _change(self, shop: str, changed: Sale, kind: str) -> None:
        self._tick()
        self.sold[changed.external_id] = (shop, changed)
        house = self.house
        house.record(shop, [changed])
        happened = f"{changed.refunded_minor}:{int(house.now.timestamp())}"
        name = f"{kind}:{house.accounts[shop]}:{changed.external_id}:{happened}"
        house.expect(name, shop, kind, changed.external_id)

    @precondition(lambda self: self.sold)
    @rule(shop=shops, kind=st.sampled_from(ANNOUNCED))
    def the_same_is_read_and_announced_again(self, shop: str, kind: str) -> None:
        self._tick()
        self.house.record(shop, [each for of, each in self.sold.values() if of == shop])
        known = [name for name in self.house.expected if name.startswith(f"{kind}:")]
        before = dict(self.house.expected)
        for name in known[:1]:
            self.house.announce(kind, name, None)
        self.house.expected = before

    @rule(kind=st.sampled_from(ANNOUNCED), shop=st.none() | shops, count=st.sampled_from([1, 1, 7]))
    def something_is_announced(self, kind: str, shop: str | None, count: int) -> None:
        self._announce(kind, count, shop)

    def _announce(self, kind: str, count: int, shop: str | None = None) -> None:
        self._tick()
        for _ in range(count):
            self.house.announce(kind, f"{kind}:{self._next()}", shop)

    # What the owner does

    @rule(hours=st.sampled_from([1, 9, 40, 170]), kind=st.sampled_from(ANNOUNCED))
    def the_owner_leaves(self, hours: int, kind: str) -> None:
        self.house.leave(self.house.now + hours * HOUR)
        self._sell(2, "prints", PLANNER)
        self._announce(kind, 1)
        self._drain()

    @rule()
    def the_owner_comes_back(self) -> None:
        self.house.come_back()

    @rule()
    def the_owner_has_failed_alerts_retried(self) -> None:
        self.house.retry()

    # What becomes of channels and processes

    @rule(channel=st.sampled_from(CHANNELS), fault=faults, times=st.integers(1, 6), which=relays)
    def a_channel_fails(self, channel: str, fault: str, times: int, which: int) -> None:
        ordered = self.house.lines[channel].faults
        ordered.extend(FAULTS[fault]() for _ in range(1 if fault == "kills" else times))
        self._sell_something()
        self._drain(which)
        self.house.now += 10 * SECOND
        self._drain(which)

    @rule(seconds=waits, which=relays)
    def time_passes(self, seconds: int, which: int) -> None:
        self.house.now += timedelta(seconds=seconds)
        self._drain(which)

    @rule(every=st.sampled_from([45, 150, 240]), kind=st.sampled_from(ANNOUNCED))
    def hours_pass(self, every: int, kind: str) -> None:
        self._announce(kind, 1)
        for _ in range(6):
            self.house.now += timedelta(minutes=every)
            self._sell_something()
            self._drain()

    @rule(minutes=st.integers(1, 8))
    def minutes_pass(self, minutes: int) -> None:
        for _ in range(minutes * 3):
            self.house.now += 20 * SECOND
            self._drain()

    @rule()
    def two_relays_look_at_once(self) -> None:
        wall = self.house.lines["wall"]  # it has no limits, of which two relays know too late
        wall.faults.clear()
        self._sell(3, "templates", PLANNER)
        self._runner.run(self.house.drain_together("wall"))

    @rule(first=st.booleans(), others=st.booleans())
    def polls_begin_or_end(self, first: bool, others: bool) -> None:
        self.house.holding = Holding(first_polls=first, polls=first or others)

    @rule(after=st.integers(0, 40), which=relays)
    def the_process_is_killed(self, after: int, which: int) -> None:
        self._sell_something()
        self._announce("milestone", 1)
        self.house.statements.set(after, Killed)
        self._drain(which)

    @rule(after=st.integers(0, 40), which=relays)
    def the_database_fails_once(self, after: int, which: int) -> None:
        self._sell_something()
        self.house.statements.set(after, disk_failure)
        self._drain(which)

    def _tick(self) -> None:
        self.house.now += SECOND

    def _next(self) -> int:
        self.count += 1
        return self.count

    def _drain(self, which: int = 0) -> None:
        self._runner.run(self.house.drain(which))
        self.house.statements.clear()

    async def _end(self) -> None:
        """Let everything work again for long enough, and account for every event."""
        house = self.house
        if self.count % 3 == 0:
            house.retry()
        await house.settle()
        books = Books(house.store)
        books.check_events(house.expected)
        books.check_told()
        for name, line in house.lines.items():
            books.check_messages(name, [message for _, message in line.taken])


def test_whatever_happens_every_event_is_told_once_or_off_by_its_rule(
    sqlite_files: SqliteFiles,
) -> None:
    machine = type("SellerLife", (SellerLife,), {"files": sqlite_files})
    run_state_machine_as_test(machine, settings=PROFILE)
