"""Give stored sales the figures of the marketplace's books, and remember what the list had said."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, select, update

from salesdaemon.domain.ledger import (
    SALE_KINDS,
    About,
    Entry,
    EntryKind,
    scale_of,
    settle,
)
from salesdaemon.domain.sale import Kind, LineItem, Sale, Status
from salesdaemon.store.accounts import set_setting, upsert_for
from salesdaemon.store.known_sales import chunks
from salesdaemon.store.renewals import find_renewed_by
from salesdaemon.store.tables import as_listed, entries, items, sales, settings

_OF_A_SALE = sorted(kind.value for kind in SALE_KINDS)
_KEPT = (
    *("refunded_minor", "refunded_exact", "fees_minor", "fees_refunded_minor"),
    *("affiliate_minor", "fees_exact"),
)


def settle_listed(
    connection: Connection, account_id: int, listed: Sequence[Sale]
) -> dict[str, Sale]:
    """Return, by id, the sales among these that complete books give other figures.

    Entries that waited for one of these orders are attributed to it first.
    """
    if not listed or not has_entries(connection, account_id):
        return {}
    _attribute_waiting(connection, account_id, listed)
    booked = entries_of(connection, account_id, [sale.external_id for sale in listed])
    scales = load_scales(connection, account_id)
    settled: dict[str, Sale] = {}
    for sale in listed:
        own = booked.get(sale.external_id, [])
        after = settle(sale, own, scales) if own else sale
        if after != sale:
            settled[sale.external_id] = after
            _learn_scale(connection, account_id, sale, own, scales)
    return settled


def keep_as_listed(
    connection: Connection, account_id: int, listed: Sequence[Sale], settled: Collection[str]
) -> None:
    """Keep what the list says of the settled sales among these, and forget it of the others."""
    if not listed or not has_entries(connection, account_id):
        return
    for chunk in chunks([sale.external_id for sale in listed if sale.external_id not in settled]):
        connection.execute(
            delete(as_listed).where(
                as_listed.c.account_id == account_id, as_listed.c.external_id.in_(chunk)
            )
        )
    rows = [_listed_row(account_id, sale) for sale in listed if sale.external_id in settled]
    if rows:
        statement = upsert_for(connection)(as_listed)
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["account_id", "external_id"],
                set_={name: statement.excluded[name] for name in ("status", *_KEPT)},
            ),
            rows,
        )


def has_entries(connection: Connection, account_id: int) -> bool:
    """Tell whether anything of an account's books is stored."""
    one = select(entries.c.entry_id).where(entries.c.account_id == account_id).limit(1)
    return connection.scalar(one) is not None


def entries_of(
    connection: Connection, account_id: int, external_ids: Sequence[str]
) -> dict[str, list[Entry]]:
    """Return the entries of sales, by sale, in the order of the books."""
    found: dict[str, list[Entry]] = {}
    for chunk in chunks(external_ids):
        rows = connection.execute(
            select(entries)
            .where(entries.c.account_id == account_id, entries.c.of_sale.in_(chunk))
            .order_by(entries.c.sequence, entries.c.entry_id)
        )
        for row in rows:
            found.setdefault(row.of_sale, []).append(to_entry(row))
    return found


def to_entry(row: Row[Any]) -> Entry:
    """Turn a row of the table into an entry."""
    return Entry(
        entry_id=row.entry_id,
        sequence=row.sequence,
        posted_at=row.posted_at,
        kind=EntryKind(row.kind),
        name=row.name,
        amount=row.amount,
        currency=row.currency,
        about=About(row.about),
        about_id=row.about_id,
        of_sale=row.of_sale,
        imported=row.source == "import",
    )


def load_listed(
    connection: Connection, account_id: int, external_ids: Sequence[str]
) -> dict[str, Sale]:
    """Return stored sales, by id, as the list of orders has them."""
    lines = _load_lines(connection, account_id, external_ids)
    found: dict[str, Sale] = {}
    for chunk in chunks(external_ids):
        rows = connection.execute(
            select(sales, *(as_listed.c[name].label(f"listed_{name}") for name in _LISTED))
            .select_from(
                sales.outerjoin(
                    as_listed,
                    (as_listed.c.account_id == sales.c.account_id)
                    & (as_listed.c.external_id == sales.c.external_id),
                )
            )
            .where(sales.c.account_id == account_id, sales.c.external_id.in_(chunk))
        )
        for row in rows:
            found[row.external_id] = _to_listed(row, lines.get(row.external_id, []))
    return found


_LISTED = ("status", *_KEPT)


def _to_listed(row: Row[Any], lines: Iterable[LineItem]) -> Sale:
    values = row._mapping  # noqa: SLF001 - public API of SQLAlchemy
    prefix = "listed_" if row.listed_status is not None else ""
    listed = {name: values[f"{prefix}{name}"] for name in _KEPT}
    return Sale(
        external_id=row.external_id,
        kind=Kind(row.kind),
        status=Status(values[f"{prefix}status"]),
        paid=row.paid,
        created_at=row.created_at,
        paid_at=row.paid_at or row.created_at,
        sold_on=row.sold_on if row.paid_at is None else None,
        currency=row.currency,
        gross_minor=row.gross_minor,
        items=tuple(lines),
        country=row.country,
        charged_minor=row.charged_minor,
        shipping_minor=row.shipping_minor or 0,
        **listed,
    )


def load_figures(
    connection: Connection, account_id: int, external_ids: Sequence[str]
) -> dict[str, tuple[Any, ...]]:
    """Return what stored sales show, by id, as `figures_of` gives it."""
    found: dict[str, tuple[Any, ...]] = {}
    columns = [sales.c[name] for name in _SETTLED]
    for chunk in chunks(external_ids):
        rows = connection.execute(
            select(sales.c.external_id, *columns).where(
                sales.c.account_id == account_id, sales.c.external_id.in_(chunk)
            )
        )
        found.update((external_id, tuple(figures)) for external_id, *figures in rows)
    return found


def figures_of(sale: Sale) -> tuple[Any, ...]:
    """Return all that books may change of a sale."""
    return tuple(getattr(sale, name) for name in _SETTLED)


_SETTLED = (*_LISTED, "settled_currency", "settled_net_minor")


def _load_lines(
    connection: Connection, account_id: int, external_ids: Sequence[str]
) -> dict[str, list[LineItem]]:
    lines: dict[str, list[LineItem]] = {}
    for chunk in chunks(external_ids):
        rows = connection.execute(
            select(items)
            .where(items.c.account_id == account_id, items.c.external_id.in_(chunk))
            .order_by(items.c.external_id, items.c.position)
        )
        for row in rows:
            item = LineItem(
                product_id=row.product_id,
                product=row.product,
                quantity=row.quantity,
                gross_minor=row.gross_minor,
                passive=row.passive,
                line_id=row.line_id,
            )
            lines.setdefault(row.external_id, []).append(item)
    return lines


def _listed_row(account_id: int, sale: Sale) -> dict[str, Any]:
    return {
        "account_id": account_id,
        "external_id": sale.external_id,
        "status": sale.status.value,
        **{name: getattr(sale, name) for name in _KEPT},
    }


# The unit of the books


def _scale_name(account_id: int, currency: str = "") -> str:
    return f"ledger_scale:{account_id}:{currency}"


def load_scales(connection: Connection, account_id: int) -> dict[str, int]:
    """Return how many units of the books make one minor unit, by currency, where that is known."""
    prefix = _scale_name(account_id)
    rows = connection.execute(select(settings).where(settings.c.name.like(f"{prefix}%")))
    return {row.name.removeprefix(prefix): int(row.value) for row in rows}


def _learn_scale(
    connection: Connection, account_id: int, sale: Sale, own: list[Entry], scales: dict[str, int]
) -> None:
    scale = scale_of(sale, own)
    if scale not in {None, 1, scales.get(sale.currency)}:
        set_setting(connection, _scale_name(account_id, sale.currency), str(scale))
        scales[sale.currency] = scale or 1


# Entries that came before their order


def _attribute_waiting(connection: Connection, account_id: int, listed: Sequence[Sale]) -> None:
    of_sale = {sale.external_id: sale.external_id for sale in listed}
    of_line = {
        item.line_id: sale.external_id
        for sale in listed
        for item in sale.items
        if item.line_id is not None
    }
    found = _find_waiting(connection, account_id, About.SALE, of_sale)
    found |= _find_waiting(connection, account_id, About.LINE, of_line)
    attribute(connection, account_id, found)
    attribute(connection, account_id, find_renewed_by(connection, account_id, listed))


def _find_waiting(
    connection: Connection, account_id: int, about: About, sale_of: Mapping[str, str]
) -> dict[str, str]:
    found: dict[str, str] = {}
    for chunk in chunks(list(sale_of)):
        rows = connection.execute(
            select(entries.c.entry_id, entries.c.about_id).where(
                entries.c.account_id == account_id,
                entries.c.of_sale.is_(None),
                entries.c.about == about.value,
                entries.c.about_id.in_(chunk),
                entries.c.kind.in_(_OF_A_SALE),
            )
        )
        found.update((row.entry_id, sale_of[row.about_id]) for row in rows)
    return found


def attribute(connection: Connection, account_id: int, found: Mapping[str, str | None]) -> set[str]:
    """Attribute entries, given by id, to sales or to none, and all entries that belong to them.

    Returns the sales that were given something, and those that lost something.
    """
    touched: set[str] = set()
    while found:
        touched.update(sale_id for sale_id in found.values() if sale_id is not None)
        touched.update(_owners(connection, account_id, list(found)))
        connection.execute(
            update(entries)
            .where(
                entries.c.account_id == account_id,
                entries.c.entry_id == bindparam("of_entry"),
            )
            .values(of_sale=bindparam("found")),
            [{"of_entry": entry_id, "found": sale_id} for entry_id, sale_id in found.items()],
        )
        found = _children(connection, account_id, found)
    return touched


def _owners(connection: Connection, account_id: int, entry_ids: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for chunk in chunks(entry_ids):
        found.update(
            connection.scalars(
                select(entries.c.of_sale).where(
                    entries.c.account_id == account_id,
                    entries.c.entry_id.in_(chunk),
                    entries.c.of_sale.is_not(None),
                )
            )
        )
    return found


def _children(
    connection: Connection, account_id: int, parents: Mapping[str, str | None]
) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for chunk in chunks(list(parents)):
        rows = connection.execute(
            select(entries.c.entry_id, entries.c.about_id, entries.c.of_sale).where(
                entries.c.account_id == account_id,
                entries.c.about == About.ENTRY.value,
                entries.c.about_id.in_(chunk),
                entries.c.kind.in_(_OF_A_SALE),
            )
        )
        found.update(
            (row.entry_id, parents[row.about_id])
            for row in rows
            if row.of_sale != parents[row.about_id]
        )
    return found
