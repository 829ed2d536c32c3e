"""Record the lines of a marketplace's books, find the sale of each, and let them settle it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, insert, select, update

from salesdaemon.domain.changes import Decision, Watch, decide
from salesdaemon.domain.ledger import About, Entry, EntryKind
from salesdaemon.domain.sale import Sale
from salesdaemon.domain.summary import FEES_EXACT
from salesdaemon.store.attribution import attribute_new
from salesdaemon.store.consequences import Occasion, Telling, change_row, happenings, tell
from salesdaemon.store.known_sales import Stored, chunks, find_known
from salesdaemon.store.sale_rows import Written, sold_on, write_sales
from salesdaemon.store.settling import (
    figures_of,
    keep_as_listed,
    load_figures,
    load_listed,
    settle_listed,
)
from salesdaemon.store.sums import mark_dirty
from salesdaemon.store.tables import accounts, changes, entries


@dataclass(frozen=True, slots=True)
class BooksContext:
    """What recording needs to know beside the entries; without `telling` nothing is ever told."""

    seen_at: datetime
    zone: ZoneInfo
    watch: Watch = field(default_factory=lambda: Watch(None))
    telling: Telling | None = None


@dataclass(slots=True)
class BooksRecorded:
    """What came of it: new entries, those that may tell of an older order, sales that changed."""

    new: int = 0
    reversals: int = 0
    changed: list[Sale] = field(default_factory=list)
    told: int = 0


def record_entries(
    connection: Connection, account_id: int, posted: Sequence[Entry], context: BooksContext
) -> BooksRecorded:
    """Record entries inside the caller's writing transaction; repeating them changes nothing."""
    connection.execute(select(accounts.c.id).where(accounts.c.id == account_id).with_for_update())
    fresh = _insert_new(connection, account_id, posted)
    touched = attribute_new(connection, account_id, fresh)
    refunded = _refunded_since(connection, account_id, context.watch, fresh)
    settled = _settle(connection, account_id, sorted(touched), context.zone)
    told = sum(
        _tell(connection, account_id, change, context, refund=change.sale.external_id in refunded)
        for change in settled
    )
    changed = [change.sale for change in settled]
    return BooksRecorded(len(fresh), _count_reversals(fresh, context.watch), changed, told)


def _count_reversals(fresh: Iterable[Entry], watch: Watch) -> int:
    """Count entries that may mean a change of an order which is not read again by itself."""
    return sum(
        entry.kind in {EntryKind.REFUND, EntryKind.DISPUTE, EntryKind.OTHER}
        and watch.since is not None
        and entry.posted_at >= watch.since
        for entry in fresh
    )


def _insert_new(connection: Connection, account_id: int, posted: Sequence[Entry]) -> list[Entry]:
    """Insert what is not stored; what came without its sale and now names it counts as new."""
    unique = {entry.entry_id: entry for entry in posted}
    stored: dict[str, tuple[str, str | None]] = {}
    for chunk in chunks(list(unique)):
        rows = connection.execute(
            select(entries.c.entry_id, entries.c.about, entries.c.of_sale).where(
                entries.c.account_id == account_id, entries.c.entry_id.in_(chunk)
            )
        )
        stored.update((row.entry_id, (row.about, row.of_sale)) for row in rows)
    fresh = [entry for entry in unique.values() if entry.entry_id not in stored]
    if fresh:
        connection.execute(insert(entries), [_row(account_id, entry) for entry in fresh])
    named = [
        entry
        for entry in unique.values()
        if entry.entry_id in stored and _names_more(entry, *stored[entry.entry_id])
    ]
    for entry in named:
        connection.execute(
            update(entries)
            .where(entries.c.account_id == account_id, entries.c.entry_id == entry.entry_id)
            .values(about=entry.about.value, about_id=entry.about_id, kind=entry.kind.value)
        )
    return fresh + named


def _names_more(entry: Entry, about: str, of_sale: str | None) -> bool:
    """Tell whether an entry that found no sale says more of what it is about than it did."""
    if of_sale is not None:
        return False
    if about == About.ENTRY.value:
        return entry.about in {About.SALE, About.LINE}
    return about == About.SHOP.value and entry.about is not About.SHOP


def _row(account_id: int, entry: Entry) -> dict[str, Any]:
    return {
        "account_id": account_id,
        "entry_id": entry.entry_id,
        "sequence": entry.sequence,
        "posted_at": entry.posted_at,
        "kind": entry.kind.value,
        "name": entry.name[:64],
        "amount": entry.amount,
        "currency": entry.currency,
        "about": entry.about.value,
        "about_id": entry.about_id,
        "of_sale": None,
        "source": "import" if entry.imported else "api",
    }


# What they change


@dataclass(frozen=True, slots=True)
class _Change:
    sale: Sale
    before: Stored


def _settle(
    connection: Connection, account_id: int, touched: Sequence[str], zone: ZoneInfo
) -> list[_Change]:
    """Work the figures of stored sales out anew and write those that moved."""
    listed = load_listed(connection, account_id, touched)
    known = find_known(connection, account_id, touched)
    settled = settle_listed(connection, account_id, list(listed.values()))
    shown = load_figures(connection, account_id, touched)
    changes_made = [
        _Change(sale, known[external_id])
        for external_id, before in listed.items()
        if figures_of(sale := settled.get(external_id, before)) != shown[external_id]
    ]
    rows = [
        Written(each.sale, each.before.fingerprint, is_new=False, source=each.before.source)
        for each in changes_made
    ]
    write_sales(connection, account_id, rows, zone)
    keep_as_listed(connection, account_id, list(listed.values()), settled)
    mark_dirty(connection, account_id, {sold_on(row.sale, zone) for row in rows})
    return changes_made


def _refunded_since(
    connection: Connection, account_id: int, watch: Watch, fresh: Iterable[Entry]
) -> set[str]:
    """Return the sales of refunds that were posted since the shop is watched."""
    if watch.since is None:
        return set()
    ids = [e.entry_id for e in fresh if e.kind is EntryKind.REFUND and e.posted_at >= watch.since]
    found: set[str] = set()
    for chunk in chunks(ids):
        rows = connection.scalars(
            select(entries.c.of_sale).where(
                entries.c.account_id == account_id, entries.c.entry_id.in_(chunk)
            )
        )
        found.update(row for row in rows if row is not None)
    return found


def _decide(before: Stored, after: Sale, watch: Watch, *, refund: bool) -> Decision:
    """Decide what to tell: a refund that is news, else only that figures of a sale moved."""
    decision = decide(before.known, after, watch)
    further = after.refunded_minor - before.known.refunded_minor
    # What the list of orders told already may differ by what rounding leaves.
    news = refund and (further > 1 or not before.known.refunded_minor)
    events = decision.events if news else ()
    return replace(decision, arrival=None, events=events)


def _tell(
    connection: Connection, account_id: int, change: _Change, context: BooksContext, *, refund: bool
) -> int:
    """Note what moved for the next digest, and tell a refund; returns how many were told."""
    sale, before, since = change.sale, change.before, context.watch.since
    decision = _decide(before, sale, context.watch, refund=refund)
    if not decision.news or since is None or context.telling is None:
        return 0
    if not decision.events and sale.paid_at < since:
        return 0  # that the fees of an old order are exact now is no news
    kind = decision.events[0].value if decision.events else FEES_EXACT
    row = change_row(account_id, context.seen_at, sale, before.known, kind)
    connection.execute(insert(changes), [row])
    happened = happenings(sale, decision)
    tell(connection, Occasion(account_id, context.seen_at), happened, context.telling)
    return len(happened)
