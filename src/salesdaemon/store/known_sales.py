"""Look up what is stored of sales that are read again."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from sqlalchemy import Connection, Select, and_, select

from salesdaemon.domain.changes import Known
from salesdaemon.domain.sale import Status
from salesdaemon.store.tables import arrivals, sales

Value = TypeVar("Value")
_CHUNK = 500  # ids in one question; SQLite's older limit on variables is 999


def chunks(values: Sequence[Value]) -> Iterable[Sequence[Value]]:
    """Part ids into as many as one question may hold."""
    return (values[start : start + _CHUNK] for start in range(0, len(values), _CHUNK))


@dataclass(frozen=True, slots=True)
class Stored:
    """What is stored of a sale: the fingerprint of what was read, its day, and its figures."""

    fingerprint: int
    sold_on: date
    source: str
    known: Known


def find_known(
    connection: Connection, account_id: int, external_ids: Iterable[str]
) -> dict[str, Stored]:
    """Look sales up by their ids; one that is not stored is left out."""
    known: dict[str, Stored] = {}
    for chunk in chunks(list(external_ids)):
        for row in connection.execute(_known_query(account_id, chunk)):
            known[row.external_id] = Stored(
                row.fingerprint,
                row.sold_on,
                row.source,
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
            sales.c.sold_on,
            sales.c.source,
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
