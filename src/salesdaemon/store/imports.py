"""Record sales from a marketplace's own files, which never overrule the marketplace itself."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, insert, select

from salesdaemon.domain.merge import merge
from salesdaemon.domain.sale import Sale
from salesdaemon.errors import StoreError
from salesdaemon.store.accounts import find_account_of_shop
from salesdaemon.store.known_sales import Stored, chunks, find_known
from salesdaemon.store.placeholders import placeholder_id
from salesdaemon.store.products import note_products
from salesdaemon.store.sale_rows import IMPORT, Written, delete_items, sold_on, write_sales
from salesdaemon.store.settling import keep_as_listed, load_listed, settle_listed
from salesdaemon.store.sums import mark_dirty
from salesdaemon.store.tables import accounts, sales


@dataclass(frozen=True, slots=True)
class ImportCounts:
    """What became of imported sales: new ones, those known already, those that were completed."""

    stored: int = 0
    known: int = 0
    merged: int = 0


def account_for_import(connection: Connection, shop: str, marketplace: str) -> int:
    """Return the account that a shop's files belong to; a placeholder until it is polled.

    Raises:
        StoreError: the shop's name belongs to an account of another marketplace.
    """
    account = find_account_of_shop(connection, shop)
    if account is None:
        connection.execute(
            insert(accounts).values(
                marketplace=marketplace, external_id=placeholder_id(shop), shop=shop
            )
        )
        account = find_account_of_shop(connection, shop)
    if account is None or account.marketplace != marketplace:
        raise StoreError(
            f"What is stored of shop {shop!r} is of another marketplace.",
            fix="Give the new shop a name of its own.",
        )
    return account.id


def record_imported(
    connection: Connection,
    account_id: int,
    imported: Iterable[Sale],
    parts: Collection[str],
    zone: ZoneInfo,
) -> ImportCounts:
    """Record imported sales inside the caller's writing transaction, without telling of them.

    What the marketplace itself has answered stays as it is. A sale that another file brought
    gets the `parts` that this one knows. No arrival is recorded: what was paid since the shop is
    watched still rings once, when the marketplace shows it.
    """
    connection.execute(select(accounts.c.id).where(accounts.c.id == account_id).with_for_update())
    seen = {sale.external_id: _on_its_day(sale) for sale in imported}
    known = find_known(connection, account_id, seen)
    new = [sale for key, sale in seen.items() if key not in known]
    again = _read_otherwise(connection, account_id, seen, known)
    changed = [
        sale
        for key, before in load_listed(connection, account_id, again).items()
        if (sale := merge(before, _as_stored(seen[key]), parts)) != before
    ]
    _write(connection, account_id, [*new, *changed], known, zone)
    return ImportCounts(len(new), len(seen) - len(new) - len(changed), len(changed))


def _read_otherwise(
    connection: Connection,
    account_id: int,
    seen: Mapping[str, Sale],
    known: Mapping[str, Stored],
) -> list[str]:
    """Return the imported sales that are not stored just as this file has them."""
    imported = [key for key in seen if key in known and known[key].source == IMPORT]
    countries: dict[str, str | None] = {}
    for chunk in chunks(imported):
        rows = connection.execute(
            select(sales.c.external_id, sales.c.country).where(
                sales.c.account_id == account_id, sales.c.external_id.in_(chunk)
            )
        )
        countries.update((row.external_id, row.country) for row in rows)
    return [
        key
        for key in imported
        if seen[key].fingerprint != known[key].fingerprint
        or seen[key].country not in {None, countries[key]}
    ]


def _on_its_day(sale: Sale) -> Sale:
    """Return a sale without a moment of payment where only its day is known."""
    if sale.sold_on is None or sale.paid_at == sale.created_at:
        return sale
    return replace(sale, paid_at=sale.created_at)


def _as_stored(sale: Sale) -> Sale:
    """Return a sale without what the store does not keep of it."""
    return replace(sale, pays_late=False, settled_currency=None, settled_net_minor=None)


def _write(
    connection: Connection,
    account_id: int,
    listed: Sequence[Sale],
    known: Mapping[str, Stored],
    zone: ZoneInfo,
) -> None:
    if not listed:
        return
    settled = settle_listed(connection, account_id, listed)
    changed = [sale.external_id for sale in listed if sale.external_id in known]
    # Items are kept by their place; those of another file may stand in another order.
    delete_items(connection, account_id, changed)
    rows = [
        Written(
            settled.get(sale.external_id, sale),
            sale.fingerprint,
            is_new=sale.external_id not in known,
            source=IMPORT,
        )
        for sale in listed
    ]
    write_sales(connection, account_id, rows, zone)
    keep_as_listed(connection, account_id, listed, settled)
    note_products(connection, account_id, listed)
    days = {sold_on(row.sale, zone) for row in rows} | {known[key].sold_on for key in changed}
    mark_dirty(connection, account_id, days)
