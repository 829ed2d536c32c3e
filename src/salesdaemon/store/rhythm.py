"""When a shop sold lately: what its rhythm is learned from."""

from datetime import UTC, date, datetime, timedelta
from typing import Final

from sqlalchemy import BigInteger, Connection, Select, select, type_coerce

from salesdaemon.domain.sale import COUNTED_KINDS
from salesdaemon.store.tables import sales

WINDOW: Final = timedelta(weeks=27)
"""A little more than a rhythm looks back."""
ENOUGH: Final = 20_000
"""So many sales tell a rhythm well, if they reach back far enough."""
FAR_ENOUGH: Final = timedelta(days=22)

_PAID_AT = type_coerce(sales.c.paid_at, BigInteger)  # milliseconds, as they are kept


def load_sold_at(connection: Connection, account_id: int, until: date) -> list[datetime]:
    """Load the instants of an account's sales of the last half year, oldest first.

    Of very many those of the last three weeks at least. Sales of which only the day is known are
    left out.
    """
    rows = connection.scalars(_query(account_id, until - WINDOW).limit(ENOUGH)).all()
    if len(rows) == ENOUGH and rows[0] - rows[-1] < FAR_ENOUGH / timedelta(milliseconds=1):
        rows = connection.scalars(_query(account_id, until - FAR_ENOUGH)).all()
    return [datetime.fromtimestamp(paid_at / 1000, UTC) for paid_at in sorted(rows)]


def find_newest_sale(connection: Connection, account_id: int, since: date) -> datetime | None:
    """Return when the newest sale of an account was paid; None if there was none since a day."""
    newest = connection.scalar(_query(account_id, since).limit(1))
    return datetime.fromtimestamp(newest / 1000, UTC) if newest is not None else None


def _query(account_id: int, since: date) -> Select[int]:
    """Ask for the instants of sales, the newest first."""
    return (
        select(_PAID_AT)
        .where(
            # Not the bare column: SQLite would read all sales of the account by their key.
            sales.c.account_id + 0 == account_id,
            sales.c.sold_on >= since,
            sales.c.paid,
            sales.c.paid_at.is_not(None),
            sales.c.kind.in_(sorted(kind.value for kind in COUNTED_KINDS)),
        )
        .order_by(sales.c.sold_on.desc(), _PAID_AT.desc())
    )
