"""A shop that lives, and a poller that is broken and killed: drawn by chance.

Whatever happens, in the end each sale is stored once with the figures of the vendor's books, and
each that was paid since the watch began rang once; nothing else did.
"""

import asyncio
import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import event

from salesdaemon import marketplaces
from tests.databases import SqliteFiles, open_store
from tests.lives import Fuse, Killed, disk_failure, lives
from tests.marketplaces.harness import Clock, load
from tests.poller.world import DAY, START, World

PROFILE = lives(15, steps=25)
# With all the days that may pass in a life, nothing grows older than the sweeps look back.
ages = st.sampled_from([0, 0.01, 1, 2.5, 6, 29, 31, 100]).map(lambda days: days * DAY)
picks = st.integers(0, 10**6)


class ShopLife(RuleBasedStateMachine):
    """One shop of one vendor. `slug` and `files` are set by the test."""

    slug: str
    files: SqliteFiles

    def __init__(self) -> None:
        super().__init__()
        self._runner = asyncio.Runner()
        self._folder = tempfile.TemporaryDirectory()
        folder = Path(self._folder.name)
        self.clock = Clock(START)
        self.store = open_store(self.files.create_migrated(folder))
        self.vendor = load(self.slug)(self.clock, lifetime=999 * DAY)
        self.world = World(self.vendor, self.store, self.clock, folder)
        self.statements, self.requests = Fuse(), Fuse()
        for name in ("before_cursor_execute", "commit"):
            event.listen(self.store.engine, name, self.statements.passing)
        self.world.http.before = self.world.http.after = self.requests.passing
        self.sold: list[str] = []
        self.unpaid: list[str] = []
        self.should_ring: set[str] = set()
        self.floors: list[float] = []

    def teardown(self) -> None:
        self._fuses_out()
        try:
            self._end()
        finally:
            self._runner.close()
            self.store.close()
            self._folder.cleanup()

    # The shop lives

    @initialize(count=st.integers(0, 60))
    def a_past(self, count: int) -> None:
        self.vendor.fill_history(count, days=120)
        self.sold += [str(book["sale_id"]) for book in self.vendor.books()]
        for _ in range(3):
            order = self.vendor.sell_unpaid(created_at=self.world.ago(days=4))
            self.unpaid += [order] if order is not None else []
        self._poll()
        self._poll()
        assert self.world.watch_since() == START + self.world.every

    @rule(count=st.sampled_from([1, 1, 1, 2, 12, 40]))
    def sales_come_in(self, count: int) -> None:
        self._sold([self.vendor.sell(created_at=self.clock()) for _ in range(count)])

    @rule(age=ages, wait=ages)
    def an_order_is_listed_late(self, age: timedelta, wait: timedelta) -> None:
        listed_at = self.clock() + min(wait, 6 * DAY)
        self._sold([self.vendor.sell(created_at=self.clock() - age, listed_at=listed_at)])

    @rule(age=ages)
    def an_order_waits_for_its_payment(self, age: timedelta) -> None:
        order = self.vendor.sell_unpaid(created_at=self.clock() - age)
        self.unpaid += [order] if order is not None else []

    @precondition(lambda self: self.unpaid)
    @rule(pick=picks)
    def a_payment_arrives(self, pick: int) -> None:
        order = self.unpaid.pop(pick % len(self.unpaid))
        self.vendor.pay(order)
        self._sold([order])

    @rule(pick=picks, amount=st.sampled_from([None, 1, 100, 250]))
    def a_sale_is_refunded(self, pick: int, amount: int | None) -> None:
        books = {str(book["sale_id"]): book for book in self.vendor.books()}
        left = {
            key: round(100 * (float(books[key]["gross"]) - float(books[key]["refunded"])))
            for key in self.sold
            if key in books and books[key]["status"] in {"paid", "partially_refunded"}
        }
        worth = [key for key, cents in left.items() if cents > (amount or 0)]
        if worth:
            self.vendor.refund(worth[pick % len(worth)], amount)

    @precondition(lambda self: self.sold)
    @rule(pick=picks)
    def a_sale_is_disputed(self, pick: int) -> None:
        self.vendor.dispute(self.sold.pop(pick % len(self.sold)))

    @rule(pick=picks, times=st.integers(1, 4))
    def the_vendor_misbehaves(self, pick: int, times: int) -> None:
        kinds = [kind for kind in self.vendor.fault_kinds if kind != "shift"]
        self.vendor.fault(kinds[pick % len(kinds)], times=times)

    @rule()
    def the_vendor_recovers(self) -> None:
        self.vendor.clear_faults()

    # The poller works, fails and dies

    @rule(polls=st.integers(1, 4))
    def polls_go_on(self, polls: int) -> None:
        for _ in range(polls):
            self._poll()

    @rule(passed=ages)
    def time_passes(self, passed: timedelta) -> None:
        self.clock.now += min(passed, DAY)
        self._poll()

    @rule(after=st.integers(0, 60))
    def the_database_fails_once(self, after: int) -> None:
        self.statements.set(after, disk_failure)
        self._poll()

    @rule(after=st.integers(0, 60), inside=st.booleans())
    def the_process_is_killed(self, after: int, inside: bool) -> None:
        fuse = self.statements if inside else self.requests
        fuse.set(after if inside else after % 8, Killed)
        self._poll()

    @rule()
    def the_process_is_started_again(self) -> None:
        self.world.restart()

    @invariant()
    def nothing_rings_twice_or_without_a_payment(self) -> None:
        self._fuses_out()
        rings = self.world.rings()
        assert set(rings.values()) <= {1}
        assert set(rings) <= self.should_ring

    def _sold(self, ids: list[str]) -> None:
        self.sold += ids
        self.should_ring |= {*ids}

    def _poll(self) -> None:
        self.clock.now += self.world.every
        try:
            self._runner.run(self.world.tick())
        except Killed:
            self._fuses_out()
            self.world.restart()

    def _fuses_out(self) -> None:
        self.statements.clear()
        self.requests.clear()

    def _end(self) -> None:
        """Let everything work again for long enough, and compare."""
        self.vendor.clear_faults()
        self.clock.now += 6 * DAY  # what is to be listed late is listed by now
        self._runner.run(self.world.settle())
        assert self.world.differences() == []
        assert self.world.rings() == dict.fromkeys(self.should_ring, 1)
        assert self.world.set_aside() == []
        arrived = self.world.arrived()
        assert {key for key, level in arrived.items() if level == "on"} == self.should_ring
        assert self.world.record().problem is None


@pytest.mark.parametrize("slug", marketplaces.available())
def test_whatever_happens_each_sale_is_stored_and_rings_once(
    slug: str, sqlite_files: SqliteFiles
) -> None:
    machine = type("ShopLife", (ShopLife,), {"slug": slug, "files": sqlite_files})
    run_state_machine_as_test(machine, settings=PROFILE)
