"""The ledger of digests: one row for each kind, day and recipient, claimed before it is sent."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Connection, delete, func, or_, select, update

from salesdaemon.store.accounts import upsert_for
from salesdaemon.store.tables import digests

CLAIMED, SENT, SKIPPED = "claimed", "sent", "skipped"


@dataclass(frozen=True, slots=True)
class DigestRow:
    """A digest for one recipient: an address, a channel, or the folder of files.

    `day` is the last day of its period. `enclosed` is what goes beside its words, as text.
    """

    kind: str
    day: date
    recipient: str
    state: str
    message_id: str
    content_until: datetime
    subject: str | None
    body_text: str | None
    body_html: str | None
    enclosed: str | None
    attempts: int
    not_before: datetime
    sent_at: datetime | None
    answer: str | None


def claim(connection: Connection, row: DigestRow) -> bool:
    """Enter a digest before it is sent; False if it is there already."""
    values = {name: getattr(row, name) for name in DigestRow.__dataclass_fields__}
    statement = upsert_for(connection)(digests).values(values).on_conflict_do_nothing()
    # SQLAlchemy keeps the number of rows of an INSERT only when asked to; psycopg forgets it.
    counted = connection.execute(statement, execution_options={"preserve_rowcount": True})
    return counted.rowcount == 1


def list_unsent(
    connection: Connection, recipients: Collection[str], now: datetime
) -> list[DigestRow]:
    """List claimed digests that may be tried now, oldest first; of some recipients alone."""
    rows = connection.execute(
        select(digests)
        .where(
            digests.c.state == CLAIMED,
            digests.c.not_before <= now,
            digests.c.recipient.in_(recipients),
        )
        .order_by(digests.c.day, digests.c.recipient)
    )
    return [DigestRow(**row._mapping) for row in rows]  # noqa: SLF001 - public API of SQLAlchemy


def list_for(connection: Connection, kind: str, day: date) -> list[DigestRow]:
    """List the rows of one digest."""
    rows = connection.execute(select(digests).where(digests.c.kind == kind, digests.c.day == day))
    return [DigestRow(**row._mapping) for row in rows]  # noqa: SLF001 - public API of SQLAlchemy


def note_attempt(
    connection: Connection, row: DigestRow, now: datetime, not_before: datetime
) -> bool:
    """Note that a mail is about to leave, and when to try again should nothing more be heard.

    False if another process was quicker, or is at it: until then nobody knows of an answer.
    """
    is_free = or_(
        digests.c.attempts == 0, digests.c.answer.is_not(None), digests.c.not_before <= now
    )
    noted = connection.execute(
        update(digests)
        .where(*_is(row), digests.c.state == CLAIMED, digests.c.attempts == row.attempts, is_free)
        .values(attempts=row.attempts + 1, not_before=not_before, answer=None)
    )
    return noted.rowcount == 1


def mark_sent(connection: Connection, row: DigestRow, now: datetime, answer: str) -> None:
    """Note that the server took the mail; its text is not needed any more."""
    _change(
        connection,
        row,
        state=SENT,
        sent_at=now,
        answer=answer,
        body_text=None,
        body_html=None,
        enclosed=None,
    )


def mark_retry(connection: Connection, row: DigestRow, error: str, not_before: datetime) -> None:
    """Note that the mail was refused for now."""
    _change(connection, row, answer=error, not_before=not_before)


def _change(connection: Connection, row: DigestRow, **values: object) -> None:
    connection.execute(update(digests).where(*_is(row)).values(**values))


def _is(row: DigestRow) -> tuple[ColumnElement[bool], ...]:
    return (
        digests.c.kind == row.kind,
        digests.c.day == row.day,
        digests.c.recipient == row.recipient,
    )


def last_day(connection: Connection, kind: str) -> date | None:
    """Return the newest day that a digest of this kind was entered for."""
    day: date | None = connection.scalar(
        select(func.max(digests.c.day)).where(digests.c.kind == kind)
    )
    return day


def told_until(connection: Connection, kind: str, before: date) -> datetime | None:
    """Return up to when changes were told in the last digest of a day before this one.

    Who was written to later was told no more than those who were first.
    """
    # Of the last day, not the newest of all: an old digest sent by hand told nothing of this.
    until: datetime | None = connection.scalar(
        select(digests.c.content_until)
        .where(digests.c.kind == kind, digests.c.day < before)
        .order_by(digests.c.day.desc(), digests.c.content_until)
        .limit(1)
    )
    return until


def forget_skipped(connection: Connection, kind: str, day: date) -> None:
    """Forget that a digest was skipped: its owner wants it after all."""
    connection.execute(
        delete(digests).where(
            digests.c.kind == kind, digests.c.day == day, digests.c.state == SKIPPED
        )
    )


def release_unheard(connection: Connection, now: datetime) -> None:
    """Let a mail be tried at once whose sender died before it heard an answer."""
    connection.execute(
        update(digests)
        .where(digests.c.state == CLAIMED, digests.c.answer.is_(None), digests.c.not_before > now)
        .values(not_before=now)
    )
