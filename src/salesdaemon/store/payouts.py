"""Payouts that became known while a shop is watched, and were not told yet."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Select, or_, select

from salesdaemon.domain.bookkeeping import is_paid_out
from salesdaemon.domain.ledger import UPCOMING, Entry, EntryKind, Payout
from salesdaemon.domain.money import proportion
from salesdaemon.domain.period import day_of
from salesdaemon.domain.rules import Verdict
from salesdaemon.store.accounts import AccountRecord
from salesdaemon.store.events import Judged, enter, known_events
from salesdaemon.store.settling import load_scales
from salesdaemon.store.shop_lines import to_payout
from salesdaemon.store.tables import entries, payouts

NEWS_FOR: Final = timedelta(days=10)
"""A payout made longer ago is no news: the digest tells of it."""

_HISTORY = Verdict("off", (), "history", "It was there when the books were first read.")


def event_of(account_id: int, payout_id: str) -> str:
    """Name the event that a payout was made."""
    return f"payout:{account_id}:{payout_id}"


def list_untold_payouts(
    connection: Connection, account: AccountRecord, zone: ZoneInfo, now: datetime
) -> list[Payout]:
    """List the payouts made since the watch of an account began that were not announced.

    Books without a list of payouts tell of them in entries.
    """
    if account.watch_since is None:
        return []
    oldest = max(account.watch_since, now - NEWS_FOR)
    found = [
        payout
        for payout in _listed(connection, account, oldest, zone)
        if is_paid_out(payout) and payout.amount_minor > 0
    ]
    known = known_events(connection, [event_of(account.id, each.payout_id) for each in found])
    return [each for each in found if event_of(account.id, each.payout_id) not in known]


def _listed(
    connection: Connection, account: AccountRecord, oldest: datetime, zone: ZoneInfo
) -> list[Payout]:
    if not _are_listed(connection, account.id):
        return _from_entries(connection, account.id, oldest, zone)
    made_on = payouts.c.made_on
    rows = connection.execute(
        _listed_query(account.id).where(
            payouts.c.seen_at >= oldest, or_(made_on.is_(None), made_on >= day_of(oldest, zone))
        )
    )
    return [to_payout(row) for row in rows]


def _are_listed(connection: Connection, account_id: int) -> bool:
    return connection.execute(_listed_query(account_id).limit(1)).first() is not None


def _listed_query(account_id: int) -> Select[Any]:
    return select(payouts).where(
        payouts.c.account_id == account_id, payouts.c.payout_id != UPCOMING
    )


def _from_entries(
    connection: Connection, account_id: int, oldest: datetime, zone: ZoneInfo
) -> list[Payout]:
    rows = connection.execute(
        select(entries)
        .where(
            entries.c.account_id == account_id,
            entries.c.of_sale.is_(None),
            entries.c.kind == EntryKind.PAYOUT.value,
            entries.c.posted_at >= oldest,
            entries.c.source == "api",
        )
        .order_by(entries.c.posted_at)
    ).all()
    scales = load_scales(connection, account_id) if rows else {}
    return [
        Payout(
            row.entry_id,
            proportion(-row.amount, 1, scales.get(row.currency, 1)),
            row.currency,
            "sent",
            day_of(row.posted_at, zone),
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class FirstReading:
    """What the very first look at a shop's books shows."""

    payouts: Sequence[Payout]
    entries: Sequence[Entry]
    seen_at: datetime


def note_as_history(connection: Connection, account_id: int, shown: FirstReading) -> None:
    """Note that payouts were there when the books were first read: they are never told.

    Those made long ago need no note. Call it once the page is recorded.
    """
    listed = _are_listed(connection, account_id)
    names = _in_list(shown) if listed else _in_entries(shown)
    enter(
        connection,
        [Judged(event_of(account_id, name), "payout", shown.seen_at, _HISTORY) for name in names],
    )


def _in_list(shown: FirstReading) -> Iterable[str]:
    oldest = (shown.seen_at - NEWS_FOR).date()
    return (
        payout.payout_id
        for payout in shown.payouts
        if payout.payout_id != UPCOMING and (payout.made_on is None or payout.made_on >= oldest)
    )


def _in_entries(shown: FirstReading) -> Iterable[str]:
    oldest = shown.seen_at - NEWS_FOR
    return (
        entry.entry_id
        for entry in shown.entries
        if entry.kind is EntryKind.PAYOUT and entry.posted_at >= oldest
    )
