"""Hours that went into products."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, insert, select

from salesdaemon.store.tables import effort


@dataclass(frozen=True, slots=True)
class EffortEntry:
    """Time spent on a product on one of the seller's days."""

    product: str
    minutes: int
    spent_on: date
    note: str | None = None


def add_effort(connection: Connection, entry: EffortEntry) -> None:
    """Keep an entry."""
    connection.execute(
        insert(effort).values(
            product=entry.product,
            minutes=entry.minutes,
            spent_on=entry.spent_on,
            note=entry.note,
        )
    )


def list_effort(connection: Connection) -> Sequence[EffortEntry]:
    """List all entries in the order of their days."""
    rows = connection.execute(
        select(effort.c.product, effort.c.minutes, effort.c.spent_on, effort.c.note).order_by(
            effort.c.spent_on, effort.c.id
        )
    )
    return [EffortEntry(**row._mapping) for row in rows]  # noqa: SLF001 - public API of SQLAlchemy
