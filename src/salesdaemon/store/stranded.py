"""What waits for channels that the configuration no longer has: told on those that ring now."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, exists, select

from salesdaemon.domain.alerts import BURST_END
from salesdaemon.store.accounts import upsert_for
from salesdaemon.store.known_sales import chunks
from salesdaemon.store.tables import outbox

_OF_THE_ENTRY = ("id", "channel", "message_id", "lease_owner", "leased_until", "error")


def move_stranded(
    connection: Connection, told: Sequence[str], instead: Sequence[str], *, failed: bool = False
) -> int:
    """Let events that no other channel knows of wait for those `instead`; returns how many.

    `told` are all channels that are told of anything. What waits is moved, or with `failed` what
    was refused for good. An event that a channel of `told` knows stays where it is.
    """
    rows = _find_stranded(connection, told, failed=failed)
    if not rows or not instead:
        return 0
    entries = [
        {name: value for name, value in row._mapping.items() if name not in _OF_THE_ENTRY}  # noqa: SLF001 - public API of SQLAlchemy
        | {"attempts": 0, "failed_at": None, "not_before": row.created_at}
        for row in rows
    ]
    moved = [entry | {"channel": channel} for entry in entries for channel in instead]
    connection.execute(upsert_for(connection)(outbox).on_conflict_do_nothing(), moved)
    for chunk in chunks([row.id for row in rows]):
        connection.execute(delete(outbox).where(outbox.c.id.in_(chunk)))
    return len({row.event for row in rows})


def _find_stranded(
    connection: Connection, told: Sequence[str], *, failed: bool
) -> Sequence[Row[Any]]:
    here = outbox.alias()
    known = exists().where(here.c.event == outbox.c.event, here.c.channel.in_(told))
    rows = connection.execute(
        select(outbox).where(
            outbox.c.channel.not_in(told),
            outbox.c.delivered_at.is_(None),
            outbox.c.failed_at.is_not(None) if failed else outbox.c.failed_at.is_(None),
            outbox.c.lease_owner.is_(None),
            outbox.c.kind != BURST_END,
            ~known,
        )
    )
    # Not ordered by the database: SQLite would go through all that was ever sent.
    return sorted(rows, key=lambda row: row.id)
