"""What was told of sales, for the owner who asks why something rang or did not."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, func, select

from salesdaemon.store.tables import accounts, arrivals, events, messages, outbox, sales

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Arrival:
    """How the arrival of a stored sale was decided; `level` is None where it was not yet.

    `watch_since` is when the watch of its shop began, by the marketplace's clock.
    """

    account_id: int
    shop: str
    watch_since: datetime | None
    level: str | None
    decided_at: datetime | None


def find_arrivals(connection: Connection, external_id: str) -> list[Arrival]:
    """Find a sale by the marketplace's id: one for each account that has such a sale."""
    told = and_(
        arrivals.c.account_id == sales.c.account_id,
        arrivals.c.external_id == sales.c.external_id,
    )
    rows = connection.execute(
        select(
            accounts.c.id.label("account_id"),
            accounts.c.shop,
            accounts.c.watch_since,
            arrivals.c.level,
            arrivals.c.decided_at,
        )
        .select_from(
            sales.join(accounts, accounts.c.id == sales.c.account_id).outerjoin(arrivals, told)
        )
        .where(sales.c.external_id == external_id)
        .order_by(accounts.c.shop)
    )
    return [Arrival(**row._mapping) for row in rows]  # noqa: SLF001 - public API of SQLAlchemy


def list_told(connection: Connection, account_id: int, external_id: str) -> list[dict[str, Any]]:
    """List what was entered about a sale, oldest first, an entry for each event and channel."""
    rows = connection.execute(
        select(
            outbox.c.channel,
            outbox.c.kind,
            outbox.c.level,
            outbox.c.delivered_at,
            outbox.c.failed_at,
            outbox.c.not_before,
            outbox.c.error,
            func.coalesce(messages.c.title, outbox.c.title).label("title"),
            messages.c.form,
            messages.c.answer,
        )
        .select_from(outbox.outerjoin(messages, messages.c.id == outbox.c.message_id))
        .where(outbox.c.account_id == account_id, outbox.c.external_id == external_id)
        .order_by(outbox.c.id)
    )
    return [dict(row._mapping) for row in rows]  # noqa: SLF001 - public API of SQLAlchemy


def list_judged(connection: Connection, account_id: int, external_id: str) -> list[dict[str, Any]]:
    """List what happened to a sale and how it was judged, oldest first, also what is off."""
    rows = connection.execute(
        select(events.c.kind, events.c.seen_at, events.c.level, events.c.rule, events.c.reason)
        .where(events.c.account_id == account_id, events.c.external_id == external_id)
        .order_by(events.c.id)
    )
    return [dict(row._mapping) for row in rows]  # noqa: SLF001 - public API of SQLAlchemy


def sales_of_messages(
    connection: Connection, message_ids: Collection[int]
) -> dict[int, Sequence[str]]:
    """Name the sales that each message stands for, in the order in which they came in."""
    found: dict[int, list[str]] = {}
    ids = sorted(message_ids)
    for start in range(0, len(ids), _AT_ONCE):
        rows = connection.execute(
            select(outbox.c.message_id, outbox.c.external_id)
            .where(
                outbox.c.message_id.in_(ids[start : start + _AT_ONCE]),
                outbox.c.external_id.is_not(None),
            )
            .order_by(outbox.c.id)
        )
        for row in rows:
            found.setdefault(row.message_id, []).append(row.external_id)
    return dict(found)
