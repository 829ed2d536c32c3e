"""Record what a marketplace's pages say: one transaction for sales, arrivals, outbox and plan."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Select, Table, and_, bindparam, delete, func, insert, select
from sqlalchemy.dialects.sqlite import Insert

from salesdaemon.domain.changes import Decision, EventKind, Known, Watch, decide
from salesdaemon.domain.period import day_of
from salesdaemon.domain.sale import Sale, Status
from salesdaemon.store.accounts import begin_watch, save_plan, upsert_for
from salesdaemon.store.outbox import OutboxEntry, enqueue
from salesdaemon.store.tables import accounts, arrivals, changes, items, sales, set_aside

_CHUNK = 500  # ids in one question; SQLite's older limit on variables is 999


class Unreadable(Protocol):
    """An order that could not be read, and why."""

    @property
    def external_id(self) -> str: ...  # noqa: D102 - see the class

    @property
    def reason(self) -> str: ...  # noqa: D102 - see the class


@dataclass(frozen=True, slots=True)
class Telling:
    """Which events are told, and where: the level of each kind, and the channels in use."""

    levels: Mapping[EventKind, str]
    channels: tuple[str, ...]


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

    new: list[Sale] = field(default_factory=list)
    changed: list[Sale] = field(default_factory=list)
    arrivals: list[dict[str, Any]] = field(default_factory=list)
    changes: list[dict[str, Any]] = field(default_factory=list)
    outbox: list[OutboxEntry] = field(default_factory=list)


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
    known = _known(connection, batch.account_id, seen)
    aside = _known_set_aside(connection, batch.account_id, seen)
    rows = _Rows()
    for sale in seen.values():
        before = known.get(sale.external_id)
        if before is None or _differs(before, sale, batch.watch):
            _gather(rows, batch, telling, sale, before, set_aside_before=sale.external_id in aside)
    if batch.begins_watch is not None:
        begin_watch(connection, batch.account_id, batch.begins_watch)
        rows.arrivals += _history_arrivals(batch, batch.begins_watch, known)
    _write(connection, batch.account_id, rows, zone)
    if aside:
        _forget_set_aside(connection, batch.account_id, aside)
    newly = _set_aside(connection, batch)
    if batch.plan is not None:
        save_plan(connection, batch.account_id, batch.plan)
    return Recorded(rows.new, rows.changed, len(rows.arrivals), newly)


@dataclass(frozen=True, slots=True)
class _Stored:
    fingerprint: int
    known: Known


def _known(
    connection: Connection, account_id: int, external_ids: Iterable[str]
) -> dict[str, _Stored]:
    known: dict[str, _Stored] = {}
    for chunk in _chunks(list(external_ids)):
        for row in connection.execute(_known_query(account_id, chunk)):
            known[row.external_id] = _Stored(
                row.fingerprint,
                Known(
                    status=Status(row.status),
                    paid=row.paid,
                    gross_minor=row.gross_minor,
                    refunded_minor=row.refunded_minor,
                    net_minor=row.net_minor,
                    told=row.decided_at is not None,
                ),
            )
    return known


def _known_query(account_id: int, external_ids: Sequence[str]) -> Select[Any]:
    together = and_(
        arrivals.c.account_id == sales.c.account_id,
        arrivals.c.external_id == sales.c.external_id,
    )
    return (
        select(
            sales.c.external_id,
            sales.c.fingerprint,
            sales.c.status,
            sales.c.paid,
            sales.c.gross_minor,
            sales.c.refunded_minor,
            sales.c.net_minor,
            arrivals.c.decided_at,
        )
        .select_from(sales.outerjoin(arrivals, together))
        .where(sales.c.account_id == account_id, sales.c.external_id.in_(external_ids))
    )


def _differs(before: _Stored, sale: Sale, watch: Watch) -> bool:
    """Tell whether a known sale needs deciding: it changed, or its arrival was never told."""
    if before.fingerprint != sale.fingerprint:
        return True
    untold = not before.known.told and sale.paid
    return untold and watch.since is not None and sale.paid_at >= watch.since


def _gather(
    rows: _Rows,
    batch: Batch,
    telling: Telling,
    sale: Sale,
    before: _Stored | None,
    *,
    set_aside_before: bool,
) -> None:
    known = before.known if before is not None else None
    decision = decide(known, sale, batch.watch, set_aside_before=set_aside_before)
    if before is None:
        rows.new.append(sale)
    elif before.fingerprint != sale.fingerprint:
        rows.changed.append(sale)
    if decision.arrival is not None:
        rows.arrivals.append(_arrival(batch, sale, telling.levels[decision.arrival]))
    if decision.news:
        rows.changes.append(_change(batch, sale, known, decision))
    rows.outbox += _entries(batch, telling, sale, decision)


def _arrival(batch: Batch, sale: Sale, level: str) -> dict[str, Any]:
    return {
        "account_id": batch.account_id,
        "external_id": sale.external_id,
        "decided_at": batch.seen_at,
        "level": level,
    }


def _history_arrivals(
    batch: Batch, since: datetime, known: Mapping[str, _Stored]
) -> list[dict[str, Any]]:
    """Mark what the very first poll shows as paid as history, also if it was in that second."""
    return [
        _arrival(batch, sale, "history")
        for sale in batch.sales
        if sale.paid
        and sale.paid_at >= since
        and not (sale.external_id in known and known[sale.external_id].known.told)
    ]


def _change(batch: Batch, sale: Sale, known: Known | None, decision: Decision) -> dict[str, Any]:
    counted = known is not None and known.paid
    gross, refunded, net = (
        (known.gross_minor, known.refunded_minor, known.net_minor)
        if known is not None and counted
        else (0, 0, 0)
    )
    kind = decision.events[0].value if decision.events else ("changed" if counted else "sale")
    return {
        "account_id": batch.account_id,
        "external_id": sale.external_id,
        "seen_at": batch.seen_at,
        "kind": kind,
        "gross_delta": sale.gross_minor - gross,
        "refunded_delta": sale.refunded_minor - refunded,
        "net_delta": sale.net_minor - net,
    }


def _entries(
    batch: Batch, telling: Telling, sale: Sale, decision: Decision
) -> Iterable[OutboxEntry]:
    kinds = [decision.arrival] if decision.arrival is not None else []
    for kind in [*kinds, *decision.events]:
        level = telling.levels[kind]
        if level == "off":
            continue
        arrival = kind is decision.arrival
        # An arrival is told once for ever; a second refund of the same sale is another event.
        occurrence = "" if arrival else f":{sale.refunded_minor}:{int(batch.seen_at.timestamp())}"
        missed = arrival and batch.missed_before is not None and sale.paid_at < batch.missed_before
        for channel in telling.channels:
            yield OutboxEntry(
                channel=channel,
                event=f"{kind.value}:{batch.account_id}:{sale.external_id}{occurrence}",
                kind=kind.value,
                level=level,
                account_id=batch.account_id,
                external_id=sale.external_id,
                missed=missed,
                created_at=batch.seen_at,
            )


def _write(connection: Connection, account_id: int, rows: _Rows, zone: ZoneInfo) -> None:
    upsert = upsert_for(connection)
    if rows.new or rows.changed:
        connection.execute(
            _upsert_sales(upsert),
            [_sale_row(account_id, sale, zone) for sale in (*rows.new, *rows.changed)],
        )
        _write_items(connection, account_id, rows)
    if rows.arrivals:
        connection.execute(upsert(arrivals).on_conflict_do_nothing(), rows.arrivals)
    if rows.changes:
        connection.execute(insert(changes), rows.changes)
    enqueue(connection, rows.outbox)


@cache  # made once for a dialect: that takes longer than running it
def _upsert_sales(upsert: Callable[[Table], Insert]) -> Insert:
    statement = upsert(sales)
    columns = [column.name for column in sales.c if column.name not in sales.primary_key.c]
    return statement.on_conflict_do_update(
        index_elements=["account_id", "external_id"],
        set_={name: statement.excluded[name] for name in columns},
    )


def _write_items(connection: Connection, account_id: int, rows: _Rows) -> None:
    if rows.changed:
        connection.execute(
            delete(items).where(
                items.c.account_id == account_id,
                items.c.external_id == bindparam("of_sale"),
                items.c.position >= bindparam("left"),
            ),
            [{"of_sale": sale.external_id, "left": len(sale.items)} for sale in rows.changed],
        )
    if not any(sale.items for sale in (*rows.new, *rows.changed)):
        return
    connection.execute(
        _upsert_items(upsert_for(connection)),
        [
            {
                "account_id": account_id,
                "external_id": sale.external_id,
                "position": position,
                "product_id": item.product_id,
                "product": item.product,
                "quantity": item.quantity,
                "gross_minor": item.gross_minor,
                "passive": item.passive,
            }
            for sale in (*rows.new, *rows.changed)
            for position, item in enumerate(sale.items)
        ],
    )


@cache
def _upsert_items(upsert: Callable[[Table], Insert]) -> Insert:
    statement = upsert(items)
    columns = ("quantity", "gross_minor", "passive", "product_id")
    return statement.on_conflict_do_update(
        index_elements=["account_id", "external_id", "position"],
        set_={
            **{name: statement.excluded[name] for name in columns},
            # A title stays as it was at the sale: a renamed product does not rewrite history.
            # One that was missing at first is filled in.
            "product": func.coalesce(items.c.product, statement.excluded.product),
        },
    )


def _sale_row(account_id: int, sale: Sale, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "account_id": account_id,
        "external_id": sale.external_id,
        "kind": sale.kind.value,
        "status": sale.status.value,
        "paid": sale.paid,
        "created_at": sale.created_at,
        "paid_at": sale.paid_at,
        "sold_on": day_of(sale.paid_at, zone),
        "currency": sale.currency,
        "gross_minor": sale.gross_minor,
        "refunded_minor": sale.refunded_minor,
        "refunded_exact": sale.refunded_exact,
        "fees_minor": sale.fees_minor,
        "fees_refunded_minor": sale.fees_refunded_minor,
        "affiliate_minor": sale.affiliate_minor,
        "net_minor": sale.net_minor,
        "fees_exact": sale.fees_exact,
        "country": sale.country,
        "fingerprint": sale.fingerprint,
    }


def _known_set_aside(
    connection: Connection, account_id: int, external_ids: Iterable[str]
) -> set[str]:
    found: set[str] = set()
    for chunk in _chunks(list(external_ids)):
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


def _chunks(values: Sequence[str]) -> Iterable[Sequence[str]]:
    return (values[start : start + _CHUNK] for start in range(0, len(values), _CHUNK))
