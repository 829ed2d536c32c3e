"""Find the sale of each line of the books: by order, by line of an order, by product, by parent."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, and_, select, update

from salesdaemon.domain.ledger import SALE_KINDS, About, Entry, EntryKind
from salesdaemon.store.known_sales import chunks
from salesdaemon.store.renewals import find_renewed
from salesdaemon.store.settling import attribute
from salesdaemon.store.tables import entries, items, sales

_AT_ONCE = timedelta(minutes=1)


def attribute_new(connection: Connection, account_id: int, fresh: Sequence[Entry]) -> set[str]:
    """Find the sales of entries just stored; returns the sales that were given something."""
    mine = [entry for entry in fresh if entry.kind in SALE_KINDS]
    found = _by_sale(connection, account_id, mine)
    found |= _by_line(connection, account_id, mine)
    touched = attribute(connection, account_id, found)
    touched |= attribute(connection, account_id, find_renewed(connection, account_id, mine))
    touched |= attribute(connection, account_id, _by_refund(connection, account_id, mine))
    touched |= _by_parent(connection, account_id, mine)
    _spread(connection, account_id, {e.entry_id: e.kind for e in fresh if e.kind not in SALE_KINDS})
    return touched


def _by_sale(connection: Connection, account_id: int, mine: Sequence[Entry]) -> dict[str, str]:
    """Name the orders that are stored; what is of another waits for it."""
    named = {e.entry_id: e.about_id for e in mine if e.about is About.SALE and e.about_id}
    stored: set[str] = set()
    for chunk in chunks(sorted(set(named.values()))):
        stored.update(
            connection.scalars(
                select(sales.c.external_id).where(
                    sales.c.account_id == account_id, sales.c.external_id.in_(chunk)
                )
            )
        )
    return {entry_id: sale_id for entry_id, sale_id in named.items() if sale_id in stored}


def _by_line(connection: Connection, account_id: int, mine: Sequence[Entry]) -> dict[str, str]:
    lines = {entry.about_id for entry in mine if entry.about is About.LINE and entry.about_id}
    sale_of: dict[str, str] = {}
    for chunk in chunks(sorted(lines)):
        rows = connection.execute(
            select(items.c.line_id, items.c.external_id).where(
                items.c.account_id == account_id, items.c.line_id.in_(chunk)
            )
        )
        sale_of.update((row.line_id, row.external_id) for row in rows)
    return {
        entry.entry_id: sale_of[entry.about_id]
        for entry in mine
        if entry.about is About.LINE and entry.about_id in sale_of
    }


def _by_parent(connection: Connection, account_id: int, mine: Sequence[Entry]) -> set[str]:
    """Let a tax on a fee follow that fee, to its sale or to the shop's own costs."""
    parents = {e.about_id for e in mine if e.about is About.ENTRY and e.about_id}
    known: dict[str, Any] = {}
    for chunk in chunks(sorted(parents)):
        rows = connection.execute(
            select(entries.c.entry_id, entries.c.kind, entries.c.of_sale).where(
                entries.c.account_id == account_id, entries.c.entry_id.in_(chunk)
            )
        )
        known.update((row.entry_id, row) for row in rows)
    found: dict[str, str] = {}
    of_the_shop: dict[str, EntryKind] = {}
    for entry in mine:
        parent = known.get(entry.about_id or "") if entry.about is About.ENTRY else None
        if parent is None:
            continue
        if parent.of_sale is not None:
            found[entry.entry_id] = parent.of_sale
        elif EntryKind(parent.kind) not in SALE_KINDS:
            of_the_shop[parent.entry_id] = EntryKind(parent.kind)
    _spread(connection, account_id, of_the_shop)
    return attribute(connection, account_id, found)


def _spread(connection: Connection, account_id: int, parents: Mapping[str, EntryKind]) -> None:
    """Make what is on a cost of the shop, as a tax, a cost too; and what is on that."""
    while parents:
        found: dict[str, EntryKind] = {}
        for chunk in chunks(sorted(parents)):
            rows = connection.execute(
                select(entries.c.entry_id, entries.c.about_id).where(
                    entries.c.account_id == account_id,
                    entries.c.of_sale.is_(None),
                    entries.c.about == About.ENTRY.value,
                    entries.c.about_id.in_(chunk),
                    entries.c.kind.in_(sorted(kind.value for kind in SALE_KINDS)),
                )
            )
            found.update((row.entry_id, parents[row.about_id]) for row in rows)
        for entry_id, kind in found.items():
            connection.execute(
                update(entries)
                .where(entries.c.account_id == account_id, entries.c.entry_id == entry_id)
                .values(kind=kind.value)
            )
        parents = found


def _by_refund(connection: Connection, account_id: int, mine: Sequence[Entry]) -> dict[str, str]:
    """Give a renewal that was given back to the order that was refunded at that moment."""
    found: dict[str, str] = {}
    for entry in mine:
        if entry.about is not About.PRODUCT or entry.amount <= 0:
            continue
        refunded = connection.scalar(
            select(entries.c.of_sale)
            .join_from(
                entries,
                items,
                and_(
                    items.c.account_id == entries.c.account_id,
                    items.c.external_id == entries.c.of_sale,
                ),
            )
            .where(
                entries.c.account_id == account_id,
                entries.c.kind == EntryKind.REFUND.value,
                entries.c.posted_at >= entry.posted_at - _AT_ONCE,
                entries.c.posted_at <= entry.posted_at + _AT_ONCE,
                items.c.product_id == entry.about_id,
            )
            .order_by(entries.c.sequence.desc())
            .limit(1)
        )
        if refunded is not None:
            found[entry.entry_id] = refunded
    return found
