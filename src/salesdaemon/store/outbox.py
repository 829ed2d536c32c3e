"""What has to be told, on which channel: written with the sale, leased before it is sent."""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, insert, or_, select, update

from salesdaemon.domain.alerts import BURST_END, Waiting
from salesdaemon.domain.changes import RING_KINDS
from salesdaemon.domain.rules import Style
from salesdaemon.store.accounts import upsert_for
from salesdaemon.store.engine import owner_is_dead
from salesdaemon.store.tables import channels as channel_states
from salesdaemon.store.tables import messages, outbox

LEASE = timedelta(seconds=60)
AT_ONCE = 5000  # entries looked at together; more wait for the next look
_RINGING = [kind.value for kind in RING_KINDS]


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """An event to be told on one channel.

    `event` names it: the same event is never entered twice for a channel. A sale's words are
    found when it is sent; any other event brings its own title and body. `style` is what a rule
    set for its words and sound. It waits until `not_before`, if that is given.
    """

    channel: str
    event: str
    kind: str
    level: str
    created_at: datetime
    account_id: int | None = None
    external_id: str | None = None
    title: str | None = None
    body: str | None = None
    missed: bool = False
    style: Style = field(default_factory=Style)
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """What one message said, for the record."""

    channel: str
    form: str
    title: str
    body: str
    sales: int
    answer: str


def enqueue(connection: Connection, entries: Iterable[OutboxEntry]) -> None:
    """Enter events; one that is there already is left as it is."""
    rows = [
        {
            "channel": entry.channel,
            "event": entry.event,
            "kind": entry.kind,
            "level": entry.level,
            "account_id": entry.account_id,
            "external_id": entry.external_id,
            "title": entry.title,
            "body": entry.body,
            "style": _style_text(entry.style),
            "missed": entry.missed,
            "created_at": entry.created_at,
            "not_before": entry.not_before or entry.created_at,
            "attempts": 0,
        }
        for entry in entries
    ]
    if rows:
        connection.execute(upsert_for(connection)(outbox).on_conflict_do_nothing(), rows)


def _style_text(style: Style) -> str | None:
    if style.is_plain:
        return None
    values = {name: value for name, value in asdict(style).items() if value is not None}
    return json.dumps(values, ensure_ascii=False)


def _unsent() -> ColumnElement[bool]:
    return and_(outbox.c.delivered_at.is_(None), outbox.c.failed_at.is_(None))


def _free(now: datetime) -> ColumnElement[bool]:
    return or_(outbox.c.leased_until.is_(None), outbox.c.leased_until <= now)


def list_due(connection: Connection, channel: str, now: datetime) -> list[Waiting]:
    """List what may be sent on a channel now, oldest first."""
    columns = [outbox.c[name] for name in Waiting.__dataclass_fields__]
    rows = connection.execute(
        select(*columns)
        .where(outbox.c.channel == channel, _unsent(), outbox.c.not_before <= now, _free(now))
        # Sales that a holiday holds back may be more than are looked at: they hide nothing else.
        .order_by(outbox.c.kind.in_(_RINGING), outbox.c.id)
        .limit(AT_ONCE)
    )
    waiting = (_waiting(dict(row._mapping)) for row in rows)  # noqa: SLF001 - public API of SQLAlchemy
    return sorted(waiting, key=lambda entry: entry.id)


def _waiting(values: dict[str, Any]) -> Waiting:
    style = values.pop("style")
    return Waiting(**values, style=Style(**json.loads(style)) if style else Style())


def lease(connection: Connection, ids: Sequence[int], owner: str, now: datetime) -> bool:
    """Reserve entries for sending; False, and nothing reserved, when another relay was quicker."""
    free = connection.scalars(
        select(outbox.c.id).where(outbox.c.id.in_(ids), _unsent(), _free(now)).with_for_update()
    ).all()
    if len(free) != len(ids):
        return False
    won = connection.execute(
        update(outbox)
        .where(outbox.c.id.in_(ids), _unsent(), _free(now))
        .values(lease_owner=owner, leased_until=now + LEASE, attempts=outbox.c.attempts + 1)
    )
    return won.rowcount == len(ids)


def mark_sent(connection: Connection, ids: Sequence[int], sent: Sent, now: datetime) -> None:
    """Note that a message went out, and which entries it stands for."""
    message_id = connection.execute(
        insert(messages).values(
            channel=sent.channel,
            form=sent.form,
            title=sent.title,
            body=sent.body,
            sales=sent.sales,
            sent_at=now,
            answer=sent.answer,
        )
    ).inserted_primary_key
    connection.execute(
        update(outbox)
        .where(outbox.c.id.in_(ids))
        .values(
            delivered_at=now,
            message_id=message_id[0] if message_id else None,
            lease_owner=None,
            leased_until=None,
            error=None,
        )
    )


def mark_retry(
    connection: Connection, ids: Sequence[int], error: str, not_before: datetime
) -> None:
    """Put entries back to be tried again later."""
    connection.execute(
        update(outbox)
        .where(outbox.c.id.in_(ids))
        .values(lease_owner=None, leased_until=None, error=error, not_before=not_before)
    )


def mark_failed(connection: Connection, ids: Sequence[int], error: str, now: datetime) -> None:
    """Note that entries cannot be sent."""
    connection.execute(
        update(outbox)
        .where(outbox.c.id.in_(ids))
        .values(lease_owner=None, leased_until=None, error=error, failed_at=now)
    )


def retry_failed(connection: Connection, channels: Collection[str], now: datetime) -> int:
    """Put failed entries of the configured channels back at once; returns how many."""
    connection.execute(
        update(channel_states)
        .where(channel_states.c.channel.in_(list(channels)))
        .values(not_before=None)
    )
    return connection.execute(
        update(outbox)
        .where(outbox.c.failed_at.is_not(None), outbox.c.channel.in_(list(channels)))
        .values(failed_at=None, attempts=0, not_before=now)
    ).rowcount


def wake(connection: Connection, channel: str, now: datetime) -> None:
    """Let what waits for a later try on a channel be tried now: the channel works again."""
    connection.execute(
        update(outbox)
        .where(
            outbox.c.channel == channel,
            _unsent(),
            outbox.c.not_before > now,
            outbox.c.kind != BURST_END,
        )
        .values(not_before=now)
    )


def release_dead_leases(connection: Connection) -> None:
    """Free what a process that runs no more had reserved."""
    owners = connection.scalars(
        select(outbox.c.lease_owner).where(outbox.c.lease_owner.is_not(None), _unsent()).distinct()
    ).all()
    dead = [owner for owner in owners if owner is not None and owner_is_dead(owner)]
    if dead:
        connection.execute(
            update(outbox)
            .where(outbox.c.lease_owner.in_(dead), _unsent())
            .values(lease_owner=None, leased_until=None)
        )


def count_by_channel(connection: Connection) -> dict[str, tuple[int, int]]:
    """Count, by channel, the entries that wait and those that failed."""
    # Two questions: each has an index of its own, and what was sent is never gone through.
    waiting = _count(connection, _unsent())
    failed = _count(connection, outbox.c.failed_at.is_not(None))
    return {
        channel: (waiting.get(channel, 0), failed.get(channel, 0)) for channel in waiting | failed
    }


def _count(connection: Connection, which: ColumnElement[bool]) -> dict[str, int]:
    rows = connection.execute(
        select(outbox.c.channel, func.count())
        .where(which, outbox.c.kind != BURST_END)
        .group_by(outbox.c.channel)
    )
    return {row[0]: row[1] for row in rows}


def list_alerts(connection: Connection, *, failed_only: bool, limit: int) -> list[dict[str, Any]]:
    """List what was sent, waits or failed, newest first, an entry for each event and channel.

    The limit counts messages, each with all its entries, and what was not sent one by one.
    """
    message = func.coalesce(outbox.c.message_id, -outbox.c.id)
    newest = select(message).group_by(message).order_by(func.max(outbox.c.id).desc()).limit(limit)
    if failed_only:
        newest = newest.where(outbox.c.failed_at.is_not(None))
    query = (
        select(
            outbox.c.id,
            outbox.c.channel,
            outbox.c.kind,
            outbox.c.external_id.label("sale_id"),
            outbox.c.account_id,
            outbox.c.created_at,
            outbox.c.delivered_at,
            outbox.c.failed_at,
            outbox.c.not_before,
            outbox.c.attempts,
            outbox.c.error,
            outbox.c.message_id,
            func.coalesce(messages.c.title, outbox.c.title).label("title"),
            messages.c.form,
            messages.c.answer,
        )
        .select_from(outbox.outerjoin(messages, messages.c.id == outbox.c.message_id))
        .where(message.in_(newest))
        .order_by(outbox.c.id.desc())
    )
    return [dict(row._mapping) for row in connection.execute(query)]  # noqa: SLF001 - public API
