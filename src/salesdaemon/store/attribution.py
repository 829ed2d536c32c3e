"""Find the sale of each line of the books: by order, by line of an order, by product, by parent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, func, select, update

from salesdaemon.domain.ledger import SALE_KINDS, About, Entry, EntryKind
from salesdaemon.store.known_sales import chunks
from salesdaemon.store.settling import attribute
from salesdaemon.store.tables import entries, items, sales

# A renewal names only the product it renewed. It is posted when that was sold, or a little later.
_RENEWAL_AFTER = timedelta(days=3)
_RENEWAL_BEFORE = timedelta(minutes=1)


def attribute_new(connection: Connection, account_id: int, fresh: Sequence[Entry]) -> set[str]:
    """Find the sales of entries just stored; returns the sales that were given something."""
    mine = [entry for entry in fresh if entry.kind in SALE_KINDS]
    found = {
        entry.entry_id: entry.about_id
        for entry in mine
        if entry.about is About.SALE and entry.about_id is not None
    }
    found |= _by_line(connection, account_id, mine)
    found |= _by_product(connection, account_id, mine)
    touched = attribute(connection, account_id, found)
    touched |= attribute(connection, account_id, _by_refund(connection, account_id, mine))
    return touched | _by_parent(connection, account_id, mine)


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
    for entry in mine:
        parent = known.get(entry.about_id or "") if entry.about is About.ENTRY else None
        if parent is None:
            continue
        if parent.of_sale is not None:
            found[entry.entry_id] = parent.of_sale
        elif EntryKind(parent.kind) not in SALE_KINDS:
            connection.execute(
                update(entries)
                .where(entries.c.account_id == account_id, entries.c.entry_id == entry.entry_id)
                .values(kind=parent.kind)
            )
    return attribute(connection, account_id, found)


@dataclass(slots=True)
class _Renewable:
    """A line of an order whose product may have been renewed for it, and how often it was."""

    external_id: str
    sold_at: datetime
    pieces: int
    renewed: int


def _by_product(connection: Connection, account_id: int, mine: Sequence[Entry]) -> dict[str, str]:
    """Give each renewal to an order: one a line, in the order of the sales, late ones included.

    Only when every line has one may those of several pieces get more, the latest first.
    """
    named = [entry for entry in mine if entry.about is About.PRODUCT and entry.about_id]
    renewals = [entry for entry in named if entry.amount <= 0]
    if not renewals:
        return {}
    lines = _renewable(connection, account_id, renewals)
    found: dict[str, str] = {}
    for entry in sorted(renewals, key=lambda entry: (entry.sequence, entry.entry_id)):
        candidates = [
            line
            for line in lines.get(entry.about_id or "", ())
            if entry.posted_at - _RENEWAL_AFTER <= line.sold_at <= entry.posted_at + _RENEWAL_BEFORE
        ]
        chosen = _next_renewed(candidates)
        if chosen is not None:
            chosen.renewed += 1
            found[entry.entry_id] = chosen.external_id
    return found


def _next_renewed(candidates: Sequence[_Renewable]) -> _Renewable | None:
    ordered = sorted(candidates, key=lambda line: (line.sold_at, line.external_id))
    first = next((line for line in ordered if not line.renewed), None)
    if first is not None:
        return first
    return next((line for line in reversed(ordered) if line.renewed < line.pieces), None)


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
                entries.c.posted_at >= entry.posted_at - _RENEWAL_BEFORE,
                entries.c.posted_at <= entry.posted_at + _RENEWAL_BEFORE,
                items.c.product_id == entry.about_id,
            )
            .order_by(entries.c.sequence.desc())
            .limit(1)
        )
        if refunded is not None:
            found[entry.entry_id] = refunded
    return found


def _renewable(
    connection: Connection, account_id: int, renewals: Sequence[Entry]
) -> Mapping[str, list[_Renewable]]:
    first = min(entry.posted_at for entry in renewals) - _RENEWAL_AFTER
    last = max(entry.posted_at for entry in renewals) + _RENEWAL_BEFORE
    one_day = timedelta(days=1)
    products = sorted({entry.about_id or "" for entry in renewals})
    lines: dict[str, list[_Renewable]] = {}
    for chunk in chunks(products):
        rows = connection.execute(
            select(items.c.product_id, items.c.external_id, items.c.quantity, sales.c.paid_at)
            .join_from(
                sales,
                items,
                and_(
                    items.c.account_id == sales.c.account_id,
                    items.c.external_id == sales.c.external_id,
                ),
            )
            .where(
                sales.c.account_id == account_id,
                sales.c.paid,
                sales.c.paid_at.is_not(None),
                # The day of a sale is in the index; it may differ from UTC's by one.
                sales.c.sold_on >= (first - one_day).date(),
                sales.c.sold_on <= (last + one_day).date(),
                items.c.product_id.in_(chunk),
            )
        ).all()
        used = _renewed(connection, account_id, sorted({row.external_id for row in rows}))
        for row in rows:
            renewed = used.get((row.external_id, row.product_id), 0)
            lines.setdefault(row.product_id, []).append(
                _Renewable(row.external_id, row.paid_at, row.quantity, renewed)
            )
    return lines


def _renewed(
    connection: Connection, account_id: int, external_ids: Sequence[str]
) -> dict[tuple[str, str], int]:
    used: dict[tuple[str, str], int] = {}
    for chunk in chunks(external_ids):
        rows = connection.execute(
            select(entries.c.of_sale, entries.c.about_id, func.count().label("times"))
            .where(
                entries.c.account_id == account_id,
                entries.c.of_sale.in_(chunk),
                entries.c.about == About.PRODUCT.value,
                entries.c.amount <= 0,
            )
            .group_by(entries.c.of_sale, entries.c.about_id)
        )
        used.update(((row.of_sale, row.about_id), row.times) for row in rows)
    return used
