"""Hours that went into products."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, delete, insert, select

from salesdaemon.store.tables import effort


@dataclass(frozen=True, slots=True)
class EffortEntry:
    """Time spent on a product on one of the seller's days; `id` is None until it is kept."""

    product: str
    minutes: int
    spent_on: date
    note: str | None = None
    id: int | None = None


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
    columns = (effort.c.id, effort.c.product, effort.c.minutes, effort.c.spent_on, effort.c.note)
    rows = connection.execute(select(*columns).order_by(effort.c.spent_on, effort.c.id))
    return [EffortEntry(**row._mapping) for row in rows]  # noqa: SLF001 - public API of SQLAlchemy


def remove_effort(connection: Connection, entry_id: int) -> EffortEntry | None:
    """Forget an entry and return it; None where there is none of that number."""
    found = next((one for one in list_effort(connection) if one.id == entry_id), None)
    if found is not None:
        connection.execute(delete(effort).where(effort.c.id == entry_id))
    return found
