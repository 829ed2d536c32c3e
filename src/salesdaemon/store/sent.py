"""What went out on a channel: how much of late, and what a burst told so far."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from salesdaemon.domain.alerts import BURST_END, BURST_WINDOW, Course, Form
from salesdaemon.domain.limits import Limits, start_of_day
from salesdaemon.store.outbox import OutboxEntry, enqueue
from salesdaemon.store.tables import messages, outbox
from salesdaemon.store.totals import totals_of_messages

COURSE_GAP = timedelta(seconds=150)
"""A burst is over when no sale was told for this long: two polls and a half."""
LONGEST_COURSE = timedelta(hours=12)
LONGEST_WAIT = timedelta(days=3)
"""How far back the burst is looked for that a message ends, on a channel that did not work."""

_RINGS = (Form.RING.value, Form.BURST.value)
_EVENTS = (Form.EVENT.value, Form.SEVERAL.value)


@dataclass(frozen=True, slots=True)
class Lately:
    """What was told on a channel within the last minute; `sent` holds every message's instant."""

    sent: tuple[datetime, ...]
    sales: int
    events: int
    last_burst: datetime | None


def sent_lately(connection: Connection, channel: str, now: datetime) -> Lately:
    """Look at the last minute: recaps count as messages, not as sales."""
    rows = connection.execute(
        select(messages.c.sent_at, messages.c.form, messages.c.sales)
        .where(messages.c.channel == channel, messages.c.sent_at > now - BURST_WINDOW)
        .order_by(messages.c.sent_at)
    ).all()
    bursts = [row.sent_at for row in rows if row.form == Form.BURST.value]
    return Lately(
        sent=tuple(row.sent_at for row in rows),
        sales=sum(row.sales for row in rows if row.form in _RINGS),
        events=sum(row.form in _EVENTS for row in rows),
        last_burst=max(bursts, default=None),
    )


def count_since(connection: Connection, channel: str, since: datetime) -> int:
    """Count the messages that left on a channel since a moment."""
    query = select(func.count()).where(messages.c.channel == channel, messages.c.sent_at >= since)
    return connection.scalar(query) or 0


@dataclass(frozen=True, slots=True)
class Used:
    """How many messages of a day and a month left already; 0 where that is not limited."""

    day: int
    month: int


def count_used(connection: Connection, channel: str, limits: Limits, now: datetime) -> Used:
    """Count what left on a channel of what its service takes; days and months are those of UTC."""
    today = start_of_day(now)
    return Used(
        day=count_since(connection, channel, today) if limits.per_day else 0,
        month=count_since(connection, channel, today.replace(day=1)) if limits.per_month else 0,
    )


def find_course(connection: Connection, channel: str, now: datetime) -> Course | None:
    """Return the burst that a ring sent now goes on with; None where there is none."""
    rows = next(_courses(connection, channel, now - LONGEST_COURSE), [])
    if not rows or now - rows[0].sent_at > COURSE_GAP or _bursts(rows) == 0:
        return None
    return _to_course(connection, rows)


def find_last_burst(connection: Connection, channel: str, now: datetime) -> Course | None:
    """Return the last burst that took more than one message, whatever rang since."""
    courses = _courses(connection, channel, now - LONGEST_WAIT)
    rows = next((rows for rows in courses if _bursts(rows) > 1), None)
    return _to_course(connection, rows) if rows is not None else None


def _bursts(rows: Sequence[Row[Any]]) -> int:
    return sum(row.form == Form.BURST.value for row in rows)


def _to_course(connection: Connection, rows: Sequence[Row[Any]]) -> Course:
    return Course(
        sales=sum(row.sales for row in rows),
        totals=totals_of_messages(connection, [row.id for row in rows]),
        since=rows[-1].sent_at,
        until=rows[0].sent_at,
    )


def _courses(connection: Connection, channel: str, since: datetime) -> Iterator[list[Row[Any]]]:
    """Yield the messages with rings that followed closely on one another, the last ones first."""
    rows: Iterable[Row[Any]] = connection.execute(
        select(messages.c.id, messages.c.sent_at, messages.c.form, messages.c.sales)
        .where(
            messages.c.channel == channel,
            messages.c.sent_at > since,
            messages.c.form.in_(_RINGS),
        )
        .order_by(messages.c.sent_at.desc(), messages.c.id.desc())
    )
    found: list[Row[Any]] = []
    for row in rows:
        if found and found[-1].sent_at - row.sent_at > COURSE_GAP:
            yield found
            found = []
        found.append(row)
    if found:
        yield found


def keep_course(connection: Connection, channel: str, form: Form, now: datetime) -> None:
    """Let a burst of more than one message be ended by one, some time after its last sale.

    Call it when a message of that form was sent.
    """
    if form.value not in _RINGS:
        return
    connection.execute(
        update(outbox)
        .where(
            outbox.c.channel == channel,
            outbox.c.kind == BURST_END,
            outbox.c.delivered_at.is_(None),
            outbox.c.failed_at.is_(None),
        )
        .values(not_before=now + COURSE_GAP)
    )
    if form is not Form.BURST:
        return
    rows = next(_courses(connection, channel, now - LONGEST_COURSE), [])
    if _bursts(rows) > 1:
        enqueue(connection, [_end(channel, rows[-1].id, now)])


def _end(channel: str, first_message: int, now: datetime) -> OutboxEntry:
    return OutboxEntry(
        channel=channel,
        event=f"{BURST_END}:{channel}:{first_message}",
        kind=BURST_END,
        level="silent",
        created_at=now,
        not_before=now + COURSE_GAP,
    )
