"""Record what a marketplace's pages say: one transaction for sales, arrivals, outbox and plan."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, delete, insert, select

from salesdaemon.domain.changes import Decision, Known, Watch, decide
from salesdaemon.domain.sale import Sale
from salesdaemon.store.accounts import begin_watch, save_plan, upsert_for
from salesdaemon.store.consequences import (
    Happening,
    Occasion,
    Telling,
    change_row,
    happenings,
    tell,
)
from salesdaemon.store.known_sales import Stored, chunks, find_known
from salesdaemon.store.products import note_products
from salesdaemon.store.sale_rows import IMPORT, Written, delete_items, sold_on, write_sales
from salesdaemon.store.settling import keep_as_listed, settle_listed
from salesdaemon.store.sums import mark_dirty
from salesdaemon.store.tables import accounts, arrivals, changes, set_aside


class Unreadable(Protocol):
    """An order that could not be read, and why."""

    @property
    def external_id(self) -> str: ...  # noqa: D102 - see the class

    @property
    def reason(self) -> str: ...  # noqa: D102 - see the class


@dataclass(frozen=True, slots=True)
class Batch:
    """What one or more pages brought, to be recorded together.

    `watch` is what is known of the shop's watch; `begins_watch` is the marketplace's time of
    the very first poll. `plan` replaces the poller's memory in the same transaction.
    `missed_before` is the start of this run while its first complete poll is not done: what was
    paid before it was missed and is told as one recap.
    """

    account_id: int
    shop: str
    sales: Sequence[Sale]
    watch: Watch
    seen_at: datetime
    set_aside: Sequence[Unreadable] = ()
    begins_watch: datetime | None = None
    plan: str | None = None
    missed_before: datetime | None = None


@dataclass(slots=True)
class Recorded:
    """What recording changed: new and changed sales, arrivals told, orders newly set aside."""

    new: list[Sale] = field(default_factory=list)
    changed: list[Sale] = field(default_factory=list)
    told: int = 0
    newly_set_aside: list[Unreadable] = field(default_factory=list)

    @property
    def nothing_new(self) -> bool:
        """Tell whether every order was known and unchanged."""
        return not (self.new or self.changed or self.newly_set_aside)


@dataclass(slots=True)
class _Rows:
    """Rows to be written, gathered before the first statement."""

    sales: list[Written] = field(default_factory=list)
    taken_over: list[str] = field(default_factory=list)  # from a file
    days: set[date] = field(default_factory=set)
    changes: list[dict[str, Any]] = field(default_factory=list)
    happened: list[Happening] = field(default_factory=list)


def record(connection: Connection, batch: Batch, telling: Telling, zone: ZoneInfo) -> Recorded:
    """Record a batch inside the caller's writing transaction.

    Sales that are known and unchanged cost a question and are not written again. Repeating a
    batch changes nothing.
    """
    # Two processes that record for one account take turns, so that neither decides twice.
    connection.execute(
        select(accounts.c.id).where(accounts.c.id == batch.account_id).with_for_update()
    )
    seen = {sale.external_id: sale for sale in batch.sales}
    known = find_known(connection, batch.account_id, seen)
    aside = _known_set_aside(connection, batch.account_id, seen)
    undecided = [
        sale
        for sale in seen.values()
        if sale.external_id not in known or _differs(known[sale.external_id], sale, batch.watch)
    ]
    settled = settle_listed(connection, batch.account_id, undecided)
    rows = _Rows()
    for sale in undecided:
        before = known.get(sale.external_id)
        seen_now = _Seen(settled.get(sale.external_id, sale), sale.fingerprint, before)
        decision = decide(
            seen_now.known,
            seen_now.sale,
            batch.watch,
            set_aside_before=sale.external_id in aside,
        )
        _gather(rows, batch, seen_now, decision)
    _write(connection, batch.account_id, rows, zone)
    told = _tell(connection, batch, rows.happened, telling)
    if batch.begins_watch is not None:
        begin_watch(connection, batch.account_id, batch.begins_watch)
        told += _history_arrivals(batch, batch.begins_watch, known)
    if told:
        connection.execute(upsert_for(connection)(arrivals).on_conflict_do_nothing(), told)
    keep_as_listed(connection, batch.account_id, undecided, settled)
    if aside:
        _forget_set_aside(connection, batch.account_id, aside)
    newly = _set_aside(connection, batch)
    if batch.plan is not None:
        save_plan(connection, batch.account_id, batch.plan)
    new = [row.sale for row in rows.sales if row.is_new]
    changed = [row.sale for row in rows.sales if not row.is_new]
    return Recorded(new, changed, len(told), newly)


def _differs(before: Stored, sale: Sale, watch: Watch) -> bool:
    """Tell whether a known sale needs deciding: it changed, or its arrival was never told."""
    if before.fingerprint != sale.fingerprint or before.source == IMPORT:
        return True
    untold = not before.known.told and sale.paid
    return untold and watch.since is not None and sale.paid_at >= watch.since


@dataclass(frozen=True, slots=True)
class _Seen:
    """A sale with its figures as they stand, the fingerprint of what was read, what was stored."""

    sale: Sale
    fingerprint: int
    before: Stored | None

    @property
    def imported(self) -> bool:
        """Whether only a file told of it until now."""
        return self.before is not None and self.before.source == IMPORT

    @property
    def known(self) -> Known | None:
        """What the marketplace had said of it: what a file did not know is no news."""
        return None if self.before is None or self.imported else self.before.known


def _gather(rows: _Rows, batch: Batch, seen: _Seen, decision: Decision) -> None:
    sale, before = seen.sale, seen.before
    if before is None or seen.imported or before.fingerprint != seen.fingerprint:
        rows.sales.append(Written(sale, seen.fingerprint, is_new=before is None))
        rows.days |= {before.sold_on} if before is not None else set()
        rows.taken_over += [sale.external_id] if seen.imported else []
    if decision.news:
        kind = decision.events[0].value if decision.events else None
        rows.changes.append(change_row(batch.account_id, batch.seen_at, sale, seen.known, kind))
    rows.happened += happenings(sale, decision)


def _tell(
    connection: Connection, batch: Batch, happened: Sequence[Happening], telling: Telling
) -> list[dict[str, Any]]:
    """Tell what happened, and return a row for each arrival: it is told once for ever."""
    occasion = Occasion(batch.account_id, batch.seen_at, batch.missed_before)
    levels = tell(connection, occasion, happened, telling)
    return [
        _arrival(batch, each.sale, levels[each.sale.external_id])
        for each in happened
        if each.arrival
    ]


def _arrival(batch: Batch, sale: Sale, level: str) -> dict[str, Any]:
    return {
        "account_id": batch.account_id,
        "external_id": sale.external_id,
        "decided_at": batch.seen_at,
        "level": level,
    }


def _history_arrivals(
    batch: Batch, since: datetime, known: Mapping[str, Stored]
) -> list[dict[str, Any]]:
    """Mark what the very first poll shows as paid as history, also if it was in that second."""
    return [
        _arrival(batch, sale, "history")
        for sale in batch.sales
        if sale.paid
        and sale.paid_at >= since
        and not (sale.external_id in known and known[sale.external_id].known.told)
    ]


def _write(connection: Connection, account_id: int, rows: _Rows, zone: ZoneInfo) -> None:
    # Titles are kept by an item's place, and a file may list the items in another order.
    delete_items(connection, account_id, rows.taken_over)
    write_sales(connection, account_id, rows.sales, zone)
    note_products(connection, account_id, [row.sale for row in rows.sales])
    mark_dirty(connection, account_id, rows.days | {sold_on(row.sale, zone) for row in rows.sales})
    if rows.changes:
        connection.execute(insert(changes), rows.changes)


def _known_set_aside(
    connection: Connection, account_id: int, external_ids: Iterable[str]
) -> set[str]:
    found: set[str] = set()
    for chunk in chunks(list(external_ids)):
        found.update(
            connection.scalars(
                select(set_aside.c.external_id).where(
                    set_aside.c.account_id == account_id, set_aside.c.external_id.in_(chunk)
                )
            )
        )
    return found


def _forget_set_aside(connection: Connection, account_id: int, external_ids: set[str]) -> None:
    connection.execute(
        delete(set_aside).where(
            set_aside.c.account_id == account_id, set_aside.c.external_id.in_(external_ids)
        )
    )


def _set_aside(connection: Connection, batch: Batch) -> list[Unreadable]:
    orders = {order.external_id: order for order in batch.set_aside}
    known = _known_set_aside(connection, batch.account_id, orders)
    newly = [order for order in orders.values() if order.external_id not in known]
    if newly:
        connection.execute(
            upsert_for(connection)(set_aside).on_conflict_do_nothing(),
            [
                {
                    "account_id": batch.account_id,
                    "external_id": order.external_id,
                    "reason": order.reason,
                    "first_seen_at": batch.seen_at,
                }
                for order in newly
            ],
        )
    return newly
