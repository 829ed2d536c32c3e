"""Hold what the marketplace says now beside what is stored, and repair the store from it.

The answers are recorded in a database of their own, by the very code that records a poll. What
stands there afterwards is what the store should hold, so rows can be compared and copied.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Table,
    and_,
    delete,
    insert,
    or_,
    select,
    update,
)

from salesdaemon.domain.differences import Facts
from salesdaemon.domain.ledger import Entry
from salesdaemon.domain.sale import Kind, LineItem, Sale, Status
from salesdaemon.store.accounts import upsert_for
from salesdaemon.store.engine import Store
from salesdaemon.store.known_sales import chunks
from salesdaemon.store.products import note_products
from salesdaemon.store.sale_rows import IMPORT
from salesdaemon.store.settling import to_entry
from salesdaemon.store.sums import mark_dirty
from salesdaemon.store.tables import (
    accounts,
    arrivals,
    as_listed,
    changes,
    entries,
    items,
    metadata,
    outbox,
    sales,
    settings,
)

_SCALES = "ledger_scale:%"


@dataclass(frozen=True, slots=True)
class Stretch:
    """What is compared: an account's orders created, and lines posted, from `first` up to `end`."""

    account_id: int
    first: datetime
    end: datetime


@contextmanager
def open_beside(account_id: int, marketplace: str, shop: str) -> Iterator[Store]:
    """Open an empty database for what a marketplace says, gone afterwards.

    The account has the same number there, so that rows can be copied as they are.
    """
    with TemporaryDirectory(prefix="salesdaemon-") as folder:
        beside = Store(f"sqlite:///{Path(folder) / 'source.db'}")
        try:
            with beside.write() as connection:
                metadata.create_all(connection)
                connection.execute(
                    insert(accounts).values(
                        id=account_id, marketplace=marketplace, external_id=shop, shop=shop
                    )
                )
            yield beside
        finally:
            beside.close()


def copy_scales(store: Connection, beside: Connection) -> None:
    """Let the other database know the units of the books, as far as the store has learned them."""
    rows = store.execute(select(settings).where(settings.c.name.like(_SCALES))).mappings().all()
    if rows:
        beside.execute(insert(settings), [dict(row) for row in rows])


# Reading


def load_facts(
    connection: Connection, account_id: int, external_ids: Sequence[str]
) -> dict[str, Facts]:
    """Return stored sales by id with their figures as they stand."""
    found: dict[str, Facts] = {}
    for chunk in chunks(external_ids):
        lines = _lines(connection, account_id, chunk)
        for row in connection.execute(select(sales).where(_of(sales, account_id, chunk))):
            found[row.external_id] = _to_facts(row, lines.get(row.external_id, ()))
    return found


def _lines(
    connection: Connection, account_id: int, external_ids: Collection[str]
) -> dict[str, list[LineItem]]:
    found: dict[str, list[LineItem]] = {}
    query = select(items).where(_of(items, account_id, external_ids))
    for row in connection.execute(query.order_by(items.c.external_id, items.c.position)):
        found.setdefault(row.external_id, []).append(
            LineItem(
                product_id=row.product_id,
                product=row.product,
                quantity=row.quantity,
                gross_minor=row.gross_minor,
                passive=row.passive,
                line_id=row.line_id,
            )
        )
    return found


def _to_facts(row: Row[Any], lines: Iterable[LineItem]) -> Facts:
    sale = Sale(
        external_id=row.external_id,
        kind=Kind(row.kind),
        status=Status(row.status),
        paid=row.paid,
        created_at=row.created_at,
        paid_at=row.paid_at or row.created_at,
        sold_on=row.sold_on if row.paid_at is None else None,
        currency=row.currency,
        gross_minor=row.gross_minor,
        items=tuple(lines),
        refunded_minor=row.refunded_minor,
        refunded_exact=row.refunded_exact,
        fees_minor=row.fees_minor,
        fees_refunded_minor=row.fees_refunded_minor,
        fees_exact=row.fees_exact,
        affiliate_minor=row.affiliate_minor,
        country=row.country,
        charged_minor=row.charged_minor,
        shipping_minor=row.shipping_minor or 0,
        settled_currency=row.settled_currency,
        settled_net_minor=row.settled_net_minor,
    )
    imported = row.source == IMPORT
    return Facts(sale, row.sold_on, row.net_minor, row.fingerprint, imported)


def list_created(connection: Connection, stretch: Stretch) -> list[str]:
    """List the ids of the sales created in a stretch, oldest first."""
    query = (
        select(sales.c.external_id)
        .where(
            sales.c.account_id == stretch.account_id,
            sales.c.created_at >= stretch.first,
            sales.c.created_at < stretch.end,
        )
        .order_by(sales.c.created_at, sales.c.external_id)
    )
    return list(connection.scalars(query))


def load_entries(
    connection: Connection,
    stretch: Stretch,
    *,
    imported: bool | None = None,
) -> dict[str, Entry]:
    """Return the lines posted in a stretch by id; only imported or answered ones if one asks."""
    query = select(entries).where(
        entries.c.account_id == stretch.account_id,
        entries.c.posted_at >= stretch.first,
        entries.c.posted_at < stretch.end,
    )
    if imported is not None:
        query = query.where((entries.c.source == IMPORT) == imported)
    rows = connection.execute(query.order_by(entries.c.sequence, entries.c.entry_id))
    return {row.entry_id: to_entry(row) for row in rows}


def list_moved(connection: Connection, account_id: int, since: datetime) -> set[str]:
    """Return the sales of which something became known since a moment."""
    query = select(changes.c.external_id).where(
        changes.c.account_id == account_id, changes.c.seen_at >= since
    )
    return set(connection.scalars(query))


def find_stored_entries(
    connection: Connection, account_id: int, entry_ids: Sequence[str]
) -> set[str]:
    """Return which lines of the books are stored."""
    found: set[str] = set()
    for chunk in chunks(entry_ids):
        query = select(entries.c.entry_id).where(
            entries.c.account_id == account_id, entries.c.entry_id.in_(chunk)
        )
        found.update(connection.scalars(query))
    return found


# Repairing


def repair_entries(
    store: Connection, beside: Connection, account_id: int, entry_ids: Collection[str]
) -> None:
    """Make these lines of the books as the source has them: copied, or deleted."""
    for chunk in chunks(sorted(entry_ids)):
        chosen = _of(entries, account_id, chunk, "entry_id")
        store.execute(delete(entries).where(chosen))
        _copy(store, beside, entries, chosen)


def repair_sales(
    store: Connection, beside: Connection, account_id: int, expected: Mapping[str, Facts | None]
) -> list[str]:
    """Make these sales as the source has them, and return those that were.

    `expected` is what was stored of each when it was compared; one that has moved since then is
    left alone. Nothing is told and no arrival decided: what was paid since the shop is watched
    rings once, when a poll sees it.
    """
    store.execute(select(accounts.c.id).where(accounts.c.id == account_id).with_for_update())
    stored = load_facts(store, account_id, list(expected))
    unmoved = [key for key in expected if stored.get(key) == expected[key]]
    source = load_facts(beside, account_id, unmoved)
    for chunk in chunks([key for key in unmoved if key in source]):
        _replace(store, beside, account_id, chunk)
        _keep_titles(store, account_id, {key: stored[key] for key in chunk if key in stored})
    for chunk in chunks([key for key in unmoved if key not in source]):
        _delete(store, account_id, chunk)
    note_products(store, account_id, [facts.sale for facts in source.values()])
    facts = [known for key in unmoved for known in (stored.get(key), source.get(key)) if known]
    mark_dirty(store, account_id, {each.sold_on for each in facts})
    return unmoved


def _replace(
    store: Connection, beside: Connection, account_id: int, external_ids: Sequence[str]
) -> None:
    for table in (as_listed, items):
        store.execute(delete(table).where(_of(table, account_id, external_ids)))
    for table in (sales, items, as_listed):
        _copy(store, beside, table, _of(table, account_id, external_ids))


def _delete(store: Connection, account_id: int, external_ids: Sequence[str]) -> None:
    """Delete sales that the marketplace does not know, and what was still to be told of them."""
    unsent = outbox.c.delivered_at.is_(None)
    store.execute(delete(outbox).where(_of(outbox, account_id, external_ids), unsent))
    for table in (arrivals, changes, as_listed, items, sales):
        store.execute(delete(table).where(_of(table, account_id, external_ids)))


def _of(
    table: Table, account_id: int, keys: Collection[str], key: str = "external_id"
) -> ColumnElement[bool]:
    return and_(table.c.account_id == account_id, table.c[key].in_(keys))


def _copy(store: Connection, beside: Connection, table: Table, chosen: ColumnElement[bool]) -> None:
    rows = [dict(row) for row in beside.execute(select(table).where(chosen)).mappings()]
    if not rows:
        return
    statement = upsert_for(store)(table)
    own = [column.name for column in table.primary_key]
    others = {name: statement.excluded[name] for name in rows[0] if name not in own}
    store.execute(statement.on_conflict_do_update(index_elements=own, set_=others), rows)


def _keep_titles(store: Connection, account_id: int, stored: Mapping[str, Facts]) -> None:
    """Let items keep the title that they had at the sale."""
    for external_id, facts in stored.items():
        for position, line in enumerate(facts.sale.items):
            if line.product is None:
                continue
            same = or_(items.c.product_id == line.product_id, items.c.product_id.is_(None))
            store.execute(
                update(items)
                .where(
                    items.c.account_id == account_id,
                    items.c.external_id == external_id,
                    items.c.position == position,
                    same,
                )
                .values(product=line.product)
            )
